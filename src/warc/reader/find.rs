//! From record to record: what lies between, junk, heads.

use super::Reader;
use super::block::Active;
use crate::finding::{Finding, rules};
use crate::warc::arc;
use crate::warc::format::{self, Format, Look};
use crate::warc::head::Head;
use crate::warc::member::{Container, Content};
use std::io;

/// Bytes scanned at once for a record after damage.
const SCAN: usize = 64 * 1024;

enum Line {
    Empty,
    Text,
    MemberEnd,
    TooLong,
}

impl Reader {
    /// Tells WARC from ARC; formats that are neither are named, and left alone. Where the first bytes are those of nothing
    /// at all, gzip members or zstd frames may follow, whose first one is damaged.
    pub(super) fn name_format(&mut self) -> io::Result<()> {
        let plain = self.content.is_plain();
        let (name, remedy) = match self.content.peek(16)? {
            [] if plain => {
                (self.done, self.unsupported) = (true, true);
                return Ok(());
            }
            [0x04, 0x22, 0x4d, 0x18, ..] => ("lz4-compressed", "; `lz4 -d` makes a WARC of it"),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => {
                ("bzip2-compressed", "; `bunzip2` makes a WARC of it")
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => ("xz-compressed", "; `unxz` makes a WARC of it"),
            [b'P', b'K', 3, 4, ..] => ("a ZIP", ""),
            _ => return self.tell_arc(),
        };
        (self.done, self.unsupported) = (true, true);
        let message = format!("this input is {name}, which is not read as WARC{remedy}");
        self.note(Finding::new(&rules::FORMAT_UNSUPPORTED, message).at(0));
        Ok(())
    }

    fn tell_arc(&mut self) -> io::Result<()> {
        let begins = |content: &mut Content| {
            Ok::<_, io::Error>(match Format::Warc.starts(content)? {
                true => Some(Format::Warc),
                false => Format::Arc.starts(content)?.then_some(Format::Arc),
            })
        };
        let mut format = begins(&mut self.content)?;
        if format.is_none() && self.content.is_plain() && self.content.find_container(format::find_any)? {
            format = begins(&mut self.content)?;
        }
        if format == Some(Format::Arc) {
            self.format = Format::Arc;
        }
        self.content.expect(self.format.begins());
        Ok(())
    }

    /// Stands at the first byte of a record afterwards, or at the end (false).
    pub(super) fn find_record(&mut self) -> io::Result<bool> {
        while !self.done {
            match self.format.look(&mut self.content)? {
                Look::Record => {
                    self.enter_record();
                    return Ok(true);
                }
                Look::End => self.next_member()?,
                Look::LineEnd => self.skip_newlines()?,
                Look::Other => self.skip_junk()?,
            }
        }
        Ok(false)
    }

    /// At the end of a source that gave neither a record nor an error. Of one that was entered elsewhere than at its
    /// beginning nothing is said.
    pub(super) fn judge_empty(&mut self) {
        self.collect();
        let said = std::mem::replace(&mut self.judged, true) || self.records > 0;
        if !said && !self.findings.iter().any(Finding::is_error) {
            let message = match self.content.end_offset() {
                0 => "this input is empty",
                _ => "this input holds no record",
            };
            self.findings.push(Finding::new(&rules::NOT_WARC, message).at(0));
        }
    }

    fn enter_record(&mut self) {
        if self.content.members() != self.member_seen {
            self.member_seen = self.content.members();
            self.records_in_member = 0;
        }
        self.records_in_member += 1;
        if !self.content.is_plain() && self.records_in_member == 2 {
            let part = self.content.container().part();
            let message = format!("several records share one {part}, so that none can be read alone");
            self.note(Finding::new(&rules::MEMBER_SHARED, message).at(self.content.offset()));
        }
    }

    fn next_member(&mut self) -> io::Result<()> {
        let empty = !self.content.is_plain() && self.content.inner_offset() == 0;
        if empty && self.content.members() > 0 && !self.content.is_damaged() {
            let message = format!("an empty {} stands between the records", self.content.container().part());
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

    /// Passes over what is no record, up to one at the start of a line, or the member's end.
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

    /// Consumes up to a line that begins a record, or all of the member; gives the number of bytes passed over.
    pub(super) fn scan(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let bytes = self.content.peek(SCAN)?;
            let last = bytes.len() < SCAN;
            let (n, found) = self.format.find(bytes, last);
            self.content.consume(n);
            skipped += n as u64;
            if found || last {
                return Ok(skipped);
            }
        }
    }

    /// Consumes up to a line that begins a record, or all there is, or beyond `limit`; true for a record.
    pub(super) fn scan_to(&mut self, limit: u64) -> io::Result<bool> {
        while self.content.offset() < limit {
            let bytes = self.content.peek(SCAN)?;
            let last = bytes.len() < SCAN;
            let (n, found) = self.format.find(bytes, last);
            self.content.consume(n);
            if found || last {
                return Ok(found);
            }
        }
        Ok(false)
    }

    /// `None` where no head ends within the limit; the reader then stands behind what it read of it.
    pub(super) fn read_head(&mut self) -> io::Result<Option<Head>> {
        let (offset, inner) = (self.content.offset(), self.content.inner_offset());
        // A head that did not end may have left one.
        self.left_member_at = None;
        let mut raw = Vec::with_capacity(512);
        let mut spans = false;
        let whole = loop {
            match self.take_line(&mut raw)? {
                Line::Empty => break true,
                Line::Text if self.format == Format::Arc => break true,
                Line::Text => {}
                Line::MemberEnd if !spans && self.continues()? => spans = true,
                Line::MemberEnd | Line::TooLong => break false,
            }
        };
        if !whole {
            let message = format!(
                "a record's head does not end within its {} bytes, which belong to no record",
                raw.len()
            );
            self.note(Finding::new(&rules::HEAD_UNFINISHED, message).at(offset));
            return Ok(None);
        }
        self.records += 1;
        let (head, findings) = match self.format {
            Format::Warc => Head::parse(raw, offset, inner),
            Format::Arc => arc::parse_head(raw, offset, inner),
        };
        self.collect();
        self.findings.extend(findings);
        let spans = spans && self.content.container() == Container::Gzip;
        self.active = Some(Active::new(&head, self.content.offset(), spans));
        Ok(Some(head))
    }

    fn take_line(&mut self, raw: &mut Vec<u8>) -> io::Result<Line> {
        let room = self.limits.head.saturating_sub(raw.len());
        let mut want = 512.min(room);
        loop {
            let bytes = self.content.peek(want)?;
            if let Some(at) = memchr::memchr(b'\n', bytes.get(..room.min(bytes.len())).unwrap_or_default()) {
                let line = bytes.get(..=at).unwrap_or_default();
                let empty = line.iter().all(|b| matches!(b, b'\r' | b'\n'));
                raw.extend_from_slice(line);
                self.content.consume(at + 1);
                return Ok(if empty { Line::Empty } else { Line::Text });
            }
            if bytes.len() >= room {
                // Consumed, so that whoever looks on from here gets on.
                raw.extend_from_slice(bytes.get(..room).unwrap_or_default());
                self.content.consume(room);
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
    pub(super) fn continues(&mut self) -> io::Result<bool> {
        if self.content.is_damaged() {
            return Ok(false);
        }
        self.left_member_at = Some(self.content.end_offset());
        Ok(self.content.advance()? && !self.format.starts(&mut self.content)?)
    }
}
