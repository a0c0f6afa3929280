//! One run: from seeds to a written archive.

use super::discover::{Found, discover};
use super::ledger::Ledger;
use super::{Archive, Error, Frontier, Role, Target};
use crate::manifest::Count;
use crate::message::redirect::redirect_target;
use crate::wire::{Client, Exchange, Failure, Fetched, Origins, Request, Stage};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

/// Redirects followed from one target.
const REDIRECTS: usize = 20;
/// Steps from a page through its requisites: a style's import's image is 3.
const DEPTH: u32 = 6;
/// Requisites of one seed.
const REQUISITES: usize = 10_000;

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

/// Runs a job to its end, or until `stop`. The archive is left open, to be sealed.
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
    run.plant()?;
    loop {
        while flights.len() < job.hosts.max(1) && !*stop.borrow() {
            let Some(target) = run.frontier.pop() else { break };
            match request(job, &named, &target) {
                Ok(request) => launch(&mut flights, &client, target, request),
                Err(error) => {
                    run.frontier.done(&target.url);
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

fn sets_cookie(exchange: &Exchange) -> bool {
    exchange.head.as_ref().is_some_and(|head| head.fields.get("Set-Cookie").is_some())
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
fn bare(url: Url) -> Url {
    let mut url = without_user(url);
    url.set_fragment(None);
    url
}

fn without_user(mut url: Url) -> Url {
    // Both fail only on URLs that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// A run's state besides what is in flight.
struct Run<'a> {
    job: &'a Job,
    ledger: Ledger<'a>,
    frontier: Frontier,
    on_event: &'a mut dyn FnMut(Event<'_>),
    bytes: u64,
    seeds: Vec<Seed>,
}

/// What became of a seed.
#[derive(Clone, Debug, Default)]
struct Seed {
    captured: bool,
    requisites: usize,
    /// An earlier seed with the same URL, which counts for this one.
    same_as: Option<usize>,
}

impl<'a> Run<'a> {
    fn new(job: &'a Job, archive: &'a mut Archive, on_event: &'a mut dyn FnMut(Event<'_>)) -> Self {
        let seeds = vec![Seed::default(); job.seeds.len()];
        Self { job, ledger: Ledger::new(archive), frontier: Frontier::default(), on_event, bytes: 0, seeds }
    }

    fn plant(&mut self) -> Result<(), Error> {
        let mut planted: Vec<Url> = Vec::new();
        for (number, url) in self.job.seeds.iter().enumerate() {
            let url = bare(url.clone());
            let same_as = planted.iter().position(|other| *other == url);
            planted.push(url.clone());
            if same_as.is_some() {
                let named = without_user(self.job.seeds.get(number).unwrap_or(&url).clone());
                self.ledger.skip(named.as_str(), "named twice")?;
            }
            if let Some(seed) = self.seeds.get_mut(number) {
                seed.same_as = same_as;
            }
            self.frontier.push(Target {
                url,
                role: Role::Page,
                via: None,
                seed: number,
                chain: Vec::new(),
                depth: 0,
            });
        }
        Ok(())
    }

    fn landed(&mut self, target: &Target, fetched: Fetched) -> Result<(), Error> {
        self.frontier.done(&target.url);
        for exchange in &fetched.before {
            self.record(target, exchange)?;
        }
        match fetched.outcome {
            Ok(exchange) => self.keep(target, &exchange),
            Err(failure) => self.fail(target, &failure),
        }
    }

    /// Writes an exchange down; gives its response's id.
    fn record(&mut self, target: &Target, exchange: &Exchange) -> Result<String, Error> {
        let seed = self.seed_of(target);
        let response = self.ledger.exchange(target, exchange, seed.as_deref())?;
        self.bytes += exchange.response.len();
        let status = exchange.head.as_ref().and_then(|head| head.status);
        (self.on_event)(Event::Captured {
            url: target.url.as_str(),
            status,
            bytes: exchange.response.len(),
            role: target.role,
            waiting: self.frontier.waiting(),
            truncated: exchange.truncated.map(|t| t.as_str()),
        });
        Ok(response)
    }

    fn keep(&mut self, target: &Target, exchange: &Exchange) -> Result<(), Error> {
        let response = self.record(target, exchange)?;
        match exchange.head.as_ref().and_then(|head| redirect_target(head, &target.url)) {
            Some(Ok(to)) => self.follow(target, to, exchange),
            Some(Err(error)) => self.refuse(target, &format!("the redirect cannot be followed: {error}")),
            None => self.look_into(target, exchange, &response),
        }
    }

    /// The next hop is a target of its own, with its own records.
    fn follow(&mut self, target: &Target, to: Url, exchange: &Exchange) -> Result<(), Error> {
        let to = bare(to);
        let mut chain = target.chain.clone();
        chain.push(target.url.clone());
        let visits = chain.iter().filter(|url| **url == to).count();
        // With a new cookie the same URL may have another answer; once.
        let anew = visits == 1 && sets_cookie(exchange);
        if visits > 0 && !anew {
            return self.refuse(target, &format!("the redirects go in a circle, back to {to}"));
        }
        if chain.len() > REDIRECTS {
            return self.refuse(target, &format!("more than {REDIRECTS} redirects in a row"));
        }
        let via = Some(target.url.clone());
        let next = Target { url: to, role: target.role, via, seed: target.seed, chain, depth: target.depth };
        // Where it leads has been fetched, or will be, for another reason.
        let is_new = if anew { self.frontier.push_again(next) } else { self.frontier.push(next) };
        if !is_new {
            self.mark(target);
        }
        Ok(())
    }

    fn look_into(&mut self, target: &Target, exchange: &Exchange, response: &str) -> Result<(), Error> {
        self.mark(target);
        let wants_more = self.job.scope == Scope::PageRequisites && target.depth < DEPTH;
        let found = if wants_more || target.role == Role::Page {
            discover(exchange).map_err(Error::at(&self.ledger.workroom()))?
        } else {
            Found::default()
        };
        if target.role == Role::Page {
            self.ledger.page(exchange, found.title.as_deref(), response)?;
        }
        if wants_more {
            self.want(target, found.requisites)?;
        }
        Ok(())
    }

    fn want(&mut self, target: &Target, requisites: Vec<Url>) -> Result<(), Error> {
        for url in requisites.into_iter().map(bare) {
            let Some(seed) = self.seeds.get_mut(target.seed) else { return Ok(()) };
            if seed.requisites >= REQUISITES {
                self.ledger.skip(url.as_str(), "limit of requisites for one page")?;
                continue;
            }
            let via = Some(target.url.clone());
            let depth = target.depth + 1;
            let next =
                Target { url, role: Role::Requisite, via, seed: target.seed, chain: Vec::new(), depth };
            seed.requisites += usize::from(self.frontier.push(next));
        }
        Ok(())
    }

    /// The seed as the session's entry names it.
    fn seed_of(&self, target: &Target) -> Option<String> {
        self.job.seeds.get(target.seed).map(|url| without_user(url.clone()).into())
    }

    fn mark(&mut self, target: &Target) {
        if let Some(seed) = self.seeds.get_mut(target.seed).filter(|_| target.role == Role::Page) {
            seed.captured = true;
        }
    }

    fn fail(&mut self, target: &Target, failure: &Failure) -> Result<(), Error> {
        if let Some(kind) = failure.storage {
            let path = self.ledger.workroom();
            return Err(Error::Io { path, source: std::io::Error::new(kind, failure.error.clone()) });
        }
        let seed = self.seed_of(target);
        self.ledger.failure(target, failure, seed.as_deref())?;
        self.tell(target, failure.stage, &failure.error);
        Ok(())
    }

    /// A target that is given up by a rule, without another exchange.
    fn refuse(&mut self, target: &Target, error: &str) -> Result<(), Error> {
        let seed = self.seed_of(target);
        self.ledger.refusal(target, error, seed.as_deref())?;
        self.tell(target, Stage::Policy, error);
        Ok(())
    }

    fn tell(&mut self, target: &Target, stage: Stage, error: &str) {
        let (url, stage, role) = (target.url.as_str(), stage.as_str(), target.role);
        (self.on_event)(Event::Failed { url, stage, error, role });
    }

    fn summary(self, interrupted: bool) -> Summary {
        let done = |seed: &Seed| match seed.same_as.and_then(|first| self.seeds.get(first)) {
            Some(first) => first.captured,
            None => seed.captured,
        };
        let captured: Vec<bool> = self.seeds.iter().map(done).collect();
        let interrupted = interrupted && (self.frontier.waiting() > 0 || captured.contains(&false));
        Summary { counts: self.ledger.counts(), bytes: self.bytes, captured, interrupted }
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
        };
        let sent = |to: &str| {
            let target =
                Target { url: url(to), role: Role::Page, via: None, seed: 0, chain: Vec::new(), depth: 0 };
            let bytes =
                String::from_utf8(request(&job, &Origins::of(&job.seeds), &target).unwrap().bytes().to_vec())
                    .unwrap();
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
