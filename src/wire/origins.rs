//! Where secrets may go.

use std::collections::HashSet;
use url::Url;

/// The hosts that a user named: the only ones that get what the user would not tell everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    named: HashSet<(String, String, Option<u16>)>,
}

impl Origins {
    /// The origins of these URLs.
    pub fn of(urls: &[Url]) -> Self {
        Self { named: urls.iter().filter_map(|url| key(url, url.scheme())).collect() }
    }

    /// True for a URL on one of them; https where http was named is the same one, http where https was named is not.
    pub fn contains(&self, url: &Url) -> bool {
        let is = |scheme: &str| key(url, scheme).is_some_and(|key| self.named.contains(&key));
        is(url.scheme()) || (url.scheme() == "https" && is("http"))
    }
}

/// The port as it stands in the URL, so that http and https at their own ports are alike.
fn key(url: &Url, scheme: &str) -> Option<(String, String, Option<u16>)> {
    Some((scheme.to_owned(), url.host_str()?.to_owned(), url.port()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_named_host_is_the_same_over_tls_and_another_without() {
        let url = |text: &str| Url::parse(text).unwrap();
        let origins = Origins::of(&[url("https://a.example/x"), url("http://b.example/")]);
        for named in ["https://a.example/y", "https://b.example/", "http://b.example/z"] {
            assert!(origins.contains(&url(named)), "{named}");
        }
        for other in
            ["http://a.example/", "https://a.example:8443/", "https://c.example/", "https://x.a.example/"]
        {
            assert!(!origins.contains(&url(other)), "{other}");
        }
    }
}
