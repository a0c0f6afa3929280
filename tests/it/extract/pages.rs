//! Pages of the systems that most sites run on, in many languages: the article whole, forms and log-in prompts nowhere,
//! comments apart.

use super::fixture;
use crate::common::cli::fonds;
use serde_json::Value;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

fn pages() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixture("pages")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|suffix| suffix == "html")).collect();
    pages.sort();
    assert!(pages.len() >= 12, "{pages:?}");
    pages
}

/// What stands beside a page under another suffix, lines that are not empty.
fn beside(page: &Path, suffix: &str) -> Vec<String> {
    let text = std::fs::read_to_string(page.with_extension(suffix)).unwrap_or_default();
    text.lines().map(str::to_owned).filter(|line| !line.trim().is_empty()).collect()
}

fn extracted(page: &Path) -> Value {
    let run = fonds(["extract", "--format", "jsonl", page.to_str().unwrap()]).expect(0);
    run.json_lines().remove(0)
}

/// A line that tells who wrote the article or when is neither lost nor boilerplate.
fn is_byline(line: &str, article: &Value) -> bool {
    let authors = article["authors"].as_array().unwrap().iter().filter_map(Value::as_str);
    let names = authors.into_iter().any(|author| line.contains(author));
    line.chars().count() < 80 && (names || line.chars().filter(char::is_ascii_digit).count() >= 5)
}

#[test]
fn no_paragraph_is_lost_and_no_line_of_anything_else_is_in_the_text() {
    for page in pages() {
        let line = extracted(&page);
        let text: Vec<&str> =
            line["text"].as_str().unwrap().lines().filter(|line| !line.is_empty()).collect();
        let article = beside(&page, "article.txt");
        assert!(!article.is_empty());
        let name = page.display();
        let mut rest = text.iter();
        for paragraph in &article {
            assert!(
                rest.any(|line| line == paragraph),
                "{name}: lost, or not in its place: {paragraph}\n{text:#?}"
            );
        }
        let known: HashSet<&str> = article.iter().map(String::as_str).collect();
        for line_of_text in &text {
            let fine = known.contains(line_of_text) || is_byline(line_of_text, &line);
            assert!(fine, "{name}: not the article's: {line_of_text}");
        }
    }
}

#[test]
fn readers_comments_are_found_with_author_and_text_and_are_not_in_the_article() {
    let mut with_comments = 0;
    for page in pages() {
        let line = extracted(&page);
        let expected: Vec<(String, String)> = beside(&page, "comments")
            .iter()
            .map(|line| line.split_once('\t').unwrap())
            .map(|(author, text)| (author.to_owned(), text.replace(" ¶ ", "\n\n")))
            .collect();
        with_comments += usize::from(!expected.is_empty());
        let found = line["comments"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or("(none)").to_owned();
        let found: Vec<(String, String)> =
            found.map(|comment| (text(&comment["author"]), text(&comment["text"]))).collect();
        assert_eq!(found, expected, "{}", page.display());
        let article = line["text"].as_str().unwrap();
        for (_, comment) in expected {
            let said = comment.split("\n\n").last().unwrap().to_owned();
            assert!(!article.contains(&said), "{}: {said}", page.display());
        }
    }
    assert!(with_comments >= 9, "{with_comments}");
}

#[test]
fn the_language_of_each_page_is_known() {
    for page in pages() {
        let name = page.file_stem().unwrap().to_str().unwrap().to_owned();
        let (_, language) = name.rsplit_once('-').unwrap();
        assert_eq!(extracted(&page)["language"], language, "{name}");
    }
}

#[test]
fn threads_are_seen_as_such() {
    for (name, kind) in [
        ("discourse-en", "forum"),
        ("phpbb-pl", "forum"),
        ("xenforo-tr", "forum"),
        ("wordpress-de", "article"),
    ] {
        assert_eq!(extracted(&fixture(&format!("pages/{name}.html")))["page_type"], kind, "{name}");
    }
}

#[test]
fn the_markdown_of_each_page_says_the_same() {
    for page in pages() {
        let run = fonds(["extract", "--format", "markdown", page.to_str().unwrap()]).expect(0);
        for paragraph in beside(&page, "article.txt").iter().filter(|line| !line.starts_with("- ")) {
            assert!(
                run.text().contains(paragraph.as_str()),
                "{}: {paragraph}\n{}",
                page.display(),
                run.text()
            );
        }
    }
}

#[test]
fn authors_and_dates_are_read_off_each_page() {
    let told = [
        ("blogger-es", "Lucía Ferrándiz", "2014-03-16"),
        ("discourse-en", "millie_k", "2022-05-10"),
        ("disqus-sv", "Ylva Sandell", "2021-09-02"),
        ("dle-ru", "Лесник", "2019-12-08"),
        ("drupal-fr", "Odile Marchais", "2023-06-06"),
        ("hatena-ja", "minato", "2022-11-03"),
        ("phpbb-pl", "marek_74", "2021-10-03"),
        ("wordpress-ar", "سلمى الحداد", "2020-02-11"),
        ("wordpress-de", "Hanna Brückl", "2023-04-18"),
        ("wordpresscom-it", "Berto Gandini", "2018-03-22"),
        ("wordpresscom-pt", "Antônio Vilar", "2016-08-09"),
        ("xenforo-tr", "selin.k", "2021-06-20"),
    ];
    assert_eq!(told.len(), pages().len());
    for (name, author, date) in told {
        let line = extracted(&fixture(&format!("pages/{name}.html")));
        assert_eq!(line["authors"], serde_json::json!([author]), "{name}");
        assert_eq!(
            line["published"].as_str().and_then(|published| published.get(..10)),
            Some(date),
            "{name}"
        );
    }
}

#[test]
fn a_wet_file_of_each_page_verifies_and_reads_back_as_the_same_text() {
    let dir = tempfile::tempdir().unwrap();
    for page in pages() {
        let wet = dir.path().join(page.file_stem().unwrap()).with_extension("warc.wet.gz");
        let (page, path) = (page.to_str().unwrap(), wet.to_str().unwrap());
        fonds(["extract", "--format", "wet", "-o", path, page]).expect(0);
        fonds(["verify", "--strict", path]).expect(0);
        let text = fonds(["extract", page]).expect(0);
        assert_eq!(fonds(["extract", path]).expect(0).text(), text.text(), "{page}");
    }
}
