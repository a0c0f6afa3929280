//! What follows from what has landed: which targets are new, what is a page, what is given up.
//!
//! A plan writes nothing but its frontier. It is told of each response in the order of the log, and answers with the fates
//! that follow besides the response's own. Told the same again, from the log and the WARCs of an interrupted run, it
//! comes to the same state: that is how a run is taken up again, and why no second record of its state is needed.

mod links;
mod robots;

pub(super) use self::robots::is_robots;

use super::discover::{Document, Found};
use super::frontier::{Frontier, Pushed, State, Turns};
use super::rulebook::Rulebook;
use super::scope::Rules;
use super::session::{bare, without_user};
use super::{Error, Job, Role, Target};
use crate::wire::record::Referent;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use url::Url;

/// Redirects followed from one target.
const REDIRECTS: usize = 20;
/// Steps from a page through its requisites: a style's import's image is 3. Also of sitemaps from the one that is named.
const DEPTH: u32 = 6;
/// Requisites of one seed, where links are not followed.
const REQUISITES: usize = 10_000;
/// How often a URL is asked for again whose answer is "too many requests", and "unavailable" where links are followed.
const TRIES_429: u32 = 10;
const TRIES_503: u32 = 3;

/// What became of a URL, to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// A response is a page.
    Page { url: Url, title: Option<String>, captured: Captured },
    /// A target is given up by a rule.
    Refused { target: Target, error: String },
    /// A URL is left out.
    Skipped { url: String, reason: String },
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
    rules: Rules,
    book: Rulebook,
    pub(super) frontier: Frontier,
    seeds: Vec<Seed>,
    /// The first seed of each URL.
    first: HashMap<Url, usize>,
    /// Seeds as they were named, but for user and password.
    named: HashSet<Url>,
    /// Hosts whose rules led to those of another host, which hold for them too, by that.
    led: HashMap<Url, Vec<Url>>,
    /// Pages listed.
    pub(super) pages: u64,
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
    /// One with an empty frontier, in `workroom`.
    pub(super) fn new(job: &Job, workroom: &Path) -> Result<Self, Error> {
        // Where there is no more than one link to follow, any order gives the same distances.
        let by_level = job.depth.is_some_and(|depth| depth > 1);
        let turns = Turns { hosts: job.hosts, per_host: job.per_host, by_level };
        Ok(Self {
            rules: Rules::new(job),
            book: Rulebook::new(job),
            frontier: Frontier::create(workroom, turns).map_err(Error::at(workroom))?,
            seeds: Vec::new(),
            first: HashMap::new(),
            named: HashSet::new(),
            led: HashMap::new(),
            pages: 0,
        })
    }

    /// Adds seeds.
    pub(super) fn plant(&mut self, urls: &[Url]) -> io::Result<Vec<Fate>> {
        let (mut fates, mut widened) = (Vec::new(), Vec::new());
        for named in urls {
            let (named, url) = (without_user(named.clone()), bare(named.clone()));
            let seed = self.seeds.len();
            let first = *self.first.entry(url.clone()).or_insert(seed);
            let same_as = (first != seed).then_some(first);
            if same_as.is_some() {
                fates.push(skipped(&named, "named twice"));
            }
            self.named.insert(named.clone());
            self.seeds.push(Seed { url: named, captured: false, requisites: 0, same_as });
            widened.extend(self.rules.territory.extend(&url));
            let target = Target { seed, ..Target::new(url, Role::Page) };
            self.push(&target)?;
        }
        self.take_up(widened, &mut fates)?;
        Ok(fates)
    }

    /// Adds a target, and before it what its host has to say about it.
    fn push(&mut self, target: &Target) -> io::Result<Pushed> {
        if target.role != Role::Robots && self.is_of_rules(&target.url) {
            // Whoever links to it: it is fetched once, and must be read as what it is.
            self.want_robots(target)?;
            return Ok(Pushed::Known);
        }
        let pushed = self.frontier.push(target)?;
        if pushed == Pushed::New && target.role == Role::Page && self.asks_robots() {
            self.want_robots(target)?;
        }
        Ok(pushed)
    }

    /// True for a URL that is a seed already.
    pub(super) fn is_planted(&self, url: &Url) -> bool {
        self.named.contains(&without_user(url.clone()))
    }

    /// Whether what a target's response links to is of any use.
    pub(super) fn reads(&self, target: &Target) -> bool {
        self.rules.scope.needs() || target.role == Role::Page
    }

    /// Why a target that was about to be fetched is not.
    pub(super) fn against(&mut self, target: &Target) -> io::Result<Option<String>> {
        if target.role != Role::Page || target.needed {
            return Ok(None);
        }
        match self.rules.excluded(&target.url) {
            Some(reason) => Ok(Some(reason)),
            None => self.book.against(&self.frontier, &target.url),
        }
    }

    /// What was about to be fetched is left out.
    pub(super) fn leave_out(&mut self, target: &Target) -> io::Result<()> {
        self.frontier.settle(target, State::Skipped)
    }

    /// What is excluded besides, from now on.
    pub(super) fn exclude(&mut self, patterns: Vec<super::Pattern>) {
        self.rules.live = patterns;
    }

    /// A response is written, and leads to what was found in it.
    pub(super) fn landed(
        &mut self,
        target: &Target,
        found: Found,
        captured: Captured,
        status: Option<u16>,
    ) -> io::Result<Vec<Fate>> {
        if self.is_put_off(target, status) {
            self.frontier.again(&Target { tries: target.tries + 1, ..target.clone() })?;
            return Ok(Vec::new());
        }
        self.frontier.settle(target, State::Captured)?;
        match found.redirect {
            Some(Ok(to)) => self.follow(target, to, found.sets_cookie),
            Some(Err(error)) => {
                self.end_of_robots(target, Some(404), &[])?;
                Ok(vec![refused(target, format!("the redirect cannot be followed: {error}"))])
            }
            None => self.look_into(target, found, captured, status),
        }
    }

    /// An answer that says to come again later.
    pub(super) fn is_put_off(&self, target: &Target, status: Option<u16>) -> bool {
        match status {
            Some(429) => target.tries < TRIES_429,
            Some(503) => self.rules.scope.follows() && target.tries < TRIES_503,
            _ => false,
        }
    }

    /// A target gave nothing.
    pub(super) fn failed(&mut self, target: &Target) -> io::Result<()> {
        self.frontier.settle(target, State::Failed)?;
        self.end_of_robots(target, None, &[])
    }

    /// One that was tried in vain is tried once more, when all is told.
    pub(super) fn put_by(&mut self, target: &Target) -> io::Result<()> {
        self.frontier.settle(target, State::Tried)
    }

    /// What was put by waits again.
    pub(super) fn try_again(&mut self) -> io::Result<()> {
        let mut after = 0;
        while let Some(target) = self.frontier.tried(after)? {
            after = target.id;
            self.hold_for(&target)?;
            self.frontier.again(&Target { tries: 0, ..target })?;
        }
        Ok(())
    }

    /// The next hop is a target of its own, with its own records.
    fn follow(&mut self, target: &Target, to: Url, sets_cookie: bool) -> io::Result<Vec<Fate>> {
        let to = bare(to);
        let mut chain = target.chain.clone();
        chain.push(target.url.clone());
        let visits = chain.iter().filter(|url| **url == to).count();
        // With a new cookie the same URL may have another answer; once.
        let anew = visits == 1 && sets_cookie;
        let error = match visits {
            0 if chain.len() <= REDIRECTS => None,
            _ if anew => None,
            0 => Some(format!("more than {REDIRECTS} redirects in a row")),
            _ => Some(format!("the redirects go in a circle, back to {to}")),
        };
        if let Some(error) = error {
            self.end_of_robots(target, Some(404), &[])?;
            return Ok(vec![refused(target, error)]);
        }
        let widens = target.role == Role::Page && target.level == 0;
        let widened = widens.then(|| self.rules.territory.extend(&to)).flatten();
        let (needed, depth, tries) = (target.needed, target.depth, 0);
        let next = Target { chain, needed, depth, tries, ..target.to(to, target.role) };
        if anew {
            self.frontier.again(&next)?;
        } else if self.push(&next)? == Pushed::Known {
            // Where it leads has been fetched, or will be, for another reason.
            self.mark(target);
            self.share_robots(target, &next.url)?;
        } else if next.role == Role::Robots && is_robots(&next.url) {
            // What it says holds where it is, too.
            self.frontier.hold(&next.url)?;
        }
        let mut fates = Vec::new();
        self.take_up(widened.into_iter().collect(), &mut fates)?;
        Ok(fates)
    }

    fn look_into(
        &mut self,
        target: &Target,
        found: Found,
        captured: Captured,
        status: Option<u16>,
    ) -> io::Result<Vec<Fate>> {
        self.mark(target);
        self.end_of_robots(target, status, &found.robots)?;
        self.sitemaps_of_robots(target)?;
        let mut fates = Vec::new();
        let is_named = is_seed(target) || self.seed_of_robots(target).is_some();
        // What stands on an error's page belongs to no page.
        let is_error = status.is_some_and(|status| status >= 400);
        if !is_named && (is_error || target.role == Role::Robots && !self.is_page_too(target, &found)) {
            return Ok(fates);
        }
        if is_named || found.document == Document::Page && self.is_of_the_site(target) {
            self.pages += 1;
            fates.push(Fate::Page { url: target.url.clone(), title: found.title, captured });
        }
        if found.incomplete && self.rules.scope.needs() {
            fates.push(skipped(&target.url, "a limit ended the reading of its links: there may be more"));
        }
        if self.rules.scope.needs() && target.role != Role::Sitemap {
            match target.depth < DEPTH {
                true => self.want(target, found.requisites, &mut fates)?,
                false => self.pass_over(target, found.requisites, &mut fates)?,
            }
        }
        if self.rules.scope.follows() && (target.role == Role::Sitemap || self.is_of_the_site(target)) {
            self.read_sitemaps(target, found.sitemaps)?;
            self.link(target, found.links, &mut fates)?;
        }
        Ok(fates)
    }

    /// A page of the site, however it was met; its links are followed.
    fn is_of_the_site(&self, target: &Target) -> bool {
        target.role == Role::Page || self.rules.territory.holds(&target.url)
    }

    fn want(&mut self, target: &Target, requisites: Vec<Url>, fates: &mut Vec<Fate>) -> io::Result<()> {
        for url in requisites.into_iter().map(bare) {
            if let Some(reason) = self.rules.excluded(&url) {
                self.skip(&target.to(url, Role::Requisite), &reason, fates)?;
                continue;
            }
            let Some(seed) = self.seeds.get(target.seed) else { return Ok(()) };
            if seed.requisites >= REQUISITES && !self.rules.scope.follows() {
                fates.push(skipped(&url, "limit of requisites for one page"));
                continue;
            }
            let depth = target.depth + 1;
            let next = Target { depth, ..target.to(url, Role::Requisite) };
            let is_new = self.push(&next)? == Pushed::New;
            if let Some(seed) = self.seeds.get_mut(target.seed) {
                seed.requisites += usize::from(is_new);
            }
        }
        Ok(())
    }

    /// What is too far from its page, and was not met nearer to one.
    fn pass_over(&mut self, target: &Target, urls: Vec<Url>, fates: &mut Vec<Fate>) -> io::Result<()> {
        for url in urls.into_iter().map(bare) {
            self.skip(&target.to(url, Role::Requisite), "more than 6 steps from its page", fates)?;
        }
        Ok(())
    }

    fn read_sitemaps(&mut self, target: &Target, urls: Vec<Url>) -> io::Result<()> {
        if target.depth >= DEPTH {
            return Ok(());
        }
        for url in urls.into_iter().map(bare) {
            let depth = target.depth + 1;
            self.push(&Target { depth, ..target.to(url, Role::Sitemap) })?;
        }
        Ok(())
    }

    fn mark(&mut self, target: &Target) {
        let seed = if is_seed(target) { Some(target.seed) } else { self.seed_of_robots(target) };
        if let Some(seed) = seed.and_then(|seed| self.seeds.get_mut(seed)) {
            seed.captured = true;
        }
    }

    /// A later response with the same payload can refer to this record.
    pub(super) fn remember(&mut self, digest: &str, record: &str, uri: &str, date: &str) -> io::Result<()> {
        let (id, uri, date) = (Some(record.to_owned()), uri.to_owned(), date.to_owned());
        self.frontier.set_payload(digest, &Referent { id, uri, date })
    }

    /// The seed of a target as the session's entry names it.
    pub(super) fn seed_of(&self, target: &Target) -> Option<&str> {
        self.seeds.get(target.seed).map(|seed| seed.url.as_str())
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

/// A seed, or where one redirects to.
fn is_seed(target: &Target) -> bool {
    target.role == Role::Page && target.level == 0
}

fn refused(target: &Target, error: String) -> Fate {
    Fate::Refused { target: target.clone(), error }
}

fn skipped(url: &Url, reason: &str) -> Fate {
    Fate::Skipped { url: url.to_string(), reason: reason.to_owned() }
}
