//! Inputs behind `http(s)` URLs: streamed, and read at any place by ranges where the server has them.
//!
//! This is plain downloading, with nothing to prove: captures go through [`crate::wire`]. The blocking client
//! must not be used on a thread that runs an async executor.

mod ranges;
#[cfg(test)]
mod tests;

pub use ranges::Ranges;

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::blocking::Response;
use reqwest::header::{self, HeaderMap, HeaderName};
use rustls::pki_types::CertificateDer;

/// First bytes asked for: enough to tell what it is, and for a small file all of it.
const FIRST: u64 = 64 << 10;
/// Redirects followed.
const REDIRECTS: usize = 10;

/// Why a URL cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client cannot be set up: a certificate or a proxy that is none.
    #[error("cannot set up the HTTP client: {0}")]
    Setup(String),
    /// No answer.
    #[error("cannot read {url}: {reason}. Check the address and the network, or try again later")]
    Unreachable {
        /// The URL.
        url: String,
        /// The innermost cause.
        reason: String,
    },
    /// An answer that is no success.
    #[error("cannot read {url}: the server answers {status}")]
    Status {
        /// The URL.
        url: String,
        /// Its status.
        status: StatusCode,
    },
    /// An answer longer than anything that was asked for.
    #[error("cannot read {url}: it answers with more than {limit} bytes")]
    Long {
        /// The URL.
        url: String,
        /// Bytes that it may have.
        limit: u64,
    },
    /// The file is not the one that was opened.
    #[error("{url} changed while it was read ({what}); what was read so far is of no use. Start again")]
    Changed {
        /// The URL.
        url: String,
        /// How that shows.
        what: &'static str,
    },
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}

/// How URLs are read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Longest wait for a connection.
    pub connect: Duration,
    /// Longest wait for an answer, and for each part of a body.
    pub wait: Duration,
    /// Certificate authorities trusted besides Mozilla's, DER.
    pub authorities: Vec<Vec<u8>>,
    /// Proxy URL. The environment is not asked.
    pub proxy: Option<String>,
    /// User-Agent.
    pub user_agent: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            wait: Duration::from_secs(60),
            authorities: Vec::new(),
            proxy: None,
            user_agent: concat!("fonds/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// An HTTP client for inputs.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::blocking::Client,
    wait: Duration,
}

impl Client {
    /// Sets the client up; connects nowhere.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let builder = reqwest::blocking::Client::builder()
            .tls_backend_preconfigured(tls(&options.authorities)?)
            .user_agent(&options.user_agent)
            .connect_timeout(options.connect)
            .timeout(options.wait)
            .redirect(reqwest::redirect::Policy::limited(REDIRECTS))
            .no_proxy();
        let builder = match &options.proxy {
            Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy).map_err(setup)?),
            None => builder,
        };
        Ok(Self { http: builder.build().map_err(setup)?, wait: options.wait })
    }

    /// Asks for the first bytes, and learns from the answer whether there are ranges.
    pub fn open(&self, url: &str) -> Result<Remote, Error> {
        let response = self.get(url, Some((0, FIRST - 1)))?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT => self.open_ranges(url, response),
            StatusCode::RANGE_NOT_SATISFIABLE if content_range(&response) == Some((None, 0)) => {
                let identity = Identity::of(&response, 0);
                Ok(Remote {
                    client: self.clone(),
                    url: url.into(),
                    head: Vec::new(),
                    body: Body::Ranges(identity),
                })
            }
            StatusCode::OK => self.open_stream(url, response),
            status => Err(Error::Status { url: url.into(), status }),
        }
    }

    fn open_ranges(&self, url: &str, mut response: Response) -> Result<Remote, Error> {
        let Some((Some(0), length)) = content_range(&response) else {
            return Err(Error::Unreachable {
                url: url.into(),
                reason: "the server sends a range without saying which".into(),
            });
        };
        let identity = Identity::of(&response, length);
        let mut head = Vec::new();
        response.by_ref().take(FIRST).read_to_end(&mut head).map_err(|e| unreachable_by(url, &e))?;
        Ok(Remote { client: self.clone(), url: url.into(), head, body: Body::Ranges(identity) })
    }

    fn open_stream(&self, url: &str, mut response: Response) -> Result<Remote, Error> {
        let mut head = Vec::new();
        response.by_ref().take(FIRST).read_to_end(&mut head).map_err(|e| unreachable_by(url, &e))?;
        let first = Arc::new(Mutex::new(Some(response)));
        Ok(Remote { client: self.clone(), url: url.into(), head, body: Body::Stream(first) })
    }

    /// Posts a body and gives the answer's, which must be a success of at most `limit` bytes, within the time that an answer
    /// may take.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Status`], [`Error::Long`].
    pub fn post(&self, url: &str, media_type: &str, body: Vec<u8>, limit: u64) -> Result<Vec<u8>, Error> {
        self.post_as(None, url, media_type, body, limit)
    }

    /// The same with an Authorization field, which is told in no error.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub fn post_as(
        &self,
        authorization: Option<&str>,
        url: &str,
        media_type: &str,
        body: Vec<u8>,
        limit: u64,
    ) -> Result<Vec<u8>, Error> {
        let begun = Instant::now();
        let mut request = self.http.post(url).header(header::CONTENT_TYPE, media_type).body(body);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let mut response = request.send().map_err(|error| unreachable_by(url, &error))?;
        if !response.status().is_success() {
            return Err(Error::Status { url: url.into(), status: response.status() });
        }
        let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let count = response.read(&mut buffer).map_err(|error| unreachable_by(url, &error))?;
            answer.extend_from_slice(buffer.get(..count).unwrap_or_default());
            match () {
                () if count == 0 => return Ok(answer),
                () if answer.len() as u64 > limit => return Err(Error::Long { url: url.into(), limit }),
                // Each part may come in time, and all of it never.
                () if begun.elapsed() > self.wait => {
                    let reason = "its answer does not come to an end".to_owned();
                    return Err(Error::Unreachable { url: url.into(), reason });
                }
                () => {}
            }
        }
    }

    /// One request; an answer of any status.
    fn get(&self, url: &str, range: Option<(u64, u64)>) -> Result<Response, Error> {
        // A body compressed on the way would not be the file.
        let mut request = self.http.get(url).header(header::ACCEPT_ENCODING, "identity");
        if let Some((first, last)) = range {
            request = request.header(header::RANGE, format!("bytes={first}-{last}"));
        }
        request.send().map_err(|error| unreachable_by(url, &error))
    }
}

/// A file behind a URL.
#[derive(Debug)]
pub struct Remote {
    client: Client,
    url: String,
    head: Vec<u8>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// The server has ranges.
    Ranges(Identity),
    /// It has not: the first answer, from behind the head, until somebody takes it.
    Stream(Arc<Mutex<Option<Response>>>),
}

impl Remote {
    /// The first bytes, up to 64 KiB.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Length, where the server says it in a way that can be relied upon.
    pub fn length(&self) -> Option<u64> {
        match &self.body {
            Body::Ranges(identity) => Some(identity.length),
            Body::Stream(_) => None,
        }
    }

    /// Reads it from the start. An answer that breaks off is an error, never an end.
    pub fn stream(&self) -> Result<Box<dyn Read + Send>, Error> {
        match &self.body {
            Body::Ranges(_) => Ok(Box::new(Ranges::new(self))),
            Body::Stream(first) => {
                let first = first.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(rest) = first {
                    return Ok(Box::new(io::Cursor::new(self.head.clone()).chain(rest)));
                }
                let response = self.client.get(&self.url, None)?;
                match response.status() {
                    StatusCode::OK => Ok(Box::new(response)),
                    status => Err(Error::Status { url: self.url.clone(), status }),
                }
            }
        }
    }

    /// Reads it at any place, where the server has ranges.
    pub fn seek(&self) -> Option<Ranges> {
        matches!(self.body, Body::Ranges(_)).then(|| Ranges::new(self))
    }
}

/// By what a file is known to be the same as before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Identity {
    length: u64,
    etag: Option<String>,
    modified: Option<String>,
}

impl Identity {
    fn of(response: &Response, length: u64) -> Self {
        let text = |name: HeaderName| text(response.headers(), name);
        Self { length, etag: text(header::ETAG), modified: text(header::LAST_MODIFIED) }
    }

    /// How `now` shows that this is another file.
    fn difference(&self, now: &Self) -> Option<&'static str> {
        let differs = |one: &Option<String>, other: &Option<String>| one.is_some() && one != other;
        if self.length != now.length {
            Some("its length differs")
        } else if differs(&self.etag, &now.etag) {
            Some("its ETag differs")
        } else if self.etag.is_none() && differs(&self.modified, &now.modified) {
            Some("its date differs")
        } else {
            None
        }
    }
}

/// First byte (none in a 416) and whole length of a Content-Range; `None` where it has no whole length.
fn content_range(response: &Response) -> Option<(Option<u64>, u64)> {
    let text = text(response.headers(), header::CONTENT_RANGE)?;
    let (range, length) = text.strip_prefix("bytes ")?.split_once('/')?;
    let first = range.split_once('-').map(|(first, _)| first.trim().parse().ok());
    Some((first.flatten(), length.trim().parse().ok()?))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn tls(authorities: &[Vec<u8>]) -> Result<rustls::ClientConfig, Error> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for authority in authorities {
        roots.add(CertificateDer::from(authority.clone())).map_err(setup)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(setup)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn setup(error: impl std::error::Error) -> Error {
    Error::Setup(innermost(&error))
}

fn unreachable_by(url: &str, error: &dyn std::error::Error) -> Error {
    Error::Unreachable { url: url.to_owned(), reason: innermost(error) }
}

/// The innermost cause: the outer ones only repeat the URL.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
