//! Through a proxy: what comes out is the same, who was in between is written down, and its password is not.

use super::failures::{assert_recorded, notes};
use super::{assert_wire, capture, exchange};
use crate::common::cli::fonds;
use crate::common::collection::Collection;
use crate::common::proxy::Proxy;
use crate::common::server::{Flaw, certificates};
use crate::common::site::{ok, serve, serve_tls};
use tempfile::tempdir;
use url::Url;

/// The server's URL under a name that only a proxy knows.
fn elsewhere(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_host(Some("origin.example")).unwrap();
    url
}

/// The secret stands nowhere but in request records.
#[track_caller]
fn assert_secret(collection: &Collection, stderr: &str, secret: &str) {
    let encoded = data_encoding::BASE64.encode(format!("me:{secret}").as_bytes());
    for secret in [secret, &encoded] {
        assert!(!stderr.contains(secret), "{stderr}");
        for path in collection.files().iter().filter(|path| !path.starts_with("archive/")) {
            assert!(!String::from_utf8_lossy(&collection.read(path)).contains(secret), "{path}");
        }
        for record in collection.records().iter().filter(|record| !record.is("request")) {
            assert!(!String::from_utf8_lossy(&record.bytes).contains(secret), "{:?}", record.fields);
        }
    }
}

#[test]
fn an_http_proxy_gets_whole_urls_and_resolves_them() {
    let server = serve(vec![("/a", ok("text/plain", "through"))]);
    let (proxy, dir, url) =
        (Proxy::http(Some("me:p@ss-0815")), tempdir().unwrap(), elsewhere(&server.url("/a")));
    let options = ["--proxy", &proxy.url("http", "me:p%40ss-0815@")];
    let (collection, stderr) = capture(&dir.path().join("c"), &[&url], &options, 0);
    let (response, request) = exchange(&collection, &url);
    assert_eq!(response.block, server.served("/a")[0].sent);
    let sent = proxy.asked()[0].clone();
    assert!(sent.starts_with(&format!("GET {url} HTTP/1.1\r\nHost: origin.example:")), "{sent}");
    assert_eq!(request.block, sent.as_bytes(), "the record is what was sent, to the proxy");
    assert_eq!(response.get("WARC-IP-Address"), None, "the proxy did not say where it is");
    assert_secret(&collection, &stderr, "p@ss-0815");
    let connection = &collection.log_of("connection")[0];
    assert_eq!(connection["proxy"], proxy.url("http", ""));
    assert_eq!(connection["peer"], proxy.addr.to_string());
    let session = &collection.log()[0];
    assert_eq!(
        (&session["options"]["proxy"], &session["redacted"][0]),
        (&proxy.url("http", "").into(), &"proxy password".into())
    );
}

#[test]
fn https_goes_through_a_tunnel_to_the_host_itself() {
    let certificates = certificates(Flaw::None);
    let server = serve_tls(vec![("/", ok("text/plain", "inside"))], &certificates);
    let (proxy, dir, url) = (Proxy::http(Some("me:secret-4711")), tempdir().unwrap(), server.url("/"));
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, &certificates.ca_pem).unwrap();
    let (out, through) = (dir.path().join("c"), proxy.url("http", "me:secret-4711@"));
    // Without an address for localhost, so that the proxy is told the name.
    let args = [
        "archive",
        "--ca",
        ca.to_str().unwrap(),
        "--proxy",
        &through,
        "-o",
        out.to_str().unwrap(),
        url.as_str(),
    ];
    let stderr = fonds(args).expect(0).stderr;
    fonds(["verify", "--strict", "--require", "2", out.to_str().unwrap()]).expect(0);
    let collection = Collection::new(&out);
    let (response, request) = exchange(&collection, &url);
    assert_wire(&server, "/", &response, &request);
    assert!(proxy.asked()[0].starts_with(&format!("CONNECT localhost:{} HTTP/1.1\r\n", server.addr.port())));
    assert_eq!(response.get("WARC-IP-Address"), None);
    assert_eq!(collection.log_of("connection")[0]["verdict"], "trusted");
    assert!(!String::from_utf8_lossy(&request.block).contains("Proxy-Authorization"));
    assert_secret(&collection, &stderr, "secret-4711");
}

#[test]
fn socks5_is_given_an_address_and_socks5h_the_name() {
    let server = serve(vec![("/", ok("text/plain", "socks")), ("/2", ok("text/plain", "again"))]);
    let proxy = Proxy::socks(Some(("me", "word-0815")));
    let dir = tempdir().unwrap();
    let here = ["--resolve", "origin.example:127.0.0.1", "--proxy", &proxy.url("socks5", "me:word-0815@")];
    let (near, far) = (elsewhere(&server.url("/")), elsewhere(&server.url("/2")));
    let (collection, stderr) = capture(&dir.path().join("a"), &[&near], &here, 0);
    let (response, request) = exchange(&collection, &near);
    assert_wire(&server, "/", &response, &request);
    assert_eq!(response.field("WARC-IP-Address"), "127.0.0.1");
    assert_secret(&collection, &stderr, "word-0815");
    let there = ["--proxy", &proxy.url("socks5h", "me:word-0815@")];
    let (collection, _) = capture(&dir.path().join("b"), &[&far], &there, 0);
    let (response, request) = exchange(&collection, &far);
    assert_wire(&server, "/2", &response, &request);
    assert_eq!(response.get("WARC-IP-Address"), None);
    let port = server.addr.port();
    assert_eq!(proxy.asked(), [format!("address 127.0.0.1 {port}"), format!("name origin.example {port}")]);
}

#[test]
fn an_address_that_was_given_goes_to_the_proxy_in_place_of_the_name() {
    let server = serve(vec![("/", ok("text/plain", "x"))]);
    let (socks, dir, url) = (Proxy::socks(None), tempdir().unwrap(), elsewhere(&server.url("/")));
    let options = ["--resolve", "origin.example:127.0.0.1", "--proxy", &socks.url("socks5h", "")];
    let (collection, _) = capture(&dir.path().join("a"), &[&url], &options, 0);
    assert_eq!(collection.one("response", &url).field("WARC-IP-Address"), "127.0.0.1");
    assert_eq!(socks.asked(), [format!("address 127.0.0.1 {}", server.addr.port())]);
    let http = Proxy::http(None);
    let secure = Url::parse(&url.as_str().replace("http:", "https:")).unwrap();
    let through = http.url("http", "");
    let options = ["--resolve", "origin.example:127.0.0.1", "--proxy", &through, "--timeout", "1"];
    capture(&dir.path().join("b"), &[&secure], &options, 1);
    assert!(http.asked()[0].starts_with(&format!("CONNECT 127.0.0.1:{} HTTP/1.1\r\n", server.addr.port())));
}

#[test]
fn a_proxy_that_refuses_is_a_failure_of_its_own_kind_with_its_answer() {
    let server = serve(vec![("/", ok("text/plain", "x"))]);
    let plain = elsewhere(&server.url("/"));
    let secure = Url::parse(&plain.as_str().replace("http:", "https:")).unwrap();
    let (proxy, socks) = (Proxy::http(Some("me:right")), Proxy::socks(Some(("me", "right"))));
    let dir = tempdir().unwrap();
    let cases = [
        ("a", proxy.url("http", ""), &plain, "407, it wants a user name and a password"),
        ("b", proxy.url("http", "me:wrong@"), &secure, "407, it wants a user name and a password"),
        ("c", socks.url("socks5h", ""), &plain, "it wants a user name and a password"),
        ("d", socks.url("socks5h", "me:wrong@"), &secure, "it refuses the user name or the password"),
        ("e", "http://127.0.0.1:1".to_owned(), &plain, "connection refused"),
        ("f", "socks5h://127.0.0.1:1".to_owned(), &plain, "connection refused"),
    ];
    for (name, proxy, url, words) in cases {
        let (collection, stderr) = capture(&dir.path().join(name), &[url], &["--proxy", &proxy], 1);
        assert_recorded(&collection, url, "proxy");
        let notes = notes(&collection, url);
        assert!(notes.contains(words), "{name}: {notes}");
        assert!(stderr.contains("not captured (proxy)"), "{stderr}");
        assert_eq!(
            notes.contains("proxyAnswer: HTTP/1.1 407 Who are you\r\nproxyAnswer: Proxy-Authenticate: "),
            name < "c",
            "{notes}"
        );
    }
    assert!(server.served("/").is_empty());
}

#[test]
fn a_host_that_the_proxy_cannot_reach_is_said_to_be_that() {
    let dir = tempdir().unwrap();
    let url = Url::parse("https://origin.example:1/").unwrap();
    for (name, proxy, words) in [
        ("a", Proxy::http(None).url("http", ""), "502 No way there for origin.example:1"),
        ("b", Proxy::socks(None).url("socks5h", ""), "connection refused for origin.example:1"),
    ] {
        let (collection, _) = capture(&dir.path().join(name), &[&url], &["--proxy", &proxy], 1);
        assert_recorded(&collection, &url, "proxy");
        assert!(notes(&collection, &url).contains(words), "{}", notes(&collection, &url));
    }
}

#[test]
fn a_proxy_that_is_none_is_a_usage_error_that_quotes_no_password() {
    for wrong in ["ftp://me:secret@h:1", "me:secret@h:1", "http://me:secret@h:1/path", "socks5://me@h:1"] {
        let run = fonds(["archive", "--proxy", wrong, "http://localhost:1/"]).expect(2);
        assert!(run.one_line().contains("--proxy") && !run.stderr.contains("secret"), "{}", run.stderr);
    }
}
