//! Behaviours of servers, odd and less odd, and what a recorder must make of each.

use super::server::{Script, Step};
use crate::message::framing::Truncated;
use crate::wire::Stage;
use std::io::{self, Write};
use std::time::Duration;

/// Bytes of one response: small enough to be reached by the endless body.
pub const SIZE_LIMIT: u64 = 1 << 20;

/// Time for one response: short enough to be reached by the endless drip.
pub const TIME_LIMIT: Duration = Duration::from_millis(1500);

/// Time without a byte: short enough for the silent ones, long enough for a busy machine.
pub const IDLE_LIMIT: Duration = Duration::from_millis(300);

/// One behaviour.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is called; its path on the server, too.
    pub name: &'static str,
    /// How it is asked for.
    pub method: &'static str,
    /// What the server does.
    pub script: Script,
    /// What is to become of it.
    pub expected: Expected,
    /// Where it is another thing over TLS.
    pub over_tls: Option<Expected>,
    /// What the payload must be, where that is worth a check.
    pub payload: Option<Vec<u8>>,
}

/// What is to become of a response.
#[derive(Clone, Copy, Debug)]
pub enum Expected {
    /// Not a byte to store: a failure that came so far.
    Nothing(Stage),
    /// A record.
    Stored {
        /// Bytes sent that belong to no message.
        surplus: usize,
        /// WARC-Truncated.
        truncated: Option<Truncated>,
        /// Codes that must be among the findings.
        codes: &'static [&'static str],
    },
}

const CUT: Option<Truncated> = Some(Truncated::Disconnect);

fn send(bytes: impl AsRef<[u8]>) -> Step {
    Step::Send(bytes.as_ref().to_vec())
}

/// Stored whole.
pub(super) fn whole(name: &'static str, sent: impl AsRef<[u8]>, codes: &'static [&'static str]) -> Case {
    Case {
        name,
        method: "GET",
        script: vec![send(sent)],
        expected: Expected::Stored { surplus: 0, truncated: None, codes },
        over_tls: None,
        payload: None,
    }
}

/// Stored as far as it came.
fn cut(name: &'static str, sent: impl AsRef<[u8]>, codes: &'static [&'static str]) -> Case {
    Case { expected: Expected::Stored { surplus: 0, truncated: CUT, codes }, ..whole(name, sent, codes) }
}

impl Case {
    fn surplus(self, surplus: usize) -> Self {
        match self.expected {
            Expected::Stored { truncated, codes, .. } => {
                Self { expected: Expected::Stored { surplus, truncated, codes }, ..self }
            }
            Expected::Nothing(_) => self,
        }
    }

    fn truncated(self, truncated: Truncated) -> Self {
        match self.expected {
            Expected::Stored { surplus, codes, .. } => {
                Self { expected: Expected::Stored { surplus, truncated: Some(truncated), codes }, ..self }
            }
            Expected::Nothing(_) => self,
        }
    }

    fn then(mut self, step: Step) -> Self {
        self.script.push(step);
        self
    }

    fn over_tls(self, truncated: Option<Truncated>, codes: &'static [&'static str]) -> Self {
        Self { over_tls: Some(Expected::Stored { surplus: 0, truncated, codes }), ..self }
    }

    fn by(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    fn payload(self, payload: impl AsRef<[u8]>) -> Self {
        Self { payload: Some(payload.as_ref().to_vec()), ..self }
    }
}

fn nothing(name: &'static str, script: Script) -> Case {
    Case {
        name,
        method: "GET",
        script,
        expected: Expected::Nothing(Stage::Http),
        over_tls: None,
        payload: None,
    }
}

fn chunked(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
}

fn ok(fields: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{body}")
}

fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn deflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// All of them. Over one connection after another: some need what the one before them left.
///
/// # Errors
/// Where compressing fails.
pub fn cases() -> io::Result<Vec<Case>> {
    let mut cases = chunks();
    cases.extend(lengths());
    cases.extend(closes());
    cases.extend(heads());
    cases.extend(statuses());
    cases.extend(times());
    cases.extend(codings()?);
    cases.extend(redirects_and_fields());
    Ok(cases)
}

fn chunks() -> Vec<Case> {
    vec![
        whole("chunked", chunked("5\r\nhello\r\n0\r\n\r\n"), &[]).payload("hello"),
        whole("trailer", chunked("5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), &["http-trailers"]).payload("hello"),
        whole("trailers", chunked("1\r\na\r\n0\r\nA: 1\r\nB: 2\r\nA: 3\r\n\r\n"), &["http-trailers"])
            .payload("a"),
        whole(
            "chunk-extension",
            chunked("5;a=\"b\";c\r\nhello\r\n0;last\r\n\r\n"),
            &["http-chunk-extension"],
        )
        .payload("hello"),
        whole("chunk-lf", chunked("5\nhello\n0\n\n"), &["http-chunk-lf"]).payload("hello"),
        whole("chunk-size-bad", chunked("5\r\nhello\r\nxyz\r\nrest"), &["http-chunk-size"]),
        whole("chunk-size-huge", chunked("5\r\nhello\r\n11111111111111111\r\nrest"), &["http-chunk-size"]),
        whole("chunk-size-negative", chunked("-5\r\nhello\r\n0\r\n\r\n"), &["te-header-over-plain-body"]),
        cut("chunk-size-over", chunked("7fffffffffffffff\r\nhello"), &["http-chunk-cut"]).payload("hello"),
        cut("chunk-last-missing", chunked("5\r\nhello\r\n"), &["http-chunk-cut"]).payload("hello"),
        whole("chunk-end-missing", chunked("5\r\nhello\r\n0\r\n"), &["http-chunk-end"]).payload("hello"),
        cut("chunk-cut", chunked("5\r\nhel"), &["http-chunk-cut"]).payload("hel"),
        whole("chunk-delimiter-missing", chunked("5\r\nhello5\r\nworld"), &["http-chunk-delimiter"]),
        whole("chunk-plain", chunked("<p>not in chunks"), &["te-header-over-plain-body"])
            .payload("<p>not in chunks"),
        whole(
            "chunked-twice",
            ok("Transfer-Encoding: chunked, chunked", "1\r\nx\r\n0\r\n\r\n"),
            &["http-te-other"],
        ),
        whole(
            "te-gzip-chunked",
            ok("Transfer-Encoding: gzip, chunked", "1\r\nx\r\n0\r\n\r\n"),
            &["http-te-other"],
        ),
        whole(
            "te-identity",
            ok("Transfer-Encoding: identity\r\nContent-Length: 2", "ok"),
            &["http-te-identity"],
        ),
        whole(
            "te-in-1.0",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            &["http-te-in-10"],
        ),
        whole("chunk-surplus", chunked("1\r\nx\r\n0\r\n\r\ngarbage"), &["http-surplus"])
            .surplus(7)
            .payload("x"),
    ]
}

fn lengths() -> Vec<Case> {
    vec![
        whole("length", ok("Content-Length: 5", "hello"), &[]).payload("hello").then(Step::Next),
        whole("length-too-short", ok("Content-Length: 3", "hello"), &["http-surplus"])
            .surplus(2)
            .payload("hel"),
        cut("length-too-long", ok("Content-Length: 9", "hello"), &["http-length-short", "http-cut"]),
        whole("length-negative", ok("Content-Length: -5", "hello"), &["http-length-bad"]).payload("hello"),
        whole(
            "length-twice-equal",
            ok("Content-Length: 5\r\nContent-Length: 5", "hello"),
            &["http-length-repeated"],
        ),
        whole(
            "length-twice",
            ok("Content-Length: 3\r\nContent-Length: 5", "hello"),
            &["http-length-differs"],
        ),
        whole("length-not-a-number", ok("Content-Length: five", "hello"), &["http-length-bad"]),
        cut("length-huge", ok("Content-Length: 99999999999999999999999", "hello"), &["http-length-short"]),
        whole(
            "length-and-te",
            ok("Content-Length: 1\r\nTransfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
            &["http-length-and-te"],
        )
        .payload("hello"),
        whole("length-zero", ok("Content-Length: 0", ""), &[]).payload("").then(Step::Next),
        // The one before it leaves its connection open.
        whole("closed-on-reuse", "", &[])
            .then(Step::OnReuse(vec![Step::Drop]))
            .then(send(ok("Content-Length: 5", "hello")))
            .payload("hello"),
        whole("to-the-end", ok("A: b", "hello"), &[]).payload("hello"),
        whole("to-the-end-unnotified", ok("A: b", "hello"), &[])
            .then(Step::Drop)
            .over_tls(CUT, &["tls-unclean-close", "http-cut"]),
        whole("length-unnotified", ok("Content-Length: 5", "hello"), &[]).then(Step::Drop).payload("hello"),
        cut("length-cut-unnotified", ok("Content-Length: 5", "he"), &["http-length-short", "http-cut"])
            .then(Step::Drop),
        cut("chunk-cut-unnotified", chunked("5\r\nhe"), &["http-chunk-cut"]).then(Step::Drop),
    ]
}

fn closes() -> Vec<Case> {
    vec![
        nothing("zero-bytes", vec![]),
        nothing("reset-at-once", vec![Step::Reset]),
        cut("cut-in-protocol", "HTT", &["http-head-cut", "http-cut"]),
        cut("cut-in-status-line", "HTTP/1.1 20", &["http-head-cut", "http-cut"]),
        cut("cut-in-headers", "HTTP/1.1 200 OK\r\nContent-Ty", &["http-head-cut", "http-cut"]),
        cut("cut-after-headers", ok("Content-Length: 5", ""), &["http-length-short", "http-cut"]),
        cut("reset-in-headers", "HTTP/1.1 200 OK\r\nA: b\r\n", &["http-head-cut", "http-cut"])
            .then(Step::Reset),
        cut("reset-after-headers", ok("Content-Length: 5", ""), &["http-cut"]).then(Step::Reset),
        cut("reset-in-body", ok("Content-Length: 5", "he"), &["http-cut"]).then(Step::Reset),
        cut("reset-in-open-body", ok("A: b", "he"), &["http-cut"]).then(Step::Reset),
        cut("reset-in-chunk", chunked("5\r\nhe"), &["http-chunk-cut"]).then(Step::Reset),
    ]
}

fn heads() -> Vec<Case> {
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 2\r\n\r\nok", "x".repeat(600_000));
    let fields: String = (0..10_000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let many = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok");
    vec![
        whole("no-reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", &[]),
        whole("no-status", "HTTP/1.1\r\nContent-Length: 2\r\n\r\nok", &["http-status-line"]),
        whole("version-odd", "HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\nok", &["http-version"]),
        whole("icy", "ICY 200 OK\r\nicy-name: radio\r\n\r\nmusic", &["http-icy"]).payload("music"),
        whole("http-0.9", "<html>as it was</html>", &["http-09"]).payload("<html>as it was</html>"),
        whole("lf-only", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", &["http-lf-only"]).payload("ok"),
        whole("no-colon", ok("no colon\r\nContent-Length: 2", "ok"), &["http-no-colon"]),
        whole("space-before-colon", ok("Content-Length : 2", "ok"), &["http-space-before-colon"])
            .payload("ok"),
        whole("folded", ok("X: a\r\n b\r\n\tc\r\nContent-Length: 2", "ok"), &["http-folded"]),
        whole("latin-1", b"HTTP/1.1 200 OK\r\nX: caf\xe9\r\nContent-Length: 2\r\n\r\nok", &["http-8bit"]),
        whole("utf-8", ok("X: caf\u{e9}\r\nContent-Length: 2", "ok"), &["http-8bit"]),
        whole("nul", ok("X: a\0b\r\nContent-Length: 2", "ok"), &["http-nul"]),
        whole("head-long", long, &[]),
        whole("fields-many", many, &[]),
        whole("leading-crlf", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", &["http-leading-bytes"]),
        whole("no-fields", "HTTP/1.1 200 OK\r\n\r\nok", &[]).payload("ok"),
    ]
}

fn statuses() -> Vec<Case> {
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    vec![
        whole("100", format!("HTTP/1.1 100 Continue\r\n\r\n{last}"), &["http-interim"]).payload("ok"),
        whole("102", format!("HTTP/1.1 102 Processing\r\n\r\n{last}"), &["http-interim"]).payload("ok"),
        whole("103", format!("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n{last}"), &["http-interim"])
            .payload("ok"),
        whole(
            "100-102-103",
            format!(
                "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 102 On\r\n\r\nHTTP/1.1 103 See\r\nLink: </a>\r\n\r\n{last}"
            ),
            &["http-interim"],
        )
        .payload("ok"),
        whole("101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", &[]),
        cut("only-100", "HTTP/1.1 100 Continue\r\n\r\n", &["http-interim", "http-cut"]),
        whole("204-with-body", "HTTP/1.1 204 No Content\r\n\r\nbody", &["http-surplus"]).surplus(4),
        whole(
            "304-with-body",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nbody",
            &["http-surplus"],
        )
        .surplus(4),
        whole("304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", &[]).then(Step::Next),
        whole("head", ok("Content-Length: 5", ""), &[]).by("HEAD").payload(""),
        whole("head-chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &[])
            .by("HEAD")
            .payload("")
            .then(Step::Next),
        whole("204", "HTTP/1.1 204 No Content\r\n\r\n", &[]).payload("").then(Step::Next),
        whole("head-with-body", ok("Content-Length: 5", "hello"), &["http-surplus"]).by("HEAD").surplus(5),
        whole(
            "206",
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nok",
            &[],
        ),
        whole("416", "HTTP/1.1 416 No\r\nContent-Range: bytes */9\r\nContent-Length: 0\r\n\r\n", &[]),
        whole("407", "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", &[]),
        whole("429", "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\nno", &[]).payload("no"),
        whole("503", "HTTP/1.1 503 Down\r\nContent-Length: 2\r\n\r\nno", &[]).payload("no"),
        whole("999", "HTTP/1.1 999 Case\r\nContent-Length: 2\r\n\r\nno", &[]).payload("no"),
        whole("garbage-on-keep-alive", format!("{last}HTTP/1.1 200 Smuggled\r\n\r\n"), &["http-surplus"])
            .surplus(25),
    ]
}

fn times() -> Vec<Case> {
    let wait = || Step::Pause(Duration::from_millis(800));
    let slow = ok("Content-Length: 5", "hello");
    vec![
        nothing("silence", vec![wait()]),
        cut("idle-in-head", "HTTP/1.1 200 OK\r\n", &["http-cut"]).truncated(Truncated::Time).then(wait()),
        cut("idle-in-body", ok("Content-Length: 5", "he"), &["http-cut"])
            .truncated(Truncated::Time)
            .then(wait()),
        cut("idle-in-open-body", ok("A: b", "he"), &["http-cut"]).truncated(Truncated::Time).then(wait()),
        cut("idle-in-chunk", chunked("5\r\nhe"), &["http-cut"]).truncated(Truncated::Time).then(wait()),
        Case {
            script: vec![Step::Drip(slow.into_bytes(), Duration::from_millis(2))],
            ..whole("drip-to-the-end", "", &[]).payload("hello")
        },
        Case {
            script: vec![send(ok("A: b", "")), Step::Drip(vec![b'.'; 1000], Duration::from_millis(100))],
            ..whole("drip-over-the-limit", "", &["http-cut"]).truncated(Truncated::Time)
        },
        Case {
            script: vec![Step::Drip(ok("A: b", "").repeat(100).into_bytes(), Duration::from_millis(100))],
            ..whole("drip-in-the-head", "", &["http-head-cut", "http-cut"]).truncated(Truncated::Time)
        },
        whole("endless", ok("A: b", ""), &["http-cut"])
            .truncated(Truncated::Length)
            .then(Step::Endless(vec![b'x'; 1000])),
        whole("body-of-just-the-limit", ok("A: b", &"x".repeat(SIZE_LIMIT as usize - 25)), &[]),
    ]
}

fn codings() -> io::Result<Vec<Case>> {
    let page = b"<!DOCTYPE html><title>coded</title>".repeat(50);
    let zipped = gzip(&page)?;
    let mut corrupt = zipped.clone();
    corrupt.iter_mut().rev().skip(4).take(1).for_each(|byte| *byte ^= 0x55);
    let (cut, _) = zipped.split_at(zipped.len() / 2);
    let zstd = zstd::stream::encode_all(page.as_slice(), 1)?;
    let case = |name, coding: &str, body: &[u8]| whole(name, coded(coding, body), &[]).payload(body);
    Ok(vec![
        case("gzip", "gzip", &zipped),
        case("gzip-cut", "gzip", cut),
        case("gzip-corrupt-footer", "gzip", &corrupt),
        case("deflate-raw", "deflate", &deflate(&page)?),
        case("gzip-twice", "gzip, gzip", &gzip(&zipped)?),
        case("br", "br", b"\x0b\x02\x80hello\x03"),
        case("br-not-br", "br", &page),
        case("zstd", "zstd", &zstd),
        case("coding-unknown", "sdch", &page),
    ])
}

fn redirects_and_fields() -> Vec<Case> {
    let to = |name, field: &str| {
        whole(name, format!("HTTP/1.1 302 Found\r\n{field}Content-Length: 0\r\n\r\n"), &[])
    };
    let with = |name, field: &str| whole(name, ok(&format!("{field}\r\nContent-Length: 2"), "ok"), &[]);
    vec![
        to("redirect-no-location", ""),
        to("redirect-bad-url", "Location: http://[::bad\r\n"),
        to("redirect-other-scheme", "Location: ftp://a.example/\r\n"),
        to("redirect-ipv6", "Location: http://[::1]:81/\r\n"),
        to("redirect-fragment", "Location: /x#y\r\n"),
        to("redirect-loop", "Location: /redirect-loop\r\n"),
        to("redirect-chain", "Location: /redirect-no-location\r\n"),
        to("redirect-empty", "Location:\r\n"),
        to("redirect-twice", "Location: /a\r\nLocation: /b\r\n"),
        with("retry-after-seconds", "Retry-After: 120"),
        with("retry-after-date", "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT"),
        with("set-cookie-odd", "Set-Cookie: =;;; expires=never\r\nSet-Cookie: a=b\r\nset-cookie: \"c"),
        with("retry-after-past", "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT"),
        with("retry-after-huge", "Retry-After: 99999999999999999999"),
    ]
}
