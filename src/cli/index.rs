//! `fonds index`

use super::exit::{Exit, Outcome, usage};
use super::inputs::{self, Jobs, ReadArgs};
use super::{Global, output};
use anyhow::Context;
use clap::ValueEnum;
use fonds::cdxj::Sorter;
use fonds::index::{DigestField, Options, entries};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Write a sorted CDXJ index of responses, revisits, resources and metadata.
///
/// The lines are those of cdxj-indexer, as pywb, ReplayWeb.page and OutbackCDX read them. Exit code 1 where an input is
/// damaged, or a record cannot be indexed; what could be read is indexed all the same.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    read: ReadArgs,
    /// Write here instead of to standard output; a file that exists is left alone.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Which digest stands in a line.
    #[arg(long, value_enum, default_value_t = Digest::Payload)]
    digest_field: Digest,
    /// Leave method and body of POST and PUT requests out of the keys.
    #[arg(long)]
    no_post: bool,
    #[command(flatten)]
    jobs: Jobs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Digest {
    /// WARC-Payload-Digest; the payload's SHA-1 where a record has none.
    Payload,
    /// WARC-Block-Digest; the block's SHA-1 where a record has none.
    Block,
    /// No digest.
    None,
}

impl From<Digest> for DigestField {
    fn from(digest: Digest) -> Self {
        match digest {
            Digest::Payload => Self::Payload,
            Digest::Block => Self::Block,
            Digest::None => Self::None,
        }
    }
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let target = args.output.as_deref().map(Target::create).transpose()?;
    let found = inputs::find(&args.read, global.quiet)?;
    let options = Options { post: !args.no_post, digest: args.digest_field.into() };
    let mut sorter = Sorter::new(&inputs::spool());
    let (warcs, held) = inputs::warcs(&found.inputs)?;
    let mut exit = if found.unreadable { Exit::Io } else { held };
    let settings = args.jobs.settings();
    let scanned = inputs::scan(
        &warcs,
        |warcs, sink| entries(warcs, options, settings, sink),
        |_| Ok(()),
        |entry| sorter.push(&entry),
    )?;
    exit = exit.or(scanned);
    match target {
        None => {
            let mut out = output::stdout();
            sorter.finish(&mut out)?;
            out.flush()?;
        }
        Some(target) => {
            let (path, lines) = target.fill(sorter)?;
            if !global.quiet {
                output::line(&format!("{}: {lines} lines", path.display()));
            }
        }
    }
    Ok(exit)
}

/// A file that appears whole, and never over another.
struct Target {
    path: PathBuf,
    file: tempfile::NamedTempFile,
}

impl Target {
    fn create(path: &Path) -> anyhow::Result<Self> {
        if path.try_exists().with_context(|| path.display().to_string())? {
            return Err(usage(format!("{} exists; nothing is overwritten", path.display())));
        }
        let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new()
            .prefix(".fonds-index-")
            .tempfile_in(directory)
            .with_context(|| directory.display().to_string())?;
        Ok(Self { path: path.to_owned(), file })
    }

    fn fill(self, sorter: Sorter) -> anyhow::Result<(PathBuf, u64)> {
        let named = || self.path.display().to_string();
        let mut out = BufWriter::with_capacity(64 * 1024, self.file.as_file());
        let lines = sorter.finish(&mut out).with_context(named)?;
        out.flush().with_context(named)?;
        drop(out);
        make_readable(self.file.as_file()).with_context(named)?;
        self.file.as_file().sync_all().with_context(named)?;
        self.file.persist_noclobber(&self.path).map_err(|e| e.error).with_context(named)?;
        Ok((self.path, lines))
    }
}

/// Temporary files are their owner's alone; an index is not.
fn make_readable(file: &std::fs::File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}
