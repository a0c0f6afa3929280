//! An earlier run, told again to a plan: by its log, and by the pages in its WARCs.

use super::discover::{Asked, Found, discover};
use super::plan::{Captured, Fate, Plan};
use super::session::asked;
use super::{Archive, Error, Job, Target};
use crate::cdxj::{Capture, Sorter};
use crate::digest;
use crate::manifest::{self, Body, Entry, Record};
use crate::package::pages;
use crate::package::survey::{Place, Visitor};
use crate::warc::Head;
use crate::wire::record::PageNotes;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::path::Path;
use std::sync::LazyLock;
use url::Url;

/// Bytes of a note about a revisit that are read.
const NOTE_LIMIT: u64 = 64 << 20;

/// Digests of no bytes: nothing refers to them.
static EMPTY: LazyLock<[String; 2]> =
    LazyLock::new(|| [digest::sha256(b"").to_string(), "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ".to_owned()]);

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
    pub(super) fn none(job: &Job, archive: &Archive) -> Result<Self, Error> {
        let mut plan = Plan::new(job, &archive.workroom())?;
        let owed = plan.plant(&job.seeds).map_err(Error::at(&archive.workroom()))?;
        Ok(Self { plan, owed, chains: HashSet::new() })
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
    /// What is told of revisits, by the record that it is about.
    notes: HashMap<String, Found>,
    dedup: bool,
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

impl Replay {
    pub(super) fn new(job: &Job, workroom: &Path) -> Result<Self, Error> {
        let past = Past { plan: Plan::new(job, workroom)?, owed: Vec::new(), chains: HashSet::new() };
        Ok(Self {
            past,
            index: Sorter::new(workroom),
            found: HashMap::new(),
            notes: HashMap::new(),
            dedup: job.dedup,
            told: Told::default(),
        })
    }

    /// What was left, the index so far, and what else was told.
    pub(super) fn finish(mut self) -> io::Result<(Past, Sorter, Told)> {
        self.past.plan.try_again()?;
        Ok((self.past, self.index, self.told))
    }

    /// The target that a URL was fetched for; one that was tried in vain waits no more.
    fn take(&mut self, url: &Url) -> io::Result<Option<Target>> {
        let plan = &mut self.past.plan;
        if let Some(target) = plan.frontier.take(url)? {
            return Ok(Some(target));
        }
        let tried = plan.frontier.peek(url)?;
        if let Some(target) = &tried {
            plan.hold_for(target)?;
        }
        Ok(tried)
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

    fn record(&mut self, record: &Record) -> io::Result<()> {
        let (found, notes) = (self.found.remove(&record.warc.id), self.notes.remove(&record.warc.id));
        let url = record.warc.target_uri.as_deref().and_then(|url| Url::parse(url).ok());
        let answer = matches!(record.warc.record_type.as_str(), "response" | "revisit");
        let Some(url) = url.filter(|url| answer && matches!(url.scheme(), "http" | "https")) else {
            return Ok(());
        };
        let Some(http) = record.http.as_ref().filter(|http| !http.challenge) else { return Ok(()) };
        let truncated = http.truncated.as_deref().filter(|_| record.warc.record_type == "response");
        match self.take(&url)? {
            // Cut because the run was told to stop.
            Some(target) if truncated == Some("unspecified") => self.past.plan.put_by(&target)?,
            Some(target) => {
                self.remember(record, truncated)?;
                let (id, date) = (record.warc.id.clone(), record.warc.date.clone());
                let captured = Captured { record: id, date };
                let found = found.unwrap_or_default();
                // What a revisit's head does not tell stands in the record beside it.
                let told = notes.filter(|_| record.warc.record_type == "revisit" && found.redirect.is_none());
                let found = told.unwrap_or(found);
                let plan = &mut self.past.plan;
                let is_put_off = plan.is_put_off(&target, http.status);
                self.past.owed.extend(plan.landed(&target, found, captured, http.status)?);
                // Rules that could not be had are asked for again.
                if !is_put_off && self.past.plan.is_without_rules(&target)? {
                    self.past.plan.put_by(&target)?;
                }
            }
            // Fetched by a version that found more than this one does.
            None => self.past.plan.frontier.pass(&url)?,
        }
        Ok(())
    }

    fn remember(&mut self, record: &Record, truncated: Option<&str>) -> io::Result<()> {
        let Some(digest) = record.bytes.payload.as_deref().filter(|_| self.dedup) else { return Ok(()) };
        if record.warc.record_type != "response"
            || truncated.is_some()
            || EMPTY.iter().any(|empty| empty == digest)
        {
            return Ok(());
        }
        let uri = record.warc.target_uri.as_deref().unwrap_or_default();
        self.past.plan.remember(digest, &record.warc.id, uri, &record.warc.date)
    }

    fn failure(&mut self, failure: &manifest::Failure) -> io::Result<()> {
        let Ok(url) = Url::parse(&failure.url) else { return Ok(()) };
        if failure.stage == "policy" {
            let told = |fate: &Fate| matches!(fate, Fate::Refused { target, .. } if target.url == url);
            // Or it was given up before it was tried.
            if !self.settled(told)
                && let Some(target) = self.past.plan.frontier.take(&url)?
            {
                self.past.plan.failed(&target)?;
            }
        } else if let Some(target) = self.take(&url)? {
            self.past.plan.failed(&target)?;
            self.past.plan.put_by(&target)?;
        }
        Ok(())
    }

    /// Takes the first fate of that kind off what is owed.
    fn settled(&mut self, told: impl Fn(&Fate) -> bool) -> bool {
        let at = self.past.owed.iter().position(told);
        at.map(|at| self.past.owed.remove(at)).is_some()
    }

    /// What was left out because of what was known then: what robots.txt forbids still is, anything else is for the settings
    /// of this run to say.
    fn skip(&mut self, skip: &manifest::Skip) -> io::Result<()> {
        let told = |fate: &Fate| matches!(fate, Fate::Skipped { url, reason } if (url, reason) == (&skip.url, &skip.reason));
        if self.settled(told) {
            return Ok(());
        }
        let Ok(url) = Url::parse(&skip.url) else { return Ok(()) };
        let plan = &mut self.past.plan;
        let Some(target) = plan.frontier.peek(&url)? else { return Ok(()) };
        // Rules that could not be had are asked for again, and so is this.
        let is_final = plan.against(&target)?.is_some() && !plan.awaits_robots(&url)?;
        if is_final && plan.frontier.take(&url)?.is_some() {
            plan.leave_out(&target)?;
        }
        Ok(())
    }

    fn page(&mut self, page: &manifest::Page) {
        self.settled(|fate| matches!(fate, Fate::Page { captured, .. } if captured.record == page.record));
        self.told.bytes += pages::Page::from(page).line().len() as u64;
    }

    fn session(&mut self, session: &manifest::Session, at: String) -> io::Result<()> {
        self.told.archive.get_or_insert_with(|| session.archive.clone());
        self.told.created.get_or_insert(at);
        self.seeds(&session.seeds)
    }

    fn seeds(&mut self, seeds: &[String]) -> io::Result<()> {
        let seeds: Vec<Url> = seeds.iter().filter_map(|seed| Url::parse(seed).ok()).collect();
        let fates = self.past.plan.plant(&seeds)?;
        self.past.owed.extend(fates);
        Ok(())
    }
}

impl Visitor for Replay {
    fn response(&mut self, record: &Record, head: &Head, block: &mut (dyn Read + Send)) -> io::Result<()> {
        let url = head.target_uri().and_then(|url| Url::parse(url).ok());
        let Some(url) = url.filter(|_| head.holds_http()) else { return Ok(()) };
        let target = self.past.plan.frontier.peek(&url)?;
        let status = record.http.as_ref().and_then(|http| http.status);
        // It is to be asked again, and what it says now leads nowhere.
        if target.as_ref().is_some_and(|target| self.past.plan.is_put_off(target, status)) {
            return Ok(());
        }
        // What is not asked of it is not looked at.
        let identified = head.fields.get("WARC-Identified-Payload-Type");
        let asked = target.as_ref().map_or(Asked::Links, |target| asked(target, true));
        let found = discover(&url, identified, block, asked)?;
        self.found.insert(record.warc.id.clone(), found);
        Ok(())
    }

    fn notes(&mut self, record: &Record, _: &Head, block: &mut (dyn Read + Send)) -> io::Result<()> {
        // The first record of a capture is its answer.
        let Some(id) = record.links.concurrent_to.first() else { return Ok(()) };
        let mut text = Vec::new();
        block.take(NOTE_LIMIT).read_to_end(&mut text)?;
        self.notes.insert(id.clone(), Found::noted(PageNotes::read(&text)));
        Ok(())
    }

    fn told(&mut self, entry: Entry, place: Option<Place>) -> io::Result<()> {
        match &entry.body {
            Body::Session(session) => self.session(session, entry.at.clone())?,
            Body::Seeds(seeds) => self.seeds(&seeds.urls)?,
            Body::Connection(connection) if !connection.chain.is_empty() => {
                self.past.chains.insert(connection.chain.join(" "));
            }
            Body::Record(record) => {
                if let Some(place) = &place {
                    self.index(record, place)?;
                }
                self.record(record)?;
            }
            Body::Failure(failure) => self.failure(failure)?,
            Body::Skip(skip) => self.skip(skip)?,
            Body::Page(page) => self.page(page),
            Body::Torn(torn) => drop(self.told.torn.insert(torn.kept.path.clone())),
            _ => {}
        }
        Ok(())
    }
}
