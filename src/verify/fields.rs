//! The rules for the named fields of one record (WARC/1.1 §5, §6), as tables.

use super::values::{self, is_misspelt_label, is_misspelt_type};
use crate::digest::{Digest, ParseError};
use crate::finding::{Finding, Severity, rules};
use crate::warc::{Head, RecordType, Version, starts_with};
use std::net::IpAddr;

use RecordType::{Continuation, Conversion, Metadata, Request, Resource, Response, Revisit, WarcInfo};

/// Where a field may stand. A type that is not in the standard may carry anything.
struct Place {
    field: &'static str,
    on: &'static [RecordType],
    clause: &'static str,
}

static PLACES: &[Place] = &[
    Place {
        field: "WARC-Concurrent-To",
        on: &[Request, Response, Resource, Metadata, Revisit],
        clause: "§5.7",
    },
    Place {
        field: "WARC-Payload-Digest",
        on: &[Request, Response, Resource, Revisit, Conversion, Continuation],
        clause: "§5.9",
    },
    Place {
        field: "WARC-IP-Address",
        on: &[Request, Response, Resource, Metadata, Revisit],
        clause: "§5.10",
    },
    Place { field: "WARC-Refers-To", on: &[Metadata, Revisit, Conversion], clause: "§5.11" },
    Place { field: "WARC-Refers-To-Target-URI", on: &[Revisit], clause: "§5.12" },
    Place { field: "WARC-Refers-To-Date", on: &[Revisit], clause: "§5.13" },
    Place {
        field: "WARC-Target-URI",
        on: &[Request, Response, Resource, Metadata, Revisit, Conversion, Continuation],
        clause: "§5.14",
    },
    Place {
        field: "WARC-Warcinfo-ID",
        on: &[Request, Response, Resource, Metadata, Revisit, Conversion, Continuation],
        clause: "§5.16",
    },
    Place { field: "WARC-Filename", on: &[WarcInfo], clause: "§5.17" },
    Place { field: "WARC-Profile", on: &[Revisit], clause: "§5.18" },
    Place { field: "WARC-Segment-Origin-ID", on: &[Continuation], clause: "§5.21" },
    Place { field: "WARC-Segment-Total-Length", on: &[Continuation], clause: "§5.22" },
];

/// Fields that a type must carry.
static NEEDED: &[(&str, &[RecordType])] = &[
    ("WARC-Target-URI", &[Request, Response, Resource, Revisit, Conversion, Continuation]),
    ("WARC-Profile", &[Revisit]),
    ("WARC-Segment-Number", &[Continuation]),
    ("WARC-Segment-Origin-ID", &[Continuation]),
];

/// Defined fields that may stand more than once.
static REPEATABLE: &[&str] = &["warc-concurrent-to", "warc-protocol", "warc-previous-record-id"];

/// Every rule for one head; ARC has none of these fields.
pub(super) fn check(head: &Head) -> Vec<Finding> {
    let mut out = Vec::new();
    if head.version == Version::Arc {
        return out;
    }
    let record_type = head.record_type();
    identity(head, &mut out);
    date(head, &mut out);
    record_type_known(head, &record_type, &mut out);
    places(head, &record_type, &mut out);
    repeats(head, &mut out);
    addresses(head, &mut out);
    digests(head, &mut out);
    values::check(head, &record_type, &mut out);
    segments(head, &record_type, &mut out);
    out.into_iter().map(|f| place(f, head)).collect()
}

/// Ties a finding to a record and its offset.
pub(super) fn place(finding: Finding, head: &Head) -> Finding {
    let finding = finding.at(head.offset);
    match head.id() {
        Some(id) => finding.of_record(id),
        None => finding,
    }
}

fn identity(head: &Head, out: &mut Vec<Finding>) {
    let Some(raw) = head.fields.get("WARC-Record-ID") else {
        out.push(Finding::new(&rules::ID_MISSING, "no WARC-Record-ID"));
        return;
    };
    let bracketed = raw.starts_with('<') && raw.ends_with('>');
    let bare = raw.trim_start_matches('<').trim_end_matches('>');
    let uri = bare.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && !bare.contains(char::is_whitespace)
    });
    if !bracketed || !uri {
        out.push(Finding::new(&rules::ID_INVALID, format!("WARC-Record-ID {raw:?} is not <uri>")));
    }
}

fn date(head: &Head, out: &mut Vec<Finding>) {
    let Some(value) = head.date() else {
        out.push(Finding::new(&rules::DATE_MISSING, "no WARC-Date"));
        return;
    };
    match date_precision(value) {
        None => {
            out.push(Finding::new(&rules::DATE_INVALID, format!("WARC-Date {value:?} is no W3C date in UTC")))
        }
        Some(precision) if head.version == Version::V1_0 && precision != Precision::Second => {
            let message = format!("WARC-Date {value:?} is not to the second, as WARC/1.0 has it");
            out.push(Finding::new(&rules::DATE_PRECISION, message));
        }
        Some(_) => {}
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Precision {
    Second,
    Other,
}

/// W3CDTF in UTC: year to fraction of a second (WARC/1.1 §5.4); `None` where it is no such date.
fn date_precision(value: &str) -> Option<Precision> {
    let filled = match value.len() {
        4 => format!("{value}-01-01T00:00:00Z"),
        7 => format!("{value}-01T00:00:00Z"),
        10 => format!("{value}T00:00:00Z"),
        17 => format!("{}:00Z", value.strip_suffix('Z')?),
        20.. => value.to_owned(),
        _ => return None,
    };
    let bytes = filled.as_bytes();
    let strict = bytes.get(4) == Some(&b'-') && bytes.get(10) == Some(&b'T') && bytes.last() == Some(&b'Z');
    let fraction = filled.get(19..filled.len() - 1)?;
    let fraction_ok = fraction.is_empty()
        || fraction
            .strip_prefix('.')
            .is_some_and(|d| (1..=9).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()));
    if !strict || !fraction_ok || filled.parse::<jiff::Timestamp>().is_err() {
        return None;
    }
    Some(if value.len() == 20 { Precision::Second } else { Precision::Other })
}

fn record_type_known(head: &Head, record_type: &RecordType, out: &mut Vec<Finding>) {
    match head.fields.get("WARC-Type") {
        None => out.push(Finding::new(&rules::TYPE_MISSING, "no WARC-Type")),
        Some(value) if matches!(record_type, RecordType::Unknown(_)) => {
            let severity = if is_misspelt_type(value) { Severity::Warning } else { Severity::Info };
            let message = format!("WARC-Type {value:?} is not in the standard");
            out.push(Finding::new(&rules::TYPE_UNKNOWN, message).graded(severity));
        }
        Some(_) => {}
    }
}

fn places(head: &Head, record_type: &RecordType, out: &mut Vec<Finding>) {
    if matches!(record_type, RecordType::Unknown(_)) {
        return;
    }
    for Place { field, on, clause } in PLACES {
        if head.fields.get(field).is_some() && !on.contains(record_type) {
            let message = format!("{field} does not belong on a {record_type} record ({clause})");
            out.push(Finding::new(&rules::FIELD_MISPLACED, message));
        }
    }
    for (field, on) in NEEDED {
        if on.contains(record_type) && head.fields.get(field).is_none_or(str::is_empty) {
            out.push(Finding::new(&rules::FIELD_MISSING, format!("a {record_type} record has no {field}")));
        }
    }
    uri(head, out);
}

fn uri(head: &Head, out: &mut Vec<Finding>) {
    let Some(value) = head.fields.get("WARC-Target-URI") else { return };
    if value.starts_with('<') && head.version == Version::V1_1 {
        out.push(Finding::new(&rules::URI_BRACKETS, "WARC-Target-URI stands in angle brackets"));
    }
    if value.contains(char::is_whitespace) {
        out.push(Finding::new(&rules::URI_SPACES, format!("WARC-Target-URI {value:?} holds white space")));
    }
}

fn repeats(head: &Head, out: &mut Vec<Finding>) {
    let mut seen: Vec<&str> = Vec::with_capacity(16);
    for (name, _) in head.fields.iter().filter(|(name, _)| is_defined(name)) {
        let among = |names: &[&str]| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        if among(&seen) && !among(REPEATABLE) {
            let name = name.to_ascii_lowercase();
            out.push(Finding::new(&rules::FIELD_REPEATED, format!("{name} stands more than once")));
        }
        // Bounded: no more than any head needs.
        if seen.len() < 64 {
            seen.push(name);
        }
    }
}

fn is_defined(name: &str) -> bool {
    starts_with(name, "warc-")
        || name.eq_ignore_ascii_case("content-length")
        || name.eq_ignore_ascii_case("content-type")
}

fn addresses(head: &Head, out: &mut Vec<Finding>) {
    if let Some(value) = head.fields.get("WARC-IP-Address")
        && value.parse::<IpAddr>().is_err()
    {
        out.push(Finding::new(&rules::IP_INVALID, format!("WARC-IP-Address {value:?} is no IP address")));
    }
}

fn digests(head: &Head, out: &mut Vec<Finding>) {
    for field in ["WARC-Block-Digest", "WARC-Payload-Digest"] {
        match head.fields.get(field).map(Digest::parse) {
            Some(Err(ParseError::Malformed(value))) => {
                out.push(Finding::new(&rules::DIGEST_MALFORMED, format!("{field} {value:?} is malformed")));
            }
            Some(Err(ParseError::UnknownAlgorithm(name))) => {
                let message = format!("{field} is of {name:?}, which is not computed here: not checked");
                // Else one altered byte of its label would do away with a digest.
                let severity = if is_misspelt_label(&name) { Severity::Warning } else { Severity::Info };
                out.push(Finding::new(&rules::DIGEST_UNKNOWN, message).graded(severity));
            }
            Some(Ok(_)) if head.fields.get(field).is_some_and(|value| !value.contains(':')) => {
                let message = format!("{field} has no colon between label and value");
                out.push(Finding::new(&rules::DIGEST_MALFORMED, message).graded(Severity::Warning));
            }
            _ => {}
        }
    }
}

fn segments(head: &Head, record_type: &RecordType, out: &mut Vec<Finding>) {
    if let Some(total) = head.fields.get("WARC-Segment-Total-Length")
        && total.parse::<u64>().is_err()
    {
        let message = format!("WARC-Segment-Total-Length {total:?} is not a number of octets");
        out.push(Finding::new(&rules::SEGMENT_TOTAL, message));
    }
    let Some(value) = head.fields.get("WARC-Segment-Number") else { return };
    let number: Option<u64> = value.parse().ok();
    let right = match record_type {
        Continuation => number.is_some_and(|n| n >= 2),
        _ => number == Some(1),
    };
    if !right {
        let message = format!("WARC-Segment-Number {value:?} on a {record_type} record");
        out.push(Finding::new(&rules::SEGMENT_NUMBER, message).graded(Severity::Error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(version: &str, fields: &str) -> Vec<&'static str> {
        let text = format!("{version}\r\n{fields}Content-Length: 0\r\n\r\n");
        check(&crate::warc::parse_head(text.into_bytes())).iter().map(|f| f.code).collect()
    }

    const GOOD: &str = "WARC-Type: response\r\nWARC-Record-ID: <urn:x:1>\r\nWARC-Date: 2020-01-01T00:00:00Z\r\nWARC-Target-URI: http://a/\r\n";

    #[test]
    fn a_good_response_has_no_finding() {
        assert!(codes("WARC/1.1", GOOD).is_empty());
    }

    #[test]
    fn each_rule_speaks_once() {
        for (from, to, code) in [
            ("<urn:x:1>", "urn:x:1", "record-id-invalid"),
            ("<urn:x:1>", "<urn:x: 1>", "record-id-invalid"),
            ("2020-01-01T00:00:00Z", "yesterday", "date-invalid"),
            ("2020-01-01T00:00:00Z", "2020-02-30T00:00:00Z", "date-invalid"),
            ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00+01:00", "date-invalid"),
            ("response", "respons", "type-unknown"),
            ("WARC-Target-URI: http://a/\r\n", "", "field-missing"),
            ("http://a/", "<http://a/>", "target-uri-brackets"),
            ("http://a/", "http://a/ b", "target-uri-spaces"),
            ("WARC-Target-URI", "WARC-Filename: a\r\nWARC-Target-URI", "field-misplaced"),
            ("WARC-Target-URI", "WARC-IP-Address: 1.2.3.444\r\nWARC-Target-URI", "ip-invalid"),
            ("WARC-Target-URI", "WARC-Block-Digest: sha1:x\r\nWARC-Target-URI", "digest-malformed"),
            ("WARC-Target-URI", "warc-type: response\r\nWARC-Target-URI", "field-repeated"),
        ] {
            assert_eq!(codes("WARC/1.1", &GOOD.replacen(from, to, 1)), [code], "{to}");
        }
    }

    #[test]
    fn dates_of_every_granularity_are_right_in_1_1_and_odd_in_1_0() {
        for date in ["2016", "2016-01", "2016-01-02", "2016-01-02T03:04Z", "2016-01-02T03:04:05.123456789Z"] {
            let fields = GOOD.replace("2020-01-01T00:00:00Z", date);
            assert!(codes("WARC/1.1", &fields).is_empty(), "{date}");
            assert_eq!(codes("WARC/1.0", &fields), ["date-precision"], "{date}");
        }
        for date in [
            "2016-1",
            "2016-01-02T03Z",
            "2016-01-02 03:04:05Z",
            "2016-01-02T03:04:05.1234567891Z",
            "2016-01-02T03:04:05.Z",
        ] {
            assert_eq!(
                codes("WARC/1.1", &GOOD.replace("2020-01-01T00:00:00Z", date)),
                ["date-invalid"],
                "{date}"
            );
        }
    }
}
