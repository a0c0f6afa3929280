//! What fonds itself says to a client. None of it is recorded.

use crate::wire::Failure;
use std::time::Duration;

/// The host that stands for the proxy itself.
pub(super) const OWN_HOST: &str = "fonds.local";

/// The answer to CONNECT.
pub(super) const TUNNEL: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// A refusal in a line, after which the connection is closed.
pub(super) fn refusal(status: u16, words: &str) -> Vec<u8> {
    let reason = match status {
        400 => "Bad Request",
        431 => "Request Header Fields Too Large",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        508 => "Loop Detected",
        _ => "Refused",
    };
    let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    whole(&format!("{status} {reason}"), "text/plain; charset=utf-8", &format!("fonds: {words}\n"), true)
}

/// Of an origin that could not be reached, or said nothing.
pub(super) fn failure(failure: &Failure, patience: Duration) -> Vec<u8> {
    let last = failure.attempts.last().map_or(0, |attempt| u128::from(attempt.elapsed_ms));
    let status = if last >= patience.as_millis() { 504 } else { 502 };
    refusal(status, &format!("not captured ({}): {}", failure.stage.as_str(), failure.error))
}

/// The proxy's own page, or its authority's certificate.
pub(super) fn own(path: &str, pem: &str, with_body: bool) -> Vec<u8> {
    match path {
        "/" => {
            let page = format!(
                "<!DOCTYPE html><title>fonds is recording</title>\n\
                 <p>This is the recording proxy of fonds. What is fetched through it is written down.</p>\n\
                 <p>To be used with https, its <a href=\"http://{OWN_HOST}/ca.pem\">certificate</a> must be trusted.</p>\n"
            );
            whole("200 OK", "text/html; charset=utf-8", &page, with_body)
        }
        "/ca.pem" => whole("200 OK", "application/x-x509-ca-cert", pem, with_body),
        _ => {
            whole("404 Not Found", "text/plain; charset=utf-8", "fonds: there is / and /ca.pem\n", with_body)
        }
    }
}

fn whole(status: &str, media: &str, body: &str, with_body: bool) -> Vec<u8> {
    let length = body.len();
    let body = if with_body { body } else { "" };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
