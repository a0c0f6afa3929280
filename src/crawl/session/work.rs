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
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

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
    waiting: VecDeque<oneshot::Receiver<Work>>,
    hands: Hands,
    held: u64,
}

impl Works {
    pub(super) fn new(threads: usize) -> Self {
        Self { waiting: VecDeque::new(), hands: Hands::new(threads), held: 0 }
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
        let held = planned.bytes() as u64;
        self.held += held;
        let (ready, waiting) = oneshot::channel();
        self.waiting.push_back(waiting);
        let job = move || {
            // Nobody waits for it any more where the run has ended.
            if !ready.is_closed() {
                let done = prepare(&landed, planned);
                _ = ready.send(Work { landed, held, done });
            }
        };
        self.hands.give(Box::new(job), self.waiting.len());
    }

    /// The first that was begun; it stays where it is until it is done. An error is a bug of ours: a thread is gone.
    pub(super) async fn next(&mut self) -> Option<io::Result<Work>> {
        let work = self.waiting.front_mut()?.await.ok();
        self.waiting.pop_front();
        self.held = self.held.saturating_sub(work.as_ref().map_or(0, |work| work.held));
        Some(work.ok_or_else(|| io::Error::other("a thread that prepared a record is gone")))
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// Threads that prepare, no more than there is work for. A pool that lends any thread it has would spread the work over many, each
/// of which keeps memory of its own.
struct Hands {
    most: usize,
    started: usize,
    jobs: Sender<Job>,
    next: Arc<Mutex<Receiver<Job>>>,
}

impl Hands {
    fn new(most: usize) -> Self {
        let (jobs, next) = channel();
        Self { most: most.max(1), started: 0, jobs, next: Arc::new(Mutex::new(next)) }
    }

    /// Jobs are begun in the order in which they are given; `waiting` are not done.
    fn give(&mut self, job: Job, waiting: usize) {
        if self.started < self.most.min(waiting) && self.start().is_ok() {
            self.started += 1;
        }
        if self.started == 0 {
            job();
        } else {
            _ = self.jobs.send(job);
        }
    }

    /// A thread ends with what gives it work.
    fn start(&self) -> io::Result<()> {
        let next = Arc::clone(&self.next);
        let work = move || {
            loop {
                let job = next.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(job) = job else { return };
                // A record whose making broke is missed by who waits for it; the thread goes on with the next.
                _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
            }
        };
        std::thread::Builder::new().name("prepare".to_owned()).spawn(work).map(drop)
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
