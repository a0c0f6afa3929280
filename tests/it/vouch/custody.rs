//! Events that are added to the log of a sealed archive.

use super::{Bench, codes, status, verify};
use crate::common::cli::{Run, fonds};
use crate::common::site::{ok, serve};
use fonds::package::pack;
use std::fs;
use std::path::Path;

const CHECKPOINT: &str = "provenance/checkpoint";

fn add(path: &Path, options: &[&str]) -> Run {
    let path = path.to_str().unwrap();
    fonds([&["log", "add", path, "--event", "fixity-check", "--outcome", "success"], options].concat())
}

fn lines(path: &Path, kind: &str) -> Vec<serde_json::Value> {
    let run = fonds(["log", "show", path.to_str().unwrap(), "--type", kind]).expect(0);
    run.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_event_is_a_line_of_the_log_and_the_archive_holds_as_before() {
    let bench = Bench::new();
    let (root, wacz) = (bench.collection.root.clone(), bench.room("c.wacz"));
    pack(&root, &wacz).unwrap();
    for path in [&root, &wacz] {
        let run = add(path, &["--note", "Read back from tape", "--agent", "A library"]).expect(0);
        assert!(run.one_line().contains("was added to its log"), "{}", run.stderr);
        let run = verify(path, &["--require", "2", "--strict"]).expect(0);
        assert_eq!(codes(&run), Vec::<String>::new());
        let events = lines(path, "event");
        let said = ["event", "outcome", "note", "agent"].map(|key| events[0][key].as_str().unwrap());
        assert_eq!(said, ["fixity check", "success", "Read back from tape", "A library"]);
    }
}

#[test]
fn what_vouched_for_the_log_before_stays_and_is_held_against_it() {
    let bench = Bench::new();
    let root = &bench.collection.root;
    let key = bench.signed();
    let public = format!("{key}.pub");
    let before = bench.collection.read(CHECKPOINT);
    fs::write(bench.room("kept"), &before).unwrap();
    let kept = bench.room("kept").to_str().unwrap().to_owned();
    add(root, &[]).expect(0);
    // The old signature says how far it goes, and no more.
    let run = verify(root, &["--key", &public, "--expect-checkpoint", &kept]).expect(3);
    assert_eq!((status(&run, 3).as_str(), codes(&run)), ("absent", vec!["signature-earlier".into()]));
    assert!(run.json()["levels"][3]["detail"].as_str().unwrap().contains("lines are vouched for by"));
    let old: Vec<_> = bench.collection.files().into_iter().filter(|f| f.contains("checkpoint-")).collect();
    assert_eq!((old.len(), bench.collection.read(&old[0])), (1, before));
    // Signed anew, and once more with an event that signs at once.
    fonds(["sign", bench.root(), "--key", &key]).expect(0);
    verify(root, &["--key", &public]).expect(0);
    add(root, &["--sign", &key]).expect(0);
    let run = verify(root, &["--key", &public, "--expect-checkpoint", &kept]).expect(0);
    assert_eq!(run.json()["achieved"].as_u64(), Some(3));
    // An earlier checkpoint that is altered is told.
    let altered = String::from_utf8(bench.collection.read(&old[0])).unwrap().replace("\n— ", "\nx— ");
    fs::write(root.join(&old[0]), altered).unwrap();
    verify(root, &["--key", &public]).expect(1);
}

#[test]
fn a_call_that_was_cut_is_made_good_by_the_next() {
    let bench = Bench::new();
    let key = bench.signed();
    let whole = bench.collection.copy(&bench.room("whole")).root;
    add(&whole, &["--note", "x"]).expect(0);
    // In the order in which files change: each state that a cut can leave.
    let changed: Vec<String> = ["checkpoint-", "manifest.jsonl", "leaves", "checkpoint"]
        .iter()
        .flat_map(|name| {
            files(&whole)
                .into_iter()
                .filter(move |file| file == name || file.starts_with(name) && name.ends_with('-'))
        })
        .collect();
    for n in 1..=changed.len() {
        let cut = bench.collection.copy(&bench.room(&format!("cut{n}"))).root;
        for name in &changed[..n] {
            fs::copy(whole.join("provenance").join(name), cut.join("provenance").join(name)).unwrap();
        }
        add(&cut, &["--note", "x", "--sign", &key]).expect(0);
        let run = verify(&cut, &["--key", &format!("{key}.pub")]).expect(0);
        assert_eq!(run.json()["achieved"].as_u64(), Some(3), "{n}: {}", run.text());
    }
}

fn files(root: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root.join("provenance"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_log_with_events_can_be_gone_on_with() {
    let bench = Bench::new();
    let root = bench.collection.root.clone();
    add(&root, &[]).expect(0);
    let server = serve(vec![("/more", ok("text/plain", "More."))]);
    let url = server.url("/more");
    fonds(["archive", "-q", "--resume", root.to_str().unwrap(), url.as_str()]).expect(0);
    let run = fonds(["verify", root.to_str().unwrap(), "--require", "2"]).expect(0);
    assert!(run.text().contains("intact, level 2"));
    assert_eq!(lines(&root, "event").len(), 1);
}

#[test]
fn only_sealed_archives_with_a_log_take_events() {
    let bench = Bench::new();
    let root = &bench.collection.root;
    assert!(add(&bench.room("none"), &[]).expect(4).one_line().contains("none"));
    fonds(["log", "add", bench.root(), "--event", "transfer"]).expect(2).one_line();
    fonds(["log", "add", bench.root(), "--event", "nonsense", "--note", "x"]).expect(2);
    let mut log = bench.collection.read("provenance/manifest.jsonl");
    log[40] ^= 1;
    fs::write(root.join("provenance/manifest.jsonl"), log).unwrap();
    assert!(add(root, &[]).expect(4).one_line().contains("does not lead to its checkpoint"));
}
