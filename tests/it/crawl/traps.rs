//! Sites without end.

use super::{GOT, crawl, skipped, verify, with_fate};
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
    assert!(reasons.contains("trap: more than 200 links in a row to URLs of one shape"), "{reasons:?}");
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
