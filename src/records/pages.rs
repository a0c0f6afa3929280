//! The pages of an archive: records whose payload is a page or a text, decoded, ready to be extracted.

use super::part::body;
use super::referents::{Referent, Referents, Revisit};
use crate::extract::is_extractable;
use crate::finding::Finding;
use crate::message::coding;
use crate::message::payload::Head as HttpHead;
use crate::package::{Package, layout, pages};
use crate::warc::{Head, Limits, Reader, Record, RecordType, Source};
use std::collections::HashSet;
use std::io::{self, BufReader, Read};

/// Codings that nobody spoke of that are taken off a page.
const UNDECLARED: usize = 3;

/// A page, and where it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRecord {
    /// The payload, codings undone, at most one byte more than the limit asked for.
    pub bytes: Vec<u8>,
    /// Content-Type, charset included.
    pub content_type: Option<String>,
    /// WARC-Target-URI.
    pub url: Option<String>,
    /// WARC-Date.
    pub date: Option<String>,
    /// WARC-Record-ID without brackets.
    pub id: Option<String>,
    /// WARC-Payload-Digest.
    pub payload_digest: Option<String>,
    /// Byte offset of the record, or of the gzip member that it begins in.
    pub offset: u64,
    /// Byte offset in that member's content.
    pub inner_offset: u64,
    /// Where the payload comes from, if the record is a revisit.
    pub referent: Option<Referent>,
    /// Why the payload is not all of it, where it is known not to be.
    pub cut: Option<String>,
}

/// What comes next in a WARC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// A page with its payload.
    Page(PageRecord),
    /// A revisit of what may be a page: its payload stands elsewhere.
    Revisit(Revisit),
}

/// The pages of one WARC.
#[derive(Debug)]
pub struct Pages {
    file: String,
    reader: Reader,
    limit: usize,
    listed: Option<HashSet<String>>,
}

impl Pages {
    /// Begins. `limit` bounds a payload; `listed`, where given, the URLs that are wanted.
    ///
    /// # Errors
    /// What the source says.
    pub fn new(
        file: &str,
        source: Source,
        limit: usize,
        listed: Option<HashSet<String>>,
    ) -> io::Result<Self> {
        Ok(Self { file: file.to_owned(), reader: Reader::new(source, Limits::default())?, limit, listed })
    }

    /// The next page, or `None` at the end. Every record that a revisit may refer to is noted in `referents`, under
    /// `number` for this file, whether it is wanted or not.
    ///
    /// # Errors
    /// What the source says.
    pub fn next_page(&mut self, referents: &mut Referents, number: usize) -> io::Result<Option<Next>> {
        while let Some(mut record) = self.reader.next_record()? {
            referents.note(&record.head, number);
            if !is_listed(&record.head, self.listed.as_ref()) {
                continue;
            }
            let next = if record.head.record_type() == RecordType::Revisit {
                let page = described(&record.head);
                Revisit::read(&mut record, page)?.map(Next::Revisit)
            } else {
                read_page(&mut record, self.limit)?.map(Next::Page)
            };
            if next.is_some() {
                return Ok(next);
            }
        }
        Ok(None)
    }

    /// What was noticed since the last call.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        let file = &self.file;
        self.reader.take_findings().into_iter().map(|f| f.in_file(file)).collect()
    }
}

/// The URLs that a package's page list names, without fragments; `None` where it names none.
///
/// # Errors
/// What reading says.
pub fn listed_pages(package: &Package) -> io::Result<Option<HashSet<String>>> {
    if !package.contains(layout::PAGES) {
        return Ok(None);
    }
    let mut urls = HashSet::new();
    for line in pages::Lines::new(BufReader::new(package.read(layout::PAGES)?)) {
        urls.extend(line?.page.map(|page| without_fragment(&page.url).to_owned()));
    }
    Ok((!urls.is_empty()).then_some(urls))
}

fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or(url)
}

fn is_listed(head: &Head, listed: Option<&HashSet<String>>) -> bool {
    listed.is_none_or(|urls| head.target_uri().is_some_and(|url| urls.contains(without_fragment(url))))
}

fn may_hold_a_page(head: &Head) -> bool {
    match head.record_type() {
        RecordType::Response | RecordType::Resource => true,
        RecordType::Conversion => head.fields.get("Content-Type").is_none_or(|t| t.starts_with("text/plain")),
        _ => false,
    }
}

/// What a record's head says of a page.
fn described(head: &Head) -> PageRecord {
    PageRecord {
        bytes: Vec::new(),
        content_type: head.fields.get("Content-Type").map(str::to_owned),
        url: head.target_uri().map(str::to_owned),
        date: head.date().map(str::to_owned),
        id: head.id().map(str::to_owned),
        payload_digest: head.fields.get("WARC-Payload-Digest").map(str::to_owned),
        offset: head.offset,
        inner_offset: head.inner_offset,
        referent: None,
        cut: head
            .fields
            .get("WARC-Truncated")
            .map(|reason| format!("The capture was cut (WARC-Truncated: {reason}).")),
    }
}

/// `None` for what is no page: another type, a redirect, an error page.
pub(super) fn read_page(record: &mut Record<'_>, limit: usize) -> io::Result<Option<PageRecord>> {
    if !may_hold_a_page(&record.head) {
        return Ok(None);
    }
    let mut page = described(&record.head);
    if !record.head.holds_http() {
        return read_bytes(record, page, limit);
    }
    let body = body(record)?;
    let status = match body.head() {
        Some(HttpHead::Response(response)) => response.status,
        _ => None,
    };
    // 204 and 205 have no content, and so hold no page.
    if status.is_some_and(|status| !(200..300).contains(&status) || matches!(status, 204 | 205)) {
        return Ok(None);
    }
    page.content_type = body.field("Content-Type");
    let limit_of_one = limit as u64 + 1;
    let decoded = body.decoded(limit_of_one);
    let notes = decoded.notes();
    let decoded: Box<dyn Read + Send> = Box::new(decoded);
    let is_said = page.content_type.as_deref().is_some_and(|kind| is_extractable(Some(kind), b""));
    let plain = if is_said { undeclared(decoded, limit_of_one)? } else { decoded };
    let page = read_bytes(plain, page, limit)?;
    Ok(page.map(|page| PageRecord { cut: page.cut.or_else(|| notes.cut()), ..page }))
}

/// Codings that nobody spoke of taken off a page, told by their first bytes: no page begins so.
fn undeclared<'a>(
    mut reader: Box<dyn Read + Send + 'a>,
    limit: u64,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    for _ in 0..UNDECLARED {
        let mut first = Vec::new();
        reader.by_ref().take(4).read_to_end(&mut first)?;
        let coding = match first.as_slice() {
            [0x1f, 0x8b, 0x08, ..] => Some("gzip"),
            [0x28, 0xb5, 0x2f, 0xfd] => Some("zstd"),
            [0x78, 0x01 | 0x9c | 0xda, ..] => Some("deflate"),
            _ => None,
        };
        let whole = io::Cursor::new(first).chain(reader);
        let Some(coding) = coding else { return Ok(Box::new(whole)) };
        reader = Box::new(coding::decode(coding, whole, limit));
    }
    Ok(reader)
}

fn read_bytes(mut reader: impl Read, mut page: PageRecord, limit: usize) -> io::Result<Option<PageRecord>> {
    reader.by_ref().take(2048).read_to_end(&mut page.bytes)?;
    // One that is empty is a page too, if it says that it is: there is something to be told of it.
    if !is_extractable(page.content_type.as_deref(), &page.bytes) {
        return Ok(None);
    }
    let room = (limit as u64 + 1).saturating_sub(page.bytes.len() as u64);
    reader.take(room).read_to_end(&mut page.bytes)?;
    Ok(Some(page))
}
