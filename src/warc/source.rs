//! Where bytes come from: a window over a reader that knows its offset and, where the reader can seek, goes back.

use std::io::{self, Read, Seek, SeekFrom};

/// Anything that reads and seeks.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send + ?Sized> ReadSeek for T {}

/// A byte source: sequential, or with random access, which lets a reader look again after damage.
pub enum Source {
    /// A pipe, standard input, a response that streams.
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

/// A sliding window; memory is the largest `want` asked of [`Window::fill`] plus one step.
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

    /// Goes to `offset`, anywhere in the source; false (and nothing changes) where that cannot be done.
    pub(crate) fn rewind(&mut self, offset: u64) -> io::Result<bool> {
        let Source::Seek(source) = &mut self.source else { return Ok(false) };
        source.seek(SeekFrom::Start(offset))?;
        (self.start, self.end, self.offset, self.eof) = (0, 0, offset, false);
        Ok(true)
    }

    /// Slides, so that as much as can be is read at once, and grows where even that does not make room for `want`.
    fn grow(&mut self, want: usize) {
        if self.end - self.start == 0 {
            (self.start, self.end) = (0, 0);
        }
        if self.start > 0 && (self.start + want > self.buffer.len() || self.end == self.buffer.len()) {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let need = (self.start + want).max(STEP);
        if self.buffer.len() < need {
            self.buffer.resize(need, 0);
        }
    }
}
