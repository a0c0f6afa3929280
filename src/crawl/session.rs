//! One run: from seeds to a written archive.
//!
//! Requests go out on this thread, one a host unless more are allowed. What has landed is prepared (read for links, hashed,
//! compressed) by other threads, and written by this one in the order of landing: so the log has one order, and what
//! follows from each response follows from the log.

mod event;
mod request;
mod tick;
mod work;

pub use self::event::{Capture, Event, Summary};
pub(super) use self::request::{bare, without_user};

pub(super) use self::work::asked;

use self::request::request;
use self::work::{Done, Failed, Landed, Work, Works};
use super::ledger::Ledger;
use super::live::Watch;
use super::manners::{Answer, Manners};
use super::plan::{Captured, Fate, Plan};
use super::replay::Past;
use super::{Archive, Error, Job, Role, Target, dedup};
use crate::message::framing::Truncated;
use crate::wire::{Client, Exchange, Failure, Fetched, Origins, Request, Stage};
use crate::world::millis;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

/// How often files, limits and progress are looked at while nothing happens.
const TICK: Duration = Duration::from_millis(250);

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
            Some(work) = run.works.next() => run.written(work.map_err(run.at())?).await?,
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
    works: Works,
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
            works: Works::new(threads),
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
        let behind = self.works.is_full() || rotates;
        self.look_at_limits();
        !stopped && !full && !behind && self.limit.is_none()
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
        let answer = answer.unwrap_or_default();
        let mut make_way = || {
            let own = self.plan.delay(&target.url)?;
            let until = self.manners.after(&target.url, began, answer, own);
            self.plan.frontier.done(&target.url, until)
        };
        make_way().map_err(at)?;
        if let Some(pause) = answer.retry_after {
            self.tell_pause(&target.url, pause, "Retry-After");
        }
        Ok(())
    }

    /// Has an exchange prepared by another thread.
    fn prepare(&mut self, target: Target, exchange: Exchange, challenge: bool) -> Result<(), Error> {
        let exchange = Arc::new(exchange);
        let referent = match self.job.dedup
            && !challenge
            && matches!(target.role, Role::Page | Role::Requisite)
        {
            true => {
                self.plan.frontier.payload(&exchange.payload.labelled(self.job.digest)).map_err(self.at())?
            }
            false => None,
        };
        let seed = self.plan.seed_of(&target);
        let planned = self.ledger.plan_exchange(&target, Arc::clone(&exchange), seed, challenge, referent)?;
        if !challenge && !planned.is_revisit() {
            // Its record is written before that of any later one.
            self.remember(&exchange, &planned.captured())?;
        }
        let reads = !challenge && self.plan.reads(&target);
        self.works.begin(Landed { target, exchange, challenge, reads }, planned);
        Ok(())
    }

    /// Writes what is ready, and what follows from it.
    async fn written(&mut self, work: Work) -> Result<(), Error> {
        let Work { landed, done, .. } = work;
        let Landed { target, exchange, challenge, .. } = landed;
        let Done { found, prepared, revisit } = done.map_err(|failed| match failed {
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
            self.tell_closed(&target, status).map_err(self.at())?;
            self.rest_after_rules(&target).map_err(self.at())?;
        }
        self.settle(fates)
    }

    /// The pause that a host's rules ask for holds between them and its first page, too.
    fn rest_after_rules(&mut self, target: &Target) -> std::io::Result<()> {
        let host = target.chain.first().unwrap_or(&target.url);
        let own = self.plan.delay(host)?;
        if let Some(pause) = own {
            self.tell_pause(host, pause, "Crawl-delay, after each answer");
        }
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
            seed,
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
        self.ledger.failure(target, failure, seed)?;
        self.plan.failed(target).map_err(self.at())?;
        self.tell(target, failure.stage, &failure.error);
        Ok(())
    }

    /// A target that is given up by a rule, without another exchange.
    fn refuse(&mut self, target: &Target, error: &str) -> Result<(), Error> {
        let seed = self.plan.seed_of(target);
        self.ledger.refusal(target, error, seed)?;
        self.tell(target, Stage::Policy, error);
        Ok(())
    }

    fn tell(&mut self, target: &Target, stage: Stage, error: &str) {
        let (url, stage, role) = (target.url.as_str(), stage.as_str(), target.role);
        let hops = target.hops();
        let via = target.via.as_ref().map(Url::as_str);
        (self.on_event)(Event::Failed { url, stage, error, role, via, hops: &hops });
    }

    fn summary(mut self, interrupted: bool) -> Summary {
        let captured = self.plan.captured();
        let waiting = self.plan.frontier.waiting();
        let left = waiting > 0 || captured.contains(&false) || self.cut;
        if self.limit.is_none() && self.job.limits.pages.is_some() {
            self.limit = Some("limit");
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
