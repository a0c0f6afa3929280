//! The block of an `http` record taken apart in one pass: head, body, payload.

use super::chunked::{ChunkState, Dechunk};
use super::framing::merge;
use super::head::{HeadLimits, RequestHead, ResponseHead};
use super::length::{Declared, declared};
use super::scanner::{Kind, Scan, Scanner};
use crate::finding::{Finding, Severity, rules};

/// A slice of the message, handed to the sink as it goes by. Each byte after the head comes once as body and,
/// where it is payload, once as payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Bytes after the head, as they stand in the block, chunks and all.
    Body(&'a [u8]),
    /// Bytes of the payload: the body with the chunked transfer coding taken off, content coding kept
    /// (WARC/1.1 §6.3.2, RFC 2616 §7.2).
    Payload(&'a [u8]),
}

/// How the body related to its `Transfer-Encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// None was declared: body and payload are the same.
    Identity,
    /// Declared, and taken off.
    Chunked,
    /// Declared, but the body was not in chunks: given as it is.
    HeaderOverPlain,
    /// Declared, but the syntax broke on the way: given as it is from there on.
    Broken,
}

/// The head of the message in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// Of a request.
    Request(RequestHead),
    /// Of a response: the final one, after any interim ones.
    Response(ResponseHead),
}

/// What the caller knows of the record, which bears on what is amiss.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The record says `WARC-Truncated`, or is a revisit, so a missing rest is no news.
    pub truncated: bool,
    /// The method of the request that was answered, where it is known.
    pub method: Option<&'a str>,
}

/// What there is to say once the whole block has been pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadEnd {
    /// The head, cut or not; `None` where the block has none.
    pub head: Option<Head>,
    /// Bytes before the body: the head and any interim ones.
    pub body_start: u64,
    /// Bytes of the body as it stands.
    pub body_len: u64,
    /// Bytes of the payload.
    pub payload_len: u64,
    /// What became of the transfer coding.
    pub transfer: Transfer,
    /// What was odd.
    pub findings: Vec<Finding>,
}

impl PayloadEnd {
    /// The head, if it is a response's.
    pub fn response(&self) -> Option<&ResponseHead> {
        match &self.head {
            Some(Head::Response(head)) => Some(head),
            _ => None,
        }
    }

    /// The head, if it is a request's.
    pub fn request(&self) -> Option<&RequestHead> {
        match &self.head {
            Some(Head::Request(head)) => Some(head),
            _ => None,
        }
    }
}

/// A decoder that is pushed to: block bytes in any slices, parts out through a sink. Holds the head within
/// its limits; what a head has beyond them is passed over.
#[derive(Debug)]
pub struct Payload {
    kind: Kind,
    limits: HeadLimits,
    stage: Stage,
    head: Option<Head>,
    declared: Declared,
    body_start: u64,
    body_len: u64,
    payload_len: u64,
    surplus: u64,
    interim: u64,
    findings: Vec<Finding>,
}

#[derive(Debug)]
enum Stage {
    Head(Scanner),
    Plain,
    Chunked(Dechunk),
}

impl Payload {
    /// For the block of an `application/http; msgtype=response` record.
    pub fn response() -> Self {
        Self::new(Kind::Response, HeadLimits::default())
    }

    /// For the block of an `application/http; msgtype=request` record.
    pub fn request() -> Self {
        Self::new(Kind::Request, HeadLimits::default())
    }

    /// The same with other limits on each head.
    #[must_use]
    pub fn limits(self, limits: HeadLimits) -> Self {
        Self::new(self.kind, limits)
    }

    fn new(kind: Kind, limits: HeadLimits) -> Self {
        Self {
            kind,
            limits,
            stage: Stage::Head(Scanner::new(kind, limits.bytes)),
            head: None,
            declared: Declared::Open,
            body_start: 0,
            body_len: 0,
            payload_len: 0,
            surplus: 0,
            interim: 0,
            findings: Vec::new(),
        }
    }

    /// Takes block bytes and hands their parts to `sink`.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Part<'_>)) {
        let mut rest = bytes;
        while let Stage::Head(scanner) = &mut self.stage {
            if rest.is_empty() {
                return;
            }
            match scanner.push(rest) {
                Scan::More => return,
                Scan::End(taken) => {
                    self.end_head();
                    rest = rest.get(taken..).unwrap_or_default();
                }
                Scan::NoHead => self.no_head(sink),
            }
        }
        self.body(rest, sink);
    }

    /// The final head, once it is complete.
    pub fn head(&self) -> Option<&Head> {
        match self.stage {
            Stage::Head(_) => None,
            _ => self.head.as_ref(),
        }
    }

    /// The same, for whom the rest does not matter.
    pub fn into_head(self) -> Option<Head> {
        match self.stage {
            Stage::Head(_) => None,
            _ => self.head,
        }
    }

    /// True once all that follows is payload as it stands.
    pub fn is_plain(&self) -> bool {
        matches!(self.stage, Stage::Plain)
    }

    /// Ends the block; hands on what was held to the last.
    pub fn finish(mut self, context: &Context<'_>, sink: &mut dyn FnMut(Part<'_>)) -> PayloadEnd {
        self.end_in_head(sink);
        let transfer = self.end_transfer(context, sink);
        self.check_length(context);
        if self.interim > 0 {
            let message = format!("{} interim (1xx) responses stand before the final one.", self.interim);
            self.findings.push(Finding::new(&rules::HTTP_INTERIM, message));
        }
        PayloadEnd {
            head: self.head,
            body_start: self.body_start,
            body_len: self.body_len,
            payload_len: self.payload_len,
            transfer,
            findings: self.findings,
        }
    }

    fn body(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Part<'_>)) {
        if bytes.is_empty() {
            return;
        }
        self.body_len += bytes.len() as u64;
        sink(Part::Body(bytes));
        match &mut self.stage {
            Stage::Chunked(dechunk) => {
                let mut decoded = 0;
                let taken = dechunk.push(bytes, &mut |data| {
                    decoded += data.len() as u64;
                    sink(Part::Payload(data));
                });
                self.payload_len += decoded;
                self.surplus += (bytes.len() - taken) as u64;
            }
            _ => {
                self.payload_len += bytes.len() as u64;
                sink(Part::Payload(bytes));
            }
        }
    }

    fn end_head(&mut self) {
        let Stage::Head(scanner) = std::mem::replace(&mut self.stage, Stage::Plain) else { return };
        self.body_start += scanner.len();
        let (head, findings, interim) = self.parse(&scanner);
        merge(&mut self.findings, findings);
        let (fields, version) = match &head {
            Head::Request(head) => (&head.fields, &head.version),
            Head::Response(head) => (&head.fields, &head.version),
        };
        if interim {
            self.interim += 1;
            self.stage = Stage::Head(Scanner::new(self.kind, self.limits.bytes));
        } else {
            let (declared, findings) = declared(fields, version);
            self.findings.extend(findings);
            self.declared = declared;
            if declared == Declared::Chunked {
                self.stage = Stage::Chunked(Dechunk::new());
            }
        }
        self.head = Some(head);
    }

    fn parse(&self, scanner: &Scanner) -> (Head, Vec<Finding>, bool) {
        match self.kind {
            Kind::Request => {
                let (head, findings) = scanner.request(&self.limits);
                (Head::Request(head), findings, false)
            }
            Kind::Response => {
                let (head, findings) = scanner.response(&self.limits);
                let interim = head.is_interim();
                (Head::Response(head), findings, interim)
            }
        }
    }

    /// What was held, and all that follows, is body.
    fn no_head(&mut self, sink: &mut dyn FnMut(Part<'_>)) {
        let Stage::Head(scanner) = std::mem::replace(&mut self.stage, Stage::Plain) else { return };
        self.findings.push(Finding::new(&rules::HTTP_09, rules::HTTP_09.meaning));
        self.body(scanner.taken(), sink);
    }

    fn end_in_head(&mut self, sink: &mut dyn FnMut(Part<'_>)) {
        let Stage::Head(scanner) = &self.stage else { return };
        if scanner.is_body() {
            return self.no_head(sink);
        }
        // An interim response that nothing follows is all the answer there was.
        if scanner.len() > 0 || self.head.is_none() {
            let (head, findings, _) = self.parse(scanner);
            self.body_start += scanner.len();
            if scanner.len() > 0 {
                self.head = Some(head);
                self.findings.extend(findings);
            } else {
                self.findings.push(Finding::new(&rules::HTTP_HEAD_CUT, "The block is empty."));
            }
        }
        self.stage = Stage::Plain;
    }

    fn end_transfer(&mut self, context: &Context<'_>, sink: &mut dyn FnMut(Part<'_>)) -> Transfer {
        let Stage::Chunked(dechunk) = &mut self.stage else { return Transfer::Identity };
        let mut held = 0;
        dechunk.flush(&mut |data| {
            held += data.len() as u64;
            sink(Part::Payload(data));
        });
        self.payload_len += held;
        self.findings.extend(dechunk.findings());
        let (transfer, rule) = match dechunk.state() {
            ChunkState::Done => (Transfer::Chunked, None),
            ChunkState::Trailers => (Transfer::Chunked, Some(&rules::HTTP_CHUNK_END)),
            ChunkState::Start if held > 0 => (Transfer::HeaderOverPlain, Some(&rules::HTTP_TE_PLAIN)),
            ChunkState::Plain => (Transfer::HeaderOverPlain, Some(&rules::HTTP_TE_PLAIN)),
            ChunkState::Broken => (Transfer::Broken, None),
            ChunkState::Start | ChunkState::Running => (Transfer::Chunked, Some(&rules::HTTP_CHUNK_CUT)),
        };
        let expected = context.truncated || self.body_len == 0 && self.may_lack_body(context).is_some();
        if let Some(rule) = rule.filter(|rule| !(expected && **rule != rules::HTTP_TE_PLAIN)) {
            self.findings.push(Finding::new(rule, rule.meaning));
        }
        if self.surplus > 0 {
            let message = format!("{} bytes follow the last chunk.", self.surplus);
            self.findings.push(Finding::new(&rules::HTTP_CHUNK_SURPLUS, message));
        }
        transfer
    }

    /// Why there may be no body whatever the head declares: certainly or, where the method is not known, maybe.
    fn may_lack_body(&self, context: &Context<'_>) -> Option<Lack> {
        let Some(Head::Response(head)) = &self.head else { return None };
        match (head.status, context.method) {
            (Some(101 | 204 | 304), _) => Some(Lack::ByStatus),
            (_, Some("HEAD")) => Some(Lack::ByMethod),
            (Some(200..=299), Some("CONNECT")) => Some(Lack::ByMethod),
            (_, Some(_)) => None,
            (_, None) => Some(Lack::Maybe),
        }
    }

    fn check_length(&mut self, context: &Context<'_>) {
        let lack = self.may_lack_body(context);
        if lack == Some(Lack::ByStatus) && self.body_len > 0 {
            let message =
                format!("A body of {} bytes follows a response that cannot have one.", self.body_len);
            self.findings.push(Finding::new(&rules::HTTP_BODY_FORBIDDEN, message));
            return;
        }
        let Declared::Length(length) = self.declared else { return };
        if self.body_len > length {
            let message = format!("Content-Length says {length} bytes, {} follow.", self.body_len);
            self.findings.push(Finding::new(&rules::HTTP_LENGTH_OVER, message));
        }
        let excused =
            context.truncated || self.body_len == 0 && matches!(lack, Some(Lack::ByStatus | Lack::ByMethod));
        if self.body_len < length && !excused {
            self.findings.push(self.short(length, lack));
        }
    }

    fn short(&self, length: u64, lack: Option<Lack>) -> Finding {
        let message = format!("Content-Length says {length} bytes, {} are here.", self.body_len);
        if self.body_len == 0 && lack == Some(Lack::Maybe) {
            let message = format!("{message} That is right if the request was HEAD.");
            return Finding::new(&rules::HTTP_LENGTH_SHORT, message).graded(Severity::Info);
        }
        Finding::new(&rules::HTTP_LENGTH_SHORT, message)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lack {
    ByStatus,
    ByMethod,
    Maybe,
}

#[cfg(test)]
mod tests;
