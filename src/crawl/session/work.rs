//! What has landed, on its way to be written: read for links, hashed and compressed by other threads, and taken from here in
//! the order of landing.

use crate::crawl::discover::{Asked, Found, discover};
use crate::crawl::plan::is_robots;
use crate::crawl::prepare::{Planned, Prepared};
use crate::crawl::{Role, Target};
use crate::warc::WriteError;
use crate::wire::Exchange;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// What has landed and is not written, at most: captures, and bytes of them in memory.
const MOST_AHEAD: usize = 64;
const MOST_BYTES: u64 = 32 << 20;

/// An exchange that has landed.
pub(super) struct Landed {
    pub(super) target: Target,
    pub(super) exchange: Arc<Exchange>,
    /// Its answer asked for a login, and another try followed.
    pub(super) challenge: bool,
    /// Whether what it leads to is of any use.
    pub(super) reads: bool,
}

/// What is ready to be written.
pub(super) struct Work {
    pub(super) landed: Landed,
    /// Bytes of memory that it holds, about.
    held: u64,
    pub(super) done: Result<Done, Failed>,
}

/// What is to be written, and what follows from it.
pub(super) struct Done {
    pub(super) found: Found,
    pub(super) prepared: Prepared,
    /// Its payload is stored elsewhere.
    pub(super) revisit: bool,
}

/// Why it could not be made ready.
pub(super) enum Failed {
    /// The block could not be read back.
    Read(io::Error),
    Write(WriteError),
}

/// Everything that has landed and is not written.
pub(super) struct Works {
    waiting: VecDeque<JoinHandle<Option<Work>>>,
    /// Threads that prepare.
    hands: Arc<Semaphore>,
    held: u64,
}

impl Works {
    pub(super) fn new(threads: usize) -> Self {
        Self { waiting: VecDeque::new(), hands: Arc::new(Semaphore::new(threads)), held: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Nothing more should land before some of it is written.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= MOST_AHEAD || self.held >= MOST_BYTES
    }

    /// Has an exchange prepared.
    pub(super) fn begin(&mut self, landed: Landed, planned: Planned) {
        let (held, hands) = (planned.bytes() as u64, Arc::clone(&self.hands));
        self.held += held;
        self.waiting.push_back(tokio::spawn(async move {
            let _hand = hands.acquire_owned().await;
            let work = move || {
                let done = prepare(&landed, planned);
                Work { landed, held, done }
            };
            tokio::task::spawn_blocking(work).await.ok()
        }));
    }

    /// The first that was begun; it stays where it is until it is done. An error is a bug of ours: a thread is gone.
    pub(super) async fn next(&mut self) -> Option<io::Result<Work>> {
        let work = self.waiting.front_mut()?.await.ok().flatten();
        self.waiting.pop_front();
        self.held = self.held.saturating_sub(work.as_ref().map_or(0, |work| work.held));
        Some(work.ok_or_else(|| io::Error::other("a thread that prepared a record is gone")))
    }
}

fn prepare(landed: &Landed, mut planned: Planned) -> Result<Done, Failed> {
    let found = look(landed).map_err(Failed::Read)?;
    if planned.is_revisit() {
        planned.note_page(found.notes());
    }
    // With too many notes it is stored whole after all.
    let revisit = planned.is_revisit();
    let prepared = planned.prepare().map_err(Failed::Write)?;
    Ok(Done { found, prepared, revisit })
}

/// What a response leads to.
fn look(landed: &Landed) -> io::Result<Found> {
    let Landed { target, exchange, reads, .. } = landed;
    let (block, identified) = (exchange.response.reader(), exchange.identified_type);
    discover(&target.url, identified, block, asked(target, *reads))
}

/// What is to be found in the response to a target.
pub(in crate::crawl) fn asked(target: &Target, reads: bool) -> Asked {
    match target.role {
        Role::Robots if is_robots(&target.url) => Asked::Robots,
        Role::Robots => Asked::RobotsElsewhere,
        _ if reads => Asked::Links,
        _ => Asked::Redirect,
    }
}
