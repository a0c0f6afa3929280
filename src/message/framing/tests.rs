#![allow(clippy::indexing_slicing)]
use super::*;

struct Case {
    method: &'static str,
    sent: &'static [u8],
    how: Close,
    /// Bytes after the message.
    surplus: usize,
    truncated: Option<Truncated>,
    persistent: bool,
    codes: &'static [&'static str],
}

const CASE: Case = Case {
    method: "GET",
    sent: b"",
    how: Close::Eof,
    surplus: 0,
    truncated: None,
    persistent: false,
    codes: &[],
};
const KEPT: Case = Case { persistent: true, ..CASE };
const CUT: Case = Case { truncated: Some(Truncated::Disconnect), ..CASE };

fn cases() -> Vec<Case> {
    vec![
        Case { sent: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ..KEPT },
        Case { sent: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nxx", surplus: 2, ..KEPT },
        Case { sent: b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello", surplus: 2, ..KEPT },
        Case {
            sent: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
            codes: &["http-length-short", "http-cut"],
            ..CUT
        },
        Case {
            sent: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
            how: Close::Timeout,
            truncated: Some(Truncated::Time),
            codes: &["http-length-short", "http-cut"],
            ..CASE
        },
        Case { sent: b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: x, Close\r\n\r\nabc", ..CASE },
        Case { sent: b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", ..CASE },
        Case { sent: b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc", ..KEPT },
        Case { sent: b"HTTP/1.1 200 OK\r\n\r\nto the end", ..CASE },
        Case {
            sent: b"HTTP/1.1 200 OK\r\n\r\nto the end",
            how: Close::SizeLimit,
            truncated: Some(Truncated::Length),
            codes: &["http-cut"],
            ..CASE
        },
        Case { sent: b"HTTP/1.1 200 OK\r\n\r\nno notify", how: Close::Unclean, codes: &["http-cut"], ..CUT },
        Case { sent: b"HTTP/1.1 200 OK\r\n\r\nreset", how: Close::Reset, codes: &["http-cut"], ..CUT },
        Case { method: "HEAD", sent: b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx", surplus: 1, ..KEPT },
        Case { sent: b"HTTP/1.1 204 None\r\nContent-Length: 1\r\n\r\nx", surplus: 1, ..KEPT },
        Case { sent: b"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n", ..KEPT },
        Case { method: "CONNECT", sent: b"HTTP/1.1 200 OK\r\n\r\n", ..KEPT },
        Case {
            sent: b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
            codes: &["http-interim"],
            ..KEPT
        },
        Case {
            sent: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nHTTP",
            surplus: 4,
            ..KEPT
        },
        Case {
            sent: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
            codes: &["http-cut", "http-chunk-cut"],
            ..CUT
        },
        Case {
            sent: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
            codes: &["http-chunk-end"],
            ..CASE
        },
        Case {
            sent: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n-1\r\nrest",
            codes: &["http-chunk-size"],
            ..CASE
        },
        Case {
            sent: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<p>plain",
            codes: &["te-header-over-plain-body"],
            ..CASE
        },
        Case {
            sent: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
            codes: &["http-length-and-te"],
            ..CASE
        },
        Case {
            sent: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
            codes: &["http-length-differs"],
            ..CASE
        },
        Case {
            sent: b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc",
            codes: &["http-length-bad"],
            ..CASE
        },
        Case { sent: b"<html>as in 1991</html>", codes: &["http-09"], ..CASE },
        Case { sent: b"hi", codes: &["http-09"], ..CASE },
        Case { sent: b"ICY 200 OK\r\nicy-name: x\r\n\r\nmp3", codes: &["http-icy"], ..CASE },
        Case { sent: b"HTTP/1.1 20", codes: &["http-status-line", "http-head-cut", "http-cut"], ..CUT },
        Case {
            sent: b"HTT",
            codes: &["http-version", "http-status-line", "http-head-cut", "http-cut"],
            ..CUT
        },
        Case { sent: b"HTTP/1.1 200 OK\r\nA: b\r\n", codes: &["http-head-cut", "http-cut"], ..CUT },
        Case { sent: b"HTTP/1.1 100 Go\r\n\r\n", codes: &["http-cut", "http-interim"], ..CUT },
        Case { sent: b"HTTP/1.1 101 Switch\r\n\r\nxx", surplus: 2, ..CASE },
    ]
}

#[test]
fn each_response_ends_where_it_should_in_any_slices() {
    for case in cases() {
        for slice in 1..=case.sent.len() {
            let shown = format!("{} by {slice}", String::from_utf8_lossy(case.sent));
            let mut framer = Framer::for_response(case.method);
            let consumed: usize = case.sent.chunks(slice).map(|piece| framer.feed(piece).consumed).sum();
            assert_eq!(case.sent.len() - consumed, case.surplus, "{shown}");
            let ending = framer.close(case.how);
            let codes: Vec<_> = ending.findings.iter().map(|finding| finding.code).collect();
            assert_eq!(codes, case.codes, "{shown}");
            assert_eq!((ending.truncated, ending.persistent), (case.truncated, case.persistent), "{shown}");
            assert_eq!(ending.len, consumed as u64);
        }
    }
}

proptest::proptest! {
    #[test]
    fn slices_of_any_bytes_change_nothing(bytes in "[HTP/1.0 2\\r\\n:a-f;]{0,120}", slice in 1usize..9) {
        let bytes = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", bytes.as_bytes()].concat();
        let (mut whole, mut sliced) = (Framer::for_response("GET"), Framer::for_response("GET"));
        let consumed = whole.feed(&bytes).consumed;
        let by_slices: usize = bytes.chunks(slice).map(|piece| sliced.feed(piece).consumed).sum();
        proptest::prop_assert_eq!(consumed, by_slices);
        proptest::prop_assert_eq!(whole.close(Close::Reset), sliced.close(Close::Reset));
    }
}

#[test]
fn endless_interim_responses_take_no_memory() {
    let mut framer = Framer::for_response("GET");
    (0..1000).for_each(|_| assert!(!framer.feed(b"HTTP/1.1 103 Hints\nX: \xe9\n\n").done));
    assert!(framer.findings.len() < 3 && framer.body_start().is_none());
}

#[test]
fn the_final_head_and_body_are_located() {
    let mut framer = Framer::for_response("GET");
    framer.feed(b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
    assert_eq!(framer.head().and_then(|head| head.status), Some(200));
    let ending = framer.close(Close::Eof);
    assert_eq!((ending.head_start, ending.body_start), (19, Some(57)));
}

#[test]
fn a_head_over_the_limit_ends_the_reading_by_length() {
    let mut framer = Framer::with_limits("GET", HeadLimits { bytes: 100, fields: 10 });
    assert!(!framer.feed(b"HTTP/1.1 200 OK\r\nX: ").done);
    assert!(framer.feed(&[b'a'; 200]).done);
    let ending = framer.close(Close::Eof);
    assert_eq!((ending.truncated, ending.len), (Some(Truncated::Length), 220));
    assert_eq!(ending.head.and_then(|head| head.status), Some(200));
    assert_eq!(ending.findings.last().map(|finding| finding.code), Some("http-head-long"));
}
