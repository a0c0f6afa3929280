//! Bodies that go up: sent on as they come, recorded as they were sent.

use super::origin::Origin;
use super::{Recorder, read_all, read_head};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::time::Duration;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

#[test]
fn a_form_is_in_the_request_record_as_the_origin_got_it() {
    let origin = Origin::start(|visit| {
        visit.head()?;
        visit.body(11)?;
        visit.say(OK)
    });
    let recorder = Recorder::start(&[]);
    let url = origin.url("/form?x=%zz");
    let mut stream = recorder.connect();
    let fields = "x-Odd:  kept \r\nProxy-Connection: Keep-Alive\r\nProxy-Authorization: Basic c2VjcmV0\r\nContent-Length: 11\r\n";
    write!(stream, "POST {url} HTTP/1.1\r\nhOST: other.example\r\n{fields}\r\nname=a%20b&").unwrap();
    assert_eq!(read_all(&mut stream), OK.as_bytes());
    let collection = &recorder.stop().collection;
    let request = collection.one("request", &url);
    let wanted = "POST /form?x=%zz HTTP/1.1\r\nhOST: other.example\r\nx-Odd:  kept \r\nContent-Length: 11\r\n\r\nname=a%20b&";
    assert_eq!(String::from_utf8_lossy(&request.block), wanted);
    assert_eq!(origin.received(), [wanted.as_bytes()]);
    let sum = data_encoding::HEXLOWER.encode(&Sha256::digest("name=a%20b&"));
    assert_eq!(request.field("WARC-Payload-Digest"), format!("sha256:{sum}"));
    assert_eq!(collection.one("response", &url).block, OK.as_bytes());
}

#[test]
fn a_body_waits_for_the_origins_100_and_chunks_stay_chunks() {
    let origin = Origin::start(|visit| {
        visit.head()?;
        visit.say("HTTP/1.1 100 Continue\r\n\r\n")?;
        visit.until(b"0\r\nX-Sum: 1\r\n\r\n")?;
        visit.say(OK)
    });
    let recorder = Recorder::start(&[]);
    let url = origin.url("/up");
    let mut stream = recorder.connect();
    write!(stream, "PUT {url} HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        .unwrap();
    assert_eq!(read_head(&mut stream), b"HTTP/1.1 100 Continue\r\n\r\n");
    let body = "4;a=b\r\nwiki\r\n0\r\nX-Sum: 1\r\n\r\n";
    for piece in body.as_bytes().chunks(5) {
        stream.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(read_all(&mut stream), OK.as_bytes());
    let collection = &recorder.stop().collection;
    let request = collection.one("request", &url);
    assert!(request.block.ends_with(body.as_bytes()) && request.block == origin.received()[0]);
    let sum = data_encoding::HEXLOWER.encode(&Sha256::digest("wiki"));
    assert_eq!(request.field("WARC-Payload-Digest"), format!("sha256:{sum}"));
    let response = collection.one("response", &url);
    assert_eq!(response.block, format!("HTTP/1.1 100 Continue\r\n\r\n{OK}").as_bytes());
}

#[test]
fn an_answer_before_the_end_of_the_upload_comes_through() {
    let no = "HTTP/1.1 413 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let origin = Origin::start(move |visit| {
        visit.head()?;
        visit.say(no)?;
        // Still there while the answer is read.
        std::thread::sleep(Duration::from_secs(1));
        Some(())
    });
    let recorder = Recorder::start(&[]);
    let url = origin.url("/up");
    let mut stream = recorder.connect();
    write!(stream, "POST {url} HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\nsome").unwrap();
    assert_eq!(read_all(&mut stream), no.as_bytes());
    let collection = &recorder.stop().collection;
    assert!(collection.one("request", &url).block.ends_with(b"\r\n\r\nsome"));
    let notes = collection.one("metadata", &url);
    assert!(String::from_utf8_lossy(&notes.block).contains("http-request-cut"));
}
