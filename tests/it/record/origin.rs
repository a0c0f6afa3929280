//! Origins that read bodies, or speak something else after a 101.

use super::read_head;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A server on loopback that keeps all it received; it stops with the process.
pub(crate) struct Origin {
    pub port: u16,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// One connection, and what was read of it.
pub(crate) struct Visit {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Origin {
    pub(crate) fn start(visit: impl Fn(&mut Visit) -> Option<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (visit, received) = (Arc::new(visit), Arc::new(Mutex::new(Vec::new())));
        let heard = received.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (visit, heard) = (visit.clone(), heard.clone());
                std::thread::spawn(move || {
                    let mut one = Visit { stream: stream.unwrap(), read: Vec::new() };
                    visit(&mut one);
                    heard.lock().unwrap().push(one.read);
                });
            }
        });
        Self { port, received }
    }

    pub(crate) fn url(&self, path: &str) -> url::Url {
        url::Url::parse(&format!("http://localhost:{}{path}", self.port)).unwrap()
    }

    /// What each connection that is over brought.
    pub(crate) fn received(&self) -> Vec<Vec<u8>> {
        self.received.lock().unwrap().clone()
    }
}

impl Visit {
    pub(crate) fn head(&mut self) -> Option<String> {
        let head = read_head(&mut self.stream);
        self.read.extend_from_slice(&head);
        (!head.is_empty()).then(|| String::from_utf8_lossy(&head).into_owned())
    }

    /// So many bytes.
    pub(crate) fn body(&mut self, length: usize) -> Option<Vec<u8>> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        self.read.extend_from_slice(&body);
        Some(body)
    }

    /// Up to these bytes.
    pub(crate) fn until(&mut self, end: &[u8]) -> Option<()> {
        while !self.read.ends_with(end) {
            self.body(1)?;
        }
        Some(())
    }

    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) -> Option<()> {
        self.stream.write_all(bytes.as_ref()).ok()
    }
}
