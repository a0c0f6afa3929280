//! What hosts ask for, and what is asked of them first.

use super::web::{Web, to};
use super::{
    GOT, HOSTS, all_records, crawl, crawl_urls, fates, resume, set, short, skipped, verify, with_fate,
};
use crate::common::collection::{Collection, gzip};
use crate::common::sites::{Answer, Request, Response, Sites, hosts, robots};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn web() -> Web {
    Web::new([
        ("a.test/", &["a.test/open", "a.test/shut/1", "b.test/", "b.test/shut/2"]),
        ("a.test/open", &["a.test/shut/1"]),
        ("a.test/shut/1", &["a.test/behind"]),
        ("a.test/behind", &[]),
        ("b.test/", &[]),
        ("b.test/shut/2", &[]),
    ])
}

const SHUT: &str = "User-agent: *\nDisallow: /shut/\n";

#[test]
fn rules_are_recorded_before_the_first_page_of_each_host_and_cited() {
    let sites = Sites::serve(hosts([
        ("a.test", robots(SHUT, web().answer())),
        ("b.test", web().answer()),
        ("cdn.test", web().answer()),
    ]));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "any"]).expect(0);
    let reason = |line: u32| {
        format!("robots.txt of http://a.test:{}: Disallow: /shut/ (line {line})", sites.addr.port())
    };
    let skipped = skipped(&root);
    assert_eq!(skipped.into_iter().collect::<Vec<_>>(), [("a.test/shut/1".to_owned(), reason(2))]);
    let text = super::fonds(["status", "--list", "skipped", root.to_str().unwrap()]).expect(0);
    assert!(text.text().contains("Disallow: /shut/ (line 2)"), "{}", text.text());
    // A host without any allows all.
    assert!(with_fate(&root, &GOT).is_superset(&set(["b.test/shut/2", "a.test/open"])));
    let order: Vec<String> = all_records(&root)
        .iter()
        .filter(|record| record.is("response"))
        .map(|record| short(record.field("WARC-Target-URI")))
        .collect();
    for host in ["a.test", "b.test"] {
        let own: Vec<&String> = order.iter().filter(|url| url.starts_with(host)).collect();
        assert_eq!(*own[0], format!("{host}/robots.txt"), "{order:?}");
        assert_eq!(sites.paths(host)[0], "/robots.txt");
    }
    // Pictures are needed whatever their host thinks of crawlers: it is not asked.
    assert!(!sites.paths("cdn.test").contains(&"/robots.txt".to_owned()));
    verify(&[&root]).expect(0);
}

#[test]
fn what_is_named_or_needed_is_fetched_all_the_same() {
    let everything = "User-agent: *\nDisallow: /\n";
    let sites = Sites::serve(robots(everything, web().answer()));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let seeds = [sites.url("a.test", "/shut/1")];
    crawl_urls(&sites, &root, &seeds, &["--scope", "host"]).expect(0);
    let expected = ["a.test/robots.txt", "a.test/shut/1", "cdn.test/i/a.test_shut_1.png"];
    assert_eq!(with_fate(&root, &GOT), set(expected));
    assert_eq!(skipped(&root).into_keys().collect::<BTreeSet<_>>(), set(["a.test/behind"]));
}

#[test]
fn where_robots_txt_is_ignored_nobody_asks_for_it() {
    let sites = Sites::serve(robots(SHUT, web().answer()));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "any", "--robots", "ignore"]).expect(0);
    assert!(HOSTS.iter().all(|host| !sites.paths(host).contains(&"/robots.txt".to_owned())));
    assert!(with_fate(&root, &GOT).is_superset(&set(["a.test/shut/1", "a.test/behind", "b.test/shut/2"])));
    assert!(skipped(&root).is_empty());
}

#[test]
fn rules_that_cannot_be_had_allow_nothing_until_they_can() {
    let broken = Arc::new(AtomicBool::new(true));
    let web = Web::new([
        ("a.test/", &["b.test/", "b.test/shut/2", "c.test/"]),
        ("b.test/", &[]),
        ("b.test/shut/2", &[]),
        ("c.test/", &[]),
    ]);
    let (is_broken, rest) = (broken.clone(), web.answer());
    // The redirect comes when its target is being asked for by its own host: the other way round it is one chain, which is
    // gone through again from its begin.
    let b_was_asked = AtomicBool::new(false);
    let sites = Sites::serve(move |request: &Request| match (request.host.as_str(), request.path.as_str()) {
        ("b.test", "/robots.txt") if is_broken.load(Ordering::Relaxed) => {
            b_was_asked.store(true, Ordering::Relaxed);
            Response::new(503, "text/plain", "later").field("Retry-After", "0")
        }
        // Has its rules there.
        ("c.test", "/robots.txt") => {
            while !b_was_asked.load(Ordering::Relaxed) {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            Response::moved(&to(request, "b.test/robots.txt"))
        }
        _ => rest(request),
    });
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let run = crawl(&sites, &root, &["a.test"], &["--scope", "any"]).expect(0);
    let out = skipped(&root);
    assert_eq!(out.keys().cloned().collect::<BTreeSet<_>>(), set(["b.test/", "b.test/shut/2", "c.test/"]));
    assert_eq!(
        run.stderr.matches(" answers 503 for its robots.txt, which forbids all").count(),
        1,
        "{}",
        run.stderr
    );
    assert!(out.values().all(|why| why.contains("the server answered 503")), "{out:?}");
    assert_eq!(sites.paths("b.test"), ["/robots.txt"; 4], "asked again, and then no more");
    // Still broken: nothing is lost by trying.
    resume(&root, &[]).expect(0);
    assert_eq!(skipped(&root), out);
    broken.store(false, Ordering::Relaxed);
    resume(&root, &[]).expect(0);
    assert!(skipped(&root).is_empty());
    assert!(with_fate(&root, &GOT).is_superset(&set(["b.test/", "b.test/shut/2", "c.test/"])));
    assert_eq!(sites.paths("c.test").iter().filter(|path| *path == "/robots.txt").count(), 1);
    let before = sites.asked().len();
    resume(&root, &[]).expect(0);
    assert_eq!(sites.asked().len(), before, "nothing is left to be done");
    verify(&[&root]).expect(0);
}

#[test]
fn a_host_that_cannot_be_reached_is_asked_again_when_it_can() {
    let sites_of = |answer: Answer| Sites::serve(answer);
    // A port that is free until its server begins.
    let address = TcpListener::bind("127.0.0.71:0").unwrap().local_addr().unwrap();
    let link = format!("http://late.test:{}/", address.port());
    let sites = sites_of(Box::new(move |request| match request.path.as_str() {
        "/" => Response::page("start", [link.clone(), format!("{link}shut/1"), format!("{link}2")]),
        _ => Response::not_found(),
    }));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let options = ["--scope", "any", "--resolve", "late.test:127.0.0.71"];
    crawl(&sites, &root, &["a.test"], &options).expect(0);
    assert_eq!(with_fate(&root, &["failed"]), set(["late.test/robots.txt"]));
    let out = skipped(&root);
    assert_eq!(
        out.keys().cloned().collect::<BTreeSet<_>>(),
        set(["late.test/", "late.test/2", "late.test/shut/1"])
    );
    let late = Sites::serve_on(address, |request: &Request| match request.path.as_str() {
        "/robots.txt" => Response::new(200, "text/plain", SHUT),
        path => Response::page(path, []),
    });
    resume(&root, &[]).expect(0);
    assert_eq!(late.paths("late.test")[0], "/robots.txt");
    assert!(with_fate(&root, &GOT).is_superset(&set(["late.test/", "late.test/2"])));
    assert_eq!(skipped(&root).into_keys().collect::<BTreeSet<_>>(), set(["late.test/shut/1"]));
    verify(&[&root]).expect(0);
}

/// A crawl of anything from a.test, where some paths have other answers than the web's.
fn crawled(seeds: &[&str], scope: &str, other: fn(&Request) -> Option<Response>, web: Web) -> Crawled {
    let rest = web.answer();
    let sites = Sites::serve(move |request: &Request| other(request).unwrap_or_else(|| rest(request)));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let seeds: Vec<url::Url> = seeds
        .iter()
        .map(|seed| {
            let (host, path) = seed.split_once('/').unwrap();
            sites.url(host, &format!("/{path}"))
        })
        .collect();
    crawl_urls(&sites, &root, &seeds, &["--scope", scope]).expect(0);
    verify(&[&root]).expect(0);
    Crawled {
        got: with_fate(&root, &GOT),
        skipped: skipped(&root).into_keys().collect(),
        sites,
        root,
        _dir: dir,
    }
}

struct Crawled {
    got: BTreeSet<String>,
    skipped: BTreeSet<String>,
    sites: Sites,
    root: std::path::PathBuf,
    _dir: tempfile::TempDir,
}

#[test]
fn rules_that_stand_elsewhere_hold_for_both_hosts() {
    fn other(request: &Request) -> Option<Response> {
        match format!("{}{}", request.host, request.path).as_str() {
            "a.test/robots.txt" => Some(Response::moved(&to(request, "b.test/robots.txt"))),
            "b.test/robots.txt" => Some(Response::new(200, "text/plain", SHUT)),
            _ => None,
        }
    }
    // Whether the other host was asked before, at the same time, or for this.
    for seeds in [vec!["a.test/"], vec!["b.test/", "a.test/"], vec!["a.test/", "b.test/"]] {
        let crawled = crawled(&seeds, "any", other, web());
        assert_eq!(crawled.skipped, set(["a.test/shut/1", "b.test/shut/2"]), "{seeds:?}");
        let asked = crawled.sites.paths("b.test");
        assert_eq!(asked.iter().filter(|path| *path == "/robots.txt").count(), 1, "{seeds:?}");
        assert!(crawled.got.is_superset(&set(["a.test/", "a.test/open", "b.test/"])), "{seeds:?}");
    }
}

#[test]
fn rules_that_lead_in_a_circle_allow_all() {
    fn other(request: &Request) -> Option<Response> {
        match format!("{}{}", request.host, request.path).as_str() {
            "a.test/robots.txt" => Some(Response::moved(&to(request, "b.test/robots.txt"))),
            "b.test/robots.txt" => Some(Response::moved(&to(request, "a.test/robots.txt"))),
            _ => None,
        }
    }
    for seeds in [vec!["a.test/"], vec!["a.test/", "b.test/"]] {
        let crawled = crawled(&seeds, "any", other, web());
        assert!(crawled.skipped.is_empty());
        assert!(crawled.got.is_superset(&set(["a.test/behind", "b.test/shut/2"])), "{:?}", crawled.got);
    }
}

#[test]
fn a_page_that_robots_txt_leads_to_is_a_page_all_the_same() {
    fn other(request: &Request) -> Option<Response> {
        match format!("{}{}", request.host, request.path).as_str() {
            "b.test/robots.txt" => Some(Response::moved("/home")),
            "b.test/home" => Some(Response::page("home", ["/only-here".to_owned()])),
            "b.test/article" => Some(Response::page("article", ["/home".to_owned()])),
            "b.test/only-here" => Some(Response::page("only here", [])),
            _ => None,
        }
    }
    let web = Web::new([("a.test/", &["b.test/article"])]);
    let crawled = crawled(&["a.test/"], "any", other, web);
    let pages = ["b.test/home", "b.test/article", "b.test/only-here"];
    assert!(crawled.got.is_superset(&set(pages)), "{:?}", crawled.got);
    assert_eq!(Collection::new(&crawled.root).pages().len(), 4);
}

#[test]
fn rules_are_read_whoever_links_to_them() {
    fn other(request: &Request) -> Option<Response> {
        (request.path == "/robots.txt").then(|| Response::new(200, "text/plain", SHUT))
    }
    let web = |first: &'static str| {
        Web::new([
            ("a.test/", &[first, "b.test/", "b.test/shut/2", "a.test/shut/1"][..]),
            ("b.test/", &[]),
            ("b.test/shut/2", &[]),
            ("a.test/shut/1", &[]),
        ])
    };
    // A link comes first; the file is named itself.
    for (seeds, first) in
        [(vec!["a.test/"], "b.test/robots.txt"), (vec!["b.test/robots.txt", "a.test/"], "b.test/")]
    {
        let crawled = crawled(&seeds, "any", other, web(first));
        assert_eq!(crawled.skipped, set(["a.test/shut/1", "b.test/shut/2"]), "{seeds:?}");
        let asked = crawled.sites.paths("b.test");
        assert_eq!(asked.iter().filter(|path| *path == "/robots.txt").count(), 1, "{seeds:?}");
        // A named URL is a page of the collection, whatever it is.
        assert_eq!(Collection::new(&crawled.root).pages().len(), seeds.len() + 1, "{seeds:?}");
    }
}

#[test]
fn each_port_has_rules_of_its_own() {
    let other = Arc::new(Sites::serve(robots("User-agent: *\nDisallow: /open\n", web().answer())));
    let port = other.addr.port();
    let rest = web().answer();
    let sites = Sites::serve(robots(
        SHUT,
        Box::new(move |request| match request.path.as_str() {
            "/" => {
                let there = ["open", "shut/1"].map(|path| format!("http://a.test:{port}/{path}"));
                Response::page("start", there.into_iter().chain(["/open", "/shut/1"].map(str::to_owned)))
            }
            _ => rest(request),
        }),
    ));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "domain"]).expect(0);
    let fates = fates(&root);
    let of = |port: u16, path: &str| fates[&format!("http://a.test:{port}{path}")].0.clone();
    let here = sites.addr.port();
    assert_eq!([of(here, "/open"), of(here, "/shut/1")], ["captured", "skipped"]);
    assert_eq!([of(port, "/open"), of(port, "/shut/1")], ["skipped", "captured"]);
}

#[test]
fn sitemaps_lead_to_pages_that_nothing_links_to() {
    fn other(request: &Request) -> Option<Response> {
        let list = |paths: &[&str]| {
            let url = |path: &&str| format!("<url><loc>{}</loc></url>", to(request, path));
            let urls: String = paths.iter().map(url).collect();
            format!(
                "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>"
            )
        };
        Some(match format!("{}{}", request.host, request.path).as_str() {
            "a.test/robots.txt" => Response::new(
                200,
                "text/plain",
                format!("Sitemap: {}\n{SHUT}", to(request, "a.test/index.xml")),
            ),
            "a.test/index.xml" => Response::new(
                200,
                "application/xml",
                format!(
                    "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><sitemap><loc>{}</loc></sitemap>\
                     <sitemap><loc>{}</loc></sitemap></sitemapindex>",
                    to(request, "a.test/one.xml"),
                    to(request, "a.test/two.xml.gz")
                ),
            ),
            "a.test/one.xml" => {
                Response::new(200, "text/xml", list(&["a.test/lonely", "a.test/shut/x", "other.test/"]))
            }
            "a.test/two.xml.gz" => {
                Response::new(200, "application/gzip", gzip(list(&["a.test/packed"]).as_bytes()))
            }
            "a.test/lonely" | "a.test/packed" => Response::page("lonely", []),
            _ => return None,
        })
    }
    for seed in ["a.test/", "a.test/index.xml"] {
        let crawled = crawled(&[seed], "host", other, web());
        assert!(
            crawled.got.is_superset(&set(["a.test/lonely", "a.test/packed"])),
            "{seed}: {:?}",
            crawled.got
        );
        assert!(
            crawled.skipped.is_superset(&set(["a.test/shut/x", "other.test/"])),
            "{seed}: {:?}",
            crawled.skipped
        );
    }
}
