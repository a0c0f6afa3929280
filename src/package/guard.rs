//! One writer at a time: a lock on the package while it is changed.

use std::path::{Path, PathBuf};

use super::Error;

/// Held while a package is read, changed and written; gone with the process that holds it.
#[derive(Debug)]
pub(super) struct Guard {
    #[cfg(unix)]
    _locked: std::fs::File,
    path: PathBuf,
}

impl Guard {
    /// Takes the lock of the package at `path`, symbolic links followed.
    ///
    /// # Errors
    /// [`Error::Busy`] where another process has it; what opening says.
    pub(super) fn take(path: &Path) -> Result<Self, Error> {
        let real = path.canonicalize().map_err(Error::io(path))?;
        #[cfg(unix)]
        {
            let file = std::fs::File::open(&real).map_err(Error::io(path))?;
            match file.try_lock() {
                Err(std::fs::TryLockError::WouldBlock) => return Err(Error::Busy(path.to_owned())),
                // File systems without locks are used all the same.
                _ if !is_still(&file, &real) => return Err(Error::Busy(path.to_owned())),
                _ => {}
            }
            Ok(Self { _locked: file, path: real })
        }
        #[cfg(not(unix))]
        Ok(Self { path: real })
    }

    /// The package itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// False where another process has put a new file in its place since it was opened.
#[cfg(unix)]
fn is_still(file: &std::fs::File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), path.metadata()) {
        (Ok(own), Ok(there)) => (own.dev(), own.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}
