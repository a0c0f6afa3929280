//! HTTP/2 on request: a reconstruction, marked as one; and what comes of it where the server has none.

use super::failures::assert_recorded;
use super::{assert_wire, exchange};
use crate::common::cli::{archive, fonds};
use crate::common::collection::Collection;
use crate::common::server::{Certificates, Flaw, certificates};
use crate::common::site::{ok, serve, serve_tls};
use bytes::Bytes;
use http::{HeaderMap, Response};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::tempdir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

/// Paths asked for and the connection each came on.
type Asked = Arc<Mutex<Vec<(String, usize, HeaderMap)>>>;

/// A server that speaks HTTP/2 alone.
fn http2(certificates: &Certificates) -> (Url, Asked) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, config) = (Asked::default(), certificates.config.clone());
    let heard = asked.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, heard) = (TlsAcceptor::from(config.clone()), heard.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let Ok(mut connected) = h2::server::handshake(stream).await else { return };
                    while let Some(Ok((request, respond))) = connected.accept().await {
                        let path = request.uri().path().to_owned();
                        heard.lock().unwrap().push((path.clone(), connection, request.headers().clone()));
                        tokio::spawn(answer(path, respond));
                    }
                });
            }
        });
    });
    (Url::parse(&format!("https://localhost:{port}/")).unwrap(), asked)
}

const PAGE: &str = "<title>Two</title><img src=a.png><img src=gone.png>";

async fn answer(path: String, mut respond: h2::server::SendResponse<Bytes>) {
    let head =
        Response::builder().header("content-type", if path == "/" { "text/html" } else { "image/png" });
    match path.as_str() {
        "/" => {
            let head =
                head.header("set-cookie", "a=1").header("set-cookie", "b=2").header("x-odd", &b"caf\xe9"[..]);
            let mut body = respond.send_response(head.body(()).unwrap(), false).unwrap();
            body.send_data(Bytes::from_static(PAGE.as_bytes()), false).unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", "42".parse().unwrap());
            body.send_trailers(trailers).unwrap();
        }
        "/gone.png" => {
            let mut body =
                respond.send_response(head.header("content-length", "9").body(()).unwrap(), false).unwrap();
            body.send_data(Bytes::from_static(b"half"), false).unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            body.send_reset(h2::Reason::INTERNAL_ERROR);
        }
        "/refused" => respond.send_reset(h2::Reason::REFUSED_STREAM),
        _ => {
            let body = Bytes::from(vec![b'x'; 3 << 20]);
            respond.send_response(head.body(()).unwrap(), false).unwrap().send_data(body, true).unwrap();
        }
    }
}

fn ca(dir: &Path, certificates: &Certificates) -> String {
    let path = dir.join("ca.pem");
    std::fs::write(&path, &certificates.ca_pem).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn what_http2_carried_is_written_as_http1_and_marked() {
    let certificates = certificates(Flaw::None);
    let (url, asked) = http2(&certificates);
    let dir = tempdir().unwrap();
    let out = dir.path().join("c");
    archive(&out, &[&url], &["--http2", "--ca", &ca(dir.path(), &certificates)]).expect(0);
    fonds(["verify", "--require", "2", out.to_str().unwrap()]).expect(0);
    let collection = Collection::new(&out);
    let (response, request) = exchange(&collection, &url);
    assert_eq!(response.all("WARC-Protocol"), ["h2", "tls/1.3"]);
    let head = "HTTP/1.1 200 \r\ncontent-type: text/html\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx-odd: caf\u{e9}\r\n\r\n";
    let expected: Vec<u8> = format!("{head}{PAGE}").chars().map(|char| char as u8).collect();
    assert_eq!(String::from_utf8_lossy(&response.block), String::from_utf8_lossy(&expected));
    assert!(request.block.starts_with(b"GET / HTTP/1.1\r\nHost: localhost:"));
    let entries = collection.log_of("record");
    for record in [&response, &request] {
        let entry = entries.iter().find(|e| e["warc"]["id"] == record.id()).unwrap();
        assert_eq!(entry["http"]["reconstructed"], "h2");
    }
    let metadata = collection.of("metadata", &url);
    let notes = String::from_utf8_lossy(&metadata[0].block).into_owned();
    assert!(notes.contains("finding: http2-reconstructed: ") && notes.contains("x-sum: 42"), "{notes}");
    let (big, _) = exchange(&collection, &url.join("a.png").unwrap());
    assert!(big.block.len() > 3 << 20 && big.get("WARC-Truncated").is_none());
    let (gone, _) = exchange(&collection, &url.join("gone.png").unwrap());
    assert_eq!((gone.field("WARC-Truncated"), gone.block.ends_with(b"\r\n\r\nhalf")), ("disconnect", true));
    let asked = asked.lock().unwrap();
    assert_eq!(
        asked.iter().map(|(path, ..)| path.as_str()).collect::<Vec<_>>(),
        ["/", "/a.png", "/gone.png"]
    );
    assert_eq!(asked[1].1, 0, "the connection is used again");
    assert_eq!(
        (asked[1].2.get("cookie").unwrap(), asked[1].2.get("host")),
        (&"a=1; b=2".parse().unwrap(), None)
    );
}

#[test]
fn a_stream_that_is_refused_is_a_failure() {
    let certificates = certificates(Flaw::None);
    let (url, _) = http2(&certificates);
    let (dir, url) = (tempdir().unwrap(), url.join("refused").unwrap());
    let out = dir.path().join("c");
    archive(&out, &[&url], &["--http2", "--ca", &ca(dir.path(), &certificates)]).expect(1);
    assert_recorded(&Collection::new(&out), &url, "http");
}

#[test]
fn a_server_without_http2_is_captured_as_ever_and_it_is_said() {
    let mut certificates = certificates(Flaw::None);
    let mut config = (*certificates.config).clone();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    certificates.config = Arc::new(config);
    let dir = tempdir().unwrap();
    let ca = ca(dir.path(), &certificates);
    let servers = [
        serve_tls(vec![("/", ok("text/plain", "1.1"))], &certificates),
        serve(vec![("/", ok("text/plain", "1.1"))]),
    ];
    for (name, server) in ["a", "b"].iter().zip(&servers) {
        let (out, url) = (dir.path().join(name), server.url("/"));
        archive(&out, &[&url], &["--http2", "--ca", &ca]).expect(0);
        let collection = Collection::new(&out);
        let (response, request) = exchange(&collection, &url);
        assert_wire(server, "/", &response, &request);
        assert_eq!(response.all("WARC-Protocol")[0], "http/1.1");
        let notes = String::from_utf8_lossy(&collection.of("metadata", &url)[0].block).into_owned();
        assert!(notes.contains("finding: http2-absent: "), "{notes}");
        let entry =
            collection.log_of("record").into_iter().find(|e| e["warc"]["id"] == response.id()).unwrap();
        assert!(entry["http"].get("reconstructed").is_none());
    }
}
