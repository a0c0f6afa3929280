//! The request for a target: what is told to whom.

use crate::crawl::{Job, Target};
use crate::wire::{Origins, Request};
use url::Url;

/// A target's request.
pub(super) fn request(job: &Job, named: &Origins, target: &Target) -> Result<Request, String> {
    let mut builder = Request::builder("GET", &target.url).user_agent(&job.user_agent);
    if let Some(via) = &target.via {
        builder = builder.referer(&referer(via, &target.url));
    }
    let own = named.contains(&target.url);
    for (name, value) in job.headers.iter().filter(|(name, _)| own || !is_credential(name)) {
        builder = builder.header(name, value);
    }
    builder.build().map_err(|e| e.to_string())
}

/// What must not reach a host that the user did not name.
fn is_credential(name: &str) -> bool {
    ["authorization", "cookie", "proxy-authorization"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// As browsers do by default (strict-origin-when-cross-origin): only the origin goes to another one.
fn referer(via: &Url, to: &Url) -> String {
    if via.scheme() == "https" && to.scheme() == "http" {
        return String::new();
    }
    let via = bare(via.clone());
    if via.origin() == to.origin() { via.into() } else { format!("{}/", via.origin().ascii_serialization()) }
}

/// As it is fetched, written down and told: without fragment, and without a user's name and password.
pub(in crate::crawl) fn bare(url: Url) -> Url {
    let mut url = without_user(url);
    url.set_fragment(None);
    url
}

pub(in crate::crawl) fn without_user(mut url: Url) -> Url {
    // Both fail only on URLs that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::crawl::Role;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn secrets_go_to_named_hosts_alone() {
        let job = Job {
            seeds: vec![url("https://a.example/x"), url("http://b.example/")],
            headers: vec![("authorization".into(), "s3cret".into()), ("X-A".into(), "plain".into())],
            ..Job::default()
        };
        let sent = |to: &str| {
            let target = Target::new(url(to), Role::Page);
            let request = request(&job, &Origins::of(&job.seeds), &target).unwrap();
            let bytes = String::from_utf8(request.bytes().to_vec()).unwrap();
            assert!(bytes.contains("X-A: plain"));
            bytes.contains("s3cret")
        };
        for trusted in ["https://a.example/y", "https://b.example/", "http://b.example/z"] {
            assert!(sent(trusted), "{trusted}");
        }
        for other in
            ["http://a.example/y", "https://a.example:8443/", "https://c.example/", "https://x.a.example/"]
        {
            assert!(!sent(other), "{other}");
        }
    }

    #[test]
    fn a_referer_tells_another_origin_no_path_and_http_nothing() {
        let via = url("https://u:p@a.example/x?q#f");
        assert_eq!(referer(&via, &url("https://a.example/y")), "https://a.example/x?q");
        assert_eq!(referer(&via, &url("https://b.example/y")), "https://a.example/");
        assert_eq!(referer(&via, &url("http://a.example/y")), "");
    }
}
