#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod heads;

use super::*;
use crate::digest::{Algorithm, Hasher as Summing};
use proptest::prelude::*;
use std::io::{Cursor, Write};

fn sha1(bytes: &[u8]) -> String {
    let mut summing = Summing::new(Algorithm::Sha1);
    summing.update(bytes);
    summing.finish().to_string()
}

fn record(id: u32, block: &str) -> String {
    format!(
        "WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:x:{id}>\r\nWARC-Date: 2024-03-01T12:00:05Z\r\n\
         WARC-Target-URI: http://a/{id}\r\nx-Odd:  kept \r\nWARC-Block-Digest: {}\r\nContent-Type: text/plain\r\n\
         Content-Length: {}\r\n\r\n{block}\r\n\r\n",
        sha1(block.as_bytes()),
        block.len()
    )
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.set_pledged_src_size(Some(content.len() as u64)).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// How a record is stored.
type Store = fn(&[u8]) -> Vec<u8>;
const STORES: [Store; 3] = [<[u8]>::to_vec, gzip, zstd];

struct Mended {
    text: String,
    notes: Vec<Note>,
    summary: Summary,
}

impl Mended {
    fn kinds(&self) -> Vec<Kind> {
        self.notes.iter().map(|note| note.kind).collect()
    }

    fn lost(&self) -> Vec<(u64, Option<u64>, Option<u64>)> {
        let lost = self.notes.iter().filter(|note| note.kind == Kind::Lost);
        lost.map(|note| (note.offset, note.inner_offset, note.length)).collect()
    }
}

/// Mends into a plain file.
fn mended(input: impl AsRef<[u8]>) -> Mended {
    let directory = tempfile::tempdir().unwrap();
    let shared = Shared::new(Box::new(Cursor::new(input.as_ref().to_vec()))).unwrap();
    let output = directory.path().join("x.warc");
    let options = Options { compression: Compression::None, spool: directory.path().to_owned() };
    let mut notes = Vec::new();
    let summary = mend("d/x.warc", &shared, &output, &options, &mut |note| notes.push(note)).unwrap();
    let text = std::fs::read(&output).map_or(String::new(), |bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(summary.losses, notes.iter().filter(|note| note.kind.is_loss()).count() as u64);
    Mended { text, notes, summary }
}

#[test]
fn what_is_good_comes_out_byte_for_byte_however_it_was_packed() {
    let (a, b) = (record(1, "one"), record(2, "two\r\n\r\nWARC"));
    let good = a.clone() + &b;
    let whole = gzip(good.as_bytes());
    let junk = b"junk that is longer than a trailer";
    let packings: [(Vec<u8>, &[Kind]); 6] = [
        (good.clone().into_bytes(), &[]),
        ([gzip(a.as_bytes()), gzip(b.as_bytes())].concat(), &[]),
        (whole, &[Kind::Repaired]),
        ([gzip(a.as_bytes()), gzip(b""), gzip(b.as_bytes())].concat(), &[Kind::Dropped]),
        ([gzip(a.as_bytes()), junk.to_vec(), gzip(b.as_bytes())].concat(), &[Kind::Lost]),
        ([gzip(a.as_bytes()), gzip(b.as_bytes()), vec![0; 99]].concat(), &[Kind::Dropped]),
    ];
    for (packed, kinds) in packings {
        let mended = mended(&packed);
        assert_eq!((mended.text.as_str(), mended.kinds().as_slice()), (good.as_str(), kinds));
        assert_eq!((mended.summary.records, mended.summary.verbatim), (2, 2));
    }
}

#[test]
fn a_record_over_two_members_is_one_record() {
    let record = record(1, "one and two");
    let (head, tail) = record.as_bytes().split_at(record.len() - 8);
    let mended = mended([gzip(head), gzip(tail)].concat());
    assert_eq!(mended.text, record);
    assert_eq!(mended.kinds(), [Kind::Repaired]);
}

#[test]
fn lost_bytes_are_told_with_their_place_and_length() {
    let (a, b) = (record(1, "one"), record(2, "two"));
    let plain = mended(format!("{a}012345678\n{b}tail"));
    assert_eq!(plain.text, a.clone() + &b);
    let end = (a.len() + 10 + b.len()) as u64;
    assert_eq!(plain.lost(), [(a.len() as u64, None, Some(10)), (end, None, Some(4))]);
    assert_eq!(plain.summary.lost_bytes, 14);
    let front = mended(format!("0123456789\n{a}"));
    assert_eq!((front.lost(), front.text), (vec![(0, None, Some(11))], a.clone()));
    let inside = mended(gzip(format!("{a}0123456789\n{b}").as_bytes()));
    assert_eq!(inside.lost(), [(0, Some(a.len() as u64), Some(11))]);
    assert_eq!(inside.text, a + &b);
}

#[test]
fn a_wrong_length_is_put_right_where_the_digest_proves_it() {
    let good = record(1, "0123456789") + &record(2, "two");
    for wrong in ["9", "11", "5", "-5", "700", "x"] {
        let bad = good.replacen("Content-Length: 10", &format!("Content-Length: {wrong}"), 1);
        for packed in STORES.map(|store| members(&bad, store)) {
            let mended = mended(packed);
            assert_eq!(mended.kinds(), [Kind::Repaired], "{wrong}");
            let right = format!(
                "Content-Length: 10\r\nFonds-Mended: length\r\nFonds-Original-Content-Length: {wrong}\r\n\r\n"
            );
            assert_eq!(mended.text, good.replacen("Content-Length: 10\r\n\r\n", &right, 1), "{wrong}");
        }
    }
}

#[test]
fn control_characters_and_a_cr_too_many_are_taken_out_of_a_head() {
    let good = record(1, "one");
    let odd = good.replacen("x-Odd:  kept ", "x-Odd: a\0b\rc", 1);
    let mended_odd = mended(&odd);
    assert_eq!(mended_odd.kinds(), [Kind::Repaired]);
    assert!(mended_odd.text.contains("\r\nx-Odd: a b c\r\n"), "{}", mended_odd.text);
    assert!(mended_odd.text.contains("\r\nFonds-Original-x-Odd: a%00b%0Dc\r\n"), "{}", mended_odd.text);
    let (head, rest) = good.split_once("\r\n\r\n").unwrap();
    let doubled = format!("{}\r\r\n\r\r\n{rest}", head.replace("\r\n", "\r\r\n"));
    for odd in
        [odd, doubled, good.replacen("WARC/1.1", "WARC/1\u{1}1", 1), good.replacen("x-Odd", "x-\u{1}Odd", 1)]
    {
        let text = mended(&odd).text;
        assert!(text.contains("<urn:x:1>") && text.contains("Fonds-Mended: head"), "{text}");
        assert!(
            text.split("\r\n").all(|line| !line.contains(|c: char| c.is_control() && c != '\t')),
            "{text:?}"
        );
        assert_eq!(mended(&text).text, text);
    }
}

/// One member a record; records begin with their version line.
fn members(text: &str, store: Store) -> Vec<u8> {
    let starts: Vec<usize> = text.match_indices("WARC/1.1\r\n").map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).flat_map(|(start, end)| store(&text.as_bytes()[*start..end])).collect()
}

#[test]
fn a_cut_block_keeps_what_is_left_and_gets_an_id_of_its_own() {
    let (good, cut) = (record(1, "one"), record(2, &"0123456789".repeat(10)));
    let input = format!("{good}{}", &cut[..cut.len() - 34]);
    let mended = mended(&input);
    assert!(mended.text.starts_with(&good));
    let rest = &mended.text[good.len()..];
    let note = &mended.notes[0];
    assert_eq!((note.kind, note.length, note.offset), (Kind::Cut, Some(30), good.len() as u64));
    assert_eq!(note.record.as_deref(), Some("urn:x:2"));
    let new = note.new_record.as_ref().unwrap();
    assert!(rest.contains(&format!("WARC-Record-ID: <{new}>\r\n")));
    for line in [
        "WARC-Previous-Record-ID: <urn:x:2>",
        "WARC-Date: 2024-03-01T12:00:05Z",
        "x-Odd:  kept ",
        "Content-Length: 70",
        "WARC-Truncated: unspecified",
        "Fonds-Original-Content-Length: 100",
        "Fonds-Original-WARC-Record-ID: <urn:x:2>",
        "Fonds-Mended: block length digest id",
        &format!("WARC-Block-Digest: {}", sha1("0123456789".repeat(7).as_bytes())),
        &format!("Fonds-Original-WARC-Block-Digest: {}", sha1("0123456789".repeat(10).as_bytes())),
    ] {
        assert!(rest.contains(&format!("{line}\r\n")), "{line} in {rest}");
    }
    assert!(rest.ends_with(&format!("\r\n\r\n{}\r\n\r\n", "0123456789".repeat(7))));
}

#[test]
fn heads_are_put_right_without_losing_what_they_said() {
    let good = record(1, "one");
    let cases = [
        (good.replace("\r\n", "\n"), "x-Odd:  kept \r\n"),
        (good.replace("WARC/1.1", "WARC/9.9"), "WARC/1.0\r\nWARC-Type"),
        (good.replace("WARC/1.1", "WARC/9.9"), "Fonds-Original-Version: WARC/9.9\r\n"),
        (good.replace("<urn:x:1>", "urn:x:1"), "WARC-Record-ID: <urn:x:1>\r\n"),
        (good.replace("x-Odd:  kept", "just words"), "Fonds-Original-Line: just words\r\n"),
        (good.replace("x-Odd:", "x-Odd :"), "x-Odd:  kept \r\n"),
        (good.replace("x-Odd: ", "warc-date: 2020"), "Fonds-Original-warc-date: 2020 kept \r\n"),
        (
            good.replace("x-Odd:", "WARC-IP-Address: 1.2.3."),
            "Fonds-Original-WARC-IP-Address: 1.2.3.  kept \r\n",
        ),
        (good.replace("05Z", "05+02:00"), "WARC-Date: 2024-03-01T10:00:05Z\r\n"),
        (good.replace("a/1", "a/1 2"), "WARC-Target-URI: http://a/1%202\r\n"),
    ];
    for (bad, wanted) in cases {
        let mended = mended(&bad);
        assert_eq!(mended.kinds()[0], Kind::Repaired, "{bad}");
        assert!(mended.text.contains(wanted), "{wanted} in {}", mended.text);
        assert!(mended.text.contains("WARC-Record-ID: <urn:x:1>\r\n"), "the id stays: {}", mended.text);
        assert!(mended.text.contains("Fonds-Mended: head\r\n"));
    }
}

#[test]
fn an_altered_block_is_kept_and_does_not_pass_for_the_original() {
    let bad = record(1, "one").replace("\r\n\r\none", "\r\n\r\nOne");
    let mended = mended(&bad);
    assert_eq!(mended.kinds(), [Kind::Altered]);
    assert!(mended.text.contains("WARC-Previous-Record-ID: <urn:x:1>\r\n"));
    assert!(mended.text.contains(&format!("Fonds-Original-WARC-Block-Digest: {}", sha1(b"one"))));
    assert!(mended.text.contains(&format!("\nWARC-Block-Digest: {}", sha1(b"One"))));
}

#[test]
fn what_would_have_to_be_invented_is_left_and_said() {
    for bad in [
        record(1, "one").replace("WARC-Date: 2024-03-01T12:00:05Z", "WARC-Date: 2024-13-41T99:00:00Z"),
        record(1, "one").replace("WARC-Date: 2024-03-01T12:00:05Z\r\n", ""),
        record(1, "one").replace("WARC-Type: resource\r\n", ""),
        record(1, "one").replace("WARC-Target-URI: http://a/1\r\n", ""),
    ] {
        let mended = mended(&bad);
        assert_eq!((mended.text.as_str(), mended.kinds().as_slice()), (bad.as_str(), &[Kind::Left][..]));
        assert_eq!((mended.summary.left, mended.summary.losses), (1, 0));
    }
}

#[test]
fn two_records_cannot_leave_with_one_id() {
    let (a, b) = (record(1, "one"), record(1, "two"));
    let mended = mended(a.clone() + &a + &b);
    assert!(mended.text.starts_with(&(a.clone() + &a)));
    assert!(mended.text[a.len() * 2..].contains("WARC-Previous-Record-ID: <urn:x:1>"));
}

#[test]
fn an_input_without_records_gives_no_file() {
    let mended = mended("no WARC at all");
    assert_eq!((mended.text.as_str(), mended.summary.records), ("", 0));
    assert_eq!(mended.lost(), [(0, None, Some(14))]);
}

#[test]
fn nothing_is_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("x.warc");
    std::fs::write(&output, "here").unwrap();
    let shared = Shared::new(Box::new(Cursor::new(record(1, "one").into_bytes()))).unwrap();
    let options = Options { compression: Compression::None, spool: directory.path().to_owned() };
    assert!(mend("x", &shared, &output, &options, &mut |_| ()).is_err());
    assert_eq!(std::fs::read(&output).unwrap(), b"here");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever happens to one stretch of a file, records in other members come out as they were, and in a plain file
    /// all but the damaged one and the next, whose beginning a lost line end can hide; and a mended file is one that
    /// mending leaves alone.
    #[test]
    fn damage_stays_where_it_is(at in 0usize..1200, noise in proptest::collection::vec(any::<u8>(), 1..40), store in 0usize..3) {
        let records: Vec<String> = (1..5).map(|id| record(id, &"some text ".repeat(id as usize))).collect();
        let parts: Vec<Vec<u8>> =
            records.iter().map(|r| STORES[store](r.as_bytes())).collect();
        let mut bytes = parts.concat();
        let at = at % bytes.len();
        let end = (at + noise.len()).min(bytes.len());
        bytes[at..end].copy_from_slice(&noise[..end - at]);
        let out = lossy(&bytes);
        let (mut offset, mut before) = (0, 0);
        for (record, part) in records.iter().zip(&parts) {
            let touched = (if store > 0 { offset } else { before }) < end && at < offset + part.len();
            before = offset;
            let found = out.windows(record.len()).any(|w| w == record.as_bytes());
            prop_assert!(touched || found, "{record}");
            offset += part.len();
        }
        let again = lossy(&out);
        prop_assert!(again == out, "{}\n{}", out.escape_ascii(), again.escape_ascii());
    }
}

fn lossy(input: &[u8]) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let shared = Shared::new(Box::new(Cursor::new(input.to_vec()))).unwrap();
    let output = directory.path().join("x.warc");
    let options = Options { compression: Compression::None, spool: directory.path().to_owned() };
    mend("x", &shared, &output, &options, &mut |_| ()).unwrap();
    std::fs::read(&output).unwrap_or_default()
}
