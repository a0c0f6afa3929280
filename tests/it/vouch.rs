//! Keys, signatures and what becomes of a log later: only what the user named convinces, stock tools agree, and nothing can be signed away in silence.

mod anchors;
mod attacked;
mod auth;
mod custody;
mod keys;
mod odd;
mod redacted;
mod signed;
mod ssh;
mod stamped;
mod tokens;

use crate::common::cli::{Run, archive, fonds};
use crate::common::collection::Collection;
use crate::common::site::{ok, serve};
use fonds::package::Package;
use fonds::verify::{Options, Verdict, Verification};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A small sealed collection, and keys beside it.
struct Bench {
    directory: TempDir,
    collection: Collection,
}

impl Bench {
    fn new() -> Self {
        let server = serve(vec![("/", ok("text/html", "<title>A page</title><p>Some text."))]);
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("c");
        archive(&root, &[&server.url("/")], &[]).expect(0);
        Self { directory, collection: Collection::new(&root) }
    }

    fn room(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Every byte of a file of the collection, one bit altered, by who names neither key nor root.
    fn every_altered_byte_is_damage(&self, name: &str) {
        let path = self.collection.root.join(name);
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1 << (at % 8);
            std::fs::write(&path, altered).unwrap();
            let package = Package::open(&self.collection.root).unwrap();
            let options = Options { spool: std::env::temp_dir(), ..Options::default() };
            let mut run = Verification::new(options);
            run.package(&package).unwrap();
            assert_eq!(run.finish(String::new()).verdict, Verdict::Damaged, "byte {at} of {name}");
        }
    }

    fn root(&self) -> &str {
        self.collection.root.to_str().unwrap()
    }

    /// A new secret key.
    fn key(&self, name: &str) -> String {
        let path = self.room(name).to_str().unwrap().to_owned();
        fonds(["key", "new", "-q", &path, "--name", &format!("example.org/{name}")]).expect(0);
        path
    }

    /// Signed by a new key; gives the key's path.
    fn signed(&self) -> String {
        let key = self.key("key");
        fonds(["sign", self.root(), "--key", &key]).expect(0);
        key
    }
}

/// `fonds verify --format json` with these options besides.
fn verify(path: &Path, options: &[&str]) -> Run {
    fonds([&["verify", "--format", "json", path.to_str().unwrap()], options].concat())
}

/// Status of a level.
fn status(run: &Run, level: usize) -> String {
    run.json()["levels"][level]["status"].as_str().unwrap().to_owned()
}

fn codes(run: &Run) -> Vec<String> {
    let findings = run.json()["findings"].clone();
    findings.as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap().to_owned()).collect()
}
