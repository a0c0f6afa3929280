//! `-o`: one file a page, and WET files.

use super::warcs::{Form, Record, html, page, warc};
use super::{fixture, text_of};
use crate::common::cli::{fonds, fonds_reading};
use crate::common::collection::records;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

const DATE: &str = "2020-01-02T03:04:05Z";

fn archive(urls: &[&str]) -> TempDir {
    let dir = tempdir().unwrap();
    let page = |(n, url): (usize, &&str)| page(&n.to_string(), url, DATE, &html(&n.to_string()));
    let pages: Vec<Record> = urls.iter().enumerate().map(page).collect();
    fs::write(dir.path().join("a.warc.gz"), warc(&pages, Form::Gzip)).unwrap();
    dir
}

fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
    entries.map(|e| (e.file_name().into_string().unwrap(), fs::read(e.path()).unwrap())).collect()
}

fn index(files: &BTreeMap<String, Vec<u8>>) -> Vec<Value> {
    let text = std::str::from_utf8(&files["index.jsonl"]).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_page_has_a_file_of_its_own_and_a_line_of_the_index() {
    let long = format!("https://example.org/{}", "long/".repeat(400));
    let urls = [
        "https://example.org/a",
        "https://example.org/A",
        "https://example.org/a?b",
        "https://example.org/../../etc/passwd",
        "https://example.org/%2e%2e%2fx",
        "https://example.org/\u{e9}\u{4e2d}",
        "https://con/nul",
        &long,
    ];
    let dir = archive(&urls);
    let warc = dir.path().join("a.warc.gz");
    for (format, suffix) in [("text", "txt"), ("markdown", "md"), ("jsonl", "json")] {
        let out = dir.path().join(format);
        let args = ["extract", "--format", format, "-o", out.to_str().unwrap(), warc.to_str().unwrap()];
        let run = fonds(args).expect(0);
        assert!(run.stdout.is_empty() && run.stderr.is_empty(), "{run:?}");
        let files = files(&out);
        let index = index(&files);
        assert_eq!((files.len(), index.len()), (urls.len() + 1, urls.len()));
        let folded: std::collections::HashSet<String> =
            files.keys().map(|name| name.to_lowercase()).collect();
        assert_eq!(folded.len(), files.len(), "no two names differ by case alone");
        for (n, line) in index.iter().enumerate() {
            let name = line["output"].as_str().unwrap();
            assert!(name.starts_with("20200102030405-") && name.ends_with(&format!(".{suffix}")), "{name}");
            assert!(name.len() <= 100 && !name.contains(['/', '\\', ':', ' ']), "{name}");
            assert_eq!((line["url"].as_str(), line.get("text")), (Some(urls[n]), None));
            let content = std::str::from_utf8(&files[name]).unwrap();
            assert!(content.contains(&format!("Article {n}")), "{content}");
        }
        assert!(dir.path().join("a.warc.gz").exists() && fs::read_dir(dir.path()).unwrap().count() <= 4);
        // A second run finds the index, and touches nothing.
        let again = fonds(args).expect(4);
        assert!(again.one_line().contains("index.jsonl exists"), "{}", again.stderr);
        assert_eq!(self::files(&out), files);
    }
}

#[test]
fn a_file_that_is_there_is_never_touched() {
    let dir = archive(&["https://example.org/1", "https://example.org/2"]);
    let (warc, out) = (dir.path().join("a.warc.gz"), dir.path().join("out"));
    let args = ["extract", "-o", out.to_str().unwrap(), warc.to_str().unwrap()];
    fonds(args).expect(0);
    let before = files(&out);
    let first = index(&before)[0]["output"].as_str().unwrap().to_owned();
    for name in before.keys().filter(|name| **name != first) {
        fs::remove_file(out.join(name)).unwrap();
    }
    fs::write(out.join(&first), "mine").unwrap();
    let run = fonds(args).expect(4);
    assert!(run.one_line().contains(&first), "{}", run.stderr);
    let after = files(&out);
    assert_eq!(after[&first], b"mine");
    assert_eq!((after.len(), index(&after).len()), (3, 1), "the other page is written all the same");
}

#[test]
fn a_file_where_a_directory_is_asked_for_is_said_to_be_one() {
    let dir = archive(&["https://example.org/a"]);
    let (input, file) = (dir.path().join("a.warc.gz"), dir.path().join("file"));
    fs::write(&file, "mine").unwrap();
    let run = fonds(["extract", input.to_str().unwrap(), "-o", file.to_str().unwrap()]).expect(4);
    assert!(run.one_line().ends_with("is a file; -o takes a directory, new or empty"), "{}", run.stderr);
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[test]
fn the_names_do_not_depend_on_the_run() {
    let dir = archive(&["https://example.org/1", "https://example.org/2"]);
    let warc = dir.path().join("a.warc.gz");
    let names = |out: &str, jobs: &str, input: &Path| {
        let out = dir.path().join(out);
        fonds(["extract", "-j", jobs, "-o", out.to_str().unwrap(), input.to_str().unwrap()]).expect(0);
        files(&out).into_keys().collect::<Vec<_>>()
    };
    fs::create_dir(dir.path().join("elsewhere")).unwrap();
    let moved = dir.path().join("elsewhere/b.warc.gz");
    fs::copy(&warc, &moved).unwrap();
    assert_eq!(names("o1", "1", &warc), names("o2", "5", &moved));
}

#[test]
fn a_page_without_text_is_in_the_index_with_the_reason() {
    let dir = tempdir().unwrap();
    let blank = dir.path().join("blank.html");
    fs::write(&blank, "<!DOCTYPE html><title>x</title><body></body>").unwrap();
    let out = dir.path().join("out");
    let run = fonds(["extract", "-o", out.to_str().unwrap(), blank.to_str().unwrap()]).expect(1);
    assert!(run.one_line().contains("blank.html"), "{}", run.stderr);
    let files = files(&out);
    let index = index(&files);
    assert_eq!((files.len(), index.len()), (1, 1));
    assert!(index[0]["error"].is_string() && index[0]["output"].is_null(), "{index:?}");
}

#[test]
fn wet_has_common_crawls_layout_and_verifies() {
    let urls = ["https://example.org/1", "https://example.org/2"];
    let dir = archive(&urls);
    let warc = dir.path().join("a.warc.gz");
    let wet = dir.path().join("a.warc.wet.gz");
    let args = ["extract", "--format", "wet", "-o", wet.to_str().unwrap(), warc.to_str().unwrap()];
    let run = fonds(args).expect(0);
    assert!(run.stdout.is_empty() && run.stderr.is_empty(), "{run:?}");
    let bytes = fs::read(&wet).unwrap();
    let records = records(&bytes);
    let types: Vec<&str> = records.iter().map(|record| record.field("WARC-Type")).collect();
    assert_eq!(types, ["warcinfo", "conversion", "conversion"], "a gzip member each");
    assert_eq!(records[0].field("WARC-Filename"), "a.warc.wet.gz");
    let texts = fonds(["extract", warc.to_str().unwrap()]).expect(0).text().to_owned();
    for ((n, record), text) in records[1..].iter().enumerate().zip(texts.split("\n---\n\n")) {
        assert_eq!(record.field("WARC-Target-URI"), urls[n]);
        assert_eq!(record.field("WARC-Refers-To"), format!("<urn:test:{n}>"));
        assert_eq!((record.field("WARC-Date"), record.field("Content-Type")), (DATE, "text/plain"));
        assert_eq!(record.field("WARC-Identified-Content-Language"), "eng");
        assert_eq!(record.field("WARC-Block-Digest"), super::warcs::sha1(&record.block));
        assert_eq!(std::str::from_utf8(&record.block).unwrap(), text);
    }
    fonds(["verify", "--closed", wet.to_str().unwrap(), warc.to_str().unwrap()]).expect(0);
    let report = fonds(["verify", "--format", "json", wet.to_str().unwrap()]).expect(0).json();
    let codes: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    assert!(codes.iter().all(|code| *code == "unresolved-reference"), "{codes:?}");
    // Read back it is the same text.
    assert_eq!(fonds(["extract", wet.to_str().unwrap()]).expect(0).text(), texts);
    let again = fonds(args).expect(4);
    assert!(again.one_line().contains("exists"), "{}", again.stderr);
    assert_eq!(fs::read(&wet).unwrap(), bytes);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left beside it");
}

#[test]
fn wet_goes_to_standard_output_too_and_files_have_urls() {
    let path = fixture("wordpress-post.html");
    let out = fonds(["extract", "--format", "wet", path.to_str().unwrap()]).expect(0);
    let text = out.text();
    assert!(text.starts_with("WARC/1.1\r\nWARC-Type: warcinfo\r\n"), "{text}");
    assert!(text.contains("\r\nWARC-Target-URI: file:///"), "{text}");
    let dir = tempdir().unwrap();
    let wet = dir.path().join("a.wet");
    fs::write(&wet, &out.stdout).unwrap();
    fonds(["verify", wet.to_str().unwrap()]).expect(0);
    assert_eq!(
        fonds(["extract", wet.to_str().unwrap()]).expect(0).text(),
        text_of("wordpress-post.article.txt")
    );
    let piped = fonds_reading(fs::read(&path).unwrap(), &["extract", "--format", "wet", "-"]).expect(0);
    assert!(piped.text().contains("file:///dev/stdin"));
}

#[test]
fn the_records_of_a_wet_file_do_not_depend_on_the_run() {
    let dir = archive(&["https://example.org/1", "https://example.org/2", "https://example.org/3"]);
    let warc = dir.path().join("a.warc.gz");
    let of = |jobs: &str| {
        let run = fonds(["extract", "--format", "wet", "-j", jobs, warc.to_str().unwrap()]).expect(0);
        let text = run.text().to_owned();
        let lines = text.lines().filter(|line| !line.starts_with("WARC-Warcinfo-ID")).map(str::to_owned);
        lines.skip_while(|line| line != "WARC-Type: conversion").collect::<Vec<_>>()
    };
    assert_eq!(of("1"), of("5"));
}
