//! `fonds log`

use super::exit::{Exit, Outcome, usage};
use super::{Global, inputs, keys, output};
use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use fonds::manifest::{Event, Lines};
use fonds::package::{Package, annotate, layout};
use fonds::world::System;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Show the provenance log of a collection or WACZ, or add to it what was done with it later.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    Add(Box<Add>),
    Show(Show),
}

/// Add an event of its later custody to the log of a sealed collection or WACZ.
///
/// The log grows by a line and its checkpoint with it. Signatures and time-stamps over the checkpoint of before stay beside it, as
/// checkpoint-SIZE; the new one has none until --sign here, or `fonds sign` later.
#[derive(clap::Args, Debug)]
struct Add {
    /// A sealed collection or a WACZ.
    #[arg(value_name = "DIR|FILE.wacz")]
    path: PathBuf,
    /// What was done.
    #[arg(long, value_enum)]
    event: Kind,
    #[command(flatten)]
    words: Words,
    /// What it came to, as success or failure.
    #[arg(long)]
    outcome: Option<String>,
    /// When it was done, where that is not now: RFC 3339.
    #[arg(long, value_name = "TIME")]
    date: Option<jiff::Timestamp>,
    /// Sign the new checkpoint with this key.
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
}

/// Who and why, for an entry of the log.
#[derive(clap::Args, Debug)]
pub(crate) struct Words {
    /// What there is to say about it.
    #[arg(long)]
    note: Option<String>,
    /// Who or what did it, as they wish to be called.
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
}

impl Words {
    pub(crate) fn event(self, event: &str) -> Event {
        Event { event: event.to_owned(), agent: self.agent, note: self.note, ..Event::default() }
    }
}

/// Words of PREMIS (eventType).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Its hashes were checked.
    FixityCheck,
    /// It went from one holder or place to another.
    Transfer,
    /// Its WARCs were compressed anew.
    Recompression,
    /// A word about it.
    Annotation,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::FixityCheck => "fixity check",
            Self::Transfer => "transfer",
            Self::Recompression => "recompression",
            Self::Annotation => "annotation",
        }
    }
}

/// Print the log's lines as they stand, JSON lines.
#[derive(clap::Args, Debug)]
struct Show {
    /// A collection or a WACZ.
    #[arg(value_name = "DIR|FILE.wacz")]
    path: PathBuf,
    /// Only lines of this type: session, connection, record, failure, skip, page, torn, anchor, end, event, withheld.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    match args.action {
        Action::Add(add) => add_event(*add, global),
        Action::Show(show) => print(&show),
    }
}

fn add_event(add: Add, global: Global) -> Outcome {
    // Read before anything changes.
    let key = add.sign.as_deref().map(keys::secret).transpose()?;
    let date = add.date.map(fonds::world::millis);
    let event = Event { outcome: add.outcome, date, ..add.words.event(add.event.words()) };
    if event.note.is_none() && event.outcome.is_none() && event.agent.is_none() {
        return Err(usage("an event needs at least one of --note, --outcome and --agent"));
    }
    let seq = annotate(&add.path, event, &System, &inputs::spool())?;
    if let Some(key) = &key {
        key.sign(&add.path)?;
    }
    if !global.quiet {
        let unsigned = if key.is_none() { "; its new checkpoint is not signed" } else { "" };
        output::line(&format!("{}: entry {seq} was added to its log{unsigned}", add.path.display()));
    }
    Ok(Exit::Done)
}

fn print(show: &Show) -> Outcome {
    let package = open(&show.path)?;
    let lines = package.read(layout::MANIFEST).with_context(|| show.path.display().to_string())?;
    let mut out = output::stdout();
    let mut lines = Lines::new(lines);
    while let Some(line) = lines.next_line().with_context(|| show.path.display().to_string())? {
        if show.kind.as_deref().is_none_or(|kind| is_of(&line.bytes, kind)) {
            out.write_all(&line.bytes)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn open(path: &Path) -> anyhow::Result<Package> {
    Package::open(path).with_context(|| path.display().to_string())
}

fn is_of(line: &[u8], kind: &str) -> bool {
    let value: Option<serde_json::Value> = serde_json::from_slice(line).ok();
    value.as_ref().and_then(|value| value.get("type")).and_then(|value| value.as_str()) == Some(kind)
}
