//! What cannot be captured is evidence, one clear line, and exit code 1; the rest goes on.

use super::{capture, exchange};
use crate::common::cli::fonds;
use crate::common::collection::Collection;
use crate::common::server::{Flaw, Step, certificates};
use crate::common::site::{ok, serve, serve_tls};
use tempfile::tempdir;
use url::Url;

/// What the metadata record of a failure says.
#[track_caller]
pub(super) fn notes(collection: &Collection, url: &Url) -> String {
    let mut notes = collection.of("metadata", url);
    notes.retain(|record| record.field("Content-Type") == "application/warc-fields");
    assert_eq!(notes.len(), 1, "{url}");
    String::from_utf8(notes.remove(0).block).unwrap()
}

/// A failure entry and a metadata record tell of this URL, in that stage.
#[track_caller]
pub(super) fn assert_recorded(collection: &Collection, url: &Url, stage: &str) {
    let entries = collection.log_of("failure");
    let entry = entries.iter().find(|e| e["url"] == url.as_str()).expect("a failure entry");
    assert_eq!(entry["stage"], stage, "{entry}");
    assert_eq!(entry["seed"], url.as_str());
    assert!(entry["attempts"].as_u64() >= Some(1) && !entry["error"].as_str().unwrap().is_empty());
    let (started, ended) = (entry["started"].as_str().unwrap(), entry["ended"].as_str().unwrap());
    assert!(started <= ended && started.len() == 24, "{entry}");
    let tried = entry["tried"].as_array().map_or(0, Vec::len) as u64;
    assert!(stage == "policy" || Some(tried) == entry["attempts"].as_u64(), "{entry}");
    let notes = notes(collection, url);
    assert_eq!(notes.matches("\r\nattempt: ").count() as u64, tried, "{notes}");
    assert!(notes.contains(&format!("fetchStage: {stage}\r\n")), "{notes}");
    assert!(notes.contains("fetchError: "), "{notes}");
    assert!(collection.of("response", url).is_empty());
}

#[test]
fn one_bad_seed_among_good_ones_is_recorded_and_the_rest_captured() {
    let server = serve(vec![("/1", ok("text/plain", "one")), ("/2", ok("text/plain", "two"))]);
    let dir = tempdir().unwrap();
    let dead = Url::parse("http://no-such-host.invalid/").unwrap();
    let refused = Url::parse("http://localhost:1/").unwrap();
    let urls = [&server.url("/1"), &dead, &refused, &server.url("/2")];
    let (collection, stderr) = capture(&dir.path().join("c"), &urls, &["--timeout", "10"], 1);
    exchange(&collection, &server.url("/1"));
    exchange(&collection, &server.url("/2"));
    assert_recorded(&collection, &dead, "dns");
    assert_recorded(&collection, &refused, "connect");
    for url in [&dead, &refused] {
        let lines: Vec<&str> = stderr.lines().filter(|line| line.contains(url.as_str())).collect();
        assert_eq!(lines.len(), 1, "{stderr}");
        assert!(lines[0].starts_with(&format!("fonds: {url}: not captured (")), "{stderr}");
    }
    let end = &collection.log_of("end")[0];
    assert_eq!((end["exit"].as_str(), end["counts"]["failures"].as_u64()), (Some("partial"), Some(2)));
}

#[test]
fn where_nothing_at_all_is_captured_the_collection_is_valid_all_the_same() {
    let dir = tempdir().unwrap();
    let refused = Url::parse("http://localhost:1/").unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&refused], &[], 1);
    assert_recorded(&collection, &refused, "connect");
    assert!(collection.pages().is_empty() && collection.index().is_empty());
}

#[test]
fn a_certificate_without_trust_is_refused_and_the_refusal_recorded() {
    for flaw in [Flaw::None, Flaw::SelfSigned, Flaw::Expired, Flaw::WrongHost] {
        let certificates = certificates(flaw);
        let server = serve_tls(vec![("/", ok("text/plain", "secret"))], &certificates);
        let dir = tempdir().unwrap();
        let ca = dir.path().join("ca.pem");
        std::fs::write(&ca, &certificates.ca_pem).unwrap();
        let options: &[&str] = if flaw == Flaw::None { &[] } else { &["--ca", ca.to_str().unwrap()] };
        let url = server.url("/");
        let (collection, stderr) = capture(&dir.path().join("c"), &[&url], options, 1);
        assert_recorded(&collection, &url, "tls");
        assert!(server.served("/").is_empty(), "{flaw:?}: nothing was asked of it");
        assert!(stderr.contains("not captured (tls)"), "{flaw:?}: {stderr}");
        let [refusal, chain] = &collection.of("metadata", &url)[..] else { panic!("{flaw:?}") };
        assert_eq!(chain.field("Content-Type"), "application/pem-certificate-chain");
        assert_eq!(chain.field("WARC-Concurrent-To"), refusal.field("WARC-Record-ID"));
        assert_eq!(refusal.field("WARC-Concurrent-To"), chain.field("WARC-Record-ID"));
    }
}

#[test]
fn an_answer_cut_short_is_kept_and_marked() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this".to_vec();
    let server = serve(vec![("/", vec![Step::Send(head.clone())])]);
    let dir = tempdir().unwrap();
    let out = dir.path().join("c");
    let run = crate::common::cli::archive(&out, &[&server.url("/")], &[]).expect(0);
    assert!(run.stderr.contains("cut (disconnect)"), "{}", run.stderr);
    fonds(["verify", "--require", "2", out.to_str().unwrap()]).expect(0);
    let collection = Collection::new(&out);
    let (response, _) = exchange(&collection, &server.url("/"));
    assert_eq!((response.field("WARC-Truncated"), &response.block), ("disconnect", &head));
}

#[test]
fn a_connection_without_a_byte_is_a_failure() {
    let server = serve(vec![("/", vec![Step::Reset])]);
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &[], 1);
    assert_recorded(&collection, &server.url("/"), "http");
}

#[test]
fn a_server_that_says_nothing_in_time_is_a_failure() {
    let server = serve(vec![("/", vec![Step::Pause(std::time::Duration::from_secs(20))])]);
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &["--timeout", "1"], 1);
    assert_recorded(&collection, &server.url("/"), "http");
    let notes = notes(&collection, &server.url("/"));
    assert!(notes.contains("sent not a byte within 1 s"), "{notes}");
    let tried = &collection.log_of("failure")[0]["tried"][0];
    assert!(tried["ms"].as_u64() >= Some(1000) && tried["peer"] == server.addr.to_string(), "{tried}");
}

#[test]
fn a_redirect_to_what_cannot_be_fetched_is_a_failure_by_rule() {
    let server = serve(vec![("/", crate::common::site::moved("http://[::bad"))]);
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &[], 1);
    exchange(&collection, &server.url("/"));
    assert_eq!(collection.log_of("failure")[0]["stage"], "policy");
    let notes = notes(&collection, &server.url("/"));
    assert!(notes.contains("fetchStage: policy\r\nfetchError: the redirect cannot be followed"), "{notes}");
}

#[test]
fn a_chain_of_redirects_without_end_is_given_up_and_each_kept() {
    let paths: Vec<String> = (0..30).map(|n| format!("/{n}")).collect();
    let next = |n: usize| crate::common::site::moved(&format!("/{}", n + 1));
    let server = serve(paths.iter().enumerate().map(|(n, path)| (path.as_str(), next(n))).collect());
    let dir = tempdir().unwrap();
    let (collection, stderr) = capture(&dir.path().join("c"), &[&server.url("/0")], &[], 1);
    assert!(stderr.contains("more than 20 redirects in a row"), "{stderr}");
    for path in &paths[..=20] {
        exchange(&collection, &server.url(path));
    }
    assert!(server.served("/21").is_empty());
    assert_eq!(collection.log_of("failure")[0]["url"], server.url("/20").as_str());
}

#[test]
fn a_response_over_the_limit_is_cut_and_marked() {
    let server = serve(vec![("/", ok("text/plain", vec![b'x'; 200_000]))]);
    let dir = tempdir().unwrap();
    let out = dir.path().join("c");
    crate::common::cli::archive(&out, &[&server.url("/")], &["--max-response", "100000"]).expect(0);
    let (response, _) = exchange(&Collection::new(&out), &server.url("/"));
    assert_eq!(response.field("WARC-Truncated"), "length");
    assert!((90_000..=110_000).contains(&response.block.len()), "{}", response.block.len());
    fonds(["verify", "--require", "2", out.to_str().unwrap()]).expect(0);
}
