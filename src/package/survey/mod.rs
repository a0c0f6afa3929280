//! How far the log and the WARCs of a collection agree, from the first line on.
//!
//! A capture counts whole or not at all: its records, and the lines that tell of them. What a run that was killed leaves
//! behind the last whole one (a record half written, lines without their records) is torn: [`survey`] says where it
//! begins, and changes nothing. What is not as the log binds it, before that, is [`Error::Altered`], or [`Error::Less`].

mod records;

use self::records::{Next, Warcs};
use super::layout::{self, Layout};
use crate::manifest::{Body, Checkpoint, Entry, Hash, Line, Lines, Record, Tree, read_checkpoint};
use crate::warc::{self, Head};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Lines of one capture.
const LONGEST_GROUP: usize = 1000;
/// Bytes of a checkpoint with any number of signatures that makes sense.
pub(crate) const CHECKPOINT_LIMIT: u64 = 1024 * 1024;

/// Why a collection cannot be surveyed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading failed.
    #[error("{path}: {source}")]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something is not what the log binds; a crash does not leave that behind.
    #[error("{path} was altered: {problem}. See `fonds verify`")]
    Altered {
        /// The file concerned.
        path: PathBuf,
        /// In what way.
        problem: String,
    },
    /// The log's checkpoint binds more than what log and WARCs agree on.
    #[error(
        "{root}: of the {bound} lines of its log's checkpoint, {held} hold with their records; behind these a WARC is missing \
         or cut, or the log was altered. `fonds verify` tells which"
    )]
    Less {
        /// The collection.
        root: PathBuf,
        /// Lines that the checkpoint binds.
        bound: u64,
        /// Lines that hold.
        held: u64,
    },
}

impl Error {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// Is shown what a collection holds, in the log's order.
pub trait Visitor {
    /// The block of a response, or of a revisit (a head), that the log tells of. It counts only once [`Visitor::told`] brings
    /// its line.
    ///
    /// # Errors
    /// Those of the block.
    fn response(&mut self, record: &Record, head: &Head, block: &mut (dyn Read + Send)) -> io::Result<()>;

    /// The block of a metadata record with `application/warc-fields`. It is concurrent to the response or revisit that it tells
    /// of, which came before it.
    ///
    /// # Errors
    /// Those of the block.
    fn notes(&mut self, _record: &Record, _head: &Head, _block: &mut (dyn Read + Send)) -> io::Result<()> {
        Ok(())
    }

    /// A line of a whole capture, or one that stands for itself; with the place of its record, if it is about one.
    ///
    /// # Errors
    /// The visitor's own.
    fn told(&mut self, entry: Entry, place: Option<Place>) -> io::Result<()>;
}

/// A visitor that looks at nothing.
#[derive(Debug)]
pub struct Blind;

impl Visitor for Blind {
    fn response(&mut self, _: &Record, _: &Head, _: &mut (dyn Read + Send)) -> io::Result<()> {
        Ok(())
    }

    fn told(&mut self, _: Entry, _: Option<Place>) -> io::Result<()> {
        Ok(())
    }
}

/// Where a record lies.
#[derive(Clone, Debug)]
pub struct Place {
    /// Number of the file in [`Survey::warcs`].
    pub file: usize,
    /// Its final name, without `.open`.
    pub name: String,
    /// Byte offset of its member.
    pub offset: u64,
    /// Bytes of its member.
    pub length: u64,
    /// Its head.
    pub head: Head,
}

/// A file, and how much of it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Path in the collection, with `/`.
    pub path: String,
    /// Bytes up to the end of the last whole capture.
    pub sound: u64,
    /// Bytes in all.
    pub total: u64,
}

/// What holds.
#[derive(Debug, Default)]
pub struct Survey {
    /// The tree of the lines that hold.
    pub tree: Tree,
    /// Leaf hashes at the end of that tree that are not in their file.
    pub missing: Vec<Hash>,
    /// The log.
    pub log: Part,
    /// The WARCs, in the order of their names.
    pub warcs: Vec<Part>,
    /// Records that the log tells of and that never reached the disk: more than a run that is killed leaves behind.
    pub lost: u64,
    /// True where the last line says how a run ended.
    pub ended: bool,
}

impl Default for Part {
    fn default() -> Self {
        Self { path: layout::MANIFEST.to_owned(), sound: 0, total: 0 }
    }
}

impl Part {
    /// True for a WARC that was not closed.
    pub fn is_open(&self) -> bool {
        self.path.ends_with(warc::OPEN)
    }

    /// Bytes behind what holds.
    pub fn torn(&self) -> u64 {
        self.total - self.sound
    }
}

/// Reads the log and the WARCs of the collection at `root` side by side, to the end.
///
/// # Errors
/// See [`Error`]; of the log itself `Io` with `NotFound` where there is none.
pub fn survey(root: &Path, visitor: &mut dyn Visitor) -> Result<Survey, Error> {
    let layout = Layout::new(root);
    let mut walk = Walk::open(&layout, visitor)?;
    while walk.step()? {}
    walk.finish()
}

/// The lines of one capture, until all of them are there.
struct Group {
    lines: Vec<(Line, Entry, Option<Place>)>,
    there: HashSet<String>,
    wanted: HashSet<String>,
    /// There are only records that tell of something.
    tells_only: bool,
    /// They tell of a URL that gave nothing; its failure's line belongs to them.
    awaits_failure: bool,
}

impl Default for Group {
    fn default() -> Self {
        let (there, wanted) = (HashSet::new(), HashSet::new());
        Self { lines: Vec::new(), there, wanted, tells_only: true, awaits_failure: false }
    }
}

struct Walk<'a> {
    layout: &'a Layout,
    visitor: &'a mut dyn Visitor,
    lines: Lines<File>,
    leaves: Option<BufReader<File>>,
    /// Of all lines read.
    read: Tree,
    /// Leaf hashes computed, which their file does not hold.
    missing: Vec<(u64, Hash)>,
    checkpoint: Option<Checkpoint>,
    warcs: Warcs,
    group: Group,
    survey: Survey,
}

impl<'a> Walk<'a> {
    fn open(layout: &'a Layout, visitor: &'a mut dyn Visitor) -> Result<Self, Error> {
        let path = layout.file(layout::MANIFEST);
        let file = File::open(&path).map_err(Error::io(&path))?;
        let total = file.metadata().map_err(Error::io(&path))?.len();
        let leaves = layout.file(layout::LEAVES);
        let leaves = match File::open(&leaves) {
            Ok(file) => Some(BufReader::new(file)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(Error::io(&leaves)(e)),
        };
        let warcs = Warcs::find(layout)?;
        let log = Part { total, ..Part::default() };
        let mut survey = Survey { log, warcs: warcs.parts.clone(), ..Survey::default() };
        survey.warcs.iter_mut().for_each(|part| part.sound = 0);
        Ok(Self {
            checkpoint: read_stored_checkpoint(layout)?,
            layout,
            visitor,
            lines: Lines::new(file),
            leaves,
            read: Tree::default(),
            missing: Vec::new(),
            warcs,
            group: Group::default(),
            survey,
        })
    }

    fn altered(&self, path: &str, problem: impl Into<String>) -> Error {
        Error::Altered { path: self.layout.file(path), problem: problem.into() }
    }

    fn log_error(&self) -> impl FnOnce(io::Error) -> Error + use<> {
        let path = self.layout.file(layout::MANIFEST);
        move |source| Error::Io { path, source }
    }

    /// One line, and its record; false where nothing more holds.
    fn step(&mut self) -> Result<bool, Error> {
        let at = self.log_error();
        let Some(line) = self.lines.next_line().map_err(at)? else { return Ok(false) };
        if !line.ended {
            // The last line is torn; one that is cut for its length is none of ours.
            let last = line.offset + line.bytes.len() as u64 >= self.survey.log.total;
            let number = self.read.size();
            let long = || self.altered(layout::MANIFEST, format!("line {number} is longer than any"));
            return if last { Ok(false) } else { Err(long()) };
        }
        let Some(entry) = self.entry(&line)? else { return Ok(false) };
        self.bind(&line)?;
        let place = match &entry.body {
            Body::Record(record) => match self.warcs.next(record, self.visitor)? {
                Next::Held(place) => Some(*place),
                Next::Ended => {
                    self.count_lost()?;
                    return Ok(false);
                }
                Next::Other { path, problem } => return Err(self.altered(&path, problem)),
            },
            _ => None,
        };
        self.take(line, entry, place)?;
        Ok(true)
    }

    /// What a line says; `None` for bytes that never reached the disk.
    fn entry(&self, line: &Line) -> Result<Option<Entry>, Error> {
        let number = self.read.size();
        match &line.entry {
            Ok(Entry { body: Body::Withheld, .. }) => {
                let problem =
                    format!("line {number} was withheld: only the whole collection can be taken up");
                Err(self.altered(layout::MANIFEST, problem))
            }
            Ok(entry) if entry.seq == number && entry.v == 1 => Ok(Some(entry.clone())),
            Err(_) if line.bytes.contains(&0) => Ok(None),
            Ok(entry) => {
                let problem =
                    format!("line {number} says that it is entry {}, version {}", entry.seq, entry.v);
                Err(self.altered(layout::MANIFEST, problem))
            }
            Err(error) => {
                Err(self.altered(layout::MANIFEST, format!("line {number} cannot be read ({error})")))
            }
        }
    }

    /// Takes the line into the tree, and holds it against its leaf hash and the checkpoint.
    fn bind(&mut self, line: &Line) -> Result<(), Error> {
        let leaf = line.leaf();
        let number = self.read.size();
        self.read.push(leaf);
        match self.stored_leaf()? {
            Some(stored) if stored == leaf.0 => {}
            Some(_) => {
                let problem = format!("line {number} is not the one that the tree was made of");
                return Err(self.altered(layout::MANIFEST, problem));
            }
            // Before a checkpoint is written, the leaves are on the disk.
            None if self.checkpoint.as_ref().is_some_and(|point| number < point.size()) => {
                return Err(self.altered(layout::LEAVES, "leaf hashes are missing"));
            }
            None => self.missing.push((number, leaf)),
        }
        match &self.checkpoint {
            Some(point) if point.size() == self.read.size() && *point.hash() != self.read.root() => {
                Err(self.altered(layout::MANIFEST, "its lines do not lead to its checkpoint"))
            }
            _ => Ok(()),
        }
    }

    /// `None` behind the last that reached the disk; where the system lost some, zeros stand for them.
    fn stored_leaf(&mut self) -> Result<Option<[u8; 32]>, Error> {
        let Some(leaves) = &mut self.leaves else { return Ok(None) };
        let mut stored = [0; 32];
        match leaves.read_exact(&mut stored) {
            Ok(()) if stored != [0; 32] => return Ok(Some(stored)),
            Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => {
                return Err(Error::io(&self.layout.file(layout::LEAVES))(e));
            }
            _ => self.leaves = None,
        }
        Ok(None)
    }

    fn take(&mut self, line: Line, entry: Entry, place: Option<Place>) -> Result<(), Error> {
        let failure = matches!(entry.body, Body::Failure(_));
        if self.group.awaits_failure && !failure {
            self.commit()?;
        }
        if let (Body::Session(session), Some(point)) = (&entry.body, &self.checkpoint)
            && point.origin() != format!("fonds/{}", session.archive)
        {
            return Err(self.altered(layout::CHECKPOINT, "it is of another log"));
        }
        let of_the_run = matches!(entry.body, Body::Session(_) | Body::End(_));
        if !self.group.wanted.is_empty() && of_the_run || self.group.lines.len() >= LONGEST_GROUP {
            let problem = format!("the capture before line {} is not whole", self.read.size() - 1);
            return Err(self.altered(layout::MANIFEST, problem));
        }
        let group = &mut self.group;
        if let Body::Record(record) = &entry.body {
            group.there.insert(record.warc.id.clone());
            group.wanted.extend(record.links.concurrent_to.iter().cloned());
            group.tells_only &= record.warc.record_type == "metadata";
            group.awaits_failure = group.tells_only && group.wanted.is_subset(&group.there);
        }
        let waits = matches!(entry.body, Body::Connection(_)) || group.awaits_failure && !failure;
        group.lines.push((line, entry, place));
        if waits || !group.wanted.is_subset(&group.there) { Ok(()) } else { self.commit() }
    }

    /// The capture is whole: up to here all holds.
    fn commit(&mut self) -> Result<(), Error> {
        for (line, entry, place) in std::mem::take(&mut self.group).lines {
            self.survey.tree.push(line.leaf());
            self.survey.log.sound = line.offset + line.bytes.len() as u64 + 1;
            if let Some(part) = place.as_ref().and_then(|place| self.survey.warcs.get_mut(place.file)) {
                part.sound = place.as_ref().map_or(0, |place| place.offset + place.length);
            }
            self.survey.ended = matches!(entry.body, Body::End(_));
            self.visitor.told(entry, place).map_err(self.log_error())?;
        }
        Ok(())
    }

    /// The rest of the log, from a line on whose record is not there.
    fn count_lost(&mut self) -> Result<(), Error> {
        self.survey.lost = 1;
        while let Some(line) = self.lines.next_line().map_err(self.log_error())? {
            let is_record = line.entry.is_ok_and(|entry| matches!(entry.body, Body::Record(_)));
            self.survey.lost += u64::from(line.ended && is_record);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Survey, Error> {
        let held = self.survey.tree.size();
        if let Some(point) = self.checkpoint.as_ref().filter(|point| point.size() > held) {
            return Err(Error::Less { root: self.layout.root().to_owned(), bound: point.size(), held });
        }
        if let Some(part) = self.survey.warcs.iter().find(|part| part.torn() > 0 && !part.is_open()) {
            return Err(self.altered(&part.path, "it holds more than the log tells of"));
        }
        let missing = std::mem::take(&mut self.missing);
        self.survey.missing = missing.into_iter().filter(|(n, _)| *n < held).map(|(_, leaf)| leaf).collect();
        Ok(self.survey)
    }
}

fn read_stored_checkpoint(layout: &Layout) -> Result<Option<Checkpoint>, Error> {
    let path = layout.file(layout::CHECKPOINT);
    let altered = |problem: &str| Error::Altered { path: path.clone(), problem: problem.to_owned() };
    let read = || {
        let mut bytes = Vec::new();
        File::open(&path)?.take(CHECKPOINT_LIMIT).read_to_end(&mut bytes).map(|_| bytes)
    };
    match read() {
        Ok(bytes) => read_checkpoint(&bytes).map(Some).ok_or_else(|| altered("it cannot be read")),
        Err(e) if e.kind() == io::ErrorKind::NotFound && layout.is_sealed() => Err(altered("it is missing")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(&path)(e)),
    }
}
