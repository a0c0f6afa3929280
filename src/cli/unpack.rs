//! `fonds unpack`

use super::exit::{Exit, Outcome, usage};
use super::{Global, output};
use fonds::package::unpack::{Allowed, unpack};
use std::path::PathBuf;

/// Unpack a WACZ, by anyone's tool, into a new directory, every hash checked on the way.
///
/// The directory appears whole or not at all. A WACZ is refused whose content is not what its lists say, whose entries lead out of
/// the directory, stand twice, overlap, or are links, or that would take much more room than it takes itself. What else is
/// amiss is told, with exit code 1.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A WACZ.
    #[arg(value_name = "FILE.wacz")]
    path: PathBuf,
    /// A new directory [default: FILE].
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The most bytes that may be unpacked [default: a hundred times the file, and at least 1 GiB].
    #[arg(long, value_name = "BYTES")]
    most: Option<u64>,
    /// Also files that are not what the lists say: some versions of js-wacz, and so of Scoop, write wrong hashes.
    #[arg(long)]
    as_is: bool,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let out = match args.output {
        Some(out) => out,
        None => match args.path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("wacz") => args.path.with_extension(""),
            _ => return Err(usage("the file's name does not end in .wacz; name the directory by -o")),
        },
    };
    let findings = unpack(&args.path, &out, Allowed { bytes: args.most, as_is: args.as_is })?;
    findings.iter().for_each(|finding| output::line(&output::finding(finding)));
    if !global.quiet {
        output::line(&format!("{} is unpacked into {}", args.path.display(), out.display()));
    }
    let amiss = findings.iter().any(fonds::finding::Finding::is_error);
    Ok(if amiss { Exit::Finding } else { Exit::Done })
}
