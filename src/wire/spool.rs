//! Blocks on their way to the archive: in memory while small, in a nameless temporary file beyond.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Where and when to spool.
#[derive(Clone, Debug)]
pub struct SpoolOptions {
    /// The directory for temporary files: best the collection's own, so that space is counted where it is needed.
    pub dir: PathBuf,
    /// Bytes kept in memory before a file is begun.
    pub memory: usize,
}

impl SpoolOptions {
    /// Files in this directory, for blocks above 4 MiB.
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), memory: 4 << 20 }
    }
}

/// Bytes that were spooled, to be read as often as needed. The file has no name and is gone with the last clone.
#[derive(Clone, Debug)]
pub struct Spooled {
    store: Arc<Store>,
    len: u64,
}

#[derive(Debug)]
enum Store {
    Memory(Vec<u8>),
    File(File),
}

impl Spooled {
    /// How many bytes there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// True where they are in a file.
    pub fn is_on_disk(&self) -> bool {
        matches!(*self.store, Store::File(_))
    }

    /// A reader from the front; each has its own position.
    pub fn reader(&self) -> SpoolReader {
        SpoolReader { spooled: self.clone(), pos: 0 }
    }
}

/// Reads spooled bytes.
#[derive(Clone, Debug)]
pub struct SpoolReader {
    spooled: Spooled,
    pos: u64,
}

impl Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &*self.spooled.store {
            Store::Memory(bytes) => {
                let at = usize::try_from(self.pos).unwrap_or(usize::MAX);
                bytes.get(at..).unwrap_or_default().read(buffer)?
            }
            Store::File(file) => read_at(file, buffer, self.pos)?,
        };
        self.pos += count as u64;
        Ok(count)
    }
}

impl Seek for SpoolReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let pos = match to {
            SeekFrom::Start(pos) => Some(pos),
            SeekFrom::End(delta) => self.spooled.len.checked_add_signed(delta),
            SeekFrom::Current(delta) => self.pos.checked_add_signed(delta),
        };
        self.pos = pos.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.pos)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], pos: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, pos)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], pos: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, pos)
}

pub(super) struct SpoolWriter {
    options: SpoolOptions,
    memory: Vec<u8>,
    file: Option<File>,
    len: u64,
}

impl SpoolWriter {
    pub(super) fn new(options: &SpoolOptions) -> Self {
        Self { options: options.clone(), memory: Vec::new(), file: None, len: 0 }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.len += bytes.len() as u64;
        if let Some(file) = &mut self.file {
            return file.write_all(bytes);
        }
        self.memory.extend_from_slice(bytes);
        if self.memory.len() > self.options.memory {
            let mut file = tempfile::tempfile_in(&self.options.dir)?;
            file.write_all(&std::mem::take(&mut self.memory))?;
            self.file = Some(file);
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Spooled {
        let store = self.file.map_or(Store::Memory(self.memory), Store::File);
        Spooled { store: Arc::new(store), len: self.len }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn small_and_big_read_back_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..10_000u32).flat_map(u32::to_le_bytes).collect();
        for (memory, on_disk) in [(1 << 20, false), (1000, true), (0, true)] {
            let mut writer = SpoolWriter::new(&SpoolOptions { dir: dir.path().into(), memory });
            bytes.chunks(777).for_each(|piece| writer.write(piece).unwrap());
            let spooled = writer.finish();
            assert_eq!((spooled.len(), spooled.is_on_disk()), (40_000, on_disk));
            let (mut one, mut two) = (spooled.reader(), spooled.reader());
            let (mut first, mut second) = (Vec::new(), Vec::new());
            one.seek(SeekFrom::End(-100)).unwrap();
            one.read_to_end(&mut first).unwrap();
            two.read_to_end(&mut second).unwrap();
            assert_eq!(first, bytes[39_900..]);
            assert_eq!(second, bytes);
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "no file is left or named");
    }

    #[test]
    fn a_missing_directory_is_an_error_not_a_panic() {
        let mut writer = SpoolWriter::new(&SpoolOptions { dir: "/nonexistent/fonds".into(), memory: 1 });
        assert!(writer.write(b"more").is_err());
    }
}
