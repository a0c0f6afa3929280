//! One row a record.

use crate::finding::Finding;
use crate::input::scan::{self, Event, Events, Make, Settings, Warc};
use crate::message::payload::{Head as HttpHead, Payload};
use crate::warc::{Head, Record, RecordType};
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

/// The rows of all files, in order; each file's findings at its end.
///
/// # Errors
/// What `sink` says at a file's beginning or end.
pub fn rows(warcs: &[Warc<'_>], settings: Settings, sink: Events<'_, Row>) -> io::Result<()> {
    let mut name = "";
    let mut findings = Vec::new();
    scan::run(warcs, settings, &MakeRow, &mut |event| match event {
        Event::Begin(number) => {
            name = warcs.get(number).map_or("", |warc| warc.name);
            sink(Event::Begin(number))
        }
        Event::Item((row, noticed)) => {
            note(&mut findings, name, noticed);
            sink(Event::Item(Row { file: name.to_owned(), ..row }))
        }
        Event::End(number, outside) => {
            let mut findings = std::mem::take(&mut findings);
            sink(Event::End(
                number,
                outside.map(|outside| {
                    note(&mut findings, name, outside);
                    findings
                }),
            ))
        }
    })
}

/// Findings kept of one file.
const KEPT: usize = 1000;

fn note(findings: &mut Vec<Finding>, file: &str, noticed: Vec<Finding>) {
    let room = KEPT.saturating_sub(findings.len());
    findings.extend(noticed.into_iter().filter(Finding::is_error).take(room).map(|f| f.in_file(file)));
}

struct MakeRow;

impl Make for MakeRow {
    type Made = Row;
    type State = ();

    fn make(&self, mut record: Record<'_>, (): &mut ()) -> io::Result<Row> {
        let http = http_head(&mut record)?;
        let (head, block) = record.into_parts();
        let extent = block.finish()?;
        Ok(row(&head, http.as_ref(), extent.end - extent.offset))
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

fn row(head: &Head, http: Option<&HttpHead>, length: u64) -> Row {
    let (status, content_type) = match http {
        Some(HttpHead::Response(response)) => (response.status, response.fields.text("Content-Type")),
        Some(HttpHead::Request(request)) => (None, request.fields.text("Content-Type")),
        None => (None, head.fields.get("Content-Type").map(str::to_owned)),
    };
    let mime = content_type.map(|t| t.split(';').next().unwrap_or_default().trim().to_owned());
    Row {
        file: String::new(),
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
