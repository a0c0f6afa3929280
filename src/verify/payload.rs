//! The payload of a record, hashed as it goes by, and its digest compared in every convention in use.
//!
//! The standard's payload is the body with its transfer coding off (WARC/1.1 §6.3.2). Writers have hashed other things
//! and called them the payload; which one it was is said, so that a writer's habit is told apart from an altered byte.

use crate::digest::{Digest, Hasher};
use crate::finding::{Finding, rules};
use crate::message::coding;
use crate::message::payload::{Context, Head as HttpHead, Part, Payload, PayloadEnd};
use crate::warc::{Head, RecordType};
use memchr::memmem;
use std::io::Read;
use std::sync::LazyLock;

/// Coded bytes kept so that they can be decoded, should no other convention fit.
const KEPT: usize = 8 << 20;
/// Bytes that they may become.
const DECODED: u64 = 256 << 20;

/// What ends the head of nearly every message.
static HEAD_END: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"\r\n\r\n"));

/// A block's message and payload.
pub(super) struct Summing {
    message: Option<Payload>,
    sums: Option<Sums>,
    /// True once the head has told what need not be computed.
    decided: bool,
    /// True where Content-Length says that there is no block.
    empty: bool,
}

/// The running digests that one WARC-Payload-Digest may be.
struct Sums {
    said: Digest,
    payload: Hasher,
    /// With the transfer coding left on.
    raw: Option<Hasher>,
    /// Of all of the block, where no block digest gives that.
    block: Option<Hasher>,
    /// The payload itself, while it may have to be decoded.
    coded: Option<Vec<u8>>,
}

/// What came of it.
pub(super) struct Summed {
    /// Facts of the HTTP message.
    pub(super) end: Option<PayloadEnd>,
    /// What WARC-Payload-Digest said, and what is wrong with it.
    pub(super) judged: Option<(Digest, Option<Finding>)>,
}

impl Summing {
    /// For the block of `head`, whose payload is `said` to have a digest; `block_hashed` where all of it is hashed
    /// elsewhere by the same algorithm.
    pub(super) fn new(head: &Head, said: Option<Digest>, block_hashed: bool) -> Self {
        let message = head.holds_http().then(|| match head.record_type() {
            RecordType::Request => Payload::request(),
            _ => Payload::response(),
        });
        let sums = said.map(|said| {
            let hasher = Hasher::new(said.algorithm());
            let http = message.is_some();
            Sums {
                raw: http.then(|| hasher.clone()),
                block: (http && !block_hashed).then(|| hasher.clone()),
                coded: http.then(Vec::new),
                payload: hasher,
                said,
            }
        });
        Self { message, sums, decided: false, empty: head.content_length == Some(0) }
    }

    /// Takes in more of the block, and has `beside`, the digest of all of it, take it in too.
    pub(super) fn update(&mut self, chunk: &[u8], mut beside: Option<&mut Hasher>) {
        let mut rest = chunk;
        // The head goes first by itself, so that nothing of the body is hashed that the head says need not be.
        while !self.decided && self.message.is_some() {
            let Some(end) = HEAD_END.find(rest) else { break };
            let (head, body) = rest.split_at_checked(end + 4).unwrap_or((rest, &[]));
            self.push(head, beside.as_deref_mut());
            self.decide();
            rest = body;
        }
        self.push(rest, beside);
        self.decide();
    }

    fn push(&mut self, bytes: &[u8], beside: Option<&mut Hasher>) {
        let Some(sums) = &mut self.sums else {
            beside.into_iter().for_each(|hasher| hasher.update(bytes));
            self.message.iter_mut().for_each(|message| message.push(bytes, &mut |_| ()));
            return;
        };
        // One of the two is of the payload's algorithm, and goes in step with it.
        let beside = match &mut sums.block {
            Some(block) => {
                beside.into_iter().for_each(|hasher| hasher.update(bytes));
                Some(block)
            }
            None => beside,
        };
        match &mut self.message {
            Some(message) if message.is_plain() => {
                message.push(bytes, &mut |_| ());
                both(&mut sums.payload, beside, bytes);
                sums.raw.iter_mut().for_each(|hasher| hasher.update(bytes));
                keep(&mut sums.coded, bytes);
            }
            Some(message) => {
                beside.into_iter().for_each(|hasher| hasher.update(bytes));
                message.push(bytes, &mut |part| sums.take(part));
            }
            None => both(&mut sums.payload, beside, bytes),
        }
    }

    fn decide(&mut self) {
        let Some(head) = self.message.as_ref().and_then(Payload::head).filter(|_| !self.decided) else {
            return;
        };
        self.decided = true;
        let Some(sums) = &mut self.sums else { return };
        if field(head, "Transfer-Encoding").is_none() {
            sums.raw = None;
        }
        if field(head, "Content-Encoding").is_none() {
            sums.coded = None;
        }
    }

    /// Ends the block; `block` is its digest, where it was computed elsewhere.
    pub(super) fn finish(mut self, context: &Context<'_>, block: Option<&Digest>) -> Summed {
        let sums = &mut self.sums;
        let end = self.message.map(|message| {
            message.finish(context, &mut |part| sums.iter_mut().for_each(|sums| sums.take(part)))
        });
        let codings = end.as_ref().and_then(|e| e.head.as_ref()).and_then(|h| field(h, "Content-Encoding"));
        let judged = self.sums.map(|sums| {
            let said = sums.said.clone();
            (said, sums.judge(block, codings.as_deref(), self.empty))
        });
        Summed { end, judged }
    }
}

impl Sums {
    fn take(&mut self, part: Part<'_>) {
        match part {
            Part::Body(bytes) => self.raw.iter_mut().for_each(|hasher| hasher.update(bytes)),
            Part::Payload(bytes) => {
                self.payload.update(bytes);
                keep(&mut self.coded, bytes);
            }
        }
    }

    /// `None` where the digest is the payload's; else which other convention it follows, or that it follows none.
    fn judge(self, block: Option<&Digest>, codings: Option<&str>, empty: bool) -> Option<Finding> {
        let said = self.said;
        let payload = self.payload.finish();
        if said == payload {
            return None;
        }
        let is = |digest: Option<Digest>| digest.as_ref() == Some(&said);
        let (rule, what) = if is(self.raw.map(Hasher::finish)) {
            (&rules::PAYLOAD_DIGEST_RAW_CHUNKED, "of the body with its chunked coding left on")
        } else if block == Some(&said) || is(self.block.map(Hasher::finish)) {
            (&rules::PAYLOAD_DIGEST_BLOCK, "of the whole block")
        } else if is(codings.zip(self.coded).and_then(|(codings, kept)| decoded(&said, codings, &kept))) {
            (&rules::PAYLOAD_DIGEST_DECODED, "of the body with its content coding off, too")
        } else if empty {
            let message = format!("WARC-Payload-Digest says {said}, and the block is empty");
            return Some(Finding::new(&rules::PAYLOAD_ABSENT, message));
        } else {
            let message = format!("WARC-Payload-Digest says {said}, the payload has {payload}");
            return Some(Finding::new(&rules::PAYLOAD_DIGEST, message));
        };
        Some(Finding::new(rule, format!("WARC-Payload-Digest is that {what}")))
    }
}

fn both(payload: &mut Hasher, beside: Option<&mut Hasher>, bytes: &[u8]) {
    match beside {
        Some(beside) => payload.update_both(beside, bytes),
        None => payload.update(bytes),
    }
}

fn keep(coded: &mut Option<Vec<u8>>, bytes: &[u8]) {
    match coded {
        Some(kept) if kept.len() + bytes.len() <= KEPT => kept.extend_from_slice(bytes),
        _ => *coded = None,
    }
}

/// The digest of the decoded payload; `None` where it is too long to be looked at.
fn decoded(said: &Digest, codings: &str, coded: &[u8]) -> Option<Digest> {
    let mut reader = coding::decode(codings, coded, DECODED);
    let mut hasher = Hasher::new(said.algorithm());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer).ok()? {
            0 => return Some(hasher.finish()),
            n => hasher.update(buffer.get(..n).unwrap_or_default()),
        }
    }
}

fn field(head: &HttpHead, name: &str) -> Option<String> {
    match head {
        HttpHead::Request(head) => head.fields.text(name),
        HttpHead::Response(head) => head.fields.text(name),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::digest::Algorithm;
    use std::io::Write;

    fn sha1(bytes: &[u8]) -> Digest {
        let mut hasher = Hasher::new(Algorithm::Sha1);
        hasher.update(bytes);
        hasher.finish()
    }

    fn code(block: &[u8], said: &Digest, slice: usize) -> Option<&'static str> {
        let kind = "WARC-Type: response\r\nContent-Type: application/http;msgtype=response";
        let head = format!("WARC/1.1\r\n{kind}\r\nContent-Length: {}\r\n\r\n", block.len());
        let head = crate::warc::parse_head(head.into_bytes());
        let mut summing = Summing::new(&head, Some(said.clone()), false);
        block.chunks(slice).for_each(|chunk| summing.update(chunk, None));
        summing.finish(&Context::default(), None).judged.unwrap().1.map(|f| f.code)
    }

    #[test]
    fn each_convention_is_told_in_any_slices() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"hello hello hello").unwrap();
        let coded = gz.finish().unwrap();
        let chunked = [format!("{:x}\r\n", coded.len()).as_bytes(), &coded, b"\r\n0\r\n\r\n"].concat();
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n";
        for start in [&head[..], &[b"HTTP/1.1 100 Continue\r\n\r\n", &head[..]].concat()] {
            let block = [start, &chunked].concat();
            for slice in [1, 7, 40, 10_000] {
                let code = |bytes: &[u8]| code(&block, &sha1(bytes), slice);
                assert_eq!(code(&coded), None);
                assert_eq!(code(&chunked), Some("payload-digest-raw-chunked"));
                assert_eq!(code(&block), Some("payload-digest-block"));
                assert_eq!(code(b"hello hello hello"), Some("payload-digest-decoded"));
                assert_eq!(code(b"other"), Some("payload-digest"));
            }
        }
        assert_eq!(code(b"", &sha1(b"other"), 1), Some("payload-digest-absent"));
    }
}
