//! Requests, their heads written by us to the byte.

use url::Url;

/// A request ready to be sent: method, URL and the exact bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub(super) method: String,
    pub(super) url: Url,
    /// The request target, in origin form unless a proxy is to forward it.
    pub(super) target: String,
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) bytes: Vec<u8>,
    pub(super) close: bool,
    /// Version and field lines where they are somebody else's, to the byte.
    pub(super) own_words: Option<Vec<u8>>,
}

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

pub(super) fn host(url: &Url) -> Result<String, RequestError> {
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

pub(super) fn check_token(token: &str) -> Result<(), RequestError> {
    let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_token_byte) {
        return Err(RequestError::Token(token.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
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
}
