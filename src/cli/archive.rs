//! `fonds archive`

use super::exit::{Exit, Outcome, usage};
use super::{Global, output};
use anyhow::Context;
use clap::ValueEnum;
use fonds::crawl::{self, Archive, Event, Job, Role, Scope, Summary};
use fonds::manifest::{Session, Tool};
use fonds::package::{self, layout};
use fonds::wire::{Client, ClientOptions, Connector, Limits, SpoolOptions, Trust};
use fonds::world::{System, World, new_urn, timestamp14};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use url::Url;

const USER_AGENT: &str =
    concat!("Mozilla/5.0 (compatible; fonds/", env!("CARGO_PKG_VERSION"), "; web archiving)");

/// Capture pages, with all they need to be shown, into a collection: WARC, index, page list, provenance log.
///
/// The collection's path is written to stdout. A URL that cannot be captured is recorded as a failure and makes the exit
/// code 1; the others go on. Ctrl-C once finishes what is in flight and seals; twice stops at once, still valid.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Pages to capture: http or https URLs.
    #[arg(value_name = "URL", required_unless_present = "input")]
    pub(crate) urls: Vec<String>,
    /// More URLs, one a line; - for standard input. Empty lines and lines that begin with # are passed over.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// A new directory, or a new FILE.wacz [default: a directory named after host and time].
    #[arg(short, long, value_name = "DIR|FILE.wacz")]
    pub(crate) output: Option<PathBuf>,
    /// How far to go from each URL.
    #[arg(long, value_enum, default_value_t = ScopeArg::PageRequisites)]
    pub(crate) scope: ScopeArg,
    /// User-Agent to send.
    #[arg(long, default_value = USER_AGENT, hide_default_value = true)]
    pub(crate) user_agent: String,
    /// One more request header field; its value is kept out of the log (but stands in the request records). Authorization
    /// and Cookie go to the origins of the named URLs alone.
    #[arg(long, value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// Certificate authorities in PEM to trust besides Mozilla's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Vec<PathBuf>,
    /// Use this address for a host in place of DNS.
    #[arg(long, value_name = "HOST:ADDRESS")]
    pub(crate) resolve: Vec<String>,
    /// Hosts asked at the same time, one connection each.
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub(crate) concurrency: usize,
    /// Seconds for each of name lookup, connection and TLS, and without a byte in between.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub(crate) timeout: u64,
    /// Bytes of one response, after which it is cut and marked (WARC-Truncated: length).
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_response: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeArg {
    /// The named pages alone.
    Page,
    /// With images, styles, scripts, fonts and frames, from any host.
    #[value(name = "page+requisites")]
    PageRequisites,
}

/// Where the collection is built, and what it becomes.
struct Output {
    directory: PathBuf,
    wacz: Option<PathBuf>,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let (path, exit) = capture(args, global)?;
    println(&path)?;
    Ok(exit)
}

/// Captures; gives the path of what was made.
pub(crate) fn capture(args: Args, global: Global) -> anyhow::Result<(PathBuf, Exit)> {
    let seeds = seeds(&args)?;
    let output = place(args.output.as_deref(), &seeds)?;
    let connector = connector(&args)?;
    let headers = headers(&args.header)?;
    let session = session(&args, &seeds, &headers)?;
    let scope = match args.scope {
        ScopeArg::Page => Scope::Page,
        ScopeArg::PageRequisites => Scope::PageRequisites,
    };
    let job = Job { seeds, scope, user_agent: args.user_agent.clone(), headers, hosts: args.concurrency };
    let mut archive = Archive::create(&output.directory, Box::new(System), session, &warcinfo(&args))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let terminated = Arc::new(AtomicBool::new(false));
    let outcome = runtime.block_on(work(&job, &mut archive, connector, &args, global, &terminated));
    // Sockets that linger are of no use to what follows.
    runtime.shutdown_background();
    let (path, exit) = finish(outcome, archive, output, global)?;
    let terminated = exit == Exit::Interrupted && terminated.load(Ordering::Relaxed);
    Ok((path, if terminated { Exit::Terminated } else { exit }))
}

fn println(path: &Path) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = output::stdout();
    writeln!(out, "{}", path.display())?;
    out.flush()?;
    Ok(())
}

async fn work(
    job: &Job,
    archive: &mut Archive,
    connector: Connector,
    args: &Args,
    global: Global,
    terminated: &Arc<AtomicBool>,
) -> Result<Summary, crawl::Error> {
    let (begin_nothing, stop) = watch::channel(false);
    let (abort, aborted) = watch::channel(false);
    let mut options = ClientOptions::new(SpoolOptions::in_dir(archive.workroom()));
    options.limits.idle = Duration::from_secs(args.timeout);
    options.limits.bytes = args.max_response.unwrap_or(Limits::default().bytes);
    options.stop = Some(aborted);
    let client = Client::new(connector, options);
    let signals = tokio::spawn(signals(begin_nothing, abort, Arc::clone(terminated)));
    let mut tell = |event: Event<'_>| tell(event, global);
    let outcome = crawl::run(job, archive, client, stop, &mut tell).await;
    signals.abort();
    outcome
}

/// Once: nothing new is begun. Twice: what is in flight stops too.
async fn signals(
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
async fn interrupted() -> std::io::Result<bool> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = tokio::signal::ctrl_c() => outcome.map(|()| false),
        _ = terminate.recv() => Ok(true),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<bool> {
    tokio::signal::ctrl_c().await.map(|()| false)
}

/// Seals whatever there is, so that it is valid, and says what became of the run.
fn finish(
    outcome: Result<Summary, crawl::Error>,
    archive: Archive,
    output: Output,
    global: Global,
) -> anyhow::Result<(PathBuf, Exit)> {
    let summary = match outcome {
        Ok(summary) => summary,
        Err(error) => {
            if let Err(second) = archive.seal("interrupted") {
                output::problem(&format!("{second}; {} is left unsealed", output.directory.display()));
            }
            return Err(error.into());
        }
    };
    archive.seal(summary.exit())?;
    let path = match output.wacz {
        Some(wacz) => {
            package::pack(&output.directory, &wacz)?;
            std::fs::remove_dir_all(&output.directory)
                .with_context(|| format!("{} could not be removed", output.directory.display()))?;
            wacz
        }
        None => output.directory,
    };
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
    let exit = match (summary.interrupted, summary.captured.contains(&false)) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::Finding,
        (false, false) => Exit::Done,
    };
    Ok((path, exit))
}

fn tell(event: Event<'_>, global: Global) {
    match event {
        Event::Captured { url, status, bytes, role, truncated, .. } => {
            let cut = truncated.map(|why| format!(", cut ({why})")).unwrap_or_default();
            let status = status.map_or_else(|| "-".to_owned(), |s| s.to_string());
            if !global.quiet && (role == Role::Page || global.verbose || truncated.is_some()) {
                output::line(&format!("{status} {url} ({}{cut})", output::bytes(bytes)));
            }
        }
        Event::Failed { url, stage, error, role } => {
            if role == Role::Page || !global.quiet {
                output::problem(&format!("{url}: not captured ({stage}): {error}"));
            }
        }
    }
}

fn seeds(args: &Args) -> anyhow::Result<Vec<Url>> {
    let mut texts = args.urls.clone();
    if let Some(path) = &args.input {
        let list = if path.as_os_str() == "-" {
            std::io::read_to_string(std::io::stdin()).context("standard input")?
        } else {
            std::fs::read_to_string(path).with_context(|| path.display().to_string())?
        };
        texts.extend(
            list.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned),
        );
    }
    if texts.is_empty() {
        return Err(usage("no URL to capture"));
    }
    texts.iter().map(|text| seed(text)).collect()
}

fn seed(text: &str) -> anyhow::Result<Url> {
    let help = "give one like https://example.org/page";
    let url = Url::parse(text).map_err(|e| usage(format!("{text:?} is not a URL ({e}); {help}")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(usage(format!("{text:?} is neither http nor https; {help}")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let url = without_password(&url);
        output::problem(&format!(
            "{url}: the user name and password in this URL are not sent; --header 'Authorization: …' would be"
        ));
    }
    Ok(url)
}

fn place(output: Option<&Path>, seeds: &[Url]) -> anyhow::Result<Output> {
    let host = seeds.first().and_then(Url::host_str).unwrap_or_default();
    let path = match output {
        Some(path) => path.to_owned(),
        None => PathBuf::from(layout::default_name(host, &timestamp14(System.now()))),
    };
    if path.symlink_metadata().is_ok() {
        return Err(crawl::Error::Exists(path).into());
    }
    let is_wacz = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("wacz"));
    if !is_wacz {
        return Ok(Output { directory: path, wacz: None });
    }
    let mut directory = path.clone().into_os_string();
    directory.push(".part");
    Ok(Output { directory: directory.into(), wacz: Some(path) })
}

fn connector(args: &Args) -> anyhow::Result<Connector> {
    let mut authorities = Vec::new();
    for path in &args.ca {
        authorities.push(std::fs::read(path).with_context(|| path.display().to_string())?);
    }
    let authorities: Vec<&[u8]> = authorities.iter().map(Vec::as_slice).collect();
    let trust = Trust::new(&authorities).context("--ca")?;
    let mut connector = Connector::new(trust, Duration::from_secs(args.timeout));
    for rule in &args.resolve {
        let parsed = rule.split_once(':').and_then(|(host, address)| {
            let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
            Some((host, address))
        });
        let Some((host, address)) = parsed else {
            return Err(usage(format!("--resolve {rule:?} is not HOST:ADDRESS")));
        };
        connector = connector.resolve(host, vec![address]);
    }
    Ok(connector)
}

fn headers(lines: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let split = |line: &String| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    lines.iter().map(|line| split(line).ok_or_else(|| usage("--header takes 'NAME: VALUE'"))).collect()
}

fn session(args: &Args, seeds: &[Url], headers: &[(String, String)]) -> anyhow::Result<Session> {
    let mut options = BTreeMap::from([
        ("concurrency".to_owned(), args.concurrency.to_string()),
        ("scope".to_owned(), scope_name(args.scope).to_owned()),
        ("timeout".to_owned(), args.timeout.to_string()),
    ]);
    options.extend(args.max_response.map(|bytes| ("max-response".to_owned(), bytes.to_string())));
    if !args.resolve.is_empty() {
        options.insert("resolve".to_owned(), args.resolve.join(" "));
    }
    Ok(Session {
        archive: new_urn(&System)?,
        session: new_urn(&System)?,
        previous_size: 0,
        previous_root: None,
        tool: Tool {
            name: "fonds".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            binary_sha256: binary_sha256(),
        },
        seeds: seeds.iter().map(without_password).collect(),
        options,
        redacted: headers.iter().map(|(name, _)| format!("header {name}")).collect(),
        user_agent: args.user_agent.clone(),
    })
}

fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only on URLs that cannot have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

fn scope_name(scope: ScopeArg) -> &'static str {
    match scope {
        ScopeArg::Page => "page",
        ScopeArg::PageRequisites => "page+requisites",
    }
}

/// The running program, where the system lets it be read.
fn binary_sha256() -> Option<String> {
    let file = std::fs::File::open(std::env::current_exe().ok()?).ok()?;
    fonds::digest::sha256_of(file).ok().map(|(digest, _)| digest.value())
}

/// WARC/1.1 §6.2: who made this and how.
fn warcinfo(args: &Args) -> Vec<(&'static str, String)> {
    vec![
        ("software", format!("fonds/{}", env!("CARGO_PKG_VERSION"))),
        ("format", "WARC File Format 1.1".to_owned()),
        (
            "conformsTo",
            "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/".to_owned(),
        ),
        ("robots", "ignore".to_owned()),
        ("http-header-user-agent", args.user_agent.clone()),
        ("description", format!("scope {}", scope_name(args.scope))),
    ]
}
