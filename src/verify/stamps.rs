//! Level 4: since when a log's checkpoint exists. Only time-stamps that lead to a root which the user named convince; what the
//! others say is claimed.

use super::Options;
use super::envelopes::{Envelopes, content};
use super::ladder::Evidence;
use super::log::Told;
use super::report::StampReport;
use crate::finding::{Finding, rules};
use crate::manifest::read_checkpoint;
use crate::package::layout::{StampName, stamp_name};
use crate::package::{Package, stamped};
use crate::vouch::stamp::{Info, Problem, Token};
use crate::vouch::{Cover, Note, Roots, cover};
use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::io;

/// By how much two clocks that are right may differ.
pub(super) const TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// A file that should be an authority's response.
#[derive(Debug)]
pub(super) struct Stamp {
    path: String,
    name: StampName,
    bytes: Vec<u8>,
}

/// What the package holds of them, those over one checkpoint in the order of their numbers.
pub(super) fn of(package: &Package) -> io::Result<Vec<Stamp>> {
    let mut stamps = Vec::new();
    for member in package.members() {
        let Some(name) = stamp_name(&member.path) else { continue };
        let bytes = content(package, &member.path)?.unwrap_or_default();
        stamps.push(Stamp { path: member.path.clone(), name, bytes });
    }
    stamps.sort_by_key(|stamp| stamp.name);
    Ok(stamps)
}

/// Checks each, and takes down which of them convince; gives also the signatures that those cover.
pub(super) fn check(
    options: &Options,
    evidence: &mut Evidence,
    package: &Package,
    envelopes: &Envelopes,
    told: &Told,
) -> (Vec<Finding>, BTreeSet<String>) {
    let (mut findings, mut times, mut timed) = (Vec::new(), Vec::new(), BTreeSet::new());
    for group in envelopes.stamps().chunk_by(|a, b| a.name.size == b.name.size) {
        let size = group.first().and_then(|stamp| stamp.name.size);
        let Some(note) = envelopes.note(size) else {
            findings
                .extend(group.iter().map(|stamp| orphan(stamp).in_file(package.member_name(&stamp.path))));
            continue;
        };
        for (at, stamp) in group.iter().enumerate().take(stamped::MOST) {
            let earlier: Vec<&[u8]> = group.iter().take(at).map(|stamp| stamp.bytes.as_slice()).collect();
            let file = package.member_name(&stamp.path);
            let (report, noticed) = one(options, stamp, &note, &earlier);
            findings.extend(noticed.into_iter().map(|finding| finding.in_file(&file)));
            let Some((info, report)) = report else { continue };
            let is_present = size.is_none();
            if is_present && report.root.is_some() {
                times.push(info.latest());
                timed.extend(report.signatures.iter().cloned());
                findings.extend(clock(&info, told).map(|finding| finding.in_file(&file)));
            }
            evidence.stamps.push(StampReport { file, ..report });
        }
        findings.extend(group.iter().skip(stamped::MOST).map(|stamp| surplus(stamp, package)));
    }
    if let Some(first) = times.into_iter().min() {
        evidence.timed += 1;
        evidence.not_after = evidence.not_after.max(Some(first));
    }
    (findings, timed)
}

fn orphan(stamp: &Stamp) -> Finding {
    let lines = stamp.name.size.map(|size| format!(" of {size} lines")).unwrap_or_default();
    Finding::new(&rules::STAMP_IMPRINT, format!("there is no checkpoint{lines} that it could be over"))
}

fn surplus(stamp: &Stamp, package: &Package) -> Finding {
    let message = format!("a checkpoint has {} time-stamps at most; this one was not read", stamped::MOST);
    Finding::new(&rules::STAMP_INVALID, message).in_file(package.member_name(&stamp.path))
}

/// What one says, whether it convinces, and what is to be said of it.
fn one(
    options: &Options,
    stamp: &Stamp,
    note: &Note,
    earlier: &[&[u8]],
) -> (Option<(Info, StampReport)>, Vec<Finding>) {
    match read(options, stamp, note, earlier) {
        Ok((info, report, untrusted)) => {
            let mut findings: Vec<Finding> =
                untrusted.map(|problem| claimed(&info, &report, &problem)).into_iter().collect();
            findings.extend(uncovered(&report));
            (Some((info, report)), findings)
        }
        Err(problem) => (None, vec![Finding::new(problem.rule, problem.words)]),
    }
}

/// The time-stamp as the report has it; with why it does not convince, where it only lacks a root.
fn read(
    options: &Options,
    stamp: &Stamp,
    note: &Note,
    earlier: &[&[u8]],
) -> Result<(Info, StampReport, Option<Problem>), Problem> {
    let token = Token::parse(&stamp.bytes)?;
    let covers = cover(&token, note, earlier).ok_or_else(|| Problem {
        rule: &rules::STAMP_IMPRINT,
        words: "it is over something else than the checkpoint that it lies beside, or than the time-stamps that it renews"
            .to_owned(),
    })?;
    report(&token, &options.roots, note, covers)
}

/// A time-stamp that is over so much of a note.
pub(super) fn report(
    token: &Token,
    roots: &Roots,
    note: &Note,
    covers: Cover,
) -> Result<(Info, StampReport, Option<Problem>), Problem> {
    let sound = token.check()?;
    let (trusted, untrusted) = match sound.trusted(roots) {
        Ok(trusted) => (Some(trusted), None),
        Err(problem) if problem.rule == &rules::STAMP_UNTRUSTED => (None, Some(problem)),
        Err(problem) => return Err(problem),
    };
    let info = token.info.clone();
    let report = StampReport {
        file: String::new(),
        entry: None,
        time: info.time.to_string(),
        accuracy: info.accuracy.map(|accuracy| accuracy.as_secs_f64()),
        serial: HEXLOWER.encode(&info.serial),
        authority: sound.signer(),
        authority_sha256: sound.signer_sha256(),
        root: trusted.as_ref().map(|trusted| trusted.root.clone()),
        root_sha256: trusted.map(|trusted| trusted.root_sha256),
        lines: read_checkpoint(note.text()).map_or(0, |point| point.size()),
        signatures: names(note).take(covers.signatures).collect(),
        later_signatures: names(note).skip(covers.signatures).collect(),
        stamps: covers.stamps,
    };
    Ok((info, report, untrusted))
}

/// Signers as findings and reports name them.
fn names(note: &Note) -> impl Iterator<Item = String> {
    note.signatures()
        .iter()
        .map(|signature| format!("{} ({})", signature.name, HEXLOWER.encode(&signature.id)))
}

fn claimed(info: &Info, report: &StampReport, problem: &Problem) -> Finding {
    let message = format!("claimed to be of {} by {}: {}", info.time, report.authority, problem.words);
    Finding::new(&rules::STAMP_UNTRUSTED, message)
}

/// Signatures that were added since.
fn uncovered(report: &StampReport) -> Option<Finding> {
    let later = &report.later_signatures;
    let message =
        || format!("it does not cover what was added since: the signatures by {}", later.join(", "));
    (!later.is_empty()).then(|| Finding::new(&rules::STAMP_EARLY, message()))
}

/// A line that was written after the time-stamp over it, by its own word.
fn clock(info: &Info, told: &Told) -> Option<Finding> {
    let last: Timestamp = told.last.as_ref()?.parse().ok()?;
    let ahead = last.duration_since(info.latest());
    let message = || {
        format!(
            "the log's last line says {last}, and this time-stamp over it {}: the capturing machine's clock was ahead by {} \
             seconds or more",
            info.time,
            ahead.as_secs()
        )
    };
    (ahead > TOLERANCE).then(|| Finding::new(&rules::STAMP_CLOCK, message()))
}
