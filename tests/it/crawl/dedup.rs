//! Payloads that are there already.

use super::web::to;
use super::{
    GOT, all_records, arguments, crawl, fates, paths, resume, set, start, verify, wait_for_requests, whole,
    with_fate,
};
use crate::common::sites::{Request, Response, Sites, graph};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Two pages of the same bytes, whose relative links lead to different places.
fn twins(request: &Request) -> Response {
    let response = match request.path.as_str() {
        "/" => Response::page("start", ["/one/".to_owned(), "/two/".to_owned(), "/end".to_owned()]),
        "/one/" | "/two/" => Response::html("<title>Twin</title><a href=next>on</a><img src=own.png>"),
        "/one/next" | "/two/next" | "/end" => Response::page(&request.path, [to(request, "a.test/")]),
        "/one/own.png" | "/two/own.png" => Response::new(200, "image/png", &request.path),
        _ => Response::not_found(),
    };
    response.after(Duration::from_millis(40))
}

fn types(root: &Path) -> BTreeMap<String, Vec<String>> {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in all_records(root).iter().filter(|record| record.is("response") || record.is("revisit")) {
        let url = super::short(record.field("WARC-Target-URI"));
        types.entry(url).or_default().push(record.field("WARC-Type").to_owned());
    }
    types
}

const ALL: [&str; 9] = [
    "a.test/",
    "a.test/end",
    "a.test/one/",
    "a.test/one/next",
    "a.test/one/own.png",
    "a.test/robots.txt",
    "a.test/two/",
    "a.test/two/next",
    "a.test/two/own.png",
];

#[test]
fn of_two_pages_alike_one_is_stored_and_the_links_of_both_are_followed() {
    let sites = Sites::serve(twins);
    let dir = tempfile::tempdir().unwrap();
    // Also where both are under way at the same time.
    for per_host in ["1", "4"] {
        let root = dir.path().join(per_host);
        crawl(&sites, &root, &["a.test"], &["--scope", "host", "--per-host", per_host]).expect(0);
        assert_eq!(with_fate(&root, &GOT), set(ALL));
        let types = types(&root);
        let mut twins = [types["a.test/one/"].concat(), types["a.test/two/"].concat()];
        twins.sort();
        assert_eq!(twins, ["response", "revisit"]);
        assert_eq!(with_fate(&root, &["revisit"]).len(), 1);
        let report = verify(&[&root]).expect(0).json();
        assert_eq!(report["counts"]["warnings"], 0, "{report}");
    }
    let root = dir.path().join("all");
    crawl(&sites, &root, &["a.test"], &["--scope", "host", "--no-dedup"]).expect(0);
    assert_eq!(with_fate(&root, &["captured"]), set(ALL));
}

#[test]
fn the_links_of_what_is_not_stored_again_are_followed_by_a_run_that_goes_on() {
    let sites = Sites::serve(twins);
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let mut child =
        start(&arguments(&sites, &root, &[sites.url("a.test", "/")], &["--scope", "host", "--delay", "0.3"]));
    while !sites.paths("a.test").contains(&"/two/".to_owned()) {
        wait_for_requests(&sites, 1);
    }
    // Both are written, and not all that they lead to is.
    while !with_fate(&root, &["revisit"]).contains("a.test/two/") {
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!with_fate(&root, &GOT).is_superset(&set(ALL)));
    resume(&root, &["--delay", "0"]).expect(0);
    assert_eq!(with_fate(&root, &GOT), set(ALL));
    assert!(types(&root).values().all(|records| records.len() == 1));
    verify(&[&root]).expect(0);
}

/// A site, some of which is other than it was.
fn changed(request: &Request) -> Response {
    let response = graph(20)(request);
    match request.path.as_str() {
        "/page/3.html" | "/img/5.png" => Response { body: [&response.body[..], b" "].concat(), ..response },
        _ => response,
    }
}

#[test]
fn a_second_run_refers_to_the_first_in_any_form_where_nothing_has_changed() {
    let first_sites = Sites::serve(graph(20));
    let dir = tempfile::tempdir().unwrap();
    let in_dir = |name: &str| dir.path().join(name);
    let first = in_dir("first");
    crawl(&first_sites, &first, &["a.test"], &["--scope", "host"]).expect(0);
    let wacz = in_dir("first.wacz");
    crawl(&first_sites, &wacz, &["a.test"], &["--scope", "host"]).expect(0);
    // What is referred to, and whom it is of.
    let index = first.join("indexes/index.cdxj");
    let forms: [(&str, &PathBuf, &PathBuf); 3] =
        [("directory", &first, &first), ("wacz", &wacz, &wacz), ("index", &index, &first)];
    let sites = Sites::serve(changed);
    for (name, form, whole_of_it) in forms {
        let second = in_dir(name);
        crawl(&sites, &second, &["a.test"], &["--scope", "host", "--dedup", form.to_str().unwrap()])
            .expect(0);
        assert_eq!(paths(&sites, &second, &GOT), whole(20), "{name}");
        let stored = paths(&sites, &second, &["captured"]);
        assert_eq!(stored, set(["/robots.txt", "/page/3.html", "/img/5.png"]), "{name}");
        let digests = |root: &Path| -> BTreeMap<String, String> {
            let mut records = all_records(root);
            records.retain(|record| record.is("response") || record.is("revisit"));
            let pair = |record: &crate::common::collection::Record| {
                let path = url::Url::parse(record.field("WARC-Target-URI")).unwrap().path().to_owned();
                (path, record.field("WARC-Payload-Digest").to_owned())
            };
            records.iter().map(pair).collect()
        };
        let (was, is) = (digests(&first), digests(&second));
        assert!(
            is.iter().all(
                |(path, digest)| stored.contains(path) != (was[path] == *digest) || path == "/robots.txt"
            )
        );
        assert_eq!(verify(&[whole_of_it, &second]).expect(0).json()["counts"]["warnings"], 0, "{name}");
        let alone = verify(&[&second]).expect(0).json();
        let codes: Vec<&Value> = alone["findings"].as_array().unwrap().iter().map(|f| &f["code"]).collect();
        assert!(codes.iter().any(|code| **code == "unresolved-reference"), "{name}: {codes:?}");
        assert!(fates(&second).values().all(|(fate, _)| fate != "failed"));
    }
}

#[test]
fn what_is_no_problem_is_not_said_when_it_should_be_quiet() {
    let sites = Sites::serve(twins);
    let dir = tempfile::tempdir().unwrap();
    let first = dir.path().join("first");
    crawl(&sites, &first, &["a.test"], &["--scope", "host"]).expect(0);
    let options = ["--scope", "host", "--dedup", first.to_str().unwrap()];
    let events = dir.path().join("events");
    let told = ["--events", events.to_str().unwrap()];
    let run =
        crawl(&sites, &dir.path().join("second"), &["a.test"], &[&options[..], &told].concat()).expect(0);
    assert_eq!(run.stderr, "");
    let events = std::fs::read_to_string(events).unwrap();
    assert!(events.contains("payloads that can be referred to"), "{events}");
}
