//! The page that started the project: served, archived, verified, extracted, and nothing of the form left.

use super::{fixture, text_of};
use crate::common::cli::{archive, fonds};
use crate::common::collection::Collection;
use crate::common::site::serve_directory;
use serde_json::Value;
use std::fs;
use tempfile::tempdir;

/// Words that only the reply form, its log-in parts, the theme and the notices hold.
const NOT_THE_ARTICLE: [&str; 14] = [
    "Leave a Reply",
    "Cancel reply",
    "Enter your comment here",
    "Fill in your details below",
    "You are commenting using",
    "Log Out",
    "Log in",
    "Connecting to %s",
    "Notify me of new",
    "Akismet",
    "Share this",
    "Cookie Policy",
    "Recent Posts",
    "Get every new post delivered",
];

fn captured() -> (tempfile::TempDir, Collection, url::Url) {
    let server = serve_directory(&fixture(""));
    let dir = tempdir().unwrap();
    let url = server.url("/wordpress-post.html");
    let run = archive(&dir.path().join("c"), &[&url], &[]).expect(0);
    assert!(!run.stderr.contains("not captured"), "{}", run.stderr);
    let collection = Collection::new(&dir.path().join("c"));
    (dir, collection, url)
}

#[test]
fn the_article_comes_out_of_its_archive_word_for_word() {
    let (_dir, collection, url) = captured();
    let root = collection.root.to_str().unwrap();
    fonds(["verify", "--require", "2", "--strict", root]).expect(0);
    for entry in fs::read_dir(fixture("wordpress")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let response = collection.one("response", &url.join(&format!("wordpress/{name}")).unwrap());
        let file = fs::read(fixture(&format!("wordpress/{name}"))).unwrap();
        assert!(response.block.ends_with(&file), "{name} is a requisite of the page");
    }
    let run = fonds(["extract", "--comments", "drop", root]).expect(0);
    assert_eq!(run.text(), text_of("wordpress-post.article.txt"));
    assert!(run.stderr.is_empty(), "{}", run.stderr);
}

#[test]
fn readers_comments_are_apart_and_the_form_is_nowhere() {
    let (_dir, collection, url) = captured();
    let root = collection.root.to_str().unwrap();
    let lines = fonds(["extract", "--format", "jsonl", root]).expect(0).json_lines();
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!(line["text"].as_str().unwrap().trim_end(), text_of("wordpress-post.article.txt").trim_end());
    let comments = line["comments"].as_array().unwrap();
    let authors: Vec<&str> = comments.iter().map(|c| c["author"].as_str().unwrap()).collect();
    assert_eq!(authors, ["Marta K.", "Old Cartographer", "Marta K.", "Pieter"]);
    for words in NOT_THE_ARTICLE {
        assert!(!line.to_string().contains(words), "{words:?} in {line}");
    }
    for comment in comments {
        let text = comment["text"].as_str().unwrap();
        assert!(!text.is_empty() && !line["text"].as_str().unwrap().contains(text), "{comment}");
    }
    let response = collection.one("response", &url);
    assert_eq!((&line["url"], &line["id"]), (&Value::from(url.as_str()), &Value::from(response.id())));
    assert_eq!(line["date"], response.field("WARC-Date"));
    let source = &line["source"];
    assert_eq!((&source["record"], &source["offset"]), (&line["id"], &Value::from(response.offset)));
    assert_eq!(source["payload_digest"], response.field("WARC-Payload-Digest"));
    assert_eq!(line["published"].as_str().map(|date| &date[..10]), Some("2015-10-01"));
    assert_eq!((line["authors"][0].as_str(), line["language"].as_str()), (Some("Samir Haddad"), Some("en")));
}

#[test]
fn its_text_form_gives_the_same_article() {
    let path = fixture("wordpress-post.txt");
    let run = fonds(["extract", path.to_str().unwrap()]).expect(0);
    assert_eq!(run.text(), text_of("wordpress-post.article.txt"));
}

#[test]
fn comments_are_dropped_apart_or_kept_as_asked() {
    let path = fixture("wordpress-post.html");
    let path = path.to_str().unwrap();
    let of = |how| fonds(["extract", "--comments", how, path]).expect(0).text().to_owned();
    let article = text_of("wordpress-post.article.txt");
    assert_eq!(of("drop"), article);
    assert_eq!(of("separate"), article, "in plain text apart means left out");
    let kept = of("keep");
    assert!(kept.starts_with(article.trim_end()) && kept.contains("Old Cartographer"), "{kept}");
    for words in NOT_THE_ARTICLE {
        assert!(!kept.contains(words), "{words:?} in {kept}");
    }
    let dropped = fonds(["extract", "--format", "jsonl", "--comments", "drop", path]).expect(0).json_lines();
    assert!(dropped[0]["comments"].as_array().is_none_or(Vec::is_empty));
}
