//! From path arguments to inputs, with temporary files where the system has them.

use super::output;
use fonds::input::{self, Finder, Input};
use fonds::warc::Source;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What path arguments give.
pub(crate) struct Inputs {
    /// What can be read.
    pub(crate) inputs: Vec<Input>,
    /// True where a path could not be read; it has been said.
    pub(crate) unreadable: bool,
}

/// Options of commands that read.
#[derive(clap::Args, Debug)]
pub(crate) struct ReadArgs {
    /// Files, directories (searched), collections, WACZ files, http(s) URLs, or - for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Certificate authorities in PEM to trust besides Mozilla's, for http(s) inputs.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Vec<PathBuf>,
}

/// Where temporary files go.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(crate) fn spool() -> PathBuf {
    std::env::temp_dir()
}

/// Opens what the paths mean; each that cannot be read is said in a line and left out.
pub(crate) fn find(args: &ReadArgs, quiet: bool) -> anyhow::Result<Inputs> {
    let mut options = input::Options { spool: spool(), remote: input::remote::Options::default() };
    for path in &args.ca {
        options.remote.authorities.extend(authorities(path)?);
    }
    let finder = Finder::new(options);
    let mut found = Inputs { inputs: Vec::new(), unreadable: false };
    for path in &args.paths {
        let result = match path.as_str() {
            "-" => finder.reader("-", Box::new(io::stdin())).map(|input| (vec![input], Vec::new())),
            _ => finder.find(path).map(|found| (found.inputs, found.passed_over)),
        };
        match result {
            Ok((inputs, passed_over)) => {
                if inputs.is_empty() {
                    output::problem(&format!("{path}: nothing in this directory is an archive or a page"));
                    found.unreadable = true;
                } else if !passed_over.is_empty() && !quiet {
                    output::line(&format!("{path}: {} other files are passed over", passed_over.len()));
                }
                found.inputs.extend(inputs);
            }
            Err(error) => {
                output::problem(&error.to_string());
                found.unreadable = true;
            }
        }
    }
    Ok(found)
}

fn authorities(path: &PathBuf) -> anyhow::Result<Vec<Vec<u8>>> {
    use anyhow::Context;
    let pem = std::fs::read(path).with_context(|| path.display().to_string())?;
    fonds::wire::certificates(&pem).with_context(|| path.display().to_string())
}

/// Threads where none are asked for.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// A WARC's bytes: with random access where that costs nothing, else as a stream.
pub(crate) fn source(input: &Input) -> io::Result<Source> {
    match input.path() {
        Some(_) => Ok(Source::Seek(input.seek()?)),
        None => Ok(Source::Stream(input.open()?)),
    }
}
