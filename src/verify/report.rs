//! What a verification says: findings, and a ladder of levels instead of a bare "valid".

use crate::finding::{Finding, Level, Severity};
use crate::manifest::Record;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;

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

/// What was seen over all inputs, from which the levels follow.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    pub(super) strong_digests: bool,
    pub(super) weak_digests: bool,
    /// Inputs whose log was checked to its checkpoint.
    pub(super) logs: u64,
    /// Inputs without a log.
    pub(super) without_log: u64,
    /// Lines that the logs withhold.
    pub(super) withheld: u64,
    /// Captures that have not ended, whose logs no checkpoint closes.
    pub(super) unfinished: u64,
    /// Proof files, whose lines were held against their checkpoint one by one.
    pub(super) proofs: u64,
    /// Sizes of the earlier checkpoints that proof files show their logs to have gone on with.
    pub(super) went_on: BTreeSet<u64>,
    /// Inputs signed by a key that the user named.
    pub(super) signed: u64,
    /// Those keys.
    pub(super) signers: BTreeSet<String>,
    /// What signatures say of the keys that made them, where nobody named these.
    pub(super) claimed: BTreeSet<String>,
    /// What keys that the user named vouch for of earlier states of a log.
    pub(super) earlier: BTreeSet<String>,
    /// True where the user named a key.
    pub(super) keys_named: bool,
    /// Origins of the logs that were held against an expected checkpoint.
    pub(super) origins: BTreeSet<String>,
    /// Time-stamps that hold by themselves.
    pub(super) stamps: Vec<StampReport>,
    /// Inputs with a time-stamp that leads to a root which the user named.
    pub(super) timed: u64,
    /// Before when all of those inputs existed.
    pub(super) not_after: Option<Timestamp>,
    /// Inputs of which nothing was captured before an anchor.
    pub(super) anchored: u64,
    /// After when all of those were captured.
    pub(super) not_before: Option<Timestamp>,
    /// True where a key that the user named signed what such a time-stamp does not cover.
    pub(super) late_signature: bool,
    /// True where the user named a root.
    pub(super) roots_named: bool,
}

impl Evidence {
    fn inputs(&self) -> u64 {
        self.logs + self.without_log + self.unfinished + self.proofs
    }
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

const NAMES: [&str; 6] = ["structure", "digests", "complete", "signed", "timed", "witnessed"];

fn unclimbed() -> Vec<LevelReport> {
    let rung = |(level, name)| LevelReport {
        level,
        name,
        status: Status::Unchecked,
        detail: "nothing to check".to_owned(),
    };
    (0..).zip(NAMES).map(rung).collect()
}

fn ladder(findings: &[Finding], evidence: &Evidence) -> Vec<LevelReport> {
    let errors = |level: Level| findings.iter().filter(|f| f.is_error() && f.level == level).count();
    let rung = |level: Level, otherwise: (Status, String)| {
        let name = match NAMES.get(usize::from(level)).copied().unwrap_or_default() {
            // Of the rest of its log a proof file says nothing.
            "complete" if evidence.proofs > 0 => "included",
            name => name,
        };
        let (status, detail) = match errors(level) {
            0 => otherwise,
            n => (Status::Fail, format!("{n} error(s)")),
        };
        LevelReport { level, name, status, detail }
    };
    let plain = |(status, detail): (Status, &str)| (status, detail.to_owned());
    let complete = rung(
        2,
        if evidence.proofs > 0 { (Status::Pass, included(evidence)) } else { plain(log_held(evidence)) },
    );
    let whole = complete.status == Status::Pass;
    let bound = |(status, detail)| match status {
        // What it vouches for is not what is here.
        Status::Pass if !whole => {
            (Status::Unchecked, format!("{detail}, but what the checkpoint binds is not what is here"))
        }
        _ => (status, detail),
    };
    vec![
        rung(0, plain((Status::Pass, "well-formed as a container and as WARC, every byte accounted for"))),
        rung(1, plain(digests_held(evidence))),
        complete,
        rung(3, bound(signed(evidence))),
        rung(4, bound(timed(evidence))),
        rung(5, plain((Status::Absent, "no witness"))),
    ]
}

/// Level 4: every input, by authorities under roots that the user named.
fn timed(evidence: &Evidence) -> (Status, String) {
    let of = |stamp: &StampReport| format!("{} by {}", stamp.time, stamp.authority);
    let claimed: Vec<String> = evidence
        .stamps
        .iter()
        .filter(|stamp| stamp.root.is_none() && stamp.entry.is_none())
        .map(of)
        .collect();
    let claimed = claimed.join(", ");
    match (evidence.timed, evidence.not_after) {
        (1.., Some(time)) if evidence.timed == evidence.inputs() => {
            (Status::Pass, format!("existed before {time}, by a time-stamp that leads to a root you named"))
        }
        (1.., _) => {
            (Status::Absent, "some inputs have no time-stamp that leads to a root you named".to_owned())
        }
        _ if claimed.is_empty() => (Status::Absent, "no time-stamp".to_owned()),
        _ if evidence.roots_named => (
            Status::Absent,
            format!("no time-stamp leads to a root that you named; there are claimed ones, of {claimed}"),
        ),
        _ => (Status::Unchecked, format!("claimed to be of {claimed}; --trust checks it")),
    }
}

fn bounds(levels: &[LevelReport], evidence: &Evidence) -> TimeBounds {
    let timed = levels.iter().any(|level| level.level == 4 && level.status == Status::Pass);
    let not_after = evidence.not_after.filter(|_| timed).map(|time| time.to_string());
    let whole = levels.iter().any(|level| level.level == 2 && level.status == Status::Pass);
    let anchored = whole && evidence.anchored == evidence.inputs();
    let not_before = evidence.not_before.filter(|_| anchored).map(|time| time.to_string());
    TimeBounds { not_before, not_after }
}

/// Level 3: every input, by keys that the user named.
fn signed(evidence: &Evidence) -> (Status, String) {
    let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let claimed = list(&evidence.claimed);
    match (evidence.signed, evidence.keys_named) {
        (1.., _) if evidence.signed == evidence.inputs() => {
            (Status::Pass, format!("vouched for by {}", list(&evidence.signers)))
        }
        (1.., _) => (Status::Absent, "some inputs are not signed by a key that you named".to_owned()),
        (0, true) if !evidence.earlier.is_empty() => {
            let earlier = list(&evidence.earlier);
            (
                Status::Absent,
                format!("{earlier}; the log went on, and no key that you named vouches for all of it"),
            )
        }
        (0, true) if claimed.is_empty() => {
            (Status::Absent, "no signature at all, and none by a key that you named".to_owned())
        }
        (0, true) => (
            Status::Absent,
            format!("no signature by a key that you named; there are claimed ones, by {claimed}"),
        ),
        (0, false) if claimed.is_empty() => (Status::Absent, "no signature".to_owned()),
        (0, false) => (Status::Unchecked, format!("claimed to be signed by {claimed}; --key checks it")),
    }
}

fn digests_held(evidence: &Evidence) -> (Status, &'static str) {
    match (evidence.strong_digests, evidence.weak_digests) {
        (true, _) => (Status::Pass, "every digest that is there matches"),
        (false, true) => (
            Status::Weak,
            "every digest that is there matches; all by MD5, SHA-1 or XXH3, which prove nothing against intent",
        ),
        (false, false) if evidence.proofs > 0 => (Status::Pass, "there is no record, so no digest to check"),
        (false, false) => (Status::Absent, "no digest to check"),
    }
}

fn log_held(evidence: &Evidence) -> (Status, &'static str) {
    match (evidence.logs, evidence.without_log) {
        _ if evidence.unfinished > 0 => (
            Status::Absent,
            "a capture has not ended: no checkpoint closes its log, so its last records could be removed",
        ),
        (0, _) => (Status::Absent, "no provenance log: a removed or rewritten record would not show"),
        (_, 0) => (Status::Pass, "exactly these records with these headers in this order, as the log says"),
        _ => (Status::Absent, "some inputs have no provenance log"),
    }
}

/// Level 2 of proof files.
fn included(evidence: &Evidence) -> String {
    let sizes: Vec<String> = evidence.went_on.iter().map(u64::to_string).collect();
    let records = "each record and line that is here is in the log of the checkpoint, at its place";
    match sizes.is_empty() {
        true => records.to_owned(),
        false => format!("{records}; the log goes on with the checkpoint of {} lines", sizes.join(", ")),
    }
}

fn not_proved(levels: &[LevelReport], evidence: &Evidence, anchored: bool) -> Vec<String> {
    let passed = |level: Level| {
        levels.iter().any(|l| l.level == level && matches!(l.status, Status::Pass | Status::Weak))
    };
    let mut out = Vec::new();
    if evidence.proofs > 0 {
        out.push(
            "what else the log holds: other captures of these URLs, and other pages, may be left out here"
                .to_owned(),
        );
    }
    if !passed(2) {
        out.push("that no record was removed, added or moved, and that no header was rewritten".to_owned());
    } else if !passed(3) {
        out.push(
            "that nobody rewrote the whole archive, its log included: no key that you named vouches for it"
                .to_owned(),
        );
    }
    if evidence.withheld > 0 {
        let withheld = evidence.withheld;
        out.push(format!("what the {withheld} lines of the log say that this copy withholds"));
    }
    if passed(3) && passed(4) && !evidence.late_signature {
        out.push("that the holder of the key recorded truly".to_owned());
    } else if passed(3) {
        out.push("that the holder of the key recorded truly, and did not sign late".to_owned());
    }
    if passed(4) {
        out.push(match anchored {
            true => "that its bytes were not gathered before the anchor, and only written down after it"
                .to_owned(),
            false => {
                "when before the time-stamp it was made: the dates are the capturing machine's own".to_owned()
            }
        });
        out.push(
            "that the time-stamp's key was not stolen: whether its certificate was revoked is not asked"
                .to_owned(),
        );
    } else {
        out.push("when it was made: the dates are the capturing machine's own".to_owned());
    }
    out.push("that a server sent other visitors the same".to_owned());
    out
}
