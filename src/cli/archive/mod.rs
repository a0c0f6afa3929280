//! `fonds archive`

pub(crate) mod arguments;
pub(crate) mod crawl;
pub(crate) mod network;
mod resume;
pub(crate) mod telling;
mod vouch;

use self::network::Wire;
pub(crate) use self::resume::recalled_job;
use self::telling::{Reports, Teller};
use super::exit::{Exit, Outcome, usage};
use super::{Global, output};
use anyhow::Context;
use clap::ValueEnum;
use fonds::crawl::{
    Archive, Error, Event, GZIP_LEVEL, Job, Recalled, Resumed, Summary, WARC_SIZE, dedup, run as crawl_run,
};
use fonds::package;
use fonds::wire::{Client, ClientOptions, DigestForm, SpoolOptions};
use fonds::world::{System, World, timestamp14};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

const USER_AGENT: &str =
    concat!("Mozilla/5.0 (compatible; fonds/", env!("CARGO_PKG_VERSION"), "; web archiving)");

/// Capture pages, with all they need to be shown, into a collection: WARC, index, page list, provenance log.
///
/// The collection's path is written to stdout. A URL that cannot be captured is recorded as a failure, and the others go on;
/// if it was named, the exit code is 1 (of all others `fonds status` tells). Ctrl-C once finishes what is in flight and seals; twice stops at once, still valid. A run that
/// was interrupted or killed, or found the disk full, goes on with --resume.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Pages to capture: http or https URLs.
    #[arg(value_name = "URL", required_unless_present_any = ["input", "resume"])]
    pub(crate) urls: Vec<String>,
    /// More URLs, one a line; - for standard input. Empty lines and lines that begin with # are passed over.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// A new directory, or a new FILE.wacz [default: a directory named after host and time].
    #[arg(short, long, value_name = "DIR|FILE.wacz")]
    pub(crate) output: Option<PathBuf>,
    /// Go on with a collection whose run was interrupted, or ended with failures, with its URLs and its settings (those given
    /// now go before); secrets must be given again. What failed is tried again.
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    pub(crate) resume: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) crawl: crawl::Crawl,
    /// User-Agent to send.
    #[arg(long, default_value = USER_AGENT, hide_default_value = true)]
    pub(crate) user_agent: String,
    /// One more request header field; its value is kept out of the log (but stands in the request records). Authorization
    /// and Cookie go to the origins of the named URLs alone.
    #[arg(long, value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// Bytes after which a WARC is closed and the next begun.
    #[arg(long, default_value_t = WARC_SIZE, value_name = "BYTES", value_parser = at_least_one)]
    pub(crate) warc_size: u64,
    /// Deflate level of the records: 1 is fast, 9 small.
    #[arg(long, default_value_t = GZIP_LEVEL, value_name = "1-9", value_parser = clap::value_parser!(u32).range(1..=9))]
    pub(crate) gzip_level: u32,
    #[command(flatten)]
    pub(crate) reports: Reports,
    #[command(flatten)]
    pub(crate) bounds: network::Bounds,
    /// The digest in the records' fields; the log has SHA-256 in any case.
    #[arg(long, value_enum, default_value_t = DigestArg::Sha256)]
    pub(crate) digest: DigestArg,
    #[command(flatten)]
    vouch: vouch::Vouch,
    #[command(flatten)]
    pub(crate) network: network::Network,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DigestArg {
    /// sha256: and hex.
    Sha256,
    /// sha1: and Base32, for collections that index by it.
    Sha1,
}

impl DigestArg {
    fn form(self) -> DigestForm {
        match self {
            Self::Sha256 => DigestForm::Sha256,
            Self::Sha1 => DigestForm::Sha1,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha1 => "sha1",
        }
    }
}

fn at_least_one(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("must be a whole number".to_owned()),
    }
}

/// Where the collection is built, and what it becomes.
pub(crate) struct Output {
    pub(crate) directory: PathBuf,
    pub(crate) wacz: Option<PathBuf>,
    /// What signs it, and says when.
    pub(crate) seal: vouch::Seal,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let to_machine = args.reports.take_stdout();
    let (path, exit) = capture(args, global)?;
    match to_machine {
        true => println(&serde_json::json!({"event": "sealed", "path": path}).to_string())?,
        false => println(&path.display().to_string())?,
    }
    Ok(exit)
}

/// Captures; gives the path of what was made.
pub(crate) fn capture(args: Args, global: Global) -> anyhow::Result<(PathBuf, Exit)> {
    let (args, recalled) = resume::recalled(args)?;
    let named = arguments::seeds(&args)?;
    if args.user_agent.contains(char::is_control) {
        return Err(usage("--user-agent must be one line"));
    }
    let (output, seeds) = placed(&args, recalled.as_ref(), named, global)?;
    let reach = &args.network.reach;
    let mut output = Output { seal: args.vouch.seal(&reach.ca, reach.proxy.as_deref(), global)?, ..output };
    let headers = arguments::headers(&args.header)?;
    let proxy = args.network.reach.proxy()?;
    let session = arguments::session(&args, &seeds, &headers, proxy.as_ref())?;
    let session = fonds::manifest::Session { operator: output.seal.operator(&session.session), ..session };
    let wire = args.network.wire(proxy, &seeds, args.bounds.patience())?;
    let job = Job {
        seeds,
        user_agent: args.user_agent.clone(),
        headers,
        digest: args.digest.form(),
        ..args.crawl.job(this_year())?
    };
    job.earlier.iter().try_for_each(|path| dedup::fits(path, job.digest))?;
    let mut teller = Teller::new(&args.reports, job.scope.follows(), global)?;
    let info = arguments::warcinfo(&args);
    let begun = match &recalled {
        None => {
            Resumed::Archive(Box::new(Archive::create(&output.directory, Box::new(System), session, &info)?))
        }
        Some(recalled) => {
            resume::require_secrets(&output.directory, recalled, &session)?;
            Archive::resume(&output.directory, Box::new(System), session, &info, &job)?
        }
    };
    let mut archive = match begun {
        Resumed::Archive(archive) => archive,
        Resumed::Complete(captured) => return complete(output, &captured, global),
    };
    if recalled.is_some() {
        going_on(&output.directory, archive.waiting(), global);
    }
    output.seal.anchor(&mut archive)?;
    archive.set_gzip_level(args.gzip_level);
    archive.set_warc_size(args.warc_size);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let terminated = Arc::new(AtomicBool::new(false));
    let jar = wire.jar.clone();
    let outcome = runtime.block_on(work(&job, &mut archive, wire, &args, &mut teller, &terminated));
    // Sockets that linger are of no use to what follows.
    runtime.shutdown_background();
    // Whatever becomes of the cookies, the collection is sealed.
    let saved = args.network.save(jar.as_deref());
    teller.end(outcome.as_ref().ok());
    let (path, exit) = finish(outcome, *archive, output, global)?;
    saved?;
    let terminated = exit == Exit::Interrupted && terminated.load(Ordering::Relaxed);
    Ok((path, if terminated { Exit::Terminated } else { exit }))
}

/// Where the collection is to be, and what is to be captured.
fn placed(
    args: &Args,
    recalled: Option<&Recalled>,
    named: Vec<url::Url>,
    global: Global,
) -> anyhow::Result<(Output, Vec<url::Url>)> {
    let (Some(directory), Some(recalled)) = (&args.resume, recalled) else {
        let host = named.first().and_then(url::Url::host_str).unwrap_or_default();
        return Ok((arguments::place(args.output.as_deref(), host)?, named));
    };
    let directory: PathBuf = directory.components().collect();
    if !global.quiet {
        resume::say_unvouched(&directory, args.vouch.is_given());
    }
    let wacz = resume::wacz(&directory);
    Ok((Output { directory, wacz, seal: vouch::Seal::default() }, resume::seeds(recalled, named)))
}

fn this_year() -> u16 {
    timestamp14(System.now()).get(..4).and_then(|year| year.parse().ok()).unwrap_or(u16::MAX)
}

fn going_on(directory: &Path, waiting: u64, global: Global) {
    if !global.quiet {
        output::line(&format!("going on with {}: URLs left so far: {waiting}", directory.display()));
    }
}

/// Nothing was left to be done.
fn complete(output: Output, captured: &[bool], global: Global) -> anyhow::Result<(PathBuf, Exit)> {
    if !global.quiet {
        output::line(&format!("{} is complete: nothing is left to be done", output.directory.display()));
    }
    let vouched = vouch::vouch(&output, global);
    let path = packed(output)?;
    Ok((path, vouched.or(if captured.contains(&false) { Exit::Finding } else { Exit::Done })))
}

/// Packs what was to become a WACZ.
fn packed(output: Output) -> anyhow::Result<PathBuf> {
    let Some(wacz) = output.wacz else { return Ok(output.directory) };
    package::pack(&output.directory, &wacz)?;
    std::fs::remove_dir_all(&output.directory)
        .with_context(|| format!("{} could not be removed", output.directory.display()))?;
    Ok(wacz)
}

pub(crate) fn println(line: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = output::stdout();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

async fn work(
    job: &Job,
    archive: &mut Archive,
    wire: Wire,
    args: &Args,
    teller: &mut Teller,
    terminated: &Arc<AtomicBool>,
) -> Result<Summary, Error> {
    let (begin_nothing, stop) = watch::channel(false);
    let (abort, aborted) = watch::channel(false);
    let mut spool = SpoolOptions::in_dir(archive.workroom());
    spool.memory = spool.memory.min(memory_of_each(job));
    let mut options = ClientOptions::new(spool);
    options.limits = args.bounds.limits();
    (options.jar, options.login) = (wire.jar, wire.login);
    options.digest = args.digest.form();
    options.stop = Some(aborted);
    let client = Client::new(wire.connector, options);
    let signals = tokio::spawn(signals(begin_nothing, abort, Arc::clone(terminated)));
    let mut tell = |event: Event<'_>| teller.tell(event);
    let outcome = crawl_run(job, archive, client, stop, &mut tell).await;
    signals.abort();
    outcome
}

/// What is in flight takes this much together, however many hosts are asked.
const IN_FLIGHT: usize = 64 << 20;

fn memory_of_each(job: &Job) -> usize {
    let most = job.hosts.saturating_mul(job.per_host as usize).max(1);
    (IN_FLIGHT / most).max(64 << 10)
}

/// Once: nothing new is begun. Twice: what is in flight stops too.
pub(crate) async fn signals(
    begin_nothing: watch::Sender<bool>,
    abort: watch::Sender<bool>,
    terminated: Arc<AtomicBool>,
) {
    for (round, sender) in [begin_nothing, abort].into_iter().enumerate() {
        match interrupted().await {
            Ok(by_termination) => terminated.store(by_termination, Ordering::Relaxed),
            Err(_) => return,
        }
        output::problem(match round {
            0 => {
                "stopping: what is in flight is finished and the collection sealed; once more to stop at once"
            }
            _ => "stopping at once",
        });
        // Nobody listens any more where the run is over.
        let _ = sender.send(true);
    }
    std::future::pending::<()>().await;
}

/// Waits for a signal; true for one that terminates, false for Ctrl-C.
#[cfg(unix)]
pub(crate) async fn interrupted() -> std::io::Result<bool> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    // The terminal is gone: what was captured is still worth sealing.
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        outcome = tokio::signal::ctrl_c() => outcome.map(|()| false),
        _ = terminate.recv() => Ok(true),
        _ = hang_up.recv() => Ok(true),
    }
}

#[cfg(not(unix))]
pub(crate) async fn interrupted() -> std::io::Result<bool> {
    tokio::signal::ctrl_c().await.map(|()| false)
}

/// Seals whatever there is, so that it is valid, and says what became of the run.
pub(crate) fn finish(
    outcome: Result<Summary, Error>,
    archive: Archive,
    output: Output,
    global: Global,
) -> anyhow::Result<(PathBuf, Exit)> {
    let summary = match outcome {
        Ok(summary) => summary,
        Err(error) => {
            let directory = output.directory.display();
            let again = format!("`fonds archive --resume {directory}` goes on");
            match archive.seal("interrupted") {
                Ok(_) => output::problem(&format!(
                    "{directory} is sealed with what was captured until then; {again}"
                )),
                Err(second) => output::problem(&format!("{second}; {directory} is left unsealed; {again}")),
            }
            return Err(error.into());
        }
    };
    archive.seal(summary.exit())?;
    let vouched = vouch::vouch(&output, global);
    let directory = output.directory.display();
    match (summary.interrupted, summary.limit) {
        (true, _) => output::problem(&format!("interrupted; `fonds archive --resume {directory}` goes on")),
        (false, Some(limit)) => output::problem(&format!(
            "ended by --{}, with {} URLs waiting; `fonds archive --resume {directory}` with another --{0} goes on",
            limit, summary.waiting
        )),
        (false, None) if summary.waiting > 0 => output::problem(&format!(
            "URLs that were not tried: {}; this should not be: please report it; `fonds archive --resume {directory}` \
             tries them",
            summary.waiting
        )),
        _ => {}
    }
    // Half a capture is not packed: what is left to be done is done in a directory.
    let path = if summary.interrupted { output.directory } else { packed(output)? };
    if !global.quiet {
        let c = summary.counts;
        output::line(&format!(
            "{} responses ({}), {} pages, {} failures, {} records in {}",
            c.captures,
            output::bytes(summary.bytes),
            c.pages,
            c.failures,
            c.records,
            path.display()
        ));
    }
    let is_left = summary.limit.is_none() && summary.waiting > 0;
    let exit = match (summary.interrupted, is_left || summary.captured.contains(&false)) {
        (true, _) => Exit::Interrupted,
        (false, true) => vouched.or(Exit::Finding),
        (false, false) => vouched,
    };
    Ok((path, exit))
}
