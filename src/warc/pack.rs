//! Records as they are stored, made in memory: by any thread, ahead of the file that they go into.
//!
//! One shot over the whole record (libdeflate) is about twice as fast as streaming it. The bytes depend on record and level
//! alone, never on the thread or on what it packed before.

use super::writer::{Compression, Error};
use crate::digest::{self, Digest};
use libdeflater::{CompressionLvl, Compressor};
use std::cell::{Cell, RefCell};
use std::io::{self, Read};

/// A record as it will be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The bytes for the file: a gzip member, or the record as it is.
    pub stored: Vec<u8>,
    /// Bytes from the version line to the end of the block, uncompressed.
    pub length: u64,
    /// SHA-256 of those bytes.
    pub sha256: Digest,
}

/// Packs one record; `Content-Length` is written here, behind the given fields. All of the block is held in memory, and up
/// to twice that while it is packed.
///
/// # Errors
/// As [`super::Writer::write`].
pub fn pack<N: AsRef<str>, V: AsRef<str>>(
    fields: &[(N, V)],
    block: &mut dyn Read,
    length: u64,
    compression: Compression,
) -> Result<Packed, Error> {
    let mut record = RECORD.take();
    record.clear();
    super::writer::write_head(&mut record, fields, length)?;
    let head = record.len() as u64;
    record.reserve(usize::try_from(length).map_or(0, |length| length.saturating_add(4)));
    let actual = block.take(length.saturating_add(1)).read_to_end(&mut record)? as u64;
    if actual != length {
        return Err(Error::Length { said: length, actual });
    }
    let sha256 = digest::sha256(&record);
    record.extend_from_slice(b"\r\n\r\n");
    let stored = match compression {
        Compression::None => record,
        Compression::Gzip(level) => {
            let stored = member(&record, level)?;
            if record.capacity() <= KEPT {
                RECORD.set(record);
            }
            stored
        }
    };
    Ok(Packed { stored, length: head + length, sha256 })
}

/// What a thread packs with, made once.
struct Press {
    level: u32,
    compressor: Compressor,
    room: Vec<u8>,
}

/// Bytes of room that a thread keeps for its next record.
const KEPT: usize = 128 << 10;

thread_local! {
    static RECORD: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static PRESS: RefCell<Option<Press>> = const { RefCell::new(None) };
}

/// Like [`super::Writer`]'s members: no time, no name, no system.
fn member(record: &[u8], level: u32) -> io::Result<Vec<u8>> {
    PRESS.with_borrow_mut(|press| {
        if press.as_ref().is_none_or(|press| press.level != level) {
            *press = Some(Press::new(level)?);
        }
        press.as_mut().map_or_else(|| Ok(Vec::new()), |press| press.member(record))
    })
}

impl Press {
    fn new(level: u32) -> io::Result<Self> {
        let wrong =
            |_| io::Error::new(io::ErrorKind::InvalidInput, format!("there is no gzip level {level}"));
        let number = i32::try_from(level).unwrap_or(i32::MAX);
        let compressor = Compressor::new(CompressionLvl::new(number).map_err(wrong)?);
        Ok(Self { level, compressor, room: Vec::new() })
    }

    fn member(&mut self, record: &[u8]) -> io::Result<Vec<u8>> {
        let most = self.compressor.gzip_compress_bound(record.len());
        if self.room.len() < most {
            self.room.resize(most, 0);
        }
        let written = self.compressor.gzip_compress(record, &mut self.room).map_err(io::Error::other)?;
        let member = self.room.get(..written).unwrap_or_default().to_vec();
        if self.room.len() > KEPT {
            self.room = Vec::new();
        }
        Ok(member)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn packed(block: &[u8], level: u32) -> Packed {
        let fields = [("WARC-Type", "resource")];
        pack(&fields, &mut &*block, block.len() as u64, Compression::Gzip(level)).unwrap()
    }

    fn text(seed: u64, length: usize) -> Vec<u8> {
        let words = ["record ", "block ", "payload ", "<p>", "</p>\n", "href=\"", "\">", "index.html"];
        let mut state = seed;
        let mut text = Vec::new();
        while text.len() < length {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.extend_from_slice(words[(state >> 61) as usize].as_bytes());
        }
        text
    }

    #[test]
    fn a_member_is_the_same_whichever_thread_makes_it_and_whatever_it_made_before() {
        let blocks: Vec<Vec<u8>> = (0..40).map(|n| text(n, 37 * (n as usize) * (n as usize))).collect();
        for level in [1, 4, 6, 9] {
            let make = |backwards: bool| {
                let mut members: Vec<(usize, Packed)> = Vec::new();
                let order: Vec<usize> =
                    if backwards { (0..blocks.len()).rev().collect() } else { (0..blocks.len()).collect() };
                members.extend(order.into_iter().map(|n| (n, packed(&blocks[n], level))));
                members.sort_by_key(|(n, _)| *n);
                members
            };
            let other = std::thread::scope(|scope| scope.spawn(|| make(true)).join().unwrap());
            assert_eq!(make(false), other, "level {level}");
        }
    }

    #[test]
    fn a_member_holds_the_record_and_says_nothing_of_when_and_where() {
        let block = text(1, 5000);
        let packed = packed(&block, 6);
        assert_eq!(packed.stored[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
        assert_eq!(packed.stored[9], 255);
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&packed.stored[..]).read_to_end(&mut plain).unwrap();
        let head = b"WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: ";
        assert!(plain.starts_with(head) && plain.ends_with(b"\r\n\r\n"));
        assert_eq!(packed.length as usize, plain.len() - 4);
        assert_eq!(packed.sha256, digest::sha256(&plain[..plain.len() - 4]));
    }

    #[test]
    fn a_block_of_another_length_is_refused_whole() {
        let fields = [("WARC-Type", "resource")];
        for said in [2, 4] {
            let error = pack(&fields, &mut &b"abc"[..], said, Compression::Gzip(6)).unwrap_err();
            assert!(matches!(error, Error::Length { said: s, .. } if s == said), "{error}");
        }
        assert!(pack(&[("A", "b\nc")], &mut &b""[..], 0, Compression::None).is_err());
    }
}
