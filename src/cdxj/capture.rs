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
            RecordType::Revisit => Some("warc/revisit".to_owned()),
            _ if self.is_listed() => self.content_type.map(media_type),
            _ => return None,
        };
        let url = self.target_uri.replace(' ', "%20");
        Some(Entry {
            surt: surt::key(&url),
            timestamp: timestamp(self.date)?,
            url,
            mime,
            status: self.status,
            digest: self.payload_digest.map(str::to_owned),
            length: self.length,
            offset: self.offset,
            filename: self.filename.to_owned(),
            ..Entry::default()
        })
    }

    /// True for the records that have something to show: responses and revisits; resources and metadata but for those
    /// that only tell of other records (`application/warc-fields`).
    fn is_listed(&self) -> bool {
        match self.record_type {
            RecordType::Response | RecordType::Revisit => true,
            RecordType::Resource | RecordType::Metadata => {
                self.content_type != Some("application/warc-fields")
            }
            _ => false,
        }
    }
}

/// Without parameters.
fn media_type(content_type: &str) -> String {
    content_type.split([';', ' ', '\t']).next().unwrap_or_default().to_owned()
}
