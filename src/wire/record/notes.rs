//! What a capture's metadata record tells, line by line.

use super::Origin;
use crate::wire::facts::{Attempt, Connection, Lookup, Tls, Verdict};
use url::Url;

/// What was read in a payload that is not stored again: a run that is taken up again needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageNotes {
    /// The page's title.
    pub title: Option<String>,
    /// Each URL it leads to, with Heritrix's letter for the hop: `L` for a link, `E` for what it embeds.
    pub outlinks: Vec<(Url, char)>,
}

impl PageNotes {
    /// Those in a block of `application/warc-fields`.
    pub fn read(block: &[u8]) -> Self {
        let mut notes = Self::default();
        for line in String::from_utf8_lossy(block).lines() {
            match line.split_once(": ") {
                Some(("title", title)) => notes.title = Some(title.to_owned()),
                Some(("outlink", link)) => notes.outlinks.extend(read_outlink(link)),
                _ => {}
            }
        }
        notes
    }

    /// Bytes that the lines take, nearly.
    pub fn len(&self) -> usize {
        let title = self.title.as_ref().map_or(0, |title| title.len() + 10);
        title + self.outlinks.iter().map(|(url, _)| url.as_str().len() + 28).sum::<usize>()
    }

    /// True where there is nothing to be noted.
    pub fn is_empty(&self) -> bool {
        self.title.is_none() && self.outlinks.is_empty()
    }
}

/// Lines of an `application/warc-fields` block.
#[derive(Default)]
pub(super) struct Notes(pub(super) Vec<u8>);

impl Notes {
    pub(super) fn add(&mut self, name: &str, value: &str) {
        // A line is a field: what breaks lines in a value becomes a space.
        let value: String = value.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
        self.0.extend_from_slice(format!("{name}: {}\r\n", value.trim()).as_bytes());
    }

    pub(super) fn origin(&mut self, origin: &Origin<'_>) {
        if let Some(via) = origin.via {
            self.add("via", via);
        }
        if let Some(hops) = origin.hops {
            self.add("hopsFromSeed", hops);
        }
    }

    pub(super) fn page(&mut self, page: &PageNotes) {
        if let Some(title) = &page.title {
            self.add("title", title);
        }
        for (url, hop) in &page.outlinks {
            self.add("outlink", &format!("{url} {hop} {}", link_context(*hop)));
        }
    }

    pub(super) fn attempts(&mut self, attempts: &[Attempt]) {
        for attempt in attempts {
            let reused = if attempt.reused { " over a kept connection" } else { "" };
            let (stage, error, ms) = (attempt.stage.as_str(), &attempt.error, attempt.elapsed_ms);
            self.add("attempt", &format!("{stage}{reused}, {ms} ms: {error}"));
        }
    }

    pub(super) fn lookup(&mut self, lookup: Option<&Lookup>) {
        if let Some(lookup) = lookup {
            let answers: Vec<String> = lookup.answers.iter().map(ToString::to_string).collect();
            self.add(if lookup.given { "givenAddresses" } else { "dnsAnswers" }, &answers.join(" "));
        }
    }

    pub(super) fn connection(&mut self, connection: &Connection) {
        self.lookup(connection.lookup.as_deref());
        self.add("peer", &connection.peer.to_string());
        if let Some(via) = &connection.via {
            self.add("proxy", &via.proxy);
        }
        if let Some(tls) = &connection.tls {
            self.tls(tls);
        }
    }

    pub(super) fn tls(&mut self, tls: &Tls) {
        let verdict = match &tls.verdict {
            Verdict::Unverified => "not verified",
            Verdict::Trusted => "trusted",
            Verdict::Refused(reason) => reason,
        };
        self.add("tlsVerdict", verdict);
        self.add("tlsRoots", &tls.roots);
        if !tls.kx_group.is_empty() {
            self.add("tlsGroup", &tls.kx_group);
        }
        for certificate in &tls.chain {
            self.add("tlsCertificate", &format!("sha256:{}", certificate.sha256));
        }
    }
}

fn read_outlink(link: &str) -> Option<(Url, char)> {
    let mut words = link.split(' ');
    let url = words.next().and_then(|url| Url::parse(url).ok())?;
    Some((url, words.next()?.chars().next()?))
}

/// Heritrix's words for a link whose place in the page is not told.
fn link_context(hop: char) -> &'static str {
    match hop {
        'L' => "=NAVLINK_MISC",
        'E' => "=EMBED_MISC",
        _ => "=MISC",
    }
}
