//! What a host's `robots.txt` allows (RFC 9309), and the line that says so.
//!
//! Lines and groups are read here, because a verdict cites the line that it is by. Patterns are compared by `robotxt`:
//! the longest wins, `Allow` wins a tie, `*` and a final `$` are wild, escapes are made one (§2.2.2, §2.2.3).
//!
//! `Crawl-delay` is no part of the RFC, whose §2.2.1 would let a group of agents go on after it. It is taken as what
//! everybody means by it, a rule that ends the list of agents: else `User-agent: *`, `Crawl-delay: 10` and a group
//! for somebody else below would close the whole site.

use robotxt::Robots as Matcher;
use std::cmp::Reverse;
use std::time::Duration;
use url::{Position, Url};

/// Bytes of a file that are read (RFC 9309 §2.5); the line that the limit cuts is left out.
pub const LIMIT: usize = robotxt::BYTE_LIMIT;
/// Most sitemaps taken from one file.
const SITEMAPS: usize = 1000;
/// Bytes of a rule that are cited.
const CITED: usize = 200;

/// The rules of one host for one crawler. It holds at most some ten times the text of the rules that apply.
#[derive(Clone, Debug)]
pub struct Robots(State);

#[derive(Clone, Debug)]
enum State {
    /// There is no file: all is allowed.
    Open,
    /// The file should be there and cannot be had: nothing is allowed, and why.
    Closed(String),
    Ruled(Rules),
}

#[derive(Clone, Debug)]
struct Rules {
    matcher: Matcher,
    /// What stands in the file, in the order of the matcher's rules.
    cited: Vec<Cited>,
    delay: Option<Duration>,
    sitemaps: Vec<String>,
}

#[derive(Clone, Debug)]
struct Cited {
    line: usize,
    text: Box<str>,
}

/// Whether a URL may be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// True where it may.
    pub allowed: bool,
    /// What decided, as it is to be cited: `Disallow: /private/ (line 12)`. `None` where nothing speaks of the URL.
    pub rule: Option<String>,
}

impl Robots {
    /// By the response for `/robots.txt`: its status, after redirects, and its decoded body, of which [`LIMIT`]
    /// bytes count. `user_agent` is the header that the crawl sends.
    ///
    /// A file that is refused or not there allows all (§2.3.1.3), one that the server fails to give allows nothing
    /// (§2.3.1.4). 429 says "later", not "never", and is taken as such a failure. Redirects that never end count as no file
    /// (§2.3.1.2).
    pub fn of_response(status: Option<u16>, body: &[u8], user_agent: &str) -> Self {
        match status {
            Some(200..=299) => Self(State::Ruled(Rules::read(body, &products(user_agent)))),
            Some(429) | None => Self::unreachable(&answer(status)),
            Some(300..=499) => Self(State::Open),
            Some(_) => Self::unreachable(&answer(status)),
        }
    }

    /// For a host that gives no answer: nothing is allowed (§2.3.1.4). `why` ends up in the citation.
    pub fn unreachable(why: &str) -> Self {
        Self(State::Closed(format!("robots.txt is unreachable: {why}")))
    }

    /// Whether `url`, on the host that these rules are of, may be fetched. `/robots.txt` always may (§2.2.2).
    pub fn verdict(&self, url: &Url) -> Verdict {
        let free = Verdict { allowed: true, rule: None };
        match &self.0 {
            _ if url.path() == "/robots.txt" => free,
            State::Open => free,
            State::Closed(why) => Verdict { allowed: false, rule: Some(why.clone()) },
            State::Ruled(rules) => rules.verdict(url).unwrap_or(free),
        }
    }

    /// The time to leave between two requests: the longest `Crawl-delay` of the groups that apply, however long.
    pub fn delay(&self) -> Option<Duration> {
        self.ruled()?.delay
    }

    /// What the file names as sitemaps, whoever it is for, each once. `robots` is the URL of the file, to which those
    /// that are relative, and should not be, are.
    pub fn sitemaps(&self, robots: &Url) -> Vec<Url> {
        let mut urls: Vec<Url> = Vec::new();
        for text in self.ruled().map(|rules| rules.sitemaps.as_slice()).unwrap_or_default() {
            let Ok(mut url) = robots.join(text) else { continue };
            url.set_fragment(None);
            if matches!(url.scheme(), "http" | "https") && !urls.contains(&url) {
                urls.push(url);
            }
        }
        urls
    }

    fn ruled(&self) -> Option<&Rules> {
        match &self.0 {
            State::Ruled(rules) => Some(rules),
            _ => None,
        }
    }
}

fn answer(status: Option<u16>) -> String {
    status.map_or("there was no answer".to_owned(), |status| format!("the server answered {status}"))
}

impl Rules {
    fn read(body: &[u8], products: &[String]) -> Self {
        let lines = lines(cut(body));
        let mut group = Group::of(&lines, products);
        group.rules.sort_by_key(|rule| (Reverse(rule.weight), Reverse(rule.allow)));
        let cited = group.rules.iter().map(Rule::cited).collect();
        let sitemaps = lines.iter().filter(|line| line.key == Key::Sitemap && !line.value.is_empty());
        let sitemaps = sitemaps.take(SITEMAPS).map(|line| lossy(line.value)).collect();
        Self { matcher: matcher(&group.rules), cited, delay: group.delay, sitemaps }
    }

    fn verdict(&self, url: &Url) -> Option<Verdict> {
        let path = url.as_str().get(url[..Position::BeforePath].len()..).unwrap_or_default();
        let rule = self.matcher.matching_rule(path)?;
        let at = self.matcher.rules().iter().position(|other| std::ptr::eq(other, rule));
        let cited = at.and_then(|at| self.cited.get(at));
        let verb = if rule.is_allow() { "Allow" } else { "Disallow" };
        let rule_text = match cited {
            Some(Cited { line, text }) => format!("{verb}: {text} (line {line})"),
            None => format!("{verb}: {}", rule.pattern()),
        };
        Some(Verdict { allowed: rule.is_allow(), rule: Some(rule_text) })
    }
}

/// The rules as `robotxt` keeps them: in the order of precedence, and of the file where that is the same.
fn matcher(rules: &[Rule<'_>]) -> Matcher {
    let lines: Vec<Vec<u8>> = rules.iter().map(Rule::line).collect();
    Matcher::parse(&[EVERYBODY, &lines.concat()].concat(), "*")
}

/// The shortest keys that `robotxt` knows: what is written for it is never longer than the file, which was cut at its
/// limit.
const EVERYBODY: &[u8] = b"useragent:*\n";
const ALLOW: &[u8] = b"alow:";
const DISALLOW: &[u8] = b"disalow:";

/// Cuts the file after its last whole line within the limit.
fn cut(body: &[u8]) -> &[u8] {
    let Some(window) = body.get(..=LIMIT) else { return body };
    let end = window.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
    window.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    UserAgent,
    Allow,
    Disallow,
    CrawlDelay,
    Sitemap,
}

/// One line that says something.
struct Line<'a> {
    number: usize,
    key: Key,
    value: &'a [u8],
}

/// Lines end with LF, CR, or CR LF (§2.2); what is no rule is passed over.
fn lines(text: &[u8]) -> Vec<Line<'_>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut lines = Vec::new();
    let (mut rest, mut number) = (text, 0);
    while !rest.is_empty() {
        number += 1;
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
        rest = after.strip_prefix(b"\r\n").or(after.get(1..)).unwrap_or_default();
        lines.extend(key_and_value(line).map(|(key, value)| Line { number, key, value }));
    }
    lines
}

fn key_and_value(line: &[u8]) -> Option<(Key, &[u8])> {
    let line = line.split(|byte| *byte == b'#').next().unwrap_or_default().trim_ascii();
    // A blank for the colon is a common slip.
    let end = line.iter().position(|byte| *byte == b':').or(line.iter().position(u8::is_ascii_whitespace))?;
    let (key, value) = line.split_at_checked(end)?;
    let key = key.trim_ascii().to_ascii_lowercase();
    Some((known(&key)?, value.get(1..).unwrap_or_default().trim_ascii()))
}

/// Keys, and the slips that other crawlers forgive as well.
fn known(key: &[u8]) -> Option<Key> {
    Some(match key {
        b"user-agent" | b"useragent" | b"user agent" => Key::UserAgent,
        b"allow" => Key::Allow,
        b"disallow" | b"dissallow" | b"dissalow" | b"disalow" | b"diasllow" | b"disallaw" => Key::Disallow,
        b"crawl-delay" | b"crawldelay" | b"crawl delay" => Key::CrawlDelay,
        b"sitemap" | b"site-map" => Key::Sitemap,
        _ => return None,
    })
}

/// One `Allow` or `Disallow` that is not empty.
struct Rule<'a> {
    number: usize,
    allow: bool,
    value: &'a [u8],
    /// Length of its pattern with escapes made one, by which `robotxt` orders.
    weight: usize,
}

impl<'a> Rule<'a> {
    fn of(line: &Line<'a>) -> Option<Self> {
        let allow = line.key == Key::Allow;
        // To `robotxt` a NUL ends the line.
        let value = line.value.split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii();
        let mut rule = Self { number: line.number, allow, value, weight: 0 };
        let alone = [EVERYBODY, rule.line().as_slice()].concat();
        rule.weight = Matcher::parse(&alone, "*").rules().first()?.pattern().len();
        Some(rule)
    }

    fn line(&self) -> Vec<u8> {
        let key = if self.allow { ALLOW } else { DISALLOW };
        [key, self.value, b"\n"].concat()
    }

    fn cited(&self) -> Cited {
        let text = lossy(self.value.get(..CITED).unwrap_or(self.value));
        Cited { line: self.number, text: text.into_boxed_str() }
    }
}

/// Everything that is for one crawler, from wherever it stands (§2.2.1: groups for the same agent are one).
#[derive(Default)]
struct Group<'a> {
    rules: Vec<Rule<'a>>,
    delay: Option<Duration>,
}

impl<'a> Group<'a> {
    /// For the first of the products that the file has a group for, or for `*`.
    fn of(lines: &[Line<'a>], products: &[String]) -> Self {
        let is_named = |name: &str| {
            lines.iter().any(|line| {
                line.key == Key::UserAgent && agent(line.value).eq_ignore_ascii_case(name.as_bytes())
            })
        };
        let name = products.iter().map(String::as_str).find(|name| is_named(name)).unwrap_or("*");
        let mut group = Self::default();
        let (mut among_agents, mut applies) = (false, false);
        for line in lines.iter().filter(|line| line.key != Key::Sitemap) {
            if line.key == Key::UserAgent {
                let named = agent(line.value).eq_ignore_ascii_case(name.as_bytes());
                applies = named || (among_agents && applies);
            } else if applies {
                group.take(line);
            }
            among_agents = line.key == Key::UserAgent;
        }
        group
    }

    fn take(&mut self, line: &Line<'a>) {
        if line.key == Key::CrawlDelay {
            self.delay = self.delay.max(seconds(line.value));
        } else {
            self.rules.extend(Rule::of(line));
        }
    }
}

/// The product token of a `User-agent` line: `fonds` of `fonds/1.0`, though there should be no version.
fn agent(value: &[u8]) -> &[u8] {
    value.split(|byte| *byte == b'/' || byte.is_ascii_whitespace()).next().unwrap_or_default()
}

fn seconds(value: &[u8]) -> Option<Duration> {
    let seconds: f64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn lossy(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

/// What browsers call themselves, which names nobody.
const BROWSERS: [&str; 14] = [
    "mozilla",
    "applewebkit",
    "khtml",
    "gecko",
    "chrome",
    "chromium",
    "safari",
    "firefox",
    "version",
    "mobile",
    "edg",
    "opr",
    "opera",
    "trident",
];

/// The names under which a crawler is spoken to: the products of its header, those in comments too
/// (`Mozilla/5.0 (compatible; fonds/0.1.0; …)`), in their order. `fonds` comes last whatever the header says: who writes a
/// group for it means this program.
fn products(user_agent: &str) -> Vec<String> {
    let is_token = |name: &str| {
        name.bytes().any(|b| b.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let mut names: Vec<String> = Vec::new();
    let mut depth = 0usize;
    for word in
        user_agent.split_inclusive(|c: char| c.is_ascii_whitespace() || matches!(c, '(' | ')' | ';' | ','))
    {
        let bare = word.trim_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '(' | ')' | ';' | ','));
        let (name, versioned) = bare.split_once('/').map_or((bare, false), |(name, _)| (name, true));
        let name = name.to_ascii_lowercase();
        // A word in a comment is no product unless it has a version.
        if (versioned || depth == 0) && is_token(&name) && !BROWSERS.contains(&name.as_str()) {
            names.push(name);
        }
        depth = (depth + word.matches('(').count()).saturating_sub(word.matches(')').count());
    }
    names.truncate(8);
    if !names.iter().any(|name| name == "fonds") {
        names.push("fonds".to_owned());
    }
    names
}

#[cfg(test)]
mod tests {
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
        let text =
            "# hello\r\nUser-agent: *\r\n\r\nDisallow: /a\rDisallow: *.ä # x\nAllow: /a/b\nDisallow: /a";
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
            assert_eq!(products(agent), names, "{agent}");
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
}
