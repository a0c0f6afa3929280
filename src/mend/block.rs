//! The block of a record that may be damaged: what the reader gave, or what lies between this record and the next.

use super::sums::{BlockSum, Said, Sums, Verdict};
use crate::digest::{Digest, Hasher};
use crate::input::section::Shared;
use crate::message::body::Body;
use crate::message::payload::Payload;
use crate::warc::{Head, Inflated, Record, RecordType, Source};
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;
use tempfile::SpooledTempFile;

/// Bytes of a block held in memory; more go to a temporary file.
const HELD: usize = 1 << 20;
const STEP: usize = 64 * 1024;
/// Decoded bytes that are looked at.
const DECODED: u64 = 256 << 20;
/// The bytes that end a record, at most.
const SEPARATOR: usize = 4;

/// Where a record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) inner: u64,
}

/// A block, and what its digests say of it.
pub(super) struct Block {
    file: SpooledTempFile,
    pub(super) length: u64,
    pub(super) verdict: Verdict,
}

impl Block {
    /// The block as the reader gives it, held against the digests of `head`.
    pub(super) fn take(record: &mut Record<'_>, head: &Head, spool: &Path) -> io::Result<Self> {
        let mut block = Filling::new(head, spool);
        loop {
            let chunk = record.chunk()?;
            if chunk.is_empty() {
                break;
            }
            block.push(chunk)?;
        }
        block.done(head)
    }

    /// `length` bytes of what lies behind the head.
    fn retake(source: impl Read, head: &Head, length: u64, spool: &Path) -> io::Result<Self> {
        let mut block = Filling::new(head, spool);
        each(source.take(length), &mut |bytes| block.push(bytes))?;
        block.done(head)
    }

    /// The block from its first byte.
    pub(super) fn bytes(&mut self) -> io::Result<&mut SpooledTempFile> {
        self.file.rewind()?;
        Ok(&mut self.file)
    }
}

/// True where WARC-Payload-Digest is that of the payload with its content coding off, too, as some writers have it.
fn is_digest_of_decoded(head: &Head, block: &mut SpooledTempFile) -> io::Result<bool> {
    let said = head.fields.get("WARC-Payload-Digest").map(Digest::parse);
    let (Some(Ok(said)), true) = (said, head.holds_http()) else { return Ok(false) };
    let message = match head.record_type() {
        RecordType::Request => Payload::request(),
        _ => Payload::response(),
    };
    let body = Body::new(block, message)?;
    if body.field("Content-Encoding").is_none() {
        return Ok(false);
    }
    let mut hasher = Hasher::new(said.algorithm());
    each(body.decoded(DECODED), &mut |bytes| {
        hasher.update(bytes);
        Ok(())
    })?;
    Ok(hasher.finish() == said)
}

struct Filling {
    file: SpooledTempFile,
    length: u64,
    sums: Sums,
}

impl Filling {
    fn new(head: &Head, spool: &Path) -> Self {
        Self { file: tempfile::spooled_tempfile_in(HELD, spool), length: 0, sums: Sums::new(head) }
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sums.update(bytes);
        self.length += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn done(self, head: &Head) -> io::Result<Block> {
        let mut block = Block { file: self.file, length: self.length, verdict: self.sums.finish() };
        if matches!(block.verdict.payload, Said::False(_)) && is_digest_of_decoded(head, block.bytes()?)? {
            block.verdict.payload = Said::True;
        }
        Ok(block)
    }
}

/// What was found out about a block whose Content-Length does not lead to the next record.
pub(super) enum Finding {
    /// Content-Length is right after all.
    AsSaid,
    /// It is not, and the block digest proves another.
    Proven(Block),
    /// It is not; this is all there is before the next record, and nothing is missing by all appearance.
    Assumed(Block),
    /// Bytes are missing; `None` where the reader gave all there is.
    Cut(Option<Block>),
}

/// All there is between a record's head and the next record.
pub(super) struct Region {
    length: u64,
    /// Its last bytes.
    end: Vec<u8>,
    /// Length of the block that the block digest fits, where one does.
    proven: Option<u64>,
    /// The line ends that follow the block as it was said.
    line_ends: u64,
}

impl Region {
    /// Reads it through.
    pub(super) fn read(input: &Shared, head: &Head, said: u64, next: Option<Place>) -> io::Result<Self> {
        let source = behind(input, head, next)?;
        let mut region = Self { length: 0, end: Vec::new(), proven: None, line_ends: 0 };
        let mut sum = BlockSum::new(head);
        let mut ending = true;
        each(source, &mut |bytes| {
            region.count_line_ends(bytes, said, &mut ending);
            region.length += bytes.len() as u64;
            region.end.extend_from_slice(bytes);
            let settled = region.end.len().saturating_sub(SEPARATOR);
            let settled: Vec<u8> = region.end.drain(..settled).collect();
            sum.iter_mut().for_each(|sum| sum.update(&settled));
            Ok(())
        })?;
        region.proven = sum.and_then(|sum| region.fitting(&sum));
        Ok(region)
    }

    /// Bytes that belong neither to a block of this length nor to the separator behind it; where they begin, counted
    /// from the block's start.
    pub(super) fn surplus(&self, block: u64, said: u64) -> (u64, u64) {
        let separator = if block == said { self.line_ends } else { SEPARATOR as u64 };
        let from = (block + separator).min(self.length);
        (from, self.length - from)
    }

    fn count_line_ends(&mut self, bytes: &[u8], said: u64, ending: &mut bool) {
        let skip = usize::try_from(said.saturating_sub(self.length)).unwrap_or(usize::MAX);
        for byte in bytes.get(skip..).unwrap_or_default() {
            *ending &= matches!(byte, b'\r' | b'\n') && self.line_ends < SEPARATOR as u64;
            if !*ending {
                break;
            }
            self.line_ends += 1;
        }
    }

    fn fitting(&self, sum: &BlockSum) -> Option<u64> {
        let start = self.length - self.end.len() as u64;
        let lengths = 0..=self.end.len();
        lengths
            .into_iter()
            .find(|n| sum.fits(self.end.get(..*n).unwrap_or_default()))
            .map(|n| start + n as u64)
    }

    fn ends_with_separator(&self) -> bool {
        self.end == b"\r\n\r\n"
    }

    /// What the block is, given what Content-Length made of it.
    pub(super) fn judge(
        &self,
        input: &Shared,
        head: &Head,
        next: Option<Place>,
        said: (&Block, bool),
        spool: &Path,
    ) -> io::Result<Finding> {
        let (block, complete) = said;
        let retake = |length| Block::retake(behind(input, head, next)?, head, length, spool);
        if complete && block.verdict.proves() {
            return Ok(Finding::AsSaid);
        }
        if let Some(length) = self.proven.filter(|length| !complete || *length != block.length) {
            return Ok(Finding::Proven(retake(length)?));
        }
        // The block is all there and the next record follows: the separator alone is not as it should be.
        if complete && block.length + self.line_ends == self.length {
            return Ok(Finding::AsSaid);
        }
        let declared = head.content_length;
        let length = match self.ends_with_separator() {
            true => self.length - SEPARATOR as u64,
            false if self.end.ends_with(b"\n\n") => self.length - 2,
            false => self.length,
        };
        let short = declared.is_some_and(|declared| length < declared);
        if short && !complete && length <= block.length {
            return Ok(Finding::Cut(None));
        }
        let block = retake(length)?;
        Ok(if short { Finding::Cut(Some(block)) } else { Finding::Assumed(block) })
    }
}

/// What lies behind the head, up to the next record or the end of the member.
fn behind(input: &Shared, head: &Head, next: Option<Place>) -> io::Result<Box<dyn Read>> {
    let taken = head.inner_offset + head.raw.len() as u64;
    let inside = match next {
        Some(next) if next.offset == head.offset => next.inner.saturating_sub(taken),
        _ => u64::MAX,
    };
    let end = next.map(|next| next.offset).filter(|end| *end > head.offset).unwrap_or(input.length());
    if let Some(mut content) = content(input, head.offset, end)? {
        each(content.by_ref().take(taken), &mut |_| Ok(()))?;
        return Ok(Box::new(content.take(inside)));
    }
    let start = head.offset + head.raw.len() as u64;
    let end = next.map_or(input.length(), |next| next.offset);
    Ok(Box::new(input.section(start, end.saturating_sub(start))))
}

/// The content of the member that begins here, or of the frames from here to `end`; `None` where none does.
pub(super) fn content(input: &Shared, offset: u64, end: u64) -> io::Result<Option<Box<dyn Read>>> {
    let mut magic = [0; 4];
    let rest = input.length() - offset;
    input.section(offset, rest.min(4)).read_exact(magic.get_mut(..4).unwrap_or_default())?;
    Ok(match magic {
        [0x1f, 0x8b, ..] => {
            let member = flate2::bufread::GzDecoder::new(BufReader::new(input.section(offset, rest)));
            Some(Box::new(Lenient(member)))
        }
        [0x28, 0xb5, 0x2f, 0xfd] => {
            Some(Box::new(Inflated::at(Source::Seek(Box::new(input.section(0, end))), offset)?))
        }
        _ => None,
    })
}

/// A damaged member gives what it gives, and then ends.
struct Lenient<R>(R);

impl<R: Read> Read for Lenient<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => Ok(0),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            other => other,
        }
    }
}

fn each(mut source: impl Read, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = vec![0; STEP];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => sink(buffer.get(..n).unwrap_or_default())?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
