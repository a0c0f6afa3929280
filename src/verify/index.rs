//! Level 2: index lines and page lines against the records and the log.

use super::key::{Key, key};
use super::record::Checked;
use crate::cdxj::{Capture, Entry, Lines};
use crate::digest::Digest;
use crate::finding::{Finding, Severity, rules};
use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead};

/// The fields of an index line that are compared, in this order.
const FIELDS: [&str; 7] = ["url", "timestamp", "length", "status", "mime", "digest", "surt"];
/// Fields in which indexers have customs of their own; only fonds' own index must have them as written here.
const CUSTOMARY: usize = 2;

/// What the index must say, by where the record lies.
#[derive(Default)]
pub(super) struct Expectations {
    lines: HashMap<(Key, u64), Expected>,
    /// What the pages can refer to: URL and date of each capture.
    captures: HashSet<Key>,
    /// Where any record begins: other indexers list more kinds of records than fonds does.
    places: HashSet<(Key, u64)>,
}

struct Expected {
    fields: [Option<u32>; 7],
    line: Key,
    place: (String, u64),
    id: Option<String>,
}

impl Expectations {
    /// Takes in a record; `name` is its file's name without directory.
    pub(super) fn see(&mut self, file: &str, name: &str, checked: &Checked) {
        let head = &checked.head;
        self.places.insert((key(&[name]), head.offset));
        let (Some(uri), Some(date)) = (head.target_uri(), head.date()) else { return };
        let http = checked.http.as_ref();
        let content_type = match http {
            Some((_, content_type)) => content_type.as_deref(),
            None => head.fields.get("Content-Type"),
        };
        let capture = Capture {
            record_type: head.record_type(),
            target_uri: uri,
            date,
            status: http.and_then(|(status, _)| *status),
            content_type,
            payload_digest: head.fields.get("WARC-Payload-Digest"),
            filename: name,
            offset: head.offset,
            length: checked.extent.end - checked.extent.offset,
        };
        let Some(entry) = capture.entry() else { return };
        self.captures.insert(key(&[uri, date]));
        let expected = Expected {
            fields: fields_of(&entry),
            line: key(&[&entry.line()]),
            place: (file.to_owned(), head.offset),
            id: head.id().map(str::to_owned),
        };
        self.lines.insert((key(&[name]), head.offset), expected);
    }

    /// True where a capture of this URL has this WARC-Date.
    pub(super) fn has_capture(&self, url: &str, date: &str) -> bool {
        self.captures.contains(&key(&[url, date]))
    }

    /// Holds an index against the records. `own` asks for exactly the lines that fonds writes.
    pub(super) fn check(&mut self, name: &str, index: impl BufRead, own: bool) -> io::Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for line in Lines::new(index) {
            let line = line?;
            findings.extend(line.findings.into_iter().map(|f| grade(f, own).in_file(name)));
            let Some(entry) = line.entry else { continue };
            let place = (key(&[&entry.filename]), entry.offset);
            let found = self.lines.remove(&place);
            let verdict = match &found {
                None if !own && self.places.contains(&place) => None,
                None => Some(dangling(&entry)),
                Some(expected) => disagreement(expected, &entry, own, line.canonical),
            };
            findings.extend(verdict.map(|f| f.in_file(name).at(line.offset)));
        }
        Ok(findings)
    }

    /// The records that no index listed.
    pub(super) fn unlisted(self, own: bool) -> Vec<Finding> {
        let severity = if own { Severity::Error } else { Severity::Warning };
        let finding = |expected: Expected| {
            let mut finding = Finding::new(&rules::INDEX_MISSING, "no index line points to this record");
            finding.record = expected.id;
            finding.in_file(expected.place.0).at(expected.place.1).graded(severity)
        };
        let mut findings: Vec<Finding> = self.lines.into_values().map(finding).collect();
        findings.sort_by(|a, b| (&a.file, a.offset).cmp(&(&b.file, b.offset)));
        findings
    }
}

/// Other tools' indexes are judged by whether they lead to the records.
fn grade(finding: Finding, own: bool) -> Finding {
    if own { finding } else { finding.graded(Severity::Warning) }
}

fn dangling(entry: &Entry) -> Finding {
    let message = format!("no record to be indexed begins at byte {} of {}", entry.offset, entry.filename);
    Finding::new(&rules::INDEX_DANGLING, message)
}

fn disagreement(expected: &Expected, entry: &Entry, own: bool, canonical: bool) -> Option<Finding> {
    let said = fields_of(entry);
    let depth = if own { FIELDS.len() } else { CUSTOMARY };
    let differing: Vec<&str> = FIELDS
        .iter()
        .zip(expected.fields.iter().zip(&said))
        .take(depth)
        .filter(|(_, (a, b))| a != b)
        .map(|(name, _)| *name)
        .collect();
    let message = match differing.as_slice() {
        [] if own && (!canonical || key(&[&entry.line()]) != expected.line) => {
            "the line is not written as fonds writes it".to_owned()
        }
        [] => return None,
        names => format!("{} not as in the record at byte {}", names.join(", "), entry.offset),
    };
    Some(Finding::new(&rules::INDEX_LINE, message))
}

fn fields_of(entry: &Entry) -> [Option<u32>; 7] {
    let hash = |text: &str| {
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        crc.sum()
    };
    let digest =
        entry.digest.as_deref().map(|d| Digest::parse(d).map_or_else(|_| d.to_owned(), |d| d.to_string()));
    [
        Some(hash(&entry.url)),
        Some(hash(entry.timestamp.get(..14).unwrap_or(&entry.timestamp))),
        Some(hash(&entry.length.to_string())),
        entry.status.map(u32::from),
        entry.mime.as_deref().map(hash),
        digest.as_deref().map(hash),
        Some(hash(&entry.surt)),
    ]
}
