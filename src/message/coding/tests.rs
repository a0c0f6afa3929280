#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use std::io::Write;

fn text() -> Vec<u8> {
    (0..20_000)
        .flat_map(|n: u32| format!("line {n} of {}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A Brotli stream of one uncompressed metablock (RFC 7932 §9.2) and the empty last one.
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let pieces: Vec<&[u8]> = bytes.chunks(60_000).collect();
    for (index, piece) in pieces.iter().enumerate() {
        let length = u32::try_from(piece.len() - 1).unwrap();
        // WBITS 16 is one bit 0, in front of the first metablock only: ISLAST 0, MNIBBLES 00, MLEN-1, ISUNCOMPRESSED 1.
        let header = length << 3 | 1 << 19;
        match index {
            0 => out.extend_from_slice(&(header << 1).to_le_bytes()[..3]),
            _ => out.extend_from_slice(&header.to_le_bytes()[..3]),
        }
        out.extend_from_slice(piece);
    }
    out.push(3);
    out
}

fn zstd_of(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).unwrap()
}

fn run_limited(coding: &str, bytes: &[u8], limit: u64) -> (Vec<u8>, Vec<&'static str>) {
    let mut decoded = decode(coding, bytes, limit);
    let mut out = Vec::new();
    decoded.read_to_end(&mut out).unwrap();
    let codes = decoded.findings().iter().map(|finding| finding.code).collect();
    (out, codes)
}

fn run(coding: &str, bytes: &[u8]) -> (Vec<u8>, Vec<&'static str>) {
    run_limited(coding, bytes, u64::MAX)
}

#[test]
fn every_coding_is_undone() {
    let text = text();
    let cases = [
        ("gzip", gzip(&text)),
        ("X-GZIP", gzip(&text)),
        ("gzip", [gzip(&text[..1000]), gzip(&text[1000..])].concat()),
        ("deflate", zlib(&text)),
        ("deflate", deflate(&text)),
        ("br", brotli(&text)),
        ("zstd", zstd_of(&text)),
        ("zstd", [zstd_of(&text[..9]), zstd_of(&text[9..])].concat()),
        ("identity", text.clone()),
        ("", text.clone()),
        ("deflate, gzip", gzip(&zlib(&text))),
        ("gzip,gzip", gzip(&gzip(&text))),
        ("gzip, identity, br", brotli(&gzip(&text))),
    ];
    for (coding, coded) in cases {
        let (out, codes) = run(coding, &coded);
        assert_eq!(codes, [] as [&str; 0], "{coding}");
        assert!(out == text, "{coding}: {} of {} bytes", out.len(), text.len());
    }
}

#[test]
fn small_reads_give_the_same() {
    let text = text();
    for (coding, coded) in [("gzip", gzip(&text)), ("br", brotli(&text)), ("zstd", zstd_of(&text))] {
        let mut decoded = decode(coding, coded.as_slice(), u64::MAX);
        let mut out = Vec::new();
        let mut buffer = [0; 7];
        loop {
            let count = decoded.read(&mut buffer).unwrap();
            if count == 0 {
                break;
            }
            out.extend_from_slice(&buffer[..count]);
        }
        assert!(out == text, "{coding}");
    }
}

#[test]
fn a_lie_gives_the_bytes_as_they_are() {
    let page =
        b"<!DOCTYPE html><html><head><title>Not coded at all</title></head><body>x</body></html>".repeat(20);
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let (out, codes) = run(coding, &page);
        assert_eq!((out.len(), codes), (page.len(), vec!["coding-lie"]), "{coding}");
        assert_eq!(out, page);
    }
}

#[test]
fn unknown_codings_are_left_alone() {
    assert_eq!(run("sdch", b"abc"), (b"abc".to_vec(), vec!["coding-unknown"]));
    assert_eq!(run("gzip,gzip,gzip,gzip,gzip,gzip", b"abc"), (b"abc".to_vec(), vec!["coding-unknown"]));
}

#[test]
fn an_empty_body_is_empty_in_any_coding() {
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, br"] {
        assert_eq!(run(coding, b""), (vec![], vec![]), "{coding}");
    }
}

#[test]
fn cut_content_gives_what_came_before() {
    let text = text();
    for (coding, coded) in
        [("gzip", gzip(&text)), ("deflate", zlib(&text)), ("br", brotli(&text)), ("zstd", zstd_of(&text))]
    {
        let (out, codes) = run(coding, &coded[..coded.len() / 2]);
        assert_eq!(codes, ["coding-cut"], "{coding}");
        assert!(out.len() > text.len() / 4 && text.starts_with(&out), "{coding}: {}", out.len());
    }
    let whole = gzip(&text);
    let (out, codes) = run("gzip", &whole[..whole.len() - 3]);
    assert_eq!((out.len(), codes), (text.len(), vec!["coding-cut"]));
}

#[test]
fn damage_gives_what_came_before() {
    let text = text();
    let mut footer = gzip(&text);
    let at = footer.len() - 6;
    footer[at] ^= 1;
    let (out, codes) = run("gzip", &footer);
    assert_eq!((out.len(), codes), (text.len(), vec!["coding-damaged"]));
    let mut frame = zstd_of(&text);
    frame.extend_from_slice(b"trailing");
    assert_eq!(run("zstd", &frame), (text.clone(), vec!["coding-surplus"]));
    let mut member = gzip(&text);
    member.extend_from_slice(b"\0\0\0");
    assert_eq!(run("gzip", &member), (text, vec!["coding-surplus"]));
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![0; 4 << 20];
    for (coding, coded) in
        [("gzip", gzip(&zeros)), ("zstd", zstd_of(&zeros)), ("gzip, gzip", gzip(&gzip(&zeros)))]
    {
        let (out, codes) = run_limited(coding, &coded, 100_000);
        assert_eq!((out.len(), codes), (100_000, vec!["coding-limit"]), "{coding}");
    }
    assert_eq!(run_limited("gzip", &gzip(b"just"), 4), (b"just".to_vec(), vec![]));
}

#[test]
fn errors_below_are_passed_on() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("disk"))
        }
    }
    let error = decode("gzip", Broken, 9).read(&mut [0]).unwrap_err();
    assert_eq!(error.to_string(), "disk");
}

proptest::proptest! {
    #[test]
    fn damage_anywhere_is_never_an_error(at in 0usize..2000, byte: u8, keep in 0usize..2000, which in 0usize..4) {
        let text = &text()[..3000];
        let (coding, mut coded) = [
            ("gzip", gzip(text)),
            ("deflate", zlib(text)),
            ("br", brotli(text)),
            ("zstd", zstd_of(text)),
        ][which].clone();
        let at = at % coded.len();
        coded[at] ^= byte;
        coded.truncate(coded.len().saturating_sub(keep % 7));
        let (out, codes) = run_limited(coding, &coded, 1 << 20);
        proptest::prop_assert!(out.len() <= 1 << 20 && codes.len() < 3);
    }
}
