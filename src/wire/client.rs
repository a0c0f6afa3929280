//! Exchanges over connections that are kept and used again.

use super::connect::{Connector, Link, NoLink};
use super::exchange::{Exchange, Limits, Nothing, Outcome, linger, run};
use super::facts::{Attempt, Failure};
use super::request::Request;
use super::spool::SpoolOptions;
use super::sums::DigestForm;
use super::{Clock, system_clock};
use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use url::Url;

/// How exchanges are run.
#[derive(Clone)]
pub struct ClientOptions {
    /// What each may take.
    pub limits: Limits,
    /// Where responses go.
    pub spool: SpoolOptions,
    /// The digest for the records; SHA-256 is computed in any case.
    pub digest: DigestForm,
    /// The time of day.
    pub clock: Clock,
    /// Becomes true when exchanges in flight are to stop at once; what came so far is kept.
    pub stop: Option<watch::Receiver<bool>>,
}

impl ClientOptions {
    /// The defaults, with responses spooled like this.
    pub fn new(spool: SpoolOptions) -> Self {
        Self {
            limits: Limits::default(),
            spool,
            digest: DigestForm::default(),
            clock: system_clock(),
            stop: None,
        }
    }
}

/// Runs exchanges, one after another or several at once.
pub struct Client {
    connector: Connector,
    options: ClientOptions,
    kept: Mutex<Vec<Kept>>,
}

/// A connection that can be used again.
struct Kept {
    key: Key,
    link: Link,
    since: Instant,
}

type Key = (String, String, Option<u16>);

/// Connections kept in all, and for how long.
const KEPT: usize = 64;
const KEPT_FOR: Duration = Duration::from_secs(55);

impl Client {
    /// A client that connects like this.
    pub fn new(connector: Connector, options: ClientOptions) -> Self {
        Self { connector, options, kept: Mutex::default() }
    }

    /// Runs one exchange: over a kept connection if there is one, else over a fresh one. A kept connection that
    /// closes before a byte is tried once more on a fresh one, if the method may be sent twice (RFC 9110 §9.2.2).
    ///
    /// # Errors
    /// A [`Failure`] when not a byte of a response came, or it could not be stored.
    pub async fn exchange(&self, request: &Request) -> Result<Exchange, Box<Failure>> {
        let mut fetch = Fetch { request, client: self, tries: Vec::new(), started: (self.options.clock)() };
        if let Some(link) = self.take(request.url()).await {
            match run(link, true, request, &self.options).await {
                Outcome::Some(exchange, link) => return Ok(fetch.done(*exchange, link)),
                Outcome::Nothing(nothing) => {
                    fetch.note(&nothing, true);
                    if !nothing.closed || !request.is_idempotent() {
                        return Err(fetch.failed(nothing));
                    }
                }
            }
        }
        let link = match self.connector.connect(request.url(), &self.options.clock, &mut fetch.tries).await {
            Ok(link) => link,
            Err(no_link) => return Err(fetch.unconnected(no_link)),
        };
        match run(link, false, request, &self.options).await {
            Outcome::Some(exchange, link) => Ok(fetch.done(*exchange, link)),
            Outcome::Nothing(nothing) => {
                fetch.note(&nothing, false);
                Err(fetch.failed(nothing))
            }
        }
    }

    /// Closes every connection that is kept.
    pub fn close_kept(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A kept connection that is still quiet and open.
    async fn take(&self, url: &Url) -> Option<Link> {
        let key = key(url)?;
        loop {
            let mut link = self.pop(&key)?;
            if linger(&mut link.stream, Duration::ZERO).await.open {
                return Some(link);
            }
        }
    }

    fn pop(&self, key: &Key) -> Option<Link> {
        let mut kept = self.lock();
        kept.retain(|kept| kept.since.elapsed() < KEPT_FOR);
        let at = kept.iter().rposition(|kept| kept.key == *key)?;
        Some(kept.remove(at).link)
    }

    fn keep(&self, url: &Url, link: Link) {
        let Some(key) = key(url) else { return };
        let mut kept = self.lock();
        kept.retain(|kept| kept.since.elapsed() < KEPT_FOR);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(Kept { key, link, since: Instant::now() });
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").field("connector", &self.connector).finish_non_exhaustive()
    }
}

fn key(url: &Url) -> Option<Key> {
    Some((url.scheme().to_owned(), url.host_str()?.to_owned(), url.port_or_known_default()))
}

/// One fetch, over all its tries.
struct Fetch<'a> {
    request: &'a Request,
    client: &'a Client,
    tries: Vec<Attempt>,
    started: Timestamp,
}

impl Fetch<'_> {
    fn note(&mut self, nothing: &Nothing, reused: bool) {
        self.tries.push(Attempt {
            peer: Some(nothing.facts.peer),
            reused,
            stage: nothing.stage,
            error: nothing.error.clone(),
            elapsed_ms: nothing.elapsed_ms,
        });
    }

    fn done(self, exchange: Exchange, link: Option<Link>) -> Exchange {
        if let Some(link) = link {
            self.client.keep(self.request.url(), link);
        }
        Exchange { attempts: self.tries, ..exchange }
    }

    fn failed(self, nothing: Nothing) -> Box<Failure> {
        let no_link = NoLink { stage: nothing.stage, error: nothing.error, tls: None };
        let failure = self.unconnected(no_link);
        Box::new(Failure { connection: Some(nothing.facts), storage: nothing.storage, ..*failure })
    }

    fn unconnected(self, no_link: NoLink) -> Box<Failure> {
        Box::new(Failure {
            url: self.request.url().to_string(),
            stage: no_link.stage,
            error: no_link.error,
            attempts: self.tries,
            started: self.started,
            ended: (self.client.options.clock)(),
            connection: None,
            tls: no_link.tls,
            storage: None,
        })
    }
}
