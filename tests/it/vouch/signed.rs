//! Level 3: signed collections and WACZs, whole and altered.

use super::{Bench, codes, status, verify};
use crate::common::cli::{archive, fonds, fonds_reading};
use crate::common::site::{ok, serve};
use fonds::package::pack;
use std::fs;

const CHECKPOINT: &str = "provenance/checkpoint";

#[test]
fn only_a_key_that_was_named_convinces() {
    let bench = Bench::new();
    let root = &bench.collection.root;
    let key = bench.signed();
    let (own, other) = (format!("{key}.pub"), format!("{}.pub", bench.key("other")));
    let named = verify(root, &["--key", &own]).expect(0);
    assert_eq!((named.json()["achieved"].as_u64(), codes(&named)), (Some(3), vec![]));
    assert!(named.json()["signers"][0].as_str().unwrap().starts_with("example.org/key ("));
    let both = verify(root, &["--key", &other, "--key", &own, "--require", "3"]).expect(0);
    assert_eq!(status(&both, 3), "pass");
    // Whoever names no key learns what is claimed, and no more.
    let nobody = verify(root, &[]).expect(0);
    assert_eq!((nobody.json()["achieved"].as_u64(), status(&nobody, 3).as_str()), (Some(2), "unchecked"));
    assert_eq!(
        (codes(&nobody), nobody.json()["signers"].as_array().unwrap().len()),
        (vec!["signature-claimed".into()], 0)
    );
    verify(root, &["--require", "3"]).expect(3);
    let wrong = verify(root, &["--key", &other]).expect(3);
    assert_eq!(status(&wrong, 3), "absent");
    verify(root, &["--key", &other, "--require", "2"]).expect(0);
    let people = fonds(["verify", bench.root(), "--key", &own]).expect(0);
    for words in ["intact, level 3", "Signed by example.org/key (", "the holder of the key recorded truly"] {
        assert!(people.text().contains(words), "{words}: {}", people.text());
    }
}

#[test]
fn a_signature_that_was_taken_away_is_missed_by_who_names_its_key() {
    let bench = Bench::new();
    let public = format!("{}.pub", bench.key("key"));
    let unsigned = verify(&bench.collection.root, &["--key", &public]).expect(3);
    assert_eq!((status(&unsigned, 3).as_str(), codes(&unsigned)), ("absent", vec![]));
    let warc = bench.collection.root.join(bench.collection.warc());
    verify(&warc, &["--key", &public]).expect(3);
    // One input that is signed does not cover another.
    fonds(["sign", bench.root(), "--key", &bench.room("key").to_string_lossy()]).expect(0);
    let mixed = verify(&bench.collection.root, &["--key", &public, warc.to_str().unwrap()]);
    assert_eq!((mixed.code == 0, status(&mixed, 3).as_str()), (false, "absent"));
}

#[test]
fn archive_signs_what_it_seals_as_a_directory_or_a_wacz() {
    let bench = Bench::new();
    let server = serve(vec![("/", ok("text/plain", "Some text."))]);
    let key = bench.key("key");
    for name in ["signed", "signed.wacz"] {
        archive(&bench.room(name), &[&server.url("/")], &["--sign", &key]).expect(0);
        let run = verify(&bench.room(name), &["--key", &format!("{key}.pub")]).expect(0);
        assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(3), vec![]), "{name}");
    }
    // A key that is none is told before anything is captured.
    let run = archive(&bench.room("none"), &[&server.url("/")], &["--sign", &format!("{key}.pub")]).expect(2);
    assert!(run.one_line().contains("public half") && !bench.room("none").exists());
}

#[test]
fn a_wacz_is_signed_as_if_the_directory_had_been() {
    let bench = Bench::new();
    let (before, after) = (bench.room("before.wacz"), bench.room("after.wacz"));
    pack(&bench.collection.root, &before).unwrap();
    let key = bench.signed();
    pack(&bench.collection.root, &after).unwrap();
    fonds(["sign", before.to_str().unwrap(), "--key", &key]).expect(0);
    assert_eq!(fs::read(&before).unwrap(), fs::read(&after).unwrap());
    // Again: nothing is added.
    let again = fonds(["sign", before.to_str().unwrap(), "--key", &key]).expect(0);
    assert!(again.stderr.contains("was signed already"), "{}", again.stderr);
    assert_eq!(fs::read(&before).unwrap(), fs::read(&after).unwrap());
    let second = bench.key("second");
    fonds(["sign", before.to_str().unwrap(), "--key", &second]).expect(0);
    for key in [key, second] {
        verify(&before, &["--key", &format!("{key}.pub")]).expect(0);
    }
}

#[test]
fn a_key_may_stay_on_another_machine() {
    let bench = Bench::new();
    let key = bench.key("key");
    let public = format!("{key}.pub");
    let lines = fonds(["sign", bench.root(), "--export"]).expect(0).stdout;
    assert_eq!(lines, bench.collection.read(CHECKPOINT));
    let line = fonds_reading(lines, &["sign", "-", "--key", &key]).expect(0).stdout;
    let wrong = fonds_reading(
        b"other/log\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".to_vec(),
        &["sign", "-", "--key", &key],
    )
    .expect(0)
    .stdout;
    let import = |line: Vec<u8>, key: &str| {
        fonds_reading(line, &["sign", bench.root(), "--import", "-", "--key", key])
    };
    assert!(import(wrong, &public).expect(4).one_line().contains("over another text"));
    let other = format!("{}.pub", bench.key("other"));
    assert!(import(line.clone(), &other).expect(4).one_line().contains("another key"));
    verify(&bench.collection.root, &["--key", &public]).expect(3);
    import(line, &public).expect(0);
    verify(&bench.collection.root, &["--key", &public]).expect(0);
    for nonsense in [&b""[..], b"hello\n", b"two\nlines\n"] {
        fonds_reading(nonsense.to_vec(), &["sign", "-", "--key", &key]).expect(2).one_line();
        fonds_reading(nonsense.to_vec(), &["sign", bench.root(), "--import", "-"]).expect(2).one_line();
    }
}

#[test]
fn a_signature_of_something_else_by_a_named_key_is_an_error() {
    let (bench, other) = (Bench::new(), Bench::new());
    let key = bench.signed();
    fonds(["sign", other.root(), "--key", &key]).expect(0);
    let foreign = other.collection.text(CHECKPOINT);
    let own = bench.collection.text(CHECKPOINT);
    let swapped =
        format!("{}\n\n{}", own.split_once("\n\n").unwrap().0, foreign.split_once("\n\n").unwrap().1);
    fs::write(bench.collection.root.join(CHECKPOINT), swapped).unwrap();
    let run = verify(&bench.collection.root, &["--key", &format!("{key}.pub")]).expect(1);
    assert_eq!(status(&run, 3), "fail");
    assert!(codes(&run).contains(&"signature-bad".to_owned()), "{:?}", codes(&run));
    // The foreign checkpoint as a whole is well signed, and is of another log.
    fs::write(bench.collection.root.join(CHECKPOINT), foreign).unwrap();
    let run = verify(&bench.collection.root, &["--key", &format!("{key}.pub")]).expect(1);
    assert_ne!(status(&run, 3), "pass");
    assert!(codes(&run).contains(&"log-origin".to_owned()), "{:?}", codes(&run));
}

#[test]
fn every_altered_byte_of_a_signed_checkpoint_is_an_error_even_to_who_names_no_key() {
    let bench = Bench::new();
    bench.signed();
    bench.every_altered_byte_is_damage(CHECKPOINT);
}

#[test]
fn what_does_not_hold_is_not_signed() {
    let bench = Bench::new();
    let key = bench.key("key");
    let path = bench.collection.root.join("provenance/manifest.jsonl");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 10]).unwrap();
    assert!(
        fonds(["sign", bench.root(), "--key", &key])
            .expect(4)
            .one_line()
            .contains("does not lead to its checkpoint")
    );
    fs::write(&path, &bytes).unwrap();
    let list = bench.collection.root.join("datapackage.json");
    fs::remove_file(&list).unwrap();
    fonds(["sign", bench.root(), "--key", &key]).expect(4).one_line();
    assert!(!bench.collection.text(CHECKPOINT).contains('—'));
}

/// However far a signing came, it can be done again, and what is there verifies then.
#[test]
fn a_signing_that_was_cut_is_mended_by_signing_again() {
    let bench = Bench::new();
    let names = [CHECKPOINT, "datapackage-digest.json", "datapackage.json"];
    let unsigned = names.map(|name| bench.collection.read(name));
    let key = bench.signed();
    let signed = names.map(|name| bench.collection.read(name));
    for done in 0..names.len() {
        for (number, name) in names.iter().enumerate() {
            let bytes = if number < done { &signed[number] } else { &unsigned[number] };
            fs::write(bench.collection.root.join(name), bytes).unwrap();
        }
        fonds(["sign", bench.root(), "--key", &key]).expect(0);
        assert_eq!(names.map(|name| bench.collection.read(name)), signed, "{done} files had been written");
        let run = verify(&bench.collection.root, &["--key", &format!("{key}.pub")]).expect(0);
        assert_eq!(codes(&run), Vec::<String>::new());
    }
}

#[test]
fn a_log_must_contain_the_checkpoint_that_was_kept() {
    let bench = Bench::new();
    let server = serve(vec![("/more", ok("text/plain", "More text."))]);
    let root = &bench.collection.root;
    let key = bench.signed();
    let kept = bench.room("kept");
    fs::copy(root.join(CHECKPOINT), &kept).unwrap();
    let kept = kept.to_str().unwrap();
    let copy = bench.collection.copy(&bench.room("copy"));
    verify(root, &["--expect-checkpoint", kept]).expect(0);
    // The archive grows: the old checkpoint is in it, and kept under its size.
    fonds(["archive", "--resume", bench.root(), server.url("/more").as_str(), "--sign", &key]).expect(0);
    let grown = verify(root, &["--expect-checkpoint", kept, "--key", &format!("{key}.pub")]).expect(0);
    assert_eq!(
        (grown.json()["achieved"].as_u64(), codes(&grown)),
        (Some(3), vec!["signature-earlier".into()])
    );
    // Cut back to what it was, each state verifies for itself.
    let longer = bench.room("longer");
    fs::copy(root.join(CHECKPOINT), &longer).unwrap();
    let cut = verify(&copy.root, &["--expect-checkpoint", longer.to_str().unwrap()]).expect(1);
    assert_eq!(
        (codes(&cut), status(&cut, 3).as_str()),
        (vec!["checkpoint-inconsistent".into(), "signature-claimed".into()], "fail")
    );
    // Another archive, and no archive at all.
    let other = Bench::new();
    let run = verify(&other.collection.root, &["--expect-checkpoint", kept]).expect(1);
    assert!(codes(&run).contains(&"checkpoint-inconsistent".to_owned()));
    verify(
        &root.join(bench.collection.files().iter().find(|f| f.starts_with("archive/")).unwrap()),
        &["--expect-checkpoint", kept],
    )
    .expect(1);
    fs::write(bench.room("nonsense"), "x").unwrap();
    fonds(["verify", bench.root(), "--expect-checkpoint", bench.room("nonsense").to_str().unwrap()])
        .expect(2)
        .one_line();
    // The one that the collection itself keeps must be of its log too.
    let earlier =
        bench.collection.files().into_iter().find(|f| f.starts_with("provenance/checkpoint-")).unwrap();
    fs::write(root.join(&earlier), other.collection.read(CHECKPOINT)).unwrap();
    assert!(codes(&verify(root, &[]).expect(1)).contains(&"checkpoint-earlier".to_owned()));
}

/// The list of files is not signed, so whoever adds a file and lists it must be told by the log.
#[test]
fn a_file_that_was_added_and_listed_is_told_although_every_hash_holds() {
    let bench = Bench::new();
    let key = bench.signed();
    for path in ["pages/extra.jsonl", "notes.txt", "provenance/checkpoint-note", "provenance/x.torn"] {
        let copy = bench.collection.copy(&bench.room("copy"));
        let content = match path {
            "pages/extra.jsonl" => copy.read("pages/pages.jsonl"),
            _ => b"trust me\n".to_vec(),
        };
        fonds::package::amend::amend(&copy.root, &[(path.to_owned(), content)], &std::env::temp_dir())
            .unwrap();
        let run = verify(&copy.root, &["--key", &format!("{key}.pub")]).expect(1);
        assert_eq!(
            (codes(&run), run.json()["achieved"].as_u64()),
            (vec!["file-unbound".to_owned()], Some(1)),
            "{path}"
        );
        assert_ne!(status(&run, 3), "pass", "{path}");
        fs::remove_dir_all(&copy.root).unwrap();
    }
}
