//! Cookies of a run: kept and sent as browsers do (RFC 6265), read and written in Netscape's file format.

use crate::message::head::ResponseHead;
use cookie_store::{Cookie, CookieDomain, CookieExpiration, CookieStore, RawCookie};
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use url::Url;

/// Bytes of one cookie's header line; longer ones are not kept (RFC 6265 §6.1).
const COOKIE: usize = 8 << 10;
/// Cookies kept in all; when there are as many, new ones are not.
const COOKIES: usize = 10_000;

/// The cookies of a run. Domain, path, `Secure`, `Max-Age` and `Expires` are obeyed, and no cookie is taken for a
/// public suffix (`co.uk`).
#[derive(Debug, Default)]
pub struct Jar {
    store: Mutex<CookieStore>,
}

/// A line of a cookie file that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is no cookie: {reason}")]
pub struct CookieFileError {
    /// Its number, from 1.
    pub line: usize,
    /// Why; the line is not quoted, for its value is a secret.
    pub reason: &'static str,
}

impl Jar {
    /// From a file in Netscape's format: domain, TRUE for its subdomains too, path, TRUE for https alone, end as a
    /// Unix time (0 for the session's), name and value, with tabs in between. Cookies past their end are passed over.
    ///
    /// # Errors
    /// The first line that is no cookie.
    pub fn from_netscape(text: &str, now: i64) -> Result<Self, CookieFileError> {
        let jar = Self::default();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let (http_only, line) = match line.strip_prefix("#HttpOnly_") {
                Some(rest) => (true, rest),
                None => (false, line),
            };
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            jar.add_line(line, http_only, now)
                .map_err(|reason| CookieFileError { line: index + 1, reason })?;
        }
        Ok(jar)
    }

    /// All cookies that are still good, in Netscape's format.
    pub fn to_netscape(&self) -> String {
        let mut text = "# Netscape HTTP Cookie File\n".to_owned();
        for cookie in self.lock().iter_unexpired() {
            let (domain, under) = match &cookie.domain {
                CookieDomain::HostOnly(host) => (host.clone(), "FALSE"),
                CookieDomain::Suffix(domain) => (format!(".{domain}"), "TRUE"),
                _ => continue,
            };
            let end = match &cookie.expires {
                CookieExpiration::AtUtc(end) => end.unix_timestamp(),
                CookieExpiration::SessionEnd => 0,
            };
            let is = |yes: Option<bool>| if yes.unwrap_or(false) { "TRUE" } else { "FALSE" };
            let prefix = if cookie.http_only().unwrap_or(false) { "#HttpOnly_" } else { "" };
            let (path, secure) = (&*cookie.path, is(cookie.secure()));
            let (name, value) = (cookie.name(), cookie.value());
            // Writing to a String does not fail.
            let _ = writeln!(text, "{prefix}{domain}\t{under}\t{path}\t{secure}\t{end}\t{name}\t{value}");
        }
        text
    }

    /// How many cookies there are.
    pub fn len(&self) -> usize {
        self.lock().iter_unexpired().count()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a request's `Cookie` field, the cookies of longer paths first.
    pub fn header(&self, url: &Url) -> Option<String> {
        let store = self.lock();
        let mut cookies = store.matches(url);
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> =
            cookies.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Takes the cookies that a response sets.
    pub fn take(&self, url: &Url, head: &ResponseHead) {
        for value in head.fields.all("Set-Cookie").filter(|value| value.len() <= COOKIE) {
            if let Ok(cookie) = Cookie::parse(String::from_utf8_lossy(value).into_owned(), url) {
                self.insert(cookie.into_owned(), url);
            }
        }
    }

    fn add_line(&self, line: &str, http_only: bool, now: i64) -> Result<(), &'static str> {
        let mut columns = line.split('\t');
        let mut next = || columns.next().ok_or("it has fewer than 7 columns with tabs in between");
        let (domain, under, path, secure, end, name) = (next()?, next()?, next()?, next()?, next()?, next()?);
        let value = columns.next().unwrap_or_default();
        let is = |column: &str| column.eq_ignore_ascii_case("TRUE");
        let end: i64 = end.trim().parse().map_err(|_| "its end is no number")?;
        if end != 0 && end <= now {
            return Ok(());
        }
        if !path.starts_with('/') {
            return Err("its path does not begin with /");
        }
        let host =
            url::Host::parse(domain.trim_start_matches('.')).map_err(|_| "its domain is none")?.to_string();
        // A dot written as %2E is decoded only now.
        if host.starts_with('.') {
            return Err("its domain is none");
        }
        let scheme = if is(secure) { "https" } else { "http" };
        let url =
            Url::parse(&format!("{scheme}://{host}{path}")).map_err(|_| "its domain or path is none")?;
        let mut raw = RawCookie::new(name.to_owned(), value.to_owned());
        raw.set_path(path.to_owned());
        raw.set_secure(is(secure));
        raw.set_http_only(http_only);
        if is(under) || domain.starts_with('.') {
            raw.set_domain(host);
        }
        let mut cookie = Cookie::try_from_raw_cookie(&raw, &url).map_err(|_| "its domain or path is none")?;
        if end != 0 {
            cookie.expires = CookieExpiration::from(u64::try_from(end - now).unwrap_or_default());
        }
        self.insert(cookie.into_owned(), &url);
        Ok(())
    }

    fn insert(&self, mut cookie: Cookie<'static>, url: &Url) {
        let breaks = |text: &str| text.contains(|char: char| char.is_control() || char == ';');
        let mut store = self.lock();
        let broken = breaks(cookie.name()) || breaks(cookie.value()) || breaks(&cookie.path);
        if broken || store.iter_any().count() >= COOKIES {
            return;
        }
        if let CookieDomain::Suffix(domain) = &cookie.domain
            && is_public_suffix(domain)
        {
            // RFC 6265 §5.3: of the suffix itself it is the host's own, of others it is nobody's.
            match CookieDomain::host_only(url) {
                Ok(own) if url.host_str() == Some(domain) => cookie.domain = own,
                _ => return,
            }
        }
        // What may not be set by this host is not kept.
        let _ = store.insert(cookie, url);
    }

    fn lock(&self) -> MutexGuard<'_, CookieStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == domain.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::message::head::HeadLimits;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn set(jar: &Jar, from: &str, fields: &[&str]) {
        let fields: String = fields.iter().map(|field| format!("Set-Cookie: {field}\r\n")).collect();
        let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
        jar.take(&url(from), &ResponseHead::parse(head.as_bytes(), &HeadLimits::default()).0);
    }

    fn sent(jar: &Jar, to: &str) -> String {
        jar.header(&url(to)).unwrap_or_default()
    }

    #[test]
    fn a_cookie_goes_where_its_domain_and_path_say() {
        let jar = Jar::default();
        set(&jar, "http://www.site.example/a/b", &["own=1", "all=2; Domain=site.example; Path=/"]);
        set(&jar, "http://www.site.example/", &["deep=3; path=/a", "tls=4; Secure"]);
        assert_eq!(sent(&jar, "http://www.site.example/a/c"), "own=1; deep=3; all=2");
        assert_eq!(sent(&jar, "http://other.site.example/a/c"), "all=2");
        assert_eq!(sent(&jar, "http://www.site.example/"), "all=2");
        assert_eq!(sent(&jar, "http://site.example.evil.example/"), "");
        assert!(sent(&jar, "https://www.site.example/").contains("tls=4"));
    }

    #[test]
    fn a_cookie_ends_when_it_is_told_to() {
        let jar = Jar::default();
        set(
            &jar,
            "http://h.example/",
            &["a=1", "b=2; Max-Age=1000", "c=3; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
        );
        assert_eq!(sent(&jar, "http://h.example/"), "a=1; b=2");
        set(&jar, "http://h.example/", &["a=1; Max-Age=0"]);
        assert_eq!(sent(&jar, "http://h.example/"), "b=2");
    }

    #[test]
    fn nobody_sets_a_cookie_for_a_public_suffix_or_for_others() {
        let jar = Jar::default();
        set(&jar, "http://a.co.uk/", &["x=1; Domain=co.uk", "y=2; Domain=b.co.uk", "z=3; Domain=a.co.uk"]);
        assert_eq!(sent(&jar, "http://b.co.uk/"), "");
        assert_eq!(sent(&jar, "http://a.co.uk/"), "z=3");
        set(&jar, "http://localhost:81/", &["l=4; Domain=localhost"]);
        assert_eq!(sent(&jar, "http://localhost:82/"), "l=4", "ports are no border to cookies");
    }

    #[test]
    fn a_file_comes_back_as_it_went() {
        let file = "# Netscape HTTP Cookie File\n\
                    .site.example\tTRUE\t/\tFALSE\t4000000000\ta\t1\n\
                    #HttpOnly_www.site.example\tFALSE\t/x\tTRUE\t0\tb\ttwo words=\"2\"\n";
        let jar =
            Jar::from_netscape(&format!("{file}\n# note\nold.example\tFALSE\t/\tFALSE\t5\tc\t3\n"), 1000)
                .unwrap();
        assert_eq!(sent(&jar, "http://any.site.example/"), "a=1");
        assert_eq!(sent(&jar, "https://www.site.example/x"), "b=two words=\"2\"; a=1");
        let mut lines: Vec<String> = jar.to_netscape().lines().map(str::to_owned).collect();
        // The clock of the ends is the system's, so a day is granted.
        let end: i64 = lines[1].split('\t').nth(4).unwrap().parse().unwrap();
        assert!(end > 4_000_000_000 - 86_400, "{end}");
        lines[1] = lines[1].replace(&end.to_string(), "4000000000");
        assert_eq!(lines.join("\n") + "\n", file);
        for odd in ["not a cookie", "%2E\tTRUE\t/\tFALSE\t0\ta\t1", "%2Ea.example\tTRUE\t/\tFALSE\t0\ta\t1"] {
            assert!(Jar::from_netscape(odd, 0).is_err_and(|error| error.line == 1), "{odd}");
        }
    }

    #[test]
    fn odd_fields_are_passed_over() {
        let jar = Jar::default();
        set(&jar, "http://h.example/", &["=;;; expires=never", "\"c", "", ";", "a=b;Domain=;Path=x"]);
        assert_eq!(sent(&jar, "http://h.example/"), "a=b");
        set(&jar, "http://h.example/", &[&format!("big={}", "x".repeat(COOKIE)), "nul=a\0b", "n\x01=c"]);
        assert_eq!(jar.len(), 1);
    }
}
