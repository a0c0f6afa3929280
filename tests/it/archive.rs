//! `fonds archive`: what it captures, and that what is stored is what the server sent.

mod auth;
mod certificates;
mod connections;
mod cookies;
mod dns;
mod failures;
mod http2;
mod limits;
mod output;
mod proxy;
mod requisites;

use crate::common::cli::{archive, fonds};
use crate::common::collection::{Collection, Record};
use crate::common::server::{Flaw, Server, certificates};
use crate::common::site::{self, answer, moved, ok, raw, serve, serve_tls};
use sha2::{Digest, Sha256};
use std::path::Path;
use tempfile::tempdir;

fn sha256(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Archives and verifies: whatever was captured, and however that went, the collection is whole.
#[track_caller]
fn capture(out: &Path, urls: &[&url::Url], options: &[&str], code: i32) -> (Collection, String) {
    let run = archive(out, urls, options).expect(code);
    assert_eq!(run.text().trim_end(), out.to_str().unwrap(), "stdout is the path of what was made");
    let report = fonds(["verify", "--format", "json", "--require", "2", out.to_str().unwrap()]).expect(0);
    assert_eq!(report.json()["counts"]["warnings"], 0, "{}", report.text());
    (Collection::new(out), run.stderr)
}

/// The one exchange for a URL: its response and request, tied to each other.
#[track_caller]
fn exchange(collection: &Collection, url: &url::Url) -> (Record, Record) {
    let (response, request) = (collection.one("response", url), collection.one("request", url));
    assert!(response.all("WARC-Concurrent-To").contains(&request.field("WARC-Record-ID")));
    assert!(request.all("WARC-Concurrent-To").contains(&response.field("WARC-Record-ID")));
    let of_policy = |record: &Record| String::from_utf8_lossy(&record.block).contains("fetchStage: policy");
    // What a rule decided afterwards has a record of its own.
    for metadata in collection.of("metadata", url).into_iter().filter(|record| !of_policy(record)) {
        assert!(response.all("WARC-Concurrent-To").contains(&metadata.field("WARC-Record-ID")));
        assert!(metadata.all("WARC-Concurrent-To").contains(&response.field("WARC-Record-ID")));
        assert_eq!(metadata.field("WARC-Date"), response.field("WARC-Date"));
    }
    assert_eq!(response.field("WARC-Date"), request.field("WARC-Date"));
    (response, request)
}

/// The blocks are the bytes of the wire, both ways.
#[track_caller]
fn assert_wire(server: &Server, path: &str, response: &Record, request: &Record) {
    let served = server.served(path);
    assert_eq!(served.len(), 1, "{path} was asked for once");
    assert!(response.block == served[0].sent, "{path}: {:?}", String::from_utf8_lossy(&response.block));
    assert_eq!(request.block, served[0].request, "{path}");
}

#[test]
fn a_page_and_its_style_are_stored_as_the_wire_had_them() {
    let server = serve(site::small());
    let (dir, url) = (tempdir().unwrap(), server.url("/"));
    let (collection, _) = capture(&dir.path().join("c"), &[&url], &[], 0);
    for path in ["/", "/style.css", "/a.png", "/b.png"] {
        let (response, request) = exchange(&collection, &server.url(path));
        assert_wire(&server, path, &response, &request);
        assert_eq!(response.field("WARC-IP-Address"), "127.0.0.1");
        assert_eq!(response.all("WARC-Protocol"), ["http/1.1"]);
        assert_eq!(response.field("WARC-Block-Digest"), format!("sha256:{}", sha256(&response.block)));
        let body = response.block.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        let payload = sha256(&response.block[body..]);
        assert_eq!(response.field("WARC-Payload-Digest"), format!("sha256:{payload}"));
        assert_eq!(response.get("WARC-Truncated"), None);
    }
    let root = collection.one("response", &url);
    assert_eq!(root.field("WARC-Identified-Payload-Type"), "text/html");
}

#[test]
fn warcinfo_comes_first_and_each_response_before_its_request() {
    let server = serve(site::small());
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &[], 0);
    let records = collection.records();
    assert!(records[0].is("warcinfo"));
    assert_eq!(format!("archive/{}", records[0].field("WARC-Filename")), collection.warc());
    let info = String::from_utf8(records[0].block.clone()).unwrap();
    for field in ["software: fonds/", "format: WARC File Format 1.1\r\n", "conformsTo: http", "robots: "] {
        assert!(info.contains(field), "no {field} in {info}");
    }
    for (index, record) in records.iter().enumerate().skip(1) {
        assert_eq!(record.field("WARC-Warcinfo-ID"), records[0].field("WARC-Record-ID"));
        if record.is("response") {
            assert!(records[index + 1].is("request"), "{index}");
        }
    }
    let names = |record: &Record| record.fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let responses: Vec<_> = records.iter().filter(|r| r.is("response")).map(names).collect();
    let first = ["WARC-Type", "WARC-Record-ID", "WARC-Date", "WARC-Target-URI"];
    assert!(responses.iter().all(|names| names.iter().zip(first).all(|(name, first)| name == first)));
}

#[test]
fn chunks_and_header_case_are_kept_and_the_payload_digest_is_without_them() {
    let body = "5;ext=1\r\nhello\r\n7\r\n, world\r\n0\r\nX-Trailer: t\r\n\r\n";
    let head = "HTTP/1.1 200 Fine, thanks\r\ncOnTeNt-TyPe:  text/plain\r\nX-Two: 1\r\nX-two: 2\r\n\
                TRANSFER-encoding: chunked\r\n\r\n";
    let server = serve(vec![("/", raw(format!("{head}{body}")))]);
    let (dir, url) = (tempdir().unwrap(), server.url("/"));
    let (collection, _) = capture_lenient(&dir.path().join("c"), &url);
    let (response, request) = exchange(&collection, &url);
    assert_wire(&server, "/", &response, &request);
    assert_eq!(response.field("WARC-Payload-Digest"), format!("sha256:{}", sha256(b"hello, world")));
}

/// Odd answers are noted in verify's report, as information.
fn capture_lenient(out: &Path, url: &url::Url) -> (Collection, String) {
    let run = archive(out, &[url], &[]).expect(0);
    fonds(["verify", "--require", "2", out.to_str().unwrap()]).expect(0);
    (Collection::new(out), run.stderr)
}

#[test]
fn each_hop_of_a_redirect_has_its_own_records() {
    let server = serve(vec![
        ("/1", moved("/2")),
        ("/2", answer("301 Moved", "Location: 3?q#f\r\n", "see there")),
        ("/3?q", ok("text/html", "<title>There</title>there")),
    ]);
    let (dir, seed) = (tempdir().unwrap(), server.url("/1"));
    let (collection, _) = capture(&dir.path().join("c"), &[&seed], &[], 0);
    for path in ["/1", "/2", "/3?q"] {
        let (response, request) = exchange(&collection, &server.url(path));
        assert_wire(&server, path, &response, &request);
    }
    let notes = String::from_utf8(collection.one("metadata", &server.url("/3?q")).block).unwrap();
    assert!(notes.contains(&format!("via: {}\r\n", server.url("/2"))), "{notes}");
    assert!(notes.contains("hopsFromSeed: RR\r\n"), "{notes}");
    let pages = collection.pages();
    assert_eq!(pages.len(), 1);
    assert_eq!(
        (pages[0]["url"].as_str(), pages[0]["title"].as_str()),
        (Some(server.url("/3?q").as_str()), Some("There"))
    );
}

#[test]
fn a_redirect_that_goes_in_a_circle_is_kept_and_is_a_failure() {
    let server = serve(vec![("/a", moved("/b")), ("/b", moved("/a"))]);
    let dir = tempdir().unwrap();
    let (collection, stderr) = capture(&dir.path().join("c"), &[&server.url("/a")], &[], 1);
    exchange(&collection, &server.url("/a"));
    exchange(&collection, &server.url("/b"));
    assert!(stderr.contains("circle"), "{stderr}");
    let failure = &collection.log_of("failure")[0];
    assert_eq!(
        (failure["stage"].as_str(), failure["seed"].as_str()),
        (Some("policy"), Some(server.url("/a").as_str()))
    );
    let notes: Vec<Record> = collection.of("metadata", &server.url("/b"));
    let told = |record: &Record| {
        String::from_utf8_lossy(&record.block).contains("fetchError: the redirects go in a circle")
    };
    assert!(notes.iter().any(told), "a metadata record tells of it too");
}

#[test]
fn what_a_server_refuses_is_kept_like_any_other_answer() {
    let server = serve(vec![
        ("/404", answer("404 Not Found", "Content-Type: text/html\r\n", "<title>Gone</title>")),
        ("/503", answer("503 Later", "Retry-After: 9\r\n", "later")),
        ("/204", raw("HTTP/1.1 204 Nothing\r\n\r\n")),
    ]);
    let urls = ["/404", "/503", "/204"].map(|path| server.url(path));
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &urls.each_ref(), &[], 0);
    for (url, status) in urls.iter().zip([404, 503, 204]) {
        let (response, request) = exchange(&collection, url);
        assert_wire(&server, url.path(), &response, &request);
        let entries = collection.log_of("record");
        let entry = entries.iter().find(|e| e["warc"]["id"] == response.id()).unwrap();
        assert_eq!(entry["http"]["status"], status);
    }
}

#[test]
fn a_seed_named_twice_is_fetched_once() {
    let server = serve(vec![("/", ok("text/plain", "one"))]);
    let (dir, url) = (tempdir().unwrap(), server.url("/"));
    let again = url.join("#part").unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&url, &url, &again], &[], 0);
    exchange(&collection, &url);
    assert_eq!(collection.pages().len(), 1);
    assert_eq!(collection.log_of("skip").len(), 2);
}

#[test]
fn tls_is_recorded_with_its_chain_protocol_and_cipher() {
    let certificates = certificates(Flaw::None);
    let server = serve_tls(site::small(), &certificates);
    let dir = tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, &certificates.ca_pem).unwrap();
    let url = server.url("/");
    let (collection, _) = capture(&dir.path().join("c"), &[&url], &["--ca", ca.to_str().unwrap()], 0);
    let (response, request) = exchange(&collection, &url);
    assert_wire(&server, "/", &response, &request);
    assert_eq!(response.all("WARC-Protocol"), ["http/1.1", "tls/1.3"]);
    assert!(response.field("WARC-Cipher-Suite").starts_with("TLS_"), "{:?}", response.fields);
    let connection = &collection.log_of("connection")[0];
    assert_eq!(
        (connection["verdict"].as_str(), connection["sni"].as_str()),
        (Some("trusted"), Some("localhost"))
    );
    let chains: Vec<Record> = collection
        .records()
        .into_iter()
        .filter(|r| r.get("Content-Type") == Some("application/pem-certificate-chain"))
        .collect();
    assert_eq!(chains.len(), 1, "once per chain, not per exchange");
    assert!(chains[0].block.starts_with(b"-----BEGIN CERTIFICATE-----\n"));
}
