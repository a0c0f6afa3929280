//! From a URL to a connection: DNS, TCP, TLS, each fact and each failed try kept.

use super::Clock;
use super::facts::{Attempt, Connection, Stage, Tls};
use super::stream::Stream;
use super::tls::Trust;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

/// Opens connections.
#[derive(Clone, Debug)]
pub struct Connector {
    trust: Trust,
    timeout: Duration,
    resolve: HashMap<String, Vec<IpAddr>>,
}

/// An open connection and its facts.
pub(super) struct Link {
    pub(super) stream: Stream,
    pub(super) facts: Arc<Connection>,
}

/// No connection came about.
pub(super) struct NoLink {
    pub(super) stage: Stage,
    pub(super) error: String,
    pub(super) tls: Option<Tls>,
}

struct Found {
    answers: Vec<IpAddr>,
    addresses: Vec<SocketAddr>,
    elapsed_ms: u64,
}

impl Connector {
    /// A connector that trusts so, and gives each of lookup, TCP connection and TLS handshake this long.
    pub fn new(trust: Trust, timeout: Duration) -> Self {
        Self { trust, timeout, resolve: HashMap::new() }
    }

    /// Uses these addresses for a host in place of DNS; they count as its answers.
    #[must_use]
    pub fn resolve(mut self, host: &str, addresses: Vec<IpAddr>) -> Self {
        self.resolve.insert(host.to_ascii_lowercase(), addresses);
        self
    }

    pub(super) async fn connect(
        &self,
        url: &Url,
        clock: &Clock,
        tries: &mut Vec<Attempt>,
    ) -> Result<Link, NoLink> {
        let place = Place::of(url).ok_or_else(|| failed(Stage::Policy, "the URL has no host and port"))?;
        let found = self.look_up(&place, tries).await?;
        let (stream, peer, connect_ms) = self.reach(&found, tries).await?;
        let started = Instant::now();
        let (stream, tls) = if place.tls {
            self.shake(&place, stream, peer, tries).await?
        } else {
            (Stream::Plain(stream), None)
        };
        let mut protocols = vec!["http/1.1".to_owned()];
        protocols.extend(tls.as_ref().map(|tls| tls.version.clone()));
        let facts = Connection {
            host: place.host,
            port: place.port,
            dns_answers: found.answers,
            peer,
            protocols,
            tls_ms: if tls.is_some() { millis(started) } else { 0 },
            tls,
            opened: clock(),
            dns_ms: found.elapsed_ms,
            connect_ms,
        };
        Ok(Link { stream, facts: Arc::new(facts) })
    }

    async fn look_up(&self, place: &Place, tries: &mut Vec<Attempt>) -> Result<Found, NoLink> {
        let started = Instant::now();
        let answers = match place.address {
            Some(address) => Ok(vec![address]),
            None => self.answers(&place.host, place.port).await,
        };
        match answers {
            Ok(answers) => Ok(Found {
                addresses: answers.iter().map(|address| SocketAddr::new(*address, place.port)).collect(),
                answers: if place.address.is_some() { Vec::new() } else { answers },
                elapsed_ms: millis(started),
            }),
            Err(error) => Err(give_up(tries, None, Stage::Dns, error, started)),
        }
    }

    async fn answers(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, String> {
        if let Some(addresses) =
            self.resolve.get(&host.to_ascii_lowercase()).filter(|known| !known.is_empty())
        {
            return Ok(addresses.clone());
        }
        match timeout(self.timeout, tokio::net::lookup_host((host, port))).await {
            Err(_) => Err(format!("{host} did not resolve within {}", seconds(self.timeout))),
            Ok(Err(error)) => Err(format!("{host} does not resolve: {}", io_words(&error))),
            Ok(Ok(found)) => {
                let mut answers: Vec<IpAddr> = Vec::new();
                for address in found.map(|address| address.ip()) {
                    if !answers.contains(&address) {
                        answers.push(address);
                    }
                }
                if answers.is_empty() { Err(format!("{host} has no address")) } else { Ok(answers) }
            }
        }
    }

    /// Tries each address in the order given.
    async fn reach(
        &self,
        found: &Found,
        tries: &mut Vec<Attempt>,
    ) -> Result<(TcpStream, SocketAddr, u64), NoLink> {
        let mut last = failed(Stage::Connect, "there is no address to connect to");
        for peer in &found.addresses {
            let started = Instant::now();
            let error = match timeout(self.timeout, TcpStream::connect(peer)).await {
                Ok(Ok(stream)) => {
                    // Only speed is at stake.
                    let _ = stream.set_nodelay(true);
                    return Ok((stream, *peer, millis(started)));
                }
                Ok(Err(error)) => format!("cannot connect to {peer}: {}", io_words(&error)),
                Err(_) => format!("cannot connect to {peer} within {}", seconds(self.timeout)),
            };
            last = give_up(tries, Some(*peer), Stage::Connect, error, started);
        }
        Err(last)
    }

    async fn shake(
        &self,
        place: &Place,
        stream: TcpStream,
        peer: SocketAddr,
        tries: &mut Vec<Attempt>,
    ) -> Result<(Stream, Option<Tls>), NoLink> {
        let started = Instant::now();
        let (error, tls) = match timeout(self.timeout, self.trust.connect(&place.host, stream)).await {
            Ok(Ok((stream, tls))) => return Ok((Stream::Tls(Box::new(stream)), Some(tls))),
            Ok(Err(refusal)) => (refusal.error, Some(refusal.tls)),
            Err(_) => (
                format!("{} did not end the TLS handshake within {}", place.host, seconds(self.timeout)),
                None,
            ),
        };
        let failure = give_up(tries, Some(peer), Stage::Tls, error, started);
        Err(NoLink { tls, ..failure })
    }
}

/// Where a URL leads.
struct Place {
    host: String,
    port: u16,
    address: Option<IpAddr>,
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
}

fn failed(stage: Stage, error: impl Into<String>) -> NoLink {
    NoLink { stage, error: error.into(), tls: None }
}

fn give_up(
    tries: &mut Vec<Attempt>,
    peer: Option<SocketAddr>,
    stage: Stage,
    error: String,
    started: Instant,
) -> NoLink {
    tries.push(Attempt { peer, reused: false, stage, error: error.clone(), elapsed_ms: millis(started) });
    failed(stage, error)
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
