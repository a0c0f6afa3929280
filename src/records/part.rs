//! One record, or a part of it, as bytes.

use crate::finding::Finding;
use crate::message::body::Body;
use crate::message::payload::Payload;
use crate::warc::{Head, Record, RecordType};
use std::io::{self, Write};

/// Decoded bytes of one payload; what is beyond is left off with a finding.
const DECODED_LIMIT: u64 = 16 << 30;

/// What of a record is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Head and block, as they stand.
    Record,
    /// From the version line to the empty line.
    Header,
    /// The block.
    Block,
    /// The block without HTTP head and transfer coding; the whole block where it holds no HTTP message.
    Payload,
    /// The payload with its content coding undone.
    Decoded,
}

/// Which record is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The first one at or behind the source's start.
    First,
    /// By WARC-Record-ID, with or without brackets.
    Id(String),
    /// By WARC-Target-URI: what the URL gave, rather than what was asked or noted.
    Url(String),
}

impl Wanted {
    /// True for the record that is wanted.
    pub fn matches(&self, head: &Head) -> bool {
        match self {
            Self::First => true,
            Self::Id(id) => head.id() == Some(crate::warc::bare_uri(id)),
            Self::Url(url) => {
                head.target_uri().is_some_and(|uri| same_url(uri, url)) && gives_content(&head.record_type())
            }
        }
    }
}

/// Whether a record's URI is the URL that somebody asks for: as it stands in the record, or as a browser would write it
/// down: escaped, without fragment.
pub fn same_url(uri: &str, wanted: &str) -> bool {
    let normal = |text: &str| {
        let mut url = url::Url::parse(text).ok()?;
        url.set_fragment(None);
        Some(url)
    };
    uri == wanted
        || normal(wanted)
            .is_some_and(|wanted| uri == wanted.as_str() || normal(uri).as_ref() == Some(&wanted))
}

fn gives_content(record_type: &RecordType) -> bool {
    matches!(
        record_type,
        RecordType::Response | RecordType::Resource | RecordType::Revisit | RecordType::Conversion
    )
}

/// Writes a part of a record, streaming; gives what was odd in its codings.
///
/// # Errors
/// What reading or writing says.
pub fn copy_part(record: &mut Record<'_>, part: Part, out: &mut dyn Write) -> io::Result<Vec<Finding>> {
    if matches!(part, Part::Record | Part::Header) {
        out.write_all(&record.head.raw)?;
    }
    match part {
        Part::Header => Ok(Vec::new()),
        Part::Record | Part::Block => copy_block(record, out),
        Part::Payload | Part::Decoded if !record.head.holds_http() => copy_block(record, out),
        Part::Payload => {
            let mut body = body(record)?;
            io::copy(&mut body, out)?;
            Ok(Vec::new())
        }
        Part::Decoded => {
            let mut decoded = body(record)?.decoded(DECODED_LIMIT);
            io::copy(&mut decoded, out)?;
            Ok(decoded.findings())
        }
    }
}

fn copy_block(record: &mut Record<'_>, out: &mut dyn Write) -> io::Result<Vec<Finding>> {
    loop {
        let chunk = record.chunk()?;
        if chunk.is_empty() {
            return Ok(Vec::new());
        }
        out.write_all(chunk)?;
    }
}

/// The payload of a record's HTTP block.
pub(crate) fn body<'a, 'r>(record: &'a mut Record<'r>) -> io::Result<Body<&'a mut Record<'r>>> {
    let message = match record.head.record_type() {
        RecordType::Request => Payload::request(),
        _ => Payload::response(),
    };
    Body::new(record, message)
}
