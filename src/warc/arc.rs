//! ARC, the format before WARC (Internet Archive, 1996): a version block, then for each document a line
//! `URL IP-address Archive-date Content-type Archive-length` and its bytes; version 2 has ten fields on the line.
//!
//! A record is given the same [`Head`] as in WARC, its fields made from the line: type `warcinfo` for the version block,
//! `response` for what came over HTTP, `resource` for the rest. ARC has no record ids and no digests to check.

use super::fields::Fields;
use super::head::{Head, Version};
use crate::finding::{Finding, Severity, rules};
use std::net::IpAddr;

/// What a URL-record line says, as it stands.
#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    url: &'a str,
    ip: &'a str,
    date: &'a str,
    mime: &'a str,
    length: &'a str,
    extra: Option<[&'a str; 5]>,
}

/// The five fields that ARC 2.0 adds, as they stand; `-` where one says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extra {
    /// HTTP status.
    pub(crate) result: String,
    /// Of the document; of what kind is the writer's business.
    pub(crate) checksum: String,
    /// Where a redirect leads.
    pub(crate) location: String,
    /// Of this line in the file.
    pub(crate) offset: String,
    /// Of the ARC.
    pub(crate) filename: String,
}

/// What ARC 2.0 adds on this record's line; `None` for ARC 1.0 and for WARC.
pub(crate) fn extra(head: &Head) -> Option<Extra> {
    if head.version != Version::Arc {
        return None;
    }
    let text = String::from_utf8_lossy(&head.raw);
    let [result, checksum, location, offset, filename] =
        Line::parse(text.trim_end_matches(['\r', '\n']))?.extra?.map(str::to_owned);
    Some(Extra { result, checksum, location, offset, filename })
}

/// True for a line that surely is a URL-record line: it has a URL, an address, a date and a length in their places.
pub(super) fn is_record_line(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let Some(line) = Line::parse(text.trim_end_matches('\r')) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let length = line.length.strip_prefix('-').unwrap_or(line.length);
    let address = line.ip.parse::<IpAddr>().is_ok() || matches!(line.ip, "0" | "None" | "-");
    // A hash stands in the date's place in files of 1997.
    let date = line.date.len() >= 8 && line.date.bytes().all(|b| b.is_ascii_hexdigit());
    has_scheme(line.url) && address && date && digits(length)
}

fn has_scheme(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// The head that a URL-record line stands for.
pub(super) fn parse_head(raw: Vec<u8>, offset: u64, inner_offset: u64) -> (Head, Vec<Finding>) {
    let mut findings = Vec::new();
    let text = String::from_utf8_lossy(&raw).into_owned();
    let line = Line::parse(text.trim_end_matches(['\r', '\n'])).unwrap_or(Line {
        url: "",
        ip: "",
        date: "",
        mime: "",
        length: "",
        extra: None,
    });
    let content_length = line.length.parse().ok();
    if content_length.is_none() {
        let message = format!("Archive-length {:?} is not a length", line.length);
        findings.push(Finding::new(&rules::LENGTH_INVALID, message));
    }
    let date = w3c_date(line.date);
    if let Some(severity) = date_severity(line.date, date.as_deref()) {
        let message = format!("Archive-date {:?} is not YYYYMMDDhhmmss", line.date);
        findings.push(Finding::new(&rules::ARC_DATE, message).graded(severity));
    }
    if line.url.contains(char::is_whitespace) {
        let message = format!("the URL {:?} holds white space", line.url);
        findings.push(Finding::new(&rules::URI_SPACES, message).graded(Severity::Warning));
    }
    let fields = fields(&line, date.as_deref(), content_length);
    let head = Head { offset, inner_offset, version: Version::Arc, fields, raw, content_length };
    (head, findings.into_iter().map(|f| f.at(offset)).collect())
}

fn fields(line: &Line<'_>, date: Option<&str>, length: Option<u64>) -> Fields {
    let scheme = line.url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let (record_type, content_type) = match scheme.as_str() {
        "filedesc" => ("warcinfo", line.mime),
        "http" | "https" => ("response", "application/http;msgtype=response"),
        _ => ("resource", line.mime),
    };
    let mut text = format!("WARC-Type: {record_type}\r\nWARC-Target-URI: {}\r\n", line.url);
    let ip = Some(line.ip).filter(|ip| ip.parse::<IpAddr>().is_ok());
    let length = length.map(|length| length.to_string());
    for (name, value) in [
        ("WARC-Date", date),
        ("WARC-IP-Address", ip),
        ("Content-Type", Some(content_type)),
        ("Content-Length", length.as_deref()),
    ] {
        if let Some(value) = value {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    Fields::parse(text.as_bytes()).0
}

/// Archive-date as WARC-Date has it; what of a date is not said is its beginning.
fn w3c_date(digits: &str) -> Option<String> {
    if !(8..=17).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let full = format!("{digits:0<14}");
    let part = |from: usize, to: usize| full.get(from..to).unwrap_or_default();
    let date = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    );
    date.parse::<jiff::Timestamp>().is_ok().then_some(date)
}

/// Fourteen digits are right; other numbers of them can be understood; what is no date at all cannot.
fn date_severity(said: &str, date: Option<&str>) -> Option<Severity> {
    match date {
        Some(_) if said.len() == 14 => None,
        Some(_) => Some(Severity::Warning),
        None => Some(Severity::Error),
    }
}

impl<'a> Line<'a> {
    /// From the right: lengths and dates hold no spaces, URLs and types do.
    fn parse(text: &'a str) -> Option<Self> {
        Self::second(text).or_else(|| Self::first(text))
    }

    /// `URL IP date type result checksum location offset filename length`.
    fn second(text: &'a str) -> Option<Self> {
        let mut from_right = text.rsplitn(10, ' ');
        let mut next = || from_right.next();
        let (length, name, offset, location) = (next()?, next()?, next()?, next()?);
        let (checksum, result, mime, date, ip, url) = (next()?, next()?, next()?, next()?, next()?, next()?);
        let result_fits = result.strip_prefix('-').unwrap_or(result).bytes().all(|b| b.is_ascii_digit());
        let fits = offset.bytes().all(|b| b.is_ascii_digit()) && result_fits && w3c_date(date).is_some();
        let extra = Some([result, checksum, location, offset, name]);
        fits.then_some(Self { url, ip, date, mime, length, extra })
    }

    /// `URL IP date type length`.
    fn first(text: &'a str) -> Option<Self> {
        let (rest, length) = text.rsplit_once(' ')?;
        let by_date = || {
            // A type with spaces in it: the date is the last word that is one.
            rest.rmatch_indices(' ').find_map(|(at, _)| {
                let (before, mime) = (rest.get(..at)?, rest.get(at + 1..)?);
                let (front, date) = before.rsplit_once(' ')?;
                let (url, ip) = front.rsplit_once(' ')?;
                w3c_date(date).map(|_| Self { url, ip, date, mime, length, extra: None })
            })
        };
        by_date().or_else(|| {
            let (before, mime) = rest.rsplit_once(' ')?;
            let (front, date) = before.rsplit_once(' ')?;
            let (url, ip) = front.rsplit_once(' ')?;
            Some(Self { url, ip, date, mime, length, extra: None })
        })
    }
}

#[cfg(test)]
mod tests;
