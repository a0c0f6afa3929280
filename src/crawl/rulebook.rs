//! What hosts ask for in their robots.txt, and what looks like a trap.

use super::frontier::Frontier;
use super::robots::Robots;
use super::scope::directories;
use super::traps::{SERIES, Traps, names_below, shape};
use super::{Job, Target};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use url::{Position, Url};

/// Parsed rules kept; the others are parsed again from the frontier's copy.
const KEPT: usize = 256;
/// Links in a row from a URL to another of the same shape: a calendar's next month, a list's next page. A page that leads to
/// nothing else that is new, as a calendar's, uses up as much of a series as so many that do.
const RUN: u32 = 5_000;
const BARREN: u32 = 25;
/// Pages in a row, each within the one before, from whose links the same names lead on: this one's lead nowhere.
const ECHOES: usize = 2;
/// Different queries of one path; and, where one of their values looks like a token made for the occasion.
const QUERIES: u64 = 10_000;
const TOKENS: u64 = 500;
/// The longest pause between two requests that is taken at its word.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(super) struct Rulebook {
    agent: String,
    obey: bool,
    traps: Option<Traps>,
    kept: HashMap<String, Arc<Robots>>,
}

impl Rulebook {
    pub(super) fn new(job: &Job) -> Self {
        let traps = job.traps.then(|| Traps::new(job.year));
        Self { agent: job.user_agent.clone(), obey: job.robots, traps, kept: HashMap::new() }
    }

    pub(super) fn obeys(&self) -> bool {
        self.obey
    }

    /// A host has answered, or has not.
    pub(super) fn learn(
        &mut self,
        frontier: &mut Frontier,
        url: &Url,
        status: Option<u16>,
        body: &[u8],
    ) -> io::Result<()> {
        let origin = origin(url);
        self.kept.remove(&origin);
        frontier.set_robots(&origin, status, body)
    }

    /// The rule that is against a URL.
    pub(super) fn against(&mut self, frontier: &Frontier, url: &Url) -> io::Result<Option<String>> {
        if !self.obey {
            return Ok(None);
        }
        let Some(robots) = self.robots(frontier, url)? else { return Ok(None) };
        let verdict = robots.verdict(url);
        let rule = verdict.rule.unwrap_or_else(|| "it allows nothing".to_owned());
        Ok((!verdict.allowed).then(|| format!("robots.txt of {}: {rule}", origin(url))))
    }

    /// The pause that a host asks for.
    pub(super) fn delay(&mut self, frontier: &Frontier, url: &Url) -> io::Result<Option<Duration>> {
        let robots = self.robots(frontier, url)?;
        Ok(robots.and_then(|robots| robots.delay()).map(|delay| delay.min(LONGEST_DELAY)))
    }

    /// The sitemaps that a host names.
    pub(super) fn sitemaps(&mut self, frontier: &Frontier, url: &Url) -> io::Result<Vec<Url>> {
        let robots = self.robots(frontier, url)?;
        Ok(robots.map(|robots| robots.sitemaps(url)).unwrap_or_default())
    }

    /// True for a host whose rules were asked for and could not be had.
    pub(super) fn is_closed(&mut self, frontier: &Frontier, url: &Url) -> io::Result<bool> {
        Ok(self.robots(frontier, url)?.is_some_and(|robots| robots.is_closed()))
    }

    /// What a host answered when it was asked for its rules, once that is known.
    pub(super) fn response(
        &self,
        frontier: &Frontier,
        url: &Url,
    ) -> io::Result<Option<(Option<u16>, Vec<u8>)>> {
        frontier.robots(&origin(url))
    }

    fn robots(&mut self, frontier: &Frontier, url: &Url) -> io::Result<Option<Arc<Robots>>> {
        let origin = origin(url);
        if let Some(robots) = self.kept.get(&origin) {
            return Ok(Some(Arc::clone(robots)));
        }
        let Some((status, body)) = frontier.robots(&origin)? else { return Ok(None) };
        let robots = Arc::new(Robots::of_response(status, &body, &self.agent));
        if self.kept.len() >= KEPT {
            self.kept.clear();
        }
        self.kept.insert(origin, Arc::clone(&robots));
        Ok(Some(robots))
    }

    /// Whether two URLs look as if one program made them.
    pub(super) fn is_alike(&self, one: &Url, other: &Url) -> bool {
        self.traps.is_some() && one != other && shape(one) == shape(other)
    }

    /// What a link uses up of a series, with all before it.
    pub(super) fn run(&self, from: &Target, to: &Url, leads_elsewhere: bool) -> u32 {
        let used = if leads_elsewhere { 1 } else { BARREN };
        if self.is_alike(&from.url, to) { from.run.saturating_add(used) } else { 0 }
    }

    /// Whether the links of a page that lead below it are by name those of pages above it: where any path has an answer, a
    /// link relative to its page leads ever deeper. Notes them for the pages below.
    pub(super) fn echo(&self, frontier: &mut Frontier, page: &Url, links: &[Url]) -> io::Result<bool> {
        let Some(names) = self.traps.and_then(|_| names_below(page, links)) else { return Ok(false) };
        let kind = |directory: &str| format!("{names} below {directory}");
        let mut above = 0;
        for directory in directories(page).skip(1) {
            above += usize::from(frontier.spent(&kind(directory))? > 0);
            if above >= ECHOES {
                return Ok(true);
            }
        }
        directories(page).next().map_or(Ok(0), |own| frontier.spend(&kind(own)))?;
        Ok(false)
    }

    /// Why a new link looks like one that leads on for ever.
    pub(super) fn is_trap(&self, frontier: &mut Frontier, target: &Target) -> io::Result<Option<String>> {
        let Some(traps) = &self.traps else { return Ok(None) };
        if let Some(reason) = traps.judge(&target.url) {
            return Ok(Some(reason.to_owned()));
        }
        if target.run > RUN {
            return Ok(Some(SERIES.to_owned()));
        }
        self.is_over_budget(frontier, &target.url)
    }

    /// Queries of one path are counted: a form can be filled in without end, and so can tokens be made.
    fn is_over_budget(&self, frontier: &mut Frontier, url: &Url) -> io::Result<Option<String>> {
        // What was left out before is counted again: it must not come in by a second link.
        if url.query().is_none_or(str::is_empty) || frontier.has_taken(url)? {
            return Ok(None);
        }
        let shape = shape(url);
        let most = if url.query().is_some_and(has_token) { TOKENS } else { QUERIES };
        // Of the path as it is; its queries by their names.
        let names = shape.split_once('?').map_or("", |(_, names)| names);
        let used = frontier.spend(&format!("{}?{names}", &url[Position::BeforeHost..Position::AfterPath]))?;
        Ok((used > most).then(|| format!("trap: more than {most} queries of one path")))
    }
}

/// A value that looks as if a program had made it for the occasion: long, with digits among letters, or longer than any number
/// that counts something.
fn has_token(query: &str) -> bool {
    let is_token = |value: &str| {
        let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        let mixed = value.len() >= 12 && digits >= 2 && letters >= 2;
        letters + digits == value.len() && (mixed || value.len() >= 16 && digits > 0)
    };
    query.split('&').filter_map(|argument| argument.split_once('=')).any(|(_, value)| is_token(value))
}

/// Scheme, host and port: what rules are for.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
