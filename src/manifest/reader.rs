//! Reading the log line by line, in bounded memory.

use super::entry::Entry;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of one line; longer ones are given cut, and marked.
const LINE_LIMIT: u64 = 4 * 1024 * 1024;

/// One line, as it stands.
#[derive(Debug)]
pub struct Line {
    /// Byte offset in the file.
    pub offset: u64,
    /// The line without its LF: the leaf.
    pub bytes: Vec<u8>,
    /// True where its LF is there.
    pub ended: bool,
    /// What it says, or why it says nothing.
    pub entry: Result<Entry, String>,
}

/// The lines of a log.
#[derive(Debug)]
pub struct Lines<R> {
    reader: BufReader<R>,
    offset: u64,
}

impl<R: Read> Lines<R> {
    /// Begins at the reader's first byte.
    pub fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(64 * 1024, reader), offset: 0 }
    }

    /// The next line, or `None` at the end.
    ///
    /// # Errors
    /// What the reader says.
    pub fn next_line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let n = (&mut self.reader).take(LINE_LIMIT).read_until(b'\n', &mut bytes)?;
        if n == 0 {
            return Ok(None);
        }
        let offset = self.offset;
        self.offset += n as u64;
        let ended = bytes.last() == Some(&b'\n');
        if ended {
            bytes.pop();
        }
        let entry = serde_json::from_slice(&bytes).map_err(|e| e.to_string());
        Ok(Some(Line { offset, bytes, ended, entry }))
    }
}
