//! Deliberate changes to WARC, index and pages, each with its code, its file and its place.

use super::{Sealed, assert_told, check, line_offsets, without_line};
use crate::common::cli::fonds;
use crate::common::collection::{gzip, members};

/// The WARC with its members changed.
fn rebuilt(bytes: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let mut parts: Vec<Vec<u8>> =
        members(bytes).iter().map(|(at, length, _)| bytes[*at..*at + *length].to_vec()).collect();
    change(&mut parts);
    parts.concat()
}

#[test]
fn a_flipped_byte_of_the_warc_is_placed_at_its_member() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    let bytes = sealed.collection.read(&warc);
    let members = members(&bytes);
    let (at, length, _) = members[2];
    for (inside, code) in
        [(0, "gzip-junk"), (length / 2, ""), (length - 6, "gzip-crc"), (length - 2, "gzip-isize")]
    {
        let mut altered = bytes.clone();
        altered[at + inside] ^= 4;
        let report = sealed.findings_with(&warc, &altered);
        assert_told(&report, "resource-hash", &warc, None);
        let placed = report.findings.iter().find(|f| f.offset == Some(at as u64) && f.file.ends_with(&warc));
        let placed = placed.unwrap_or_else(|| panic!("byte {inside} of the member: {:?}", report.findings));
        assert!(
            code.is_empty() || report.findings.iter().any(|f| f.code == code),
            "{placed:?}: {:?}",
            report.findings
        );
    }
}

/// gzip is consistent again, so only what binds the head can tell.
#[test]
fn a_rewritten_head_is_told_although_gzip_and_digests_hold() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    let bytes = sealed.collection.read(&warc);
    let record = sealed.collection.records()[3].clone();
    let ip = record.get("WARC-IP-Address").unwrap_or_else(|| panic!("{:?}", record.fields)).to_owned();
    let altered = rebuilt(&bytes, |parts| {
        let text = String::from_utf8(members(&parts[3])[0].2.clone()).unwrap();
        parts[3] = gzip(
            text.replacen(&format!("WARC-IP-Address: {ip}"), "WARC-IP-Address: 127.0.0.2", 1).as_bytes(),
        );
    });
    let report = sealed.findings_with(&warc, &altered);
    assert_told(&report, "record-altered", &warc, Some(record.offset));
    assert!(!report.findings.iter().any(|f| f.code == "block-digest" || f.code.starts_with("gzip")));
}

#[test]
fn a_rewritten_block_fails_its_digest_at_its_record() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    let bytes = sealed.collection.read(&warc);
    let index = sealed.collection.records().iter().position(|r| r.block.ends_with(b"Some text.")).unwrap();
    let at = sealed.collection.records()[index].offset;
    let altered = rebuilt(&bytes, |parts| {
        let text = String::from_utf8(members(&parts[index])[0].2.clone()).unwrap();
        parts[index] = gzip(text.replace("Some text.", "Same text.").as_bytes());
    });
    let report = sealed.findings_with(&warc, &altered);
    for code in ["block-digest", "payload-digest", "record-altered"] {
        assert_told(&report, code, &warc, Some(at));
    }
}

#[test]
fn a_removed_record_is_told_where_it_stood() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    let bytes = sealed.collection.read(&warc);
    for (index, (at, _, _)) in members(&bytes).iter().enumerate() {
        let report = sealed.findings_with(&warc, &rebuilt(&bytes, |parts| drop(parts.remove(index))));
        assert_told(&report, "record-missing", &warc, Some(*at));
    }
}

#[test]
fn swapped_records_are_told() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    let bytes = sealed.collection.read(&warc);
    for index in 0..members(&bytes).len() - 1 {
        let altered = rebuilt(&bytes, |parts| parts.swap(index, index + 1));
        let places: Vec<usize> = members(&altered).iter().map(|(at, _, _)| *at).collect();
        let report = sealed.findings_with(&warc, &altered);
        assert_told(&report, "record-order", &warc, Some(places[index + 1]));
    }
}

#[test]
fn a_duplicated_or_added_record_is_told() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    let bytes = sealed.collection.read(&warc);
    let count = members(&bytes).len();
    for index in [1, count - 1] {
        let altered = rebuilt(&bytes, |parts| parts.insert(index + 1, parts[index].clone()));
        let at = members(&altered)[index + 1].0;
        assert_told(&sealed.findings_with(&warc, &altered), "record-unlisted", &warc, Some(at));
    }
    let foreign = "WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n\
                   WARC-Date: 2020-01-01T00:00:00Z\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx\r\n\r\n";
    let altered = rebuilt(&bytes, |parts| parts.push(gzip(foreign.as_bytes())));
    assert_told(&sealed.findings_with(&warc, &altered), "record-unlisted", &warc, Some(bytes.len()));
}

#[test]
fn a_cut_warc_is_told_at_every_member_and_inside_each() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    let bytes = sealed.collection.read(&warc);
    for (at, length, _) in members(&bytes) {
        let boundary = sealed.findings_with(&warc, &bytes[..at]);
        assert_told(&boundary, "record-missing", &warc, Some(at));
        let inside = sealed.findings_with(&warc, &bytes[..at + length / 2]);
        assert_told(&inside, "gzip-truncated", &warc, Some(at));
    }
}

#[test]
fn every_altered_or_missing_index_line_is_told() {
    let sealed = Sealed::new();
    let path = "indexes/index.cdxj";
    let bytes = sealed.collection.read(path);
    let text = sealed.collection.text(path);
    for (n, at) in line_offsets(&bytes).into_iter().enumerate() {
        for (from, to) in [
            ("\"status\": \"", "\"status\": \"5"),
            ("sha256:", "sha256:0"),
            ("{\"url\": ", "{\"url\":  "),
            ("http://", "https://"),
            ("20", "19"),
        ] {
            let line = text.lines().nth(n).unwrap();
            let altered = text.replacen(line, &line.replacen(from, to, 1), 1);
            assert_ne!(altered, text, "{from}");
            assert_told(&sealed.findings_with(path, altered.as_bytes()), "index-line", path, Some(at));
        }
        let report = sealed.findings_with(path, &without_line(&bytes, n));
        let offset = sealed.collection.index()[n]["offset"].as_str().unwrap().parse().unwrap();
        assert_told(&report, "index-missing", &sealed.collection.warc(), Some(offset));
    }
    let altered = text.replacen("\"offset\": \"", "\"offset\": \"9", 1);
    assert_told(&sealed.findings_with(path, altered.as_bytes()), "index-dangling", path, Some(0));
}

#[test]
fn every_altered_or_missing_page_line_is_told() {
    let sealed = Sealed::new();
    let path = "pages/pages.jsonl";
    let bytes = sealed.collection.read(path);
    let text = sealed.collection.text(path);
    for (n, at) in line_offsets(&bytes).into_iter().enumerate().skip(1) {
        for (from, to) in
            [("\"title\":\"", "\"title\":\"x"), ("http://", "https://"), ("\"ts\":\"20", "\"ts\":\"19")]
        {
            let line = text.lines().nth(n).unwrap();
            let altered = text.replacen(line, &line.replacen(from, to, 1), 1);
            assert_ne!(altered, text, "{from} in {line}");
            assert_told(&sealed.findings_with(path, altered.as_bytes()), "page-line", path, Some(at));
        }
        assert_told(&sealed.findings_with(path, &without_line(&bytes, n)), "page-missing", path, None);
    }
}

#[test]
fn an_added_file_is_told() {
    let sealed = Sealed::new();
    for path in ["extra.txt", "archive/extra.warc.gz", "provenance/note", "indexes/second.cdxj"] {
        let report = sealed.findings_with(path, b"x");
        assert_told(&report, "package-unlisted-file", path, None);
    }
}

#[test]
fn the_program_says_what_and_where_in_a_line() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    let bytes = sealed.collection.read(&warc);
    let at = members(&bytes)[4].0;
    let copy = sealed.with(&warc, &rebuilt(&bytes, |parts| drop(parts.remove(4))));
    let run = fonds(["verify", copy.root.to_str().unwrap()]).expect(1);
    let place = format!("error: {} at byte {at}: ", copy.root.join(&warc).display());
    let line = run.text().lines().find(|l| l.starts_with(&place) && l.ends_with("[record-missing]"));
    assert!(line.is_some() && run.text().contains("NOT INTACT"), "{}", run.text());
    let quiet = fonds(["verify", "-q", copy.root.to_str().unwrap()]).expect(1);
    assert!(quiet.text().lines().all(|line| line.starts_with("error: ")), "{}", quiet.text());
    assert!(check(&sealed.collection.root).findings.is_empty());
}
