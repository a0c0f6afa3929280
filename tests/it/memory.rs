//! However large a page is, the memory is not.

#![cfg(target_os = "linux")]

use crate::common::server::{Server, Step};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Bytes of the page.
const PAGE: usize = 300_000_000;
/// The most that any command may hold at any moment.
const MOST: u64 = 100_000_000;
/// The most for the tree of one page, however long the page.
const MOST_TREE: u64 = 500_000_000;

/// Runs the program; its exit code, its standard error, and the most memory it held.
fn peak(args: &[&str], stdin: Stdio) -> (Option<i32>, String, u64) {
    let dir = tempfile::tempdir().unwrap();
    let stderr = dir.path().join("stderr");
    let mut child = Command::new(env!("CARGO_BIN_EXE_fonds"))
        .args(args)
        .env_clear()
        .env("TMPDIR", dir.path())
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&stderr).unwrap())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let code = loop {
        most = most.max(resident(&status).unwrap_or(0));
        if let Some(code) = child.try_wait().unwrap() {
            break code.code();
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    (code, std::fs::read_to_string(&stderr).unwrap(), most)
}

/// The high-water mark of the resident set, in bytes.
fn resident(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Paragraphs that do not repeat for a while.
fn paragraphs() -> Vec<u8> {
    let mut state = 1u32;
    let mut word = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let letters = state.to_le_bytes().map(|byte| char::from(b'a' + byte % 26));
        letters.iter().take(2 + (state >> 30) as usize).collect::<String>()
    };
    let mut text = String::new();
    while text.len() < 1 << 20 {
        text.push_str("<p>");
        (0..80).for_each(|_| text.extend([&word(), " "]));
        text.push_str("</p>\n<img src='data:,' alt=''>");
    }
    text.into_bytes()
}

fn big_page() -> Server {
    let block = paragraphs();
    let count = PAGE / block.len() + 1;
    let start = b"<!DOCTYPE html><title>Big</title>";
    let length = start.len() + block.len() * count;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n");
    let script = vec![Step::Send([head.as_bytes(), start].concat()), Step::Repeat(block, count), Step::Next];
    Server::plain([("/".to_owned(), script)].into())
}

fn assert_small(what: &str, outcome: &(Option<i32>, String, u64), limit: u64) {
    let (code, stderr, most) = outcome;
    assert_eq!(*code, Some(0), "{what}: {stderr}");
    assert!(*most > 1_000_000, "{what}: the memory was not seen");
    assert!(*most < limit, "{what}: {most} bytes of memory; {stderr}");
}

#[test]
fn a_page_of_300_mb_is_archived_verified_and_listed_in_100_mb() {
    let server = big_page();
    let dir = tempfile::tempdir().unwrap();
    let (root, packed) = (dir.path().join("c"), dir.path().join("c.wacz"));
    let (out, url) = (root.to_str().unwrap(), server.url("/"));
    let args = ["archive", "--resolve", "localhost:127.0.0.1", "-o", out, url.as_str()];
    assert_small("archive", &peak(&args, Stdio::null()), MOST);
    fonds::package::pack(&root, &packed).unwrap();
    for path in [out, packed.to_str().unwrap()] {
        assert_small("verify", &peak(&["verify", "--require", "2", path], Stdio::null()), MOST);
        assert_small("ls", &peak(&["ls", path], Stdio::null()), MOST);
    }
    let decoded = ["cat", "--part", "decoded", "--url", url.as_str(), out];
    assert_small("cat", &peak(&decoded, Stdio::null()), MOST);
    let warc = std::fs::read_dir(root.join("archive")).unwrap().next().unwrap().unwrap().path();
    let stdin = std::fs::File::open(warc).unwrap();
    assert_small("verify of a stream", &peak(&["verify", "-"], stdin.into()), MOST);
    // A page's tree is held whole, so it is cut before it is built, and that is said.
    let extract = peak(&["extract", "-j", "1", out], Stdio::null());
    assert_small("extract", &extract, MOST_TREE);
    assert!(extract.1.contains("is longer than"), "{}", extract.1);
}

/// Pages of the archive below, and the bytes of each.
const PAGES: usize = 200;
const EACH: usize = 1_000_000;
/// The most while pages are extracted by four threads: what is under way is bounded in bytes (64 MB), and each thread has
/// a page's tree.
const MOST_PAGES: u64 = 150_000_000;

#[test]
fn an_archive_of_many_pages_is_extracted_in_flat_memory() {
    let text = "A sentence of the article, and one more clause so that it reads like one. ".repeat(8);
    let body = format!(
        "<!DOCTYPE html><title>One of many</title><article><h1>One of many</h1><p>{text}</p><p>{text}</p></article><!-- {} -->",
        "x".repeat(EACH)
    );
    let block = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}");
    let head = "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:x:1>\r\nWARC-Target-URI: http://a.example/\r\n\
                WARC-Date: 2020-01-01T00:00:00Z\r\nContent-Type: application/http; msgtype=response\r\n";
    let record = format!("{head}Content-Length: {}\r\n\r\n{block}\r\n\r\n", block.len());
    let member = crate::common::collection::gzip(record.as_bytes());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("many.warc.gz");
    std::fs::write(&path, member.repeat(PAGES)).unwrap();
    let warc = path.to_str().unwrap();
    let ways: [&[&str]; 2] = [&["--format", "jsonl"], &["--dedup"]];
    for options in ways {
        let args = [&["extract", "-j", "4", warc], options].concat();
        assert_small(&format!("extract {options:?}"), &peak(&args, Stdio::null()), MOST_PAGES);
    }
}
