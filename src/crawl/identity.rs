//! What makes two URLs one: the key by which the frontier knows what it has met.
//!
//! Only spellings of the same URL are made one (RFC 3986 §6.2.2), and session ids cut out, with which a site gives every
//! visitor, and each visit, URLs of its own. Fetched and recorded is always the URL as it was found; unlike a SURT key
//! this one keeps case, order and every argument that may mean something.

use std::borrow::Cow;
use url::Url;

/// The key of a URL. It is the URL itself, less its fragment, where there is nothing to be made one.
///
/// An empty query is not the same as none: servers may tell them apart. What is left empty by a session id is none.
pub(crate) fn identity(url: &Url) -> Cow<'_, str> {
    let whole = without_fragment(url);
    let (front, rest) = whole.split_at_checked(path_start(whole)).unwrap_or((whole, ""));
    let spelled = if is_plain(rest) { Cow::Borrowed(rest) } else { Cow::Owned(spell(rest)) };
    match without_session(&spelled) {
        Some(rest) => Cow::Owned([front, &rest].concat()),
        None => match spelled {
            Cow::Borrowed(_) => Cow::Borrowed(whole),
            Cow::Owned(rest) => Cow::Owned([front, &rest].concat()),
        },
    }
}

/// A parsed URL has no `#` but the one before its fragment.
fn without_fragment(url: &Url) -> &str {
    url.as_str().split_once('#').map_or(url.as_str(), |(url, _)| url)
}

/// Where scheme and authority end, which the parser has made one already.
fn path_start(url: &str) -> usize {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let path = url.get(authority..).and_then(|rest| rest.find('/'));
    path.map_or(url.len(), |at| authority + at)
}

fn is_plain(rest: &str) -> bool {
    rest.bytes().all(|byte| byte != b'%' && !is_always_escaped(byte))
}

/// What no URL may contain as it is (RFC 3986 §2) and the parser leaves in places; brackets of `a[]=1` among them.
fn is_always_escaped(byte: u8) -> bool {
    matches!(byte, b'[' | b']' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'`' | b'"' | b'<' | b'>')
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Every character in its one spelling: as itself where it is unreserved, else escaped in upper case.
fn spell(rest: &str) -> String {
    let mut out = String::with_capacity(rest.len() + 8);
    // Where a `%` stands that begins no escape: what follows must not become one.
    let mut stray = None;
    let mut at = 0;
    while let Some(byte) = rest.as_bytes().get(at).copied() {
        let escaped = (byte == b'%').then(|| escape(rest, at)).flatten();
        match escaped {
            Some(byte) if is_unreserved(byte) && !completes(byte, stray, out.len()) => {
                out.push(char::from(byte))
            }
            Some(byte) => push_escaped(&mut out, byte),
            None if is_always_escaped(byte) => push_escaped(&mut out, byte),
            None => {
                stray = if byte == b'%' { Some(out.len()) } else { stray };
                out.push(char::from(byte));
            }
        }
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

/// The octet whose escape begins here.
fn escape(rest: &str, at: usize) -> Option<u8> {
    let digits = rest.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok()
}

fn completes(byte: u8, stray: Option<usize>, length: usize) -> bool {
    byte.is_ascii_hexdigit() && stray.is_some_and(|stray| length - stray <= 2)
}

fn push_escaped(out: &mut String, byte: u8) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    out.push('%');
    out.extend([byte >> 4, byte & 15].iter().filter_map(|digit| DIGITS.get(usize::from(*digit))));
}

/// `None` where there is no session id.
fn without_session(rest: &str) -> Option<String> {
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let shorter_path = path.contains([';', '(']).then(|| cut_path(path)).flatten();
    let shorter_query = query.and_then(cut_query);
    if shorter_path.is_none() && shorter_query.is_none() {
        return None;
    }
    let mut out = shorter_path.unwrap_or_else(|| path.to_owned());
    let emptied = shorter_query.as_ref().is_some_and(String::is_empty);
    if let Some(query) = shorter_query.as_deref().or(query).filter(|_| !emptied) {
        out.push('?');
        out.push_str(query);
    }
    Some(out)
}

/// Without `;jsessionid=…` and without the segments that ASP.NET keeps a session in.
fn cut_path(path: &str) -> Option<String> {
    let without = |segment: &str| {
        let parts: Vec<&str> = segment.split(';').filter(|part| !is_session(part)).collect();
        let left = parts.join(";");
        // Alone it would mean this directory, or the one above.
        if matches!(left.as_str(), "." | "..") { segment.to_owned() } else { left }
    };
    // What is left of a segment may be one itself.
    let segments: Vec<String> =
        path.split('/').map(without).filter(|segment| !is_cookieless(segment)).collect();
    let mut out = segments.join("/");
    if out.is_empty() {
        out.push('/');
    }
    (out != path).then_some(out)
}

/// `(S(…24…))`, with `A(…)`, `F(…)`, `X(…)` beside it, or `(…24…)` as before 2005.
fn is_cookieless(segment: &str) -> bool {
    let Some(inner) = segment.strip_prefix('(').and_then(|segment| segment.strip_suffix(')')) else {
        return false;
    };
    let is_id = |id: &str| id.len() == 24 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let session = inner.split_once("S(").and_then(|(_, after)| after.split_once(')'));
    is_id(inner) || session.is_some_and(|(id, _)| is_id(id))
}

/// Without the arguments that are session ids; empty where there was nothing else.
fn cut_query(query: &str) -> Option<String> {
    let argument = |argument| !is_session(argument) && !is_coldfusion(argument, query);
    if query.split('&').all(argument) {
        return None;
    }
    let kept: Vec<&str> = query.split('&').filter(|text| argument(text)).collect();
    Some(kept.join("&"))
}

/// True by the name, and by a value that nobody would give to anything else: `sid=7` is a page.
fn is_session(argument: &str) -> bool {
    let Some((name, value)) = argument.split_once('=') else { return false };
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let asp = name.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("ASPSESSIONID"));
    if is("jsessionid") {
        return value.len() >= 8
            && value.bytes().all(|b| is_unreserved(b) || matches!(b, b'!' | b':' | b'*'));
    }
    if is("PHPSESSID") || asp {
        return value.len() >= 16
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b','));
    }
    let named = ["sid", "session", "sessionid", "session_id", "sessid", "osCsid", "zenid"]
        .iter()
        .any(|known| is(known));
    named && is_random(value)
}

/// Long, of letters and digits mixed, or longer than any number that counts something.
fn is_random(value: &str) -> bool {
    let is_long_number = value.len() >= 24 && value.bytes().all(|b| b.is_ascii_hexdigit());
    is_long_number
        || value.len() >= 20
            && value.bytes().all(|b| b.is_ascii_alphanumeric())
            && value.bytes().any(|b| b.is_ascii_digit())
            && value.bytes().any(|b| b.is_ascii_alphabetic())
}

/// `CFID=…&CFTOKEN=…`, which only together are a session.
fn is_coldfusion(argument: &str, query: &str) -> bool {
    let Some((name, _)) = argument.split_once('=') else { return false };
    let is = |argument: &str, known: &str| {
        argument.split_once('=').is_some_and(|(name, value)| {
            let in_shape = value.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b'_'));
            name.eq_ignore_ascii_case(known) && !value.is_empty() && in_shape
        })
    };
    let one_of_them = name.eq_ignore_ascii_case("CFID") || name.eq_ignore_ascii_case("CFTOKEN");
    one_of_them && ["CFID", "CFTOKEN"].iter().all(|known| query.split('&').any(|text| is(text, known)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn of(url: &str) -> String {
        identity(&Url::parse(url).unwrap()).into_owned()
    }

    const HEX: &str = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c";

    #[test]
    fn spellings_of_one_url_are_one() {
        for (one, other) in [
            ("http://example.com/a#b", "HTTP://EXAMPLE.com:80/a"),
            ("http://example.com", "http://example.com/"),
            ("https://example.com:443/%7euser/%c3%a4", "https://example.com/~user/%C3%A4"),
            ("http://example.com/%61%2D%2e%5f", "http://example.com/a-._"),
            ("http://example.com/ä", "http://example.com/%c3%a4"),
            ("http://example.com/x?a[]=1", "http://example.com/x?a%5b%5D=1"),
            ("http://example.com/x?q=a%7cb", "http://example.com/x?q=a|b"),
            ("http://example.com/a/./b/../c", "http://example.com/a/c"),
        ] {
            assert_eq!(of(one), of(other));
        }
    }

    #[test]
    fn session_ids_are_cut_out() {
        for (with, without) in [
            (format!("/a;jsessionid={HEX}.node1?b=1"), "/a?b=1"),
            ("/a;JSESSIONID=0a1B2c3D4e!-1234567!99".to_owned(), "/a"),
            (format!("/a;v=1;jsessionid={HEX}/b"), "/a;v=1/b"),
            (format!("/a?x=1&PHPSESSID={HEX}&y=2"), "/a?x=1&y=2"),
            (format!("/a?PHPSESSID={HEX}"), "/a"),
            (format!("/a?sid={HEX}&t=2"), "/a?t=2"),
            (format!("/a?t=2&osCsid={HEX}#x"), "/a?t=2"),
            ("/a?ASPSESSIONIDQQABCDEF=ABCDEFGHIJKLMNOPQRSTUVWX".to_owned(), "/a"),
            ("/a?CFID=123&b=1&CFTOKEN=45678901".to_owned(), "/a?b=1"),
            ("/app/(S(4hqa0555fwsecu455xqckv45))/page.aspx".to_owned(), "/app/page.aspx"),
            ("/app/(X(1)S(4hqa0555fwsecu455xqckv45))/page.aspx".to_owned(), "/app/page.aspx"),
            ("/(4hqa0555fwsecu455xqckv45)/page.aspx".to_owned(), "/page.aspx"),
            (format!("/a?%73id={HEX}"), "/a"),
            (format!("/a?sid={:032}", 7), "/a"),
        ] {
            assert_eq!(of(&format!("http://example.com{with}")), format!("http://example.com{without}"));
        }
    }

    #[test]
    fn what_may_differ_stays_different() {
        let urls = [
            "http://example.com/a",
            "https://example.com/a",
            "http://example.com/A",
            "http://example.com/a/",
            "http://example.com/a?",
            "http://example.com/a?b=1&c=2",
            "http://example.com/a?c=2&b=1",
            "http://example.com/a?sid=7",
            "http://example.com/a?sid=abcdefghijklmnopqrstuvwxyz",
            "http://example.com/a?sessionid=keynote-2026",
            "http://example.com/a?PHPSESSID=",
            "http://example.com/a?CFID=5",
            "http://example.com/a%2Fb",
            "http://example.com/a/b",
            "http://example.com/a%3Fb",
            "http://example.com/a?b=1&amp;c=2",
            "http://example.com/a;v=1",
            "http://example.com/(S(x))/a",
            "http://example.com/a/%2e%2e;jsessionid=9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c",
            "http://example.com/%2e;jsessionid=9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c",
            "http://example.com/",
            "http://example.com:8080/a",
            "http://www.example.com/a",
        ];
        let keys: std::collections::HashSet<String> = urls.iter().map(|url| of(url)).collect();
        assert_eq!(keys.len(), urls.len());
    }

    #[test]
    fn a_plain_url_costs_no_copy() {
        let url = Url::parse("http://[::1]:8080/a/b.html?c=d#e").unwrap();
        assert!(matches!(identity(&url), Cow::Borrowed("http://[::1]:8080/a/b.html?c=d")));
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("%"), Just("%%34%31"), Just("%7e"), Just("%c3%a4"), Just("/"), Just(";"), Just("&"), Just("?"), Just("="),
                    Just("sid"), Just(";jsessionid="), Just(HEX), Just("CFID=1"), Just("CFTOKEN=2"), Just("(S(4hqa0555fwsecu455xqckv45))"),
                    Just("["), Just("a"), Just("%2e"), Just("."), Just("(4hqa0555fwsecu455xqckv45)"), Just("%28"), Just("#"),
                ],
                0..14,
            ),
        ) {
            let url = Url::parse(&format!("http://example.com/{}", pieces.concat())).unwrap();
            let once = identity(&url).into_owned();
            let again = Url::parse(&once).unwrap();
            prop_assert_eq!(identity(&again).into_owned(), once.clone());
            prop_assert!(!once.contains('#'));
        }
    }
}
