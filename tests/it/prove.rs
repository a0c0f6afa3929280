//! `fonds prove` and `fonds check`: one page is proved alone, the rest stays private, and nothing in a proof can be changed.

mod attacks;
mod chosen;
mod growth;
mod shown;

use crate::common::cli::{Run, archive, fonds};
use crate::common::collection::Collection;
use crate::common::server::Server;
use crate::common::site::{ok, serve};
use fonds::package::Package;
use fonds::verify::{Options, Report, Verification};
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use url::Url;

/// A sealed collection of three pages, and room beside it.
struct Bench {
    directory: TempDir,
    server: Server,
    collection: Collection,
}

impl Bench {
    fn new() -> Self {
        let server = serve(vec![
            ("/secret", ok("text/html", "<title>A private page</title><p>Nobody's business.")),
            ("/page", ok("text/html", "<title>A page</title><p>Some text.")),
            ("/more", ok("text/plain", "More text.")),
            ("/later", ok("text/plain", "Later text.")),
        ]);
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("c");
        let urls = ["/secret", "/page", "/more"].map(|path| server.url(path));
        archive(&root, &urls.iter().collect::<Vec<_>>(), &[]).expect(0);
        Self { directory, server, collection: Collection::new(&root) }
    }

    fn room(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn root(&self) -> &str {
        self.collection.root.to_str().unwrap()
    }

    fn url(&self, path: &str) -> Url {
        self.server.url(path)
    }

    /// A proof of a page, as a file of this name.
    fn proof(&self, name: &str, path: &str, options: &[&str]) -> PathBuf {
        let out = self.room(name);
        prove(&self.collection.root, &[&["--url", self.url(path).as_str()], options].concat(), &out)
            .expect(0);
        out
    }

    fn sign(&self) -> String {
        let key = self.room("key").to_str().unwrap().to_owned();
        fonds(["key", "new", "-q", &key, "--name", "example.org/key"]).expect(0);
        fonds(["sign", "-q", self.root(), "--key", &key]).expect(0);
        key
    }
}

fn prove(from: &Path, options: &[&str], out: &Path) -> Run {
    fonds([&["prove", from.to_str().unwrap(), "-o", out.to_str().unwrap()], options].concat())
}

/// `fonds check --format json` with these options besides.
fn check(path: &Path, options: &[&str]) -> Run {
    fonds([&["check", "--format", "json", path.to_str().unwrap()], options].concat())
}

fn codes(run: &Run) -> Vec<String> {
    let findings = run.json()["findings"].clone();
    findings.as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap().to_owned()).collect()
}

/// The library's report on a proof file.
fn report(bytes: Vec<u8>) -> Report {
    let package = Package::wacz("x.proof", Box::new(Cursor::new(bytes))).unwrap();
    let options = Options { spool: std::env::temp_dir(), ..Options::default() };
    let mut verification = Verification::new(options);
    verification.proof(&package).unwrap();
    verification.finish(String::new())
}

/// Entries of a ZIP by name.
fn entries(zip: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(std::fs::read(zip).unwrap())).unwrap();
    let mut entries = BTreeMap::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        entries.insert(entry.name().unwrap().into_owned(), bytes);
    }
    entries
}

/// A ZIP of these entries.
fn zipped(entries: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in entries {
        out.start_file(name.as_str(), options).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}
