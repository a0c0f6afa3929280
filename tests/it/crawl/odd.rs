//! URLs that are unusual, or none at all.

use super::{GOT, crawl, crawl_urls, fates, resume, skipped, verify, with_fate};
use crate::common::sites::{Request, Response, Sites};

#[test]
fn a_host_that_is_an_address_of_version_6_is_crawled_like_any_other() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        println!("no IPv6 on this machine");
        return;
    }
    let sites = Sites::serve_at("::1".parse().unwrap(), |request: &Request| match request.path.as_str() {
        "/" => Response::page("start", ["/in".to_owned(), "/shut".to_owned()]),
        "/robots.txt" => Response::new(200, "text/plain", "User-agent: *\nDisallow: /shut\n"),
        "/in" => Response::page("in", []),
        _ => Response::not_found(),
    });
    let dir = tempfile::tempdir().unwrap();
    for scope in ["host", "domain", "prefix"] {
        let root = dir.path().join(scope);
        let seed: url::Url = format!("http://[::1]:{}/", sites.addr.port()).parse().unwrap();
        crawl_urls(&sites, &root, std::slice::from_ref(&seed), &["--scope", scope]).expect(0);
        let fates = fates(&root);
        let of = |path: &str| fates[seed.join(path).unwrap().as_str()].0.clone();
        assert_eq!(
            [of("/"), of("/in"), of("/shut"), of("/robots.txt")],
            ["captured", "captured", "skipped", "captured"]
        );
        verify(&[&root]).expect(0);
    }
}

#[test]
fn urls_however_long_have_a_fate() {
    let long = format!("/long?{}", "x".repeat(60 * 1024));
    let picture = format!("/picture?{}", "y".repeat(60 * 1024));
    let (link, image) = (long.clone(), picture.clone());
    let sites = Sites::serve(move |request: &Request| match request.bare() {
        "/" => {
            let mut page = Response::page("start", [link.clone()]);
            page.body.extend(format!("<img src=\"{image}\">").into_bytes());
            page
        }
        "/long" => Response::page("long", []),
        "/picture" => Response::new(200, "image/png", "png"),
        _ => Response::not_found(),
    });
    let dir = tempfile::tempdir().unwrap();
    for traps in [true, false] {
        let root = dir.path().join(traps.to_string());
        let options: &[&str] = if traps { &["--scope", "host"] } else { &["--scope", "host", "--no-traps"] };
        crawl(&sites, &root, &["a.test"], options).expect(0);
        let got = with_fate(&root, &GOT);
        assert!(got.contains(&format!("a.test{picture}")));
        match traps {
            true => assert_eq!(skipped(&root)[&format!("a.test{long}")], "trap: URL too long"),
            false => assert!(got.contains(&format!("a.test{long}"))),
        }
        verify(&[&root]).expect(0);
        resume(&root, &[]).expect(0);
    }
}

#[test]
fn links_that_lead_nowhere_do_not_hold_up_the_rest() {
    let sites = Sites::serve(|request: &Request| match request.path.as_str() {
        "/" => Response::page(
            "start",
            [
                "http://a.test:0/",
                "http://a.test:99999/",
                "http://a.test:1/refused",
                "http:///",
                "http://[::1/",
                "http://xn--/",
                "http://exa mple/",
                "http://a..test/",
                "http://127.0.0.1:1/x",
                "mailto:x@a.test",
                "javascript:void(0)",
                "data:text/html,x",
                "ftp://a.test/",
                "//",
                "?",
                "#",
                "/percent%",
                "/%zz?%&=",
                "/a\u{301}\u{1f600}",
                "/in",
                "HTTP://A.TEST:1/again",
            ]
            .map(str::to_owned),
        ),
        "/robots.txt" => Response::not_found(),
        path => Response::page(path, []),
    });
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "any", "--depth", "1", "--timeout", "5"]).expect(0);
    let got = with_fate(&root, &GOT);
    for path in ["", "in", "percent%", "%zz?%&=", "a%CC%81%F0%9F%98%80"] {
        assert!(got.contains(&format!("a.test/{path}")), "{path}: {got:?}");
    }
    let fates = fates(&root);
    assert!(fates.values().all(|(fate, _)| fate != "waiting"), "{fates:?}");
    for url in ["http://a.test:1/refused", "http://127.0.0.1:1/x"] {
        assert!(fates[url].1.starts_with("robots.txt of "), "{url}: {:?}", fates[url]);
    }
    assert!(fates.keys().all(|url| url.starts_with("http")));
    verify(&[&root]).expect(0);
    resume(&root, &[]).expect(0);
}

#[test]
fn links_behind_an_element_that_xhtml_closes_at_once_and_a_refresh_in_the_header_are_followed() {
    let sites = Sites::serve(|request: &Request| match request.path.as_str() {
        "/" => Response::page("start", ["/xhtml", "/xml", "/later"].map(str::to_owned)),
        "/xhtml" | "/xml" => {
            let media_type = if request.path == "/xml" { "text/xml" } else { "application/xhtml+xml" };
            let page = format!(
                "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><head><title/>\
                 <script src='{0}.js'/></head><body><a href='{0}-leads-on'>on</a></body></html>",
                request.path
            );
            Response::new(200, media_type, page)
        }
        "/later" => Response::html("wait").field("Refresh", "5; url=/refreshed"),
        "/robots.txt" => Response::not_found(),
        path => Response::page(path, []),
    });
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "host"]).expect(0);
    let got = with_fate(&root, &GOT);
    for path in ["xhtml.js", "xhtml-leads-on", "xml.js", "xml-leads-on", "refreshed"] {
        assert!(got.contains(&format!("a.test/{path}")), "{path}: {got:?}");
    }
    resume(&root, &[]).expect(0);
}
