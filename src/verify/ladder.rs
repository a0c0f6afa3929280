//! The ladder of levels: what was seen over all inputs, and what follows from it, and what does not.

use super::report::{LevelReport, StampReport, Status, TimeBounds};
use crate::finding::{Finding, Level};
use jiff::Timestamp;
use std::collections::BTreeSet;

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

const NAMES: [&str; 6] = ["structure", "digests", "complete", "signed", "timed", "witnessed"];

pub(super) fn unclimbed() -> Vec<LevelReport> {
    let rung = |(level, name)| LevelReport {
        level,
        name,
        status: Status::Unchecked,
        detail: "nothing to check".to_owned(),
    };
    (0..).zip(NAMES).map(rung).collect()
}

pub(super) fn ladder(findings: &[Finding], evidence: &Evidence) -> Vec<LevelReport> {
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
        match (evidence.proofs, errors(0)) {
            (0, _) => plain(log_held(evidence)),
            (_, 0) => (Status::Pass, included(evidence)),
            (_, _) => (Status::Unchecked, "the file is not what it should be".to_owned()),
        },
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
    // Those over the present state would have been counted.
    let trusted = evidence.stamps.iter().filter(|stamp| stamp.root.is_some() && stamp.entry.is_none());
    let earlier: Vec<String> = trusted
        .map(|stamp| format!("the log's first {} lines existed before {}", stamp.lines, stamp.time))
        .collect();
    match (evidence.timed, evidence.not_after) {
        (1.., Some(time)) if evidence.timed == evidence.inputs() => {
            (Status::Pass, format!("existed before {time}, by a time-stamp that leads to a root you named"))
        }
        (1.., _) => {
            (Status::Absent, "some inputs have no time-stamp that leads to a root you named".to_owned())
        }
        _ if !earlier.is_empty() => {
            let detail = format!(
                "{}; the log went on, and no time-stamp that convinces covers all of it",
                earlier.join(", ")
            );
            (Status::Absent, detail)
        }
        _ if claimed.is_empty() => (Status::Absent, "no time-stamp".to_owned()),
        _ if evidence.roots_named => (
            Status::Absent,
            format!("no time-stamp leads to a root that you named; there are claimed ones, of {claimed}"),
        ),
        _ => (Status::Unchecked, format!("claimed to be of {claimed}; --trust checks it")),
    }
}

pub(super) fn bounds(levels: &[LevelReport], evidence: &Evidence) -> TimeBounds {
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

pub(super) fn not_proved(levels: &[LevelReport], evidence: &Evidence, anchored: bool) -> Vec<String> {
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
