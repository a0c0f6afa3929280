//! Logical records put together from their segments, over all files of the set (WARC/1.1 §7).
//!
//! Numbers and lengths are remembered of every segment. The payload digest, which is that of the whole, is computed
//! while the segments come in their order; where they do not, it stays unchecked and that is said. Memory is bounded by
//! the number of segments remembered and of logical records under way.

use super::key::{Key, key};
use super::payload::Summing;
use super::record::Digests;
use crate::digest::Digest;
use crate::finding::{Finding, Severity, rules};
use crate::message::payload::Context;
use crate::warc::{Extent, Head, bare_uri};
use std::collections::{BTreeMap, HashMap};

/// Segments remembered over all inputs.
const REMEMBERED: usize = 1 << 20;
/// Logical records whose payload is being computed at one time.
const UNDER_WAY: usize = 256;

/// The first segment of a record begins a file of its own, behind no more than warcinfo records (§7); `alone` says whether
/// nothing else came before this record.
pub(super) fn check_place(head: &Head, alone: bool) -> Option<Finding> {
    let is_first = head.fields.get("WARC-Segment-Number").is_some_and(|number| number == "1");
    (is_first && !alone).then(|| {
        let message =
            "the first segment of a record stands behind other records, where it is to begin its file";
        Finding::new(&rules::SEGMENT_NOT_FIRST, message)
    })
}

/// All logical records so far.
#[derive(Default)]
pub(super) struct Segments {
    file: String,
    logical: HashMap<Key, Logical>,
    remembered: usize,
    under_way: usize,
}

/// One logical record.
struct Logical {
    /// Where it begins, or where it was first heard of; findings about the whole stand there.
    file: String,
    offset: u64,
    id: Option<String>,
    /// The name in WARC-Segment-Origin-ID.
    origin: String,
    has_origin: bool,
    uri: Key,
    /// Length and id by number.
    segments: BTreeMap<u64, (u64, Key)>,
    /// Number of the last segment, and the length that it gives the whole.
    total: Option<(u64, u64)>,
    summing: Option<Box<Summing>>,
    /// The number whose turn it is to be summed.
    next: u64,
    payload_said: bool,
}

/// A segment being read.
pub(super) struct Segment {
    whole: Key,
    number: u64,
    id: Key,
    total: Option<u64>,
    uri: Key,
    summing: Option<Box<Summing>>,
}

impl Segment {
    pub(super) fn update(&mut self, chunk: &[u8]) {
        if let Some(summing) = &mut self.summing {
            summing.update(chunk, None);
        }
    }
}

impl Segments {
    /// The file that the next segments come from.
    pub(super) fn in_file(&mut self, file: &str) {
        file.clone_into(&mut self.file);
    }

    /// Before a record's block: what to tell of it, where it is a segment.
    pub(super) fn open(&mut self, head: &Head) -> Option<Segment> {
        let number: u64 = head.fields.get("WARC-Segment-Number")?.parse().ok()?;
        let own = head.id().unwrap_or_default();
        let origin = match (number, head.fields.get("WARC-Segment-Origin-ID")) {
            (_, Some(origin)) => bare_uri(origin),
            (1, None) => own,
            _ => return None,
        };
        if origin.is_empty() || self.remembered >= REMEMBERED {
            return None;
        }
        let whole = key(&[origin]);
        let room = self.under_way < UNDER_WAY;
        let logical = self.logical.entry(whole).or_insert_with(|| Logical::new(&self.file, origin, head));
        if number == 1 && !logical.has_origin {
            logical.begin(&self.file, head, room);
            self.under_way += usize::from(logical.summing.is_some());
        }
        let in_turn = logical.has_origin && logical.next == number;
        let summing = logical.summing.take().filter(|_| in_turn);
        Some(Segment {
            whole,
            number,
            id: key(&[own]),
            total: head.fields.get("WARC-Segment-Total-Length").and_then(|total| total.parse().ok()),
            uri: key(&[head.target_uri().unwrap_or_default()]),
            summing,
        })
    }

    /// After its block; gives what is wrong with this segment.
    pub(super) fn close(&mut self, segment: Segment, extent: &Extent) -> Option<Finding> {
        let logical = self.logical.get_mut(&segment.whole)?;
        let had = segment.summing.is_some();
        logical.summing = segment.summing.filter(|_| extent.complete);
        if logical.summing.is_some() {
            logical.next += 1;
        }
        self.under_way -= usize::from(had && logical.summing.is_none());
        if let Some(total) = segment.total {
            logical.total = Some((segment.number, total));
        }
        self.remembered += 1;
        let before = logical.segments.insert(segment.number, (extent.block, segment.id));
        if before.is_some_and(|(_, id)| id != segment.id) {
            let message = format!("another segment of {} has number {}, too", logical.origin, segment.number);
            return Some(Finding::new(&rules::SEGMENT_NUMBER, message));
        }
        (logical.uri != segment.uri).then(|| {
            let message = "WARC-Target-URI differs from that of another segment of the same record";
            Finding::new(&rules::PARTNERS_DISAGREE, message)
        })
    }

    /// What can be said once all inputs were read, and the digests of logical records.
    pub(super) fn finish(self, closed: bool) -> (Vec<Finding>, Digests) {
        let (mut findings, mut digests) = (Vec::new(), Digests::default());
        for logical in self.logical.into_values() {
            logical.finish(closed, &mut findings, &mut digests);
        }
        findings.sort_by(|a, b| (&a.file, a.offset, &a.message).cmp(&(&b.file, b.offset, &b.message)));
        (findings, digests)
    }
}

impl Logical {
    fn new(file: &str, origin: &str, head: &Head) -> Self {
        Self {
            file: file.to_owned(),
            offset: head.offset,
            id: head.id().map(str::to_owned),
            origin: origin.to_owned(),
            has_origin: false,
            uri: key(&[head.target_uri().unwrap_or_default()]),
            segments: BTreeMap::new(),
            total: None,
            summing: None,
            next: 1,
            payload_said: false,
        }
    }

    /// The first segment is here.
    fn begin(&mut self, file: &str, head: &Head, room: bool) {
        (self.file, self.offset, self.id) = (file.to_owned(), head.offset, head.id().map(str::to_owned));
        self.has_origin = true;
        let said = head.fields.get("WARC-Payload-Digest").and_then(|text| Digest::parse(text).ok());
        self.payload_said = said.is_some();
        self.summing = said.filter(|_| room).map(|said| Box::new(Summing::new(head, Some(said), false)));
    }

    fn finish(mut self, closed: bool, findings: &mut Vec<Finding>, digests: &mut Digests) {
        let summing = self.summing.take();
        if !self.has_origin {
            let severity = if closed { Severity::Error } else { Severity::Warning };
            let message =
                format!("WARC-Segment-Origin-ID names {}, which is not among the inputs", self.origin);
            findings.push(self.place(Finding::new(&rules::UNRESOLVED, message).graded(severity)));
        }
        let gaps = self.gaps();
        if !gaps.is_empty() {
            let message = format!("of its segments, {} not among the inputs", gaps.join(", "));
            findings.push(self.place(Finding::new(&rules::SEGMENT_GAP, message)));
        }
        let whole = self.has_origin && gaps.is_empty();
        findings.extend(self.check_total(whole).map(|f| self.place(f)));
        let last = self.segments.last_key_value().map_or(0, |(number, _)| *number);
        match summing.filter(|_| whole && self.total.is_some() && self.next > last) {
            Some(summing) => {
                let context = Context { truncated: false, method: None };
                let judged = summing.finish(&context, None).judged;
                if let Some((said, wrong)) = judged {
                    digests.note(&said, wrong.as_ref().is_none_or(|f| !f.is_error()));
                    findings.extend(wrong.map(|f| self.place(f)));
                }
            }
            None if self.payload_said => {
                let message =
                    "the payload digest is that of the whole record, whose segments did not come in order";
                findings.push(self.place(Finding::new(&rules::SEGMENT_UNCHECKED, message)));
            }
            None => {}
        }
    }

    /// The stretches of numbers that are missing before the last one that is there.
    fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        // Without the first one nothing is known of those before the first that is here.
        let first = self.segments.keys().next().copied().unwrap_or(1);
        let mut expected = if self.has_origin { 1 } else { first };
        for number in self.segments.keys() {
            if *number > expected {
                let last = number - 1;
                let one = expected == last;
                gaps.push(if one {
                    format!("number {last} is")
                } else {
                    format!("numbers {expected} to {last} are")
                });
            }
            expected = number + 1;
        }
        gaps.truncate(10);
        gaps
    }

    fn check_total(&self, whole: bool) -> Option<Finding> {
        let Some((number, total)) = self.total else {
            let message = "the last segment, which has WARC-Segment-Total-Length, is not among the inputs";
            return Some(Finding::new(&rules::SEGMENT_UNFINISHED, message));
        };
        let (last, _) = self.segments.last_key_value()?;
        if *last > number {
            let message = format!("WARC-Segment-Total-Length stands on segment {number}, but {last} follows");
            return Some(Finding::new(&rules::SEGMENT_TOTAL, message));
        }
        let sum: u64 = self.segments.values().fold(0, |sum, (length, _)| sum.saturating_add(*length));
        (whole && sum != total).then(|| {
            let message = format!("WARC-Segment-Total-Length says {total}, the segments have {sum} bytes");
            Finding::new(&rules::SEGMENT_TOTAL, message)
        })
    }

    fn place(&self, finding: Finding) -> Finding {
        let mut finding = finding.in_file(&self.file).at(self.offset);
        finding.record.clone_from(&self.id);
        finding
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PARTS: [&str; 3] = ["HTTP/1.1 200 OK\r\n\r\nab", "cd", "ef"];

    fn head(number: usize, extra: &str) -> Head {
        let (kind, origin) = match number {
            1 => ("response", String::new()),
            _ => ("continuation", "WARC-Segment-Origin-ID: <urn:x:1>\r\n".to_owned()),
        };
        let text = format!(
            "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:x:{number}>\r\nWARC-Target-URI: http://a/\r\n\
             Content-Type: application/http;msgtype=response\r\nWARC-Segment-Number: {number}\r\n{origin}{extra}\r\n"
        );
        crate::warc::parse_head(text.into_bytes())
    }

    fn run(order: &[usize], total: u64, payload: &str) -> Vec<&'static str> {
        let mut segments = Segments::default();
        let mut hasher = crate::digest::Hasher::new(crate::digest::Algorithm::Sha1);
        hasher.update(payload.as_bytes());
        let said = format!("WARC-Payload-Digest: {}\r\n", hasher.finish());
        let mut codes = Vec::new();
        for number in order {
            let block = PARTS.get(number - 1).unwrap();
            let extra = match number {
                1 => said.clone(),
                3 => format!("WARC-Segment-Total-Length: {total}\r\n"),
                _ => String::new(),
            };
            let mut segment = segments.open(&head(*number, &extra)).unwrap();
            segment.update(block.as_bytes());
            let extent = Extent { offset: 0, end: 1, block: block.len() as u64, complete: true };
            codes.extend(segments.close(segment, &extent).map(|f| f.code));
        }
        codes.extend(segments.finish(false).0.iter().map(|f| f.code));
        codes
    }

    #[test]
    fn a_record_in_segments_is_put_together() {
        assert!(run(&[1, 2, 3], 25, "abcdef").is_empty());
        assert_eq!(run(&[1, 2, 3], 25, "abcdeg"), ["payload-digest"]);
        assert_eq!(run(&[1, 2, 3], 26, "abcdef"), ["segment-total"]);
        assert_eq!(run(&[1, 3, 2], 25, "abcdef"), ["segment-unchecked"]);
        assert_eq!(run(&[3, 1, 2], 26, "abcdef"), ["segment-total", "segment-unchecked"]);
        assert_eq!(run(&[1, 3], 25, "abcdef"), ["segment-gap", "segment-unchecked"]);
        assert_eq!(run(&[2, 3], 25, "abcdef"), ["unresolved-reference"]);
        assert_eq!(run(&[3], 25, "abcdef"), ["unresolved-reference"]);
        assert_eq!(run(&[1, 2], 25, "abcdef"), ["segment-unfinished", "segment-unchecked"]);
    }
}
