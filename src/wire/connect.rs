//! From a URL to a connection: DNS, TCP, proxy, TLS, each fact and each failed try kept.

use super::Clock;
use super::facts::{Attempt, Connection, Lookup, Stage, Tls, Via};
use super::http2::Session;
use super::lookup::{Resolver, by_turns};
use super::origins::Origins;
use super::proxy::Proxy;
use super::request::Request;
use super::stream::Stream;
use super::tls::{Identity, Trust};
use std::borrow::Cow;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

/// The longest try of an address while there are others.
const ATTEMPT: Duration = Duration::from_secs(8);

/// Opens connections.
#[derive(Clone, Debug)]
pub struct Connector {
    trust: Trust,
    timeout: Duration,
    resolver: Resolver,
    proxy: Option<Proxy>,
    identity: Option<(Identity, Origins)>,
    http2: bool,
}

/// An open connection and its facts.
pub(super) struct Link {
    pub(super) carrier: Carrier,
    pub(super) facts: Arc<Connection>,
}

/// What carries exchanges.
pub(super) enum Carrier {
    Http1(Stream),
    Http2(Session),
}

/// No connection came about.
pub(super) struct NoLink {
    pub(super) stage: Stage,
    pub(super) error: String,
    pub(super) tls: Option<Tls>,
    pub(super) lookup: Option<Arc<Lookup>>,
    /// What the proxy said.
    pub(super) answer: Option<Vec<u8>>,
}

impl NoLink {
    pub(super) fn new(stage: Stage, error: impl Into<String>) -> Self {
        Self { stage, error: error.into(), tls: None, lookup: None, answer: None }
    }
}

/// A stream to the host, or through a proxy to it.
struct Reached {
    stream: TcpStream,
    peer: SocketAddr,
    via: Option<Via>,
    connect_ms: u64,
}

impl Connector {
    /// A connector that trusts so, and gives each of lookup, TCP connection and TLS handshake this long.
    pub fn new(trust: Trust, timeout: Duration) -> Self {
        Self { trust, timeout, resolver: Resolver::default(), proxy: None, identity: None, http2: false }
    }

    /// Uses these addresses for a host in place of DNS, besides those given before; none of them is an answer.
    #[must_use]
    pub fn resolve(mut self, host: &str, addresses: Vec<IpAddr>) -> Self {
        self.resolver.give(host, addresses);
        self
    }

    /// Connects through a proxy.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Shows this certificate to servers of these origins, where they ask for one.
    #[must_use]
    pub fn identity(mut self, identity: Identity, origins: Origins) -> Self {
        self.identity = Some((identity, origins));
        self
    }

    /// Offers HTTP/2 to servers over TLS; what comes over it is a reconstruction.
    #[must_use]
    pub fn http2(mut self, yes: bool) -> Self {
        self.http2 = yes;
        self
    }

    /// How long each step may take.
    pub(super) fn patience(&self) -> Duration {
        self.timeout
    }

    /// True where the request goes to a proxy whole.
    pub(super) fn forwards(&self, request: &Request) -> bool {
        self.proxy.as_ref().is_some_and(|proxy| proxy.forwards(request.url().scheme()))
    }

    /// The request as it goes to whom it is sent: in absolute form to a proxy that forwards it.
    pub(super) fn addressed<'a>(&self, request: &'a Request) -> Cow<'a, Request> {
        match &self.proxy {
            Some(proxy) if self.forwards(request) => {
                Cow::Owned(request.forwarded(proxy.authorization().as_deref()))
            }
            _ => Cow::Borrowed(request),
        }
    }

    /// What a 407 of a proxy that forwards comes to.
    pub(super) fn refusing_proxy(&self, facts: &Connection) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|_| facts.via.as_ref().is_some_and(|via| via.forwards))
    }

    pub(super) async fn connect(
        &self,
        url: &Url,
        clock: &Clock,
        tries: &mut Vec<Attempt>,
    ) -> Result<Link, NoLink> {
        let place =
            Place::of(url).ok_or_else(|| NoLink::new(Stage::Policy, "the URL has no host and port"))?;
        let lookup = self.look_up(&place, clock, tries).await?;
        match self.open(&place, lookup.clone(), url, clock, tries).await {
            Err(no_link) => Err(NoLink { lookup, ..no_link }),
            link => link,
        }
    }

    async fn open(
        &self,
        place: &Place,
        lookup: Option<Arc<Lookup>>,
        url: &Url,
        clock: &Clock,
        tries: &mut Vec<Attempt>,
    ) -> Result<Link, NoLink> {
        let reached = match &self.proxy {
            None => self.direct(place, lookup.as_deref(), tries).await?,
            Some(proxy) => self.through(proxy, place, lookup.as_deref(), clock, tries).await?,
        };
        let started = Instant::now();
        let (stream, tls) = if place.tls {
            self.shake(place, url, reached.stream, reached.peer, tries).await?
        } else {
            (Stream::Plain(reached.stream), None)
        };
        let is_http2 = tls.as_ref().is_some_and(|tls| tls.alpn.as_deref() == Some("h2"));
        let mut protocols = vec![if is_http2 { "h2" } else { "http/1.1" }.to_owned()];
        protocols.extend(tls.as_ref().map(|tls| tls.version.clone()));
        let facts = Connection {
            host: place.host.clone(),
            port: place.port,
            lookup,
            peer: reached.peer,
            via: reached.via,
            wants_http2: self.http2,
            protocols,
            tls_ms: if tls.is_some() { millis(started) } else { 0 },
            tls,
            opened: clock(),
            connect_ms: reached.connect_ms,
        };
        let carrier = match is_http2 {
            true => Carrier::Http2(self.http2_session(&facts, stream, tries).await?),
            false => Carrier::Http1(stream),
        };
        Ok(Link { carrier, facts: Arc::new(facts) })
    }

    async fn http2_session(
        &self,
        facts: &Connection,
        stream: Stream,
        tries: &mut Vec<Attempt>,
    ) -> Result<Session, NoLink> {
        let started = Instant::now();
        let error = match timeout(self.timeout, Session::begin(stream)).await {
            Ok(Ok(session)) => return Ok(session),
            Ok(Err(error)) => format!("{} chose HTTP/2 and does not speak it: {error}", facts.host),
            Err(_) => format!("{} did not begin HTTP/2 within {}", facts.host, seconds(self.timeout)),
        };
        Err(give_up(tries, Some(facts.peer), NoLink::new(Stage::Http, error), started))
    }

    /// The lookup of a name, unless a proxy does it.
    async fn look_up(
        &self,
        place: &Place,
        clock: &Clock,
        tries: &mut Vec<Attempt>,
    ) -> Result<Option<Arc<Lookup>>, NoLink> {
        let there = self.proxy.as_ref().is_some_and(|proxy| !proxy.resolves_here());
        if place.address.is_some() || (there && !self.resolver.is_given(&place.host)) {
            return Ok(None);
        }
        let started = Instant::now();
        match self.resolver.look_up(&place.host, self.timeout, clock).await {
            Ok(lookup) => Ok(Some(lookup)),
            Err(error) => Err(give_up(tries, None, NoLink::new(Stage::Dns, error), started)),
        }
    }

    async fn direct(
        &self,
        place: &Place,
        lookup: Option<&Lookup>,
        tries: &mut Vec<Attempt>,
    ) -> Result<Reached, NoLink> {
        match self.reach(&place.addresses(lookup), place.port, tries).await {
            Ok((stream, peer, connect_ms)) => Ok(Reached { stream, peer, via: None, connect_ms }),
            Err(no_link) => {
                self.resolver.doubt(&place.host);
                Err(no_link)
            }
        }
    }

    /// Tries each address in turn.
    async fn reach(
        &self,
        addresses: &[IpAddr],
        port: u16,
        tries: &mut Vec<Attempt>,
    ) -> Result<(TcpStream, SocketAddr, u64), NoLink> {
        let mut last = NoLink::new(Stage::Connect, "there is no address to connect to");
        for (number, address) in addresses.iter().enumerate() {
            let peer = SocketAddr::new(*address, port);
            let is_last = number + 1 == addresses.len();
            let limit = if is_last { self.timeout } else { self.timeout.min(ATTEMPT) };
            let started = Instant::now();
            let error = match timeout(limit, TcpStream::connect(peer)).await {
                Ok(Ok(stream)) => {
                    // Only speed is at stake.
                    let _ = stream.set_nodelay(true);
                    return Ok((stream, peer, millis(started)));
                }
                Ok(Err(error)) => format!("cannot connect to {peer}: {}", io_words(&error)),
                Err(_) => format!("cannot connect to {peer} within {}", seconds(limit)),
            };
            last = give_up(tries, Some(peer), NoLink::new(Stage::Connect, error), started);
        }
        Err(last)
    }

    /// To the proxy and, unless it forwards requests, through it to the host: to each of its addresses in turn where
    /// the name was resolved here.
    async fn through(
        &self,
        proxy: &Proxy,
        place: &Place,
        lookup: Option<&Lookup>,
        clock: &Clock,
        tries: &mut Vec<Attempt>,
    ) -> Result<Reached, NoLink> {
        let forwards = proxy.forwards(if place.tls { "https" } else { "http" });
        let targets: Vec<Option<IpAddr>> = match place.addresses(lookup) {
            known if known.is_empty() || forwards => vec![None],
            known => known.into_iter().map(Some).collect(),
        };
        let mut last = proxy.failed("there is no address to connect to", None);
        for target in targets {
            let started = Instant::now();
            let (stream, peer) = self.reach_proxy(proxy, clock, tries).await?;
            let via = Some(Via { proxy: proxy.url(), target, forwards });
            if forwards {
                return Ok(Reached { stream, peer, via, connect_ms: millis(started) });
            }
            let failed = match timeout(self.timeout, proxy.tunnel(stream, place, target)).await {
                Ok(Ok(stream)) => return Ok(Reached { stream, peer, via, connect_ms: millis(started) }),
                Ok(Err(failed)) => failed,
                Err(_) => proxy.failed(&format!("no answer within {}", seconds(self.timeout)), None),
            };
            last = give_up(tries, Some(peer), failed, started);
        }
        Err(last)
    }

    async fn reach_proxy(
        &self,
        proxy: &Proxy,
        clock: &Clock,
        tries: &mut Vec<Attempt>,
    ) -> Result<(TcpStream, SocketAddr), NoLink> {
        let (started, before) = (Instant::now(), tries.len());
        let addresses = match proxy.host() {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => match self.resolver.look_up(name, self.timeout, clock).await {
                Ok(lookup) => by_turns(&lookup.answers),
                Err(error) => return Err(give_up(tries, None, proxy.failed(&error, None), started)),
            },
        };
        match self.reach(&addresses, proxy.port(), tries).await {
            Ok((stream, peer, _)) => Ok((stream, peer)),
            Err(no_link) => {
                // It was not the host that could not be reached.
                tries.iter_mut().skip(before).for_each(|attempt| attempt.stage = Stage::Proxy);
                Err(proxy.failed(&no_link.error, None))
            }
        }
    }

    async fn shake(
        &self,
        place: &Place,
        url: &Url,
        stream: TcpStream,
        peer: SocketAddr,
        tries: &mut Vec<Attempt>,
    ) -> Result<(Stream, Option<Tls>), NoLink> {
        let started = Instant::now();
        let identity =
            self.identity.as_ref().filter(|(_, origins)| origins.contains(url)).map(|(one, _)| one);
        let handshake = self.trust.connect(&place.host, identity, self.http2, stream);
        let (error, tls) = match timeout(self.timeout, handshake).await {
            Ok(Ok((stream, tls))) => return Ok((Stream::Tls(Box::new(stream)), Some(tls))),
            Ok(Err(refusal)) => (refusal.error, Some(refusal.tls)),
            Err(_) => (
                format!("{} did not end the TLS handshake within {}", place.host, seconds(self.timeout)),
                None,
            ),
        };
        let failed = NoLink { tls, ..NoLink::new(Stage::Tls, error) };
        Err(give_up(tries, Some(peer), failed, started))
    }
}

/// Where a URL leads.
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) address: Option<IpAddr>,
    tls: bool,
}

impl Place {
    fn of(url: &Url) -> Option<Self> {
        let (host, address) = match url.host()? {
            Host::Domain(name) => (name.to_owned(), None),
            Host::Ipv4(address) => (address.to_string(), Some(IpAddr::V4(address))),
            Host::Ipv6(address) => (address.to_string(), Some(IpAddr::V6(address))),
        };
        Some(Self { host, port: url.port_or_known_default()?, address, tls: url.scheme() == "https" })
    }

    /// Host and port, or `target` and port; an IPv6 address in its brackets.
    pub(super) fn authority(&self, target: Option<IpAddr>) -> String {
        match target.or(self.address) {
            Some(address) => SocketAddr::new(address, self.port).to_string(),
            None => format!("{}:{}", self.host, self.port),
        }
    }

    fn addresses(&self, lookup: Option<&Lookup>) -> Vec<IpAddr> {
        match (self.address, lookup) {
            (Some(address), _) => vec![address],
            (None, Some(lookup)) => by_turns(&lookup.answers),
            (None, None) => Vec::new(),
        }
    }
}

fn give_up(tries: &mut Vec<Attempt>, peer: Option<SocketAddr>, failed: NoLink, started: Instant) -> NoLink {
    let (stage, error, elapsed_ms) = (failed.stage, failed.error.clone(), millis(started));
    tries.push(Attempt { peer, reused: false, stage, error, elapsed_ms });
    failed
}

pub(super) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// An I/O error without codes and jargon.
pub(super) fn io_words(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    let words = match error.kind() {
        Kind::ConnectionRefused => "connection refused",
        Kind::ConnectionReset => "connection reset",
        Kind::ConnectionAborted => "connection aborted",
        Kind::BrokenPipe => "the other side closed the connection",
        Kind::UnexpectedEof => "the other side closed the connection",
        Kind::TimedOut => "timed out",
        Kind::NetworkUnreachable => "the network cannot be reached",
        Kind::HostUnreachable => "the host cannot be reached",
        Kind::StorageFull => "no space is left on the disk",
        _ => return error.to_string(),
    };
    words.to_owned()
}
