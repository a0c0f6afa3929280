#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;

use super::layout::{DATAPACKAGE, DATAPACKAGE_DIGEST, INDEX, Layout, MANIFEST, PAGES};
use super::*;
use crate::finding::{Finding, Severity};

struct Collection {
    directory: tempfile::TempDir,
    layout: Layout,
}

/// A collection with every part, ready to be sealed.
fn collection() -> Collection {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::new(directory.path().join("c"));
    layout.create().unwrap();
    fs::remove_dir(layout.workroom()).unwrap();
    let page = pages::Page {
        id: "1".into(),
        url: "http://example.com/".into(),
        ts: "2026-11-22T12:00:00Z".into(),
        title: None,
    };
    let parts = [
        (
            "archive/c-20261122120000000-00000.warc",
            "WARC/1.1\r\nContent-Length: 0\r\n\r\n\r\n\r\n".to_owned(),
        ),
        (INDEX, "com,example)/ 20261122120000 {}\n".to_owned()),
        (PAGES, pages::header("All Pages") + &page.line()),
        (MANIFEST, "{}\n".to_owned()),
    ];
    for (path, content) in parts {
        fs::write(layout.file(path), content).unwrap();
    }
    Collection { directory, layout }
}

fn about() -> About {
    About { created: "2026-11-22T12:00:01Z".into(), software: "fonds/0.1.0".into(), ..About::default() }
}

impl Collection {
    fn sealed() -> Self {
        let collection = collection();
        seal(collection.layout.root(), &about(), None).unwrap();
        collection
    }

    fn packed(&self) -> PathBuf {
        let out = self.directory.path().join("c.wacz");
        pack(self.layout.root(), &out).unwrap();
        out
    }

    fn audit(&self) -> Vec<Finding> {
        Package::open(self.layout.root()).unwrap().audit().unwrap()
    }

    fn codes(&self) -> Vec<&'static str> {
        self.audit().iter().map(|f| f.code).collect()
    }
}

fn audit_wacz(bytes: &[u8]) -> Vec<Finding> {
    Package::wacz("c.wacz", Box::new(Cursor::new(bytes.to_vec()))).unwrap().audit().unwrap()
}

fn codes(bytes: &[u8]) -> Vec<&'static str> {
    audit_wacz(bytes).iter().map(|f| f.code).collect()
}

#[test]
fn what_fonds_seals_and_packs_is_without_finding() {
    let collection = Collection::sealed();
    assert_eq!(collection.audit(), []);
    let bytes = fs::read(collection.packed()).unwrap();
    assert_eq!(audit_wacz(&bytes), []);
}

#[test]
fn packing_is_the_same_each_time_and_another_reader_agrees() {
    let one = Collection::sealed();
    let bytes = fs::read(one.packed()).unwrap();
    assert_eq!(bytes, fs::read(Collection::sealed().packed()).unwrap());
    let mut other = ::zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let names: Vec<String> = other.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names.len(), 6);
    for name in names {
        let content = io::read_to_string(other.by_name(&name).unwrap()).unwrap();
        assert_eq!(content, fs::read_to_string(one.layout.file(&name)).unwrap(), "{name}");
    }
}

#[test]
fn any_byte_changed_anywhere_in_a_wacz_is_reported() {
    let bytes = fs::read(Collection::sealed().packed()).unwrap();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x20, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            let worst = audit_wacz(&changed).iter().map(|f| f.severity).max();
            assert!(worst >= Some(Severity::Warning), "byte {at} of {} ^ {flip:#x}: {worst:?}", bytes.len());
        }
    }
}

#[test]
fn a_wacz_cut_or_lengthened_anywhere_is_reported() {
    let bytes = fs::read(Collection::sealed().packed()).unwrap();
    for at in 0..bytes.len() {
        assert!(audit_wacz(&bytes[..at]).iter().any(Finding::is_error), "cut at {at}");
        let longer = [&bytes[..at], b"\0", &bytes[at..]].concat();
        assert!(audit_wacz(&longer).iter().any(Finding::is_error), "a byte more at {at}");
    }
}

#[test]
fn any_byte_changed_in_any_file_of_a_collection_is_reported() {
    let collection = Collection::sealed();
    let package = Package::open(collection.layout.root()).unwrap();
    for member in package.members() {
        let path = collection.layout.file(&member.path);
        let bytes = fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(!collection.audit().is_empty(), "byte {at} of {}", member.path);
        }
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(collection.audit(), []);
}

#[test]
fn added_and_removed_files_are_reported() {
    let collection = Collection::sealed();
    fs::write(collection.layout.file("archive/more"), "x").unwrap();
    fs::remove_file(collection.layout.file(MANIFEST)).unwrap();
    fs::create_dir(collection.layout.workroom()).unwrap();
    fs::write(collection.layout.workroom().join("lock"), "").unwrap();
    assert_eq!(
        collection.codes(),
        ["package-workroom", "package-misplaced-file", "package-unlisted-file", "resource-missing"]
    );
}

#[cfg(unix)]
#[test]
fn links_are_neither_followed_nor_sealed() {
    let collection = collection();
    std::os::unix::fs::symlink("/", collection.layout.file("archive/link")).unwrap();
    let refused = seal(collection.layout.root(), &about(), None).unwrap_err();
    assert!(matches!(refused, Error::Unfit { .. }), "{refused}");
    assert!(collection.codes().contains(&"package-irregular-file"));
}

#[test]
fn sealing_again_is_the_same_or_refused() {
    let collection = Collection::sealed();
    let root = collection.layout.root();
    let before = fs::read(collection.layout.file(DATAPACKAGE)).unwrap();
    seal(root, &about(), None).unwrap();
    // An interrupted sealing is finished.
    fs::remove_file(collection.layout.file(DATAPACKAGE_DIGEST)).unwrap();
    seal(root, &about(), None).unwrap();
    let other = About { title: Some("other".into()), ..about() };
    assert!(matches!(seal(root, &other, None), Err(Error::Exists(_))));
    assert_eq!(fs::read(collection.layout.file(DATAPACKAGE)).unwrap(), before);
    assert_eq!(fs::read_dir(root).unwrap().count(), 6);
}

#[test]
fn an_unfinished_or_unportable_collection_is_not_sealed() {
    let running = collection();
    fs::create_dir(running.layout.workroom()).unwrap();
    assert!(matches!(seal(running.layout.root(), &about(), None), Err(Error::Unfit { .. })));
    let odd = collection();
    fs::write(odd.layout.file("table.csv"), "").unwrap();
    assert!(matches!(seal(odd.layout.root(), &about(), None), Err(Error::Unfit { .. })));
    let bare = collection();
    fs::remove_file(bare.layout.file(PAGES)).unwrap();
    assert!(matches!(seal(bare.layout.root(), &about(), None), Err(Error::Incomplete { .. })));
}

#[test]
fn packing_overwrites_nothing_and_refuses_what_was_altered() {
    let collection = Collection::sealed();
    let out = collection.packed();
    let before = fs::read(&out).unwrap();
    assert!(matches!(pack(collection.layout.root(), &out), Err(Error::Exists(_))));
    assert_eq!(fs::read(&out).unwrap(), before);

    let second = collection.directory.path().join("second.wacz");
    fs::OpenOptions::new()
        .append(true)
        .open(collection.layout.file(MANIFEST))
        .unwrap()
        .write_all(b"x")
        .unwrap();
    assert!(matches!(pack(collection.layout.root(), &second), Err(Error::Altered { .. })));
    assert_eq!(fs::read_dir(collection.directory.path()).unwrap().count(), 2, "no temporary file is left");
}

/// The sealed collection zipped by other means.
fn zipped(compression: ::zip::CompressionMethod, extra: &[(&str, &str)]) -> Vec<u8> {
    let collection = Collection::sealed();
    let package = Package::open(collection.layout.root()).unwrap();
    let mut zip = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default().compression_method(compression);
    for member in package.members() {
        zip.start_file(member.path.as_str(), options).unwrap();
        io::copy(&mut package.read(&member.path).unwrap(), &mut zip).unwrap();
    }
    for (name, content) in extra {
        zip.start_file(*name, options).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_collection_zipped_by_another_tool_is_whole_but_told() {
    use ::zip::CompressionMethod::{Deflated, Stored};
    assert_eq!(codes(&zipped(Stored, &[])), ["package-rewritten"]);
    assert_eq!(codes(&zipped(Deflated, &[])), ["package-rewritten", "package-deflated"]);
    assert_eq!(codes(&zipped(Stored, &[("extra", "")])), ["package-rewritten", "package-unlisted-file"]);
    let evil = zipped(Stored, &[("../evil", "")]);
    assert!(codes(&evil).contains(&"entry-name-unsafe"));
}

#[test]
fn a_deflated_member_is_read_and_sought_as_a_stored_one() {
    let bytes = zipped(::zip::CompressionMethod::Deflated, &[]);
    let package = Package::wacz("c.wacz", Box::new(Cursor::new(bytes))).unwrap();
    let spool = tempfile::tempdir().unwrap();
    let warc = package.warcs()[0].clone();
    let mut content = package.seek(&warc.path, spool.path()).unwrap();
    assert!(!warc.stored && io::read_to_string(&mut content).unwrap().starts_with("WARC/1.1"));
    assert_eq!(package.read("nothing").err().map(|e| e.kind()), Some(io::ErrorKind::NotFound));
}

#[test]
fn both_forms_are_opened_from_what_the_command_line_found() {
    let collection = Collection::sealed();
    let wacz = collection.packed();
    let spool = collection.directory.path().to_owned();
    let finder = crate::input::Finder::new(crate::input::Options { spool, remote: Default::default() });
    for path in [collection.layout.root(), &wacz] {
        let found = finder.find(&path.to_string_lossy()).unwrap();
        let package = Package::from_input(&found.inputs[0]).unwrap();
        assert_eq!(package.audit().unwrap(), []);
        assert_eq!(package.members().len(), 6);
    }
    let warc = finder.find(&wacz.to_string_lossy()).unwrap().inputs[0].warcs().unwrap().warcs;
    assert!(Package::from_input(&warc[0]).is_err());
}

#[test]
fn a_datapackage_that_lies_is_found_out() {
    let collection = Collection::sealed();
    let path = collection.layout.file(DATAPACKAGE);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"bytes\": 3\n", "\"bytes\": 4\n")).unwrap();
    assert_eq!(collection.codes(), ["datapackage-digest", "resource-size"]);
    fs::write(&path, "[]").unwrap();
    assert!(collection.codes().contains(&"datapackage-unreadable"));
    fs::remove_file(&path).unwrap();
    assert!(collection.codes().contains(&"datapackage-missing"));
}
