//! The log of a sealed package, read to where its checkpoint fixes it: what signs, stamps or adds to it begins here.

use std::io::{self, Read};
use std::path::Path;

use super::amend::content;
use super::layout::{self, CHECKPOINT, MANIFEST};
use super::{Error, Package};
use crate::manifest::{Body, Lines, Tree, read_checkpoint};
use crate::vouch::Note;

/// A package whose log leads to its checkpoint.
pub(super) struct Sealed {
    pub(super) package: Package,
    /// The checkpoint with its signatures.
    pub(super) note: Note,
    pub(super) origin: String,
    pub(super) log: Log,
}

/// The lines that a checkpoint fixes.
#[derive(Default)]
pub(super) struct Log {
    pub(super) tree: Tree,
    /// Their bytes.
    pub(super) length: u64,
    /// When the last of them says that it was written.
    pub(super) last: Option<String>,
    /// Lines behind them: events of a call that was cut before its end, which are not of the log.
    surplus: bool,
    /// Others behind them.
    foreign: bool,
}

impl Sealed {
    /// Reads the log of the package at `path`.
    ///
    /// # Errors
    /// [`Error::Unsealed`]; [`Error::Altered`] where there is no log, or one that does not lead to its checkpoint.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let package = Package::open(path).map_err(Error::io(path))?;
        if package.is_unfinished() {
            return Err(Error::Unsealed(path.to_owned()));
        }
        if !package.contains(CHECKPOINT) || !package.contains(MANIFEST) {
            return Err(altered(path, "it has no provenance log, so there is no checkpoint to vouch for"));
        }
        let bytes = content(&package, CHECKPOINT, path)?;
        let point = read_checkpoint(&bytes).ok_or_else(|| altered(path, "its checkpoint cannot be read"))?;
        let note = Note::parse(&bytes).map_err(Error::vouch(path))?;
        let lines = package.read(MANIFEST).map_err(Error::io(path))?;
        let log = Log::up_to(point.size(), lines).map_err(Error::io(path))?;
        if log.foreign || (log.tree.size(), log.tree.root()) != (point.size(), *point.hash()) {
            return Err(astray(path));
        }
        Ok(Self { package, note, origin: point.origin().to_owned(), log })
    }

    /// The same where nothing stands behind the lines.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) fn whole(path: &Path) -> Result<Self, Error> {
        let sealed = Self::open(path)?;
        if sealed.log.surplus { Err(astray(path)) } else { Ok(sealed) }
    }

    /// The name that the checkpoint, or a file beside it, has beside a later one.
    pub(super) fn aside(&self, name: &str) -> String {
        layout::aside(self.log.tree.size(), name)
    }
}

fn altered(path: &Path, problem: &str) -> Error {
    Error::Altered { path: path.to_owned(), problem: problem.to_owned() }
}

fn astray(path: &Path) -> Error {
    altered(path, "its log does not lead to its checkpoint")
}

impl Log {
    fn up_to(size: u64, lines: impl Read) -> io::Result<Self> {
        let (mut lines, mut log) = (Lines::new(lines), Self::default());
        while let Some(line) = lines.next_line()? {
            if log.tree.size() < size {
                log.tree.push(line.leaf());
                log.length = line.offset + line.bytes.len() as u64 + u64::from(line.ended);
                log.last = line.entry.ok().map(|entry| entry.at);
            } else {
                log.surplus = true;
                log.foreign |=
                    line.ended && !matches!(line.entry.map(|entry| entry.body), Ok(Body::Event(_)));
            }
        }
        Ok(log)
    }
}
