//! What a crawl tells while it goes on, how its WARCs are cut, and long lists of seeds.

use super::{GOT, arguments, crawl, fates, fonds, paths, resume, set, verify, whole, with_fate};
use crate::common::cli::fonds_reading;
use crate::common::collection::Collection;
use crate::common::sites::{Request, Response, Sites, graph, robots};
use serde_json::Value;
use std::collections::BTreeSet;

/// A site with a refused page, one that is gone, a revisit, and a host that is not there.
fn varied() -> Sites {
    let rest = graph(12);
    Sites::serve(robots(
        "User-agent: *\nDisallow: /page/5\n",
        Box::new(move |request: &Request| match request.path.as_str() {
            "/page/1.html" => Response::page(
                "with odd links",
                ["/gone", "/again/1", "/again/2", "http://nobody.test:9/", "/page/6.html"].map(str::to_owned),
            ),
            path if path.starts_with("/again/") => Response::page("the same", []),
            _ => rest(request),
        }),
    ))
}

const ANY: [&str; 8] =
    ["--scope", "any", "--exclude", "/page/9", "--resolve", "nobody.test:127.0.0.1", "--robots", "obey"];

#[test]
fn events_are_json_lines_that_tell_every_fate() {
    let sites = varied();
    let dir = tempfile::tempdir().unwrap();
    let (root, file) = (dir.path().join("c"), dir.path().join("events"));
    crawl(&sites, &root, &["a.test"], &[&ANY[..], &["--events", file.to_str().unwrap()]].concat()).expect(0);
    let text = std::fs::read_to_string(&file).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().all(|event| event["at"].is_string()), "{text}");
    let of = |names: &[&str]| -> BTreeSet<String> {
        let events = events.iter().filter(|event| names.contains(&event["event"].as_str().unwrap()));
        events.map(|event| super::short(event["url"].as_str().unwrap())).collect()
    };
    assert_eq!(of(&["captured"]), with_fate(&root, &["captured"]));
    assert_eq!(of(&["revisit"]), with_fate(&root, &["revisit"]));
    assert_eq!(of(&["failed"]), set(["nobody.test/robots.txt"]));
    assert_eq!(of(&["skipped"]), with_fate(&root, &["skipped"]));
    let ended = events.last().unwrap();
    assert_eq!((&ended["event"], &ended["exit"]), (&"ended".into(), &"complete".into()));

    // To standard output, which is then for nobody else.
    let root = dir.path().join("stdout");
    let seeds = [sites.url("a.test", "/")];
    let run = fonds(arguments(&sites, &root, &seeds, &[&ANY[..], &["--events", "-"]].concat())).expect(0);
    let events = run.json_lines();
    let last = events.last().unwrap();
    assert_eq!((&last["event"], last["path"].as_str()), (&"sealed".into(), root.to_str()));
    assert!(events.len() > whole(12).len());
}

#[test]
fn the_crawl_log_has_twelve_columns_and_heritrix_s_codes() {
    let sites = varied();
    let dir = tempfile::tempdir().unwrap();
    let (root, file) = (dir.path().join("c"), dir.path().join("crawl.log"));
    crawl(&sites, &root, &["a.test"], &[&ANY[..], &["--crawl-log", file.to_str().unwrap()]].concat())
        .expect(0);
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(lines.iter().all(|columns| columns.len() == 12), "{text}");
    let of = |path: &str| {
        lines.iter().find(|columns| columns[3].ends_with(path)).unwrap_or_else(|| panic!("{path}\n{text}"))
    };
    for (path, code, hops) in [
        (":9/robots.txt", "-2", "LLP"),
        ("/page/5.html", "-9998", "-"),
        ("/page/9.html", "-5000", "-"),
        ("/gone", "404", "LL"),
        ("/page/2.html", "200", "L"),
        ("/img/2.png", "200", "LE"),
        ("/more.css", "200", "EE"),
    ] {
        let line = of(path);
        assert_eq!((line[1], line[4]), (code, hops), "{line:?}");
    }
    let again = [of("/again/1"), of("/again/2")].map(|line| line[11]);
    assert_eq!(again.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(["-", "warcRevisit:digest"]));
    let page = of("/page/2.html");
    assert_eq!(
        (page[5], page[6], page[10]),
        (sites.url("a.test", "/").as_str(), "text/html", sites.url("a.test", "/").as_str())
    );
    assert!(page[9].starts_with("sha256:"), "{page:?}");
    let told: BTreeSet<&str> = lines.iter().map(|columns| columns[3]).collect();
    assert_eq!((told.len(), lines.len()), (fates(&root).len(), fates(&root).len()));
}

#[test]
fn a_crawl_in_many_small_warcs_is_as_good() {
    let sites = Sites::serve(graph(60));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "host", "--warc-size", "6000"]).expect(0);
    let warcs = std::fs::read_dir(root.join("archive")).unwrap().count();
    assert!(warcs > 3, "{warcs}");
    assert_eq!(paths(&sites, &root, &GOT), whole(60));
    assert_eq!(super::all_records(&root).iter().filter(|record| record.is("warcinfo")).count(), warcs);
    assert_eq!(verify(&[&root]).expect(0).json()["achieved"], 2);
}

#[test]
fn thousands_of_seeds_are_all_captured_also_after_an_interruption() {
    const SEEDS: usize = 2500;
    let sites = Sites::serve(|request: &Request| match request.path.as_str() {
        "/robots.txt" => Response::not_found(),
        path => Response::page(path, []),
    });
    let dir = tempfile::tempdir().unwrap();
    let lines: String =
        (0..SEEDS).map(|n| format!("{}\n", sites.url("a.test", &format!("/seed/{n}")))).collect();
    let file = dir.path().join("seeds");
    std::fs::write(&file, format!("\u{feff}# many\n\n{lines}")).unwrap();
    let root = dir.path().join("c");
    let all = |root: &std::path::Path| {
        let got = with_fate(root, &GOT);
        assert_eq!(got.len(), SEEDS + 1);
        assert_eq!(Collection::new(root).pages().len(), SEEDS);
        verify(&[root]).expect(0);
    };
    let options = ["--scope", "host", "--limit", "600", "-i", file.to_str().unwrap()];
    // Some named pages are not there yet.
    fonds(arguments(&sites, &root, &[], &options)).expect(1);
    let status = fonds(["status", "--format", "json", root.to_str().unwrap()]).expect(1).json();
    assert_eq!(
        (&status["sessions"][0]["seeds"], &status["fates"]["waiting"]["urls"]),
        (&SEEDS.into(), &(SEEDS - 600).into())
    );
    resume(&root, &["--limit", "100000"]).expect(0);
    all(&root);

    let root = dir.path().join("stdin");
    let arguments = arguments(&sites, &root, &[], &["--scope", "host", "-i", "-"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    fonds_reading(lines.into_bytes(), &arguments).expect(0);
    all(&root);
}
