//! How gently hosts are asked.

use super::web::Web;
use super::{
    GOT, arguments, crawl, crawl_urls, gaps, paths, skipped, start, wait_for_requests, whole, with_fate,
};
use crate::common::sites::{Answer, Sites, graph, hosts, slow};
use std::time::Duration;

const HOSTS: [&str; 6] = ["a.test", "b.test", "c.test", "www.site.test", "shop.site.test", "other.test"];

fn many(latency: Duration) -> Sites {
    let answer = |_: &str| -> Answer { slow(latency, graph(8)) };
    Sites::serve(hosts(HOSTS.map(|host| (host, answer(host)))))
}

#[test]
fn no_host_is_asked_more_at_once_than_it_may_and_hosts_are_asked_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    for (per_host, hosts) in [(1, 6), (3, 6), (3, 2)] {
        let sites = many(Duration::from_millis(30));
        let root = dir.path().join(format!("{per_host}-{hosts}"));
        let given = [per_host.to_string(), hosts.to_string()];
        let options = ["--scope", "host", "--per-host", &given[0], "--concurrency", &given[1]];
        crawl(&sites, &root, &HOSTS, &options).expect(0);
        assert_eq!(with_fate(&root, &GOT).len(), 6 * whole(8).len());
        let most = HOSTS.map(|host| sites.most_at_once(host));
        assert!(most.iter().all(|most| *most <= per_host), "{most:?}");
        assert!(per_host == 1 || most.iter().any(|most| *most > 1), "{most:?}");
        let together = sites.most_hosts_at_once();
        assert!((2..=hosts).contains(&together), "{together}");
    }
}

#[test]
fn the_delay_is_kept_over_however_many_connections() {
    let dir = tempfile::tempdir().unwrap();
    for per_host in ["1", "4"] {
        // Answers take longer than the delay, so that more than one would be under way.
        let sites = Sites::serve(slow(Duration::from_millis(250), graph(5)));
        let root = dir.path().join(per_host);
        let options = ["--scope", "host", "--per-host", per_host, "--delay", "0.15"];
        crawl(&sites, &root, &["a.test"], &options).expect(0);
        assert_eq!(paths(&sites, &root, &GOT), whole(5));
        // A server that is busy may notice the first of two late.
        let gaps = gaps(&sites, "a.test");
        assert!(gaps.iter().all(|gap| *gap >= Duration::from_millis(100)), "{per_host}: {gaps:?}");
    }
}

#[test]
fn a_longer_delay_that_is_written_into_the_file_holds_from_then_on() {
    let sites = Sites::serve(slow(Duration::from_millis(60), graph(20)));
    let dir = tempfile::tempdir().unwrap();
    let (root, file) = (dir.path().join("c"), dir.path().join("delay"));
    std::fs::write(&file, "0").unwrap();
    let options = ["--scope", "host", "--delay-file", file.to_str().unwrap()];
    let mut child = start(&arguments(&sites, &root, &[sites.url("a.test", "/")], &options));
    wait_for_requests(&sites, 3);
    std::fs::write(&file, "0.25\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(paths(&sites, &root, &GOT), whole(20));
    let gaps = gaps(&sites, "a.test");
    assert!(gaps[gaps.len() - 5..].iter().all(|gap| *gap >= Duration::from_millis(180)), "{gaps:?}");
}

#[test]
fn a_pattern_that_is_written_into_the_file_excludes_from_then_on() {
    let sites = Sites::serve(slow(Duration::from_millis(20), graph(200)));
    let dir = tempfile::tempdir().unwrap();
    let (root, file) = (dir.path().join("c"), dir.path().join("exclude"));
    std::fs::write(&file, "").unwrap();
    let options = ["--scope", "host", "--exclude-file", file.to_str().unwrap()];
    let mut child = start(&arguments(&sites, &root, &[sites.url("a.test", "/")], &options));
    wait_for_requests(&sites, 10);
    std::fs::write(&file, "/page/\n").unwrap();
    assert!(child.wait().unwrap().success());
    let left = skipped(&root);
    assert!(!left.is_empty() && left.values().all(|why| why == "excluded by /page/"), "{left:?}");
    let (got, asked) = (paths(&sites, &root, &GOT), sites.paths("a.test").len());
    assert!(got.len() == asked && asked < 200, "{asked}");
    assert!(with_fate(&root, &["waiting"]).is_empty());
}

#[test]
fn a_slow_host_does_not_hold_up_the_others() {
    let web = Web::new([
        ("a.test/", &["b.test/", "c.test/"]),
        ("b.test/", &["b.test/2"]),
        ("b.test/2", &[]),
        ("c.test/", &[]),
    ]);
    let answer = web.answer();
    let sites = Sites::serve(move |request| {
        let latency = if request.host == "c.test" { 1500 } else { 1 };
        answer(request).after(Duration::from_millis(latency))
    });
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl_urls(&sites, &root, &[sites.url("a.test", "/")], &["--scope", "any"]).expect(0);
    let asked = sites.asked();
    let at = |host: &str, path: &str| asked.iter().find(|one| one.host == host && one.path == path).unwrap();
    assert!(at("b.test", "/2").arrived < at("c.test", "/").answered);
}
