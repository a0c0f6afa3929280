//! CDXJ index lines: `SURT timestamp {json}`, one a capture, sorted bytewise.
//!
//! [`Entry`] is a line as plain data, written exactly as cdxj-indexer writes it (its key order, numbers as
//! strings, ASCII only) and read from anyone's hand: numbers bare or quoted, 14 or 17 digits, unknown keys
//! ignored. [`Lines`] reads a whole index and [`Sorter`] writes one; neither holds it in memory.

mod capture;
mod read;
mod sort;

pub use capture::Capture;
pub use read::{Line, Lines};
pub use sort::Sorter;

use serde_json::{Map, Value};

use crate::finding::{Finding, rules};

/// One line of an index: where a capture lies, and what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Sort key, see [`crate::surt::key`].
    pub surt: String,
    /// `YYYYMMDDhhmmss`, UTC; 17 digits (milliseconds) in some indexes.
    pub timestamp: String,
    /// WARC-Target-URI.
    pub url: String,
    /// Media type without parameters; `warc/revisit` for a revisit.
    pub mime: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// Payload digest with its label, as in WARC-Payload-Digest.
    pub digest: Option<String>,
    /// Stored bytes of the record: the whole gzip member where it is compressed.
    pub length: u64,
    /// Where the record starts in its file.
    pub offset: u64,
    /// Name of the WARC, without its directory.
    pub filename: String,
    /// `sha256:` and hex over the stored bytes (`recordDigest`).
    pub record_digest: Option<String>,
    /// What stands for the body of the request in the sort key (`requestBody`).
    pub request_body: Option<String>,
    /// The request's method, where it is part of the sort key.
    pub method: Option<String>,
}

impl Entry {
    /// The line, without its LF.
    pub fn line(&self) -> String {
        let mut json = Object::default();
        json.pair("url", &self.url);
        json.optional("mime", self.mime.as_deref());
        json.optional("status", self.status.map(|s| s.to_string()).as_deref());
        json.optional("digest", self.digest.as_deref());
        json.pair("length", &self.length.to_string());
        json.pair("offset", &self.offset.to_string());
        json.pair("filename", &self.filename);
        json.optional("recordDigest", self.record_digest.as_deref());
        json.optional("requestBody", self.request_body.as_deref());
        json.optional("method", self.method.as_deref());
        format!("{} {} {{{}}}", self.surt, self.timestamp, json.0)
    }
}

/// Reads a line (without its LF). No entry where it cannot be told which bytes of which file it means.
pub fn parse(line: &[u8]) -> (Option<Entry>, Vec<Finding>) {
    let mut findings = Vec::new();
    let entry = parse_into(line, &mut findings);
    (entry, findings)
}

/// `timestamp` of a WARC-Date: the digits, fraction dropped, what a short date leaves out filled with its start.
pub fn timestamp(warc_date: &str) -> Option<String> {
    let whole = warc_date.split('.').next().unwrap_or_default();
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let expected = whole.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | 'T' | 'Z'));
    if !expected || !matches!(digits.len(), 4 | 6 | 8 | 12 | 14) {
        return None;
    }
    let start_of_time = "00000101000000";
    Some(digits.clone() + start_of_time.get(digits.len()..)?)
}

fn parse_into(line: &[u8], findings: &mut Vec<Finding>) -> Option<Entry> {
    let mut wrong = |message: String| findings.push(Finding::new(&rules::INDEX_LINE, message));
    let Ok(text) = std::str::from_utf8(line) else {
        wrong("The index line is not UTF-8.".into());
        return None;
    };
    let mut fields = text.trim_end_matches(['\r', '\n']).splitn(3, ' ');
    let (Some(surt), Some(timestamp), Some(json)) = (fields.next(), fields.next(), fields.next()) else {
        wrong("The index line is not a SURT, a timestamp and a JSON object.".into());
        return None;
    };
    if !matches!(timestamp.len(), 14 | 17) || !timestamp.bytes().all(|b| b.is_ascii_digit()) {
        wrong(format!("The index timestamp {timestamp:?} is not 14 or 17 digits."));
    }
    let json: Map<String, Value> = match serde_json::from_str(json) {
        Ok(json) => json,
        Err(error) => {
            wrong(format!("The index line's JSON cannot be read: {error}."));
            return None;
        }
    };
    entry_of(surt, timestamp, &json, findings)
}

fn entry_of(
    surt: &str,
    timestamp: &str,
    json: &Map<String, Value>,
    findings: &mut Vec<Finding>,
) -> Option<Entry> {
    let mut missing = |key: &str| {
        findings.push(Finding::new(&rules::INDEX_LINE, format!("The index line has no usable \"{key}\".")));
    };
    let (url, filename) = (text(json, "url"), text(json, "filename"));
    let (offset, length) = (number(json, "offset"), number(json, "length"));
    let present = [("url", url.is_some()), ("filename", filename.is_some())];
    let present = present.into_iter().chain([("offset", offset.is_some()), ("length", length.is_some())]);
    present.filter(|(_, there)| !there).for_each(|(key, _)| missing(key));
    Some(Entry {
        surt: surt.to_owned(),
        timestamp: timestamp.to_owned(),
        url: url?,
        mime: text(json, "mime").filter(|m| m != "-"),
        status: number(json, "status").and_then(|s| u16::try_from(s).ok()),
        digest: text(json, "digest").filter(|d| d != "-"),
        length: length?,
        offset: offset?,
        filename: filename?,
        record_digest: text(json, "recordDigest"),
        request_body: text(json, "requestBody"),
        method: text(json, "method"),
    })
}

fn text(json: &Map<String, Value>, key: &str) -> Option<String> {
    json.get(key)?.as_str().map(str::to_owned)
}

/// A number, bare (wabac, js-wacz) or as a string (cdxj-indexer, pywb).
fn number(json: &Map<String, Value>, key: &str) -> Option<u64> {
    let value = json.get(key)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// JSON text in the spelling of Python's `json.dumps`.
#[derive(Default)]
struct Object(String);

impl Object {
    fn pair(&mut self, key: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push_str(", ");
        }
        self.0.push_str(&format!("\"{key}\": \""));
        value.chars().for_each(|c| self.push_escaped(c));
        self.0.push('"');
    }

    fn optional(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.pair(key, value);
        }
    }

    fn push_escaped(&mut self, c: char) {
        match c {
            '"' | '\\' => self.0.extend(['\\', c]),
            '\n' => self.0.push_str("\\n"),
            '\r' => self.0.push_str("\\r"),
            '\t' => self.0.push_str("\\t"),
            '\x08' => self.0.push_str("\\b"),
            '\x0c' => self.0.push_str("\\f"),
            ' '..='~' => self.0.push(c),
            _ => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| self.0.push_str(&format!("\\u{unit:04x}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::surt;

    /// What cdxj-indexer 1.5.0 wrote of a WARC made by hand: odd characters, no type, resource, dns, revisit.
    const VECTORS: &str = include_str!("cdxj/vectors.cdxj");

    #[test]
    fn lines_are_written_as_cdxj_indexer_writes_them() {
        for line in VECTORS.lines() {
            let (entry, findings) = parse(line.as_bytes());
            assert_eq!(findings, []);
            let entry = entry.unwrap();
            assert_eq!(entry.line(), line);
            assert_eq!(surt::key(&entry.url), entry.surt);
        }
    }

    #[test]
    fn bare_numbers_and_milliseconds_are_read() {
        let line = br#"com,example)/ 20250404212528123 {"url":"https://example.com/","status":200,"length":15,"offset":7,"filename":"a.warc.gz","mime":"-","extra":[1]}"#;
        let (entry, findings) = parse(line);
        assert_eq!(findings, []);
        let entry = entry.unwrap();
        assert_eq!((entry.status, entry.length, entry.offset), (Some(200), 15, 7));
        assert_eq!((entry.mime, entry.timestamp.len()), (None, 17));
    }

    #[test]
    fn a_line_that_names_no_bytes_is_a_finding_and_no_entry() {
        for line in [
            "",
            "com,example)/",
            "com,example)/ 20250404212528 {",
            r#"com,example)/ 20250404212528 {"url":"http://example.com/","filename":"a.warc","length":"3"}"#,
            r#"com,example)/ 20250404212528 {"url":"u","filename":"a.warc","length":"3","offset":"-1"}"#,
        ] {
            let (entry, findings) = parse(line.as_bytes());
            assert_eq!((entry, findings.len()), (None, 1), "{line}");
            assert_eq!(findings[0].code, "index-line");
        }
    }

    #[test]
    fn timestamps_drop_the_fraction_and_fill_short_dates() {
        assert_eq!(timestamp("2024-03-01T12:00:05.999999Z").as_deref(), Some("20240301120005"));
        assert_eq!(timestamp("2024-03").as_deref(), Some("20240301000000"));
        assert_eq!(timestamp("2024-03-01T12:00Z").as_deref(), Some("20240301120000"));
        assert_eq!(timestamp("2024-03-01T12:00:00+01:00"), None);
        assert_eq!(timestamp("yesterday"), None);
    }
}
