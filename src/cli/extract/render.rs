//! What a thread makes of a page: bytes to be written.

use super::Format;
use super::choice::Choice;
use super::gather::Piece;
use super::sink::{Fate, Made};
use fonds::extract::{self, Article, Found, Options, Page, Source};
use fonds::records::{Conversion, PageRecord, Wet};
use serde_json::Value;
use std::fmt::Write as _;

/// How pages are rendered.
pub(super) struct Renderer {
    pub(super) format: Format,
    pub(super) metadata: bool,
    pub(super) options: Options,
    /// The WET file that records are made for.
    pub(super) wet: Option<Wet>,
    /// Whether a JSON line is wanted beside the format: for an index.
    pub(super) indexed: bool,
}

impl Renderer {
    /// Extracts a page and renders it, unless it is left out.
    pub(super) fn make(&self, piece: &Piece, choice: &Choice) -> Made {
        let source = source(piece);
        if piece.payload.as_ref().is_some_and(|payload| payload.again) {
            return Made { fate: Fate::Again, source, bytes: Vec::new(), line: Value::Null, problem: None };
        }
        let article = match &piece.problem {
            Some(problem) => Article { error: Some(problem.clone()), ..Article::default() },
            None => extract(&piece.page, &self.options),
        };
        let text = article.text();
        let fate = match text.is_empty() {
            _ if piece.problem.is_none() && !choice.wants_type(article.page_type) => Fate::Unwanted,
            false => Fate::Text,
            true => Fate::NoText,
        };
        let has_line = fate != Fate::Unwanted && (self.indexed || self.format == Format::Jsonl);
        let line = if has_line { extract::json_line(&article, &source) } else { Value::Null };
        let mut made = Made { fate, bytes: Vec::new(), line, problem: article.error.clone(), source };
        match self.bytes(&article, text, &made, piece) {
            Ok(bytes) => made.bytes = bytes,
            Err(problem) => {
                made.fate = Fate::NoText;
                made.problem = Some(problem);
            }
        }
        made
    }

    fn bytes(&self, article: &Article, text: String, made: &Made, piece: &Piece) -> Result<Vec<u8>, String> {
        match (self.format, made.fate) {
            (_, Fate::Unwanted | Fate::Again) => Ok(Vec::new()),
            (Format::Jsonl, _) => Ok(format!("{}\n", made.line).into_bytes()),
            (_, Fate::NoText) => Ok(Vec::new()),
            (Format::Text, _) => {
                let head = if self.metadata { text_head(article, &made.source) } else { String::new() };
                Ok(format!("{head}{text}\n").into_bytes())
            }
            (Format::Markdown, _) => {
                let head = if self.metadata { front_matter(article, &made.source) } else { String::new() };
                Ok(format!("{head}{}\n", article.markdown()).into_bytes())
            }
            (Format::Wet, _) => self.record(article, &text, &made.source, piece),
        }
    }

    fn record(
        &self,
        article: &Article,
        text: &str,
        source: &Source,
        piece: &Piece,
    ) -> Result<Vec<u8>, String> {
        let Some(wet) = &self.wet else { return Ok(Vec::new()) };
        let url = target(piece);
        let place = format!("{}#{}.{}", piece.file, piece.page.offset, piece.page.inner_offset);
        let holder = source.referent.as_ref().map_or(&source.record, |referent| &referent.record);
        let language = article.language.as_ref().and_then(|found| extract::iso639_3(&found.value));
        let page = Conversion {
            text,
            url: &url,
            date: piece.page.date.as_deref(),
            refers_to: holder.as_deref(),
            language,
            place: &place,
        };
        wet.conversion(&page).map(|packed| packed.stored).map_err(|error| error.to_string())
    }
}

/// Extracts what a record holds.
pub(super) fn extract(page: &PageRecord, options: &Options) -> Article {
    let PageRecord { bytes, content_type, url, .. } = page;
    let page_of = Page { bytes, content_type: content_type.as_deref(), url: url.as_deref() };
    let mut article = extract::extract(&page_of, options);
    let problems: Vec<&str> = article.error.as_deref().into_iter().chain(page.cut.as_deref()).collect();
    article.error = (!problems.is_empty()).then(|| problems.join("; "));
    article
}

/// The URL that a record of a page needs; a file on this machine has one, too.
fn target(piece: &Piece) -> String {
    let of_file = || {
        let path = std::path::absolute(&piece.file).ok().filter(|_| piece.file != "-")?;
        url::Url::from_file_path(path).ok().map(String::from)
    };
    piece.page.url.clone().or_else(of_file).unwrap_or_else(|| "file:///dev/stdin".to_owned())
}

/// Where a page came from.
pub(super) fn source(piece: &Piece) -> Source {
    let page = &piece.page;
    let referent = page.referent.as_ref().map(|referent| {
        Box::new(Source {
            id: referent.id.clone().unwrap_or_default(),
            url: referent.url.clone(),
            date: referent.date.clone(),
            file: referent.file.clone(),
            offset: Some(referent.offset),
            record: referent.id.clone(),
            ..Source::default()
        })
    });
    Source {
        id: page.id.clone().unwrap_or_else(|| place(piece)),
        url: page.url.clone(),
        date: page.date.clone(),
        file: piece.file.clone(),
        offset: piece.in_record.then_some(page.offset),
        record: page.id.clone(),
        payload_digest: page.payload_digest.clone(),
        referent,
    }
}

/// What stands for the id of a page that has none: an ARC's records are told apart by where they lie.
fn place(piece: &Piece) -> String {
    let (file, PageRecord { offset, inner_offset, .. }) = (&piece.file, &piece.page);
    match (piece.in_record, inner_offset) {
        (false, _) => file.clone(),
        (true, 0) => format!("{file}#{offset}"),
        (true, inner) => format!("{file}#{offset}.{inner}"),
    }
}

/// What is told of a page before its text: name and value, both for people.
fn facts(article: &Article, source: &Source) -> Vec<(&'static str, Vec<String>)> {
    let one = |found: &Option<Found>| found.iter().map(|found| found.value.clone()).collect::<Vec<_>>();
    let mut facts = vec![
        ("title", one(&article.title)),
        ("authors", article.authors.iter().map(|found| found.value.clone()).collect()),
        ("published", one(&article.published)),
        ("modified", one(&article.modified)),
        ("site", one(&article.site)),
        ("language", one(&article.language)),
        (
            "url",
            source
                .url
                .clone()
                .or_else(|| article.canonical.clone().map(|found| found.value))
                .into_iter()
                .collect(),
        ),
        ("captured", source.date.clone().into_iter().collect()),
    ];
    facts.retain(|(_, values)| !values.is_empty());
    facts
}

/// `Title: …` and so on, a line each, then an empty line.
fn text_head(article: &Article, source: &Source) -> String {
    let mut head = String::new();
    for (name, values) in facts(article, source) {
        let name = match name {
            "url" => "URL".to_owned(),
            name => name.chars().take(1).flat_map(char::to_uppercase).chain(name.chars().skip(1)).collect(),
        };
        // Writing to a string does not fail.
        let _ = writeln!(head, "{name}: {}", one_line(&values.join(", ")));
    }
    head.push('\n');
    head
}

/// YAML between lines of `---`; values are JSON strings, which YAML takes.
fn front_matter(article: &Article, source: &Source) -> String {
    let mut head = "---\n".to_owned();
    for (name, values) in facts(article, source) {
        let value =
            if name == "authors" { Value::from(values) } else { Value::from(one_line(&values.join(" "))) };
        let _ = writeln!(head, "{name}: {value}");
    }
    head.push_str("---\n\n");
    head
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
