//! Being interrupted, and being listened to no longer.

#![cfg(unix)]

use crate::common::cli::fonds;
use crate::common::collection::Collection;
use crate::common::server::{Server, Step};
use crate::common::site::{ok, raw, serve};
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A server whose first page is quick and whose second page takes forever.
fn slow() -> Server {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n".to_vec();
    let drip = vec![Step::Send(head), Step::Drip(vec![b'x'; 10_000], Duration::from_millis(50))];
    serve(vec![("/quick", ok("text/plain", "quick")), ("/slow", drip), ("/after", ok("text/plain", "after"))])
}

fn start(server: &Server, out: &Path) -> Child {
    let urls = ["/quick", "/slow", "/after"].map(|path| server.url(path).to_string());
    Command::new(env!("CARGO_BIN_EXE_fonds"))
        .args(["archive", "--resolve", "localhost:127.0.0.1", "-o", out.to_str().unwrap()])
        .args(urls)
        .env_clear()
        .env("TMPDIR", std::env::temp_dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("/bin/kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits until the slow page is being fetched.
fn wait_for(server: &Server, path: &str) {
    let patience = Instant::now();
    while server.served(path).is_empty() {
        assert!(patience.elapsed() < Duration::from_secs(30), "{path} was never asked for");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(200));
}

fn ends(mut child: Child) -> (ExitStatus, String) {
    let patience = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if patience.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    (status, stderr)
}

/// What was captured before is sealed and whole; what was in flight is kept or recorded; the rest was not begun.
fn assert_sealed(out: &Path, server: &Server) {
    fonds(["verify", "--require", "2", out.to_str().unwrap()]).expect(0);
    let collection = Collection::new(out);
    collection.one("response", &server.url("/quick"));
    assert_eq!(collection.log_of("end")[0]["exit"], "interrupted");
    assert!(server.served("/after").is_empty());
    let slow = server.url("/slow");
    let kept = collection.of("response", &slow);
    let failed = collection.log_of("failure").iter().any(|entry| entry["url"] == slow.as_str());
    assert!(failed || kept.len() == 1 && kept[0].get("WARC-Truncated").is_some(), "{kept:?}");
}

#[test]
fn two_interrupts_stop_at_once_and_leave_a_sealed_collection() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let server = slow();
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("c");
        let child = start(&server, &out);
        wait_for(&server, "/slow");
        signal(&child, name);
        std::thread::sleep(Duration::from_millis(300));
        signal(&child, name);
        let (status, stderr) = ends(child);
        assert_eq!(status.code(), Some(code), "{name}: {stderr}");
        assert!(stderr.contains("stopping at once"), "{stderr}");
        assert_sealed(&out, &server);
    }
}

#[test]
fn one_interrupt_lets_what_is_in_flight_finish() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\n";
    let drip =
        vec![Step::Send(head.into()), Step::Drip(vec![b'x'; 20], Duration::from_millis(60)), Step::Next];
    let server = serve(vec![("/quick", raw("HTTP/1.1 204 No\r\n\r\n")), ("/slow", drip)]);
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("c");
    let child = start(&server, &out);
    wait_for(&server, "/slow");
    signal(&child, "-INT");
    let (status, stderr) = ends(child);
    assert_eq!(status.code(), Some(130), "{stderr}");
    fonds(["verify", "--require", "2", out.to_str().unwrap()]).expect(0);
    let slow = Collection::new(&out).one("response", &server.url("/slow"));
    assert!(slow.get("WARC-Truncated").is_none() && slow.block.ends_with(&[b'x'; 20]));
    assert!(server.served("/after").is_empty());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let server = serve((0..1).map(|_| ("/", ok("text/html", many_images()))).collect());
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("c");
    let run = crate::common::cli::archive(&out, &[&server.url("/")], &["-q"]);
    assert!(matches!(run.code, 0 | 1), "{run:?}");
    let root = out.to_str().unwrap();
    for command in [
        format!("ls {root}"),
        format!("ls --format json {root}"),
        format!("verify -v {root}"),
        format!("verify --format json {root}"),
        format!("extract {root}"),
        format!("cat --offset 0 {root}"),
        "archive --help".to_owned(),
    ] {
        // The pipe's reader is gone before a byte is written.
        let program = env!("CARGO_BIN_EXE_fonds");
        let script = format!("{{ sleep 0.2; {program} {command}; echo $? >&2; }} | true");
        let output = Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked") && !stderr.contains("pipe"), "{command}: {stderr}");
        let code: i32 = stderr.lines().last().unwrap().parse().unwrap();
        assert!((0..=1).contains(&code), "{command}: {stderr}");
    }
}

/// A page with so many requisites that listing them takes more than any buffer.
fn many_images() -> String {
    (0..300).map(|n| format!("<img src=/{n}.png>")).chain(["<p>text".to_owned()]).collect()
}
