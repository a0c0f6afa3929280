//! Which lines and records a proof holds.

use super::{Bench, check, codes, entries, prove};
use crate::common::cli::{archive, fonds};
use crate::common::collection::{Collection, records};
use crate::common::server::{Flaw, certificates};
use crate::common::site::{answer, ok, serve, serve_tls};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn lines(proof: &Path) -> Vec<Value> {
    let text = String::from_utf8(entries(proof)["provenance/lines.jsonl"].clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Type of each line; of a record its WARC-Type.
fn kinds(proof: &Path) -> Vec<String> {
    let kind = |line: Value| match line["warc"]["type"].as_str() {
        Some(kind) => kind.to_owned(),
        None => line["type"].as_str().unwrap().to_owned(),
    };
    lines(proof).into_iter().map(kind).collect()
}

#[test]
fn a_proof_holds_what_its_capture_needs() {
    let bench = Bench::new();
    let file = bench.proof("page.proof", "/page", &[]);
    assert_eq!(kinds(&file), ["warcinfo", "connection", "response", "request", "page"]);
    let context = bench.proof("context.proof", "/page", &["--context"]);
    assert_eq!(kinds(&context), ["session", "warcinfo", "connection", "response", "request", "page"]);
    assert!(lines(&context)[0]["seeds"].to_string().contains("/secret"), "who asks for it gives that away");
    check(&context, &[]).expect(0);
}

#[test]
fn a_capture_is_chosen_by_date_or_by_any_of_its_records() {
    let bench = Bench::new();
    let url = bench.url("/page");
    fonds(["archive", "--resume", bench.root(), bench.url("/later").as_str()]).expect(0);
    let again = bench.room("again");
    archive(&again, &[&url, &bench.url("/more")], &[]).expect(0);
    let again = Collection::new(&again);
    let [page, more] = ["/page", "/more"].map(|path| again.one("request", &bench.url(path)));
    let response = again.one("response", &url);
    let out = bench.room("id");
    prove(&again.root, &["--id", page.field("WARC-Record-ID")], &out).expect(0);
    assert_eq!(kinds(&out), ["warcinfo", "connection", "response", "request", "page"]);
    let same = fs::read(&out).unwrap();
    prove(&again.root, &["--id", response.id()], &bench.room("response")).expect(0);
    assert!(fs::read(bench.room("response")).unwrap() == same, "any record of a capture names it");
    let date = page.field("WARC-Date");
    for (name, options, found) in [
        ("date", vec!["--url", url.as_str(), "--date", &date[..16]], true),
        ("other date", vec!["--url", url.as_str(), "--date", "1999"], false),
        ("other id", vec!["--url", url.as_str(), "--id", more.id()], false),
        ("no such id", vec!["--id", "urn:uuid:none"], false),
        ("no such url", vec!["--url", "http://a.example/"], false),
    ] {
        let out = bench.room(name);
        let run = prove(&again.root, &options, &out).expect(if found { 0 } else { 1 });
        assert!(found || run.one_line().contains("tells of no capture of"), "{name}: {}", run.stderr);
        assert_eq!(out.exists(), found, "{name}");
    }
    prove(&again.root, &["--date", "2026", "--since", "x"], &bench.room("usage")).expect(4);
    prove(&again.root, &[], &bench.room("usage")).expect(2);
}

/// Without its referent a revisit would show that something was there, and not what.
#[test]
fn a_revisit_comes_with_the_record_that_it_refers_to() {
    let page = "<title>One page</title><a href=b>The same text.</a>";
    let server = serve(vec![("/a", ok("text/html", page)), ("/b", ok("text/html", page))]);
    let dir = tempfile::tempdir().unwrap();
    let (root, out) = (dir.path().join("c"), dir.path().join("b.proof"));
    archive(&root, &[&server.url("/a")], &["--scope", "host", "--robots", "ignore"]).expect(0);
    prove(&root, &["--url", server.url("/b").as_str()], &out).expect(0);
    let run = check(&out, &[]).expect(0);
    assert_eq!(codes(&run), Vec::<String>::new());
    let text = records(&entries(&out)["archive/records.warc.gz"]);
    let types: Vec<&str> = text.iter().map(|record| record.field("WARC-Type")).collect();
    assert_eq!(types, ["warcinfo", "response", "revisit", "request", "metadata"]);
    let payload =
        fonds(["cat", out.to_str().unwrap(), "--url", server.url("/a").as_str(), "--part", "payload"]);
    assert_eq!(payload.expect(0).text(), page);
}

#[test]
fn what_was_not_captured_is_proved_too() {
    let bench = Bench::new();
    let root = bench.room("failed");
    let url = url::Url::parse("http://localhost:1/").unwrap();
    archive(&root, &[&url, &bench.url("/page")], &[]).expect(1);
    let out = bench.room("failed.proof");
    prove(&root, &["--url", url.as_str()], &out).expect(0);
    assert_eq!(kinds(&out), ["warcinfo", "metadata", "failure"]);
    assert_eq!(lines(&out)[2]["stage"], "connect");
    check(&out, &[]).expect(0);
}

#[test]
fn the_certificate_chain_comes_with_its_capture_and_names_another_only_when_asked() {
    let certificates = certificates(Flaw::None);
    let page = |text: &str| answer("200 OK", "Content-Type: text/plain\r\nConnection: close\r\n", text);
    let server = serve_tls(vec![("/a", page("one")), ("/b", page("two"))], &certificates);
    let dir = tempfile::tempdir().unwrap();
    let (root, ca) = (dir.path().join("c"), dir.path().join("ca.pem"));
    fs::write(&ca, &certificates.ca_pem).unwrap();
    let [a, b] = ["/a", "/b"].map(|path| server.url(path));
    archive(&root, &[&a, &b], &["--ca", ca.to_str().unwrap()]).expect(0);
    let collection = Collection::new(&root);
    let is_chain =
        |r: &crate::common::collection::Record| r.field("Content-Type").ends_with("certificate-chain");
    let all = collection.records();
    let chains: Vec<_> = all.iter().filter(|r| is_chain(r)).collect();
    assert_eq!(chains.len(), 1);
    let (with, without) = match chains[0].field("WARC-Target-URI") == a.as_str() {
        true => (&a, &b),
        false => (&b, &a),
    };
    for (name, url, options, expected) in
        [("with", with, vec![], 1), ("without", without, vec![], 0), ("asked", without, vec!["--context"], 1)]
    {
        let out = dir.path().join(name);
        prove(&root, &[&["--url", url.as_str()], &options[..]].concat(), &out).expect(0);
        check(&out, &["--require", "2"]).expect(0);
        let found = records(&entries(&out)["archive/records.warc.gz"]);
        assert_eq!(found.iter().filter(|r| is_chain(r)).count(), expected, "{name}");
        let other = if url == &a { &b } else { &a };
        let names_other = found.iter().any(|r| r.get("WARC-Target-URI") == Some(other.as_str()));
        assert_eq!(names_other, name == "asked", "{name}");
    }
}

#[test]
fn the_lookup_that_a_capture_used_comes_with_it() {
    use std::net::ToSocketAddrs;
    let here = std::net::IpAddr::from([127, 0, 0, 1]);
    if !("localhost", 0).to_socket_addrs().into_iter().flatten().any(|a| a.ip() == here) {
        println!("skipped: this machine does not resolve localhost");
        return;
    }
    let bench = Bench::new();
    let root = bench.room("looked-up");
    let root = root.to_str().unwrap();
    fonds(["archive", "-o", root, bench.url("/page").as_str(), bench.url("/more").as_str()]).expect(0);
    let out = bench.room("more.proof");
    prove(Path::new(root), &["--url", bench.url("/more").as_str()], &out).expect(0);
    check(&out, &[]).expect(0);
    let found = records(&entries(&out)["archive/records.warc.gz"]);
    assert!(found.iter().any(|r| r.get("WARC-Target-URI") == Some("dns:localhost")), "{found:?}");
}

#[test]
fn nothing_is_proved_out_of_what_does_not_hold() {
    let bench = Bench::new();
    let url = bench.url("/page");
    let root = &bench.collection.root;
    let refused = |what: &str, words: &str| {
        let out = bench.room("refused");
        let run = prove(root, &["--url", url.as_str()], &out).expect(4);
        assert!(run.one_line().contains(words) && !out.exists(), "{what}: {}", run.stderr);
    };
    let with = |path: &str, words: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let bytes = bench.collection.read(path);
        let mut altered = bytes.clone();
        change(&mut altered);
        fs::write(root.join(path), altered).unwrap();
        refused(path, words);
        fs::write(root.join(path), bytes).unwrap();
    };
    let warc = bench.collection.warc();
    let record = bench.collection.one("response", &url);
    let forged = crate::common::collection::gzip(
        &[String::from_utf8_lossy(&record.bytes).replace("Some", "Same").as_bytes(), b"\r\n\r\n"].concat(),
    );
    with(&warc, "is not the one that its log binds", &|bytes| {
        bytes.splice(record.offset..record.offset + record.length, forged.iter().copied());
    });
    with(&warc, "is not in its WARCs", &|bytes| bytes.truncate(record.offset));
    with("provenance/manifest.jsonl", "is not the one that its tree was made of", &|bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replace("\"status\":200", "\"status\":203").into_bytes();
    });
    with("provenance/leaves", "does not lead to its checkpoint", &|bytes| bytes[40] ^= 1);
    with("provenance/leaves", "does not lead to its checkpoint", &|bytes| bytes.truncate(64));
    with("provenance/checkpoint", "cannot be read", &|bytes| bytes.truncate(3));
    // Leaf hashes are a convenience: without them the lines are hashed.
    let whole = fs::read(bench.proof("whole", "/page", &[])).unwrap();
    fs::remove_file(root.join("provenance/leaves")).unwrap();
    assert!(fs::read(bench.proof("unleaved", "/page", &[])).unwrap() == whole);
    fs::remove_file(root.join("provenance/checkpoint")).unwrap();
    refused("no log", "no provenance log");
}

/// Whoever received a redacted copy can prove what is left of it, and nothing else; the signatures over the original hold.
#[test]
fn what_was_redacted_cannot_be_proved_and_the_rest_can() {
    let bench = Bench::new();
    let key = bench.sign();
    let copy = bench.room("copy");
    let secret = bench.url("/secret");
    fonds(["redact", bench.root(), "-o", copy.to_str().unwrap(), "--url", secret.path()]).expect(0);
    let out = bench.room("redacted.proof");
    prove(&copy, &["--url", secret.as_str()], &out).expect(1).one_line();
    prove(&copy, &["--url", bench.url("/page").as_str()], &out).expect(0);
    let run = check(&out, &["--key", &format!("{key}.pub"), "--require", "2"]).expect(0);
    assert_eq!(codes(&run), ["signature-earlier"], "the key signed what the copy goes on with");
    let before = bench.proof("before.proof", "/page", &[]);
    let (before, after) = (entries(&before), entries(&out));
    for name in ["archive/records.warc.gz", "provenance/lines.jsonl"] {
        assert!(before[name] == after[name], "{name}");
    }
}
