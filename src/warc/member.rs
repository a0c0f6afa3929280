//! The container under the records: one plain stream, or gzip members taken apart by hand (RFC 1952).
//!
//! [`Content`] gives the uncompressed bytes of one member at a time and knows where in the file that member lies. Each
//! trailer is checked; what is damaged, empty, cut or no member at all becomes a finding, and after damage the next
//! member whose content begins a record is found again.

use super::source::{Source, Window};
use crate::finding::{Finding, rules};
use flate2::{Crc, Decompress, FlushDecompress, Status};
use std::io;

/// Inflated bytes made at once.
const STEP: usize = 128 * 1024;
/// Bytes looked at to tell whether a gzip magic found after damage begins a record.
const TRIAL: usize = 1024;
/// Bytes of a gzip member's header: the extra field's 64 KiB and as much for name and comment.
const HEADER_LIMIT: usize = 192 * 1024;
/// Bytes that may be read a second time after damage, so that a hostile file costs no more than linear time.
const REREAD_LIMIT: u64 = 1 << 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Ended,
    Damaged,
}

/// The content of the current member.
pub(crate) struct Content {
    window: Window,
    gzip: Option<Inflate>,
    member_offset: u64,
    inner_offset: u64,
    members: u64,
    reread: u64,
    findings: Vec<Finding>,
}

/// The state of the gzip member being inflated.
struct Inflate {
    stream: Decompress,
    state: State,
    crc: Crc,
    out: Vec<u8>,
    start: usize,
    end: usize,
}

impl Content {
    /// Looks at the first bytes to tell gzip from plain.
    pub(crate) fn new(source: Source) -> io::Result<Self> {
        let mut window = Window::new(source);
        let gzip = window.fill(2)?.starts_with(&[0x1f, 0x8b]);
        let gzip = gzip.then(|| Inflate {
            stream: Decompress::new(false),
            state: State::Ended,
            crc: Crc::new(),
            out: Vec::new(),
            start: 0,
            end: 0,
        });
        let mut content = Self {
            window,
            gzip,
            member_offset: 0,
            inner_offset: 0,
            members: 0,
            reread: 0,
            findings: Vec::new(),
        };
        if content.is_gzip() {
            content.advance()?;
        } else {
            content.members = 1;
        }
        Ok(content)
    }

    pub(crate) fn is_gzip(&self) -> bool {
        self.gzip.is_some()
    }

    /// True where the current member could not be read to its end.
    pub(crate) fn is_damaged(&self) -> bool {
        self.gzip.as_ref().is_some_and(|g| g.state == State::Damaged)
    }

    /// File offset of the current member; of the next byte in a plain file.
    pub(crate) fn offset(&self) -> u64 {
        if self.is_gzip() { self.member_offset } else { self.window.offset() }
    }

    /// Bytes of the current member's content that are consumed; 0 in a plain file.
    pub(crate) fn inner_offset(&self) -> u64 {
        if self.is_gzip() { self.inner_offset } else { 0 }
    }

    /// File offset behind what has been read: of the member's end once [`Content::peek`] gave nothing more.
    pub(crate) fn end_offset(&self) -> u64 {
        self.window.offset()
    }

    /// Members seen so far; 1 for a plain file.
    pub(crate) fn members(&self) -> u64 {
        self.members
    }

    pub(crate) fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// At least `want` bytes of the current member; fewer only at its end.
    pub(crate) fn peek(&mut self, want: usize) -> io::Result<&[u8]> {
        while self.gzip.as_ref().is_some_and(|g| g.state == State::Open && g.end - g.start < want) {
            self.inflate(want)?;
        }
        match &self.gzip {
            Some(g) => Ok(g.out.get(g.start..g.end).unwrap_or_default()),
            None => self.window.fill(want),
        }
    }

    pub(crate) fn consume(&mut self, n: usize) {
        match &mut self.gzip {
            Some(g) => {
                let n = n.min(g.end - g.start);
                g.start += n;
                self.inner_offset += n as u64;
            }
            None => self.window.consume(n),
        }
    }

    /// Goes back to `offset` of a plain file; false where the source cannot, or has been re-read too often.
    pub(crate) fn rewind(&mut self, offset: u64) -> io::Result<bool> {
        if self.is_gzip() || !self.may_reread(offset) {
            return Ok(false);
        }
        self.window.rewind(offset)
    }

    /// Goes to the next member, once the current one has nothing more; false at the end of the file.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        if !self.is_gzip() {
            return Ok(false);
        }
        let found = if self.is_damaged() { self.resync()? } else { self.skip_junk()? };
        if found {
            self.begin_member()?;
        }
        Ok(found)
    }

    fn may_reread(&mut self, offset: u64) -> bool {
        self.reread += self.window.offset().saturating_sub(offset);
        self.reread <= REREAD_LIMIT
    }

    /// After damage: the next record may begin anywhere behind the damaged member's first byte.
    fn resync(&mut self) -> io::Result<bool> {
        let from = self.member_offset + 1;
        if self.may_reread(from) {
            self.window.rewind(from)?;
        }
        let found = self.find_member()?;
        let to = self.window.offset();
        let next =
            if found { format!("the next record begins at byte {to}") } else { "no further record".into() };
        let message = format!("bytes {} to {to} cannot be read as a gzip member; {next}", self.member_offset);
        self.findings.push(Finding::new(&rules::GZIP_GAP, message).at(self.member_offset));
        Ok(found)
    }

    /// Between members there is nothing; what stands there is reported and passed over.
    fn skip_junk(&mut self) -> io::Result<bool> {
        let from = self.window.offset();
        match self.window.fill(3)? {
            [] => return Ok(false),
            [0x1f, 0x8b, 0x08, ..] => return Ok(true),
            _ => {}
        }
        let found = self.find_member()?;
        let length = self.window.offset() - from;
        let place = if found { "between two gzip members" } else { "after the last gzip member" };
        let message = format!("{length} bytes {place} are no gzip member");
        self.findings.push(Finding::new(&rules::GZIP_JUNK, message).at(from));
        Ok(found)
    }

    /// Consumes up to the next gzip magic whose content begins with `WARC/`, or all there is.
    fn find_member(&mut self) -> io::Result<bool> {
        loop {
            let bytes = self.window.fill(STEP)?;
            let Some(at) = memchr::memmem::find(bytes, &[0x1f, 0x8b, 0x08]) else {
                let keep = bytes.len().min(2);
                let (drop, last) = (bytes.len() - keep, bytes.len() < STEP);
                self.window.consume(if last { drop + keep } else { drop });
                if last {
                    return Ok(false);
                }
                continue;
            };
            self.window.consume(at);
            if begins_record(self.window.fill(TRIAL)?) {
                return Ok(true);
            }
            self.window.consume(1);
        }
    }

    fn begin_member(&mut self) -> io::Result<()> {
        self.member_offset = self.window.offset();
        self.inner_offset = 0;
        self.members += 1;
        let header = parse_header(&mut self.window)?;
        let Some(g) = &mut self.gzip else { return Ok(()) };
        g.stream.reset(false);
        g.crc.reset();
        (g.start, g.end, g.state) = (0, 0, State::Open);
        match header {
            Ok(length) => self.window.consume(length),
            Err(finding) => {
                g.state = State::Damaged;
                self.findings.push(finding.at(self.member_offset));
            }
        }
        Ok(())
    }

    fn inflate(&mut self, want: usize) -> io::Result<()> {
        let Some(g) = &mut self.gzip else { return Ok(()) };
        let input = self.window.fill(1)?;
        let exhausted = input.is_empty();
        let (used, outcome) = g.step(input, want);
        self.window.consume(used);
        match outcome {
            Ok(Status::StreamEnd) => self.check_trailer(),
            Ok(_) if exhausted => {
                self.damage(Finding::new(&rules::GZIP_TRUNCATED, "the file ends inside this gzip member"));
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(()) => {
                let message =
                    format!("the compressed data cannot be inflated beyond byte {}", self.window.offset());
                self.damage(Finding::new(&rules::GZIP_DATA, message));
                Ok(())
            }
        }
    }

    fn damage(&mut self, finding: Finding) {
        self.findings.push(finding.at(self.member_offset));
        if let Some(g) = &mut self.gzip {
            g.state = State::Damaged;
        }
    }

    /// CRC32 and ISIZE of the content (RFC 1952 §2.3.1).
    fn check_trailer(&mut self) -> io::Result<()> {
        let trailer = self.window.fill(11)?;
        let followed = matches!(trailer.get(8..), Some([] | [0x1f, 0x8b, 0x08]));
        let Some((crc, size)) = read_trailer(trailer) else {
            self.damage(Finding::new(
                &rules::GZIP_TRUNCATED,
                "the file ends inside this gzip member's trailer",
            ));
            return Ok(());
        };
        self.window.consume(8);
        let Some(g) = &mut self.gzip else { return Ok(()) };
        g.state = State::Ended;
        let at = self.member_offset;
        let mut wrong = Vec::new();
        if crc != g.crc.sum() {
            let message = format!("the trailer's CRC32 is {crc:08x}, the content's {:08x}", g.crc.sum());
            wrong.push(Finding::new(&rules::GZIP_CRC, message).at(at));
        }
        if size != g.crc.amount() {
            let message = format!("the trailer's ISIZE is {size}, the content's {}", g.crc.amount());
            wrong.push(Finding::new(&rules::GZIP_ISIZE, message).at(at));
        }
        // A stream that ends by accident of damage is not followed by another member.
        if !wrong.is_empty() && !followed {
            g.state = State::Damaged;
        }
        self.findings.append(&mut wrong);
        Ok(())
    }
}

impl Inflate {
    /// One call of the inflater: bytes used of the input, and how it went.
    fn step(&mut self, input: &[u8], want: usize) -> (usize, Result<Status, ()>) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.out.len() < self.end + STEP / 2 {
            self.out.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            self.out.resize(self.out.len().max(want.max(self.end) + STEP), 0);
        }
        let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
        let room = self.out.get_mut(self.end..).unwrap_or_default();
        let outcome = self.stream.decompress(input, room, FlushDecompress::None);
        let used = usize::try_from(self.stream.total_in() - before_in).unwrap_or(0);
        let made = usize::try_from(self.stream.total_out() - before_out).unwrap_or(0);
        self.crc.update(self.out.get(self.end..self.end + made).unwrap_or_default());
        self.end += made;
        let stuck = used == 0 && made == 0 && !input.is_empty();
        match outcome {
            Ok(Status::StreamEnd) => (used, Ok(Status::StreamEnd)),
            Ok(_) if stuck => (used, Err(())),
            Ok(status) => (used, Ok(status)),
            Err(_) => (used, Err(())),
        }
    }
}

fn read_trailer(bytes: &[u8]) -> Option<(u32, u32)> {
    let crc = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    let size = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    Some((crc, size))
}

/// The length of the member header that the window begins with, or what is wrong with it (RFC 1952 §2.3).
fn parse_header(window: &mut Window) -> io::Result<Result<usize, Finding>> {
    let mut want = 512;
    loop {
        let bytes = window.fill(want)?;
        if let Some(parsed) = header_length(bytes) {
            return Ok(parsed);
        }
        if bytes.len() < want || want >= HEADER_LIMIT {
            let message = "the file ends inside this gzip member's header, or the header does not end";
            return Ok(Err(Finding::new(&rules::GZIP_TRUNCATED, message)));
        }
        want *= 4;
    }
}

/// `None` where more bytes are needed.
fn header_length(bytes: &[u8]) -> Option<Result<usize, Finding>> {
    let flags = *bytes.get(3)?;
    if flags & 0xe0 != 0 {
        return Some(Err(Finding::new(&rules::GZIP_HEADER, "reserved flag bits are set in the gzip header")));
    }
    let mut at = 10;
    if flags & 4 != 0 {
        let size = bytes.get(at..at + 2)?;
        at += 2 + usize::from(u16::from_le_bytes(size.try_into().ok()?));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            at += memchr::memchr(0, bytes.get(at..)?)? + 1;
        }
    }
    if flags & 2 != 0 {
        let stored = u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?);
        let mut crc = Crc::new();
        crc.update(bytes.get(..at)?);
        if u32::from(stored) != crc.sum() & 0xffff {
            return Some(Err(Finding::new(
                &rules::GZIP_HEADER,
                "the gzip header's own CRC16 does not match",
            )));
        }
        at += 2;
    }
    bytes.get(..at).map(|_| Ok(at))
}

/// True where these bytes are a gzip member's beginning and its content begins like a record.
fn begins_record(bytes: &[u8]) -> bool {
    let Some(Ok(length)) = header_length(bytes) else { return false };
    let mut out = [0; 16];
    let mut stream = Decompress::new(false);
    let input = bytes.get(length..).unwrap_or_default();
    let _ = stream.decompress(input, &mut out, FlushDecompress::None);
    out.starts_with(b"WARC/")
}
