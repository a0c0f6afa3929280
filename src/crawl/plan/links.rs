//! Which links are followed: those in scope that no rule is against and that do not look as if they led on for ever.

use super::{Fate, Plan, skipped};
use crate::crawl::frontier::State;
use crate::crawl::scope::{Hosts, OUT_OF_SCOPE};
use crate::crawl::session::bare;
use crate::crawl::traps::{ECHO, below};
use crate::crawl::{Role, Target};
use std::io;
use url::Url;

impl Plan {
    /// Links that were out of scope when they were met, and are in it now.
    pub(super) fn take_up(&mut self, mut widened: Vec<Hosts>, fates: &mut Vec<Fate>) -> io::Result<()> {
        widened.sort();
        widened.dedup();
        for hosts in widened {
            for host in self.frontier.hosts_of(&hosts)? {
                let mut after = 0;
                while let Some(target) = self.frontier.outside(host, after)? {
                    after = target.id;
                    if self.rules.territory.holds(&target.url) {
                        self.link_to(&target, fates)?;
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn link(&mut self, target: &Target, links: Vec<Url>, fates: &mut Vec<Fate>) -> io::Result<()> {
        let links: Vec<Url> = links.into_iter().map(bare).collect();
        let echo = self.book.echo(&mut self.frontier, &target.url, &links)?;
        let leads_elsewhere = target.run > 0 && self.leads_elsewhere(target, &links)?;
        for url in links {
            if self.frontier.came_lately(&url) {
                continue;
            }
            let run = self.book.run(target, &url, leads_elsewhere);
            let level = target.level + 1;
            let is_echo = echo && below(&target.url, &url).is_some();
            let next = Target { level, run, needed: false, ..target.to(url, Role::Page) };
            match is_echo && self.rules.territory.holds(&next.url) {
                true => self.skip(&next, ECHO, fates)?,
                false => self.link_to(&next, fates)?,
            }
        }
        Ok(())
    }

    /// Whether a page of a series leads to anything new besides more of it.
    fn leads_elsewhere(&self, target: &Target, links: &[Url]) -> io::Result<bool> {
        for url in links.iter().filter(|url| self.rules.territory.holds(url)) {
            if !self.book.is_alike(&target.url, url) && !self.frontier.has_come(url)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Follows a link, or leaves it out.
    fn link_to(&mut self, next: &Target, fates: &mut Vec<Fate>) -> io::Result<()> {
        if !self.rules.territory.holds(&next.url) {
            return self.leave(next, State::Outside, OUT_OF_SCOPE, fates);
        }
        let against = match self.rules.against(&next.url, next.level) {
            Some(reason) => Some(reason),
            None => self.book.is_trap(&mut self.frontier, next)?,
        };
        match against {
            Some(reason) if next.id > 0 => {
                // It was out of scope when it was met, and is left out for another reason now.
                self.frontier.settle(next, State::Skipped)?;
                fates.push(skipped(&next.url, &reason));
                Ok(())
            }
            Some(reason) => self.skip(next, &reason, fates),
            None => self.push(next).map(drop),
        }
    }

    pub(super) fn skip(&mut self, target: &Target, reason: &str, fates: &mut Vec<Fate>) -> io::Result<()> {
        self.leave(target, State::Skipped, reason, fates)
    }

    /// Each URL that is left out is told of once.
    fn leave(
        &mut self,
        target: &Target,
        state: State,
        reason: &str,
        fates: &mut Vec<Fate>,
    ) -> io::Result<()> {
        if self.frontier.leave_out(target, state)? {
            fates.push(skipped(&target.url, reason));
        }
        Ok(())
    }
}
