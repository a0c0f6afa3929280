//! Between members: what is no member is passed over and reported, and after damage the next record is found.

use super::gzip::{self, Gzip};
use super::whole::Whole;
use super::zstd::{self, Zstd};
use super::{Codec, Container, Content};
use crate::finding::{Finding, Rule, rules};
use std::io;

/// Bytes scanned at once for the next member.
const STEP: usize = 128 * 1024;
/// Bytes of a file looked at for a first member, where it does not begin with one.
const NEAR: u64 = 64 << 20;
/// Bytes of a line that begins a record, at most (or nearly).
const LINE: usize = 4096;

impl Content {
    /// Goes to the next member, once the current one has nothing more; false at the end of the file.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        if self.is_plain() {
            return Ok(false);
        }
        let found = if self.is_damaged() { self.resync()? } else { self.pass()? };
        if found {
            self.begin_member()?;
        }
        Ok(found)
    }

    /// After damage: the next record may begin anywhere behind the damaged member's first byte.
    fn resync(&mut self) -> io::Result<bool> {
        let from = self.member_offset + 1;
        if self.may_reread(from) {
            self.window.rewind(from)?;
        }
        let found = self.find_member(u64::MAX)?;
        let to = self.window.offset();
        let next =
            if found { format!("the next record begins at byte {to}") } else { "no further record".into() };
        let part = self.container().part();
        let message = format!("bytes {} to {to} cannot be read as a {part}; {next}", self.member_offset);
        let rule = self.rule(&rules::GZIP_GAP, &rules::ZSTD_GAP);
        self.findings.push(Finding::new(rule, message).at(self.member_offset));
        Ok(found)
    }

    /// Between members there is nothing but, in zstd, frames to be skipped; what else stands there is reported.
    fn pass(&mut self) -> io::Result<bool> {
        if let Some(Codec::Zstd(zstd)) = &mut self.codec {
            self.findings.extend(zstd.skip(&mut self.window)?);
        }
        let from = self.window.offset();
        let bytes = self.window.fill(4)?;
        if bytes.is_empty() || bytes.starts_with(magic(self.codec.as_ref())) {
            return Ok(!bytes.is_empty());
        }
        let found = self.find_member(u64::MAX)?;
        let (length, part) = (self.window.offset() - from, self.container().part());
        let place = if found { format!("between two {part}s") } else { format!("after the last {part}") };
        let rule = self.rule(&rules::GZIP_JUNK, &rules::ZSTD_JUNK);
        self.findings.push(Finding::new(rule, format!("{length} bytes {place} are no {part}")).at(from));
        Ok(found)
    }

    /// Consumes up to the next magic whose content begins a record, or all there is, or beyond `limit`.
    pub(super) fn find_member(&mut self, limit: u64) -> io::Result<bool> {
        let magic = magic(self.codec.as_ref());
        while self.window.offset() < limit {
            let bytes = self.window.fill(STEP)?;
            let last = bytes.len() < STEP;
            // Not all that is at hand: a source that cannot seek must be able to go back to before the limit.
            let bytes = bytes.get(..STEP).unwrap_or(bytes);
            let Some(at) = memchr::memmem::find(bytes, magic) else {
                let keep = bytes.len().min(magic.len() - 1);
                let drop = bytes.len() - keep;
                self.window.consume(if last { drop + keep } else { drop });
                if last {
                    return Ok(false);
                }
                continue;
            };
            self.window.consume(at);
            if self.begins_record()? {
                return Ok(true);
            }
            self.window.consume(1);
        }
        Ok(false)
    }

    /// True where the content of the member that begins here begins a record; false too once that was tried too often.
    fn begins_record(&mut self) -> io::Result<bool> {
        let trial = if self.container() == Container::Zstd { zstd::TRIAL } else { gzip::TRIAL };
        if !self.may_spend(trial as u64) {
            return Ok(false);
        }
        let bytes = self.window.fill(trial)?;
        let bytes = bytes.get(..trial.min(bytes.len())).unwrap_or_default();
        let content = match &mut self.codec {
            Some(Codec::Gzip(gzip, _)) => gzip.first_bytes(bytes),
            Some(Codec::Zstd(zstd)) => zstd.first_bytes(bytes),
            None => return Ok(false),
        };
        Ok((self.begins)(&content))
    }

    /// For a file whose first bytes are those of nothing known: goes to the first gzip member or zstd frame whose content
    /// begins a record. False, with nothing consumed, where a record in plain sight (`in_plain`) comes first or none is
    /// near.
    pub(crate) fn find_container(&mut self, in_plain: fn(&[u8]) -> Option<usize>) -> io::Result<bool> {
        let limit = self.first_in_plain(in_plain)?;
        let mut nearest = None;
        for codec in [Codec::Gzip(Gzip::new(), Whole::new()), Codec::Zstd(Zstd::new()?)] {
            self.codec = Some(codec);
            self.window.rewind(0)?;
            let limit = nearest.as_ref().map_or(limit, |(at, _)| *at);
            if self.find_member(limit)? && self.window.offset() < limit {
                nearest = self.codec.take().map(|codec| (self.window.offset(), codec));
            }
        }
        let (at, codec) = nearest.map_or((0, None), |(at, codec)| (at, Some(codec)));
        self.window.rewind(at)?;
        (self.codec, self.effort) = (codec, 0);
        if self.is_plain() {
            return Ok(false);
        }
        let part = self.container().part();
        let message =
            format!("bytes 0 to {at} cannot be read as a {part}; the next record begins at byte {at}");
        let rule = self.rule(&rules::GZIP_GAP, &rules::ZSTD_GAP);
        self.findings.push(Finding::new(rule, message).at(0));
        self.members = 0;
        self.begin_member()?;
        Ok(true)
    }

    /// Where a record begins in the bytes as they are, or how far it is worth looking.
    fn first_in_plain(&mut self, find: fn(&[u8]) -> Option<usize>) -> io::Result<u64> {
        let reach = self.window.reach().min(NEAR);
        while self.window.offset() < reach {
            let (at, bytes) = (self.window.offset(), self.window.fill(STEP)?);
            let last = bytes.len() < STEP;
            let bytes = bytes.get(..STEP).unwrap_or(bytes);
            if let Some(found) = find(bytes) {
                return Ok(reach.min(at + found as u64));
            }
            let have = bytes.len();
            if last {
                break;
            }
            // A beginning may be cut by the end of these bytes.
            self.window.consume(have - LINE);
        }
        Ok(reach)
    }

    fn rule(&self, gzip: &'static Rule, zstd: &'static Rule) -> &'static Rule {
        if self.container() == Container::Zstd { zstd } else { gzip }
    }
}

fn magic(codec: Option<&Codec>) -> &'static [u8] {
    match codec {
        Some(Codec::Zstd(_)) => &zstd::MAGIC,
        _ => &gzip::MAGIC,
    }
}
