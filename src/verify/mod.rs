//! Every check, as data: one rule, one code; and a ladder of levels that says what the checks prove.
//!
//! [`Verification`] takes inputs one by one (a bare WARC, or a package: collection or WACZ), streams each of them once
//! for its structure and digests, holds index, pages and provenance log against the records, and resolves references
//! over all of them. Nothing stops at the first finding. What is found becomes a [`Report`].

mod anchors;
mod arc;
mod auth;
mod collect;
mod envelopes;
mod fields;
mod index;
mod key;
mod ladder;
mod log;
mod package;
mod payload;
mod proof;
mod record;
mod references;
mod report;
mod segments;
mod ssh;
mod stamps;
#[cfg(test)]
mod tests;
mod values;

pub use crate::input::scan::{Settings, Warc};

pub use self::envelopes::Held;
pub use self::report::{
    Counts, InputReport, LevelReport, Proved, Report, SCHEMA, StampReport, Status, TimeBounds, Verdict,
};

use self::collect::Collector;
use self::ladder::Evidence;
use self::record::{CheckRecord, Checked, Digests, Tally};
use self::references::References;
use self::segments::Segments;
use crate::finding::{Finding, rules};
use crate::input::scan::{self, Scanner, Walk};
use crate::package::Package;
use crate::vouch::auth::AuthKey;
use crate::vouch::{Roots, SshKey, VerifierKey};
use crate::warc::Source;
use std::io;
use std::path::PathBuf;

/// What a verification is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A directory for temporary files: a WARC that a WACZ holds deflated is inflated there.
    pub spool: PathBuf,
    /// Every reference must resolve among the inputs.
    pub closed: bool,
    /// How files are read, and by how many threads. What is reported does not depend on it.
    pub scan: Settings,
    /// Keys whose signatures convince: those that the user named, and no other.
    pub keys: Vec<VerifierKey>,
    /// SSH keys of the same kind.
    pub ssh_keys: Vec<SshKey>,
    /// Roots to which time-stamps must lead to convince: those that the user named, and no other.
    pub roots: Roots,
    /// P-384 keys whose signatures of a datapackage (wacz-auth) convince.
    pub auth_keys: Vec<AuthKey>,
    /// Domains whose signatures of a datapackage convince, where certificate and time-stamp lead to `roots`.
    pub domains: Vec<String>,
    /// Checkpoints that the user holds, which the logs must contain.
    pub expected: Vec<Held>,
}

impl Options {
    fn names_keys(&self) -> bool {
        let keys = !self.keys.is_empty() || !self.ssh_keys.is_empty() || !self.auth_keys.is_empty();
        keys || !self.domains.is_empty()
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
        let evidence = Evidence {
            keys_named: options.names_keys(),
            roots_named: !options.roots.is_empty(),
            ..Evidence::default()
        };
        Self {
            options,
            references: References::default(),
            segments: Segments::default(),
            findings: Collector::default(),
            inputs: Vec::new(),
            evidence,
        }
    }

    /// Checks a bare WARC, by anyone's tool.
    ///
    /// # Errors
    /// What the source says.
    pub fn warc(&mut self, name: &str, source: Source) -> io::Result<()> {
        let (length, open) = scan::opener(source, self.options.scan.jobs)?;
        let mut failed = Ok(());
        self.warcs(&[Warc { name, length, open: &open }], &mut |_, error| failed = Err(error));
        failed
    }

    /// Checks bare WARCs, with threads that go on to the next while one is read to its end. A file that cannot be read
    /// goes to `failed` with its number.
    pub fn warcs(&mut self, warcs: &[Warc<'_>], failed: &mut dyn FnMut(usize, io::Error)) {
        let check = CheckRecord { bind_bytes: false };
        scan::with_threads(warcs, self.options.scan, &check, |scanner| {
            for (number, warc) in warcs.iter().enumerate() {
                if let Err(error) = self.scan(*warc, &check, scanner) {
                    failed(number, error);
                }
            }
        });
    }

    fn scan(
        &mut self,
        warc: Warc<'_>,
        check: &CheckRecord,
        scanner: &mut Scanner<Checked>,
    ) -> io::Result<()> {
        let Self { references, segments, findings, evidence, options, .. } = self;
        let name = warc.name;
        segments.in_file(name);
        let mut tally = Tally::new();
        let mut sink = |mut checked: Checked, noticed: Vec<Finding>| {
            tally.take(&mut checked, noticed);
            findings.extend(name, references.see(name, &checked.head, checked.content));
            evidence.note(checked.digests);
            findings.extend(name, checked.findings);
            Ok(())
        };
        let mut walk = Walk::new(warc, options.scan.limits, check, segments, &mut sink);
        scanner.file(&mut walk)?;
        let walked = walk.finish();
        let kind = if walked.is_arc { "arc" } else { "warc" };
        let counts = tally.finish(&walked);
        self.findings.extend(name, walked.findings);
        self.evidence.without_log += 1;
        let kind = kind.to_owned();
        self.inputs.push(InputReport { name: name.to_owned(), kind, counts, ..InputReport::default() });
        Ok(())
    }

    /// Checks a collection or a WACZ: the container, its files' hashes, its WARCs, index, pages and log.
    ///
    /// # Errors
    /// What reading says.
    pub fn package(&mut self, package: &Package) -> io::Result<()> {
        package::check(self, package)
    }

    /// Checks a proof file: its records, their log lines, and that these are in the log of the checkpoint.
    ///
    /// # Errors
    /// What reading says.
    pub fn proof(&mut self, package: &Package) -> io::Result<()> {
        proof::check(self, package)
    }

    /// Resolves what is left and puts the report together.
    pub fn finish(mut self, checked_at: String) -> Report {
        let mut unresolved = self.references.finish(self.options.closed);
        // A proof file holds what was asked for, and need not hold what that names.
        unresolved.retain(|finding| self.evidence.proofs == 0 || finding.code != rules::UNRESOLVED.code);
        self.findings.extend("", unresolved);
        let (findings, digests) = self.segments.finish(self.options.closed);
        self.findings.extend("", findings);
        self.evidence.note(digests);
        let unseen = envelopes::unseen(&self.options, &self.evidence);
        self.findings.extend("", unseen);
        Report::assemble(checked_at, self.inputs, self.findings.finish(), self.evidence)
    }
}

impl Evidence {
    /// Takes down what a log's anchors say.
    fn anchor(&mut self, file: &str, anchors: anchors::Anchors) {
        if let Some(time) = anchors.not_before {
            self.anchored += 1;
            self.not_before = Some(self.not_before.map_or(time, |known| known.min(time)));
        }
        let stamps = anchors.stamps.into_iter();
        self.stamps.extend(stamps.map(|stamp| StampReport { file: file.to_owned(), ..stamp }));
    }

    fn note(&mut self, digests: Digests) {
        self.strong_digests |= digests.strong;
        self.weak_digests |= digests.weak;
    }
}
