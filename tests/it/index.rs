//! `fonds index`: lines that lead to the bytes, and that other tools agree with.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout)]

use crate::common::cli::{archive, fonds, fonds_reading};
use crate::common::collection::{Collection, gzip};
use crate::common::server::Server;
use crate::common::site::{ok, serve};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::tempdir;

fn capture(out: &Path) -> (Collection, Server) {
    let server = serve(vec![
        ("/", ok("text/html", "<link rel=stylesheet href=/s.css><p>text")),
        ("/s.css", ok("text/css", "p{}")),
    ]);
    archive(out, &[&server.url("/")], &[]).expect(0);
    (Collection::new(out), server)
}

/// SURT and JSON of each line.
fn lines(text: &str) -> Vec<(String, Value)> {
    let split = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let surt = parts.next().unwrap().to_owned();
        (surt, serde_json::from_str(parts.nth(1).unwrap()).unwrap())
    };
    text.lines().map(split).collect()
}

#[test]
fn an_index_made_again_is_the_one_made_at_capture_whatever_it_is_made_of() {
    let dir = tempdir().unwrap();
    let (collection, _server) = capture(&dir.path().join("c"));
    let made = collection.text("indexes/index.cdxj");
    assert_eq!(made.lines().count(), 2);
    let wacz = dir.path().join("c.wacz");
    fonds::package::pack(&collection.root, &wacz).unwrap();
    let warc = collection.root.join(collection.warc());
    for path in [&collection.root, &warc, &wacz] {
        assert_eq!(fonds(["index", path.to_str().unwrap()]).expect(0).text(), made);
    }
    let piped = fonds_reading(fs::read(&warc).unwrap(), &["index", "-"]).expect(0);
    let name = collection.warc();
    let name = name.strip_prefix("archive/").unwrap();
    assert_eq!(piped.text().replace("\"filename\": \"-\"", &format!("\"filename\": \"{name}\"")), made);
}

#[test]
fn a_line_leads_to_its_record() {
    let dir = tempdir().unwrap();
    let (collection, _server) = capture(&dir.path().join("c"));
    let bytes = collection.read(&collection.warc());
    let records = collection.records();
    for (_, json) in lines(fonds(["index", collection.root.to_str().unwrap()]).expect(0).text()) {
        let number = |key: &str| json[key].as_str().unwrap().parse::<usize>().unwrap();
        let record = records.iter().find(|record| record.offset == number("offset")).unwrap();
        assert_eq!(
            (record.length, record.field("WARC-Target-URI")),
            (number("length"), json["url"].as_str().unwrap())
        );
        assert!(record.is("response") && bytes.len() >= number("offset") + number("length"));
        assert_eq!(json["digest"], record.field("WARC-Payload-Digest"));
    }
}

#[test]
fn an_index_is_written_whole_or_not_at_all() {
    let dir = tempdir().unwrap();
    let (collection, _server) = capture(&dir.path().join("c"));
    let (root, out) = (collection.root.to_str().unwrap(), dir.path().join("x.cdxj"));
    let out = out.to_str().unwrap();
    fonds(["index", root, "-o", out]).expect(0);
    let made = fs::read_to_string(out).unwrap();
    assert_eq!(made, collection.text("indexes/index.cdxj"));
    let again = fonds(["index", root, "-o", out]).expect(2);
    assert!(again.one_line().contains("exists"), "{}", again.stderr);
    assert_eq!(fs::read_to_string(out).unwrap(), made);
    let nowhere = dir.path().join("no/x.cdxj");
    fonds(["index", root, "-o", nowhere.to_str().unwrap()]).expect(4);
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "no temporary file stays: {left:?}");
}

#[test]
fn damage_is_said_and_what_can_be_read_is_indexed() {
    let dir = tempdir().unwrap();
    let (collection, _server) = capture(&dir.path().join("c"));
    let mut bytes = collection.read(&collection.warc());
    let first = collection.records().into_iter().find(|r| r.is("response")).unwrap();
    let middle = first.offset + first.length / 2;
    bytes[middle..middle + 8].fill(0x55);
    let damaged = dir.path().join("x.warc.gz");
    fs::write(&damaged, bytes).unwrap();
    let run = fonds(["index", damaged.to_str().unwrap()]).expect(1);
    assert!(run.stderr.contains("gzip-"), "{}", run.stderr);
    assert!(run.text().contains("s.css"));
}

#[test]
fn records_that_share_a_member_have_no_line_and_mend_gives_them_one() {
    let dir = tempdir().unwrap();
    let (collection, _server) = capture(&dir.path().join("c"));
    let content: Vec<u8> =
        collection.records().iter().flat_map(|r| [&r.bytes[..], b"\r\n\r\n"].concat()).collect();
    let (bad, good) = (dir.path().join("bad.warc.gz"), dir.path().join("good.warc.gz"));
    fs::write(&bad, gzip(&content)).unwrap();
    let run = fonds(["index", bad.to_str().unwrap()]).expect(1);
    assert!(run.stdout.is_empty() && run.stderr.contains("fonds mend"), "{}", run.stderr);
    fonds(["mend", bad.to_str().unwrap(), "-o", good.to_str().unwrap()]).expect(0);
    assert_eq!(lines(fonds(["index", good.to_str().unwrap()]).expect(0).text()).len(), 2);
}

/// The corpus of foreign archives, and cdxj-indexer; `None`, with the reason printed, where either is not there.
fn yardstick() -> Option<(PathBuf, PathBuf)> {
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/warc/real");
    let path = std::env::var("PATH").unwrap_or_default();
    let tool = path.split(':').map(|at| Path::new(at).join("cdxj-indexer")).find(|tool| tool.is_file());
    match (real.is_dir(), tool) {
        (true, Some(tool)) => Some((real, tool)),
        (there, _) => {
            let what = if there { "cdxj-indexer is not on PATH" } else { "no corpus at ../shared/data/warc" };
            println!("not tested: {what}");
            None
        }
    }
}

/// Fields in which a line may differ from cdxj-indexer's, as docs/index.md argues; a line that one of the two lacks is
/// argued there, too.
const ARGUED: [&[&str]; 5] =
    [&["mime"], &["mime", "status"], &["status"], &["digest"], &["digest", "mime", "status"]];

#[test]
fn lines_of_foreign_archives_are_those_of_cdxj_indexer_but_for_what_is_argued() {
    let Some((real, tool)) = yardstick() else { return };
    let (mut lines_in_all, mut same, mut wrong) = (0, 0, Vec::new());
    for entry in fs::read_dir(&real).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".warc") && !name.ends_with(".warc.gz") {
            continue;
        }
        let theirs = Command::new(&tool).arg("-s").arg(&path).output().unwrap();
        if !theirs.status.success() {
            continue;
        }
        let theirs = lines(&String::from_utf8(theirs.stdout).unwrap());
        let ours = lines(fonds(["index", "--no-post", path.to_str().unwrap()]).text());
        for (surt, line) in &theirs {
            lines_in_all += 1;
            let Some((ours, mine)) = ours.iter().find(|(_, mine)| mine["offset"] == line["offset"]) else {
                continue;
            };
            let differing: Vec<&str> = ["digest", "filename", "length", "mime", "status", "url"]
                .into_iter()
                .filter(|key| mine.get(*key) != line.get(*key))
                .collect();
            same += u32::from(differing.is_empty() && ours == surt);
            if ours != surt || !differing.is_empty() && !ARGUED.contains(&differing.as_slice()) {
                wrong.push(format!("{name} {}: {differing:?}", line["offset"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(same * 100 >= lines_in_all * 93, "{same} of {lines_in_all} lines are the same");
}

/// A capture whose request was a POST with this body.
fn posted(id: u32, content_type: &str, body: &str, answer: &str) -> Vec<u8> {
    let record = |kind: &str, id: u32, extra: &str, block: String| {
        let head = format!(
            "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{id:012}>\r\n\
             WARC-Date: 2024-03-01T12:00:05Z\r\nWARC-Target-URI: http://example.com/api\r\n{extra}\
             Content-Type: application/http;msgtype={kind}\r\nContent-Length: {}\r\n\r\n",
            block.len()
        );
        gzip(format!("{head}{block}\r\n\r\n").as_bytes())
    };
    let length = |text: &str| format!("Content-Length: {}\r\n\r\n{text}", text.len());
    let asked = format!(
        "POST /api HTTP/1.1\r\nHost: example.com\r\nContent-Type: {content_type}\r\n{}",
        length(body)
    );
    let answered = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{}", length(answer));
    let concurrent = format!("WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-{id:012}>\r\n");
    [record("response", id, "", answered), record("request", id + 500, &concurrent, asked)].concat()
}

/// One request to the replay server; the whole answer.
fn ask(port: u16, request: &str) -> Option<String> {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

struct Replay(std::process::Child);

impl Drop for Replay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn pywb_replays_pages_and_answers_to_posts_through_the_index() {
    let path = std::env::var("PATH").unwrap_or_default();
    let Some(wayback) = path.split(':').map(|at| Path::new(at).join("wayback")).find(|tool| tool.is_file())
    else {
        println!("not tested: pywb's wayback is not on PATH");
        return;
    };
    let dir = tempdir().unwrap();
    let (captured, server) = capture(&dir.path().join("c"));
    let (archive, indexes) =
        (dir.path().join("collections/t/archive"), dir.path().join("collections/t/indexes"));
    fs::create_dir_all(&archive).unwrap();
    fs::create_dir_all(&indexes).unwrap();
    fs::write(archive.join("page.warc.gz"), captured.read(&captured.warc())).unwrap();
    let posts = [
        ("application/x-www-form-urlencoded", "q=one&r=%C3%A9", "the first answer"),
        ("application/json", r#"{"q": "two", "n": [1, 2.5, true]}"#, "the second answer"),
        ("application/octet-stream", "raw\u{1}", "the third answer"),
    ];
    let warc: Vec<u8> =
        posts.iter().zip(1..).flat_map(|((t, body, answer), id)| posted(id, t, body, answer)).collect();
    fs::write(archive.join("post.warc.gz"), warc).unwrap();
    let index = indexes.join("index.cdxj");
    fonds(["index", archive.to_str().unwrap(), "-o", index.to_str().unwrap()]).expect(0);

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(wayback)
        .args(["-b", "127.0.0.1", "-p", &port.to_string()])
        .current_dir(dir.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let _replay = Replay(child);
    let line =
        fs::read_to_string(&index).unwrap().lines().find(|line| line.contains("s.css")).unwrap().to_owned();
    let stamp = line.split(' ').nth(1).unwrap();
    let get = format!("GET /t/{stamp}id_/{} HTTP/1.0\r\nHost: localhost\r\n\r\n", server.url("/s.css"));
    let page = (0..60)
        .find_map(|_| {
            ask(port, &get).or_else(|| {
                std::thread::sleep(Duration::from_millis(500));
                None
            })
        })
        .expect("pywb answers within half a minute");
    assert!(page.starts_with("HTTP/1.1 200") || page.starts_with("HTTP/1.0 200"), "{page}");
    assert!(page.ends_with("p{}"), "{page}");
    for (content_type, body, answer) in posts {
        let post = format!(
            "POST /t/20240301120005id_/http://example.com/api HTTP/1.0\r\nHost: localhost\r\nContent-Type: \
             {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let replayed = ask(port, &post).unwrap();
        assert!(replayed.ends_with(answer), "{body}: {replayed}");
    }
}
