//! `fonds mend`

use super::exit::{Exit, Outcome, usage};
use super::inputs::{self, ReadArgs};
use super::{Global, output};
use anyhow::Context;
use clap::ValueEnum;
use fonds::input::Input;
use fonds::mend::{Kind, Note, Options, Summary, mend};
use fonds::warc::Compression;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Salvage damaged, cut or badly packed WARCs into good new ones, and say what was lost.
///
/// Records with nothing wrong are written byte for byte as they are; the rest keep what can be kept, and tell in
/// their own fields what was changed (docs/mend.md). The input is never touched, and no file is overwritten. Exit code 0
/// where nothing was lost, 1 where something was.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    read: ReadArgs,
    /// The new file; for several WARCs, a directory for new files of the same names.
    #[arg(short, long, value_name = "FILE|DIR", required = true)]
    output: PathBuf,
    /// Write records as they are instead of one gzip member each.
    #[arg(long)]
    plain: bool,
    /// Deflate level, 0 to 9.
    #[arg(long, value_name = "LEVEL", default_value_t = 6, value_parser = clap::value_parser!(u32).range(0..=9))]
    level: u32,
    /// How the account is given.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people on stderr.
    Human,
    /// JSON lines on stdout: a note for each stretch and record, and a summary for each input.
    Json,
}

/// The last JSON line of an input.
#[derive(Serialize)]
struct Done<'a> {
    kind: &'static str,
    file: &'a str,
    output: Option<&'a Path>,
    #[serde(flatten)]
    summary: &'a Summary,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let found = inputs::find(&args.read, global.quiet)?;
    let (mut warcs, mut empty, mut held) = (Vec::new(), Vec::new(), Exit::Done);
    for input in &found.inputs {
        let (inside, found) = inputs::held(input)?;
        held = held.or(found);
        empty.extend(inside.is_empty().then_some(input));
        warcs.extend(inside);
    }
    let many = warcs.len() > 1 || args.output.is_dir() || ends_in_slash(&args.output);
    if many {
        std::fs::create_dir_all(&args.output).with_context(|| args.output.display().to_string())?;
    }
    let mut exit = if found.unreadable { Exit::Io } else { held };
    let mut out = output::stdout();
    for warc in &warcs {
        let target = match many {
            true => args.output.join(name_in_directory(warc.name(), args.plain)),
            false => args.output.clone(),
        };
        if target.try_exists().with_context(|| target.display().to_string())? {
            return Err(usage(format!("{} exists; nothing is overwritten", target.display())));
        }
        let one = mend_one(warc, &target, &args, global, &mut out)
            .with_context(|| format!("{} into {}", warc.name(), target.display()))?;
        if exit == Exit::Done {
            exit = one;
        }
    }
    for input in empty {
        account(input.name(), None, &Summary::default(), &args, global, &mut out)?;
        exit = exit.or(Exit::Finding);
    }
    out.flush()?;
    Ok(exit)
}

fn mend_one(input: &Input, target: &Path, args: &Args, global: Global, out: &mut dyn Write) -> Outcome {
    let compression = if args.plain { Compression::None } else { Compression::Gzip(args.level) };
    let options = Options { compression, spool: inputs::spool() };
    let shared = input.shared()?;
    let mut failed = None;
    let summary = mend(input.name(), &shared, target, &options, &mut |note| {
        if let Err(error) = tell(&note, args.format, global, out) {
            failed.get_or_insert(error);
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let output = (summary.records > 0).then_some(target);
    account(input.name(), output, &summary, args, global, out)?;
    let lost = summary.losses > 0 || summary.records == 0;
    Ok(if lost { Exit::Finding } else { Exit::Done })
}

/// What there is to say of an input in the end.
fn account(
    name: &str,
    output: Option<&Path>,
    summary: &Summary,
    args: &Args,
    global: Global,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    match (args.format, output) {
        (Format::Json, _) => {
            serde_json::to_writer(&mut *out, &Done { kind: "summary", file: name, output, summary })?;
            writeln!(out)?;
        }
        (Format::Human, None) => {
            output::problem(&format!("{name}: no record could be found; nothing is written"));
        }
        (Format::Human, Some(target)) if !global.quiet => output::line(&sentence(name, target, summary)),
        (Format::Human, Some(_)) => {}
    }
    Ok(())
}

fn tell(note: &Note, format: Format, global: Global, out: &mut dyn Write) -> anyhow::Result<()> {
    if format == Format::Json {
        serde_json::to_writer(&mut *out, note)?;
        return Ok(writeln!(out)?);
    }
    if !global.quiet || note.kind.is_loss() || note.kind == Kind::Left {
        output::line(&in_words(note));
    }
    Ok(())
}

fn in_words(note: &Note) -> String {
    let kind = match note.kind {
        Kind::Lost => "lost",
        Kind::Cut => "cut",
        Kind::Altered => "altered",
        Kind::Doubtful => "doubtful",
        Kind::Repaired => "repaired",
        Kind::Dropped => "dropped",
        Kind::Left => "left as it is",
    };
    let inner = note.inner_offset.map(|at| format!(" (byte {at} of its content)")).unwrap_or_default();
    let record = note.record.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    format!("{kind}: {} at byte {}{inner}: {}{record}", note.file, note.offset, note.message)
}

fn sentence(name: &str, target: &Path, summary: &Summary) -> String {
    let Summary { records, verbatim, lost_bytes, left, .. } = summary;
    let mut text = format!(
        "{name} -> {}: {records} records, {verbatim} of them as they were; {lost_bytes} bytes could not be kept",
        target.display()
    );
    if *left > 0 {
        text.push_str(&format!("; {left} things could not be put right"));
    }
    text
}

fn ends_in_slash(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR])
}

/// `x.warc.gz` for `DIR/x.warc`, `FILE.wacz!archive/x.warc.gz`, `x.warc.zst`, `x.arc.gz`.
fn name_in_directory(name: &str, plain: bool) -> String {
    let last = name.rsplit(['/', '!']).next().unwrap_or(name);
    let mut stem = last;
    for end in [".open", ".gz", ".zst", ".warc", ".arc"] {
        stem = stem.strip_suffix(end).unwrap_or(stem);
    }
    let stem = if stem.is_empty() || stem == "-" { "mended" } else { stem };
    format!("{stem}.warc{}", if plain { "" } else { ".gz" })
}

#[cfg(test)]
mod tests {
    use super::name_in_directory;

    #[test]
    fn new_files_are_named_after_the_old() {
        for name in
            ["x.warc", "d/x.warc.gz", "y.wacz!archive/x.warc.gz", "x.warc.zst", "x.arc.gz", "x.warc.gz.open"]
        {
            assert_eq!(name_in_directory(name, false), "x.warc.gz", "{name}");
        }
        assert_eq!(name_in_directory("-", true), "mended.warc");
    }
}
