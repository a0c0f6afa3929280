//! What a verification says: findings, and a ladder of levels instead of a bare "valid".

use super::ladder::{Evidence, bounds, ladder, not_proved, unclimbed};
use crate::finding::{Finding, Level, Severity};
use crate::manifest::Record;
use serde::Serialize;

/// The report's schema, published in docs/verify-report.md.
pub const SCHEMA: &str = "fonds-verify/1";

/// One run of `fonds verify`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Name and version of the program.
    pub tool: String,
    /// When: RFC 3339, UTC.
    pub checked_at: String,
    /// What was looked at.
    pub inputs: Vec<InputReport>,
    /// The ladder, 0 to 5.
    pub levels: Vec<LevelReport>,
    /// The highest level up to which every level passes; absent where level 0 fails.
    pub achieved: Option<Level>,
    /// In a word.
    pub verdict: Verdict,
    /// Sums over all inputs.
    pub counts: Counts,
    /// Between when and when the archive is proved to have been made; empty without trusted time.
    pub time_bounds: TimeBounds,
    /// Keys that vouch for it.
    pub signers: Vec<String>,
    /// Time-stamps that hold by themselves, trusted or not.
    pub stamps: Vec<StampReport>,
    /// Everything noticed, by input and offset.
    pub findings: Vec<Finding>,
    /// What this report does not prove, in sentences.
    pub not_proved: Vec<String>,
}

/// The outcome in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No error (warnings may be there).
    Ok,
    /// At least one error.
    Damaged,
    /// There was nothing that could be looked at.
    Unchecked,
}

/// What an input was and how far it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InputReport {
    /// As it was named.
    pub name: String,
    /// `collection`, `wacz`, `warc`, `arc` or `proof`.
    pub kind: String,
    /// Its own counts.
    pub counts: Counts,
    /// Of a proof file the records that it proves, the first thousand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proved: Vec<Proved>,
}

/// A record that a proof file shows to be in a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proved {
    /// Number of its line, from 0.
    pub seq: u64,
    /// WARC-Record-ID without brackets.
    pub id: String,
    /// WARC-Type.
    #[serde(rename = "type")]
    pub record_type: String,
    /// WARC-Date.
    pub date: String,
    /// WARC-Target-URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Proved {
    pub(super) fn of(seq: u64, line: Box<Record>) -> Self {
        let warc = line.warc;
        Self { seq, id: warc.id, record_type: warc.record_type, date: warc.date, url: warc.target_uri }
    }
}

/// Sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// WARC files read.
    pub files: u64,
    /// Bytes of those files, as stored.
    pub bytes: u64,
    /// gzip members.
    pub members: u64,
    /// Records.
    pub records: u64,
    /// Digests that matched.
    pub digests_matched: u64,
    /// Digests that could not be checked: unknown algorithm, or the bytes are elsewhere.
    pub digests_unchecked: u64,
    /// Lines of the provenance log that were bound to its checkpoint.
    pub log_lines: u64,
    /// Findings that are errors.
    pub errors: u64,
    /// Findings that are warnings.
    pub warnings: u64,
}

impl Counts {
    /// Adds another input's counts.
    pub fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.members += other.members;
        self.records += other.records;
        self.digests_matched += other.digests_matched;
        self.digests_unchecked += other.digests_unchecked;
        self.log_lines += other.log_lines;
        self.errors += other.errors;
        self.warnings += other.warnings;
    }
}

/// A rung of the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LevelReport {
    /// 0 to 5.
    pub level: Level,
    /// Its name.
    pub name: &'static str,
    /// How it came out.
    pub status: Status,
    /// Why, in a line.
    pub detail: String,
}

/// How a level came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything it asks for was checked and holds.
    Pass,
    /// Something does not hold.
    Fail,
    /// The inputs carry nothing to check.
    Absent,
    /// There is something, which this version does not check.
    Unchecked,
    /// It holds, by algorithms in which collisions can be made.
    Weak,
}

/// A time-stamp over a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StampReport {
    /// The file that it is in.
    pub file: String,
    /// The entry of the log that it is in, for an anchor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// When, by the authority's clock: RFC 3339, UTC.
    pub time: String,
    /// By how many seconds that may be off, where the authority says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// The authority's number of it, in hex.
    pub serial: String,
    /// Whose certificate signed it.
    pub authority: String,
    /// SHA-256 of that certificate, in hex.
    pub authority_sha256: String,
    /// The root that it leads to; absent where it leads to none that was named, and its time is only claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// SHA-256 of the root's certificate, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_sha256: Option<String>,
    /// Lines of the log that it covers.
    pub lines: u64,
    /// Signatures that it covers.
    pub signatures: Vec<String>,
    /// Signatures that were added since.
    pub later_signatures: Vec<String>,
    /// Earlier time-stamps that it renews.
    pub stamps: usize,
}

/// Bounds in time, RFC 3339.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TimeBounds {
    /// Not before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// Not after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
}

impl Report {
    /// Puts a report together; findings are brought into order here.
    pub(super) fn assemble(
        checked_at: String,
        inputs: Vec<InputReport>,
        mut findings: Vec<Finding>,
        evidence: Evidence,
    ) -> Self {
        let order = |file: &str| inputs.iter().position(|i| file.starts_with(i.name.as_str()));
        findings
            .sort_by(|a, b| (order(&a.file), &a.file, a.offset).cmp(&(order(&b.file), &b.file, b.offset)));
        let mut counts = Counts::default();
        inputs.iter().for_each(|input| counts.add(&input.counts));
        counts.errors = count(&findings, Severity::Error);
        counts.warnings = count(&findings, Severity::Warning);
        let levels = if inputs.is_empty() { unclimbed() } else { ladder(&findings, &evidence) };
        let verdict = match (counts.errors, inputs.is_empty()) {
            (1.., _) => Verdict::Damaged,
            (0, true) => Verdict::Unchecked,
            (0, false) => Verdict::Ok,
        };
        let time_bounds = bounds(&levels, &evidence);
        let passed = |l: &&LevelReport| matches!(l.status, Status::Pass | Status::Weak);
        Self {
            schema: SCHEMA,
            tool: concat!("fonds ", env!("CARGO_PKG_VERSION")).to_owned(),
            checked_at,
            achieved: levels.iter().take_while(passed).last().map(|l| l.level),
            verdict,
            counts,
            inputs,
            not_proved: not_proved(&levels, &evidence, time_bounds.not_before.is_some()),
            time_bounds,
            signers: evidence.signers.into_iter().collect(),
            stamps: evidence.stamps,
            levels,
            findings,
        }
    }
}

fn count(findings: &[Finding], severity: Severity) -> u64 {
    findings.iter().filter(|f| f.severity == severity).count() as u64
}
