//! A head put right: each line as it stood but for what had to change, and what stood there kept under another name.

use super::originals::{Omitted, Originals, Worth};
use crate::digest::{Digest, ParseError};
use crate::warc::{Head, Limits, bare_uri};
use std::cmp::Reverse;
use std::net::IpAddr;

/// Before the name of a field whose value, as it was found, is kept beside the right one.
pub(super) const ORIGINAL: &str = "Fonds-Original-";
/// Says what was put right, in the words of [`super::Change`].
pub(super) const MENDED: &str = "Fonds-Mended";

/// Defined fields that may stand more than once.
const REPEATABLE: [&str; 3] = ["warc-concurrent-to", "warc-protocol", "warc-previous-record-id"];

/// Fields without which a record is none, so that its head is not made shorter by them.
const NEEDED: [&str; 4] = ["warc-record-id", "content-length", "warc-type", "warc-date"];

/// A head in lines.
pub(super) struct Lines {
    version: Vec<u8>,
    lines: Vec<Line>,
    originals: Originals,
    /// True where anything is not as it stood.
    changed: bool,
}

/// One field, folded lines and all, its line ends CR LF.
struct Line {
    name: String,
    bytes: Vec<u8>,
    /// Bytes of it as it stood, where they are not kept already.
    said: usize,
    /// True where what stood here before is kept already.
    kept: bool,
}

/// The head as it reads with its syntax put right, where that is not as it stood: what its digests are, and its id, is
/// told from this one. Place, bytes and length are those that the reader found.
pub(super) fn put_right(head: &Head) -> Option<Head> {
    let mut lines = Lines::new(head);
    if !is_warc(head) || !lines.put_syntax_right() {
        return None;
    }
    let (right, _) = Head::parse(lines.fields(), head.offset, head.inner_offset);
    Some(Head { raw: head.raw.clone(), content_length: head.content_length, ..right })
}

/// True for a head with a version line, as an ARC's has none.
pub(super) fn is_warc(head: &Head) -> bool {
    head.raw.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"WARC/"))
}

impl Lines {
    /// Takes a head apart.
    pub(super) fn new(head: &Head) -> Self {
        let mut lines =
            Self { version: Vec::new(), lines: Vec::new(), originals: Originals::default(), changed: false };
        let mut first = true;
        for line in head.raw.split_inclusive(|b| *b == b'\n') {
            lines.changed |= !line.ends_with(b"\r\n") || line.ends_with(b"\r\r\n");
            let end = line.iter().rposition(|b| !matches!(b, b'\r' | b'\n')).map_or(0, |at| at + 1);
            let text = line.get(..end).unwrap_or_default();
            match (std::mem::take(&mut first), text) {
                (true, _) => lines.version = text.to_vec(),
                (_, []) => {}
                (_, [b' ' | b'\t', ..]) => lines.fold(text, line.len()),
                _ => lines.lines.push(Line { said: line.len(), ..Line::new(text) }),
            }
        }
        lines
    }

    /// A head made of fields, where none stood.
    pub(super) fn made<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let line = |(name, value): (&str, &str)| Line::new(format!("{name}: {value}").as_bytes());
        Self {
            version: b"WARC/1.1".to_vec(),
            lines: fields.map(line).collect(),
            originals: Originals::default(),
            changed: true,
        }
    }

    fn fold(&mut self, text: &[u8], said: usize) {
        match self.lines.last_mut() {
            Some(line) => {
                line.bytes.extend_from_slice(text);
                line.bytes.extend_from_slice(b"\r\n");
                line.said += said;
            }
            None => self.lines.push(Line { said, ..Line::new(text) }),
        }
    }

    /// True where anything is not as it stood.
    pub(super) fn changed(&self) -> bool {
        self.changed
    }

    /// Gives a field another value, in its place; the value that it had is kept.
    pub(super) fn replace(&mut self, name: &str, value: &str) {
        let mut line = Line::new(format!("{name}: {value}").as_bytes());
        match self.lines.iter_mut().find(|line| line.is(name)) {
            Some(found) => {
                // The field's name is written as its writer wrote it.
                line = Line { said: 0, ..Line::new(format!("{}: {value}", found.name).as_bytes()) };
                let old = std::mem::replace(found, line);
                self.keep(&old, Worth::Value);
            }
            None => self.lines.push(line),
        }
        self.changed = true;
    }

    /// Adds a field at the end.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.lines.push(Line::new(format!("{name}: {value}").as_bytes()));
        self.changed = true;
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.lines.iter().any(|line| line.is(name))
    }

    fn keep(&mut self, line: &Line, worth: Worth) {
        if !line.kept {
            let value = without_controls(&line.bytes, |byte| format!("%{byte:02X}"));
            self.originals.keep([ORIGINAL.as_bytes(), &value].concat(), line.said, worth);
        }
    }

    /// Puts the syntax right that readers refuse; gives whether anything was.
    pub(super) fn put_syntax_right(&mut self) -> bool {
        let before = self.changed;
        self.put_version_right();
        self.put_text_right();
        self.put_controls_right();
        self.put_names_right();
        self.put_repeats_right();
        self.put_values_right();
        self.changed |= !self.originals.is_empty();
        self.changed || before
    }

    /// A control character has no place in a head: a blank stands for it.
    fn put_controls_right(&mut self) {
        for line in std::mem::take(&mut self.lines) {
            let bytes = without_controls(&line.bytes, |_| " ".to_owned());
            if bytes == line.bytes {
                self.lines.push(line);
                continue;
            }
            let text = bytes.strip_suffix(b"\r\n").unwrap_or(&bytes);
            let mut right = Line { said: line.said, ..Line::new(text) };
            if right.is_field() {
                self.keep(&line, Worth::of(&right.name));
                (right.kept, right.said) = (true, 0);
            }
            self.lines.push(right);
            self.changed = true;
        }
    }

    fn put_version_right(&mut self) {
        const KNOWN: [&[u8]; 5] = [b"WARC/1.1", b"WARC/1.0", b"WARC/0.18", b"WARC/0.17", b"WARC/0.16"];
        let upper = self.version.to_ascii_uppercase();
        if KNOWN.contains(&upper.as_slice()) {
            self.changed |= upper != self.version;
            self.version = upper;
        } else {
            let said = String::from_utf8_lossy(&self.version).into_owned();
            self.keep(&Line::new(format!("Version: {said}").as_bytes()), Worth::Value);
            self.version = b"WARC/1.0".to_vec();
        }
    }

    /// WARC/1.1 is UTF-8; bytes that are not are read as Latin-1, which every byte is.
    fn put_text_right(&mut self) {
        if self.version != b"WARC/1.1" {
            return;
        }
        for line in &mut self.lines {
            if std::str::from_utf8(&line.bytes).is_err() {
                let text: String = line.bytes.iter().map(|b| char::from(*b)).collect();
                *line = Line {
                    said: line.said,
                    kept: line.kept,
                    ..Line::new(text.strip_suffix("\r\n").unwrap_or(&text).as_bytes())
                };
                self.changed = true;
            }
        }
    }

    /// What is no field is kept as the value of one.
    fn put_names_right(&mut self) {
        for line in std::mem::take(&mut self.lines) {
            if line.is_field() {
                self.lines.push(line);
            } else if let Some(trimmed) = line.with_trimmed_name() {
                self.lines.push(trimmed);
                self.changed = true;
            } else {
                let text = String::from_utf8_lossy(&line.bytes).replace(['\r', '\n'], " ");
                let kept = format!("{ORIGINAL}Line: {}\r\n", text.trim());
                self.originals.keep(kept.into_bytes(), line.said, Worth::Line);
            }
        }
    }

    fn put_repeats_right(&mut self) {
        let mut seen: Vec<String> = Vec::new();
        let mut kept = Vec::new();
        for line in std::mem::take(&mut self.lines) {
            let (name, defined) = (line.name.to_ascii_lowercase(), line.is_defined());
            if defined && seen.contains(&name) && !REPEATABLE.contains(&name.as_str()) {
                self.keep(&line, Worth::Line);
                continue;
            }
            if defined && seen.len() < 64 {
                seen.push(name);
            }
            kept.push(line);
        }
        self.lines = kept;
    }

    fn put_values_right(&mut self) {
        if self.value("WARC-IP-Address").is_some_and(|value| value.parse::<IpAddr>().is_err()) {
            self.take_out("WARC-IP-Address");
        }
        if let Some(uri) = self.value("WARC-Target-URI").filter(|uri| uri.contains(char::is_whitespace)) {
            self.replace("WARC-Target-URI", &without_blanks(&uri));
        }
        if let Some(id) = self.value("WARC-Record-ID")
            && !is_id(&id)
            && let Some(bare) = uri_in(&id)
        {
            self.replace("WARC-Record-ID", &format!("<{bare}>"));
        }
        if let Some(date) = self.value("WARC-Date").and_then(|date| in_utc(&date)) {
            self.replace("WARC-Date", &date);
        }
    }

    /// The value of a field; folded lines stay as they are in it.
    fn value(&self, name: &str) -> Option<String> {
        let line = self.lines.iter().find(|line| line.is(name))?;
        let value = String::from_utf8_lossy(line.bytes.get(line.name.len() + 1..)?).into_owned();
        Some(value.trim_matches([' ', '\t', '\r', '\n']).to_owned())
    }

    /// Takes a field away; the value that it had is kept.
    pub(super) fn take_out(&mut self, name: &str) {
        if let Some(at) = self.lines.iter().position(|line| line.is(name)) {
            let line = self.lines.remove(at);
            self.keep(&line, Worth::Value);
            self.changed = true;
        }
    }

    /// From version line to empty line, without what is kept of the head as it stood.
    fn fields(&self) -> Vec<u8> {
        let mut out = self.version.clone();
        out.extend_from_slice(b"\r\n");
        self.lines.iter().for_each(|line| out.extend_from_slice(&line.bytes));
        out.extend_from_slice(b"\r\n");
        out
    }

    /// From version line to empty line, and what is not in it; `None` where no reader would take such a head.
    pub(super) fn finish(mut self) -> Option<(Vec<u8>, Omitted)> {
        let (kept, mut omitted) = self.originals.within_room();
        let room = Limits::default().head.checked_sub(kept.len() + Omitted::FIELD)?;
        self.shorten(room, &mut omitted);
        let mut out = self.fields();
        if out.len() > room {
            return None;
        }
        out.truncate(out.len() - 2);
        out.extend_from_slice(&kept);
        out.extend_from_slice(omitted.field().as_bytes());
        out.extend_from_slice(b"\r\n");
        Some((out, omitted))
    }

    /// Takes out what a record can do without, fields of no standard and long ones first, until the rest fits.
    fn shorten(&mut self, room: usize, omitted: &mut Omitted) {
        let mut length = self.fields().len();
        if length <= room {
            return;
        }
        let needed = |line: &Line| NEEDED.iter().any(|name| line.is(name)) || line.is(MENDED);
        let mut order: Vec<usize> = (0..self.lines.len()).collect();
        order
            .sort_by_key(|at| self.lines.get(*at).map(|line| (line.is_defined(), Reverse(line.bytes.len()))));
        for at in order {
            let Some(line) = self.lines.get_mut(at).filter(|line| length > room && !needed(line)) else {
                continue;
            };
            length -= line.bytes.len();
            omitted.count(line.said);
            line.bytes.clear();
        }
        self.lines.retain(|line| !line.bytes.is_empty());
    }
}

impl Line {
    fn new(text: &[u8]) -> Self {
        let colon = memchr::memchr(b':', text).unwrap_or(0);
        let name = String::from_utf8_lossy(text.get(..colon).unwrap_or_default()).into_owned();
        let bytes = [text, b"\r\n"].concat();
        Self { name, said: bytes.len(), bytes, kept: false }
    }

    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn is_defined(&self) -> bool {
        is_defined(&self.name)
    }

    fn is_field(&self) -> bool {
        is_token(&self.name)
    }

    fn with_trimmed_name(&self) -> Option<Self> {
        let trimmed = self.name.trim();
        let value = self.bytes.get(self.name.len()..)?;
        let bytes = [trimmed.as_bytes(), value].concat();
        is_token(trimmed).then(|| Self { name: trimmed.to_owned(), bytes, ..*self })
    }
}

/// True for the name of a field that WARC defines, or may.
pub(super) fn is_defined(name: &str) -> bool {
    let starts = name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("warc-"));
    starts || ["content-length", "content-type"].iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// The same bytes with something else for each control character; tabs and line ends are none here.
fn without_controls(bytes: &[u8], instead: impl Fn(u8) -> String) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match (*byte, behind) {
            (b'\r', [b'\n', after @ ..]) => {
                out.extend_from_slice(b"\r\n");
                rest = after;
            }
            (byte, _) if byte.is_ascii_control() && byte != b'\t' => out.extend(instead(byte).into_bytes()),
            (byte, _) => out.push(byte),
        }
    }
    out
}

/// RFC 9110 §5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// White space percent-encoded, as a URI must have it.
fn without_blanks(uri: &str) -> String {
    let mut out = String::with_capacity(uri.len() + 8);
    for c in uri.trim().chars() {
        match c {
            c if c.is_whitespace() => c.to_string().bytes().for_each(|b| out.push_str(&format!("%{b:02X}"))),
            c => out.push(c),
        }
    }
    out
}

/// The URI of an identifier whose brackets are missing, surplus or of another kind; `None` where it is no URI.
fn uri_in(id: &str) -> Option<&str> {
    let bare = bare_uri(id.trim_start_matches('<').trim_end_matches('>'));
    is_uri(bare).then_some(bare)
}

/// True for a URI in angle brackets (WARC/1.1 §5.2).
fn is_id(id: &str) -> bool {
    id.starts_with('<') && id.ends_with('>') && is_uri(id.trim_start_matches('<').trim_end_matches('>'))
}

pub(super) fn is_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

/// A date that is an instant but not written in UTC, so written; `None` where it is right, or no instant.
fn in_utc(date: &str) -> Option<String> {
    let zoned = date.len() > 20 && !date.ends_with('Z') && date.contains('T');
    let instant: jiff::Timestamp = zoned.then(|| date.parse().ok())??;
    Some(instant.to_string())
}

/// True for a W3C date in UTC, of any granularity from a year to a fraction of a second (WARC/1.1 §5.4).
pub(super) fn is_date(date: &str) -> bool {
    let filled = match date.len() {
        4 => format!("{date}-01-01T00:00:00Z"),
        7 => format!("{date}-01T00:00:00Z"),
        10 => format!("{date}T00:00:00Z"),
        17 if date.ends_with('Z') => format!("{}:00Z", date.trim_end_matches('Z')),
        20.. => date.to_owned(),
        _ => return false,
    };
    let at = |n| filled.as_bytes().get(n).copied();
    let fraction = filled.get(19..).and_then(|rest| rest.strip_suffix('Z'));
    let digits = |rest: &str| (1..=9).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit());
    (at(4), at(10)) == (Some(b'-'), Some(b'T'))
        && fraction.is_some_and(|text| text.is_empty() || text.strip_prefix('.').is_some_and(digits))
        && filled.parse::<jiff::Timestamp>().is_ok()
}

/// True for a field that holds something other than a digest.
pub(super) fn is_malformed_digest(head: &Head, field: &str) -> bool {
    matches!(head.fields.get(field).map(Digest::parse), Some(Err(ParseError::Malformed(_))))
}
