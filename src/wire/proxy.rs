//! Proxies: HTTP (requests in absolute form, CONNECT for https) and SOCKS5, with the name resolved here or there.

use super::connect::{NoLink, Place, io_words};
use super::facts::Stage;
use crate::message::head::{HeadLimits, ResponseHead, head_end};
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use std::net::IpAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_socks::tcp::Socks5Stream;
use url::{Host, Url};

/// Longest head of an answer to CONNECT.
const HEAD: usize = 64 << 10;

/// A proxy, and how to speak to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    kind: Kind,
    host: Host<String>,
    port: u16,
    user: Option<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Http,
    Socks5,
    /// SOCKS5, the proxy resolving names.
    Socks5h,
}

/// Why a proxy's URL is of no use. The URL is not in it: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// No URL, or one without a host.
    #[error("it is no URL with a host, such as http://127.0.0.1:3128")]
    Url,
    /// Another scheme.
    #[error("it begins with none of http://, socks5:// and socks5h://")]
    Scheme,
    /// A path, a query or a fragment.
    #[error("nothing may follow its port")]
    Rest,
    /// RFC 1929 §2: 1 to 255 bytes each.
    #[error("SOCKS takes user names and passwords of 1 to 255 bytes")]
    User,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Proxy").field(&self.url()).finish()
    }
}

impl Proxy {
    /// From `http://`, `socks5://` or `socks5h://`, `user:password@` percent-encoded where there is one.
    ///
    /// # Errors
    /// What is wrong with it, without quoting it.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let url = Url::parse(text).map_err(|_| ProxyError::Url)?;
        let (kind, port) = match url.scheme() {
            "http" => (Kind::Http, 80),
            "socks5" => (Kind::Socks5, 1080),
            "socks5h" => (Kind::Socks5h, 1080),
            _ => return Err(ProxyError::Scheme),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyError::Rest);
        }
        let text = url.host_str().filter(|host| !host.is_empty()).ok_or(ProxyError::Url)?;
        // Of a scheme that is not the web's the URL keeps the host as a text.
        let host = Host::parse(text).map_err(|_| ProxyError::Url)?;
        let user = (!url.username().is_empty() || url.password().is_some())
            .then(|| (decoded(url.username()), decoded(url.password().unwrap_or_default())));
        let is_good = |part: &str| (1..=255).contains(&part.len());
        if kind != Kind::Http && user.as_ref().is_some_and(|(name, word)| !is_good(name) || !is_good(word)) {
            return Err(ProxyError::User);
        }
        Ok(Self { kind, host, port: url.port().unwrap_or(port), user })
    }

    /// The URL without user name and password.
    pub fn url(&self) -> String {
        let scheme = match self.kind {
            Kind::Http => "http",
            Kind::Socks5 => "socks5",
            Kind::Socks5h => "socks5h",
        };
        format!("{scheme}://{}:{}", self.host, self.port)
    }

    /// True where there is a user name or a password.
    pub fn has_user(&self) -> bool {
        self.user.is_some()
    }

    pub(super) fn host(&self) -> &Host<String> {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// True where the name of the origin is resolved here.
    pub(super) fn resolves_here(&self) -> bool {
        self.kind == Kind::Socks5
    }

    /// True where a request for this scheme goes to the proxy whole.
    pub(super) fn forwards(&self, scheme: &str) -> bool {
        self.kind == Kind::Http && scheme == "http"
    }

    /// The value of `Proxy-Authorization` (RFC 7617), for an HTTP proxy.
    pub(super) fn authorization(&self) -> Option<String> {
        let (name, word) = self.user.as_ref().filter(|_| self.kind == Kind::Http)?;
        Some(format!("Basic {}", BASE64.encode(format!("{name}:{word}").as_bytes())))
    }

    /// Has the proxy connect to a place; afterwards the stream is the place's.
    pub(super) async fn tunnel(
        &self,
        stream: TcpStream,
        place: &Place,
        target: Option<IpAddr>,
    ) -> Result<TcpStream, NoLink> {
        match self.kind {
            Kind::Http => self.connect(stream, &place.authority(target)).await,
            Kind::Socks5 | Kind::Socks5h => self.socks(stream, place, target).await,
        }
    }

    /// RFC 9110 §9.3.6.
    async fn connect(&self, mut stream: TcpStream, authority: &str) -> Result<TcpStream, NoLink> {
        let authorization = self.authorization();
        let authorization =
            authorization.map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
        let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{authorization}\r\n");
        let head = match talk(&mut stream, request.as_bytes()).await {
            Ok(head) => head,
            Err(error) => return Err(self.failed(&io_words(&error), None)),
        };
        let (parsed, _) = ResponseHead::parse(&head, &HeadLimits::default());
        match parsed.status {
            Some(200..=299) => Ok(stream),
            status => {
                let words = refusal(status, &parsed.reason);
                Err(self.failed(&format!("{words} for {authority}"), Some(head)))
            }
        }
    }

    async fn socks(
        &self,
        stream: TcpStream,
        place: &Place,
        target: Option<IpAddr>,
    ) -> Result<TcpStream, NoLink> {
        let host = target.or(place.address).map_or_else(|| place.host.clone(), |address| address.to_string());
        let result = match &self.user {
            None => Socks5Stream::connect_with_socket(stream, (host.as_str(), place.port)).await,
            Some((name, word)) => {
                let to = (host.as_str(), place.port);
                Socks5Stream::connect_with_password_and_socket(stream, to, name, word).await
            }
        };
        let authority = place.authority(None);
        result.map(Socks5Stream::into_inner).map_err(|error| {
            self.failed(&format!("{} for {authority}", socks_words(&error, self.has_user())), None)
        })
    }

    pub(super) fn failed(&self, words: &str, answer: Option<Vec<u8>>) -> NoLink {
        let error = format!("the proxy {}: {words}", self.url());
        NoLink { answer, ..NoLink::new(Stage::Proxy, error) }
    }

    /// The refusal that a 407 is, in plain words.
    pub(super) fn wants_a_password(&self, head: &ResponseHead) -> String {
        format!("the proxy {}: {}", self.url(), refusal(head.status, &head.reason))
    }
}

/// Sends a request and reads the head of the answer, which nothing may follow yet.
async fn talk(stream: &mut TcpStream, request: &[u8]) -> std::io::Result<Vec<u8>> {
    use std::io::{Error, ErrorKind};
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(Error::new(ErrorKind::UnexpectedEof, "it closed the connection without an answer"));
        }
        if let Some(end) = head_end(&answer) {
            let says_more = answer.len() > end && answer.get(9..10) == Some(b"2");
            if says_more {
                return Err(Error::new(ErrorKind::InvalidData, "bytes follow its answer to CONNECT"));
            }
            answer.truncate(end);
            return Ok(answer);
        }
        if answer.len() > HEAD {
            return Err(Error::new(ErrorKind::InvalidData, "the head of its answer does not end"));
        }
    }
}

fn refusal(status: Option<u16>, reason: &[u8]) -> String {
    let reason = String::from_utf8_lossy(reason).into_owned();
    match status {
        Some(407) => "407, it wants a user name and a password, or other ones".to_owned(),
        Some(status) => format!("{status} {reason}").trim_end().to_owned(),
        None => "its answer is not HTTP".to_owned(),
    }
}

fn socks_words(error: &tokio_socks::Error, had_user: bool) -> String {
    use tokio_socks::Error as Socks;
    match error {
        Socks::Io(error) => io_words(error),
        Socks::PasswordAuthFailure(_) => "it refuses the user name or the password".to_owned(),
        Socks::NoAcceptableAuthMethods if !had_user => "it wants a user name and a password".to_owned(),
        Socks::GeneralSocksServerFailure => "general failure".to_owned(),
        Socks::ConnectionNotAllowedByRuleset => "its rules do not allow it".to_owned(),
        Socks::NetworkUnreachable => "the network cannot be reached".to_owned(),
        Socks::HostUnreachable => "the host cannot be reached".to_owned(),
        Socks::ConnectionRefused => "connection refused".to_owned(),
        Socks::InvalidResponseVersion => "its answer is not SOCKS5".to_owned(),
        other => other.to_string(),
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.split_at_checked(2).filter(|_| *first == b'%');
        let byte = hex.and_then(|(hex, _)| HEXLOWER_PERMISSIVE.decode(hex).ok()?.first().copied());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_url_says_all_and_its_secret_is_not_shown() {
        let proxy = Proxy::parse("http://me:p%40ss@proxy.example").unwrap();
        assert_eq!((proxy.url().as_str(), proxy.has_user()), ("http://proxy.example:80", true));
        assert_eq!(proxy.authorization().unwrap(), format!("Basic {}", BASE64.encode(b"me:p@ss")));
        assert!(!format!("{proxy:?}").contains("p@ss"));
        assert!(proxy.forwards("http") && !proxy.forwards("https"));
        let tor = Proxy::parse("socks5h://[::1]:9050").unwrap();
        assert_eq!((tor.url().as_str(), tor.resolves_here()), ("socks5h://[::1]:9050", false));
        assert!(Proxy::parse("socks5://127.0.0.1").unwrap().resolves_here());
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_being_quoted() {
        let cases = [
            ("proxy:3128", ProxyError::Scheme),
            ("127.0.0.1:3128", ProxyError::Url),
            ("https://h:1", ProxyError::Scheme),
            ("http://h:1/path", ProxyError::Rest),
            ("socks5://user@h:1", ProxyError::User),
        ];
        for (text, error) in cases {
            assert_eq!(Proxy::parse(text).unwrap_err(), error, "{text}");
        }
    }
}
