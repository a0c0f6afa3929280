#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use crate::warc::{Extent, Limits, Reader, RecordType, Source};
use std::io::{Cursor, Read, Write};

const VERSION: &str = "filedesc://a.arc 0.0.0.0 20080430204825 text/plain 76\n1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n\n";
const DNS: &str = "dns:example.org 68.87.76.178 20080430204825 text/dns 5\nhello\n";
const HTTP: &str =
    "http://example.org/a b 207.241.229.39 20080430204826 text/html 21\nHTTP/1.0 200 OK\r\n\r\nhi\n";

fn parse(line: &str) -> (Option<String>, Option<String>, Option<u64>, Vec<&'static str>) {
    let (head, findings) = parse_head(format!("{line}\n").into_bytes(), 0, 0);
    (
        head.target_uri().map(str::to_owned),
        head.date().map(str::to_owned),
        head.content_length,
        findings.iter().map(|f| f.code).collect(),
    )
}

#[test]
fn lines_of_both_versions_are_read_and_odd_ones_named() {
    let some = |text: &str| Some(text.to_owned());
    let date = "2008-04-30T20:48:25Z";
    for (line, url, when, length, codes) in [
        ("http://a/ 1.2.3.4 20080430204825 text/html 7", "http://a/", some(date), Some(7), vec![]),
        (
            "http://a/ 1.2.3.4 20080430204825 text/html 200 - - 0 t.arc 77",
            "http://a/",
            some(date),
            Some(77),
            vec![],
        ),
        ("http://a/ 1.2.3.4 20080430204825 text/html; charset=x 7", "http://a/", some(date), Some(7), vec![]),
        (
            "http://a/b c 1.2.3.4 20080430204825 text/html 7",
            "http://a/b c",
            some(date),
            Some(7),
            vec!["target-uri-spaces"],
        ),
        (
            "http://a/ 1.2.3.4 2008043020 text/html 7",
            "http://a/",
            some("2008-04-30T20:00:00Z"),
            Some(7),
            vec!["arc-date"],
        ),
        ("http://a/ 1.2.3.4 a0d1fdddf316 text/html 7", "http://a/", None, Some(7), vec!["arc-date"]),
        (
            "http://a/ 1.2.3.4 20080430204825 text/html -7",
            "http://a/",
            some(date),
            None,
            vec!["content-length-invalid"],
        ),
    ] {
        assert_eq!(parse(line), (some(url), when, length, codes), "{line}");
        assert!(is_record_line(line.as_bytes()), "{line}");
    }
    for line in ["", "http://a/", "<p>see http://a/ for 7 of 9", "a b c d 7", "WARC/1.0"] {
        assert!(!is_record_line(line.as_bytes()), "{line}");
    }
}

type Seen = (Vec<(RecordType, String)>, Vec<Extent>, Vec<&'static str>);

fn read(bytes: Vec<u8>) -> Seen {
    let mut reader = Reader::new(Source::Seek(Box::new(Cursor::new(bytes))), Limits::default()).unwrap();
    let (mut records, mut extents) = (Vec::new(), Vec::new());
    while let Some(mut record) = reader.next_record().unwrap() {
        let mut block = String::new();
        record.read_to_string(&mut block).unwrap();
        records.push((record.head.record_type(), block));
        extents.push(record.finish().unwrap());
    }
    (records, extents, reader.take_findings().iter().map(|f| f.code).collect())
}

fn gzip(text: &str) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

#[test]
fn an_arc_gives_records_plain_and_in_members() {
    let plain = [VERSION, DNS, HTTP].concat();
    let packed = [VERSION, DNS, HTTP].map(gzip).concat();
    for bytes in [plain.clone().into_bytes(), packed] {
        let length = bytes.len() as u64;
        let (records, extents, codes) = read(bytes);
        let types: Vec<&RecordType> = records.iter().map(|(t, _)| t).collect();
        assert_eq!(types, [&RecordType::WarcInfo, &RecordType::Resource, &RecordType::Response]);
        assert_eq!(records[1].1, "hello");
        assert_eq!(records[2].1, "HTTP/1.0 200 OK\r\n\r\nhi");
        assert_eq!(codes, ["target-uri-spaces"]);
        assert!(extents.windows(2).all(|w| w[0].end == w[1].offset));
        assert_eq!(extents[2].end, length);
    }
}

#[test]
fn a_wrong_length_does_not_hide_the_next_record() {
    for (from, to) in [("text/dns 5", "text/dns 4"), ("text/dns 5", "text/dns 15"), ("dns 5", "dns 9999")] {
        let text = [VERSION, DNS, HTTP].concat().replacen(from, to, 1);
        let (records, _, codes) = read(text.into_bytes());
        assert_eq!(records.last().unwrap().1, "HTTP/1.0 200 OK\r\n\r\nhi", "{to}: {codes:?}");
        assert!(codes.contains(&"separator") || codes.contains(&"block-cut"), "{to}: {codes:?}");
    }
}

#[test]
fn after_damage_the_next_member_is_found() {
    let mut bytes = [VERSION, DNS, HTTP].map(gzip).concat();
    let at = gzip(VERSION).len();
    for byte in &mut bytes[at + 12..at + 40] {
        *byte ^= 0x5a;
    }
    let (records, _, codes) = read(bytes);
    assert_eq!(records.last().unwrap().1, "HTTP/1.0 200 OK\r\n\r\nhi");
    // The damaged stream still has its length: its content is junk, what follows it is trusted.
    assert_eq!(codes, ["gzip-crc", "junk", "target-uri-spaces"]);
}
