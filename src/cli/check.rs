//! `fonds check`

use super::exit::{Outcome, in_words};
use super::verify::Asked;
use super::{Global, output};
use fonds::package::Package;
use fonds::verify::Verification;
use std::path::{Path, PathBuf};

/// Verify proof files that `fonds prove` made, alone: without the collection, without a network.
///
/// Each record must be the one that its log line binds, each line must be in the log by its proof, and the log must go on with the
/// earlier checkpoints that the file holds. Levels are those of `fonds verify`, but 2 is "included": what is here was in the
/// log; what is not here may have been too. Level 3 needs --key. Exit code 1 where anything is wrong, 3 where the level asked
/// for is not reached.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Proof files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    asked: Asked,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let mut verification = Verification::new(args.asked.options()?);
    let mut unreadable = false;
    for path in &args.files {
        if let Err(error) = check(path, &mut verification) {
            output::problem(&in_words(&error.context(path.display().to_string())));
            unreadable = true;
        }
    }
    args.asked.answer(verification, unreadable, global)
}

fn check(path: &Path, verification: &mut Verification) -> anyhow::Result<()> {
    Ok(verification.proof(&Package::open(path)?)?)
}
