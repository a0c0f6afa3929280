//! A page's article, its comments apart, and its metadata, as clean text.
//!
//! The way of a page: bytes → text (`charset`) → tokens (`tokens`, `charref`) → html5ever's tree (`dom`; `attributes` where
//! html5ever reads the page itself) → a flat tree (`tree`) → text blocks (`blocks`) with
//! one row of facts each (`features`, from `roles` of names, the `vocabulary` of lines, the page's `outline` and its
//! repeated elements, `kin`) → a decision for every block (`decide`, by the trained `model` that reads the facts as a
//! `vector` and then once more in `context`) → the article put together (`assemble`, or out of the page's own data,
//! `jsonld` and `state`, where the tree has next to nothing), comments (`comments`) and
//! metadata (`metadata`, `jsonld`, `dates`, `language`) → text, Markdown, JSON (`render`). Plain text takes
//! the short way through `plain` with the same vocabulary. Nothing here knows where a page came from, and
//! nothing fails: an unusable page gives an [`Article`] whose `error` says why.

mod alike;
mod article;
mod assemble;
mod attributes;
mod blocks;
mod byline;
mod charref;
mod charset;
mod comments;
mod context;
mod dates;
mod decide;
mod dom;
mod explain;
mod features;
mod jsonld;
mod kin;
mod language;
mod limits;
mod metadata;
mod model;
mod outline;
mod plain;
mod render;
mod roles;
mod says;
mod signs;
mod state;
mod tokens;
mod training;
mod tree;
mod vector;
mod vocabulary;

pub use article::{Article, Block, Comment, Found, Item, Origin, PageType, Quality, Run, Style};
pub use explain::{BlockView, Class, Explanation, explain, report};
pub use language::iso639_3;
pub use limits::Limits;
pub use model::Model;
pub use render::{Source, duplicate_line, json_line};
#[doc(hidden)]
pub use training::{TrainingRows, training_rows};

use crate::message::sniff;
use blocks::Shape;
use decide::Verdict;
use metadata::Hints;
use std::borrow::Cow;
use tree::Tree;

/// A page as it came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page<'a> {
    /// The payload, transfer and content codings removed.
    pub bytes: &'a [u8],
    /// The HTTP Content-Type value, charset included.
    pub content_type: Option<&'a str>,
    /// The page's address, for relative links and dates.
    pub url: Option<&'a str>,
}

/// What becomes of the readers' comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comments {
    /// Left out.
    Drop,
    /// Apart from the article.
    #[default]
    Separate,
    /// Apart, and once more below the article's text.
    Keep,
}

/// How to extract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What becomes of the comments.
    pub comments: Comments,
    /// Bounds on one page.
    pub limits: Limits,
}

/// The tree's text is poor below this many characters: other sources are asked.
const POOR: usize = 250;

/// Below this many the page's own data may have more of the same.
const THIN: usize = 1_200;

/// Extracts a page. Never fails and never panics: what is wrong stands in [`Article::error`].
pub fn extract(page: &Page<'_>, options: &Options) -> Article {
    extract_with(page, options, Model::shipped())
}

/// Extracts a page by other weights than the library's.
pub fn extract_with(page: &Page<'_>, options: &Options, model: &Model) -> Article {
    let bytes = page.bytes.get(..options.limits.bytes).unwrap_or(page.bytes);
    let markup = is_markup(page.content_type, bytes, page.url);
    let decoded = charset::decode(bytes, page.content_type, markup);
    if let Some(kind) = no_text(bytes, &decoded.text) {
        let error = Some(format!("the page is no text, whatever it says: it looks like {kind}"));
        return Article { error, charset: decoded.encoding.name(), ..Article::default() };
    }
    let mut article = if markup {
        from_markup(&decoded.text, page, options, model)
    } else {
        plain::extract(&decoded.text, options.comments != Comments::Drop)
    };
    article.charset = decoded.encoding.name();
    let text = article.text();
    article.language = language::language(&text, article.language.take());
    if text.is_empty() && article.error.is_none() {
        let error = if bytes.is_empty() { "the page is empty" } else { "the page holds no article text" };
        article.error = Some(error.to_owned());
    }
    if bytes.len() < page.bytes.len() {
        article.error =
            Some(format!("the page is longer than {} bytes; what follows was not read", bytes.len()));
    }
    if options.comments == Comments::Keep {
        append_comments(&mut article);
    }
    article
}

/// True for what [`extract`] reads: HTML, XHTML and plain text, by the Content-Type or, without one, by
/// the first bytes of the payload.
pub fn is_extractable(content_type: Option<&str>, prefix: &[u8]) -> bool {
    match content_type.map(media_type) {
        Some(kind) if !kind.is_empty() && kind != "application/octet-stream" && kind != "unknown/unknown" => {
            matches!(
                kind.as_str(),
                "text/html" | "application/xhtml+xml" | "text/plain" | "application/vnd.wap.xhtml+xml"
            )
        }
        _ => looks_like_markup(prefix) || looks_like_text(prefix),
    }
}

fn media_type(value: &str) -> String {
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_markup(content_type: Option<&str>, bytes: &[u8], url: Option<&str>) -> bool {
    match content_type.map(media_type).as_deref() {
        Some("text/plain") => false,
        Some(kind) if kind.contains("html") => true,
        _ => {
            looks_like_markup(bytes)
                || !looks_like_text(bytes) && url.is_none_or(|url| !url.ends_with(".txt"))
        }
    }
}

/// A tag that only markup has, near the start.
fn looks_like_markup(bytes: &[u8]) -> bool {
    let head: Vec<u8> =
        bytes.iter().take(4096).filter(|byte| **byte != 0).map(u8::to_ascii_lowercase).collect();
    let text = String::from_utf8_lossy(&head);
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\u{fffd}');
    let tags = [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<title",
        "<meta ",
        "<script",
        "<div",
        "<p>",
        "<table",
        "<h1",
        "<article",
        "<a href",
    ];
    start.starts_with("<?xml") && text.contains("<html")
        || tags.iter().any(|tag| start.starts_with(tag))
        || start.starts_with("<!--")
        || tags.iter().take(5).any(|tag| text.contains(tag))
}

/// No control bytes but those of text.
/// What has a signature of its own, as PDF has, is no text however it is written.
fn looks_like_text(bytes: &[u8]) -> bool {
    if !matches!(sniff::identify(bytes), None | Some("text/plain" | "text/html" | "text/xml")) {
        return false;
    }
    let control = |byte: &&u8| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    !bytes.is_empty() && bytes.iter().take(1024).filter(control).count() == 0
}

/// Characters by which it is judged whether there is any text; of these one in so many may be none that texts have.
const JUDGED: usize = 4096;
const STRAY: usize = 20;

/// What a payload is instead of text.
fn no_text(bytes: &[u8], text: &str) -> Option<&'static str> {
    let kind = sniff::identify(bytes)?;
    let is_media = ["image/", "audio/", "video/", "font/"].iter().any(|media| kind.starts_with(media));
    if is_media && kind != "image/svg+xml" || kind == "application/pdf" {
        return Some(kind);
    }
    let is_stray = |c: char| c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b');
    let judged = text.chars().take(JUDGED).count();
    let stray = text.chars().take(JUDGED).filter(|c| is_stray(*c)).count();
    // A few come from a broken editor.
    (stray > 8 && stray * STRAY > judged && kind != "text/html").then_some("binary data")
}

fn from_markup(text: &str, page: &Page<'_>, options: &Options, model: &Model) -> Article {
    let text = as_html(text, page.content_type);
    with_tree(&text, &options.limits, |tree, stopped| from_html(tree, stopped, page, options, model))
}

/// XHTML as a parser of HTML reads it alike.
fn as_html<'a>(text: &'a str, content_type: Option<&str>) -> Cow<'a, str> {
    let is_said = content_type.map(media_type).is_some_and(|kind| kind.ends_with("xml"));
    let is_xml = is_said || text.trim_start_matches('\u{feff}').trim_start().starts_with("<?xml");
    if is_xml { Cow::Owned(crate::xhtml::closed(text)) } else { Cow::Borrowed(text) }
}

/// The page's tree as everything reads it, mended where it must be, and why it ends early if it does.
fn with_tree<T>(text: &str, limits: &Limits, body: impl FnOnce(&Tree<'_>, Option<String>) -> T) -> T {
    let (html, stopped) = tree::parse(text, limits);
    let tree = Tree::new(&html);
    if let Some(mended) = swallowed(&tree, text) {
        let (html, stopped) = tree::parse(&mended, limits);
        return body(&Tree::new(&html), stopped);
    }
    body(&tree, stopped)
}

fn from_html(
    tree: &Tree<'_>,
    stopped: Option<String>,
    page: &Page<'_>,
    options: &Options,
    model: &Model,
) -> Article {
    let mut hints = Hints::read(tree, &options.limits);
    let mut article = from_tree(tree, &hints, page, options, model);
    if let Some(body) = hints.linked.body.take() {
        second_source(&mut article, &body);
    }
    if article.text().chars().count() < THIN
        && let Some(markup) = state::stored(tree, &options.limits)
    {
        from_state(&mut article, &markup, &hints, page, options);
    }
    article.error = stopped.or(article.error);
    article
}

/// The page with its title closed, where a title without an end has swallowed all of it.
fn swallowed(tree: &Tree<'_>, text: &str) -> Option<String> {
    let (index, _) =
        tree.iter().find(|(_, node)| node.element.is_some_and(|element| element.name() == "title"))?;
    let title = tree.at(index + 1).text;
    let markup = title.find('<')?;
    if title.len() < 200 || !["<body", "<div", "<p", "<table"].iter().any(|tag| title.contains(tag)) {
        return None;
    }
    let (head, found) = title.split_at(markup);
    let at = text.find(found.get(..found.len().min(60)).unwrap_or(found))?;
    debug_assert!(!head.contains('<'));
    Some([text.get(..at)?, "</title>", text.get(at..)?].concat())
}

/// True where some of the text stands in the blocks as well: they are the whole of what it is a part of.
fn goes_on(text: &str, blocks: &[blocks::Block]) -> bool {
    let known: std::collections::HashSet<u64> = alike::shingles(text).collect();
    blocks.iter().flat_map(|block| alike::shingles(&block.text)).any(|hash| known.contains(&hash))
}

/// The article in the page's own data, where the tree has less.
fn from_state(article: &mut Article, markup: &str, hints: &Hints, page: &Page<'_>, options: &Options) {
    let (html, _) = tree::parse(&format!("<article>{markup}</article>"), &options.limits);
    let tree = Tree::new(&html);
    let blocks = blocks::cut(&tree);
    let body = assemble::assemble(&tree, blocks.iter().filter(|block| !block.hidden), hints, page.url);
    let offered = blocks.iter().map(|block| block.chars as usize).sum::<usize>();
    let text = article.text();
    let have = text.chars().count();
    if offered >= POOR && offered > 2 * have && (have < POOR || goes_on(&text, &blocks)) {
        article.body = body;
        article.headed = false;
        article.error = None;
        article.quality = Quality { score: 0.6, method: "page-data" };
    }
}

fn from_tree(tree: &Tree<'_>, hints: &Hints, page: &Page<'_>, options: &Options, model: &Model) -> Article {
    let mut article = Article { quality: Quality { score: 0.0, method: "tree" }, ..Article::default() };
    let blocks = blocks::cut(tree);
    article.page_type = hints.page_type().unwrap_or_default();
    let known = features::gather(tree, &blocks, hints, article.page_type == PageType::Forum, page.url);
    let thread = hints.names_thread(page.url);
    let decision = decide::decide(tree, &blocks, &known, article.page_type, thread, model);
    let is = |at: usize, verdict: Verdict| decision.verdicts.get(at) == Some(&verdict);
    let chosen =
        blocks.iter().enumerate().filter(|(at, _)| is(*at, Verdict::Article)).map(|(_, block)| block);
    let headline =
        chosen.clone().zip(0..).find(|(block, _)| block.shape != Shape::Image).map(|(block, _)| block);
    article.headed = headline
        .is_some_and(|block| matches!(block.shape, Shape::Heading(1 | 2)) && hints.is_title(&block.text));
    article.body = assemble::assemble(tree, chosen, hints, page.url);
    if options.comments != Comments::Drop {
        article.comments =
            comments::collect(tree, &blocks, &known, &decision.verdicts, options.limits.comments);
    }
    article.quality.score = decision.score;
    if decision.ruled {
        article.quality.method = "tree-rules";
    }
    article.language = hints.language();
    hints.describe(tree, &known.roles, decision.container, page.url, &mut article);
    article
}

/// The article in JSON-LD, where the tree has not got it.
fn second_source(article: &mut Article, body: &str) {
    let have = article.text().chars().count();
    let body = jsonld::unescape(body);
    let offered = body.chars().count();
    if offered < POOR || have >= POOR && have * 2 >= offered {
        return;
    }
    let paragraph =
        |text: &str| Block::Paragraph(vec![Run { text: text.trim().to_owned(), ..Run::default() }]);
    let mut pieces: Vec<Block> = Vec::new();
    if let Some(title) = &article.title {
        let content = vec![Run { text: title.value.clone(), ..Run::default() }];
        pieces.push(Block::Heading { level: 1, content });
        article.headed = true;
    }
    pieces.extend(body.lines().filter(|line| !line.trim().is_empty()).map(paragraph));
    article.body = pieces;
    article.quality = Quality { score: 0.7, method: "json-ld" };
}

/// The comments once more as paragraphs below the article.
fn append_comments(article: &mut Article) {
    for comment in &article.comments {
        let by = [comment.author.as_deref(), comment.date.as_deref()];
        let by = by.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let head = (!by.is_empty()).then_some(by);
        for text in head.iter().map(String::as_str).chain(comment.text.split("\n\n")) {
            article.body.push(Block::Paragraph(vec![Run { text: text.to_owned(), ..Run::default() }]));
        }
    }
}

#[cfg(test)]
mod tests;
