//! What `verify` cannot notice in an archive that is nothing but WARC: a byte is altered at every place of two small
//! archives that carry a digest on each record, and where nothing is said, the field that it lies in is in
//! docs/unbound.md; and the other way about.
//!
//! With `FONDS_BLESS=1` the document is written anew; what is said of each field there stands here, in [`WHY`].

use crate::documents::assert_document;
use crate::targets::next;
use fonds::digest::{Digest, sha256};
use fonds::finding::Severity;
use fonds::verify::{Options, Verification};
use fonds::warc::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Cursor, Read as _, Write as _};
use std::ops::Range;

/// Bits flipped at every byte: digits become others, letters other letters and the other case, and what is ASCII is not.
const MASKS: [u8; 4] = [0x01, 0x10, 0x20, 0x80];

/// Why a change of each field may go unnoticed; in the order of the document.
const WHY: &[(&str, &str)] = &[
    ("version line", "records of WARC/1.0 and WARC/1.1 may share a file"),
    ("WARC-Record-ID", "of a record that no other one names; the id has no other meaning"),
    ("WARC-Date", "of a record that is concurrent to none; else the partners disagree"),
    (
        "WARC-Target-URI",
        "of a record that is concurrent to none and made of none; else the partners disagree",
    ),
    ("WARC-IP-Address", "of a record whose partner has none; it only has to be an address"),
    ("WARC-Filename", "a file may be renamed, and keeps this name"),
    ("WARC-Identified-Payload-Type", "it only has to be a media type; nobody looks at the payload"),
    ("WARC-Profile", "a profile that is not known is no error; and that of WARC/1.0 may stand in WARC/1.1"),
    ("WARC-Protocol", "not in the standard"),
    ("WARC-Cipher-Suite", "not in the standard"),
    (
        "Content-Type",
        "of blocks that are no HTTP message, and its parameters; it only has to be a media type",
    ),
    ("Content-Length", "a zero before the number means nothing"),
    ("WARC-Segment-Number", "the same"),
    ("WARC-Segment-Total-Length", "the same"),
    ("any other field", "fields that the standard does not define may say anything"),
];

struct Record {
    kind: &'static str,
    bytes: Vec<u8>,
}

fn digest(bytes: &[u8]) -> Digest {
    sha256(bytes)
}

fn record(kind: &'static str, n: u32, fields: &str, block: &str, payload: Option<&str>) -> Record {
    let payload =
        payload.map_or(String::new(), |p| format!("WARC-Payload-Digest: {}\r\n", digest(p.as_bytes())));
    let head = format!(
        "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: {}\r\nWARC-Date: 2024-03-01T12:00:00Z\r\n{fields}\
         WARC-Block-Digest: {}\r\n{payload}Content-Length: {}\r\n\r\n",
        id(n),
        digest(block.as_bytes()),
        block.len()
    );
    Record { kind, bytes: [head.as_bytes(), block.as_bytes(), b"\r\n\r\n"].concat() }
}

fn id(n: u32) -> String {
    // No two are one byte apart.
    let part = n.wrapping_mul(0x9e37_79b9);
    format!("<urn:uuid:{part:08x}-1111-4222-8333-{:012x}>", u64::from(part) * 0xffff)
}

const BODY: &str = "<p>Text.</p>";
const RESPONSE: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n<p>Text.</p>\r\n0\r\n\r\n";

/// Archives, each some files of records: every type, with every field of the standard and some others.
fn archives() -> Vec<Vec<Vec<Record>>> {
    let info = |n| format!("WARC-Warcinfo-ID: {}\r\n", id(n));
    let page = "WARC-Target-URI: http://example.com/\r\nWARC-IP-Address: 192.0.2.1\r\n";
    let http = |kind: &str| format!("Content-Type: application/http; msgtype={kind}\r\n");
    let first = info(1);
    let named = |n, name: &str| {
        record(
            "warcinfo",
            n,
            &format!("WARC-Filename: {name}\r\nContent-Type: application/warc-fields\r\n"),
            "software: byhand\r\n",
            None,
        )
    };
    let revisit = format!(
        "WARC-Target-URI: http://example.com/again\r\nWARC-IP-Address: 192.0.2.1\r\n{first}\
         WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\nWARC-Refers-To: {}\r\n\
         WARC-Refers-To-Target-URI: http://example.com/\r\nWARC-Refers-To-Date: 2024-03-01T12:00:00Z\r\n{}",
        id(3),
        http("response")
    );
    let segment = "HTTP/1.1 200 OK\r\n\r\nfirst, ";
    let segments = "WARC-Target-URI: http://example.com/long\r\n";
    let capture = vec![
        named(1, "a.warc"),
        record(
            "request",
            2,
            &format!("{page}WARC-Concurrent-To: {}\r\n{first}{}", id(3), http("request")),
            "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
            None,
        ),
        record(
            "response",
            3,
            &format!(
                "{page}WARC-Concurrent-To: {}\r\nWARC-Protocol: http/1.1\r\nWARC-Cipher-Suite: TLS_AES_128_GCM_SHA256\r\nWARC-Identified-Payload-Type: text/html\r\n{first}{}",
                id(2),
                http("response")
            ),
            RESPONSE,
            Some(BODY),
        ),
        record("revisit", 7, &revisit, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Some(BODY)),
        record(
            "metadata",
            8,
            &format!(
                "WARC-Target-URI: http://example.com/\r\nWARC-Concurrent-To: {}\r\nWARC-Refers-To: {}\r\n{first}Content-Type: application/warc-fields\r\n",
                id(3),
                id(3)
            ),
            "via: http://example.org/\r\n",
            None,
        ),
        record(
            "conversion",
            9,
            &format!(
                "WARC-Target-URI: http://example.com/\r\nWARC-Refers-To: {}\r\n{first}Content-Type: text/plain\r\n",
                id(3)
            ),
            "Text.",
            None,
        ),
    ];
    let others = vec![
        named(1, "a.warc"),
        record(
            "response",
            4,
            &format!(
                "WARC-Target-URI: http://example.com/cut\r\nWARC-Truncated: length\r\n{first}{}",
                http("response")
            ),
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut",
            Some("cut"),
        ),
        record(
            "resource",
            5,
            &format!(
                "WARC-Target-URI: dns:example.com\r\nX-Note: a field of no standard\r\n{first}Content-Type: text/dns\r\n"
            ),
            "20240301120000\n",
            Some("20240301120000\n"),
        ),
        record(
            "resource",
            6,
            &format!("WARC-Target-URI: file:///a.txt\r\n{first}Content-Type: text/plain; charset=utf-8\r\n"),
            "a",
            None,
        ),
    ];
    let parts = vec![
        vec![
            record("warcinfo", 10, "Content-Type: application/warc-fields\r\n", "software: byhand\r\n", None),
            record(
                "response",
                11,
                &format!("{segments}WARC-Segment-Number: 1\r\n{}{}", info(10), http("response")),
                segment,
                None,
            ),
        ],
        vec![
            record("warcinfo", 12, "Content-Type: application/warc-fields\r\n", "software: byhand\r\n", None),
            record(
                "continuation",
                13,
                &format!(
                    "{segments}WARC-Segment-Number: 2\r\nWARC-Segment-Origin-ID: {}\r\nWARC-Segment-Total-Length: {}\r\n{}",
                    id(11),
                    segment.len() + 4,
                    info(12)
                ),
                "last",
                None,
            ),
        ],
    ];
    vec![vec![capture], vec![others], parts]
}

/// What is said of the files: codes of errors and warnings, and of notices.
fn said(files: &[Vec<u8>]) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let mut run = Verification::new(Options::default());
    for (n, bytes) in files.iter().enumerate() {
        let source = Source::Seek(Box::new(Cursor::new(bytes.clone())));
        run.warc(&format!("{n}.warc"), source).unwrap();
    }
    let findings = run.finish(String::new()).findings;
    let (loud, notices): (Vec<_>, Vec<_>) = findings.iter().partition(|f| f.severity > Severity::Info);
    (loud.iter().map(|f| f.code).collect(), notices.iter().map(|f| f.code).collect())
}

/// A change that no error and no warning tells of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Silent {
    /// The field, or the part of a container.
    field: String,
    /// The record's type.
    kind: &'static str,
    /// A letter became its other case, or a space a tab.
    case: bool,
    letter: bool,
    /// In the name rather than the value.
    name: bool,
    notices: BTreeSet<&'static str>,
}

/// Where the bytes of one record's head are: each with its field's name, and whether it is that name.
fn place(record: &Record, at: usize) -> (String, bool) {
    let head = record.bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    if at >= head {
        return ("block".to_owned(), false);
    }
    let start = record.bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let line = record.bytes[start..head].split(|b| *b == b'\n').next().unwrap();
    match line.iter().position(|b| *b == b':') {
        Some(colon) => (String::from_utf8_lossy(&line[..colon]).into_owned(), at - start < colon),
        None => ("version line".to_owned(), false),
    }
}

/// The silent ones of these changes, each of one byte of one file.
fn try_all(
    files: &[Vec<u8>],
    changes: &[(usize, usize, u8)],
    classify: &(dyn Fn(usize, usize, u8) -> Silent + Sync),
) -> BTreeSet<Silent> {
    let tried = |changes: &[(usize, usize, u8)]| {
        let mut files = files.to_vec();
        let mut silent = BTreeSet::new();
        for (file, at, mask) in changes {
            files[*file][*at] ^= mask;
            let (loud, notices) = said(&files);
            if loud.is_empty() {
                silent.insert(Silent { notices, ..classify(*file, *at, *mask) });
            }
            files[*file][*at] ^= mask;
        }
        silent
    };
    std::thread::scope(|scope| {
        let halves: Vec<_> =
            changes.chunks(changes.len().div_ceil(2)).map(|part| scope.spawn(|| tried(part))).collect();
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    })
}

fn every_change(files: &[Vec<u8>]) -> Vec<(usize, usize, u8)> {
    let places = files.iter().enumerate().flat_map(|(n, bytes)| (0..bytes.len()).map(move |at| (n, at)));
    places.flat_map(|(n, at)| MASKS.map(|mask| (n, at, mask))).collect()
}

/// As plain files, and what each byte is.
fn plain(archive: Vec<Vec<Record>>) -> (Vec<Vec<u8>>, impl Fn(usize, usize, u8) -> Silent + Sync) {
    let files: Vec<Vec<u8>> =
        archive.iter().map(|records| records.iter().flat_map(|r| r.bytes.clone()).collect()).collect();
    let (loud, notices) = said(&files);
    assert!(loud.is_empty() && notices.is_empty(), "{loud:?} {notices:?}");
    let classify = move |file: usize, at: usize, mask: u8| {
        let mut start = 0;
        let record = archive[file].iter().find(|record| {
            start += record.bytes.len();
            at < start
        });
        let record = record.unwrap();
        let at = at - (start - record.bytes.len());
        let (byte, (field, name)) = (record.bytes[at], place(record, at));
        let other = byte ^ mask;
        let case = byte.eq_ignore_ascii_case(&other) || (byte, other) == (b' ', b'\t');
        let letter = byte.is_ascii_alphabetic();
        Silent { field, kind: record.kind, case, letter, name, notices: BTreeSet::new() }
    };
    (files, classify)
}

#[test]
fn what_no_rule_binds_is_what_the_document_lists() {
    let mut silent = BTreeSet::new();
    for (files, classify) in archives().into_iter().map(plain) {
        silent.extend(try_all(&files, &every_change(&files), &classify));
    }
    let heads = heads_table(&silent);
    let gzip = gzip_table();
    assert_document("docs/unbound.md", &format!("{INTRODUCTION}{heads}{GZIP}{gzip}"));
}

/// A random byte in place of any other is noticed, too, or lies in one of the fields of the document.
#[test]
fn a_byte_of_any_value_is_noticed_outside_those_fields() {
    let archives: Vec<_> = archives().into_iter().map(plain).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut below = |n: usize| (next(&mut state) >> 20) as usize % n;
    let mut wrong = Vec::new();
    for (files, classify) in &archives {
        for _ in 0..500 {
            let file = below(files.len());
            let change = (file, below(files[file].len()), 1 + below(255) as u8);
            for silent in try_all(files, &[change], classify) {
                let listed = silent.case || WHY.iter().any(|(field, _)| *field == listed_as(&silent.field));
                if !listed {
                    wrong.push(format!("{change:?} {silent:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const INTRODUCTION: &str = "# What nothing binds\n\n\
    An archive that fonds made, or packed, binds every byte: records by the provenance log, files by datapackage.json. An\n\
    archive that is nothing but WARC binds a record's block by its digest, and its head by nothing but what the standard\n\
    asks of it. So `fonds verify` cannot notice every change there. The tests alter every byte of a small archive, with a\n\
    digest on each record, in several ways; what is then told by no error and no warning lies in one of these places, and\n\
    nowhere else. A record without WARC-Block-Digest adds its block to them.\n\n\
    This file is made by the tests.\n\n\
    ## Record heads\n\n\
    | field | seen on | what is said | why |\n|---|---|---|---|\n";

const GZIP: &str = "\n## gzip members\n\n\
    CRC32 and ISIZE bind what a member holds, so that of the content of a `.warc.gz` nothing is left out: whoever changes a\n\
    head has to pack it again. Of the container these bits go unnoticed:\n\n\
    | part | why |\n|---|---|\n";

/// The name that the document has for a field.
fn listed_as(field: &str) -> &str {
    if field.starts_with("X-") || field.contains("-Note") { "any other field" } else { field }
}

fn heads_table(silent: &BTreeSet<Silent>) -> String {
    let mut rows: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<String>)> = BTreeMap::new();
    let mut values = BTreeSet::new();
    for silent in silent {
        let field = listed_as(&silent.field);
        if silent.case {
            if !silent.name && silent.letter {
                values.insert(field);
            }
            continue;
        }
        let row = rows.entry(field).or_default();
        row.0.insert(silent.kind);
        row.1.insert(match silent.notices.iter().next() {
            Some(notice) => format!("a notice (`{notice}`)"),
            None => "nothing".to_owned(),
        });
    }
    let explained: BTreeSet<&str> = WHY.iter().map(|(field, _)| *field).collect();
    assert_eq!(
        rows.keys().copied().collect::<BTreeSet<_>>(),
        explained,
        "each silent field has its reason, and no other has"
    );
    let mut out = String::new();
    for (field, why) in WHY {
        let (kinds, said) = &rows[field];
        let list = |of: Vec<&str>| of.join(", ");
        let (kinds, said) =
            (list(kinds.iter().copied().collect()), list(said.iter().map(String::as_str).collect()));
        writeln!(out, "| {field} | {kinds} | {said} | {why} |").unwrap();
    }
    values.retain(|field| !explained.contains(field));
    let list = |of: BTreeSet<&str>| of.into_iter().collect::<Vec<_>>().join(", ");
    write!(
        out,
        "\nA tab may stand for the space in front of a value. The case of letters means nothing in the name of any field, nor in\n\
         the values of these, and is not looked at there: {}.\n",
        list(values)
    )
    .unwrap();
    out
}

/// Why parts of a gzip member may change unnoticed.
const GZIP_WHY: &[(&str, &str)] = &[
    ("MTIME", "a time that is of no consequence; writers put 0 or their own clock"),
    ("XFL", "what the compressor says of its effort"),
    ("OS", "the system that it ran on"),
    ("FTEXT", "a flag that says the content may be text; readers ignore it (RFC 1952 §2.3.1)"),
    ("FEXTRA", "what a writer adds to the header, unless it adds FHCRC, too"),
    ("FNAME", "a file name; the same"),
    ("FCOMMENT", "a comment; the same"),
    (
        "deflate data",
        "bits that do not change what is inflated: padding, and other codings of the same bytes",
    ),
];

/// A member by hand, and what each of its bytes is part of.
struct Member {
    bytes: Vec<u8>,
    parts: Vec<(&'static str, Range<usize>)>,
}

fn member(content: &[u8], level: u32, flags: u8) -> Member {
    let mut member = Member { bytes: Vec::new(), parts: Vec::new() };
    member.push("magic", &[0x1f, 0x8b, 8]);
    member.push("FTEXT", &[flags]);
    member.push("MTIME", &1_700_000_000_u32.to_le_bytes());
    member.push("XFL", &[0]);
    member.push("OS", &[3]);
    if flags & 4 != 0 {
        member.push("FEXTRA", b"\x08\x00ab\x04\x00cdef");
    }
    if flags & 8 != 0 {
        member.push("FNAME", b"name\0");
    }
    if flags & 16 != 0 {
        member.push("FCOMMENT", b"comment\0");
    }
    if flags & 2 != 0 {
        let mut crc = flate2::Crc::new();
        crc.update(&member.bytes);
        // All of such a header is bound.
        member.parts.clear();
        member.bytes.extend((crc.sum() as u16).to_le_bytes());
    }
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
    deflate.write_all(content).unwrap();
    member.push("deflate data", &deflate.finish().unwrap());
    let mut crc = flate2::Crc::new();
    crc.update(content);
    member.bytes.extend(crc.sum().to_le_bytes());
    member.bytes.extend(crc.amount().to_le_bytes());
    member
}

impl Member {
    fn push(&mut self, part: &'static str, bytes: &[u8]) {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.parts.push((part, from..self.bytes.len()));
    }

    fn part(&self, at: usize) -> &'static str {
        self.parts.iter().find(|(_, range)| range.contains(&at)).map_or("bound", |(part, _)| part)
    }
}

fn gzip_table() -> String {
    let archives = archives();
    let shapes = [(6, 4 | 8 | 16), (6, 2 | 8), (0, 0), (9, 1)];
    let records = &archives[0][0][..3];
    let members: Vec<Member> =
        shapes.iter().zip(records).map(|((level, flags), r)| member(&r.bytes, *level, *flags)).collect();
    let file: Vec<u8> = members.iter().flat_map(|member| member.bytes.clone()).collect();
    let (loud, notices) = said(std::slice::from_ref(&file));
    assert!(loud.is_empty() && notices.is_empty(), "{loud:?} {notices:?}");
    let whole = inflated(&file);
    let classify = |_: usize, at: usize, mask: u8| {
        let mut start = 0;
        let found = members.iter().find(|member| {
            start += member.bytes.len();
            at < start
        });
        let found = found.unwrap();
        let part = found.part(at - (start - found.bytes.len()));
        let mut altered = file.clone();
        altered[at] ^= mask;
        assert!(part != "deflate data" || inflated(&altered) == whole, "byte {at}: the content changed");
        Silent {
            field: part.to_owned(),
            kind: "",
            case: false,
            letter: false,
            name: false,
            notices: BTreeSet::new(),
        }
    };
    let silent = try_all(std::slice::from_ref(&file), &every_change(std::slice::from_ref(&file)), &classify);
    let parts: BTreeSet<&str> = silent.iter().map(|silent| silent.field.as_str()).collect();
    assert_eq!(parts, GZIP_WHY.iter().map(|(part, _)| *part).collect());
    GZIP_WHY.iter().fold(String::new(), |mut out, (part, why)| {
        writeln!(out, "| {part} | {why} |").unwrap();
        out
    })
}

fn inflated(file: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::bufread::MultiGzDecoder::new(file).read_to_end(&mut out).unwrap();
    out
}
