//! Heads of HTTP/1.x messages: the start line and the fields, in order, with repeats, as bytes.

use crate::finding::{Finding, Rule, rules};

/// How much of a head is read. What lies beyond is counted and reported, never allocated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes of one head, from its first line to the empty line.
    pub bytes: usize,
    /// Fields of one head.
    pub fields: usize,
}

impl Default for HeadLimits {
    /// 2 MiB and 20 000 fields, above anything seen in the wild.
    fn default() -> Self {
        Self { bytes: 2 << 20, fields: 20_000 }
    }
}

/// What an HTTP message calls its protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// `HTTP/major.minor` in single digits.
    Http(u8, u8),
    /// `ICY`, from SHOUTcast servers.
    Icy,
    /// Anything else, as it was sent.
    Odd(Vec<u8>),
}

impl Version {
    /// True where connections persist by default (RFC 9112 §9.3).
    pub fn persists(&self) -> bool {
        matches!(self, Self::Http(1, 1..))
    }
}

/// One header field as it was sent; optional white space around the value is left off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in its own case.
    pub name: Vec<u8>,
    /// The value; folded lines are joined by one space.
    pub value: Vec<u8>,
}

/// The fields of a head in the order sent, repeats kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<Field>);

impl Fields {
    /// The first value of a field, its name compared without case.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// Every value of a field in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| field.value.as_slice())
    }

    /// The members of a comma-separated field over all its lines (RFC 9110 §5.6.1), empty ones left out.
    pub fn list<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.all(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(trim)
            .filter(|member| !member.is_empty())
    }

    /// The first value of a field as text, bytes that are not UTF-8 replaced.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.0.iter()
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The head of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// The protocol named by the status line.
    pub version: Version,
    /// The status code where the line has one of three digits.
    pub status: Option<u16>,
    /// The reason phrase, often empty.
    pub reason: Vec<u8>,
    /// The fields in order.
    pub fields: Fields,
    /// Bytes of the head in the message, the empty line and any bytes before the first line included.
    pub len: usize,
}

/// The head of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// The method in its own case.
    pub method: Vec<u8>,
    /// The request target as sent.
    pub target: Vec<u8>,
    /// The protocol named by the request line.
    pub version: Version,
    /// The fields in order.
    pub fields: Fields,
    /// Bytes of the head in the message, the empty line included.
    pub len: usize,
}

impl ResponseHead {
    /// Parses the head at the front of `bytes`, up to its empty line or, where there is none, all of them.
    pub fn parse(bytes: &[u8], limits: &HeadLimits) -> (Self, Vec<Finding>) {
        let mut parse = Parse::new(bytes, limits, leading_bytes(bytes));
        let line = parse.start_line();
        let (word, rest) = split_space(&line);
        let version = parse.version(word);
        let (status, reason) = parse.status(rest);
        let fields = parse.fields();
        let (len, findings) = parse.end();
        (Self { version, status, reason, fields, len }, findings)
    }

    /// True for interim responses, which another follows (1xx but 101).
    pub fn is_interim(&self) -> bool {
        matches!(self.status, Some(100 | 102..=199))
    }
}

impl RequestHead {
    /// Parses the head at the front of `bytes`, up to its empty line or, where there is none, all of them.
    pub fn parse(bytes: &[u8], limits: &HeadLimits) -> (Self, Vec<Finding>) {
        let mut parse = Parse::new(bytes, limits, empty_lines(bytes));
        let line = parse.start_line();
        let (method, rest) = split_space(&line);
        let (target, version) = match rest.iter().rposition(|byte| *byte == b' ') {
            Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default()),
            None => (rest, &[][..]),
        };
        if target.is_empty() {
            parse.tally.note(&rules::HTTP_REQUEST_LINE, 1);
        }
        let version = parse.version(version);
        let (method, target) = (method.to_vec(), trim(target).to_vec());
        let fields = parse.fields();
        let (len, findings) = parse.end();
        (Self { method, target, version, fields, len }, findings)
    }
}

/// Where the head at the front of `bytes` ends (the offset after its empty line), if it does: lines may end
/// in CRLF, LF, or both mixed; empty lines before the first line are passed over.
pub fn head_end(bytes: &[u8]) -> Option<usize> {
    let mut lines = Lines { rest: bytes, pos: 0 };
    let mut begun = false;
    while let Some(line) = lines.next() {
        match line.text.is_empty() {
            true if begun && line.ended => return Some(lines.pos),
            true => {}
            false => begun = true,
        }
    }
    None
}

/// How the first bytes of a response look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// A status line begins at this offset.
    StatusLine(usize),
    /// No status line: all of it is body, as in HTTP/0.9.
    Body,
    /// More bytes are needed to tell.
    Unknown,
}

/// Bytes that may stand before a status line (as browsers allow: a late CRLF, a byte-order mark).
const SLOP: usize = 4;
const MARKS: [&[u8]; 2] = [b"http", b"icy "];

/// Bytes that always suffice for [`opening`] to tell.
pub(super) const OPENING: usize = SLOP + 4;

/// Tells a status line from a bare body by its first bytes.
pub(super) fn opening(bytes: &[u8]) -> Opening {
    for offset in 0..=SLOP {
        let rest = bytes.get(offset..).unwrap_or_default();
        if MARKS.iter().any(|mark| starts_with(rest, mark)) {
            return Opening::StatusLine(offset);
        }
        if MARKS.iter().any(|mark| starts_with(mark, rest)) {
            return Opening::Unknown;
        }
    }
    Opening::Body
}

/// True for an empty line or the first letters of a status line, cut.
pub(super) fn is_cut_opening(bytes: &[u8]) -> bool {
    let rest = bytes.get(empty_lines(bytes)..).unwrap_or_default();
    MARKS.iter().any(|mark| starts_with(mark, rest))
}

fn starts_with(bytes: &[u8], start: &[u8]) -> bool {
    bytes.get(..start.len()).is_some_and(|front| front.eq_ignore_ascii_case(start))
}

fn leading_bytes(bytes: &[u8]) -> usize {
    match opening(bytes) {
        Opening::StatusLine(offset) => offset,
        Opening::Body | Opening::Unknown => 0,
    }
}

fn empty_lines(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
}

/// Without the optional white space at both ends (SP and HTAB, RFC 9110 §5.6.3).
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

fn split_space(line: &[u8]) -> (&[u8], &[u8]) {
    let at = line.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(at).unwrap_or((line, &[]));
    (word, trim(rest))
}

struct Line<'a> {
    text: &'a [u8],
    lf_only: bool,
    ended: bool,
}

/// Lines by LF, the CR before it left off.
struct Lines<'a> {
    rest: &'a [u8],
    pos: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let at = memchr::memchr(b'\n', self.rest);
        let len = at.map_or(self.rest.len(), |at| at + 1);
        let (raw, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        self.pos += len;
        let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
        let text = raw.strip_suffix(b"\r");
        Some(Line { lf_only: at.is_some() && text.is_none(), text: text.unwrap_or(raw), ended: at.is_some() })
    }
}

struct Parse<'a> {
    lines: Lines<'a>,
    number: usize,
    limit: usize,
    complete: bool,
    tally: Tally,
}

impl<'a> Parse<'a> {
    fn new(bytes: &'a [u8], limits: &HeadLimits, skip: usize) -> Self {
        let mut tally = Tally::default();
        let kept = bytes.get(..limits.bytes).unwrap_or(bytes);
        if kept.len() < bytes.len() && head_end(kept).is_none() {
            tally.note(&rules::HTTP_HEAD_LONG, 0);
        }
        if skip > 0 {
            tally.note(&rules::HTTP_LEADING_BYTES, 0);
        }
        let rest = kept.get(skip..).unwrap_or_default();
        Self { lines: Lines { rest, pos: skip }, number: 0, limit: limits.fields, complete: false, tally }
    }

    fn next_line(&mut self) -> Option<&'a [u8]> {
        let line = self.lines.next()?;
        self.number += 1;
        if line.lf_only {
            self.tally.note(&rules::HTTP_LF_ONLY, self.number);
        }
        if line.text.contains(&0) {
            self.tally.note(&rules::HTTP_NUL, self.number);
        }
        if !line.text.is_ascii() {
            self.tally.note(&rules::HTTP_8BIT, self.number);
        }
        self.complete = line.text.is_empty() && line.ended && self.number > 1;
        Some(line.text)
    }

    fn start_line(&mut self) -> Vec<u8> {
        self.next_line().map(|line| trim(line).to_vec()).unwrap_or_default()
    }

    fn version(&mut self, word: &[u8]) -> Version {
        let version = match word {
            [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => {
                Version::Http(major - b'0', minor - b'0')
            }
            b"ICY" => Version::Icy,
            odd => Version::Odd(odd.to_vec()),
        };
        match version {
            Version::Http(1, 0 | 1) => {}
            Version::Icy => self.tally.note(&rules::HTTP_ICY, 1),
            _ => self.tally.note(&rules::HTTP_VERSION, 1),
        }
        version
    }

    fn status(&mut self, rest: &[u8]) -> (Option<u16>, Vec<u8>) {
        let (code, reason) = split_space(rest);
        let status = match code {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                Some([a, b, c].iter().fold(0, |sum, digit| sum * 10 + u16::from(**digit - b'0')))
            }
            _ => None,
        };
        if status.is_none() {
            self.tally.note(&rules::HTTP_STATUS_LINE, 1);
            return (None, rest.to_vec());
        }
        (status, reason.to_vec())
    }

    fn fields(&mut self) -> Fields {
        let mut fields = Vec::new();
        while let Some(line) = self.next_line() {
            if self.complete {
                break;
            }
            self.field(line, &mut fields);
        }
        Fields(fields)
    }

    fn field(&mut self, line: &[u8], fields: &mut Vec<Field>) {
        if let [b' ' | b'\t', ..] = line {
            self.tally.note(&rules::HTTP_FOLDED, self.number);
            if let Some(last) = fields.last_mut() {
                last.value.push(b' ');
                last.value.extend_from_slice(trim(line));
                return;
            }
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            return self.tally.note(&rules::HTTP_NO_COLON, self.number);
        };
        let (name, value) = line.split_at_checked(colon).unwrap_or((line, &[]));
        if matches!(name, [.., b' ' | b'\t']) {
            self.tally.note(&rules::HTTP_SPACE_BEFORE_COLON, self.number);
        }
        if fields.len() >= self.limit {
            return self.tally.note(&rules::HTTP_FIELDS_MANY, self.number);
        }
        let value = trim(value.strip_prefix(b":").unwrap_or(value));
        fields.push(Field { name: trim(name).to_vec(), value: value.to_vec() });
    }

    fn end(mut self) -> (usize, Vec<Finding>) {
        if !self.complete {
            self.tally.note(&rules::HTTP_HEAD_CUT, 0);
        }
        (self.lines.pos, self.tally.findings())
    }
}

/// Counts by rule, so that ten thousand bad lines are one finding a rule.
#[derive(Default)]
struct Tally(Vec<(&'static Rule, usize, usize)>);

impl Tally {
    fn note(&mut self, rule: &'static Rule, line: usize) {
        match self.0.iter_mut().find(|(known, ..)| *known == rule) {
            Some((_, count, _)) => *count += 1,
            None => self.0.push((rule, 1, line)),
        }
    }

    fn findings(self) -> Vec<Finding> {
        self.0
            .into_iter()
            .map(|(rule, count, line)| Finding::new(rule, sentence(rule, count, line)))
            .collect()
    }
}

fn sentence(rule: &Rule, count: usize, line: usize) -> String {
    let meaning = rule.meaning.trim_end_matches('.');
    match (count, line) {
        (_, 0) => rule.meaning.to_owned(),
        (1, line) => format!("{meaning} (line {line})."),
        (count, line) => format!("{meaning} ({count} lines, the first is line {line})."),
    }
}

#[cfg(test)]
mod tests;
