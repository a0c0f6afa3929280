#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;

/// What the server does with the n-th request, given the asked range: the bytes of its answer.
type Answer = dyn Fn(usize, Option<(u64, u64)>, &str) -> Vec<u8> + Send + Sync;

/// A server on loopback that answers one request a connection, for as long as the test runs.
fn serve(answer: impl Fn(usize, Option<(u64, u64)>, &str) -> Vec<u8> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (answer, count): (Arc<Answer>, _) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (answer, count) = (answer.clone(), count.clone());
            thread::spawn(move || exchange(&mut stream.unwrap(), &*answer, &count));
        }
    });
    format!("http://{address}")
}

fn exchange(stream: &mut TcpStream, answer: &Answer, count: &AtomicUsize) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let target = lines.next().unwrap().unwrap();
    let target = target.split(' ').nth(1).unwrap().to_owned();
    let mut range = None;
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("range: bytes=") {
            let (first, last) = text.split_once('-').unwrap();
            range = Some((first.parse().unwrap(), last.parse().unwrap()));
        }
    }
    let bytes = answer(count.fetch_add(1, Ordering::SeqCst), range, &target);
    let _ = stream.write_all(&bytes);
}

fn whole(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn part(body: &[u8], range: Option<(u64, u64)>, etag: &str) -> Vec<u8> {
    let Some((first, last)) = range else { return whole(body) };
    let last = last.min(body.len() as u64 - 1);
    let part = &body[first as usize..=last as usize];
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{last}/{}\r\nETag: \"{etag}\"\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len(),
        part.len()
    );
    [head.as_bytes(), part].concat()
}

fn open(url: &str) -> Result<Remote, Error> {
    Client::new(&Options { wait: Duration::from_secs(5), ..Options::default() }).unwrap().open(url)
}

fn content() -> Vec<u8> {
    (0..700_000u32).flat_map(|n| (n % 251).to_le_bytes().into_iter().take(1)).collect()
}

fn read(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map(|_| bytes)
}

#[test]
fn a_server_with_ranges_is_read_whole_and_anywhere() {
    let body = content();
    let served = body.clone();
    let url = serve(move |_, range, _| part(&served, range, "a"));
    let remote = open(&url).unwrap();
    assert_eq!((remote.length(), remote.head().len()), (Some(body.len() as u64), 64 << 10));
    assert_eq!(read(&mut remote.stream().unwrap()).unwrap(), body);
    let mut file = remote.seek().unwrap();
    file.seek(SeekFrom::Start(500_000)).unwrap();
    let mut some = [0; 10];
    file.read_exact(&mut some).unwrap();
    assert_eq!(some, body[500_000..500_010]);
    file.seek(SeekFrom::End(-5)).unwrap();
    assert_eq!(read(&mut file).unwrap(), body[body.len() - 5..]);
    file.seek(SeekFrom::Start(3)).unwrap();
    file.read_exact(&mut some).unwrap();
    assert_eq!(some, body[3..13]);
}

#[test]
fn a_server_without_ranges_is_streamed_as_often_as_asked() {
    let body = content();
    let served = body.clone();
    let url = serve(move |_, _, _| whole(&served));
    let remote = open(&url).unwrap();
    assert!(remote.seek().is_none() && remote.length().is_none());
    for _ in 0..2 {
        assert_eq!(read(&mut remote.stream().unwrap()).unwrap(), body);
    }
}

#[test]
fn a_file_that_changes_meanwhile_is_an_error() {
    let url = serve(|n, range, _| part(&content(), range, if n == 0 { "a" } else { "b" }));
    let error = read(&mut open(&url).unwrap().stream().unwrap()).unwrap_err();
    assert!(error.to_string().contains("changed while it was read (its ETag differs)"), "{error}");
    let url = serve(|n, range, _| part(&content()[n..], range, "a"));
    assert!(read(&mut open(&url).unwrap().stream().unwrap()).is_err());
}

#[test]
fn an_answer_that_breaks_off_is_tried_again_and_never_an_end() {
    let body = content();
    let served = body.clone();
    let url = serve(move |n, range, _| {
        let bytes = part(&served, range, "a");
        let sent = if n == 1 { bytes.len() - 7 } else { bytes.len() };
        bytes[..sent].to_vec()
    });
    assert_eq!(read(&mut open(&url).unwrap().stream().unwrap()).unwrap(), body);
    let url = serve(|_, _, _| {
        let bytes = whole(&content());
        bytes[..bytes.len() - 7].to_vec()
    });
    assert!(read(&mut open(&url).unwrap().stream().unwrap()).is_err());
}

#[test]
fn redirects_are_followed_and_end() {
    let url = serve(|_, range, target| match target {
        "/there" => part(b"there", range, "a"),
        "/" => b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_vec(),
        _ => b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_vec(),
    });
    assert_eq!(open(&url).unwrap().head(), b"there");
    assert!(matches!(open(&format!("{url}/loop")), Err(Error::Unreachable { .. })));
}

#[test]
fn errors_name_the_url_and_what_to_do() {
    let url =
        serve(|_, _, _| b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec());
    let error = open(&url).unwrap_err().to_string();
    assert_eq!(error, format!("cannot read {url}: the server answers 404 Not Found"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = open(&format!("http://{closed}/")).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("cannot read http://{closed}/: ")) && error.contains("refused"),
        "{error}"
    );
}

#[test]
fn an_empty_file_is_empty() {
    let url = serve(|_, _, _| {
        b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_vec()
    });
    let remote = open(&url).unwrap();
    assert_eq!((remote.length(), read(&mut remote.stream().unwrap()).unwrap()), (Some(0), vec![]));
}

/// A TLS server with a certificate of its own making; gives its URL and that certificate.
fn serve_tls() -> (String, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut tls = BufReader::new(rustls::StreamOwned::new(connection, stream.unwrap()));
            let mut line = String::new();
            while tls.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let _ = tls.get_mut().write_all(&whole(b"secret"));
            tls.get_mut().conn.send_close_notify();
            let _ = tls.get_mut().flush();
        }
    });
    (format!("https://localhost:{port}/"), certificate.to_vec())
}

#[test]
fn tls_trusts_the_named_authority_and_no_stranger() {
    let (url, certificate) = serve_tls();
    let error = open(&url).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    let trusting = Client::new(&Options { authorities: vec![certificate], ..Options::default() }).unwrap();
    assert_eq!(trusting.open(&url).unwrap().head(), b"secret");
}
