//! What cannot be taken up is said, in one line, and left as it is.

use super::{outcome, resume, site, verify};
use crate::common::cli::{archive, fonds};
use crate::common::collection::{Collection, members};
use crate::common::server::{Server, Step};
use crate::common::site::{ok, serve, small};
use crate::common::tsa::{Authority, Shape};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A collection whose second page could not be captured.
fn partial(dir: &Path, server: &Server) -> Collection {
    let root = dir.join("c");
    let nobody = url::Url::parse("http://localhost:1/").unwrap();
    archive(&root, &[&server.url("/"), &nobody], &["-q"]).expect(1);
    Collection::new(&root)
}

fn all(collection: &Collection) -> Vec<(String, Vec<u8>)> {
    collection.files().into_iter().map(|path| (path.clone(), collection.read(&path))).collect()
}

#[track_caller]
fn assert_refused(root: &Path, options: &[&str], code: i32, words: &str) {
    let run = resume(root, options).expect(code);
    assert!(run.one_line().contains(words), "{}", run.stderr);
    assert!(run.stdout.is_empty());
}

#[test]
fn what_is_no_collection_is_not_taken_up() {
    let dir = tempfile::tempdir().unwrap();
    let [empty, other, file, begun] = ["empty", "other", "f.wacz", "begun"].map(|name| dir.path().join(name));
    fs::create_dir(&empty).unwrap();
    fs::write(&file, "PK").unwrap();
    fs::create_dir_all(begun.join(".fonds")).unwrap();
    assert_refused(&dir.path().join("nowhere"), &[], 4, "does not exist");
    assert_refused(&empty, &[], 4, "start again");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("x"), "").unwrap();
    assert_refused(&other, &[], 4, "is no collection");
    assert_refused(&file, &[], 4, "must be unpacked");
    assert_refused(&begun, &[], 4, "start again");
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0);
    fonds(["archive", "--resume", "x", "-o", "y"]).expect(2);
}

#[test]
fn what_is_complete_and_not_as_it_was_sealed_is_said() {
    let server = serve(small());
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    archive(&root, &[&server.url("/")], &["-q"]).expect(0);
    resume(&root, &[]).expect(0);
    let index = root.join("indexes/index.cdxj");
    let held = fs::read(&index).unwrap();
    fs::remove_file(&index).unwrap();
    assert_refused(&root, &["-q"], 4, "fonds verify");
    fs::write(&index, &held[1..]).unwrap();
    assert_refused(&root, &["-q"], 4, "fonds verify");
    fs::write(&index, &held).unwrap();
    resume(&root, &[]).expect(0);
    verify(&root).expect(0);
}

#[test]
fn what_another_process_writes_is_not_taken_up() {
    let slow = vec![Step::Pause(Duration::from_secs(20))];
    let server = serve(vec![("/", slow)]);
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_fonds"))
        .args(["archive", "-q", "--resolve", "localhost:127.0.0.1", "-o", root.to_str().unwrap()])
        .arg(server.url("/").as_str())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while server.served("/").is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_refused(&root, &[], 4, "another process");
    // It may be looked at all the same.
    fonds(["verify", root.to_str().unwrap()]).expect(0);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_was_altered_is_not_taken_up_and_stays_as_it_is() {
    let server = serve(small());
    let dir = tempfile::tempdir().unwrap();
    let sealed = partial(dir.path(), &server);
    let warc = sealed.warc();
    let alter = |path: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let copy = sealed.copy(&dir.path().join("copy"));
        let mut bytes = copy.read(path);
        change(&mut bytes);
        fs::write(copy.root.join(path), bytes).unwrap();
        let before = all(&copy);
        assert_refused(&copy.root, &[], 4, "was altered");
        assert_eq!(all(&copy), before, "{path}");
        fs::remove_dir_all(&copy.root).unwrap();
    };
    let manifest = "provenance/manifest.jsonl";
    let replaced = |from: &'static str, to: &'static str| {
        move |bytes: &mut Vec<u8>| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(from));
            *bytes = text.replacen(from, to, 1).into_bytes();
        }
    };
    alter(manifest, &replaced("style.css", "stile.css"));
    alter(manifest, &|bytes| bytes.truncate(bytes.len() - 2));
    alter("provenance/leaves", &|bytes| bytes[40] ^= 1);
    alter("provenance/checkpoint", &replaced("\n1", "\n2"));
    alter(&warc, &|bytes| bytes.truncate(bytes.len() - 9));
    alter(&warc, &|bytes| {
        let half = bytes.len() / 2;
        bytes[half] ^= 1;
    });
    let no_checkpoint = sealed.copy(&dir.path().join("copy"));
    fs::remove_file(no_checkpoint.root.join("provenance/checkpoint")).unwrap();
    assert_refused(&no_checkpoint.root, &[], 4, "was altered");
}

#[test]
fn of_a_warc_that_is_gone_or_cut_it_is_not_the_log_that_is_blamed() {
    let server = serve(small());
    let dir = tempfile::tempdir().unwrap();
    let whole = partial(dir.path(), &server);
    // Between two records.
    let end = members(&whole.read(&whole.warc()))[2].0 as u64;
    for (name, length) in [("gone", None), ("cut", Some(end))] {
        let copy = whole.copy(&dir.path().join(name));
        let warc = copy.root.join(copy.warc());
        match length {
            None => fs::remove_file(&warc).unwrap(),
            Some(length) => fs::OpenOptions::new().write(true).open(&warc).unwrap().set_len(length).unwrap(),
        }
        assert_refused(&copy.root, &[], 4, "a WARC is missing or cut, or the log was altered");
    }
}

#[test]
fn secrets_must_be_given_again() {
    let server = serve(small());
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let nobody = url::Url::parse("http://localhost:1/").unwrap();
    let secret = ["-q", "--header", "X-Key: s3cret"];
    archive(&root, &[&server.url("/"), &nobody], &secret).expect(1);
    assert_refused(&root, &[], 2, "header X-Key");
    resume(&root, &secret).expect(1);
    verify(&root).expect(0);
}

#[test]
fn what_is_complete_stays_as_it_is() {
    let server = serve(small());
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    archive(&root, &[&server.url("/")], &["-q"]).expect(0);
    let collection = Collection::new(&root);
    let before = all(&collection);
    let run = resume(&root, &[]).expect(0);
    assert!(run.one_line().contains("nothing is left"), "{}", run.stderr);
    assert_eq!(run.text().trim(), root.to_str().unwrap());
    assert_eq!(all(&collection), before);
}

#[test]
fn what_failed_is_tried_again_and_more_may_be_asked_for() {
    let site = site(2, Duration::ZERO);
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    // Where nobody listens yet.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let late = url::Url::parse(&format!("http://localhost:{port}/")).unwrap();
    archive(&root, &[&site.url("/p/0"), &late], &["-q", "--scope", "page"]).expect(1);
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let Step::Send(bytes) = ok("text/plain", "late").remove(0) else { panic!() };
        stream.write_all(&bytes).unwrap();
    });
    let more = site.url("/p/1");
    resume(&root, &["-q", "--scope", "page+requisites", more.as_str()]).expect(0);
    verify(&root).expect(0);
    let urls: Vec<String> = outcome(&root).into_iter().map(|(url, _)| url).collect();
    assert!(urls.contains(&late.to_string()) && urls.contains(&more.to_string()));
    // A page that was captured without them has got its requisites now.
    assert!(urls.contains(&site.url("/i/0-3.png").to_string()), "{urls:?}");
    let collection = Collection::new(&root);
    let sessions = collection.log_of("session");
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[1]["seeds"], serde_json::json!([more.as_str()]));
    assert_eq!(sessions[1]["archive"], sessions[0]["archive"]);
    assert_eq!(collection.log_of("end").len(), 2);
    assert_eq!(sessions[1]["previous_size"], sessions[1]["seq"]);
}

/// What was signed stays beside what is signed anew; and a directory may have been renamed.
#[test]
fn what_vouches_for_an_earlier_state_is_kept() {
    let server = serve(small());
    let dir = tempfile::tempdir().unwrap();
    let collection = partial(dir.path(), &server);
    let root = dir.path().join("a");
    fs::rename(&collection.root, &root).unwrap();
    let collection = Collection::new(&root);
    let (key, authority) = (dir.path().join("key"), Arc::new(Authority::new(&Shape::default())));
    fonds(["key", "new", "-q", key.to_str().unwrap()]).expect(0);
    fonds(["sign", root.to_str().unwrap(), "--key", key.to_str().unwrap()]).expect(0);
    for _ in 0..2 {
        fonds(["stamp", root.to_str().unwrap(), "--tsa", &authority.serve()]).expect(0);
    }
    let signed = collection.read("provenance/checkpoint");
    let stamps = ["", ".2"].map(|number| collection.read(&format!("provenance/checkpoint{number}.tsr")));
    let size = collection.log().len();
    resume(&root, &["-q"]).expect(1);
    assert_eq!(collection.read(&format!("provenance/checkpoint-{size}")), signed);
    let kept = ["", ".2"].map(|number| collection.read(&format!("provenance/checkpoint-{size}{number}.tsr")));
    assert_eq!(kept, stamps);
    assert!(!root.join("provenance/checkpoint.tsr").exists());
    verify(&root).expect(0);
    let names = super::warcs(&root);
    assert!(names.iter().all(|path| path.file_name().unwrap().to_str().unwrap().starts_with("c-")));
}

#[test]
fn what_was_to_become_a_wacz_becomes_one_when_it_is_complete() {
    let slow = vec![Step::Pause(Duration::from_millis(400)), ok("text/plain", "slow").remove(0), Step::Next];
    let server = serve(vec![("/", slow.clone()), ("/next", slow)]);
    let dir = tempfile::tempdir().unwrap();
    let (wacz, part) = (dir.path().join("c.wacz"), dir.path().join("c.wacz.part"));
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_fonds"))
        .args(["archive", "-q", "--resolve", "localhost:127.0.0.1", "-o", wacz.to_str().unwrap()])
        .args([server.url("/").as_str(), server.url("/next").as_str()])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while server.served("/").is_empty() {
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(part.is_dir() && !wacz.exists());
    let run = resume(&part, &["-q"]).expect(0);
    assert_eq!(run.text().trim(), wacz.to_str().unwrap());
    assert!(!part.exists());
    verify(&wacz).expect(0);
}
