#![allow(clippy::indexing_slicing, clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;

struct Got {
    body: Vec<u8>,
    payload: Vec<u8>,
    end: PayloadEnd,
}

fn run(mut decoder: Payload, pieces: &[&[u8]], context: &Context<'_>) -> Got {
    let (mut body, mut payload) = (Vec::new(), Vec::new());
    let mut sink = |part: Part<'_>| match part {
        Part::Body(bytes) => body.extend_from_slice(bytes),
        Part::Payload(bytes) => payload.extend_from_slice(bytes),
    };
    pieces.iter().for_each(|piece| decoder.push(piece, &mut sink));
    let end = decoder.finish(context, &mut sink);
    Got { body, payload, end }
}

fn of(block: &[u8]) -> (Vec<u8>, Transfer, Vec<&'static str>) {
    let got = run(Payload::response(), &[block], &Context { method: Some("GET"), truncated: false });
    assert_eq!(got.end.body_start + got.end.body_len, block.len() as u64);
    assert_eq!(got.body, &block[usize::try_from(got.end.body_start).unwrap()..]);
    assert_eq!(got.end.payload_len, got.payload.len() as u64);
    (got.payload, got.end.transfer, got.end.findings.iter().map(|finding| finding.code).collect())
}

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

#[test]
fn payloads_are_what_the_standard_says() {
    assert_eq!(of(CHUNKED), (b"hello".to_vec(), Transfer::Chunked, vec![]));
    let with = |head: &str, body: &str| of(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").as_bytes());
    let te = "Transfer-Encoding: chunked";
    let plain = with(te, "<p>hello");
    assert_eq!(plain, (b"<p>hello".to_vec(), Transfer::HeaderOverPlain, vec!["te-header-over-plain-body"]));
    let broken = with(te, "1\r\nx\r\nzz");
    assert_eq!(broken, (b"xzz".to_vec(), Transfer::Broken, vec!["http-chunk-size"]));
    let cut = with(te, "5\r\nhel");
    assert_eq!(cut, (b"hel".to_vec(), Transfer::Chunked, vec!["http-chunk-cut"]));
    let more = with(te, "1\r\nx\r\n0\r\n\r\nmore");
    assert_eq!(more, (b"x".to_vec(), Transfer::Chunked, vec!["http-chunk-surplus"]));
    let over = with("Content-Length: 2", "abc");
    assert_eq!(over, (b"abc".to_vec(), Transfer::Identity, vec!["http-length-over"]));
    let short = with("Content-Length: 4", "abc");
    assert_eq!(short, (b"abc".to_vec(), Transfer::Identity, vec!["http-length-short"]));
    assert_eq!(with("A: b", "abc"), (b"abc".to_vec(), Transfer::Identity, vec![]));
}

#[test]
fn blocks_without_a_whole_head_give_what_they_have() {
    assert_eq!(of(b"<html>"), (b"<html>".to_vec(), Transfer::Identity, vec!["http-09"]));
    assert_eq!(of(b"hi"), (b"hi".to_vec(), Transfer::Identity, vec!["http-09"]));
    assert_eq!(of(b""), (vec![], Transfer::Identity, vec!["http-head-cut"]));
    assert_eq!(of(b"HTTP/1.1 200 OK\r\nA: b").2, ["http-head-cut"]);
    let interim = b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\n\r\nabc";
    assert_eq!(of(interim), (b"abc".to_vec(), Transfer::Identity, vec!["http-interim"]));
    assert_eq!(of(b"HTTP/1.1 100 Go\r\n\r\n").2, ["http-interim"]);
    assert_eq!(of(b"HTTP/1.1 204 No\r\n\r\nx").2, ["http-body-forbidden"]);
}

#[test]
fn what_is_short_depends_on_what_the_caller_knows() {
    let block = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";
    let severity = |truncated, method| {
        let end = run(Payload::response(), &[block], &Context { truncated, method }).end;
        end.findings.first().map(|finding| finding.severity)
    };
    assert_eq!(severity(false, Some("GET")), Some(Severity::Warning));
    assert_eq!(severity(false, None), Some(Severity::Info));
    assert_eq!(severity(false, Some("HEAD")), None);
    assert_eq!(severity(true, Some("GET")), None);
}

#[test]
fn requests_have_payloads_too() {
    let block = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na=b";
    let got = run(Payload::request(), &[block], &Context::default());
    assert_eq!((got.payload.as_slice(), got.end.findings.len()), (&b"a=b"[..], 0));
    assert_eq!(got.end.request().unwrap().target, b"/a");
    let got = run(Payload::request(), &[b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"], &Context::default());
    assert_eq!((got.end.body_len, got.end.findings.len()), (0, 0));
}

#[test]
fn a_head_over_the_limit_is_passed_over_and_the_body_found() {
    let block = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'a'; 500], b"\r\n\r\nbody".to_vec()].concat();
    let decoder = Payload::response().limits(HeadLimits { bytes: 100, fields: 10 });
    let got = run(decoder, &[&block], &Context::default());
    assert_eq!((got.body.as_slice(), got.end.body_start), (&b"body"[..], 524));
    assert_eq!(got.end.findings[0].code, "http-head-long");
}

proptest! {
    #[test]
    fn slices_change_nothing(
        block in prop_oneof![
            "(HTTP/1.1 [0-9]{3} \r?\n)?(Transfer-Encoding: chunked\r\n)?(Content-Length: [0-9]{1,2}\r?\n)?\r?\n[0-9a-f]\r\n[a-z\r\n0-9]{0,40}",
            "[HTPht/1. \r\n]{0,20}[a-z\r\n]{0,20}",
        ],
        cuts in proptest::collection::vec(0usize..80, 0..6),
    ) {
        let block = block.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(block.len())).collect();
        cuts.extend([0, block.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &block[pair[0]..pair[1]]).collect();
        let whole = run(Payload::response(), &[block], &Context::default());
        let sliced = run(Payload::response(), &pieces, &Context::default());
        prop_assert_eq!(whole.end, sliced.end);
        prop_assert_eq!(whole.payload, sliced.payload);
        prop_assert_eq!(whole.body, sliced.body);
    }
}
