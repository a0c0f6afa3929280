#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{Cursor, Seek, Write};

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZipWriter};
use proptest::prelude::*;

use super::*;

/// A ZIP by other hands: one stored entry, one deflated, one with room for 64-bit sizes.
fn sample() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file("archive/a.warc", stored).unwrap();
    zip.write_all(b"WARC/1.1\r\n").unwrap();
    zip.start_file("indexes/index.cdx", stored.compression_method(CompressionMethod::Deflated)).unwrap();
    zip.write_all(&b"abc ".repeat(100)).unwrap();
    zip.start_file("wide", stored.large_file(true)).unwrap();
    zip.write_all(b"wide").unwrap();
    zip.finish().unwrap().into_inner()
}

fn structure(bytes: &[u8]) -> (Shared, Structure) {
    let shared = Shared::new(Box::new(Cursor::new(bytes.to_vec()))).unwrap();
    let zip = read(&shared).unwrap();
    (shared, zip)
}

fn codes(bytes: &[u8]) -> Vec<&'static str> {
    structure(bytes).1.findings.iter().map(|f| f.code).collect()
}

#[test]
fn entries_of_other_writers_are_listed_and_read() {
    let (file, zip) = structure(&sample());
    assert_eq!(zip.findings, []);
    let contents: Vec<_> =
        zip.entries.iter().map(|e| io::read_to_string(e.open(&file).unwrap()).unwrap()).collect();
    assert_eq!(contents, ["WARC/1.1\r\n", &"abc ".repeat(100), "wide"]);
    assert!(zip.entries[0].section(&file).is_some());
    assert!(zip.entries[1].section(&file).is_none());
}

#[test]
fn bytes_before_between_and_after_are_found() {
    let zip = sample();
    let second = memchr::memmem::find_iter(&zip, b"PK\x03\x04").nth(1).unwrap();
    let inserted = [&zip[..second], b"junk", &zip[second..]].concat();
    assert!(codes(&inserted).contains(&"zip-unaccounted-bytes"), "{:?}", codes(&inserted));
    assert_eq!(codes(&[&zip[..], b"junk"].concat()), ["zip-unaccounted-bytes"]);
    assert!(!codes(&[b"junk", &zip[..]].concat()).is_empty());
}

#[test]
fn a_hidden_local_entry_is_unaccounted_for() {
    let zip = sample();
    // The first entry is dropped from the central directory alone, by moving the directory's start past it.
    let central: Vec<usize> = memchr::memmem::find_iter(&zip, b"PK\x01\x02").collect();
    let mut bytes = [&zip[..central[0]], &zip[central[1]..]].concat();
    let end = memchr::memmem::rfind(&bytes, b"PK\x05\x06").unwrap();
    let length = (end - central[0]) as u32;
    bytes[end + 8..end + 12].copy_from_slice(&[2, 0, 2, 0]);
    bytes[end + 12..end + 16].copy_from_slice(&length.to_le_bytes());
    let (_, zip) = structure(&bytes);
    assert_eq!(
        zip.findings.iter().map(|f| (f.code, f.offset)).collect::<Vec<_>>(),
        [("zip-unaccounted-bytes", Some(0))]
    );
}

#[test]
fn two_headers_that_disagree_are_found() {
    let mut zip = sample();
    let name = memchr::memmem::find(&zip, b"archive/a.warc").unwrap();
    zip[name] = b'A';
    assert_eq!(codes(&zip), ["zip-header-mismatch"]);
}

#[test]
fn no_end_record_is_a_finding_and_no_entry() {
    for bytes in [&b""[..], b"PK\x05\x06", &sample()[..200]] {
        let (_, zip) = structure(bytes);
        assert_eq!((zip.entries.len(), zip.findings[0].code), (0, "zip-directory"));
    }
}

#[test]
fn unsafe_names_are_told_from_odd_ones() {
    for name in ["../evil", "a/../../b", "/etc/passwd", "C:x", "a\\b", "a\0b", "", "a//b", "./a", ".."] {
        assert!(name_problem(name).is_some(), "{name:?}");
    }
    for name in ["a", "archive/", "raw/response_2023-02-19T00:49:59.837Z", "a/..b", "ü/ï"] {
        assert_eq!(name_problem(name), None, "{name:?}");
    }
}

/// Five gigabytes of zeros with a few bytes at both ends.
struct Sparse {
    head: Vec<u8>,
    tail: Vec<u8>,
    tail_at: u64,
    position: u64,
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.tail_at + self.tail.len() as u64;
        let read = buffer.len().min((length - self.position) as usize);
        for byte in &mut buffer[..read] {
            let in_head = self.head.get(self.position as usize);
            let in_tail = self.position.checked_sub(self.tail_at).and_then(|at| self.tail.get(at as usize));
            *byte = in_head.or(in_tail).copied().unwrap_or(0);
            self.position += 1;
        }
        Ok(read)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let length = self.tail_at + self.tail.len() as u64;
        self.position = crate::input::section::resolve(to, self.position, length)?;
        Ok(self.position)
    }
}

fn integers(parts: &[(u64, usize)]) -> Vec<u8> {
    parts.iter().flat_map(|(value, width)| value.to_le_bytes()[..*width].to_vec()).collect()
}

#[test]
fn entries_beyond_four_gigabytes_are_placed() {
    let size = 5 << 30;
    let local = integers(&[(0x0403_4b50, 4), (45, 2), (0, 2), (0, 2), (0, 4), (7, 4)]);
    let narrow = integers(&[(u64::from(u32::MAX), 4), (u64::from(u32::MAX), 4), (1, 2)]);
    let wide = integers(&[(1, 2), (16, 2), (size, 8), (size, 8)]);
    let head = [&local[..], &narrow, &integers(&[(20, 2)]), b"x", &wide].concat();
    let directory_at = head.len() as u64 + size;
    let central = integers(&[(0x0201_4b50, 4), (45, 2), (45, 2), (0, 2), (0, 2), (0, 4), (7, 4)]);
    let rest = integers(&[(20, 2), (0, 2), (0, 2), (0, 2), (0, 4), (0, 4)]);
    let central = [&central[..], &narrow, &rest, b"x", &wide].concat();
    let length = central.len() as u64;
    let end64 = integers(&[
        (0x0606_4b50, 4),
        (44, 8),
        (45, 2),
        (45, 2),
        (0, 8),
        (1, 8),
        (1, 8),
        (length, 8),
        (directory_at, 8),
    ]);
    let locator = integers(&[(0x0706_4b50, 4), (0, 4), (directory_at + length, 8), (1, 4)]);
    let end =
        integers(&[(0x0605_4b50, 4), (0, 4), (1, 2), (1, 2), (length, 4), (u64::from(u32::MAX), 4), (0, 2)]);
    let tail = [central, end64, locator, end].concat();
    let file = Sparse { head, tail, tail_at: directory_at, position: 0 };
    let zip = read(&Shared::new(Box::new(file)).unwrap()).unwrap();
    assert_eq!(zip.findings, []);
    assert_eq!((zip.entries[0].size, zip.entries[0].data_at), (size, Some(directory_at - size)));
}

proptest! {
    #[test]
    fn hostile_bytes_give_findings_and_no_panic(at in 0usize..600, with in any::<[u8; 4]>(), cut in 0usize..700) {
        let mut zip = sample();
        let at = at.min(zip.len() - 4);
        zip[at..at + 4].copy_from_slice(&with);
        zip.truncate(cut.max(1));
        let (file, structure) = structure(&zip);
        for entry in &structure.entries {
            let _ = entry.open(&file).map(|mut content| io::copy(&mut content, &mut io::sink()));
        }
    }
}

#[test]
fn what_is_said_of_an_entry_that_lies_nowhere_is_placed_in_the_file() {
    let mut zip = sample();
    let central = memchr::memmem::find(&zip, b"PK\x01\x02").unwrap();
    zip[central + 46] = 0;
    zip[central + 42..central + 46].copy_from_slice(&0x00ff_0000_u32.to_le_bytes());
    let (_, structure) = structure(&zip);
    let named = structure.findings.iter().find(|f| f.code == "entry-name-unsafe").unwrap();
    assert_eq!(named.offset, Some(central as u64));
    assert!(structure.findings.iter().all(|f| f.offset.is_none_or(|offset| offset <= zip.len() as u64)));
}

#[test]
fn without_a_directory_the_local_headers_give_the_entries() {
    let zip = sample();
    let central = memchr::memmem::find(&zip, b"PK\x01\x02").unwrap();
    let salvaged = |bytes: &[u8]| {
        let (file, structure) = structure(bytes);
        let found = entries(structure, &file).unwrap();
        let content = |e: &Entry| io::read_to_string(e.open(&file).unwrap()).unwrap();
        found.iter().map(|e| (e.name.clone(), content(e))).collect::<Vec<_>>()
    };
    let sound = salvaged(&zip);
    assert_eq!(sound.len(), 3);
    assert_eq!(salvaged(&zip[..central]), sound);
    assert_eq!(salvaged(&[b"PK\x03\x04 is not here", &zip[..central]].concat()), sound);
    // Of the last one as much as there is.
    let cut = salvaged(&zip[..central - 1]);
    assert_eq!((&cut[..2], cut[2].1.as_str()), (&sound[..2], "wid"));
}

#[test]
fn sizes_that_stand_behind_the_data_are_found_there() {
    let data = b"WARC/1.1\r\nPK\x07\x08PK\x03\x04\r\n";
    let mut bytes = Vec::new();
    for name in [b"archive/a.warc", b"archive/b.warc"] {
        let mut head = [0; 30];
        head[..4].copy_from_slice(b"PK\x03\x04");
        head[6] = 1 << 3;
        head[26] = name.len() as u8;
        let size = (data.len() as u32).to_le_bytes();
        bytes.extend([&head[..], name, data, b"PK\x07\x08crc.", &size, &size].concat());
    }
    let (file, structure) = structure(&bytes);
    let found = entries(structure, &file).unwrap();
    let shown: Vec<_> = found.iter().map(|e| (e.name.as_str(), e.size)).collect();
    let size = data.len() as u64;
    assert_eq!(shown, [("archive/a.warc", size), ("archive/b.warc", size)]);
}
