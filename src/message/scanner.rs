//! Finds the end of a head while its bytes arrive, in a bounded buffer.

use super::head::{HeadLimits, OPENING, Opening, RequestHead, ResponseHead, is_cut_opening, opening};
use crate::finding::{Finding, rules};

/// Which kind of message is coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Response,
}

/// What became of the bytes pushed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// All were taken, the head goes on.
    More,
    /// The head ended after this many of the bytes pushed.
    End(usize),
    /// There is no head: the bytes held so far ([`Scanner::taken`]) and those of this push are body.
    NoHead,
}

/// Collects one head. Bytes over the limit are scanned and counted but not kept.
#[derive(Debug)]
pub(super) struct Scanner {
    limit: usize,
    kept: Vec<u8>,
    len: u64,
    decided: bool,
    begun: bool,
    line: LineState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineState {
    Empty,
    Cr,
    Text,
}

impl Scanner {
    pub(super) fn new(kind: Kind, limit: usize) -> Self {
        Self {
            limit,
            kept: Vec::new(),
            len: 0,
            decided: kind == Kind::Request,
            begun: false,
            line: LineState::Empty,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) -> Scan {
        let skip = match self.decide(bytes) {
            Opening::StatusLine(skip) => skip,
            Opening::Body => return Scan::NoHead,
            Opening::Unknown => {
                self.keep(bytes);
                return Scan::More;
            }
        };
        let end = self.find_end(bytes, skip);
        self.keep(end.and_then(|end| bytes.get(..end)).unwrap_or(bytes));
        end.map_or(Scan::More, Scan::End)
    }

    /// Where in `bytes` the lines begin, once that is known. What was held before is at most seven bytes.
    fn decide(&mut self, bytes: &[u8]) -> Opening {
        if self.decided {
            return Opening::StatusLine(0);
        }
        let mut start = self.kept.clone();
        start.extend(bytes.iter().take(OPENING));
        match opening(&start) {
            Opening::StatusLine(offset) => {
                self.decided = true;
                self.begun = true;
                self.line = LineState::Text;
                Opening::StatusLine(offset.saturating_sub(self.kept.len()))
            }
            other => other,
        }
    }

    /// The bytes of the head kept so far: all of them, or the first up to the limit.
    pub(super) fn taken(&self) -> &[u8] {
        &self.kept
    }

    /// Bytes of the head so far, those beyond the limit included.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// True when the head is longer than the limit.
    pub(super) fn overflows(&self) -> bool {
        self.len > self.kept.len() as u64
    }

    /// At the end of the input: true when what came, too short to tell before, is no piece of a head.
    pub(super) fn is_body(&self) -> bool {
        !self.decided && !is_cut_opening(&self.kept)
    }

    /// Parses what was kept.
    pub(super) fn response(&self, limits: &HeadLimits) -> (ResponseHead, Vec<Finding>) {
        let (mut head, findings) = ResponseHead::parse(&self.kept, limits);
        head.len = usize::try_from(self.len).unwrap_or(usize::MAX);
        (head, self.grade(findings))
    }

    /// Parses what was kept.
    pub(super) fn request(&self, limits: &HeadLimits) -> (RequestHead, Vec<Finding>) {
        let (mut head, findings) = RequestHead::parse(&self.kept, limits);
        head.len = usize::try_from(self.len).unwrap_or(usize::MAX);
        (head, self.grade(findings))
    }

    /// A head that was not kept whole is too long, not cut.
    fn grade(&self, mut findings: Vec<Finding>) -> Vec<Finding> {
        if self.overflows() {
            findings.retain(|finding| finding.code != rules::HTTP_HEAD_CUT.code);
            findings.push(Finding::new(&rules::HTTP_HEAD_LONG, rules::HTTP_HEAD_LONG.meaning));
        }
        findings
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        let room = self.limit.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// The offset after the empty line, if it comes in `bytes`.
    fn find_end(&mut self, bytes: &[u8], mut at: usize) -> Option<usize> {
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            // Inside a line only its LF matters.
            if self.line == LineState::Text {
                at += memchr::memchr(b'\n', rest)?;
            }
            if self.step(*bytes.get(at)?) {
                return Some(at + 1);
            }
            at += 1;
        }
        None
    }

    fn step(&mut self, byte: u8) -> bool {
        match (byte, self.line) {
            (b'\n', LineState::Text) => self.line = LineState::Empty,
            (b'\n', _) => {
                self.line = LineState::Empty;
                return self.begun;
            }
            (b'\r', LineState::Empty) => self.line = LineState::Cr,
            _ => {
                self.line = LineState::Text;
                self.begun = true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::head::head_end;

    #[test]
    fn the_end_is_the_same_in_one_piece_and_byte_by_byte() {
        let heads: [&[u8]; 6] = [
            b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody",
            b"HTTP/1.1 200 OK\nA: b\n\nbody",
            b"\r\nHTTP/1.1 200 OK\r\nA: b\n\r\nbody",
            b"HTTP/1.1 200 OK\r\r\nA: \r\r\n\nbody",
            b"HTTP/1.1 200 OK\r\nA: b\r\n",
            b"\xef\xbb\xbfHTTP/1.1 200\r\n\r\n",
        ];
        for head in heads {
            let whole = Scanner::new(Kind::Response, 1 << 20).push(head);
            assert_eq!(whole, head_end(head).map_or(Scan::More, Scan::End));
            let mut scanner = Scanner::new(Kind::Response, 1 << 20);
            let bytewise = head.iter().position(|byte| scanner.push(&[*byte]) != Scan::More);
            assert_eq!(bytewise.map(|at| at + 1), head_end(head));
        }
    }

    #[test]
    fn the_buffer_keeps_to_its_limit() {
        let mut scanner = Scanner::new(Kind::Response, 20);
        assert_eq!(scanner.push(b"HTTP/1.1 200 OK\r\nX: "), Scan::More);
        (0..1000).for_each(|_| assert_eq!(scanner.push(b"aaaaaaaaaa"), Scan::More));
        assert_eq!(scanner.push(b"\r\n\r\nbody"), Scan::End(4));
        assert_eq!((scanner.taken().len(), scanner.len(), scanner.overflows()), (20, 10_024, true));
    }

    #[test]
    fn a_body_without_a_head_is_told_early() {
        let mut scanner = Scanner::new(Kind::Response, 20);
        assert_eq!(scanner.push(b"<p"), Scan::More);
        assert_eq!(scanner.push(b">hello"), Scan::NoHead);
        assert_eq!(scanner.taken(), b"<p");
    }
}
