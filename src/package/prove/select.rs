//! Which lines of a log tell of a capture: its records and those that they need to be understood, and nothing else.
//!
//! The log is gone through until nothing more is found, since lines name others before and behind them. What is held grows
//! with what is found.

use crate::manifest::{Body, Entry, Lines, Record};
use crate::package::Package;
use crate::package::layout::MANIFEST;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::io;

/// Times the log is gone through at most: more links than a record has to what it needs.
const ROUNDS: usize = 8;

/// What is to be proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Captures of these URLs; of any where there is none.
    pub urls: Vec<String>,
    /// Only captures whose WARC-Date begins so.
    pub date: Option<String>,
    /// Only the capture that this record is of (WARC-Record-ID without brackets).
    pub id: Option<String>,
    /// Lines that tell more of the collection, too: the session's, and the certificate chain's record where another capture
    /// came over it first.
    pub context: bool,
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls = if self.urls.is_empty() { "any URL".to_owned() } else { self.urls.join(", ") };
        write!(f, "{urls}")?;
        self.date.iter().try_for_each(|date| write!(f, ", captured at {date}"))?;
        self.id.iter().try_for_each(|id| write!(f, ", of record {id}"))
    }
}

impl Query {
    /// The URLs as they may stand in a log: as they were given, and as a browser would write them.
    fn spelt(&self) -> HashSet<String> {
        let normal = |url: &String| {
            let mut url = url::Url::parse(url).ok()?;
            url.set_fragment(None);
            Some(url.into())
        };
        self.urls.iter().cloned().chain(self.urls.iter().filter_map(normal)).collect()
    }
}

/// A line that was chosen.
#[derive(Debug)]
pub(super) struct Line {
    /// Without its line feed.
    pub(super) line: Vec<u8>,
    /// What it says of a record.
    pub(super) record: Option<Box<Record>>,
}

/// The lines that were chosen, by number.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) lines: BTreeMap<u64, Line>,
}

impl Chosen {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Those that tell of a record, in their order.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.lines.values().filter_map(|line| line.record.as_deref())
    }
}

pub(super) fn select(package: &Package, query: &Query) -> io::Result<Chosen> {
    let mut search = Search { query, urls: query.spelt(), ..Search::of(query) };
    for _ in 0..ROUNDS {
        let before = search.known();
        search.round(package)?;
        // Nothing that was asked for, so nothing that it could need.
        if search.known() == before || search.found.is_empty() {
            break;
        }
    }
    search.take_lookups();
    search.lines(package)
}

/// A lookup's record, and the warcinfo of its file.
type Lookup = (u64, Option<u64>);

/// What is known of what is wanted.
struct Search<'q> {
    query: &'q Query,
    urls: HashSet<String>,
    /// Lines that are wanted.
    found: BTreeSet<u64>,
    /// Records that wanted ones refer to.
    referents: HashSet<String>,
    /// Records that were asked for.
    asked: HashSet<String>,
    /// URL and WARC-Date of captures that were asked for: all records of one have both in common.
    events: HashSet<(String, String)>,
    /// Host and date of captures, and of lookups.
    captures: BTreeSet<(String, String)>,
    lookups: BTreeMap<(String, String), Lookup>,
    /// Connections of wanted records, and their certificate chains.
    connections: BTreeSet<u64>,
    chains: HashSet<Vec<String>>,
    /// Where the round stands: the session, and the warcinfo of the file being written.
    session: Option<u64>,
    warcinfo: Option<u64>,
}

impl<'q> Search<'q> {
    fn of(query: &'q Query) -> Self {
        Self {
            query,
            urls: HashSet::new(),
            found: BTreeSet::new(),
            referents: HashSet::new(),
            asked: HashSet::new(),
            events: HashSet::new(),
            captures: BTreeSet::new(),
            lookups: BTreeMap::new(),
            connections: BTreeSet::new(),
            chains: HashSet::new(),
            session: None,
            warcinfo: None,
        }
    }

    /// Grows with every find.
    fn known(&self) -> usize {
        let sets = [self.found.len(), self.connections.len(), self.captures.len(), self.lookups.len()];
        sets.iter().sum::<usize>() + self.referents.len() + self.chains.len() + self.events.len()
    }

    fn round(&mut self, package: &Package) -> io::Result<()> {
        (self.session, self.warcinfo) = (None, None);
        let mut lines = Lines::new(package.read(MANIFEST)?);
        let mut seq = 0;
        while let Some(line) = lines.next_line()? {
            if let Ok(entry) = line.entry {
                self.consider(seq, &entry);
            }
            seq += 1;
        }
        Ok(())
    }

    fn consider(&mut self, seq: u64, entry: &Entry) {
        let wanted = match &entry.body {
            Body::Session(_) => {
                (self.session, self.warcinfo) = (Some(seq), None);
                false
            }
            Body::Record(record) => self.record(seq, record),
            Body::Connection(connection) => {
                let known = self.connections.contains(&seq);
                if known && self.query.context && !connection.chain.is_empty() {
                    self.chains.insert(connection.chain.clone());
                }
                // Its chain's record may be with it.
                if !known && self.chains.contains(&connection.chain) {
                    self.connections.insert(seq);
                }
                known
            }
            Body::Page(page) => self.asked.contains(&page.record),
            Body::Failure(failure) => {
                let date = failure.started.as_deref().unwrap_or(&entry.at);
                self.tells_of(&failure.url, date)
            }
            Body::Skip(skip) => self.tells_of(&skip.url, &entry.at),
            _ => false,
        };
        if wanted {
            self.found.insert(seq);
        }
    }

    fn record(&mut self, seq: u64, record: &Record) -> bool {
        if record.warc.record_type == "warcinfo" {
            self.warcinfo = Some(seq);
            return false;
        }
        let is_asked = self.asks_for(record);
        if is_asked {
            self.asked.insert(record.warc.id.clone());
            self.events.extend(event(record));
            self.captures.extend(host(record).map(|host| (host, record.warc.date.clone())));
            self.referents.extend(record.links.refers_to.clone());
        }
        let wanted = is_asked || self.referents.contains(&record.warc.id) || self.is_chain(record);
        if wanted {
            self.connections.extend(record.connection);
            self.found.extend(self.warcinfo);
            self.found.extend(self.session.filter(|_| self.query.context));
        }
        self.lookup(seq, record);
        wanted
    }

    fn lookup(&mut self, seq: u64, record: &Record) {
        let Some(host) = record.warc.target_uri.as_deref().and_then(|uri| uri.strip_prefix("dns:")) else {
            return;
        };
        let first = self.captures.range((host.to_owned(), String::new())..).next();
        if first.is_some_and(|(known, _)| known == host) {
            self.lookups.insert((host.to_owned(), record.warc.date.clone()), (seq, self.warcinfo));
        }
    }

    fn asks_for(&self, record: &Record) -> bool {
        let Some(uri) = &record.warc.target_uri else { return false };
        let is_of = |id: &String| {
            let named = record.warc.id == *id || record.links.concurrent_to.contains(id);
            named || event(record).is_some_and(|event| self.events.contains(&event))
        };
        (self.urls.is_empty() || self.urls.contains(uri))
            && self.query.date.as_ref().is_none_or(|date| record.warc.date.starts_with(date))
            && self.query.id.as_ref().is_none_or(is_of)
    }

    /// What became of a URL without its being captured.
    fn tells_of(&self, url: &str, date: &str) -> bool {
        let fits = self.query.date.as_ref().is_none_or(|wanted| date.starts_with(wanted));
        let is_of = || self.events.contains(&(url.to_owned(), date.to_owned()));
        fits && (self.query.id.is_none() && self.urls.contains(url) || is_of())
    }

    /// A chain's record is concurrent to one other, on a connection that had a wanted chain.
    fn is_chain(&self, record: &Record) -> bool {
        let near = record.connection.is_some_and(|connection| self.connections.contains(&connection));
        let alone = record.warc.record_type == "metadata" && record.links.concurrent_to.len() == 1;
        self.query.context && near && alone && !self.chains.is_empty()
    }

    /// Of each capture the lookup that its connection can have used: the last before it.
    fn take_lookups(&mut self) {
        for capture in &self.captures {
            let before = self.lookups.range(..=capture.clone()).next_back();
            if let Some((_, (seq, warcinfo))) = before.filter(|((host, _), _)| *host == capture.0) {
                self.found.insert(*seq);
                self.found.extend(*warcinfo);
            }
        }
    }

    fn lines(self, package: &Package) -> io::Result<Chosen> {
        let mut chosen = Chosen::default();
        let mut wanted = self.found.into_iter().peekable();
        let mut lines = Lines::new(package.read(MANIFEST)?);
        let mut seq = 0;
        while wanted.peek().is_some()
            && let Some(line) = lines.next_line()?
        {
            if wanted.next_if_eq(&seq).is_some() {
                let record = line.entry.ok().and_then(|entry| match entry.body {
                    Body::Record(record) => Some(record),
                    _ => None,
                });
                chosen.lines.insert(seq, Line { line: line.bytes, record });
            }
            seq += 1;
        }
        Ok(chosen)
    }
}

fn event(record: &Record) -> Option<(String, String)> {
    Some((record.warc.target_uri.clone()?, record.warc.date.clone()))
}

fn host(record: &Record) -> Option<String> {
    let url = url::Url::parse(record.warc.target_uri.as_deref()?).ok()?;
    url.host_str().map(str::to_owned)
}
