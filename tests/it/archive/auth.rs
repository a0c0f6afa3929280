//! Name and password: who gets them, what is kept of them.

use super::{capture, exchange};
use crate::common::cli::archive;
use crate::common::collection::Collection;
use crate::common::server::{Server, Step};
use crate::common::site::{answer, ok, serve};
use data_encoding::{BASE64, HEXLOWER};
use md5::Md5;
use sha2::{Digest, Sha256};
use std::path::Path;
use tempfile::tempdir;

/// 401 to a request without these bytes in its head, else `then`.
fn guarded(challenge: &str, wanted: &str, then: Vec<Step>) -> Vec<Step> {
    let refusal = answer("401 Who", &format!("WWW-Authenticate: {challenge}\r\n"), "no");
    vec![Step::Unless(wanted.to_owned(), refusal)].into_iter().chain(then).collect()
}

fn requests(server: &Server, path: &str) -> Vec<String> {
    server.served(path).iter().map(|served| String::from_utf8(served.request.clone()).unwrap()).collect()
}

fn statuses(collection: &Collection, url: &url::Url) -> Vec<String> {
    let line = |block: &[u8]| String::from_utf8_lossy(&block[9..12]).into_owned();
    collection.of("response", url).iter().map(|record| line(&record.block)).collect()
}

/// The secret stands in no file, record or message but in request records, and there only as sent.
#[track_caller]
fn assert_secret(out: &Path, stderr: &str, secret: &str) {
    let collection = Collection::new(out);
    assert!(!stderr.contains(secret), "{stderr}");
    for path in collection.files().iter().filter(|path| !path.starts_with("archive/")) {
        assert!(!String::from_utf8_lossy(&collection.read(path)).contains(secret), "{path}");
    }
    for record in collection.records() {
        assert!(record.is("request") || !String::from_utf8_lossy(&record.bytes).contains(secret));
    }
}

#[test]
fn basic_is_sent_after_it_was_asked_for_and_both_exchanges_are_kept() {
    let basic = format!("Authorization: Basic {}", BASE64.encode(b"me:pass:0815"));
    let page = || ok("text/html", "<title>In</title><img src=a.png>");
    let server = serve(vec![
        ("/", guarded("Basic realm=\"x\"", &basic, page())),
        ("/a.png", guarded("Basic realm=\"x\"", &basic, ok("image/png", "x"))),
    ]);
    let (dir, url) = (tempdir().unwrap(), server.url("/"));
    let out = dir.path().join("c");
    let (collection, stderr) = capture(&out, &[&url], &["--user", "me:pass:0815"], 0);
    assert_eq!(statuses(&collection, &url), ["401", "200"]);
    assert_eq!(collection.of("request", &url).len(), 2);
    assert_eq!(collection.pages()[0]["title"], "In");
    let asked = requests(&server, "/");
    assert!(!asked[0].contains("Authorization") && asked[1].contains(&basic), "{asked:?}");
    assert_eq!(requests(&server, "/a.png").len(), 1, "it is known by then that it is asked for");
    assert_secret(&out, &stderr, "pass:0815");
    assert_secret(&out, &stderr, &BASE64.encode(b"me:pass:0815"));
    assert_eq!(collection.log()[0]["redacted"][0], "user");
}

#[test]
fn digest_answers_the_challenge_by_either_hash() {
    for hash in ["MD5", "SHA-256"] {
        let challenge = format!("Digest realm=\"r\", nonce=\"n1\", qop=\"auth\", algorithm={hash}");
        let server =
            serve(vec![("/a?b=c", guarded(&challenge, "Authorization: Digest ", ok("text/plain", "in")))]);
        let (dir, url) = (tempdir().unwrap(), server.url("/a?b=c"));
        let file = dir.path().join("login");
        std::fs::write(&file, "me:word-4711\nnot this line").unwrap();
        let out = dir.path().join("c");
        let (collection, stderr) = capture(&out, &[&url], &["--user-file", file.to_str().unwrap()], 0);
        assert_eq!(statuses(&collection, &url), ["401", "200"]);
        let sent = requests(&server, "/a?b=c")[1].clone();
        let part = |name: &str| {
            let rest = sent.split(&format!("{name}=")).nth(1).unwrap();
            rest.split([',', '\r']).next().unwrap().trim_matches('"').to_owned()
        };
        let h = |text: String| match hash {
            "MD5" => HEXLOWER.encode(&Md5::digest(text)),
            _ => HEXLOWER.encode(&Sha256::digest(text)),
        };
        let (one, two) = (h("me:r:word-4711".into()), h("GET:/a?b=c".into()));
        assert!(sent.contains("uri=\"/a?b=c\""), "{sent}");
        assert_eq!(part(" response"), h(format!("{one}:n1:{}:{}:auth:{two}", part("nc"), part("cnonce"))));
        assert_secret(&out, &stderr, "word-4711");
    }
}

#[test]
fn a_wrong_password_is_tried_once_and_what_came_is_kept() {
    let guarded =
        |path: &'static str| (path, guarded("Basic realm=x", "Basic right", ok("text/plain", "in")));
    let server = serve(vec![guarded("/1"), guarded("/2")]);
    let dir = tempdir().unwrap();
    let urls = [server.url("/1"), server.url("/2")];
    let (collection, _) = capture(&dir.path().join("c"), &urls.each_ref(), &["--user", "me:wrong"], 0);
    assert_eq!(statuses(&collection, &urls[0]), ["401", "401"]);
    assert_eq!(statuses(&collection, &urls[1]), ["401"], "it is not offered again");
}

#[test]
fn a_host_that_was_not_named_gets_no_password() {
    let other = serve(vec![("/x.png", guarded("Basic realm=x", "Basic", ok("image/png", "x")))]);
    let server = serve(vec![("/", ok("text/html", format!("<img src={}>", other.url("/x.png"))))]);
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &["--user", "me:secret"], 0);
    assert_eq!(statuses(&collection, &other.url("/x.png")), ["401"]);
    assert!(!requests(&other, "/x.png")[0].contains("Authorization"));
    exchange(&collection, &other.url("/x.png"));
}

#[test]
fn a_login_without_a_colon_is_a_usage_error_that_does_not_quote_it() {
    let dir = tempdir().unwrap();
    let url = url::Url::parse("http://localhost:1/").unwrap();
    let run = archive(&dir.path().join("c"), &[&url], &["--user", "secret"]).expect(2);
    assert!(!run.one_line().contains("secret"));
    archive(&dir.path().join("c"), &[&url], &["--user-file", "/no/such/file"]).expect(4);
}
