//! Anchors: time-stamps in the log, of checkpoints that it had. What stands behind one was written after its time.

use super::report::StampReport;
use super::stamps::{TOLERANCE, report};
use crate::finding::{Finding, rules};
use crate::manifest::{Anchor, Body, Hash, Lines, read_checkpoint};
use crate::package::{Package, layout};
use crate::vouch::stamp::{Info, Problem, Token};
use crate::vouch::{Cover, Note, Roots};
use data_encoding::BASE64;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of a line that are looked at together.
const LINE: u64 = 4 << 20;
/// How the log writes it; a line that holds it in a string of its own has it escaped.
const TYPE: &[u8] = b"\"type\":\"anchor\"";
/// Anchors of one log: one a minute for two months.
const MOST: usize = 100_000;

/// The sizes of checkpoints that the log's anchors are over.
pub(super) fn sizes(package: &Package) -> io::Result<Vec<u64>> {
    let mut sizes = Vec::new();
    let Some(reader) = super::package::open(package, layout::MANIFEST)? else { return Ok(sizes) };
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while sizes.len() < MOST {
        line.clear();
        if (&mut reader).take(LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if memchr::memmem::find(&line, TYPE).is_none() {
            continue;
        }
        let entry = Lines::new(line.as_slice()).next_line()?.and_then(|line| line.entry.ok());
        if let Some(Body::Anchor(anchor)) = entry.map(|entry| entry.body) {
            sizes.extend(read_checkpoint(anchor.checkpoint.as_bytes()).map(|point| point.size()));
        }
    }
    Ok(sizes)
}

/// What a log's anchors come to.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    roots: Roots,
    /// True once a capture has been told of.
    captured: bool,
    /// Since when the log was written, where that is before its first capture.
    pub(super) not_before: Option<Timestamp>,
    pub(super) stamps: Vec<StampReport>,
}

/// Where an anchor stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) seq: u64,
    /// When it says that it was written.
    pub(super) at: &'a str,
    /// The log's origin.
    pub(super) origin: Option<&'a str>,
    /// Roots that the log had before it.
    pub(super) roots: &'a BTreeMap<u64, Hash>,
}

impl Anchors {
    pub(super) fn new(roots: Roots) -> Self {
        Self { roots, ..Self::default() }
    }

    /// A record of something else than the archive itself.
    pub(super) fn captured(&mut self) {
        self.captured = true;
    }

    pub(super) fn take(&mut self, place: Place<'_>, anchor: &Anchor) -> Vec<Finding> {
        let (response, lines, note) = match parts(place, anchor) {
            Ok(parts) => parts,
            Err(words) => {
                return vec![Finding::new(&rules::ANCHOR_INVALID, format!("entry {}: {words}", place.seq))];
            }
        };
        let said =
            |problem: Problem| Finding::new(problem.rule, format!("entry {}: {}", place.seq, problem.words));
        match self.read(&response, &note) {
            Ok((info, mut stamp, untrusted)) => {
                (stamp.entry, stamp.lines) = (Some(place.seq), lines);
                self.note(&info, stamp);
                let clock = behind(place, &info);
                untrusted.map(said).into_iter().chain(clock).collect()
            }
            Err(problem) => vec![said(problem)],
        }
    }

    fn read(&self, response: &[u8], note: &Note) -> Result<(Info, StampReport, Option<Problem>), Problem> {
        let token = Token::parse(response)?;
        if !token.is_over(&note.to_bytes()) {
            let words = "it is over something else than the checkpoint that the entry has".to_owned();
            return Err(Problem { rule: &rules::STAMP_IMPRINT, words });
        }
        report(&token, &self.roots, note, Cover { signatures: 0, stamps: 0 })
    }

    fn note(&mut self, info: &Info, stamp: StampReport) {
        if !self.captured && stamp.root.is_some() {
            self.not_before = self.not_before.max(Some(info.earliest()));
        }
        self.stamps.push(stamp);
    }
}

/// The response, and the checkpoint with its size, which must be one that the log had.
fn parts(place: Place<'_>, anchor: &Anchor) -> Result<(Vec<u8>, u64, Note), &'static str> {
    let response = BASE64.decode(anchor.response.as_bytes()).map_err(|_| "its response is no Base64")?;
    let bytes = anchor.checkpoint.as_bytes();
    let point = read_checkpoint(bytes).ok_or("its checkpoint cannot be read")?;
    let note = Note::parse(bytes).map_err(|_| "its checkpoint cannot be read")?;
    let had = point.size() <= place.seq && place.roots.get(&point.size()) == Some(point.hash());
    match had && place.origin.is_none_or(|origin| origin == point.origin()) {
        true => Ok((response, point.size(), note)),
        false => Err("the log's lines before it do not lead to its checkpoint"),
    }
}

/// An entry that says it was written before the time-stamp in it.
fn behind(place: Place<'_>, info: &Info) -> Option<Finding> {
    let at: Timestamp = place.at.parse().ok()?;
    let behind = info.earliest().duration_since(at);
    let message = || {
        format!(
            "entry {} says {at}, and the time-stamp in it {}: the capturing machine's clock was behind by {} seconds or more",
            place.seq,
            info.time,
            behind.as_secs()
        )
    };
    (behind > TOLERANCE).then(|| Finding::new(&rules::STAMP_CLOCK, message()))
}
