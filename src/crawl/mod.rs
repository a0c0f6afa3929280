//! Which URL next, and what became of each.
//!
//! [`run`] takes seeds through the [`Frontier`] to the wire, follows redirects hop by hop, finds each page's
//! requisites, and has everything written into an [`Archive`]: records, log, index, pages. One connection a host at a
//! time, several hosts side by side. A failure is written down and ends nothing but its own URL.

mod anchor;
mod archive;
pub mod dedup;
mod discover;
mod frontier;
mod identity;
mod job;
mod ledger;
pub mod links;
mod live;
mod manners;
mod plan;
mod prepare;
mod replay;
mod reserve;
mod resume;
pub mod robots;
mod rulebook;
mod scope;
mod sealing;
mod session;
mod status;
#[cfg(test)]
mod tests;
mod traps;
mod warcs;

pub(crate) use self::discover::{Asked, discover};
pub(crate) use self::ledger::Ledger;
pub(crate) use self::plan::Captured;

pub use self::anchor::Anchors;
pub use self::archive::Archive;
pub use self::frontier::{Frontier, Pushed, Role, Target, Turns};
pub use self::job::{Job, Limits};
pub use self::live::{Live, Settings, seconds};
pub use self::resume::{Recalled, Resumed, recall};
pub use self::scope::{Pattern, Scope};
pub use self::session::{Capture, Event, Stop, Summary, run};
pub use self::status::{Fate, FateKind, Session, Stage, Status, status};
pub use self::warcs::{GZIP_LEVEL, WARC_SIZE};

use crate::package::layout::{self, Layout};
use crate::package::{self, survey};
use crate::warc::WriteError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a run ended before its work was done. What was written until then is valid.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The collection exists already.
    #[error("{0} exists already; fonds overwrites nothing. Choose another name with -o, or remove it")]
    Exists(PathBuf),
    /// The same, and it can be gone on with.
    #[error(
        "{0} exists already and holds a capture: `fonds archive --resume {0}` goes on with what is left of it. \
         For a new one choose another name with -o"
    )]
    Begun(PathBuf),
    /// The file system.
    #[error("{path}: {source}")]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A record that cannot be written.
    #[error("{path}: {source}")]
    Record {
        /// The WARC.
        path: PathBuf,
        /// Why.
        source: WriteError,
    },
    /// There is nothing to go on with.
    #[error("{path} {problem}")]
    NoCapture {
        /// What was to be taken up.
        path: PathBuf,
        /// Why it cannot be, as the end of a sentence.
        problem: &'static str,
    },
    /// Another process writes the collection.
    #[error("{0} is being written by another process; wait until it has ended")]
    Locked(PathBuf),
    /// What was captured is not what its log says.
    #[error(transparent)]
    Survey(#[from] survey::Error),
    /// An earlier archive to deduplicate against.
    #[error(transparent)]
    Dedup(#[from] dedup::Error),
    /// Sealing or packing.
    #[error(transparent)]
    Package(#[from] package::Error),
}

impl Error {
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// Of a path where something is: what one can do.
    pub fn exists(path: &Path) -> Self {
        let layout = Layout::new(path);
        match layout.file(layout::MANIFEST).is_file() || layout.workroom().is_dir() {
            true => Self::Begun(path.to_owned()),
            false => Self::Exists(path.to_owned()),
        }
    }

    fn create(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            // Of a parent that is a file it is said too.
            io::ErrorKind::AlreadyExists if path.symlink_metadata().is_ok() => Self::exists(path),
            io::ErrorKind::AlreadyExists => {
                let source = io::Error::new(io::ErrorKind::NotADirectory, "a part of the path is a file");
                Self::Io { path: path.to_owned(), source }
            }
            _ => Self::Io { path: path.to_owned(), source },
        }
    }
}
