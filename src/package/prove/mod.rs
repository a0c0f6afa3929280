//! A proof file: single records out of a sealed package, with what shows that they are in its log, and nothing of the rest.
//!
//! [`Query`] names what is to be shown, `select` finds its lines, `records` copies the records, members as they stand. The
//! file is a ZIP as fonds packs a WACZ, its entries named as in a collection (docs/format.md, "Proof file"), the same bytes each time.

mod records;
mod select;

pub use self::select::Query;

use self::select::{Chosen, select};
use super::amend::content;
use super::layout::{self, CHECKPOINT, LEAVES, MANIFEST};
use super::seal::{appear, temporary_beside};
use super::{Error, Package, wacz};
use crate::input::scan::Settings;
use crate::manifest::envelope::{Consistency, Inclusion};
use crate::manifest::proof::{Head, Nodes, Plan, goes_on, includes};
use crate::manifest::{Checkpoint, Hash, Lines, leaf_hash, read_checkpoint};
use std::collections::BTreeMap;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

/// The records of a proof file.
pub const RECORDS: &str = "archive/records.warc.gz";
/// Their log lines.
pub const LINES: &str = "provenance/lines.jsonl";
/// What the file is.
pub const VERSION: &str = "provenance/version";
/// The content of [`VERSION`].
pub const FORMAT: &str = "fonds-proof/1\n";
/// With a size behind it: that the checkpoint goes on with the one of that size.
pub const CONSISTENCY: &str = "provenance/consistency-";

/// The name of a line's proof.
pub fn proof_name(index: u64) -> String {
    format!("provenance/proof-{index}.tlog-proof")
}

/// A checkpoint that somebody holds: a name for it, and its bytes.
pub type Held<'a> = (&'a str, &'a [u8]);

/// Where and how prove works.
#[derive(Clone, Copy, Debug)]
pub struct Room<'a> {
    /// Temporary files go here.
    pub spool: &'a Path,
    /// How WARCs are read.
    pub scan: Settings,
}

/// What went into a proof file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proved {
    /// Lines of the log.
    pub lines: u64,
    /// Records.
    pub records: u64,
    /// Lines in the whole log.
    pub of: u64,
}

/// Writes a proof of what `query` asks for, if anything, and that the log goes on with the checkpoints `since`, into a new file.
///
/// Everything is held against the log on the way.
///
/// # Errors
/// [`Error::Unsealed`]; [`Error::NotFound`] where the log has no line about it; [`Error::Unproved`] where the package does not
/// hold what its checkpoint says, or the log does not go on with what is held; [`Error::Exists`]; what reading and writing say.
pub fn prove(
    path: &Path,
    query: Option<&Query>,
    since: &[Held<'_>],
    out: &Path,
    room: Room<'_>,
) -> Result<Proved, Error> {
    if out.exists() {
        return Err(Error::Exists(out.to_owned()));
    }
    let source = Source::open(path)?;
    let chosen = match query {
        Some(query) => select(&source.package, query).map_err(Error::io(path))?,
        None => Chosen::default(),
    };
    if let Some(query) = query.filter(|_| chosen.is_empty()) {
        return Err(Error::NotFound { path: path.to_owned(), wanted: query.to_string() });
    }
    let earlier = source.earlier(&chosen, since)?;
    let nodes = source.nodes(&chosen, &earlier)?;
    let mut entries = Entries::default();
    source.envelopes(&earlier, &nodes, &mut entries)?;
    source.lines(&chosen, &nodes, &mut entries)?;
    let warc = records::copy(&source, &chosen, room)?;
    write(entries, warc, out)?;
    let count = |n: usize| n as u64;
    Ok(Proved {
        lines: count(chosen.lines.len()),
        records: count(chosen.records().count()),
        of: source.head.0,
    })
}

/// Small entries, by name.
type Entries = BTreeMap<String, Vec<u8>>;

/// Checkpoints of earlier sizes, by size.
type Earlier = BTreeMap<u64, Vec<u8>>;

/// The package that proofs are taken out of.
struct Source<'a> {
    path: &'a Path,
    package: Package,
    checkpoint: String,
    origin: String,
    head: Head,
}

impl<'a> Source<'a> {
    fn open(path: &'a Path) -> Result<Self, Error> {
        let package = Package::open(path).map_err(Error::io(path))?;
        if package.is_unfinished() {
            return Err(Error::Unsealed(path.to_owned()));
        }
        if !package.contains(CHECKPOINT) || !package.contains(MANIFEST) {
            return Err(unproved(path, "it has no provenance log, so nothing of it can be proved"));
        }
        let bytes = content(&package, CHECKPOINT, path)?;
        let point = read_checkpoint(&bytes).ok_or_else(|| unproved(path, "its checkpoint cannot be read"))?;
        let checkpoint =
            String::from_utf8(bytes).map_err(|_| unproved(path, "its checkpoint is not UTF-8"))?;
        let (origin, head) = (point.origin().to_owned(), head(&point));
        Ok(Self { path, package, checkpoint, origin, head })
    }

    fn unproved(&self, problem: impl Into<String>) -> Error {
        unproved(self.path, problem)
    }

    fn io<T>(&self, result: io::Result<T>) -> Result<T, Error> {
        result.map_err(Error::io(self.path))
    }

    /// The checkpoints of earlier sessions that the chosen lines were under already, and those that somebody holds.
    fn earlier(&self, chosen: &Chosen, since: &[Held<'_>]) -> Result<Earlier, Error> {
        let mut earlier = Earlier::new();
        let first = chosen.lines.keys().next().copied().unwrap_or(u64::MAX);
        for path in self.package.paths() {
            let Some(size) = layout::earlier_size(path).filter(|size| *size > first) else { continue };
            earlier.insert(size, content(&self.package, path, self.path)?);
        }
        for (name, bytes) in since {
            let point =
                read_checkpoint(bytes).ok_or_else(|| self.unproved(format!("{name} is no checkpoint")))?;
            if point.origin() != self.origin {
                return Err(self.unproved(format!("{name} is of another log, {}", point.origin())));
            }
            if point.size() > self.head.0 {
                let message = format!("{name} is of {} lines, the log has {}", point.size(), self.head.0);
                return Err(self.unproved(message));
            }
            // One that the package keeps has its time-stamps beside it, which are over its very bytes.
            let own = layout::aside(point.size(), CHECKPOINT);
            let kept = match self.package.contains(&own) {
                true => content(&self.package, &own, self.path)?,
                false => bytes.to_vec(),
            };
            if read_checkpoint(&kept).as_ref().map(head) != Some(head(&point)) {
                return Err(self.unproved(format!(
                    "the log's first {} lines do not give the root of {name}",
                    point.size()
                )));
            }
            earlier.insert(point.size(), kept);
        }
        Ok(earlier)
    }

    fn nodes(&self, chosen: &Chosen, earlier: &Earlier) -> Result<Nodes, Error> {
        let mut plan = self.io(Plan::new(self.head.0))?;
        let beyond = |_| self.unproved("its log has more lines than its checkpoint says");
        chosen.lines.keys().try_for_each(|seq| plan.inclusion(*seq)).map_err(beyond)?;
        self.io(earlier.keys().try_for_each(|size| plan.consistency(*size)))?;
        let wrong = || self.unproved("its log does not lead to its checkpoint");
        let nodes = plan.read(self.io(leaves(&self.package))?).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => wrong(),
            _ => Error::io(self.path)(error),
        })?;
        if nodes.root() == self.head.1 { Ok(nodes) } else { Err(wrong()) }
    }

    /// The checkpoint and what vouches for it as they stand; earlier ones with the proof that the log went on with them.
    fn envelopes(&self, earlier: &Earlier, nodes: &Nodes, entries: &mut Entries) -> Result<(), Error> {
        entries.insert(VERSION.to_owned(), FORMAT.as_bytes().to_vec());
        entries.insert(CHECKPOINT.to_owned(), self.checkpoint.clone().into_bytes());
        self.tokens(CHECKPOINT, entries)?;
        for (size, bytes) in earlier {
            let hashes = self.io(nodes.consistency(*size))?;
            let old = read_checkpoint(bytes).filter(|old| goes_on(head(old), self.head, &hashes));
            if old.is_none() {
                let message =
                    format!("its first {size} lines do not give the root of the checkpoint of that size");
                return Err(self.unproved(message));
            }
            let proof = Consistency { old: *size, hashes, checkpoint: self.checkpoint.clone() };
            let name = layout::aside(*size, CHECKPOINT);
            self.tokens(&name, entries)?;
            entries.insert(name, bytes.clone());
            entries.insert(format!("{CONSISTENCY}{size}"), proof.to_text().into_bytes());
        }
        Ok(())
    }

    /// Time-stamps and whatever else stands beside a checkpoint.
    fn tokens(&self, checkpoint: &str, entries: &mut Entries) -> Result<(), Error> {
        for path in self.package.paths().filter(|path| layout::is_envelope(path)) {
            if path.strip_prefix(checkpoint).is_some_and(|rest| rest.starts_with('.')) {
                entries.insert(path.to_owned(), content(&self.package, path, self.path)?);
            }
        }
        Ok(())
    }

    fn lines(&self, chosen: &Chosen, nodes: &Nodes, entries: &mut Entries) -> Result<(), Error> {
        let mut lines = Vec::new();
        for (index, chosen) in &chosen.lines {
            let hashes = self.io(nodes.inclusion(*index))?;
            if !includes(self.head, *index, leaf_hash(&chosen.line), &hashes) {
                return Err(self
                    .unproved(format!("line {index} of its log is not the one that its tree was made of")));
            }
            let proof = Inclusion { index: *index, hashes, checkpoint: self.checkpoint.clone() };
            entries.insert(proof_name(*index), proof.to_text().into_bytes());
            lines.extend_from_slice(&chosen.line);
            lines.push(b'\n');
        }
        if !lines.is_empty() {
            entries.insert(LINES.to_owned(), lines);
        }
        Ok(())
    }
}

/// As the tree has it.
fn head(point: &Checkpoint) -> Head {
    (point.size(), *point.hash())
}

fn unproved(path: &Path, problem: impl Into<String>) -> Error {
    Error::Unproved { path: path.to_owned(), problem: problem.into() }
}

/// The leaf hashes of a package's log: those kept beside it, or where these are gone, those of its lines.
fn leaves(package: &Package) -> io::Result<Box<dyn Iterator<Item = io::Result<Hash>>>> {
    if package.contains(LEAVES) {
        let mut leaves = BufReader::with_capacity(64 * 1024, package.read(LEAVES)?);
        return Ok(Box::new(std::iter::from_fn(move || next_leaf(&mut leaves).transpose())));
    }
    let mut lines = Lines::new(package.read(MANIFEST)?);
    Ok(Box::new(std::iter::from_fn(move || {
        lines.next_line().map(|line| line.map(|line| line.leaf())).transpose()
    })))
}

fn next_leaf(leaves: &mut impl Read) -> io::Result<Option<Hash>> {
    let mut leaf = [0; 32];
    match leaves.read_exact(&mut leaf) {
        Ok(()) => Ok(Some(Hash(leaf))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(entries: Entries, warc: Option<std::fs::File>, out: &Path) -> Result<(), Error> {
    let temporary = temporary_beside(out)?;
    let mut zip = wacz::Zip::new(temporary.as_file(), None);
    if let Some(mut warc) = warc {
        zip.add(RECORDS.to_owned(), &mut warc).map_err(Error::io(out))?;
    }
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by(|(a, _), (b, _)| layout::rank(a).cmp(&layout::rank(b)));
    for (name, bytes) in entries {
        zip.add(name, &mut Cursor::new(bytes)).map_err(Error::io(out))?;
    }
    zip.finish().map_err(Error::io(out))?;
    appear(temporary, out)
}
