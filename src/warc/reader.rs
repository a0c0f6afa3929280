//! Records, one after another, out of any byte source.

use super::Limits;
use super::head::Head;
use super::member::Content;
use super::source::Source;
use crate::finding::{Finding, rules};
use std::io;

/// Bytes scanned at once for a record after damage.
const SCAN: usize = 64 * 1024;

/// A streaming reader. It fails only for I/O; what is odd in the content is in [`Reader::take_findings`].
pub struct Reader {
    content: Content,
    limits: Limits,
    findings: Vec<Finding>,
    active: Option<Active>,
    records: u64,
    records_in_member: u64,
    member_seen: u64,
    /// Where a member ended that was left in the middle of a record.
    left_member_at: Option<u64>,
    done: bool,
}

/// The record being read.
struct Active {
    offset: u64,
    id: Option<String>,
    /// Bytes of the block still to come; `None` where Content-Length does not say.
    remaining: u64,
    length_known: bool,
    read: u64,
    /// Bytes given out by the last [`Record::chunk`], consumed by the next.
    pending: usize,
    block_start: u64,
    cut: bool,
    spans_members: bool,
}

/// Where a record lay, and whether it was all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Byte offset of its first member (or first byte, uncompressed).
    pub offset: u64,
    /// Byte offset behind its last byte, separator included; equal to `offset` where the record shares its gzip
    /// member with the next, so that it has no stored length of its own.
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

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("records", &self.records).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("head", &self.head).finish_non_exhaustive()
    }
}

impl Reader {
    /// Begins to read; the container is told by its first bytes.
    ///
    /// # Errors
    /// What the source says.
    pub fn new(source: Source, limits: Limits) -> io::Result<Self> {
        let mut reader = Self {
            content: Content::new(source)?,
            limits,
            findings: Vec::new(),
            active: None,
            records: 0,
            records_in_member: 0,
            member_seen: 0,
            left_member_at: None,
            done: false,
        };
        reader.name_foreign_format()?;
        Ok(reader)
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
        self.collect();
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

    /// Gzip members seen so far; 1 for a plain file.
    pub fn members(&self) -> u64 {
        self.content.members()
    }

    /// True for a gzip container.
    pub fn is_gzip(&self) -> bool {
        self.content.is_gzip()
    }

    /// Byte offset that reading has reached; the file's length once [`Reader::next_record`] gave `None`.
    pub fn position(&self) -> u64 {
        self.content.end_offset()
    }

    fn collect(&mut self) {
        for mut finding in self.content.take_findings() {
            if finding.record.is_none() {
                finding.record = self.active.as_ref().and_then(|a| a.id.clone());
            }
            self.findings.push(finding);
        }
    }

    fn note(&mut self, finding: Finding) {
        self.collect();
        self.findings.push(finding);
    }

    /// Formats that are not WARC are named, and left alone.
    fn name_foreign_format(&mut self) -> io::Result<()> {
        let gzip = self.content.is_gzip();
        let name = match self.content.peek(16)? {
            [] if !gzip => "empty",
            [b'f', b'i', b'l', b'e', b'd', b'e', b's', b'c', b':', ..] => "an ARC file",
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => "zstd-compressed",
            [0x04, 0x22, 0x4d, 0x18, ..] => "lz4-compressed",
            _ => return Ok(()),
        };
        self.done = true;
        let message = format!("this input is {name}, which is not read as WARC");
        self.note(Finding::new(&rules::FORMAT_UNSUPPORTED, message).at(0));
        Ok(())
    }

    /// Stands at the first byte of a record afterwards, or at the end (false).
    fn find_record(&mut self) -> io::Result<bool> {
        while !self.done {
            let bytes = self.content.peek(5)?;
            if bytes.starts_with(b"WARC/") {
                self.enter_record();
                return Ok(true);
            }
            match bytes {
                [] => self.next_member()?,
                [b'\r' | b'\n', ..] => self.skip_newlines()?,
                _ => self.skip_junk()?,
            }
        }
        Ok(false)
    }

    fn enter_record(&mut self) {
        if self.content.members() != self.member_seen {
            self.member_seen = self.content.members();
            self.records_in_member = 0;
        }
        self.records_in_member += 1;
        if self.content.is_gzip() && self.records_in_member == 2 {
            let message = "several records share one gzip member, so that none can be read alone";
            self.note(Finding::new(&rules::MEMBER_SHARED, message).at(self.content.offset()));
        }
    }

    fn next_member(&mut self) -> io::Result<()> {
        if self.content.is_gzip() && self.content.inner_offset() == 0 && !self.content.is_damaged() {
            let message = "an empty gzip member stands between the records";
            self.note(Finding::new(&rules::MEMBER_EMPTY, message).at(self.content.offset()));
        }
        self.done = !self.content.advance()?;
        Ok(())
    }

    fn skip_newlines(&mut self) -> io::Result<()> {
        let (offset, mut skipped) = (self.content.offset(), 0);
        loop {
            let bytes = self.content.peek(1)?;
            let n = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            if n == 0 {
                break;
            }
            self.content.consume(n);
            skipped += n;
        }
        let message = format!("{skipped} surplus line-end bytes stand between two records");
        self.note(Finding::new(&rules::NEWLINES_EXTRA, message).at(offset));
        Ok(())
    }

    /// Passes over what is no record, up to a version line at the start of a line, or the member's end.
    fn skip_junk(&mut self) -> io::Result<()> {
        let (offset, first) = (self.content.offset(), self.records == 0);
        let skipped = self.scan()?;
        let found = !self.content.peek(1)?.is_empty();
        let rule = if first && !found { &rules::NOT_WARC } else { &rules::JUNK };
        let what = if found { "before the next record" } else { "up to the end" };
        let message = format!("{skipped} bytes {what} belong to no record");
        self.note(Finding::new(rule, message).at(offset));
        Ok(())
    }

    /// Consumes up to `\nWARC/`, or all of the member; gives the number of bytes passed over.
    fn scan(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let bytes = self.content.peek(SCAN)?;
            if let Some(at) = memchr::memmem::find(bytes, b"\nWARC/") {
                self.content.consume(at + 1);
                return Ok(skipped + at as u64 + 1);
            }
            let (length, last) = (bytes.len(), bytes.len() < SCAN);
            let n = if last { length } else { length - 5 };
            self.content.consume(n);
            skipped += n as u64;
            if last {
                return Ok(skipped);
            }
        }
    }

    /// `None` where no head ends within the limit; the reader then stands behind the version line.
    fn read_head(&mut self) -> io::Result<Option<Head>> {
        let (offset, inner) = (self.content.offset(), self.content.inner_offset());
        let mut raw = Vec::with_capacity(512);
        let mut spans = false;
        let whole = loop {
            match self.take_line(&mut raw)? {
                Line::Empty => break true,
                Line::Text => {}
                Line::MemberEnd if !spans && self.continues()? => spans = true,
                Line::MemberEnd | Line::TooLong => break false,
            }
        };
        if !whole {
            let message = format!("a record's head does not end within {} bytes", raw.len());
            self.note(Finding::new(&rules::HEAD_UNFINISHED, message).at(offset));
            return Ok(None);
        }
        self.records += 1;
        let (head, findings) = Head::parse(raw, offset, inner);
        self.collect();
        self.findings.extend(findings);
        self.active = Some(Active {
            offset,
            id: head.id().map(str::to_owned),
            remaining: head.content_length.unwrap_or(0),
            length_known: head.content_length.is_some(),
            read: 0,
            pending: 0,
            block_start: self.content.offset(),
            cut: false,
            spans_members: spans,
        });
        Ok(Some(head))
    }

    fn take_line(&mut self, raw: &mut Vec<u8>) -> io::Result<Line> {
        let room = self.limits.head.saturating_sub(raw.len());
        let mut want = 512.min(room);
        loop {
            let bytes = self.content.peek(want)?;
            if let Some(at) = memchr::memchr(b'\n', bytes.get(..room.min(bytes.len())).unwrap_or_default()) {
                let line = bytes.get(..=at).unwrap_or_default();
                let empty = matches!(line, b"\r\n" | b"\n");
                raw.extend_from_slice(line);
                self.content.consume(at + 1);
                return Ok(if empty { Line::Empty } else { Line::Text });
            }
            if bytes.len() >= room {
                return Ok(Line::TooLong);
            }
            if bytes.len() < want {
                let n = bytes.len();
                raw.extend_from_slice(bytes);
                self.content.consume(n);
                return Ok(Line::MemberEnd);
            }
            want = (want * 4).min(room);
        }
    }

    /// Inside a record, at the end of a member: true where the next member goes on with it.
    fn continues(&mut self) -> io::Result<bool> {
        if self.content.is_damaged() {
            return Ok(false);
        }
        self.left_member_at = Some(self.content.end_offset());
        Ok(self.content.advance()? && !self.content.peek(5)?.starts_with(b"WARC/"))
    }

    fn available(&mut self) -> io::Result<usize> {
        let Some(active) = &mut self.active else { return Ok(0) };
        let pending = std::mem::take(&mut active.pending);
        active.read += pending as u64;
        active.remaining -= pending as u64;
        self.content.consume(pending);
        let remaining = active.remaining;
        if remaining == 0 || active.cut {
            return Ok(0);
        }
        let mut have = self.content.peek(1)?.len();
        if have == 0 && self.continues()? {
            have = self.content.peek(1)?.len();
            self.active.iter_mut().for_each(|a| a.spans_members = true);
        }
        let n = have.min(usize::try_from(remaining).unwrap_or(usize::MAX));
        if let Some(active) = &mut self.active {
            active.pending = n;
            active.cut = n == 0;
        }
        Ok(n)
    }

    fn finish_active(&mut self) -> io::Result<Option<Extent>> {
        while self.available()? > 0 {}
        let Some((cut, known)) = self.active.as_ref().map(|a| (a.cut, a.length_known)) else {
            return Ok(None);
        };
        if cut {
            self.report_cut()?;
        } else if known {
            self.check_separator()?;
        }
        // Looking for one byte more lets the member's end, and its trailer, come into sight.
        let more = !self.content.peek(1)?.is_empty();
        self.collect();
        let Some(active) = self.active.take() else { return Ok(None) };
        if active.spans_members {
            let mut finding =
                Finding::new(&rules::RECORD_SPANS_MEMBERS, "the record lies in several gzip members");
            finding.record.clone_from(&active.id);
            self.note(finding.at(active.offset));
        }
        let end = match self.left_member_at.take() {
            Some(end) if cut => end,
            _ if more && self.content.is_gzip() => active.offset,
            _ => self.content.end_offset(),
        };
        Ok(Some(Extent { offset: active.offset, end, block: active.read, complete: !cut && known }))
    }

    fn report_cut(&mut self) -> io::Result<()> {
        let Some(active) = &self.active else { return Ok(()) };
        let start = active.block_start;
        let wanted = active.read + active.remaining;
        let message = format!("the block has {} of the {wanted} bytes that Content-Length says", active.read);
        let mut finding = Finding::new(&rules::BLOCK_CUT, message).at(active.offset);
        finding.record.clone_from(&active.id);
        self.note(finding);
        self.look_again(start)
    }

    /// CR LF CR LF ends a record (WARC/1.1 §4).
    fn check_separator(&mut self) -> io::Result<()> {
        if self.content.peek(4)?.is_empty() && self.continues()? {
            self.active.iter_mut().for_each(|a| a.spans_members = true);
        }
        let bytes = self.content.peek(4)?;
        if bytes.starts_with(b"\r\n\r\n") {
            self.content.consume(4);
            return Ok(());
        }
        let line_ends = bytes.iter().take(4).take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let seen = String::from_utf8_lossy(bytes.get(..bytes.len().min(4)).unwrap_or_default()).into_owned();
        self.content.consume(line_ends);
        let next = self.content.peek(5)?;
        let in_step = next.is_empty() || next.starts_with(b"WARC/");
        let Some(active) = &self.active else { return Ok(()) };
        let (start, offset, id) = (active.block_start, active.offset, active.id.clone());
        let message = if in_step {
            format!("the record is ended by {seen:?} instead of CR LF CR LF")
        } else {
            format!("Content-Length does not lead to the end of the record: {seen:?} stands there")
        };
        let mut finding = Finding::new(&rules::SEPARATOR, message).at(offset);
        finding.record = id;
        self.note(finding);
        if !in_step {
            self.look_again(start)?;
        }
        Ok(())
    }

    /// A wrong Content-Length may have led past the next record: look for it from the block's start.
    fn look_again(&mut self, block_start: u64) -> io::Result<()> {
        let reached = self.content.offset();
        if !self.content.rewind(block_start)? {
            return Ok(());
        }
        self.scan()?;
        let now = self.content.offset();
        if now > reached {
            let message = format!("{} bytes behind the record's block belong to no record", now - reached);
            self.note(Finding::new(&rules::JUNK, message).at(reached));
        }
        Ok(())
    }
}

enum Line {
    Empty,
    Text,
    MemberEnd,
    TooLong,
}

impl Record<'_> {
    /// The next bytes of the block, as many as are at hand; empty at its end.
    ///
    /// # Errors
    /// What the source says.
    pub fn chunk(&mut self) -> io::Result<&[u8]> {
        let n = self.reader.available()?;
        if n == 0 {
            return Ok(&[]);
        }
        Ok(self.reader.content.peek(1)?.get(..n).unwrap_or_default())
    }

    /// Passes over what is left of the block and over the separator, and tells where the record lay.
    ///
    /// # Errors
    /// What the source says.
    pub fn finish(self) -> io::Result<Extent> {
        let offset = self.head.offset;
        let extent = self.reader.finish_active()?;
        Ok(extent.unwrap_or(Extent { offset, end: offset, block: 0, complete: false }))
    }

    /// What was noticed since the last call, this record's findings among them.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        self.reader.take_findings()
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
