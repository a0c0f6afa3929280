//! zstd frames (RFC 8878) as WARC/zstd 1.0 has them: whole frames a record, each with its content's size and check sum,
//! a dictionary for all of them in a skippable frame before the first.
//!
//! What the rules ask about is read off the frames by hand ([`header`], [`dictionary`]); the blocks are left to libzstd,
//! which is given one block at a time, so that what came before damage is kept. Windows and dictionaries are held to
//! 8 MiB, as much as WARC/zstd asks of a reader.

mod dictionary;
mod header;

use self::header::Header;
use super::buffer::Buffer;
use super::whole::{CONTENT, STORED};
use super::{End, Step, Then};
use crate::finding::{Finding, Rule, rules};
use crate::warc::source::Window;
use std::io;
use zstd::bulk::Decompressor;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// What a frame begins with.
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Bytes looked at to tell whether a magic found after damage begins a record: a first block at its longest.
pub(super) const TRIAL: usize = 132 * 1024;
/// Binary logarithm of the largest window and dictionary.
const WINDOW_LOG: u32 = 23;
const DICTIONARY: usize = 1 << WINDOW_LOG;

/// True where these bytes begin a frame or a skippable frame.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC) || header::is_skippable(bytes)
}

/// The state of the frame being decoded.
pub(super) struct Zstd {
    decoder: Decoder<'static>,
    /// For frames that are taken at once.
    bulk: Decompressor<'static>,
    header: Header,
    /// Bytes that the decoder wants next: a block, and the header of the one behind it.
    hint: usize,
    checksum_wrong: bool,
    dictionary: bool,
    /// True until the first frame.
    first: bool,
    said: Vec<&'static str>,
}

impl Zstd {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            decoder: decoder(&[])?,
            bulk: Decompressor::new()?,
            header: Header::default(),
            hint: 0,
            checksum_wrong: false,
            dictionary: false,
            first: true,
            said: Vec::new(),
        })
    }

    /// Passes over skippable frames; takes in a dictionary, which is the first.
    pub(super) fn skip(&mut self, window: &mut Window) -> io::Result<Vec<Finding>> {
        let mut findings = Vec::new();
        while let Some((kind, length)) = header::skippable(window.fill(8)?) {
            let at = window.offset();
            let (is_first, is_dictionary) = (self.first, kind == dictionary::KIND);
            self.first = false;
            window.consume(8);
            if is_first && is_dictionary {
                findings.extend(self.take_dictionary(window, length)?.map(|f| f.at(at)));
                continue;
            }
            if is_first || is_dictionary {
                let message =
                    "a skippable frame stands where WARC/zstd has none of its kind; it is passed over";
                findings.push(Finding::new(&rules::ZSTD_SKIPPABLE, message).at(at));
            }
            if pass_over(window, length)? < length {
                let message = "the file ends inside a skippable frame";
                findings.push(Finding::new(&rules::ZSTD_TRUNCATED, message).at(at));
            }
        }
        self.first = false;
        Ok(findings)
    }

    fn take_dictionary(&mut self, window: &mut Window, length: u64) -> io::Result<Option<Finding>> {
        match dictionary::read(window, length)? {
            Ok(bytes) => {
                match decoder(&bytes).and_then(|d| Ok((d, Decompressor::with_dictionary(&bytes)?))) {
                    Ok(decoders) => {
                        (self.decoder, self.bulk) = decoders;
                        self.dictionary = true;
                        Ok(None)
                    }
                    Err(e) => {
                        let message = format!("the dictionary cannot be used: {e}");
                        Ok(Some(Finding::new(&rules::ZSTD_DICTIONARY, message)))
                    }
                }
            }
            Err(finding) => Ok(Some(finding)),
        }
    }

    /// Reads the frame's header, and leaves it to the decoder.
    pub(super) fn begin(&mut self, window: &mut Window) -> io::Result<Result<Vec<Finding>, Finding>> {
        let Some(header) = Header::parse(window.fill(header::LONGEST)?) else {
            let message = "the file ends inside this zstd frame's header";
            return Ok(Err(Finding::new(&rules::ZSTD_TRUNCATED, message)));
        };
        self.decoder.reinit()?;
        (self.header, self.hint, self.checksum_wrong) = (header, 5, false);
        if header.window > 1 << WINDOW_LOG {
            let message =
                format!("the frame asks for a window of {} bytes; 8 MiB is the most", header.window);
            return Ok(Err(Finding::new(&rules::ZSTD_WINDOW, message)));
        }
        if header.dictionary_id != 0 && !self.dictionary {
            let message = format!("the frame needs dictionary {}, which is not here", header.dictionary_id);
            return Ok(Err(Finding::new(&rules::ZSTD_DICTIONARY, message)));
        }
        Ok(Ok(self.oddities()))
    }

    /// Puts the content of the frame that has begun into `out`, and consumes it, which spares the copies that a stream
    /// makes; false, and nothing consumed, where it is damaged, long, or does not say its content's size.
    pub(super) fn take(&mut self, window: &mut Window, out: &mut Buffer) -> io::Result<bool> {
        let length = self.header.content.and_then(|length| usize::try_from(length).ok());
        let Some(length) = length.filter(|length| *length <= CONTENT) else { return Ok(false) };
        let Some(end) = find_end(window)? else { return Ok(false) };
        let frame = window.buffered().get(..end).unwrap_or_default();
        if self.bulk.decompress_to_buffer(frame, out.anew(length)).ok() != Some(length) {
            out.clear();
            return Ok(false);
        }
        out.made(length);
        window.consume(end);
        Ok(true)
    }

    /// What WARC/zstd asks of each frame, said once a file: who leaves it off, leaves it off throughout.
    fn oddities(&mut self) -> Vec<Finding> {
        let header = self.header;
        let odd: [(bool, &'static Rule, &str); 3] = [
            (!header.checksum, &rules::ZSTD_NO_CHECKSUM, "this zstd frame has no check sum of its content"),
            (
                header.content.is_none(),
                &rules::ZSTD_NO_SIZE,
                "this zstd frame does not say its content's size",
            ),
            (
                self.dictionary && header.dictionary_id == 0,
                &rules::ZSTD_NO_DICTIONARY_ID,
                "this zstd frame does not name its dictionary",
            ),
        ];
        let mut findings = Vec::new();
        for (_, rule, message) in odd.into_iter().filter(|(is, ..)| *is) {
            if !self.said.contains(&rule.code) {
                self.said.push(rule.code);
                findings.push(Finding::new(rule, format!("{message} (others after it are not listed)")));
            }
        }
        findings
    }

    pub(super) fn step(&mut self, input: &[u8], room: &mut [u8]) -> Step {
        let take = self.hint.max(1).min(input.len());
        let mut from = InBuffer::around(input.get(..take).unwrap_or_default());
        let mut into = OutBuffer::around(room);
        let outcome = self.decoder.run(&mut from, &mut into);
        let (used, made) = (from.pos(), into.pos());
        let then = match outcome {
            Ok(0) => Then::End,
            Ok(_) if used == 0 && made == 0 && take > 0 => Then::Bad(data("it makes no progress")),
            Ok(hint) => {
                self.hint = hint;
                Then::More
            }
            // All of the content is out; the four bytes are used up, whatever the decoder's count says.
            Err(e) if self.header.checksum && e.to_string().contains("checksum") => {
                self.checksum_wrong = true;
                return Step { used: take, made: 0, then: Then::End };
            }
            Err(e) => Then::Bad(data(&e.to_string())),
        };
        Step { used, made, then }
    }

    /// After the last block and the check sum.
    pub(super) fn end(&mut self, window: &mut Window) -> io::Result<End> {
        if !self.checksum_wrong {
            return Ok(End { findings: Vec::new(), in_step: true });
        }
        let next = window.fill(4)?;
        let in_step = next.is_empty() || begins(next);
        let finding = Finding::new(&rules::ZSTD_CHECKSUM, "the frame's check sum is not that of its content");
        Ok(End { findings: vec![finding], in_step })
    }

    /// The first bytes of the content of the frame that `bytes` begin with. Spoils the state.
    pub(super) fn first_bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![0; 2048];
        let mut made = 0;
        let sound = Header::parse(bytes).is_some_and(|h| h.window <= 1 << WINDOW_LOG);
        if !sound || self.decoder.reinit().is_err() {
            return Vec::new();
        }
        (self.hint, self.header) = (5, Header::default());
        let mut rest = bytes;
        while made < out.len() && !rest.is_empty() {
            let step = self.step(rest, out.get_mut(made..).unwrap_or_default());
            made += step.made;
            rest = rest.get(step.used..).unwrap_or_default();
            if !matches!(step.then, Then::More) {
                break;
            }
        }
        out.truncate(made);
        out
    }
}

/// Length of the frame that the window begins with, if its end is in sight.
fn find_end(window: &mut Window) -> io::Result<Option<usize>> {
    let mut want = 1;
    loop {
        let bytes = window.fill(want)?;
        let (have, last) = (bytes.len(), bytes.len() < want);
        if let Ok(end) = zstd::zstd_safe::find_frame_compressed_size(bytes) {
            return Ok(Some(end).filter(|end| *end <= have.min(STORED)));
        }
        if last || have >= STORED {
            return Ok(None);
        }
        want = (have * 2).clamp(4096, STORED);
    }
}

fn decoder(dictionary: &[u8]) -> io::Result<Decoder<'static>> {
    let mut decoder = Decoder::with_dictionary(dictionary)?;
    decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
    Ok(decoder)
}

fn data(why: &str) -> Finding {
    Finding::new(&rules::ZSTD_DATA, format!("the frame cannot be decoded: {why}"))
}

/// Consumes so many bytes, or all there are; gives how many that were.
fn pass_over(window: &mut Window, length: u64) -> io::Result<u64> {
    let mut left = length;
    while left > 0 {
        let have = window.fill(1)?.len();
        if have == 0 {
            break;
        }
        let n = usize::try_from(left).unwrap_or(usize::MAX).min(have);
        window.consume(n);
        left -= n as u64;
    }
    Ok(length - left)
}
