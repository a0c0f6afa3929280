//! pages.jsonl: where a reader of the collection may want to start.

use std::io::{self, BufRead, Read};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::finding::{Finding, Severity, rules};
use crate::manifest;

/// The only format that there is.
const FORMAT: &str = "json-pages-1.0";
/// Longest line that is read: pages may carry their text.
const LONGEST_LINE: u64 = 16 << 20;

/// One page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Unique in the file; empty where another tool left it out.
    pub id: String,
    /// URL of the capture.
    pub url: String,
    /// When it was captured, RFC 3339; the WARC-Date of its record.
    pub ts: String,
    /// Title for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl Page {
    /// The line, LF included.
    pub fn line(&self) -> String {
        json_line(self)
    }
}

impl From<&manifest::Page> for Page {
    fn from(page: &manifest::Page) -> Self {
        let (id, url, ts) = (page.id.clone(), page.url.clone(), page.ts.clone());
        Self { id, url, ts, title: Some(page.title.clone()) }
    }
}

/// The first line of a pages.jsonl, LF included. It shares a key with the pages below it: other tools read the
/// file as a table.
pub fn header(title: &str) -> String {
    #[derive(Serialize)]
    struct Header<'a> {
        format: &'a str,
        id: &'a str,
        title: &'a str,
    }
    json_line(&Header { format: FORMAT, id: "pages", title })
}

/// One line as it was found.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it starts, in bytes.
    pub offset: u64,
    /// The page, where the line says which: it has a URL and a time. The header has none.
    pub page: Option<Page>,
    /// What is wrong with it, placed at `offset`.
    pub findings: Vec<Finding>,
}

/// The lines of a pages.jsonl in order, the header among them.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    offset: u64,
    first: bool,
}

impl<R: BufRead> Lines<R> {
    /// Reads an uncompressed file.
    pub fn new(input: R) -> Self {
        Self { input, offset: 0, first: true }
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let offset = self.offset;
            let mut line = Vec::new();
            let read = self.input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? as u64;
            self.offset += read;
            if read == 0 {
                return Ok(None);
            }
            if read == LONGEST_LINE && line.last() != Some(&b'\n') {
                self.offset += self.input.skip_until(b'\n')? as u64;
                let finding = Finding::new(&rules::PAGE_LINE, "The line is longer than 16 MiB.").at(offset);
                return Ok(Some(Line { offset, page: None, findings: vec![finding] }));
            }
            if !line.trim_ascii().is_empty() {
                let (page, findings) = parse(&line, std::mem::take(&mut self.first));
                let findings = findings.into_iter().map(|f| f.at(offset)).collect();
                return Ok(Some(Line { offset, page, findings }));
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_line().transpose()
    }
}

fn parse(line: &[u8], first: bool) -> (Option<Page>, Vec<Finding>) {
    let object: Map<String, Value> = match serde_json::from_slice(line) {
        Ok(object) => object,
        Err(error) => {
            let message = format!("The line of pages.jsonl is no JSON object: {error}.");
            return (None, vec![Finding::new(&rules::PAGE_LINE, message)]);
        }
    };
    if first && object.contains_key("format") {
        return (None, header_findings(&object));
    }
    let mut findings = Vec::new();
    if first {
        let message = "pages.jsonl starts without a header line.";
        findings.push(Finding::new(&rules::PAGES_HEADER, message).graded(Severity::Info));
    }
    (page(&object, &mut findings), findings)
}

fn header_findings(object: &Map<String, Value>) -> Vec<Finding> {
    if text(object, "format").as_deref() == Some(FORMAT) && object.contains_key("id") {
        return Vec::new();
    }
    vec![Finding::new(&rules::PAGES_HEADER, format!("The header of pages.jsonl is not {FORMAT} with an id."))]
}

fn page(object: &Map<String, Value>, findings: &mut Vec<Finding>) -> Option<Page> {
    let (url, ts) = (text(object, "url"), text(object, "ts"));
    for (key, value) in [("url", &url), ("ts", &ts)] {
        if value.is_none() {
            findings.push(Finding::new(&rules::PAGE_LINE, format!("The page has no {key:?}.")));
        }
    }
    if let Some(ts) = ts.as_ref().filter(|ts| ts.parse::<jiff::Timestamp>().is_err()) {
        let message = format!("The page's \"ts\" {ts:?} is no RFC 3339 time.");
        findings.push(Finding::new(&rules::PAGE_LINE, message).graded(Severity::Warning));
    }
    if let Some(url) = url.as_ref().filter(|url| url::Url::parse(url).is_err()) {
        let message = format!("The page's \"url\" {url:?} is no URL.");
        findings.push(Finding::new(&rules::PAGE_LINE, message).graded(Severity::Warning));
    }
    Some(Page {
        id: text(object, "id").unwrap_or_default(),
        url: url?,
        ts: ts?,
        title: text(object, "title"),
    })
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key)?.as_str().map(str::to_owned)
}

fn json_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn read(text: &str) -> Vec<Line> {
        Lines::new(text.as_bytes()).map(Result::unwrap).collect()
    }

    #[test]
    fn pages_come_back_with_their_offsets() {
        let page = |id: &str, title: Option<&str>| Page {
            id: id.into(),
            url: "http://example.com/".into(),
            ts: "2026-11-22T12:00:00.123Z".into(),
            title: title.map(Into::into),
        };
        let pages = [page("1", Some("A \"title\"")), page("2", None)];
        let text = header("All Pages") + &pages[0].line() + "\n" + &pages[1].line();
        let lines = read(&text);
        assert!(lines.iter().all(|line| line.findings.is_empty()));
        assert_eq!(lines.iter().filter_map(|l| l.page.clone()).collect::<Vec<_>>(), pages);
        assert!(text[lines[2].offset as usize..].starts_with("{\"id\":\"2\""));
    }

    #[test]
    fn a_page_without_a_time_is_an_error_and_a_missing_header_is_not() {
        let lines = read("{\"url\":\"http://example.com/\"}\n{\"url\":\"x\",\"ts\":\"then\"}\nnothing\n");
        let codes: Vec<_> = lines.iter().flat_map(|l| &l.findings).map(|f| (f.code, f.severity)).collect();
        let (line, header) = ("page-line", "pages-header");
        assert_eq!(
            codes,
            [
                (header, Severity::Info),
                (line, Severity::Error),
                (line, Severity::Warning),
                (line, Severity::Warning),
                (line, Severity::Error)
            ]
        );
    }
}
