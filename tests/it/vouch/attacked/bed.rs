//! What is attacked, and the means of who attacks.

use crate::common::cli::{archive, fonds};
use crate::common::collection::{Collection, gzip, members};
use crate::common::site::{ok, serve};
use crate::common::tsa::{Authority, Shape};
use fonds::package::{About, seal};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

pub(super) const LOG: &str = "provenance/manifest.jsonl";
pub(super) const LEAVES: &str = "provenance/leaves";
pub(super) const CHECKPOINT: &str = "provenance/checkpoint";
pub(super) const STAMP: &str = "provenance/checkpoint.tsr";
pub(super) const INDEX: &str = "indexes/index.cdxj";
pub(super) const PAGES: &str = "pages/pages.jsonl";
pub(super) const DATAPACKAGE: &str = "datapackage.json";
pub(super) const DIGEST: &str = "datapackage-digest.json";

/// Two collections of the same site, each signed and time-stamped by its own.
pub(super) struct Scene {
    directory: TempDir,
    pub own: Collection,
    pub other: Collection,
    pub authority: Arc<Authority>,
    pub other_authority: Arc<Authority>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let page = |n: u8| format!("<title>Page {n}</title><p>Words of page {n}, as they were said.");
        let server = serve(vec![("/1", ok("text/html", page(1))), ("/2", ok("text/html", page(2)))]);
        let [authority, other_authority] = [(); 2].map(|()| Arc::new(Authority::new(&Shape::default())));
        let made = |name: &str, authority: &Arc<Authority>| {
            let room = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
            let key = room(&format!("{name}.key"));
            fonds(["key", "new", "-q", &key, "--name", "example.org/archive"]).expect(0);
            let root = directory.path().join(name);
            let urls = [server.url("/1"), server.url("/2")];
            let options = ["--sign", &key, "--tsa", &authority.serve()];
            archive(&root, &urls.each_ref(), &options).expect(0);
            Collection::new(&root)
        };
        let (own, other) = (made("own", &authority), made("other", &other_authority));
        Self { directory, own, other, authority, other_authority }
    }

    pub(super) fn key(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    pub(super) fn bed(&self) -> Bed<'_> {
        let directory = tempfile::tempdir().unwrap();
        let root = self.own.copy(&directory.path().join("own")).root;
        Bed { scene: self, directory, root }
    }

    /// By somebody who names key and root and wants level 4: exit code, codes, and how a level came out.
    pub(super) fn judge(&self, path: &Path, level: usize) -> (i32, BTreeSet<String>, String) {
        let (key, root) = (self.key("own.key.pub"), self.authority.root());
        let path = path.to_str().unwrap();
        let run =
            fonds(["verify", "--format", "json", path, "--key", &key, "--trust", &root, "--require", "4"]);
        let report: Value = serde_json::from_slice(&run.stdout).unwrap_or_default();
        let codes = report["findings"].as_array().into_iter().flatten();
        let codes = codes.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
        (run.code, codes, report["levels"][level]["status"].as_str().unwrap_or("none").to_owned())
    }
}

/// A copy that may be altered.
pub(super) struct Bed<'a> {
    pub scene: &'a Scene,
    directory: TempDir,
    pub root: PathBuf,
}

impl Bed<'_> {
    pub(super) fn room(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.root.join(path)).unwrap()
    }

    pub(super) fn text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).unwrap()
    }

    pub(super) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.root.join(path), bytes).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    /// In place of the file, that of the other collection.
    pub(super) fn take(&self, path: &str) {
        self.write(path, self.scene.other.read(path));
    }

    pub(super) fn warc(&self) -> String {
        Collection::new(&self.root).warc()
    }

    /// Text that must be there, replaced by other text.
    pub(super) fn swap(&self, path: &str, from: &str, to: &str) {
        let text = self.text(path);
        assert!(text.contains(from), "{path} has no {from:?}: {text}");
        self.write(path, text.replace(from, to));
    }

    /// Lines changed.
    pub(super) fn lines(&self, path: &str, change: impl FnOnce(&mut Vec<String>)) {
        let mut lines: Vec<String> = self.text(path).lines().map(str::to_owned).collect();
        change(&mut lines);
        self.write(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    }

    /// Records changed, as they are uncompressed; members, index and list of files are made to fit.
    pub(super) fn records(&self, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
        let warc = self.warc();
        let mut records: Vec<Vec<u8>> =
            members(&self.read(&warc)).into_iter().map(|(.., record)| record).collect();
        change(&mut records);
        self.write(&warc, records.iter().flat_map(|record| gzip(record)).collect::<Vec<u8>>());
        self.reindex();
        self.reseal();
    }

    /// One record's text changed, the first that has it; its length and digests are made to fit.
    pub(super) fn record(&self, kind: &str, from: &str, to: &str) {
        self.records(|records| {
            let kind = format!("WARC-Type: {kind}\r\n");
            let found = records.iter_mut().find(|record| has(record, &kind) && has(record, from));
            let record = found.unwrap_or_else(|| panic!("no {kind} has {from:?}"));
            *record = fitted(&replaced(record, from, to));
        });
    }

    pub(super) fn reindex(&self) {
        let warc = self.root.join(self.warc());
        let run = fonds(["index", warc.to_str().unwrap()]);
        self.write(INDEX, &run.stdout);
    }

    /// datapackage.json and its digest, made to fit all other files.
    pub(super) fn reseal(&self) {
        let old: Value = fs::read(self.root.join(DATAPACKAGE))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let word = |name: &str| old[name].as_str().map(str::to_owned);
        let about = About {
            title: word("title"),
            created: word("created").unwrap_or_default(),
            software: word("software").unwrap_or_else(|| "fonds/0.1.0".to_owned()),
            main_page_url: word("mainPageUrl"),
            main_page_date: word("mainPageDate"),
        };
        for path in [DATAPACKAGE, DIGEST] {
            let _ = fs::remove_file(self.root.join(path));
        }
        // What lacks a part of a package cannot be sealed, and stays as it is.
        if seal(&self.root, &about, None).is_err() {
            self.write(DATAPACKAGE, old.to_string());
        }
    }
}

fn has(record: &[u8], text: &str) -> bool {
    memchr::memmem::find(record, text.as_bytes()).is_some()
}

fn replaced(record: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = memchr::memmem::find(record, from.as_bytes()).unwrap();
    [&record[..at], to.as_bytes(), &record[at + from.len()..]].concat()
}

/// Length and digests of a record as its block now is.
fn fitted(record: &[u8]) -> Vec<u8> {
    let end = memchr::memmem::find(record, b"\r\n\r\n").unwrap();
    let block = &record[end + 4..record.len() - 4];
    let body = memchr::memmem::find(block, b"\r\n\r\n").map_or(block.len(), |at| at + 4);
    let sha256 = |bytes: &[u8]| format!("sha256:{}", fonds::digest::sha256(bytes).value());
    let head = std::str::from_utf8(&record[..end]).unwrap();
    let fit = |line: &str| match line.split_once(": ") {
        Some(("Content-Length", _)) => format!("Content-Length: {}", block.len()),
        Some(("WARC-Block-Digest", _)) => format!("WARC-Block-Digest: {}", sha256(block)),
        Some(("WARC-Payload-Digest", _)) => format!("WARC-Payload-Digest: {}", sha256(&block[body..])),
        _ => line.to_owned(),
    };
    let head: Vec<String> = head.split("\r\n").map(fit).collect();
    [head.join("\r\n").as_bytes(), b"\r\n\r\n", block, b"\r\n\r\n"].concat()
}
