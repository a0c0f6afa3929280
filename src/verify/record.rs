//! One WARC, record by record: structure, fields, digests, and what the checks over the whole set need to know.

use super::arc;
use super::fields::{self, place};
use super::key::{self, Key, key};
use super::payload::Summing;
use super::report::Counts;
use super::segments::{Segments, check_place};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::finding::{Finding, rules};
use crate::input::scan::{Make, Walked};
use crate::message::payload::{Context, PayloadEnd};
use crate::warc::{Container, Extent, Head, Record, RecordType, Version};
use std::io;

/// A record, checked.
pub(super) struct Checked {
    pub(super) head: Head,
    pub(super) extent: Extent,
    /// Its file is not compressed.
    is_plain: bool,
    /// SHA-256 and length of its bytes from version line to end of block, where a log asks for them.
    pub(super) bytes: Option<(Digest, u64)>,
    /// Stands for the block where two records are compared.
    pub(super) content: Key,
    /// Status and Content-Type of the HTTP message in it.
    pub(super) http: Option<(Option<u16>, Option<String>)>,
    pub(super) digests: Digests,
    pub(super) findings: Vec<Finding>,
}

/// What became of a record's digests.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Digests {
    pub(super) matched: u64,
    pub(super) unchecked: u64,
    pub(super) strong: bool,
    pub(super) weak: bool,
}

/// What is checked of each record.
pub(super) struct CheckRecord {
    /// The SHA-256 of each record's bytes is wanted.
    pub(super) bind_bytes: bool,
}

impl Make for CheckRecord {
    type Made = Checked;
    type State = Segments;

    fn make(&self, record: Record<'_>, segments: &mut Segments) -> io::Result<Checked> {
        check(record, self.bind_bytes, segments)
    }

    fn in_order(&self, head: &Head) -> bool {
        head.fields.get("WARC-Segment-Number").is_some()
    }
}

/// One file's records, one after another.
pub(super) struct Tally {
    counts: Counts,
    /// Nothing but warcinfo records so far.
    only_info: bool,
    /// The name that an ARC's version block gives the file.
    arc_name: Option<String>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self { counts: Counts::default(), only_info: true, arc_name: None }
    }

    /// Counts a record, and says of it what depends on its place.
    pub(super) fn take(&mut self, checked: &mut Checked, noticed: Vec<Finding>) {
        let placed = self.place(checked);
        checked.findings.extend(placed.into_iter().map(|finding| place(finding, &checked.head)));
        checked.findings.extend(noticed);
        self.counts.records += 1;
        self.counts.digests_matched += checked.digests.matched;
        self.counts.digests_unchecked += checked.digests.unchecked;
    }

    fn place(&mut self, checked: &Checked) -> Vec<Finding> {
        let head = &checked.head;
        let is_info = head.record_type() == RecordType::WarcInfo;
        let mut said = Vec::new();
        if self.counts.records == 0 && !is_info {
            said.push(no_beginning(head));
        }
        let name = head.target_uri().and_then(|uri| uri.strip_prefix("filedesc://"));
        if let (None, Some(name)) = (&self.arc_name, name) {
            self.arc_name = Some(name.to_owned());
        }
        let misplaced = check_place(head, self.only_info);
        said.extend(misplaced.or_else(|| arc::check_place(head, checked.is_plain, self.arc_name.as_deref())));
        self.only_info &= is_info;
        said
    }

    /// What was counted while the file was walked through.
    pub(super) fn finish(self, walked: &Walked) -> Counts {
        Counts { files: 1, members: walked.members, bytes: walked.bytes, ..self.counts }
    }
}

fn no_beginning(head: &Head) -> Finding {
    if head.version == Version::Arc {
        return Finding::new(&rules::ARC_VERSION, "the file does not begin with a version block");
    }
    Finding::new(&rules::NO_WARCINFO, "the file does not begin with a warcinfo record")
}

fn check(record: Record<'_>, bind_bytes: bool, segments: &mut Segments) -> io::Result<Checked> {
    let is_plain = record.container() == Container::Plain;
    let (head, mut block) = record.into_parts();
    let mut hashing = Hashing::new(&head, bind_bytes);
    let mut segment = segments.open(&head);
    loop {
        let chunk = block.chunk()?;
        if chunk.is_empty() {
            break;
        }
        hashing.update(chunk);
        if let Some(segment) = &mut segment {
            segment.update(chunk);
        }
    }
    let extent = block.finish()?;
    let mut findings = fields::check(&head);
    findings.extend(segment.and_then(|segment| segments.close(segment, &extent)).map(|f| place(f, &head)));
    let outcome = hashing.finish(&head, extent.complete, &mut findings);
    let bytes = outcome.bytes.map(|digest| (digest, head.raw.len() as u64 + extent.block));
    Ok(Checked {
        extent,
        is_plain,
        bytes,
        content: outcome.content,
        http: outcome.http,
        digests: outcome.digests,
        findings,
        head,
    })
}

/// Everything computed over a block in one pass: only what has something to be compared with.
struct Hashing {
    block: Option<(Digest, Hasher)>,
    payload: Summing,
    bytes: Option<Hasher>,
    crc: flate2::Crc,
    unchecked: u64,
}

struct Outcome {
    bytes: Option<Digest>,
    content: Key,
    http: Option<(Option<u16>, Option<String>)>,
    digests: Digests,
}

impl Hashing {
    fn new(head: &Head, bind_bytes: bool) -> Self {
        let said = |field| head.fields.get(field).map(Digest::parse);
        let (block, payload) = (said("WARC-Block-Digest"), said("WARC-Payload-Digest"));
        let elsewhere = payload_is_elsewhere(head);
        let mut unchecked = u64::from(matches!(block, Some(Err(_))));
        unchecked += u64::from(payload.as_ref().is_some_and(|p| p.is_err() || elsewhere));
        let block = block.and_then(Result::ok).map(|d| (d.clone(), Hasher::new(d.algorithm())));
        let payload = payload.and_then(Result::ok).filter(|_| !elsewhere).or_else(|| arc::checksum(head));
        let same =
            |(block, payload): (&(Digest, Hasher), &Digest)| block.0.algorithm() == payload.algorithm();
        let block_hashed = block.as_ref().zip(payload.as_ref()).is_some_and(same);
        let bytes = bind_bytes.then(|| {
            let mut hasher = Hasher::new(Algorithm::Sha256);
            hasher.update(&head.raw);
            hasher
        });
        let payload = Summing::new(head, payload, block_hashed);
        Self { block, payload, bytes, crc: flate2::Crc::new(), unchecked }
    }

    fn update(&mut self, chunk: &[u8]) {
        if self.block.is_none() {
            self.crc.update(chunk);
        }
        if let Some(hasher) = &mut self.bytes {
            hasher.update(chunk);
        }
        self.payload.update(chunk, self.block.as_mut().map(|(_, hasher)| hasher));
    }

    fn finish(self, head: &Head, complete: bool, findings: &mut Vec<Finding>) -> Outcome {
        let mut digests = Digests { unchecked: self.unchecked, ..Digests::default() };
        let block = self.block.map(|(said, hasher)| (said, hasher.finish()));
        let content = match &block {
            Some((_, computed)) => key::of_digest(computed),
            None => key(&[&format!("crc32:{:08x}:{}", self.crc.sum(), self.crc.amount())]),
        };
        if let Some((said, computed)) = &block {
            digests.note(said, said == computed);
            if said != computed {
                let message = format!("WARC-Block-Digest says {said}, the block has {computed}");
                findings.push(place(Finding::new(&rules::BLOCK_DIGEST, message), head));
            }
        }
        let summed = self.payload.finish(&context(head), block.as_ref().map(|(_, computed)| computed));
        if let Some((said, wrong)) = summed.judged {
            let is_wrong = wrong.as_ref().is_some_and(Finding::is_error);
            digests.note(&said, !is_wrong);
            let finding = match head.version {
                Version::Arc => is_wrong.then(|| arc::wrong_checksum(&said)),
                _ => wrong,
            };
            findings.extend(finding.map(|f| place(f, head)));
        }
        let http = summed.end.map(|end| describe(end, head, complete, findings));
        Outcome { bytes: self.bytes.map(Hasher::finish), content, http, digests }
    }
}

fn context(head: &Head) -> Context<'_> {
    let elsewhere = payload_is_elsewhere(head);
    Context { truncated: elsewhere || head.fields.get("WARC-Truncated").is_some(), method: None }
}

/// A revisit's payload is its referent's; a segment's digest is that of the whole logical record.
fn payload_is_elsewhere(head: &Head) -> bool {
    head.record_type() == RecordType::Revisit || head.fields.get("WARC-Segment-Number").is_some()
}

/// HTTP facts; what was odd in the message is told where the block is all there.
fn describe(
    end: PayloadEnd,
    head: &Head,
    complete: bool,
    findings: &mut Vec<Finding>,
) -> (Option<u16>, Option<String>) {
    let (status, content_type) = match (end.response(), end.request()) {
        (Some(response), _) => (response.status, response.fields.text("Content-Type")),
        (None, Some(request)) => (None, request.fields.text("Content-Type")),
        _ => (None, None),
    };
    if let Some(response) = end.response() {
        findings.extend(arc::check_response(head, response).map(|f| place(f, head)));
    }
    if complete {
        findings.extend(end.findings.into_iter().map(|f| place(f, head)));
    }
    (status, content_type)
}

impl Digests {
    pub(super) fn note(&mut self, said: &Digest, matches: bool) {
        self.matched += u64::from(matches);
        self.weak |= said.algorithm().is_weak();
        self.strong |= !said.algorithm().is_weak();
    }
}
