//! Hosts that say "not now".

use super::{GOT, arguments, crawl, fates, paths, resume, start, verify, whole, with_fate};
use crate::common::sites::{Request, Response, Retry, Sites, graph, hosts, limited, slow};
use std::process::Command;
use std::time::Duration;

#[test]
fn a_host_that_asks_for_patience_gets_it_and_is_finished_while_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    for (name, retry) in [("seconds", Retry::Seconds(2)), ("date", Retry::Date(2))] {
        let sites = Sites::serve(hosts([
            ("a.test", limited(6, 2, retry, graph(12))),
            ("b.test", slow(Duration::from_millis(40), graph(40))),
        ]));
        let root = dir.path().join(name);
        crawl(&sites, &root, &["a.test", "b.test"], &["--scope", "host"]).expect(0);
        assert_eq!(paths(&sites, &root, &GOT), whole(12), "{name}");
        let waited = sites.least_wait_after("a.test", 429).unwrap();
        // A server that is busy may take down late when it answered.
        assert!(waited >= Duration::from_millis(1900), "{name}: {waited:?}");
        let fates = fates(&root);
        assert!(fates.values().all(|(_, detail)| detail != "429"));
        let refused = sites.asked_of("a.test").into_iter().find(|asked| asked.status == 429).unwrap();
        let pause = refused.answered..refused.answered + Duration::from_secs(2);
        assert!(sites.asked_of("b.test").iter().any(|asked| pause.contains(&asked.arrived)), "{name}");
        assert_eq!(
            with_fate(&root, &GOT).iter().filter(|url| url.starts_with("b.test")).count(),
            whole(40).len()
        );
        verify(&[&root]).expect(0);
    }
}

#[test]
fn what_is_never_available_is_given_up_and_told() {
    let rest = graph(5);
    let sites = Sites::serve(move |request: &Request| match request.path.as_str() {
        "/page/2.html" => Response::new(503, "text/html", "never"),
        _ => rest(request),
    });
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    crawl(&sites, &root, &["a.test"], &["--scope", "host"]).expect(0);
    // But for the picture that the page would have shown.
    let mut expected = whole(5);
    expected.remove("/img/2.png");
    assert_eq!(paths(&sites, &root, &GOT), expected);
    let asked = sites.asked_of("a.test").into_iter().filter(|asked| asked.path == "/page/2.html");
    let times: Vec<Duration> = asked.map(|asked| asked.arrived).collect();
    assert_eq!(times.len(), 4, "once, and three times more");
    // A server that is busy may notice the first of two late.
    let least = times.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap();
    assert!(least >= Duration::from_millis(900), "{least:?}");
    assert_eq!(fates(&root)[sites.url("a.test", "/page/2.html").as_str()].1, "503");
}

#[cfg(unix)]
#[test]
fn what_was_told_to_come_again_is_waiting_until_it_has() {
    let sites = Sites::serve(limited(4, 1, Retry::Seconds(6), graph(4)));
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let mut child = start(&arguments(&sites, &root, &[sites.url("a.test", "/")], &["--scope", "host"]));
    while sites.least_wait_after("a.test", 429).is_none()
        && !sites.asked().iter().any(|asked| asked.status == 429)
    {
        std::thread::sleep(Duration::from_millis(5));
    }
    let refused = sites.asked().into_iter().find(|asked| asked.status == 429).unwrap();
    std::thread::sleep(Duration::from_millis(1000));
    // Told so while the run goes on, when it was interrupted, and it is gone on with.
    assert!(paths(&sites, &root, &["waiting"]).contains(&refused.path));
    Command::new("/bin/kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(paths(&sites, &root, &["waiting"]).contains(&refused.path));
    super::fonds(["status", root.to_str().unwrap()]).expect(1);
    verify(&[&root]).expect(0);
    resume(&root, &[]).expect(0);
    assert_eq!(paths(&sites, &root, &GOT), whole(4));
    verify(&[&root]).expect(0);
}

#[test]
fn a_pause_that_a_person_would_wonder_about_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let patient = Sites::serve(|request: &Request| match request.path.as_str() {
        "/robots.txt" => Response::not_found(),
        _ => Response::new(429, "text/plain", "later").field("Retry-After", "3600"),
    });
    let slow = Sites::serve(|request: &Request| match request.path.as_str() {
        "/robots.txt" => Response::new(200, "text/plain", "User-agent: *\nCrawl-delay: 600\n"),
        _ => Response::page("start", []),
    });
    for (name, sites, told) in [
        ("retry", &patient, "asks for a pause of 3600 s (Retry-After)"),
        ("delay", &slow, "asks for a pause of 600 s (Crawl-delay, after each answer)"),
    ] {
        let run = crawl(sites, &dir.path().join(name), &["a.test"], &["--scope", "host", "--time", "1"]);
        assert_eq!(run.stderr.matches(told).count(), 1, "{name}: {}", run.stderr);
        assert!(run.stderr.contains(&format!("a.test:{} asks", sites.addr.port())), "{}", run.stderr);
    }
}
