//! Properties of reader and writer together.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use std::io::{Cursor, Read, Write};

const BLOCKS: [&str; 4] =
    ["software: test\r\n", "HTTP/1.1 200 OK\r\n\r\nhello", "", "GET / HTTP/1.1\r\n\r\n"];

fn sample(compression: Compression) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.warc");
    let mut writer = Writer::create(&path, compression).unwrap();
    for (n, block) in BLOCKS.iter().enumerate() {
        let fields = [("WARC-Type", "resource".to_owned()), ("WARC-Record-ID", format!("<urn:x:{n}>"))];
        writer.write(&fields, &mut block.as_bytes(), block.len() as u64).unwrap();
    }
    let closed = writer.close().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(closed.bytes, bytes.len() as u64);
    bytes
}

struct Seen {
    ids: Vec<String>,
    blocks: Vec<Vec<u8>>,
    extents: Vec<Extent>,
    codes: Vec<&'static str>,
    end: u64,
}

fn read(source: Source) -> Seen {
    let mut reader = Reader::new(source, Limits::default()).unwrap();
    let mut seen = Seen { ids: vec![], blocks: vec![], extents: vec![], codes: vec![], end: 0 };
    while let Some(mut record) = reader.next_record().unwrap() {
        seen.ids.push(record.head.id().unwrap_or_default().to_owned());
        let mut block = Vec::new();
        record.read_to_end(&mut block).unwrap();
        seen.blocks.push(block);
        seen.extents.push(record.finish().unwrap());
    }
    seen.codes = reader.take_findings().iter().map(|f| f.code).collect();
    seen.end = reader.position();
    seen
}

fn read_bytes(bytes: &[u8]) -> Seen {
    read(Source::Seek(Box::new(Cursor::new(bytes.to_vec()))))
}

/// Gives one byte at a time, and cannot seek.
struct Drip(Cursor<Vec<u8>>);
impl Read for Drip {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = buf.len().min(1);
        self.0.read(&mut buf[..n])
    }
}

#[test]
fn what_is_written_is_read_and_its_extents_tile_the_file() {
    for compression in [Compression::None, Compression::Gzip(6)] {
        let bytes = sample(compression);
        let seen = read_bytes(&bytes);
        assert!(seen.codes.is_empty(), "{:?}", seen.codes);
        assert_eq!(seen.blocks, BLOCKS.map(|b| b.as_bytes().to_vec()));
        assert_eq!(seen.extents[0].offset, 0);
        assert!(seen.extents.windows(2).all(|w| w[0].end == w[1].offset));
        assert_eq!(seen.extents[3].end, bytes.len() as u64);
    }
}

#[test]
fn a_dripping_pipe_gives_the_same_as_a_file() {
    for compression in [Compression::None, Compression::Gzip(1)] {
        let bytes = sample(compression);
        let seen = read(Source::Stream(Box::new(Drip(Cursor::new(bytes.clone())))));
        assert_eq!((seen.blocks, seen.extents), (read_bytes(&bytes).blocks, read_bytes(&bytes).extents));
        assert!(seen.codes.is_empty());
    }
}

#[test]
fn every_cut_is_noticed_but_those_between_records() {
    for compression in [Compression::None, Compression::Gzip(6)] {
        let bytes = sample(compression);
        let borders: Vec<u64> = read_bytes(&bytes).extents.iter().map(|e| e.end).collect();
        for cut in 1..bytes.len() {
            let seen = read_bytes(&bytes[..cut]);
            assert_eq!(
                seen.codes.is_empty(),
                borders.contains(&(cut as u64)),
                "cut at {cut}: {:?}",
                seen.codes
            );
            assert_eq!(seen.end, cut as u64, "every byte is looked at");
        }
    }
}

#[test]
fn every_flipped_bit_of_a_gzip_file_is_noticed() {
    let bytes = sample(Compression::Gzip(6));
    let extents = read_bytes(&bytes).extents;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bad = bytes.clone();
            bad[at] ^= 1 << bit;
            let seen = read_bytes(&bad);
            let member = extents.iter().find(|e| (at as u64) < e.end).unwrap();
            let from_start = at as u64 - member.offset;
            // No rule binds FTEXT, MTIME, XFL and OS, nor the bits that fill up the last byte of the deflate stream.
            let filling = member.end - at as u64 == 9;
            let unbound = matches!(from_start, 4..=9) || (from_start == 3 && bit == 0) || filling;
            assert!(unbound || !seen.codes.is_empty(), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn after_damage_every_other_record_is_found() {
    let bytes = sample(Compression::Gzip(6));
    let second = read_bytes(&bytes).extents[1];
    for seekable in [true, false] {
        let mut bad = bytes.clone();
        for byte in &mut bad[second.offset as usize + 12..second.end as usize - 12] {
            *byte ^= 0x5a;
        }
        let cursor = Cursor::new(bad);
        let seen = if seekable {
            read(Source::Seek(Box::new(cursor)))
        } else {
            read(Source::Stream(Box::new(cursor)))
        };
        for id in ["urn:x:0", "urn:x:2", "urn:x:3"] {
            assert!(seen.ids.iter().any(|i| i == id), "{id} in {:?} (seekable {seekable})", seen.ids);
        }
        assert!(seen.codes.contains(&"gzip-gap"), "{:?}", seen.codes);
    }
}

#[test]
fn a_wrong_length_does_not_hide_the_next_record() {
    let plain = sample(Compression::None);
    let text = String::from_utf8(plain).unwrap();
    for (from, to) in [
        ("Content-Length: 24", "Content-Length: 25"),
        ("Content-Length: 24", "Content-Length: 23"),
        ("Content-Length: 24", "Content-Length: 99999"),
    ] {
        assert!(text.contains(from));
        let seen = read_bytes(text.replacen(from, to, 1).as_bytes());
        assert!(seen.ids.ends_with(&["urn:x:2".to_owned(), "urn:x:3".to_owned()]), "{to}: {:?}", seen.ids);
        assert!(seen.codes.contains(&"separator") || seen.codes.contains(&"block-cut"), "{:?}", seen.codes);
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(content).unwrap();
    out.finish().unwrap()
}

#[test]
fn odd_but_readable_containers_are_read_whole_and_named() {
    let plain = sample(Compression::None);
    let (a, b) = plain.split_at(150);
    for (bytes, code) in [
        (gzip(&plain), "member-shared"),
        ([gzip(a), gzip(b)].concat(), "record-spans-members"),
        ([gzip(b""), gzip(&plain)].concat(), "member-empty"),
        ([gzip(&plain), vec![0; 512]].concat(), "gzip-junk"),
        ([gzip(&plain), b"junk".to_vec(), gzip(&plain)].concat(), "gzip-junk"),
    ] {
        let seen = read_bytes(&bytes);
        assert!(seen.ids.len() >= 4, "{code}: {:?}", seen.ids);
        assert!(seen.blocks.starts_with(&BLOCKS.map(|b| b.as_bytes().to_vec())), "{code}");
        assert!(seen.codes.contains(&code), "{code}: {:?}", seen.codes);
        assert_eq!(seen.end, bytes.len() as u64);
    }
}

#[test]
fn hostile_input_neither_panics_nor_allocates_what_it_says() {
    for text in [
        "WARC/1.1\r\nContent-Length: 18446744073709551615\r\n\r\nx",
        "WARC/1.1\r\nContent-Length: 18446744073709551616\r\n\r\nx",
        "WARC/",
        "WARC/1.1",
        "\r\n\r\n\r\n",
        "garbage",
        "",
    ] {
        let seen = read_bytes(text.as_bytes());
        assert!(!seen.codes.is_empty(), "{text:?}");
        assert_eq!(seen.end, text.len() as u64, "{text:?}");
    }
    let endless = [b"WARC/1.1\r\n".to_vec(), b"a: b\r\n".repeat(400_000)].concat();
    let limits = Limits { head: 64 * 1024 };
    let mut reader = Reader::new(Source::Stream(Box::new(Cursor::new(endless))), limits).unwrap();
    assert!(reader.next_record().unwrap().is_none());
    assert_eq!(reader.take_findings()[0].code, "head-unfinished");
}

#[test]
fn a_failed_write_leaves_the_file_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.warc.gz");
    let mut writer = Writer::create(&path, Compression::Gzip(6)).unwrap();
    let good = [("WARC-Type", "resource")];
    writer.write(&good, &mut &b"abc"[..], 3).unwrap();
    let offset = writer.offset();
    assert!(matches!(
        writer.write(&good, &mut &b"abc"[..], 4),
        Err(WriteError::Length { said: 4, actual: 3 })
    ));
    assert!(matches!(writer.write(&good, &mut &b"abc"[..], 2), Err(WriteError::Length { .. })));
    assert!(matches!(writer.write(&[("X", "a\r\nb")], &mut &b""[..], 0), Err(WriteError::Field(_))));
    assert_eq!(writer.offset(), offset);
    writer.write(&good, &mut &b"def"[..], 3).unwrap();
    writer.close().unwrap();
    assert_eq!(read_bytes(&std::fs::read(&path).unwrap()).blocks, [b"abc", b"def"]);
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.warc");
    std::fs::write(&path, "mine").unwrap();
    assert!(Writer::create(&path, Compression::None).is_err());
    let other = dir.path().join("b.warc");
    let writer = Writer::create(&other, Compression::None).unwrap();
    std::fs::write(&other, "mine").unwrap();
    assert!(writer.close().is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    assert_eq!(std::fs::read(&other).unwrap(), b"mine");
    assert!(dir.path().join("b.warc.open").exists());
}

#[test]
fn an_independent_reader_sees_the_same_records() {
    let bytes = sample(Compression::None);
    let reader = ::warc::WarcReader::new(std::io::BufReader::new(bytes.as_slice()));
    let records: Vec<_> = reader.iter_raw_records().map(Result::unwrap).collect();
    let blocks: Vec<&[u8]> = records.iter().map(|(_, block)| block.as_slice()).collect();
    assert_eq!(blocks, BLOCKS.map(str::as_bytes));
    for (n, (head, _)) in records.iter().enumerate() {
        let id = head.as_ref().get(&::warc::WarcHeader::RecordID).unwrap();
        assert_eq!(id, format!("<urn:x:{n}>").as_bytes());
        assert_eq!(head.version, "1.1");
    }
}
