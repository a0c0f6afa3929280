//! The conversation on one connection: request out, response in, both at once, within the limits.

use super::client::ClientOptions;
use super::exchange::stopped;
use super::incoming::{Incoming, Taken};
use super::live::Live;
use super::outgoing::{Outgoing, Stuck};
use super::stream::Stream;
use crate::message::framing::Close;
use bytes::Bytes;
use jiff::Timestamp;
use std::io;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep_until};

/// Bytes read at a time.
const BUFFER: usize = 64 << 10;

/// What the conversation came to.
pub(super) struct Talked {
    /// The response ended by itself.
    pub(super) done: bool,
    pub(super) how: Close,
    pub(super) first_byte: Option<Timestamp>,
    pub(super) error: Option<io::Error>,
    pub(super) storage: Option<io::Error>,
    /// What came after the response with its last bytes.
    pub(super) early: Bytes,
}

/// Writes the request and reads the response, both at once: servers answer early.
pub(super) async fn talk(
    stream: Stream,
    outgoing: &mut Outgoing<'_>,
    incoming: &mut Incoming,
    options: &ClientOptions,
    live: Option<&mut Live>,
) -> (Stream, Talked) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let end = Instant::now() + options.limits.total;
    let mut talk = Talk {
        sending: true,
        incoming,
        options,
        live,
        talked: Talked {
            done: false,
            how: Close::Eof,
            first_byte: None,
            error: None,
            storage: None,
            early: Bytes::new(),
        },
    };
    let mut buffer = vec![0; BUFFER];
    let mut stop = options.stop.clone();
    loop {
        let waits = talk.waits();
        // While somebody takes his time to read, it is not the server that is idle.
        let until = if waits { end } else { end.min(Instant::now() + options.limits.idle) };
        let over = tokio::select! {
            // Timers first, so that a stream that never pauses cannot outrun them.
            biased;
            () = sleep_until(until) => Some(Close::Timeout),
            () = stopped(stop.as_mut()) => Some(Close::Stopped),
            is_there = hand_on(talk.live.as_deref_mut()) => (!is_there).then_some(Close::Abandoned),
            result = outgoing.step(&mut writer), if talk.sending => talk.sent(result),
            result = reader.read(&mut buffer), if !waits => talk.read(result, &buffer),
        };
        if let Some(how) = over {
            talk.talked.how = how;
            return (reader.unsplit(writer), talk.talked);
        }
    }
}

async fn hand_on(live: Option<&mut Live>) -> bool {
    match live {
        Some(live) => live.hand_on().await,
        None => std::future::pending().await,
    }
}

struct Talk<'a> {
    sending: bool,
    incoming: &'a mut Incoming,
    options: &'a ClientOptions,
    live: Option<&'a mut Live>,
    talked: Talked,
}

impl Talk<'_> {
    /// True while what was read waits for whom it is for.
    fn waits(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.waiting.is_some())
    }

    fn sent(&mut self, result: Result<bool, Stuck>) -> Option<Close> {
        match result {
            Ok(more) => self.sending = more,
            // The server may have answered all the same: go on reading.
            Err(Stuck::Wire(error)) => {
                self.sending = false;
                self.talked.error = Some(error);
            }
            Err(Stuck::Storage(error)) => {
                self.talked.storage = Some(error);
                return Some(Close::Stopped);
            }
        }
        None
    }

    fn read(&mut self, result: io::Result<usize>, buffer: &[u8]) -> Option<Close> {
        let count = match result {
            Ok(0) => return Some(Close::Eof),
            Ok(count) => count,
            Err(error) => {
                let how = match error.kind() {
                    io::ErrorKind::UnexpectedEof => Close::Unclean,
                    _ => Close::Reset,
                };
                self.talked.error = Some(error);
                return Some(how);
            }
        };
        if self.talked.first_byte.is_none() {
            self.talked.first_byte = Some((self.options.clock)());
        }
        let (bytes, before) = (buffer.get(..count).unwrap_or_default(), self.incoming.len());
        let taken = self.incoming.take(bytes);
        if let Some(live) = &mut self.live {
            let own = usize::try_from(self.incoming.len() - before).unwrap_or(count);
            let (own, rest) = bytes.split_at_checked(own).unwrap_or((bytes, &[]));
            live.put(own, self.incoming.status());
            self.talked.early = Bytes::copy_from_slice(rest);
        }
        match taken {
            Ok(Taken::More) => None,
            Ok(Taken::Done) => {
                self.talked.done = true;
                Some(Close::Eof)
            }
            Ok(Taken::Limit) => Some(Close::SizeLimit),
            Err(error) => {
                self.talked.storage = Some(error);
                Some(Close::Stopped)
            }
        }
    }
}
