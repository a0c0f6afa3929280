//! A request's body as query arguments (CDX for non-GET requests, IIPC draft; as pywb and cdxj-indexer do it).

use super::json;
use crate::message::body::Body;
use crate::message::payload::{Head as HttpHead, Payload};
use crate::warc::Record;
use std::io::{self, Read};

/// Characters of a body that go into a key.
const LONGEST: usize = 4096;
/// Bytes of a body that are read; a longer one is taken as if it ended there.
const READ: u64 = 4 << 20;
/// Bytes read where the request does not say how long its body is.
const UNSAID: u64 = 8192;

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// In upper case.
    pub(super) method: String,
    /// The body as query arguments; `None` for methods that have none, which leave the key as it is.
    pub(super) body: Option<String>,
}

/// Reads a request record; `None` where its block is no request.
pub(super) fn read(record: &mut Record<'_>) -> io::Result<Option<Asked>> {
    let body = Body::new(record, Payload::request())?;
    let Some(HttpHead::Request(head)) = body.head() else { return Ok(None) };
    let method = String::from_utf8_lossy(&head.method).to_ascii_uppercase();
    if !matches!(method.as_str(), "POST" | "PUT") {
        return Ok(Some(Asked { method, body: None }));
    }
    let content_type = body.field("Content-Type").unwrap_or_default();
    let length = match body.field("Content-Length") {
        Some(length) => length.trim().parse().unwrap_or(0),
        None => UNSAID,
    };
    let mut bytes = Vec::new();
    body.decoded(READ).take(length.min(READ)).read_to_end(&mut bytes)?;
    let query = arguments(&content_type, &bytes).chars().take(LONGEST).collect();
    Ok(Some(Asked { method, body: Some(query) }))
}

/// A body as arguments.
pub(super) fn arguments(content_type: &str, bytes: &[u8]) -> String {
    let mime = content_type.trim_start();
    if mime.starts_with("application/x-www-form-urlencoded") {
        std::str::from_utf8(bytes).map_or_else(|_| binary(bytes), unquoted)
    } else if mime.starts_with("multipart/") {
        multipart(mime, bytes).unwrap_or_else(|| binary(bytes))
    } else if mime.starts_with("application/json") {
        json::arguments(bytes).unwrap_or_default()
    } else if mime.starts_with("text/plain") {
        json::arguments(bytes).unwrap_or_else(|| binary(bytes))
    } else {
        binary(bytes)
    }
}

/// `name=value` pairs, percent-encoded as in a form.
pub(super) fn encoded<'a>(pairs: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        quote(name, &mut out);
        out.push('=');
        quote(value, &mut out);
    }
    out
}

fn quote(bytes: &[u8], out: &mut String) {
    for &byte in bytes {
        match byte {
            b' ' => out.push('+'),
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'.' | b'-' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

fn binary(bytes: &[u8]) -> String {
    // Longer than the key can take, so there is no need to encode all of it.
    let start = bytes.get(..LONGEST).unwrap_or(bytes);
    format!("__wb_post_data={}", data_encoding::BASE64.encode(start))
}

/// Percent-escapes and plus signs undone, once.
fn unquoted(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match (byte, tail) {
            (b'+', _) => out.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                _ => out.push(b'%'),
            },
            _ => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// The parts of a form (RFC 7578); `None` where the boundary is not said or not found.
fn multipart(mime: &str, bytes: &[u8]) -> Option<String> {
    let (_, boundary) = mime.split_once("boundary=")?;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut at = memchr::memmem::find(bytes, delimiter.as_bytes())? + delimiter.len();
    let finder = format!("\r\n{delimiter}");
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.starts_with(b"--")) {
        let Some(end) = memchr::memmem::find(rest, finder.as_bytes()) else { break };
        parts.extend(rest.get(..end).and_then(part));
        at += end + finder.len();
    }
    Some(encoded(parts))
}

/// Name and value of one part, which begins behind its delimiter.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let bytes = bytes.get(memchr::memchr(b'\n', bytes)? + 1..)?;
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")?;
    let (head, value) = (bytes.get(..end)?, bytes.get(end + 4..)?);
    let name = head.split(|b| *b == b'\n').find_map(disposition_name)?;
    Some((name, value))
}

fn disposition_name(line: &[u8]) -> Option<&[u8]> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at_checked(colon)?;
    if !name.trim_ascii().eq_ignore_ascii_case(b"content-disposition") {
        return None;
    }
    let at = memchr::memmem::find_iter(value, b"name=").find(|at| {
        // `filename=` ends in the same letters.
        at.checked_sub(1).and_then(|i| value.get(i)).is_some_and(|b| matches!(b, b' ' | b';' | b'\t'))
    })?;
    let value = value.get(at + 5..)?.trim_ascii_end();
    match value.strip_prefix(b"\"") {
        Some(quoted) => quoted.get(..memchr::memchr(b'"', quoted)?),
        None => value.split(|b| matches!(b, b';' | b' ')).next(),
    }
}
