//! `fonds pack`

use super::exit::{Exit, Outcome, usage};
use super::{Global, output};
use fonds::package;
use std::path::PathBuf;

/// Pack a sealed collection into one WACZ file: every entry stored, the same bytes each time.
///
/// Every file is held against datapackage.json on the way; what is altered, missing or not listed is not packed. Directories that
/// other tools' WACZ files were unpacked into can be packed again, too.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A sealed collection.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// A new file [default: DIR.wacz].
    #[arg(short, long, value_name = "FILE.wacz")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    if !args.path.is_dir() {
        return Err(usage(format!("{} is no directory", args.path.display())));
    }
    let out = match args.output {
        Some(out) => out,
        None => beside(&args.path)?,
    };
    output::outside(&args.path, &out)?;
    package::pack(&args.path, &out)?;
    if !global.quiet {
        output::line(&format!("{} is packed into {}", args.path.display(), out.display()));
    }
    Ok(Exit::Done)
}

/// DIR.wacz; a name may end in what looks like an extension.
fn beside(path: &std::path::Path) -> anyhow::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| usage("this directory has no name of its own; name the file by -o"))?;
    let mut name = name.to_owned();
    name.push(".wacz");
    Ok(path.with_file_name(name))
}
