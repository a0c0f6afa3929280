//! Exchanges over HTTP/2, written down as the HTTP/1.1 they would have been: a reconstruction, and marked as one.
//!
//! What a frame held is compressed and interleaved; no block could be a copy of it. The status line has no reason (HTTP/2
//! has none), fields keep the lower case they come in, interim responses are lost, and there is no chunked coding: a body
//! without a length ends with the block.

use super::client::ClientOptions;
use super::connect::{Carrier, Link, millis, seconds};
use super::exchange::{Begun, Nothing, Outcome, connection_findings, stopped};
use super::facts::{Connection, Stage};
use super::incoming::{Incoming, Taken};
use super::request::Request;
use super::stream::Stream;
use crate::finding::{Finding, rules};
use crate::message::framing::Close;
use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Reason, RecvStream};
use http::HeaderMap;
use std::io;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// Bytes that may be on their way for one response, and for all.
const WINDOW: u32 = 1 << 20;
/// Bytes of trailer fields that are told.
const TRAILERS: usize = 4 << 10;
/// Fields that HTTP/2 has no place for (RFC 9113 §8.2.2).
const HOP: [&str; 6] =
    ["host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// One connection that speaks HTTP/2, and the task that moves its frames.
pub(super) struct Session {
    send: SendRequest<Bytes>,
    frames: JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.frames.abort();
    }
}

impl Session {
    pub(super) async fn begin(stream: Stream) -> Result<Self, String> {
        let mut builder = Builder::new();
        builder.enable_push(false).initial_window_size(WINDOW).initial_connection_window_size(WINDOW);
        let (send, connection) =
            builder.handshake::<_, Bytes>(stream).await.map_err(|error| words(&error))?;
        let frames = tokio::spawn(async move {
            // Its errors come out at the streams too.
            let _ = connection.await;
        });
        Ok(Self { send, frames })
    }

    pub(super) fn is_open(&self) -> bool {
        !self.frames.is_finished()
    }

    async fn ask(&mut self, request: &Request) -> Result<ResponseFuture, h2::Error> {
        std::future::poll_fn(|cx| self.send.poll_ready(cx)).await?;
        let head = head(request).map_err(|_| h2::Error::from(Reason::PROTOCOL_ERROR))?;
        let (response, mut body) = self.send.send_request(head, request.body().is_empty())?;
        if !request.body().is_empty() {
            body.send_data(Bytes::copy_from_slice(request.body()), true)?;
        }
        Ok(response)
    }
}

fn head(request: &Request) -> Result<http::Request<()>, http::Error> {
    let mut builder = http::Request::builder().method(request.method()).uri(request.url().as_str());
    for (name, value) in request.fields() {
        if !HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop)) {
            builder = builder.header(name.to_ascii_lowercase(), value);
        }
    }
    builder.version(http::Version::HTTP_2).body(())
}

/// How the reading ended.
struct Read {
    how: Close,
    first_byte: Option<jiff::Timestamp>,
    error: Option<String>,
    storage: Option<io::Error>,
    trailers: Option<HeaderMap>,
}

pub(super) async fn run(mut session: Session, begun: Begun<'_>) -> Outcome {
    let (request, mut incoming) = (begun.request, begun.incoming());
    let read = read(&mut session, request, &mut incoming, begun.options).await;
    let Some(first_byte) = read.first_byte.filter(|_| read.storage.is_none()) else {
        return Outcome::Nothing(nothing(&read, begun.options, millis(begun.at), begun.facts));
    };
    let received = incoming.finish(read.how);
    let mut findings: Vec<Finding> = received.ending.findings.clone();
    findings.extend(connection_findings(&begun.facts));
    findings.extend(read.trailers.as_ref().map(trailers));
    let keep = received.ending.truncated.is_none() && session.is_open();
    let facts = begun.facts.clone();
    let mut copied = begun.copied();
    if let Err(error) = copied.take(request.bytes()) {
        let read = Read { storage: Some(error), ..read };
        return Outcome::Nothing(nothing(&read, begun.options, millis(begun.at), begun.facts));
    }
    let exchange = begun.ended(copied.finish(), first_byte, received, findings);
    let link = Link { carrier: Carrier::Http2(session), facts };
    Outcome::Some(Box::new(exchange), keep.then_some(link))
}

/// Asks and reads until the response is over, or a limit.
async fn read(
    session: &mut Session,
    request: &Request,
    incoming: &mut Incoming,
    options: &ClientOptions,
) -> Read {
    let mut read = Read { how: Close::Eof, first_byte: None, error: None, storage: None, trailers: None };
    let end = Instant::now() + options.limits.total;
    let answer = async { session.ask(request).await?.await };
    let mut body = match within(end, options, answer).await {
        Ok(Ok(response)) => {
            read.first_byte = Some((options.clock)());
            let text = status_and_fields(&response);
            if read.takes(incoming, &text) {
                return read;
            }
            response.into_body()
        }
        Ok(Err(error)) => return Read { how: Close::Reset, error: Some(words(&error)), ..read },
        Err(how) => return Read { how, ..read },
    };
    loop {
        match within(end, options, next(&mut body)).await {
            Ok(Ok(Some(bytes))) => {
                // What is kept makes room for more.
                let _ = body.flow_control().release_capacity(bytes.len());
                if read.takes(incoming, &bytes) {
                    return read;
                }
            }
            Ok(Ok(None)) => {
                read.trailers =
                    within(end, options, body.trailers()).await.ok().and_then(Result::ok).flatten();
                return read;
            }
            Ok(Err(error)) => return Read { how: Close::Reset, error: Some(words(&error)), ..read },
            Err(how) => return Read { how, ..read },
        }
    }
}

impl Read {
    /// Keeps bytes; true where there shall be no more.
    fn takes(&mut self, incoming: &mut Incoming, bytes: &[u8]) -> bool {
        self.how = match incoming.take(bytes) {
            // The end of the stream is the end of the response, whatever its length says.
            Ok(Taken::More | Taken::Done) => return false,
            Ok(Taken::Limit) => Close::SizeLimit,
            Err(error) => {
                self.storage = Some(error);
                Close::Stopped
            }
        };
        true
    }
}

async fn next(body: &mut RecvStream) -> Result<Option<Bytes>, h2::Error> {
    body.data().await.transpose()
}

/// The outcome, unless the time for it is over or all is to stop.
async fn within<T>(end: Instant, options: &ClientOptions, what: impl Future<Output = T>) -> Result<T, Close> {
    let until = end.min(Instant::now() + options.limits.idle);
    let mut stop = options.stop.clone();
    tokio::select! {
        biased;
        () = sleep_until(until) => Err(Close::Timeout),
        () = stopped(stop.as_mut()) => Err(Close::Stopped),
        outcome = what => Ok(outcome),
    }
}

fn status_and_fields(response: &http::Response<RecvStream>) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {} \r\n", response.status().as_u16()).into_bytes();
    push_fields(&mut text, response.headers());
    text.extend_from_slice(b"\r\n");
    text
}

fn push_fields(text: &mut Vec<u8>, fields: &HeaderMap) {
    for (name, value) in fields {
        text.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
}

fn trailers(fields: &HeaderMap) -> Finding {
    let mut text = Vec::new();
    push_fields(&mut text, fields);
    let text = String::from_utf8_lossy(&text).trim_end().replace("\r\n", "; ");
    let text: String = text.chars().take(TRAILERS).collect();
    Finding::new(&rules::HTTP2_TRAILERS, format!("{} They were: {text}", rules::HTTP2_TRAILERS.meaning))
}

fn nothing(read: &Read, options: &ClientOptions, elapsed_ms: u64, facts: Arc<Connection>) -> Nothing {
    let (host, limits) = (&facts.host, &options.limits);
    let (stage, error) = match (&read.storage, read.how, &read.error) {
        (Some(error), ..) => (Stage::Body, format!("the response could not be stored: {error}")),
        (None, Close::Timeout, _) => (
            Stage::Http,
            format!("{host} sent no response within {}", seconds(limits.idle.min(limits.total))),
        ),
        (None, Close::Stopped, _) => (Stage::Http, format!("stopped before {host} sent a response")),
        (None, _, error) => {
            let error = error.as_deref().unwrap_or("the connection was closed");
            (Stage::Http, format!("{host} sent no response over HTTP/2: {error}"))
        }
    };
    let closed = read.storage.is_none() && read.how == Close::Reset;
    Nothing { stage, error, closed, storage: read.storage.as_ref().map(io::Error::kind), elapsed_ms, facts }
}

fn words(error: &h2::Error) -> String {
    match (error.get_io(), error.reason()) {
        (Some(error), _) => super::connect::io_words(error),
        (None, Some(reason)) => format!("{reason:?}, {}", reason.description()),
        (None, None) => error.to_string(),
    }
}
