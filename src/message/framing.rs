//! Where a response ends while its bytes arrive (RFC 9112 §6), with every tolerance the wild asks for.
//!
//! The framer never edits and never fails: it says how many of the bytes belong to the message, when the
//! message is done and, once the connection is at an end, whether the message was whole.

use super::chunked::{ChunkState, Dechunk};
use super::head::{HeadLimits, ResponseHead, Version};
use super::length::{Declared, connection_says, declared};
use super::scanner::{Kind, Scan, Scanner};
use crate::finding::{Finding, rules};

/// Why a stored message is not whole: the values of `WARC-Truncated` (WARC/1.1 §5.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truncated {
    /// A limit on size was reached.
    Length,
    /// A limit on time was reached.
    Time,
    /// The connection went away.
    Disconnect,
    /// Something else, such as a run that was told to stop.
    Unspecified,
}

impl Truncated {
    /// The token of the WARC field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Time => "time",
            Self::Disconnect => "disconnect",
            Self::Unspecified => "unspecified",
        }
    }
}

/// How the reading of a response came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The server closed the connection properly.
    Eof,
    /// The server closed below TLS, without a `close_notify` (RFC 8446 §6.1).
    Unclean,
    /// The connection was reset or failed.
    Reset,
    /// A time limit was reached.
    Timeout,
    /// A size limit was reached.
    SizeLimit,
    /// The recorder was told to stop.
    Stopped,
    /// The client that the recorder stands in for went away.
    Abandoned,
}

impl Close {
    fn truncated(self) -> Truncated {
        match self {
            Self::Eof | Self::Unclean | Self::Reset => Truncated::Disconnect,
            Self::Timeout => Truncated::Time,
            Self::SizeLimit => Truncated::Length,
            Self::Stopped | Self::Abandoned => Truncated::Unspecified,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Eof => "the server closed the connection",
            Self::Unclean => "the server closed the connection without a TLS close_notify",
            Self::Reset => "the connection was reset",
            Self::Timeout => "the time limit was reached",
            Self::SizeLimit => "the size limit was reached",
            Self::Stopped => "the recorder was told to stop",
            Self::Abandoned => "the client went away",
        }
    }
}

/// What became of the bytes fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fed {
    /// How many belong to the message; the rest is surplus, and there is none unless `done`.
    pub consumed: usize,
    /// True when no more bytes are wanted.
    pub done: bool,
}

/// What the framer knows once the reading is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// `None` when the message is whole, as far as its own framing can tell.
    pub truncated: Option<Truncated>,
    /// True when the message ended by itself and the connection may carry another (RFC 9112 §9.3).
    pub persistent: bool,
    /// Bytes of the message.
    pub len: u64,
    /// Where the final head begins (after interim responses), in the message.
    pub head_start: u64,
    /// Where the body begins, in the message, if the head came to its end.
    pub body_start: Option<u64>,
    /// The final head; a cut one as far as it came; `None` for HTTP/0.9 and where nothing came.
    pub head: Option<ResponseHead>,
    /// What was odd, the reason of a cut included.
    pub findings: Vec<Finding>,
}

/// Follows one response. Holds the head, within its limits, and never the body.
#[derive(Debug)]
pub struct Framer {
    method: String,
    limits: HeadLimits,
    stage: Stage,
    len: u64,
    head_start: u64,
    body_start: Option<u64>,
    head: Option<ResponseHead>,
    interim: u64,
    findings: Vec<Finding>,
}

#[derive(Debug)]
enum Stage {
    Head(Scanner),
    /// The head is longer than the limit.
    TooLong(Scanner),
    /// So many bytes are still to come.
    Length(u64),
    Chunked(Dechunk),
    /// Until the connection closes.
    Open,
    Done,
}

impl Framer {
    /// A framer for the response to a request of this method, with the default limits.
    pub fn for_response(method: &str) -> Self {
        Self::with_limits(method, HeadLimits::default())
    }

    /// The same with other limits on each head.
    pub fn with_limits(method: &str, limits: HeadLimits) -> Self {
        Self {
            method: method.to_owned(),
            limits,
            stage: Stage::Head(Scanner::new(Kind::Response, limits.bytes)),
            len: 0,
            head_start: 0,
            body_start: None,
            head: None,
            interim: 0,
            findings: Vec::new(),
        }
    }

    /// Takes bytes as they arrive, in any slices.
    pub fn feed(&mut self, bytes: &[u8]) -> Fed {
        let mut consumed = 0;
        while let Some(rest) = bytes.get(consumed..).filter(|rest| !rest.is_empty()) {
            if self.is_done() {
                break;
            }
            let taken = self.step(rest);
            consumed += taken;
            self.len += taken as u64;
        }
        Fed { consumed, done: self.is_done() }
    }

    /// True when no more bytes are wanted.
    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done | Stage::TooLong(_))
    }

    /// Bytes of the message so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True while nothing has come.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the body begins in the message, once the final head is complete.
    pub fn body_start(&self) -> Option<u64> {
        self.body_start
    }

    /// The final head, once it is complete.
    pub fn head(&self) -> Option<&ResponseHead> {
        self.body_start.and(self.head.as_ref())
    }

    /// Ends the reading; `how` matters only where the message is not done.
    pub fn close(mut self, how: Close) -> Ending {
        let stage = std::mem::replace(&mut self.stage, Stage::Done);
        let persistent = matches!(stage, Stage::Done) && self.persists();
        let truncated = self.end(stage, how);
        if self.interim > 0 {
            let message = format!("{} interim (1xx) responses stand before the final one.", self.interim);
            self.findings.push(Finding::new(&rules::HTTP_INTERIM, message));
        }
        Ending {
            truncated,
            persistent,
            len: self.len,
            head_start: self.head_start,
            body_start: self.body_start,
            head: self.head,
            findings: self.findings,
        }
    }

    fn step(&mut self, rest: &[u8]) -> usize {
        match &mut self.stage {
            Stage::Head(scanner) => match scanner.push(rest) {
                Scan::More => {
                    self.check_head_limit();
                    rest.len()
                }
                Scan::End(taken) => {
                    self.end_head(taken);
                    taken
                }
                Scan::NoHead => {
                    self.no_head();
                    rest.len()
                }
            },
            Stage::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                *left -= taken as u64;
                if *left == 0 {
                    self.stage = Stage::Done;
                }
                taken
            }
            Stage::Chunked(dechunk) => {
                let taken = dechunk.push(rest, &mut |_| {});
                if dechunk.state() == ChunkState::Done {
                    self.findings.extend(dechunk.findings());
                    self.stage = Stage::Done;
                }
                taken
            }
            Stage::Open => rest.len(),
            Stage::Done | Stage::TooLong(_) => 0,
        }
    }

    fn check_head_limit(&mut self) {
        let over = matches!(&self.stage, Stage::Head(scanner) if scanner.overflows());
        if over && let Stage::Head(scanner) = std::mem::replace(&mut self.stage, Stage::Done) {
            self.stage = Stage::TooLong(scanner);
        }
    }

    /// The head ended `taken` bytes from here.
    fn end_head(&mut self, taken: usize) {
        let Stage::Head(scanner) = std::mem::replace(&mut self.stage, Stage::Done) else { return };
        if scanner.overflows() {
            self.stage = Stage::TooLong(scanner);
            return;
        }
        let (head, findings) = scanner.response(&self.limits);
        merge(&mut self.findings, findings);
        let next = self.len + taken as u64;
        if head.is_interim() {
            self.interim += 1;
            self.head_start = next;
            self.stage = Stage::Head(Scanner::new(Kind::Response, self.limits.bytes));
        } else {
            self.body_start = Some(next);
            self.stage = self.body(&head);
        }
        self.head = Some(head);
    }

    fn body(&mut self, head: &ResponseHead) -> Stage {
        if self.bodyless(head.status) {
            return Stage::Done;
        }
        let (declared, findings) = declared(&head.fields, &head.version);
        self.findings.extend(findings);
        match declared {
            Declared::Length(0) => Stage::Done,
            Declared::Length(length) => Stage::Length(length),
            Declared::Chunked => Stage::Chunked(Dechunk::new()),
            Declared::Open => Stage::Open,
        }
    }

    fn bodyless(&self, status: Option<u16>) -> bool {
        match status {
            Some(101 | 204 | 304) => true,
            Some(200..=299) if self.method == "CONNECT" => true,
            _ => self.method == "HEAD",
        }
    }

    fn no_head(&mut self) {
        self.body_start = Some(self.head_start);
        self.findings.push(Finding::new(&rules::HTTP_09, rules::HTTP_09.meaning));
        self.stage = Stage::Open;
    }

    fn persists(&self) -> bool {
        let Some(head) = &self.head else { return false };
        let clean = !self.findings.iter().any(|finding| {
            [&rules::HTTP_LENGTH_AND_TE, &rules::HTTP_TE_IN_10, &rules::HTTP_TE_OTHER]
                .iter()
                .any(|rule| rule.code == finding.code)
        });
        let keeps = head.version.persists()
            || head.version == Version::Http(1, 0) && connection_says(&head.fields, "keep-alive");
        clean && keeps && head.status != Some(101) && !connection_says(&head.fields, "close")
    }

    fn end(&mut self, stage: Stage, how: Close) -> Option<Truncated> {
        match stage {
            Stage::Done => None,
            Stage::TooLong(scanner) => {
                self.cut_head(&scanner);
                Some(Truncated::Length)
            }
            Stage::Head(scanner) if scanner.is_body() => {
                self.no_head();
                self.end(Stage::Open, how)
            }
            Stage::Head(scanner) => {
                if scanner.len() > 0 {
                    self.cut_head(&scanner);
                }
                self.cut(how, "inside the header section")
            }
            Stage::Length(left) => {
                let message = format!("{left} bytes of the Content-Length are missing.");
                self.findings.push(Finding::new(&rules::HTTP_LENGTH_SHORT, message));
                self.cut(how, "inside the body")
            }
            Stage::Chunked(dechunk) => self.end_chunks(&dechunk, how),
            Stage::Open if how == Close::Eof => None,
            Stage::Open => self.cut(how, "in a body whose length was not declared"),
        }
    }

    fn end_chunks(&mut self, dechunk: &Dechunk, how: Close) -> Option<Truncated> {
        self.findings.extend(dechunk.findings());
        let (rule, end) = match dechunk.state() {
            ChunkState::Done => return None,
            // The last chunk came; RFC 9112 §8 calls this complete.
            ChunkState::Trailers => (&rules::HTTP_CHUNK_END, None),
            ChunkState::Plain => (&rules::HTTP_TE_PLAIN, self.end(Stage::Open, how)),
            ChunkState::Broken => return self.end(Stage::Open, how),
            ChunkState::Start | ChunkState::Running => {
                (&rules::HTTP_CHUNK_CUT, self.cut(how, "before the last chunk"))
            }
        };
        self.findings.push(Finding::new(rule, rule.meaning));
        end
    }

    fn cut_head(&mut self, scanner: &Scanner) {
        let (head, findings) = scanner.response(&self.limits);
        self.findings.extend(findings);
        self.head = Some(head);
    }

    fn cut(&mut self, how: Close, place: &str) -> Option<Truncated> {
        self.findings.push(Finding::new(
            &rules::HTTP_CUT,
            format!("After {} bytes, {place}, {}.", self.len, how.words()),
        ));
        Some(how.truncated())
    }
}

/// Adds findings whose code is not there yet, so that endless interim responses say a thing once.
pub(super) fn merge(findings: &mut Vec<Finding>, more: Vec<Finding>) {
    for finding in more {
        if !findings.iter().any(|known| known.code == finding.code) {
            findings.push(finding);
        }
    }
}

#[cfg(test)]
mod tests;
