//! One open file, read at many places at once.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

pub use crate::warc::ReadSeek;

/// An open file whose [`Section`]s have positions of their own. Cheap to clone; a read holds it for one call.
#[derive(Clone)]
pub struct Shared {
    file: Arc<Mutex<Box<dyn ReadSeek>>>,
    length: u64,
}

impl Shared {
    /// Takes the file and measures it.
    pub fn new(mut file: Box<dyn ReadSeek>) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        Ok(Self { file: Arc::new(Mutex::new(file)), length })
    }

    /// Length in bytes when it was opened.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// All of it.
    pub fn whole(&self) -> Section {
        self.section(0, self.length)
    }

    /// `length` bytes from `start`; what lies beyond the end reads as end of file.
    pub fn section(&self, start: u64, length: u64) -> Section {
        let start = start.min(self.length);
        Section { shared: self.clone(), start, length: length.min(self.length - start), position: 0 }
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        // A reader that panicked elsewhere leaves at worst another position, and that is set here.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(position))?;
        file.read(buffer)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("length", &self.length).finish_non_exhaustive()
    }
}

/// A part of a [`Shared`] file, as a file of its own.
#[derive(Debug)]
pub struct Section {
    shared: Shared,
    start: u64,
    length: u64,
    position: u64,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let Some(buffer) = buffer.get_mut(..wanted).filter(|b| !b.is_empty()) else { return Ok(0) };
        let read = self.shared.read_at(self.start + self.position, buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Section {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = resolve(to, self.position, self.length)?;
        Ok(self.position)
    }
}

/// The position that `to` means in something of `length` bytes, read at `position` now.
pub(super) fn resolve(to: SeekFrom, position: u64, length: u64) -> io::Result<u64> {
    let target = match to {
        SeekFrom::Start(position) => Some(position),
        SeekFrom::Current(by) => position.checked_add_signed(by),
        SeekFrom::End(by) => length.checked_add_signed(by),
    };
    target.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek to before the start"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Cursor;

    #[test]
    fn sections_of_one_file_do_not_disturb_each_other() {
        let shared = Shared::new(Box::new(Cursor::new(b"0123456789".to_vec()))).unwrap();
        let (mut one, mut two) = (shared.section(2, 4), shared.section(8, 100));
        let mut text = [0; 2];
        one.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"23");
        assert_eq!(io::read_to_string(&mut two).unwrap(), "89");
        assert_eq!(io::read_to_string(&mut one).unwrap(), "45");
        one.seek(SeekFrom::End(-1)).unwrap();
        assert_eq!(io::read_to_string(&mut one).unwrap(), "5");
        assert!(one.seek(SeekFrom::Current(-9)).is_err());
        assert_eq!(shared.section(99, 1).read(&mut text).unwrap(), 0);
    }
}
