//! A server of raw sockets that answers as oddly as it is told to, and keeps its own copy of what it sent.

use super::certificates::Certificates;
use rustls::ServerConfig;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// One thing the server does in answer to a request.
#[derive(Clone, Debug)]
pub enum Step {
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
pub type Script = Vec<Step>;

/// What happened in answer to one request.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// Which connection it was, from 0.
    pub connection: usize,
    /// The head of the request as received.
    pub request: Vec<u8>,
    /// What was sent in answer, the first 4 MiB of it.
    pub sent: Vec<u8>,
    /// SHA-256 of all that was sent.
    pub digest: Sha256,
}

/// Bytes of an answer that the server keeps a copy of.
const COPY: usize = 4 << 20;

/// A running server; it stops with the process.
pub struct Server {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Whether it speaks TLS.
    pub tls: bool,
    served: Arc<Mutex<Vec<Served>>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("addr", &self.addr).field("tls", &self.tls).finish_non_exhaustive()
    }
}

impl Server {
    /// On 127.0.0.1.
    ///
    /// # Errors
    /// Where there is no such address, or no thread.
    pub fn plain(scripts: HashMap<String, Script>) -> io::Result<Self> {
        Self::listen(std::net::TcpListener::bind("127.0.0.1:0")?, scripts, None)
    }

    /// The same over TLS.
    ///
    /// # Errors
    /// As [`Server::plain`].
    pub fn tls(scripts: HashMap<String, Script>, certificates: &Certificates) -> io::Result<Self> {
        let config = Some(certificates.config.clone());
        Self::listen(std::net::TcpListener::bind("127.0.0.1:0")?, scripts, config)
    }

    /// On a socket that listens already.
    ///
    /// # Errors
    /// Where there is no thread.
    pub fn listen(
        listener: std::net::TcpListener,
        scripts: HashMap<String, Script>,
        config: Option<Arc<ServerConfig>>,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let served = Arc::new(Mutex::new(Vec::new()));
        let server = Self { addr: listener.local_addr()?, tls: config.is_some(), served: served.clone() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let visits = async move {
            // A socket that fails ends the server, and whoever asks it next sees that.
            let _ = accept(listener, Arc::new(scripts), config, served).await;
        };
        std::thread::Builder::new().spawn(move || runtime.block_on(visits))?;
        Ok(server)
    }

    /// The URL of a path on `localhost`.
    ///
    /// # Errors
    /// Where the path makes none.
    pub fn url(&self, path: &str) -> Result<url::Url, url::ParseError> {
        let scheme = if self.tls { "https" } else { "http" };
        url::Url::parse(&format!("{scheme}://localhost:{}{path}", self.addr.port()))
    }

    /// What was served for a path, in the order asked.
    pub fn served(&self, path: &str) -> Vec<Served> {
        lock(&self.served).iter().filter(|served| path_of(&served.request) == path).cloned().collect()
    }
}

fn lock(served: &Mutex<Vec<Served>>) -> MutexGuard<'_, Vec<Served>> {
    served.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(
    listener: std::net::TcpListener,
    scripts: Arc<HashMap<String, Script>>,
    config: Option<Arc<ServerConfig>>,
    served: Arc<Mutex<Vec<Served>>>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let mut connection = 0;
    loop {
        let (stream, _) = listener.accept().await?;
        let visit = Visit { connection, scripts: scripts.clone(), served: served.clone() };
        connection += 1;
        let config = config.clone();
        tokio::spawn(async move {
            stream.set_nodelay(true)?;
            // Clients that hang up or refuse the certificate are what some cases are about.
            match config {
                None => visit.run(Conn::Plain(stream)).await,
                Some(config) => {
                    let stream = TlsAcceptor::from(config).accept(stream).await?;
                    visit.run(Conn::Tls(Box::new(stream))).await
                }
            }
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
        let mut served = lock(&self.served);
        served.push(Served { connection: self.connection, request, ..Served::default() });
        served.len() - 1
    }

    async fn send(&self, conn: &mut Conn, index: usize, bytes: &[u8]) -> io::Result<()> {
        if let Some(served) = lock(&self.served).get_mut(index) {
            served.digest.update(bytes);
            let room = COPY.saturating_sub(served.sent.len());
            served.sent.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
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
