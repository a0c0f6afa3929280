//! Certificates, theirs and ours.

use super::failures::assert_recorded;
use super::{assert_wire, capture, exchange};
use crate::common::cli::{archive, fonds};
use crate::common::collection::Collection;
use crate::common::server::{Flaw, asking, certificates};
use crate::common::site::{ok, serve_tls};
use std::path::Path;
use tempfile::tempdir;

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_badly_certified_site_is_recorded_with_the_verdict_when_asked() {
    for (flaw, words) in [
        (Flaw::Expired, "it has expired"),
        (Flaw::SelfSigned, "it leads to no known root"),
        (Flaw::WrongHost, "it is for another host"),
    ] {
        let certificates = certificates(flaw);
        let server = serve_tls(vec![("/", ok("text/plain", "all the same"))], &certificates);
        let (dir, url) = (tempdir().unwrap(), server.url("/"));
        let ca = write(dir.path(), "ca.pem", &certificates.ca_pem);
        let out = dir.path().join("c");
        archive(&out, &[&url], &["--ca", &ca, "--insecure-record"]).expect(0);
        fonds(["verify", "--require", "2", out.to_str().unwrap()]).expect(0);
        let collection = Collection::new(&out);
        let (response, request) = exchange(&collection, &url);
        assert_wire(&server, "/", &response, &request);
        let verdict = collection.log_of("connection")[0]["verdict"].as_str().unwrap().to_owned();
        assert!(verdict.starts_with("refused: ") && verdict.contains(words), "{verdict}");
        let metadata = collection.of("metadata", &url);
        let notes: Vec<String> =
            metadata.iter().map(|r| String::from_utf8_lossy(&r.block).into_owned()).collect();
        assert!(notes[0].contains("finding: tls-untrusted: ") && notes[0].contains(words), "{notes:?}");
        assert!(notes[1].starts_with("-----BEGIN CERTIFICATE-----"), "and the chain is there: {notes:?}");
        assert_eq!(collection.log()[0]["options"]["insecure-record"], "yes");
    }
}

#[test]
fn a_server_that_wants_a_certificate_gets_it_if_it_was_named() {
    let certificates = asking();
    let server = serve_tls(vec![("/", ok("text/plain", "for members"))], &certificates);
    let (dir, url) = (tempdir().unwrap(), server.url("/"));
    let ca = write(dir.path(), "ca.pem", &certificates.ca_pem);
    let (cert, key) = (
        write(dir.path(), "me.pem", &certificates.certificate_pem),
        write(dir.path(), "me.key", &certificates.key_pem),
    );
    let options = ["--ca", &ca, "--client-cert", &cert, "--client-key", &key];
    let (collection, _) = capture(&dir.path().join("a"), &[&url], &options, 0);
    let (response, request) = exchange(&collection, &url);
    assert_wire(&server, "/", &response, &request);
    assert_eq!(collection.log()[0]["redacted"][0], "client-key");
    let (collection, stderr) = capture(&dir.path().join("b"), &[&url], &["--ca", &ca], 1);
    assert!(stderr.contains("wants a certificate"), "{stderr}");
    assert_recorded(&collection, &url, "tls");
    let other = crate::common::site::serve(vec![("/", ok("text/html", format!("<img src={}x>", url)))]);
    let mut all = vec!["--timeout", "5"];
    all.extend(options);
    let (collection, _) = capture(&dir.path().join("d"), &[&other.url("/")], &all, 0);
    assert_eq!(collection.log_of("failure").len(), 1, "a host that was not named learns nothing of us");
}

#[test]
fn a_certificate_and_a_key_that_are_none_or_do_not_fit_are_told() {
    let certificates = asking();
    let other = asking();
    let dir = tempdir().unwrap();
    let (cert, key) = (
        write(dir.path(), "me.pem", &certificates.certificate_pem),
        write(dir.path(), "other.key", &other.key_pem),
    );
    let ca = write(dir.path(), "ca.pem", &certificates.ca_pem);
    let run = |cert: &str, key: &str| {
        let args = ["archive", "--client-cert", cert, "--client-key", key, "http://localhost:1/"];
        fonds(args).expect(4).one_line().to_owned()
    };
    assert!(run(&cert, &key).contains("do not belong together"));
    assert!(run(&cert, &ca).contains("no private key"));
    assert!(run(&key, &key).contains("no certificate"));
    fonds(["archive", "--client-cert", &cert, "http://localhost:1/"]).expect(2);
}
