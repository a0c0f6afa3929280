//! What is cut says why.

use super::exchange;
use crate::common::cli::{archive, fonds};
use crate::common::collection::{Collection, Record};
use crate::common::server::{Script, Step};
use crate::common::site::serve;
use std::time::Duration;
use tempfile::tempdir;

/// The response to a script, captured with these options.
fn cut(script: Script, options: &[&str]) -> (Record, String) {
    let server = serve(vec![("/", script)]);
    let (dir, url) = (tempdir().unwrap(), server.url("/"));
    let out = dir.path().join("c");
    let run = archive(&out, &[&url], options).expect(0);
    fonds(["verify", "--require", "2", out.to_str().unwrap()]).expect(0);
    let collection = Collection::new(&out);
    let (response, _) = exchange(&collection, &url);
    let entry = collection.log_of("record").into_iter().find(|e| e["warc"]["id"] == response.id()).unwrap();
    assert_eq!(entry["http"]["truncated"].as_str(), response.get("WARC-Truncated"));
    (response, run.stderr)
}

fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

#[test]
fn a_response_that_takes_too_long_in_all_is_cut_by_time() {
    let drip = Step::Drip(vec![b'.'; 10_000], Duration::from_millis(10));
    let (response, stderr) = cut(vec![send("HTTP/1.1 200 OK\r\n\r\n"), drip], &["--max-time", "1"]);
    assert_eq!(response.field("WARC-Truncated"), "time");
    assert!(response.block.len() > 20 && stderr.contains("cut (time)"), "{stderr}");
}

#[test]
fn a_response_that_pauses_too_long_is_cut_by_time() {
    let script =
        vec![send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), Step::Pause(Duration::from_secs(20))];
    let (response, _) = cut(script, &["--timeout", "1"]);
    assert_eq!((response.field("WARC-Truncated"), response.block.ends_with(b"\r\n\r\nhalf")), ("time", true));
}

#[test]
fn an_endless_response_is_cut_by_length() {
    let endless = vec![send("HTTP/1.1 200 OK\r\n\r\n"), Step::Endless(vec![b'x'; 1000])];
    let (response, _) = cut(endless, &["--max-response", "50000"]);
    assert_eq!((response.field("WARC-Truncated"), response.block.len()), ("length", 50_000));
}

#[test]
fn an_endless_head_is_cut_by_length() {
    let endless = vec![send("HTTP/1.1 200 OK\r\n"), Step::Endless(b"X-Same: yes\r\n".repeat(1000))];
    let (response, _) = cut(endless, &[]);
    assert_eq!(response.field("WARC-Truncated"), "length");
    assert!(response.block.len() < 16 << 20, "{}", response.block.len());
}

#[test]
fn a_connection_that_breaks_is_a_disconnect_however_it_breaks() {
    for end in [Step::Drop, Step::Reset] {
        let (response, _) = cut(vec![send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), end], &[]);
        assert_eq!(response.field("WARC-Truncated"), "disconnect");
    }
}
