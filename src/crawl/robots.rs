//! What a host's `robots.txt` allows (RFC 9309), and the line that says so.
//!
//! Lines and groups are read here, because a verdict cites the line that it is by. Patterns are compared by `robotxt`:
//! the longest wins, `Allow` wins a tie, `*` and a final `$` are wild, escapes are made one (§2.2.2, §2.2.3).
//!
//! `Crawl-delay` is no part of the RFC, whose §2.2.4 would let a group of agents go on after it. It is taken as what
//! everybody means by it, a rule that ends the list of agents: else `User-agent: *`, `Crawl-delay: 10` and a group
//! for somebody else below would close the whole site.

mod agent;
mod file;

use self::agent::products;
use self::file::{Group, Key, Rule, cut, lines, matcher};
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

    /// True where the file should be there and cannot be had: another time it may be.
    pub fn is_closed(&self) -> bool {
        matches!(self.0, State::Closed(_))
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
        let rule = self.matcher.matching_rule(&url[Position::BeforePath..Position::AfterQuery])?;
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

fn lossy(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

#[cfg(test)]
mod tests;
