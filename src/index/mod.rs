//! Index lines made from records: the way from any WARC to a sorted CDXJ.
//!
//! [`Indexer`] goes through one WARC and gives an [`Entry`] for each record that an index lists, by the rules of
//! cdxj-indexer, which pywb, ReplayWeb.page and OutbackCDX read; docs/index.md has them, and where fonds departs from
//! them. Requests with a body are paired with their responses, so that a POST has a key of its own. All streams: what
//! is held is the head of a record and a few captures that wait for their requests.

mod json;
mod pairs;
mod request;
#[cfg(test)]
mod tests;

use self::pairs::{Link, Pairs};
use self::request::Asked;
use crate::cdxj::{Capture, Entry};
use crate::digest::{Algorithm, Hasher};
use crate::finding::{Finding, rules};
use crate::message::payload::{Context, Head as HttpHead, Part, Payload};
use crate::warc::{Container, Extent, Head, Limits, Reader, Record, RecordType, Source};
use std::collections::VecDeque;
use std::io;

/// Which digest stands in a line's `digest`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestField {
    /// WARC-Payload-Digest, or the payload's SHA-1 where the record has none.
    #[default]
    Payload,
    /// WARC-Block-Digest, or the block's SHA-1 where the record has none.
    Block,
    /// None.
    None,
}

/// How lines are made.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Method and body of POST and PUT requests become part of the key of their captures.
    pub post: bool,
    /// Which digest stands in a line.
    pub digest: DigestField,
}

impl Default for Options {
    fn default() -> Self {
        Self { post: true, digest: DigestField::Payload }
    }
}

/// The index lines of one WARC, in the order of its records but for captures that had to wait for their requests.
#[derive(Debug)]
pub struct Indexer {
    file: String,
    filename: String,
    reader: Reader,
    options: Options,
    pairs: Pairs,
    ready: VecDeque<Entry>,
    findings: Vec<Finding>,
    position: u64,
    unaddressable: u64,
    ended: bool,
}

/// What a record means for the index.
enum Meaning {
    Capture(Option<Entry>),
    Request(Asked),
    Other,
}

/// What is read out of a capture's block.
#[derive(Default)]
struct Facts {
    status: Option<u16>,
    content_type: Option<String>,
    digest: Option<String>,
}

impl Indexer {
    /// Begins. `file` names the input in findings, `filename` stands in the lines.
    ///
    /// # Errors
    /// What the source says.
    pub fn new(file: &str, filename: &str, source: Source, options: Options) -> io::Result<Self> {
        Ok(Self {
            file: file.to_owned(),
            filename: filename.to_owned(),
            reader: Reader::new(source, Limits::default())?,
            options,
            pairs: Pairs::default(),
            ready: VecDeque::new(),
            findings: Vec::new(),
            position: 0,
            unaddressable: 0,
            ended: false,
        })
    }

    /// The next line, or `None` at the end.
    ///
    /// # Errors
    /// What the source says.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        while self.ready.is_empty() && !self.ended {
            self.step()?;
        }
        Ok(self.ready.pop_front())
    }

    /// What was noticed since the last call.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        let mut findings = std::mem::take(&mut self.findings);
        findings.extend(self.reader.take_findings());
        findings.into_iter().map(|f| f.in_file(&self.file)).collect()
    }

    fn step(&mut self) -> io::Result<()> {
        let Some(mut record) = self.reader.next_record()? else {
            self.end();
            return Ok(());
        };
        let options = self.options;
        let head = record.head.clone();
        let facts = match head.record_type() {
            RecordType::Request if options.post => None,
            RecordType::Response | RecordType::Revisit | RecordType::Resource | RecordType::Metadata => {
                Some(read_facts(&mut record, &head, options.digest)?)
            }
            _ => return record.finish().map(|_| self.position += 1),
        };
        let asked = if facts.is_none() { request::read(&mut record)? } else { None };
        let extent = record.finish()?;
        let meaning = match (facts, asked) {
            (Some(facts), _) => Meaning::Capture(self.entry(&head, &extent, &facts)),
            (_, Some(asked)) => Meaning::Request(asked),
            _ => Meaning::Other,
        };
        self.take(&head, meaning);
        Ok(())
    }

    fn take(&mut self, head: &Head, meaning: Meaning) {
        self.position += 1;
        match meaning {
            Meaning::Capture(Some(entry)) if self.may_have_request(head) => {
                self.ready.extend(self.pairs.capture(Link::new(head, self.position), entry));
            }
            Meaning::Capture(entry) => self.ready.extend(entry),
            Meaning::Request(asked) => {
                self.ready.extend(self.pairs.request(Link::new(head, self.position), asked));
            }
            Meaning::Other => {}
        }
    }

    fn may_have_request(&self, head: &Head) -> bool {
        self.options.post && matches!(head.record_type(), RecordType::Response | RecordType::Revisit)
    }

    /// The record's line; what cannot be pointed to, or has no date, has none, and that is said.
    fn entry(&mut self, head: &Head, extent: &Extent, facts: &Facts) -> Option<Entry> {
        let target_uri = head.target_uri()?;
        let capture = Capture {
            record_type: head.record_type(),
            target_uri,
            date: head.date().unwrap_or_default(),
            status: facts.status,
            content_type: facts.content_type.as_deref(),
            payload_digest: facts.digest.as_deref(),
            filename: &self.filename,
            offset: head.offset,
            length: self.stored(head, extent),
        };
        let entry = capture.entry();
        if entry.is_none() && (Capture { date: "2000", ..capture }).entry().is_some() {
            let message = "the record has no date that an index could sort it by, and no line";
            let finding = Finding::new(&rules::INDEX_IMPOSSIBLE, message).at(head.offset);
            self.findings.push(match head.id() {
                Some(id) => finding.of_record(id),
                None => finding,
            });
        }
        let addressable = self.is_plain() || head.inner_offset == 0 && extent.end > extent.offset;
        self.unaddressable += u64::from(entry.is_some() && !addressable);
        entry.filter(|_| addressable)
    }

    /// Stored bytes: the whole member; without compression, from the version line to the end of the block.
    fn stored(&self, head: &Head, extent: &Extent) -> u64 {
        if self.is_plain() { head.raw.len() as u64 + extent.block } else { extent.end - extent.offset }
    }

    fn is_plain(&self) -> bool {
        self.reader.container() == Container::Plain
    }

    fn end(&mut self) {
        self.ended = true;
        self.ready.extend(self.pairs.drain());
        if self.unaddressable > 0 {
            let message = format!(
                "{} records share their gzip member with others, so that no index line can point to them; \
                 `fonds mend` makes a file of one member a record",
                self.unaddressable
            );
            self.findings.push(Finding::new(&rules::INDEX_IMPOSSIBLE, message));
        }
    }
}

/// True where the block is read as an HTTP message: it says so, or its URL and type do, as for many hand-made records.
fn is_http(head: &Head) -> bool {
    let scheme = |uri: &str| uri.starts_with("http:") || uri.starts_with("https:");
    let typed = matches!(head.record_type(), RecordType::Response | RecordType::Revisit);
    head.holds_http() || typed && head.target_uri().is_some_and(scheme)
}

/// Reads as much of the block as is needed: the HTTP head, or all of it where a digest is to be computed.
fn read_facts(record: &mut Record<'_>, head: &Head, field: DigestField) -> io::Result<Facts> {
    let mut facts = Facts { digest: said_digest(head, field), ..Facts::default() };
    let wanted = match field {
        DigestField::None => false,
        // A revisit's payload is elsewhere, and its digest cannot be computed here.
        DigestField::Payload => head.record_type() != RecordType::Revisit,
        DigestField::Block => true,
    };
    let mut hasher = (wanted && facts.digest.is_none()).then(|| Hasher::new(Algorithm::Sha1));
    if !is_http(head) {
        facts.content_type = head.fields.get("Content-Type").map(str::to_owned);
        while let Some(chunk) = next(record)?.filter(|_| hasher.is_some()) {
            hasher.iter_mut().for_each(|h| h.update(chunk));
        }
        facts.digest = facts.digest.or(hasher.map(|h| h.finish().to_string()));
        return Ok(facts);
    }
    let mut message = Payload::response();
    while hasher.is_some() || message.head().is_none() {
        let Some(chunk) = next(record)? else { break };
        if field == DigestField::Block {
            hasher.iter_mut().for_each(|h| h.update(chunk));
        }
        message.push(chunk, &mut |part| hash_payload(part, field, &mut hasher));
    }
    if let Some(HttpHead::Response(response)) = whole_head(message, field, &mut hasher) {
        facts.status = response.status;
        facts.content_type = response.fields.get("Content-Type").map(text);
    }
    facts.digest = facts.digest.or(hasher.map(|h| h.finish().to_string()));
    Ok(facts)
}

/// Header values are UTF-8 where they can be, else Latin-1, as the field reads them.
fn text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn hash_payload(part: Part<'_>, field: DigestField, hasher: &mut Option<Hasher>) {
    if let (Part::Payload(bytes), DigestField::Payload, Some(hasher)) = (part, field, hasher) {
        hasher.update(bytes);
    }
}

/// The head, cut or not; what was held of the payload goes into the digest.
fn whole_head(message: Payload, field: DigestField, hasher: &mut Option<Hasher>) -> Option<HttpHead> {
    if let (Some(head), None) = (message.head(), &hasher) {
        return Some(head.clone());
    }
    message
        .finish(&Context { truncated: true, method: None }, &mut |part| hash_payload(part, field, hasher))
        .head
}

fn said_digest(head: &Head, field: DigestField) -> Option<String> {
    let name = match field {
        DigestField::Payload => "WARC-Payload-Digest",
        DigestField::Block => "WARC-Block-Digest",
        DigestField::None => return None,
    };
    head.fields.get(name).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn next<'a>(record: &'a mut Record<'_>) -> io::Result<Option<&'a [u8]>> {
    let chunk = record.chunk()?;
    Ok((!chunk.is_empty()).then_some(chunk))
}
