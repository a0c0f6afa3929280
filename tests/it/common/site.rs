//! Small sites on loopback: what most tests serve.

use super::server::{Certificates, Script, Server, Step};
use std::path::Path;

/// A 200 with this body.
pub(crate) fn ok(content_type: &str, body: impl AsRef<[u8]>) -> Script {
    answer("200 OK", &format!("Content-Type: {content_type}\r\n"), body)
}

/// Any answer; `fields` are whole lines, Content-Length not among them.
pub(crate) fn answer(status: &str, fields: &str, body: impl AsRef<[u8]>) -> Script {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
    vec![Step::Send([head.as_bytes(), body].concat()), Step::Next]
}

/// A redirect.
pub(crate) fn moved(to: &str) -> Script {
    answer("302 Found", &format!("Location: {to}\r\n"), "")
}

/// These bytes as they are, on a connection that stays open.
pub(crate) fn raw(bytes: impl AsRef<[u8]>) -> Script {
    vec![Step::Send(bytes.as_ref().to_vec()), Step::Next]
}

/// A server of these paths; all others are 404.
pub(crate) fn serve(scripts: Vec<(&str, Script)>) -> Server {
    Server::plain(scripts.into_iter().map(|(path, script)| (path.to_owned(), script)).collect())
}

/// The same over TLS.
pub(crate) fn serve_tls(scripts: Vec<(&str, Script)>, certificates: &Certificates) -> Server {
    let scripts = scripts.into_iter().map(|(path, script)| (path.to_owned(), script)).collect();
    Server::tls(scripts, certificates)
}

/// A page with one of each kind of requisite, `/` being the page.
pub(crate) fn small() -> Vec<(&'static str, Script)> {
    vec![
        (
            "/",
            ok(
                "text/html; charset=utf-8",
                "<!DOCTYPE html><title>A small page</title><link rel=stylesheet href=style.css>\
                 <p>One paragraph of text, long enough to be one.</p><img src=a.png alt=''>",
            ),
        ),
        ("/style.css", ok("text/css", "p { background: url(b.png) }")),
        ("/a.png", ok("image/png", PNG)),
        ("/b.png", ok("image/png", PNG)),
    ]
}

/// The start of an image.
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01";

/// Every file of a directory, by its path.
pub(crate) fn serve_directory(root: &Path) -> Server {
    let mut scripts = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let inside = path.strip_prefix(root).unwrap().to_str().unwrap();
            scripts.push((format!("/{inside}"), ok(media_type(inside), std::fs::read(&path).unwrap())));
        }
    }
    Server::plain(scripts.into_iter().collect())
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css",
        "js" => "text/javascript",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
