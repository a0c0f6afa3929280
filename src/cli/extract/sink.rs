//! What was made of the pages, written in order.

use super::directory::{Directory, Written};
use super::gather::Piece;
use super::voice::Voice;
use super::{Args, Format};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::output;
use anyhow::Context;
use fonds::extract::{Source, duplicate_line};
use fonds::records::Wet;
use fonds::warc::Compression;
use fonds::world::{System, World, new_urn};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, StdoutLock, Write};
use std::path::{Path, PathBuf};

/// What became of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It has text.
    Text,
    /// It has none, or cannot be had.
    NoText,
    /// It is of a type that is not asked for.
    Unwanted,
    /// Its payload came before.
    Again,
}

/// What a thread made of a page.
pub(super) struct Made {
    pub(super) fate: Fate,
    pub(super) source: Source,
    /// In the format asked for; empty where there is nothing to write.
    pub(super) bytes: Vec<u8>,
    /// Its JSON line.
    pub(super) line: Value,
    /// What went wrong.
    pub(super) problem: Option<String>,
}

enum Target {
    Stdout(BufWriter<StdoutLock<'static>>),
    Directory(Directory),
    /// Under a temporary name until it is complete.
    File(BufWriter<File>, tempfile::TempPath, PathBuf),
}

/// Takes what was made of the pages.
pub(super) struct Sink<'a> {
    format: Format,
    voice: &'a Voice,
    target: Target,
    wet: Option<Wet>,
    /// Ids of pages whose payload may come again.
    payloads: HashMap<[u8; 32], String>,
    written: u64,
    damaged: bool,
    exists: bool,
}

impl<'a> Sink<'a> {
    pub(super) fn open(args: &Args, voice: &'a Voice) -> anyhow::Result<Self> {
        let target = match &args.output {
            None => Target::Stdout(output::stdout()),
            Some(path) if args.format == Format::Wet => new_file(path)?,
            Some(path) => Target::Directory(Directory::open(path, args.format)?),
        };
        let mut sink = Self {
            format: args.format,
            voice,
            target,
            wet: None,
            payloads: HashMap::new(),
            written: 0,
            damaged: false,
            exists: false,
        };
        if args.format == Format::Wet {
            sink.begin_wet(args.output.as_deref())?;
        }
        Ok(sink)
    }

    fn begin_wet(&mut self, path: Option<&Path>) -> anyhow::Result<()> {
        let gzip =
            path.is_some_and(|path| path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("gz")));
        let compression = if gzip { Compression::Gzip(6) } else { Compression::None };
        let wet = Wet { warcinfo: new_urn(&System)?, made: System.now(), compression };
        let name = path.and_then(Path::file_name).map(|name| name.to_string_lossy());
        let info = wet.info(name.as_deref())?;
        self.write(&info.stored)?;
        self.wet = Some(wet);
        Ok(())
    }

    /// The WET file that is written, if it is one.
    pub(super) fn wet(&self) -> Option<Wet> {
        self.wet.clone()
    }

    pub(super) fn take(&mut self, piece: &Piece, made: Made) -> anyhow::Result<()> {
        match made.fate {
            Fate::Unwanted => return Ok(()),
            Fate::Again => return self.again(piece, &made.source),
            Fate::Text | Fate::NoText => {}
        }
        if let Some(payload) = &piece.payload {
            self.payloads.insert(payload.hash, made.source.id.clone());
        }
        let has_text = made.fate == Fate::Text;
        if self.format != Format::Jsonl {
            let nothing = (!has_text).then_some("no text was found in it");
            if let Some(problem) = made.problem.as_deref().or(nothing) {
                self.voice.problem(&format!("{}: {problem}", piece.name()));
            }
            self.damaged |= !has_text;
        }
        self.page(piece, made, has_text)
    }

    fn page(&mut self, piece: &Piece, mut made: Made, has_text: bool) -> anyhow::Result<()> {
        if let Target::Directory(directory) = &mut self.target {
            if let (Some(problem), Some(line)) = (&made.problem, made.line.as_object_mut()) {
                line.entry("error").or_insert_with(|| problem.as_str().into());
            }
            let text = (has_text || self.format == Format::Jsonl && piece.problem.is_none())
                .then_some(&made.bytes[..]);
            let is_new = match directory.page(&made.source, made.line, text)? {
                Written::New => true,
                Written::Exists(path) => {
                    self.voice.problem(&format!("{} exists and is left as it is", path.display()));
                    false
                }
            };
            self.exists |= !is_new;
            self.written += u64::from(is_new && text.is_some());
            return Ok(());
        }
        if made.bytes.is_empty() {
            return Ok(());
        }
        if self.written > 0 && matches!(self.format, Format::Text | Format::Markdown) {
            self.write(b"\n---\n\n")?;
        }
        self.written += 1;
        self.write(&made.bytes)
    }

    /// A page whose payload came before; if that page is not among the results, this one is not either.
    fn again(&mut self, piece: &Piece, source: &Source) -> anyhow::Result<()> {
        let first = piece.payload.as_ref().and_then(|payload| self.payloads.get(&payload.hash));
        let Some(first) = first else { return Ok(()) };
        self.voice.detail(|| format!("{}: left out: the same payload as {first}", piece.name()));
        let line = duplicate_line(source, first);
        match &mut self.target {
            Target::Directory(directory) => directory.page(source, line, None).map(|_| ()),
            _ if self.format == Format::Jsonl => self.write(format!("{line}\n").as_bytes()),
            _ => Ok(()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        match &mut self.target {
            Target::Stdout(out) => out.write_all(bytes).context("standard output"),
            Target::File(out, _, path) => out.write_all(bytes).with_context(|| path.display().to_string()),
            Target::Directory(_) => Ok(()),
        }
    }

    /// Ends the output; `damaged` and `unreadable` are what was seen of the inputs.
    pub(super) fn close(mut self, damaged: bool, unreadable: bool) -> Outcome {
        match self.target {
            Target::Stdout(mut out) => out.flush().context("standard output")?,
            Target::Directory(directory) => directory.close()?,
            Target::File(out, temporary, path) => {
                let shown = || path.display().to_string();
                let file =
                    out.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(shown)?;
                file.sync_all().with_context(shown)?;
                temporary.persist_noclobber(&path).map_err(|failed| failed.error).with_context(shown)?;
            }
        }
        self.damaged |= damaged;
        if self.written == 0 && !self.damaged && !unreadable && !self.exists {
            self.voice.problem("no page to extract was found");
        }
        Ok(if unreadable || self.exists {
            Exit::Io
        } else if self.damaged || self.written == 0 {
            Exit::Finding
        } else {
            Exit::Done
        })
    }
}

/// A file that takes this name once it is complete.
fn new_file(path: &Path) -> anyhow::Result<Target> {
    if path.try_exists().with_context(|| path.display().to_string())? {
        anyhow::bail!("{} exists, and nothing is overwritten; give another name", path.display());
    }
    let (file, temporary) = temporary_beside(path)?;
    Ok(Target::File(BufWriter::new(file), temporary, path.to_owned()))
}

/// A new file that is to get the name `path`, readable as other files are.
pub(super) fn temporary_beside(path: &Path) -> anyhow::Result<(File, tempfile::TempPath)> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let made = builder.prefix(".fonds-").suffix(".part").tempfile_in(directory);
    Ok(made.with_context(|| directory.display().to_string())?.into_parts())
}
