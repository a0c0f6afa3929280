//! One client's visit: requests one after the other, in the open or inside the tunnel that it asked for.

use super::House;
use super::answer::{self, OWN_HOST};
use super::ask::{After, ask};
use super::book::{Asked, Fate};
use super::guest::Guest;
use crate::message::head::{Fields, HeadLimits, RequestHead, Version, head_end};
use crate::message::upload::Upload;
use crate::wire::Request;
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use url::{Host, Url};

/// Longest head of a request.
const HEAD: usize = 256 << 10;
/// Longest that a client may keep us waiting for its next request, or for a handshake.
const IDLE: Duration = Duration::from_secs(300);
/// Longest that a request half sent, or a handshake, is waited for once all was told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// The first byte of a TLS handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

pub(super) struct Visit {
    house: Arc<House>,
    /// Scheme and authority that the client asked a tunnel to.
    inside: Option<String>,
}

/// A request's head as it came.
struct Asking {
    bytes: Vec<u8>,
    head: RequestHead,
}

/// What to do after a request.
enum Next {
    Request(Guest),
    Tunnel(Guest, String),
    End,
}

impl Visit {
    pub(super) fn new(house: Arc<House>) -> Self {
        Self { house, inside: None }
    }

    pub(super) async fn run(mut self, stream: TcpStream) {
        // Only speed is at stake.
        let _ = stream.set_nodelay(true);
        let mut guest = Guest::new(stream);
        loop {
            let asking = match self.next_head(&mut guest).await {
                Ok(Some(asking)) => asking,
                Ok(None) => return guest.part().await,
                Err(refusal) => return refuse(guest, &refusal).await,
            };
            guest = match self.serve(guest, asking).await {
                Next::Request(guest) => guest,
                Next::End => return,
                Next::Tunnel(guest, authority) => match self.enter(guest, authority).await {
                    Some(guest) => guest,
                    None => return,
                },
            };
        }
    }

    /// The next head; `None` where there will be none, and an answer where it is none.
    async fn next_head(&self, guest: &mut Guest) -> Result<Option<Asking>, Vec<u8>> {
        loop {
            if let Some(end) = head_end(&guest.pending).filter(|end| *end <= HEAD) {
                let bytes = guest.pending.split_to(end).to_vec();
                let (head, _) = RequestHead::parse(&bytes, &HeadLimits::default());
                return Ok(Some(Asking { bytes, head }));
            }
            if guest.pending.len() > HEAD {
                return Err(answer::refusal(431, "the head of the request is too long"));
            }
            let grace = if guest.pending.is_empty() { Duration::ZERO } else { GRACE };
            match self.unless_stopped(grace, guest.read_more()).await {
                Some(Ok(count)) if count > 0 => {}
                Some(Err(error)) => {
                    self.tell_refused(&error).await;
                    return Ok(None);
                }
                _ => return Ok(None),
            }
        }
    }

    /// What comes of it, if it does before a client's patience ends, or this long after all was told to stop.
    async fn unless_stopped<T>(&self, grace: Duration, what: impl Future<Output = T>) -> Option<T> {
        let mut stop = self.house.signals.stop.clone();
        let stopped = async {
            if stop.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(grace).await;
        };
        tokio::select! {
            biased;
            outcome = what => Some(outcome),
            () = stopped => None,
            () = tokio::time::sleep(IDLE) => None,
        }
    }

    /// A client that does not trust our certificate says so by an alert, with TLS 1.3 in place of its first request; many
    /// others just leave.
    async fn tell_refused(&self, error: &std::io::Error) {
        let alert = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let (Some(rustls::Error::AlertReceived(alert)), Some(inside)) = (alert, &self.inside) {
            let words = format!(
                "the client refused the certificate of fonds (alert {alert:?}); it must trust its authority"
            );
            self.house.tell(Fate::Told(inside.clone(), words)).await;
        }
    }

    async fn serve(&self, guest: Guest, asking: Asking) -> Next {
        let head = &asking.head;
        let is_http = matches!(head.version, Version::Http(1, _));
        let target = std::str::from_utf8(&head.target).unwrap_or_default();
        if !is_http || target.is_empty() {
            refuse(guest, &answer::refusal(400, "this is no request in HTTP/1.x")).await;
            return Next::End;
        }
        if head.method == b"CONNECT" && self.inside.is_none() {
            return self.connect(guest, target).await;
        }
        match self.url(target) {
            Ok(Some(url)) => self.fetch(guest, asking, url).await,
            Ok(None) => self.own_page(guest, head, target).await,
            Err(words) => {
                refuse(guest, &answer::refusal(400, &words)).await;
                Next::End
            }
        }
    }

    /// What is asked for; `None` for the proxy itself.
    fn url(&self, target: &str) -> Result<Option<Url>, String> {
        let text = match (&self.inside, target) {
            (Some(inside), "*") => inside.clone(),
            (Some(inside), path) if path.starts_with('/') => format!("{inside}{path}"),
            (None, path) if path.starts_with('/') => return Ok(None),
            _ => target.to_owned(),
        };
        let mut url = Url::parse(&text).map_err(|error| format!("{text} is no URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(format!("{text} is neither http nor https"));
        }
        // None of them is sent; both fail only on URLs that cannot have them.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        Ok(Some(url).filter(|url| url.host_str() != Some(OWN_HOST)))
    }

    async fn own_page(&self, mut guest: Guest, head: &RequestHead, target: &str) -> Next {
        let path =
            target.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)));
        let path = path.unwrap_or(if target.starts_with('/') { target } else { "/" });
        let page = answer::own(path, self.house.authority.certificate(), head.method != b"HEAD");
        if guest.say(&page).await.is_ok() {
            guest.part().await;
        }
        Next::End
    }

    async fn fetch(&self, guest: Guest, asking: Asking, url: Url) -> Next {
        if self.is_own(&url) {
            refuse(guest, &answer::refusal(508, "this is the proxy itself")).await;
            return Next::End;
        }
        let request = Request::relayed(&asking.bytes, &url).map_err(|error| error.to_string());
        let upload = Upload::of(&asking.head).map_err(|error| error.to_string());
        match request.and_then(|request| Ok((request, upload?))) {
            Ok((request, upload)) => {
                let (wants_more, asked) = (persists(&asking.head), asked(&asking.head.fields));
                match ask(&self.house, guest, request, upload, asked).await {
                    After::Open(guest) if wants_more => Next::Request(guest),
                    After::Open(guest) | After::Over(guest) => {
                        guest.part().await;
                        Next::End
                    }
                    After::Gone => Next::End,
                }
            }
            Err(words) => {
                refuse(guest, &answer::refusal(400, &words)).await;
                Next::End
            }
        }
    }

    async fn connect(&self, mut guest: Guest, authority: &str) -> Next {
        // A scheme that has no default port, so that the port must be there and stays.
        let parsed = Url::parse(&format!("tunnel://{authority}/")).ok();
        let port = parsed.as_ref().and_then(Url::port);
        let host = parsed.as_ref().and_then(Url::host_str).and_then(|host| Host::parse(host).ok());
        let (Some(host), Some(port)) = (host, port) else {
            let words = format!("CONNECT takes HOST:PORT, not {authority}");
            refuse(guest, &answer::refusal(400, &words)).await;
            return Next::End;
        };
        match guest.say(answer::TUNNEL).await {
            Ok(()) => Next::Tunnel(guest, format!("{host}:{port}")),
            Err(_) => Next::End,
        }
    }

    /// Into the tunnel: TLS or, by its first byte, something in the open.
    async fn enter(&mut self, mut guest: Guest, authority: String) -> Option<Guest> {
        if guest.pending.is_empty() {
            match self.unless_stopped(Duration::ZERO, guest.read_more()).await {
                Some(Ok(count)) if count > 0 => {}
                _ => return None,
            }
        }
        if guest.pending.first() != Some(&HANDSHAKE) {
            self.inside = Some(format!("http://{authority}"));
            return Some(guest);
        }
        self.inside = Some(format!("https://{authority}"));
        match self.unless_stopped(GRACE, self.shake(guest, &authority)).await? {
            Ok(guest) => Some(guest),
            Err(error) => {
                self.tell_refused(&error).await;
                None
            }
        }
    }

    async fn shake(&self, guest: Guest, authority: &str) -> std::io::Result<Guest> {
        let acceptor = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), guest.whole());
        let begun = acceptor.await?;
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        // Clients may ask for a tunnel to an address and mean a name.
        let named = begun.client_hello().server_name().unwrap_or(host).to_owned();
        let config = self.house.authority.server(&named, Timestamp::now()).map_err(std::io::Error::other)?;
        Ok(Guest::new(begun.into_stream(config).await?))
    }

    /// True for the proxy's own address.
    fn is_own(&self, url: &Url) -> bool {
        let own = self.house.own;
        let is_here = |address: IpAddr| {
            address == own.ip()
                || own.ip().is_unspecified() && (address.is_loopback() || address.is_unspecified())
        };
        let here = match url.host() {
            Some(Host::Ipv4(address)) => is_here(address.into()),
            Some(Host::Ipv6(address)) => is_here(address.into()),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        };
        here && url.port_or_known_default() == Some(own.port())
    }
}

impl House {
    /// Where the writer is gone there is nobody to tell, and the run is about to end.
    pub(super) async fn tell(&self, fate: Fate) {
        let _ = self.fates.send(fate).await;
    }
}

async fn refuse(mut guest: Guest, answer: &[u8]) {
    if guest.say(answer).await.is_ok() {
        guest.part().await;
    }
}

/// RFC 9112 §9.3.
fn persists(head: &RequestHead) -> bool {
    let says = |option: &[u8]| {
        let all = ["connection", "proxy-connection"];
        all.iter().any(|name| head.fields.list(name).any(|said| said.eq_ignore_ascii_case(option)))
    };
    !says(b"close") && (head.version.persists() || says(b"keep-alive"))
}

fn asked(fields: &Fields) -> Asked {
    let says = |name: &str| fields.text(name).map(|value| value.trim().to_ascii_lowercase());
    match (says("Sec-Fetch-Dest").as_deref(), says("Sec-Fetch-Mode").as_deref()) {
        (None, None) => Asked::Unsaid,
        (Some("document"), Some("navigate")) => Asked::Page,
        _ => Asked::Other,
    }
}
