//! What is still to be fetched, each URL once, hosts side by side; and what became of the rest.
//!
//! Memory does not grow with the number of URLs: they are in a file of the collection's workroom. What is held is some
//! hundred bytes a host.

mod hosts;
mod recent;
mod store;
mod target;
#[cfg(test)]
mod tests;

use self::hosts::{HostId, Hosts, Limits, Rank};
use self::recent::Recent;
pub(crate) use self::store::io_error;
use self::store::{Key, Known, Store};
pub(crate) use self::target::State;
pub use self::target::{Role, Target};
use super::identity::identity;
use super::scope::{self, authority};
use crate::wire::record::Referent;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::time::Instant;
use url::{Position, Url};

/// The frontier's file in the workroom.
pub(crate) const FILE: &str = "frontier.db";
/// Numbers of hosts kept by their names.
const NAMES: usize = 50_000;

/// What a push came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The URL waits now.
    New,
    /// It has been here before.
    Known,
}

/// Manners.
#[derive(Clone, Copy, Debug)]
pub struct Turns {
    /// Hosts with targets in flight at the same time.
    pub hosts: usize,
    /// Targets of one host in flight at the same time.
    pub per_host: u32,
    /// No page is begun before all that are nearer to their seeds have landed, so that distances are exact.
    pub by_level: bool,
}

impl Default for Turns {
    fn default() -> Self {
        Self { hosts: usize::MAX, per_host: 1, by_level: false }
    }
}

/// Targets that wait, by host; and all that ever came.
#[derive(Debug)]
pub struct Frontier {
    store: Store,
    hosts: Hosts,
    names: HashMap<String, HostId>,
    recent: Recent,
    /// Pages that wait or are in flight, by level, where that matters.
    levels: Option<BTreeMap<u32, u64>>,
    waiting: u64,
}

impl Frontier {
    /// A new one, with its file in `workroom`, in place of what an earlier run left there.
    ///
    /// # Errors
    /// What the file system says; so all methods below.
    pub fn create(workroom: &Path, turns: Turns) -> io::Result<Self> {
        Ok(Self {
            store: Store::create(&workroom.join(FILE))?,
            hosts: Hosts::new(Limits {
                hosts: turns.hosts.max(1),
                per_host: turns.per_host.max(1),
                pages: true,
            }),
            names: HashMap::new(),
            recent: Recent::default(),
            levels: turns.by_level.then(BTreeMap::new),
            waiting: 0,
        })
    }

    /// Adds a target, unless its URL has been here before. One that waits, or was left out, and turns out to be needed,
    /// is fetched as such.
    ///
    /// # Errors
    /// See [`Frontier::create`].
    pub fn push(&mut self, target: &Target) -> io::Result<Pushed> {
        let key = key(&target.url);
        let weight = if target.needed { Recent::NEEDED } else { Recent::LINK };
        if self.recent.holds(&key, weight) {
            return Ok(Pushed::Known);
        }
        let host = self.host(&target.url)?;
        let Some(id) = self.store.insert(&key, host, target, State::Waiting)? else {
            return self.push_known(&key, target);
        };
        self.enqueue(host, target.rank(), target.level, id)?;
        Ok(Pushed::New)
    }

    fn push_known(&mut self, key: &Key, target: &Target) -> io::Result<Pushed> {
        let Some(known) = self.store.find(key)? else { return Ok(Pushed::Known) };
        match known.state {
            State::Skipped | State::Outside => {
                self.revive(key, &known, target)?;
                Ok(Pushed::New)
            }
            State::Waiting if target.needed && !known.needed => {
                self.raise(&known)?;
                Ok(Pushed::Known)
            }
            _ => Ok(Pushed::Known),
        }
    }

    /// What a rule was against is wanted for a reason that the rule does not touch.
    fn revive(&mut self, key: &Key, known: &Known, target: &Target) -> io::Result<()> {
        self.store.update(key, known, target, State::Waiting)?;
        self.enqueue(known.host, target.rank(), target.level, known.id)
    }

    fn raise(&mut self, known: &Known) -> io::Result<()> {
        self.store.set_needed(known.id)?;
        // It may be in flight.
        if self.store.dequeue(known.host, known.rank, known.id)?
            && let Some(target) = self.store.target(known.id)?
        {
            self.hosts.remove(known.host, known.rank);
            self.store.enqueue(known.host, target.rank(), known.id)?;
            self.hosts.add(known.host, target.rank());
        }
        Ok(())
    }

    /// True for a URL that came up a short while ago, and was not left out then: another link there is no news.
    pub(super) fn came_lately(&self, url: &Url) -> bool {
        self.recent.knows(&key(url), Recent::LINK)
    }

    /// Notes a URL that a rule is against, [`State::Outside`] or [`State::Skipped`]; true the first time, unless it is here for
    /// another reason.
    ///
    /// # Errors
    /// See [`Frontier::create`].
    pub(crate) fn leave_out(&mut self, target: &Target, state: State) -> io::Result<bool> {
        let key = key(&target.url);
        if self.recent.holds(&key, Recent::LEFT_OUT) {
            return Ok(false);
        }
        let host = self.host(&target.url)?;
        Ok(self.store.insert(&key, host, target, state)?.is_some())
    }

    /// The first link, by number, from the one behind `after` on, that was out of scope when it was met, on one of these hosts.
    pub(super) fn outside(&self, host: HostId, after: i64) -> io::Result<Option<Target>> {
        match self.store.outside(host, after)? {
            Some(id) => self.store.target(id),
            None => Ok(None),
        }
    }

    /// Numbers of those of these hosts that are known.
    pub(super) fn hosts_of(&self, hosts: &scope::Hosts) -> io::Result<Vec<HostId>> {
        self.store.hosts_of(hosts)
    }

    fn enqueue(&mut self, host: HostId, rank: Rank, level: u32, id: i64) -> io::Result<()> {
        self.store.enqueue(host, rank, id)?;
        self.hosts.add(host, rank);
        self.waiting += 1;
        if let Some(levels) = &mut self.levels {
            *levels.entry(level).or_default() += 1;
            self.hosts.unpark_host(host);
        }
        Ok(())
    }

    /// The next target of a host that may be asked now; the host is busy until [`Frontier::done`], the target unsettled until
    /// `settle` or [`Frontier::again`].
    ///
    /// # Errors
    /// See [`Frontier::create`].
    pub fn pop(&mut self, now: Instant) -> io::Result<Option<Target>> {
        while let Some((host, held)) = self.hosts.next(now) {
            let Some((rank, id)) = self.store.first(host)? else { return Ok(None) };
            if held && rank != Rank::ROBOTS || self.is_too_far(rank) {
                self.hosts.park(host);
                continue;
            }
            self.store.dequeue(host, rank, id)?;
            self.hosts.begin(host);
            self.hosts.remove(host, rank);
            self.waiting = self.waiting.saturating_sub(1);
            return self.store.target(id);
        }
        Ok(None)
    }

    /// Pages that others nearer to their seeds have still to come before.
    fn is_too_far(&self, rank: Rank) -> bool {
        let nearest = self.levels.as_ref().and_then(|levels| levels.keys().next());
        nearest.is_some_and(|level| rank > Rank::page(*level))
    }

    /// Takes a target that waits, by its URL: it has been served.
    ///
    /// # Errors
    /// See [`Frontier::create`].
    pub fn take(&mut self, url: &Url) -> io::Result<Option<Target>> {
        let Some(known) = self.store.find(&key(url))? else { return Ok(None) };
        if !self.store.dequeue(known.host, known.rank, known.id)? {
            return Ok(None);
        }
        self.hosts.remove(known.host, known.rank);
        self.waiting = self.waiting.saturating_sub(1);
        self.store.target(known.id)
    }

    /// The target with this URL that waits or was tried in vain, without taking it.
    ///
    /// # Errors
    /// See [`Frontier::create`].
    pub(super) fn peek(&self, url: &Url) -> io::Result<Option<Target>> {
        match self.store.find(&key(url))? {
            Some(known) if matches!(known.state, State::Waiting | State::Tried) => {
                self.store.target(known.id)
            }
            _ => Ok(None),
        }
    }

    /// The first target that was tried in vain, by number, from the one behind `after` on.
    pub(super) fn tried(&self, after: i64) -> io::Result<Option<Target>> {
        match self.store.tried(after)? {
            Some(id) => self.store.target(id),
            None => Ok(None),
        }
    }

    /// Puts back a target that was taken, or has never waited, though its URL has been here.
    ///
    /// # Errors
    /// See [`Frontier::create`].
    pub fn again(&mut self, target: &Target) -> io::Result<()> {
        let key = key(&target.url);
        let host = self.host(&target.url)?;
        let id = match self.store.insert(&key, host, target, State::Waiting)? {
            Some(id) => id,
            None => {
                let Some(known) = self.store.find(&key)? else { return Ok(()) };
                self.store.update(&key, &known, target, State::Waiting)?;
                if known.state == State::Waiting {
                    self.leave_level(target);
                }
                known.id
            }
        };
        self.enqueue(host, target.rank(), target.level, id)
    }

    /// A target that was taken has come to its end.
    ///
    /// # Errors
    /// See [`Frontier::create`].
    pub(crate) fn settle(&mut self, target: &Target, state: State) -> io::Result<()> {
        // One that is told again may have come to its end before.
        let counts = self.levels.is_some() && self.store.state(target.id)? == Some(State::Waiting);
        self.store.set_state(target.id, state)?;
        if counts {
            self.leave_level(target);
        }
        Ok(())
    }

    fn leave_level(&mut self, target: &Target) {
        let Some(levels) = &mut self.levels else { return };
        if let Some(left) = levels.get_mut(&target.level) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                levels.remove(&target.level);
                self.hosts.unpark();
            }
        }
    }

    /// True for a URL that waits or has been fetched, false for one that was left out.
    pub(super) fn has_taken(&self, url: &Url) -> io::Result<bool> {
        Ok(self.store.find(&key(url))?.is_some_and(|known| !known.state.is_left_out()))
    }

    /// True for a URL that has been here, whatever became of it.
    pub(super) fn has_come(&self, url: &Url) -> io::Result<bool> {
        Ok(self.store.find(&key(url))?.is_some())
    }

    /// Marks a URL as one that has been fetched.
    ///
    /// # Errors
    /// See [`Frontier::create`].
    pub fn pass(&mut self, url: &Url) -> io::Result<()> {
        let host = self.host(url)?;
        let target = Target::new(url.clone(), Role::Page);
        self.store.insert(&key(url), host, &target, State::Captured).map(drop)
    }

    /// The host of this URL may be asked again, from then on.
    ///
    /// # Errors
    /// See [`Frontier::create`].
    pub fn done(&mut self, url: &Url, at: Option<Instant>) -> io::Result<()> {
        let host = self.host(url)?;
        self.hosts.end(host, at);
        Ok(())
    }

    /// The host of this URL is not asked before then, not over another connection either.
    pub(super) fn rest(&mut self, url: &Url, until: Instant) -> io::Result<()> {
        let host = self.host(url)?;
        self.hosts.rest(host, until);
        Ok(())
    }

    /// Nothing but robots.txt is served of this URL's host until [`Frontier::release`].
    pub(super) fn hold(&mut self, url: &Url) -> io::Result<()> {
        let host = self.host(url)?;
        self.hosts.hold(host);
        Ok(())
    }

    pub(super) fn release(&mut self, url: &Url) -> io::Result<()> {
        let host = self.host(url)?;
        self.hosts.release(host);
        Ok(())
    }

    /// Whether pages are begun, or only what those need that are there.
    pub(super) fn allow_pages(&mut self, pages: bool) {
        self.hosts.allow_pages(pages);
    }

    /// When a host that must not be asked now may be.
    pub(super) fn wakes(&self) -> Option<Instant> {
        self.hosts.wakes()
    }

    /// Names of the hosts that are being asked, at most so many.
    pub(super) fn asked(&self, most: usize) -> io::Result<Vec<String>> {
        let names = self.hosts.busy().take(most).map(|id| self.store.host_name(id));
        names.filter_map(Result::transpose).collect()
    }

    /// Targets that wait.
    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Lets others see the state as it is now.
    pub(super) fn commit(&mut self) -> io::Result<()> {
        self.store.commit()
    }

    /// Lets other processes see the state, now and then.
    pub(super) fn breathe(&mut self) -> io::Result<()> {
        self.store.breathe()
    }

    pub(super) fn robots(&self, origin: &str) -> io::Result<Option<(Option<u16>, Vec<u8>)>> {
        self.store.robots(origin)
    }

    pub(super) fn set_robots(&mut self, origin: &str, status: Option<u16>, body: &[u8]) -> io::Result<()> {
        self.store.set_robots(origin, status, body)
    }

    /// The first record with this payload.
    pub(super) fn payload(&self, digest: &str) -> io::Result<Option<Referent>> {
        self.store.payload(digest)
    }

    pub(super) fn set_payload(&mut self, digest: &str, referent: &Referent) -> io::Result<()> {
        self.store.set_payload(digest, referent)
    }

    /// How many of a kind were counted.
    pub(super) fn spent(&self, kind: &str) -> io::Result<u64> {
        self.store.spent(&hash(kind))
    }

    /// Counts one more of a kind, and gives how many there are.
    pub(super) fn spend(&mut self, kind: &str) -> io::Result<u64> {
        self.store.spend(&hash(kind))
    }

    fn host(&mut self, url: &Url) -> io::Result<HostId> {
        let name = authority(url);
        if let Some(id) = self.names.get(name) {
            return Ok(*id);
        }
        let id = self.store.host(name)?;
        if self.names.len() >= NAMES {
            self.names.clear();
        }
        self.names.insert(name.to_owned(), id);
        Ok(id)
    }
}

/// By SHA-256: nobody can make two URLs that pass for one.
fn hash(text: &str) -> Key {
    let mut key = Key::default();
    key.iter_mut().zip(Sha256::digest(text.as_bytes())).for_each(|(to, from)| *to = from);
    key
}

fn key(url: &Url) -> Key {
    match url.fragment() {
        None => hash(&identity(url)),
        Some(_) => Url::parse(&url[..Position::AfterQuery])
            .map_or_else(|_| hash(url.as_str()), |url| hash(&identity(&url))),
    }
}
