//! An explanation as one HTML file: no script, nothing fetched, everything that came from the page escaped.

use super::{BlockView, Class, Explanation};
use crate::extract::article::{Article, Comment, Found};
use crate::extract::render::Source;

/// Characters of one block that are shown.
const LONGEST: usize = 4_000;

const STYLE: &str = include_str!("report.css");

/// The report: summary, metadata with the place that each piece came from, the blocks coloured by class, and the comments.
pub fn report(explanation: &Explanation, source: &Source) -> String {
    let article = &explanation.article;
    let name = source.url.as_deref().unwrap_or(&source.file);
    let mut page = Html::default();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    // Should anything of the page come through all the same, it can neither run nor fetch nor be sent.
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n");
    page.raw("<meta name=\"referrer\" content=\"no-referrer\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    page.text(&format!("How fonds read {name}"));
    page.raw("</title>\n<style>\n")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n<header>\n<p class=\"kicker\">fonds extract --explain</p>\n<h1>");
    page.bdi(article.title.as_ref().map_or(name, |title| &title.value));
    page.raw("</h1>\n<p class=\"url\">").bdi(name).raw("</p>\n</header>\n");
    summary(&mut page, explanation, source);
    metadata(&mut page, article);
    blocks(&mut page, explanation);
    comments(&mut page, &article.comments);
    text(&mut page, article);
    page.raw("</body>\n</html>\n");
    page.0
}

fn summary(page: &mut Html, explanation: &Explanation, source: &Source) {
    let article = &explanation.article;
    page.raw("<dl class=\"facts\">\n");
    let mut fact = |name: &str, value: &str| {
        page.raw("<div><dt>").text(name).raw("</dt><dd>").bdi(value).raw("</dd></div>\n");
    };
    fact("Page type", article.page_type.as_str());
    fact("Method", method(article.quality.method));
    fact("Confidence", &format!("{:.2}", article.quality.score));
    fact("Text", &format!("{} characters", article.text().chars().count()));
    fact("Comments", &article.comments.len().to_string());
    fact("Encoding", article.charset);
    if let Some(date) = &source.date {
        fact("Captured", date);
    }
    let place =
        source.offset.map_or_else(|| source.file.clone(), |at| format!("{} at byte {at}", source.file));
    fact("Read from", &place);
    if let Some(referent) = &source.referent {
        fact("Payload from", &format!("{} of {}", referent.id, referent.date.as_deref().unwrap_or("?")));
    }
    page.raw("</dl>\n");
    if let Some(error) = &article.error {
        page.raw("<p class=\"notice\">").bdi(error).raw("</p>\n");
    }
    if article.quality.method == "json-ld" {
        page.raw("<p class=\"notice\">The blocks hold too little of the article: its text was taken from the page’s JSON-LD (articleBody) instead. The blocks below show what the tree alone would have given.</p>\n");
    }
}

fn method(method: &str) -> &str {
    match method {
        "tree" => "block model",
        "tree-rules" => "rules alone: the model found next to nothing",
        "json-ld" => "JSON-LD articleBody",
        "page-data" => "the page’s own data, in a script",
        "plain" => "plain text, line by line",
        other => other,
    }
}

fn metadata(page: &mut Html, article: &Article) {
    let one = |found: &Option<Found>| found.iter().cloned().collect::<Vec<_>>();
    let fields = [
        ("Title", one(&article.title)),
        ("Authors", article.authors.clone()),
        ("Published", one(&article.published)),
        ("Modified", one(&article.modified)),
        ("Site", one(&article.site)),
        ("Description", one(&article.description)),
        ("Language", one(&article.language)),
        ("Canonical", one(&article.canonical)),
        ("Image", one(&article.image)),
        ("Licence", one(&article.licence)),
    ];
    page.raw("<section>\n<h2>Metadata</h2>\n<table class=\"meta\">\n<thead><tr><th>Field</th><th>Value</th><th>Stood in</th></tr></thead>\n<tbody>\n");
    for (name, found) in fields {
        for found in found {
            let from = serde_json::to_value(found.from).ok();
            page.raw("<tr><th>")
                .text(name)
                .raw("</th><td>")
                .bdi(&found.value)
                .raw("</td><td class=\"from\">");
            page.text(from.as_ref().and_then(|from| from.as_str()).unwrap_or_default()).raw("</td></tr>\n");
        }
    }
    page.raw("</tbody>\n</table>\n</section>\n");
}

const CLASSES: [(Class, &str, &str); 5] = [
    (Class::Article, "article", "Article"),
    (Class::Heading, "heading", "Headings of the article"),
    (Class::Comment, "comment", "Comments"),
    (Class::Boilerplate, "boilerplate", "Boilerplate"),
    (Class::Hidden, "hidden", "Hidden"),
];

fn class_name(class: Class) -> &'static str {
    CLASSES.iter().find(|(known, ..)| *known == class).map_or("", |(_, name, _)| name)
}

fn blocks(page: &mut Html, explanation: &Explanation) {
    page.raw("<section class=\"page\">\n<h2>Blocks, in the order of the page</h2>\n<div class=\"legend\">\n");
    for (class, name, title) in CLASSES {
        let count = explanation.blocks.iter().filter(|block| block.class == class).count();
        page.raw("<label class=\"")
            .raw(name)
            .raw("\"><input type=\"checkbox\" checked id=\"show-")
            .raw(name)
            .raw("\"> ");
        page.text(title).raw(" <b>").text(&count.to_string()).raw("</b></label>\n");
    }
    page.raw("</div>\n<ol class=\"blocks\">\n");
    explanation.blocks.iter().for_each(|view| block(page, view));
    page.raw("</ol>\n");
    if explanation.left_out > 0 {
        page.raw("<p class=\"notice\">")
            .text(&explanation.left_out.to_string())
            .raw(" more blocks are not shown.</p>\n");
    }
    page.raw("</section>\n");
}

fn block(page: &mut Html, view: &BlockView) {
    page.raw("<li class=\"")
        .raw(class_name(view.class))
        .raw("\">\n<div class=\"text ")
        .text(view.shape.split(' ').next().unwrap_or_default());
    page.raw("\" dir=\"auto\">").text(&cut(&view.text)).raw("</div>\n<div class=\"why\">");
    if let Some(score) = view.score {
        let percent = (score * 100.0).round().clamp(0.0, 100.0);
        page.raw("<span class=\"score\"><span class=\"bar\"><i style=\"width:").raw(&format!("{percent}%"));
        page.raw("\"></i></span>").raw(&format!("{score:.2}")).raw("</span>");
    }
    page.raw("<span class=\"decided\">")
        .text(&view.decided)
        .raw("</span><span class=\"shape\">")
        .text(&view.shape)
        .raw("</span>");
    for mark in &view.marks {
        page.raw("<span class=\"mark\">").text(mark).raw("</span>");
    }
    page.raw("<code>").bdi(&view.path).raw("</code></div>\n</li>\n");
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{} […]", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn comments(page: &mut Html, comments: &[Comment]) {
    if comments.is_empty() {
        return;
    }
    page.raw("<section>\n<h2>Comments, kept apart</h2>\n<ol class=\"comments\">\n");
    for comment in comments {
        page.raw("<li class=\"depth-").raw(&comment.depth.min(5).to_string()).raw("\"><p class=\"by\">");
        page.bdi(comment.author.as_deref().unwrap_or("(no name)"));
        if let Some(date) = &comment.date {
            page.raw(" <time>").bdi(date).raw("</time>");
        }
        page.raw("</p><div class=\"text\" dir=\"auto\">").text(&cut(&comment.text)).raw("</div></li>\n");
    }
    page.raw("</ol>\n</section>\n");
}

fn text(page: &mut Html, article: &Article) {
    page.raw("<section>\n<details><summary>The text as it was extracted</summary>\n<pre dir=\"auto\">");
    page.text(&article.text()).raw("</pre>\n</details>\n</section>\n");
}

/// HTML that is put together: markup of ours, and text of others.
#[derive(Default)]
struct Html(String);

impl Html {
    fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Escaped for element content and quoted attributes; characters that steer a terminal or an editor are shown as what
    /// they are.
    fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(c),
                c if c.is_control() => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        self
    }

    /// The same, so that its direction does not turn its neighbours'.
    fn bdi(&mut self, text: &str) -> &mut Self {
        self.raw("<bdi>").text(text).raw("</bdi>")
    }
}
