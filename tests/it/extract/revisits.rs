//! Pages whose payload stands in another record.

use super::warcs::{FORMS, Form, Record, html, page, response, sha1, warc};
use crate::common::cli::{Run, fonds, fonds_reading};
use data_encoding::{BASE32, HEXLOWER};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

const IDENTICAL: &str = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
const NOT_MODIFIED: &str = "http://netpreserve.org/warc/1.1/revisit/server-not-modified";
const URL: &str = "https://example.org/page";
const FIRST: &str = "2020-01-01T00:00:00Z";
const AGAIN: &str = "2021-01-01T00:00:00Z";

fn revisit(id: &str, url: &str, head: &str, profile: &str) -> Record {
    Record::new("revisit", id, url, AGAIN, head)
        .with("WARC-Profile", profile)
        .with("Content-Type", "application/http; msgtype=response")
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";

/// One page, and revisits of it that name it in each way there is.
fn ways() -> Vec<(&'static str, Record)> {
    let body = html("one");
    vec![
        ("by id", revisit("r", URL, OK, IDENTICAL).with("WARC-Refers-To", "<urn:test:1>")),
        (
            "by URI and date",
            revisit("r", URL, OK, IDENTICAL)
                .with("WARC-Refers-To-Target-URI", URL)
                .with("WARC-Refers-To-Date", "2020-01-01T00:00:00.123Z"),
        ),
        (
            "by another URI and date",
            revisit("r", "https://example.org/alias", OK, IDENTICAL)
                .with("WARC-Refers-To-Target-URI", URL)
                .with("WARC-Refers-To-Date", FIRST),
        ),
        ("by date of the same URI", revisit("r", URL, OK, IDENTICAL).with("WARC-Refers-To-Date", FIRST)),
        ("by digest", revisit("r", URL, OK, IDENTICAL).with("WARC-Payload-Digest", &sha1(body.as_bytes()))),
        (
            "by digest, the id being elsewhere",
            revisit("r", URL, OK, IDENTICAL)
                .with("WARC-Refers-To", "<urn:test:elsewhere>")
                .with("WARC-Payload-Digest", &sha1(body.as_bytes()).replace("sha1:", "SHA1:")),
        ),
        (
            "by digest, in hex where the referent has Base32",
            revisit("r", URL, OK, IDENTICAL).with("WARC-Payload-Digest", &in_hex(&sha1(body.as_bytes()))),
        ),
        (
            "not modified, by id",
            revisit("r", URL, "HTTP/1.1 304 Not Modified\r\n\r\n", NOT_MODIFIED)
                .with("WARC-Refers-To", "<urn:test:1>"),
        ),
        ("without a head", revisit("r", URL, "", IDENTICAL).with("WARC-Refers-To", "<urn:test:1>")),
    ]
}

fn in_hex(digest: &str) -> String {
    let bytes = BASE32.decode(digest.split(':').nth(1).unwrap().as_bytes()).unwrap();
    format!("sha1:{}", HEXLOWER.encode(&bytes))
}

/// Records that are neither.
fn others() -> [Record; 2] {
    let png = "Content-Type: image/png\r\n";
    [
        page("2", "https://example.org/other", FIRST, &html("two")),
        response("3", "https://example.org/a.png", FIRST, png, "\u{89}PNG"),
    ]
}

fn first() -> Record {
    page("1", URL, FIRST, &html("one"))
}

fn jsonl(paths: &[&Path]) -> Vec<&'static str> {
    let paths = paths.iter().map(|path| path.to_str().unwrap().to_owned().leak() as &str);
    ["extract", "--format", "jsonl"].into_iter().chain(paths).collect()
}

#[track_caller]
fn assert_resolved(run: Run, way: &str) -> Vec<Value> {
    let lines = run.expect(0).json_lines();
    assert_eq!(lines.len(), 3, "{way}: {lines:#?}");
    let line = lines.iter().find(|line| line["id"] == "urn:test:r").unwrap();
    assert!(line["text"].as_str().unwrap().starts_with("Article one\n\nThis is"), "{way}: {line}");
    assert_eq!((&line["date"], &line["error"]), (&Value::from(AGAIN), &Value::Null), "{way}");
    let referent = &line["source"]["referent"];
    assert_eq!(
        (&referent["record"], &referent["url"], &referent["date"]),
        (&Value::from("urn:test:1"), &Value::from(URL), &Value::from(FIRST)),
        "{way}: {line}"
    );
    assert!(
        lines.iter().filter(|other| *other != line).all(|other| other["source"].get("referent").is_none())
    );
    lines
}

#[test]
fn a_revisit_is_reported_as_itself_with_its_referents_text_however_it_names_it() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.warc");
    for (way, revisit) in ways() {
        let url = revisit.fields.iter().find(|(name, _)| name == "WARC-Target-URI").unwrap().1.clone();
        for form in FORMS {
            let [other, image] = others();
            fs::write(&path, warc(&[image, first(), other, revisit.clone()], form)).unwrap();
            let lines = assert_resolved(fonds(jsonl(&[&path])), &format!("{way}, {form:?}"));
            assert_eq!(lines[2]["url"], Value::from(url.clone()), "{way}");
        }
    }
}

#[test]
fn the_referent_may_come_later_or_in_another_file() {
    let dir = tempdir().unwrap();
    let (a, b) = (dir.path().join("a.warc.gz"), dir.path().join("b.warc.gz"));
    for (way, revisit) in ways() {
        for form in FORMS {
            let [other, image] = others();
            fs::write(&a, warc(&[revisit.clone(), image.clone(), other.clone(), first()], form)).unwrap();
            assert_resolved(fonds(jsonl(&[&a])), &format!("{way}, later, {form:?}"));
            let piped = fonds_reading(fs::read(&a).unwrap(), &["extract", "--format", "jsonl", "-"]);
            assert_resolved(piped, &format!("{way}, piped, {form:?}"));
            fs::write(&a, warc(&[revisit.clone(), other], form)).unwrap();
            fs::write(&b, warc(&[image, first()], form)).unwrap();
            for paths in [[&*a, &*b], [&*b, &*a]] {
                let lines = assert_resolved(fonds(jsonl(&paths)), &format!("{way}, {paths:?}"));
                let line = lines.iter().find(|line| line["id"] == "urn:test:r").unwrap();
                assert_eq!(line["source"]["file"], Value::from(a.to_str().unwrap()));
                assert_eq!(line["source"]["referent"]["file"], Value::from(b.to_str().unwrap()));
            }
        }
    }
}

#[test]
fn a_revisit_that_leads_nowhere_is_told_and_never_a_silent_gap() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.warc");
    let lost = ways().into_iter().map(|(way, revisit)| (way, vec![revisit]));
    // Another payload under the name that the revisit gives, and the same payload that is not the same by profile.
    let body = html("one");
    let of_digest =
        |profile| revisit("r", URL, OK, profile).with("WARC-Payload-Digest", &sha1(body.as_bytes()));
    let other = page("1", "https://example.org/x", FIRST, &html("another"));
    let wrong = vec![
        ("another payload", vec![other, of_digest(IDENTICAL).with("WARC-Refers-To", "<urn:test:1>")]),
        ("another profile", vec![first(), of_digest(NOT_MODIFIED)]),
    ];
    for (way, records) in lost.chain(wrong) {
        fs::write(&path, warc(&records, Form::Gzip)).unwrap();
        let lines = fonds(jsonl(&[&path])).expect(1).json_lines();
        let line = lines.iter().find(|line| line["id"] == "urn:test:r").unwrap();
        assert!(line["error"].as_str().unwrap().contains("revisit"), "{way}: {line}");
        assert_eq!((&line["text"], &line["date"]), (&Value::from(""), &Value::from(AGAIN)), "{way}");
        let run = fonds(["extract", path.to_str().unwrap()]).expect(1);
        assert!(run.one_line().contains("https://example.org/") && !run.text().contains(AGAIN), "{way}");
        assert_eq!(run.text().is_empty(), records.len() == 1, "{way}");
    }
}

#[test]
fn a_revisit_of_what_is_no_page_is_no_page() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.warc");
    let head = |status: &str, kind: &str| format!("HTTP/1.1 {status}\r\n{kind}\r\n");
    let none = [
        revisit("r", "https://example.org/a", &head("200 OK", "Content-Type: image/png\r\n"), IDENTICAL),
        revisit("r", URL, &head("301 Moved", "Content-Type: text/html\r\n"), IDENTICAL),
        revisit("r", URL, &head("404 Not Found", "Content-Type: text/html\r\n"), IDENTICAL),
        revisit("r", "https://example.org/style.CSS?v=1", &head("304 Not Modified", ""), NOT_MODIFIED),
        // Its referent is here, and is none.
        revisit("r", URL, &head("304 Not Modified", ""), NOT_MODIFIED).with("WARC-Refers-To", "<urn:test:3>"),
    ];
    for record in none {
        let [other, image] = others();
        fs::write(&path, warc(&[image, other, record], Form::Plain)).unwrap();
        let lines = fonds(jsonl(&[&path])).expect(0).json_lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
    }
}

#[test]
fn the_url_and_date_that_are_asked_for_are_the_revisits() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.warc");
    let alias =
        revisit("r", "https://example.org/alias", OK, IDENTICAL).with("WARC-Refers-To", "<urn:test:1>");
    fs::write(&path, warc(&[first(), alias], Form::Plain)).unwrap();
    for asked in [["--url", "alias$"], ["--since", "2020-06"]] {
        let mut args = jsonl(&[&path]);
        args.extend(asked);
        let lines = fonds(args).expect(0).json_lines();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["id"], "urn:test:r");
    }
}

/// Many revisits of one record that lies deep in a single gzip member cost one walk, not one each.
#[test]
fn many_revisits_of_one_record_are_read_once() {
    let dir = tempdir().unwrap();
    let path: PathBuf = dir.path().join("a.warc.gz");
    let filler = (0..40).map(|n| {
        let body: Vec<u8> =
            (0..200_000u32).map(|k| ((k ^ n).wrapping_mul(2_654_435_761) >> 11) as u8).collect();
        response(&format!("f{n}"), "https://example.org/f.png", FIRST, "Content-Type: image/png\r\n", body)
    });
    let again = (0..400)
        .map(|n| revisit(&format!("r{n}"), URL, OK, IDENTICAL).with("WARC-Refers-To", "<urn:test:1>"));
    let records: Vec<Record> = filler.chain([first()]).chain(again).collect();
    fs::write(&path, warc(&records, Form::OneMember)).unwrap();
    let began = std::time::Instant::now();
    let lines = fonds(jsonl(&[&path])).expect(0).json_lines();
    assert_eq!(lines.len(), 401);
    let ids: Vec<&str> = lines[1..].iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(ids, (0..400).map(|n| format!("urn:test:r{n}")).collect::<Vec<_>>());
    // 400 walks through 8 MB of gzip take minutes in a debug build.
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}
