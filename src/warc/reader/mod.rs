//! Records, one after another, out of any byte source.
//!
//! Here is what a caller sees; [`find`] goes from record to record and over what lies between, [`block`] streams one
//! record's block and looks at how it ends.

mod block;
mod find;

use self::block::Active;
use super::format::Format;
use super::head::Head;
use super::member::{Container, Content};
use super::source::Source;
use super::{Limits, format};
use crate::finding::Finding;
use std::io;
use std::ops::Range;

/// A streaming reader. It fails only for I/O; what is odd in the content is in [`Reader::take_findings`].
pub struct Reader {
    content: Content,
    limits: Limits,
    format: Format,
    findings: Vec<Finding>,
    active: Option<Active>,
    records: u64,
    records_in_member: u64,
    member_seen: u64,
    /// Where a member ended that was left in the middle of a record.
    left_member_at: Option<u64>,
    done: bool,
    unsupported: bool,
    /// Whether it holds any record has been said, or is no question.
    judged: bool,
}

/// Where a record lay, and whether it was all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Byte offset of its first member (or first byte, uncompressed).
    pub offset: u64,
    /// Byte offset behind its last byte, separator included; equal to `offset` where the record shares its gzip
    /// member or zstd frame with the next, so that it has no stored length of its own.
    pub end: u64,
    /// Bytes of block that were there.
    pub block: u64,
    /// False where the block ended before its Content-Length.
    pub complete: bool,
}

/// One record: its head, and its block as a stream of chunks.
pub struct Record<'r> {
    /// Version, fields and place.
    pub head: Head,
    reader: &'r mut Reader,
}

/// The block of a record whose head was taken away.
pub struct Block<'r> {
    offset: u64,
    reader: &'r mut Reader,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("records", &self.records).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Block").field("offset", &self.offset).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("head", &self.head).finish_non_exhaustive()
    }
}

impl Reader {
    /// Begins to read; container and format are told by the first bytes.
    ///
    /// # Errors
    /// What the source says.
    pub fn new(source: Source, limits: Limits) -> io::Result<Self> {
        let mut reader = Self {
            content: Content::new(source, format::begins_any)?,
            limits,
            format: Format::Warc,
            findings: Vec::new(),
            active: None,
            records: 0,
            records_in_member: 0,
            member_seen: 0,
            left_member_at: None,
            done: false,
            unsupported: false,
            judged: false,
        };
        reader.name_format()?;
        Ok(reader)
    }

    /// Begins to read at the record at byte `offset`, as [`Head::offset`] or an index gives it. The file's beginning is
    /// looked at all the same: it may hold the dictionary that every zstd frame needs.
    ///
    /// # Errors
    /// What the source says; [`io::ErrorKind::Unsupported`] where it cannot go there.
    pub fn at(source: Source, limits: Limits, offset: u64) -> io::Result<Self> {
        let mut reader = Self::new(source, limits)?;
        if !reader.content.jump(offset)? {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "this input cannot be read at an offset"));
        }
        reader.findings.clear();
        (reader.done, reader.judged) = (false, true);
        Ok(reader)
    }

    /// Where the next record is looked for, if that depends on nothing that was read before: the last record ended, its
    /// member too, and nothing is amiss.
    pub(crate) fn stands_at(&self) -> Option<u64> {
        let free = self.active.is_none() && self.left_member_at.is_none();
        self.content.ended_at().filter(|_| free)
    }

    /// Goes on at `offset`, where [`Reader::stands_at`] of a reader of the same file was; false where the source cannot,
    /// or is of no format that is read.
    pub(crate) fn resume(&mut self, offset: u64) -> io::Result<bool> {
        let members = self.content.members();
        if self.unsupported || !self.content.jump(offset)? {
            return Ok(false);
        }
        self.begin_anew();
        self.done = !self.content.is_plain() && self.content.members() == members;
        Ok(true)
    }

    /// Goes to the first place in these bytes where a record seems to begin, and tells it. What looks like a record may
    /// lie within another.
    pub(crate) fn resume_in(&mut self, bytes: Range<u64>) -> io::Result<Option<u64>> {
        if self.unsupported || !self.content.jump_into(&bytes)? {
            return Ok(None);
        }
        self.begin_anew();
        let found = !self.content.is_plain() || self.scan_to(bytes.end)?;
        Ok(found.then(|| self.content.offset()).filter(|at| bytes.contains(at)))
    }

    fn begin_anew(&mut self) {
        self.findings.clear();
        (self.active, self.left_member_at, self.done) = (None, None, false);
        // Not the file's first, which is judged otherwise where it is none.
        self.records = self.records.max(1);
    }

    /// The next record, or `None` at the end of the source.
    ///
    /// # Errors
    /// What the source says.
    pub fn next_record(&mut self) -> io::Result<Option<Record<'_>>> {
        if self.active.is_some() {
            self.finish_active()?;
        }
        while self.find_record()? {
            if let Some(head) = self.read_head()? {
                return Ok(Some(Record { head, reader: self }));
            }
        }
        self.judge_empty();
        Ok(None)
    }

    /// What was noticed since the last call.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        self.collect();
        std::mem::take(&mut self.findings)
    }

    /// Records begun so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Gzip members or zstd frames seen so far; 1 for a plain file.
    pub fn members(&self) -> u64 {
        self.content.members()
    }

    /// How the records are stored.
    pub fn container(&self) -> Container {
        self.content.container()
    }

    /// True for a gzip container.
    pub fn is_gzip(&self) -> bool {
        self.content.container() == Container::Gzip
    }

    /// True for the format before WARC.
    pub fn is_arc(&self) -> bool {
        self.format == Format::Arc
    }

    /// Byte offset that reading has reached; the file's length once [`Reader::next_record`] gave `None`.
    pub fn position(&self) -> u64 {
        self.content.end_offset()
    }

    /// What is wrong with a member is of no record: which one is being read when it shows depends on how the bytes came.
    fn collect(&mut self) {
        self.findings.extend(self.content.take_findings());
    }

    fn note(&mut self, finding: Finding) {
        self.collect();
        self.findings.push(finding);
    }
}

impl<'r> Record<'r> {
    /// Head and block, each by itself.
    pub fn into_parts(self) -> (Head, Block<'r>) {
        let offset = self.head.offset;
        (self.head, Block { offset, reader: self.reader })
    }

    /// The next bytes of the block, as many as are at hand; empty at its end.
    ///
    /// # Errors
    /// What the source says.
    pub fn chunk(&mut self) -> io::Result<&[u8]> {
        self.reader.next_chunk()
    }

    /// Passes over what is left of the block and over the separator, and tells where the record lay.
    ///
    /// # Errors
    /// What the source says.
    pub fn finish(self) -> io::Result<Extent> {
        self.into_parts().1.finish()
    }

    /// How it is stored.
    pub fn container(&self) -> Container {
        self.reader.container()
    }

    /// What was noticed since the last call, this record's findings among them.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        self.reader.take_findings()
    }
}

impl Block<'_> {
    /// As [`Record::chunk`].
    ///
    /// # Errors
    /// What the source says.
    pub fn chunk(&mut self) -> io::Result<&[u8]> {
        self.reader.next_chunk()
    }

    /// As [`Record::finish`].
    ///
    /// # Errors
    /// What the source says.
    pub fn finish(self) -> io::Result<Extent> {
        let extent = self.reader.finish_active()?;
        Ok(extent.unwrap_or(Extent { offset: self.offset, end: self.offset, block: 0, complete: false }))
    }
}

/// Reads the block; what is left of it is passed over by the reader's next step.
impl io::Read for Record<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.available()?;
        let bytes = self.reader.content.peek(1)?.get(..n).unwrap_or_default();
        let taken = bytes.len().min(buf.len());
        let (Some(from), Some(to)) = (bytes.get(..taken), buf.get_mut(..taken)) else { return Ok(0) };
        to.copy_from_slice(from);
        if let Some(active) = &mut self.reader.active {
            active.pending = taken;
        }
        Ok(taken)
    }
}
