//! An earlier run, told again to a plan: by its log, and by the pages in its WARCs.

use super::discover::{Found, discover};
use super::plan::{Captured, Fate, Plan};
use super::{Job, Target};
use crate::cdxj::{Capture, Sorter};
use crate::manifest::{self, Body, Entry, Record};
use crate::package::pages;
use crate::package::survey::{Place, Visitor};
use crate::warc::Head;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use url::Url;

/// Where a run begins.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) plan: Plan,
    /// What follows from what was written, and was not written down itself.
    pub(super) owed: Vec<Fate>,
    /// Certificate chains that have their record.
    pub(super) chains: HashSet<String>,
}

impl Past {
    /// Of a run that goes on with nothing.
    pub(super) fn none(job: &Job) -> Self {
        let mut plan = Plan::new(job.scope);
        let owed = plan.plant(&job.seeds);
        Self { plan, owed, chains: HashSet::new() }
    }

    /// True where there is nothing to be done.
    pub(super) fn is_complete(&self) -> bool {
        self.plan.frontier.waiting() == 0 && self.owed.is_empty()
    }
}

/// Builds a [`Past`], and the index, while a collection is surveyed.
pub(super) struct Replay {
    past: Past,
    index: Sorter,
    found: HashMap<String, Found>,
    failed: Failed,
    pub(super) told: Told,
}

/// What the log says besides.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// URN of the archive.
    pub(super) archive: Option<String>,
    /// When its first session began.
    pub(super) created: Option<String>,
    /// Files with torn bytes that have their entry.
    pub(super) torn: HashSet<String>,
    /// Bytes of the lines of pages and index.
    pub(super) bytes: u64,
}

/// Targets that were tried in vain, in their order, to be tried again.
#[derive(Default)]
struct Failed {
    targets: Vec<Option<Target>>,
    by_url: HashMap<Url, usize>,
}

impl Failed {
    fn add(&mut self, target: Target) {
        self.by_url.insert(target.url.clone(), self.targets.len());
        self.targets.push(Some(target));
    }

    fn take(&mut self, url: &Url) -> Option<Target> {
        self.by_url.remove(url).and_then(|at| self.targets.get_mut(at)?.take())
    }
}

impl Replay {
    pub(super) fn new(job: &Job, index: Sorter) -> Self {
        let past = Past { plan: Plan::new(job.scope), owed: Vec::new(), chains: HashSet::new() };
        Self { past, index, found: HashMap::new(), failed: Failed::default(), told: Told::default() }
    }

    /// What was left, the index so far, and what else was told.
    pub(super) fn finish(mut self) -> (Past, Sorter, Told) {
        for target in self.failed.targets.into_iter().flatten() {
            self.past.plan.frontier.again(target);
        }
        (self.past, self.index, self.told)
    }

    /// The target that a URL was fetched for.
    fn take(&mut self, url: &Url) -> Option<Target> {
        self.past.plan.frontier.take(url).or_else(|| self.failed.take(url))
    }

    fn index(&mut self, record: &Record, place: &Place) -> io::Result<()> {
        let head = &place.head;
        // A response need not be an HTTP message: a lookup's is none.
        let content_type = match &record.http {
            Some(http) => http.mime.as_deref(),
            None => head.fields.get("Content-Type"),
        };
        let capture = Capture {
            record_type: head.record_type(),
            target_uri: head.target_uri().unwrap_or_default(),
            date: head.date().unwrap_or_default(),
            status: record.http.as_ref().and_then(|http| http.status),
            content_type,
            payload_digest: head.fields.get("WARC-Payload-Digest"),
            filename: &place.name,
            offset: place.offset,
            length: place.length,
        };
        let Some(entry) = capture.entry() else { return Ok(()) };
        self.told.bytes += entry.line().len() as u64 + 1;
        self.index.push(&entry)
    }

    fn record(&mut self, record: &Record) {
        let found = self.found.remove(&record.warc.id);
        let url = record.warc.target_uri.as_deref().and_then(|url| Url::parse(url).ok());
        let answer = matches!(record.warc.record_type.as_str(), "response" | "revisit");
        let Some(url) = url.filter(|url| answer && matches!(url.scheme(), "http" | "https")) else { return };
        if record.http.as_ref().is_some_and(|http| http.challenge) {
            return;
        }
        let truncated = record.http.as_ref().and_then(|http| http.truncated.as_deref());
        match self.take(&url) {
            // Cut because the run was told to stop.
            Some(target) if truncated == Some("unspecified") => self.failed.add(target),
            Some(target) => {
                let (id, date) = (record.warc.id.clone(), record.warc.date.clone());
                let captured = Captured { record: id, date };
                let fates = self.past.plan.landed(&target, found.unwrap_or_default(), captured);
                self.past.owed.extend(fates);
            }
            // Fetched by a version that found more than this one does.
            None => self.past.plan.frontier.pass(&url),
        }
    }

    fn failure(&mut self, failure: &manifest::Failure) {
        let Ok(url) = Url::parse(&failure.url) else { return };
        if failure.stage == "policy" {
            let told = |fate: &Fate| matches!(fate, Fate::Refused { target, .. } if target.url == url);
            if !self.settled(told) {
                // Given up before it was tried.
                self.past.plan.frontier.take(&url);
            }
        } else if let Some(target) = self.take(&url) {
            self.failed.add(target);
        }
    }

    /// Takes the first fate of that kind off what is owed.
    fn settled(&mut self, told: impl Fn(&Fate) -> bool) -> bool {
        let at = self.past.owed.iter().position(told);
        at.map(|at| self.past.owed.remove(at)).is_some()
    }

    fn page(&mut self, page: &manifest::Page) {
        self.settled(|fate| matches!(fate, Fate::Page { captured, .. } if captured.record == page.record));
        self.told.bytes += pages::Page::from(page).line().len() as u64;
    }

    fn session(&mut self, session: &manifest::Session, at: String) {
        self.told.archive.get_or_insert_with(|| session.archive.clone());
        self.told.created.get_or_insert(at);
        let seeds: Vec<Url> = session.seeds.iter().filter_map(|seed| Url::parse(seed).ok()).collect();
        let fates = self.past.plan.plant(&seeds);
        self.past.owed.extend(fates);
    }
}

impl Visitor for Replay {
    fn response(&mut self, record: &Record, head: &Head, block: &mut (dyn Read + Send)) -> io::Result<()> {
        let url = head.target_uri().and_then(|url| Url::parse(url).ok());
        let Some(url) = url.filter(|_| head.holds_http()) else { return Ok(()) };
        // What is not asked of it is not looked at.
        let found = discover(&url, head.fields.get("WARC-Identified-Payload-Type"), block, true)?;
        self.found.insert(record.warc.id.clone(), found);
        Ok(())
    }

    fn told(&mut self, entry: Entry, place: Option<Place>) -> io::Result<()> {
        match &entry.body {
            Body::Session(session) => self.session(session, entry.at.clone()),
            Body::Connection(connection) if !connection.chain.is_empty() => {
                self.past.chains.insert(connection.chain.join(" "));
            }
            Body::Record(record) => {
                if let Some(place) = &place {
                    self.index(record, place)?;
                }
                self.record(record);
            }
            Body::Failure(failure) => self.failure(failure),
            Body::Skip(skip) => {
                self.settled(|fate| {
                    matches!(fate, Fate::Skipped { url, reason } if (url, *reason) == (&skip.url, skip.reason.as_str()))
                });
            }
            Body::Page(page) => self.page(page),
            Body::Torn(torn) => drop(self.told.torn.insert(torn.kept.path.clone())),
            _ => {}
        }
        Ok(())
    }
}
