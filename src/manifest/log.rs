//! Writing the log: lines are gathered, and appended once the bytes they speak of are in their file.

use super::entry::{Body, Bytes, Entry, Http, Links, Record, Times, Warc};
use super::tree::{Tree, leaf_hash, write_checkpoint};
use crate::disk::{Disk, DiskFile};
use crate::world::{World, millis};
use data_encoding::HEXLOWER;
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tlog_tiles::Hash;

/// Salts asked of the world at once.
const SALTS: usize = 64;

/// A log being written, in a collection's `provenance` directory.
#[derive(Debug)]
pub struct Log {
    disk: Disk,
    directory: PathBuf,
    origin: String,
    lines: DiskFile,
    leaves: DiskFile,
    /// Of all entries, those included that are not in the files yet.
    tree: Tree,
    waiting: Vec<u8>,
    waiting_leaves: Vec<u8>,
    /// Random, each taken once.
    salts: Vec<[u8; 16]>,
    /// Of what is in the files, and the bytes of its lines.
    flushed: Tree,
    length: u64,
}

impl Log {
    /// Starts a new log in `directory`, whose files must not exist yet.
    ///
    /// # Errors
    /// `AlreadyExists`, or what the file system says.
    pub fn create(disk: &Disk, directory: &Path, origin: &str) -> io::Result<Self> {
        let lines = disk.create_new(&directory.join("manifest.jsonl"))?;
        let leaves = disk.create_new(&directory.join("leaves"))?;
        Ok(Self::over(disk, directory, origin, (lines, leaves), Tree::default(), 0))
    }

    /// Goes on with a log whose first `length` bytes are the lines of `tree`; what follows them is cut off. Leaf hashes
    /// that did not reach the disk, `missing`, are written.
    ///
    /// # Errors
    /// What the file system says.
    pub fn reopen(
        disk: &Disk,
        directory: &Path,
        origin: &str,
        (tree, length): (Tree, u64),
        missing: &[Hash],
    ) -> io::Result<Self> {
        let lines = disk.append(&directory.join("manifest.jsonl"))?;
        let path = directory.join("leaves");
        let mut leaves = if path.try_exists()? { disk.append(&path)? } else { disk.create_new(&path)? };
        lines.cut(length)?;
        leaves.cut((tree.size() - missing.len() as u64) * 32)?;
        for leaf in missing {
            leaves.write_all(&leaf.0)?;
        }
        Ok(Self::over(disk, directory, origin, (lines, leaves), tree, length))
    }

    fn over(
        disk: &Disk,
        directory: &Path,
        origin: &str,
        (lines, leaves): (DiskFile, DiskFile),
        tree: Tree,
        length: u64,
    ) -> Self {
        Self {
            disk: disk.clone(),
            directory: directory.to_owned(),
            origin: origin.to_owned(),
            lines,
            leaves,
            flushed: tree.clone(),
            tree,
            waiting: Vec::new(),
            waiting_leaves: Vec::new(),
            salts: Vec::new(),
            length,
        }
    }

    /// Gathers an entry and gives its `seq`; [`Log::flush`] writes it.
    ///
    /// # Errors
    /// What the source of randomness says; the log is then as it was before.
    pub fn append(&mut self, world: &dyn World, body: Body) -> io::Result<u64> {
        let salt = self.salt(world)?;
        let seq = self.tree.size();
        let entry = Entry { v: 1, seq, salt: HEXLOWER.encode(&salt), at: millis(world.now()), body };
        let line = canonical(&entry)?;
        let leaf = leaf_hash(&line);
        self.waiting.extend_from_slice(&line);
        self.waiting.push(b'\n');
        self.waiting_leaves.extend_from_slice(&leaf.0);
        self.tree.push(leaf);
        Ok(seq)
    }

    fn salt(&mut self, world: &dyn World) -> io::Result<[u8; 16]> {
        if let Some(salt) = self.salts.pop() {
            return Ok(salt);
        }
        let mut salts = vec![[0; 16]; SALTS];
        world.random(salts.as_flattened_mut())?;
        let salt = salts.pop().unwrap_or_default();
        self.salts = salts;
        Ok(salt)
    }

    /// The tree of all entries so far.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Writes what was gathered.
    ///
    /// # Errors
    /// What the file system says; what was gathered is then dropped, and the files are as they were before.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let written =
            self.lines.write_all(&self.waiting).and_then(|()| self.leaves.write_all(&self.waiting_leaves));
        if let Err(error) = written {
            self.roll_back();
            self.lines.cut(self.length)?;
            self.leaves.cut(self.flushed.size() * 32)?;
            return Err(error);
        }
        self.length += self.waiting.len() as u64;
        self.flushed = self.tree.clone();
        self.waiting.clear();
        self.waiting_leaves.clear();
        Ok(())
    }

    /// Drops what was gathered since the last [`Log::flush`].
    pub fn roll_back(&mut self) {
        self.tree = self.flushed.clone();
        self.waiting.clear();
        self.waiting_leaves.clear();
    }

    /// Writes what was gathered, makes the log durable, and its checkpoint anew, which is given.
    ///
    /// # Errors
    /// What the file system says; the checkpoint that was there before is there still.
    pub fn checkpoint(&mut self) -> io::Result<Vec<u8>> {
        self.flush()?;
        self.lines.sync_data()?;
        self.leaves.sync_data()?;
        let checkpoint = write_checkpoint(&self.origin, &self.tree)?;
        self.disk.replace(&self.directory.join("checkpoint"), |out| out.write_all(&checkpoint))?;
        Ok(checkpoint)
    }
}

/// RFC 8785. Entries hold strings, whole numbers below 2^53, lists and objects.
fn canonical(entry: &Entry) -> io::Result<Vec<u8>> {
    match &entry.body {
        Body::Record(record) => serde_json::to_vec(&RecordLine::of(entry, record)).map_err(io::Error::other),
        _ => serde_json_canonicalizer::to_vec(entry).map_err(io::Error::other),
    }
}

/// A record's entry with its keys in their canonical order. Strings and whole numbers are written by serde_json as RFC 8785
/// has them.
#[derive(Serialize)]
struct RecordLine<'a> {
    at: &'a str,
    bytes: &'a Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<&'a Http>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<&'a Links>,
    salt: &'a str,
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<&'a Times>,
    #[serde(rename = "type")]
    kind: &'static str,
    v: u32,
    warc: &'a Warc,
}

impl<'a> RecordLine<'a> {
    fn of(entry: &'a Entry, record: &'a Record) -> Self {
        Self {
            at: &entry.at,
            bytes: &record.bytes,
            connection: record.connection,
            http: record.http.as_ref(),
            links: Some(&record.links).filter(|links| !links.is_empty()),
            salt: &entry.salt,
            seq: entry.seq,
            times: record.times.as_ref(),
            kind: "record",
            v: entry.v,
            warc: &record.warc,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
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
        let mut log = Log::create(&Disk::default(), dir.path(), "fonds/x").unwrap();
        log.append(&Pinned, failure("é \u{1} \" \n")).unwrap();
        log.checkpoint().unwrap();
        let text = std::fs::read_to_string(dir.path().join("manifest.jsonl")).unwrap();
        assert_eq!(
            text,
            "{\"at\":\"2023-11-14T22:13:20.000Z\",\"attempts\":1,\"error\":\"é \\u0001 \\\" \\n\",\"salt\":\"07070707070707070707070707070707\",\"seq\":0,\"stage\":\"dns\",\"type\":\"failure\",\"url\":\"http://a/\",\"v\":1}\n"
        );
    }

    #[test]
    fn a_records_line_is_canonical_json_whatever_it_holds() {
        let odd = || "é \u{1}\u{1f}\u{7f}\u{2028} \"\\/ \u{8}\u{c}\n\r\t \u{1f600}".to_owned();
        let some = |fill: bool| fill.then(odd);
        for fill in [false, true] {
            let record = Record {
                bytes: Bytes { block: odd(), length: (1 << 53) - 1, payload: some(fill), sha256: odd() },
                connection: fill.then_some(3),
                http: fill.then(|| Http {
                    challenge: true,
                    method: odd(),
                    mime: some(fill),
                    reconstructed: some(fill),
                    status: Some(200),
                    truncated: some(fill),
                }),
                links: match fill {
                    true => Links {
                        concurrent_to: vec![odd(), odd()],
                        refers_to: some(fill),
                        seed: some(fill),
                        via: some(fill),
                    },
                    false => Links::default(),
                },
                times: fill.then(|| Times {
                    end: odd(),
                    first_byte: some(fill),
                    sent: odd(),
                    server_date: some(fill),
                }),
                warc: Warc { date: odd(), id: odd(), target_uri: some(fill), record_type: odd() },
            };
            let body = Body::Record(Box::new(record));
            let entry = Entry { v: 1, seq: 7, salt: odd(), at: odd(), body };
            let sorted = serde_json_canonicalizer::to_vec(&entry).unwrap();
            assert_eq!(String::from_utf8(canonical(&entry).unwrap()), String::from_utf8(sorted));
        }
    }

    #[test]
    fn the_checkpoint_covers_every_line_and_lines_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::create(&Disk::default(), dir.path(), "fonds/x").unwrap();
        let text = || "x".to_owned();
        let page = Page { id: text(), url: text(), ts: text(), title: text(), record: text() };
        for n in 0..5 {
            assert_eq!(log.append(&Pinned, failure(&n.to_string())).unwrap(), 2 * n);
            log.append(&Pinned, Body::Page(page.clone())).unwrap();
        }
        log.checkpoint().unwrap();
        let file = std::fs::File::open(dir.path().join("manifest.jsonl")).unwrap();
        let mut tree = Tree::default();
        let mut lines = Lines::new(file);
        while let Some(line) = lines.next_line().unwrap() {
            assert_eq!(line.entry.as_ref().unwrap().seq, tree.size());
            tree.push(leaf_hash(&line.bytes));
        }
        let checkpoint = read_checkpoint(&std::fs::read(dir.path().join("checkpoint")).unwrap()).unwrap();
        assert_eq!((checkpoint.size(), *checkpoint.hash()), (10, tree.root()));
        assert!(Log::create(&Disk::default(), dir.path(), "fonds/x").is_err(), "a log is never overwritten");
    }

    #[test]
    fn what_is_taken_back_was_never_there() {
        let read = |roll_back: bool| {
            let dir = tempfile::tempdir().unwrap();
            let mut log = Log::create(&Disk::default(), dir.path(), "fonds/x").unwrap();
            log.append(&Pinned, failure("1")).unwrap();
            if roll_back {
                log.flush().unwrap();
                log.append(&Pinned, failure("2")).unwrap();
                log.append(&Pinned, failure("3")).unwrap();
                log.roll_back();
            }
            assert_eq!(log.append(&Pinned, failure("4")).unwrap(), 1);
            log.checkpoint().unwrap();
            ["manifest.jsonl", "leaves", "checkpoint"]
                .map(|name| std::fs::read(dir.path().join(name)).unwrap())
        };
        assert_eq!(read(true), read(false));
    }

    #[test]
    fn a_log_goes_on_where_it_was_cut() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::default();
        let mut log = Log::create(&disk, dir.path(), "fonds/x").unwrap();
        for n in 0..5 {
            log.append(&Pinned, failure(&n.to_string())).unwrap();
        }
        log.checkpoint().unwrap();
        let (tree, length) = (log.tree().clone(), log.length);
        log.append(&Pinned, failure("lost")).unwrap();
        log.checkpoint().unwrap();
        drop(log);
        // The last leaf hash is missing too.
        let leaves = std::fs::read(dir.path().join("leaves")).unwrap();
        std::fs::write(dir.path().join("leaves"), &leaves[..4 * 32 + 7]).unwrap();
        let missing = [Hash(leaves[4 * 32..5 * 32].try_into().unwrap())];
        let mut log = Log::reopen(&disk, dir.path(), "fonds/x", (tree, length), &missing).unwrap();
        assert_eq!(log.append(&Pinned, failure("5")).unwrap(), 5);
        log.checkpoint().unwrap();
        let mut straight = Tree::default();
        let lines = std::fs::read(dir.path().join("manifest.jsonl")).unwrap();
        lines
            .split_inclusive(|b| *b == b'\n')
            .for_each(|line| straight.push(leaf_hash(&line[..line.len() - 1])));
        assert_eq!((straight.size(), straight.root()), (6, log.tree().root()));
        assert_eq!(std::fs::read(dir.path().join("leaves")).unwrap().len(), 6 * 32);
    }
}
