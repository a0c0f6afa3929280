//! One WARC, record by record: structure, fields, digests, and what the checks over the whole set need to know.

use super::fields::{self, place};
use super::report::Counts;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::finding::{Finding, rules};
use crate::message::payload::{self as message, Context, Part, Payload, PayloadEnd};
use crate::warc::{Extent, Head, Limits, Reader, Record, RecordType, Source, Version};
use std::io;

/// A record, checked.
pub(super) struct Checked {
    pub(super) head: Head,
    pub(super) extent: Extent,
    /// SHA-256 and length of its bytes from version line to end of block, where a log asks for them.
    pub(super) bytes: Option<(Digest, u64)>,
    /// Stands for the block where two records are compared.
    pub(super) content: String,
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

/// Reads a WARC to its end; each record goes to `sink`, findings outside records come back.
pub(super) fn scan(
    source: Source,
    limits: Limits,
    bind_bytes: bool,
    sink: &mut dyn FnMut(Checked) -> io::Result<()>,
) -> io::Result<(Counts, Vec<Finding>)> {
    let mut reader = Reader::new(source, limits)?;
    let mut findings = Vec::new();
    let mut counts = Counts { files: 1, ..Counts::default() };
    while let Some(record) = reader.next_record()? {
        let mut checked = check(record, bind_bytes)?;
        if counts.records == 0 && checked.head.record_type() != RecordType::WarcInfo {
            checked.findings.push(place(no_beginning(&checked.head), &checked.head));
        }
        counts.records += 1;
        counts.digests_matched += checked.digests.matched;
        counts.digests_unchecked += checked.digests.unchecked;
        checked.findings.extend(reader.take_findings());
        sink(checked)?;
    }
    findings.extend(reader.take_findings());
    counts.members = reader.members();
    counts.bytes = reader.position();
    Ok((counts, findings))
}

fn no_beginning(head: &Head) -> Finding {
    if head.version == Version::Arc {
        return Finding::new(&rules::ARC_VERSION, "the file does not begin with a version block");
    }
    Finding::new(&rules::NO_WARCINFO, "the file does not begin with a warcinfo record")
}

fn check(mut record: Record<'_>, bind_bytes: bool) -> io::Result<Checked> {
    let head = record.head.clone();
    let mut hashing = Hashing::new(&head, bind_bytes);
    loop {
        let chunk = record.chunk()?;
        if chunk.is_empty() {
            break;
        }
        hashing.update(chunk);
    }
    let extent = record.finish()?;
    let mut findings = fields::check(&head);
    let outcome = hashing.finish(&head, extent.complete, &mut findings);
    let bytes = outcome.bytes.map(|digest| (digest, head.raw.len() as u64 + extent.block));
    Ok(Checked {
        extent,
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
    payload: Option<(Digest, Hasher)>,
    raw_body: Option<Hasher>,
    message: Option<Payload>,
    bytes: Option<Hasher>,
    crc: flate2::Crc,
    unchecked: u64,
}

struct Outcome {
    bytes: Option<Digest>,
    content: String,
    http: Option<(Option<u16>, Option<String>)>,
    digests: Digests,
}

impl Hashing {
    fn new(head: &Head, bind_bytes: bool) -> Self {
        let mut unchecked = 0;
        let mut said = |field| match head.fields.get(field).map(Digest::parse) {
            Some(Ok(digest)) => Some((digest.clone(), Hasher::new(digest.algorithm()))),
            Some(Err(_)) => {
                unchecked += 1;
                None
            }
            None => None,
        };
        let block = said("WARC-Block-Digest");
        let mut payload = said("WARC-Payload-Digest");
        if payload.is_some() && payload_is_elsewhere(head) {
            payload = None;
            unchecked += 1;
        }
        let message = head.holds_http().then(|| match head.record_type() {
            RecordType::Request => Payload::request(),
            _ => Payload::response(),
        });
        let raw_body = payload.as_ref().filter(|_| message.is_some()).map(|(_, h)| h.clone());
        let bytes = bind_bytes.then(|| {
            let mut hasher = Hasher::new(Algorithm::Sha256);
            hasher.update(&head.raw);
            hasher
        });
        Self { block, payload, raw_body, message, bytes, crc: flate2::Crc::new(), unchecked }
    }

    fn update(&mut self, chunk: &[u8]) {
        if let Some((_, hasher)) = &mut self.block {
            hasher.update(chunk);
        } else {
            self.crc.update(chunk);
        }
        if let Some(hasher) = &mut self.bytes {
            hasher.update(chunk);
        }
        let (payload, raw) = (&mut self.payload, &mut self.raw_body);
        match &mut self.message {
            Some(message) => {
                message.push(chunk, &mut |part| take_part(part, payload, raw));
                // Without a transfer coding body and payload are one: no need to hash both.
                if raw.is_some() && message.head().is_some_and(is_plain) {
                    *raw = None;
                }
            }
            None => payload.iter_mut().for_each(|(_, hasher)| hasher.update(chunk)),
        }
    }

    fn finish(mut self, head: &Head, complete: bool, findings: &mut Vec<Finding>) -> Outcome {
        let mut digests = Digests { unchecked: self.unchecked, ..Digests::default() };
        let end = self.message.take().map(|message| {
            let (payload, raw) = (&mut self.payload, &mut self.raw_body);
            message.finish(&context(head), &mut |part| take_part(part, payload, raw))
        });
        let block = self.block.map(|(said, hasher)| (said, hasher.finish()));
        let content = match &block {
            Some((_, computed)) => computed.to_string(),
            None => format!("crc32:{:08x}:{}", self.crc.sum(), self.crc.amount()),
        };
        if let Some((said, computed)) = &block {
            digests.note(said, said == computed);
            if said != computed {
                let message = format!("WARC-Block-Digest says {said}, the block has {computed}");
                findings.push(place(Finding::new(&rules::BLOCK_DIGEST, message), head));
            }
        }
        if let Some((said, hasher)) = self.payload {
            let compare = Conventions {
                payload: hasher.finish(),
                raw: self.raw_body.map(Hasher::finish),
                block: block.map(|(_, b)| b),
            };
            let wrong = compare.judge(&said);
            digests.note(&said, wrong.as_ref().is_none_or(|f| !f.is_error()));
            findings.extend(wrong.map(|f| place(f, head)));
        }
        let http = end.map(|end| describe(end, head, complete, findings));
        Outcome { bytes: self.bytes.map(Hasher::finish), content, http, digests }
    }
}

fn take_part(part: Part<'_>, payload: &mut Option<(Digest, Hasher)>, raw: &mut Option<Hasher>) {
    match part {
        Part::Payload(bytes) => payload.iter_mut().for_each(|(_, hasher)| hasher.update(bytes)),
        Part::Body(bytes) => raw.iter_mut().for_each(|hasher| hasher.update(bytes)),
    }
}

fn is_plain(head: &message::Head) -> bool {
    let fields = match head {
        message::Head::Request(head) => &head.fields,
        message::Head::Response(head) => &head.fields,
    };
    fields.get("Transfer-Encoding").is_none()
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
    if complete {
        findings.extend(end.findings.into_iter().map(|f| place(f, head)));
    }
    (status, content_type)
}

/// The payload digest in the ways that are in use (the community's issue 22 names the right one).
struct Conventions {
    payload: Digest,
    raw: Option<Digest>,
    block: Option<Digest>,
}

impl Conventions {
    fn judge(&self, said: &Digest) -> Option<Finding> {
        if *said == self.payload {
            return None;
        }
        if self.raw.as_ref() == Some(said) {
            let message = "WARC-Payload-Digest is that of the body with its chunked coding left on";
            return Some(Finding::new(&rules::PAYLOAD_DIGEST_RAW_CHUNKED, message));
        }
        if self.block.as_ref() == Some(said) {
            let message = "WARC-Payload-Digest is that of the whole block";
            return Some(Finding::new(&rules::PAYLOAD_DIGEST_BLOCK, message));
        }
        let message = format!("WARC-Payload-Digest says {said}, the payload has {}", self.payload);
        Some(Finding::new(&rules::PAYLOAD_DIGEST, message))
    }
}

impl Digests {
    fn note(&mut self, said: &Digest, matches: bool) {
        self.matched += u64::from(matches);
        self.weak |= said.algorithm().is_weak();
        self.strong |= !said.algorithm().is_weak();
    }
}
