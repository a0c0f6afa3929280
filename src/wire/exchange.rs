//! One request and its response over one connection.

use super::client::ClientOptions;
use super::connect::{Carrier, Link, io_words, millis, seconds};
use super::facts::{Attempt, Connection, Stage, Verdict};
use super::http2;
use super::incoming::{Incoming, Received};
use super::live::{Live, Tunnel};
use super::outgoing::{Copied, Outgoing, WireBytes};
use super::request::Request;
use super::spool::Spooled;
use super::stream::Stream;
use super::sums::Sums;
use super::talk::{Talked, talk};
use super::tls::late_refusal;
use crate::finding::{Finding, rules};
use crate::message::framing::{Close, Truncated};
use crate::message::head::{HeadLimits, ResponseHead};
use jiff::Timestamp;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use url::Url;

/// What an exchange may take. Reaching a limit keeps what came, marked with the reason.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time without a byte in either direction.
    pub idle: Duration,
    /// Time from the first byte sent to the last received.
    pub total: Duration,
    /// Bytes of the response, head included.
    pub bytes: u64,
    /// Each head of the response.
    pub head: HeadLimits,
}

impl Default for Limits {
    /// 60 s without a byte, one hour in all, 16 GiB.
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            total: Duration::from_secs(3600),
            bytes: 16 << 30,
            head: HeadLimits::default(),
        }
    }
}

/// A request and what came back: at least one byte, kept as it came.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The URL fetched, without fragment or credentials.
    pub url: Url,
    /// The method sent.
    pub method: String,
    /// The request as far as it was sent.
    pub request: WireBytes,
    /// The response as received, interim responses included, surplus bytes not.
    pub response: Spooled,
    /// Digests of the response.
    pub block: Sums,
    /// Digests of its payload: the body with the chunked coding taken off, content coding kept.
    pub payload: Sums,
    /// Bytes of its payload.
    pub payload_len: u64,
    /// The final head, as far as it came; `None` for a response without one (HTTP/0.9).
    pub head: Option<ResponseHead>,
    /// Where the final head begins in the response.
    pub head_start: u64,
    /// Where the body begins in the response, if the head came whole.
    pub body_start: Option<u64>,
    /// Why the response is not whole, if it is not.
    pub truncated: Option<Truncated>,
    /// What was odd.
    pub findings: Vec<Finding>,
    /// When the request began to be sent; the `WARC-Date` of all its records.
    pub started: Timestamp,
    /// When the first bytes of the response came.
    pub first_byte: Timestamp,
    /// When the exchange was over.
    pub ended: Timestamp,
    /// Milliseconds from start to end, by a clock that only goes forward.
    pub elapsed_ms: u64,
    /// The connection.
    pub connection: Arc<Connection>,
    /// `h2` where the blocks are HTTP/1.1 written from what HTTP/2 carried, and no copy of the wire's bytes.
    pub reconstructed: Option<&'static str>,
    /// True where the connection had carried an exchange before.
    pub reused: bool,
    /// Tries that failed before this one.
    pub attempts: Vec<Attempt>,
    /// The payload's type by its own bytes, inside its content coding; `None` where it is empty.
    pub identified_type: Option<&'static str>,
    /// Bytes that followed the response and belong to no message; not kept.
    pub surplus: u64,
}

/// How running a request over a connection ended.
pub(super) enum Outcome {
    /// Something came; the connection too, where it can be used again.
    Some(Box<Exchange>, Option<Link>),
    Nothing(Nothing),
}

/// Not a byte came, or none could be stored.
pub(super) struct Nothing {
    pub(super) stage: Stage,
    pub(super) error: String,
    /// The server closed the connection: on a kept connection, reason to try a fresh one.
    pub(super) closed: bool,
    pub(super) storage: Option<io::ErrorKind>,
    pub(super) elapsed_ms: u64,
    pub(super) facts: Arc<Connection>,
}

pub(super) async fn run(
    link: Link,
    reused: bool,
    request: &Request,
    options: &ClientOptions,
    live: Option<&mut Live>,
) -> Outcome {
    let Link { carrier, facts } = link;
    let (at, started) = (std::time::Instant::now(), (options.clock)());
    let begun = Begun { at, started, reused, facts, request, options };
    match carrier {
        Carrier::Http1(stream) => run_http1(stream, begun, live).await,
        Carrier::Http2(session) => http2::run(session, begun).await,
    }
}

async fn run_http1(stream: Stream, begun: Begun<'_>, mut live: Option<&mut Live>) -> Outcome {
    let Begun { request, options, .. } = begun;
    let mut incoming = begun.incoming();
    let mut body = live.as_deref_mut().and_then(|live| live.body.take());
    let mut outgoing = Outgoing::new(request.bytes(), body.as_mut(), &options.spool, options.digest);
    let (mut stream, talked) = talk(stream, &mut outgoing, &mut incoming, options, live.as_deref_mut()).await;
    let Some(first_byte) = talked.first_byte.filter(|_| talked.storage.is_none() && !incoming.is_empty())
    else {
        return Outcome::Nothing(nothing(&talked, options, millis(begun.at), begun.facts));
    };
    // A protocol that was not asked for is none (RFC 9110 §15.2.2).
    let switches =
        live.is_some() && request.field("Upgrade").is_some() && incoming.status() == Some(Some(101));
    let mut received = incoming.finish(talked.how);
    let late = match talked.done && received.ending.truncated.is_none() && !switches {
        true => linger(&mut stream, LINGER).await,
        false => Late { bytes: 0, open: false },
    };
    // What follows a 101 is no HTTP, and no surplus.
    received.surplus = if switches { 0 } else { received.surplus + late.bytes };
    let unsent = outgoing.unsent();
    let findings = findings(&received, &talked, unsent, &begun.facts);
    let persistent = received.ending.persistent;
    let keep = persistent && received.surplus == 0 && late.open && unsent == (0, false) && !request.closes();
    let facts = begun.facts.clone();
    let exchange = begun.ended(outgoing.finish(), first_byte, received, findings);
    if let Some(live) = live {
        live.persistent = persistent;
        live.release(&[]);
        last_bytes(live, options).await;
        if switches {
            live.tunnel = Some(Tunnel { early: talked.early, stream });
            return Outcome::Some(Box::new(exchange), None);
        }
    }
    Outcome::Some(Box::new(exchange), keep.then_some(Link { carrier: Carrier::Http1(stream), facts }))
}

/// What waits for a slow reader is handed on, unless all is to stop, or he takes too long.
async fn last_bytes(live: &mut Live, options: &ClientOptions) {
    let mut stop = options.stop.clone();
    if live.waiting.is_some() {
        tokio::select! {
            _ = live.hand_on() => {}
            () = stopped(stop.as_mut()) => {}
            () = sleep_until(Instant::now() + options.limits.total) => {}
        }
    }
}

/// An exchange under way.
pub(super) struct Begun<'a> {
    pub(super) at: std::time::Instant,
    pub(super) started: Timestamp,
    pub(super) reused: bool,
    pub(super) facts: Arc<Connection>,
    pub(super) request: &'a Request,
    pub(super) options: &'a ClientOptions,
}

impl Begun<'_> {
    pub(super) fn incoming(&self) -> Incoming {
        let Limits { bytes, head, .. } = self.options.limits;
        Incoming::new(self.request.method(), bytes, head, &self.options.spool, self.options.digest)
    }

    pub(super) fn copied(&self) -> Copied {
        Copied::new(&self.options.spool, self.options.digest)
    }

    /// The exchange, so much of its request having gone out.
    pub(super) fn ended(
        self,
        sent: WireBytes,
        first_byte: Timestamp,
        received: Received,
        findings: Vec<Finding>,
    ) -> Exchange {
        Exchange {
            url: self.request.url().clone(),
            method: self.request.method().to_owned(),
            request: sent,
            response: received.response,
            block: received.block,
            payload: received.payload,
            payload_len: received.payload_len,
            head: received.ending.head,
            head_start: received.ending.head_start,
            body_start: received.ending.body_start,
            truncated: received.ending.truncated,
            findings,
            started: self.started,
            first_byte,
            ended: (self.options.clock)(),
            elapsed_ms: millis(self.at),
            reconstructed: self.facts.is_http2().then_some("h2"),
            connection: self.facts,
            reused: self.reused,
            attempts: Vec::new(),
            identified_type: received.identified,
            surplus: received.surplus,
        }
    }
}

/// Enough for bytes that are already here to be seen.
pub(super) const LINGER: usize = 4;

/// What comes on a connection that ought to be quiet.
pub(super) struct Late {
    pub(super) bytes: u64,
    pub(super) open: bool,
}

/// Looks for as many turns of the run-time as are given: each has the system asked what has come. No clock: its
/// milliseconds would be most of the time that a near server's response takes.
pub(super) async fn linger(stream: &mut Stream, turns: usize) -> Late {
    let mut buffer = vec![0; 4096];
    for _ in 0..turns {
        if let Some(read) = at_once(stream.read(&mut buffer)).await {
            return Late { bytes: read.map_or(0, |count| count as u64), open: false };
        }
        tokio::task::yield_now().await;
    }
    Late { bytes: 0, open: true }
}

/// What a future gives without waiting. A read that gives nothing has taken nothing.
async fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Comes back once the stop signal is true, never without one.
pub(super) async fn stopped(stop: Option<&mut watch::Receiver<bool>>) {
    if let Some(stop) = stop
        && stop.wait_for(|stop| *stop).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

fn nothing(talked: &Talked, options: &ClientOptions, elapsed_ms: u64, facts: Arc<Connection>) -> Nothing {
    let (stage, error) = match &talked.storage {
        Some(error) => (Stage::Body, format!("the response could not be stored: {}", io_words(error))),
        None => match talked.error.as_ref().and_then(|error| late_refusal(&facts.host, error)) {
            Some(words) => (Stage::Tls, words),
            None => (Stage::Http, silence(talked, options, &facts.host)),
        },
    };
    Nothing {
        stage,
        error,
        closed: talked.storage.is_none() && matches!(talked.how, Close::Eof | Close::Unclean | Close::Reset),
        storage: talked.storage.as_ref().map(io::Error::kind),
        elapsed_ms,
        facts,
    }
}

fn silence(talked: &Talked, options: &ClientOptions, host: &str) -> String {
    let limits = &options.limits;
    match (talked.how, &talked.error) {
        (Close::Timeout, _) => {
            format!("{host} sent not a byte within {}", seconds(limits.idle.min(limits.total)))
        }
        (Close::Stopped, _) => format!("stopped before {host} sent a byte"),
        (Close::Abandoned, _) => format!("the client went away before {host} sent a byte"),
        (Close::Reset, Some(error)) => format!("{host} sent not a byte: {}", io_words(error)),
        _ => format!("{host} closed the connection without sending a byte"),
    }
}

fn findings(received: &Received, talked: &Talked, unsent: (usize, bool), facts: &Connection) -> Vec<Finding> {
    let mut findings = received.ending.findings.clone();
    if received.surplus > 0 {
        let message = format!("{} bytes or more followed the response and belong to none.", received.surplus);
        findings.push(Finding::new(&rules::HTTP_SURPLUS, message));
    }
    if unsent != (0, false) {
        let message = match unsent {
            (_, true) => "The response was over before the body of the request was.".to_owned(),
            (bytes, false) => {
                format!("{bytes} bytes of the request were not sent before the response was over.")
            }
        };
        findings.push(Finding::new(&rules::HTTP_REQUEST_CUT, message));
    }
    if talked.how == Close::Unclean {
        findings.push(Finding::new(&rules::TLS_UNCLEAN, rules::TLS_UNCLEAN.meaning));
    }
    findings.extend(connection_findings(facts));
    findings
}

/// What is to be said of every exchange over a connection.
pub(super) fn connection_findings(facts: &Connection) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(Verdict::Refused(reason)) = facts.tls.as_ref().map(|tls| &tls.verdict) {
        findings.push(Finding::new(&rules::TLS_UNTRUSTED, reason.clone()));
    }
    match (facts.wants_http2, facts.is_http2()) {
        (_, true) => {
            findings.push(Finding::new(&rules::HTTP2_RECONSTRUCTED, rules::HTTP2_RECONSTRUCTED.meaning))
        }
        (true, false) => findings.push(Finding::new(&rules::HTTP2_ABSENT, rules::HTTP2_ABSENT.meaning)),
        (false, false) => {}
    }
    findings
}
