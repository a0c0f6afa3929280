//! Every check, as data: one rule, one code; and a ladder of levels that says what the checks prove.
//!
//! [`Verification`] takes inputs one by one (a bare WARC, or a package: collection or WACZ), streams each of them once
//! for its structure and digests, holds index, pages and provenance log against the records, and resolves references
//! over all of them. Nothing stops at the first finding. What is found becomes a [`Report`].

mod ahead;
mod arc;
mod collect;
mod fields;
mod index;
mod log;
mod package;
mod payload;
mod references;
mod report;
mod scan;
mod segments;
#[cfg(test)]
mod tests;
mod values;

pub use self::report::{Counts, InputReport, LevelReport, Report, SCHEMA, Status, TimeBounds, Verdict};

use self::ahead::{File, Scanner};
use self::collect::Collector;
use self::references::References;
use self::report::Evidence;
use self::scan::{Checked, Digests, Settings, Walk};
use self::segments::Segments;
use crate::package::Package;
use crate::warc::{Limits, Source};
use std::io;
use std::path::PathBuf;

/// What a verification is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A directory for temporary files: a WARC that a WACZ holds deflated is inflated there.
    pub spool: PathBuf,
    /// Every reference must resolve among the inputs.
    pub closed: bool,
    /// Bounds on what is read.
    pub limits: Limits,
    /// Threads that read; 0 and 1 mean that there are no others. What is reported does not depend on it.
    pub jobs: usize,
    /// Bytes of a file that a thread takes at a time; 0 means 4 MiB. Memory grows with it and the number of threads.
    pub stretch: u64,
}

/// A bare WARC, opened as often as there are threads.
#[derive(Clone, Copy)]
pub struct Warc<'a> {
    /// As the report names it.
    pub name: &'a str,
    /// Stored bytes; `None` where it can be opened once only, or is better read by one reader.
    pub length: Option<u64>,
    /// Opens it, as [`Source::Seek`] if it has a length.
    pub open: &'a (dyn Fn() -> io::Result<Source> + Sync),
}

impl std::fmt::Debug for Warc<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Warc").field("name", &self.name).field("length", &self.length).finish_non_exhaustive()
    }
}

/// A verification under way.
pub struct Verification {
    options: Options,
    references: References,
    segments: Segments,
    findings: Collector,
    inputs: Vec<InputReport>,
    evidence: Evidence,
}

impl std::fmt::Debug for Verification {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verification").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

impl Verification {
    /// Begins.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            references: References::default(),
            segments: Segments::default(),
            findings: Collector::default(),
            inputs: Vec::new(),
            evidence: Evidence::default(),
        }
    }

    /// Checks a bare WARC, by anyone's tool.
    ///
    /// # Errors
    /// What the source says.
    pub fn warc(&mut self, name: &str, source: Source) -> io::Result<()> {
        let (length, open) = ahead::opener(source, self.options.jobs)?;
        let mut failed = Ok(());
        self.warcs(&[Warc { name, length, open: &open }], &mut |_, error| failed = Err(error));
        failed
    }

    /// Checks bare WARCs, with threads that go on to the next while one is read to its end. A file that cannot be read
    /// goes to `failed` with its number.
    pub fn warcs(&mut self, warcs: &[Warc<'_>], failed: &mut dyn FnMut(usize, io::Error)) {
        let files: Vec<File<'_>> =
            warcs.iter().map(|warc| File { length: warc.length, open: warc.open }).collect();
        let settings = Settings::new(&self.options, false);
        ahead::with_threads(&files, settings, |scanner| {
            for (number, (warc, file)) in warcs.iter().zip(&files).enumerate() {
                if let Err(error) = self.scan(warc.name, file, scanner) {
                    failed(number, error);
                }
            }
        });
    }

    fn scan(&mut self, name: &str, file: &File<'_>, scanner: &mut Scanner) -> io::Result<()> {
        let Self { references, segments, findings, evidence, .. } = self;
        segments.in_file(name);
        let mut sink = |checked: Checked| {
            findings.extend(name, references.see(name, &checked.head, &checked.content));
            evidence.note(checked.digests);
            findings.extend(name, checked.findings);
            Ok(())
        };
        let mut walk = Walk::new(file, scanner.settings, segments, &mut sink);
        scanner.file(file, &mut walk)?;
        let kind = if walk.is_arc() { "arc" } else { "warc" };
        let (counts, outside) = walk.finish();
        self.findings.extend(name, outside);
        self.evidence.without_log += 1;
        self.inputs.push(InputReport { name: name.to_owned(), kind: kind.to_owned(), counts });
        Ok(())
    }

    /// Checks a collection or a WACZ: the container, its files' hashes, its WARCs, index, pages and log.
    ///
    /// # Errors
    /// What reading says.
    pub fn package(&mut self, package: &Package) -> io::Result<()> {
        package::check(self, package)
    }

    /// Resolves what is left and puts the report together.
    pub fn finish(mut self, checked_at: String) -> Report {
        self.findings.extend("", self.references.finish(self.options.closed));
        let (findings, digests) = self.segments.finish(self.options.closed);
        self.findings.extend("", findings);
        self.evidence.note(digests);
        Report::assemble(checked_at, self.inputs, self.findings.finish(), self.evidence)
    }
}

impl Evidence {
    fn note(&mut self, digests: Digests) {
        self.strong_digests |= digests.strong;
        self.weak_digests |= digests.weak;
    }
}
