//! `fonds prove`

use super::exit::{Exit, Outcome, usage};
use super::inputs::{self, Jobs};
use super::{Global, output};
use anyhow::Context;
use fonds::package;
use fonds::package::prove::{Held, Query, Room, prove};
use std::path::{Path, PathBuf};

/// Take one page out of a sealed collection or WACZ, with what proves that it was in there, and leave the rest private.
///
/// The file holds the records of the captures (response, request, metadata, and the certificate chain, the lookup and the warcinfo
/// that go with them), their lines of the provenance log, an RFC 6962 proof for each line, and the checkpoint with its
/// signatures and time-stamps. `fonds check FILE` verifies it anywhere; `fonds cat` and `fonds extract` read it like a WACZ. With --since it also proves, or
/// alone, that the log only grew since a checkpoint that somebody holds. Its form is told in docs/format.md.
#[derive(clap::Args, Debug)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(crate) struct Args {
    /// A sealed collection or a WACZ.
    #[arg(value_name = "COLLECTION")]
    path: PathBuf,
    /// All captures of this URL, and what the log tells of it besides.
    #[arg(long, group = "what", value_name = "URL")]
    url: Vec<String>,
    /// Only captures of this WARC-Date, or of one that begins so, as `fonds ls` shows it.
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Only the capture that this record is of.
    #[arg(long, group = "what", value_name = "ID")]
    id: Option<String>,
    /// A checkpoint of the collection from an earlier time (provenance/checkpoint of then).
    #[arg(long, group = "what", value_name = "FILE")]
    since: Vec<PathBuf>,
    /// Also the session's line, which holds all seeds and settings, and the certificate chain's record where it belongs to
    /// another page.
    #[arg(long)]
    context: bool,
    /// A new file.
    #[arg(short, long, required = true, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    jobs: Jobs,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let since: Vec<_> = args.since.iter().map(|path| held(path)).collect::<anyhow::Result<_>>()?;
    let since: Vec<Held<'_>> = since.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let query = query(&args)?;
    output::outside(&args.path, &args.output)?;
    let room = Room { spool: &inputs::spool(), scan: args.jobs.settings() };
    let proved = match prove(&args.path, query.as_ref(), &since, &args.output, room) {
        Err(error @ package::Error::NotFound { .. }) => {
            output::problem(&error.to_string());
            return Ok(Exit::Finding);
        }
        proved => proved?,
    };
    if !global.quiet {
        let size = std::fs::metadata(&args.output).map_or(0, |metadata| metadata.len());
        output::line(&format!(
            "{} ({}): {} records and {} of the {} lines of the log; `fonds check` verifies it",
            args.output.display(),
            output::bytes(size),
            proved.records,
            proved.lines,
            proved.of
        ));
    }
    Ok(Exit::Done)
}

/// `None` where only the log's growth is to be proved.
fn query(args: &Args) -> anyhow::Result<Option<Query>> {
    if args.url.is_empty() && args.id.is_none() {
        return match args.date.is_some() || args.context {
            true => Err(usage("--date and --context go with --url or --id")),
            false => Ok(None),
        };
    }
    let id = args.id.as_deref().map(|id| id.trim_matches(['<', '>']).to_owned());
    Ok(Some(Query { urls: args.url.clone(), date: args.date.clone(), id, context: args.context }))
}

fn held(path: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| name.clone())?;
    match fonds::manifest::read_checkpoint(&bytes) {
        Some(_) => Ok((name, bytes)),
        None => Err(usage(format!("{name}: this is no checkpoint of origin, size and root"))),
    }
}
