//! The chunked transfer coding taken off while bytes arrive (RFC 9112 §7.1), tolerant of what servers do to it.

use crate::finding::{Finding, rules};

/// A de-chunker that is pushed to: any slices in, slices of the decoded body out, nothing buffered but the
/// digits of a chunk size.
///
/// When a chunk breaks the syntax, the coding is at an end ([`ChunkState::Broken`]) and all that follows, the
/// broken piece included, is handed on as it is.
#[derive(Debug)]
pub struct Dechunk {
    step: Step,
    size: u64,
    digits: bool,
    /// The bytes of a size line whose size is not yet known to be one, to be handed on if it breaks.
    held: Vec<u8>,
    line_text: bool,
    seen: Seen,
    broken: Option<&'static str>,
}

/// Where a de-chunker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkState {
    /// The first chunk's size line is not complete.
    Start,
    /// Chunks are coming.
    Running,
    /// The last chunk was seen, the trailer section's empty line was not.
    Trailers,
    /// The body is complete.
    Done,
    /// The first size line broke the syntax: this was never in chunks.
    Plain,
    /// A later chunk broke the syntax.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Size,
    SizeSpace,
    Extension,
    SizeLf,
    Data,
    DataEnd,
    DataLf,
    Trailer,
    Done,
    Raw,
}

#[derive(Debug, Default)]
struct Seen {
    chunks: u64,
    extensions: u64,
    lf_only: u64,
    trailers: u64,
}

/// Digits of a size held at most, leading zeros included; more is no chunk size.
const HELD: usize = 64;

impl Default for Dechunk {
    fn default() -> Self {
        Self::new()
    }
}

impl Dechunk {
    /// A de-chunker at the front of a body.
    pub fn new() -> Self {
        Self {
            step: Step::Size,
            size: 0,
            digits: false,
            held: Vec::new(),
            line_text: false,
            seen: Seen::default(),
            broken: None,
        }
    }

    /// Takes bytes, hands decoded ones to `sink`, and gives how many belong to the body: less than all only
    /// where the body is complete.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(&[u8])) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() && self.step != Step::Done {
            let used = match self.step {
                Step::Raw => self.raw(rest, sink),
                Step::Data => self.data(rest, sink),
                Step::Extension => self.extension(rest),
                _ => self.byte(rest, sink),
            };
            rest = rest.get(used..).unwrap_or_default();
        }
        bytes.len() - rest.len()
    }

    /// Hands on what was held of a size line that never came to its end. To be called once, after the last push.
    pub fn flush(&mut self, sink: &mut dyn FnMut(&[u8])) {
        if self.seen.chunks == 0 && self.step != Step::Done && !self.held.is_empty() {
            sink(&self.held);
        }
        self.held.clear();
    }

    /// Where it stands.
    pub fn state(&self) -> ChunkState {
        match self.step {
            Step::Done => ChunkState::Done,
            Step::Raw if self.seen.chunks == 0 => ChunkState::Plain,
            Step::Raw => ChunkState::Broken,
            Step::Trailer => ChunkState::Trailers,
            _ if self.seen.chunks == 0 => ChunkState::Start,
            _ => ChunkState::Running,
        }
    }

    /// What was odd. A body cut before its last chunk is for the caller to report, who knows whether it was cut
    /// on purpose; so is a body that was never in chunks.
    pub fn findings(&self) -> Vec<Finding> {
        let seen = &self.seen;
        let counted = [
            (&rules::HTTP_CHUNK_LF, seen.lf_only),
            (&rules::HTTP_CHUNK_EXTENSION, seen.extensions),
            (&rules::HTTP_TRAILERS, seen.trailers),
        ];
        let mut findings: Vec<Finding> = counted
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(rule, count)| Finding::new(rule, format!("{} ({count})", rule.meaning)))
            .collect();
        if let (Some(what), ChunkState::Broken) = (self.broken, self.state()) {
            let rule = if what == DELIMITER { &rules::HTTP_CHUNK_DELIMITER } else { &rules::HTTP_CHUNK_SIZE };
            findings.push(Finding::new(rule, format!("After {} chunks, {what}.", seen.chunks)));
        }
        findings
    }

    fn raw(&mut self, rest: &[u8], sink: &mut dyn FnMut(&[u8])) -> usize {
        sink(rest);
        rest.len()
    }

    fn data(&mut self, rest: &[u8], sink: &mut dyn FnMut(&[u8])) -> usize {
        let take = usize::try_from(self.size).unwrap_or(usize::MAX).min(rest.len());
        sink(rest.get(..take).unwrap_or(rest));
        self.size -= take as u64;
        if self.size == 0 {
            self.step = Step::DataEnd;
        }
        take
    }

    fn extension(&mut self, rest: &[u8]) -> usize {
        let Some(at) = memchr::memchr(b'\n', rest) else {
            self.line_text = rest.last() == Some(&b'\r');
            return rest.len();
        };
        let after_cr = match at.checked_sub(1) {
            Some(before) => rest.get(before) == Some(&b'\r'),
            None => self.line_text,
        };
        self.end_size(!after_cr);
        at + 1
    }

    /// One byte of syntax.
    fn byte(&mut self, rest: &[u8], sink: &mut dyn FnMut(&[u8])) -> usize {
        let Some(byte) = rest.first().copied() else { return 0 };
        match self.step {
            Step::Size | Step::SizeSpace | Step::SizeLf => self.size_byte(byte, sink),
            Step::DataEnd | Step::DataLf => self.delimiter(byte, sink),
            _ => self.trailer(byte),
        }
        1
    }

    fn size_byte(&mut self, byte: u8, sink: &mut dyn FnMut(&[u8])) {
        self.held.push(byte);
        match (self.step, byte) {
            (Step::Size, digit) if digit.is_ascii_hexdigit() => self.digit(digit, sink),
            (Step::Size | Step::SizeSpace, b' ' | b'\t') if self.digits && self.held.len() < HELD => {
                self.step = Step::SizeSpace;
            }
            (Step::Size | Step::SizeSpace, b';') if self.digits => {
                self.seen.extensions += 1;
                self.line_text = false;
                self.step = Step::Extension;
            }
            (Step::Size | Step::SizeSpace, b'\r') if self.digits => self.step = Step::SizeLf,
            (Step::Size | Step::SizeSpace, b'\n') if self.digits => self.end_size(true),
            (Step::SizeLf, b'\n') => self.end_size(false),
            _ => self.break_off("a chunk size is not a hexadecimal number", sink),
        }
    }

    fn digit(&mut self, digit: u8, sink: &mut dyn FnMut(&[u8])) {
        let value = char::from(digit).to_digit(16).map_or(0, u64::from);
        match self.size.checked_mul(16) {
            Some(size) if self.held.len() < HELD => {
                self.size = size | value;
                self.digits = true;
            }
            _ => self.break_off("a chunk size is too big for any body", sink),
        }
    }

    fn end_size(&mut self, lf_only: bool) {
        self.seen.lf_only += u64::from(lf_only);
        self.seen.chunks += 1;
        self.held.clear();
        self.digits = false;
        self.line_text = false;
        self.step = if self.size == 0 { Step::Trailer } else { Step::Data };
    }

    fn delimiter(&mut self, byte: u8, sink: &mut dyn FnMut(&[u8])) {
        match (self.step, byte) {
            (Step::DataEnd, b'\r') => {
                self.held.push(byte);
                self.step = Step::DataLf;
            }
            (_, b'\n') => {
                self.seen.lf_only += u64::from(self.step == Step::DataEnd);
                self.held.clear();
                self.step = Step::Size;
            }
            _ => {
                self.held.push(byte);
                self.break_off(DELIMITER, sink);
            }
        }
    }

    fn trailer(&mut self, byte: u8) {
        match byte {
            b'\n' if self.line_text => {
                self.seen.trailers += 1;
                self.line_text = false;
            }
            b'\n' => self.step = Step::Done,
            b'\r' => {}
            _ => self.line_text = true,
        }
    }

    fn break_off(&mut self, what: &'static str, sink: &mut dyn FnMut(&[u8])) {
        self.broken = Some(what);
        self.step = Step::Raw;
        sink(&self.held);
        self.held.clear();
    }
}

const DELIMITER: &str = "a chunk's data is not followed by CRLF";

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    fn decode(bytes: &[u8], slice: usize) -> (Vec<u8>, usize, ChunkState, Vec<&'static str>) {
        let (mut dechunk, mut out, mut used) = (Dechunk::new(), Vec::new(), 0);
        for piece in bytes.chunks(slice) {
            used += dechunk.push(piece, &mut |data| out.extend_from_slice(data));
        }
        dechunk.flush(&mut |data| out.extend_from_slice(data));
        (out, used, dechunk.state(), dechunk.findings().iter().map(|finding| finding.code).collect())
    }

    #[test]
    fn every_kind_of_chunked_body_comes_out_the_same_in_any_slices() {
        type Case = (&'static [u8], &'static [u8], ChunkState, &'static [&'static str]);
        let cases: [Case; 15] = [
            (b"5\r\nhello\r\n0\r\n\r\n", b"hello", ChunkState::Done, &[]),
            (b"5 ;a=b\r\nhello\r\n0;c\r\n\r\n", b"hello", ChunkState::Done, &["http-chunk-extension"]),
            (b"5\nhello\n0\n\n", b"hello", ChunkState::Done, &["http-chunk-lf"]),
            (
                b"5;x\nhello\r\n0\r\n\r\n",
                b"hello",
                ChunkState::Done,
                &["http-chunk-lf", "http-chunk-extension"],
            ),
            (b"005\r\nhello\r\n000\r\nA: b\r\nC: d\r\n\r\n", b"hello", ChunkState::Done, &["http-trailers"]),
            (
                b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
                b"01234567890123456789",
                ChunkState::Done,
                &[],
            ),
            (b"5\r\nhello\r\n", b"hello", ChunkState::Running, &[]),
            (b"5\r\nhello\r\n0\r\n", b"hello", ChunkState::Trailers, &[]),
            (b"ff\r\nhello", b"hello", ChunkState::Running, &[]),
            (b"5\r\nhello\r\n-1\r\nmore", b"hello-1\r\nmore", ChunkState::Broken, &["http-chunk-size"]),
            (
                b"5\r\nhello\r\nfffffffffffffffff\r\n",
                b"hellofffffffffffffffff\r\n",
                ChunkState::Broken,
                &["http-chunk-size"],
            ),
            (b"5\r\nhelloworld", b"helloworld", ChunkState::Broken, &["http-chunk-delimiter"]),
            (b"<p>plain</p>", b"<p>plain</p>", ChunkState::Plain, &[]),
            (b"dead letters", b"dead letters", ChunkState::Plain, &[]),
            (b"dead", b"dead", ChunkState::Start, &[]),
        ];
        for (bytes, body, state, codes) in cases {
            for slice in 1..=bytes.len() {
                let (out, used, at, found) = decode(bytes, slice);
                let shown = String::from_utf8_lossy(bytes);
                assert_eq!((out.as_slice(), used, at), (body, bytes.len(), state), "{shown} by {slice}");
                assert_eq!(found, codes, "{shown}");
            }
        }
    }

    #[test]
    fn bytes_after_the_last_chunk_are_not_taken() {
        let (out, used, state, _) = decode(b"1\r\nx\r\n0\r\n\r\nHTTP/1.1", 100);
        assert_eq!((out.as_slice(), used, state), (&b"x"[..], 11, ChunkState::Done));
    }

    #[test]
    fn endless_digits_take_no_memory() {
        let mut dechunk = Dechunk::new();
        let mut out = 0;
        for _ in 0..10_000 {
            dechunk.push(b"0000000000", &mut |data| out += data.len());
        }
        assert_eq!((dechunk.state(), out), (ChunkState::Plain, 100_000));
        assert!(dechunk.held.capacity() <= 2 * HELD);
    }
}
