//! "Did we get it all?", asked at any time.

use super::{arguments, crawl, fates, fonds, resume, start, wait_for_requests, whole};
use crate::common::sites::{Sites, graph, hosts, slow};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

fn report(root: &Path, code: i32) -> Value {
    fonds(["status", "--format", "json", root.to_str().unwrap()]).expect(code).json()
}

fn urls(report: &Value) -> u64 {
    report["fates"].as_object().unwrap().values().map(|fate| fate["urls"].as_u64().unwrap()).sum()
}

#[test]
fn a_crawl_tells_how_far_it_is_while_it_runs_when_it_was_killed_and_when_it_is_done() {
    let sites = Sites::serve(hosts([
        ("a.test", slow(Duration::from_millis(60), graph(50))),
        ("b.test", slow(Duration::from_millis(60), graph(20))),
    ]));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let seeds = ["a.test", "b.test"].map(|host| sites.url(host, "/"));
    let mut child = start(&arguments(&sites, &root, &seeds, &["--scope", "host"]));
    wait_for_requests(&sites, 20);
    // What was seen is told now and then.
    std::thread::sleep(Duration::from_millis(700));
    let running = report(&root, 1);
    assert_eq!((&running["stage"], &running["complete"]), (&"running".into(), &false.into()));
    let counts = |report: &Value, fate: &str| report["fates"][fate]["urls"].as_u64().unwrap();
    assert!(counts(&running, "captured") > 0 && counts(&running, "waiting") > 0, "{running}");
    assert!(urls(&running) as usize <= whole(50).len() + whole(20).len());
    let text = fonds(["status", root.to_str().unwrap()]).expect(1);
    assert!(text.text().contains("the run goes on"), "{}", text.text());

    child.kill().unwrap();
    child.wait().unwrap();
    let killed = report(&root, 1);
    assert_eq!(killed["stage"], "interrupted");
    assert!(counts(&killed, "captured") >= counts(&running, "captured"));
    assert!(counts(&killed, "waiting") > 0);
    assert!(fates(&root).len() as u64 == urls(&killed));

    resume(&root, &[]).expect(0);
    let sealed = report(&root, 0);
    assert_eq!((&sealed["stage"], &sealed["complete"]), (&"sealed".into(), &true.into()));
    assert_eq!(sealed["pages"], 70);
    assert_eq!(urls(&sealed) as usize, whole(50).len() + whole(20).len());
    let exits: Vec<&Value> = sealed["sessions"].as_array().unwrap().iter().map(|run| &run["exit"]).collect();
    assert_eq!(exits, [&Value::Null, &"complete".into()]);
    let hosts = sealed["hosts"].as_array().unwrap();
    let of = |n: usize| (hosts[n]["host"].as_str().unwrap(), hosts[n]["counts"].as_object().unwrap());
    let port = sites.addr.port();
    assert_eq!([of(0).0, of(1).0], [format!("a.test:{port}"), format!("b.test:{port}")]);
    let sum = |n: usize| of(n).1.values().map(|count| count.as_u64().unwrap()).sum::<u64>() as usize;
    assert_eq!([sum(0), sum(1)], [whole(50).len(), whole(20).len()]);
    let text = fonds(["status", root.to_str().unwrap()]).expect(0);
    assert!(text.text().contains("everything that was to be fetched was answered"), "{}", text.text());
}

#[test]
fn what_failed_is_told_and_makes_the_answer_no() {
    let sites = Sites::serve(graph(3));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let seeds = [sites.url("a.test", "/"), "http://a.test:1/".parse().unwrap()];
    super::crawl_urls(&sites, &root, &seeds, &["--scope", "host"]).expect(1);
    let report = report(&root, 1);
    assert_eq!((&report["stage"], &report["complete"]), (&"sealed".into(), &false.into()));
    // The page that was named, and the rules that were asked for before it.
    assert_eq!(report["fates"]["failed"]["by"]["connect"], 2);
    let list = fonds(["status", "--list", "failed", root.to_str().unwrap()]).expect(1);
    assert!(list.text().starts_with("failed http://a.test:1/ connect: "), "{}", list.text());
}

#[test]
fn what_is_no_crawl_is_said_in_a_line() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().to_owned(), dir.path().join("nothing")] {
        let run = fonds(["status", path.to_str().unwrap()]);
        assert!((2..5).contains(&run.code), "{}", run.code);
        run.one_line();
    }
    // Without links followed it is a collection all the same.
    let sites = Sites::serve(graph(2));
    let root = dir.path().join("page");
    crawl(&sites, &root, &["a.test"], &[]).expect(0);
    fonds(["status", root.to_str().unwrap()]).expect(0);
}
