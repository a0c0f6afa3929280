//! Where a redirect leads.

use super::head::ResponseHead;
use url::Url;

/// The target of a redirect: `None` unless the status is one that redirects (301, 302, 303, 307, 308) and a
/// `Location` is there. Relative references are resolved against `base`; a target without a fragment inherits
/// the base's (RFC 9110 §10.2.2).
///
/// # Errors
/// In plain words, where `Location` is not a URL that can be gone to.
pub fn redirect_target(head: &ResponseHead, base: &Url) -> Option<Result<Url, String>> {
    if !matches!(head.status, Some(301 | 302 | 303 | 307 | 308)) {
        return None;
    }
    let location = head.fields.get("location")?;
    Some(resolve(location, base))
}

fn resolve(location: &[u8], base: &Url) -> Result<Url, String> {
    // Servers send raw UTF-8 and raw Latin-1 here; both are percent-encoded byte for byte, as browsers do.
    let text = match std::str::from_utf8(location) {
        Ok(text) => text.to_owned(),
        Err(_) => location.iter().map(|byte| escape(*byte)).collect(),
    };
    let mut target =
        base.join(&text).map_err(|error| format!("Location is \"{}\": {error}", shorten(&text)))?;
    if !matches!(target.scheme(), "http" | "https") || !target.has_host() {
        return Err(format!(
            "Location leads to \"{}\", which is not http or https",
            shorten(target.as_str())
        ));
    }
    if target.fragment().is_none() {
        target.set_fragment(base.fragment());
    }
    Ok(target)
}

fn escape(byte: u8) -> String {
    if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::head::HeadLimits;
    use super::*;

    fn target(status: u16, location: &[u8]) -> Option<Result<String, String>> {
        let bytes = [format!("HTTP/1.1 {status} X\r\nLocation: ").as_bytes(), location, b"\r\n\r\n"].concat();
        let (head, _) = ResponseHead::parse(&bytes, &HeadLimits::default());
        let base = Url::parse("http://a.example/dir/page?q#top").unwrap();
        redirect_target(&head, &base).map(|result| result.map(String::from))
    }

    #[test]
    fn targets_are_resolved_as_browsers_do() {
        let ok = |url: &str| Some(Ok(url.to_owned()));
        assert_eq!(target(301, b"/x"), ok("http://a.example/x#top"));
        assert_eq!(target(302, b"next#end"), ok("http://a.example/dir/next#end"));
        assert_eq!(target(303, b"//b.example/"), ok("http://b.example/#top"));
        assert_eq!(target(307, b"https://[2001:DB8::1]:8443/"), ok("https://[2001:db8::1]:8443/#top"));
        assert_eq!(target(308, "/caf\u{e9}".as_bytes()), ok("http://a.example/caf%C3%A9#top"));
        assert_eq!(target(308, b"/caf\xe9"), ok("http://a.example/caf%E9#top"));
        assert_eq!(target(200, b"/x"), None);
        assert_eq!(target(304, b"/x"), None);
    }

    #[test]
    fn bad_targets_are_named() {
        for bad in ["http://", "ftp://a.example/", "javascript:alert(1)", "http://[::1", "http://a b/"] {
            let error = target(302, bad.as_bytes()).unwrap().unwrap_err();
            assert!(error.starts_with("Location"), "{error}");
        }
    }
}
