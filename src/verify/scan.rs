//! One WARC, record by record: structure, fields, digests, and what the checks over the whole set need to know.

use super::Options;
use super::ahead::{File, Stretch};
use super::arc;
use super::fields::{self, place};
use super::payload::Summing;
use super::report::Counts;
use super::segments::{Segments, check_place};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::finding::{Finding, rules};
use crate::message::payload::{Context, PayloadEnd};
use crate::warc::{Container, Extent, Head, Limits, Reader, Record, RecordType, Version};
use std::io;
use std::ops::Range;

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

/// How files are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) limits: Limits,
    /// The SHA-256 of each record's bytes is wanted.
    pub(super) bind_bytes: bool,
    jobs: usize,
    stretch: u64,
}

/// Bytes of a file that a thread takes at a time.
const STRETCH: u64 = 4 << 20;

impl Settings {
    pub(super) fn new(options: &Options, bind_bytes: bool) -> Self {
        Self { limits: options.limits, bind_bytes, jobs: options.jobs, stretch: options.stretch }
    }

    /// Threads that read ahead; one alone would gain nothing.
    pub(super) fn threads(self) -> usize {
        if self.jobs < 2 { 0 } else { self.jobs }
    }

    /// Into how many stretches a file is cut.
    pub(super) fn stretches(self, file: &File<'_>) -> u64 {
        file.length.unwrap_or(0).div_ceil(self.stretch())
    }

    /// The bytes of one.
    pub(super) fn bytes(self, number: u64) -> Range<u64> {
        number * self.stretch()..(number + 1) * self.stretch()
    }

    fn stretch(self) -> u64 {
        if self.stretch == 0 { STRETCH } else { self.stretch }
    }
}

/// One file on its way to the sink: records in order, read here or ahead.
pub(super) struct Walk<'a> {
    file: &'a File<'a>,
    settings: Settings,
    segments: &'a mut Segments,
    sink: &'a mut dyn FnMut(Checked) -> io::Result<()>,
    /// Opened once it is needed.
    reader: Option<Reader>,
    /// Members that the reader had seen when it last went on by itself.
    members_before: u64,
    /// Up to where all has been taken; the reader stands there too, if `in_step`.
    at: u64,
    in_step: bool,
    ended: bool,
    is_plain: bool,
    is_arc: bool,
    /// Nothing but warcinfo records so far.
    only_info: bool,
    /// The name that an ARC's version block gives the file.
    arc_name: Option<String>,
    counts: Counts,
    findings: Vec<Finding>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        file: &'a File<'a>,
        settings: Settings,
        segments: &'a mut Segments,
        sink: &'a mut dyn FnMut(Checked) -> io::Result<()>,
    ) -> Self {
        let counts = Counts { files: 1, ..Counts::default() };
        Self {
            file,
            settings,
            segments,
            sink,
            reader: None,
            members_before: 0,
            at: 0,
            in_step: true,
            ended: false,
            is_plain: false,
            is_arc: false,
            only_info: true,
            arc_name: None,
            counts,
            findings: Vec::new(),
        }
    }

    /// True where the records are those of an ARC.
    pub(super) fn is_arc(&self) -> bool {
        self.is_arc
    }

    /// What was counted, and found outside records.
    pub(super) fn finish(mut self) -> (Counts, Vec<Finding>) {
        if self.is_plain {
            self.counts.members = 1;
        }
        (self.counts, self.findings)
    }

    /// Takes records that were read ahead, if reading alone leads to where they begin.
    pub(super) fn take(&mut self, stretch: Stretch) -> io::Result<()> {
        if stretch.start > self.at && !self.ended {
            self.alone(Some(stretch.start))?;
        }
        if stretch.start != self.at || self.ended {
            return Ok(());
        }
        self.at = stretch.end;
        self.in_step = false;
        self.is_plain |= stretch.is_plain;
        self.is_arc |= stretch.is_arc;
        self.counts.members += stretch.members;
        self.counts.bytes = stretch.end;
        stretch.records.into_iter().try_for_each(|checked| self.deliver(checked, Vec::new()))
    }

    /// Reads what is left.
    pub(super) fn finish_file(&mut self) -> io::Result<()> {
        let all_taken = self.at > 0 && self.file.length == Some(self.at) && !self.in_step;
        if self.ended || all_taken { Ok(()) } else { self.alone(None) }
    }

    /// Reads on, to the end or to the first record end at or behind `until` that another reader can go on from.
    fn alone(&mut self, until: Option<u64>) -> io::Result<()> {
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => Reader::new((self.file.open)()?, self.settings.limits)?,
        };
        if !std::mem::replace(&mut self.in_step, true) {
            self.members_before = reader.members();
            if !reader.resume(self.at)? {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "this input cannot be read at an offset",
                ));
            }
        }
        self.is_plain |= reader.container() == Container::Plain;
        self.ended = self.read_on(&mut reader, until)?;
        self.counts.members += reader.members() - self.members_before;
        self.members_before = reader.members();
        self.is_arc |= reader.is_arc();
        self.reader = Some(reader);
        Ok(())
    }

    /// True at the end of the file.
    fn read_on(&mut self, reader: &mut Reader, until: Option<u64>) -> io::Result<bool> {
        while let Some(record) = reader.next_record()? {
            let checked = check(record, self.settings.bind_bytes, self.segments)?;
            self.deliver(checked, reader.take_findings())?;
            let end = reader.stands_at().filter(|end| until.is_some_and(|until| *end >= until));
            if let Some(end) = end {
                self.at = end;
                return Ok(false);
            }
        }
        self.findings.extend(reader.take_findings());
        self.counts.bytes = reader.position();
        Ok(true)
    }

    /// Gives a record out, with what the reader noticed around it.
    fn deliver(&mut self, mut checked: Checked, noticed: Vec<Finding>) -> io::Result<()> {
        if self.counts.records == 0 && checked.head.record_type() != RecordType::WarcInfo {
            checked.findings.push(place(no_beginning(&checked.head), &checked.head));
        }
        let misplaced = check_place(&checked.head, self.only_info);
        let name = checked.head.target_uri().and_then(|uri| uri.strip_prefix("filedesc://"));
        if let (None, Some(name)) = (&self.arc_name, name) {
            self.arc_name = Some(name.to_owned());
        }
        let misplaced =
            misplaced.or(arc::check_place(&checked.head, self.is_plain, self.arc_name.as_deref()));
        checked.findings.extend(misplaced.map(|finding| place(finding, &checked.head)));
        self.only_info &= checked.head.record_type() == RecordType::WarcInfo;
        checked.findings.extend(noticed);
        self.counts.records += 1;
        self.counts.digests_matched += checked.digests.matched;
        self.counts.digests_unchecked += checked.digests.unchecked;
        (self.sink)(checked)
    }
}

fn no_beginning(head: &Head) -> Finding {
    if head.version == Version::Arc {
        return Finding::new(&rules::ARC_VERSION, "the file does not begin with a version block");
    }
    Finding::new(&rules::NO_WARCINFO, "the file does not begin with a warcinfo record")
}

pub(super) fn check(
    mut record: Record<'_>,
    bind_bytes: bool,
    segments: &mut Segments,
) -> io::Result<Checked> {
    let head = record.head.clone();
    let mut hashing = Hashing::new(&head, bind_bytes);
    let mut segment = segments.open(&head);
    loop {
        let chunk = record.chunk()?;
        if chunk.is_empty() {
            break;
        }
        hashing.update(chunk);
        if let Some(segment) = &mut segment {
            segment.update(chunk);
        }
    }
    let extent = record.finish()?;
    let mut findings = fields::check(&head);
    findings.extend(segment.and_then(|segment| segments.close(segment, &extent)).map(|f| place(f, &head)));
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
    payload: Summing,
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
        match &mut self.block {
            Some((_, hasher)) => hasher.update(chunk),
            None => self.crc.update(chunk),
        }
        if let Some(hasher) = &mut self.bytes {
            hasher.update(chunk);
        }
        self.payload.update(chunk);
    }

    fn finish(self, head: &Head, complete: bool, findings: &mut Vec<Finding>) -> Outcome {
        let mut digests = Digests { unchecked: self.unchecked, ..Digests::default() };
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
