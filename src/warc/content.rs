//! The content of one record's gzip members or zstd frames, as a stream of bytes.

use super::format;
use super::member::Content;
use super::source::Source;
use std::io::{self, Read};

/// Reads from the member at an offset to its end, and through the members behind it that go on with the same record. What
/// is damaged gives what it gives, and ends.
pub(crate) struct Inflated {
    content: Content,
}

impl Inflated {
    /// Goes to the member at `offset`. The file's beginning is looked at, since it may hold a dictionary.
    pub(crate) fn at(source: Source, offset: u64) -> io::Result<Self> {
        let mut content = Content::new(source, format::begins_any)?;
        if !content.jump(offset)? {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "this input cannot be read at an offset"));
        }
        Ok(Self { content })
    }

    /// True where a member follows that does not begin a record of its own.
    fn goes_on(&mut self) -> io::Result<bool> {
        Ok(!self.content.is_damaged()
            && self.content.advance()?
            && !format::begins_any(self.content.peek(LOOK)?))
    }
}

/// Bytes of content looked at to tell whether a record begins.
const LOOK: usize = 512;

impl Read for Inflated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.content.peek(1)?.is_empty() {
            if !self.goes_on()? {
                return Ok(0);
            }
        }
        let bytes = self.content.peek(1)?;
        let n = bytes.len().min(buffer.len());
        let (Some(from), Some(to)) = (bytes.get(..n), buffer.get_mut(..n)) else { return Ok(0) };
        to.copy_from_slice(from);
        self.content.consume(n);
        Ok(n)
    }
}
