//! `fonds mend`: what is good comes out as it was, what is not is told, and what comes out verifies.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use crate::common::cli::{Run, archive, fonds};
use crate::common::collection::{Collection, gzip, records};
use crate::common::site::{ok, serve};
use fonds::digest::{Algorithm, Hasher};
use fonds::finding::Finding;
use fonds::input::section::Shared;
use fonds::mend::{self, Kind, Note, Summary};
use fonds::verify::{self, Verification};
use fonds::warc::{Compression, Source};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
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

fn run_mend(input: &Path, output: &Path, options: &[&str]) -> Run {
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
        run_mend(&input, &output, &[]).expect(0);
        let (before, after) = (records(&bytes), records(&fs::read(&output).unwrap()));
        assert_eq!(before.len(), after.len());
        assert!(before.iter().zip(&after).all(|(a, b)| a.bytes == b.bytes), "{name}");
        assert_eq!(fs::read(&input).unwrap(), packed, "the input is left alone");
        fonds(["verify", output.to_str().unwrap()]).expect(0);
        let plain = dir.path().join(format!("plain-{name}"));
        run_mend(&input, &plain, &["--plain"]).expect(0);
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
    let run = run_mend(&input, &output, &["--format", "json"]).expect(1);
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
    let run = run_mend(&input, &output, &["--format", "json"]).expect(1);
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
            let run = run_mend(path, &output, &["--format", "json"]);
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
            run_mend(&output, &again, &["-q"]).expect(0);
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
            let run =
                run_mend(path, &dir.path().join(format!("{n}.warc.gz")), &["--format", "json"]).expect(0);
            let summary = run.json_lines().pop().unwrap();
            assert_eq!(summary["records"], summary["verbatim"], "{name}");
        }
    }
}

/// Three records with a digest each, heads and blocks apart: one about the file, a response, a revisit.
fn heads_and_blocks() -> Vec<(Vec<u8>, &'static str)> {
    let http = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
    let of = |bytes: &str| {
        let mut hasher = Hasher::new(Algorithm::Sha1);
        hasher.update(bytes.as_bytes());
        hasher.finish().to_string()
    };
    let response = format!(
        "WARC-Target-URI: http://a/1\r\nContent-Type: application/http; msgtype=response\r\nWARC-Payload-Digest: {}\r\n",
        of("body")
    );
    let revisit = "WARC-Target-URI: http://a/2\r\nContent-Type: application/http; msgtype=response\r\n\
         WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\n\
         WARC-Payload-Digest: sha1:CH3K3DWFFIUYJK5K7V6DWULFAN4FYIDS\r\n";
    let info = "Content-Type: application/warc-fields\r\n";
    [
        ("warcinfo", info, "software: x\r\n"),
        ("response", &response, http),
        ("revisit", revisit, "HTTP/1.1 304 NM\r\n\r\n"),
    ]
    .into_iter()
    .map(|(kind, fields, block)| {
        let head = format!(
            "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:x:{kind}>\r\nWARC-Date: 2024-03-01T12:00:05Z\r\n\
             {fields}WARC-Block-Digest: {}\r\nContent-Length: {}\r\n\r\n",
            of(block),
            block.len()
        );
        (head.into_bytes(), block)
    })
    .collect()
}

/// Damage to one head.
#[derive(Clone, Debug)]
enum Damage {
    Byte(usize, u8),
    Insert(usize, u8),
    Remove(usize, usize),
    Value(&'static str, &'static str),
    Lines(&'static str, usize),
}

impl Damage {
    fn on(&self, head: &mut Vec<u8>) {
        let at = |n: &usize| n % head.len();
        match self {
            Self::Byte(n, byte) => {
                let at = at(n);
                head[at] = *byte;
            }
            Self::Insert(n, byte) => head.insert(at(n), *byte),
            Self::Remove(n, length) => {
                let at = at(n);
                head.drain(at..(at + length).min(head.len()));
            }
            Self::Value(name, value) => {
                let name = format!("{name}: ").into_bytes();
                let Some(start) = head.windows(name.len()).position(|w| w == name) else { return };
                let start = start + name.len();
                let end = start + head[start..].iter().position(|b| *b == b'\r').unwrap_or(0);
                head.splice(start..end, value.bytes());
            }
            Self::Lines(line, times) => {
                let end = head.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
                head.splice(end..end, line.repeat(*times).into_bytes());
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let odd = prop_oneof![3 => 0u8..32, 1 => 127u8..=255, 2 => any::<u8>(), 1 => Just(b' ')];
    let values = select(vec![
        ("WARC-Date", "2024-01-01T00:00:0"),
        ("WARC-Date", "2024-01-"),
        ("WARC-Date", "2024-01-01T00:00:00+02:00"),
        ("WARC-Date", "2024-02-30T00:00:00Z"),
        ("WARC-Date", ""),
        ("WARC-Payload-Digest", "sha1:SHORT"),
        ("WARC-Payload-Digest", ""),
        ("WARC-Payload-Digest", "sha256:zz"),
        ("WARC-Block-Digest", "sha1:SHORT"),
        ("WARC-Block-Digest", "\u{1}sha1:CH3K3DWFFIUYJK5K7V6DWULFAN4FYIDS"),
        ("WARC-Record-ID", "<urn:x:\u{3}>"),
        ("WARC-Record-ID", "{urn:x:1}"),
        ("WARC-Record-ID", "<urn:x:response>"),
        ("WARC-Record-ID", ""),
        ("WARC-Type", "resp\u{0}onse"),
        ("WARC-Target-URI", ""),
        ("WARC-Target-URI", "http://a/ b\tc"),
        ("Content-Length", "7"),
        ("Content-Length", "\u{2}4"),
    ]);
    let lines = select(vec![
        "nocolon\r\n",
        "x\n",
        " folded\r\n",
        "bad name: \u{1}\r\n",
        "WARC-Type: metadata\r\n",
        "a:\n",
    ]);
    prop_oneof![
        4 => (any::<usize>(), odd.clone()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        4 => (any::<usize>(), odd).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        2 => (any::<usize>(), 1usize..40).prop_map(|(at, length)| Damage::Remove(at, length)),
        4 => values.prop_map(|(name, value)| Damage::Value(name, value)),
        1 => (lines, select(vec![1, 2, 9000, 60_000])).prop_map(|(line, times)| Damage::Lines(line, times)),
    ]
}

/// The mended file, and the notes.
fn mended(input: &[u8]) -> (Vec<u8>, Vec<Note>, Summary) {
    let room = tempdir().unwrap();
    let output = room.path().join("x.warc");
    let shared = Shared::new(Box::new(Cursor::new(input.to_vec()))).unwrap();
    let options = mend::Options { compression: Compression::None, spool: room.path().to_owned() };
    let mut notes = Vec::new();
    let summary = mend::mend("x.warc", &shared, &output, &options, &mut |note| notes.push(note)).unwrap();
    (fs::read(&output).unwrap_or_default(), notes, summary)
}

fn errors(warc: &[u8]) -> Vec<Finding> {
    let mut run = Verification::new(verify::Options::default());
    run.warc("x.warc", Source::Seek(Box::new(Cursor::new(warc.to_vec())))).unwrap();
    run.finish(String::new()).findings.into_iter().filter(Finding::is_error).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever becomes of heads, the mended file verifies or a note says what is left; mending it changes nothing; and
    /// no more is lost than there was.
    #[test]
    fn damaged_heads_come_out_so_that_they_verify(
        damages in proptest::collection::vec((0usize..3, damage()), 1..5),
        packed in any::<bool>(),
    ) {
        let mut records = heads_and_blocks();
        damages.iter().for_each(|(of, damage)| damage.on(&mut records[*of].0));
        let whole = |(head, block): &(Vec<u8>, &str)| [head.as_slice(), block.as_bytes(), b"\r\n\r\n"].concat();
        let store = |record: Vec<u8>| if packed { gzip(&record) } else { record };
        let content: usize = records.iter().map(|record| whole(record).len()).sum();
        let input: Vec<u8> = records.iter().flat_map(|record| store(whole(record))).collect();
        let (out, notes, summary) = mended(&input);
        prop_assert!(summary.lost_bytes <= content.max(input.len()) as u64, "{summary:?}");
        let wrong = errors(&out);
        let said = notes.iter().any(|note| note.kind == Kind::Left) || out.is_empty();
        prop_assert!(wrong.is_empty() || said, "{wrong:?}\n{notes:?}\n{}", out.escape_ascii());
        let (again, notes, summary) = mended(&out);
        prop_assert!(again == out, "{notes:?}\n{}\n{}", out.escape_ascii(), again.escape_ascii());
        prop_assert!(summary.lost_bytes == 0 && summary.records == summary.verbatim);
    }
}
