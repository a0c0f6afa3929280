//! Content and transfer codings, as servers send them and as they lie about them.

use super::warcs::{Form, Record, html, response, warc};
use crate::common::cli::fonds;
use crate::common::collection::gzip;
use std::fs;
use std::io::Write;
use tempfile::tempdir;

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ::zstd::bulk::compress(bytes, 3).unwrap()
}

/// Stored meta-blocks (RFC 7932 §9.2): a stream that any decoder takes, without an encoder.
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![false];
    let mut out = Vec::new();
    let flush = |bits: &mut Vec<bool>, out: &mut Vec<u8>| {
        for byte in bits.chunks(8) {
            out.push(byte.iter().enumerate().map(|(n, bit)| u8::from(*bit) << n).sum());
        }
        bits.clear();
    };
    for part in bytes.chunks(1 << 16) {
        let length = part.len() - 1;
        // ISLAST 0, MNIBBLES 4, MLEN - 1, ISUNCOMPRESSED 1.
        bits.extend([false, false, false]);
        bits.extend((0..16).map(|n| length >> n & 1 == 1));
        bits.push(true);
        flush(&mut bits, &mut out);
        out.extend_from_slice(part);
    }
    out.push(3);
    out
}

fn chunked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in bytes.chunks(333) {
        out.extend_from_slice(format!("{:x};x=y\r\n", part.len()).as_bytes());
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\nTrailer: x\r\n\r\n");
    out
}

#[track_caller]
fn assert_text(what: &str, fields: &str, body: &[u8]) {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.warc.gz");
    let fields = format!("Content-Type: text/html; charset=utf-8\r\n{fields}");
    let record: Record = response("1", "https://example.org/", "2020-01-01T00:00:00Z", &fields, body);
    fs::write(&path, warc(&[record], Form::Gzip)).unwrap();
    let run = fonds(["extract", "--format", "jsonl", path.to_str().unwrap()]);
    let line = run.expect(0).json_lines().into_iter().next().unwrap_or_else(|| panic!("{what}: no page"));
    let plain = dir.path().join("a.html");
    fs::write(&plain, html("coded")).unwrap();
    let expected = fonds(["extract", "--format", "jsonl", plain.to_str().unwrap()]).expect(0).json_lines();
    assert_eq!(line["text"], expected[0]["text"], "{what}");
}

#[test]
fn each_content_coding_comes_off_alone_stacked_and_in_chunks() {
    let page = html("coded").into_bytes();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("gzip", gzip(&page)),
        ("x-gzip", gzip(&page)),
        ("GZip ", gzip(&page)),
        ("deflate", zlib(&page)),
        ("deflate", raw_deflate(&page)),
        ("br", brotli(&page)),
        ("zstd", zstd(&page)),
        ("gzip, br", brotli(&gzip(&page))),
        ("deflate, gzip", gzip(&zlib(&page))),
        ("gzip,gzip", gzip(&gzip(&page))),
        ("zstd, deflate, br", brotli(&raw_deflate(&zstd(&page)))),
        ("identity", page.clone()),
        ("identity, gzip", gzip(&page)),
        ("", page.clone()),
        // Two members, as some proxies send.
        ("gzip", [gzip(&page[..500]), gzip(&page[500..])].concat()),
    ];
    for (coding, body) in &cases {
        let field = format!("Content-Encoding: {coding}\r\n");
        assert_text(coding, &field, body);
        assert_text(
            &format!("{coding}, chunked"),
            &format!("{field}Transfer-Encoding: chunked\r\n"),
            &chunked(body),
        );
    }
    let twice = "Content-Encoding: deflate\r\nContent-Encoding: gzip\r\n";
    assert_text("two fields", twice, &gzip(&zlib(&page)));
}

#[test]
fn a_coding_that_is_a_lie_is_seen_through() {
    let page = html("coded").into_bytes();
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, br"] {
        assert_text(&format!("{coding}, but plain"), &format!("Content-Encoding: {coding}\r\n"), &page);
    }
    assert_text("nothing said, but gzip", "", &gzip(&page));
    assert_text("identity, but gzip", "Content-Encoding: identity\r\n", &gzip(&page));
    assert_text("nothing said, but zstd", "", &zstd(&page));
    assert_text("gzip once, but twice", "Content-Encoding: gzip\r\n", &gzip(&gzip(&page)));
    assert_text("br, but gzip", "Content-Encoding: br\r\n", &gzip(&page));
    assert_text("gzip, but deflate", "Content-Encoding: gzip\r\n", &zlib(&page));
    assert_text("a coding that nobody knows", "Content-Encoding: utf-8\r\n", &page);
}

#[test]
fn broken_chunks_and_lengths_cost_no_text() {
    let page = html("coded").into_bytes();
    let field = "Transfer-Encoding: chunked\r\n";
    assert_text("declared, not chunked", field, &page);
    let mut cut = chunked(&page);
    cut.truncate(cut.len() - 20);
    assert_text("no last chunk", field, &cut);
    assert_text("wrong length", "Content-Length: 17\r\n", &page);
    let gzipped = gzip(&page);
    assert_text(
        "chunked and gzip declared, neither true",
        &format!("{field}Content-Encoding: gzip\r\n"),
        &page,
    );
    assert_text("chunked declared of gzip", &format!("{field}Content-Encoding: gzip\r\n"), &gzipped);
}

/// What is cut gives what was there.
#[test]
fn a_body_that_ends_early_gives_its_beginning() {
    let page = html("coded").into_bytes();
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.warc.gz");
    let end = page.len() - 100;
    let cut = [gzip(&page), zlib(&page), zstd(&page)].map(|body| body[..body.len() - 4].to_vec());
    let cut_chunks = chunked(&page)[..end].to_vec();
    let cases = [
        ("Content-Encoding: gzip\r\n", &cut[0]),
        ("Content-Encoding: deflate\r\n", &cut[1]),
        ("Transfer-Encoding: chunked\r\n", &cut_chunks),
    ];
    for (fields, body) in cases {
        let fields = format!("Content-Type: text/html\r\n{fields}");
        let record = response("1", "https://example.org/", "2020-01-01T00:00:00Z", &fields, body);
        fs::write(&path, warc(&[record], Form::Gzip)).unwrap();
        let run = fonds(["extract", path.to_str().unwrap()]).expect(0);
        assert!(run.text().starts_with("Article coded\n\nThis is the article called coded"), "{fields}");
    }
}

#[test]
fn a_page_that_cannot_be_used_or_is_not_whole_is_a_line_that_says_so() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.warc.gz");
    let page = html("whole");
    // Noise, so that what is cut off the coded form is text.
    let long: String =
        (0..9000_u64).map(|n| format!(" {:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let coded = gzip(html(&format!("cut</h1><p>{long}")).as_bytes());
    let binary: Vec<u8> = (0..=255).cycle().take(20_000).collect();
    let typed = |id: &str, kind: &str, body: &[u8]| {
        let url = format!("https://example.org/{id}");
        response(id, &url, "2020-01-01T00:00:00Z", &format!("Content-Type: {kind}\r\n"), body)
    };
    let records = [
        typed("whole", "text/html", page.as_bytes()),
        typed("empty", "text/html", b""),
        typed("binary", "text/html", &binary),
        typed("binary-text", "text/plain", &binary),
        typed("picture", "text/html", &[crate::common::site::PNG, &binary].concat()),
        typed("pdf", "text/html", b"%PDF-1.7\nThis is text, as far as one sees, but it is none."),
        typed("coded", "text/html\r\nContent-Encoding: gzip", &coded[..coded.len() / 2]),
        typed("truncated", "text/html", page.as_bytes()).with("WARC-Truncated", "time"),
        typed(
            "utf-16",
            "text/html; charset=utf-16le",
            &page.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
        ),
        typed("style", "text/css", b""),
    ];
    fs::write(&path, warc(&records, Form::Gzip)).unwrap();
    let run = fonds(["extract", "--format", "jsonl", path.to_str().unwrap()]).expect(0);
    let told: Vec<(String, String, bool)> = run
        .json_lines()
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            (text("url").split_off("https://example.org/".len()), text("error"), !text("text").is_empty())
        })
        .collect();
    let none = "the page is no text, whatever it says: it looks like";
    let expected = [
        ("whole", String::new(), true),
        ("empty", "the page is empty".to_owned(), false),
        ("binary", format!("{none} binary data"), false),
        ("binary-text", format!("{none} binary data"), false),
        ("picture", format!("{none} image/png"), false),
        ("pdf", format!("{none} application/pdf"), false),
        ("coded", "The gzip content ends before its own end mark.".to_owned(), true),
        ("truncated", "The capture was cut (WARC-Truncated: time).".to_owned(), true),
        ("utf-16", String::new(), true),
    ];
    let expected = expected.map(|(url, error, has_text)| (url.to_owned(), error, has_text));
    assert_eq!(told, expected);
}

#[test]
fn the_text_of_xhtml_behind_what_is_closed_at_once_is_not_lost() {
    let dir = tempdir().unwrap();
    let page = html("closed").replacen("<title>Article closed</title>", "<title/><script src='x.js' />", 1);
    let text = |name: &str, page: &str| {
        let path = dir.path().join(name);
        fs::write(&path, page).unwrap();
        fonds(["extract", path.to_str().unwrap()]).expect(0).text().to_owned()
    };
    let plain = html("closed").replacen("<title>Article closed</title>", "<title></title>", 1);
    let expected = text("plain.html", &plain);
    let declared = format!("<?xml version='1.0' encoding='utf-8'?>\n{page}");
    assert_eq!(text("declared.xhtml", &declared), expected);
    let record = response(
        "1",
        "https://example.org/",
        "2020-01-01T00:00:00Z",
        "Content-Type: application/xhtml+xml\r\n",
        &page,
    );
    let path = dir.path().join("a.warc.gz");
    fs::write(&path, warc(&[record], Form::Gzip)).unwrap();
    assert_eq!(fonds(["extract", path.to_str().unwrap()]).expect(0).text(), expected);
}
