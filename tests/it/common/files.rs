//! A server of files that has ranges, or has not.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Files served on loopback until the process ends.
pub(crate) struct Files {
    port: u16,
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    /// Bytes of bodies sent.
    pub sent: Arc<AtomicUsize>,
}

impl Files {
    pub(crate) fn serve(with_ranges: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, files: Arc::default(), sent: Arc::default() };
        let (files, sent) = (server.files.clone(), server.sent.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (files, sent) = (files.clone(), sent.clone());
                std::thread::spawn(move || visit(stream.unwrap(), &files, &sent, with_ranges));
            }
        });
        server
    }

    /// Puts a file there; gives its URL.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> String {
        self.files.lock().unwrap().insert(format!("/{name}"), bytes.to_vec());
        format!("http://127.0.0.1:{}/{name}", self.port)
    }
}

fn visit(stream: TcpStream, files: &Mutex<HashMap<String, Vec<u8>>>, sent: &AtomicUsize, with_ranges: bool) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut out = stream;
    while let Some((path, range)) = request(&mut reader) {
        let file = files.lock().unwrap().get(&path).cloned();
        let (head, body) = answer(file, range.filter(|_| with_ranges));
        sent.fetch_add(body.len(), Ordering::Relaxed);
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        // A client that hangs up has seen enough.
        if out.write_all(format!("HTTP/1.1 {head}\r\n{length}").as_bytes()).is_err()
            || out.write_all(&body).is_err()
        {
            return;
        }
    }
}

/// Path and range of the next request.
fn request(reader: &mut impl BufRead) -> Option<(String, Option<(usize, usize)>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut range = None;
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).ok().filter(|n| *n > 0)?;
        let field = field.trim_end().to_ascii_lowercase();
        if field.is_empty() {
            return Some((path, range));
        }
        let bounds = field.strip_prefix("range: bytes=").and_then(|range| range.split_once('-'));
        range = range.or(bounds.map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap_or(usize::MAX - 1))));
    }
}

fn answer(file: Option<Vec<u8>>, range: Option<(usize, usize)>) -> (String, Vec<u8>) {
    let Some(bytes) = file else { return ("404 Not Found".to_owned(), Vec::new()) };
    match range {
        Some((first, _)) if first >= bytes.len() => {
            (format!("416 No\r\nContent-Range: bytes */{}", bytes.len()), Vec::new())
        }
        Some((first, last)) => {
            let last = last.min(bytes.len() - 1);
            let head = format!("206 Part\r\nContent-Range: bytes {first}-{last}/{}", bytes.len());
            (head, bytes.get(first..=last).unwrap().to_vec())
        }
        None => ("200 OK".to_owned(), bytes),
    }
}
