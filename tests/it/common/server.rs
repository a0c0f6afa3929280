//! A server of raw sockets that answers as oddly as it is told to, and keeps its own copy of what it sent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// One thing the server does in answer to a request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes one by one, so long apart.
    Drip(Vec<u8>, Duration),
    /// Sends these bytes again and again until nobody listens.
    Endless(Vec<u8>),
    /// Sends these bytes so many times.
    Repeat(Vec<u8>, usize),
    /// Waits.
    Pause(Duration),
    /// Resets the connection.
    Reset,
    /// Closes below TLS, without a close_notify.
    Drop,
    /// Waits for the next request on the same connection.
    Next,
    /// These steps and no more where the connection has carried a request before.
    OnReuse(Script),
    /// These steps and no more where this is not in the head of the request.
    Unless(String, Script),
}

/// What the server does for a path: the steps, then a proper close.
pub(crate) type Script = Vec<Step>;

/// What happened in answer to one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Served {
    /// Which connection it was, from 0.
    pub connection: usize,
    /// The head of the request as received.
    pub request: Vec<u8>,
    /// What was sent in answer, the first [`COPY`] bytes of it.
    pub sent: Vec<u8>,
    /// SHA-256 of all that was sent.
    pub digest: Sha256,
}

/// Bytes of an answer that the server keeps a copy of.
const COPY: usize = 4 << 20;

/// A running server; it stops with the process.
pub(crate) struct Server {
    pub addr: SocketAddr,
    pub tls: bool,
    served: Arc<Mutex<Vec<Served>>>,
}

/// A certificate authority and a server certificate of its own making.
pub(crate) struct Certificates {
    pub ca_pem: String,
    pub config: Arc<ServerConfig>,
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    Expired,
    SelfSigned,
    WrongHost,
    /// Nothing, but the server speaks TLS 1.2 only.
    OldTls,
}

/// The same as files hold them.
pub(crate) struct Pem {
    pub ca: String,
    pub certificate: String,
    pub key: String,
}

pub(crate) fn certificates_pem(flaw: Flaw) -> Pem {
    let (ca, cert, key) = make(flaw);
    Pem { ca: ca.pem(), certificate: cert.pem(), key: key.serialize_pem() }
}

pub(crate) fn certificates(flaw: Flaw) -> Certificates {
    let (ca, cert, key) = make(flaw);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = if flaw == Flaw::OldTls { &[&rustls::version::TLS12] } else { rustls::ALL_VERSIONS };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Certificates { ca_pem: ca.pem(), config: Arc::new(config) }
}

/// A server's that wants clients to show a certificate, and one that it takes.
pub(crate) fn asking() -> (Certificates, Pem) {
    let (ca, cert, key) = make(Flaw::None);
    let own = Pem { ca: ca.pem(), certificate: cert.pem(), key: key.serialize_pem() };
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (Certificates { ca_pem: ca.pem(), config: Arc::new(config) }, own)
}

/// An authority, and a certificate of its making with its key.
fn make(flaw: Flaw) -> (Certificate, Certificate, KeyPair) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.distinguished_name.push(DnType::CommonName, "fonds test authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_cert = ca.self_signed(&ca_key).unwrap();
    let host = if flaw == Flaw::WrongHost { "elsewhere.example" } else { "localhost" };
    let mut leaf = CertificateParams::new(vec![host.to_owned()]).unwrap();
    if flaw == Flaw::Expired {
        leaf.not_before = date_time_ymd(2001, 1, 1);
        leaf.not_after = date_time_ymd(2002, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let cert = match flaw {
        Flaw::SelfSigned => leaf.self_signed(&key).unwrap(),
        _ => leaf.signed_by(&key, &Issuer::from_params(&ca, &ca_key)).unwrap(),
    };
    (ca_cert, cert, key)
}

impl Server {
    pub(crate) fn plain(scripts: HashMap<String, Script>) -> Self {
        Self::start(scripts, None)
    }

    /// On ::1, where there is one.
    pub(crate) fn ipv6(scripts: HashMap<String, Script>) -> Option<Self> {
        Some(Self::listen(std::net::TcpListener::bind("[::1]:0").ok()?, scripts, None))
    }

    pub(crate) fn tls(scripts: HashMap<String, Script>, certificates: &Certificates) -> Self {
        Self::start(scripts, Some(certificates.config.clone()))
    }

    fn start(scripts: HashMap<String, Script>, config: Option<Arc<ServerConfig>>) -> Self {
        Self::listen(std::net::TcpListener::bind("127.0.0.1:0").unwrap(), scripts, config)
    }

    fn listen(
        listener: std::net::TcpListener,
        scripts: HashMap<String, Script>,
        config: Option<Arc<ServerConfig>>,
    ) -> Self {
        let served = Arc::new(Mutex::new(Vec::new()));
        listener.set_nonblocking(true).unwrap();
        let server =
            Self { addr: listener.local_addr().unwrap(), tls: config.is_some(), served: served.clone() };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(accept(listener, Arc::new(scripts), config, served));
        });
        server
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> url::Url {
        let scheme = if self.tls { "https" } else { "http" };
        url::Url::parse(&format!("{scheme}://localhost:{}{path}", self.addr.port())).unwrap()
    }

    /// What was served for a path, in the order asked.
    pub(crate) fn served(&self, path: &str) -> Vec<Served> {
        let served = self.served.lock().unwrap();
        served.iter().filter(|served| path_of(&served.request) == path).cloned().collect()
    }
}

async fn accept(
    listener: std::net::TcpListener,
    scripts: Arc<HashMap<String, Script>>,
    config: Option<Arc<ServerConfig>>,
    served: Arc<Mutex<Vec<Served>>>,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    for connection in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        let visit = Visit { connection, scripts: scripts.clone(), served: served.clone() };
        let config = config.clone();
        tokio::spawn(async move {
            stream.set_nodelay(true).unwrap();
            // Clients that hang up or refuse the certificate are what some tests are about.
            let _ = match config {
                None => visit.run(Conn::Plain(stream)).await,
                Some(config) => match TlsAcceptor::from(config).accept(stream).await {
                    Ok(stream) => visit.run(Conn::Tls(Box::new(stream))).await,
                    Err(error) => Err(error),
                },
            };
        });
    }
}

enum Conn {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}

impl Conn {
    fn io(&mut self) -> &mut dyn Both {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream,
        }
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

struct Visit {
    connection: usize,
    scripts: Arc<HashMap<String, Script>>,
    served: Arc<Mutex<Vec<Served>>>,
}

impl Visit {
    async fn run(&self, mut conn: Conn) -> io::Result<()> {
        let mut reused = false;
        'request: loop {
            let request = read_head(conn.io()).await?;
            if request.is_empty() {
                return Ok(());
            }
            let script = self.scripts.get(&path_of(&request)).cloned().unwrap_or_default();
            let script = chosen(script, std::mem::replace(&mut reused, true), &request);
            let index = self.open(request);
            for step in script {
                match step {
                    Step::Send(bytes) => self.send(&mut conn, index, &bytes).await?,
                    Step::Drip(bytes, gap) => {
                        for byte in bytes {
                            self.send(&mut conn, index, &[byte]).await?;
                            tokio::time::sleep(gap).await;
                        }
                    }
                    Step::Endless(bytes) => loop {
                        self.send(&mut conn, index, &bytes).await?;
                    },
                    Step::Repeat(bytes, count) => {
                        for _ in 0..count {
                            self.send(&mut conn, index, &bytes).await?;
                        }
                    }
                    Step::Pause(time) => tokio::time::sleep(time).await,
                    Step::Reset => {
                        // Time for what was sent to be read: a reset may overtake it.
                        tokio::time::sleep(Duration::from_millis(30)).await;
                        conn.tcp().set_zero_linger()?;
                        return Ok(());
                    }
                    Step::Drop => return Ok(()),
                    Step::Next => continue 'request,
                    Step::OnReuse(_) | Step::Unless(..) => {}
                }
            }
            return conn.io().shutdown().await;
        }
    }

    fn open(&self, request: Vec<u8>) -> usize {
        let mut served = self.served.lock().unwrap();
        served.push(Served { connection: self.connection, request, ..Served::default() });
        served.len() - 1
    }

    async fn send(&self, conn: &mut Conn, index: usize, bytes: &[u8]) -> io::Result<()> {
        {
            let mut served = self.served.lock().unwrap();
            let served = &mut served[index];
            served.digest.update(bytes);
            let room = COPY.saturating_sub(served.sent.len()).min(bytes.len());
            served.sent.extend_from_slice(&bytes[..room]);
        }
        conn.io().write_all(bytes).await?;
        conn.io().flush().await
    }
}

/// The steps for this request on this connection.
fn chosen(script: Script, reused: bool, request: &[u8]) -> Script {
    let head = String::from_utf8_lossy(request);
    let other = script.iter().find_map(|step| match step {
        Step::OnReuse(other) if reused => Some(other),
        Step::Unless(wanted, other) if !head.contains(wanted.as_str()) => Some(other),
        _ => None,
    });
    other.cloned().unwrap_or(script)
}

async fn read_head(stream: &mut dyn Both) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return Ok(Vec::new()),
        }
    }
    Ok(head)
}

fn path_of(request: &[u8]) -> String {
    let line = String::from_utf8_lossy(request);
    line.split(' ').nth(1).unwrap_or_default().to_owned()
}
