//! Reading the log line by line, in bounded memory.

use super::entry::{Body, Entry};
use super::tree::leaf_hash;
use super::withheld::Withheld;
use std::io::{self, BufRead, BufReader, Read};
use tlog_tiles::Hash;

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
    /// What it says of itself as a leaf, where it was withheld.
    withheld: Option<Hash>,
}

impl Line {
    fn new(offset: u64, bytes: Vec<u8>, ended: bool) -> Self {
        let (entry, withheld) = match Withheld::parse(&bytes) {
            Some(Withheld { seq, leaf }) => (Ok(Entry::withheld(seq)), Some(leaf)),
            None => (serde_json::from_slice(&bytes).map_err(|e| e.to_string()), None),
        };
        Self { offset, bytes, ended, entry, withheld }
    }

    /// Its leaf in the tree: of a line that was withheld, the one that stands in its place.
    pub fn leaf(&self) -> Hash {
        self.withheld.unwrap_or_else(|| leaf_hash(&self.bytes))
    }
}

impl Entry {
    fn withheld(seq: u64) -> Self {
        Self { v: 1, seq, salt: String::new(), at: String::new(), body: Body::Withheld }
    }
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
        Ok(Some(Line::new(offset, bytes, ended)))
    }
}
