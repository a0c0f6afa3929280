//! The writer: what became of each request, one after the other, by the crawler's ledger.

use super::Ran;
use crate::crawl::{Archive, Capture, Error, Event, Role, Summary, Target};
use crate::crawl::{Asked as Wanted, Captured, Ledger, discover};
use crate::wire::{DigestForm, Exchange, Failure};
use crate::world::millis;
use std::collections::HashSet;
use tokio::sync::mpsc;
use url::Url;

/// What became of a request.
pub(super) enum Fate {
    /// An exchange, and whether the client asked for a page to be shown.
    Exchanged(Box<Exchange>, Asked),
    /// Nothing came.
    Failed(Url, Box<Failure>),
    /// Bytes that are not HTTP went through.
    Passed(Url, String),
    /// Nothing to record, but somebody may want to know.
    Told(String, String),
}

/// What the client says a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A page, at the top of a window (`Sec-Fetch-Dest: document`, `Sec-Fetch-Mode: navigate`).
    Page,
    /// Something else, a page in a frame among it.
    Other,
    /// It does not say.
    Unsaid,
}

/// Writes until all who could send are gone.
pub(super) fn keep(
    mut archive: Archive,
    mut fates: mpsc::Receiver<Fate>,
    mut on_event: impl FnMut(Event<'_>),
) -> Ran {
    let mut book = Book {
        ledger: Ledger::new(&mut archive, HashSet::new(), DigestForm::default()),
        bytes: 0,
        on_event: &mut on_event,
    };
    let mut outcome = Ok(());
    while let Some(fate) = fates.blocking_recv() {
        outcome = book.write(fate, fates.len());
        if outcome.is_err() {
            break;
        }
    }
    let (counts, bytes) = (book.ledger.counts(), book.bytes);
    let outcome = outcome.map(|()| Summary { counts, bytes, ..Summary::default() });
    Ran { archive, outcome }
}

struct Book<'a> {
    ledger: Ledger<'a>,
    bytes: u64,
    on_event: &'a mut dyn FnMut(Event<'_>),
}

impl Book<'_> {
    fn write(&mut self, fate: Fate, waiting: usize) -> Result<(), Error> {
        match fate {
            Fate::Exchanged(exchange, asked) => self.exchange(&exchange, asked, waiting),
            Fate::Failed(url, failure) => self.failure(url, &failure),
            Fate::Passed(url, words) => self.ledger.skip(url.as_str(), &words),
            Fate::Told(url, error) => {
                self.tell_failure(&url, "client", &error);
                Ok(())
            }
        }
    }

    fn exchange(&mut self, exchange: &Exchange, asked: Asked, waiting: usize) -> Result<(), Error> {
        let is_page = is_page(exchange, asked);
        let role = if is_page { Role::Page } else { Role::Requisite };
        let target = Target::new(exchange.url.clone(), role);
        let response = self.ledger.exchange(&target, exchange, None, false)?;
        self.bytes += exchange.response.len();
        if is_page {
            let (block, identified) = (exchange.response.reader(), exchange.identified_type);
            let found = discover(&exchange.url, identified, block, Wanted::Links)
                .map_err(Error::at(&self.ledger.workroom()))?;
            let captured = Captured { record: response.clone(), date: millis(exchange.started) };
            self.ledger.page(&exchange.url, found.title.as_deref(), &captured)?;
        }
        self.tell(exchange, role, &response, waiting);
        Ok(())
    }

    fn failure(&mut self, url: Url, failure: &Failure) -> Result<(), Error> {
        if let Some(kind) = failure.storage {
            let path = self.ledger.workroom();
            return Err(Error::Io { path, source: std::io::Error::new(kind, failure.error.clone()) });
        }
        let target = Target::new(url, Role::Page);
        self.ledger.failure(&target, failure, None)?;
        self.tell_failure(target.url.as_str(), failure.stage.as_str(), &failure.error);
        Ok(())
    }

    fn tell(&mut self, exchange: &Exchange, role: Role, record: &str, waiting: usize) {
        let head = exchange.head.as_ref();
        (self.on_event)(Event::Captured(Capture {
            url: exchange.url.as_str(),
            status: head.and_then(|head| head.status),
            bytes: exchange.response.len(),
            role,
            waiting: waiting as u64,
            truncated: exchange.truncated.map(|why| why.as_str()),
            revisit: false,
            mime: head.and_then(|head| head.fields.text("Content-Type")).as_deref(),
            digest: &exchange.payload.labelled(DigestForm::Sha256),
            record,
            date: &millis(exchange.started),
            elapsed_ms: exchange.elapsed_ms,
            via: None,
            seed: None,
            hops: "",
        }));
    }

    fn tell_failure(&mut self, url: &str, stage: &str, error: &str) {
        (self.on_event)(Event::Failed { url, stage, error, role: Role::Page, via: None, hops: "" });
    }
}

/// By what the client said it wants; of one that does not say, every page that is there.
fn is_page(exchange: &Exchange, asked: Asked) -> bool {
    let Some(head) = &exchange.head else { return false };
    let declared = head.fields.text("Content-Type").unwrap_or_default().to_ascii_lowercase();
    let media = declared.split(';').next().unwrap_or_default().trim();
    let is_html = matches!(media, "text/html" | "application/xhtml+xml")
        || media.is_empty() && exchange.identified_type == Some("text/html");
    let status = head.status.unwrap_or_default();
    let fits = match asked {
        Asked::Page => !(300..400).contains(&status),
        Asked::Unsaid => status == 200 && exchange.method == "GET",
        Asked::Other => false,
    };
    is_html && fits && exchange.payload_len > 0
}
