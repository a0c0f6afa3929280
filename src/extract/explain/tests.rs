//! Properties of explanations over every page there is.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::extract::Source;
use std::path::{Path, PathBuf};

fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut waiting = vec![root];
    let mut found = Vec::new();
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|suffix| suffix.to_str()) {
                _ if path.is_dir() => waiting.push(path),
                Some("html" | "txt") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

fn explained(bytes: &[u8], content_type: &str) -> (Explanation, String) {
    let page = Page { bytes, content_type: Some(content_type), url: Some("https://example.org/a") };
    let explanation = explain(&page, &Options::default());
    let source = Source { url: Some("https://example.org/a".to_owned()), ..Source::default() };
    let report = report(&explanation, &source);
    (explanation, report)
}

/// No element but ours, no address that could be fetched.
fn assert_harmless(report: &str) {
    let (_, body) = report.split_once("</style>").unwrap();
    let ours = [
        "head", "body", "html", "header", "p", "h1", "h2", "bdi", "dl", "div", "dt", "dd", "section",
        "table", "thead", "tbody", "tr", "th", "td", "label", "input", "b", "ol", "li", "span", "i", "code",
        "time", "details", "summary", "pre",
    ];
    for tag in body.split('<').skip(1) {
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(ours.contains(&name.as_str()), "<{tag}");
        let inside = tag.split('>').next().unwrap();
        for attribute in ["src=", "href=", "onerror", "onclick", "action", "url("] {
            assert!(!inside.contains(attribute), "<{inside}>");
        }
    }
}

#[test]
fn every_fixture_is_explained_as_it_is_extracted() {
    let paths = fixtures();
    assert!(paths.len() > 20, "{}", paths.len());
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let is_html = path.extension().is_some_and(|suffix| suffix == "html");
        let kind = if is_html { "text/html; charset=utf-8" } else { "text/plain; charset=utf-8" };
        let (explanation, report) = explained(&bytes, kind);
        let shown = path.display();
        assert_harmless(&report);
        let kept: String = explanation
            .blocks
            .iter()
            .filter(|block| matches!(block.class, Class::Article | Class::Heading) && block.shape != "image")
            .map(|block| block.text.as_str())
            .collect::<Vec<_>>()
            .join("\n");
        // All of the text is accounted for by blocks that are said to be the article's.
        let words: std::collections::HashSet<&str> = kept.split_whitespace().collect();
        let text = explanation.article.text();
        let lost: Vec<&str> = text
            .split_whitespace()
            .filter(|word| !words.contains(word) && word.chars().any(char::is_alphabetic))
            .collect();
        assert!(lost.is_empty(), "{shown}: {lost:?}");
        if is_html {
            assert!(
                explanation.blocks.iter().all(|block| !block.decided.is_empty() && !block.path.is_empty()),
                "{shown}"
            );
            let classes: std::collections::HashSet<Class> =
                explanation.blocks.iter().map(|block| block.class).collect();
            assert!(classes.contains(&Class::Boilerplate) && classes.contains(&Class::Article), "{shown}");
        }
    }
}

#[test]
fn a_hostile_page_cannot_run_in_its_report() {
    let evil = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt; \" onmouseover=\"alert(1) ' \u{202e}";
    let page = format!(
        "<html><head><title>{evil}</title><meta name=author content='\"><script>alert(2)</script>'>\
         <meta property=og:site_name content='</style></title><svg onload=alert(3)>'></head>\
         <body><article id='\"><script>' class='</code><iframe>'><h1>{evil}</h1>\
         <p>{evil} and a sentence that is long enough to be taken for a paragraph of the article, by and large.</p>\
         <p>{evil} and another sentence that is long enough to be taken for a paragraph of the article.</p>\
         <img src=\"javascript:alert(4)\" alt='<b>x'></article></body></html>"
    );
    let (explanation, report) = explained(page.as_bytes(), "text/html; charset=utf-8");
    assert_harmless(&report);
    assert!(report.contains("&lt;script&gt;alert(1)"), "what the page says is shown as text");
    assert!(!explanation.blocks.is_empty());
    assert!(report.find("Content-Security-Policy").unwrap() < report.find("<title>").unwrap());
    assert!(
        report.contains("default-src 'none'")
            && !report.contains("<script")
            && !report.contains("http-equiv=\"refresh")
    );
}

#[test]
fn each_block_says_what_decided_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/wordpress-post.html");
    let (explanation, _) = explained(&std::fs::read(path).unwrap(), "text/html");
    let of = |part: &str| explanation.blocks.iter().find(|block| block.text.contains(part)).unwrap();
    assert_eq!(of("Reports: Iranian troops").class, Class::Heading);
    assert_eq!(
        (of("Old Cartographer").class, of("Leave a Reply").class),
        (Class::Comment, Class::Boilerplate)
    );
    assert!(of("Old Cartographer").decided.starts_with("rule: "), "{:?}", of("Old Cartographer"));
    assert!(of("Leave a Reply").marks.iter().any(|mark| mark.contains("Reply")), "{:?}", of("Leave a Reply"));
    assert!(
        explanation
            .blocks
            .iter()
            .any(|block| block.decided == "model" && block.score.is_some_and(|s| s > 0.5))
    );
    assert!(of("Reports: Iranian troops").path.contains(" > "));
}

#[test]
fn text_out_of_json_ld_is_said_to_be() {
    let body =
        "The council met on Tuesday evening, and for once nobody left before the vote was taken. ".repeat(6);
    let page = format!(
        "<html><head><title>A vote</title><script type=\"application/ld+json\">{{\"@type\":\"NewsArticle\",\"headline\":\"A vote\",\
         \"articleBody\":\"{body}\"}}</script></head><body><div id=app>Loading</div></body></html>"
    );
    let (explanation, report) = explained(page.as_bytes(), "text/html");
    assert_eq!(explanation.article.quality.method, "json-ld");
    assert!(report.contains("JSON-LD (articleBody)") && report.contains("nobody left before the vote"));
}
