//! What people do besides: two things at once, odd places, rests of calls that were cut.

use super::{Bench, codes, verify};
use crate::common::cli::{archive, fonds, fonds_reading};
use crate::common::site::{ok, serve};
use crate::common::tsa::{Authority, Shape};
use fonds::package::pack;
use std::fs;
use std::path::Path;
use std::sync::Arc;

#[test]
fn of_several_writers_at_once_each_has_its_way_or_is_told() {
    let bench = Bench::new();
    let wacz = bench.room("c.wacz");
    pack(&bench.collection.root, &wacz).unwrap();
    let keys: Vec<String> = (0..4).map(|n| bench.key(&format!("key{n}"))).collect();
    for path in [bench.root(), wacz.to_str().unwrap()] {
        let sign = |key: &String| {
            let run = fonds(["sign", path, "--key", key]);
            assert!(run.code == 0 || run.one_line().contains("by another process"), "{}", run.stderr);
            (run.code == 0).then(|| key.clone())
        };
        let done: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = keys.iter().map(|key| scope.spawn(move || sign(key))).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert!(!done.is_empty());
        for key in &done {
            let run = verify(Path::new(path), &["--key", &format!("{key}.pub")]).expect(0);
            assert_eq!(run.json()["achieved"], 3);
        }
    }
}

#[test]
fn rests_of_a_call_that_was_cut_are_no_part_of_the_archive() {
    let bench = Bench::new();
    let key = bench.key("key");
    for name in
        ["checkpoint.part", "checkpoint.2.tsr.part", "manifest.jsonl.part", "checkpoint-7.sshsig.part"]
    {
        fs::write(bench.collection.root.join("provenance").join(name), "half").unwrap();
    }
    fonds(["sign", bench.root(), "--key", &key]).expect(0);
    let run = verify(&bench.collection.root, &["--key", &format!("{key}.pub")]).expect(0);
    assert_eq!(codes(&run), Vec::<String>::new());
}

#[test]
fn a_signature_that_was_taken_away_is_not_made_good_by_another() {
    let bench = Bench::new();
    bench.signed();
    let text = bench.collection.text("provenance/checkpoint");
    let bare = text.split_once("\n\n").unwrap().0.to_owned() + "\n";
    fs::write(bench.collection.root.join("provenance/checkpoint"), bare).unwrap();
    let run = fonds(["sign", bench.root(), "--key", &bench.key("second")]).expect(4);
    assert!(run.one_line().contains("not the one that is listed"), "{}", run.stderr);
    verify(&bench.collection.root, &[]).expect(1);
}

#[cfg(unix)]
#[test]
fn a_wacz_keeps_who_may_read_it_and_links_lead_to_it() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let (wacz, link) = (bench.room("c.wacz"), bench.room("link.wacz"));
    pack(&bench.collection.root, &wacz).unwrap();
    fs::set_permissions(&wacz, fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink(&wacz, &link).unwrap();
    let key = bench.key("key");
    fonds(["sign", link.to_str().unwrap(), "--key", &key]).expect(0);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(wacz.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    verify(&wacz, &["--key", &format!("{key}.pub")]).expect(0);
}

#[test]
fn a_copy_without_the_first_line_keeps_its_anchors() {
    let (bench, authority) = (Bench::new(), Arc::new(Authority::new(&Shape::default())));
    let server = serve(vec![("/a", ok("text/html", "<p>One.")), ("/b", ok("text/html", "<p>Two."))]);
    let (root, copy) = (bench.room("anchored"), bench.room("copy"));
    let options = ["--tsa", &authority.serve(), "--anchor-every", "60"];
    archive(&root, &[&server.url("/a"), &server.url("/b")], &options).expect(0);
    fonds(["redact", root.to_str().unwrap(), "-o", copy.to_str().unwrap(), "--url", "/a$"]).expect(0);
    let run = verify(&copy, &["--require", "2", "--trust", &authority.root()]).expect(0);
    assert!(!codes(&run).contains(&"anchor-invalid".to_owned()), "{:?}", codes(&run));
}

#[test]
fn a_proof_that_cannot_tell_of_a_checkpoint_says_so() {
    let bench = Bench::new();
    let (kept, proof) = (bench.room("kept"), bench.room("proof"));
    fs::copy(bench.collection.root.join("provenance/checkpoint"), &kept).unwrap();
    fonds(["log", "add", bench.root(), "--event", "annotation", "--note", "x"]).expect(0);
    let url = bench.collection.pages()[0]["url"].as_str().unwrap().to_owned();
    let prove = |more: &[&str]| {
        let _ = fs::remove_file(&proof);
        fonds([&["prove", bench.root(), "--url", &url, "-o", proof.to_str().unwrap()][..], more].concat())
            .expect(0);
    };
    let check = || fonds(["check", proof.to_str().unwrap(), "--expect-checkpoint", kept.to_str().unwrap()]);
    prove(&[]);
    let run = check().expect(3);
    assert!(run.one_line().contains("fonds prove --since"), "{}", run.stderr);
    prove(&["--since", kept.to_str().unwrap()]);
    check().expect(0);
    // What is no proof at all passes no level.
    let zeros = bench.room("zeros");
    fs::write(&zeros, vec![0; 100_000]).unwrap();
    let run = fonds(["check", "--format", "json", zeros.to_str().unwrap()]).expect(1);
    assert_eq!(run.json()["levels"][2]["status"], "unchecked");
}

#[test]
fn a_signature_line_is_taken_in_only_where_it_can_be_checked() {
    let (bench, elsewhere) = (Bench::new(), Bench::new());
    let key = bench.signed();
    let lines = fonds(["sign", elsewhere.root(), "--export"]).expect(0).stdout;
    let line = fonds_reading(lines, &["sign", "-", "--key", &key]).expect(0).stdout;
    let run = fonds_reading(line, &["sign", bench.root(), "--import", "-"]).expect(2);
    assert!(run.one_line().contains("--key KEY.pub"), "{}", run.stderr);
    verify(&bench.collection.root, &["--key", &format!("{key}.pub")]).expect(0);
}

#[test]
fn nothing_is_written_into_the_collection_that_it_is_made_of() {
    let bench = Bench::new();
    let inside = |name: &str| bench.collection.root.join(name).to_str().unwrap().to_owned();
    let url = bench.collection.pages()[0]["url"].as_str().unwrap().to_owned();
    for arguments in [
        vec!["pack", bench.root(), "-o", &inside("in.wacz")],
        vec!["prove", bench.root(), "--url", &url, "-o", &inside("provenance/x.proof")],
        vec!["redact", bench.root(), "--url", &url, "-o", &inside("copy")],
    ] {
        assert!(fonds(&arguments).expect(2).one_line().contains("lies within"), "{arguments:?}");
    }
    verify(&bench.collection.root, &["--strict"]).expect(0);
}

#[test]
fn what_was_asked_for_and_not_reached_is_said() {
    let bench = Bench::new();
    for options in [&["--require", "3"][..], &["-q", "--require", "3"]] {
        let run = fonds([&["verify", bench.root()][..], options].concat()).expect(3);
        assert!(
            run.stderr.contains("level 3 was asked for and is not reached: level 3 signed is absent"),
            "{}",
            run.stderr
        );
    }
    let key = bench.key("key");
    let wrong = fonds(["sign", bench.root(), "--key", &format!("{key}.pub")]).expect(2);
    assert!(wrong.one_line().contains("public half"), "{}", wrong.stderr);
}

#[test]
fn a_capture_that_was_taken_up_and_killed_still_holds_what_was_kept_of_it() {
    let bench = Bench::new();
    let root = &bench.collection.root;
    let (kept, other) = (bench.room("kept"), bench.room("other"));
    let text = bench.collection.text("provenance/checkpoint");
    fs::write(&kept, &text).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let first = if lines[2].starts_with('A') { "B" } else { "A" };
    lines[2].replace_range(..1, first);
    fs::write(&other, lines.join("\n") + "\n").unwrap();
    // As a resumed run leaves it that is killed before its first capture.
    fs::create_dir(root.join(".fonds")).unwrap();
    fs::remove_file(root.join("datapackage.json")).unwrap();
    let expect =
        |path: &Path, code| verify(root, &["--expect-checkpoint", path.to_str().unwrap()]).expect(code);
    assert_eq!(codes(&expect(&kept, 0)), ["capture-unfinished"]);
    assert!(codes(&expect(&other, 1)).contains(&"checkpoint-inconsistent".to_owned()));
}
