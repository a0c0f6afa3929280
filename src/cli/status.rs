//! `fonds status`

use super::exit::{Exit, Outcome};
use super::{Global, archive, output};
use clap::ValueEnum;
use fonds::crawl::{FateKind, Stage, Status, status};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::PathBuf;

/// Hosts told of.
const HOSTS: usize = 20;

/// Tell what became of every URL of a crawl: captured, failed, left out, still waiting. Did we get it all?
///
/// Works on a collection that is being captured, was interrupted, or is sealed; nothing in it is changed. Exit code 1 where
/// something failed or is still to be fetched.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The collection's directory.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// How to tell it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// List the URLs of this fate, one a line, with what is known of them; as JSON lines with --format json.
    #[arg(long, value_enum)]
    list: Option<Listed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person.
    Human,
    /// One object; with --list, a line a URL.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Listed {
    /// Responses.
    Captured,
    /// Responses whose payload an earlier record holds.
    Revisit,
    /// What gave nothing.
    Failed,
    /// What a rule was against.
    Skipped,
    /// What is still to be fetched.
    Waiting,
    /// All of them.
    All,
}

impl Listed {
    fn kind(self) -> Option<FateKind> {
        Some(match self {
            Self::Captured => FateKind::Captured,
            Self::Revisit => FateKind::Revisit,
            Self::Failed => FateKind::Failed,
            Self::Skipped => FateKind::Skipped,
            Self::Waiting => FateKind::Waiting,
            Self::All => return None,
        })
    }
}

const KINDS: [FateKind; 5] =
    [FateKind::Captured, FateKind::Revisit, FateKind::Failed, FateKind::Skipped, FateKind::Waiting];

pub(crate) fn run(args: Args, _: Global) -> Outcome {
    let job = archive::recalled_job(&args.directory)?;
    let status = status(&args.directory, &job, &super::inputs::spool())?;
    let mut out = output::stdout();
    match (args.list, args.format) {
        (Some(listed), format) => list(&status, listed, format, &mut out)?,
        (None, Format::Human) => human(&status, &args, &mut out)?,
        (None, Format::Json) => writeln!(out, "{}", report(&status)?)?,
    }
    out.flush()?;
    Ok(if status.is_complete() { Exit::Done } else { Exit::Finding })
}

fn list(status: &Status, listed: Listed, format: Format, out: &mut dyn Write) -> io::Result<()> {
    status.each(listed.kind(), &mut |fate| match format {
        Format::Json => {
            let line = json!({"url": fate.url, "fate": fate.kind.name(), "detail": fate.detail});
            writeln!(out, "{line}")
        }
        Format::Human => {
            writeln!(
                out,
                "{} {} {}",
                fate.kind.name(),
                output::printable(&fate.url),
                output::printable(&fate.detail)
            )
        }
    })
}

fn stage(status: &Status) -> &'static str {
    match status.stage {
        Stage::Running => "running",
        Stage::Interrupted => "interrupted",
        Stage::Sealed => "sealed",
    }
}

fn human(status: &Status, args: &Args, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {}", args.directory.display(), stage(status))?;
    for session in &status.sessions {
        let scope = session.options.get("scope").map(String::as_str).unwrap_or_default();
        let exit = session.exit.as_deref().unwrap_or("has not ended");
        writeln!(out, "  run of {}: {} named, scope {scope}: {exit}", session.began, session.seeds)?;
    }
    for kind in KINDS {
        let details: Vec<String> = status
            .counts
            .get(&kind)
            .into_iter()
            .flatten()
            .filter(|(short, _)| !short.is_empty())
            .map(|(short, count)| format!("{}: {count}", output::printable(short)))
            .collect();
        let details = if details.is_empty() { String::new() } else { format!("  ({})", details.join(", ")) };
        writeln!(out, "{:>10} {}{details}", status.of(kind), kind.name())?;
    }
    writeln!(out, "{:>10} pages listed", status.pages)?;
    hosts(status, out)?;
    let answer = match (status.is_complete(), status.stage) {
        (true, _) => "everything that was to be fetched was answered",
        (false, Stage::Running) => "not yet: the run goes on",
        (false, _) => {
            "not everything that was to be fetched was answered; `fonds archive --resume` tries the rest"
        }
    };
    writeln!(out, "{answer}")
}

fn hosts(status: &Status, out: &mut dyn Write) -> io::Result<()> {
    let hosts = status.hosts(HOSTS)?;
    if hosts.len() < 2 {
        return Ok(());
    }
    writeln!(out, "by host, those with most URLs first:")?;
    for (host, counts) in hosts {
        let counts: Vec<String> =
            counts.iter().map(|(kind, count)| format!("{count} {}", kind.name())).collect();
        writeln!(out, "  {host}: {}", counts.join(", "))?;
    }
    Ok(())
}

fn report(status: &Status) -> io::Result<Value> {
    let counts: serde_json::Map<String, Value> = KINDS
        .iter()
        .map(|kind| {
            let details = status.counts.get(kind).cloned().unwrap_or_default();
            (kind.name().to_owned(), json!({"urls": status.of(*kind), "by": details}))
        })
        .collect();
    let sessions: Vec<Value> = status
        .sessions
        .iter()
        .map(|s| json!({"began": s.began, "seeds": s.seeds, "options": s.options, "exit": s.exit}))
        .collect();
    let hosts: Vec<Value> = status
        .hosts(usize::MAX)?
        .into_iter()
        .map(|(host, counts)| {
            let counts: serde_json::Map<String, Value> =
                counts.into_iter().map(|(kind, count)| (kind.name().to_owned(), count.into())).collect();
            json!({"host": host, "counts": counts})
        })
        .collect();
    Ok(json!({
        "schema": "fonds-status/1",
        "stage": stage(status),
        "complete": status.is_complete(),
        "pages": status.pages,
        "sessions": sessions,
        "fates": counts,
        "hosts": hosts,
    }))
}
