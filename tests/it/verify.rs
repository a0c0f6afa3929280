//! `fonds verify`: what is whole passes, and nothing can be changed without its being said what and where.

mod attacks;
mod flips;
mod log;
mod report;
mod wacz;

use crate::common::cli::archive;
use crate::common::collection::Collection;
use crate::common::site::{answer, moved, ok, serve};
use fonds::finding::Finding;
use fonds::package::Package;
use fonds::verify::{Options, Report, Verification};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A sealed collection of a redirect, a page and its style, and room for altered copies.
struct Sealed {
    directory: TempDir,
    collection: Collection,
}

impl Sealed {
    fn new() -> Self {
        let server = serve(vec![
            ("/", moved("/page")),
            ("/page", ok("text/html", "<title>A page</title><link rel=stylesheet href=s.css><p>Some text.")),
            ("/s.css", answer("404 Not Found", "Content-Type: text/plain\r\n", "none")),
            ("/two", ok("text/plain", "A second page.")),
        ]);
        Self::of(&[&server.url("/"), &server.url("/two")])
    }

    /// The smallest there is: one response and its request.
    fn small() -> Self {
        Self::of(&[&serve(vec![("/", ok("text/plain", "Some text."))]).url("/")])
    }

    fn of(urls: &[&url::Url]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("c");
        archive(&root, urls, &[]).expect(0);
        Self { directory, collection: Collection::new(&root) }
    }

    fn room(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A copy with one file replaced.
    fn with(&self, path: &str, bytes: &[u8]) -> Collection {
        let copy = self.collection.copy(&self.room("altered"));
        std::fs::write(copy.root.join(path), bytes).unwrap();
        copy
    }

    /// What is found where one file holds other bytes.
    fn findings_with(&self, path: &str, bytes: &[u8]) -> Report {
        let copy = self.with(path, bytes);
        let report = check(&copy.root);
        std::fs::remove_dir_all(&copy.root).unwrap();
        report
    }
}

/// The library's report on a collection or WACZ.
fn check(path: &Path) -> Report {
    check_package(&Package::open(path).unwrap())
}

fn check_package(package: &Package) -> Report {
    let options = Options { spool: std::env::temp_dir(), ..Options::default() };
    let mut verification = Verification::new(options);
    verification.package(package).unwrap();
    verification.finish("2026-01-01T00:00:00.000Z".to_owned())
}

/// An error of this code is reported, in this file, at this byte where one is given.
#[track_caller]
fn assert_told(report: &Report, code: &str, file: &str, offset: Option<usize>) {
    let told = |f: &Finding| {
        f.is_error()
            && f.code == code
            && f.file.ends_with(file)
            && offset.is_none_or(|offset| f.offset == Some(offset as u64))
    };
    let lines: Vec<String> = report
        .findings
        .iter()
        .map(|f| format!("{:?} {} {:?} {} {}", f.severity, f.file, f.offset, f.code, f.message))
        .collect();
    assert!(report.findings.iter().any(told), "no {code} in {file} at {offset:?}:\n{}", lines.join("\n"));
    assert!(report.achieved.is_none_or(|level| level < 2), "{:?}", report.achieved);
}

/// Byte offset of each line.
fn line_offsets(text: &[u8]) -> Vec<usize> {
    let ends = text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1);
    std::iter::once(0).chain(ends).filter(|at| *at < text.len()).collect()
}

/// A text without its `n`-th line.
fn without_line(text: &[u8], n: usize) -> Vec<u8> {
    text.split_inclusive(|b| *b == b'\n')
        .enumerate()
        .filter(|(i, _)| *i != n)
        .flat_map(|(_, l)| l.to_vec())
        .collect()
}
