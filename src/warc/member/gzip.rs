//! gzip members taken apart by hand (RFC 1952).

use super::{End, Step, Then};
use crate::finding::{Finding, rules};
use crate::warc::source::Window;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use std::io;

/// What a member begins with: the only compression method there is, included.
pub(super) const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];
/// Bytes looked at to tell whether a magic found after damage begins a record.
pub(super) const TRIAL: usize = 2048;
/// Bytes of a member's header: the extra field's 64 KiB and as much for name and comment.
const HEADER_LIMIT: usize = 192 * 1024;

/// The state of the member being inflated.
pub(super) struct Gzip {
    stream: Decompress,
    crc: Crc,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { stream: Decompress::new(false), crc: Crc::new() }
    }

    /// Takes the header off.
    pub(super) fn begin(&mut self, window: &mut Window) -> io::Result<Result<Vec<Finding>, Finding>> {
        self.stream.reset(false);
        self.crc.reset();
        let header = parse_header(window)?;
        if let Ok(length) = header {
            window.consume(length);
        }
        Ok(header.map(|_| Vec::new()))
    }

    pub(super) fn step(&mut self, input: &[u8], room: &mut [u8]) -> Step {
        let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
        let outcome = self.stream.decompress(input, room, FlushDecompress::None);
        let used = usize::try_from(self.stream.total_in() - before_in).unwrap_or(0);
        let made = usize::try_from(self.stream.total_out() - before_out).unwrap_or(0);
        self.crc.update(room.get(..made).unwrap_or_default());
        let stuck = used == 0 && made == 0 && !input.is_empty();
        let then = match outcome {
            Ok(Status::StreamEnd) => Then::End,
            Ok(_) if !stuck => Then::More,
            _ => Then::Bad(Finding::new(
                &rules::GZIP_DATA,
                format!("the compressed data cannot be inflated beyond its byte {}", self.stream.total_in()),
            )),
        };
        Step { used, made, then }
    }

    /// CRC32 and ISIZE of the content (RFC 1952 §2.3.1).
    pub(super) fn end(&mut self, window: &mut Window) -> io::Result<End> {
        let trailer = window.fill(11)?;
        let followed = matches!(trailer.get(8..), Some([] | [0x1f, 0x8b, 0x08, ..]));
        let Some((crc, size)) = read_trailer(trailer) else {
            let finding =
                Finding::new(&rules::GZIP_TRUNCATED, "the file ends inside this gzip member's trailer");
            return Ok(End { findings: vec![finding], in_step: false });
        };
        window.consume(8);
        let mut findings = Vec::new();
        if crc != self.crc.sum() {
            let message = format!("the trailer's CRC32 is {crc:08x}, the content's {:08x}", self.crc.sum());
            findings.push(Finding::new(&rules::GZIP_CRC, message));
        }
        if size != self.crc.amount() {
            let message = format!("the trailer's ISIZE is {size}, the content's {}", self.crc.amount());
            findings.push(Finding::new(&rules::GZIP_ISIZE, message));
        }
        // A stream that ends by accident of damage is not followed by another member.
        let in_step = findings.is_empty() || followed;
        Ok(End { findings, in_step })
    }

    /// The first bytes of the content of the member that `bytes` begin with. Spoils the state.
    pub(super) fn first_bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Some(Ok(length)) = header_length(bytes) else { return Vec::new() };
        self.stream.reset(false);
        let mut out = vec![0; TRIAL];
        let _ =
            self.stream.decompress(bytes.get(length..).unwrap_or_default(), &mut out, FlushDecompress::None);
        out.truncate(usize::try_from(self.stream.total_out()).unwrap_or(0));
        out
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
    let invalid = |message: &str| Some(Err(Finding::new(&rules::GZIP_HEADER, message)));
    let flags = *bytes.get(3)?;
    if bytes.get(2) != Some(&8) {
        return invalid("the compression method in the gzip header is not deflate");
    }
    if flags & 0xe0 != 0 {
        return invalid("reserved flag bits are set in the gzip header");
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
            return invalid("the gzip header's own CRC16 does not match");
        }
        at += 2;
    }
    bytes.get(..at).map(|_| Ok(at))
}
