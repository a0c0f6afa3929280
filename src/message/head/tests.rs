#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;

fn parse(bytes: &[u8]) -> (ResponseHead, Vec<&'static str>) {
    let (head, findings) = ResponseHead::parse(bytes, &HeadLimits::default());
    (head, findings.iter().map(|finding| finding.code).collect())
}

#[test]
fn a_plain_head_is_kept_field_by_field() {
    let bytes = b"HTTP/1.1 200 All  right\r\nSet-Cookie: a=1\r\nX-Empty:\r\nset-cookie:\t b=2 \r\n\r\nbody";
    let (head, codes) = parse(bytes);
    assert_eq!(codes, [] as [&str; 0]);
    assert_eq!(
        (head.status, head.reason.as_slice(), head.len),
        (Some(200), &b"All  right"[..], bytes.len() - 4)
    );
    assert_eq!(head.version, Version::Http(1, 1));
    let cookies: Vec<_> = head.fields.all("SET-COOKIE").collect();
    assert_eq!(cookies, [b"a=1", b"b=2"]);
    assert_eq!(head.fields.get("x-empty"), Some(&b""[..]));
    assert_eq!(head.fields.iter().next().unwrap().name, b"Set-Cookie");
}

#[test]
fn each_oddity_has_its_code() {
    let cases: [(&[u8], &str); 13] = [
        (b"HTTP/1.1 200 OK\nA: b\n\n", "http-lf-only"),
        (b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", "http-no-colon"),
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "http-space-before-colon"),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n\tc\r\n\r\n", "http-folded"),
        (b"HTTP/1.1 200 OK\r\nA: \xe9\r\n\r\n", "http-8bit"),
        (b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", "http-nul"),
        (b"HTTP/9.9 200 OK\r\n\r\n", "http-version"),
        (b"HTTP/1.10 200 OK\r\n\r\n", "http-version"),
        (b"ICY 200 OK\r\n\r\n", "http-icy"),
        (b"HTTP/1.1 2OO OK\r\n\r\n", "http-status-line"),
        (b"HTTP/1.1\r\n\r\n", "http-status-line"),
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", "http-leading-bytes"),
        (b"HTTP/1.1 200 OK\r\nA: b", "http-head-cut"),
    ];
    for (bytes, code) in cases {
        assert_eq!(parse(bytes).1, [code], "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn odd_fields_still_have_their_values() {
    let (head, _) = parse(b"HTTP/1.1 200\r\nA: b\r\n  c\r\nLength : 5\r\n junk\r\n\r\n");
    assert_eq!(head.fields.get("a"), Some(&b"b c"[..]));
    assert_eq!(head.fields.get("length"), Some(&b"5 junk"[..]));
    assert_eq!(head.reason, b"");
}

#[test]
fn limits_are_named_and_hold() {
    let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
    (0..50).for_each(|n| bytes.extend_from_slice(format!("X-{n}: {n}\r\n").as_bytes()));
    bytes.extend_from_slice(b"\r\n");
    let (head, findings) = ResponseHead::parse(&bytes, &HeadLimits { bytes: 4096, fields: 10 });
    assert_eq!((head.fields.len(), head.len), (10, bytes.len()));
    assert_eq!(findings[0].code, "http-fields-many");
    assert!(findings[0].message.contains("40 lines"), "{}", findings[0].message);
    let (head, findings) = ResponseHead::parse(&bytes, &HeadLimits { bytes: 30, fields: 10 });
    assert!(findings.iter().any(|finding| finding.code == "http-head-long"));
    assert_eq!(head.len, 30);
}

#[test]
fn head_ends_are_found_whatever_the_line_ends() {
    assert_eq!(head_end(b"HTTP/1.1 200\r\nA: b\r\n\r\nx"), Some(22));
    assert_eq!(head_end(b"HTTP/1.1 200\nA: b\n\nx"), Some(19));
    assert_eq!(head_end(b"HTTP/1.1 200\r\nA: b\n\r\nx"), Some(21));
    assert_eq!(head_end(b"HTTP/1.1 200\nA: b\r\n\nx"), Some(20));
    assert_eq!(head_end(b"\r\n\r\nHTTP/1.1 200\r\n\r\nx"), Some(20));
    assert_eq!(head_end(b"HTTP/1.1 200\r\nA: b\r\n\r"), None);
    assert_eq!(head_end(b""), None);
}

#[test]
fn openings_are_told_apart() {
    assert_eq!(opening(b"HTTP/1.1"), Opening::StatusLine(0));
    assert_eq!(opening(b"\r\nhttp/1.1"), Opening::StatusLine(2));
    assert_eq!(opening(b"ICY 200"), Opening::StatusLine(0));
    assert_eq!(opening(b"<html>\n<p>"), Opening::Body);
    assert_eq!(opening(b"HT"), Opening::Unknown);
    assert_eq!(opening(b""), Opening::Unknown);
    assert_eq!(opening(b"12345678"), Opening::Body);
}

#[test]
fn a_request_head_is_parsed() {
    let (head, findings) =
        RequestHead::parse(b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", &HeadLimits::default());
    assert!(findings.is_empty());
    assert_eq!((head.method.as_slice(), head.target.as_slice()), (&b"GET"[..], &b"/a b"[..]));
    assert_eq!((head.version, head.len), (Version::Http(1, 1), 30));
    let (_, findings) = RequestHead::parse(b"GET\r\n\r\n", &HeadLimits::default());
    assert_eq!(findings[0].code, "http-request-line");
}
