//! `fonds redact`

use super::exit::{Exit, Outcome, usage};
use super::log::Words;
use super::{Global, inputs, output};
use fonds::package::redact::{Chosen, Redacted, redact};
use fonds::package::{Error, Package, authed, pack};
use fonds::verify::{Options, Verdict, Verification};
use fonds::world::System;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Make a copy of a sealed collection or WACZ without what must be kept back, and with the same proofs for all the rest.
///
/// Records are left out whole. The log's lines about them are withheld: their hashes stay, so that every signature and
/// time-stamp over the original's checkpoint holds for what is left. What names a kept-back URL in other records (links, Referer,
/// via, seed) stays; how many of them there are is said. The original is not touched.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A sealed collection or a WACZ.
    #[arg(value_name = "DIR|FILE.wacz")]
    path: PathBuf,
    /// The copy: a new directory, or a new file whose name ends in .wacz.
    #[arg(short, long, value_name = "DIR|FILE.wacz")]
    output: PathBuf,
    /// Keep back all captures, failures and pages whose URL matches this regular expression, and log lines with such seeds.
    #[arg(long, value_name = "REGEX")]
    url: Vec<regex::Regex>,
    /// Keep back the record of this WARC-Record-ID, and those of the same capture.
    #[arg(long, value_name = "ID")]
    record: Vec<String>,
    #[command(flatten)]
    words: Words,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    if args.url.is_empty() && args.record.is_empty() {
        return Err(usage("say what is to be kept back: --url REGEX or --record ID"));
    }
    output::outside(&args.path, &args.output)?;
    let records: HashSet<String> =
        args.record.iter().map(|id| id.trim_matches(['<', '>']).to_owned()).collect();
    let url = |url: &str| args.url.iter().any(|regex| regex.is_match(url));
    let chosen = Chosen { url: &url, records: &records };
    let event = args.words.event("redaction");
    let copy = |out: &Path| redact(&args.path, out, &chosen, event, &System, &inputs::spool());
    let redacted = match args.output.extension().is_some_and(|ending| ending == "wacz") {
        true => packed(&args.output, copy)?,
        false => copy(&args.output)?,
    };
    if !global.quiet {
        say(&args.output, redacted);
    }
    if authed::is_signed(&args.path)? {
        output::problem(
            "the original's wacz-auth signature is over all of its files, and cannot be carried into a copy without some",
        );
    }
    holds(&args.output)
}

/// What was damaged in the original is damaged in the copy.
fn holds(out: &Path) -> Outcome {
    let mut verification = Verification::new(Options { spool: inputs::spool(), ..Options::default() });
    verification.package(&Package::open(out)?)?;
    let report = verification.finish(String::new());
    if report.verdict == Verdict::Damaged {
        let place = out.display();
        output::problem(&format!(
            "{place} does not hold, as the original does not; `fonds verify {place}` tells what is wrong"
        ));
        return Ok(Exit::Finding);
    }
    Ok(Exit::Done)
}

/// A copy beside the file that it is packed into.
fn packed(out: &Path, copy: impl FnOnce(&Path) -> Result<Redacted, Error>) -> anyhow::Result<Redacted> {
    if out.try_exists()? {
        return Err(Error::Exists(out.to_owned()).into());
    }
    let beside = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let room = tempfile::Builder::new().prefix(".fonds-").tempdir_in(beside)?;
    let directory = room.path().join("copy");
    let redacted = copy(&directory)?;
    pack(&directory, out)?;
    Ok(redacted)
}

fn say(out: &Path, redacted: Redacted) {
    let Redacted { records, lines, mentions } = redacted;
    output::line(&format!("{}: {records} records left out, {lines} lines withheld", out.display()));
    if mentions > 0 {
        output::line(&format!(
            "{mentions} records that stay name a URL that was kept back, as what led to them or as their seed; they may hold \
             links to it too. --url or --record keeps them back"
        ));
    }
}
