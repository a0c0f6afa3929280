//! How far a crawl goes.

use super::web::{Dice, Web, picture, to};
use super::{
    GOT, all_records, crawl, crawl_urls, fates, paths, resume, set, skipped, verify, whole, with_fate,
};
use crate::common::cli::fonds;
use crate::common::collection::Collection;
use crate::common::proxy::Proxy;
use crate::common::server::{Flaw, certificates};
use crate::common::site::{answer, ok, serve, serve_tls};
use crate::common::sites::{Response, Sites, graph, graph_pages, hosts, slow};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

fn site() -> Web {
    Web::new([
        (
            "www.site.test/dir/start.html",
            &[
                "www.site.test/dir/in.html",
                "www.site.test/dir/sub/deep.html",
                "www.site.test/top.html",
                "shop.site.test/",
                "other.test/",
            ],
        ),
        ("www.site.test/dir/in.html", &["www.site.test/dir/start.html"]),
        ("www.site.test/dir/sub/deep.html", &["www.site.test/director.html"]),
        ("www.site.test/director.html", &[]),
        ("www.site.test/top.html", &["www.site.test/top2.html"]),
        ("www.site.test/top2.html", &[]),
        ("shop.site.test/", &["shop.site.test/2"]),
        ("shop.site.test/2", &[]),
        ("other.test/", &["other.test/2"]),
        ("other.test/2", &[]),
    ])
}

/// Pages among them, without robots.txt and pictures.
fn pages(root: &Path) -> BTreeSet<String> {
    let got = with_fate(root, &GOT);
    got.into_iter().filter(|url| !url.ends_with("/robots.txt") && !url.starts_with("cdn.test/")).collect()
}

#[test]
fn each_scope_ends_where_it_says_and_pages_are_whole() {
    let prefix = ["start.html", "in.html", "sub/deep.html"].map(|page| format!("www.site.test/dir/{page}"));
    let mut expected: BTreeSet<String> = prefix.into_iter().collect();
    let more: [(&[&str], &[&str], &[&str]); 4] = [
        (
            &["prefix"],
            &[],
            &["www.site.test/director.html", "www.site.test/top.html", "shop.site.test/", "other.test/"],
        ),
        (
            &["host"],
            &["www.site.test/director.html", "www.site.test/top.html", "www.site.test/top2.html"],
            &["shop.site.test/", "other.test/"],
        ),
        (&["domain"], &["shop.site.test/", "shop.site.test/2"], &["other.test/"]),
        (&["any", "--include", r"site\.test|other\.test:\d+/$"], &["other.test/"], &["other.test/2"]),
    ];
    let sites = Sites::serve(site().answer());
    let dir = tempfile::tempdir().unwrap();
    let seed = [sites.url("www.site.test", "/dir/start.html")];
    for (scope, added, left) in more {
        let root = dir.path().join(scope[0]);
        crawl_urls(&sites, &root, &seed, &[&["--scope"], scope].concat()).expect(0);
        expected.extend(added.iter().map(|page| (*page).to_owned()));
        assert_eq!(pages(&root), expected, "{scope:?}");
        // What they show is on another host.
        let pictures: BTreeSet<String> = expected.iter().map(|page| picture(page)).collect();
        assert!(with_fate(&root, &GOT).is_superset(&pictures), "{scope:?}");
        let left: BTreeSet<String> = left.iter().map(|page| (*page).to_owned()).collect();
        let skipped = skipped(&root);
        assert_eq!(skipped.keys().cloned().collect::<BTreeSet<_>>(), left, "{scope:?}");
        let reason = if scope.len() == 1 { "out of scope" } else { "not among what --include asks for" };
        assert!(skipped.values().all(|why| why == reason), "{skipped:?}");
        assert_eq!(Collection::new(&root).pages().len(), expected.len(), "{scope:?}");
        verify(&[&root]).expect(0);
    }
}

#[test]
fn at_each_depth_is_what_so_many_links_lead_to_whichever_host_is_slow() {
    let names = ["a.test", "b.test", "c.test"];
    let web = Web::random(&names, 25, Dice(11));
    let distances = web.distances(&["a.test/"]);
    assert!(*distances.values().max().unwrap() > 3);
    let answer = web.answer();
    let sites = Sites::serve(move |request| {
        let latency = match request.host.as_str() {
            "b.test" => 15,
            "c.test" => 40,
            _ => 1,
        };
        answer(request).after(Duration::from_millis(latency))
    });
    let dir = tempfile::tempdir().unwrap();
    for depth in 0..4 {
        let root = dir.path().join(depth.to_string());
        let depth_given = depth.to_string();
        let options = ["--scope", "any", "--per-host", "4", "--depth", &depth_given];
        crawl(&sites, &root, &["a.test"], &options).expect(0);
        let at = |wanted: &dyn Fn(u32) -> bool| -> BTreeSet<String> {
            let near = distances.iter().filter(|(_, distance)| wanted(**distance));
            near.map(|(page, _)| page.clone()).collect()
        };
        assert_eq!(pages(&root), at(&|distance| distance <= depth), "{depth}");
        let skipped = skipped(&root);
        assert_eq!(skipped.keys().cloned().collect::<BTreeSet<_>>(), at(&|distance| distance == depth + 1));
        assert!(skipped.values().all(|why| *why == format!("more than {depth} links from its seed")));
    }
}

#[test]
fn a_page_too_far_from_one_seed_is_captured_as_one_near_to_another() {
    let web = Web::new([
        ("a.test/", &["a.test/1"]),
        ("a.test/1", &["a.test/2"]),
        ("a.test/2", &[]),
        ("b.test/", &["a.test/2"]),
    ]);
    let sites = Sites::serve(hosts([
        ("a.test", web.clone().answer()),
        // Comes when the other has gone as far as it may.
        ("b.test", slow(Duration::from_millis(400), web.answer())),
    ]));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test", "b.test"], &["--scope", "any", "--depth", "1"]).expect(0);
    assert_eq!(pages(&root), set(["a.test/", "a.test/1", "a.test/2", "b.test/"]));
}

#[test]
fn what_is_excluded_is_neither_followed_nor_fetched_for_a_page() {
    let sites = Sites::serve(graph(30));
    let dir = tempfile::tempdir().unwrap();
    let (root, file) = (dir.path().join("c"), dir.path().join("exclude"));
    std::fs::write(&file, "# pictures\n/img/[0-3]\n").unwrap();
    let options = ["--scope", "host", "--exclude", r"/page/1\d", "--exclude-file", file.to_str().unwrap()];
    crawl(&sites, &root, &["a.test"], &options).expect(0);
    let is_out = |path: &str| {
        path.starts_with("/page/1") && path.len() > 12
            || "0123".chars().any(|n| path == format!("/img/{n}.png"))
    };
    let expected: BTreeSet<String> = whole(30).into_iter().filter(|path| !is_out(path)).collect();
    assert_eq!(paths(&sites, &root, &GOT), expected);
    let reasons: BTreeSet<String> = skipped(&root).into_values().collect();
    assert_eq!(reasons, set([r"excluded by /page/1\d", "excluded by /img/[0-3]"]));
    assert!(sites.paths("a.test").iter().all(|path| !is_out(path)));

    let root = dir.path().join("included");
    crawl(&sites, &root, &["a.test"], &["--scope", "host", "--include", "/page/[12]"]).expect(0);
    let got = paths(&sites, &root, &GOT);
    // As far as they are linked by one another: four each.
    let wanted =
        graph_pages(30).into_iter().filter(|path| path.starts_with("/page/1") || path.starts_with("/page/2"));
    let (wanted, followed): (BTreeSet<String>, BTreeSet<String>) =
        (wanted.collect(), got.iter().filter(|path| path.starts_with("/page/")).cloned().collect());
    assert!(followed.is_subset(&wanted), "{got:?}");
    assert!(followed.is_superset(&set(["/page/1.html", "/page/2.html", "/page/10.html"])), "{got:?}");
}

fn ends(root: &Path) -> Vec<String> {
    let ends = Collection::new(root).log_of("end");
    ends.iter().map(|end| end["exit"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_limit_ends_a_run_that_is_gone_on_with_to_the_whole() {
    let sites = Sites::serve(slow(Duration::from_millis(20), graph(60)));
    let dir = tempfile::tempdir().unwrap();
    for (limit, value, more) in
        [("--limit", "7", "1000"), ("--size", "9000", "1000000000"), ("--time", "1", "1000")]
    {
        let root = dir.path().join(&limit[2..]);
        crawl(&sites, &root, &["a.test"], &["--scope", "host", limit, value]).expect(0);
        assert_eq!(ends(&root), ["limit"], "{limit}");
        let waiting = with_fate(&root, &["waiting"]);
        assert!(!waiting.is_empty(), "{limit}");
        let text = fonds(["status", root.to_str().unwrap()]).expect(1);
        assert!(text.text().contains(&format!("{} waiting", waiting.len())), "{}", text.text());
        if limit == "--limit" {
            let collection = Collection::new(&root);
            assert_eq!(collection.pages().len(), 7);
            // What is there is whole.
            let got = paths(&sites, &root, &GOT);
            assert!(got.contains("/style.css") && got.contains("/img/back.png"), "{got:?}");
        }
        verify(&[&root]).expect(0);
        resume(&root, &[limit, more]).expect(0);
        assert_eq!(paths(&sites, &root, &GOT), whole(60), "{limit}");
        assert_eq!(ends(&root), ["limit", "complete"], "{limit}");
        let urls: Vec<String> = all_records(&root)
            .iter()
            .filter(|record| record.is("response") || record.is("revisit"))
            .map(|record| record.field("WARC-Target-URI").to_owned())
            .collect();
        assert_eq!(urls.len(), whole(60).len(), "{limit}: nothing twice");
        fonds(["status", root.to_str().unwrap()]).expect(0);
        verify(&[&root]).expect(0);
    }
}

#[test]
fn redirects_are_followed_out_of_the_scope_and_back() {
    let sites = Sites::serve(|request: &crate::common::sites::Request| {
        match format!("{}{}", request.host, request.path).as_str() {
            "a.test/" => Response::page("start", ["/out".to_owned(), "/direct".to_owned()]),
            "a.test/out" => Response::moved(&to(request, "other.test/hop")),
            "other.test/hop" => Response::moved(&to(request, "a.test/back")),
            "a.test/back" => Response::page("back", ["/more".to_owned()]),
            "a.test/direct" => Response::moved(&to(request, "other.test/page")),
            "other.test/page" => Response::page("outside", [to(request, "other.test/further")]),
            "a.test/more" => Response::page("more", []),
            _ => Response::not_found(),
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "host"]).expect(0);
    let hops = ["a.test/", "a.test/out", "other.test/hop", "a.test/back", "a.test/more"];
    let expected: BTreeSet<String> =
        hops.into_iter().chain(["a.test/direct", "other.test/page"]).map(str::to_owned).collect();
    assert_eq!(pages(&root), expected);
    assert_eq!(
        skipped(&root),
        BTreeMap::from([("other.test/further".to_owned(), "out of scope".to_owned())])
    );
    assert!(fates(&root).values().all(|(fate, _)| fate != "failed"));
}

#[test]
fn where_a_seed_redirects_to_is_in_scope_also_for_links_met_before() {
    let sites = Sites::serve(|request: &crate::common::sites::Request| {
        match format!("{}{}", request.host, request.path).as_str() {
            "a.test/" => Response::page("first", [to(request, "www.site.test/x")]),
            // Is slower than the first, which leads out of scope until then.
            "b.test/" => Response::moved(&to(request, "www.site.test/")).after(Duration::from_millis(400)),
            "www.site.test/" => Response::page("second", ["/x".to_owned()]),
            "www.site.test/x" => Response::page("x", []),
            _ => Response::not_found(),
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test", "b.test"], &["--scope", "host"]).expect(0);
    assert_eq!(pages(&root), set(["a.test/", "b.test/", "www.site.test/", "www.site.test/x"]));
    assert!(skipped(&root).is_empty());
}

/// `a.test` leads to pages of `www.site.test`, and only later does the seed `b.test` lead there, to a page without a link.
fn widening() -> Sites {
    Sites::serve(|request: &crate::common::sites::Request| {
        let to = |place: &str| to(request, place);
        match format!("{}{}", request.host, request.path).as_str() {
            "a.test/" => Response::page(
                "first",
                ["www.site.test/x", "www.site.test/shut/y", "www.site.test/no/z", "other.test/"].map(to),
            ),
            "b.test/" => Response::moved(&to("www.site.test/home")).after(Duration::from_millis(400)),
            "www.site.test/robots.txt" => {
                Response::new(200, "text/plain", "User-agent: *\nDisallow: /shut/\n")
            }
            "www.site.test/home" => Response::page("second", []),
            "www.site.test/x" => Response::page("x", ["/further".to_owned()]),
            "www.site.test/further" => Response::page("further", []),
            _ => Response::not_found(),
        }
    })
}

#[test]
fn a_link_that_was_out_of_scope_is_taken_up_when_a_seed_redirects_there() {
    let sites = widening();
    let dir = tempfile::tempdir().unwrap();
    for scope in ["host", "prefix", "domain"] {
        let root = dir.path().join(scope);
        let options = ["--scope", scope, "--exclude", "/no/"];
        crawl(&sites, &root, &["a.test", "b.test"], &options).expect(0);
        let site = ["home", "x", "further"].map(|page| format!("www.site.test/{page}"));
        let expected: BTreeSet<String> =
            ["a.test/", "b.test/"].map(str::to_owned).into_iter().chain(site).collect();
        assert_eq!(pages(&root), expected, "{scope}");
        let skipped = skipped(&root);
        assert_eq!(skipped["other.test/"], "out of scope", "{scope}");
        assert_eq!(skipped["www.site.test/no/z"], "excluded by /no/", "{scope}");
        assert!(skipped["www.site.test/shut/y"].starts_with("robots.txt of "), "{skipped:?}");
        assert_eq!(skipped.len(), 3, "{skipped:?}");
        verify(&[&root]).expect(0);
        // The log tells the same again: nothing is left.
        fonds(["status", root.to_str().unwrap()]).expect(0);
        let before = sites.asked().len();
        resume(&root, &[]).expect(0);
        assert_eq!(sites.asked().len(), before, "{scope}");
    }
}

#[test]
fn what_the_wider_scope_took_up_waits_when_the_run_ends_before_it() {
    let sites = widening();
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test", "b.test"], &["--scope", "host", "--limit", "2"]).expect(0);
    let waiting = with_fate(&root, &["waiting"]);
    assert!(waiting.is_superset(&set(["www.site.test/x", "www.site.test/no/z"])), "{waiting:?}");
    resume(&root, &["--limit", "100"]).expect(0);
    assert!(pages(&root).is_superset(&set(["www.site.test/x", "www.site.test/further"])));
    assert_eq!(with_fate(&root, &["waiting"]), set([]));
}

#[test]
fn a_seed_that_is_added_later_takes_up_what_was_out_of_scope_until_then() {
    let sites = widening();
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "host"]).expect(0);
    assert_eq!(pages(&root), set(["a.test/"]));
    let seed = sites.url("www.site.test", "/home").to_string();
    resume(&root, &[&seed]).expect(0);
    let expected =
        ["a.test/", "www.site.test/home", "www.site.test/x", "www.site.test/further", "www.site.test/no/z"];
    let got = pages(&root);
    assert!(got.is_superset(&set(expected)), "{got:?}");
    assert_eq!(
        skipped(&root).into_keys().collect::<BTreeSet<_>>(),
        set(["other.test/", "www.site.test/shut/y"])
    );
}

#[test]
fn http_and_https_of_one_host_are_one_site() {
    let (dir, certificates) = (tempfile::tempdir().unwrap(), certificates(Flaw::None));
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, &certificates.ca_pem).unwrap();
    let page = |links: &[&str]| {
        let links = links.iter().map(|link| format!("<a href=\"{link}\">on</a>"));
        ok("text/html", links.collect::<String>())
    };
    let no_rules = || ("/robots.txt", answer("404 Not Found", "", ""));
    let plain = serve(vec![
        no_rules(),
        ("/dir/", page(&["https://localhost/dir/secure", "http://localhost:80/dir/named"])),
        ("/dir/again", page(&[])),
        ("/dir/named", page(&[])),
    ]);
    let secure = serve_tls(
        vec![
            no_rules(),
            ("/dir/secure", page(&["http://localhost/dir/again", "https://localhost:8443/dir/other"])),
            ("/dir/other", page(&[])),
        ],
        &certificates,
    );
    // The ports that a URL leaves out, without the right to listen there.
    let ports = [(80, &plain), (443, &secure), (8443, &secure)];
    let proxy = Proxy::of_ports(ports.map(|(port, server)| (port, server.url("/").port().unwrap())));
    for scope in ["host", "prefix"] {
        let root = dir.path().join(scope);
        let (proxy, ca) = (proxy.url("http", ""), ca.to_str().unwrap());
        let options = ["--proxy", &proxy, "--ca", ca, "--scope", scope, "-o", root.to_str().unwrap()];
        fonds(["archive", "-q", "http://localhost/dir/"].iter().chain(&options)).expect(0);
        let fates = fates(&root);
        let of = |wanted: &str| -> BTreeSet<String> {
            let of = fates
                .iter()
                .filter(|(_, (fate, _))| wanted == fate || wanted == "got" && GOT.contains(&fate.as_str()));
            of.map(|(url, _)| url.clone()).filter(|url| !url.ends_with("robots.txt")).collect()
        };
        let got = [
            "http://localhost/dir/",
            "http://localhost/dir/again",
            "http://localhost/dir/named",
            "https://localhost/dir/secure",
        ];
        assert_eq!(of("got"), set(got), "{scope}");
        assert_eq!(of("skipped"), set(["https://localhost:8443/dir/other"]), "{scope}");
    }
}
