//! Heads that are worse than odd: what is made of them is a head that readers take.

use super::*;

/// The field of the one record that there is, as the reader has it.
fn field(mended: &Mended, name: &str) -> Option<String> {
    let source = Source::Seek(Box::new(Cursor::new(mended.text.clone().into_bytes())));
    let mut reader = Reader::new(source, Limits::default()).unwrap();
    let record = reader.next_record().unwrap().unwrap();
    record.head.fields.get(name).map(str::to_owned)
}

fn with_lines(lines: &str) -> String {
    record(1, "one").replacen("Content-Type", &format!("{lines}Content-Type"), 1)
}

#[test]
fn no_head_grows_beyond_what_the_reader_takes() {
    let limit = Limits::default().head;
    for (lines, repeats) in [
        ("nocolon\r\n", 60_000),
        ("WARC/1.1\r\n", 104_000),
        ("WARC-Date: 2024-03-01T12:00:05Z\r\n", 30_000),
        ("a:\n", 330_000),
        ("x-a: \u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\r\n", 70_000),
    ] {
        let bad = with_lines(&lines.repeat(repeats));
        let mended = mended(&bad);
        let head = mended.text.find("\r\n\r\n").unwrap() + 4;
        assert!(head <= limit, "{head} {lines:?}");
        assert_eq!(
            (mended.summary.records, mended.kinds()),
            (1, vec![Kind::Repaired, Kind::Lost]),
            "{lines:?}"
        );
        assert!(mended.text.ends_with("\r\n\r\none\r\n\r\n"));
        let omitted = field(&mended, "Fonds-Original-Omitted").unwrap();
        let (lost, said) = (mended.summary.lost_bytes, mended.notes[1].length);
        assert!(omitted.ends_with(&format!(" lines, {lost} bytes")), "{omitted}");
        assert!(Some(lost) == said && lost > 0 && lost < bad.len() as u64, "{said:?} of {}", bad.len());
        assert_eq!(super::mended(&mended.text).text, mended.text);
    }
}

#[test]
fn what_was_replaced_is_kept_before_lines_are() {
    let bad = with_lines(&"nocolon\r\n".repeat(20_000)).replace("<urn:x:1>", "urn:x:1");
    let mended = mended(&bad);
    assert_eq!(field(&mended, "Fonds-Original-WARC-Record-ID").as_deref(), Some("urn:x:1"));
    assert!(field(&mended, "Fonds-Original-Line").is_some());
}

#[test]
fn a_value_that_is_too_long_put_right_is_taken_out() {
    let bad = record(1, "one").replace("a/1", &" ".repeat(500_000).replace("  ", "b "));
    let mended = mended(&bad);
    assert_eq!(mended.kinds(), [Kind::Repaired, Kind::Lost]);
    let bad = record(1, "one").replace("a/1", &format!("a/{}", "b ".repeat(500_000)));
    let mended = super::mended(&bad);
    assert_eq!(mended.kinds(), [Kind::Repaired, Kind::Lost, Kind::Left]);
    assert_eq!(field(&mended, "WARC-Target-URI"), None);
    let rest = record(1, "one").find("\r\n\r\n").unwrap() + 4 - "<urn:x:1>".len();
    let id = format!("urn:x:{}", "1".repeat(Limits::default().head - rest - 6));
    let bad = record(1, "one").replace("<urn:x:1>", &id);
    let mended = super::mended(&bad);
    assert_eq!((mended.kinds(), mended.summary.records), (vec![Kind::Lost], 0));
    assert_eq!((mended.summary.lost_bytes, mended.text.as_str()), (bad.len() as u64 - 4, ""));
}

#[test]
fn what_lies_before_a_record_in_its_own_member_is_lost() {
    let (a, b) = (record(1, "one"), record(2, "two"));
    let heads = "WARC/1.1\r\n".repeat(250_000);
    let passed = heads.len() / Limits::default().head * Limits::default().head;
    for store in [gzip, zstd] {
        let first = mended(store(format!("junk of a kind\n{a}").as_bytes()));
        assert_eq!((first.lost(), first.text), (vec![(0, Some(0), Some(15))], a.clone()));
        let stored = store(a.as_bytes());
        let second = mended([stored.clone(), store(format!("junk\n{b}").as_bytes())].concat());
        assert_eq!(second.lost(), [(stored.len() as u64, Some(0), Some(5))]);
        assert_eq!(second.text, a.clone() + &b);
        let blank = mended(store(format!("\r\n\r\n{a}").as_bytes()));
        assert_eq!((blank.kinds(), blank.text), (vec![Kind::Dropped], a.clone()));
        let many = mended(store((heads.clone() + &a).as_bytes()));
        assert!(many.summary.lost_bytes >= passed as u64, "{:?}", many.summary);
        assert!(many.summary.lost_bytes <= heads.len() as u64);
    }
}

#[test]
fn an_id_that_is_none_without_its_control_characters_gives_way() {
    for bad in ["<urn:x:\u{3}1>", "<urn:x:1\u{0}2>", "<urn:x\u{7f}:2>", "urn:x:\u{1}1", "<\u{1}>"] {
        let mended = mended(record(1, "one").replace("<urn:x:1>", bad));
        let id = field(&mended, "WARC-Record-ID").unwrap();
        assert!(id.starts_with("<urn:uuid:"), "{bad:?}: {id}");
        assert_eq!(mended.notes[0].changes, [Change::Head, Change::Id], "{bad:?}");
        assert_eq!(mended.text.matches("Fonds-Original-WARC-Record-ID").count(), 1);
        assert!(!mended.text.contains("WARC-Previous-Record-ID"));
        assert_eq!(super::mended(&mended.text).text, mended.text);
    }
    for bad in ["{urn:x:1}", "\u{1}<urn:x:1>", "\"urn:x:1\"", "<{urn:x:1}>"] {
        let mended = mended(record(1, "one").replace("<urn:x:1>", bad));
        assert_eq!(field(&mended, "WARC-Record-ID").as_deref(), Some("<urn:x:1>"), "{bad:?}");
    }
}

#[test]
fn a_date_is_right_or_left() {
    for bad in
        ["2024-01-01T00:00:0", "2024-01-", "2024-01-01T00:00Z:", "2024-01-01T00:00:00.Z", "2024-01-01T", "2"]
    {
        let mended = mended(record(1, "one").replace("2024-03-01T12:00:05Z", bad));
        assert_eq!((mended.kinds(), mended.summary.left), (vec![Kind::Left], 1), "{bad}");
    }
    for good in ["2024", "2024-03", "2024-03-01", "2024-03-01T12:00Z", "2024-03-01T12:00:05.123456789Z"] {
        let text = record(1, "one").replace("2024-03-01T12:00:05Z", good);
        assert_eq!((mended(&text).text, mended(&text).kinds()), (text, vec![]), "{good}");
    }
}

#[test]
fn a_digest_that_is_none_of_a_payload_elsewhere_is_taken_out() {
    let revisit = record(1, "HTTP/1.1 304 NM\r\n\r\n").replace("resource", "revisit").replace(
        "text/plain",
        "application/http; msgtype=response\r\nWARC-Profile: http://p/\r\nWARC-Payload-Digest: sha1:SHORT",
    );
    let mended_revisit = mended(&revisit);
    assert_eq!(mended_revisit.kinds(), [Kind::Repaired]);
    assert_eq!(mended_revisit.notes[0].changes, [Change::Digest]);
    assert_eq!(field(&mended_revisit, "WARC-Payload-Digest"), None);
    assert_eq!(field(&mended_revisit, "Fonds-Original-WARC-Payload-Digest").as_deref(), Some("sha1:SHORT"));
    assert_eq!(
        field(&mended_revisit, "WARC-Record-ID").as_deref(),
        Some("<urn:x:1>"),
        "the block is the same"
    );
    assert_eq!(mended(&mended_revisit.text).text, mended_revisit.text);
}

#[test]
fn a_digest_under_an_odd_name_is_held_against_the_block() {
    let bad =
        record(1, "one").replace("WARC-Block-Digest:", "WARC-Block-Digest :").replace("\none\r", "\nOne\r");
    let mended = mended(&bad);
    assert_eq!(mended.kinds(), [Kind::Altered]);
    assert_eq!(field(&mended, "WARC-Block-Digest"), Some(sha1(b"One")));
}

#[test]
fn a_folded_line_with_nothing_before_it_is_kept() {
    let mended = mended(record(1, "one").replacen("WARC/1.1\r\n", "WARC/1.1\r\n  just words\r\n", 1));
    assert_eq!(field(&mended, "Fonds-Original-Line").as_deref(), Some("just words"));
}
