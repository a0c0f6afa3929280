//! The head of a record: version line and named fields.

use super::RecordType;
use super::fields::{Fields, Oddities};
use crate::finding::{Finding, Severity, rules};

/// The version on a record's first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// ARC 1.x, whose fields are made from its URL-record line.
    Arc,
    /// Drafts before the standard: 0.17, 0.18 and whatever else is not known.
    Draft,
    /// ISO 28500:2009.
    V1_0,
    /// ISO 28500:2017.
    V1_1,
}

/// Version, fields and place of one record.
#[derive(Clone, Debug)]
pub struct Head {
    /// Byte offset in the file: of the gzip member that the record begins in, or of the record itself.
    pub offset: u64,
    /// Byte offset in the uncompressed content of that member; 0 where each record has its own.
    pub inner_offset: u64,
    /// The version line's version.
    pub version: Version,
    /// The named fields.
    pub fields: Fields,
    /// The bytes from the version line to the empty line, as they stand in the file.
    pub raw: Vec<u8>,
    /// Content-Length, where it is a number.
    pub content_length: Option<u64>,
}

impl Head {
    /// Parses the bytes of a head. Content never fails; what is odd comes back as findings.
    pub(crate) fn parse(raw: Vec<u8>, offset: u64, inner_offset: u64) -> (Self, Vec<Finding>) {
        let line_end = memchr::memchr(b'\n', &raw).map_or(raw.len(), |n| n + 1);
        let (version_line, lines) = raw.split_at_checked(line_end).unwrap_or((&raw, &[]));
        let mut findings = Vec::new();
        let version = parse_version(version_line, &mut findings);
        let (fields, mut odd) = Fields::parse(lines);
        odd.bare_lf |= !version_line.ends_with(b"\r\n");
        odd.surplus_cr |= version_line.ends_with(b"\r\r\n");
        report_oddities(odd, version, &mut findings);
        let content_length = parse_length(&fields, &mut findings);
        let head = Self { offset, inner_offset, version, fields, raw, content_length };
        for finding in &mut findings {
            finding.offset = Some(offset);
            finding.record = head.id().map(str::to_owned);
        }
        (head, findings)
    }

    /// The record's type; [`RecordType::Unknown`] holds what is not in the standard, and an absent field.
    pub fn record_type(&self) -> RecordType {
        let value = self.fields.get("WARC-Type").unwrap_or_default();
        let known = KNOWN.iter().find(|(name, _)| name.eq_ignore_ascii_case(value));
        known.map_or_else(|| RecordType::from(value), |(_, known)| known.clone())
    }

    /// WARC-Record-ID without its angle brackets.
    pub fn id(&self) -> Option<&str> {
        self.fields.get("WARC-Record-ID").map(bare_uri)
    }

    /// WARC-Target-URI; brackets, which some writers put around it, are taken off.
    pub fn target_uri(&self) -> Option<&str> {
        self.fields.get("WARC-Target-URI").map(bare_uri)
    }

    /// WARC-Date as it stands.
    pub fn date(&self) -> Option<&str> {
        self.fields.get("WARC-Date")
    }

    /// True for a block that is an HTTP message of the kind the record's type says.
    pub fn holds_http(&self) -> bool {
        let http = |kind: &str| {
            let content_type = self.fields.get("Content-Type").unwrap_or_default();
            starts_with(content_type, "application/http") && !content_type.to_ascii_lowercase().contains(kind)
        };
        match self.record_type() {
            RecordType::Response | RecordType::Revisit => http("request"),
            RecordType::Request => http("response"),
            _ => false,
        }
    }
}

/// The types of the standard, the most common first.
static KNOWN: [(&str, RecordType); 8] = [
    ("response", RecordType::Response),
    ("request", RecordType::Request),
    ("metadata", RecordType::Metadata),
    ("revisit", RecordType::Revisit),
    ("resource", RecordType::Resource),
    ("conversion", RecordType::Conversion),
    ("warcinfo", RecordType::WarcInfo),
    ("continuation", RecordType::Continuation),
];

/// Whether `value` begins with `start`, whatever the case.
pub(crate) fn starts_with(value: &str, start: &str) -> bool {
    value.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

/// A URI without the angle brackets that WARC puts around identifiers, or what some writers put in their place.
pub(crate) fn bare_uri(value: &str) -> &str {
    let mut value = value.trim();
    if value.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) {
        return value;
    }
    for (open, close) in [('<', '>'), ('<', '>'), ('{', '}'), ('[', ']'), ('"', '"')] {
        value = value.strip_prefix(open).and_then(|v| v.strip_suffix(close)).unwrap_or(value);
    }
    value
}

fn parse_version(line: &[u8], findings: &mut Vec<Finding>) -> Version {
    let line = line.trim_ascii_end();
    match line {
        b"WARC/1.1" => return Version::V1_1,
        b"WARC/1.0" => return Version::V1_0,
        _ => {}
    }
    let upper = line.to_ascii_uppercase();
    if line != upper {
        let text = String::from_utf8_lossy(line.get(..40).unwrap_or(line)).into_owned();
        findings.push(Finding::new(&rules::VERSION_CASE, format!("version line says {text:?}")));
    }
    match upper.as_slice() {
        b"WARC/1.1" => return Version::V1_1,
        b"WARC/1.0" => return Version::V1_0,
        b"WARC/0.17" | b"WARC/0.18" | b"WARC/0.16" => {
            let text = String::from_utf8_lossy(line).into_owned();
            findings.push(Finding::new(&rules::VERSION_DRAFT, format!("version line says {text}")));
        }
        other => {
            let text = String::from_utf8_lossy(other.get(..40).unwrap_or(other)).into_owned();
            findings.push(Finding::new(&rules::VERSION_UNKNOWN, format!("version line says {text:?}")));
        }
    }
    Version::Draft
}

fn report_oddities(odd: Oddities, version: Version, findings: &mut Vec<Finding>) {
    if odd.bare_lf {
        findings.push(Finding::new(&rules::HEAD_BARE_LF, "header lines end in LF instead of CR LF"));
    }
    if odd.surplus_cr {
        findings.push(Finding::new(&rules::HEAD_CONTROL, "header lines end in CR CR LF instead of CR LF"));
    }
    if odd.control {
        findings.push(Finding::new(&rules::HEAD_CONTROL, "a header field holds a control character"));
    }
    if odd.folded {
        findings.push(Finding::new(&rules::HEAD_FOLDED, "a header field is folded over several lines"));
    }
    if odd.not_utf8 {
        let severity = if version == Version::V1_1 { Severity::Error } else { Severity::Warning };
        findings.push(Finding::new(&rules::HEAD_NOT_UTF8, "a header field is not UTF-8").graded(severity));
    }
    if odd.no_colon.is_some() {
        findings.push(Finding::new(&rules::HEAD_NO_COLON, "a header line has no colon"));
    }
    if odd.bad_name.is_some() {
        findings.push(Finding::new(&rules::HEAD_BAD_NAME, "a header field's name is not a token"));
    }
}

fn parse_length(fields: &Fields, findings: &mut Vec<Finding>) -> Option<u64> {
    let Some(value) = fields.get("Content-Length") else {
        findings.push(Finding::new(
            &rules::LENGTH_MISSING,
            "no Content-Length: where the block ends is not said",
        ));
        return None;
    };
    let length = value.bytes().all(|b| b.is_ascii_digit()).then(|| value.parse().ok()).flatten();
    if length.is_none() {
        findings
            .push(Finding::new(&rules::LENGTH_INVALID, format!("Content-Length {value:?} is not a length")));
    }
    length
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> (Head, Vec<&'static str>) {
        let (head, findings) = Head::parse(text.as_bytes().to_vec(), 7, 0);
        assert!(findings.iter().all(|f| f.offset == Some(7)));
        (head, findings.iter().map(|f| f.code).collect())
    }

    #[test]
    fn a_good_head_has_no_finding() {
        let (head, codes) = parse(
            "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:x:1>\r\nContent-Length: 5\r\n\r\n",
        );
        assert!(codes.is_empty(), "{codes:?}");
        assert_eq!((head.version, head.id(), head.content_length), (Version::V1_1, Some("urn:x:1"), Some(5)));
        assert_eq!(head.record_type(), RecordType::Response);
    }

    #[test]
    fn lengths_that_are_none_are_said() {
        for value in ["-5", "1e3", "", "0x10", "99999999999999999999999", "1 2", "+5"] {
            let (head, codes) = parse(&format!("WARC/1.1\r\nContent-Length: {value}\r\n\r\n"));
            assert_eq!(head.content_length, None, "{value}");
            assert_eq!(codes, ["content-length-invalid"], "{value}");
        }
        assert_eq!(parse("WARC/1.0\r\n\r\n").1, ["content-length-missing"]);
    }

    #[test]
    fn an_id_is_known_in_any_brackets() {
        for text in ["<urn:x:1>", "urn:x:1", " <<urn:x:1>> ", "{urn:x:1}", "[urn:x:1]", "\"urn:x:1\""] {
            assert_eq!(bare_uri(text), "urn:x:1", "{text}");
        }
        assert_eq!(bare_uri("http://a/(b)[c]"), "http://a/(b)[c]");
    }

    #[test]
    fn versions_are_graded() {
        assert_eq!(parse("WARC/0.17\r\nContent-Length: 0\r\n\r\n").1, ["version-draft"]);
        assert_eq!(parse("warc/1.1\r\nContent-Length: 0\r\n\r\n").1, ["version-case"]);
        assert_eq!(parse("WARC/7\r\nContent-Length: 0\r\n\r\n").1, ["version-unknown"]);
    }
}
