//! What a path on the command line means, for every command that reads.
//!
//! A path is a file, a directory to be searched, a collection, a WACZ, one member of a WACZ
//! (`FILE.wacz!archive/x.warc.gz`), or an `http(s)` URL; standard input comes in as a reader, since the library
//! does not read it by itself. What a file is, is told by its first bytes; the name decides only where they say
//! nothing. [`Finder::find`] gives [`Input`]s, which open as a stream or, by way of a temporary file where it
//! must be, as something that can be read at any place.

mod kind;
pub mod remote;
pub mod scan;
mod search;
pub mod section;
#[cfg(test)]
mod tests;
pub mod zip;

pub use kind::Kind;
pub use search::{Finder, Found, Options};

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use self::remote::Remote;
use self::section::{ReadSeek, Shared};
use crate::finding::{Finding, rules};

/// Why a path gives no input.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing of that name, or it cannot be read.
    #[error("{name}: {source}")]
    Io {
        /// The path as it was given, or the file found below it.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// A URL that cannot be read.
    #[error(transparent)]
    Remote(#[from] remote::Error),
    /// A WACZ has no such member.
    #[error("{wacz} holds no {member}; `fonds ls {wacz}` shows what it holds")]
    NoMember {
        /// The WACZ.
        wacz: String,
        /// The member asked for.
        member: String,
    },
}

/// One thing to read.
#[derive(Clone, Debug)]
pub struct Input {
    name: String,
    kind: Kind,
    source: Source,
    spool: PathBuf,
}

/// The WARCs that an input holds.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// In the order of their paths.
    pub warcs: Vec<Input>,
    /// Why there are none, or why some may be missing: what [`crate::verify`] says of the container.
    pub problem: Option<Finding>,
}

#[derive(Clone, Debug)]
enum Source {
    File(PathBuf),
    Directory(PathBuf),
    Entry(Shared, zip::Entry),
    Remote(Arc<Remote>),
    Once(Arc<Mutex<Once>>),
}

/// A reader that can be read once: it is handed out, or kept in a temporary file.
enum Once {
    Stream(Box<dyn Read + Send>),
    Spooled(Shared),
    Taken,
}

impl Input {
    /// The name to show: the path as it was given, `DIR/file` below a directory, `FILE.wacz!member`, the URL.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it is on this machine, for a file or a collection.
    pub fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) | Source::Directory(path) => Some(path),
            _ => None,
        }
    }

    /// Streams it from the start. What comes from a reader streams once only, unless [`Self::seek`] came first.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match &self.source {
            Source::File(path) => Ok(Box::new(File::open(path)?)),
            Source::Directory(path) => Err(is_directory(path)),
            Source::Entry(file, entry) => entry.open(file),
            Source::Remote(remote) => Ok(remote.stream()?),
            Source::Once(once) => take(once),
        }
    }

    /// Opens it to be read at any place. What cannot be read so is copied into an unnamed temporary file.
    pub fn seek(&self) -> io::Result<Box<dyn ReadSeek>> {
        match &self.source {
            Source::File(path) => Ok(Box::new(File::open(path)?)),
            Source::Directory(path) => Err(is_directory(path)),
            Source::Entry(file, entry) => match entry.section(file) {
                Some(section) => Ok(Box::new(section)),
                None => spool(&mut entry.open(file)?, &self.spool),
            },
            Source::Remote(remote) => match remote.seek() {
                Some(ranges) => Ok(Box::new(ranges)),
                None => spool(&mut remote.stream()?, &self.spool),
            },
            Source::Once(once) => Ok(Box::new(spooled(once, &self.spool)?.whole())),
        }
    }

    /// Opens it once for many readers.
    pub fn shared(&self) -> io::Result<Shared> {
        match &self.source {
            Source::Once(once) => spooled(once, &self.spool),
            _ => Shared::new(self.seek()?),
        }
    }

    /// The WARCs in a WACZ or a collection; of anything else, itself. Where a WACZ has lost its central directory, they
    /// are those that its local headers tell of.
    pub fn warcs(&self) -> io::Result<Held> {
        match (self.kind, &self.source) {
            (Kind::Collection, Source::Directory(path)) => self.warcs_below(path),
            (Kind::Wacz, _) => self.warcs_inside(),
            _ => Ok(Held { warcs: vec![self.clone()], problem: None }),
        }
    }

    fn warcs_below(&self, root: &Path) -> io::Result<Held> {
        let mut paths = Vec::new();
        let unsealed = !root.join("datapackage.json").exists();
        for entry in std::fs::read_dir(root.join("archive"))? {
            let entry = entry?;
            let is_warc = entry.file_name().to_str().is_some_and(|name| {
                // A capture that was killed leaves its WARC open.
                is_warc_name(name.strip_suffix(".open").filter(|_| unsealed).unwrap_or(name))
            });
            paths.extend((is_warc && entry.file_type()?.is_file()).then(|| entry.path()));
        }
        paths.sort();
        let input = |path: PathBuf| {
            let name = path.to_string_lossy().into_owned();
            Input { name, kind: Kind::Warc, source: Source::File(path), spool: self.spool.clone() }
        };
        let warcs: Vec<_> = paths.into_iter().map(input).collect();
        // A capture that is killed may not have come to its first WARC.
        let problem = (warcs.is_empty() && !unsealed).then(no_warc);
        Ok(Held { warcs, problem: problem.map(|finding| finding.in_file(&self.name)) })
    }

    fn warcs_inside(&self) -> io::Result<Held> {
        let file = self.shared()?;
        let zip = zip::read(&file)?;
        let mut errors: Vec<Finding> = zip.findings.iter().filter(|f| f.is_error()).cloned().collect();
        // What keeps entries from being seen goes before what is said of one.
        errors.sort_by_key(|f| f.code != rules::ZIP_DIRECTORY.code && f.code != rules::ZIP_LIMIT.code);
        let lost = zip.lost_entries();
        let mut entries = zip::entries(zip, &file)?;
        entries.retain(|entry| entry.name.strip_prefix("archive/").is_some_and(is_warc_name));
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let warcs: Vec<_> = entries.into_iter().map(|entry| self.entry(&file, entry, Kind::Warc)).collect();
        let told = lost || warcs.is_empty();
        let problem = told.then(|| errors.into_iter().next().unwrap_or_else(no_warc));
        Ok(Held { warcs, problem: problem.map(|finding| finding.in_file(&self.name)) })
    }

    fn entry(&self, file: &Shared, entry: zip::Entry, kind: Kind) -> Input {
        let name = format!("{}!{}", self.name, entry.name);
        Input { name, kind, source: Source::Entry(file.clone(), entry), spool: self.spool.clone() }
    }

    /// The first bytes, at most `wanted`; what comes from a reader keeps them.
    fn head(&self, wanted: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        match &self.source {
            Source::Remote(remote) => return Ok(remote.head().to_vec()),
            Source::Once(once) => {
                let mut once = once.lock().unwrap_or_else(PoisonError::into_inner);
                if let Once::Stream(mut stream) = std::mem::replace(&mut *once, Once::Taken) {
                    stream.by_ref().take(wanted).read_to_end(&mut head)?;
                    *once = Once::Stream(Box::new(io::Cursor::new(head.clone()).chain(stream)));
                }
            }
            _ => {
                self.open()?.take(wanted).read_to_end(&mut head)?;
            }
        }
        Ok(head)
    }
}

/// Copies a stream into an unnamed temporary file in `directory`, so that it can be read at any place.
pub fn spool(input: &mut dyn Read, directory: &Path) -> io::Result<Box<dyn ReadSeek>> {
    let mut file = tempfile::tempfile_in(directory)?;
    io::copy(input, &mut file)?;
    file.rewind()?;
    Ok(Box::new(file))
}

fn take(once: &Mutex<Once>) -> io::Result<Box<dyn Read + Send>> {
    let mut once = once.lock().unwrap_or_else(PoisonError::into_inner);
    match std::mem::replace(&mut *once, Once::Taken) {
        Once::Stream(stream) => Ok(stream),
        Once::Spooled(file) => {
            let whole = file.whole();
            *once = Once::Spooled(file);
            Ok(Box::new(whole))
        }
        Once::Taken => Err(io::Error::other("this input has been read already and cannot be read again")),
    }
}

fn spooled(once: &Mutex<Once>, directory: &Path) -> io::Result<Shared> {
    let mut stream = take(once)?;
    let mut once = once.lock().unwrap_or_else(PoisonError::into_inner);
    if let Once::Spooled(file) = &*once {
        return Ok(file.clone());
    }
    let file = Shared::new(spool(&mut stream, directory)?)?;
    *once = Once::Spooled(file.clone());
    Ok(file)
}

fn no_warc() -> Finding {
    Finding::new(&rules::PACKAGE_INCOMPLETE, "The package holds no WARC in archive/.")
}

fn is_warc_name(name: &str) -> bool {
    !name.contains('/') && matches!(Kind::by_name(name), Some(Kind::Warc | Kind::Arc))
}

fn is_directory(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::IsADirectory, format!("{} is a directory", path.display()))
}

impl std::fmt::Debug for Once {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stream(_) => "Stream",
            Self::Spooled(_) => "Spooled",
            Self::Taken => "Taken",
        })
    }
}
