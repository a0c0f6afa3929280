//! A URL and why it is fetched, as it stands in the frontier.

use super::hosts::Rank;
use url::Url;

/// Why a URL is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// The user named it, a link in scope leads to it, or a redirect does from one of these.
    #[default]
    Page = 0,
    /// A page, or one of its styles, needs it.
    Requisite = 1,
    /// A host's robots.txt.
    Robots = 2,
    /// A list of links, for machines.
    Sitemap = 3,
}

impl Role {
    pub(super) fn of(number: u8) -> Self {
        numbered(&[Self::Page, Self::Requisite, Self::Robots, Self::Sitemap], number)
    }
}

/// A URL to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its number in the frontier, from 1; 0 where it has not been there.
    pub id: i64,
    /// The URL, without fragment.
    pub url: Url,
    /// Why.
    pub role: Role,
    /// It was named, or a page is not whole without it: robots.txt is not asked.
    pub needed: bool,
    /// The URL that led here.
    pub via: Option<Url>,
    /// That URL's number in the frontier.
    pub via_id: i64,
    /// The number of the seed that it is for.
    pub seed: usize,
    /// The URLs whose redirects led here, first to last.
    pub chain: Vec<Url>,
    /// Steps from the page through its requisites: 0 for the page, 1 for its style, 2 for what that imports.
    pub depth: u32,
    /// Links from the seed to its page.
    pub level: u32,
    /// What links in a row from one URL to another of the same shape have used up of a series.
    pub run: u32,
    /// How often it was answered with "not now".
    pub tries: u32,
}

impl Target {
    /// One that nothing led to.
    pub fn new(url: Url, role: Role) -> Self {
        Self {
            id: 0,
            url,
            role,
            needed: true,
            via: None,
            via_id: 0,
            seed: 0,
            chain: Vec::new(),
            depth: 0,
            level: 0,
            run: 0,
            tries: 0,
        }
    }

    /// One that this one leads to, for the same seed.
    pub(in crate::crawl) fn to(&self, url: Url, role: Role) -> Self {
        Self {
            via: Some(self.url.clone()),
            via_id: self.id,
            seed: self.seed,
            level: self.level,
            run: self.run,
            ..Self::new(url, role)
        }
    }

    /// The way from its seed in Heritrix's letters: L a link, E what is embedded, R a redirect, P what must be had first, M a
    /// list for machines.
    pub(crate) fn hops(&self) -> String {
        let last = match self.role {
            Role::Robots => "P",
            Role::Sitemap => "M",
            _ => "",
        };
        let embeds = if self.role == Role::Sitemap { 0 } else { self.depth as usize };
        "L".repeat(self.level as usize) + &"E".repeat(embeds) + last + &"R".repeat(self.chain.len())
    }

    pub(super) fn rank(&self) -> Rank {
        rank(self.role, self.needed, self.level)
    }
}

pub(super) fn rank(role: Role, needed: bool, level: u32) -> Rank {
    match (role, needed) {
        (Role::Robots, _) => Rank::ROBOTS,
        (Role::Page, _) if level == 0 => Rank::page(0),
        (Role::Page, false) => Rank::page(level),
        _ => Rank::NEEDED,
    }
}

/// What became of a URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// It waits, or is in flight.
    #[default]
    Waiting = 0,
    /// There is a response.
    Captured = 1,
    /// It gave nothing.
    Failed = 2,
    /// A rule was against it.
    Skipped = 3,
    /// An earlier run tried it in vain: it is to be tried again.
    Tried = 4,
    /// It was out of scope, which may widen.
    Outside = 5,
}

impl State {
    pub(super) fn of(number: u8) -> Self {
        let all = [Self::Waiting, Self::Captured, Self::Failed, Self::Skipped, Self::Tried, Self::Outside];
        numbered(&all, number)
    }

    /// Whether a rule was against it.
    pub(super) fn is_left_out(self) -> bool {
        matches!(self, Self::Skipped | Self::Outside)
    }
}

/// What a number in the frontier's file stands for.
fn numbered<T: Copy + Default>(all: &[T], number: u8) -> T {
    all.get(usize::from(number)).copied().unwrap_or_default()
}
