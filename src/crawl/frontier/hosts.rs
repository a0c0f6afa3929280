//! Whose turn it is: hosts with something waiting, the biggest first, each no sooner than its manners allow.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Instant;

/// Number of a host.
pub(super) type HostId = u32;

/// The order in which a host's targets are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(pub(super) u32);

impl Rank {
    /// Rules come before anything else.
    pub(super) const ROBOTS: Self = Self(0);
    /// What a page that is there needs comes before the next page, so that pages become whole.
    pub(super) const NEEDED: Self = Self(1);

    /// Pages, those nearer to their seed first.
    pub(super) fn page(level: u32) -> Self {
        Self(level.saturating_add(2))
    }

    fn class(self) -> usize {
        self.0.min(2) as usize
    }
}

/// What may be served now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Hosts with targets in flight at the same time.
    pub(super) hosts: usize,
    /// Targets of one host in flight at the same time.
    pub(super) per_host: u32,
    /// Whether new pages are begun.
    pub(super) pages: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Out,
    Ready(Reverse<u32>, u64),
    Asleep(Instant),
}

#[derive(Debug, Default)]
struct Slot {
    /// Waiting targets: robots.txt, needed, pages.
    waiting: [u32; 3],
    busy: u32,
    /// Rules that are not known yet: until then nothing but they is served.
    held: u32,
    ready_at: Option<Instant>,
    /// Its pages are farther than the run has come.
    parked: bool,
    place: Place,
}

/// All hosts that have come up. A host takes some hundred bytes.
#[derive(Debug)]
pub(super) struct Hosts {
    slots: Vec<Slot>,
    ready: BTreeSet<(Reverse<u32>, u64, HostId)>,
    asleep: BTreeSet<(Instant, HostId)>,
    parked: Vec<HostId>,
    /// Those with a target in flight.
    busy: BTreeSet<HostId>,
    turn: u64,
    pub(super) limits: Limits,
}

impl Hosts {
    pub(super) fn new(limits: Limits) -> Self {
        let (ready, asleep) = (BTreeSet::new(), BTreeSet::new());
        Self { slots: Vec::new(), ready, asleep, parked: Vec::new(), busy: BTreeSet::new(), turn: 0, limits }
    }

    pub(super) fn add(&mut self, host: HostId, rank: Rank) {
        self.change(host, |slot| {
            if let Some(waiting) = slot.waiting.get_mut(rank.class()) {
                *waiting += 1;
            }
        });
    }

    pub(super) fn remove(&mut self, host: HostId, rank: Rank) {
        self.change(host, |slot| {
            if let Some(waiting) = slot.waiting.get_mut(rank.class()) {
                *waiting = waiting.saturating_sub(1);
            }
        });
    }

    /// The host's rules are to be had first.
    pub(super) fn hold(&mut self, host: HostId) {
        self.change(host, |slot| slot.held += 1);
    }

    pub(super) fn release(&mut self, host: HostId) {
        self.change(host, |slot| slot.held = slot.held.saturating_sub(1));
    }

    /// The host whose turn it is, and whether only its rules may be served.
    pub(super) fn next(&mut self, now: Instant) -> Option<(HostId, bool)> {
        while let Some((at, host)) = self.asleep.first().copied().filter(|(at, _)| *at <= now) {
            self.asleep.remove(&(at, host));
            self.change(host, |slot| (slot.place, slot.ready_at) = (Place::Out, None));
        }
        let host = if self.busy.len() < self.limits.hosts {
            self.ready.first().map(|(_, _, host)| *host)?
        } else {
            self.next_of_the_busy()?
        };
        Some((host, self.slots.get(host as usize)?.held > 0))
    }

    /// Among those that are being asked already.
    fn next_of_the_busy(&self) -> Option<HostId> {
        let place = |host: &HostId| match self.slots.get(*host as usize)?.place {
            Place::Ready(size, turn) => Some((size, turn, *host)),
            _ => None,
        };
        self.busy.iter().filter_map(place).min().map(|(_, _, host)| host)
    }

    /// One of its targets is in flight.
    pub(super) fn begin(&mut self, host: HostId) {
        self.turn += 1;
        self.busy.insert(host);
        self.change(host, |slot| slot.busy += 1);
    }

    /// It is asked for nothing more before `until`.
    pub(super) fn rest(&mut self, host: HostId, until: Instant) {
        self.change(host, |slot| slot.ready_at = slot.ready_at.max(Some(until)));
    }

    /// One of its targets has landed; it may be asked again from `at` on.
    pub(super) fn end(&mut self, host: HostId, at: Option<Instant>) {
        self.change(host, |slot| {
            slot.busy = slot.busy.saturating_sub(1);
            slot.ready_at = slot.ready_at.max(at);
        });
        if self.slots.get(host as usize).is_some_and(|slot| slot.busy == 0) {
            self.busy.remove(&host);
        }
    }

    /// What it has waiting is farther than the run has come.
    pub(super) fn park(&mut self, host: HostId) {
        self.parked.push(host);
        self.change(host, |slot| slot.parked = true);
    }

    /// Something nearer has come up.
    pub(super) fn unpark_host(&mut self, host: HostId) {
        self.change(host, |slot| slot.parked = false);
    }

    pub(super) fn unpark(&mut self) {
        for host in std::mem::take(&mut self.parked) {
            self.change(host, |slot| slot.parked = false);
        }
    }

    /// From now on no page is begun, or pages are again.
    pub(super) fn allow_pages(&mut self, pages: bool) {
        if self.limits.pages != pages {
            self.limits.pages = pages;
            (0..self.slots.len()).for_each(|host| self.change(host as HostId, |_| ()));
        }
    }

    /// When the next host that sleeps wakes.
    pub(super) fn wakes(&self) -> Option<Instant> {
        self.asleep.first().map(|(at, _)| *at)
    }

    /// Hosts with a target in flight.
    pub(super) fn busy(&self) -> impl Iterator<Item = HostId> + '_ {
        self.busy.iter().copied()
    }

    fn change(&mut self, host: HostId, change: impl FnOnce(&mut Slot)) {
        let at = host as usize;
        if self.slots.len() <= at {
            self.slots.resize_with(at + 1, Slot::default);
        }
        let Some(slot) = self.slots.get_mut(at) else { return };
        let before = slot.place;
        change(slot);
        let place = slot.wants(self.limits, before, self.turn);
        if place == before && slot.place == before {
            return;
        }
        slot.place = place;
        match before {
            Place::Ready(size, turn) => drop(self.ready.remove(&(size, turn, host))),
            Place::Asleep(at) => drop(self.asleep.remove(&(at, host))),
            Place::Out => {}
        }
        match place {
            Place::Ready(size, turn) => drop(self.ready.insert((size, turn, host))),
            Place::Asleep(at) => drop(self.asleep.insert((at, host))),
            Place::Out => {}
        }
    }
}

impl Slot {
    fn wants(&self, limits: Limits, before: Place, turn: u64) -> Place {
        if !self.is_servable(limits) {
            return Place::Out;
        }
        if let Some(at) = self.ready_at {
            return Place::Asleep(at);
        }
        // Hosts of one size take turns; a size is a power of two, so that a host keeps its place for long.
        let size = Reverse(u32::BITS - self.waiting.iter().sum::<u32>().leading_zeros());
        match before {
            Place::Ready(old, turn) if old == size => Place::Ready(old, turn),
            _ => Place::Ready(size, turn),
        }
    }

    fn is_servable(&self, limits: Limits) -> bool {
        let [robots, needed, pages] = self.waiting;
        let pages = pages > 0 && limits.pages && !self.parked;
        let others = self.held == 0 && (needed > 0 || pages);
        self.busy < limits.per_host && (robots > 0 || others)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::time::Duration;

    fn hosts() -> Hosts {
        Hosts::new(Limits { hosts: 8, per_host: 1, pages: true })
    }

    fn next(hosts: &mut Hosts) -> Option<HostId> {
        hosts.next(Instant::now()).map(|(host, _)| host)
    }

    #[test]
    fn the_biggest_is_first_and_equals_take_turns() {
        let mut hosts = hosts();
        hosts.limits.per_host = 9;
        for host in [0, 1, 1, 1, 1, 1, 2] {
            hosts.add(host, Rank::page(0));
        }
        assert_eq!(next(&mut hosts), Some(1));
        for host in [1, 1, 1, 1] {
            hosts.begin(host);
            hosts.remove(host, Rank::page(0));
        }
        let first = next(&mut hosts).unwrap();
        hosts.begin(first);
        hosts.remove(first, Rank::page(0));
        assert_ne!(next(&mut hosts).unwrap(), first);
    }

    #[test]
    fn a_host_sleeps_as_long_as_it_must_and_has_no_more_in_flight_than_it_may() {
        let (mut hosts, now) = (hosts(), Instant::now());
        hosts.add(0, Rank::page(0));
        hosts.add(0, Rank::page(0));
        hosts.begin(0);
        assert_eq!(hosts.next(now), None);
        let later = now + Duration::from_secs(5);
        hosts.end(0, Some(later));
        assert_eq!((hosts.next(now), hosts.wakes()), (None, Some(later)));
        assert_eq!(hosts.next(later), Some((0, false)));
    }

    #[test]
    fn rules_come_first_and_pages_wait_for_them() {
        let mut hosts = hosts();
        hosts.limits.per_host = 2;
        hosts.hold(0);
        hosts.add(0, Rank::page(0));
        assert_eq!(next(&mut hosts), None);
        hosts.add(0, Rank::ROBOTS);
        assert_eq!(hosts.next(Instant::now()), Some((0, true)));
        hosts.begin(0);
        hosts.remove(0, Rank::ROBOTS);
        assert_eq!(next(&mut hosts), None, "not even over a second connection");
        hosts.end(0, None);
        hosts.release(0);
        assert_eq!(hosts.next(Instant::now()), Some((0, false)));
    }

    #[test]
    fn where_no_page_is_begun_what_is_needed_still_is() {
        let mut hosts = hosts();
        hosts.add(0, Rank::page(3));
        hosts.allow_pages(false);
        assert_eq!(next(&mut hosts), None);
        hosts.add(0, Rank::NEEDED);
        assert_eq!(next(&mut hosts), Some(0));
        hosts.remove(0, Rank::NEEDED);
        hosts.allow_pages(true);
        hosts.park(0);
        assert_eq!(next(&mut hosts), None);
        hosts.unpark();
        assert_eq!(next(&mut hosts), Some(0));
    }
}
