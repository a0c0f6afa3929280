//! Containers and records.

use super::{Drip, fingerprint};
use fonds::cdxj::Entry;
use fonds::finding::{Finding, Severity};
use fonds::index::Options as IndexOptions;
use fonds::input::scan::{Event, Settings, Warc};
use fonds::input::{section::Shared, zip as structure};
use fonds::manifest::envelope::{Consistency, Inclusion};
use fonds::package::Package;
use fonds::verify::{Options, Report, Verification};
use fonds::warc::{Compression, Extent, Limits, Reader, Source};
use std::io::{self, Cursor, Read};
use std::path::PathBuf;

/// A head longer than this is none: small, so that the limit is met.
const LIMITS: Limits = Limits { head: 1000 };

/// A pipe can be gone back by as much.
const HELD: usize = 256 << 10;

/// Most bytes of a block that are looked at.
const BLOCK: u64 = 8 << 20;

#[derive(Debug)]
struct Seen {
    heads: Vec<(u64, u64, Vec<u8>)>,
    blocks: Vec<(u64, u64)>,
    extents: Vec<Extent>,
    findings: Vec<Finding>,
    position: u64,
    members: u64,
}

fn read(source: Source, by_chunk: bool) -> Seen {
    read_within(LIMITS, source, by_chunk)
}

fn read_within(limits: Limits, source: Source, by_chunk: bool) -> Seen {
    let mut reader = Reader::new(source, limits).expect("memory is read");
    let (mut heads, mut blocks, mut extents) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(mut record) = reader.next_record().expect("memory is read") {
        heads.push((record.head.offset, record.head.inner_offset, record.head.raw.clone()));
        let (mut hash, mut length) = (fingerprint(b""), 0);
        let mut buffer = [0; 100];
        loop {
            let chunk = if by_chunk {
                record.chunk().expect("memory is read")
            } else {
                let n = Read::read(&mut record, &mut buffer).expect("memory is read");
                &buffer[..n]
            };
            if chunk.is_empty() {
                break;
            }
            length += chunk.len() as u64;
            hash = chunk.iter().fold(hash, |hash, byte| hash.rotate_left(5) ^ u64::from(*byte));
        }
        blocks.push((length, hash));
        let extent = record.finish().expect("memory is read");
        assert!(extent.end >= extent.offset, "{extent:?}");
        extents.push(extent);
    }
    let mut findings = reader.take_findings();
    // What a container says of a member is said when its end is reached, which is when the bytes come.
    findings.sort_by_cached_key(|f| (f.offset, f.code, f.message.clone(), f.record.clone()));
    Seen { heads, blocks, extents, findings, position: reader.position(), members: reader.members() }
}

/// Any WARC or ARC: how the bytes come does not matter, all of them are looked at, records lie inside the file one
/// behind the other.
pub fn warc(data: &[u8]) {
    let file = read(Source::Seek(Box::new(Cursor::new(data.to_vec()))), true);
    let pipe = read(Source::Stream(Box::new(Cursor::new(data.to_vec()))), true);
    assert_same(&file, &read(Source::Seek(Box::new(Drip::new(data))), false), "a file that drips");
    assert_same(&pipe, &read(Source::Stream(Box::new(Drip::new(data))), false), "a pipe that drips");
    for seen in [&file, &pipe] {
        assert_bounds(seen, data.len() as u64);
    }
    if data.len() <= HELD {
        assert_same(&file, &pipe, "a pipe");
    }
    assert_reachable(data, &file);
}

/// Compared part by part, so that a difference can be read.
fn assert_same(a: &Seen, b: &Seen, what: &str) {
    assert_eq!(a.findings, b.findings, "{what}");
    assert_eq!((&a.extents, a.position, a.members), (&b.extents, b.position, b.members), "{what}");
    assert_eq!((&a.blocks, &a.heads), (&b.blocks, &b.heads), "{what}");
}

fn assert_bounds(seen: &Seen, length: u64) {
    let named = |code| seen.findings.iter().any(|f| f.code == code);
    assert!(seen.position == length || named("format-unsupported"), "{} of {length} read", seen.position);
    assert!(length == 0 || !seen.heads.is_empty() || !seen.findings.is_empty(), "silence");
    for extent in &seen.extents {
        assert!(extent.offset <= extent.end && extent.end <= length, "{extent:?} of {length}");
    }
    assert!(seen.heads.is_sorted_by_key(|(offset, inner, _)| (*offset, *inner)), "{:?}", seen.heads);
    for ((length, _), extent) in seen.blocks.iter().zip(&seen.extents) {
        assert_eq!(*length, extent.block);
    }
    for finding in &seen.findings {
        assert!(finding.offset.is_none_or(|offset| offset <= length), "{finding:?} of {length}");
    }
}

/// A record that begins a member is found again where its head says that it lies.
fn assert_reachable(data: &[u8], file: &Seen) {
    for (offset, _, raw) in file.heads.iter().filter(|(_, inner, _)| *inner == 0).take(4) {
        let source = Source::Seek(Box::new(Cursor::new(data.to_vec())));
        let mut reader = Reader::at(source, LIMITS, *offset).expect("memory is read");
        let record = reader.next_record().expect("memory is read").expect("the record is there");
        assert_eq!((record.head.offset, &record.head.raw), (*offset, raw));
    }
}

/// The fields of a record: kept as they stand, and the block never longer than it is said to be.
pub fn head(data: &[u8]) {
    let whole = [b"WARC/1.1\r\n", data, b"\r\n\r\nblock\r\n\r\n"].concat();
    let source = Source::Seek(Box::new(Cursor::new(whole.clone())));
    let mut reader = Reader::new(source, Limits::default()).expect("memory is read");
    let Some(mut record) = reader.next_record().expect("memory is read") else { return };
    let head = record.head.clone();
    assert_eq!(whole.get(..head.raw.len()), Some(&head.raw[..]), "the head is what stands there");
    for (name, value) in head.fields.iter() {
        assert!(head.fields.all(name).any(|other| other == value));
        assert!(!value.contains('\n') && !name.contains('\n'), "{name:?}: {value:?}");
    }
    let (_, _, _, _) = (head.record_type(), head.id(), head.target_uri(), head.holds_http());
    let block = io::copy(&mut record, &mut io::sink()).expect("memory is read");
    assert!(block <= head.content_length.unwrap_or(0));
    record.finish().expect("memory is read");
}

fn report(data: &[u8]) -> Report {
    let options = Options { spool: spool(), closed: fingerprint(data) & 1 == 1, ..Options::default() };
    let mut run = Verification::new(options);
    if data.starts_with(b"PK") {
        let package = Package::wacz("a.wacz", Box::new(Cursor::new(data.to_vec()))).expect("memory is read");
        run.package(&package).expect("memory is read");
    } else {
        run.warc("a.warc", Source::Seek(Box::new(Cursor::new(data.to_vec())))).expect("memory is read");
    }
    run.finish(String::new())
}

fn spool() -> PathBuf {
    std::env::temp_dir()
}

/// A WARC or WACZ verified: twice the same, its counts those of its findings, and a report that is JSON.
pub fn verify(data: &[u8]) {
    assert_report(|| report(data));
}

/// A proof file, likewise; text is a proof that stands alone, and is written as it was read.
pub fn proof(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let texts =
            [Inclusion::parse(text).map(|p| p.to_text()), Consistency::parse(text).map(|p| p.to_text())];
        texts.into_iter().flatten().for_each(|again| assert_eq!(again, text));
    }
    assert_report(|| {
        let mut run = Verification::new(Options { spool: spool(), ..Options::default() });
        let package = Package::wacz("a.proof", Box::new(Cursor::new(data.to_vec()))).expect("memory is read");
        run.proof(&package).expect("memory is read");
        run.finish(String::new())
    });
}

fn assert_report(report: impl Fn() -> Report) {
    let first = report();
    let text = serde_json::to_string(&first).expect("a report is JSON");
    assert_eq!(text, serde_json::to_string(&report()).expect("a report is JSON"));
    let errors = first.findings.iter().filter(|f| f.is_error()).count() as u64;
    assert!(errors <= first.counts.errors && (errors > 0) == (first.counts.errors > 0));
    let known = |f: &Finding| fonds::finding::rules::ALL.iter().any(|rule| rule.code == f.code);
    for finding in &first.findings {
        assert!(known(finding), "{} is in no table", finding.code);
        assert!(!finding.message.contains('\n'), "{:?} is more than a line", finding.message);
        assert!(finding.severity != Severity::Error || first.achieved != Some(finding.level), "{finding:?}");
    }
}

/// Index lines of a WARC: each can be read back, and what it points at lies in the file and is the record; they are the
/// same whatever the number of threads.
pub fn index(data: &[u8]) {
    let (entries, errors) = lines(data, Settings::default());
    assert_eq!((&entries, errors), (&lines(data, THREADS).0, lines(data, THREADS).1));
    for entry in &entries {
        let line = entry.line();
        let (again, findings) = fonds::cdxj::parse(line.as_bytes());
        assert!(findings.is_empty(), "{line}: {findings:?}");
        assert_eq!(again.as_ref(), Some(entry), "{line}");
        let end = entry.offset.checked_add(entry.length);
        assert!(end.is_some_and(|end| end <= data.len() as u64), "{line} in {}", data.len());
    }
    // A dictionary at the file's front is needed to read any frame.
    if errors == 0 && !data.starts_with(&[0x5d, 0x2a, 0x4d, 0x18]) {
        entries.iter().for_each(|entry| assert_leads_to_record(data, entry));
    }
}

/// Threads that meet often in a small file.
const THREADS: Settings = Settings { limits: Limits { head: 1 << 20 }, jobs: 3, stretch: 200 };

fn lines(data: &[u8], settings: Settings) -> (Vec<Entry>, usize) {
    let open = || Ok(Source::Seek(Box::new(Cursor::new(data.to_vec()))));
    let warc = Warc { name: "a.warc", length: Some(data.len() as u64), open: &open };
    let (mut entries, mut errors) = (Vec::new(), 0);
    let mut sink = |event| {
        match event {
            Event::Begin(_) => {}
            Event::Item(entry) => entries.push(entry),
            Event::End(_, findings) => errors = findings?.iter().filter(|f| f.is_error()).count(),
        }
        Ok(())
    };
    fonds::index::entries(&[warc], IndexOptions::default(), settings, &mut sink).expect("memory is read");
    (entries, errors)
}

fn assert_leads_to_record(data: &[u8], entry: &fonds::cdxj::Entry) {
    let stored = &data[entry.offset as usize..(entry.offset + entry.length) as usize];
    let source = Source::Stream(Box::new(Cursor::new(stored.to_vec())));
    let mut reader = Reader::new(source, Limits::default()).expect("memory is read");
    let record = reader.next_record().expect("memory is read").expect("a record");
    let uri = record.head.target_uri().expect("what is indexed has a URI");
    assert_eq!(fonds::surt::key(uri), fonds::surt::key(&entry.url), "{entry:?}");
    assert!(record.finish().expect("memory is read").complete, "{entry:?}");
}

/// What was mended is read without a complaint about its container, and holds what the summary says.
pub fn mend(data: &[u8]) {
    let room = tempfile::tempdir().expect("a temporary directory");
    let output = room.path().join("mended.warc.gz");
    let input = Shared::new(Box::new(Cursor::new(data.to_vec()))).expect("memory is read");
    let options = fonds::mend::Options { compression: Compression::Gzip(1), spool: room.path().to_owned() };
    fonds::mend::mend("a", &input, &output, &options, &mut |_| {}).expect("what can be read is written");
    let Ok(mended) = std::fs::read(&output) else { return };
    let source = Source::Seek(Box::new(Cursor::new(mended.clone())));
    let seen = read_within(Limits::default(), source, true);
    let structural =
        ["gzip-damaged", "gzip-junk", "block-cut", "separator", "junk", "member-shared", "head-unfinished"];
    for finding in &seen.findings {
        assert!(!structural.contains(&finding.code), "{finding:?}");
    }
    assert_eq!(seen.extents.last().map_or(0, |extent| extent.end), mended.len() as u64);
}

/// A ZIP: entries lie in the file and give no more than they say.
pub fn zip(data: &[u8]) {
    let shared = Shared::new(Box::new(Cursor::new(data.to_vec()))).expect("memory is read");
    let zip = structure::read(&shared).expect("memory is read");
    let length = data.len() as u64;
    assert!(!zip.entries.is_empty() || !zip.findings.is_empty() || length == 22, "silence");
    for entry in &zip.entries {
        if let Some(at) = entry.data_at {
            assert!(at.checked_add(entry.stored).is_some_and(|end| end <= length), "{entry:?} of {length}");
        }
        if let Ok(content) = entry.open(&shared) {
            let mut content = content.take(BLOCK);
            if let Ok(read) = io::copy(&mut content, &mut io::sink()) {
                assert!(read <= entry.size, "{read} bytes of {entry:?}");
            }
        }
    }
    for finding in &zip.findings {
        assert!(finding.offset.is_none_or(|offset| offset <= length), "{finding:?} of {length}");
    }
    let package = Package::from_shared("a.wacz", shared).expect("memory is read");
    for member in package.members() {
        assert!(package.contains(&member.path), "{}", member.path);
    }
}
