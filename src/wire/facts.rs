//! What is known of a connection, and of a fetch that gave nothing.

use jiff::Timestamp;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// One connection: how it came about and with whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The host asked for: a name, or an address without brackets.
    pub host: String,
    /// The port asked for.
    pub port: u16,
    /// The lookup of the host's name; `None` where the host is an address, or a proxy looked it up.
    pub lookup: Option<Arc<Lookup>>,
    /// The address chosen and connected to: the proxy's where there is one.
    pub peer: SocketAddr,
    /// The proxy in between, if any.
    pub via: Option<Via>,
    /// True where HTTP/2 was asked for, whether or not it is spoken.
    pub wants_http2: bool,
    /// Protocols spoken, in the notation of `WARC-Protocol`: `http/1.1` or `h2`, then `tls/1.3` where there is TLS.
    pub protocols: Vec<String>,
    /// The TLS session, if any.
    pub tls: Option<Tls>,
    /// When the connection stood.
    pub opened: Timestamp,
    /// Milliseconds for the TCP connection that succeeded, and the proxy's part in it.
    pub connect_ms: u64,
    /// Milliseconds for the TLS handshake; 0 without TLS.
    pub tls_ms: u64,
}

impl Connection {
    /// True where HTTP/2 is spoken.
    pub fn is_http2(&self) -> bool {
        self.protocols.first().is_some_and(|protocol| protocol == "h2")
    }

    /// The address of the host itself; `None` where a proxy found it and did not say.
    pub fn origin(&self) -> Option<IpAddr> {
        match &self.via {
            None => Some(self.peer.ip()),
            Some(via) => via.target,
        }
    }
}

/// One lookup of a name; connections share it for some minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The name, in the form it has in URLs.
    pub host: String,
    /// Every address that it resolved to, in the order given.
    pub answers: Vec<IpAddr>,
    /// When it was asked for.
    pub at: Timestamp,
    /// Milliseconds until the answer.
    pub elapsed_ms: u64,
    /// True where the addresses were given by the user, and nothing was looked up.
    pub given: bool,
}

/// A proxy that a connection went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// Its URL, without user name and password.
    pub proxy: String,
    /// The address that it was told to connect to; `None` where it was told a name.
    pub target: Option<IpAddr>,
    /// True where requests are given to it whole, in absolute form (RFC 9112 §3.2.2), false where it is a tunnel.
    pub forwards: bool,
}

/// One TLS session, always from a full handshake: sessions are never resumed, so that the chain is the one
/// presented on this very connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// `tls/1.2` or `tls/1.3`; empty where the handshake did not get that far.
    pub version: String,
    /// IANA name of the cipher suite, as in `WARC-Cipher-Suite`.
    pub cipher_suite: String,
    /// Name of the key exchange group, such as `X25519`.
    pub kx_group: String,
    /// The server name sent, if the host is a name.
    pub sni: Option<String>,
    /// The protocol chosen by ALPN, if the server chose.
    pub alpn: Option<String>,
    /// The chain as presented, end entity first.
    pub chain: Vec<Certificate>,
    /// What became of its verification.
    pub verdict: Verdict,
    /// The roots that it was verified against.
    pub roots: String,
}

/// A certificate as presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Its DER bytes.
    pub der: Vec<u8>,
    /// SHA-256 of them, lower-case hex.
    pub sha256: String,
}

/// What verification said of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// The handshake ended before the chain was verified.
    #[default]
    Unverified,
    /// The chain leads to one of the roots and is valid for the host now.
    Trusted,
    /// Refused, with the reason in plain words.
    Refused(String),
}

/// How far a fetch came that gave nothing to record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The name did not resolve.
    Dns,
    /// No address could be connected to.
    Connect,
    /// The proxy could not be reached, or did not do what it was asked for.
    Proxy,
    /// The TLS handshake failed, or the certificate was refused.
    Tls,
    /// The connection stood, but not a byte of a response came.
    Http,
    /// Bytes came, but could not be stored.
    Body,
    /// Not tried, by the crawler's rules.
    Policy,
}

impl Stage {
    /// The name in records and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Body => "body",
            Self::Policy => "policy",
        }
    }
}

/// One try that failed, also where a later one succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The address tried, if it came to one.
    pub peer: Option<SocketAddr>,
    /// True where a kept connection was tried again.
    pub reused: bool,
    /// How far it came.
    pub stage: Stage,
    /// What happened, in plain words.
    pub error: String,
    /// Milliseconds until it failed.
    pub elapsed_ms: u64,
}

/// A fetch that gave nothing to record: evidence all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {error}")]
pub struct Failure {
    /// The URL asked for.
    pub url: String,
    /// How far it came in the end.
    pub stage: Stage,
    /// What happened in the end, in plain words.
    pub error: String,
    /// Every try, the last one included.
    pub attempts: Vec<Attempt>,
    /// When the fetch began.
    pub started: Timestamp,
    /// When it was given up.
    pub ended: Timestamp,
    /// The lookup, where the name resolved.
    pub lookup: Option<Arc<Lookup>>,
    /// The head of the proxy's refusal, where it was a proxy that answered.
    pub proxy_answer: Option<Vec<u8>>,
    /// The connection, where one stood.
    pub connection: Option<Arc<Connection>>,
    /// The TLS session that failed, with the chain if one was presented.
    pub tls: Option<Tls>,
    /// What the storage said, where the stage is [`Stage::Body`].
    pub storage: Option<std::io::ErrorKind>,
}
