//! Every check, as data: one rule, one code; and a ladder of levels that says what the checks prove.
//!
//! [`Verification`] takes inputs one by one (a bare WARC, or a package: collection or WACZ), streams each of them once
//! for its structure and digests, holds index, pages and provenance log against the records, and resolves references
//! over all of them. Nothing stops at the first finding. What is found becomes a [`Report`].

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

pub use self::report::{Counts, InputReport, LevelReport, Report, SCHEMA, Status, TimeBounds, Verdict};

use self::collect::Collector;
use self::references::References;
use self::report::Evidence;
use self::scan::{Checked, Digests};
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
        let Self { references, segments, findings, evidence, .. } = self;
        segments.in_file(name);
        let (counts, outside) = scan::scan(source, self.options.limits, false, segments, &mut |checked| {
            findings.extend(name, references.see(name, &checked.head, &checked.content));
            evidence.note(checked.digests);
            findings.extend(name, checked.findings);
            Ok(())
        })?;
        self.findings.extend(name, outside);
        self.evidence.without_log += 1;
        self.inputs.push(InputReport { name: name.to_owned(), kind: "warc".to_owned(), counts });
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
