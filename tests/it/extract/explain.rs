//! `--explain`: a report that a person can open.

use super::fixture;
use super::warcs::{Form, html, page, warc};
use crate::common::cli::{fonds, fonds_reading};
use std::fs;
use tempfile::tempdir;

#[test]
fn a_page_of_an_archive_is_explained_to_a_new_file_or_standard_output() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.warc.gz");
    let url = "https://example.org/one";
    let date = "2020-01-02T03:04:05Z";
    let pages =
        [page("0", "https://example.org/none", date, &html("none")), page("1", url, date, &html("one"))];
    fs::write(&path, warc(&pages, Form::Gzip)).unwrap();
    let warc = path.to_str().unwrap();
    let shown = fonds(["extract", "--explain", url, warc]).expect(0);
    assert!(shown.text().starts_with("<!DOCTYPE html>") && shown.stderr.is_empty(), "{}", shown.stderr);
    assert!(shown.text().contains("This is the article called one") && !shown.text().contains("called none"));
    assert!(shown.text().contains(date) && shown.text().contains("a.warc.gz at byte"));
    let out = dir.path().join("report.html");
    let args = ["extract", "--explain", url, warc, "-o", out.to_str().unwrap()];
    assert!(fonds(args).expect(0).stdout.is_empty());
    assert_eq!(fs::read(&out).unwrap(), shown.stdout);
    assert!(fonds(args).expect(4).one_line().contains("exists"));
    assert_eq!(fs::read(&out).unwrap(), shown.stdout);
    let missing = fonds(["extract", "--explain", "https://example.org/two", warc]).expect(1);
    assert!(missing.stdout.is_empty() && missing.one_line().contains("no page of this URL"));
    fonds(["extract", "--explain", url, "--format", "jsonl", warc]).expect(2);
}

#[test]
fn of_several_captures_the_first_is_explained_and_the_others_are_told() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.warc.gz");
    let url = "https://example.org/one";
    let pages = [
        page("1", url, "2020-01-01T00:00:00Z", &html("early")),
        page("2", url, "2021-01-01T00:00:00Z", &html("late")),
    ];
    fs::write(&path, warc(&pages, Form::Gzip)).unwrap();
    let warc = path.to_str().unwrap();
    let first = fonds(["extract", "--explain", url, warc]).expect(0);
    assert!(
        first.text().contains("called early") && first.one_line().contains("2021-01-01"),
        "{}",
        first.stderr
    );
    let later = fonds(["extract", "--explain", url, "--since", "2020-06", warc]).expect(0);
    assert!(later.text().contains("called late") && later.stderr.is_empty());
}

#[test]
fn files_are_explained_by_their_name() {
    let path = fixture("wordpress-post.html");
    for name in [path.to_str().unwrap(), "wordpress-post.html"] {
        let run = fonds(["extract", "--explain", name, path.to_str().unwrap()]).expect(0);
        assert!(run.text().contains("Old Cartographer") && run.text().contains("microdata"), "{name}");
    }
    let text = fixture("wordpress-post.txt");
    let run = fonds(["extract", "--explain", text.to_str().unwrap(), text.to_str().unwrap()]).expect(0);
    assert!(run.text().contains("class=\"boilerplate\"") && run.text().contains("class=\"article\""));
    let piped = fonds_reading(fs::read(&path).unwrap(), &["extract", "--explain", "-", "-"]).expect(0);
    assert!(piped.text().contains("Old Cartographer"));
}
