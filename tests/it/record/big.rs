//! However much goes through, the memory does not grow, and nothing waits for the end.

#![cfg(target_os = "linux")]

use super::origin::Origin;
use super::{Recorder, read_head};
use crate::common::server::{Server, Step};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};

/// Bytes of a body.
const BODY: usize = 200 << 20;
/// The most that the proxy may hold at any moment.
const MOST: u64 = 64_000_000;

/// The high-water mark of the resident set, in bytes.
fn peak(recorder: &Recorder) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", recorder.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

fn block() -> Vec<u8> {
    (0..1u32 << 18).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

#[test]
fn a_response_of_200_mb_goes_through_in_64_mb() {
    let block = block();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/x\r\nContent-Length: {BODY}\r\n\r\n");
    let script = vec![Step::Send(head.into()), Step::Repeat(block.clone(), BODY / block.len()), Step::Next];
    let server = Server::plain([("/big".to_owned(), script)].into());
    let recorder = Recorder::start(&[]);
    let mut stream = recorder.connect();
    write!(stream, "GET {} HTTP/1.1\r\n\r\n", server.url("/big")).unwrap();
    read_head(&mut stream);
    let (mut sum, mut left, mut buffer) = (Sha256::new(), BODY, vec![0; 1 << 20]);
    while left > 0 {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{left} bytes are missing");
        sum.update(&buffer[..count]);
        left -= count;
    }
    let mut wanted = Sha256::new();
    (0..BODY / block.len()).for_each(|_| wanted.update(&block));
    let sum = sum.finalize();
    assert_eq!(sum, wanted.finalize());
    drop(stream);
    recorder.signal("-INT");
    // Until it is written and sealed.
    let mut most = 0;
    while let Ok(text) = std::fs::read_to_string(format!("/proc/{}/status", recorder.id())) {
        if !text.contains("VmHWM") {
            break;
        }
        most = most.max(peak(&recorder));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let recorded = recorder.wait();
    assert!((1_000_000..MOST).contains(&most), "{most}");
    let response = recorded.collection.one("response", &server.url("/big"));
    let hex = data_encoding::HEXLOWER.encode(&sum);
    assert_eq!(response.field("WARC-Payload-Digest"), format!("sha256:{hex}"));
}

#[test]
fn an_upload_of_200_mb_goes_through_in_64_mb() {
    let origin = Origin::start(|visit| {
        visit.head()?;
        for _ in 0..BODY / (1 << 20) {
            visit.body(1 << 20)?;
        }
        visit.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    });
    let recorder = Recorder::start(&[]);
    let url = origin.url("/up");
    let mut stream = recorder.connect();
    write!(stream, "POST {url} HTTP/1.1\r\nContent-Length: {BODY}\r\n\r\n").unwrap();
    let block = block();
    (0..BODY / block.len()).for_each(|_| stream.write_all(&block).unwrap());
    assert!(read_head(&mut stream).starts_with(b"HTTP/1.1 200"));
    let most = peak(&recorder);
    drop(stream);
    let recorded = recorder.stop();
    assert!((1_000_000..MOST).contains(&most), "{most}");
    let request = recorded.collection.one("request", &url);
    assert_eq!(request.block, origin.received()[0]);
}
