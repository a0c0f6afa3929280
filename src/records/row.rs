//! One row a record.

use crate::finding::Finding;
use crate::message::payload::{Head as HttpHead, Payload};
use crate::warc::{Head, Limits, Reader, Record, RecordType, Source};
use serde::Serialize;
use std::io;

/// What a listing says of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The file, as it was named.
    pub file: String,
    /// Byte offset of its gzip member, or of the record itself.
    pub offset: u64,
    /// Stored bytes; 0 where it shares its gzip member with the next.
    pub length: u64,
    /// WARC-Type.
    #[serde(rename = "type")]
    pub record_type: String,
    /// WARC-Date.
    pub date: Option<String>,
    /// HTTP status of a response.
    pub status: Option<u16>,
    /// Media type of the HTTP message, or of the block where it holds none.
    pub mime: Option<String>,
    /// WARC-Target-URI.
    pub url: Option<String>,
    /// WARC-Record-ID, without brackets.
    pub id: Option<String>,
    /// WARC-Payload-Digest.
    pub payload_digest: Option<String>,
}

/// The rows of one WARC.
#[derive(Debug)]
pub struct Rows {
    file: String,
    reader: Reader,
}

impl Rows {
    /// Begins; `file` goes into every row.
    ///
    /// # Errors
    /// What the source says.
    pub fn new(file: &str, source: Source, limits: Limits) -> io::Result<Self> {
        Ok(Self { file: file.to_owned(), reader: Reader::new(source, limits)? })
    }

    /// The next row, or `None` at the end.
    ///
    /// # Errors
    /// What the source says.
    pub fn next_row(&mut self) -> io::Result<Option<Row>> {
        let Some(mut record) = self.reader.next_record()? else { return Ok(None) };
        let http = http_head(&mut record)?;
        let (head, block) = record.into_parts();
        let extent = block.finish()?;
        Ok(Some(row(&self.file, &head, http.as_ref(), extent.end - extent.offset)))
    }

    /// What was noticed since the last call.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        let file = &self.file;
        self.reader.take_findings().into_iter().map(|f| f.in_file(file)).collect()
    }
}

/// Reads as much of the block as its HTTP head takes.
fn http_head(record: &mut Record<'_>) -> io::Result<Option<HttpHead>> {
    if !record.head.holds_http() {
        return Ok(None);
    }
    let mut message = match record.head.record_type() {
        RecordType::Request => Payload::request(),
        _ => Payload::response(),
    };
    while message.head().is_none() {
        let chunk = record.chunk()?;
        if chunk.is_empty() {
            break;
        }
        message.push(chunk, &mut |_| ());
    }
    Ok(message.into_head())
}

fn row(file: &str, head: &Head, http: Option<&HttpHead>, length: u64) -> Row {
    let (status, content_type) = match http {
        Some(HttpHead::Response(response)) => (response.status, response.fields.text("Content-Type")),
        Some(HttpHead::Request(request)) => (None, request.fields.text("Content-Type")),
        None => (None, head.fields.get("Content-Type").map(str::to_owned)),
    };
    let mime = content_type.map(|t| t.split(';').next().unwrap_or_default().trim().to_owned());
    Row {
        file: file.to_owned(),
        offset: head.offset,
        length,
        record_type: head.fields.get("WARC-Type").unwrap_or_default().to_owned(),
        date: head.date().map(str::to_owned),
        status,
        mime: mime.filter(|m| !m.is_empty()),
        url: head.target_uri().map(str::to_owned),
        id: head.id().map(str::to_owned),
        payload_digest: head.fields.get("WARC-Payload-Digest").map(str::to_owned),
    }
}
