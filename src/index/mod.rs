//! Index lines made from records: the way from any WARC to a sorted CDXJ.
//!
//! [`entries`] goes through WARCs and gives an [`Entry`] for each record that an index lists, by the rules of
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
use crate::input::scan::{self, Event, Events, Make, Settings, Warc};
use crate::message::payload::{Context, Head as HttpHead, Part, Payload};
use crate::warc::{Container, Extent, Head, Record, RecordType};
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

/// The index lines of all files: of each in the order of its records, but for captures that had to wait for their
/// requests; its findings at its end.
///
/// # Errors
/// What `sink` says at a file's beginning or end.
pub fn entries(
    warcs: &[Warc<'_>],
    options: Options,
    settings: Settings,
    sink: Events<'_, Entry>,
) -> io::Result<()> {
    let mut lines = Lines::new("", options);
    scan::run(warcs, settings, &Read { options }, &mut |event| match event {
        Event::Begin(number) => {
            lines = Lines::new(warcs.get(number).map_or("", |warc| warc.name), options);
            sink(Event::Begin(number))
        }
        Event::Item((seen, noticed)) => {
            lines.note(noticed);
            lines.take(seen);
            lines.ready.drain(..).try_for_each(|entry| sink(Event::Item(entry)))
        }
        Event::End(number, read) => {
            if let Ok(outside) = &read {
                lines.note(outside.clone());
                lines.end();
                lines.ready.drain(..).try_for_each(|entry| sink(Event::Item(entry)))?;
            }
            let findings = std::mem::take(&mut lines.findings);
            sink(Event::End(number, read.map(|_| findings)))
        }
    })
}

/// Of `DIR/x.warc.gz`, `FILE.wacz!archive/x.warc.gz` and `https://host/x.warc.gz?query`, `x.warc.gz`: what lines say.
fn file_name(name: &str) -> &str {
    let name = if name.contains("://") { name.split(['?', '#']).next().unwrap_or(name) } else { name };
    name.rsplit(['/', '!']).next().filter(|last| !last.is_empty()).unwrap_or(name)
}

/// What is read of each record, on whatever thread.
struct Read {
    options: Options,
}

/// A record, and what it means for the index.
struct Seen {
    head: Head,
    extent: Extent,
    is_plain: bool,
    meaning: Meaning,
}

enum Meaning {
    Capture(Facts),
    Request(Asked),
    Other,
}

impl Make for Read {
    type Made = Seen;
    type State = ();

    fn make(&self, mut record: Record<'_>, (): &mut ()) -> io::Result<Seen> {
        let is_plain = record.container() == Container::Plain;
        let meaning = match record.head.record_type() {
            RecordType::Request if self.options.post => {
                request::read(&mut record)?.map_or(Meaning::Other, Meaning::Request)
            }
            RecordType::Response | RecordType::Revisit | RecordType::Resource | RecordType::Metadata => {
                Meaning::Capture(read_facts(&mut record, self.options.digest)?)
            }
            _ => Meaning::Other,
        };
        let (head, block) = record.into_parts();
        Ok(Seen { head, extent: block.finish()?, is_plain, meaning })
    }
}

/// Findings kept of one file.
const KEPT: usize = 1000;

/// The lines of one file.
struct Lines<'a> {
    file: &'a str,
    options: Options,
    pairs: Pairs,
    ready: VecDeque<Entry>,
    findings: Vec<Finding>,
    position: u64,
    unaddressable: u64,
}

/// What is read out of a capture's block.
#[derive(Default)]
struct Facts {
    status: Option<u16>,
    content_type: Option<String>,
    digest: Option<String>,
}

impl<'a> Lines<'a> {
    fn new(file: &'a str, options: Options) -> Self {
        Self {
            file,
            options,
            pairs: Pairs::default(),
            ready: VecDeque::new(),
            findings: Vec::new(),
            position: 0,
            unaddressable: 0,
        }
    }

    fn note(&mut self, findings: Vec<Finding>) {
        let room = KEPT.saturating_sub(self.findings.len());
        self.findings
            .extend(findings.into_iter().filter(Finding::is_error).take(room).map(|f| f.in_file(self.file)));
    }

    fn take(&mut self, seen: Seen) {
        self.position += 1;
        match seen.meaning {
            Meaning::Capture(ref facts) => {
                let Some(entry) = self.entry(&seen, facts) else { return };
                if self.may_have_request(&seen.head) {
                    self.ready.extend(self.pairs.capture(Link::new(&seen.head, self.position), entry));
                } else {
                    self.ready.push_back(entry);
                }
            }
            Meaning::Request(asked) => {
                self.ready.extend(self.pairs.request(Link::new(&seen.head, self.position), asked));
            }
            Meaning::Other => {}
        }
    }

    fn may_have_request(&self, head: &Head) -> bool {
        self.options.post && matches!(head.record_type(), RecordType::Response | RecordType::Revisit)
    }

    /// The record's line; what cannot be pointed to, or has no date, has none, and that is said.
    fn entry(&mut self, seen: &Seen, facts: &Facts) -> Option<Entry> {
        let Seen { head, extent, is_plain, .. } = seen;
        let target_uri = head.target_uri()?;
        let capture = Capture {
            record_type: head.record_type(),
            target_uri,
            date: head.date().unwrap_or_default(),
            status: facts.status,
            content_type: facts.content_type.as_deref(),
            payload_digest: facts.digest.as_deref(),
            filename: file_name(self.file),
            offset: head.offset,
            length: if *is_plain { head.raw.len() as u64 + extent.block } else { extent.end - extent.offset },
        };
        let entry = capture.entry();
        if entry.is_none() && (Capture { date: "2000", ..capture }).entry().is_some() {
            let message = "the record has no date that an index could sort it by, and no line";
            let finding = Finding::new(&rules::INDEX_IMPOSSIBLE, message).at(head.offset);
            self.note(vec![match head.id() {
                Some(id) => finding.of_record(id),
                None => finding,
            }]);
        }
        let addressable = *is_plain || head.inner_offset == 0 && extent.end > extent.offset;
        self.unaddressable += u64::from(entry.is_some() && !addressable);
        entry.filter(|_| addressable)
    }

    fn end(&mut self) {
        self.ready.extend(self.pairs.drain());
        if self.unaddressable > 0 {
            let message = format!(
                "{} records share their gzip member with others, so that no index line can point to them; \
                 `fonds mend` makes a file of one member a record",
                self.unaddressable
            );
            self.note(vec![Finding::new(&rules::INDEX_IMPOSSIBLE, message)]);
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
fn read_facts(record: &mut Record<'_>, field: DigestField) -> io::Result<Facts> {
    let head = &record.head;
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
