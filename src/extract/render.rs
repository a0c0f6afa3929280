//! The article as plain text, Markdown and a JSON line.

use serde_json::{Value, json};

use super::article::{Article, Block, Item, Run, Style};

/// Where a page came from, for its JSON line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// WARC record id; where a record has none, as in an ARC, the file's path and its place in it; else the file's path.
    pub id: String,
    /// Address of the page.
    pub url: Option<String>,
    /// Capture date as the record gives it.
    pub date: Option<String>,
    /// The file that it was read from.
    pub file: String,
    /// Byte offset of the record in that file.
    pub offset: Option<u64>,
    /// WARC-Record-ID.
    pub record: Option<String>,
    /// Labelled digest of the payload.
    pub payload_digest: Option<String>,
    /// The record that holds the payload, if this one is a revisit of it.
    pub referent: Option<Box<Source>>,
}

impl Source {
    /// Where to find it.
    fn place(&self) -> Value {
        let mut place = json!({ "file": self.file });
        if let Some(map) = place.as_object_mut() {
            put(map, "offset", self.offset);
            put(map, "record", self.record.as_deref());
            put(map, "payload_digest", self.payload_digest.as_deref());
            put(map, "referent", self.referent.as_ref().map(|referent| referent.named_place()));
        }
        place
    }

    /// The same with address and date, which are those of another capture.
    fn named_place(&self) -> Value {
        let mut place = self.place();
        if let Some(map) = place.as_object_mut() {
            put(map, "url", self.url.as_deref());
            put(map, "date", self.date.as_deref());
        }
        place
    }
}

impl Article {
    /// Plain text: paragraphs, headings and lists parted by one blank line, items on lines of their own,
    /// table cells parted by tabs. No newline at the end.
    pub fn text(&self) -> String {
        join(self.body.iter().map(plain))
    }

    /// The same without the headline.
    pub fn body_text(&self) -> String {
        join(self.body.iter().skip(usize::from(self.headed)).map(plain))
    }

    /// CommonMark with tables. No newline at the end.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        let mut quoted = false;
        for block in &self.body {
            let piece = mark_up(block);
            if piece.is_empty() {
                continue;
            }
            let quote = matches!(block, Block::Quote(_));
            if !out.is_empty() {
                out.push_str(if quote && quoted { "\n>\n" } else { "\n\n" });
            }
            quoted = quote;
            out.push_str(&piece);
        }
        out
    }
}

/// One page as one JSON line; an unusable one carries `error`.
pub fn json_line(article: &Article, source: &Source) -> Value {
    let value = |found: &Option<super::Found>| found.as_ref().map(|found| found.value.clone());
    let mut line = json!({
        "id": source.id,
        "url": source.url,
        "date": source.date,
        "source": source.place(),
        "title": value(&article.title),
        "authors": article.authors.iter().map(|found| &found.value).collect::<Vec<_>>(),
        "published": value(&article.published),
        "modified": value(&article.modified),
        "site": value(&article.site),
        "description": value(&article.description),
        "language": value(&article.language),
        "from": origins(article),
        "page_type": article.page_type.as_str(),
        "text": article.text(),
        "comments": article.comments,
        "quality": article.quality,
    });
    if let Some(map) = line.as_object_mut() {
        put(map, "error", article.error.as_deref());
    }
    line
}

/// A page whose payload another page had before: that one's id in place of its text.
pub fn duplicate_line(source: &Source, duplicate_of: &str) -> Value {
    json!({
        "id": source.id,
        "url": source.url,
        "date": source.date,
        "source": source.place(),
        "duplicate_of": duplicate_of,
    })
}

/// Where on the page each piece of metadata stood.
fn origins(article: &Article) -> Value {
    let mut map = serde_json::Map::new();
    let fields = [
        ("title", &article.title),
        ("published", &article.published),
        ("modified", &article.modified),
        ("site", &article.site),
        ("description", &article.description),
        ("language", &article.language),
    ];
    for (name, found) in fields {
        put(&mut map, name, found.as_ref().map(|found| json!(found.from)));
    }
    let authors: Vec<_> = article.authors.iter().map(|found| json!(found.from)).collect();
    put(&mut map, "authors", Some(authors).filter(|authors| !authors.is_empty()));
    Value::Object(map)
}

fn put<T: Into<Value>>(map: &mut serde_json::Map<String, Value>, key: &str, value: Option<T>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}

fn join(pieces: impl Iterator<Item = String>) -> String {
    let mut out = String::new();
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(&piece);
    }
    out
}

/// The text of runs without their style.
pub(super) fn words(runs: &[Run]) -> String {
    runs.iter().map(|run| run.text.as_str()).collect()
}

fn plain(block: &Block) -> String {
    match block {
        Block::Heading { content, .. } | Block::Paragraph(content) | Block::Quote(content) => words(content),
        Block::List(items) => lines(items.iter().map(|item| item_line(item, words(&item.content)))),
        Block::Table { rows, .. } => lines(rows.iter().map(|row| {
            let cells: Vec<String> = row.iter().map(|cell| one_line(&words(cell))).collect();
            cells.join("\t").trim_end().to_owned()
        })),
        Block::Code { text, .. } => text.clone(),
        Block::Image { .. } => String::new(),
    }
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n")
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\t'], " ")
}

/// Marker, indent and text; further lines of an item stand under its first.
fn item_line(item: &Item, text: String) -> String {
    let indent = "  ".repeat(usize::from(item.depth));
    let marker = match (item.continued, item.number) {
        (true, _) => "  ".to_owned(),
        (false, Some(number)) => format!("{number}. "),
        (false, None) => "- ".to_owned(),
    };
    let hang = format!("\n{indent}{}", " ".repeat(marker.len()));
    format!("{indent}{marker}{}", text.replace('\n', &hang))
}

fn mark_up(block: &Block) -> String {
    match block {
        Block::Heading { level, content } => {
            format!("{} {}", "#".repeat(usize::from(*level)), one_line(&inline(content)))
        }
        Block::Paragraph(content) => inline(content).replace('\n', "  \n"),
        Block::Quote(content) => format!("> {}", inline(content).replace('\n', "  \n> ")),
        Block::List(items) => lines(items.iter().map(|item| item_line(item, inline(&item.content)))),
        Block::Table { rows, .. } => table(rows),
        Block::Code { language, text } => fenced(language.as_deref().unwrap_or_default(), text),
        Block::Image { src, alt } => format!("![{}]({})", escape(&one_line(alt)), address(src)),
    }
}

/// A fence longer than any in the text.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}{language}\n{text}\n{fence}")
}

fn table(rows: &[Vec<Vec<Run>>]) -> String {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let line = |row: &Vec<Vec<Run>>| {
        let cells = row.iter().map(|cell| one_line(&inline(cell)).replace('|', "\\|"));
        let cells: Vec<String> = cells.chain(std::iter::repeat(String::new())).take(width).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule = format!("|{}", " --- |".repeat(width));
    let mut out: Vec<String> = rows.iter().map(line).collect();
    out.insert(1.min(out.len()), rule);
    out.join("\n")
}

fn inline(runs: &[Run]) -> String {
    runs.iter().map(run).collect()
}

/// One run: marks stand next to the words, the white space outside of them.
fn run(run: &Run) -> String {
    let core = run.text.trim();
    if core.is_empty() {
        return run.text.clone();
    }
    let start = run.text.len() - run.text.trim_start().len();
    let (before, rest) = run.text.split_at(start);
    let after = rest.get(core.len()..).unwrap_or_default();
    let mut text = styled(core, run.style);
    if let Some(href) = &run.href {
        text = format!("[{text}]({})", address(href));
    }
    format!("{before}{text}{after}")
}

fn styled(core: &str, style: Style) -> String {
    if style.code {
        let tick = if core.contains('`') { "``" } else { "`" };
        return format!("{tick}{core}{tick}");
    }
    let mut text = escape(core);
    if style.emphasis {
        text = format!("*{text}*");
    }
    if style.strong {
        text = format!("**{text}**");
    }
    text
}

/// Characters that Markdown would read as marks; a mark at a line's start as well.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut line_start = true;
    for character in text.chars() {
        let mark = matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<');
        if mark || (line_start && matches!(character, '#' | '>' | '+' | '-')) {
            out.push('\\');
        }
        line_start = character == '\n';
        out.push(character);
    }
    out
}

fn address(href: &str) -> String {
    href.replace(' ', "%20").replace('(', "%28").replace(')', "%29")
}
