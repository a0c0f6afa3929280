//! Revisits led back to the records that hold their payloads (WARC/1.1 §6.7.2, and its annex on revisits).
//!
//! What is remembered of each record with a payload is its place, under hashes of its id, of its URI and second, and of its
//! payload digest: some 90 bytes, however long the payload. A place that a hash led to is believed only after the record
//! there has been read and compared.

use super::pages::{PageRecord, read_page};
use crate::digest::Digest;
use crate::message::payload::Head as HttpHead;
use crate::warc::{Head, Limits, Reader, Record, RecordType, Source, bare_uri};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

/// Where a record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number that the caller gave the file.
    pub file: usize,
    /// Byte offset of the record, or of the gzip member that it begins in.
    pub offset: u64,
    /// Byte offset in that member's content.
    pub inner_offset: u64,
}

/// A revisit of what may be a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revisit {
    /// The page as far as the revisit itself tells: no bytes.
    pub page: PageRecord,
    /// WARC-Refers-To, without brackets.
    pub refers_to: Option<String>,
    /// WARC-Refers-To-Target-URI; where it is absent, WARC-Target-URI.
    pub refers_to_uri: Option<String>,
    /// WARC-Refers-To-Date.
    pub refers_to_date: Option<String>,
    /// The profile says that the payload is the referent's, byte for byte.
    pub identical: bool,
}

/// The record that a revisit's payload stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referent {
    /// The file that it is in.
    pub file: String,
    /// Byte offset in that file.
    pub offset: u64,
    /// WARC-Record-ID without brackets.
    pub id: Option<String>,
    /// WARC-Target-URI.
    pub url: Option<String>,
    /// WARC-Date.
    pub date: Option<String>,
}

/// The places of records that a revisit may refer to.
#[derive(Debug, Default)]
pub struct Referents {
    places: Vec<Place>,
    by_id: HashMap<u64, u32>,
    by_date: HashMap<u64, u32>,
    by_digest: HashMap<u64, u32>,
}

impl Referents {
    /// Remembers a record, if it has a payload of its own. Of several with one name the first counts.
    pub fn note(&mut self, head: &Head, file: usize) {
        let number = match (head.record_type(), u32::try_from(self.places.len())) {
            (RecordType::Response | RecordType::Resource, Ok(number)) => number,
            _ => return,
        };
        self.places.push(Place { file, offset: head.offset, inner_offset: head.inner_offset });
        if let Some(id) = head.id() {
            self.by_id.entry(hash(id)).or_insert(number);
        }
        if let (Some(uri), Some(date)) = (head.target_uri(), head.date()) {
            self.by_date.entry(hash((uri, second(date)))).or_insert(number);
        }
        if let Some(digest) = head.fields.get("WARC-Payload-Digest") {
            self.by_digest.entry(hash(comparable(digest))).or_insert(number);
        }
    }

    /// The places where a revisit's payload may stand, the likeliest first.
    pub fn places(&self, revisit: &Revisit) -> Vec<Place> {
        let id = revisit.refers_to.as_deref().and_then(|id| self.by_id.get(&hash(id)));
        let date = match (&revisit.refers_to_uri, &revisit.refers_to_date) {
            (Some(uri), Some(date)) => self.by_date.get(&hash((uri.as_str(), second(date)))),
            _ => None,
        };
        let digest = revisit.page.payload_digest.as_deref().filter(|_| revisit.identical);
        let digest = digest.and_then(|digest| self.by_digest.get(&hash(comparable(digest))));
        let mut places = Vec::new();
        for place in [id, date, digest].into_iter().flatten().filter_map(|n| self.places.get(*n as usize)) {
            if !places.contains(place) {
                places.push(*place);
            }
        }
        places
    }
}

impl Revisit {
    /// Reads what a revisit record says; `None` where it says that it is no page.
    pub(super) fn read(record: &mut Record<'_>, mut page: PageRecord) -> io::Result<Option<Self>> {
        let mut status = None;
        page.content_type = None;
        if record.head.holds_http() {
            let body = super::part::body(record)?;
            if let Some(HttpHead::Response(response)) = body.head() {
                status = response.status;
            }
            page.content_type = body.field("Content-Type").filter(|value| !value.trim().is_empty());
        }
        // A server that answers "not modified" has another status than the page had.
        if !status.is_none_or(|status| (200..300).contains(&status) || status == 304)
            || !may_be_page(page.content_type.as_deref(), page.url.as_deref())
        {
            return Ok(None);
        }
        let field = |name| record.head.fields.get(name).map(|value| bare_uri(value).to_owned());
        Ok(Some(Self {
            refers_to: field("WARC-Refers-To"),
            refers_to_uri: field("WARC-Refers-To-Target-URI").or_else(|| page.url.clone()),
            refers_to_date: field("WARC-Refers-To-Date"),
            identical: field("WARC-Profile").is_some_and(|p| p.ends_with("/identical-payload-digest")),
            page,
        }))
    }

    /// The page as it was seen again, out of the record at one of [`Referents::places`]; `None` where that record is
    /// another one than the revisit means.
    pub fn resolve(&self, referent: PageRecord, file: &str) -> Option<PageRecord> {
        if !self.fits(&referent) {
            return None;
        }
        let PageRecord { bytes, content_type, url, date, id, payload_digest, offset, cut, .. } = referent;
        let mut page = self.page.clone();
        page.bytes = bytes;
        (page.content_type, page.cut) = (content_type, cut);
        page.payload_digest = page.payload_digest.or(payload_digest);
        page.referent = Some(Referent { file: file.to_owned(), offset, id, url, date });
        Some(page)
    }

    fn fits(&self, found: &PageRecord) -> bool {
        let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
        let digests = match (&self.page.payload_digest, &found.payload_digest) {
            (Some(a), Some(b)) => {
                let (a, b) = (comparable(a), comparable(b));
                // Digests of two kinds say nothing of each other.
                let label = |digest: &str| digest.split(':').next().map(str::to_owned);
                Some(a == b).filter(|_| label(&a) == label(&b))
            }
            _ => None,
        };
        if self.identical && digests == Some(false) {
            return false;
        }
        let dates = self.refers_to_date.as_deref().map(second) == found.date.as_deref().map(second);
        same(&self.refers_to, &found.id)
            || same(&self.refers_to_uri, &found.url) && self.refers_to_date.is_some() && dates
            || self.identical && digests == Some(true)
    }
}

/// What stands at a place.
#[derive(Debug)]
pub enum Content {
    /// A page.
    Page(Box<PageRecord>),
    /// A record that holds none.
    Other,
    /// No record, though there was one.
    Nothing,
}

/// Reads pages again, at their places in one file. Places in rising order cost no more than reading the file once, whatever
/// it is.
#[derive(Debug)]
pub struct Rereader {
    reader: Reader,
    limit: usize,
    at: Option<(u64, u64)>,
}

impl Rereader {
    /// Begins. `limit` bounds a payload.
    ///
    /// # Errors
    /// What the source says.
    pub fn new(source: Source, limit: usize) -> io::Result<Self> {
        Ok(Self { reader: Reader::new(source, Limits::default())?, limit, at: None })
    }

    /// What stands at a place.
    ///
    /// # Errors
    /// What the source says.
    pub fn read(&mut self, place: Place) -> io::Result<Content> {
        let wanted = (place.offset, place.inner_offset);
        // Within one gzip member there is no way but forward.
        let on_the_way = self.at.is_some_and(|(member, inner)| member == wanted.0 && inner < wanted.1);
        if !on_the_way {
            self.reader.resume(place.offset)?;
        }
        while let Some(mut record) = self.reader.next_record()? {
            let at = (record.head.offset, record.head.inner_offset);
            if at >= wanted {
                self.at = Some(at);
                let page = if at == wanted {
                    read_page(&mut record, self.limit)?
                } else {
                    return Ok(Content::Nothing);
                };
                return Ok(page.map_or(Content::Other, |page| Content::Page(Box::new(page))));
            }
        }
        Ok(Content::Nothing)
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A date to the second: an index, from which a referent's date often comes, has no fractions.
fn second(date: &str) -> &str {
    date.get(..19).unwrap_or(date)
}

/// One spelling for hex, Base32 and their cases; a digest of an unknown kind as it stands, but for its case.
fn comparable(digest: &str) -> String {
    Digest::parse(digest.trim())
        .map_or_else(|_| digest.trim().to_ascii_lowercase(), |digest| digest.to_string())
}

/// By what the revisit's own head says, or else by the URL's last letters: many a 304 has no Content-Type.
fn may_be_page(content_type: Option<&str>, url: Option<&str>) -> bool {
    const NO_PAGE: [&str; 24] = [
        "css", "js", "mjs", "json", "map", "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "ico", "woff",
        "woff2", "ttf", "otf", "mp3", "mp4", "webm", "pdf", "zip", "gz", "xml",
    ];
    if let Some(content_type) = content_type {
        return crate::extract::is_extractable(Some(content_type), b"text");
    }
    let path = url.unwrap_or_default().split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    !NO_PAGE.iter().any(|known| suffix.eq_ignore_ascii_case(known))
}
