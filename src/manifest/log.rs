//! Writing the log: a line is appended after the bytes it speaks of are in their file.

use super::entry::{Body, Entry};
use super::tree::{Tree, leaf_hash, write_checkpoint};
use crate::world::{World, millis};
use data_encoding::HEXLOWER;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A log being written, in a collection's `provenance` directory.
#[derive(Debug)]
pub struct Log {
    directory: PathBuf,
    origin: String,
    lines: File,
    leaves: File,
    tree: Tree,
    /// Bytes of whole lines.
    length: u64,
}

/// A state to go back to.
#[derive(Clone, Debug)]
pub struct Mark {
    tree: Tree,
    length: u64,
}

impl Log {
    /// Starts a new log in `directory`, whose files must not exist yet.
    ///
    /// # Errors
    /// `AlreadyExists`, or what the file system says.
    pub fn create(directory: &Path, origin: &str) -> io::Result<Self> {
        let anew = |name: &str| OpenOptions::new().write(true).create_new(true).open(directory.join(name));
        Ok(Self {
            directory: directory.to_owned(),
            origin: origin.to_owned(),
            lines: anew("manifest.jsonl")?,
            leaves: anew("leaves")?,
            tree: Tree::default(),
            length: 0,
        })
    }

    /// Appends an entry and gives its `seq`.
    ///
    /// # Errors
    /// What the file system, or the source of randomness, says; the log is then as it was before.
    pub fn append(&mut self, world: &dyn World, body: Body) -> io::Result<u64> {
        let mut salt = [0; 16];
        world.random(&mut salt)?;
        let seq = self.tree.size();
        let entry = Entry { v: 1, seq, salt: HEXLOWER.encode(&salt), at: millis(world.now()), body };
        let mut line = canonical(&entry)?;
        let leaf = leaf_hash(&line);
        line.push(b'\n');
        if let Err(error) = self.lines.write_all(&line).and_then(|()| self.leaves.write_all(&leaf.0)) {
            self.cut()?;
            return Err(error);
        }
        self.length += line.len() as u64;
        self.tree.push(leaf);
        Ok(seq)
    }

    /// The state now.
    pub fn mark(&self) -> Mark {
        Mark { tree: self.tree.clone(), length: self.length }
    }

    /// Takes back every entry since `mark`.
    ///
    /// # Errors
    /// What the file system says.
    pub fn roll_back(&mut self, mark: Mark) -> io::Result<()> {
        (self.tree, self.length) = (mark.tree, mark.length);
        self.cut()
    }

    /// Cuts both files to whole entries.
    fn cut(&mut self) -> io::Result<()> {
        for (file, length) in [(&mut self.lines, self.length), (&mut self.leaves, self.tree.size() * 32)] {
            file.set_len(length)?;
            file.seek(SeekFrom::Start(length))?;
        }
        Ok(())
    }

    /// Makes all lines durable.
    ///
    /// # Errors
    /// What the file system says.
    pub fn sync(&self) -> io::Result<()> {
        self.lines.sync_data()?;
        self.leaves.sync_data()
    }

    /// Makes the log durable and writes its checkpoint, anew.
    ///
    /// # Errors
    /// What the file system says.
    pub fn close(self) -> io::Result<()> {
        self.lines.sync_all()?;
        self.leaves.sync_all()?;
        let path = self.directory.join("checkpoint");
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(&write_checkpoint(&self.origin, &self.tree)?)?;
        file.sync_all()
    }
}

/// RFC 8785. Entries hold strings, whole numbers below 2^53, lists and objects.
fn canonical(entry: &Entry) -> io::Result<Vec<u8>> {
    serde_json_canonicalizer::to_vec(entry).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::entry::{Failure, Page};
    use super::super::{Lines, read_checkpoint};
    use super::*;
    use jiff::Timestamp;

    struct Pinned;
    impl World for Pinned {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(1_700_000_000).unwrap()
        }
        fn random(&self, buffer: &mut [u8]) -> io::Result<()> {
            buffer.fill(7);
            Ok(())
        }
    }

    fn failure(error: &str) -> Body {
        let (url, stage) = ("http://a/".to_owned(), "dns".to_owned());
        Body::Failure(Failure { url, stage, error: error.to_owned(), attempts: 1, ..Failure::default() })
    }

    #[test]
    fn a_line_is_canonical_json() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::create(dir.path(), "fonds/x").unwrap();
        log.append(&Pinned, failure("é \u{1} \" \n")).unwrap();
        log.close().unwrap();
        let text = std::fs::read_to_string(dir.path().join("manifest.jsonl")).unwrap();
        assert_eq!(
            text,
            "{\"at\":\"2023-11-14T22:13:20.000Z\",\"attempts\":1,\"error\":\"é \\u0001 \\\" \\n\",\"salt\":\"07070707070707070707070707070707\",\"seq\":0,\"stage\":\"dns\",\"type\":\"failure\",\"url\":\"http://a/\",\"v\":1}\n"
        );
    }

    #[test]
    fn the_checkpoint_covers_every_line_and_lines_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::create(dir.path(), "fonds/x").unwrap();
        let text = || "x".to_owned();
        let page = Page { id: text(), url: text(), ts: text(), title: text(), record: text() };
        for n in 0..5 {
            assert_eq!(log.append(&Pinned, failure(&n.to_string())).unwrap(), 2 * n);
            log.append(&Pinned, Body::Page(page.clone())).unwrap();
        }
        log.close().unwrap();
        let file = std::fs::File::open(dir.path().join("manifest.jsonl")).unwrap();
        let mut tree = Tree::default();
        let mut lines = Lines::new(file);
        while let Some(line) = lines.next_line().unwrap() {
            assert_eq!(line.entry.as_ref().unwrap().seq, tree.size());
            tree.push(leaf_hash(&line.bytes));
        }
        let checkpoint = read_checkpoint(&std::fs::read(dir.path().join("checkpoint")).unwrap()).unwrap();
        assert_eq!((checkpoint.size(), *checkpoint.hash()), (10, tree.root()));
        assert!(Log::create(dir.path(), "fonds/x").is_err(), "a log is never overwritten");
    }

    #[test]
    fn what_is_taken_back_was_never_there() {
        let read = |roll_back: bool| {
            let dir = tempfile::tempdir().unwrap();
            let mut log = Log::create(dir.path(), "fonds/x").unwrap();
            log.append(&Pinned, failure("1")).unwrap();
            if roll_back {
                let mark = log.mark();
                log.append(&Pinned, failure("2")).unwrap();
                log.append(&Pinned, failure("3")).unwrap();
                log.roll_back(mark).unwrap();
            }
            assert_eq!(log.append(&Pinned, failure("4")).unwrap(), 1);
            log.close().unwrap();
            ["manifest.jsonl", "leaves", "checkpoint"]
                .map(|name| std::fs::read(dir.path().join(name)).unwrap())
        };
        assert_eq!(read(true), read(false));
    }
}
