#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::request::arguments;
use super::*;
use crate::warc::Source;
use std::io::Write;

const HTTP: &str = "Content-Type: application/http;msgtype=";

/// A record of WARC/1.0; `fields` end their lines with CR LF.
fn record(record_type: &str, id: u32, uri: &str, fields: &str, block: &str) -> String {
    format!(
        "WARC/1.0\r\nWARC-Type: {record_type}\r\nWARC-Record-ID: <urn:x:{id}>\r\nWARC-Date: 2024-03-01T12:00:05Z\r\n\
         WARC-Target-URI: {uri}\r\n{fields}Content-Length: {}\r\n\r\n{block}\r\n\r\n",
        block.len()
    )
}

fn response(id: u32, uri: &str, fields: &str, message: &str) -> String {
    record("response", id, uri, &format!("{HTTP}response\r\n{fields}"), message)
}

fn request(id: u32, uri: &str, fields: &str, message: &str) -> String {
    record("request", id, uri, &format!("{HTTP}request\r\n{fields}"), message)
}

fn index_with(bytes: Vec<u8>, options: Options) -> (Vec<Entry>, Vec<&'static str>) {
    let open = || Ok(Source::Seek(Box::new(io::Cursor::new(bytes.clone()))));
    let warc = Warc { name: "d/a.warc", length: Some(bytes.len() as u64), open: &open };
    let (mut entries, mut codes) = (Vec::new(), Vec::new());
    let mut sink = |event| {
        match event {
            Event::Begin(_) => {}
            Event::Item(entry) => entries.push(entry),
            Event::End(_, findings) => codes.extend(findings?.iter().map(|f| f.code)),
        }
        Ok(())
    };
    super::entries(&[warc], options, Settings { jobs: 2, stretch: 300, ..Settings::default() }, &mut sink)
        .unwrap();
    entries.sort_by_key(|entry: &Entry| entry.offset);
    (entries, codes)
}

fn index(text: &str) -> Vec<Entry> {
    let (entries, findings) = index_with(text.as_bytes().to_vec(), Options::default());
    assert_eq!(findings, [""; 0]);
    entries
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_missing_digest_is_that_of_the_payload_without_its_chunks() {
    let plain = response(1, "http://a/", "", "HTTP/1.1 200 OK\r\n\r\nhello");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let entries = index(&(plain + &response(2, "http://a/2", "", chunked)));
    assert_eq!(entries[0].digest.as_deref(), Some("sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N"));
    assert_eq!(entries[0].digest, entries[1].digest);
}

#[test]
fn a_line_leads_to_the_record_and_to_nothing_more() {
    let first = response(1, "http://a/", "", "HTTP/1.1 200 OK\r\nContent-Type: text/html; x=y\r\n\r\nhi");
    let second = record("resource", 2, "file:///x y", "Content-Type: text/css\r\n", "a{}");
    let entries = index(&(first.clone() + &second));
    assert_eq!((entries[0].offset, entries[0].length), (0, first.len() as u64 - 4));
    assert_eq!((entries[1].offset, entries[1].length), (first.len() as u64, second.len() as u64 - 4));
    assert_eq!((entries[0].mime.as_deref(), entries[0].status), (Some("text/html"), Some(200)));
    assert_eq!((entries[1].mime.as_deref(), entries[1].url.as_str()), (Some("text/css"), "file:///x%20y"));
    let (a, b) = (gzip(&first), gzip(&second));
    let lengths = (a.len() as u64, b.len() as u64);
    let (entries, _) = index_with([a, b].concat(), Options::default());
    assert_eq!((entries[0].offset, entries[0].length), (0, lengths.0));
    assert_eq!((entries[1].offset, entries[1].length), lengths);
}

#[test]
fn what_no_line_can_lead_to_has_none_and_that_is_said() {
    let one = response(1, "http://a/", "", "HTTP/1.1 200 OK\r\n\r\n");
    let together = gzip(&(one.clone() + &one.replace("x:1", "x:2")));
    let (entries, findings) = index_with(together, Options::default());
    assert!(entries.is_empty());
    assert!(findings.contains(&"index-impossible"));
    let undated = one.replace("2024-03-01T12:00:05Z", "yesterday");
    let (entries, findings) = index_with(undated.into_bytes(), Options::default());
    assert_eq!((entries.len(), findings.as_slice()), (0, &["index-impossible"][..]));
}

#[test]
fn what_only_tells_of_other_records_is_not_listed() {
    let text = record("metadata", 1, "http://a/", "Content-Type: application/warc-fields\r\n", "via: x\r\n")
        + &record("metadata", 2, "http://a/", "Content-Type: text/anvl\r\n", "via: x\r\n")
        + &record("warcinfo", 3, "http://a/", "Content-Type: application/warc-fields\r\n", "a: b\r\n")
        + &record("conversion", 4, "http://a/", "Content-Type: text/plain\r\n", "text");
    let entries = index(&text);
    assert_eq!(entries.iter().map(|e| e.mime.as_deref().unwrap()).collect::<Vec<_>>(), ["text/anvl"]);
}

#[test]
fn a_revisit_keeps_the_digest_it_has_and_gets_none() {
    let with = record(
        "revisit",
        1,
        "http://a/",
        &format!("{HTTP}response\r\nWARC-Payload-Digest: sha1:X\r\n"),
        "HTTP/1.1 304 Not\r\n\r\n",
    );
    let without = record("revisit", 2, "http://a/", "", "");
    let entries = index(&(with + &without));
    assert_eq!((entries[0].digest.as_deref(), entries[0].status), (Some("sha1:X"), Some(304)));
    assert_eq!((&entries[1].digest, entries[1].status), (&None, None));
    assert!(entries.iter().all(|e| e.mime.as_deref() == Some("warc/revisit")));
}

const POST: &str =
    "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\nb=2&a=1";

#[test]
fn a_post_has_a_key_of_its_own_whichever_of_the_two_comes_first() {
    let answer = response(1, "http://a/?q=0", "", "HTTP/1.1 200 OK\r\n\r\n");
    let asked = request(2, "http://a/?q=0", "WARC-Concurrent-To: <urn:x:1>\r\n", POST);
    let between = request(9, "http://other/", "", "GET / HTTP/1.1\r\n\r\n");
    for text in [
        answer.clone() + &asked,
        asked.clone() + &answer,
        answer.clone() + &between + &asked,
        asked.clone() + &between + &answer,
    ] {
        let entries = index(&text);
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].surt, "a)/?__wb_method=post&a=1&b=2&q=0");
        assert_eq!(entries[0].url, "http://a/?q=0");
        assert!(entries[0].line().ends_with(r#""requestBody": "b=2&a=1", "method": "POST"}"#));
    }
    let options = Options { post: false, ..Options::default() };
    assert_eq!(index_with((answer + &asked).into_bytes(), options).0[0].surt, "a)/?q=0");
}

#[test]
fn neighbours_without_references_are_partners_and_strangers_are_not() {
    let answer = response(1, "http://a/", "", "HTTP/1.1 200 OK\r\n\r\n");
    let asked = request(2, "http://a/", "", POST);
    assert!(index(&(asked.clone() + &answer))[0].method.is_some());
    let stranger = request(2, "http://a/", "WARC-Concurrent-To: <urn:x:77>\r\n", POST);
    assert!(index(&(stranger + &answer))[0].method.is_none());
    let far = record("warcinfo", 3, "http://a/", "", "");
    assert!(index(&(asked + &far + &answer))[0].method.is_none());
}

#[test]
fn captures_wait_for_their_requests_only_so_long_and_none_is_lost() {
    let answers: String =
        (0..100).map(|n| response(n, &format!("http://a/{n}"), "", "HTTP/1.1 200 OK\r\n\r\n")).collect();
    let asked = request(999, "http://a/0", "WARC-Concurrent-To: <urn:x:0>\r\n", POST);
    let entries = index(&(answers + &asked));
    assert_eq!(entries.len(), 100);
    assert!(entries.iter().all(|e| e.method.is_none()));
}

/// The right column is what cdxj-indexer 1.5.0 makes of the left.
#[test]
fn bodies_become_the_arguments_that_replay_looks_for() {
    for (content_type, body, wanted) in [
        ("application/x-www-form-urlencoded", "a=b+c&d=%C3%A9%2", "a=b c&d=é%2"),
        ("application/json", r#"{"a": "b", "c": {"a": 2}, "d": [1, 2.0, true, null]}"#, JSON),
        ("application/json", r#"{"x": 1e-7, "y": 1e20, "z": 12345.678, "w": -0.0}"#, FLOATS),
        ("application/json", "{\"a\": 1}\n{\"a\": 2}", "a=1&a.2_=2"),
        ("application/json", "{\"a\": 1}\n", "a=1"),
        ("application/json", "no json", ""),
        ("application/json", "[]", ""),
        ("text/plain", r#"{"a": "1 &"}"#, "a=1+%26"),
        ("text/plain", "no json", "__wb_post_data=bm8ganNvbg=="),
        ("image/png", "\u{0}", "__wb_post_data=AA=="),
        ("", "", "__wb_post_data="),
        ("multipart/form-data; boundary=--x", MULTIPART, "a+b=1%0D%0A2&f=%00"),
        ("multipart/form-data", "x", "__wb_post_data=eA=="),
    ] {
        assert_eq!(arguments(content_type, body.as_bytes()), wanted, "{content_type} {body}");
    }
}

const JSON: &str = "a=b&a.2_=2&d=1&d.2_=2.0&d.3_=True&d.4_=None";
const FLOATS: &str = "x=1e-07&y=1e%2B20&z=12345.678&w=-0.0";
const MULTIPART: &str = "----x\r\nContent-Disposition: form-data; name=\"a b\"\r\n\r\n1\r\n2\r\n\
                         ----x\r\ncontent-disposition: form-data; filename=\"q\"; name=f\r\nX: y\r\n\r\n\0\r\n----x--\r\n";

#[test]
fn the_digest_of_a_line_is_the_one_asked_for() {
    let text = response(1, "http://a/", "WARC-Block-Digest: sha1:B\r\n", "HTTP/1.1 200 OK\r\n\r\nhello");
    let digest = |digest| {
        let options = Options { digest, ..Options::default() };
        index_with(text.clone().into_bytes(), options).0[0].digest.clone()
    };
    assert_eq!(digest(DigestField::Block).as_deref(), Some("sha1:B"));
    assert_eq!(digest(DigestField::None), None);
    assert!(digest(DigestField::Payload).is_some_and(|d| d.starts_with("sha1:VL2M")));
}

#[test]
fn lines_name_the_file_without_where_it_lies() {
    for name in ["a.warc.gz", "d/e/a.warc.gz", "x.wacz!archive/a.warc.gz", "https://h/d/a.warc.gz?sig=1/2#x"]
    {
        assert_eq!(file_name(name), "a.warc.gz", "{name}");
    }
    assert_eq!(file_name("-"), "-");
}
