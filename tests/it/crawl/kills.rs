//! A crawl that is killed, or interrupted, at any moment.

use super::web::{Dice, to};
use super::{HOSTS, all_records, arguments, fates, fonds, start};
use crate::common::collection::Collection;
use crate::common::sites::{Request, Response, Sites};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Pages of each host.
const PAGES: usize = 12;

/// Three hosts that link to each other, with rules, redirects, pages alike, what is gone, a sitemap, and one page that is
/// refused the first time in each run of the server.
fn site() -> Sites {
    let refused: Mutex<BTreeSet<String>> = Mutex::default();
    Sites::serve(move |request: &Request| {
        let latency = if request.host == "b.test" { 12 } else { 4 };
        answer(request, &refused).after(Duration::from_millis(latency))
    })
}

fn answer(request: &Request, refused: &Mutex<BTreeSet<String>>) -> Response {
    let path = request.path.as_str();
    let number = path.strip_prefix("/p/").and_then(|n| n.parse::<usize>().ok());
    match (request.host.as_str(), path, number) {
        ("c.test", "/robots.txt", _) => Response::moved(&to(request, "b.test/robots.txt")),
        (_, "/robots.txt", _) => {
            let sitemap = to(request, &format!("{}/sitemap.xml", request.host));
            Response::new(200, "text/plain", format!("User-agent: *\nDisallow: /shut\nSitemap: {sitemap}\n"))
        }
        (host, "/sitemap.xml", _) => {
            let url = to(request, &format!("{host}/lonely"));
            Response::new(
                200,
                "text/xml",
                format!(
                    "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>{url}</loc></url></urlset>"
                ),
            )
        }
        // Too much at once, the first time.
        ("b.test", "/p/5", _) if refused.lock().unwrap().insert(path.to_owned()) => {
            Response::new(429, "text/plain", "slower").field("Retry-After", "1")
        }
        (_, "/", _) | (_, _, Some(0..PAGES)) => page(request, number.unwrap_or(0)),
        (host, "/moved", _) => Response::moved(&to(request, &format!("{host}/p/1"))),
        (_, "/hop", _) => Response::moved("/hop2"),
        (_, "/hop2", _) => Response::moved("/arrived"),
        (_, "/arrived" | "/lonely", _) => Response::page(path, []),
        (_, "/alike/1" | "/alike/2" | "/alike/3", _) => {
            Response::html("<title>Alike</title><a href=\"/from-alike\">on</a><img src=alike.png>")
        }
        (_, "/from-alike", _) => Response::page("from alike", []),
        (_, "/alike/alike.png" | "/b.png", _) => Response::new(200, "image/png", "the same"),
        (_, "/style.css", _) => Response::new(200, "text/css", "p { background: url(b.png) }"),
        _ => Response::not_found(),
    }
}

fn page(request: &Request, number: usize) -> Response {
    let host = &request.host;
    let next = [number * 3 + 1, number * 3 + 2, number * 3 + 3].into_iter().filter(|n| *n < PAGES);
    let mut links: Vec<String> = next.map(|n| format!("/p/{n}")).collect();
    links.extend(["/shut/1", "/gone", "/moved", "/hop"].map(str::to_owned));
    links.push(format!("/alike/{}", number % 3 + 1));
    links.extend(
        ["a.test", "b.test", "c.test", "other.test"].map(|host| to(request, &format!("{host}/p/{number}"))),
    );
    let mut page = Response::page(&format!("{host} {number}"), links);
    page.body.extend_from_slice(b"<link rel=stylesheet href=/style.css>");
    page
}

/// What counts of a collection.
#[derive(Debug, PartialEq)]
struct Outcome {
    payloads: BTreeSet<(String, String)>,
    pages: BTreeSet<String>,
    fates: BTreeMap<String, String>,
}

fn verified(root: &Path) {
    fonds(["verify", "--require", "2", root.to_str().unwrap()]).expect(0);
}

/// Responses and revisits, each URL once but for those that were told to come again.
#[track_caller]
fn outcome(root: &Path) -> Outcome {
    let (mut payloads, mut urls) = (BTreeSet::new(), BTreeSet::new());
    for record in all_records(root).iter().filter(|record| record.is("response") || record.is("revisit")) {
        let url = record.field("WARC-Target-URI").to_owned();
        if record.block.starts_with(b"HTTP/1.1 429") || record.get("WARC-Truncated") == Some("unspecified") {
            continue;
        }
        assert!(urls.insert(url.clone()), "{url} was captured twice");
        payloads.insert((url, record.field("WARC-Payload-Digest").to_owned()));
    }
    let pages = Collection::new(root).pages();
    let listed: BTreeSet<String> =
        pages.iter().map(|page| page["url"].as_str().unwrap().to_owned()).collect();
    assert_eq!(listed.len(), pages.len(), "a page is listed twice");
    // Which of two alike is stored depends on which came first.
    let fate = |(url, (fate, detail)): (String, (String, String))| match fate.as_str() {
        "captured" | "revisit" => (url, detail),
        _ => (url, format!("{fate}: {detail}")),
    };
    Outcome { payloads, pages: listed, fates: fates(root).into_iter().map(fate).collect() }
}

const OPTIONS: [&str; 8] =
    ["--scope", "any", "--include", r"//[abc]\.test", "--per-host", "2", "--warc-size", "30000"];

struct Case {
    dir: tempfile::TempDir,
    sites: Sites,
    straight: Outcome,
    time: Duration,
}

impl Case {
    fn new() -> Self {
        let (dir, sites) = (tempfile::tempdir().unwrap(), site());
        let root = dir.path().join("straight");
        let began = Instant::now();
        assert!(begin(&sites, &root).wait().unwrap().success());
        let time = began.elapsed();
        verified(&root);
        let straight = outcome(&root);
        assert!(straight.pages.len() > 3 * PAGES, "{:?}", straight.pages);
        let shut = |host: &str| sites.url(host, "/shut/1").to_string();
        // The rules that c.test has elsewhere are its own, too.
        for host in &HOSTS[..3] {
            assert!(straight.fates[&shut(host)].starts_with("skipped: robots.txt"), "{:?}", straight.fates);
        }
        Self { dir, sites, straight, time }
    }

    #[track_caller]
    fn assert_same(&self, root: &Path, what: &str) {
        verified(root);
        let outcome = outcome(root);
        let differ = |one: &BTreeMap<String, String>, other: &BTreeMap<String, String>| -> Vec<String> {
            one.iter()
                .filter(|(url, fate)| other.get(*url) != Some(fate))
                .map(|(url, fate)| format!("{url} {fate}"))
                .collect()
        };
        let (is, was) = (&outcome.fates, &self.straight.fates);
        assert_eq!((differ(is, was), differ(was, is)), (Vec::new(), Vec::new()), "{what}");
        assert_eq!(outcome, self.straight, "{what}");
    }
}

fn begin(sites: &Sites, root: &Path) -> Child {
    start(&arguments(sites, root, &[sites.url("a.test", "/")], &OPTIONS))
}

fn go_on(root: &Path) -> Child {
    start(&["archive", "-q", "--resume", root.to_str().unwrap()].map(str::to_owned))
}

fn has_begun(root: &Path) -> bool {
    std::fs::read(root.join("provenance/manifest.jsonl")).is_ok_and(|log| log.contains(&b'\n'))
}

#[test]
fn killed_anywhere_and_taken_up_again_it_comes_to_what_a_straight_run_does() {
    let (case, mut dice) = (Case::new(), Dice(5));
    let wanted = std::env::var("FONDS_KILLS").map_or(10, |kills| kills.parse().unwrap());
    let (mut kills, mut round) = (0, 0);
    while kills < wanted {
        let root = case.dir.path().join(format!("c{round}"));
        round += 1;
        let (mut child, mut what) = (begin(&case.sites, &root), format!("round {round}: killed"));
        loop {
            let time = case.time.mul_f64(dice.below(1000) as f64 / 1000.0);
            std::thread::sleep(time);
            let ended = child.try_wait().unwrap();
            what = format!("{what} after {time:?}");
            if let Some(status) = ended {
                assert_eq!(status.code(), Some(0), "{what}");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            if !has_begun(&root) {
                break;
            }
            // No checkpoint may close the log yet.
            fonds(["verify", root.to_str().unwrap()]).expect(0);
            // Sometimes what goes on is killed too.
            child = go_on(&root);
            if dice.below(10) < 5 {
                assert_eq!(child.wait().unwrap().code(), Some(0), "{what}");
                break;
            }
        }
        if has_begun(&root) {
            case.assert_same(&root, &what);
        }
        let _ = std::fs::remove_dir_all(&root);
    }
}

fn interrupt(child: &Child) {
    let sent = Command::new("/bin/kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn interrupted_once_or_twice_and_taken_up_again_it_comes_to_the_same() {
    let case = Case::new();
    for (round, times) in [(1, 1), (2, 2), (3, 1), (4, 2)] {
        let root = case.dir.path().join(format!("c{round}"));
        let before = case.sites.asked().len();
        let mut child = begin(&case.sites, &root);
        super::wait_for_requests(&case.sites, before + 15 * round);
        for _ in 0..times {
            interrupt(&child);
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(child.wait().unwrap().code(), Some(130), "{round}");
        verified(&root);
        assert!(fates(&root).values().any(|(fate, _)| fate == "waiting"), "{round}");
        assert_eq!(go_on(&root).wait().unwrap().code(), Some(0), "{round}");
        case.assert_same(&root, &format!("{round}: interrupted {times} times"));
    }
}
