//! What the values of fields may be, and how their names are written: the rules that hold one field by itself, so that a
//! byte that was changed shows where no digest covers it.

use crate::digest::Algorithm;
use crate::finding::{Finding, rules};
use crate::warc::{Head, RecordType};

use RecordType::{Continuation, Request, Response, Revisit, WarcInfo};

/// Names that the standard defines (WARC/1.1 §5).
static DEFINED: &[&str] = &[
    "Content-Length",
    "Content-Type",
    "WARC-Block-Digest",
    "WARC-Concurrent-To",
    "WARC-Date",
    "WARC-Filename",
    "WARC-IP-Address",
    "WARC-Identified-Payload-Type",
    "WARC-Payload-Digest",
    "WARC-Profile",
    "WARC-Record-ID",
    "WARC-Refers-To",
    "WARC-Refers-To-Date",
    "WARC-Refers-To-Target-URI",
    "WARC-Segment-Number",
    "WARC-Segment-Origin-ID",
    "WARC-Segment-Total-Length",
    "WARC-Target-URI",
    "WARC-Truncated",
    "WARC-Type",
    "WARC-Warcinfo-ID",
    // Not in the standard, but in use and read here.
    "WARC-Cipher-Suite",
    "WARC-Previous-Record-ID",
    "WARC-Protocol",
];

/// Algorithms that are not computed here, and look like those that are.
static OTHER_LABELS: &[&str] = &["sha224", "sha0", "md2", "md4", "blake2"];

static TYPES: &[&str] =
    &["warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"];

/// Reasons for WARC-Truncated (§5.13); extensions are allowed, and none is known.
static REASONS: &[&str] = &["length", "time", "disconnect", "unspecified"];

/// Profiles of the standard and of its notes (§6.7.2, §6.7.3), behind `http://netpreserve.org/warc/` and a version.
static PROFILES: &[&str] =
    &["identical-payload-digest", "server-not-modified", "uri-agnostic-identical-payload-digest"];

/// Every rule for one head.
pub(super) fn check(head: &Head, record_type: &RecordType, out: &mut Vec<Finding>) {
    names(head, out);
    content_type(head, record_type, out);
    if let Some(value) = head.fields.get("WARC-Identified-Payload-Type") {
        media_type_form("WARC-Identified-Payload-Type", value, out);
    }
    if let Some(value) = head.fields.get("WARC-Truncated").filter(|value| !is_one_of(value, REASONS)) {
        let message = format!("WARC-Truncated {value:?} is none of the reasons that the standard has");
        out.push(Finding::new(&rules::TRUNCATED_UNKNOWN, message));
    }
    if let Some(value) = head.fields.get("WARC-Profile")
        && !is_known_profile(value)
    {
        let message = format!("WARC-Profile {value:?} is not known: what the block means is not looked at");
        out.push(Finding::new(&rules::PROFILE_UNKNOWN, message));
    }
}

/// True for a label that is an algorithm's but for one character, and no other algorithm's.
pub(super) fn is_misspelt_label(label: &str) -> bool {
    let bare = label.to_ascii_lowercase().replace('-', "");
    let known = |algorithm: &Algorithm| {
        is_near(algorithm.label(), label) || is_near(&algorithm.label().replace('-', ""), &bare)
    };
    !OTHER_LABELS.contains(&bare.as_str()) && Algorithm::ALL.iter().any(known)
}

/// True for a type that is one of the standard's but for one character.
pub(super) fn is_misspelt_type(name: &str) -> bool {
    TYPES.iter().any(|known| is_near(known, name))
}

fn is_known_profile(value: &str) -> bool {
    let base = |version: &&str| value.strip_prefix(*version);
    let behind = ["http://netpreserve.org/warc/1.0/revisit/", "http://netpreserve.org/warc/1.1/revisit/"];
    behind.iter().find_map(base).is_some_and(|name| PROFILES.contains(&name))
}

fn names(head: &Head, out: &mut Vec<Finding>) {
    for (name, value) in head.fields.iter() {
        if is_one_of(name, DEFINED) {
            continue;
        }
        if let Some(meant) =
            DEFINED.iter().find(|known| is_near(known, name) || is_parted(known, name, value))
        {
            let message = format!("the field {name:?} is one character off {meant}, and is not read as that");
            out.push(Finding::new(&rules::FIELD_MISSPELT, message));
        }
    }
}

fn is_one_of(value: &str, known: &[&str]) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(value))
}

/// One character changed, added or left out.
fn is_near(defined: &str, name: &str) -> bool {
    let (long, short) = if defined.len() > name.len() { (defined, name) } else { (name, defined) };
    match long.len() - short.len() {
        0 => long.bytes().zip(short.bytes()).filter(|(a, b)| !a.eq_ignore_ascii_case(b)).count() == 1,
        1 => {
            let same = |(a, b): &(u8, u8)| a.eq_ignore_ascii_case(b);
            let front = long.bytes().zip(short.bytes()).take_while(same).count();
            let back = long.bytes().rev().zip(short.bytes().rev()).take_while(same).count();
            front + back >= short.len()
        }
        _ => false,
    }
}

/// A colon stands in the place of one of its characters, so that the rest of the name begins the value.
fn is_parted(defined: &str, name: &str, value: &str) -> bool {
    let starts =
        |text: &str, with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    let Some(rest) = defined.get(name.len() + 1..) else { return false };
    starts(defined, name)
        && starts(value, rest)
        && value.get(rest.len()..).is_some_and(|rest| rest.starts_with(':'))
}

fn content_type(head: &Head, record_type: &RecordType, out: &mut Vec<Finding>) {
    let empty = head.content_length == Some(0);
    let Some(value) = head.fields.get("Content-Type") else {
        if !empty && *record_type != Continuation {
            out.push(Finding::new(&rules::CONTENT_TYPE_MISSING, "a record with a block has no Content-Type"));
        }
        return;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let expected = match (record_type, scheme(head).as_str()) {
        (WarcInfo, _) => "application/warc-fields",
        (Request | Response, "http" | "https") if !empty => "application/http",
        (Response | RecordType::Resource, "dns") if !empty => "text/dns",
        _ => "",
    };
    if !expected.is_empty() && essence != expected {
        let message = format!("Content-Type of this {record_type} record is {value:?}, not {expected}");
        out.push(Finding::new(&rules::CONTENT_TYPE_UNUSUAL, message));
    } else if essence == "application/http" && matches!(record_type, Request | Response | Revisit) {
        message_type(value, record_type, out);
    } else {
        media_type_form("Content-Type", value, out);
    }
}

fn scheme(head: &Head) -> String {
    head.target_uri()
        .and_then(|uri| uri.split_once(':'))
        .map_or(String::new(), |(s, _)| s.to_ascii_lowercase())
}

/// `application/http` may say which kind of message it is, which then has to be the record's (RFC 9112 §10.2).
fn message_type(value: &str, record_type: &RecordType, out: &mut Vec<Finding>) {
    let kind = if *record_type == Request { "request" } else { "response" };
    let fits = |parameter: &str| {
        parameter.is_empty()
            || parameter.split_once('=').is_some_and(|(name, value)| {
                let value = value.trim().trim_matches('"');
                match name.trim().to_ascii_lowercase().as_str() {
                    "msgtype" => value.eq_ignore_ascii_case(kind),
                    "version" => true,
                    _ => false,
                }
            })
    };
    if !value.split(';').skip(1).all(|parameter| fits(parameter.trim())) {
        let message =
            format!("Content-Type of this {record_type} record is {value:?}, not of an HTTP {kind}");
        out.push(Finding::new(&rules::CONTENT_TYPE_UNUSUAL, message));
    }
}

/// `type/subtype`, and what stands behind a semicolon is left alone (RFC 9110 §8.3.1): servers write much there.
fn media_type_form(field: &str, value: &str, out: &mut Vec<Finding>) {
    let essence = value.split(';').next().unwrap_or_default().trim();
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    if !essence.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub)) {
        out.push(Finding::new(&rules::MEDIA_TYPE, format!("{field} {value:?} is no media type")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(record_type: &str, fields: &str) -> Vec<&'static str> {
        let text = format!(
            "WARC/1.1\r\nWARC-Type: {record_type}\r\nWARC-Target-URI: http://a/\r\n{fields}Content-Length: 1\r\n\r\n"
        );
        let head = crate::warc::parse_head(text.into_bytes());
        let mut out = Vec::new();
        check(&head, &head.record_type(), &mut out);
        out.iter().map(|f| f.code).collect()
    }

    #[test]
    fn what_writers_write_is_right() {
        for value in [
            "application/http;msgtype=response",
            "application/http; msgtype=response",
            "Application/HTTP; msgtype=\"response\"; version=1.1",
            "application/http",
            "application/http;",
        ] {
            assert_eq!(codes("response", &format!("Content-Type: {value}\r\n")), [""; 0], "{value}");
        }
        for value in ["text/html", "text/html;charset", "image/svg+xml; a=b; c", "application/vnd.x-1.2"] {
            let fields = format!("Content-Type: {value}\r\nWARC-Identified-Payload-Type: {value}\r\n");
            assert_eq!(codes("resource", &fields), [""; 0], "{value}");
        }
        let fields = "Content-Type: a/b\r\nwarc-truncated: Time\r\nWARC-JSON-Metadata: {}\r\nWARC-Page-ID: 1\r\nX-WARC-Date: x\r\n";
        assert_eq!(codes("metadata", fields), [""; 0]);
    }

    #[test]
    fn one_byte_elsewhere_is_said() {
        for (record_type, fields, code) in [
            ("response", "Content-Type: application/httq\r\n", "content-type-unusual"),
            ("response", "Content-Type: application/http; msgtype=request\r\n", "content-type-unusual"),
            ("request", "Content-Type: application/http; msgtypf=request\r\n", "content-type-unusual"),
            ("resource", "Content-Type: text html\r\n", "media-type"),
            ("resource", "Content-Type: /html\r\n", "media-type"),
            ("resource", "Content-Type: a/b\r\nWARC-Identified-Payload-Type: html\r\n", "media-type"),
            ("resource", "Content-Type: a/b\r\nWARC-Truncated: lengthy\r\n", "truncated-unknown"),
            ("revisit", "Content-Type: a/b\r\nWARC-Profile: http://a/revisit/other\r\n", "profile-unknown"),
            ("resource", "Content-Type: a/b\r\nWARC-IP-Addresr: 1.2.3.4\r\n", "field-misspelt"),
            ("resource", "Content-Type: a/b\r\nWARC-Refers-T: <a:b>\r\n", "field-misspelt"),
            ("resource", "Content-Type: a/b\r\nWARC-Block:Digest: sha1:x\r\n", "field-misspelt"),
            ("resource", "Content-Type: a/b\r\nContent--Type: c/d\r\n", "field-misspelt"),
        ] {
            assert_eq!(codes(record_type, fields), [code], "{fields}");
        }
        assert!(is_misspelt_label("sha257") && is_misspelt_label("SHA-2561") && is_misspelt_label("nd5"));
        assert!(
            is_misspelt_label("SHA-2561") && !is_misspelt_label("crc32c") && !is_misspelt_label("sha224")
        );
    }
}
