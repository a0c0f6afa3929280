//! Captures and the requests that they answer, which stand near each other in either order.

use super::request::Asked;
use crate::cdxj::Entry;
use crate::surt;
use crate::warc::{Head, bare_uri};
use std::collections::VecDeque;

/// Records of each kind that wait for their partner; whoever waits longer goes on without.
const WAITING: usize = 16;
/// WARC-Concurrent-To values that are looked at.
const PARTNERS: usize = 16;

/// What ties a record to others.
#[derive(Clone, Debug)]
pub(super) struct Link {
    id: Option<String>,
    concurrent: Vec<String>,
    url: String,
    position: u64,
}

impl Link {
    pub(super) fn new(head: &Head, position: u64) -> Self {
        let concurrent = head.fields.all("WARC-Concurrent-To").take(PARTNERS);
        Self {
            id: head.id().map(str::to_owned),
            concurrent: concurrent.map(|id| bare_uri(id).to_owned()).collect(),
            url: head.target_uri().unwrap_or_default().to_owned(),
            position,
        }
    }

    /// Partners name each other; where neither names anyone, neighbours with one URL are partners.
    fn fits(&self, other: &Self) -> bool {
        let nameless = self.concurrent.is_empty() && other.concurrent.is_empty();
        let named = self.names(other) || other.names(self);
        self.url == other.url && (named || nameless && self.position.abs_diff(other.position) == 1)
    }

    fn names(&self, other: &Self) -> bool {
        other.id.as_ref().is_some_and(|id| self.concurrent.contains(id))
    }
}

/// Those that wait.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    captures: VecDeque<(Link, Entry)>,
    requests: VecDeque<(Link, Asked)>,
}

impl Pairs {
    /// Takes in a capture; gives what need not wait any longer.
    pub(super) fn capture(&mut self, link: Link, entry: Entry) -> Option<Entry> {
        if let Some(at) = self.requests.iter().position(|(other, _)| other.fits(&link)) {
            let (_, asked) = self.requests.remove(at)?;
            return Some(keyed(entry, asked));
        }
        self.captures.push_back((link, entry));
        (self.captures.len() > WAITING).then(|| self.captures.pop_front()).flatten().map(|(_, entry)| entry)
    }

    /// Takes in a request; gives the capture that answered it, if it is here.
    pub(super) fn request(&mut self, link: Link, asked: Asked) -> Option<Entry> {
        if let Some(at) = self.captures.iter().position(|(other, _)| other.fits(&link)) {
            let (_, entry) = self.captures.remove(at)?;
            return Some(keyed(entry, asked));
        }
        self.requests.push_back((link, asked));
        if self.requests.len() > WAITING {
            self.requests.pop_front();
        }
        None
    }

    /// The captures that no request came for.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Entry> {
        self.captures.drain(..).map(|(_, entry)| entry)
    }
}

/// The key of a capture whose request had a body.
fn keyed(mut entry: Entry, asked: Asked) -> Entry {
    let Some(body) = asked.body else { return entry };
    let separator = if entry.url.contains('?') { '&' } else { '?' };
    let mut url = format!("{}{separator}__wb_method={}", entry.url, asked.method);
    if !body.is_empty() {
        url.push('&');
        url.push_str(&body);
    }
    entry.surt = surt::key(&url);
    entry.request_body = Some(body);
    entry.method = Some(asked.method);
    entry
}
