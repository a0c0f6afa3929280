//! Guards against what never ends: calendars, paths that grow by their own links, arguments that pile up.
//!
//! A judgement is of one URL by itself. It has to be sure: what it calls a trap is not fetched. For what only numbers
//! can tell, [`shape`] says which URLs are of one kind, so that somebody else may count them.

use std::collections::BTreeSet;
use url::Url;

/// Limits of one crawl, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Traps {
    /// Longest URL in bytes; sitemaps.org allows less than this.
    pub(crate) length: usize,
    /// Most segments of a path.
    pub(crate) segments: usize,
    /// How often one segment may follow itself.
    pub(crate) in_a_row: usize,
    /// How often two or more segments together may follow themselves.
    pub(crate) cycles: usize,
    /// How often one segment may stand anywhere in a path.
    pub(crate) anywhere: usize,
    /// Most arguments of a query.
    pub(crate) arguments: usize,
    /// How often one argument may stand in a query with the same value.
    pub(crate) same_argument: usize,
    /// The last year that a calendar may show.
    pub(crate) last_year: u16,
    /// The first year that a calendar may show.
    pub(crate) first_year: u16,
}

/// Segments that may make up a cycle.
const LONGEST_CYCLE: usize = 8;
/// Years ahead in which a date is still taken for one; a number further away is a number.
const HORIZON: u16 = 100;

/// Why a series is not followed any further: 200 links in a row whose pages lead to nothing else, or 5000.
pub(crate) const SERIES: &str = "trap: too many links in a row to URLs of one shape";
/// Why links are not followed that lead from a page below itself.
pub(crate) const ECHO: &str = "trap: the same links lead ever deeper";

impl Traps {
    /// The usual limits, in the year `now`.
    pub(crate) fn new(now: u16) -> Self {
        Self {
            length: 2048,
            segments: 32,
            in_a_row: 3,
            cycles: 2,
            anywhere: 5,
            arguments: 64,
            same_argument: 3,
            last_year: now.saturating_add(3),
            first_year: 1970,
        }
    }

    /// Why a URL is not to be gone to; `None` for nearly all. The reasons are stable.
    pub(crate) fn judge(&self, url: &Url) -> Option<&'static str> {
        if url.as_str().len() > self.length {
            return Some("trap: URL too long");
        }
        let segments: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
        if segments.len() > self.segments {
            return Some("trap: too many path segments");
        }
        if self.repeats(&segments) {
            return Some("trap: path repeats");
        }
        self.judge_query(url.query().unwrap_or_default()).or_else(|| {
            let ends = self.is_beyond(&segments, url.query().unwrap_or_default());
            ends.then_some("trap: calendar beyond its range")
        })
    }

    fn repeats(&self, segments: &[&str]) -> bool {
        let longest = LONGEST_CYCLE.min(segments.len() / 2);
        let cycles = (1..=longest).any(|length| self.has_cycle(segments, length));
        let count = |one: &&str| segments.iter().filter(|other| *other == one).count();
        cycles || segments.iter().any(|one| !is_number(one) && count(one) > self.anywhere)
    }

    /// Whether a cycle of that length follows itself too often. Numbers may do so more often: they are dates and ids.
    fn has_cycle(&self, segments: &[&str], length: usize) -> bool {
        let most = if length == 1 { self.in_a_row } else { self.cycles };
        let mut run = 0;
        let mut letters = 0;
        for (one, next) in segments.iter().zip(segments.iter().skip(length)) {
            (run, letters) =
                if one == next { (run + 1, letters + usize::from(!is_number(one))) } else { (0, 0) };
            let most = if letters > 0 { most } else { most + 2 };
            // A run of n equal pairs is 1 + n/length times the cycle.
            if 1 + run / length > most {
                return true;
            }
        }
        false
    }

    fn judge_query(&self, query: &str) -> Option<&'static str> {
        if query.contains("%252525") {
            return Some("trap: escapes within escapes");
        }
        let arguments: Vec<&str> = query.split('&').filter(|argument| !argument.is_empty()).collect();
        if arguments.len() > self.arguments {
            return Some("trap: too many query arguments");
        }
        let has_value = |text: &str| text.split_once('=').is_some_and(|(_, value)| !value.is_empty());
        let count = |one: &&str| arguments.iter().filter(|other| *other == one).count();
        let repeats = arguments.iter().any(|one| has_value(one) && count(one) > self.same_argument);
        repeats.then_some("trap: query repeats")
    }

    /// Dates to come lead on for ever. Dates long past are the archives of old papers, unless they stand in a calendar.
    fn is_beyond(&self, segments: &[&str], query: &str) -> bool {
        let years: Vec<u16> = path_year(segments).into_iter().chain(query_year(query)).collect();
        let beyond = |year: &u16| (1..=HORIZON).contains(&year.saturating_sub(self.last_year));
        let before = |year: &u16| *year < self.first_year;
        years.iter().any(beyond) || (years.iter().any(before) && is_calendar(segments, query))
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The year of `/2031/05/`, or of `/2031-05/` and `/2031-05-11/`.
fn path_year(segments: &[&str]) -> Option<u16> {
    let split = segments.iter().zip(segments.iter().skip(1));
    let apart =
        split.filter(|(_, month)| number(month, 1, 12).is_some()).find_map(|(year, _)| whole_year(year));
    apart.or_else(|| segments.iter().find_map(|segment| year_of_date(segment)))
}

/// The year of `year=2031&month=5`, of `date=2031-05`, or of `date=20310511`.
fn query_year(query: &str) -> Option<u16> {
    let arguments = || query.split('&').filter_map(|argument| argument.split_once('='));
    let named = |names: &'static [&str]| {
        arguments().filter(move |(name, _)| names.iter().any(|known| name.eq_ignore_ascii_case(known)))
    };
    let month = named(&["month", "mon", "mo", "m", "monat", "mois", "mes", "week", "kw"]);
    let month = month.filter_map(|(_, value)| number(value, 1, 53)).next();
    let year = named(&["year", "yr", "y", "jahr", "annee", "ano"]).find_map(|(_, value)| whole_year(value));
    let date = || arguments().find_map(|(_, value)| year_of_date(value));
    let compact = || {
        named(&["date", "day", "datum", "start", "from", "month"])
            .find_map(|(_, value)| year_of_digits(value))
    };
    month.and(year).or_else(date).or_else(compact)
}

fn number(text: &str, from: u16, to: u16) -> Option<u16> {
    let number: u16 = if is_number(text) && text.len() <= 2 { text.parse().ok()? } else { return None };
    (from..=to).contains(&number).then_some(number)
}

fn whole_year(text: &str) -> Option<u16> {
    if is_number(text) && text.len() == 4 { text.parse().ok() } else { None }
}

/// `2031-05` and `2031-05-11`, the whole of it.
fn year_of_date(text: &str) -> Option<u16> {
    let mut parts = text.split('-');
    let year = whole_year(parts.next()?)?;
    parts.next().filter(|month| month.len() == 2).and_then(|month| number(month, 1, 12))?;
    if let Some(day) = parts.next() {
        number(day, 1, 31)?;
    }
    parts.next().is_none().then_some(year)
}

/// `20310511` and `203105`.
fn year_of_digits(text: &str) -> Option<u16> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    number(month, 1, 12)?;
    let ends = day.is_empty() || number(day, 1, 31).is_some_and(|_| day.len() == 2);
    whole_year(year).filter(|_| ends)
}

fn is_calendar(segments: &[&str], query: &str) -> bool {
    const WORDS: [&str; 9] = [
        "calendar",
        "kalender",
        "calendrier",
        "calendario",
        "event",
        "agenda",
        "termine",
        "veranstaltung",
        "schedule",
    ];
    let holds = |text: &str| {
        let text = text.to_ascii_lowercase();
        WORDS.iter().any(|word| text.contains(word))
    };
    segments.iter().any(|segment| holds(segment)) || holds(query)
}

/// What a URL has in common with those that a program made as it made this one: host and path with `#` for digits and
/// `@` for long hexadecimal numbers and UUIDs, and the names of the arguments, sorted, each once.
pub(crate) fn shape(url: &Url) -> String {
    let mut shape = url.host_str().unwrap_or_default().to_owned();
    if let Some(port) = url.port() {
        shape.push_str(&format!(":{port}"));
    }
    for segment in url.path().split('/').skip(1) {
        shape.push('/');
        push_segment(&mut shape, segment);
    }
    if let Some(query) = url.query() {
        let mut names: Vec<&str> =
            query.split('&').filter_map(|argument| argument.split('=').next()).collect();
        names.sort_unstable();
        names.dedup();
        shape.push('?');
        shape.push_str(&names.join("&"));
    }
    shape
}

/// The path of a link from the directory of its page, if that leads into a directory below it which has a name: numbers, and
/// one or two letters, are what stores of files are divided by, on each level alike.
pub(crate) fn below<'a>(page: &Url, link: &'a Url) -> Option<&'a str> {
    let (directory, _) = page.path().rsplit_once('/')?;
    let path = link.path().strip_prefix(directory)?.strip_prefix('/')?;
    let (first, _) = path.split_once('/')?;
    (page.authority() == link.authority() && first.len() > 2 && !is_number(first)).then_some(path)
}

/// A digest of the paths of all links that lead [`below`] a page; `None` for fewer than two, which are judged by themselves.
pub(crate) fn names_below(page: &Url, links: &[Url]) -> Option<String> {
    let names: BTreeSet<&str> = links.iter().filter_map(|link| below(page, link)).collect();
    let whole = || names.iter().copied().collect::<Vec<_>>().join("\n");
    (names.len() > 1).then(|| crate::digest::sha256(whole().as_bytes()).to_string())
}

fn push_segment(shape: &mut String, segment: &str) {
    let mut rest = segment;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if let Some(after) = rest.get(36..).filter(|_| rest.get(..36).is_some_and(is_uuid)) {
            shape.push('@');
            rest = after;
        } else if let Some((run, after)) = rest.split_at_checked(end).filter(|(run, _)| !run.is_empty()) {
            push_run(shape, run);
            rest = after;
        } else {
            // An escape is one character, whatever digits it has.
            let length = if rest.starts_with('%') && rest.is_char_boundary(3) { 3 } else { 1 };
            let (one, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            shape.push_str(one);
            rest = after;
        }
    }
}

fn push_run(shape: &mut String, run: &str) {
    let hexadecimal = run.len() >= 16 && run.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hexadecimal && !is_number(run) && run.bytes().any(|byte| byte.is_ascii_digit()) {
        return shape.push('@');
    }
    let mut in_digits = false;
    for c in run.chars() {
        match c.is_ascii_digit() {
            true if in_digits => {}
            true => shape.push('#'),
            false => shape.push(c),
        }
        in_digits = c.is_ascii_digit();
    }
}

/// `8-4-4-4-12` (RFC 9562 §4).
fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn judge(url: &str) -> Option<&'static str> {
        let url = if url.starts_with('/') { format!("https://example.com{url}") } else { url.to_owned() };
        Traps::new(2026).judge(&Url::parse(&url).unwrap())
    }

    #[test]
    fn real_urls_pass() {
        for url in [
            "/",
            "/2026/11/27/a-slug-of-the-day",
            "/2026/11/27/11/27/update.html",
            "/2029/01/",
            "/1/1/1/",
            "/11/11/11/11/",
            "/news/2011/11/11/11-11-11.html",
            "/1912/04/16/archives/titanic-sinks-four-hours-after-hitting-iceberg.html",
            "/sitemap/1912/04/16/",
            "/archive?year=1905&month=3&day=4",
            "/product/4512/3",
            "/product/2512/12",
            "/report?year=2050",
            "/scenarios/2050/energy",
            "/standards/2035-05-12-plan",
            "/en/docs/en/latest/en/index.html",
            "/wiki/Talk:Talk:Talk",
            "/a/a/a",
            "/a/b/a/b/index.html",
            "/src/main/java/org/example/main/java/Main.java",
            "/shop?f[]=1&f[]=2&f[]=3&f[]=4&f[]=5",
            "/search?q=&q=&q=&q=&q=",
            "/login?next=%2Fa%3Fb%3D%252Fc",
            "/calendar/2026-11/",
            "/calendar?month=2029-12",
            "/events/2027/03/14/",
            "https://docs.python.org/3.11/library/asyncio-eventloop.html?highlight=2031",
            "https://www.heise.de/news/Ein-Artikel-11091234.html?seite=2",
            "https://www.theguardian.com/world/2026/nov/27/a-piece",
            "https://web.archive.org/web/20260101000000/http://example.com/",
            "https://example.com/img/0001/0001/0001/0001/a.jpg",
        ] {
            assert_eq!(judge(url), None, "{url}");
        }
    }

    #[test]
    fn traps_are_told_by_name() {
        for (reason, urls) in [
            (
                "trap: path repeats",
                vec![
                    "/a/a/a/a",
                    "/a/b/a/b/a/b",
                    "/x/a/b/c/a/b/c/a/b/c/d",
                    "/en/x/en/y/en/z/en/1/en/2/en/",
                    "/1/1/1/1/1/1/1",
                ],
            ),
            (
                "trap: calendar beyond its range",
                vec![
                    "/2031/05/",
                    "/events/2030/1",
                    "/2099/12/31/",
                    "/calendar/2031-05/",
                    "/day/2031-05-11",
                    "/?year=2031&month=5",
                    "/c?Month=5&Year=2044",
                    "/c?date=2031-05",
                    "/c?month=2031-05",
                    "/c?date=20310511",
                    "/calendar/1812/04/",
                    "/c?event=x&year=1912&month=4",
                ],
            ),
            ("trap: query repeats", vec!["/?a=1&a=1&a=1&a=1"]),
            ("trap: escapes within escapes", vec!["/?next=%2Fa%3Fnext%3D%25252525"]),
        ] {
            for url in urls {
                assert_eq!(judge(url), Some(reason), "{url}");
            }
        }
        let deep: String = (0..33).map(|n| format!("/s{n}")).collect();
        assert_eq!(judge(&deep), Some("trap: too many path segments"));
        assert_eq!(judge(&format!("/{}", "a".repeat(2048))), Some("trap: URL too long"));
        let many: String = (0..65).map(|n| format!("a{n}=1&")).collect();
        assert_eq!(judge(&format!("/?{many}")), Some("trap: too many query arguments"));
    }

    #[test]
    fn urls_of_one_kind_have_one_shape() {
        let of = |url: &str| shape(&Url::parse(url).unwrap());
        assert_eq!(of("https://example.com/2026/11/27/slug-7.html"), "example.com/#/#/#/slug-#.html");
        assert_eq!(of("https://example.com:8080/a?b=1&a=2&b=3#x"), "example.com:8080/a?a&b");
        assert_eq!(of("https://example.com/c/9f8a7b6c5d4e3f2a.js"), "example.com/c/@.js");
        assert_eq!(of("https://example.com/550e8400-e29b-41d4-a716-446655440000/x"), "example.com/@/x");
        assert_eq!(of("https://example.com/12345678901234567890"), "example.com/#");
        assert_eq!(of("https://example.com/%C3%A412"), "example.com/%C3%A4#");
        assert_eq!(of("https://example.com/a?"), "example.com/a?");
    }

    proptest! {
        #[test]
        fn any_url_has_a_judgement_and_a_shape(rest in "[ -~ä]{0,80}", year in any::<u16>()) {
            let url = Url::parse("http://example.com/").unwrap().join(&format!("/{rest}"));
            if let Ok(url) = url {
                Traps::new(year).judge(&url);
                prop_assert!(shape(&url).len() <= url.as_str().len());
            }
        }

        #[test]
        fn a_date_within_three_years_passes(year in 1970u16..=2029, month in 1u8..=12, day in 1u8..=31) {
            prop_assert_eq!(judge(&format!("/{year}/{month:02}/{day:02}/slug")), None);
            prop_assert_eq!(judge(&format!("/calendar?date={year}-{month:02}-{day:02}")), None);
        }
    }
}
