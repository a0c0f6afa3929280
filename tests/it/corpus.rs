//! Archives by other people's tools: what `verify` says of each is what it has to be.
//!
//! The files are not part of the repository. Where they are not beside it, these tests say so and pass.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

use fonds::finding::Severity;
use fonds::package::Package;
use fonds::verify::{Options, Report, Settings, Verification};
use fonds::warc::Source;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The table of what is found in real archives, and the argued exceptions above it.
const DOCUMENT: &str = "docs/real-archives.md";
/// What stands between what is written by hand and the table.
const MARK: &str = "<!-- from here on written by the test -->\n";

/// `None`, with the reason printed, where the corpus is not there.
pub(crate) fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/warc");
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: the corpus of foreign archives is not at ../shared/data/warc");
    None
}

/// File names and the owner's word for each.
fn expectations(table: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(table).expect("the table is readable");
    let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next().expect("the table has a header");
    let column = header.iter().position(|name| *name == "expected").expect("there is such a column");
    lines.map(|row| (row[0].to_owned(), row[column].to_owned())).collect()
}

fn verify(path: &Path) -> Report {
    verify_with(path, Options::default())
}

fn verify_with(path: &Path, options: Options) -> Report {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let spool = tempfile::tempdir().expect("a temporary directory");
    let mut run = Verification::new(Options { spool: spool.path().to_owned(), ..options });
    let file = Box::new(File::open(path).expect("the file opens"));
    if name.ends_with(".wacz") {
        let shared = fonds::input::section::Shared::new(file).expect("the file has a length");
        let package = Package::from_shared(&name, shared).expect("a WACZ is opened, however it is");
        run.package(&package).expect("reading works");
    } else {
        run.warc(&name, Source::Seek(file)).expect("reading works");
    }
    run.finish(String::new())
}

fn verdict(report: &Report) -> &'static str {
    match (report.counts.errors, report.counts.warnings) {
        (0, 0) => "valid",
        (0, _) => "warning",
        _ => "error",
    }
}

/// Codes with their numbers, the worst first; notices left out.
fn codes(report: &Report) -> String {
    let mut counted: BTreeMap<(std::cmp::Reverse<Severity>, &str), u64> = BTreeMap::new();
    for finding in report.findings.iter().filter(|f| f.severity > Severity::Info) {
        *counted.entry((std::cmp::Reverse(finding.severity), finding.code)).or_default() += 1;
    }
    let shown = counted.iter().map(|((severity, code), n)| {
        let code = if severity.0 == Severity::Error { format!("**{code}**") } else { (*code).to_owned() };
        if *n == 1 { code } else { format!("{code} ×{n}") }
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[test]
fn what_was_damaged_on_purpose_gets_the_verdict_it_was_made_for() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for table in ["damaged-warc.tsv", "damaged-wacz.tsv"] {
        for (name, expected) in expectations(&corpus.join(table)) {
            let report = verify(&corpus.join("damaged").join(&name));
            if verdict(&report) != expected {
                wrong.push(format!("{name}: {} for {expected}: {}", verdict(&report), codes(&report)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A file whose owner's word begins with `valid` has no error, one of `error` has one, and the table of them all is as it
/// was blessed (`FONDS_BLESS=1` writes it). The document's upper part names each file where that is argued otherwise.
#[test]
fn real_archives_are_judged_as_their_owners_do_or_it_is_argued() {
    let Some(corpus) = corpus() else { return };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let document = fs::read_to_string(&path).expect("the document is there");
    let (argued, table) = document.split_once(MARK).expect("the document has its mark");
    let expected = expectations(&corpus.join("real.tsv"));
    let mut lines = String::from("\n| file | verdict | records | findings |\n|---|---|---|---|\n");
    let mut wrong = Vec::new();
    for (name, expected) in &expected {
        let report = verify(&corpus.join("real").join(name));
        let (verdict, codes) = (verdict(&report), codes(&report));
        let fits = match expected.as_str() {
            "error" => verdict == "error",
            valid if valid.starts_with("valid") => verdict != "error",
            "warning" => verdict != "valid",
            _ => true,
        };
        if !fits && !argued.contains(&format!("`{name}`")) {
            wrong.push(format!("{name}: {verdict} for {expected}: {codes}"));
        }
        writeln!(lines, "| {name} | {verdict} | {} | {codes} |", report.counts.records).expect("memory");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if std::env::var_os("FONDS_BLESS").is_some() {
        fs::write(&path, format!("{argued}{MARK}{lines}")).expect("the document is writable");
    } else {
        assert!(table == lines, "{DOCUMENT} is not what verify says now; FONDS_BLESS=1 writes it anew");
    }
}

#[test]
fn the_report_does_not_depend_on_the_number_of_threads() {
    let Some(corpus) = corpus() else { return };
    for directory in ["damaged", "real"] {
        let entries = fs::read_dir(corpus.join(directory)).expect("the corpus is readable");
        for path in entries.map(|entry| entry.expect("the corpus is readable").path()) {
            let json =
                |options| serde_json::to_string(&verify_with(&path, options)).expect("a report is JSON");
            let alone = json(Options::default());
            for (jobs, stretch) in [(2, 4096), (8, 700), (3, 0)] {
                let together = json(Options {
                    scan: Settings { jobs, stretch, ..Settings::default() },
                    ..Options::default()
                });
                assert_eq!(alone, together, "{} with {jobs} threads", path.display());
            }
        }
    }
}
