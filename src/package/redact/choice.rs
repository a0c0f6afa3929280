//! Which lines and records are kept back.

use std::collections::{BTreeMap, HashSet};
use std::io;

use crate::manifest::{Body, Lines, Runs};
use crate::package::Package;
use crate::package::layout::MANIFEST;

/// What the holder wants kept back.
pub struct Chosen<'a> {
    /// By URL: every record, failure, page and seed that has such a one as its own.
    pub url: &'a dyn Fn(&str) -> bool,
    /// By WARC-Record-ID, without brackets, and with it the records of the same capture.
    pub records: &'a HashSet<String>,
}

impl std::fmt::Debug for Chosen<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chosen").field("records", &self.records).finish_non_exhaustive()
    }
}

/// The same, found in a log.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) lines: Runs,
    /// Ids of the records.
    records: HashSet<String>,
    /// Their URLs.
    urls: HashSet<String>,
    found: bool,
    /// Lines of the whole log.
    pub(super) size: u64,
    pub(super) mentions: u64,
}

impl Choice {
    /// Reads the first `size` lines three times: for the records that are meant, for those of the same captures, and for
    /// the lines.
    pub(super) fn make(package: &Package, chosen: &Chosen<'_>, size: u64) -> io::Result<Self> {
        let mut choice = Self { size, ..Self::default() };
        each(package, size, |_, body| choice.take_meant(body, chosen))?;
        let meant = choice.records.clone();
        let mut connections: BTreeMap<u64, bool> = BTreeMap::new();
        each(package, size, |_, body| choice.take_concurrent(body, &meant, &mut connections))?;
        each(package, size, |seq, body| {
            let named = choice.withholds(body, chosen);
            choice.found |= named;
            // A connection over which only such records came, and bytes that are not copied.
            let orphan = connections.get(&seq).is_some_and(|used| !used) || matches!(body, Body::Torn(_));
            if named || orphan {
                choice.lines.push(seq);
            } else {
                choice.mentions += u64::from(choice.is_mentioned(body));
            }
        })?;
        Ok(choice)
    }

    fn take_meant(&mut self, body: &Body, chosen: &Chosen<'_>) {
        match body {
            Body::Record(record) => {
                let uri = record.warc.target_uri.as_deref();
                if chosen.records.contains(&record.warc.id) || uri.is_some_and(chosen.url) {
                    self.records.insert(record.warc.id.clone());
                    self.urls.extend(uri.map(str::to_owned));
                }
            }
            Body::Failure(failure) if (chosen.url)(&failure.url) => {
                self.urls.insert(failure.url.clone());
            }
            _ => {}
        }
    }

    /// Records of one capture have one URL, and name each other. Of each connection, whether a record that stays used it.
    fn take_concurrent(&mut self, body: &Body, meant: &HashSet<String>, used: &mut BTreeMap<u64, bool>) {
        let Body::Record(record) = body else { return };
        let same = record.warc.target_uri.as_ref().is_some_and(|uri| self.urls.contains(uri));
        if same && record.links.concurrent_to.iter().any(|id| meant.contains(id)) {
            self.records.insert(record.warc.id.clone());
        }
        if let Some(seq) = record.connection {
            *used.entry(seq).or_default() |= !self.records.contains(&record.warc.id);
        }
    }

    fn withholds(&self, body: &Body, chosen: &Chosen<'_>) -> bool {
        let url = |url: &String| (chosen.url)(url);
        match body {
            Body::Record(record) => self.records.contains(&record.warc.id),
            Body::Failure(failure) => url(&failure.url),
            Body::Skip(skip) => url(&skip.url),
            Body::Page(page) => self.records.contains(&page.record) || url(&page.url),
            Body::Session(session) => session.seeds.iter().any(url),
            Body::Seeds(seeds) => seeds.urls.iter().any(url),
            _ => false,
        }
    }

    fn is_mentioned(&self, body: &Body) -> bool {
        let Body::Record(record) = body else { return false };
        let links = [&record.links.via, &record.links.seed];
        links.into_iter().flatten().any(|url| self.urls.contains(url))
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.found
    }

    pub(super) fn has_record(&self, id: &str) -> bool {
        self.records.contains(id)
    }

    pub(super) fn hides(&self, url: &str) -> bool {
        self.urls.contains(url)
    }
}

/// The lines of the log with their numbers; those that cannot be read say nothing.
fn each(package: &Package, size: u64, mut with: impl FnMut(u64, &Body)) -> io::Result<()> {
    let mut lines = Lines::new(package.read(MANIFEST)?);
    for seq in 0..size {
        let Some(line) = lines.next_line()? else { break };
        if let Ok(entry) = line.entry {
            with(seq, &entry.body);
        }
    }
    Ok(())
}
