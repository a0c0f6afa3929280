//! Requests as a client of ours wrote them, sent on to the byte.

use super::request::{Request, RequestError, check_token, host};
use crate::message::head::{HeadLimits, RequestHead};
use std::borrow::Cow;
use url::Url;

/// Fields that a client means for its proxy (RFC 9110 §11.7, and one that never was a standard).
const FOR_THE_PROXY: [&[u8]; 2] = [b"proxy-connection", b"proxy-authorization"];

impl Request {
    /// The head of a request as a client of ours wrote it, `head` being its bytes up to the empty line, to be sent to the
    /// origin of `url`: method, version, order, case and line ends are kept; the target is put into origin form, and what
    /// is meant for a proxy is taken out. Its body, if any, is not part of it.
    ///
    /// # Errors
    /// When method or target would break the head's syntax, the URL is not one to fetch over HTTP, or the head has a NUL, a
    /// CR alone in it, which some servers take for the end of a line, or a first field that begins with a space (RFC 9112 §2.2).
    pub fn relayed(head: &[u8], url: &Url) -> Result<Self, RequestError> {
        host(url)?;
        let lone = head.iter().zip(head.iter().skip(1)).any(|(a, b)| *a == b'\r' && *b != b'\n');
        if lone || head.contains(&0) || begins_folded(head) {
            return Err(RequestError::Value("the head of the request".to_owned()));
        }
        let (parsed, _) = RequestHead::parse(head, &HeadLimits::default());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let method = text(&parsed.method);
        check_token(&method)?;
        let target = text(&parsed.target);
        if target.contains(|c: char| c.is_control() || c == ' ' || c == char::REPLACEMENT_CHARACTER) {
            return Err(RequestError::Value("the request target".to_owned()));
        }
        let target = origin_form(&target).into_owned();
        let is_for_us = |name: &[u8]| !FOR_THE_PROXY.iter().any(|known| name.eq_ignore_ascii_case(known));
        let fields = parsed.fields.iter().filter(|field| is_for_us(&field.name));
        let fields = fields.map(|field| (text(&field.name), text(&field.value))).collect();
        let own_words = own_words(head);
        let bytes = [method.as_bytes(), b" ", target.as_bytes(), b" ", &own_words].concat();
        let close = parsed.fields.list("connection").any(|said| said.eq_ignore_ascii_case(b"close"));
        let url = url.clone();
        Ok(Self { method, url, target, fields, body: Vec::new(), bytes, close, own_words: Some(own_words) })
    }

    /// The same in absolute form, for a proxy that forwards it.
    pub(super) fn forwarded_as_it_is(&self, words: &[u8], authorization: Option<&str>) -> Self {
        let target = format!("{}{}", &self.url[..url::Position::BeforePath], self.target);
        let end = words.iter().position(|byte| *byte == b'\n').map_or(words.len(), |at| at + 1);
        let (version, fields) = words.split_at_checked(end).unwrap_or((words, &[]));
        let line = authorization.map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
        let first = format!("{} {target} ", self.method);
        let bytes = [first.as_bytes(), version, line.as_bytes(), fields].concat();
        Self { target, bytes, ..self.clone() }
    }
}

/// True where the line after the request line goes on with a field that there is none of.
fn begins_folded(head: &[u8]) -> bool {
    let begun = head.trim_ascii_start();
    let next = memchr::memchr(b'\n', begun).and_then(|at| begun.get(at + 1));
    matches!(next, Some(b' ' | b'\t'))
}

/// A target without the scheme and host that a client puts before it for a proxy (RFC 9112 §3.2.1).
fn origin_form(target: &str) -> Cow<'_, str> {
    let Some((_, rest)) = target.split_once("://").filter(|_| !target.starts_with('/')) else {
        return Cow::Borrowed(target);
    };
    let path = rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/");
    if path.starts_with('?') { Cow::Owned(format!("/{path}")) } else { Cow::Borrowed(path) }
}

/// From the version on, but for the fields for the proxy; the target is the part that is written anew.
fn own_words(head: &[u8]) -> Vec<u8> {
    let start = head.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let mut lines = head.get(start..).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let version = first.iter().rposition(|byte| *byte == b' ').and_then(|at| first.get(at + 1..));
    let mut words = version.unwrap_or_default().to_vec();
    let mut passes = true;
    for line in lines {
        // A line that begins with a space goes on with the field before it.
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii();
            passes = !FOR_THE_PROXY.iter().any(|known| name.eq_ignore_ascii_case(known));
        }
        if passes {
            words.extend_from_slice(line);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_relayed_head_keeps_every_byte_but_what_was_for_the_proxy() {
        let head = b"POST http://h:81/a|b?c=%zz HTTP/1.0\r\nhost:h:81\r\nProxy-Connection: keep-alive\r\n\
            X-B:  \xe9 \r\nproxy-authorization: Basic\r\n eA==\r\nx-a: 1\nX-B: 2\r\n folded\r\n\r\n";
        let request = Request::relayed(head, &url("http://h:81/a|b?c=%zz")).unwrap();
        let kept = b"X-B:  \xe9 \r\nx-a: 1\nX-B: 2\r\n folded\r\n\r\n";
        assert_eq!(request.bytes(), [b"POST /a|b?c=%zz HTTP/1.0\r\nhost:h:81\r\n", &kept[..]].concat());
        assert_eq!((request.method(), request.field("x-a")), ("POST", Some("1")));
        let forwarded = request.forwarded(Some("Basic YTpi"));
        let start = "POST http://h:81/a|b?c=%zz HTTP/1.0\r\nProxy-Authorization: Basic YTpi\r\nhost:h:81\r\n";
        assert_eq!(forwarded.bytes(), [start.as_bytes(), kept].concat());
        for (target, sent) in
            [("/x", "/x"), ("http://h", "/"), ("HTTP://h?q", "/?q"), ("/?u=http://x/", "/?u=http://x/")]
        {
            let head = format!("GET {target} HTTP/1.1\r\nConnection: Close\r\n\r\n");
            let request = Request::relayed(head.as_bytes(), &url("http://h/")).unwrap();
            assert_eq!((request.target(), request.closes()), (sent, true));
        }
        for odd in [
            "G(T / HTTP/1.1\r\n\r\n",
            " / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\rTransfer-Encoding: chunked\r\n\r\n",
            "GET /a b HTTP/1.1\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\n\tProxy-Connection: x\r\n\r\n",
        ] {
            assert!(Request::relayed(odd.as_bytes(), &url("http://h/")).is_err(), "{odd}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_relayed_head_is_one_head(text in "(GET|PoST|G E|) (/a|http://h/x|[!-~]{0,9})( HTTP/1.[01])?\r?\n([ -~\t\r\n]|roxy-|Proxy-Connection: x|A: b|\r\n){0,20}") {
            let head = format!("{text}\r\n\r\n");
            let end = crate::message::head::head_end(head.as_bytes()).unwrap();
            let head = &head.as_bytes()[..end];
            if let Ok(request) = Request::relayed(head, &url("http://h/")) {
                let bytes = request.bytes();
                proptest::prop_assert_eq!(crate::message::head::head_end(bytes), Some(bytes.len()));
                let sent = RequestHead::parse(bytes, &HeadLimits::default()).0;
                proptest::prop_assert_eq!(sent.method, request.method().as_bytes());
                for name in ["Proxy-Connection", "Proxy-Authorization"] {
                    proptest::prop_assert!(sent.fields.get(name).is_none());
                }
            }
        }
    }
}
