//! How clients are treated: kept connections, broken ones, protocols that are none of ours, and requests that are refused.

use super::origin::Origin;
use super::{Recorder, read_all, read_head};
use crate::common::proxy::Proxy;
use crate::common::server::{Flaw, Step, certificates};
use crate::common::site::{ok, raw, serve, serve_tls};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

#[test]
fn a_connection_carries_request_after_request_on_both_sides() {
    let certificates = certificates(Flaw::None);
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, &certificates.ca_pem).unwrap();
    let pages = || vec![("/a", ok("text/plain", "one")), ("/b", ok("text/plain", "two"))];
    for server in [serve(pages()), serve_tls(pages(), &certificates)] {
        let recorder = Recorder::start(&["--ca", ca.to_str().unwrap()]);
        let authority = format!("localhost:{}", server.addr.port());
        let (mut stream, base): (Box<dyn super::Both>, _) = match server.tls {
            true => (recorder.tunnel(&authority), String::new()),
            false => (Box::new(recorder.connect()), format!("http://{authority}")),
        };
        // The second is sent before the first is answered.
        write!(stream, "GET {base}/a HTTP/1.1\r\nHost: {authority}\r\n\r\n").unwrap();
        write!(stream, "GET {base}/b HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").unwrap();
        let given = read_all(&mut stream);
        let sent = [&server.served("/a")[0].sent[..], &server.served("/b")[0].sent[..]].concat();
        assert_eq!(String::from_utf8_lossy(&given), String::from_utf8_lossy(&sent));
        assert_eq!(server.served("/b")[0].connection, 0, "one connection to the origin does for both");
        let collection = &recorder.stop().collection;
        let request = collection.one("request", &server.url("/b"));
        assert_eq!(request.block, server.served("/b")[0].request);
        if server.tls {
            let chain = collection.of("metadata", &server.url("/a"));
            assert!(chain[0].block.starts_with(b"-----BEGIN CERTIFICATE"), "the origin's chain, not ours");
            assert_eq!(collection.log_of("connection")[0]["verdict"], "trusted");
        }
    }
}

#[test]
fn what_cannot_be_reached_is_told_to_the_client_and_recorded_as_a_failure() {
    let certificates = certificates(Flaw::Expired);
    let server = serve_tls(vec![("/", ok("text/plain", "x"))], &certificates);
    let recorder = Recorder::start(&[]);
    let closed = url::Url::parse("http://127.0.0.1:1/x").unwrap();
    for (url, stage) in [(&closed, "connect"), (&server.url("/"), "tls")] {
        let given = String::from_utf8(recorder.fetch(url, "GET", "")).unwrap();
        assert!(given.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{given}");
        assert!(given.contains(&format!("fonds: not captured ({stage}): ")), "{given}");
    }
    let recorded = recorder.stop();
    let failures = recorded.collection.log_of("failure");
    assert_eq!(failures.len(), 2);
    assert_eq!((&failures[0]["stage"], &failures[1]["stage"]), (&"connect".into(), &"tls".into()));
    assert!(recorded.collection.records().iter().all(|record| !record.is("response")));
}

#[test]
fn a_client_that_leaves_ends_the_exchange_and_what_came_is_kept() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
    let drip = vec![Step::Send(head.into()), Step::Drip(vec![b'x'; 100_000], Duration::from_millis(10))];
    let server = serve(vec![("/endless", drip)]);
    let recorder = Recorder::start(&[]);
    let url = server.url("/endless");
    let mut stream = recorder.connect();
    write!(stream, "GET {url} HTTP/1.1\r\n\r\n").unwrap();
    // Bytes arrive while the origin is still sending.
    let mut start = vec![0; head.len() + 20];
    stream.read_exact(&mut start).unwrap();
    drop(stream);
    let begun = Instant::now();
    let collection = &recorder.stop().collection;
    assert!(begun.elapsed() < Duration::from_secs(20));
    let response = collection.one("response", &url);
    assert!(response.block.starts_with(&start));
    assert_eq!(response.field("WARC-Truncated"), "unspecified");
    let notes = collection.one("metadata", &url);
    assert!(String::from_utf8_lossy(&notes.block).contains("the client went away"));
}

#[test]
fn after_a_101_bytes_pass_unrecorded_and_that_is_written_down() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let origin = Origin::start(move |visit| {
        visit.head()?;
        visit.say(format!("{switch}early "))?;
        let said = visit.body(4)?;
        visit.say(said.to_ascii_uppercase())
    });
    let recorder = Recorder::start(&[]);
    let url = origin.url("/socket");
    let mut stream = recorder.connect();
    // As browsers do for ws: a tunnel, and no TLS in it.
    write!(stream, "CONNECT localhost:{} HTTP/1.1\r\n\r\n", origin.port).unwrap();
    read_head(&mut stream);
    write!(
        stream,
        "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nping"
    )
    .unwrap();
    assert_eq!(String::from_utf8(read_all(&mut stream)).unwrap(), format!("{switch}early PING"));
    let collection = &recorder.stop().collection;
    assert_eq!(collection.one("response", &url).block, switch.as_bytes());
    assert!(collection.one("request", &url).block.ends_with(b"\r\n\r\n"));
    let skipped = &collection.log_of("skip")[0];
    assert_eq!(skipped["url"], url.as_str());
    assert!(skipped["reason"].as_str().unwrap().contains("what follows the 101 is websocket"), "{skipped}");
}

#[test]
fn what_is_no_request_is_refused_and_the_proxy_itself_answers_with_its_certificate() {
    let recorder = Recorder::start(&[]);
    let say = |text: &str| {
        let mut stream = recorder.connect();
        stream.write_all(text.as_bytes()).unwrap();
        String::from_utf8(read_all(&mut stream)).unwrap()
    };
    let own = recorder.addr;
    for (request, status) in [
        ("hello\r\n\r\n".to_owned(), 400),
        ("GET http://h/ HTTP/2.0\r\n\r\n".to_owned(), 400),
        ("GET ftp://h/ HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET http:// HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("CONNECT nowhere HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("POST http://h/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".to_owned(), 400),
        (format!("GET http://h/ HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(300_000)), 431),
        (format!("GET http://{own}/ HTTP/1.1\r\n\r\n"), 508),
    ] {
        let answer = say(&request);
        let line = &request[..request.len().min(60)];
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {answer}");
    }
    let ca = std::fs::read_to_string(recorder.ca()).unwrap();
    assert!(say("GET http://fonds.local/ca.pem HTTP/1.1\r\n\r\n").ends_with(&ca));
    assert!(say("GET / HTTP/1.1\r\nHost: x\r\n\r\n").contains("http://fonds.local/ca.pem"));
    let collection = &recorder.stop().collection;
    assert_eq!(collection.records().len(), 1, "none of it is recorded");
}

#[test]
fn what_is_under_way_is_finished_and_at_the_second_signal_cut() {
    let drip = |bytes: usize, gap| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n");
        vec![Step::Send(head.into()), Step::Drip(vec![b'x'; bytes], Duration::from_millis(gap)), Step::Next]
    };
    let server = serve(vec![("/slow", drip(20, 50)), ("/endless", drip(100_000, 50)), ("/n", raw("x"))]);
    let begin = |path: &str| {
        let recorder = Recorder::start(&[]);
        let mut stream = recorder.connect();
        write!(stream, "GET {} HTTP/1.1\r\n\r\n", server.url(path)).unwrap();
        read_head(&mut stream);
        (recorder, stream)
    };
    let (recorder, mut stream) = begin("/slow");
    recorder.signal("-TERM");
    assert_eq!(read_all(&mut stream), [b'x'; 20]);
    let recorded = recorder.wait();
    assert_eq!(recorded.code, 0, "{}", recorded.stderr);
    assert_eq!(recorded.collection.log_of("end")[0]["exit"], "complete");
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let (recorder, stream) = begin("/endless");
        recorder.signal(signal);
        std::thread::sleep(Duration::from_millis(300));
        recorder.signal(signal);
        let recorded = recorder.wait();
        drop(stream);
        assert_eq!(recorded.code, code, "{}", recorded.stderr);
        let response = recorded.collection.one("response", &server.url("/endless"));
        assert_eq!(response.field("WARC-Truncated"), "unspecified");
        assert_eq!(recorded.collection.log_of("end")[0]["exit"], "interrupted");
    }
}

#[test]
fn behind_a_proxy_requests_keep_their_bytes_and_its_refusal_is_not_the_origins() {
    let server = serve(vec![("/a|b", ok("text/plain", "through"))]);
    let proxy = Proxy::http(Some("me:word"));
    let url = format!("http://localhost:{}/a|b", server.addr.port());
    let ask = |recorder: &Recorder| {
        let mut stream = recorder.connect();
        write!(stream, "GET {url} HTTP/1.1\r\nx-A:1\r\nProxy-Authorization: Basic eA==\r\n\r\n").unwrap();
        let head = read_head(&mut stream);
        String::from_utf8(head).unwrap()
    };
    let recorder = Recorder::start(&["--proxy", &proxy.url("http", "me:word@")]);
    assert!(ask(&recorder).starts_with("HTTP/1.1 200 OK\r\n"));
    let collection = &recorder.stop().collection;
    let sent = format!("GET {url} HTTP/1.1\r\nProxy-Authorization: Basic bWU6d29yZA==\r\nx-A:1\r\n\r\n");
    assert_eq!(proxy.asked(), std::slice::from_ref(&sent));
    let request = collection.records().into_iter().find(|record| record.is("request")).unwrap();
    assert_eq!(String::from_utf8_lossy(&request.block), sent, "the record is what was sent, to the proxy");
    let recorder = Recorder::start(&["--proxy", &proxy.url("http", "")]);
    assert!(
        ask(&recorder).starts_with("HTTP/1.1 502 "),
        "a 407 would be about a proxy that the client does not know"
    );
    let collection = &recorder.stop().collection;
    assert_eq!(collection.log_of("failure")[0]["stage"], "proxy");
}
