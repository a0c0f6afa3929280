//! The response on its way in: framed, spooled and summed in one pass.

use super::spool::{SpoolOptions, SpoolWriter, Spooled};
use super::sums::{DigestForm, Summer, Sums};
use crate::message::framing::{Close, Ending, Framer};
use crate::message::head::HeadLimits;
use crate::message::payload::{Context, Part, Payload};
use crate::message::sniff;
use std::io;

/// Payload bytes kept for sniffing; enough that coded content gives the standard's header.
const START: usize = 16 << 10;

/// What came, all of it accounted for.
pub(super) struct Incoming {
    framer: Framer,
    payload: Payload,
    spool: SpoolWriter,
    block: Summer,
    body: Body,
    limit: u64,
    surplus: u64,
    method: String,
}

struct Body {
    sums: Summer,
    start: Vec<u8>,
}

/// How far the reading came.
pub(super) enum Taken {
    More,
    Done,
    /// The size limit was reached.
    Limit,
}

/// What is left when the reading is over.
pub(super) struct Received {
    pub(super) ending: Ending,
    pub(super) response: Spooled,
    pub(super) block: Sums,
    pub(super) payload: Sums,
    pub(super) payload_len: u64,
    pub(super) identified: Option<&'static str>,
    pub(super) surplus: u64,
}

impl Incoming {
    pub(super) fn new(
        method: &str,
        limit: u64,
        head: HeadLimits,
        spool: &SpoolOptions,
        form: DigestForm,
    ) -> Self {
        Self {
            framer: Framer::with_limits(method, head),
            payload: Payload::response().limits(head),
            spool: SpoolWriter::new(spool),
            block: Summer::new(form),
            body: Body { sums: Summer::new(form), start: Vec::new() },
            limit,
            surplus: 0,
            method: method.to_owned(),
        }
    }

    /// True while nothing has come.
    pub(super) fn is_empty(&self) -> bool {
        self.framer.is_empty()
    }

    /// Bytes of the response so far.
    pub(super) fn len(&self) -> u64 {
        self.framer.len()
    }

    /// The status, once the head has come; a response without a head has none.
    pub(super) fn status(&self) -> Option<Option<u16>> {
        self.framer.body_start().map(|_| self.framer.head().and_then(|head| head.status))
    }

    /// Takes bytes as read. Errors are the spool's.
    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<Taken> {
        let room = usize::try_from(self.limit - self.framer.len()).unwrap_or(usize::MAX).min(bytes.len());
        let (allowed, over) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        let fed = self.framer.feed(allowed);
        let (message, surplus) = allowed.split_at_checked(fed.consumed).unwrap_or((allowed, &[]));
        self.keep(message)?;
        if fed.done {
            self.surplus += (surplus.len() + over.len()) as u64;
            return Ok(Taken::Done);
        }
        Ok(if over.is_empty() { Taken::More } else { Taken::Limit })
    }

    fn keep(&mut self, message: &[u8]) -> io::Result<()> {
        self.block.update(message);
        self.spool.write(message)?;
        let body = &mut self.body;
        self.payload.push(message, &mut |part| body.take(part));
        Ok(())
    }

    pub(super) fn finish(mut self, how: Close) -> Received {
        let ending = self.framer.close(how);
        let context = Context { truncated: ending.truncated.is_some(), method: Some(&self.method) };
        let end = self.payload.finish(&context, &mut |part| self.body.take(part));
        let coding = ending.head.as_ref().and_then(|head| head.fields.text("content-encoding"));
        Received {
            identified: sniff::identify_coded(&coding.unwrap_or_default(), &self.body.start),
            ending,
            response: self.spool.finish(),
            block: self.block.finish(),
            payload: self.body.sums.finish(),
            payload_len: end.payload_len,
            surplus: self.surplus,
        }
    }
}

impl Body {
    fn take(&mut self, part: Part<'_>) {
        let Part::Payload(bytes) = part else { return };
        self.sums.update(bytes);
        let room = START.saturating_sub(self.start.len());
        self.start.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }
}
