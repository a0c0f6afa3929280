//! Captures that are cut off anywhere: what is left verifies, and what goes on with it comes to what a straight run does.

mod cuts;
#[cfg(unix)]
mod kills;
mod refused;
#[cfg(target_os = "linux")]
mod space;

use crate::common::cli::{Run, fonds};
use crate::common::collection::{Record, records};
use crate::common::server::{Script, Server, Step};
use crate::common::site::{PNG, answer, moved, ok};
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// URL and payload digest of every response.
type Outcome = BTreeSet<(String, String)>;

/// The WARCs that are closed, in their order.
fn warcs(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join("archive")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn all_records(root: &Path) -> Vec<Record> {
    warcs(root).iter().flat_map(|path| records(&std::fs::read(path).unwrap())).collect()
}

/// What was captured, if nothing was captured twice.
#[track_caller]
fn outcome(root: &Path) -> Outcome {
    let (mut ids, mut urls, mut outcome) = (HashSet::new(), HashSet::new(), Outcome::new());
    for record in all_records(root) {
        assert!(ids.insert(record.id().to_owned()), "{} stands twice", record.id());
        if record.is("response") {
            let (url, digest) = (record.field("WARC-Target-URI"), record.field("WARC-Payload-Digest"));
            assert!(urls.insert(url.to_owned()), "{url} was captured twice");
            outcome.insert((url.to_owned(), digest.to_owned()));
        }
    }
    outcome
}

/// URLs of the pages, sorted.
fn pages(root: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(root.join("pages/pages.jsonl")).unwrap();
    let url = |line: &str| {
        let page: serde_json::Value = serde_json::from_str(line).unwrap();
        page["url"].as_str().unwrap().to_owned()
    };
    let mut urls: Vec<String> = text.lines().skip(1).map(url).collect();
    urls.sort();
    urls
}

fn verify(root: &Path) -> Run {
    fonds(["verify", "--require", "2", root.to_str().unwrap()])
}

fn resume(root: &Path, options: &[&str]) -> Run {
    fonds(["archive", "--resume", root.to_str().unwrap()].iter().chain(options))
}

/// Pages with their own and with common requisites, a redirect, one that leads in a circle, and what is not there. Each
/// answer takes a moment.
fn site(pages: usize, pause: Duration) -> Server {
    let mut scripts: Vec<(String, Script)> = Vec::new();
    for n in 0..pages {
        let images: String = (0..4).map(|i| format!("<img src='/i/{n}-{i}.png'>")).collect();
        let page = format!(
            "<!DOCTYPE html><title>Page {n}</title><link rel=stylesheet href=/style.css><p>Page {n}.</p>{images}\
             <img src='/gone-{n}.png'>"
        );
        scripts.push((format!("/p/{n}"), ok("text/html; charset=utf-8", page)));
        for i in 0..4 {
            scripts.push((
                format!("/i/{n}-{i}.png"),
                ok("image/png", [PNG, format!("{n} {i}").as_bytes()].concat()),
            ));
        }
        scripts.push((format!("/gone-{n}.png"), answer("404 Not Found", "", format!("nothing at {n}"))));
    }
    scripts.push(("/style.css".into(), ok("text/css", "@import 'more.css'; p { background: url(/b.png) }")));
    scripts.push(("/more.css".into(), ok("text/css", "b { background: url(/c.png) }")));
    scripts.push(("/b.png".into(), ok("image/png", PNG)));
    scripts.push(("/c.png".into(), ok("image/png", PNG)));
    scripts.push(("/moved".into(), moved("/p/0")));
    scripts.push(("/circle".into(), moved("/circle")));
    for (_, script) in &mut scripts {
        script.insert(0, Step::Pause(pause));
    }
    Server::plain(scripts.into_iter().collect())
}

/// The pages of [`site`], the redirects among them.
fn seeds(server: &Server, pages: usize) -> Vec<Url> {
    let own = (0..pages).map(|n| format!("/p/{n}"));
    own.chain(["/moved".to_owned(), "/circle".to_owned()]).map(|path| server.url(&path)).collect()
}

#[test]
fn a_collection_with_lookups_is_gone_on_with() {
    let server = site(1, Duration::ZERO);
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    // The name is looked up, on a machine that knows it.
    fonds(["archive", "-q", "-o", root.to_str().unwrap(), server.url("/p/0").as_str()]).expect(0);
    verify(&root).expect(0);
    resume(&root, &["-q", server.url("/moved").as_str()]).expect(0);
    verify(&root).expect(0);
}

#[test]
fn a_login_is_no_answer_when_the_log_is_told_again() {
    let page = |text: &str| Step::Send(format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{text}").into());
    let challenge = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n";
    let closed = || Step::Unless("Authorization:".into(), vec![Step::Send(challenge.into()), Step::Next]);
    let scripts = [
        ("/a".to_owned(), vec![closed(), page("a"), Step::Next]),
        // Goes away the first time that it is asked with the password.
        ("/b".to_owned(), vec![closed(), Step::OnReuse(vec![Step::Drop]), Step::Drop]),
        ("/c".to_owned(), vec![closed(), page("c"), Step::Next]),
    ];
    let server = Server::plain(scripts.into_iter().collect());
    let dir = tempfile::tempdir().unwrap();
    let (root, secret) = (dir.path().join("c"), dir.path().join("secret"));
    std::fs::write(&secret, "me:s3cret").unwrap();
    let login = ["-q", "--user-file", secret.to_str().unwrap()];
    let urls = ["/a", "/b", "/c"].map(|path| server.url(path));
    crate::common::cli::archive(&root, &urls.iter().collect::<Vec<_>>(), &login).expect(1);
    verify(&root).expect(0);
    let before = server.served("/a").len();
    assert!(resume(&root, &["-q"]).expect(2).stderr.contains("user"), "the password is kept nowhere");
    resume(&root, &login).expect(1);
    assert_eq!(
        server.served("/a").len(),
        before,
        "what was answered with the password is not asked for again"
    );
    verify(&root).expect(0);
}
