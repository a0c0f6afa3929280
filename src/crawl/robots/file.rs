//! Lines, rules and groups of the file.

use super::agent::token;
use super::{CITED, Cited, LIMIT, lossy};
use robotxt::Robots as Matcher;
use std::time::Duration;

/// The shortest keys that `robotxt` knows: what is written for it is never longer than the file, which was cut at its
/// limit.
const EVERYBODY: &[u8] = b"useragent:*\n";
const ALLOW: &[u8] = b"alow:";
const DISALLOW: &[u8] = b"disalow:";

/// The rules as `robotxt` keeps them: in the order of precedence, and of the file where that is the same.
pub(super) fn matcher(rules: &[Rule<'_>]) -> Matcher {
    let lines: Vec<Vec<u8>> = rules.iter().map(Rule::line).collect();
    Matcher::parse(&[EVERYBODY, &lines.concat()].concat(), "*")
}

/// Cuts the file after its last whole line within the limit.
pub(super) fn cut(body: &[u8]) -> &[u8] {
    let Some(window) = body.get(..=LIMIT) else { return body };
    let end = window.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
    window.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    UserAgent,
    Allow,
    Disallow,
    CrawlDelay,
    Sitemap,
}

/// One line that says something.
pub(super) struct Line<'a> {
    number: usize,
    pub(super) key: Key,
    pub(super) value: &'a [u8],
}

/// Lines end with LF, CR, or CR LF (§2.2); what is no rule is passed over.
pub(super) fn lines(text: &[u8]) -> Vec<Line<'_>> {
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
pub(super) struct Rule<'a> {
    number: usize,
    pub(super) allow: bool,
    value: &'a [u8],
    /// Length of its pattern with escapes made one, by which `robotxt` orders.
    pub(super) weight: usize,
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

    pub(super) fn cited(&self) -> Cited {
        let text = lossy(self.value.get(..CITED).unwrap_or(self.value));
        Cited { line: self.number, text: text.into_boxed_str() }
    }
}

/// Everything that is for one crawler, from wherever it stands (§2.2.1: groups for the same agent are one).
#[derive(Default)]
pub(super) struct Group<'a> {
    pub(super) rules: Vec<Rule<'a>>,
    pub(super) delay: Option<Duration>,
}

impl<'a> Group<'a> {
    /// For the first of the products that the file has a group for, or for `*`.
    pub(super) fn of(lines: &[Line<'a>], products: &[String]) -> Self {
        let is_named = |name: &str| {
            lines.iter().any(|line| {
                line.key == Key::UserAgent && token(line.value).eq_ignore_ascii_case(name.as_bytes())
            })
        };
        let name = products.iter().map(String::as_str).find(|name| is_named(name)).unwrap_or("*");
        let mut group = Self::default();
        let (mut among_agents, mut applies) = (false, false);
        for line in lines.iter().filter(|line| line.key != Key::Sitemap) {
            if line.key == Key::UserAgent {
                let named = token(line.value).eq_ignore_ascii_case(name.as_bytes());
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

fn seconds(value: &[u8]) -> Option<Duration> {
    let seconds: f64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}
