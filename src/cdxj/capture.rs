//! From a record to its index line: one place for what is written at capture, rebuilt by `index`, checked by `verify`.

use super::{Entry, timestamp};
use crate::surt;
use crate::warc::RecordType;

/// What an index line says of a record, as plain data.
#[derive(Clone, Debug)]
pub struct Capture<'a> {
    /// WARC-Type.
    pub record_type: RecordType,
    /// WARC-Target-URI without brackets.
    pub target_uri: &'a str,
    /// WARC-Date.
    pub date: &'a str,
    /// Status of the final HTTP response, where the block is one.
    pub status: Option<u16>,
    /// Content-Type of the HTTP message, or of the record where the block is no HTTP message.
    pub content_type: Option<&'a str>,
    /// WARC-Payload-Digest.
    pub payload_digest: Option<&'a str>,
    /// Name of the WARC, without its directory.
    pub filename: &'a str,
    /// Where the record begins.
    pub offset: u64,
    /// Its stored bytes.
    pub length: u64,
}

impl Capture<'_> {
    /// The line's data; `None` for records that an index does not list, and for dates that are none.
    pub fn entry(&self) -> Option<Entry> {
        let mime = match self.record_type {
            RecordType::Revisit => "warc/revisit",
            RecordType::Response | RecordType::Resource => media_type(self.content_type.unwrap_or_default()),
            _ => return None,
        };
        Some(Entry {
            surt: surt::key(self.target_uri),
            timestamp: timestamp(self.date)?,
            url: self.target_uri.to_owned(),
            mime: Some(mime.to_owned()),
            status: self.status,
            digest: self.payload_digest.map(str::to_owned),
            length: self.length,
            offset: self.offset,
            filename: self.filename.to_owned(),
            record_digest: None,
        })
    }
}

/// Without parameters; `unk` where there is none, as the field's indexers have it.
fn media_type(content_type: &str) -> &str {
    match content_type.split(';').next().unwrap_or_default().trim() {
        "" => "unk",
        mime => mime,
    }
}
