//! Lookups are captured as well: a `dns:` record each, once.

use super::{capture, exchange};
use crate::common::cli::fonds;
use crate::common::collection::Collection;
use crate::common::server::Step;
use crate::common::site::{ok, serve};
use std::net::{IpAddr, ToSocketAddrs};
use tempfile::tempdir;

#[test]
fn a_name_that_was_looked_up_has_one_record_for_all_its_connections() {
    let answers: Vec<IpAddr> =
        ("localhost", 0).to_socket_addrs().into_iter().flatten().map(|a| a.ip()).collect();
    if !answers.contains(&IpAddr::from([127, 0, 0, 1])) {
        println!("skipped: this machine does not resolve localhost");
        return;
    }
    let closing = |body: &str| {
        vec![Step::Send(format!("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n{body}").into())]
    };
    let server = serve(vec![("/", closing("<img src=a.png>")), ("/a.png", closing("x"))]);
    let (dir, url) = (tempdir().unwrap(), server.url("/"));
    let out = dir.path().join("c");
    // Two at once, of which one leads nowhere.
    fonds(["archive", "-o", out.to_str().unwrap(), url.as_str(), "http://localhost:1/"]).expect(1);
    let collection = Collection::new(&out);
    exchange(&collection, &url);
    assert_eq!(collection.log_of("connection").len(), 2, "two connections");
    let dns: Vec<_> = collection
        .records()
        .into_iter()
        .filter(|r| r.get("WARC-Target-URI") == Some("dns:localhost"))
        .collect();
    assert_eq!(dns.len(), 1, "and one lookup");
    assert_eq!((dns[0].field("WARC-Type"), dns[0].field("Content-Type")), ("response", "text/dns"));
    let block = String::from_utf8(dns[0].block.clone()).unwrap();
    for address in answers {
        let kind = if address.is_ipv4() { "A" } else { "AAAA" };
        assert!(block.contains(&format!("localhost. IN {kind} {address}\r\n")), "{block}");
    }
    assert!(dns[0].field("WARC-Date") <= collection.one("response", &url).field("WARC-Date"));
    let entry =
        collection.log_of("record").into_iter().find(|e| e["warc"]["target_uri"] == "dns:localhost").unwrap();
    assert_eq!(entry["warc"]["id"], dns[0].id());
    assert_eq!(collection.index().iter().filter(|line| line["mime"] == "text/dns").count(), 1);
    let report = fonds(["verify", "--format", "json", "--require", "2", out.to_str().unwrap()]).expect(0);
    assert_eq!(
        (&report.json()["counts"]["warnings"], &report.json()["counts"]["errors"]),
        (&0.into(), &0.into()),
        "{}",
        report.text()
    );
}

#[test]
fn addresses_that_were_given_are_no_answers() {
    let server = serve(vec![("/", ok("text/plain", "x"))]);
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &[], 0);
    assert!(collection.records().iter().all(|r| r.get("WARC-Target-URI") != Some("dns:localhost")));
    assert_eq!(collection.log_of("connection")[0]["dns"].as_array().unwrap().len(), 0);
    let resolve = &collection.log()[0]["options"]["resolve"];
    assert_eq!(resolve, "localhost:127.0.0.1");
}
