//! Anchors: outside time in the log, as a bound below of what stands behind it.

use super::{codes, status, verify};
use crate::common::cli::{Run, archive, fonds};
use crate::common::collection::Collection;
use crate::common::site::{ok, serve};
use crate::common::tsa::{self, Authority, Shape, http};
use fonds::manifest::{Tree, leaf_hash, write_checkpoint};
use fonds::selftest::Step;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

struct Anchored {
    directory: TempDir,
    collection: Collection,
    authority: Arc<Authority>,
}

impl Anchored {
    fn new() -> Self {
        let (directory, authority) =
            (tempfile::tempdir().unwrap(), Arc::new(Authority::new(&Shape::default())));
        let server = serve(vec![("/", ok("text/html", "<title>A page</title><p>Some text."))]);
        let root = directory.path().join("c");
        let options = ["--tsa", &authority.serve(), "--anchor-every", "3600"];
        archive(&root, &[&server.url("/")], &options).expect(0);
        Self { directory, collection: Collection::new(&root), authority }
    }

    fn trusting(&self, path: &Path) -> Run {
        verify(path, &["--trust", &self.authority.root()])
    }

    /// A copy in which a line is another, and all that follows from the lines is made anew.
    fn rewritten(&self, name: &str, change: impl Fn(&mut Value)) -> Collection {
        let copy = self.collection.copy(&self.directory.path().join(name));
        let mut tree = Tree::default();
        let (mut lines, mut leaves) = (Vec::new(), Vec::new());
        for mut entry in copy.log() {
            if entry["type"] == "anchor" {
                change(&mut entry);
            }
            let line = serde_json_canonicalizer::to_vec(&entry).unwrap();
            leaves.extend(leaf_hash(&line).0);
            tree.push(leaf_hash(&line));
            lines.extend([&line[..], b"\n"].concat());
        }
        let origin = copy.text("provenance/checkpoint").lines().next().unwrap().to_owned();
        let changes = [
            ("provenance/manifest.jsonl".to_owned(), lines),
            ("provenance/leaves".to_owned(), leaves),
            ("provenance/checkpoint".to_owned(), write_checkpoint(&origin, &tree).unwrap()),
        ];
        fonds::package::amend::amend(&copy.root, &changes, &std::env::temp_dir()).unwrap();
        let stamp = ["stamp", copy.root.to_str().unwrap(), "--tsa", &self.authority.serve()];
        std::fs::remove_file(copy.root.join("provenance/checkpoint.tsr")).unwrap();
        forget(&copy, "provenance/checkpoint.tsr");
        fonds(stamp).expect(0);
        copy
    }
}

/// Takes a file out of the list.
fn forget(copy: &Collection, path: &str) {
    let mut list: Value = serde_json::from_slice(&copy.read("datapackage.json")).unwrap();
    list["resources"].as_array_mut().unwrap().retain(|resource| resource["path"] != path);
    let list = fonds::package::datapackage::parse(&serde_json::to_vec(&list).unwrap()).0.unwrap().to_json();
    let digest = fonds::package::datapackage::Digest::of(&list, None).to_json();
    std::fs::write(copy.root.join("datapackage.json"), list).unwrap();
    std::fs::write(copy.root.join("datapackage-digest.json"), digest).unwrap();
}

fn bounds(run: &Run) -> (Option<String>, Option<String>) {
    let bound = |name: &str| run.json()["time_bounds"][name].as_str().map(str::to_owned);
    (bound("not_before"), bound("not_after"))
}

#[test]
fn what_is_captured_lies_between_two_times() {
    let anchored = Anchored::new();
    let log = anchored.collection.log();
    let at = |wanted: &dyn Fn(&Value) -> bool| log.iter().position(wanted).unwrap();
    let anchor = at(&|entry| entry["type"] == "anchor");
    assert!(anchor < at(&|entry| entry["warc"]["type"] == "response"));
    let run = anchored.trusting(&anchored.collection.root).expect(0);
    assert_eq!((status(&run, 4).as_str(), codes(&run)), ("pass", vec![]));
    let (Some(before), Some(after)) = bounds(&run) else { panic!("{}", run.json()["time_bounds"]) };
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    // Each is to the second, the authority's accuracy taken off and added.
    assert!(time(&before) < time(&after), "{before} {after}");
    let response = log.iter().find(|entry| entry["warc"]["type"] == "response").unwrap();
    let date = time(response["warc"]["date"].as_str().unwrap());
    assert!(time(&before) <= date && date <= time(&after), "{before} {date} {after}");
    let stamp =
        run.json()["stamps"].as_array().unwrap().iter().find(|s| s["entry"] == anchor).unwrap().clone();
    assert!(stamp["lines"].as_u64().unwrap() <= anchor as u64 && stamp["root"] == "CN=Test root", "{stamp}");
    let people =
        fonds(["verify", anchored.collection.root.to_str().unwrap(), "--trust", &anchored.authority.root()]);
    assert!(people.text().contains("Written down after "), "{}", people.text());
    // Without a root nothing is bounded.
    let nobody = verify(&anchored.collection.root, &[]).expect(0);
    assert_eq!(bounds(&nobody), (None, None));
    // The checkpoint in the entry is what was stamped, and OpenSSL sees it too.
    let entry = &log[anchor];
    let response = data_encoding::BASE64.decode(entry["response"].as_str().unwrap().as_bytes()).unwrap();
    std::fs::write(anchored.authority.at("a.tsr"), response).unwrap();
    std::fs::write(anchored.authority.at("a"), entry["checkpoint"].as_str().unwrap()).unwrap();
    let args = ["ts", "-verify", "-in", "a.tsr", "-data", "a", "-CAfile", "root.pem"];
    tsa::openssl(&anchored.authority.at(""), &args);
}

#[test]
fn a_long_capture_is_anchored_again_and_again() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Arc::new(Authority::new(&Shape::default()));
    let slow = |text: &str| [vec![Step::Pause(Duration::from_millis(1500))], ok("text/plain", text)].concat();
    let server = serve(vec![("/a", slow("a")), ("/b", slow("b")), ("/c", slow("c"))]);
    let tsa = authority.serve().replace("http://", "http://somebody:secret@");
    let urls = [&server.url("/a"), &server.url("/b"), &server.url("/c")];
    let root = directory.path().join("c");
    archive(&root, &urls, &["--tsa", &tsa, "--anchor-every", "1"]).expect(0);
    let collection = Collection::new(&root);
    let anchors = collection.log_of("anchor");
    assert!(anchors.len() >= 3, "{}", anchors.len());
    assert!(!collection.text("provenance/manifest.jsonl").contains("secret"));
    let run = verify(&root, &["--trust", &authority.root()]).expect(0);
    assert_eq!((status(&run, 4).as_str(), codes(&run)), ("pass", vec![]));
    assert_eq!(run.json()["stamps"].as_array().unwrap().len(), anchors.len() + 1);
    // A log with anchors is taken up again like any other.
    let more = serve(vec![("/more", ok("text/plain", "more"))]);
    fonds(["archive", "--resume", root.to_str().unwrap(), more.url("/more").as_str(), "--tsa", &tsa])
        .expect(0);
    let run = verify(&root, &["--trust", &authority.root()]).expect(0);
    assert_eq!(codes(&run), Vec::<String>::new());
    assert!(bounds(&run).0.is_some());
}

#[test]
fn an_authority_that_gives_no_anchor_does_not_end_the_capture() {
    let directory = tempfile::tempdir().unwrap();
    let server = serve(vec![("/", ok("text/plain", "text"))]);
    let url = tsa::serve(|_| http("500 Oops", b""));
    let root = directory.path().join("c");
    let run = archive(&root, &[&server.url("/")], &["--tsa", &url, "--anchor-every", "60"]).expect(4);
    assert!(
        run.stderr.contains("no anchor: ") && run.stderr.contains("is sealed and intact"),
        "{}",
        run.stderr
    );
    assert_eq!(Collection::new(&root).log_of("anchor").len(), 0);
    let run = verify(&root, &[]).expect(0);
    assert_eq!(run.json()["achieved"], 2);
}

/// Whoever rewrites the whole log cannot have an anchor of another log, or of a later time, believed.
#[test]
fn forged_anchors_have_their_codes() {
    let anchored = Anchored::new();
    let same = anchored.rewritten("same", |_| {});
    assert_eq!(codes(&anchored.trusting(&same.root).expect(0)), Vec::<String>::new());
    let other = Anchored::new();
    let foreign = other.collection.log_of("anchor").remove(0);
    let expect = |name: &str, change: &dyn Fn(&mut Value), expected: &str| {
        let copy = anchored.rewritten(name, change);
        let run = anchored.trusting(&copy.root).expect(1);
        assert_eq!((codes(&run), status(&run, 4)), (vec![expected.to_owned()], "fail".to_owned()), "{name}");
        assert_eq!(bounds(&run).0, None, "{name}");
    };
    let put = |entry: &mut Value, from: &Value, names: &[&str]| {
        for name in names {
            entry[*name] = from[*name].clone();
        }
    };
    expect("all", &|entry| put(entry, &foreign, &["checkpoint", "response"]), "anchor-invalid");
    expect("checkpoint", &|entry| put(entry, &foreign, &["checkpoint"]), "anchor-invalid");
    expect("response", &|entry| put(entry, &foreign, &["response"]), "stamp-imprint");
    expect("garbage", &|entry| entry["response"] = "AAAA".into(), "stamp-invalid");
    expect("nothing", &|entry| entry["response"] = "!".into(), "anchor-invalid");
    // One by an authority that nobody named proves nothing, and is no error.
    let unknown = Authority::new(&Shape::default());
    let copy = anchored.rewritten("unknown", |entry| {
        let response = unknown.over(entry["checkpoint"].as_str().unwrap().as_bytes());
        entry["response"] = data_encoding::BASE64.encode(&response).into();
    });
    let run = anchored.trusting(&copy.root).expect(0);
    assert_eq!((codes(&run), bounds(&run).0), (vec!["stamp-untrusted".to_owned()], None));
    // An entry that says it is older than the time-stamp in it.
    let copy = anchored.rewritten("clock", |entry| entry["at"] = "2020-01-01T00:00:00.000Z".into());
    assert_eq!(codes(&anchored.trusting(&copy.root).expect(0)), ["stamp-clock"]);
}
