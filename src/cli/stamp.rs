//! `fonds stamp`

use super::exit::{Exit, Outcome, in_words, usage};
use super::{Global, inputs, output};
use anyhow::Context;
use fonds::input::remote::{Client, Options};
use fonds::package::stamped::{self, Stampable};
use fonds::vouch::stamp::{LONGEST, Request, Token, ask};
use fonds::world::{System, World};
use jiff::{SignedDuration, Timestamp};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// By how much this machine's clock may differ from an authority's before it is said.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// Time-stamp a sealed collection or WACZ: an authority says that its checkpoint exists now.
///
/// What is sent is a SHA-256 of the checkpoint, with the signatures that it has by then (so sign first), and nothing else.
/// The answers are kept as they come, as provenance/checkpoint.tsr, checkpoint.2.tsr and so on. Done again later, the new
/// time-stamp is also over those that are there: it renews them, for the time when their keys or hashes are no longer
/// trusted. `fonds verify --trust ROOT.pem` checks them.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A collection or a WACZ.
    #[arg(value_name = "DIR|FILE.wacz")]
    path: PathBuf,
    #[command(flatten)]
    asked: Asked,
    /// Write the request to standard output instead, for `curl --data-binary @- -H 'Content-Type: application/timestamp-query'` or
    /// `openssl ts -reply` elsewhere.
    #[arg(long, conflicts_with_all = ["tsa", "import"])]
    export: bool,
    /// Add an authority's response from a file; - for standard input.
    #[arg(long, value_name = "FILE.tsr", conflicts_with = "tsa")]
    import: Vec<PathBuf>,
    /// Certificate authorities in PEM to trust besides Mozilla's, for an authority behind https.
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// A proxy for it: http://, socks5:// or socks5h://.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

/// Whom to ask for the time.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Asked {
    /// A time-stamp authority (RFC 3161) by its URL; several are each asked.
    #[arg(long, value_name = "URL")]
    pub(crate) tsa: Vec<String>,
    /// Seconds that its whole answer may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) tsa_timeout: u64,
}

impl Asked {
    /// A client that asks, set up before anything is captured.
    pub(crate) fn client(&self, ca: &[PathBuf], proxy: Option<&str>) -> anyhow::Result<Client> {
        for url in &self.tsa {
            let parsed = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            parsed.ok_or_else(|| usage(format!("--tsa {url:?} is no http or https URL")))?;
        }
        let mut options = Options { proxy: proxy.map(str::to_owned), ..Options::default() };
        options.wait = Duration::from_secs(self.tsa_timeout);
        options.connect = options.connect.min(options.wait);
        for path in ca {
            options.authorities.extend(inputs::authorities(path)?);
        }
        Ok(Client::new(&options)?)
    }
}

pub(crate) fn run(args: &Args, global: Global) -> Outcome {
    match (args.export, args.import.is_empty(), args.asked.tsa.is_empty()) {
        (true, ..) => export(&args.path),
        (_, false, _) => import(&args.path, &args.import, global),
        (_, _, false) => {
            let client = args.asked.client(&args.ca, args.proxy.as_deref())?;
            stamp(&args.path, &client, &args.asked.tsa, global)
        }
        _ => Err(usage("say whom to ask with --tsa URL, or --export a request and --import the response")),
    }
}

/// Asks each; what those that answer say is added, whatever becomes of the others.
pub(crate) fn stamp(path: &Path, client: &Client, urls: &[String], global: Global) -> Outcome {
    let stampable = Stampable::open(path)?;
    let bytes = stampable.bytes();
    let (mut responses, mut exit) = (Vec::new(), Exit::Done);
    for url in urls {
        match ask(client, url, &bytes, &System) {
            Ok((response, token)) => {
                own_clock(&token);
                logs_clock(&token, stampable.last_entry.as_deref());
                responses.push(response);
            }
            Err(error) => {
                output::problem(&in_words(&error.into()));
                exit = Exit::Io;
            }
        }
    }
    if !responses.is_empty() {
        add(path, &responses, global)?;
    }
    Ok(exit)
}

fn add(path: &Path, responses: &[Vec<u8>], global: Global) -> anyhow::Result<()> {
    let added = stamped::add(path, responses, &inputs::spool())?;
    if global.quiet {
        return Ok(());
    }
    match added.is_empty() {
        true => output::line(&format!("{} has this time-stamp already", path.display())),
        false => {
            for (name, token) in
                added.iter().zip(responses.iter().filter_map(|response| Token::parse(response).ok()))
            {
                output::line(&format!("{} is time-stamped {}: {name}", path.display(), token.info.time));
            }
            output::line(&format!(
                "whether the authority is to be trusted, `fonds verify --trust ROOT.pem {}` says",
                path.display()
            ));
        }
    }
    Ok(())
}

/// The clock that dated the records is as wrong as this one.
fn own_clock(token: &Token) {
    let off = System.now().duration_since(token.info.time);
    if off.abs() > TOLERANCE {
        output::problem(&format!(
            "warning: this machine's clock is {} seconds {} the time-stamp authority's; the dates in the archive may be as wrong",
            off.abs().as_secs(),
            if off.is_positive() { "ahead of" } else { "behind" }
        ));
    }
}

/// A line cannot be younger than what is over it.
fn logs_clock(token: &Token, last_entry: Option<&str>) {
    let last = last_entry.and_then(|at| at.parse::<Timestamp>().ok());
    let ahead = last.map(|last| last.duration_since(token.info.latest()));
    if let Some(ahead) = ahead.filter(|ahead| *ahead > TOLERANCE) {
        output::problem(&format!(
            "warning: the log's last line is dated {} seconds after the time-stamp over it; the clock that dated it was wrong",
            ahead.as_secs()
        ));
    }
}

fn export(path: &Path) -> Outcome {
    let request = Request::new(&Stampable::open(path)?.bytes(), &System)?;
    let mut out = output::stdout();
    out.write_all(&request.to_der())?;
    out.flush()?;
    Ok(Exit::Done)
}

fn import(path: &Path, files: &[PathBuf], global: Global) -> Outcome {
    let responses: Vec<Vec<u8>> = files.iter().map(|file| response(file)).collect::<anyhow::Result<_>>()?;
    let mut tokens = Vec::new();
    for (file, response) in files.iter().zip(&responses) {
        let wrong = |problem| usage(format!("{}: this is no time-stamp: {problem}", file.display()));
        tokens.push(Token::parse(response).map_err(wrong)?);
    }
    add(path, &responses, global)?;
    let last_entry = Stampable::open(path)?.last_entry;
    tokens.iter().for_each(|token| logs_clock(token, last_entry.as_deref()));
    Ok(Exit::Done)
}

fn response(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more, so that what is too long shows.
    let limit = LONGEST as u64 + 1;
    if file.as_os_str() == "-" {
        std::io::stdin().take(limit).read_to_end(&mut bytes).context("standard input")?;
    } else {
        let opened = std::fs::File::open(file);
        let read = opened.and_then(|opened| opened.take(limit).read_to_end(&mut bytes));
        read.with_context(|| file.display().to_string())?;
    }
    Ok(bytes)
}
