//! Exchanges over connections that are kept and used again.

use super::auth::Login;
use super::connect::{Carrier, Connector, Link, NoLink};
use super::cookies::Jar;
use super::exchange::{Exchange, LINGER, Limits, Nothing, Outcome, linger, run};
use super::facts::{Attempt, Failure, Stage};
use super::live::{Live, Relayed};
use super::request::Request;
use super::spool::SpoolOptions;
use super::sums::DigestForm;
use super::{Clock, system_clock};
use jiff::Timestamp;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
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
    /// Cookies taken from responses and, by [`Client::fetch`], sent with requests.
    pub jar: Option<Arc<Jar>>,
    /// Name and password, for [`Client::fetch`].
    pub login: Option<Arc<Login>>,
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
            jar: None,
            login: None,
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

/// What a fetch came to, over all its exchanges.
#[derive(Debug)]
pub struct Fetched {
    /// Exchanges before the last: the 401 that asked for a password.
    pub before: Vec<Exchange>,
    /// The last, or why there is none.
    pub outcome: Result<Exchange, Box<Failure>>,
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
/// Bytes kept of a proxy's refusal.
const ANSWER: u64 = 16 << 10;

impl Client {
    /// A client that connects like this.
    pub fn new(connector: Connector, options: ClientOptions) -> Self {
        Self { connector, options, kept: Mutex::default() }
    }

    /// Fetches with the jar's cookies and, where the server asks for them and may have them, name and password; each
    /// exchange is given back.
    pub async fn fetch(&self, request: &Request) -> Fetched {
        let login = self.options.login.as_deref().filter(|login| login.covers(request));
        let Some(login) = login else {
            let outcome = self.exchange(&self.with_cookies(request)).await;
            return Fetched { before: Vec::new(), outcome };
        };
        let known = login.before_asked(request);
        let outcome = self.exchange(&self.with_both(request, known.as_deref())).await;
        let answer = match &outcome {
            Ok(exchange) => exchange
                .head
                .as_ref()
                .filter(|head| head.status == Some(401))
                .and_then(|head| login.answer(request, head, known.as_deref())),
            Err(_) => None,
        };
        match (answer, outcome) {
            (Some(answer), Ok(first)) => {
                let second = self.exchange(&self.with_both(request, Some(&answer))).await;
                if let Some(head) = second.as_ref().ok().and_then(|exchange| exchange.head.as_ref())
                    && head.status == Some(401)
                {
                    // Refused: it is not given them again.
                    login.answer(request, head, Some(&answer));
                }
                Fetched { before: vec![first], outcome: second }
            }
            (_, outcome) => Fetched { before: Vec::new(), outcome },
        }
    }

    /// Runs one exchange: over a kept connection if there is one, else over a fresh one. A kept connection that
    /// closes before a byte is tried once more on a fresh one, if the method may be sent twice (RFC 9110 §9.2.2).
    /// The request is sent as it is, but for the absolute form that a proxy wants.
    ///
    /// # Errors
    /// A [`Failure`] when not a byte of a response came, or it could not be stored, or it was the refusal of a proxy.
    pub async fn exchange(&self, request: &Request) -> Result<Exchange, Box<Failure>> {
        self.carry(&self.connector, request, None).await
    }

    /// Runs one exchange while somebody takes part in it, who sends the body as it comes and is given the response as it
    /// comes. HTTP/2 is not offered, and what cannot be sent twice goes over a fresh connection.
    pub async fn relay(&self, request: &Request, mut live: Live) -> Relayed {
        let connector = self.connector.clone().http2(false);
        if connector.forwards(request) {
            live.hold_refusals();
        }
        let outcome = self.carry(&connector, request, Some(&mut live)).await;
        Relayed { outcome, persistent: live.persistent, tunnel: live.tunnel.take() }
    }

    async fn carry(
        &self,
        connector: &Connector,
        request: &Request,
        mut live: Option<&mut Live>,
    ) -> Result<Exchange, Box<Failure>> {
        let addressed = connector.addressed(request);
        let request: &Request = &addressed;
        let mut fetch = Fetch { request, client: self, tries: Vec::new(), started: (self.options.clock)() };
        let is_once = live.as_ref().is_some_and(|live| live.body.is_some() || !request.is_idempotent());
        let kept = if is_once { None } else { self.take(request.url(), live.is_none()).await };
        if let Some(link) = kept {
            match run(link, true, request, &self.options, live.as_deref_mut()).await {
                Outcome::Some(exchange, link) => return fetch.done(*exchange, link),
                Outcome::Nothing(nothing) => {
                    fetch.note(&nothing, true);
                    if !nothing.closed || !request.is_idempotent() {
                        return Err(fetch.failed(nothing));
                    }
                }
            }
        }
        let link = match connector.connect(request.url(), &self.options.clock, &mut fetch.tries).await {
            Ok(link) => link,
            Err(no_link) => return Err(fetch.unconnected(no_link)),
        };
        match run(link, false, request, &self.options, live).await {
            Outcome::Some(exchange, link) => fetch.done(*exchange, link),
            Outcome::Nothing(nothing) => {
                fetch.note(&nothing, false);
                Err(fetch.failed(nothing))
            }
        }
    }

    fn with_cookies(&self, request: &Request) -> Request {
        let cookies = self.options.jar.as_ref().and_then(|jar| jar.header(request.url()));
        // A cookie that cannot stand in a header is not sent.
        cookies.and_then(|cookies| request.with_cookies(&cookies).ok()).unwrap_or_else(|| request.clone())
    }

    fn with_both(&self, request: &Request, authorization: Option<&str>) -> Request {
        let request = self.with_cookies(request);
        authorization.and_then(|value| request.with("Authorization", value).ok()).unwrap_or(request)
    }

    /// The shortest time after which it gives up waiting.
    pub fn patience(&self) -> Duration {
        self.connector.patience().min(self.options.limits.idle).min(self.options.limits.total)
    }

    /// Closes every connection that is kept.
    pub fn close_kept(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A kept connection that is still quiet and open; one of HTTP/2 only where `any` will do.
    async fn take(&self, url: &Url, any: bool) -> Option<Link> {
        let key = key(url)?;
        loop {
            let mut link = self.pop(&key)?;
            let open = match &mut link.carrier {
                Carrier::Http1(stream) => linger(stream, LINGER).await.open,
                Carrier::Http2(session) => any && session.is_open(),
            };
            if open {
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

    fn done(self, exchange: Exchange, link: Option<Link>) -> Result<Exchange, Box<Failure>> {
        let head = exchange.head.as_ref();
        let proxy = self.client.connector.refusing_proxy(&exchange.connection);
        if let (Some(proxy), Some(head)) = (proxy, head.filter(|head| head.status == Some(407))) {
            let error = proxy.wants_a_password(head);
            return Err(self.refused(exchange, error));
        }
        if let (Some(jar), Some(head)) = (&self.client.options.jar, head) {
            jar.take(&exchange.url, head);
        }
        if let Some(link) = link {
            self.client.keep(self.request.url(), link);
        }
        Ok(Exchange { attempts: self.tries, ..exchange })
    }

    /// What came is the proxy's word, not the host's.
    fn refused(mut self, exchange: Exchange, error: String) -> Box<Failure> {
        self.tries.push(Attempt {
            peer: Some(exchange.connection.peer),
            reused: exchange.reused,
            stage: Stage::Proxy,
            error: error.clone(),
            elapsed_ms: exchange.elapsed_ms,
        });
        let head = exchange.body_start.unwrap_or(exchange.response.len());
        let mut answer = Vec::new();
        // What cannot be read back is missing from the evidence, and no more.
        let _ = exchange.response.reader().take(head.min(ANSWER)).read_to_end(&mut answer);
        let no_link = NoLink { answer: Some(answer), ..NoLink::new(Stage::Proxy, error) };
        Box::new(Failure { connection: Some(exchange.connection), ..*self.unconnected(no_link) })
    }

    fn failed(self, nothing: Nothing) -> Box<Failure> {
        let lookup = nothing.facts.lookup.clone();
        let no_link = NoLink { lookup, ..NoLink::new(nothing.stage, nothing.error) };
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
            lookup: no_link.lookup,
            proxy_answer: no_link.answer,
            connection: None,
            tls: no_link.tls,
            storage: None,
        })
    }
}
