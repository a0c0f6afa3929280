//! Requests, their heads written by us to the byte.

use crate::message::head::{HeadLimits, RequestHead};
use std::borrow::Cow;
use url::Url;

/// A request ready to be sent: method, URL and the exact bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: String,
    url: Url,
    /// The request target, in origin form unless a proxy is to forward it.
    target: String,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
    bytes: Vec<u8>,
    close: bool,
    /// Version and field lines where they are somebody else's, to the byte.
    own_words: Option<Vec<u8>>,
}

/// Fields that a client means for its proxy (RFC 9110 §11.7, and one that never was a standard).
const FOR_THE_PROXY: [&[u8]; 2] = [b"proxy-connection", b"proxy-authorization"];

/// Why a request could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Neither http nor https, or without a host.
    #[error("{0} is not an http or https URL with a host")]
    Url(String),
    /// Not a method or a field name: something else than the letters of a token (RFC 9110 §5.6.2).
    #[error("\"{0}\" is not a token and cannot be sent as a method or a header name")]
    Token(String),
    /// A value with a line break or NUL in it.
    #[error("the value of {0} has a line break or NUL in it")]
    Value(String),
}

impl Request {
    /// A builder for this method and URL.
    pub fn builder(method: &str, url: &Url) -> RequestBuilder {
        RequestBuilder {
            method: method.to_owned(),
            url: url.clone(),
            user_agent: concat!("fonds/", env!("CARGO_PKG_VERSION")).to_owned(),
            accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8".to_owned(),
            accept_language: None,
            accept_encoding: "identity".to_owned(),
            referer: None,
            headers: Vec::new(),
            body: None,
            close: false,
        }
    }

    /// The head of a request as a client of ours wrote it, `head` being its bytes up to the empty line, to be sent to the
    /// origin of `url`: method, version, order, case and line ends are kept; the target is put into origin form, and what
    /// is meant for a proxy is taken out. Its body, if any, is not part of it.
    ///
    /// # Errors
    /// When method or target would break the head's syntax, the URL is not one to fetch over HTTP, or the head has a NUL or a
    /// CR alone in it, which some servers take for the end of a line (RFC 9112 §2.2).
    pub fn relayed(head: &[u8], url: &Url) -> Result<Self, RequestError> {
        host(url)?;
        let lone = head.iter().zip(head.iter().skip(1)).any(|(a, b)| *a == b'\r' && *b != b'\n');
        if lone || head.contains(&0) {
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

    /// The method in its own case.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The URL, without user name, password or fragment.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Head and body as they will be sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// True where the request asks that the connection be closed.
    pub fn closes(&self) -> bool {
        self.close
    }

    /// The first value of a header field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The request target as it is sent.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    pub(super) fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The same with this field in place of those of its name.
    ///
    /// # Errors
    /// When name or value would break the head's syntax.
    pub fn with(&self, name: &str, value: &str) -> Result<Self, RequestError> {
        let mut fields = self.fields.clone();
        fields.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        fields.push((name.to_owned(), value.to_owned()));
        self.written(fields)
    }

    /// The same with these cookies after those it has: one field in all (RFC 6265 §5.4).
    ///
    /// # Errors
    /// When a cookie would break the head's syntax.
    pub fn with_cookies(&self, cookies: &str) -> Result<Self, RequestError> {
        let all = match self.field("Cookie") {
            Some(own) => format!("{own}; {cookies}"),
            None => cookies.to_owned(),
        };
        self.with("Cookie", &all)
    }

    fn written(&self, fields: Vec<(String, String)>) -> Result<Self, RequestError> {
        let bytes = write(&self.method, &self.target, &fields, &self.body)?;
        Ok(Self { fields, bytes, ..self.clone() })
    }

    /// The same in absolute form, for a proxy that forwards it (RFC 9112 §3.2.2).
    pub(super) fn forwarded(&self, authorization: Option<&str>) -> Self {
        if let Some(words) = &self.own_words {
            return self.forwarded_as_it_is(words, authorization);
        }
        let target = self.url.to_string();
        let mut fields = self.fields.clone();
        fields.extend(authorization.map(|value| ("Proxy-Authorization".to_owned(), value.to_owned())));
        let forwarded = Self { target, ..self.clone() };
        // Neither a URL nor Base64 can break the syntax.
        forwarded.written(fields).unwrap_or(forwarded)
    }

    fn forwarded_as_it_is(&self, words: &[u8], authorization: Option<&str>) -> Self {
        let target = format!("{}{}", &self.url[..url::Position::BeforePath], self.target);
        let end = words.iter().position(|byte| *byte == b'\n').map_or(words.len(), |at| at + 1);
        let (version, fields) = words.split_at_checked(end).unwrap_or((words, &[]));
        let line = authorization.map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
        let first = format!("{} {target} ", self.method);
        let bytes = [first.as_bytes(), version, line.as_bytes(), fields].concat();
        Self { target, bytes, ..self.clone() }
    }

    /// True where sending it twice does no harm (RFC 9110 §9.2.2).
    pub fn is_idempotent(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE")
    }
}

/// Writes the head in a fixed order: request line, Host, User-Agent, Accept, Accept-Language, Accept-Encoding,
/// Connection, Referer, the extra fields in the order given, Content-Length.
///
/// `Accept-Encoding` is `identity` unless told otherwise: what is stored is what the server has, readable by every
/// tool, and the WARC is compressed anyway.
#[derive(Clone, Debug)]
pub struct RequestBuilder {
    method: String,
    url: Url,
    user_agent: String,
    accept: String,
    accept_language: Option<String>,
    accept_encoding: String,
    referer: Option<String>,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    close: bool,
}

impl RequestBuilder {
    /// `User-Agent`; empty to leave it out.
    #[must_use]
    pub fn user_agent(mut self, value: &str) -> Self {
        value.clone_into(&mut self.user_agent);
        self
    }

    /// `Accept`; empty to leave it out.
    #[must_use]
    pub fn accept(mut self, value: &str) -> Self {
        value.clone_into(&mut self.accept);
        self
    }

    /// `Accept-Language`.
    #[must_use]
    pub fn accept_language(mut self, value: &str) -> Self {
        self.accept_language = Some(value.to_owned());
        self
    }

    /// `Accept-Encoding`; empty to leave it out.
    #[must_use]
    pub fn accept_encoding(mut self, value: &str) -> Self {
        value.clone_into(&mut self.accept_encoding);
        self
    }

    /// `Referer`.
    #[must_use]
    pub fn referer(mut self, value: &str) -> Self {
        self.referer = Some(value.to_owned());
        self
    }

    /// One more field, after the others and in place of a default one of that name; its case is kept, and repeats
    /// are sent.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A body, sent with its `Content-Length`.
    #[must_use]
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self
    }

    /// Asks the server to close the connection afterwards.
    #[must_use]
    pub fn close(mut self) -> Self {
        self.close = true;
        self
    }

    /// The request, its bytes written out.
    ///
    /// # Errors
    /// When the URL is not one to fetch over HTTP, or a part would break the head's syntax.
    pub fn build(mut self) -> Result<Request, RequestError> {
        let host = host(&self.url)?;
        self.url.set_fragment(None);
        // Credentials in a URL are for the crawler to turn into a header; they are not part of what is fetched.
        let _ = self.url.set_username("");
        let _ = self.url.set_password(None);
        check_token(&self.method)?;
        let query = self.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let target = format!("{}{query}", self.url.path());
        let fields = self.fields(&host);
        let body = self.body.take().unwrap_or_default();
        let bytes = write(&self.method, &target, &fields, &body)?;
        let close = self.close;
        Ok(Request {
            method: self.method,
            url: self.url,
            target,
            fields,
            body,
            bytes,
            close,
            own_words: None,
        })
    }

    fn fields(&self, host: &str) -> Vec<(String, String)> {
        let connection = if self.close { "close" } else { "keep-alive" };
        let first = [
            ("Host", Some(host)),
            ("User-Agent", Some(self.user_agent.as_str())),
            ("Accept", Some(self.accept.as_str())),
            ("Accept-Language", self.accept_language.as_deref()),
            ("Accept-Encoding", Some(self.accept_encoding.as_str())),
            ("Connection", Some(connection)),
            ("Referer", self.referer.as_deref()),
        ];
        let mut fields: Vec<(String, String)> = first
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .filter(|(name, value)| {
                !value.is_empty() && !self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
            })
            .collect();
        fields.extend(self.headers.iter().cloned());
        let length = self.body.as_ref().map(|body| ("Content-Length".to_owned(), body.len().to_string()));
        fields.extend(length);
        fields
    }
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

fn host(url: &Url) -> Result<String, RequestError> {
    let host = url.host_str().filter(|host| !host.is_empty() && matches!(url.scheme(), "http" | "https"));
    let host = host.ok_or_else(|| RequestError::Url(url.to_string()))?;
    Ok(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn write(
    method: &str,
    target: &str,
    fields: &[(String, String)],
    body: &[u8],
) -> Result<Vec<u8>, RequestError> {
    let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
    for (name, value) in fields {
        push_field(&mut bytes, name, value)?;
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    Ok(bytes)
}

fn push_field(bytes: &mut Vec<u8>, name: &str, value: &str) -> Result<(), RequestError> {
    check_token(name)?;
    if value.contains(['\r', '\n', '\0']) {
        return Err(RequestError::Value(name.to_owned()));
    }
    bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    Ok(())
}

fn check_token(token: &str) -> Result<(), RequestError> {
    let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_token_byte) {
        return Err(RequestError::Token(token.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn the_head_is_written_in_its_order_and_case() {
        let request = Request::builder("GET", &url("http://user:pw@[2001:DB8::1]:8080/a b?q=1#frag"))
            .user_agent("probe")
            .accept("*/*")
            .accept_language("de")
            .referer("http://x/")
            .header("x-LOWER", "1")
            .header("Cookie", "a=b")
            .build()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(request.bytes()),
            "GET /a%20b?q=1 HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\nUser-Agent: probe\r\nAccept: */*\r\n\
             Accept-Language: de\r\nAccept-Encoding: identity\r\nConnection: keep-alive\r\nReferer: http://x/\r\n\
             x-LOWER: 1\r\nCookie: a=b\r\n\r\n"
        );
        assert_eq!(request.url().as_str(), "http://[2001:db8::1]:8080/a%20b?q=1");
    }

    #[test]
    fn a_body_comes_with_its_length() {
        let request =
            Request::builder("POST", &url("https://h/")).body(b"a=b".to_vec()).close().build().unwrap();
        let text = String::from_utf8_lossy(request.bytes()).into_owned();
        assert!(text.ends_with("Connection: close\r\nContent-Length: 3\r\n\r\na=b"), "{text}");
        assert!(request.closes() && !request.is_idempotent());
    }

    #[test]
    fn cookies_are_one_field_and_a_proxy_gets_the_whole_url() {
        let request =
            Request::builder("GET", &url("http://h:81/a?b")).header("cookie", "a=1").build().unwrap();
        let request = request.with_cookies("b=2").unwrap().forwarded(Some("Basic eA=="));
        let text = String::from_utf8_lossy(request.bytes()).into_owned();
        assert!(text.starts_with("GET http://h:81/a?b HTTP/1.1\r\nHost: h:81\r\n"), "{text}");
        assert!(text.ends_with("Cookie: a=1; b=2\r\nProxy-Authorization: Basic eA==\r\n\r\n"), "{text}");
        assert_eq!(text.to_lowercase().matches("cookie").count(), 1);
        assert!(request.with("A", "b\r\nc").is_err());
    }

    #[test]
    fn nothing_can_be_smuggled_in() {
        let get = || Request::builder("GET", &url("http://h/"));
        assert!(matches!(get().header("A\r\nB", "x").build(), Err(RequestError::Token(_))));
        assert!(matches!(get().header("A", "x\r\nB: y").build(), Err(RequestError::Value(_))));
        assert!(matches!(get().user_agent("x\ny").build(), Err(RequestError::Value(_))));
        assert!(matches!(Request::builder("G T", &url("http://h/")).build(), Err(RequestError::Token(_))));
        assert!(matches!(Request::builder("GET", &url("ftp://h/")).build(), Err(RequestError::Url(_))));
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
