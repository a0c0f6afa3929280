//! Properties of whole pages.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn page(bytes: &[u8], content_type: &str) -> Article {
    extract(&Page { bytes, content_type: Some(content_type), url: None }, &Options::default())
}

fn html(markup: &str) -> Article {
    page(markup.as_bytes(), "text/html; charset=utf-8")
}

/// A page whose article is clear, around `inside`.
fn around(inside: &str) -> Article {
    let prose =
        "<p>The council met on Tuesday evening, and for once nobody left before the vote was taken.</p>";
    html(&format!(
        "<title>T</title><main><article><h1>A vote at last</h1>{prose}{prose_b}{inside}{prose_c}</article></main>",
        prose_b = prose.replace("Tuesday", "Wednesday"),
        prose_c = prose.replace("Tuesday", "Friday")
    ))
}

#[test]
fn the_first_page_comes_out_exactly_as_plain_text_and_as_markup() {
    let expected = fixture("wordpress-post.article.txt");
    for (name, kind) in
        [("wordpress-post.txt", "text/plain"), ("wordpress-post.html", "text/html; charset=UTF-8")]
    {
        let article = page(&fixture(name), kind);
        assert_eq!(format!("{}\n", article.text()).into_bytes(), expected, "{name}");
        assert_eq!(article.error, None);
        assert_eq!(article.language.unwrap().value, "en");
    }
}

#[test]
fn readers_comments_stand_apart_with_author_date_and_depth() {
    let article = page(&fixture("wordpress-post.html"), "text/html");
    let seen: Vec<_> = article
        .comments
        .iter()
        .map(|c| (c.author.as_deref().unwrap(), c.date.as_deref().unwrap(), c.depth))
        .collect();
    assert_eq!(
        seen,
        [
            ("Marta K.", "2015-10-01T23:02:11+00:00", 0),
            ("Old Cartographer", "2015-10-02T00:48:05+00:00", 1),
            ("Marta K.", "2015-10-02T07:15:40+00:00", 2),
            ("Pieter", "2015-10-03T16:30:00+00:00", 0),
        ]
    );
    assert!(
        article.comments[1]
            .text
            .ends_with("I can log in to the archive tomorrow and send you the sheet number.")
    );
    let all: String = article.comments.iter().map(|c| c.text.as_str()).collect();
    for form in ["Reply", "says", "You are commenting", "Connecting", "Leave"] {
        assert!(!all.contains(form), "{form}");
    }
}

#[test]
fn metadata_names_its_sources() {
    let article = page(&fixture("wordpress-post.html"), "text/html");
    let title = article.title.unwrap();
    assert_eq!(
        (title.value.as_str(), title.from),
        ("Reports: Iranian troops in Syria for joint offensive", Origin::Heading)
    );
    assert_eq!(article.authors[0].value, "Samir Haddad");
    assert_eq!(
        article.published.unwrap(),
        Found { value: "2015-10-01T22:10:33+00:00".into(), from: Origin::OpenGraph }
    );
    assert_eq!(article.site.unwrap().value, "The Levant Notebook");
    assert_eq!(article.canonical.unwrap().from, Origin::Link);
}

#[test]
fn plain_pages_lose_their_tails_and_no_paragraph() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/plain-pages");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| !name.ends_with(".article.txt"));
    assert!(names.len() >= 13);
    let mut failed = Vec::new();
    for name in names {
        let wanted =
            String::from_utf8(fixture(&format!("plain-pages/{}", name.replace(".txt", ".article.txt"))))
                .unwrap();
        let wanted: Vec<&str> = wanted.lines().filter(|line| !line.is_empty()).collect();
        let text = page(&fixture(&format!("plain-pages/{name}")), "text/plain").text();
        let got: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        if got != wanted {
            failed.push(format!(
                "{name}\n  lost {:?}\n  kept {:?}",
                wanted.iter().filter(|l| !got.contains(l)).collect::<Vec<_>>(),
                got.iter().filter(|l| !wanted.contains(l)).collect::<Vec<_>>()
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn comments_of_a_plain_page_stand_apart() {
    let article = page(&fixture("plain-pages/wordpress-en.txt"), "text/plain");
    let seen: Vec<_> =
        article.comments.iter().map(|c| (c.author.as_deref().unwrap(), c.date.as_deref().unwrap())).collect();
    assert_eq!(seen, [("Hal Brook", "2014-05-04"), ("Ruth", "2014-05-04"), ("jan", "2014-05-05")]);
}

#[test]
fn blocks_part_words_and_inline_elements_do_not() {
    let text = around("<div>one<div>two</div>three</div><p>in<b>visi</b>ble <a href=x>li<i>nk</i></a>s are one word each, as they should be.</p>").text();
    assert!(text.contains("one\n\ntwo\n\nthree"), "{text}");
    assert!(text.contains("invisible links are one word each"), "{text}");
}

#[test]
fn the_sign_behind_a_heading_that_links_to_itself_is_no_text() {
    let article = around(
        "<h2>Usage<a class=headerlink href='#usage' title='Link to this heading'>\u{b6}</a></h2><p>Call it with the name of \
         a file, as in issue <a href='/issues/#7'>#7</a>, and it says what it found in there.</p>",
    );
    assert!(article.text().contains("Usage\n") && !article.text().contains('\u{b6}'), "{}", article.text());
    assert!(article.text().contains("issue #7, and"));
}

#[test]
fn lists_tables_code_and_details_come_out_whole() {
    let article = around(
        "<p>These are the steps that the clerk read out before the vote was taken:</p>\
         <ol start=3><li>Open the box</li><li>Count<ul><li>yes</li><li>no</li></ul></li><li>Close the box</li></ol>\
         <table><tr><th>Ward</th><th>Yes</th></tr><tr><td>North</td><td>12</td></tr><tr><td></td><td>7</td></tr></table>\
         <pre><code class=language-rust>fn main() {\n    vote();\n}\n</code></pre>\
         <details><summary>Minutes</summary><p>The minutes were read and found to be right in every point.</p></details>",
    );
    let text = article.text();
    assert!(text.contains("3. Open the box\n4. Count\n  - yes\n  - no\n5. Close the box"), "{text}");
    assert!(text.contains("Ward\tYes\nNorth\t12\n\t7"), "{text}");
    assert!(text.contains("fn main() {\n    vote();\n}"), "{text}");
    assert!(text.contains("found to be right in every point."), "{text}");
    let markdown = article.markdown();
    assert!(markdown.contains("```rust\nfn main() {"), "{markdown}");
    assert!(markdown.contains("| Ward | Yes |\n| --- | --- |\n| North | 12 |"), "{markdown}");
}

#[test]
fn what_is_not_shown_is_not_text() {
    let text = around("<script>var a = 'script words';</script><style>p{}</style><template><p>template words that nobody sees on this page.</p></template>\
        <p hidden>hidden words that nobody sees on this page at all.</p><p style='display: none'>styled words that nobody sees on this page.</p>").text();
    for word in ["script", "template", "hidden", "styled"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

#[test]
fn the_article_is_taken_from_linked_data_where_the_tree_has_none() {
    let body = "The bridge was opened on Monday. ".repeat(20);
    let article = html(&format!(
        r#"<title>Bridge</title><script type="application/ld+json">{{"@type":"NewsArticle","headline":"Bridge open","articleBody":"{body}"}}</script><div id=app></div>"#
    ));
    assert_eq!(article.quality.method, "json-ld");
    assert!(article.text().contains("opened on Monday"));
}

#[test]
fn text_without_any_markup_around_it_is_not_lost() {
    let text = "The harbour was closed for eleven days, and nobody in the town knew why.";
    assert_eq!(html(&format!("<html><body>{text}</body></html>")).text(), text);
    assert_eq!(
        html(&format!("<html><body><div id=app></div><noscript><p>{text}</p></noscript></body></html>"))
            .text(),
        text
    );
}

#[test]
fn a_page_with_nothing_says_so() {
    for markup in ["", "<html></html>", "<nav><a href=/>Home</a></nav>"] {
        assert!(html(markup).error.is_some(), "{markup:?}");
    }
}

#[test]
fn a_deep_page_ends_in_an_error_and_not_in_an_overflow() {
    let markup = format!(
        "<p>The words before the fall are kept, whatever comes after them.</p>{}<p>end",
        "<div>".repeat(100_000)
    );
    let article = html(&markup);
    assert!(article.error.unwrap().contains("512"));
}

#[test]
fn a_wide_page_ends_in_an_error() {
    let limits = Limits { nodes: 10_000, bytes: 100_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let wide = "<p>x".repeat(20_000);
    let article =
        extract(&Page { bytes: wide.as_bytes(), content_type: Some("text/html"), url: None }, &options);
    assert!(article.error.unwrap().contains("10000 nodes"));
    let long = "word ".repeat(50_000);
    let article =
        extract(&Page { bytes: long.as_bytes(), content_type: Some("text/plain"), url: None }, &options);
    assert!(article.error.unwrap().contains("longer than 100000 bytes"));
}

#[test]
fn types_that_are_read_are_told_from_those_that_are_not() {
    for (kind, prefix, expected) in [
        (Some("text/html; charset=utf-8"), "", true),
        (Some("application/xhtml+xml"), "", true),
        (Some("TEXT/PLAIN"), "", true),
        (Some("application/pdf"), "%PDF", false),
        (Some("text/css"), "p{}", false),
        (None, "<!DOCTYPE html><p>", true),
        (None, "Just words.", true),
        (None, "\u{1}\u{2}\u{3}", false),
    ] {
        assert_eq!(is_extractable(kind, prefix.as_bytes()), expected, "{kind:?} {prefix:?}");
    }
}

#[test]
fn a_json_line_has_the_keys_of_the_interface() {
    let article = page(&fixture("wordpress-post.html"), "text/html");
    let source =
        Source { id: "urn:uuid:1".into(), file: "a.warc".into(), offset: Some(7), ..Source::default() };
    let line = json_line(&article, &source);
    for key in [
        "id",
        "url",
        "date",
        "source",
        "title",
        "authors",
        "published",
        "modified",
        "site",
        "description",
        "language",
        "page_type",
        "text",
        "comments",
        "quality",
    ] {
        assert!(line.get(key).is_some(), "{key}");
    }
    assert_eq!(line["source"]["offset"], 7);
    assert!(line["comments"][0].get("depth").is_some() && line["quality"].get("method").is_some());
}
