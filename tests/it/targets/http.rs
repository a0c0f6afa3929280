//! HTTP messages: however the bytes are cut into slices, the outcome is the same.

use super::{Drip, fingerprint, slices};
use fonds::message::chunked::{ChunkState, Dechunk};
use fonds::message::coding::decode;
use fonds::message::framing::{Close, Ending, Framer};
use fonds::message::head::{HeadLimits, RequestHead, ResponseHead, head_end};
use fonds::message::payload::{Context, Part, Payload, PayloadEnd};
use fonds::message::redirect::redirect_target;
use fonds::message::sniff;
use std::io::{Cursor, Read};

/// Small, so that they are met.
const LIMITS: HeadLimits = HeadLimits { bytes: 700, fields: 12 };

fn ends(data: &[u8], parts: &[&[u8]], method: &str, close: Close) -> Ending {
    let mut framer = Framer::with_limits(method, LIMITS);
    let mut taken = 0;
    for part in parts {
        let fed = framer.feed(part);
        assert!(fed.consumed == part.len() || fed.done, "what is not wanted is surplus");
        taken += fed.consumed;
        assert_eq!(framer.len(), taken as u64);
        if fed.done {
            break;
        }
    }
    let ending = framer.close(close);
    assert_eq!(ending.len, taken as u64);
    assert!(taken <= data.len() && ending.head_start <= ending.len);
    assert!(ending.body_start.is_none_or(|at| ending.head_start <= at && at <= ending.len), "{ending:?}");
    ending
}

fn parts(
    data: &[u8],
    slices: &[&[u8]],
    response: bool,
    context: &Context<'_>,
) -> (PayloadEnd, Vec<u8>, Vec<u8>) {
    let message = if response { Payload::response() } else { Payload::request() };
    let mut message = message.limits(LIMITS);
    let (mut body, mut payload) = (Vec::new(), Vec::new());
    let mut sink = |part: Part<'_>| match part {
        Part::Body(bytes) => body.extend_from_slice(bytes),
        Part::Payload(bytes) => payload.extend_from_slice(bytes),
    };
    slices.iter().for_each(|slice| message.push(slice, &mut sink));
    let end = message.finish(context, &mut sink);
    assert_eq!((body.len() as u64, payload.len() as u64), (end.body_len, end.payload_len), "{end:?}");
    assert_eq!(end.body_start + end.body_len, data.len() as u64, "head and body are the block");
    assert!(data.ends_with(&body), "the body is the end of the block");
    assert!(payload.len() <= body.len());
    (end, body, payload)
}

/// Heads, the framing of a response, and the payload of a stored message.
pub fn http(data: &[u8]) {
    let cut = slices(data);
    let bytes: Vec<&[u8]> = data.chunks(1).collect();
    for method in ["GET", "HEAD", "CONNECT"] {
        for close in [Close::Eof, Close::Reset] {
            let whole = ends(data, &[data], method, close);
            assert_eq!(whole, ends(data, &cut, method, close), "{method} in slices");
            assert_eq!(whole, ends(data, &bytes, method, close), "{method} byte by byte");
        }
    }
    let context = Context { truncated: fingerprint(data) & 1 == 1, method: None };
    for response in [true, false] {
        let whole = parts(data, &[data], response, &context);
        assert_eq!(whole, parts(data, &cut, response, &context), "in slices");
        assert_eq!(whole, parts(data, &bytes, response, &context), "byte by byte");
    }
    heads(data);
}

fn heads(data: &[u8]) {
    let (response, _) = ResponseHead::parse(data, &LIMITS);
    let (request, _) = RequestHead::parse(data, &LIMITS);
    for (len, fields) in [(response.len, &response.fields), (request.len, &request.fields)] {
        assert!(len <= data.len() && fields.len() <= LIMITS.fields);
        assert_eq!(fields.iter().count(), fields.len());
    }
    if let Some(end) = head_end(data) {
        assert!(end <= data.len());
        assert_eq!(head_end(&data[..end]), Some(end), "what is behind a head does not move its end");
    }
}

fn dechunk(parts: &[&[u8]]) -> (usize, Vec<u8>, ChunkState, Vec<fonds::finding::Finding>) {
    let mut dechunk = Dechunk::new();
    let (mut taken, mut out) = (0, Vec::new());
    for part in parts {
        let n = dechunk.push(part, &mut |bytes| out.extend_from_slice(bytes));
        taken += n;
        if n < part.len() {
            assert_eq!(dechunk.state(), ChunkState::Done);
            break;
        }
    }
    dechunk.flush(&mut |bytes| out.extend_from_slice(bytes));
    (taken, out, dechunk.state(), dechunk.findings())
}

/// The chunked coding alone.
pub fn chunked(data: &[u8]) {
    let whole = dechunk(&[data]);
    assert_eq!(whole, dechunk(&slices(data)));
    assert_eq!(whole, dechunk(&data.chunks(1).collect::<Vec<_>>()));
    assert!(whole.1.len() <= whole.0 && whole.0 <= data.len());
    if whole.2 == ChunkState::Plain {
        assert_eq!(whole.1, data, "what was never in chunks is given as it is");
    }
}

/// The first line names the codings, the rest is coded: the output is bounded, and the same however it comes.
pub fn coding(data: &[u8]) {
    const LIMIT: u64 = 64 << 10;
    let (names, coded) =
        data.iter().position(|b| *b == b'\n').map_or((data, &[][..]), |at| data.split_at(at));
    let coded = coded.get(1..).unwrap_or_default();
    let names = String::from_utf8_lossy(names);
    let undo = |source: Box<dyn Read + Send>| {
        let mut decoded = decode(&names, source, LIMIT);
        let mut out = Vec::new();
        decoded.read_to_end(&mut out).expect("memory is read");
        (out, decoded.findings())
    };
    let (out, findings) = undo(Box::new(Cursor::new(coded.to_vec())));
    let as_it_is = out == coded;
    assert!(as_it_is || out.len() as u64 <= LIMIT, "{} bytes", out.len());
    assert_eq!((out, findings), undo(Box::new(Drip::new(coded))), "{names:?} dripping");
}

/// `data` as the Location of a redirect.
pub fn redirect(data: &[u8]) {
    let message = [b"HTTP/1.1 302 Found\r\nLocation: ", data, b"\r\n\r\n"].concat();
    let (head, _) = ResponseHead::parse(&message, &HeadLimits::default());
    let base = "http://example.com/dir/page?q#part".parse().expect("a URL");
    if let Some(Err(reason)) = redirect_target(&head, &base) {
        assert!(!reason.contains('\n'), "{reason:?}");
    }
}

/// What the first bytes are taken for does not depend on what is behind them.
pub fn sniff(data: &[u8]) {
    let kind = sniff::identify(data);
    assert_eq!(kind.is_none(), data.is_empty());
    assert_eq!(kind, sniff::identify(&data[..data.len().min(sniff::HEADER)]));
    for coding in ["gzip", "br", "deflate, zstd", "unheard-of"] {
        sniff::identify_coded(coding, data);
    }
    for name in ["", "a.warc.gz", "a.wacz", "a.txt"] {
        fonds::input::Kind::of(name, data);
    }
    fonds::extract::is_extractable(None, data);
}
