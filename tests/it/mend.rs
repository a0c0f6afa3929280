//! `fonds mend`: what is good comes out as it was, what is not is told, and what comes out verifies.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use crate::common::cli::{Run, archive, fonds};
use crate::common::collection::{Collection, gzip, records};
use crate::common::site::{ok, serve};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::{TempDir, tempdir};

/// The bytes of a WARC of a few records.
fn captured(dir: &TempDir) -> Vec<u8> {
    let server = serve(vec![("/", ok("text/html", incompressible())), ("/two", ok("text/html", "<p>two"))]);
    let out = dir.path().join("c");
    archive(&out, &[&server.url("/"), &server.url("/two")], &[]).expect(0);
    let collection = Collection::new(&out);
    collection.read(&collection.warc())
}

fn mend(input: &Path, output: &Path, options: &[&str]) -> Run {
    let mut args = vec!["mend", input.to_str().unwrap(), "-o", output.to_str().unwrap()];
    args.extend(options);
    fonds(args)
}

fn kinds(run: &Run) -> Vec<String> {
    let kind = |note: &Value| note["kind"].as_str().unwrap().to_owned();
    run.json_lines().iter().map(kind).filter(|kind| kind != "summary").collect()
}

#[test]
fn every_record_of_a_good_file_keeps_its_bytes() {
    let dir = tempdir().unwrap();
    let bytes = captured(&dir);
    let content: Vec<u8> =
        records(&bytes).iter().flat_map(|r| [&r.bytes[..], b"\r\n\r\n"].concat()).collect();
    for (name, packed) in
        [("a.warc.gz", bytes.clone()), ("b.warc", content.clone()), ("c.warc.gz", gzip(&content))]
    {
        let (input, output) = (dir.path().join(name), dir.path().join(format!("mended-{name}")));
        fs::write(&input, &packed).unwrap();
        mend(&input, &output, &[]).expect(0);
        let (before, after) = (records(&bytes), records(&fs::read(&output).unwrap()));
        assert_eq!(before.len(), after.len());
        assert!(before.iter().zip(&after).all(|(a, b)| a.bytes == b.bytes), "{name}");
        assert_eq!(fs::read(&input).unwrap(), packed, "the input is left alone");
        fonds(["verify", output.to_str().unwrap()]).expect(0);
        let plain = dir.path().join(format!("plain-{name}"));
        mend(&input, &plain, &["--plain"]).expect(0);
        assert_eq!(fs::read(&plain).unwrap(), content);
    }
}

/// A body that is most of its record, compressed too, so that the record's middle is in the block.
fn incompressible() -> String {
    (0..2000u32).map(|n| format!("<p>{:x}", n.wrapping_mul(2_654_435_761))).collect()
}

#[test]
fn sixty_four_bytes_in_the_middle_cost_one_record() {
    let dir = tempdir().unwrap();
    let mut bytes = captured(&dir);
    let victim = records(&bytes).into_iter().max_by_key(|r| r.length).unwrap();
    let middle = victim.offset + victim.length / 2;
    bytes[middle..middle + 64].iter_mut().for_each(|b| *b ^= 0xff);
    let (input, output) = (dir.path().join("x.warc.gz"), dir.path().join("y.warc.gz"));
    fs::write(&input, &bytes).unwrap();
    let run = mend(&input, &output, &["--format", "json"]).expect(1);
    let summary = run.json_lines().pop().unwrap();
    let whole =
        records(&fs::read(dir.path().join("c").join(Collection::new(&dir.path().join("c")).warc())).unwrap());
    let kept: BTreeSet<Vec<u8>> = records(&fs::read(&output).unwrap()).into_iter().map(|r| r.bytes).collect();
    assert!(whole.iter().filter(|r| r.id() != victim.id()).all(|r| kept.contains(&r.bytes)));
    assert_eq!(summary["verbatim"], whole.len() - 1);
    fonds(["verify", output.to_str().unwrap()]).expect(0);
}

#[test]
fn several_inputs_go_into_a_directory_and_nothing_is_overwritten() {
    let dir = tempdir().unwrap();
    let bytes = captured(&dir);
    let (a, b, out) = (dir.path().join("a.warc.gz"), dir.path().join("b.warc"), dir.path().join("out"));
    fs::write(&a, &bytes).unwrap();
    fs::write(
        &b,
        records(&bytes).iter().flat_map(|r| [&r.bytes[..], b"\r\n\r\n"].concat()).collect::<Vec<_>>(),
    )
    .unwrap();
    let paths = [a.to_str().unwrap(), b.to_str().unwrap(), "-o", out.to_str().unwrap()];
    fonds(["mend"].iter().chain(&paths)).expect(0);
    let names: BTreeSet<_> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a.warc.gz", "b.warc.gz"]);
    let before = fs::read(out.join("a.warc.gz")).unwrap();
    let again = fonds(["mend"].iter().chain(&paths)).expect(2);
    assert!(again.stderr.contains("nothing is overwritten"), "{}", again.stderr);
    assert_eq!(fs::read(out.join("a.warc.gz")).unwrap(), before);
}

#[test]
fn what_holds_no_record_gives_no_file() {
    let dir = tempdir().unwrap();
    let (input, output) = (dir.path().join("x.warc"), dir.path().join("y.warc.gz"));
    fs::write(&input, "nothing of the kind").unwrap();
    let run = mend(&input, &output, &["--format", "json"]).expect(1);
    assert_eq!((kinds(&run), output.exists()), (vec!["lost".to_owned()], false));
    assert_eq!(run.json_lines()[0]["length"], 19);
}

fn corpus(kind: &str) -> Option<Vec<PathBuf>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/warc").join(kind);
    if !path.is_dir() {
        println!("skipped: the corpus of foreign archives is not at ../shared/data/warc");
        return None;
    }
    let other = |name: &str| [".wacz", ".lz4", ".bz2", ".cdx"].iter().any(|end| name.ends_with(end));
    let mut paths: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| !other(path.to_str().unwrap()));
    paths.sort();
    Some(paths)
}

/// Damage that mending cannot undo without inventing something (docs/mend.md), beyond what a note of kind `left` says:
/// records and segments that are not there, and what was forged so that it fits.
const NOT_HERE: [&str; 4] =
    ["14-deleted-referenced", "18-forged-consistently", "25-segment-gap", "25-segment-payload-altered"];

#[test]
fn what_was_mended_verifies_or_says_what_is_left() {
    for kind in ["damaged", "real"] {
        let Some(paths) = corpus(kind) else { return };
        let dir = tempdir().unwrap();
        let mut wrong = Vec::new();
        for (n, path) in paths.iter().enumerate() {
            let (output, again) =
                (dir.path().join(format!("{n}.warc.gz")), dir.path().join(format!("{n}-2.warc.gz")));
            let run = mend(path, &output, &["--format", "json"]);
            assert!(run.code < 2, "{}: {}", path.display(), run.stderr);
            if !output.exists() {
                continue;
            }
            let left = kinds(&run).iter().any(|kind| kind == "left");
            let excused = left || NOT_HERE.iter().any(|name| path.to_str().unwrap().contains(name));
            let verified = fonds(["verify", output.to_str().unwrap()]);
            if verified.code != 0 && !excused {
                wrong.push(format!("{}: {}", path.display(), String::from_utf8_lossy(&verified.stdout)));
            }
            mend(&output, &again, &["-q"]).expect(0);
            assert_eq!(fs::read(&output).unwrap(), fs::read(&again).unwrap(), "{}", path.display());
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn what_verifies_is_not_changed() {
    for kind in ["damaged", "real"] {
        let Some(paths) = corpus(kind) else { return };
        let dir = tempdir().unwrap();
        for (n, path) in paths.iter().enumerate() {
            let name = path.file_name().unwrap().to_str().unwrap();
            // What is written anew because it was in an older format is not the same bytes.
            if fonds(["verify", path.to_str().unwrap()]).code != 0
                || name.contains(".arc")
                || name.contains("upper-lower")
            {
                continue;
            }
            let run = mend(path, &dir.path().join(format!("{n}.warc.gz")), &["--format", "json"]).expect(0);
            let summary = run.json_lines().pop().unwrap();
            assert_eq!(summary["records"], summary["verbatim"], "{name}");
        }
    }
}
