//! Mending: a good WARC out of a damaged, cut, or badly packed one, and an account of what was lost.
//!
//! Every record that can be read goes into a new file, one gzip member each. A record with nothing wrong is written byte
//! for byte as it stood, head and block. Where something had to change, the other fields stay as they are and in their
//! order, a value that was replaced is kept under `Fonds-Original-NAME`, and `Fonds-Mended` names what was done. A record
//! whose block is not surely the one that was captured gets a new WARC-Record-ID and names the old one in
//! WARC-Previous-Record-ID, so that nobody takes it for the original (IIPC guidelines, recommendation 16); its date and
//! all else stay. Nothing is invented: what is missing and cannot be told from the file stays missing, and is said.

mod block;
mod head;
mod left;
mod note;
mod originals;
mod settled;
mod sums;
#[cfg(test)]
mod tests;

pub use self::note::{Change, Kind, Note, Summary};

use self::block::{Block, Place, Region};
use self::head::Lines;
use self::originals::Omitted;
use self::settled::{Settled, finish, new_id};
use crate::finding::Finding;
use crate::input::section::Shared;
use crate::warc::{Compression, Container, Extent, Head, Limits, Reader, Source, WriteError, Writer};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why an input was not mended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input cannot be read, or the output not be made.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A record cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// How the output is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// How records are stored.
    pub compression: Compression,
    /// Where temporary files go, which have no name.
    pub spool: PathBuf,
}

/// Mends one input into `output`, which must not exist; `file` names the input in notes, which go to `sink` as they
/// come. An input without a record gives no output, and a summary that says so.
///
/// # Errors
/// What reading or writing says; what was written until then stays under `output.open`.
pub fn mend(
    file: &str,
    input: &Shared,
    output: &Path,
    options: &Options,
    sink: &mut dyn FnMut(Note),
) -> Result<Summary, Error> {
    let mut reader = Reader::new(Source::Seek(Box::new(input.whole())), Limits::default())?;
    let mut mender = Mender {
        file,
        input,
        options,
        sink,
        writer: None,
        output,
        summary: Summary::default(),
        reached: 0,
        seen: HashMap::new(),
        packed: reader.container() != Container::Plain,
    };
    let mut held: Option<Held> = None;
    while let Some(mut record) = reader.next_record()? {
        let head = record.head.clone();
        // A short member is inflated whole when its head is read: what is wrong with it is known by then.
        let (own, before): (Vec<_>, Vec<_>) = record
            .take_findings()
            .into_iter()
            .partition(|f| f.offset == Some(head.offset) && !lies_between(f));
        let between = Between::new(before);
        let place = Place { offset: head.offset, inner: head.inner_offset };
        match held.take() {
            Some(before) => mender.settle(before, Some(place), &between)?,
            None => {
                mender.gap(place.offset, None, &between.findings)?;
                mender.inner_gap(place)?;
            }
        }
        let named = head.id().map(str::to_owned);
        let head = head::put_right(&head).unwrap_or(head);
        let block = Block::take(&mut record, &head, &options.spool)?;
        let extent = record.finish()?;
        let findings = codes(own.into_iter().chain(reader.take_findings()));
        held = Some(Held { head, named, block, extent, findings });
    }
    let rest = Between::new(reader.take_findings());
    match held.take() {
        Some(last) => mender.settle(last, None, &rest)?,
        None => mender.gap(input.length(), None, &rest.findings)?,
    }
    mender.close()
}

/// Ways of packing that the new file does not share.
const PACKING: &[(&str, &str)] = &[
    ("member-shared", "several records lie in one member; each has its own now"),
    ("record-spans-members", "the record lies in several members; it has one now"),
];

/// A record that has been read, and waits until it is known where the next one begins.
struct Held {
    head: Head,
    named: Option<String>,
    block: Block,
    extent: Extent,
    findings: Vec<&'static str>,
}

/// What was noticed between two records.
struct Between {
    findings: Vec<&'static str>,
    /// Where bytes begin that are no gzip member.
    junk: Option<u64>,
}

impl Between {
    fn new(findings: Vec<Finding>) -> Self {
        let junk = findings
            .iter()
            .find(|finding| matches!(finding.code, "gzip-junk" | "zstd-junk"))
            .and_then(|f| f.offset);
        Self { findings: codes(findings), junk }
    }
}

struct Mender<'a> {
    file: &'a str,
    input: &'a Shared,
    options: &'a Options,
    sink: &'a mut dyn FnMut(Note),
    writer: Option<Writer>,
    output: &'a Path,
    summary: Summary,
    /// The input up to here is accounted for.
    reached: u64,
    /// What the records written so far hold, by their ids, both hashed.
    seen: HashMap<u64, (u32, u64)>,
    /// Records lie in members or frames.
    packed: bool,
}

impl Mender<'_> {
    /// Decides what a record's block is, writes the record, and accounts for the bytes up to the next one.
    fn settle(&mut self, held: Held, next: Option<Place>, between: &Between) -> Result<(), Error> {
        let Held { head, named, block, extent, mut findings } = held;
        findings.extend(between.findings.iter().copied());
        let junk = between.junk;
        let (said, end) = (block.length, extent.end);
        let has = |codes: &[&str]| findings.iter().any(|code| codes.contains(code));
        let unsure = !extent.complete || has(&["separator", "block-cut"]);
        let region = match unsure || has(&["junk", "head-unfinished"]) {
            true => Some(Region::read(self.input, &head, said, next)?),
            false => None,
        };
        for (code, message) in PACKING {
            if has(&[code]) {
                self.tell(Note::new(Kind::Repaired, head.offset, *message));
            }
        }
        let damaged = has(&["gzip-crc", "gzip-isize", "gzip-data", "zstd-checksum", "zstd-data"]);
        let mut settled = Settled { head, named, block, changes: Vec::new(), missing: None, damaged };
        if let Some(region) = region.as_ref().filter(|_| unsure) {
            let was = (&settled.block, extent.complete);
            let found = region.judge(self.input, &settled.head, next, was, &self.options.spool)?;
            settled.take(found);
        }
        if has(&["separator"]) && settled.changes.is_empty() {
            let message = "the record is not ended by CR LF CR LF; it is now";
            self.tell(Note::new(Kind::Repaired, settled.head.offset, message));
        }
        let start = settled.head.clone();
        let length = settled.block.length;
        self.write(settled)?;
        if let Some(region) = region {
            self.surplus(&start, region.surplus(length, said), next, end)?;
        }
        let shares = next.is_some_and(|next| next.offset == start.offset && self.packed);
        if shares {
            return Ok(());
        }
        let to = next.map_or(self.input.length(), |next| next.offset);
        self.reached = match self.packed {
            false => to,
            // The end of a member that is not known is where something else was found, or the next member.
            true if end <= start.offset => junk.unwrap_or(to),
            true => end,
        };
        self.gap(to, Some(length), &findings)?;
        match next.filter(|_| !findings.contains(&"record-spans-members")) {
            Some(next) => self.inner_gap(next),
            None => Ok(()),
        }
    }

    /// Bytes between this record and the next, in a plain file or inside a member, that belong to neither.
    fn surplus(
        &mut self,
        head: &Head,
        (from, length): (u64, u64),
        next: Option<Place>,
        end: u64,
    ) -> Result<(), Error> {
        if length == 0 {
            return Ok(());
        }
        let behind = head.raw.len() as u64 + from;
        if self.packed {
            let inner = Some(head.inner_offset + behind);
            return self.stretch(head.offset, inner, length, false);
        }
        let to = next.map_or(self.input.length().max(end), |next| next.offset);
        let offset = head.offset + behind;
        let blank = is_blank(self.input.section(offset, length))?;
        self.stretch(offset, None, to.saturating_sub(offset), blank)
    }

    /// Bytes of the file up to `to` that nothing has been made of.
    fn gap(&mut self, to: u64, block: Option<u64>, findings: &[&'static str]) -> Result<(), Error> {
        let from = self.reached;
        self.reached = to;
        let length = to.saturating_sub(from);
        if length == 0 {
            return Ok(());
        }
        // What is left of a trailer carries nothing of the record before it.
        let trailer =
            block.is_some() && length < 8 && findings.iter().any(|code| code.ends_with("-truncated"));
        let member = findings.contains(&"member-empty")
            && !findings
                .iter()
                .any(|code| matches!(*code, "gzip-junk" | "gzip-gap" | "zstd-junk" | "zstd-gap" | "junk"));
        let blank = trailer || member || is_blank(self.input.section(from, length))?;
        let blank = blank || self.is_skippable(from)?;
        self.stretch(from, None, length, blank)
    }

    /// Bytes of a record's own member that lie before it, where no other record does.
    fn inner_gap(&mut self, place: Place) -> Result<(), Error> {
        if !self.packed || place.inner == 0 {
            return Ok(());
        }
        let content = block::content(self.input, place.offset, self.input.length())?;
        let blank = content.map_or(Ok(false), |content| is_blank(content.take(place.inner)))?;
        self.stretch(place.offset, Some(0), place.inner, blank)
    }

    /// A zstd frame of no content, such as a dictionary, which the new file does not need.
    fn is_skippable(&self, from: u64) -> Result<bool, Error> {
        let mut magic = Vec::new();
        self.input.section(from, 4).read_to_end(&mut magic)?;
        Ok(matches!(magic.as_slice(), [0x50..=0x5f, 0x2a, 0x4d, 0x18]))
    }

    fn stretch(&mut self, offset: u64, inner: Option<u64>, length: u64, blank: bool) -> Result<(), Error> {
        let (kind, message) = match blank {
            true => (Kind::Dropped, format!("{length} bytes that carry nothing are left out")),
            false => (Kind::Lost, format!("{length} bytes belong to no record that can be read")),
        };
        let mut note = Note::new(kind, offset, message);
        (note.inner_offset, note.length) = (inner, Some(length));
        if kind == Kind::Lost {
            self.summary.lost_bytes += length;
        }
        self.tell(note);
        Ok(())
    }

    fn write(&mut self, mut settled: Settled) -> Result<(), Error> {
        let (lines, note) = self.put_right(&mut settled);
        let verbatim = !lines.changed() && settled.changes.is_empty();
        let finished = match verbatim {
            true => Some((settled.head.raw.clone(), Omitted::default())),
            false => finish(lines, &settled),
        };
        let Some((head, omitted)) = finished else { return self.unwritable(&settled) };
        let (length, file) = (settled.block.length, settled.block.bytes()?);
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(Writer::create(self.output, self.options.compression)?),
        };
        writer.write_verbatim(&head, file, length)?;
        self.summary.records += 1;
        self.summary.verbatim += u64::from(verbatim);
        if let Some(mut note) = note {
            note.changes.clone_from(&settled.changes);
            self.tell(note);
        }
        if omitted.lines > 0 {
            let Omitted { lines, bytes } = omitted;
            self.lose(
                &settled,
                bytes,
                format!("{lines} lines of the head, {bytes} bytes, are too many to keep"),
            );
        }
        let (written, _) = Head::parse(head, settled.head.offset, settled.head.inner_offset);
        for message in left::invented(&written) {
            let mut note = Note::new(Kind::Left, written.offset, message);
            note.record.clone_from(&settled.named);
            self.tell(note);
        }
        Ok(())
    }

    /// A record whose head cannot be put right within what readers take.
    fn unwritable(&mut self, settled: &Settled) -> Result<(), Error> {
        let length = settled.head.raw.len() as u64 + settled.block.length;
        let limit = Limits::default().head;
        self.lose(settled, length, format!("the record's head would be longer than {limit} bytes"));
        Ok(())
    }

    /// Bytes of a record that are not in the output.
    fn lose(&mut self, settled: &Settled, length: u64, message: String) {
        let mut note = Note::new(Kind::Lost, settled.head.offset, message);
        (note.record, note.length) = (settled.named.clone(), Some(length));
        self.summary.lost_bytes += length;
        self.tell(note);
    }

    /// The head as it will be written, and what there is to say of it.
    fn put_right(&mut self, settled: &mut Settled) -> (Lines, Option<Note>) {
        let mut lines = settled.lines();
        if lines.put_syntax_right() && !settled.changes.contains(&Change::Arc) {
            settled.changes.push(Change::Head);
        }
        settled.put_length_right(&mut lines);
        let altered = settled.put_digests_right(&mut lines);
        let (id, clash) = self.identify(settled, altered, &mut lines);
        let kind = settled.kind(altered);
        let kind = if kind.is_none() && clash { Some(Kind::Repaired) } else { kind };
        let note = kind.map(|kind| {
            let mut note = Note::new(kind, settled.head.offset, settled.words(kind));
            note.record.clone_from(&settled.named);
            note.new_record = id;
            note.length = settled.missing;
            note
        });
        (lines, note)
    }

    /// Gives a record a new id where it is not surely what it was, where it has none, or where another record has it.
    fn identify(
        &mut self,
        settled: &mut Settled,
        altered: bool,
        lines: &mut Lines,
    ) -> (Option<String>, bool) {
        let old = settled.head.id().filter(|id| head::is_uri(id)).map(str::to_owned);
        let content = settled.block.verdict.content;
        let known = old.as_ref().map(|id| {
            let before = self.seen.len();
            let known = *self.seen.entry(hash(id)).or_insert(content);
            (known, self.seen.len() > before)
        });
        let again = known.is_some_and(|(_, first)| !first);
        let other = known.is_some_and(|(known, _)| known != content);
        let clash = again && !by_wget(&settled.head) && (other || settled.changes.contains(&Change::Digest));
        let unsure = altered || settled.changes.contains(&Change::Block) || settled.assumed();
        if old.is_some() && !clash && !unsure {
            return (None, false);
        }
        let new = new_id(self.file, settled);
        lines.replace("WARC-Record-ID", &format!("<{new}>"));
        if let Some(old) = old {
            lines.add("WARC-Previous-Record-ID", &format!("<{old}>"));
        }
        settled.changes.push(Change::Id);
        (Some(new), true)
    }

    fn tell(&mut self, mut note: Note) {
        self.file.clone_into(&mut note.file);
        self.summary.losses += u64::from(note.kind.is_loss());
        self.summary.left += u64::from(note.kind == Kind::Left);
        (self.sink)(note);
    }

    fn close(self) -> Result<Summary, Error> {
        let mut summary = self.summary;
        if let Some(writer) = self.writer {
            debug_assert_eq!(
                Some(writer.name()),
                self.output.file_name().map(|n| n.to_string_lossy().into())
            );
            summary.bytes = writer.close()?.bytes;
        }
        Ok(summary)
    }
}

/// wget gives all records about itself one id, which every reader knows.
fn by_wget(head: &Head) -> bool {
    head.target_uri().is_some_and(|uri| uri.starts_with("metadata://gnu.org/software/wget/"))
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

fn codes(findings: impl IntoIterator<Item = Finding>) -> Vec<&'static str> {
    findings.into_iter().map(|finding| finding.code).collect()
}

/// True for what is said of bytes that belong to no record, though it names the member that they lie in.
fn lies_between(finding: &Finding) -> bool {
    matches!(
        finding.code,
        "junk" | "newlines-extra" | "head-unfinished" | "member-empty" | "gzip-gap" | "zstd-gap"
    )
}

/// True for line ends and NUL bytes alone.
fn is_blank(mut source: impl Read) -> io::Result<bool> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let n = source.read(&mut buffer)?;
        let bytes = buffer.get(..n).unwrap_or_default();
        if n == 0 || !bytes.iter().all(|b| matches!(b, 0 | b'\r' | b'\n')) {
            return Ok(n == 0);
        }
    }
}
