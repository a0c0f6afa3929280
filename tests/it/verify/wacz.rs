//! A WACZ: the same attacks are told with the entry's name, and those that only a ZIP can suffer.

use super::{Sealed, assert_told, check, without_line};
use crate::common::collection::members;
use fonds::package::pack;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::PathBuf;

/// The sealed collection packed.
fn packed(sealed: &Sealed) -> PathBuf {
    let path = sealed.room("c.wacz");
    if !path.exists() {
        pack(&sealed.collection.root, &path).unwrap();
    }
    path
}

/// The same ZIP written anew by another tool, with one entry changed (or left out).
fn repacked(sealed: &Sealed, change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> PathBuf {
    let mut zip = zip::ZipArchive::new(Cursor::new(fs::read(packed(sealed)).unwrap())).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let name = entry.name().unwrap().into_owned();
        if let Some(bytes) = change(&name, bytes) {
            out.start_file(name, options).unwrap();
            out.write_all(&bytes).unwrap();
        }
    }
    let path = sealed.room("altered.wacz");
    fs::write(&path, out.finish().unwrap().into_inner()).unwrap();
    path
}

#[test]
fn another_tools_packing_keeps_the_proof() {
    let sealed = Sealed::new();
    let report = check(&repacked(&sealed, |_, bytes| Some(bytes)));
    let codes: Vec<&str> = report.findings.iter().map(|f| f.code).collect();
    assert_eq!((report.achieved, codes), (Some(2), vec!["package-rewritten"]));
}

#[test]
fn a_changed_entry_is_told_by_its_name() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    let cut = members(&sealed.collection.read(&warc))[3].0;
    let change = |wanted: &'static str, make: fn(Vec<u8>) -> Vec<u8>| {
        repacked(&sealed, move |name, bytes| Some(if name.starts_with(wanted) { make(bytes) } else { bytes }))
    };
    let shorter =
        repacked(&sealed, |name, bytes| Some(if name == warc { bytes[..cut].to_vec() } else { bytes }));
    let report = check(&shorter);
    assert_told(&report, "record-missing", &format!("altered.wacz!{warc}"), Some(cut));
    assert_told(&report, "resource-hash", &format!("altered.wacz!{warc}"), None);
    let index = check(&change("indexes/", |bytes| without_line(&bytes, 0)));
    assert_told(&index, "index-missing", &format!("altered.wacz!{warc}"), None);
    let pages = check(&change("pages/", |bytes| without_line(&bytes, 1)));
    assert_told(&pages, "page-missing", "altered.wacz!pages/pages.jsonl", None);
    let log = check(&change("provenance/manifest", |bytes| without_line(&bytes, 2)));
    assert_told(&log, "manifest-line", "altered.wacz!provenance/manifest.jsonl", None);
}

#[test]
fn a_missing_entry_is_told() {
    let sealed = Sealed::new();
    for path in sealed.collection.files() {
        let report = check(&repacked(&sealed, |name, bytes| (name != path).then_some(bytes)));
        assert!(report.counts.errors > 0, "{path}");
        assert!(
            report.findings.iter().any(|f| f.is_error() && f.message.contains(file_name(&path))),
            "{path}: {:?}",
            report.findings
        );
    }
}

fn file_name(path: &str) -> &str {
    match path.rsplit('/').next().unwrap() {
        name if name.ends_with(".warc.gz") => "archive/",
        "index.cdxj" => "index",
        "leaves" => "leaf hashes",
        name => name,
    }
}

#[test]
fn a_cut_or_extended_zip_is_told() {
    let sealed = Sealed::new();
    let bytes = fs::read(packed(&sealed)).unwrap();
    let path = sealed.room("cut.wacz");
    for length in (4..bytes.len()).step_by(211) {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(check(&path).counts.errors > 0, "cut to {length}");
    }
    for (altered, what) in [
        ([&bytes[..], b"tail"].concat(), "behind"),
        ([b"front", &bytes[..]].concat(), "in front"),
        ([&bytes[..], &bytes[..]].concat(), "twice"),
    ] {
        fs::write(&path, altered).unwrap();
        assert!(check(&path).counts.errors > 0, "{what}");
    }
}

/// A header may claim that an entry is compressed: its content is then damaged, and the check goes on.
#[test]
fn an_entry_that_claims_to_be_deflated_is_told() {
    let sealed = Sealed::new();
    let bytes = fs::read(packed(&sealed)).unwrap();
    for path in sealed.collection.files() {
        let mut altered = bytes.clone();
        let starts: Vec<usize> =
            (0..bytes.len() - path.len()).filter(|at| bytes[*at..].starts_with(path.as_bytes())).collect();
        // The method stands at 8 of the local header's 30 bytes, and at 10 of the central header's 46.
        for at in starts {
            for (head, method) in [(30, 8), (46, 10)] {
                if at >= head
                    && bytes[at - head..].starts_with(if head == 30 { b"PK\x03\x04" } else { b"PK\x01\x02" })
                {
                    altered[at - head + method] = 8;
                }
            }
        }
        let file = sealed.room("deflated.wacz");
        fs::write(&file, &altered).unwrap();
        assert_told(&check(&file), "zip-entry-damaged", &format!("deflated.wacz!{path}"), None);
    }
}
