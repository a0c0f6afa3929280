//! Whole sites: all of them, once, politely, and to an end.

mod dedup;
#[cfg(unix)]
mod kills;
mod manners;
mod odd;
mod reports;
mod robots_txt;
mod scope;
#[cfg(unix)]
mod status;
mod traps;
mod waits;
mod web;

use crate::common::cli::{Run, fonds};
use crate::common::collection::{Record, records};
use crate::common::sites::{Sites, graph, graph_pages, graph_requisites, robots, slow};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use url::Url;

/// Hosts that the tests' server is.
const HOSTS: [&str; 7] =
    ["a.test", "b.test", "c.test", "cdn.test", "www.site.test", "shop.site.test", "other.test"];

/// A crawl of the roots of these hosts.
fn crawl(sites: &Sites, root: &Path, seeds: &[&str], options: &[&str]) -> Run {
    let seeds: Vec<Url> = seeds.iter().map(|host| sites.url(host, "/")).collect();
    crawl_urls(sites, root, &seeds, options)
}

fn crawl_urls(sites: &Sites, root: &Path, seeds: &[Url], options: &[&str]) -> Run {
    fonds(arguments(sites, root, seeds, options))
}

fn arguments(sites: &Sites, root: &Path, seeds: &[Url], options: &[&str]) -> Vec<String> {
    let given = ["archive", "-q", "-o", root.to_str().unwrap()].map(str::to_owned);
    let options = options.iter().map(|option| (*option).to_owned());
    let seeds = seeds.iter().map(Url::to_string);
    given.into_iter().chain(sites.resolve(&HOSTS)).chain(options).chain(seeds).collect()
}

/// Begins one that goes on by itself.
fn start(arguments: &[String]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_fonds"))
        .args(arguments)
        .env_clear()
        .env("TMPDIR", std::env::temp_dir())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn resume(root: &Path, options: &[&str]) -> Run {
    fonds(["archive", "-q", "--resume", root.to_str().unwrap()].iter().chain(options))
}

/// Waits until so many requests have come.
fn wait_for_requests(sites: &Sites, count: usize) {
    while sites.asked().len() < count {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// From the arrival of each request of a host to that of the next.
fn gaps(sites: &Sites, host: &str) -> Vec<Duration> {
    let arrived: Vec<Duration> = sites.asked_of(host).iter().map(|asked| asked.arrived).collect();
    arrived.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Records of all WARCs, in their order.
fn all_records(root: &Path) -> Vec<Record> {
    let entries = std::fs::read_dir(root.join("archive")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| records(&std::fs::read(path).unwrap())).collect()
}

/// Without scheme and port: `a.test/page`.
fn short(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    format!("{}{}", url.host_str().unwrap(), &url[url::Position::BeforePath..])
}

/// URLs with one of these fates, in short.
fn with_fate(root: &Path, wanted: &[&str]) -> BTreeSet<String> {
    let fates = fates(root).into_iter().filter(|(_, (fate, _))| wanted.contains(&fate.as_str()));
    fates.map(|(url, _)| short(&url)).collect()
}

/// URLs that were left out, in short, and why.
fn skipped(root: &Path) -> BTreeMap<String, String> {
    let fates = fates(root).into_iter().filter(|(_, (fate, _))| fate == "skipped");
    fates.map(|(url, (_, reason))| (short(&url), reason)).collect()
}

fn set<const N: usize>(urls: [&str; N]) -> BTreeSet<String> {
    urls.into_iter().map(str::to_owned).collect()
}

fn verify(roots: &[&Path]) -> Run {
    fonds(["verify", "--format", "json"].into_iter().chain(roots.iter().map(|root| root.to_str().unwrap())))
}

/// Each URL and what became of it.
fn fates(root: &Path) -> BTreeMap<String, (String, String)> {
    let run = fonds(["status", "--list", "all", "--format", "json", root.to_str().unwrap()]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let lines = run.json_lines();
    let fates: BTreeMap<_, _> =
        lines.iter().map(|line| (text(&line["url"]), (text(&line["fate"]), text(&line["detail"])))).collect();
    assert_eq!(fates.len(), lines.len(), "each URL has one fate");
    fates
}

/// Paths on a.test with a fate.
fn paths(sites: &Sites, root: &Path, wanted: &[&str]) -> BTreeSet<String> {
    let base = sites.url("a.test", "").to_string();
    let base = base.trim_end_matches('/');
    let fates = fates(root);
    let of = fates.iter().filter(|(_, (fate, _))| wanted.contains(&fate.as_str()));
    of.filter_map(|(url, _)| url.strip_prefix(base).map(str::to_owned)).collect()
}

const GOT: [&str; 2] = ["captured", "revisit"];

fn whole(pages: usize) -> BTreeSet<String> {
    let mut paths: BTreeSet<String> = graph_pages(pages).into_iter().chain(graph_requisites(pages)).collect();
    paths.insert("/robots.txt".to_owned());
    paths
}

#[test]
fn a_site_is_captured_whole_each_url_once_over_one_connection_at_a_time() {
    let sites = Sites::serve(graph(60));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "host"]).expect(0);
    assert_eq!(paths(&sites, &root, &GOT), whole(60));
    let mut asked = sites.paths("a.test");
    assert_eq!(asked.first().map(String::as_str), Some("/robots.txt"), "rules come first");
    let total = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!((asked.len(), sites.most_at_once("a.test")), (total, 1));
    let report = verify(&[&root]).expect(0).json();
    assert_eq!((&report["achieved"], &report["counts"]["warnings"]), (&Value::from(2), &Value::from(0)));
    fonds(["status", root.to_str().unwrap()]).expect(0);
}

#[test]
fn depth_is_the_distance_from_the_seed_and_a_limit_is_gone_on_from() {
    let sites = Sites::serve(slow(Duration::from_millis(2), graph(60)));
    let dir = tempfile::tempdir().unwrap();
    // As graph() links: a tree of four, and across.
    let mut near = BTreeSet::from([0]);
    for _ in 0..2 {
        let links = |n: usize| (n * 4 + 1..=n * 4 + 4).filter(|n| *n < 60).chain([0, (n * 7 + 3) % 60]);
        near = near.iter().flat_map(|n| links(*n).chain([*n])).collect();
    }
    let pages = graph_pages(60);
    let near: BTreeSet<String> = near.into_iter().map(|n| pages[n].clone()).collect();
    let root = dir.path().join("deep");
    crawl(&sites, &root, &["a.test"], &["--scope", "host", "--depth", "2", "--per-host", "4"]).expect(0);
    let got: BTreeSet<String> =
        paths(&sites, &root, &GOT).into_iter().filter(|path| pages.contains(path)).collect();
    assert_eq!(got, near);

    let root = dir.path().join("limit");
    crawl(&sites, &root, &["a.test"], &["--scope", "host", "--limit", "10"]).expect(0);
    assert!(!paths(&sites, &root, &["waiting"]).is_empty());
    fonds(["status", root.to_str().unwrap()]).expect(1);
    let directory = root.to_str().unwrap();
    fonds(["archive", "-q", "--resume", directory, "--limit", "1000"]).expect(0);
    assert_eq!(paths(&sites, &root, &GOT), whole(60));
    verify(&[&root]).expect(0);
}

#[test]
fn what_robots_txt_forbids_is_left_out_with_the_rule_and_its_delay_is_kept() {
    let rules = "User-agent: *\nDisallow: /page/2\nCrawl-delay: 0.1\n";
    let sites = Sites::serve(robots(rules, graph(12)));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "host"]).expect(0);
    let fates = fates(&root);
    let (fate, reason) = &fates[sites.url("a.test", "/page/2.html").as_str()];
    assert_eq!(fate, "skipped");
    assert!(reason.contains("Disallow: /page/2 (line 2)"), "{reason}");
    assert!(!sites.paths("a.test").iter().any(|path| path.starts_with("/page/2")));
    // From the second request on the rule is known.
    let gaps = gaps(&sites, "a.test");
    assert!(gaps[1..].iter().all(|gap| *gap >= Duration::from_millis(100)), "{gaps:?}");
}
