//! SURT keys: a URL as web-archive indexes sort it, host labels reversed (`com,example)/path?a=1&b=2`).
//!
//! The canonical form is the one that the field's indexers share (the Internet Archive's default rules, as in
//! the Wayback Machine, pywb and cdxj-indexer): percent-escapes undone and written once, lower case, `www.`
//! and default ports dropped, session ids cut out, query arguments sorted, user info and fragment gone. Keys
//! must agree byte for byte with those tools or a lookup misses, so their oddities are kept as well;
//! `surt/vectors.tsv` holds what they answer.

use std::net::Ipv4Addr;
use std::sync::LazyLock;

use regex::bytes::Regex;

/// The sort key of `url`.
///
/// Without a host (`dns:`, `urn:`, `mailto:` …) the scheme stays in front: `dns:example.com`. A URL without a
/// scheme is read as http. What cannot be read at all (a port that is no number) is its own key, blanks escaped,
/// so that a key never breaks an index line. The empty URL has the key `-`.
pub fn key(url: &str) -> String {
    if url.is_empty() {
        return "-".to_owned();
    }
    if url.starts_with("filedesc") {
        return without_blanks(url);
    }
    match Parts::split(url) {
        Some(parts) => parts.canonical().to_key(),
        None => without_blanks(url),
    }
}

/// A URL in pieces, as bytes: escapes may hide bytes that are not UTF-8.
struct Parts {
    scheme: Vec<u8>,
    host: Vec<u8>,
    port: Option<u16>,
    path: Option<Vec<u8>>,
    query: Option<Vec<u8>>,
}

impl Parts {
    /// Splits by RFC 2396 appendix B, forgiving what browsers and old archives contain. `None`: unreadable port.
    fn split(url: &str) -> Option<Self> {
        let trimmed = url.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
        let clean: String = trimmed.chars().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect();
        let clean = with_scheme(clean);
        let clean = without_repeated_schemes(&clean);

        let (scheme, rest) = clean.split_once(':')?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => ("", rest),
        };
        let (host, port) = host_and_port(authority)?;
        let mut parts = Self {
            scheme: scheme.into(),
            host: host.to_ascii_lowercase().into(),
            port,
            path: (!path.is_empty()).then(|| path.into()),
            query: query.filter(|q| !q.is_empty()).map(Into::into),
        };
        if scheme.starts_with("http") && parts.host.is_empty() {
            parts.host_from_path(path);
        }
        Some(parts)
    }

    /// `http:////host/path` and `http:host/path`: the first path segment is the host.
    fn host_from_path(&mut self, path: &str) {
        if path.is_empty() {
            return;
        }
        let (host, rest) =
            path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
        self.host = host.into();
        self.path = Some(format!("/{rest}").into());
    }

    fn canonical(mut self) -> Self {
        if !self.host.is_empty() {
            self.host = canonical_host(&self.host, &self.scheme);
        }
        if self.port == default_port(&self.scheme) {
            self.port = None;
        }
        let path = self.path.take().map(|p| unescape_fully(&p));
        let path =
            if self.host.is_empty() { path } else { Some(normal_path(path.as_deref().unwrap_or_default())) };
        self.path = path.map(|p| canonical_path(&p));
        self.query = self.query.take().and_then(|q| canonical_query(&q));
        self
    }

    fn to_key(&self) -> String {
        let mut key = Vec::new();
        if self.host.is_empty() {
            key.extend_from_slice(&self.scheme);
            key.push(b':');
        } else {
            let labels: Vec<&[u8]> = self.host.rsplit(|b| *b == b'.').collect();
            key.extend(labels.join(&b','));
            if let Some(port) = self.port {
                key.extend(format!(":{port}").bytes());
            }
            key.push(b')');
        }
        match (&self.path, &self.query) {
            (Some(path), _) => key.extend_from_slice(path),
            (None, Some(_)) => key.push(b'/'),
            (None, None) => {}
        }
        if let Some(query) = &self.query {
            key.push(b'?');
            key.extend_from_slice(query);
        }
        without_blanks(&String::from_utf8_lossy(&key))
    }
}

fn with_scheme(url: String) -> String {
    let has_scheme = url.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    if has_scheme { url } else { format!("http://{url}") }
}

/// `http://https://host/` is found in real pages: the last scheme counts.
fn without_repeated_schemes(url: &str) -> &str {
    let next = |url: &'_ str| ["http://", "https://"].iter().find(|p| url.starts_with(**p)).map(|p| p.len());
    let mut url = url;
    while let Some(rest) = next(url).and_then(|len| url.get(len..)).filter(|rest| next(rest).is_some()) {
        url = rest;
    }
    url
}

/// Host and port of an authority, user info dropped; a port of 0 counts as none. `None`: not a port.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let authority = authority.trim_end_matches(':');
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    let (host, port) = match host_port.split_once('[') {
        Some((_, bracketed)) => {
            let (host, rest) = bracketed.split_once(']').unwrap_or((bracketed, ""));
            (host, rest.split_once(':').map(|(_, port)| port))
        }
        None => host_port.split_once(':').map_or((host_port, None), |(host, port)| (host, Some(port))),
    };
    match port {
        None => Some((host, None)),
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => {
            let number =
                port.bytes().try_fold(0u16, |n, b| n.checked_mul(10)?.checked_add(u16::from(b - b'0')))?;
            Some((host, (number != 0).then_some(number)))
        }
        Some(_) => None,
    }
}

fn default_port(scheme: &[u8]) -> Option<u16> {
    match scheme.to_ascii_lowercase().as_slice() {
        b"http" => Some(80),
        b"https" => Some(443),
        _ => None,
    }
}

fn canonical_host(host: &[u8], scheme: &[u8]) -> Vec<u8> {
    let host = ascii_host(unescape_fully(host));
    let host = replace_pairs_of_dots(&host);
    let host = trim_dots(&host);
    if let Some(address) = ipv4(host) {
        return address.to_string().into_bytes();
    }
    let mut host = escape(host);
    host.make_ascii_lowercase();
    if scheme == b"dns" { host } else { without_www(&host).to_vec() }
}

/// Punycode for names beyond ASCII; by the older IDNA rules that indexes are built on, `ß` is `ss`.
fn ascii_host(host: Vec<u8>) -> Vec<u8> {
    if host.is_ascii() {
        return host;
    }
    let text: String = String::from_utf8_lossy(&host).replace(char::REPLACEMENT_CHARACTER, "");
    let mapped = text.replace('ß', "ss").replace('ς', "σ").replace(['\u{200c}', '\u{200d}'], "");
    match url::quirks::domain_to_ascii(&mapped) {
        ascii if ascii.is_empty() => host,
        ascii => ascii.into_bytes(),
    }
}

/// One pass, as the field does it: `...` becomes `..`.
fn replace_pairs_of_dots(host: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(host.len());
    let mut bytes = host.iter().peekable();
    while let Some(&byte) = bytes.next() {
        if byte == b'.' && bytes.peek() == Some(&&b'.') {
            bytes.next();
        }
        out.push(byte);
    }
    out
}

fn trim_dots(host: &[u8]) -> &[u8] {
    let start = host.iter().position(|b| *b != b'.').unwrap_or(host.len());
    let end = host.iter().rposition(|b| *b != b'.').map_or(start, |i| i + 1);
    host.get(start..end).unwrap_or_default()
}

/// An IPv4 address in any of the forms of `inet_aton`, hexadecimal excepted: one decimal number, or up to four
/// parts, octal where a part starts with 0.
fn ipv4(host: &[u8]) -> Option<Ipv4Addr> {
    let text = std::str::from_utf8(host).ok()?;
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let low = text.bytes().fold(0u32, |n, b| n.wrapping_mul(10).wrapping_add(u32::from(b - b'0')));
        return Some(Ipv4Addr::from(low));
    }
    let parts: Vec<u64> = text.split('.').map(number_of).collect::<Option<_>>()?;
    let (last, leading) = parts.split_last()?;
    if leading.len() > 3 || leading.iter().any(|p| *p > 255) || *last >= 1 << (8 * (4 - leading.len())) {
        return None;
    }
    let high = leading.iter().zip([24, 16, 8]).fold(0, |n, (part, shift)| n | part << shift);
    u32::try_from(high | last).ok().map(Ipv4Addr::from)
}

fn number_of(part: &str) -> Option<u64> {
    if !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let radix = if part.len() > 1 && part.starts_with('0') { 8 } else { 10 };
    u64::from_str_radix(part, radix).ok()
}

/// Drops a leading `www.`, `www2.` and so on.
fn without_www(host: &[u8]) -> &[u8] {
    let Some(rest) = host.strip_prefix(b"www") else { return host };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    rest.get(digits..).and_then(|rest| rest.strip_prefix(b".")).unwrap_or(host)
}

/// `.` and `..` resolved, repeated slashes made one, a final slash kept.
fn normal_path(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in path.split(|b| *b == b'/').skip(1) {
        match segment {
            b"." => {}
            b".." if kept.pop().is_none() => kept.push(segment),
            b".." => {}
            _ => kept.push(segment),
        }
    }
    let Some((last, directories)) = kept.split_last() else { return b"/".to_vec() };
    let mut out = b"/".to_vec();
    for segment in directories.iter().filter(|s| !s.is_empty()) {
        out.extend_from_slice(segment);
        out.push(b'/');
    }
    out.extend_from_slice(last);
    out
}

fn canonical_path(path: &[u8]) -> Vec<u8> {
    let mut path = escape(path);
    path.make_ascii_lowercase();
    let mut path = without_session_segment(path);
    if path.len() > 1 && path.ends_with(b"/") {
        path.pop();
    }
    path
}

fn canonical_query(query: &[u8]) -> Option<Vec<u8>> {
    let mut query = without_session_arguments(escape(&unescape_fully(query)));
    query.make_ascii_lowercase();
    let query = sorted_arguments(&query);
    (!query.is_empty()).then_some(query)
}

fn sorted_arguments(query: &[u8]) -> Vec<u8> {
    if query.len() <= 1 {
        return query.to_vec();
    }
    // `a` sorts before `a=`, and both before `a=0`: name first, then whether there is a value.
    let mut arguments: Vec<_> = query.split(|b| *b == b'&').collect();
    arguments.sort_by_key(|argument| {
        let mut sides = argument.splitn(2, |b| *b == b'=');
        (sides.next(), sides.next())
    });
    arguments.join(&b'&')
}

static PATH_SESSIONS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"^(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)$", // ASP.NET cookieless, 2.0
        r"^(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)$",               // and 1.1
    ])
});

static QUERY_SESSIONS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    patterns(&[
        r"^(.*)jsessionid=[0-9a-z]{32}(?:&(.*))?$",
        r"^(.*)phpsessid=[0-9a-z]{32}(?:&(.*))?$",
        r"^(.*)sid=[0-9a-z]{32}(?:&(.*))?$",
        r"^(.*)aspsessionid[a-z]{8}=[a-z]{24}(?:&(.*))?$",
        r"^(.*)cfid=[^&]+&cftoken=[^&]+(?:&(.*))?$",
    ])
});

fn patterns(sources: &[&str]) -> Vec<Regex> {
    sources.iter().filter_map(|source| Regex::new(&format!("(?i-u){source}")).ok()).collect()
}

fn without_session_segment(path: Vec<u8>) -> Vec<u8> {
    PATH_SESSIONS.iter().fold(path, cut)
}

fn without_session_arguments(query: Vec<u8>) -> Vec<u8> {
    QUERY_SESSIONS.iter().fold(query, cut)
}

/// What a session pattern keeps: its two groups.
fn cut(text: Vec<u8>, pattern: &Regex) -> Vec<u8> {
    let group = |captures: &regex::bytes::Captures<'_>, i| {
        captures.get(i).map_or(Vec::new(), |m| m.as_bytes().to_vec())
    };
    match pattern.captures(&text) {
        Some(captures) => [group(&captures, 1), group(&captures, 2)].concat(),
        None => text,
    }
}

/// Undoes percent-escapes until none is left (`%2520` is a blank).
fn unescape_fully(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    // Every round that changes anything shortens the text, so this ends.
    while let Some(shorter) = unescape(&text) {
        text = shorter;
    }
    text
}

/// One round; `None` where there was nothing to undo.
fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        match (byte, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(hex_value(*high) << 4 | hex_value(*low));
                rest = after;
            }
            _ => {
                out.push(*byte);
                rest = tail;
            }
        }
    }
    (out.len() < text.len()).then_some(out)
}

fn hex_value(digit: u8) -> u8 {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap_or_default()
}

/// Escapes blanks, controls, `#`, `%` and everything beyond ASCII.
fn escape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'#' | b'%' | 0..=b' ' | 0x7f.. => out.extend(format!("%{byte:02X}").bytes()),
            _ => out.push(byte),
        }
    }
    out
}

/// The text with blanks and controls escaped, so that it stays one field of an index line.
fn without_blanks(text: &str) -> String {
    let breaks = |c: char| c.is_whitespace() || c.is_control();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if breaks(c) => c.to_string().bytes().for_each(|b| out.push_str(&format!("%{b:02X}"))),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::key;
    use proptest::prelude::*;

    #[test]
    fn keys_are_those_that_the_fields_indexers_write() {
        let mut wrong = Vec::new();
        for line in include_str!("surt/vectors.tsv").lines() {
            let (url, expected) = line.split_once('\t').unwrap();
            let got = key(&url.replace("\\t", "\t"));
            if got != expected {
                wrong.push(format!("{url}: {got}, not {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn unreadable_urls_keep_the_line_whole() {
        assert_eq!(key("http://a b:x/"), "http://a%20b:x/");
        assert_eq!(key(""), "-");
    }

    proptest! {
        #[test]
        fn a_key_is_never_empty_and_never_splits_a_line(url in "\\PC{0,60}|[ -~]{0,60}|https?://[a-z.%0-9:@]{0,20}/[ -~]{0,30}") {
            let key = key(&url);
            prop_assert!(!key.is_empty());
            prop_assert!(!key.contains(char::is_whitespace));
        }
    }
}
