//! One run: from seeds to a written archive.
//!
//! Requests go out on this thread, one a host unless more are allowed. What has landed is prepared (read for links, hashed,
//! compressed) by other threads, and written by this one in the order of landing: so the log has one order, and what
//! follows from each response follows from the log.

use super::discover::{Asked, Document, Found, discover};
use super::ledger::Ledger;
use super::live::{self, Watch};
use super::manners::{Answer, Manners};
use super::plan::{Captured, Fate, Plan, is_robots};
use super::prepare::Prepared;
use super::replay::Past;
use super::{Archive, Error, Job, Role, Target, dedup};
use crate::manifest::Count;
use crate::message::framing::Truncated;
use crate::warc::WriteError;
use crate::wire::record::PageNotes;
use crate::wire::{Client, Exchange, Failure, Fetched, Origins, Request, Stage};
use crate::world::millis;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

/// What has landed and is not written, at most: captures, and bytes of them in memory.
const MOST_AHEAD: usize = 64;
const MOST_BYTES: u64 = 32 << 20;
/// How often files, limits and progress are looked at while nothing happens.
const TICK: Duration = Duration::from_millis(250);
/// Hosts named in a tick.
const NAMED: usize = 5;

/// What happens during a run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A response is written.
    Captured(Capture<'a>),
    /// A URL gave nothing.
    Failed {
        /// The URL.
        url: &'a str,
        /// How far it came.
        stage: &'a str,
        /// What went wrong.
        error: &'a str,
        /// Why it was fetched.
        role: Role,
        /// The URL that led to it.
        via: Option<&'a str>,
        /// The way from its seed, in Heritrix's letters.
        hops: &'a str,
    },
    /// A URL is left out.
    Skipped {
        /// The URL.
        url: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// Something that a person should know.
    Note(&'a str),
    /// Time goes on.
    Tick {
        /// Targets that wait.
        waiting: u64,
        /// Some of the hosts that are being asked.
        hosts: &'a [String],
    },
}

/// A response that is written.
#[derive(Clone, Copy, Debug)]
pub struct Capture<'a> {
    /// The URL.
    pub url: &'a str,
    /// Its HTTP status.
    pub status: Option<u16>,
    /// Bytes received.
    pub bytes: u64,
    /// Why it was fetched.
    pub role: Role,
    /// Targets that wait.
    pub waiting: u64,
    /// Why the response is not whole, as WARC-Truncated has it.
    pub truncated: Option<&'a str>,
    /// The payload is that of an earlier record, and is not stored again.
    pub revisit: bool,
    /// Media type as the server declared it.
    pub mime: Option<&'a str>,
    /// WARC-Payload-Digest.
    pub digest: &'a str,
    /// WARC-Record-ID, without angle brackets.
    pub record: &'a str,
    /// WARC-Date.
    pub date: &'a str,
    /// Milliseconds that it took.
    pub elapsed_ms: u64,
    /// The URL that led to it.
    pub via: Option<&'a str>,
    /// The seed that it is for.
    pub seed: Option<&'a str>,
    /// The way from its seed, in Heritrix's letters.
    pub hops: &'a str,
}

/// How a run ended.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// What was done.
    pub counts: Count,
    /// Bytes received.
    pub bytes: u64,
    /// Seeds, in their order, and whether each was captured.
    pub captured: Vec<bool>,
    /// True where [`Stop`] ended the run before its work was done.
    pub interrupted: bool,
    /// The limit that ended it before its work was done.
    pub limit: Option<&'static str>,
    /// Targets that wait.
    pub waiting: u64,
}

impl Summary {
    /// The log's word for the run: `complete`, `partial`, `limit` or `interrupted`.
    pub fn exit(&self) -> &'static str {
        let is_whole = self.waiting == 0 && self.captured.iter().all(|captured| *captured);
        match (self.interrupted, self.limit, is_whole) {
            (true, ..) => "interrupted",
            (false, Some(_), _) => "limit",
            (false, None, true) => "complete",
            (false, None, false) => "partial",
        }
    }
}

/// Becomes true when nothing new is to be begun.
pub type Stop = watch::Receiver<bool>;

/// Runs a job to its end, or until `stop`; in an archive that was taken up again, what is left of it. The archive is left
/// open, to be sealed.
///
/// # Errors
/// What writing says; everything written before is valid.
pub async fn run(
    job: &Job,
    archive: &mut Archive,
    client: Client,
    mut stop: Stop,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, Error> {
    let mut run = Run::new(job, archive, on_event)?;
    let (client, named) = (Arc::new(client), Origins::of(&job.seeds));
    run.settle_past()?;
    run.read_earlier()?;
    loop {
        while run.may_begin(*stop.borrow()) {
            let Some(target) = run.next()? else { break };
            match request(job, &named, &target) {
                Ok(request) => run.launch(&client, target, request)?,
                Err(error) => run.cannot_begin(&target, &error)?,
            }
        }
        let pause = run.pause();
        let stopped = *stop.borrow();
        if run.flights.is_empty()
            && run.works.is_empty()
            && (pause.is_none() || stopped || run.limit.is_some())
        {
            break;
        }
        tokio::select! {
            Some(landed) = run.flights.join_next() => {
                // A fetch that panicked would be a bug of ours; its target then stays without a fate and the seed counts as failed.
                if let Ok(flight) = landed {
                    run.landed(flight)?;
                }
            }
            Some(work) = first(&mut run.works) => run.written(work).await?,
            () = tokio::time::sleep(pause.unwrap_or(TICK).min(TICK)) => {}
            Ok(()) = stop.changed(), if !stopped => {}
        }
        run.tick()?;
    }
    Ok(run.summary(*stop.borrow()))
}

/// What has come back from the wire.
struct Flight {
    target: Target,
    fetched: Fetched,
    began: Instant,
}

/// What is ready to be written.
struct Work {
    target: Target,
    exchange: Arc<Exchange>,
    challenge: bool,
    revisit: bool,
    /// Bytes of memory that it holds, about.
    held: u64,
    done: Result<(Found, Prepared), Failed>,
}

/// Why it could not be made ready.
enum Failed {
    /// The block could not be read back.
    Read(std::io::Error),
    Write(WriteError),
}

/// The first work that was begun; it stays where it is until it is done.
async fn first(works: &mut VecDeque<JoinHandle<Work>>) -> Option<Result<Work, tokio::task::JoinError>> {
    let work = works.front_mut()?.await;
    works.pop_front();
    Some(work)
}

fn request(job: &Job, named: &Origins, target: &Target) -> Result<Request, String> {
    let mut builder = Request::builder("GET", &target.url).user_agent(&job.user_agent);
    if let Some(via) = &target.via {
        builder = builder.referer(&referer(via, &target.url));
    }
    let own = named.contains(&target.url);
    for (name, value) in job.headers.iter().filter(|(name, _)| own || !is_credential(name)) {
        builder = builder.header(name, value);
    }
    builder.build().map_err(|e| e.to_string())
}

/// What must not reach a host that the user did not name.
fn is_credential(name: &str) -> bool {
    ["authorization", "cookie", "proxy-authorization"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// As browsers do by default (strict-origin-when-cross-origin): only the origin goes to another one.
fn referer(via: &Url, to: &Url) -> String {
    if via.scheme() == "https" && to.scheme() == "http" {
        return String::new();
    }
    let via = bare(via.clone());
    if via.origin() == to.origin() { via.into() } else { format!("{}/", via.origin().ascii_serialization()) }
}

/// As it is fetched, written down and told: without fragment, and without a user's name and password.
pub(super) fn bare(url: Url) -> Url {
    let mut url = without_user(url);
    url.set_fragment(None);
    url
}

pub(super) fn without_user(mut url: Url) -> Url {
    // Both fail only on URLs that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// A run.
struct Run<'a> {
    job: &'a Job,
    plan: Plan,
    manners: Manners,
    watch: Watch,
    /// What an earlier run came to and did not write down any more.
    owed: Vec<Fate>,
    ledger: Ledger<'a>,
    on_event: &'a mut dyn FnMut(Event<'_>),
    flights: JoinSet<Flight>,
    works: VecDeque<JoinHandle<Work>>,
    /// Threads that prepare.
    hands: Arc<Semaphore>,
    /// Bytes in memory of what is prepared.
    ahead: u64,
    /// Pages that are in flight or not written.
    pages_open: u64,
    bytes: u64,
    began: Instant,
    ticked: Instant,
    limit: Option<&'static str>,
    /// True where a response was cut because the run was told to stop.
    cut: bool,
}

impl<'a> Run<'a> {
    fn new(
        job: &'a Job,
        archive: &'a mut Archive,
        on_event: &'a mut dyn FnMut(Event<'_>),
    ) -> Result<Self, Error> {
        let past = match archive.take_past() {
            Some(past) => past,
            None => Past::none(job, archive)?,
        };
        let now = Instant::now();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            job,
            ledger: Ledger::new(archive, past.chains, job.digest),
            plan: past.plan,
            owed: past.owed,
            manners: Manners::new(job.settings.delay.unwrap_or(job.delay)),
            watch: Watch::new(&job.live),
            on_event,
            flights: JoinSet::new(),
            works: VecDeque::new(),
            hands: Arc::new(Semaphore::new(threads)),
            ahead: 0,
            pages_open: 0,
            bytes: 0,
            began: now,
            ticked: now,
            limit: None,
            cut: false,
        })
    }

    fn settle_past(&mut self) -> Result<(), Error> {
        let owed = std::mem::take(&mut self.owed);
        self.settle(owed)
    }

    /// What earlier archives hold need not be stored again.
    fn read_earlier(&mut self) -> Result<(), Error> {
        for path in &self.job.earlier {
            let plan = &mut self.plan;
            let offered = dedup::offer(path, self.job.digest, &mut |digest, referent| {
                plan.frontier.set_payload(digest, &referent).map_err(Error::at(path))
            })?;
            let note = format!("{}: payloads that can be referred to: {}", path.display(), offered.taken);
            (self.on_event)(Event::Note(&note));
        }
        Ok(())
    }

    fn at(&self) -> impl FnOnce(std::io::Error) -> Error + use<> {
        Error::at(&self.ledger.workroom())
    }

    /// Whether another request may go out.
    fn may_begin(&mut self, stopped: bool) -> bool {
        let most = self.job.hosts.max(1).saturating_mul(self.job.per_host.max(1) as usize);
        let full = self.flights.len() >= most;
        // A WARC that is full is closed when what was planned for it is written; there may be nothing.
        let rotates = self.ledger.wants_rotation() && !self.works.is_empty();
        let behind = self.works.len() >= MOST_AHEAD || self.ahead >= MOST_BYTES || rotates;
        self.look_at_limits();
        !stopped && !full && !behind && self.limit != Some("time") && self.limit != Some("size")
    }

    fn look_at_limits(&mut self) {
        let limits = self.job.limits;
        let over = |limit: Option<u64>, reached: u64| limit.is_some_and(|limit| reached >= limit);
        let pages = over(limits.pages, self.plan.pages + self.pages_open);
        self.plan.frontier.allow_pages(!pages);
        if limits.time.is_some_and(|time| self.began.elapsed() >= time) {
            self.limit = Some("time");
        } else if over(limits.bytes, self.bytes) {
            self.limit = Some("size");
        }
    }

    /// The next target that may be fetched now; those that a rule is against are written down as left out.
    fn next(&mut self) -> Result<Option<Target>, Error> {
        loop {
            let at = self.at();
            let Some(target) = self.plan.frontier.pop(Instant::now()).map_err(at)? else { return Ok(None) };
            let at = self.at();
            let Some(reason) = self.plan.against(&target).map_err(at)? else { return Ok(Some(target)) };
            self.leave_out(&target, &reason)?;
        }
    }

    fn leave_out(&mut self, target: &Target, reason: &str) -> Result<(), Error> {
        let at = self.at();
        let left = self.plan.leave_out(target).and_then(|()| self.plan.frontier.done(&target.url, None));
        left.map_err(at)?;
        self.skip(target.url.as_str(), reason)
    }

    fn skip(&mut self, url: &str, reason: &str) -> Result<(), Error> {
        self.ledger.skip(url, reason)?;
        (self.on_event)(Event::Skipped { url, reason });
        Ok(())
    }

    fn launch(&mut self, client: &Arc<Client>, target: Target, request: Request) -> Result<(), Error> {
        self.pages_open += u64::from(is_page(&target));
        self.pace(&target).map_err(self.at())?;
        let client = Arc::clone(client);
        self.flights.spawn(async move {
            let began = Instant::now();
            let fetched = client.fetch(&request).await;
            Flight { target, fetched, began }
        });
        Ok(())
    }

    /// The next request to the host keeps its distance from this one, over whichever connection.
    fn pace(&mut self, target: &Target) -> std::io::Result<()> {
        let own = if self.job.per_host > 1 { self.plan.delay(&target.url)? } else { None };
        match self.manners.pace(Instant::now(), own).filter(|_| self.job.per_host > 1) {
            Some(until) => self.plan.frontier.rest(&target.url, until),
            None => Ok(()),
        }
    }

    /// A target for which there is no request.
    fn cannot_begin(&mut self, target: &Target, error: &str) -> Result<(), Error> {
        let at = self.at();
        self.plan.frontier.done(&target.url, None).and_then(|()| self.plan.failed(target)).map_err(at)?;
        self.refuse(target, error)
    }

    /// How long nothing can be begun; `None` where nothing is left that could.
    fn pause(&self) -> Option<Duration> {
        let wakes = self.plan.frontier.wakes()?;
        Some(wakes.saturating_duration_since(Instant::now()).max(Duration::from_millis(1)))
    }

    fn landed(&mut self, flight: Flight) -> Result<(), Error> {
        let Flight { target, fetched, began } = flight;
        self.make_way(&target, &fetched, began)?;
        for challenge in fetched.before {
            self.prepare(target.clone(), challenge, true)?;
        }
        match fetched.outcome {
            Ok(exchange) => self.prepare(target, exchange, false),
            Err(failure) => {
                self.pages_open -= u64::from(is_page(&target));
                self.fail(&target, &failure)
            }
        }
    }

    /// The host may be asked for the next.
    fn make_way(&mut self, target: &Target, fetched: &Fetched, began: Instant) -> Result<(), Error> {
        let at = self.at();
        let answer = fetched.outcome.as_ref().ok().and_then(|exchange| exchange.head.as_ref());
        let answer = answer.map(|head| {
            Answer::new(head.status, head.fields.text("Retry-After").as_deref(), jiff::Timestamp::now())
        });
        let began = fetched.outcome.as_ref().map_or(began, |exchange| answered(exchange).max(began));
        let mut make_way = || {
            let own = self.plan.delay(&target.url)?;
            let at = self.manners.after(&target.url, began, answer.unwrap_or_default(), own);
            self.plan.frontier.done(&target.url, at)
        };
        make_way().map_err(at)
    }

    /// Has an exchange prepared by another thread.
    fn prepare(&mut self, target: Target, exchange: Exchange, challenge: bool) -> Result<(), Error> {
        let exchange = Arc::new(exchange);
        let seed = self.plan.seed_of(&target);
        let referent = match self.job.dedup
            && !challenge
            && matches!(target.role, Role::Page | Role::Requisite)
        {
            true => {
                self.plan.frontier.payload(&exchange.payload.labelled(self.job.digest)).map_err(self.at())?
            }
            false => None,
        };
        let planned = self.ledger.plan_exchange(
            &target,
            Arc::clone(&exchange),
            seed.as_deref(),
            challenge,
            referent,
        )?;
        if !challenge && !planned.is_revisit() {
            // Its record is written before that of any later one.
            self.remember(&exchange, &planned.captured())?;
        }
        let held = planned.bytes() as u64;
        self.ahead += held;
        let reads = !challenge && self.plan.reads(&target);
        let hands = Arc::clone(&self.hands);
        self.works.push_back(tokio::spawn(async move {
            let _hand = hands.acquire_owned().await;
            let (kept, shared) = (target.clone(), Arc::clone(&exchange));
            let work = tokio::task::spawn_blocking(move || {
                let mut planned = planned;
                let revisit = planned.is_revisit();
                let found = look(&kept, &shared, reads).map_err(Failed::Read);
                let done = found.and_then(|found| {
                    if revisit {
                        planned.note_page(notes(&found));
                    }
                    planned.prepare().map(|prepared| (found, prepared)).map_err(Failed::Write)
                });
                (revisit, done)
            });
            let gone = |_| {
                (false, Err(Failed::Read(std::io::Error::other("a thread that prepared a record is gone"))))
            };
            let (revisit, done) = work.await.unwrap_or_else(gone);
            Work { target, exchange, challenge, revisit, held, done }
        }));
        Ok(())
    }

    /// Writes what is ready, and what follows from it.
    async fn written(&mut self, work: Result<Work, tokio::task::JoinError>) -> Result<(), Error> {
        let work = work.map_err(|e| self.at()(std::io::Error::other(e.to_string())))?;
        let Work { target, exchange, challenge, revisit, held, done } = work;
        self.ahead = self.ahead.saturating_sub(held);
        let (found, prepared) = done.map_err(|failed| match failed {
            Failed::Read(error) => self.at()(error),
            Failed::Write(error) => self.ledger.failed(error),
        })?;
        let captured = self.ledger.commit_aside(prepared).await?;
        self.bytes += exchange.response.len();
        self.tell_capture(&target, &exchange, &captured, revisit);
        if challenge {
            return Ok(());
        }
        self.pages_open -= u64::from(is_page(&target));
        if exchange.truncated == Some(Truncated::Unspecified) {
            // Cut because the user said so: kept, and still to be fetched.
            self.cut = true;
            return Ok(());
        }
        let at = self.at();
        let status = exchange.head.as_ref().and_then(|head| head.status);
        let fates = self.plan.landed(&target, found, captured, status).map_err(at)?;
        if target.role == Role::Robots {
            self.rest_after_rules(&target).map_err(self.at())?;
        }
        self.settle(fates)
    }

    /// The pause that a host's rules ask for holds between them and its first page, too.
    fn rest_after_rules(&mut self, target: &Target) -> std::io::Result<()> {
        let host = target.chain.first().unwrap_or(&target.url);
        let own = self.plan.delay(host)?;
        match self.manners.pace(Instant::now(), own) {
            Some(until) => self.plan.frontier.rest(host, until),
            None => Ok(()),
        }
    }

    /// A later response with the same payload can refer to this one.
    fn remember(&mut self, exchange: &Exchange, captured: &Captured) -> Result<(), Error> {
        if !self.job.dedup || exchange.truncated.is_some() || exchange.payload_len == 0 {
            return Ok(());
        }
        let digest = exchange.payload.labelled(self.job.digest);
        let remembered = self.plan.remember(&digest, &captured.record, exchange.url.as_str(), &captured.date);
        remembered.map_err(self.at())
    }

    fn tell_capture(&mut self, target: &Target, exchange: &Exchange, captured: &Captured, revisit: bool) {
        let head = exchange.head.as_ref();
        let mime = head.and_then(|head| head.fields.text("Content-Type"));
        let (seed, digest) = (self.plan.seed_of(target), exchange.payload.labelled(self.job.digest));
        let hops = target.hops();
        (self.on_event)(Event::Captured(Capture {
            url: target.url.as_str(),
            status: head.and_then(|head| head.status),
            bytes: exchange.response.len(),
            role: target.role,
            waiting: self.plan.frontier.waiting(),
            truncated: exchange.truncated.map(|t| t.as_str()),
            revisit,
            mime: mime.as_deref(),
            digest: &digest,
            record: &captured.record,
            date: &millis(exchange.started),
            elapsed_ms: exchange.elapsed_ms,
            via: target.via.as_ref().map(Url::as_str),
            seed: seed.as_deref(),
            hops: &hops,
        }));
    }

    /// Writes down what follows.
    fn settle(&mut self, fates: Vec<Fate>) -> Result<(), Error> {
        for fate in fates {
            match fate {
                Fate::Page { url, title, captured } => self.ledger.page(&url, title.as_deref(), &captured)?,
                Fate::Refused { target, error } => self.refuse(&target, &error)?,
                Fate::Skipped { url, reason } => self.skip(&url, &reason)?,
            }
        }
        Ok(())
    }

    fn fail(&mut self, target: &Target, failure: &Failure) -> Result<(), Error> {
        if let Some(kind) = failure.storage {
            return Err(self.at()(std::io::Error::new(kind, failure.error.clone())));
        }
        let seed = self.plan.seed_of(target);
        self.ledger.failure(target, failure, seed.as_deref())?;
        self.plan.failed(target).map_err(self.at())?;
        self.tell(target, failure.stage, &failure.error);
        Ok(())
    }

    /// A target that is given up by a rule, without another exchange.
    fn refuse(&mut self, target: &Target, error: &str) -> Result<(), Error> {
        let seed = self.plan.seed_of(target);
        self.ledger.refusal(target, error, seed.as_deref())?;
        self.tell(target, Stage::Policy, error);
        Ok(())
    }

    fn tell(&mut self, target: &Target, stage: Stage, error: &str) {
        let (url, stage, role) = (target.url.as_str(), stage.as_str(), target.role);
        let hops = target.hops();
        let via = target.via.as_ref().map(Url::as_str);
        (self.on_event)(Event::Failed { url, stage, error, role, via, hops: &hops });
    }

    /// What is done now and then.
    fn tick(&mut self) -> Result<(), Error> {
        let at = self.at();
        self.plan.frontier.breathe().map_err(at)?;
        if self.ticked.elapsed() < TICK {
            return Ok(());
        }
        self.ticked = Instant::now();
        match self.watch.changed() {
            Some(Ok(settings)) => {
                (self.on_event)(Event::Note(&live::describe(&settings)));
                self.manners.delay = settings.delay.unwrap_or(self.job.delay);
                self.plan.exclude(settings.exclude);
            }
            Some(Err(error)) => {
                (self.on_event)(Event::Note(&format!("{error}; the settings stay as they were")))
            }
            None => {}
        }
        let hosts = self.plan.frontier.asked(NAMED).map_err(self.at())?;
        (self.on_event)(Event::Tick { waiting: self.plan.frontier.waiting(), hosts: &hosts });
        Ok(())
    }

    fn summary(mut self, interrupted: bool) -> Summary {
        let captured = self.plan.captured();
        let waiting = self.plan.frontier.waiting();
        let left = waiting > 0 || captured.contains(&false) || self.cut;
        if self.limit.is_none() && self.job.limits.pages.is_some() {
            self.limit = Some("pages");
        }
        let counts = self.ledger.counts();
        let limit = self.limit.filter(|_| waiting > 0);
        Summary { counts, bytes: self.bytes, captured, interrupted: interrupted && left, limit, waiting }
    }
}

/// When the first byte of an answer came: by then the server has the request, whatever kept it on its way, and what it measures
/// from there on is no shorter than what is counted here.
fn answered(exchange: &Exchange) -> Instant {
    let now = Instant::now();
    let since = exchange.ended.duration_since(exchange.first_byte).unsigned_abs();
    now.checked_sub(since).unwrap_or(now)
}

/// What counts against the limit of pages.
fn is_page(target: &Target) -> bool {
    target.role == Role::Page
}

/// What a response leads to.
fn look(target: &Target, exchange: &Exchange, reads: bool) -> std::io::Result<Found> {
    let (block, identified) = (exchange.response.reader(), exchange.identified_type);
    discover(&target.url, identified, block, asked(target, reads))
}

/// What is to be found in the response to a target.
pub(super) fn asked(target: &Target, reads: bool) -> Asked {
    match target.role {
        Role::Robots if is_robots(&target.url) => Asked::Robots,
        Role::Robots => Asked::RobotsElsewhere,
        _ if reads => Asked::Links,
        _ => Asked::Redirect,
    }
}

/// What a payload that is not stored again leads to.
fn notes(found: &Found) -> PageNotes {
    // A page without a title is one all the same.
    let title = found.title.clone().or_else(|| (found.document == Document::Page).then(String::new));
    let needed = found.requisites.iter().map(|url| (url.clone(), 'E'));
    let links = found.links.iter().map(|url| (url.clone(), 'L'));
    let sitemaps = found.sitemaps.iter().map(|url| (url.clone(), 'M'));
    PageNotes { title, outlinks: needed.chain(links).chain(sitemaps).collect() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn secrets_go_to_named_hosts_alone() {
        let job = Job {
            seeds: vec![url("https://a.example/x"), url("http://b.example/")],
            headers: vec![("authorization".into(), "s3cret".into()), ("X-A".into(), "plain".into())],
            ..Job::default()
        };
        let sent = |to: &str| {
            let target = Target::new(url(to), Role::Page);
            let request = request(&job, &Origins::of(&job.seeds), &target).unwrap();
            let bytes = String::from_utf8(request.bytes().to_vec()).unwrap();
            assert!(bytes.contains("X-A: plain"));
            bytes.contains("s3cret")
        };
        for trusted in ["https://a.example/y", "https://b.example/", "http://b.example/z"] {
            assert!(sent(trusted), "{trusted}");
        }
        for other in
            ["http://a.example/y", "https://a.example:8443/", "https://c.example/", "https://x.a.example/"]
        {
            assert!(!sent(other), "{other}");
        }
    }

    #[test]
    fn a_referer_tells_another_origin_no_path_and_http_nothing() {
        let via = url("https://u:p@a.example/x?q#f");
        assert_eq!(referer(&via, &url("https://a.example/y")), "https://a.example/x?q");
        assert_eq!(referer(&via, &url("https://b.example/y")), "https://a.example/");
        assert_eq!(referer(&via, &url("http://a.example/y")), "");
    }
}
