//! What is still to be fetched, each URL once, hosts side by side.

use std::collections::{HashMap, HashSet, VecDeque};
use url::{Position, Url};

/// Why a URL is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The user named it, or a redirect led from one that was named.
    Page,
    /// A page, or one of its styles, needs it.
    Requisite,
}

/// A URL to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The URL, without fragment.
    pub url: Url,
    /// Why.
    pub role: Role,
    /// The URL that led here.
    pub via: Option<Url>,
    /// The number of the seed that it is for.
    pub seed: usize,
    /// The URLs whose redirects led here, first to last.
    pub chain: Vec<Url>,
    /// Steps from the page through its requisites: 0 for the page, 1 for its style, 2 for what that imports.
    pub depth: u32,
}

/// Targets that wait, by host; and all that ever came.
#[derive(Debug, Default)]
pub struct Frontier {
    seen: HashSet<String>,
    queues: HashMap<String, VecDeque<Target>>,
    /// Hosts with something waiting, in the order to be served.
    order: VecDeque<String>,
    busy: HashSet<String>,
    waiting: usize,
}

impl Frontier {
    /// Adds a target, unless its URL has been here before.
    pub fn push(&mut self, target: Target) -> bool {
        if !self.seen.insert(target.url[..Position::AfterQuery].to_owned()) {
            return false;
        }
        let host = origin(&target.url);
        let queue = self.queues.entry(host.clone()).or_default();
        if queue.is_empty() && !self.busy.contains(&host) {
            self.order.push_back(host);
        }
        // Pages come before requisites that wait, so that a list of seeds is not held up by images.
        queue.push_back(target);
        self.waiting += 1;
        true
    }

    /// The next target of a host that is not busy; the host is busy until [`Frontier::done`].
    pub fn pop(&mut self) -> Option<Target> {
        let host = self.order.pop_front()?;
        let target = self.queues.get_mut(&host)?.pop_front()?;
        self.busy.insert(host);
        self.waiting -= 1;
        Some(target)
    }

    /// Takes a target that waits, by its URL: it has been served.
    pub fn take(&mut self, url: &Url) -> Option<Target> {
        let host = origin(url);
        let queue = self.queues.get_mut(&host)?;
        let wanted = &url[..Position::AfterQuery];
        let at = queue.iter().position(|target| &target.url[..Position::AfterQuery] == wanted)?;
        let target = queue.remove(at)?;
        self.waiting -= 1;
        if queue.is_empty() {
            self.queues.remove(&host);
            self.order.retain(|waiting| *waiting != host);
        }
        Some(target)
    }

    /// Puts back a target that was taken, or has never waited, though its URL has been here.
    pub fn again(&mut self, target: Target) {
        self.seen.remove(&target.url[..Position::AfterQuery]);
        self.push(target);
    }

    /// True for a URL that has been here.
    pub fn has_seen(&self, url: &Url) -> bool {
        self.seen.contains(&url[..Position::AfterQuery])
    }

    /// Marks a URL as one that has been here.
    pub fn pass(&mut self, url: &Url) {
        self.seen.insert(url[..Position::AfterQuery].to_owned());
    }

    /// The host of this URL may be asked again.
    pub fn done(&mut self, url: &Url) {
        let host = origin(url);
        self.busy.remove(&host);
        match self.queues.get(&host).map(VecDeque::is_empty) {
            Some(false) => self.order.push_back(host),
            Some(true) => {
                self.queues.remove(&host);
            }
            None => {}
        }
    }

    /// Targets that wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }
}

/// Politeness counts by host and port.
fn origin(url: &Url) -> String {
    url[Position::BeforeHost..Position::AfterPort].to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn target(url: &str) -> Target {
        let url = Url::parse(url).unwrap();
        Target { url, role: Role::Page, via: None, seed: 0, chain: Vec::new(), depth: 0 }
    }

    #[test]
    fn a_url_comes_once_whatever_its_fragment() {
        let mut frontier = Frontier::default();
        assert!(frontier.push(target("http://a/x#1")));
        assert!(!frontier.push(target("http://a/x#2")));
        assert!(frontier.push(target("http://a/x?")));
    }

    #[test]
    fn a_busy_host_waits_and_others_go_on() {
        let mut frontier = Frontier::default();
        for url in ["http://a/1", "http://a/2", "http://b/1"] {
            frontier.push(target(url));
        }
        let first = frontier.pop().unwrap();
        assert_eq!(first.url.as_str(), "http://a/1");
        assert_eq!(frontier.pop().unwrap().url.as_str(), "http://b/1");
        assert!(frontier.pop().is_none());
        assert_eq!(frontier.waiting(), 1);
        frontier.done(&first.url);
        assert_eq!(frontier.pop().unwrap().url.as_str(), "http://a/2");
    }

    #[test]
    fn what_comes_while_its_host_is_busy_is_served_afterwards() {
        let mut frontier = Frontier::default();
        frontier.push(target("http://a/1"));
        let first = frontier.pop().unwrap();
        frontier.push(target("http://a/2"));
        assert!(frontier.pop().is_none());
        frontier.done(&first.url);
        assert!(frontier.pop().is_some());
        assert!(frontier.pop().is_none());
    }

    #[test]
    fn what_is_taken_out_leaves_the_others_their_turn() {
        let mut frontier = Frontier::default();
        for url in ["http://a/1", "http://b/1", "http://b/2"] {
            frontier.push(target(url));
        }
        let one = frontier.take(&Url::parse("http://a/1#x").unwrap()).unwrap();
        assert!(frontier.take(&one.url).is_none() && !frontier.push(one.clone()));
        assert_eq!(frontier.pop().unwrap().url.as_str(), "http://b/1");
        assert!(frontier.pop().is_none(), "a host never has two");
        frontier.again(one);
        assert_eq!((frontier.pop().unwrap().url.as_str(), frontier.waiting()), ("http://a/1", 1));
    }
}
