#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::io::{Cursor, Write};

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipWriter};

use super::*;

const WARC: &[u8] = b"WARC/1.1\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n";

struct Place {
    directory: tempfile::TempDir,
    finder: Finder,
}

fn place(files: &[(&str, &[u8])]) -> Place {
    let directory = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let spool = directory.path().to_owned();
    Place { directory, finder: Finder::new(Options { spool, remote: remote::Options::default() }) }
}

impl Place {
    fn path(&self, path: &str) -> String {
        self.directory.path().join(path).to_string_lossy().into_owned()
    }

    fn find(&self, path: &str) -> Found {
        self.finder.find(&self.path(path)).unwrap()
    }

    /// Name below the place and kind of every input.
    fn shown(&self, inputs: &[Input]) -> Vec<(String, Kind)> {
        let root = self.path("");
        inputs.iter().map(|i| (i.name().trim_start_matches(&root).to_owned(), i.kind())).collect()
    }
}

fn wacz(method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, content) in [("archive/b.warc", WARC), ("archive/a.warc", WARC), ("pages/pages.jsonl", b"{}")]
    {
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_directory_is_searched_in_order_and_a_collection_is_one_input() {
    let wacz = wacz(CompressionMethod::Stored);
    let place = place(&[
        ("d/b.warc", WARC),
        ("d/a/page.html", b"<p>"),
        ("d/a/notes.txt", b"x"),
        ("d/c/datapackage.json", b"{}"),
        ("d/c/archive/z.warc.gz", b"damaged"),
        ("d/c/archive/y.warc", WARC),
        ("d/c/archive/README", b"?"),
        ("d/e/provenance/manifest.jsonl", b""),
        ("d/picture.png", b"\x89PNG"),
        ("d/f.wacz", &wacz),
        ("d/letter.docx", &wacz),
        ("d/.git/x.warc", WARC),
    ]);
    let found = place.find("d");
    let expected = [
        ("d/a/notes.txt", Kind::Text),
        ("d/a/page.html", Kind::Html),
        ("d/b.warc", Kind::Warc),
        ("d/c", Kind::Collection),
        ("d/e", Kind::Collection),
        ("d/f.wacz", Kind::Wacz),
    ];
    assert_eq!(place.shown(&found.inputs), expected.map(|(name, kind)| (name.to_owned(), kind)));
    assert_eq!(found.passed_over, [place.path("d/letter.docx"), place.path("d/picture.png")]);
    let inside = found.inputs[3].warcs().unwrap().warcs;
    let names: Vec<String> = place.shown(&inside).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["d/c/archive/y.warc", "d/c/archive/z.warc.gz"]);
}

#[test]
fn a_file_named_outright_is_an_input_whatever_it_is() {
    let place = place(&[("picture.png", b"\x89PNG")]);
    let found = place.find("picture.png");
    assert_eq!(place.shown(&found.inputs), [("picture.png".to_owned(), Kind::Unknown)]);
    let error = place.finder.find("no/such/file").unwrap_err();
    assert!(error.to_string().starts_with("no/such/file: "), "{error}");
}

#[test]
fn the_warcs_of_a_wacz_are_read_in_place_or_inflated() {
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let place = place(&[("f.wacz", &wacz(method))]);
        let warcs = place.find("f.wacz").inputs[0].warcs().unwrap().warcs;
        let expected = [("f.wacz!archive/a.warc", Kind::Warc), ("f.wacz!archive/b.warc", Kind::Warc)];
        assert_eq!(place.shown(&warcs), expected.map(|(name, kind)| (name.to_owned(), kind)));
        let mut file = warcs[0].seek().unwrap();
        file.seek(io::SeekFrom::Start(10)).unwrap();
        assert_eq!(io::read_to_string(&mut file).unwrap().as_bytes(), &WARC[10..]);
        assert_eq!(io::read_to_string(warcs[1].open().unwrap()).unwrap().as_bytes(), WARC);
        assert_eq!(fs::read_dir(place.directory.path()).unwrap().count(), 1, "temporary files have no name");
    }
}

#[test]
fn one_member_of_a_wacz_can_be_named() {
    let place = place(&[("f.wacz", &wacz(CompressionMethod::Stored))]);
    let found = place.find("f.wacz!archive/b.warc");
    assert_eq!(place.shown(&found.inputs), [("f.wacz!archive/b.warc".to_owned(), Kind::Warc)]);
    let error = place.finder.find(&place.path("f.wacz!nothing")).unwrap_err();
    assert!(matches!(error, Error::NoMember { .. }), "{error}");
}

#[test]
fn a_reader_is_told_by_its_bytes_and_read_once_or_kept() {
    let place = place(&[]);
    let stream = |bytes: &[u8]| Box::new(Cursor::new(bytes.to_vec()));
    let input = place.finder.reader("-", stream(WARC)).unwrap();
    assert_eq!((input.name(), input.kind()), ("-", Kind::Warc));
    assert_eq!(io::read_to_string(input.open().unwrap()).unwrap().as_bytes(), WARC);
    assert!(input.open().is_err());

    let input = place.finder.reader("-", stream(&wacz(CompressionMethod::Stored))).unwrap();
    for _ in 0..2 {
        let warcs = input.warcs().unwrap().warcs;
        assert_eq!(warcs[0].name(), "-!archive/a.warc");
        assert_eq!(io::read_to_string(warcs[0].open().unwrap()).unwrap().as_bytes(), WARC);
    }
}
