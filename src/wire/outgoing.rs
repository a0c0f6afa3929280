//! The request on its way out: what there is of it, and a copy of what went.

use super::spool::{SpoolOptions, SpoolReader, SpoolWriter, Spooled};
use super::sums::{DigestForm, Summer, Sums};
use crate::message::payload::{Context, Part, Payload};
use bytes::Bytes;
use std::io::{self, Read};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

/// Bytes that went over a wire, as they went. Only this room makes them.
#[derive(Clone, Debug)]
pub struct WireBytes {
    bytes: Spooled,
    block: Sums,
    payload: Option<Sums>,
}

impl WireBytes {
    /// How many there are.
    pub fn len(&self) -> u64 {
        self.bytes.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A reader from the front.
    pub fn reader(&self) -> SpoolReader {
        self.bytes.reader()
    }

    /// All of them, for requests known to be small.
    ///
    /// # Errors
    /// Those of the temporary file.
    pub fn to_vec(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader().read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Digests of all of them.
    pub fn block(&self) -> &Sums {
        &self.block
    }

    /// Digests of the body without its chunked coding; `None` where there is none.
    pub fn payload(&self) -> Option<&Sums> {
        self.payload.as_ref()
    }

    pub(super) fn spooled(&self) -> &Spooled {
        &self.bytes
    }
}

/// A copy of what was sent, summed while it is made.
pub(super) struct Copied {
    spool: SpoolWriter,
    block: Summer,
    payload: Payload,
    body: Summer,
    body_len: u64,
}

impl Copied {
    pub(super) fn new(spool: &SpoolOptions, form: DigestForm) -> Self {
        Self {
            spool: SpoolWriter::new(spool),
            block: Summer::new(form),
            payload: Payload::request(),
            body: Summer::new(form),
            body_len: 0,
        }
    }

    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.block.update(bytes);
        let (body, len) = (&mut self.body, &mut self.body_len);
        self.payload.push(bytes, &mut |part| sum(body, len, part));
        self.spool.write(bytes)
    }

    pub(super) fn finish(mut self) -> WireBytes {
        let (body, len) = (&mut self.body, &mut self.body_len);
        self.payload.finish(&Context::default(), &mut |part| sum(body, len, part));
        let payload = (self.body_len > 0).then(|| self.body.finish());
        WireBytes { bytes: self.spool.finish(), block: self.block.finish(), payload }
    }
}

fn sum(body: &mut Summer, len: &mut u64, part: Part<'_>) {
    if let Part::Payload(bytes) = part {
        body.update(bytes);
        *len += bytes.len() as u64;
    }
}

/// What is still to be sent.
pub(super) struct Outgoing<'a> {
    piece: Bytes,
    /// What follows, as it comes; all of it has come where this is closed.
    more: Option<&'a mut mpsc::Receiver<Bytes>>,
    flushed: bool,
    copied: Copied,
}

/// Why sending cannot go on.
pub(super) enum Stuck {
    /// The connection does not take it.
    Wire(io::Error),
    /// The copy could not be kept.
    Storage(io::Error),
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(
        request: &[u8],
        more: Option<&'a mut mpsc::Receiver<Bytes>>,
        spool: &SpoolOptions,
        form: DigestForm,
    ) -> Self {
        let piece = Bytes::copy_from_slice(request);
        Self { piece, more, flushed: false, copied: Copied::new(spool, form) }
    }

    /// Sends some of it, or waits for more to send; false when all is out. May be dropped at any time without loss.
    pub(super) async fn step(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> Result<bool, Stuck> {
        if !self.piece.is_empty() {
            let count = match writer.write(&self.piece).await {
                Ok(0) => return Err(Stuck::Wire(io::ErrorKind::WriteZero.into())),
                Ok(count) => count,
                Err(error) => return Err(Stuck::Wire(error)),
            };
            let sent = self.piece.split_to(count);
            self.flushed = false;
            self.copied.take(&sent).map_err(Stuck::Storage)?;
            return Ok(true);
        }
        if !self.flushed {
            writer.flush().await.map_err(Stuck::Wire)?;
            self.flushed = true;
        }
        let Some(more) = &mut self.more else { return Ok(false) };
        match more.recv().await {
            Some(bytes) => self.piece = bytes,
            None => self.more = None,
        }
        Ok(true)
    }

    /// Bytes at hand that were not sent, and whether there might have been more.
    pub(super) fn unsent(&self) -> (usize, bool) {
        (self.piece.len(), self.more.is_some())
    }

    pub(super) fn finish(self) -> WireBytes {
        self.copied.finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_payload_of_an_upload_is_without_its_chunks() {
        let options = SpoolOptions::in_dir("/nowhere");
        let mut copied = Copied::new(&options, DigestForm::Sha256);
        let sent = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        sent.chunks(7).for_each(|piece| copied.take(piece).unwrap());
        let bytes = copied.finish();
        assert_eq!(bytes.to_vec().unwrap(), sent);
        assert_eq!(bytes.payload(), Some(&Sums::of(b"abc", DigestForm::Sha256)));
        assert_eq!(bytes.block(), &Sums::of(sent, DigestForm::Sha256));
        let mut head = Copied::new(&options, DigestForm::Sha256);
        head.take(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!(head.finish().payload(), None);
    }
}
