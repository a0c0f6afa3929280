//! One record's block: streamed, and its end looked at.

use super::{Extent, Reader};
use crate::finding::{Finding, Severity, rules};
use crate::warc::Head;
use crate::warc::format::Format;
use crate::warc::member::Container;
use std::io;

/// The record being read.
pub(super) struct Active {
    offset: u64,
    pub(super) id: Option<String>,
    /// Bytes of the block still to come.
    remaining: u64,
    length_known: bool,
    read: u64,
    /// Bytes given out by the last [`super::Record::chunk`], consumed by the next.
    pub(super) pending: usize,
    block_start: u64,
    cut: bool,
    spans_members: bool,
    ends_in_line_feed: bool,
}

impl Active {
    pub(super) fn new(head: &Head, block_start: u64, spans_members: bool) -> Self {
        Self {
            offset: head.offset,
            id: head.id().map(str::to_owned),
            remaining: head.content_length.unwrap_or(0),
            length_known: head.content_length.is_some(),
            read: 0,
            pending: 0,
            block_start,
            cut: false,
            spans_members,
            ends_in_line_feed: false,
        }
    }

    fn place(&self, finding: Finding) -> Finding {
        let mut finding = finding.at(self.offset);
        finding.record.clone_from(&self.id);
        finding
    }
}

impl Reader {
    /// Bytes of the block at hand, once those given out before are consumed; 0 at its end.
    pub(super) fn available(&mut self) -> io::Result<usize> {
        self.consume_pending()?;
        let Some(active) = &self.active else { return Ok(0) };
        let remaining = active.remaining;
        if remaining == 0 || active.cut {
            return Ok(0);
        }
        let mut have = self.content.peek(1)?.len();
        while have == 0 && self.continues()? {
            have = self.content.peek(1)?.len();
            self.note_span();
        }
        let n = have.min(usize::try_from(remaining).unwrap_or(usize::MAX));
        if let Some(active) = &mut self.active {
            active.pending = n;
            active.cut = n == 0;
        }
        Ok(n)
    }

    pub(super) fn next_chunk(&mut self) -> io::Result<&[u8]> {
        match self.available()? {
            0 => Ok(&[]),
            n => Ok(self.content.peek(1)?.get(..n).unwrap_or_default()),
        }
    }

    fn consume_pending(&mut self) -> io::Result<()> {
        let Some(active) = &mut self.active else { return Ok(()) };
        let pending = std::mem::take(&mut active.pending);
        if pending > 0 {
            let last = self.content.peek(1)?.get(pending - 1);
            active.ends_in_line_feed = last == Some(&b'\n');
            active.read += pending as u64;
            active.remaining -= pending as u64;
            self.content.consume(pending);
        }
        Ok(())
    }

    /// In gzip a record has one member; in zstd it may have several frames.
    fn note_span(&mut self) {
        let spans = self.content.container() == Container::Gzip;
        self.active.iter_mut().for_each(|a| a.spans_members |= spans);
    }

    pub(super) fn finish_active(&mut self) -> io::Result<Option<Extent>> {
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
            let finding =
                Finding::new(&rules::RECORD_SPANS_MEMBERS, "the record lies in several gzip members");
            self.note(active.place(finding));
        }
        let left = self.left_member_at.take();
        let end = match left {
            Some(end) if cut || self.content.inner_offset() == 0 => end,
            _ if more && !self.content.is_plain() => active.offset,
            _ => self.content.end_offset(),
        };
        Ok(Some(Extent { offset: active.offset, end, block: active.read, complete: !cut && known }))
    }

    fn report_cut(&mut self) -> io::Result<()> {
        let Some(active) = &self.active else { return Ok(()) };
        let start = active.block_start;
        let wanted = active.read + active.remaining;
        let message = format!("the block has {} of the {wanted} bytes that Content-Length says", active.read);
        let finding = active.place(Finding::new(&rules::BLOCK_CUT, message));
        self.note(finding);
        self.look_again(start)
    }

    /// What ends a record: CR LF CR LF (WARC/1.1 §4); in ARC a line end that belongs to the next record.
    fn check_separator(&mut self) -> io::Result<()> {
        while self.content.peek(4)?.is_empty() && self.format == Format::Warc && self.continues()? {
            self.note_span();
        }
        let bytes = self.content.peek(6)?;
        let right = self.format.separator(bytes);
        if let Some(n) = right {
            self.content.consume(n);
            return Ok(());
        }
        // A CR too many on each line, as text mode makes it.
        let most = if bytes.starts_with(b"\r\r\n\r\r\n") { 6 } else { 4 };
        let line_ends = bytes.iter().take(most).take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let seen = bytes.get(..bytes.len().min(6)).unwrap_or_default().to_vec();
        self.content.consume(line_ends);
        let in_step = self.content.peek(1)?.is_empty() || self.format.starts(&mut self.content)?;
        self.report_separator(&seen, line_ends, in_step)
    }

    fn report_separator(&mut self, seen: &[u8], line_ends: usize, in_step: bool) -> io::Result<()> {
        let packed = !self.content.is_plain() && !self.content.is_damaged();
        let at_member_end = packed && (self.left_member_at.is_some() || self.content.peek(1)?.is_empty());
        let Some(active) = &self.active else { return Ok(()) };
        let shown = String::from_utf8_lossy(seen.get(..line_ends.max(1)).unwrap_or_default()).into_owned();
        let wanted = if self.format == Format::Arc { "a line end" } else { "CR LF CR LF" };
        let message = match (in_step, line_ends) {
            (true, 0) => format!("the record is followed by the next, or the end, without {wanted}"),
            (true, _) => format!("the record is ended by {shown:?} instead of {wanted}"),
            _ => format!("Content-Length does not lead to the end of the record: {shown:?} stands there"),
        };
        // Where an intact member ends with the record, its own check sum says that this is what was written: a
        // writer's habit and no loss. Not so where the length may have eaten of the separator.
        let habit = at_member_end
            && match seen.get(..line_ends) {
                Some([]) => true,
                Some(b"\r\n") => !active.ends_in_line_feed,
                _ => false,
            };
        let severity = if in_step && habit { Severity::Warning } else { Severity::Error };
        let start = active.block_start;
        let finding = active.place(Finding::new(&rules::SEPARATOR, message).graded(severity));
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
        if !self.format.starts(&mut self.content)? {
            self.scan()?;
        }
        let now = self.content.offset();
        if now > reached {
            let message = format!("{} bytes behind the record's block belong to no record", now - reached);
            self.note(Finding::new(&rules::JUNK, message).at(reached));
        }
        Ok(())
    }
}
