//! A block's digests, held against what its head says of them.

use crate::digest::{Algorithm, Digest, Hasher, ParseError};
use crate::message::payload::{Context, Part, Payload};
use crate::warc::{Head, RecordType};

/// What came of one digest field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// There is none, or it cannot be checked here.
    Nothing,
    /// It is the digest of what is there.
    True,
    /// It is not; this is.
    False(Digest),
}

/// What came of a record's digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) block: Said,
    pub(super) payload: Said,
    /// Stands for the block where two records are compared.
    pub(super) content: (u32, u64),
}

impl Verdict {
    /// True where a digest proves the block.
    pub(super) fn proves(&self) -> bool {
        self.block == Said::True || self.payload == Said::True && !self.denies()
    }

    pub(super) fn denies(&self) -> bool {
        matches!(self.block, Said::False(_)) || matches!(self.payload, Said::False(_))
    }
}

/// The running digests of a block.
pub(super) struct Sums {
    block: Option<(Option<Digest>, Hasher)>,
    payload: Option<PayloadSums>,
    message: Option<Payload>,
    crc: flate2::Crc,
    length: u64,
}

/// What WARC-Payload-Digest may be the digest of, by the standard and by the customs of writers.
struct PayloadSums {
    said: Option<Digest>,
    payload: Hasher,
    body: Hasher,
    block: Hasher,
}

impl Sums {
    pub(super) fn new(head: &Head) -> Self {
        let http = head.holds_http();
        let message = http.then(|| match head.record_type() {
            RecordType::Request => Payload::request(),
            _ => Payload::response(),
        });
        // Where there is no block by the head's own word, the digest is that of a payload that was never here.
        let here = !payload_is_elsewhere(head) && head.content_length != Some(0);
        let payload = said(head, "WARC-Payload-Digest").filter(|_| here);
        Self {
            block: said(head, "WARC-Block-Digest").map(|said| (said.clone(), hasher(said.as_ref()))),
            payload: payload.map(|said| {
                let hasher = hasher(said.as_ref());
                PayloadSums { said, payload: hasher.clone(), body: hasher.clone(), block: hasher }
            }),
            message,
            crc: flate2::Crc::new(),
            length: 0,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        self.length += bytes.len() as u64;
        if let Some((_, hasher)) = &mut self.block {
            hasher.update(bytes);
        }
        let Some(sums) = &mut self.payload else { return };
        match &mut self.message {
            Some(message) => {
                sums.block.update(bytes);
                message.push(bytes, &mut |part| sums.take(part));
            }
            None => sums.payload.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Verdict {
        let mut sums = self.payload;
        let http = self.message.is_some();
        if let (Some(message), Some(sums)) = (self.message, &mut sums) {
            message.finish(&Context { truncated: true, method: None }, &mut |part| sums.take(part));
        }
        Verdict {
            block: self.block.map_or(Said::Nothing, |(said, hasher)| judge(said.as_ref(), [hasher.finish()])),
            payload: sums.map_or(Said::Nothing, |sums| sums.judge(http)),
            content: (self.crc.sum(), self.length),
        }
    }
}

impl PayloadSums {
    fn take(&mut self, part: Part<'_>) {
        match part {
            Part::Body(bytes) => self.body.update(bytes),
            Part::Payload(bytes) => self.payload.update(bytes),
        }
    }

    fn judge(self, http: bool) -> Said {
        let payload = self.payload.finish();
        match http {
            true => judge(self.said.as_ref(), [payload, self.body.finish(), self.block.finish()]),
            false => judge(self.said.as_ref(), [payload]),
        }
    }
}

/// The first of `computed` is what the standard asks for.
fn judge<const N: usize>(said: Option<&Digest>, computed: [Digest; N]) -> Said {
    if said.is_some_and(|said| computed.contains(said)) {
        return Said::True;
    }
    computed.into_iter().next().map_or(Said::Nothing, Said::False)
}

/// The digest that a field says, `Some(None)` where the field is there and malformed; an unknown algorithm says nothing.
fn said(head: &Head, field: &str) -> Option<Option<Digest>> {
    match Digest::parse(head.fields.get(field)?) {
        Ok(digest) => Some(Some(digest)),
        Err(ParseError::Malformed(_)) => Some(None),
        Err(ParseError::UnknownAlgorithm(_)) => None,
    }
}

fn hasher(said: Option<&Digest>) -> Hasher {
    Hasher::new(said.map_or(Algorithm::Sha256, Digest::algorithm))
}

/// A revisit's payload is its referent's; a segment's digest is that of the whole logical record.
fn payload_is_elsewhere(head: &Head) -> bool {
    head.record_type() == RecordType::Revisit || head.fields.get("WARC-Segment-Number").is_some()
}

/// The block of the record and nothing but its digest.
pub(super) struct BlockSum {
    said: Digest,
    hasher: Hasher,
}

impl BlockSum {
    pub(super) fn new(head: &Head) -> Option<Self> {
        let said = said(head, "WARC-Block-Digest")??;
        Some(Self { hasher: Hasher::new(said.algorithm()), said })
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    /// True where these bytes, and `more` behind them, are the block that was hashed.
    pub(super) fn fits(&self, more: &[u8]) -> bool {
        let mut hasher = self.hasher.clone();
        hasher.update(more);
        hasher.finish() == self.said
    }
}
