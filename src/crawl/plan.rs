//! What follows from what has landed: which targets are new, what is a page, what is given up.
//!
//! A plan writes nothing. It is told of each response in the order of the log, and answers with the fates that follow
//! besides the response's own. Told the same again, from the log and the WARCs of an interrupted run, it comes to the
//! same state: that is how a run is taken up again, and why no second record of its state is needed.

use super::discover::Found;
use super::session::{bare, without_user};
use super::{Frontier, Role, Scope, Target};
use std::collections::{HashMap, HashSet};
use url::Url;

/// Redirects followed from one target.
const REDIRECTS: usize = 20;
/// Steps from a page through its requisites: a style's import's image is 3.
const DEPTH: u32 = 6;
/// Requisites of one seed.
const REQUISITES: usize = 10_000;

/// What became of a URL, to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// A response is a page.
    Page { url: Url, title: Option<String>, captured: Captured },
    /// A target is given up by a rule.
    Refused { target: Target, error: String },
    /// A URL is left out.
    Skipped { url: String, reason: &'static str },
}

/// The record that holds a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Captured {
    /// Its id, without angle brackets.
    pub(crate) record: String,
    /// Its WARC-Date.
    pub(crate) date: String,
}

/// A run's state besides what is in flight and what is written.
#[derive(Debug)]
pub(super) struct Plan {
    scope: Scope,
    pub(super) frontier: Frontier,
    seeds: Vec<Seed>,
    /// The first seed of each URL.
    first: HashMap<Url, usize>,
    /// Seeds as they were named, but for user and password.
    named: HashSet<Url>,
    /// Those left out because they are too far from their page.
    far: HashSet<Url>,
}

#[derive(Clone, Debug)]
struct Seed {
    /// As the session's entry names it.
    url: Url,
    captured: bool,
    requisites: usize,
    /// An earlier seed with the same URL, which counts for this one.
    same_as: Option<usize>,
}

impl Plan {
    pub(super) fn new(scope: Scope) -> Self {
        Self {
            scope,
            frontier: Frontier::default(),
            seeds: Vec::new(),
            first: HashMap::new(),
            named: HashSet::new(),
            far: HashSet::new(),
        }
    }

    /// Adds seeds.
    pub(super) fn plant(&mut self, urls: &[Url]) -> Vec<Fate> {
        let mut fates = Vec::new();
        for named in urls {
            let (named, url) = (without_user(named.clone()), bare(named.clone()));
            let seed = self.seeds.len();
            let first = *self.first.entry(url.clone()).or_insert(seed);
            let same_as = (first != seed).then_some(first);
            if same_as.is_some() {
                fates.push(Fate::Skipped { url: named.to_string(), reason: "named twice" });
            }
            self.named.insert(named.clone());
            self.seeds.push(Seed { url: named, captured: false, requisites: 0, same_as });
            self.frontier.push(Target {
                url,
                role: Role::Page,
                via: None,
                seed,
                chain: Vec::new(),
                depth: 0,
            });
        }
        fates
    }

    /// True for a URL that is a seed already.
    pub(super) fn is_planted(&self, url: &Url) -> bool {
        self.named.contains(&without_user(url.clone()))
    }

    /// Whether what a target's response links to is of any use.
    pub(super) fn reads(&self, target: &Target) -> bool {
        self.scope == Scope::PageRequisites || target.role == Role::Page
    }

    /// A response is written, and leads to what was found in it.
    pub(super) fn landed(&mut self, target: &Target, found: Found, captured: Captured) -> Vec<Fate> {
        match found.redirect {
            Some(Ok(to)) => self.follow(target, to, found.sets_cookie),
            Some(Err(error)) => {
                vec![refused(target, format!("the redirect cannot be followed: {error}"))]
            }
            None => self.look_into(target, found, captured),
        }
    }

    /// The next hop is a target of its own, with its own records.
    fn follow(&mut self, target: &Target, to: Url, sets_cookie: bool) -> Vec<Fate> {
        let to = bare(to);
        let mut chain = target.chain.clone();
        chain.push(target.url.clone());
        let visits = chain.iter().filter(|url| **url == to).count();
        // With a new cookie the same URL may have another answer; once.
        let anew = visits == 1 && sets_cookie;
        if visits > 0 && !anew {
            return vec![refused(target, format!("the redirects go in a circle, back to {to}"))];
        }
        if chain.len() > REDIRECTS {
            return vec![refused(target, format!("more than {REDIRECTS} redirects in a row"))];
        }
        let via = Some(target.url.clone());
        let next = Target { url: to, role: target.role, via, seed: target.seed, chain, depth: target.depth };
        // Where it leads has been fetched, or will be, for another reason.
        if anew {
            self.frontier.again(next);
        } else if !self.frontier.push(next) {
            self.mark(target);
        }
        Vec::new()
    }

    fn look_into(&mut self, target: &Target, found: Found, captured: Captured) -> Vec<Fate> {
        self.mark(target);
        let mut fates = Vec::new();
        if target.role == Role::Page {
            fates.push(Fate::Page { url: target.url.clone(), title: found.title, captured });
        }
        if self.scope == Scope::PageRequisites {
            fates.extend(match target.depth < DEPTH {
                true => self.want(target, found.requisites),
                false => self.pass_over(found.requisites),
            });
        }
        fates
    }

    fn want(&mut self, target: &Target, requisites: Vec<Url>) -> Vec<Fate> {
        let mut fates = Vec::new();
        let Some(seed) = self.seeds.get_mut(target.seed) else { return fates };
        for url in requisites.into_iter().map(bare) {
            if seed.requisites >= REQUISITES {
                let reason = "limit of requisites for one page";
                fates.push(Fate::Skipped { url: url.into(), reason });
                continue;
            }
            let via = Some(target.url.clone());
            let depth = target.depth + 1;
            let next =
                Target { url, role: Role::Requisite, via, seed: target.seed, chain: Vec::new(), depth };
            seed.requisites += usize::from(self.frontier.push(next));
        }
        fates
    }

    /// What is too far from its page, and was not met nearer to one.
    fn pass_over(&mut self, requisites: Vec<Url>) -> Vec<Fate> {
        let urls = requisites.into_iter().map(bare);
        let far: Vec<Url> = urls.filter(|url| !self.frontier.has_seen(url)).collect();
        far.into_iter()
            .filter(|url| self.far.insert(url.clone()))
            .map(|url| Fate::Skipped { url: url.into(), reason: "more than 6 steps from its page" })
            .collect()
    }

    fn mark(&mut self, target: &Target) {
        if let Some(seed) = self.seeds.get_mut(target.seed).filter(|_| target.role == Role::Page) {
            seed.captured = true;
        }
    }

    /// The seed of a target as the session's entry names it.
    pub(super) fn seed_of(&self, target: &Target) -> Option<String> {
        self.seeds.get(target.seed).map(|seed| seed.url.to_string())
    }

    /// Seeds in their order, and whether each was captured.
    pub(super) fn captured(&self) -> Vec<bool> {
        let done = |seed: &Seed| match seed.same_as.and_then(|first| self.seeds.get(first)) {
            Some(first) => first.captured,
            None => seed.captured,
        };
        self.seeds.iter().map(done).collect()
    }
}

fn refused(target: &Target, error: String) -> Fate {
    Fate::Refused { target: target.clone(), error }
}
