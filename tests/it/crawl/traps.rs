//! Sites without end.

use super::{GOT, crawl, resume, set, skipped, verify, with_fate};
use crate::common::sites::{Answer, Response, Sites, calendar, endless, graph, hosts, series, session};
use std::collections::BTreeSet;
use std::path::Path;

/// The trap under its own root, and beside it pages that are as good as any, linked from the root.
fn beside(trap: Answer) -> Answer {
    Box::new(move |request| {
        let mut response = trap(request);
        match request.path.as_str() {
            "/robots.txt" => return Response::not_found(),
            "/" => response.body.extend((0..20).flat_map(|n| format!("<a href=/good/{n}>").into_bytes())),
            path if path.starts_with("/good/") => return Response::page(path, ["/".to_owned()]),
            _ => {}
        }
        response
    })
}

/// Requests that a trap was asked, and why it was left.
fn fall_into(trap: Answer, root: &Path) -> (usize, BTreeSet<String>) {
    let sites = Sites::serve(hosts([("a.test", beside(trap))]));
    crawl(&sites, root, &["a.test"], &["--scope", "host"]).expect(0);
    let got = with_fate(root, &GOT);
    assert!((0..20).all(|n| got.contains(&format!("a.test/good/{n}"))), "{got:?}");
    verify(&[root]).expect(0);
    (sites.asked().len(), skipped(root).into_values().collect())
}

#[test]
fn a_calendar_ends_some_years_ahead_and_not_too_many_back() {
    let dir = tempfile::tempdir().unwrap();
    let (asked, reasons) = fall_into(calendar(), &dir.path().join("c"));
    assert!(asked < 400, "{asked}");
    assert!(reasons.contains("trap: calendar beyond its range"), "{reasons:?}");
    assert!(reasons.contains("trap: too many links in a row to URLs of one shape"), "{reasons:?}");
}

#[test]
fn a_path_that_grows_by_its_own_links_ends() {
    let dir = tempfile::tempdir().unwrap();
    let (asked, reasons) = fall_into(endless(), &dir.path().join("c"));
    assert!(asked < 60, "{asked}");
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), ["trap: path repeats"]);
}

#[test]
fn a_series_without_end_ends() {
    let dir = tempfile::tempdir().unwrap();
    let (asked, reasons) = fall_into(series(), &dir.path().join("c"));
    assert!((200..300).contains(&asked), "{asked}");
    assert_eq!(reasons.len(), 1, "{reasons:?}");
}

#[test]
fn a_session_in_an_argument_that_is_known_makes_no_new_pages() {
    let dir = tempfile::tempdir().unwrap();
    let (asked, reasons) = fall_into(session(12, "sid"), &dir.path().join("c"));
    // robots.txt, the root, its twelve pages, and what is beside.
    assert_eq!((asked, reasons.len()), (1 + 1 + 12 + 20, 0), "{reasons:?}");
}

#[test]
fn a_session_in_an_argument_of_any_name_ends_too() {
    let dir = tempfile::tempdir().unwrap();
    let (asked, reasons) = fall_into(session(2, "ticket"), &dir.path().join("c"));
    assert!(asked < 1100, "{asked}");
    assert!(reasons.iter().all(|reason| reason.starts_with("trap: ")) && !reasons.is_empty(), "{reasons:?}");
}

#[test]
fn who_wants_to_goes_on() {
    let sites = Sites::serve(series());
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "host", "--no-traps", "--limit", "230"]).expect(0);
    assert!(with_fate(&root, &GOT).contains("a.test/next/229"));
}

#[test]
fn a_site_that_is_big_is_no_trap() {
    let sites = Sites::serve(graph(600));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "host"]).expect(0);
    assert!(skipped(&root).is_empty());
    assert_eq!(with_fate(&root, &GOT).len(), 600 + 11 + 1);
}

/// Any path under `/any/` is a page, with relative links to the same names; with or without something of its own.
fn catch_all(own: bool) -> Answer {
    Box::new(move |request| {
        let names = ["about", "news", "contact", "team", "jobs", "press"].map(|name| format!("{name}/"));
        match request.path.as_str() {
            "/" => Response::page("start", ["/any/".to_owned()]),
            path if path.starts_with("/any/") => Response::page(if own { path } else { "any" }, names),
            _ => Response::not_found(),
        }
    })
}

#[test]
fn a_site_where_every_path_has_an_answer_ends() {
    for own in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("c");
        let (asked, reasons) = fall_into(catch_all(own), &root);
        // Two levels of six names each, and what is beside.
        assert!(asked <= 1 + 1 + 1 + 6 + 36 + 20, "{asked}");
        assert_eq!(reasons, set(["trap: the same links lead ever deeper"]));
        let got = with_fate(&root, &GOT);
        assert!(got.contains("a.test/any/about/") && got.contains("a.test/any/press/jobs/"), "{got:?}");
        // Told again by the log, it comes to the same.
        resume(&root, &[]).expect(0);
        assert_eq!(with_fate(&root, &GOT), got);
    }
}

#[test]
fn directories_with_the_same_names_in_them_are_no_trap() {
    let names =
        |path: &str, names: &[&str]| Response::page(path, names.iter().map(|name| format!("{name}/")));
    let sites = Sites::serve(move |request: &crate::common::sites::Request| match request.path.as_str() {
        "/robots.txt" => Response::not_found(),
        path => match path.matches('/').count() {
            // Two editions, each with two languages, each of which has an archive by year and month.
            1 => names(path, &["print", "web"]),
            2 => names(path, &["de", "en"]),
            3 => names(path, &["2023", "2024"]),
            4 => names(path, &["01", "02"]),
            5 => names(path, &["01", "02"]),
            6 => names(path, &["print", "web"]),
            // And the files by their hashes.
            7..=9 => names(path, &["0f", "ab"]),
            _ => Response::page(path, []),
        },
    });
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "host"]).expect(0);
    assert_eq!(with_fate(&root, &GOT).len(), (0..10).map(|level| 1 << level).sum::<usize>() + 1);
    assert!(skipped(&root).is_empty(), "{:?}", skipped(&root));
}

#[test]
fn a_list_whose_pages_are_linked_one_by_one_is_followed_to_its_end_while_each_leads_to_something() {
    let sites = Sites::serve(|request: &crate::common::sites::Request| {
        let number = |prefix: &str| request.path.strip_prefix(prefix).and_then(|n| n.parse::<u32>().ok());
        match (request.path.as_str(), number("/page/"), number("/post/")) {
            ("/", ..) => Response::page("start", ["/page/1".to_owned()]),
            (_, Some(n), _) if n < 300 => {
                Response::page("list", [format!("/page/{}", n + 1), format!("/post/{n}")])
            }
            (_, Some(_), _) | (_, _, Some(_)) => Response::page(&request.path, []),
            _ => Response::not_found(),
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "host"]).expect(0);
    assert!(skipped(&root).is_empty(), "{:?}", skipped(&root));
    assert_eq!(with_fate(&root, &GOT).len(), 1 + 1 + 300 + 299);
}
