#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

const AGENT: &str = "Mozilla/5.0 (compatible; fonds/0.1.0; web archiving)";

fn of(text: &str) -> Robots {
    Robots::of_response(Some(200), text.as_bytes(), AGENT)
}

fn url(path: &str) -> Url {
    Url::parse(&format!("https://example.com{path}")).unwrap()
}

fn allows(text: &str, path: &str) -> bool {
    of(text).verdict(&url(path)).allowed
}

#[test]
fn rules_are_those_of_the_rfc() {
    for (rules, allowed, refused) in [
        ("Disallow: /", vec!["/robots.txt"], vec!["/", "/a", "/?q"]),
        ("Disallow:", vec!["/", "/a"], vec![]),
        ("Allow: /a/b\nDisallow: /a", vec!["/a/b", "/a/bc", "/b", "/A"], vec!["/a", "/a/c", "/ab"]),
        ("Disallow: /a\nAllow: /a", vec!["/a", "/ab"], vec![]),
        ("Disallow: /a/\nAllow: /a", vec!["/a"], vec!["/a/", "/a/b"]),
        ("Disallow: *.gif$", vec!["/a.gif?x", "/a.gifs"], vec!["/a.gif", "/b/c.gif"]),
        ("Disallow: /*/x*y", vec!["/x-y", "/a/y"], vec!["/a/x-y", "/a/b/xyz"]),
        ("Disallow: /a$", vec!["/ab", "/a/", "/a?b"], vec!["/a"]),
        ("Disallow: /a$b", vec!["/a"], vec!["/a$bc"]),
        ("Disallow: /ä", vec!["/a"], vec!["/%C3%A4", "/%c3%a4b", "/ä"]),
        ("Disallow: /%7Euser/%2f", vec!["/~user/"], vec!["/~user/%2F", "/%7euser/%2fx"]),
        ("Disallow: /a?b=", vec!["/a", "/a?c=1"], vec!["/a?b=1"]),
        ("Disallow: private", vec!["/a/private"], vec!["/private"]),
        ("Disallow: /a # not /b", vec!["/b"], vec!["/a"]),
        ("DISALLOW : /a \n allow:/a/b", vec!["/a/b"], vec!["/a/c"]),
        ("Dissallow /a", vec!["/b"], vec!["/a"]),
        ("nonsense\n<html>\nDisallow: /a", vec!["/b"], vec!["/a"]),
    ] {
        let text = format!("User-agent: *\n{rules}");
        for path in allowed {
            assert!(allows(&text, path), "{rules}: {path}");
        }
        for path in refused {
            assert!(!allows(&text, path), "{rules}: {path}");
        }
    }
}

#[test]
fn groups_are_those_of_the_rfc() {
    for (text, allowed) in [
        ("Disallow: /", true),
        ("User-agent: fonds\nDisallow: /\nUser-agent: *\nAllow: /", false),
        ("User-agent: *\nDisallow: /\nUser-agent: FONDS\nAllow: /", true),
        ("User-agent: *\nDisallow: /\nUser-agent: fonds", true),
        ("User-agent: fonds/0.1\nDisallow: /", false),
        ("User-agent: fondsy\nDisallow: /", true),
        ("User-agent: fon\nDisallow: /", true),
        ("User-agent: x\nUser-agent: fonds\n\nDisallow: /", false),
        ("User-agent: fonds\nAllow: /b\nUser-agent: x\nAllow: /\nUser-agent: fonds\nDisallow: /", false),
        ("User-agent: fonds\nSitemap: /s.xml\nUser-agent: x\nDisallow: /", false),
        ("User-agent: *\nCrawl-delay: 10\n\nUser-agent: x\nDisallow: /", true),
        ("\u{feff}User-agent: *\rDisallow: /\r", false),
        ("User-agent: *\r\nDisallow: /\r\n", false),
        ("User-agent: mozilla\nDisallow: /", true),
        ("User-agent: compatible\nDisallow: /", true),
    ] {
        assert_eq!(allows(text, "/a"), allowed, "{text:?}");
    }
}

#[test]
fn a_verdict_cites_its_line() {
    let text = "# hello\r\nUser-agent: *\r\n\r\nDisallow: /a\rDisallow: *.ä # x\nAllow: /a/b\nDisallow: /a";
    let robots = of(text);
    let rule = |path| robots.verdict(&url(path)).rule;
    assert_eq!(rule("/a").as_deref(), Some("Disallow: /a (line 4)"));
    assert_eq!(rule("/x.ä").as_deref(), Some("Disallow: *.ä (line 5)"));
    assert_eq!(rule("/a/b").as_deref(), Some("Allow: /a/b (line 6)"));
    assert_eq!(rule("/b"), None);
}

#[test]
fn what_the_server_answers_decides_without_a_file() {
    let rules = b"User-agent: *\nDisallow: /";
    for (status, allowed) in [
        (Some(200), false),
        (Some(301), true),
        (Some(401), true),
        (Some(404), true),
        (Some(429), false),
        (Some(500), false),
        (Some(503), false),
        (None, false),
    ] {
        let verdict = Robots::of_response(status, rules, AGENT).verdict(&url("/a"));
        assert_eq!((verdict.allowed, verdict.rule.is_some()), (allowed, !allowed), "{status:?}");
    }
    let closed = Robots::unreachable("connection refused");
    assert_eq!(
        closed.verdict(&url("/a")).rule.as_deref(),
        Some("robots.txt is unreachable: connection refused")
    );
    assert!(closed.verdict(&url("/robots.txt")).allowed);
}

#[test]
fn delays_and_sitemaps_are_told() {
    let text = "Sitemap: /s.xml#x\nUser-agent: *\nCrawl-delay: 0.5\nCrawl-delay: 2.5\nSitemap: https://other.example/t\n\
        Sitemap: s.xml\nSitemap: ftp://x/\nUser-agent: x\nCrawl-delay: 9";
    let robots = of(text);
    assert_eq!(robots.delay(), Some(Duration::from_millis(2500)));
    let urls: Vec<String> = robots.sitemaps(&url("/robots.txt")).into_iter().map(String::from).collect();
    assert_eq!(urls, ["https://example.com/s.xml", "https://other.example/t"]);
    assert_eq!(of("User-agent: *\nCrawl-delay: -1\nCrawl-delay: NaN").delay(), None);
}

#[test]
fn a_crawler_is_known_by_its_products() {
    for (agent, names) in [
        (AGENT, vec!["fonds"]),
        ("fonds/0.1.0 (+https://fonds.example/bot; archive)", vec!["fonds"]),
        ("MyBot/1.0 (+https://example.com/bot)", vec!["mybot", "fonds"]),
        ("MyBot", vec!["mybot", "fonds"]),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
            vec!["fonds"],
        ),
        (
            "Mozilla/5.0 (compatible; archive.org_bot/3.3; x (y) z) Other",
            vec!["archive.org_bot", "other", "fonds"],
        ),
        ("", vec!["fonds"]),
        (")))( a", vec!["fonds"]),
    ] {
        assert_eq!(agent::products(agent), names, "{agent}");
    }
    let text = b"User-agent: MyBot\nDisallow: /a\nUser-agent: fonds\nDisallow: /b";
    let own = Robots::of_response(Some(200), text, "MyBot/1.0");
    assert!(!own.verdict(&url("/a")).allowed && own.verdict(&url("/b")).allowed);
}

#[test]
fn the_limit_cuts_whole_lines() {
    let filler = "#".repeat(LIMIT - 40);
    let text = format!("User-agent: *\nDisallow: /a\n{filler}\nDisallow: /bcdefgh");
    assert!(!allows(&text, "/a") && allows(&text, "/b"));
}

proptest! {
    #[test]
    fn any_bytes_have_a_verdict_and_a_line_that_exists(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("User-agent: *\n"), Just("User-agent: fonds\r"), Just("Disallow: /a\n"), Just("Allow: /a*b$\r\n"),
                Just("Disallow: /%61%C3\n"), Just("allow: \u{e4}\n"), Just("Crawl-delay: 3\n"), Just("\0"), Just("#"), Just(":"),
            ],
            0..20,
        ),
        path in "[ab/%*$?]{0,10}",
    ) {
        let text = pieces.concat();
        let verdict = of(&text).verdict(&url(&format!("/{path}")));
        let line = verdict.rule.as_deref().and_then(|rule| rule.rsplit_once("(line ")?.1.strip_suffix(')')?.parse::<usize>().ok());
        let text = text.replace("\r\n", "\n");
        let lines: Vec<&str> = text.split(['\n', '\r']).collect();
        prop_assert_eq!(line.is_some(), verdict.rule.is_some());
        if let Some(line) = line {
            prop_assert!(lines.get(line - 1).is_some_and(|line| line.to_lowercase().contains("allow")), "{:?} {}", lines, line);
        }
        prop_assert!(verdict.allowed || verdict.rule.is_some());
    }
}
