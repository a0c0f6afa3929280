//! What a plan does about hosts' rules: they are asked for before the first page, and hold for each host on the way to them.

use super::Plan;
use crate::crawl::discover::{Document, Found};
use crate::crawl::frontier::Pushed;
use crate::crawl::{Role, Target};
use std::io;
use url::Url;

impl Plan {
    /// True where hosts are asked for their rules.
    pub(super) fn asks_robots(&self) -> bool {
        self.rules.scope.follows() && self.book.obeys()
    }

    /// True for a URL where a host's rules are asked for.
    pub(super) fn is_of_rules(&self, url: &Url) -> bool {
        self.asks_robots() && is_robots(url)
    }

    /// A page's host is asked for its rules first, once.
    pub(super) fn want_robots(&mut self, page: &Target) -> io::Result<()> {
        let Ok(url) = page.url.join("/robots.txt") else { return Ok(()) };
        let robots = match page.url == url {
            true => Target { role: Role::Robots, needed: true, ..page.clone() },
            false => page.to(url.clone(), Role::Robots),
        };
        if self.frontier.push(&robots)? == Pushed::New {
            self.frontier.hold(&url)?;
        }
        Ok(())
    }

    /// The pause that its host asks for in robots.txt.
    pub(in crate::crawl) fn delay(&mut self, url: &Url) -> io::Result<Option<std::time::Duration>> {
        if self.asks_robots() { self.book.delay(&self.frontier, url) } else { Ok(None) }
    }

    /// What a target may say about hosts is not known, or not any more.
    pub(in crate::crawl) fn hold_for(&mut self, target: &Target) -> io::Result<()> {
        self.hosts_of(target).iter().try_for_each(|url| self.frontier.hold(url))
    }

    /// True where a host's rules were asked for, and could not be had.
    pub(in crate::crawl) fn awaits_robots(&mut self, url: &Url) -> io::Result<bool> {
        self.book.is_closed(&self.frontier, url)
    }

    /// True for a target that was to give a host's rules, and gave nothing that tells of them.
    pub(in crate::crawl) fn is_without_rules(&mut self, target: &Target) -> io::Result<bool> {
        Ok(target.role == Role::Robots && self.awaits_robots(origin_of_robots(target))?)
    }

    /// A host's rules are those of another host, which were asked for by themselves.
    pub(super) fn share_robots(&mut self, target: &Target, to: &Url) -> io::Result<()> {
        if target.role != Role::Robots {
            return Ok(());
        }
        if !is_robots(to) || self.hosts_of(target).contains(to) {
            // No rules, or a circle.
            return self.end_of_robots(target, Some(404), &[]);
        }
        self.led.entry(to.clone()).or_default().extend(rules_of(target).cloned());
        match self.book.response(&self.frontier, to)? {
            Some((status, body)) => self.end_of_robots(target, status, &body),
            None => Ok(()),
        }
    }

    /// Where robots.txt is not there, some sites lead to a page, which is one all the same.
    pub(super) fn is_page_too(&self, target: &Target, found: &Found) -> bool {
        found.document == Document::Page
            && self.rules.territory.holds(&target.url)
            && self.rules.against(&target.url, target.level).is_none()
    }

    /// The lists of links that a host's rules name are fetched.
    pub(super) fn sitemaps_of_robots(&mut self, target: &Target) -> io::Result<()> {
        if target.role != Role::Robots {
            return Ok(());
        }
        let urls = self.book.sitemaps(&self.frontier, origin_of_robots(target))?;
        self.read_sitemaps(target, urls)
    }

    /// What a host allows is known now, or that it does not say: as RFC 9309 §2.3.1 reads the status.
    pub(super) fn end_of_robots(
        &mut self,
        target: &Target,
        status: Option<u16>,
        body: &[u8],
    ) -> io::Result<()> {
        if target.role != Role::Robots {
            return Ok(());
        }
        for url in self.hosts_of(target) {
            self.book.learn(&mut self.frontier, &url, status, body)?;
            self.frontier.release(&url)?;
        }
        Ok(())
    }

    /// The hosts that a target tells of, by their robots.txt: those on the way to it, and those that were led to these.
    fn hosts_of(&self, target: &Target) -> Vec<Url> {
        let mut hosts: Vec<Url> = rules_of(target).cloned().collect();
        let mut at = 0;
        while let Some(led) = hosts.get(at).map(|url| self.led.get(url)) {
            let new: Vec<Url> =
                led.into_iter().flatten().filter(|url| !hosts.contains(url)).cloned().collect();
            hosts.extend(new);
            at += 1;
        }
        hosts
    }

    /// The seed that is a host's robots.txt itself.
    pub(super) fn seed_of_robots(&self, target: &Target) -> Option<usize> {
        let is_robots = target.role == Role::Robots;
        is_robots.then(|| self.first.get(origin_of_robots(target)).copied()).flatten()
    }
}

/// The URL that a host's rules were asked for at, before any redirect.
fn origin_of_robots(target: &Target) -> &Url {
    rules_of(target).next().unwrap_or(&target.url)
}

/// The URLs at which hosts' rules were asked for on the way to a target; each host learns of what was found.
fn rules_of(target: &Target) -> impl Iterator<Item = &Url> {
    let is_robots = target.role == Role::Robots;
    let urls = target.chain.iter().chain([&target.url]);
    urls.filter(move |url| is_robots && self::is_robots(url))
}

/// Where a host has its rules (RFC 9309 §2.3).
pub(in crate::crawl) fn is_robots(url: &Url) -> bool {
    url.path() == "/robots.txt" && url.query().is_none()
}
