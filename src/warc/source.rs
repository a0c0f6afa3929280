//! Where bytes come from: a window over a reader that knows its offset and, where the reader can seek, goes back.

use std::io::{self, Read, Seek, SeekFrom};

/// Anything that reads and seeks.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send + ?Sized> ReadSeek for T {}

/// A byte source: sequential, or with random access, which lets a reader look again after damage, however far back.
pub enum Source {
    /// A pipe, standard input, a response that streams. The last 256 KiB are held to be looked at again.
    Stream(Box<dyn Read + Send>),
    /// A file, a section of one, a remote file with ranges.
    Seek(Box<dyn ReadSeek>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stream(_) => "Source::Stream",
            Self::Seek(_) => "Source::Seek",
        })
    }
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stream(r) => r.read(buf),
            Self::Seek(r) => r.read(buf),
        }
    }
}

/// Bytes asked of the source at once: small enough for a processor's cache, large enough that what is moved to the
/// front when the window slides, a part of a member, does not count.
const STEP: usize = 1024 * 1024;

/// Bytes behind the window that a source which cannot seek is able to go back.
const HELD: usize = 256 * 1024;

/// A sliding window; memory is the largest `want` asked of [`Window::fill`] plus one step, three where the source cannot
/// seek.
#[derive(Debug)]
pub(crate) struct Window {
    source: Source,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    eof: bool,
}

impl Window {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, buffer: Vec::new(), start: 0, end: 0, offset: 0, eof: false }
    }

    /// Offset in the source of the first byte that is not consumed.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// What is buffered.
    pub(crate) fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// At least `want` bytes, fewer only at the end of the source.
    pub(crate) fn fill(&mut self, want: usize) -> io::Result<&[u8]> {
        while self.end - self.start < want && !self.eof {
            self.grow(want);
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.source.read(room) {
                Ok(0) => self.eof = true,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(self.buffered())
    }

    pub(crate) fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        self.start += n;
        self.offset += n as u64;
    }

    /// How far one may read from the start and still come back to it.
    pub(crate) fn reach(&self) -> u64 {
        if matches!(self.source, Source::Seek(_)) { u64::MAX } else { HELD as u64 / 2 }
    }

    /// Goes to `offset`: anywhere in a source that seeks, back by what is held in another; false (and nothing changes)
    /// where that cannot be done.
    pub(crate) fn rewind(&mut self, offset: u64) -> io::Result<bool> {
        let Source::Seek(source) = &mut self.source else { return Ok(self.step_back(offset)) };
        source.seek(SeekFrom::Start(offset))?;
        (self.start, self.end, self.offset, self.eof) = (0, 0, offset, false);
        Ok(true)
    }

    /// Never further than [`HELD`], so that how the bytes came does not decide what is read.
    fn step_back(&mut self, offset: u64) -> bool {
        let back = self.offset.checked_sub(offset).and_then(|back| usize::try_from(back).ok());
        let Some(back) = back.filter(|back| *back <= HELD.min(self.start)) else { return false };
        self.start -= back;
        self.offset = offset;
        true
    }

    fn held(&self) -> usize {
        if matches!(self.source, Source::Seek(_)) { 0 } else { HELD }
    }

    /// Slides, so that as much as can be is read at once, and grows where even that does not make room for `want`.
    fn grow(&mut self, want: usize) {
        let held = self.held();
        if self.start == self.end && held == 0 {
            (self.start, self.end) = (0, 0);
        }
        let from = self.start.saturating_sub(held);
        if from > 0 && (self.start + want > self.buffer.len() || self.end == self.buffer.len()) {
            self.buffer.copy_within(from..self.end, 0);
            (self.start, self.end) = (self.start - from, self.end - from);
        }
        let need = (self.start + want).max(STEP + held);
        if self.buffer.len() < need {
            self.buffer.resize(need, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use std::io::Cursor;

    /// Byte `n` of a long source.
    fn byte(n: usize) -> u8 {
        (n.wrapping_mul(2_654_435_761) >> 13) as u8
    }

    #[test]
    fn a_pipe_goes_back_by_what_is_held_and_no_further() {
        let bytes: Vec<u8> = (0..2 << 20).map(byte).collect();
        let mut window = Window::new(Source::Stream(Box::new(Cursor::new(bytes.clone()))));
        for step in [1, 100_000, 262_144, 7, 500_000, 3] {
            window.fill(step).unwrap();
            window.consume(step);
            let at = window.offset() as usize;
            for back in [0, 1, 4096, HELD, HELD + 1].into_iter().filter(|back| *back <= at) {
                let went = window.rewind((at - back) as u64).unwrap();
                assert_eq!(went, back <= HELD, "{back} from {at}");
                assert_eq!(window.fill(10).unwrap()[..10], bytes[at - back * usize::from(went)..][..10]);
                window.consume(at - window.offset() as usize);
            }
            assert!(!window.rewind(at as u64 + 1).unwrap(), "not ahead");
        }
        assert!(window.buffer.len() <= 4 * STEP, "{}", window.buffer.len());
    }
}
