//! Room kept back, so that a collection can be sealed when the disk is full.

use crate::disk::{Disk, DiskFile};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What sealing takes besides the index: page lines that wait, the log's end, checkpoint, datapackage.
const BASE: u64 = 48 * 1024;

/// A file of zeros, as long as sealing would need by now.
#[derive(Debug)]
pub(super) struct Reserve {
    disk: Disk,
    path: PathBuf,
    file: DiskFile,
    length: u64,
    needed: u64,
}

impl Reserve {
    /// Takes the place of one that was left behind. Where there is no room, nothing is left of it.
    pub(super) fn create(disk: &Disk, directory: &Path) -> io::Result<Self> {
        let path = directory.join("reserve");
        let file = disk.create(&path)?;
        let mut reserve = Self { disk: disk.clone(), path, file, length: 0, needed: BASE };
        match reserve.grow(BASE) {
            Ok(()) => Ok(reserve),
            Err(error) => {
                reserve.release()?;
                Err(error)
            }
        }
    }

    /// Sealing will take this much more.
    pub(super) fn need(&mut self, bytes: u64) -> io::Result<()> {
        self.needed += bytes;
        if self.needed > self.length { self.grow(self.needed + self.needed / 2) } else { Ok(()) }
    }

    /// Gives the room back.
    pub(super) fn release(&self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.disk.remove_file(&self.path)
    }

    /// Real zeros: a hole would keep nothing back.
    fn grow(&mut self, to: u64) -> io::Result<()> {
        let zeros = [0; 16 * 1024];
        while self.length < to {
            self.file.write_all(&zeros)?;
            self.length += zeros.len() as u64;
        }
        Ok(())
    }
}
