//! `fonds record`: whatever goes through the proxy is in the archive as it was, and its client noticed nothing.

#![cfg(unix)]

mod big;
mod command;
mod manners;
mod odd;
mod origin;
mod pages;
mod tools;
mod uploads;

use crate::common::cli::fonds;
use crate::common::collection::Collection;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running `fonds record --listen`.
pub(crate) struct Recorder {
    pub addr: SocketAddr,
    child: Child,
    stderr: BufReader<ChildStderr>,
    dir: TempDir,
}

/// What it left behind.
pub(crate) struct Recorded {
    pub collection: Collection,
    pub stderr: String,
    pub code: i32,
    /// Keeps the files.
    _dir: TempDir,
}

/// Both directions of a connection to the proxy.
pub(crate) trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

impl Recorder {
    pub(crate) fn start(options: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_fonds"))
            .args(["record", "--listen", "127.0.0.1:0", "--resolve", "localhost:127.0.0.1"])
            .args(["-o", dir.path().join("c").to_str().unwrap()])
            .args(["--save-ca", dir.path().join("proxy-ca.pem").to_str().unwrap()])
            .args(options)
            .env_clear()
            .env("TMPDIR", std::env::temp_dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let addr = line.split("http://").nth(1).and_then(|rest| rest.split(';').next());
        let addr = addr.unwrap_or_else(|| panic!("{line}")).parse().unwrap();
        Self { addr, child, stderr, dir }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.path().join("proxy-ca.pem")
    }

    /// A connection to the proxy.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// A connection to an https origin through the proxy, that trusts the proxy's certificates.
    pub(crate) fn tunnel(&self, authority: &str) -> Box<dyn Both> {
        let mut stream = self.connect();
        write!(stream, "CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n").unwrap();
        assert_eq!(read_head(&mut stream), b"HTTP/1.1 200 Connection established\r\n\r\n");
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.ca()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let host = authority.rsplit_once(':').unwrap().0.to_owned();
        let session = ClientConnection::new(Arc::new(config), ServerName::try_from(host).unwrap()).unwrap();
        Box::new(StreamOwned::new(session, stream))
    }

    /// Whatever comes back for a request until the connection closes; the way a client asks for this URL.
    pub(crate) fn fetch(&self, url: &url::Url, method: &str, fields: &str) -> Vec<u8> {
        let authority = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let mut stream: Box<dyn Both> = match url.scheme() {
            "https" => self.tunnel(&authority),
            _ => Box::new(self.connect()),
        };
        let target = if url.scheme() == "https" { url.path() } else { url.as_str() };
        // The client keeps the connection open; who closes is the proxy or, as here, our patience.
        write!(stream, "{method} {target} HTTP/1.1\r\nHost: {authority}\r\n{fields}\r\n").unwrap();
        stream.flush().unwrap();
        read_all(&mut stream)
    }

    /// Ends the recording; what it left verifies.
    pub(crate) fn stop(self) -> Recorded {
        self.signal("-INT");
        let recorded = self.wait();
        assert_eq!(recorded.code, 0, "{}", recorded.stderr);
        recorded
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("/bin/kill").args([name, &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn wait(mut self) -> Recorded {
        let patience = Instant::now();
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code().unwrap_or(-1);
            }
            if patience.elapsed() > Duration::from_secs(60) {
                self.child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{stderr}");
        let root = self.dir.path().join("c");
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        assert_eq!(stdout.trim_end(), root.to_str().unwrap());
        verifies(&root);
        Recorded { collection: Collection::new(&root), stderr, code, _dir: self.dir }
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        assert!(!self.collection.root.join(".fonds").exists());
    }
}

/// What a collection must be, whatever happened.
pub(crate) fn verifies(root: &Path) {
    fonds(["verify", "--require", "2", root.to_str().unwrap()]).expect(0);
}

pub(crate) fn read_head(stream: &mut impl Read) -> Vec<u8> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    head
}

/// Until the end, however abrupt.
pub(crate) fn read_all(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
    }
    bytes
}
