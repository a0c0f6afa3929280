//! One run: from seeds to a written archive.

use super::discover::discover;
use super::ledger::Ledger;
use super::plan::{Captured, Fate, Plan};
use super::replay::Past;
use super::{Archive, Error, Role, Target};
use crate::manifest::Count;
use crate::message::framing::Truncated;
use crate::wire::{Client, DigestForm, Exchange, Failure, Fetched, Origins, Request, Stage};
use crate::world::millis;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

/// How far a run goes from its seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The named pages alone.
    Page,
    /// The named pages and what they need to be shown, from any host.
    #[default]
    PageRequisites,
}

/// What a run is asked for.
#[derive(Clone, Debug)]
pub struct Job {
    /// The URLs named, http or https; user names and passwords in them are neither sent nor written down.
    pub seeds: Vec<Url>,
    /// How far to go.
    pub scope: Scope,
    /// User-Agent.
    pub user_agent: String,
    /// More request header fields, in order. Credentials among them go to the origins of the seeds alone.
    pub headers: Vec<(String, String)>,
    /// Hosts asked at the same time; each gets one connection.
    pub hosts: usize,
    /// The digest in the records' fields; the client must compute it.
    pub digest: DigestForm,
}

/// What happens during a run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A response is written.
    Captured {
        /// The URL.
        url: &'a str,
        /// Its HTTP status.
        status: Option<u16>,
        /// Bytes received.
        bytes: u64,
        /// Why it was fetched.
        role: Role,
        /// Targets that wait.
        waiting: usize,
        /// Why the response is not whole, as WARC-Truncated has it.
        truncated: Option<&'a str>,
    },
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
    },
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
}

impl Summary {
    /// The log's word for the run: `complete`, `partial` or `interrupted`.
    pub fn exit(&self) -> &'static str {
        match (self.interrupted, self.captured.iter().all(|captured| *captured)) {
            (true, _) => "interrupted",
            (false, true) => "complete",
            (false, false) => "partial",
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
    let mut run = Run::new(job, archive, on_event);
    let (client, named) = (Arc::new(client), Origins::of(&job.seeds));
    let mut flights: JoinSet<(Target, Fetched)> = JoinSet::new();
    run.settle_past()?;
    loop {
        while flights.len() < job.hosts.max(1) && !*stop.borrow() {
            let Some(target) = run.plan.frontier.pop() else { break };
            match request(job, &named, &target) {
                Ok(request) => launch(&mut flights, &client, target, request),
                Err(error) => {
                    run.plan.frontier.done(&target.url);
                    run.refuse(&target, &error)?;
                }
            }
        }
        let landed = tokio::select! {
            landed = flights.join_next() => landed,
            Ok(()) = stop.changed() => continue,
        };
        match landed {
            Some(Ok((target, fetched))) => run.landed(&target, fetched)?,
            // A fetch that panicked would be a bug of ours; its target then stays without a fate and the seed counts as failed.
            Some(Err(_)) => {}
            None => break,
        }
    }
    Ok(run.summary(*stop.borrow()))
}

fn launch(flights: &mut JoinSet<(Target, Fetched)>, client: &Arc<Client>, target: Target, request: Request) {
    let client = Arc::clone(client);
    flights.spawn(async move {
        let fetched = client.fetch(&request).await;
        (target, fetched)
    });
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

/// A run besides what is in flight.
struct Run<'a> {
    plan: Plan,
    /// What an earlier run came to and did not write down any more.
    owed: Vec<Fate>,
    ledger: Ledger<'a>,
    on_event: &'a mut dyn FnMut(Event<'_>),
    bytes: u64,
    /// True where a response was cut because the run was told to stop.
    cut: bool,
}

impl<'a> Run<'a> {
    fn new(job: &'a Job, archive: &'a mut Archive, on_event: &'a mut dyn FnMut(Event<'_>)) -> Self {
        let past = archive.take_past().unwrap_or_else(|| Past::none(job));
        let ledger = Ledger::new(archive, past.chains, job.digest);
        Self { plan: past.plan, owed: past.owed, ledger, on_event, bytes: 0, cut: false }
    }

    fn settle_past(&mut self) -> Result<(), Error> {
        let owed = std::mem::take(&mut self.owed);
        self.settle(owed)
    }

    fn landed(&mut self, target: &Target, fetched: Fetched) -> Result<(), Error> {
        self.plan.frontier.done(&target.url);
        for challenge in &fetched.before {
            self.record(target, challenge, true)?;
        }
        match fetched.outcome {
            Ok(exchange) => self.keep(target, &exchange),
            Err(failure) => self.fail(target, &failure),
        }
    }

    /// Writes an exchange down; gives its response's id.
    fn record(&mut self, target: &Target, exchange: &Exchange, challenge: bool) -> Result<String, Error> {
        let seed = self.plan.seed_of(target);
        let record = self.ledger.exchange(target, exchange, seed.as_deref(), challenge)?;
        self.bytes += exchange.response.len();
        (self.on_event)(Event::Captured {
            url: target.url.as_str(),
            status: exchange.head.as_ref().and_then(|head| head.status),
            bytes: exchange.response.len(),
            role: target.role,
            waiting: self.plan.frontier.waiting(),
            truncated: exchange.truncated.map(|t| t.as_str()),
        });
        Ok(record)
    }

    fn keep(&mut self, target: &Target, exchange: &Exchange) -> Result<(), Error> {
        let record = self.record(target, exchange, false)?;
        if exchange.truncated == Some(Truncated::Unspecified) {
            // Cut because the user said so: kept, and still to be fetched.
            self.cut = true;
            return Ok(());
        }
        let (block, identified) = (exchange.response.reader(), exchange.identified_type);
        let found = discover(&target.url, identified, block, self.plan.reads(target))
            .map_err(Error::at(&self.ledger.workroom()))?;
        let fates = self.plan.landed(target, found, Captured { record, date: millis(exchange.started) });
        self.settle(fates)
    }

    /// Writes down what follows.
    fn settle(&mut self, fates: Vec<Fate>) -> Result<(), Error> {
        for fate in fates {
            match fate {
                Fate::Page { url, title, captured } => self.ledger.page(&url, title.as_deref(), &captured)?,
                Fate::Refused { target, error } => self.refuse(&target, &error)?,
                Fate::Skipped { url, reason } => self.ledger.skip(&url, reason)?,
            }
        }
        Ok(())
    }

    fn fail(&mut self, target: &Target, failure: &Failure) -> Result<(), Error> {
        if let Some(kind) = failure.storage {
            let path = self.ledger.workroom();
            return Err(Error::Io { path, source: std::io::Error::new(kind, failure.error.clone()) });
        }
        let seed = self.plan.seed_of(target);
        self.ledger.failure(target, failure, seed.as_deref())?;
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
        (self.on_event)(Event::Failed { url, stage, error, role });
    }

    fn summary(self, interrupted: bool) -> Summary {
        let captured = self.plan.captured();
        let left = self.plan.frontier.waiting() > 0 || captured.contains(&false) || self.cut;
        let counts = self.ledger.counts();
        Summary { counts, bytes: self.bytes, captured, interrupted: interrupted && left }
    }
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
            scope: Scope::Page,
            user_agent: String::new(),
            headers: vec![("authorization".into(), "s3cret".into()), ("X-A".into(), "plain".into())],
            hosts: 1,
            digest: DigestForm::default(),
        };
        let sent = |to: &str| {
            let target =
                Target { url: url(to), role: Role::Page, via: None, seed: 0, chain: Vec::new(), depth: 0 };
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
