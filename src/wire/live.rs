//! An exchange that somebody else takes part in while it runs: sends the body, and is given the response as it comes.

use super::exchange::Exchange;
use super::facts::Failure;
use super::stream::Stream;
use bytes::Bytes;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;

/// Pieces of at most 64 KiB that wait in either direction; beyond them, whoever sends must wait.
const WAITING: usize = 4;

/// The exchange's end.
#[derive(Debug)]
pub struct Live {
    pub(super) body: Option<mpsc::Receiver<Bytes>>,
    response: mpsc::Sender<Bytes>,
    pub(super) waiting: Option<Bytes>,
    pub(super) persistent: bool,
    pub(super) tunnel: Option<Tunnel>,
    /// The head of what may be a proxy's refusal, until it is known to be the origin's answer.
    held: Option<Vec<u8>>,
    muted: bool,
}

/// What an exchange came to that somebody took part in.
#[derive(Debug)]
pub struct Relayed {
    /// As those of any exchange.
    pub outcome: Result<Exchange, Box<Failure>>,
    /// True where the response ended by itself and said nothing against another on its connection.
    pub persistent: bool,
    /// The connection, where a 101 turned it over to another protocol.
    pub tunnel: Option<Tunnel>,
}

/// The other's end.
#[derive(Debug)]
pub struct Party {
    /// Takes the body in the form in which it is to be sent, chunks included; to be dropped at its end. `None` where there is
    /// none.
    pub body: Option<mpsc::Sender<Bytes>>,
    /// Gives the bytes of the response as they were received, and nothing that follows it. The exchange does not read on
    /// while they are not taken; dropped, it ends the exchange.
    pub response: mpsc::Receiver<Bytes>,
}

impl Live {
    /// Both ends, for a request with or without a body.
    pub fn pair(with_body: bool) -> (Self, Party) {
        let (response, responses) = mpsc::channel(WAITING);
        let (sender, body) = if with_body { Some(mpsc::channel(WAITING)).unzip() } else { (None, None) };
        let live =
            Self { body, response, waiting: None, persistent: false, tunnel: None, held: None, muted: false };
        (live, Party { body: sender, response: responses })
    }

    /// A proxy that forwards may answer in place of the origin: its 407 is not for the other.
    pub(super) fn hold_refusals(&mut self) {
        self.held = Some(Vec::new());
    }

    /// Takes bytes to be handed on; `status` is that of the response once its head has come.
    pub(super) fn put(&mut self, bytes: &[u8], status: Option<Option<u16>>) {
        match (&mut self.held, status) {
            (Some(held), None) => held.extend_from_slice(bytes),
            (Some(_), Some(Some(407))) => {
                self.held = None;
                self.muted = true;
            }
            (Some(_), Some(_)) => self.release(bytes),
            (None, _) if self.muted || bytes.is_empty() => {}
            (None, _) => self.waiting = Some(Bytes::copy_from_slice(bytes)),
        }
    }

    /// What is held back is the origin's, and these bytes follow it.
    pub(super) fn release(&mut self, bytes: &[u8]) {
        if let Some(mut all) = self.held.take() {
            all.extend_from_slice(bytes);
            self.waiting = Some(Bytes::from(all)).filter(|all| !all.is_empty());
        }
    }

    /// Hands on what waits; false where nobody is there to take it. May be dropped at any time without loss.
    pub(super) async fn hand_on(&mut self) -> bool {
        if self.waiting.is_none() {
            self.response.closed().await;
            return false;
        }
        let Ok(place) = self.response.reserve().await else { return false };
        if let Some(bytes) = self.waiting.take() {
            place.send(bytes);
        }
        true
    }
}

/// A connection after a 101: no longer HTTP.
pub struct Tunnel {
    pub(super) early: Bytes,
    pub(super) stream: Stream,
}

impl std::fmt::Debug for Tunnel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tunnel").field("early", &self.early.len()).finish_non_exhaustive()
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.early.is_empty() {
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        }
        let count = this.early.len().min(buffer.remaining());
        buffer.put_slice(&this.early.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
