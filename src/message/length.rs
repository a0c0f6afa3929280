//! What a head declares about its body's length (RFC 9112 §6.3), as data for framer and reader alike.

use super::head::{Fields, Version, trim};
use crate::finding::{Finding, rules};

/// How the body ends, by its head alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// After this many bytes.
    Length(u64),
    /// With its last chunk.
    Chunked,
    /// Nothing usable is said: with the connection, or the record.
    Open,
}

pub(super) fn declared(fields: &Fields, version: &Version) -> (Declared, Vec<Finding>) {
    let mut findings = Vec::new();
    let transfer = transfer(fields, &mut findings);
    if transfer.is_some() && *version == Version::Http(1, 0) {
        findings.push(Finding::new(&rules::HTTP_TE_IN_10, rules::HTTP_TE_IN_10.meaning));
    }
    let length = length(fields, &mut findings);
    match (transfer, length) {
        (Some(declared), length) => {
            if length.is_some() {
                findings.push(Finding::new(&rules::HTTP_LENGTH_AND_TE, rules::HTTP_LENGTH_AND_TE.meaning));
            }
            (declared, findings)
        }
        (None, Some(length)) => (Declared::Length(length), findings),
        (None, None) => (Declared::Open, findings),
    }
}

/// True when one of the `Connection` options is this one.
pub(super) fn connection_says(fields: &Fields, option: &str) -> bool {
    fields.list("connection").any(|said| said.eq_ignore_ascii_case(option.as_bytes()))
}

fn transfer(fields: &Fields, findings: &mut Vec<Finding>) -> Option<Declared> {
    let all: Vec<String> = fields.list("transfer-encoding").map(coding).collect();
    let codings: Vec<&str> = all.iter().map(String::as_str).filter(|coding| *coding != "identity").collect();
    if codings.len() < all.len() {
        findings.push(Finding::new(&rules::HTTP_TE_IDENTITY, rules::HTTP_TE_IDENTITY.meaning));
    }
    let last = codings.last()?;
    if codings != ["chunked"] {
        let message = format!("Transfer-Encoding is \"{}\".", codings.join(", "));
        findings.push(Finding::new(&rules::HTTP_TE_OTHER, message));
    }
    Some(if *last == "chunked" { Declared::Chunked } else { Declared::Open })
}

/// A coding's name in lower case without its parameters, shortened for messages.
fn coding(member: &[u8]) -> String {
    let name = member.split(|byte| *byte == b';').next().map(trim).unwrap_or_default();
    let name = name.get(..40).unwrap_or(name);
    String::from_utf8_lossy(name).to_ascii_lowercase()
}

fn length(fields: &Fields, findings: &mut Vec<Finding>) -> Option<u64> {
    fields.get("content-length")?;
    let values: Vec<Option<u64>> = fields.list("content-length").map(number).collect();
    let first = values.first().copied().flatten();
    if first.is_none() || values.contains(&None) {
        let said = fields.list("content-length").next().unwrap_or_default();
        let said = String::from_utf8_lossy(said.get(..40).unwrap_or(said)).into_owned();
        findings.push(Finding::new(
            &rules::HTTP_LENGTH_BAD,
            format!("Content-Length is \"{said}\", not a number."),
        ));
        return None;
    }
    if values.iter().any(|value| *value != first) {
        findings.push(Finding::new(&rules::HTTP_LENGTH_DIFFERS, rules::HTTP_LENGTH_DIFFERS.meaning));
        return None;
    }
    if values.len() > 1 {
        findings.push(Finding::new(&rules::HTTP_LENGTH_REPEATED, rules::HTTP_LENGTH_REPEATED.meaning));
    }
    first
}

/// Digits only; a number too big for 64 bits is as good as endless.
fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(value.iter().fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

#[cfg(test)]
mod tests {
    use super::super::head::{HeadLimits, ResponseHead};
    use super::*;

    fn of(fields: &str) -> (Declared, Vec<&'static str>) {
        let bytes = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
        let (head, _) = ResponseHead::parse(bytes.as_bytes(), &HeadLimits::default());
        let (declared, findings) = declared(&head.fields, &head.version);
        (declared, findings.iter().map(|finding| finding.code).collect())
    }

    #[test]
    fn the_rules_of_rfc_9112_hold() {
        assert_eq!(of("A: b"), (Declared::Open, vec![]));
        assert_eq!(of("content-length: 12"), (Declared::Length(12), vec![]));
        assert_eq!(of("Transfer-Encoding: Chunked"), (Declared::Chunked, vec![]));
        assert_eq!(of("Content-Length: 5, 5"), (Declared::Length(5), vec!["http-length-repeated"]));
        assert_eq!(
            of("Content-Length: 5\r\nContent-Length: 6"),
            (Declared::Open, vec!["http-length-differs"])
        );
        for bad in ["-5", "abc", "5 6", "+5", "0x5", "", "5, x"] {
            assert_eq!(
                of(&format!("Content-Length: {bad}")),
                (Declared::Open, vec!["http-length-bad"]),
                "{bad}"
            );
        }
        assert_eq!(of("Content-Length: 99999999999999999999999"), (Declared::Length(u64::MAX), vec![]));
        assert_eq!(
            of("Content-Length: 5\r\nTransfer-Encoding: chunked"),
            (Declared::Chunked, vec!["http-length-and-te"])
        );
        assert_eq!(of("Transfer-Encoding: gzip, chunked"), (Declared::Chunked, vec!["http-te-other"]));
        assert_eq!(of("Transfer-Encoding: chunked, gzip"), (Declared::Open, vec!["http-te-other"]));
        assert_eq!(
            of("Transfer-Encoding: identity\r\nContent-Length: 3"),
            (Declared::Length(3), vec!["http-te-identity"])
        );
    }
}
