//! From path arguments to inputs, with temporary files where the system has them.

use super::exit::{Exit, Outcome};
use super::output;
use anyhow::Context;
use fonds::finding::Finding;
use fonds::input::scan::{Event, Events, Settings, Warc};
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
                inputs.iter().for_each(|input| say_if_left(input.name()));
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

/// What a killed command of ours left is told from what was damaged.
fn say_if_left(name: &str) {
    let is_ours = |part: &str| part.starts_with(".fonds-") && part.ends_with(".part");
    if std::path::Path::new(name).components().any(|part| part.as_os_str().to_str().is_some_and(is_ours)) {
        output::problem(&format!(
            "{name}: a command that was killed left this unfinished; it may be deleted, and the command given again"
        ));
    }
}

pub(super) fn authorities(path: &PathBuf) -> anyhow::Result<Vec<Vec<u8>>> {
    let pem = std::fs::read(path).with_context(|| path.display().to_string())?;
    fonds::wire::certificates(&pem).with_context(|| path.display().to_string())
}

/// Options of commands that read records with several threads.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct Jobs {
    /// Threads that read; what comes out does not depend on it [default: one a core].
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

impl Jobs {
    pub(crate) fn settings(self) -> Settings {
        Settings { jobs: self.jobs.map_or_else(cores, NonZeroUsize::get), ..Settings::default() }
    }
}

/// The WARCs that inputs hold, each an input of its own. What hides some of them is said, and is a bad finding.
pub(crate) fn warcs(inputs: &[Input]) -> anyhow::Result<(Vec<Input>, Exit)> {
    let (mut warcs, mut exit) = (Vec::new(), Exit::Done);
    for input in inputs {
        let (held, found) = held(input)?;
        warcs.extend(held);
        exit = exit.or(found);
    }
    Ok((warcs, exit))
}

/// The same of one input.
pub(crate) fn held(input: &Input) -> anyhow::Result<(Vec<Input>, Exit)> {
    let held = input.warcs().with_context(|| input.name().to_owned())?;
    let Some(problem) = held.problem else { return Ok((held.warcs, Exit::Done)) };
    output::line(&output::finding(&problem));
    Ok((held.warcs, Exit::Finding))
}

/// Opens WARCs as often as `body` wants them.
pub(crate) fn opened<T>(warcs: &[Input], body: impl FnOnce(&[Warc<'_>]) -> T) -> T {
    let openers: Vec<_> = warcs.iter().map(|input| || source(input)).collect();
    let opened: Vec<_> = warcs
        .iter()
        .zip(&openers)
        .map(|(input, open)| Warc { name: input.name(), length: length(input), open })
        .collect();
    body(&opened)
}

/// Goes through WARCs by `scan`, which gives `item` what it makes of them; `begin` is told of each file. What is wrong
/// with a file is said, and the next one goes on; an error of `begin` or `item` ends it all.
pub(crate) fn scan<T>(
    warcs: &[Input],
    scan: impl FnOnce(&[Warc<'_>], Events<'_, T>) -> io::Result<()>,
    mut begin: impl FnMut(&Input) -> io::Result<()>,
    mut item: impl FnMut(T) -> io::Result<()>,
) -> Outcome {
    let mut exit = Exit::Done;
    let mut broken = None;
    let mut each = |event| match event {
        Event::Begin(number) => warcs.get(number).map_or(Ok(()), &mut begin),
        Event::Item(made) => item(made).map_err(|error| {
            broken = Some(error);
            io::Error::other("the output failed")
        }),
        Event::End(number, read) => match broken.take() {
            Some(error) => Err(error),
            None => {
                exit = exit.or(told(warcs, number, read));
                Ok(())
            }
        },
    };
    opened(warcs, |warcs| scan(warcs, &mut each))?;
    Ok(exit)
}

/// Says what became of reading a file.
fn told(warcs: &[Input], number: usize, read: io::Result<Vec<Finding>>) -> Exit {
    match read {
        Ok(findings) => {
            let errors: Vec<_> = findings.iter().filter(|f| f.is_error()).collect();
            errors.iter().for_each(|finding| output::line(&output::finding(finding)));
            if errors.is_empty() { Exit::Done } else { Exit::Finding }
        }
        Err(error) => {
            let name = warcs.get(number).map_or("", Input::name);
            output::problem(&format!("{name}: {error}"));
            Exit::Io
        }
    }
}

/// Of a file; a pipe that has a path is read once.
fn length(input: &Input) -> Option<u64> {
    let metadata = std::fs::metadata(input.path()?).ok()?;
    metadata.is_file().then_some(metadata.len())
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
