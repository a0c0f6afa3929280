//! What is found again after damage, wherever it lies.

use super::*;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(content).unwrap();
    out.finish().unwrap()
}

fn pipe(bytes: &[u8]) -> Seen {
    read(Source::Stream(Box::new(Cursor::new(bytes.to_vec()))))
}

/// From a file and from a pipe.
fn both(bytes: &[u8]) -> Seen {
    let (seen, piped) = (read_bytes(bytes), pipe(bytes));
    assert_eq!((&seen.ids, &seen.codes, seen.end), (&piped.ids, &piped.codes, piped.end));
    seen
}

#[test]
fn a_record_is_found_wherever_damage_before_it_ends() {
    // Around the bytes scanned at once, their overlap, and what is read of a source at once.
    let edges = [64 << 10, (64 << 10) - 64, 128 << 10, 1 << 20, (1 << 20) - (64 << 10)];
    for edge in edges {
        for near in -3..=3_i64 {
            let junk = vec![b'x'; usize::try_from(edge + near).unwrap()];
            for end in [&b""[..], b"\n"] {
                let bytes = [&record(0)[..], &junk, end, &record(1), &record(2)].concat();
                let seen = read_bytes(&bytes);
                assert_eq!(seen.ids, ["urn:x:0", "urn:x:1", "urn:x:2"], "{edge} {near} {end:?}");
                assert_eq!(seen.codes, ["junk"], "{edge} {near} {end:?}");
            }
        }
    }
}

#[test]
fn a_version_line_behind_junk_need_not_begin_a_line() {
    for junk in [&b"\0\0\0"[..], b"\xef\xbb\xbf", b"</html>", b"WARC"] {
        let bytes = [junk, &record(0), junk, &record(1)].concat();
        let seen = both(&bytes);
        assert_eq!(seen.ids, ["urn:x:0", "urn:x:1"], "{junk:?}: {:?}", seen.codes);
        assert_eq!(seen.codes, ["junk", "junk"], "{junk:?}");
    }
    let seen = both(&[b"WARC/", &record(0)[..], b"WARC/1.", &record(1)].concat());
    assert_eq!((seen.ids.len(), seen.codes), (2, vec!["version-unknown", "version-unknown"]));
}

#[test]
fn a_record_whose_block_is_gone_does_not_hide_the_next() {
    let head = "WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:x:0>\r\nContent-Length: 600\r\n\r\n";
    let bytes = [head.as_bytes(), &record(1), &record(2)].concat();
    let seen = read_bytes(&bytes);
    assert_eq!(seen.ids, ["urn:x:0", "urn:x:1", "urn:x:2"]);
    assert_eq!(seen.codes, ["block-cut"]);
}

#[test]
fn a_file_whose_first_member_is_damaged_gives_the_others() {
    for store in [gzip as fn(&[u8]) -> Vec<u8>, |content| frame(content, true, true, &[])] {
        let parts: Vec<Vec<u8>> = (0..3).map(|n| store(&record(n))).collect();
        let gap = if parts[0].starts_with(b"\x1f") { "gzip-gap" } else { "zstd-gap" };
        let whole = parts.concat();
        for damaged in [vec![0], vec![1], vec![0, 1], vec![0, 1, 2, 3], (0..parts[0].len()).collect()] {
            let mut bytes = whole.clone();
            damaged.iter().for_each(|at| bytes[*at] ^= 0x55);
            let seen = both(&bytes);
            let ids = &seen.ids[seen.ids.len().saturating_sub(2)..];
            assert_eq!(ids, ["urn:x:1", "urn:x:2"], "{damaged:?}: {:?}", seen.codes);
            assert!(seen.codes.contains(&gap), "{damaged:?}: {:?}", seen.codes);
            assert_eq!(seen.end, whole.len() as u64);
            let last = seen.extents.last().unwrap();
            assert_eq!((last.offset, last.end), ((whole.len() - parts[2].len()) as u64, whole.len() as u64));
        }
        // The end of a file whose beginning was lost.
        let seen = both(&whole[parts[0].len() / 2..]);
        assert_eq!((seen.ids.len(), seen.codes.as_slice()), (2, &[gap][..]));
    }
}

#[test]
fn members_inside_a_plain_file_are_content() {
    let inner = gzip(&record(7));
    let head = format!("WARC/1.1\r\nWARC-Record-ID: <urn:x:0>\r\nContent-Length: {}\r\n\r\n", inner.len());
    let outer = [head.as_bytes(), &inner, b"\r\n\r\n"].concat();
    let seen = both(&[b"junk\n", &outer[..], &record(1)].concat());
    assert_eq!((seen.ids, seen.codes), (vec!["urn:x:0".to_owned(), "urn:x:1".to_owned()], vec!["junk"]));
    let nothing = both(&[b"an image of some kind", &gzip(b"no record")[..]].concat());
    assert_eq!((nothing.ids.len(), nothing.codes), (0, vec!["not-warc"]));
}

#[test]
fn lines_with_a_cr_too_many_are_read_and_said() {
    let head = |n: usize| {
        format!(
            "WARC/1.1\r\r\nWARC-Type: resource\r\r\nWARC-Record-ID: <urn:x:{n}>\r\r\nContent-Length: 5\r\r\n\r\r\n"
        )
    };
    for end in ["\r\n\r\n", "\r\r\n\r\r\n"] {
        let text: String = (0..2).map(|n| format!("{}hello{end}", head(n))).collect();
        for bytes in [text.clone().into_bytes(), gzip(text.as_bytes())] {
            let seen = both(&bytes);
            assert_eq!(
                (seen.ids, &seen.blocks[1][..]),
                (vec!["urn:x:0".to_owned(), "urn:x:1".to_owned()], &b"hello"[..])
            );
            assert!(seen.codes.contains(&"head-control"));
            let others = seen
                .codes
                .iter()
                .filter(|code| !["head-control", "separator", "member-shared"].contains(code));
            assert_eq!(others.count(), 0, "{:?}", seen.codes);
        }
    }
}

#[test]
fn compressions_that_are_not_read_are_named_with_what_helps() {
    for (magic, word, tool) in [
        (&b"\x04\x22\x4d\x18\x64\x40"[..], "lz4", "lz4 -d"),
        (b"BZh91AY&SY", "bzip2", "bunzip2"),
        (b"\xfd7zXZ\0\0\x04", "xz", "unxz"),
    ] {
        let bytes = [magic, &[0; 40]].concat();
        let mut reader = Reader::new(Source::Seek(Box::new(Cursor::new(bytes))), Limits::default()).unwrap();
        assert!(reader.next_record().unwrap().is_none());
        let findings = reader.take_findings();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].code, "format-unsupported");
        assert!(
            findings[0].message.contains(word) && findings[0].message.contains(tool),
            "{}",
            findings[0].message
        );
    }
}

/// Found by fuzzing: where a head that did not end had gone on in the next member, a later record ended before it began.
#[test]
fn no_record_ends_before_it_begins() {
    let cut = gzip(&record(1));
    let members = [
        gzip(b"WARC/1.1\r\nWARC-Type: resource\r\n"),
        gzip(b"X-More: and no end"),
        cut[..cut.len() - 20].to_vec(),
    ];
    let seen = both(&members.concat());
    assert_eq!(seen.ids, ["urn:x:1"], "{:?}", seen.codes);
    assert!(seen.extents.iter().all(|extent| extent.end >= extent.offset), "{:?}", seen.extents);
}

/// Found by fuzzing: where the first line of a head was longer than the limit, the reader stood still.
#[test]
fn a_line_beyond_the_limit_is_passed_over() {
    let long = [b"WARC/", &b"x".repeat(1500)[..], b"\n", &record(1), &record(2)].concat();
    for bytes in [long.clone(), gzip(&long)] {
        let mut reader =
            Reader::new(Source::Seek(Box::new(Cursor::new(bytes))), Limits { head: 1000 }).unwrap();
        let mut ids = Vec::new();
        while let Some(record) = reader.next_record().unwrap() {
            ids.push(record.head.id().unwrap().to_owned());
        }
        assert_eq!(ids, ["urn:x:1", "urn:x:2"]);
        assert!(reader.take_findings().len() < 5);
    }
}

fn said(source: Source, head: usize) -> Vec<(&'static str, Option<u64>, String)> {
    let mut reader = Reader::new(source, Limits { head }).unwrap();
    while reader.next_record().unwrap().is_some() {}
    let findings = reader.take_findings();
    assert!(reader.next_record().unwrap().is_none() && reader.take_findings().is_empty(), "said once");
    findings.into_iter().map(|f| (f.code, f.offset, f.message)).collect()
}

#[test]
fn what_holds_no_record_is_said_to_hold_none() {
    for bytes in [vec![], b"\r\n\r\n".to_vec(), gzip(b""), gzip(b"\n"), [gzip(b""), gzip(b"")].concat()] {
        for source in [
            Source::Seek(Box::new(Cursor::new(bytes.clone()))),
            Source::Stream(Box::new(Cursor::new(bytes.clone()))),
        ] {
            let errors = said(source, 1000).iter().filter(|(code, ..)| *code == "not-warc").count();
            assert_eq!(errors, 1, "{bytes:?}");
        }
    }
    assert!(!both(&[&b"\r\n"[..], &record(1)].concat()).codes.contains(&"not-warc"));
}

#[test]
fn long_junk_is_told_alike_of_a_pipe_and_a_file() {
    for length in [100_000, 131_072, 1_000_000, 3_000_000] {
        for filler in [&b"x"[..], b"\x1f\x8b\x08 no member\n"] {
            let junk: Vec<u8> = filler.iter().copied().cycle().take(length).collect();
            let bytes = [b"no WARC", &junk[..], b"\n", &record(1)].concat();
            let file = said(Source::Seek(Box::new(Cursor::new(bytes.clone()))), 1000);
            let pipe = said(Source::Stream(Box::new(Cursor::new(bytes))), 1000);
            assert_eq!(file, pipe, "{length}");
            assert_eq!((file.len(), file[0].0, file[0].1), (1, "junk", Some(0)), "{length}");
            assert!(file[0].2.starts_with(&format!("{} bytes", length + 8)), "{file:?}");
        }
    }
}

#[test]
fn heads_without_end_and_junk_account_for_every_byte() {
    let bytes = [&b"WARC/1.1\r\n".repeat(1000)[..], &record(1)].concat();
    let told = said(Source::Seek(Box::new(Cursor::new(bytes))), 1000);
    let mut at = 0;
    for (code, offset, message) in &told {
        assert_eq!(*offset, Some(at), "{code}");
        assert!(message.contains("belong to no record"), "{message}");
        let number = message.split(' ').find_map(|word| word.parse::<u64>().ok()).unwrap();
        at += number;
    }
    assert_eq!((told[0].0, at), ("head-unfinished", 10_000), "{told:?}");
}
