//! The client's side of a connection: plain or TLS, with what was read of it and not yet used.

use bytes::{Buf, Bytes, BytesMut};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

/// Longest that we read on after our last word.
const LINGER: Duration = Duration::from_secs(1);

/// Bytes read at a time.
const BUFFER: usize = 8 << 10;

/// Both directions.
pub(super) trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}

pub(super) struct Guest {
    pub(super) stream: Box<dyn Both>,
    /// Read and not yet used.
    pub(super) pending: BytesMut,
}

impl Guest {
    pub(super) fn new(stream: impl Both + 'static) -> Self {
        Self { stream: Box::new(stream), pending: BytesMut::new() }
    }

    /// Reads on; 0 at the end.
    pub(super) async fn read_more(&mut self) -> io::Result<usize> {
        self.pending.reserve(BUFFER);
        self.stream.read_buf(&mut self.pending).await
    }

    pub(super) async fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Closes so that our last word arrives: a connection with unread bytes would be reset.
    pub(super) async fn part(mut self) {
        let mut buffer = vec![0; 16 << 10];
        let drain = async {
            if self.stream.shutdown().await.is_ok() {
                while self.stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
            }
        };
        // A client that goes on talking is not listened to for ever.
        let _ = timeout(LINGER, drain).await;
    }

    /// As one stream again.
    pub(super) fn whole(self) -> Rewound {
        Rewound { early: self.pending.freeze(), stream: self.stream }
    }
}

/// A stream with bytes that were read too early put back before it.
pub(super) struct Rewound {
    early: Bytes,
    stream: Box<dyn Both>,
}

impl AsyncRead for Rewound {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.early.has_remaining() {
            let count = this.early.len().min(buffer.remaining());
            buffer.put_slice(&this.early.split_to(count));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Rewound {
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
