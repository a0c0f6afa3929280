//! Captures against a server that misbehaves: what is stored is what was sent, and says why where it is cut.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use crate::common::server::{Certificates, Flaw, Script, Served, Server, Step, certificates};
use fonds::message::framing::Truncated;
use fonds::wire::record::{
    Origin, RecordDraft, chain_draft, dns_draft, exchange_drafts, failure_draft, random_id,
};
use fonds::wire::{
    Client, ClientOptions, Connector, DigestForm, Exchange, Failure, Limits, Lookup, Request, SpoolOptions,
    Stage, Trust, Verdict,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Read;
use std::time::Duration;

fn text(answer: &str) -> Step {
    Step::Send(answer.as_bytes().to_vec())
}

fn serve(scripts: Vec<(&str, Script)>) -> Server {
    Server::plain(scripts.into_iter().map(|(path, script)| (path.to_owned(), script)).collect())
}

fn options() -> ClientOptions {
    let mut options = ClientOptions::new(SpoolOptions::in_dir(std::env::temp_dir()));
    options.limits =
        Limits { idle: Duration::from_secs(5), total: Duration::from_secs(20), ..Limits::default() };
    options
}

fn client_of(options: ClientOptions, certificates: Option<&Certificates>) -> Client {
    let trust = match certificates {
        Some(certificates) => Trust::new(&[certificates.ca_pem.as_bytes()]).unwrap(),
        None => Trust::mozilla().unwrap(),
    };
    Client::new(connector(trust), options)
}

/// Finds `localhost` where the server is, whatever the machine's resolver says.
fn connector(trust: Trust) -> Connector {
    Connector::new(trust, Duration::from_secs(5)).resolve("localhost", vec![[127, 0, 0, 1].into()])
}

fn client() -> Client {
    client_of(options(), None)
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn get(client: &Client, server: &Server, path: &str) -> Result<Exchange, Box<Failure>> {
    let request = Request::builder("GET", &server.url(path)).build().unwrap();
    block_on(client.exchange(&request))
}

fn stored(exchange: &Exchange) -> Vec<u8> {
    let mut bytes = Vec::new();
    exchange.response.reader().read_to_end(&mut bytes).unwrap();
    bytes
}

fn codes(exchange: &Exchange) -> Vec<&'static str> {
    exchange.findings.iter().map(|finding| finding.code).collect()
}

fn one(server: &Server, path: &str) -> Served {
    let served = server.served(path);
    assert_eq!(served.len(), 1, "{path}");
    served[0].clone()
}

#[test]
fn request_bytes_are_what_the_server_received() {
    let server = serve(vec![("/a?b=c", vec![text("HTTP/1.1 204 No\r\n\r\n")])]);
    let request = Request::builder("GET", &server.url("/a?b=c")).header("x-OWN", "1").build().unwrap();
    let exchange = block_on(client().exchange(&request)).unwrap();
    assert_eq!(exchange.request.to_vec().unwrap(), one(&server, "/a?b=c").request);
    assert_eq!(exchange.connection.peer, server.addr);
    assert_eq!(exchange.connection.protocols, ["http/1.1"]);
    let lookup = exchange.connection.lookup.as_ref().unwrap();
    assert_eq!((&lookup.answers[..], lookup.given), (&[server.addr.ip()][..], true));
    assert!(dns_draft(lookup, &Origin::default(), &mut random_id).is_none(), "nothing was looked up");
    let asked = Lookup { given: false, ..(**lookup).clone() };
    let dns = dns_draft(&asked, &Origin::default(), &mut random_id).unwrap();
    assert_eq!(dns.field("WARC-Target-URI"), Some("dns:localhost"));
    assert_eq!(dns.block.to_vec().unwrap(), b"localhost. IN A 127.0.0.1\r\n");
}

const MIB: usize = 1 << 20;

/// Run by the next test in a process of its own, so that nothing else is in its memory.
#[test]
#[ignore = "run by a_big_body_goes_to_disk_whole_in_flat_memory"]
fn big_body() {
    let size = 96 * MIB;
    let body: Vec<u8> = (0..MIB).map(|n| (n * 31 % 251) as u8).collect();
    let head = text(&format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n"));
    let server = serve(vec![("/big", vec![head, Step::Repeat(body, 96)])]);
    let exchange = get(&client(), &server, "/big").unwrap();
    assert!(exchange.response.is_on_disk());
    assert_eq!(exchange.payload_len, size as u64);
    let sent = one(&server, "/big").digest.finalize();
    assert_eq!(exchange.block.sha256[..], sent[..]);
    let (mut reader, mut read, mut buffer) = (exchange.response.reader(), Sha256::new(), vec![0; MIB]);
    loop {
        let count = reader.read(&mut buffer).unwrap();
        if count == 0 {
            break;
        }
        read.update(&buffer[..count]);
    }
    assert_eq!(read.finalize(), sent);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    let peak: usize = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 64 << 10, "{peak} KiB at the peak for a body of {} KiB", size >> 10);
}

#[test]
fn a_big_body_goes_to_disk_whole_in_flat_memory() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "wire::big_body", "--ignored"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn kept_connections_are_used_again_and_replaced_when_they_close() {
    let ok = || text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let server = serve(vec![
        ("/1", vec![ok(), Step::Next]),
        ("/2", vec![ok(), Step::Next]),
        ("/close", vec![Step::Pause(Duration::from_millis(20)), Step::Drop]),
    ]);
    let client = client();
    block_on(async {
        let get = |path: &str| Request::builder("GET", &server.url(path)).build().unwrap();
        assert!(!client.exchange(&get("/1")).await.unwrap().reused);
        assert!(client.exchange(&get("/2")).await.unwrap().reused);
        // The server closes the kept connection without a byte: tried once more, afresh, and then given up.
        let failure = client.exchange(&get("/close")).await.unwrap_err();
        let reused: Vec<bool> = failure.attempts.iter().map(|attempt| attempt.reused).collect();
        assert_eq!((reused, failure.stage), (vec![true, false], Stage::Http));
        assert!(failure.error.contains("without sending a byte"), "{}", failure.error);
        let post = Request::builder("POST", &server.url("/close")).body(b"x".to_vec()).build().unwrap();
        client.exchange(&get("/1")).await.unwrap();
        let failure = client.exchange(&post).await.unwrap_err();
        assert_eq!(failure.attempts.len(), 1, "what may not be sent twice is not");
    });
    let connections: Vec<usize> = ["/1", "/2"].iter().map(|path| server.served(path)[0].connection).collect();
    assert_eq!(connections, [0, 0]);
    assert_eq!(server.served("/close").iter().map(|served| served.connection).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_kept_connection_that_closed_meanwhile_is_not_sent_a_request() {
    let ok = || text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let closing = vec![ok(), Step::Pause(Duration::from_millis(40)), Step::Drop];
    let server = serve(vec![("/closing", closing), ("/post", vec![ok()])]);
    let client = client();
    block_on(async {
        let get = Request::builder("GET", &server.url("/closing")).build().unwrap();
        client.exchange(&get).await.unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
        // A POST may not be tried twice, so it must not be wasted on the closed one.
        let post = Request::builder("POST", &server.url("/post")).body(b"x".to_vec()).build().unwrap();
        let exchange = client.exchange(&post).await.unwrap();
        assert!(!exchange.reused && exchange.attempts.is_empty());
    });
}

#[test]
fn an_answer_before_the_request_is_sent_is_kept() {
    // The server answers after the head and never reads the body.
    let server = serve(vec![(
        "/up",
        vec![
            text("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"),
            Step::Pause(Duration::from_secs(1)),
        ],
    )]);
    let body = vec![b'x'; 32 << 20];
    let request = Request::builder("POST", &server.url("/up")).body(body).build().unwrap();
    let exchange = block_on(client().exchange(&request)).unwrap();
    assert_eq!(stored(&exchange), one(&server, "/up").sent);
    assert!(codes(&exchange).contains(&"http-request-cut"));
    assert!(request.bytes().starts_with(&exchange.request.to_vec().unwrap()));
}

#[test]
fn a_stop_keeps_what_came() {
    let server = serve(vec![(
        "/slow",
        vec![text("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), Step::Pause(Duration::from_secs(30))],
    )]);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let client = client_of(ClientOptions { stop: Some(stopped), ..options() }, None);
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        stop.send(true).unwrap();
    });
    let exchange = get(&client, &server, "/slow").unwrap();
    assert_eq!(exchange.truncated, Some(Truncated::Unspecified));
    assert_eq!(stored(&exchange), one(&server, "/slow").sent);
}

#[test]
fn the_total_time_limit_holds_against_a_drip_and_a_flood() {
    let head = || text("HTTP/1.1 200 OK\r\n\r\n");
    let server = serve(vec![
        ("/drip", vec![head(), Step::Drip(vec![b'.'; 1000], Duration::from_millis(20))]),
        ("/flood", vec![head(), Step::Endless(vec![b'.'; 1000])]),
    ]);
    let mut options = options();
    options.limits.total = Duration::from_millis(400);
    let client = client_of(options, None);
    for path in ["/drip", "/flood"] {
        let exchange = get(&client, &server, path).unwrap();
        assert_eq!(exchange.truncated, Some(Truncated::Time), "{path}");
        assert!((300..3000).contains(&exchange.elapsed_ms), "{path}: {}", exchange.elapsed_ms);
        assert!(exchange.response.len() > 19);
    }
}

#[test]
fn a_head_over_the_limit_is_cut_by_length() {
    let server =
        serve(vec![("/head", vec![text("HTTP/1.1 200 OK\r\n"), Step::Endless(b"X-Same: y\r\n".to_vec())])]);
    let mut options = options();
    options.limits.head.bytes = 100_000;
    let exchange = get(&client_of(options, None), &server, "/head").unwrap();
    assert_eq!(exchange.truncated, Some(Truncated::Length));
    assert!(codes(&exchange).contains(&"http-head-long"));
    assert_eq!(exchange.head.as_ref().and_then(|head| head.status), Some(200));
    assert!(exchange.response.len() < 400_000);
}

#[test]
fn failures_say_how_far_it_came() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = client();
    let fail = |url: String| {
        let request = Request::builder("GET", &url::Url::parse(&url).unwrap()).build().unwrap();
        *block_on(client.exchange(&request)).unwrap_err()
    };
    let refused = fail(format!("http://{closed}/"));
    assert_eq!((refused.stage, refused.attempts.len()), (Stage::Connect, 1));
    assert!(refused.error.contains("connection refused"), "{refused}");
    let dns = fail("http://no-such-host.invalid/".to_owned());
    assert_eq!(dns.stage, Stage::Dns);
    let server = serve(vec![("/", vec![Step::Pause(Duration::from_secs(1))])]);
    let not_tls = fail(server.url("/").as_str().replace("http:", "https:"));
    assert_eq!(not_tls.stage, Stage::Tls, "{not_tls}");
    let draft = failure_draft(&refused, &Origin::default(), &mut random_id);
    let block = String::from_utf8(draft.block.to_vec().unwrap()).unwrap();
    assert!(block.contains("fetchStage: connect\r\n") && block.contains("connection refused"), "{block}");
    assert_eq!(draft.field("WARC-Type"), Some("metadata"));
}

#[test]
fn storage_that_fails_is_told_apart() {
    let server = serve(vec![("/", vec![text("HTTP/1.1 200 OK\r\n\r\nmore than nothing")])]);
    let spool = SpoolOptions { dir: "/nonexistent/fonds".into(), memory: 4 };
    let failure = get(&client_of(ClientOptions { spool, ..options() }, None), &server, "/").unwrap_err();
    assert_eq!((failure.stage, failure.storage), (Stage::Body, Some(std::io::ErrorKind::NotFound)));
}

#[test]
fn the_session_and_its_chain_are_kept() {
    let good = certificates(Flaw::None);
    let ok = vec![text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), Step::Next];
    let server = Server::tls(HashMap::from([("/".to_owned(), ok)]), &good);
    let exchange = get(&client_of(options(), Some(&good)), &server, "/").unwrap();
    let connection = &exchange.connection;
    assert_eq!(connection.protocols, ["http/1.1", "tls/1.3"]);
    let tls = connection.tls.as_ref().unwrap();
    assert!(tls.cipher_suite.starts_with("TLS_") && !tls.kx_group.is_empty(), "{tls:?}");
    assert_eq!((tls.sni.as_deref(), tls.alpn.as_deref()), (Some("localhost"), Some("http/1.1")));
    assert_eq!((tls.chain.len(), &tls.verdict), (1, &Verdict::Trusted));
    let pem =
        chain_draft(tls, &exchange.url, exchange.started, &[], &Origin::default(), &mut random_id).unwrap();
    assert_eq!(pem.field("Content-Type"), Some("application/pem-certificate-chain"));
    let block = String::from_utf8(pem.block.to_vec().unwrap()).unwrap();
    assert!(
        block.starts_with("-----BEGIN CERTIFICATE-----\n") && block.ends_with("-----END CERTIFICATE-----\n")
    );
}

#[test]
fn an_older_tls_is_named_as_what_it_is() {
    let old = certificates(Flaw::OldTls);
    let ok = vec![text("HTTP/1.1 200 OK\r\n\r\nok")];
    let server = Server::tls(HashMap::from([("/".to_owned(), ok)]), &old);
    let exchange = get(&client_of(options(), Some(&old)), &server, "/").unwrap();
    assert_eq!(exchange.connection.protocols, ["http/1.1", "tls/1.2"]);
    let suite = &exchange.connection.tls.as_ref().unwrap().cipher_suite;
    assert!(suite.starts_with("TLS_ECDHE_ECDSA_WITH_"), "{suite}");
}

#[test]
fn bad_certificates_are_refused_in_plain_words_and_recorded_when_asked() {
    let cases = [
        (Flaw::Expired, "has expired"),
        (Flaw::SelfSigned, "no known root"),
        (Flaw::WrongHost, "another host"),
    ];
    for (flaw, words) in cases {
        let bad = certificates(flaw);
        let ok = vec![text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")];
        let server = Server::tls(HashMap::from([("/".to_owned(), ok)]), &bad);
        let failure = get(&client_of(options(), Some(&bad)), &server, "/").unwrap_err();
        assert_eq!(failure.stage, Stage::Tls);
        assert!(failure.error.contains("localhost") && failure.error.contains(words), "{failure}");
        let tls = failure.tls.as_ref().unwrap();
        assert_eq!(tls.chain.len(), 1, "the chain is evidence");
        let trust = Trust::new(&[bad.ca_pem.as_bytes()]).unwrap().record_refused(true);
        let client = Client::new(connector(trust), options());
        let exchange = get(&client, &server, "/").unwrap();
        assert!(codes(&exchange).contains(&"tls-untrusted"));
        assert!(matches!(&exchange.connection.tls.as_ref().unwrap().verdict, Verdict::Refused(_)));
    }
}

#[test]
fn a_tls_connection_cut_without_notice_is_a_cut_only_where_the_length_is_open() {
    let good = certificates(Flaw::None);
    let scripts = HashMap::from([
        ("/length".to_owned(), vec![text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), Step::Drop]),
        ("/open".to_owned(), vec![text("HTTP/1.1 200 OK\r\n\r\nok"), Step::Drop]),
        ("/fair".to_owned(), vec![text("HTTP/1.1 200 OK\r\n\r\nok")]),
    ]);
    let server = Server::tls(scripts, &good);
    let client = client_of(options(), Some(&good));
    let truncated = |path: &str| get(&client, &server, path).unwrap().truncated;
    assert_eq!(truncated("/length"), None);
    assert_eq!(truncated("/open"), Some(Truncated::Disconnect));
    assert_eq!(truncated("/fair"), None);
}

#[test]
fn the_records_of_an_exchange_are_tied_and_ordered() {
    let good = certificates(Flaw::None);
    let page = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n0\r\n\r\n";
    let server = Server::tls(HashMap::from([("/p".to_owned(), vec![text(page)])]), &good);
    let mut options = options();
    options.clock = std::sync::Arc::new(|| "2026-01-02T03:04:05.678912Z".parse().unwrap());
    let client = client_of(options, Some(&good));
    let url = url::Url::parse(&format!("{}#part", server.url("/p"))).unwrap();
    let exchange = block_on(client.exchange(&Request::builder("GET", &url).build().unwrap())).unwrap();
    let origin = Origin {
        warcinfo_id: Some("<urn:uuid:w>"),
        via: Some("http://a/"),
        hops: Some("L"),
        ..Origin::default()
    };
    let mut next = 0;
    let drafts = exchange_drafts(&exchange, &origin, &mut || {
        next += 1;
        format!("urn:uuid:{next}")
    });
    let names = |draft: &RecordDraft| draft.fields.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    assert_eq!(
        names(&drafts[0]),
        [
            "WARC-Type",
            "WARC-Record-ID",
            "WARC-Date",
            "WARC-Target-URI",
            "WARC-Concurrent-To",
            "WARC-Concurrent-To",
            "WARC-IP-Address",
            "WARC-Protocol",
            "WARC-Protocol",
            "WARC-Cipher-Suite",
            "WARC-Block-Digest",
            "WARC-Payload-Digest",
            "WARC-Identified-Payload-Type",
            "WARC-Warcinfo-ID",
            "Content-Type",
            "Content-Length",
        ]
    );
    let types: Vec<_> = drafts.iter().map(|draft| draft.field("WARC-Type").unwrap()).collect();
    assert_eq!(types, ["response", "request", "metadata"]);
    for (index, draft) in drafts.iter().enumerate() {
        assert_eq!(draft.field("WARC-Date"), Some("2026-01-02T03:04:05.678Z"));
        assert_eq!(draft.field("WARC-Target-URI"), Some(server.url("/p").as_str()));
        assert_eq!(draft.field("Content-Length"), Some(draft.block.len().to_string().as_str()));
        let ties: Vec<_> = draft.fields.iter().filter(|(name, _)| *name == "WARC-Concurrent-To").collect();
        let own = draft.field("WARC-Record-ID").unwrap();
        assert_eq!((ties.len(), own), (2, format!("<urn:uuid:{}>", index + 1).as_str()));
        assert!(ties.iter().all(|(_, id)| id != own));
    }
    assert_eq!(drafts[0].field("WARC-IP-Address"), Some("127.0.0.1"));
    assert_eq!(drafts[0].field("WARC-Identified-Payload-Type"), Some("text/html"));
    let notes = String::from_utf8(drafts[2].block.to_vec().unwrap()).unwrap();
    for line in
        ["via: http://a/\r\n", "hopsFromSeed: L\r\n", "finding: http-lf-only: ", "tlsVerdict: trusted\r\n"]
    {
        assert!(notes.contains(line), "{line} is not in {notes}");
    }
}

#[test]
fn a_posted_body_is_the_payload_of_its_request() {
    let server = serve(vec![("/", vec![text("HTTP/1.1 204 No\r\n\r\n")])]);
    let request = Request::builder("POST", &server.url("/")).body(b"a=b".to_vec()).build().unwrap();
    let exchange = block_on(client().exchange(&request)).unwrap();
    let drafts = exchange_drafts(&exchange, &Origin::default(), &mut random_id);
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(b"a=b"));
    assert_eq!(drafts[1].field("WARC-Payload-Digest"), Some(format!("sha256:{digest}").as_str()));
    assert_eq!(drafts[1].block.to_vec().unwrap(), request.bytes());
}

#[test]
fn sha1_goes_into_the_fields_when_asked_for() {
    let server = serve(vec![("/", vec![text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")])]);
    let client = client_of(ClientOptions { digest: DigestForm::Sha1, ..options() }, None);
    let exchange = get(&client, &server, "/").unwrap();
    let origin = Origin { digest: DigestForm::Sha1, ..Origin::default() };
    let drafts = exchange_drafts(&exchange, &origin, &mut random_id);
    assert_eq!(drafts[0].field("WARC-Payload-Digest"), Some("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"));
    assert!(drafts.iter().all(|draft| draft.field("WARC-Block-Digest").unwrap().starts_with("sha1:")));
}

#[test]
fn exchanges_run_side_by_side_on_one_client() {
    fn can_be_shared<T: Send + Sync>(_: &T) {}
    let slow = || vec![Step::Pause(Duration::from_millis(150)), text("HTTP/1.1 200 OK\r\n\r\nok")];
    let server = serve(vec![("/1", slow()), ("/2", slow()), ("/3", slow())]);
    let client = client();
    can_be_shared(&client);
    let requests = ["/1", "/2", "/3"].map(|path| Request::builder("GET", &server.url(path)).build().unwrap());
    let began = std::time::Instant::now();
    let [one, two, three] = &requests;
    let outcomes =
        block_on(async { tokio::join!(client.exchange(one), client.exchange(two), client.exchange(three)) });
    assert!(outcomes.0.is_ok() && outcomes.1.is_ok() && outcomes.2.is_ok());
    assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
}

#[test]
fn an_exchange_with_nothing_odd_needs_no_metadata() {
    let server = serve(vec![("/", vec![text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), Step::Next])]);
    let exchange = get(&client(), &server, "/").unwrap();
    assert_eq!(exchange_drafts(&exchange, &Origin::default(), &mut random_id).len(), 2);
}
