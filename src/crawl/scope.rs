//! How far a run goes: which URLs it follows, and the reason where it does not.

use regex::Regex;
use std::collections::HashSet;
use url::{Host, Position, Url};

/// How far a run goes from its seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The named pages alone.
    Page,
    /// The named pages and what they need to be shown, from any host.
    #[default]
    PageRequisites,
    /// Pages whose path begins with the directory of a seed, on its host.
    Prefix,
    /// Pages on the host and port of a seed.
    Host,
    /// Pages on any host of a seed's registrable domain (public suffix list).
    Domain,
    /// Pages anywhere.
    Any,
}

impl Scope {
    /// Its name, as on the command line and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::PageRequisites => "page+requisites",
            Self::Prefix => "prefix",
            Self::Host => "host",
            Self::Domain => "domain",
            Self::Any => "any",
        }
    }

    /// True where links are followed.
    pub fn follows(self) -> bool {
        !matches!(self, Self::Page | Self::PageRequisites)
    }

    /// True where what a page needs is fetched too.
    pub fn needs(self) -> bool {
        self != Self::Page
    }
}

/// A regular expression for URLs, and how it was written.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Searches anywhere in a URL; `^` and `$` tie it down. Memory of the compiled form is bounded.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let built = regex::RegexBuilder::new(pattern).size_limit(1 << 22).build();
        built.map(Self).map_err(|e| e.to_string().lines().last().unwrap_or_default().to_owned())
    }

    fn is_in(&self, url: &Url) -> bool {
        self.0.is_match(url.as_str())
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Why a link outside the territory is not followed.
pub(super) const OUT_OF_SCOPE: &str = "out of scope";

/// Hosts, by their authorities.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hosts {
    /// The one with this authority.
    One(String),
    /// Those whose authority has this name in it, and maybe others.
    Within(String),
}

/// What the seeds span.
#[derive(Debug)]
pub(super) struct Territory {
    scope: Scope,
    roots: HashSet<String>,
}

impl Territory {
    pub(super) fn new(scope: Scope) -> Self {
        Self { scope, roots: HashSet::new() }
    }

    /// A seed, or where a seed redirects to, extends it; which hosts may have more in it now than before.
    pub(super) fn extend(&mut self, seed: &Url) -> Option<Hosts> {
        let (root, hosts) = match self.scope {
            Scope::Page | Scope::PageRequisites | Scope::Any => return None,
            Scope::Prefix => (directory(seed).to_owned(), Hosts::One(authority(seed).to_owned())),
            Scope::Host => (authority(seed).to_owned(), Hosts::One(authority(seed).to_owned())),
            Scope::Domain => (domain(seed), Hosts::Within(domain(seed))),
        };
        self.roots.insert(root).then_some(hosts)
    }

    pub(super) fn holds(&self, url: &Url) -> bool {
        match self.scope {
            Scope::Page | Scope::PageRequisites => false,
            Scope::Any => true,
            Scope::Prefix => directories(url).any(|directory| self.roots.contains(directory)),
            Scope::Host => self.roots.contains(authority(url)),
            Scope::Domain => self.roots.contains(&domain(url)),
        }
    }
}

/// Host and, unless it is the scheme's own, port. http and https are one site.
pub(super) fn authority(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

/// Authority and path up to the last slash.
fn directory(url: &Url) -> &str {
    let whole = &url[Position::BeforeHost..Position::AfterPath];
    whole.rfind('/').and_then(|at| whole.get(..=at)).unwrap_or(whole)
}

/// The directory of a URL and all above it, with their authority, from the deepest on.
pub(super) fn directories(url: &Url) -> impl Iterator<Item = &str> {
    let own = directory(url);
    own.rmatch_indices('/').filter_map(move |(at, _)| own.get(..=at))
}

/// The registrable domain; an address, or a name without one, stands for itself.
fn domain(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => psl::domain_str(name.trim_end_matches('.'))
            .map_or_else(|| authority(url).to_owned(), str::to_owned),
        _ => authority(url).to_owned(),
    }
}

/// Everything that decides about a link besides robots.txt.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) scope: Scope,
    pub(super) territory: Territory,
    depth: Option<u32>,
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
    /// Those that may change while the run goes on.
    pub(super) live: Vec<Pattern>,
}

impl Rules {
    pub(super) fn new(job: &super::Job) -> Self {
        Self {
            scope: job.scope,
            territory: Territory::new(job.scope),
            depth: job.depth,
            include: job.include.clone(),
            exclude: job.exclude.clone(),
            live: job.settings.exclude.clone(),
        }
    }

    /// Why a link within the territory is not followed.
    pub(super) fn against(&self, url: &Url, level: u32) -> Option<String> {
        if !self.include.is_empty() && !self.include.iter().any(|pattern| pattern.is_in(url)) {
            return Some("not among what --include asks for".to_owned());
        }
        if let Some(depth) = self.depth.filter(|depth| level > *depth) {
            return Some(format!("more than {depth} links from its seed"));
        }
        self.excluded(url)
    }

    /// Why neither a link nor what a page needs is fetched.
    pub(super) fn excluded(&self, url: &Url) -> Option<String> {
        let pattern = self.exclude.iter().chain(&self.live).find(|pattern| pattern.is_in(url))?;
        Some(format!("excluded by {}", pattern.as_str()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn holds(scope: Scope, seed: &str, url: &str) -> bool {
        let mut territory = Territory::new(scope);
        territory.extend(&Url::parse(seed).unwrap());
        territory.holds(&Url::parse(url).unwrap())
    }

    #[test]
    fn each_scope_ends_where_it_says() {
        let cases = [
            (Scope::Prefix, "http://a.example/x/y.html", "http://a.example/x/z/1", true),
            (Scope::Prefix, "http://a.example/x/y.html", "https://a.example/x/", true),
            (Scope::Prefix, "http://a.example/x/y.html", "http://a.example/xy", false),
            (Scope::Prefix, "http://a.example/x", "http://a.example/z", true),
            (Scope::Host, "http://a.example/x", "http://a.example/", true),
            (Scope::Host, "http://a.example/x", "https://a.example/", true),
            (Scope::Host, "http://a.example/x", "http://b.a.example/", false),
            (Scope::Host, "http://a.example:81/x", "http://a.example/", false),
            (Scope::Domain, "http://www.a.co.uk/", "https://shop.a.co.uk/", true),
            (Scope::Domain, "http://www.a.co.uk/", "https://b.co.uk/", false),
            (Scope::Domain, "http://127.0.0.1:80/", "http://127.0.0.2/", false),
            (Scope::Domain, "http://localhost:81/", "http://localhost:81/x", true),
            (Scope::Any, "http://a.example/", "http://b.example/", true),
            (Scope::PageRequisites, "http://a.example/", "http://a.example/", false),
        ];
        for (scope, seed, url, expected) in cases {
            assert_eq!(holds(scope, seed, url), expected, "{scope:?} {seed} {url}");
        }
    }

    #[test]
    fn a_pattern_that_is_none_says_why() {
        assert!(Pattern::new("(").unwrap_err().contains("unclosed"));
        assert!(Pattern::new(r"\.pdf$").unwrap().is_in(&Url::parse("http://a/x.pdf").unwrap()));
    }
}
