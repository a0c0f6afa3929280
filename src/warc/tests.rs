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
fn a_wrong_check_sum_does_not_part_a_record_from_its_next_member() {
    let plain = sample(Compression::None);
    let (front, back) = plain.split_at(150);
    let mut bytes = [gzip(front), gzip(back)].concat();
    let crc = gzip(front).len() - 8;
    bytes[crc] ^= 1;
    let seen = read_bytes(&bytes);
    assert_eq!(seen.blocks, BLOCKS.map(|b| b.as_bytes().to_vec()), "{:?}", seen.codes);
    assert!(seen.codes.contains(&"gzip-crc") && !seen.codes.contains(&"gzip-gap"), "{:?}", seen.codes);
}

#[test]
fn a_record_behind_padding_or_a_mark_is_found() {
    let plain = sample(Compression::None);
    for before in [&b"\xef\xbb\xbf"[..], &[0; 512], b"junk ", b"<!-- WARC/1.0 -->", &[b'x'; 70_000]] {
        let seen = read_bytes(&[before, &plain].concat());
        assert_eq!((seen.ids.len(), seen.codes), (4, vec!["junk"]), "{:?}", &before[..3]);
    }
    let lower = String::from_utf8(plain).unwrap().replace("WARC/1.1", "warc/1.1");
    assert_eq!(read_bytes(lower.as_bytes()).codes, ["version-case"; 4]);
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

const ZSTD_BLOCK: &str = "WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:x:N>\r\nContent-Length: 11\r\n\r\nhello world\r\n\r\n";

/// One frame, as the WARC/zstd proposal has it.
fn frame(content: &[u8], checksum: bool, size: bool, dictionary: &[u8]) -> Vec<u8> {
    use zstd::stream::raw::CParameter;
    let mut out = zstd::stream::write::Encoder::with_dictionary(Vec::new(), 3, dictionary).unwrap();
    out.set_parameter(CParameter::ChecksumFlag(checksum)).unwrap();
    out.set_pledged_src_size(size.then_some(content.len() as u64)).unwrap();
    out.write_all(content).unwrap();
    out.finish().unwrap()
}

fn skippable(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [&[0x50 | kind, 0x2a, 0x4d, 0x18], &length[..], content].concat()
}

fn record(n: usize) -> Vec<u8> {
    ZSTD_BLOCK.replace('N', &n.to_string()).into_bytes()
}

#[test]
fn frames_are_read_and_what_they_lack_is_named() {
    let good = |n| frame(&record(n), true, true, &[]);
    let whole = [good(0), good(1), good(2)].concat();
    let (head, tail) = (record(1)[..60].to_vec(), record(1)[60..].to_vec());
    let in_parts = [good(0), frame(&head, true, true, &[]), frame(&tail, true, true, &[]), good(2)].concat();
    let wide = {
        let mut out = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        out.window_log(24).unwrap();
        out.write_all(&record(1)).unwrap();
        out.finish().unwrap()
    };
    let cases: [(Vec<u8>, usize, &[&str]); 9] = [
        (whole.clone(), 3, &[]),
        (in_parts, 3, &[]),
        ([good(0), skippable(0, b"note"), good(1)].concat(), 2, &[]),
        ([skippable(0, b"note"), good(0)].concat(), 1, &["zstd-skippable-misplaced"]),
        (
            [good(0), frame(&record(1), false, false, &[])].concat(),
            2,
            &["zstd-checksum-missing", "zstd-size-missing"],
        ),
        (frame(&[record(0), record(1)].concat(), true, true, &[]), 2, &["member-shared"]),
        ([good(0), vec![0; 9], good(1)].concat(), 2, &["zstd-junk"]),
        ([good(0), wide, good(2)].concat(), 2, &["zstd-window", "zstd-gap"]),
        (whole[..whole.len() - 3].to_vec(), 3, &["zstd-truncated", "zstd-gap"]),
    ];
    for (n, (bytes, records, codes)) in cases.into_iter().enumerate() {
        let seen = read_bytes(&bytes);
        assert_eq!((seen.ids.len(), seen.codes.as_slice()), (records, codes), "case {n}");
        assert_eq!(seen.end, bytes.len() as u64, "case {n}");
    }
}

#[test]
fn a_dictionary_is_used_plain_and_compressed_and_missed_when_it_is_not_there() {
    // The magic and an id, but no tables: anything else of a file is a dictionary of its content.
    let dictionary = b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:x:".repeat(4);
    let frames =
        [frame(&record(0), true, true, &dictionary), frame(&record(1), true, true, &dictionary)].concat();
    let packed = frame(&dictionary, true, true, &[]);
    for stored in [&dictionary, &packed] {
        let bytes = [skippable(13, stored), frames.clone()].concat();
        let seen = read_bytes(&bytes);
        assert_eq!((seen.ids.len(), seen.codes), (2, vec!["zstd-dictionary-id-missing"]));
        assert_eq!(seen.extents[0].offset, stored.len() as u64 + 8);
        let source = Source::Seek(Box::new(Cursor::new(bytes)));
        let mut reader = Reader::at(source, Limits::default(), seen.extents[1].offset).unwrap();
        assert_eq!(reader.next_record().unwrap().unwrap().head.id(), Some("urn:x:1"));
    }
    let cut = skippable(13, &packed[..packed.len() - 9]);
    assert!(read_bytes(&[cut, frames].concat()).codes.contains(&"zstd-dictionary"));
}

#[test]
fn every_flipped_bit_that_matters_and_every_cut_of_a_zstd_file_is_noticed() {
    let bytes = [frame(&record(0), true, true, &[]), frame(&record(1), true, true, &[])].concat();
    let whole = read_bytes(&bytes);
    let borders: Vec<u64> = whole.extents.iter().map(|e| e.end).collect();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bad = bytes.clone();
            bad[at] ^= 1 << bit;
            // Bits that nothing binds (the descriptor's unused one, some of the tables') leave the content as it is.
            let seen = read_bytes(&bad);
            let same = (seen.ids, seen.blocks) == (whole.ids.clone(), whole.blocks.clone());
            assert!(same || !seen.codes.is_empty(), "byte {at} bit {bit}");
        }
    }
    for cut in 1..bytes.len() {
        let seen = read_bytes(&bytes[..cut]);
        assert_eq!(seen.codes.is_empty(), borders.contains(&(cut as u64)), "cut at {cut}: {:?}", seen.codes);
    }
}

#[test]
fn a_wrong_check_sum_keeps_the_content_and_damage_keeps_the_other_records() {
    let frames = [0, 1, 2].map(|n| frame(&record(n), true, true, &[]));
    let mut bytes = frames.concat();
    let end = frames[0].len() + frames[1].len();
    bytes[end - 1] ^= 1;
    let seen = read_bytes(&bytes);
    assert_eq!((seen.ids.len(), seen.codes), (3, vec!["zstd-checksum"]));
    assert_eq!(seen.blocks[1], b"hello world");
    for byte in &mut bytes[frames[0].len() + 10..end - 10] {
        *byte ^= 0x5a;
    }
    let seen = read_bytes(&bytes);
    assert!(seen.ids.ends_with(&["urn:x:2".to_owned()]), "{:?}", seen.ids);
    assert!(seen.codes.contains(&"zstd-gap"), "{:?}", seen.codes);
}

mod recovery;
