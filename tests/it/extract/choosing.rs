//! Which pages, in which form: `--type`, `--since`, `--dedup`, `--metadata`.

use super::fixture;
use super::warcs::{Form, Record, html, page, warc};
use crate::common::cli::{Run, fonds};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::{TempDir, tempdir};

fn written(records: &[Record]) -> (TempDir, PathBuf) {
    let dir = tempdir().unwrap();
    let path = dir.path().join("a.warc.gz");
    fs::write(&path, warc(records, Form::Gzip)).unwrap();
    (dir, path)
}

fn extract(path: &Path, options: &[&str]) -> Run {
    fonds(["extract"].iter().chain(options).copied().chain([path.to_str().unwrap()]))
}

fn ids(run: Run) -> Vec<String> {
    run.json_lines().iter().map(|line| line["id"].as_str().unwrap().replace("urn:test:", "")).collect()
}

fn url(n: u32) -> String {
    format!("https://example.org/{n}")
}

#[test]
fn since_a_date_means_captured_then_or_later() {
    let dates =
        ["2020-01-01T00:00:00Z", "2020-06-30T23:59:59.999Z", "2020-07-01T00:00:00Z", "2021-01-01T00:00:00Z"];
    let pages: Vec<Record> = dates
        .iter()
        .zip(1..)
        .map(|(date, n)| page(&n.to_string(), &url(n), date, &html(&n.to_string())))
        .collect();
    let (_dir, path) = written(&pages);
    let of = |since| ids(extract(&path, &["--format", "jsonl", "--since", since]).expect(0));
    assert_eq!(of("2020"), ["1", "2", "3", "4"]);
    assert_eq!(of("2020-07-01"), ["3", "4"]);
    assert_eq!(of("2020-07-01T01:59:59.999+02:00"), ["2", "3", "4"]);
    extract(&path, &["--since", "2022"]).expect(1).one_line();
    assert!(extract(&path, &["--since", "soon"]).expect(2).stderr.contains("2024-05-06"));
    let file = fixture("wordpress-post.html");
    let none = extract(&file, &["--since", "2000"]).expect(1);
    assert!(none.stdout.is_empty() && none.one_line().contains("no page"));
}

/// A thread, as forums mark it up.
fn thread() -> String {
    let post = |n: u32| {
        format!(
            "<div class=post id=p{n}><div class=author>user{n}</div><div class=content>I have tried the way number {n}, \
             and it worked for me, but only after I had turned the whole machine off and on again.</div></div>"
        )
    };
    let posts: String = (1..8).map(post).collect();
    format!(
        "<!DOCTYPE html><html><head><title>It does not start - Forum</title><script type=\"application/ld+json\">\
         {{\"@context\":\"https://schema.org\",\"@type\":\"DiscussionForumPosting\",\"headline\":\"It does not start\"}}\
         </script></head><body class=phpbb><h2 class=topic-title>It does not start</h2>{posts}</body></html>"
    )
}

#[test]
fn pages_may_be_chosen_by_type() {
    let date = "2020-01-01T00:00:00Z";
    let pages = [
        page("a", &url(1), date, &html("one")),
        page("f", "https://example.org/viewtopic.php?t=1", date, &thread()),
    ];
    let (_dir, path) = written(&pages);
    let of = |types: &str| ids(extract(&path, &["--format", "jsonl", "--type", types]).expect(0));
    assert_eq!(of("forum"), ["f"]);
    assert_eq!(of("article"), ["a"]);
    assert_eq!(of("forum,article"), ["a", "f"]);
    let none = extract(&path, &["--type", "product"]).expect(1);
    assert!(none.stdout.is_empty() && none.one_line().contains("no page"), "{}", none.stderr);
    extract(&path, &["--type", "poem"]).expect(2);
}

#[test]
fn a_payload_that_comes_again_is_told_once_if_that_is_asked_for() {
    let (one, two) = (html("one"), html("two"));
    let pages = [
        page("1", &url(1), "2020-01-01T00:00:00Z", &one),
        page("2", &url(2), "2020-01-02T00:00:00Z", &two),
        page("3", &url(3), "2020-01-03T00:00:00Z", &one),
        page("4", &url(1), "2020-01-04T00:00:00Z", &one),
    ];
    let (_dir, path) = written(&pages);
    for jobs in ["1", "4"] {
        assert_eq!(ids(extract(&path, &["--format", "jsonl", "-j", jobs]).expect(0)), ["1", "2", "3", "4"]);
        let lines = extract(&path, &["--format", "jsonl", "--dedup", "-j", jobs]).expect(0).json_lines();
        let told: Vec<_> =
            lines.iter().map(|line| (line["id"].as_str(), line["duplicate_of"].as_str())).collect();
        assert_eq!(
            told,
            [
                (Some("urn:test:1"), None),
                (Some("urn:test:2"), None),
                (Some("urn:test:3"), Some("urn:test:1")),
                (Some("urn:test:4"), Some("urn:test:1")),
            ]
        );
        assert!(
            lines[2].get("text").is_none()
                && lines[2]["url"] == url(3)
                && lines[2]["source"]["offset"].is_u64()
        );
        let text = extract(&path, &["--dedup", "-j", jobs]).expect(0);
        assert_eq!(text.text().matches("Article one\n").count(), 1);
        assert!(text.stderr.is_empty(), "{}", text.stderr);
        let verbose = extract(&path, &["--dedup", "-v"]).expect(0).stderr;
        assert_eq!(verbose.lines().filter(|line| line.contains("the same payload as urn:test:1")).count(), 2);
        // What is not among the results is no page that others could refer to.
        let chosen = extract(&path, &["--dedup", "--format", "jsonl", "--url", "/3$"]).expect(0);
        assert_eq!(ids(chosen), ["3"]);
    }
}

#[test]
fn json_lines_tell_where_each_piece_of_metadata_stood() {
    let lines = extract(&fixture("wordpress-post.html"), &["--format", "jsonl"]).expect(0).json_lines();
    let (line, from) = (&lines[0], &lines[0]["from"]);
    let places = [
        "json-ld",
        "open-graph",
        "meta",
        "microdata",
        "time",
        "byline",
        "heading",
        "title",
        "link",
        "lang",
        "text",
        "url",
    ];
    for field in ["title", "published", "language", "site", "description", "modified"] {
        let is_known = from[field].as_str().is_some_and(|place| places.contains(&place));
        assert_eq!(is_known, line[field].is_string(), "{field}: {from}");
    }
    assert_eq!(from["authors"].as_array().unwrap().len(), line["authors"].as_array().unwrap().len());
    assert_eq!(from["title"], "heading");
}

#[test]
fn metadata_go_before_the_text_if_that_is_asked_for() {
    let path = fixture("wordpress-post.html");
    let plain = extract(&path, &[]).expect(0).text().to_owned();
    let text = extract(&path, &["--metadata"]).expect(0).text().to_owned();
    let (head, rest) = text.split_once("\n\n").unwrap();
    assert_eq!(rest, plain);
    assert!(
        head.contains("Title: Reports: Iranian troops") && head.contains("\nAuthors: Samir Haddad"),
        "{head}"
    );
    assert!(head.contains("\nPublished: 2015-10-01") && head.contains("\nLanguage: en"), "{head}");
    let markdown = extract(&path, &["--metadata", "--format", "markdown"]).expect(0).text().to_owned();
    let mut parts = markdown.splitn(3, "---\n");
    assert_eq!(parts.next(), Some(""));
    let head = parts.next().unwrap();
    assert!(head.contains("authors: [\"Samir Haddad\"]\n"), "{head}");
    assert_eq!(
        parts.next().unwrap().trim_start(),
        extract(&path, &["--format", "markdown"]).expect(0).text()
    );
}

#[test]
fn a_title_cannot_break_out_of_the_metadata() {
    let nasty = "A \"quote\" --- : # [x]\nwith a break \\ and more";
    let body = html("one")
        .replace("<title>Article one</title>", &format!("<title>{nasty}</title>"))
        .replace("<h1>Article one</h1>", &format!("<h1>{nasty}</h1>"));
    let (_dir, path) = written(&[page("1", &url(1), "2020-01-01T00:00:00Z", &body)]);
    let markdown = extract(&path, &["--metadata", "--format", "markdown"]).expect(0).text().to_owned();
    let head: Vec<&str> = markdown.lines().skip(1).take_while(|line| *line != "---").collect();
    for line in &head {
        let (_, value) = line.split_once(": ").unwrap();
        serde_json::from_str::<serde_json::Value>(value).unwrap_or_else(|e| panic!("{line}: {e}"));
    }
    assert!(head.iter().any(|line| line.starts_with("captured: ")), "{head:?}");
}
