//! A collection as the tests read it, without the library: members inflated by flate2, heads split by hand.

use serde_json::Value;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// One record.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub offset: usize,
    /// Stored bytes of its gzip member.
    pub length: usize,
    /// Name and value of each field, in order.
    pub fields: Vec<(String, String)>,
    /// From version line to end of block.
    pub bytes: Vec<u8>,
    pub block: Vec<u8>,
}

impl Record {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.fields))
    }

    pub(crate) fn is(&self, record_type: &str) -> bool {
        self.get("WARC-Type") == Some(record_type)
    }

    /// Without angle brackets.
    pub(crate) fn id(&self) -> &str {
        self.field("WARC-Record-ID").trim_matches(['<', '>'])
    }
}

/// The gzip members of a file: where each begins, how long it is, what is in it.
pub(crate) fn members(bytes: &[u8]) -> Vec<(usize, usize, Vec<u8>)> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let mut rest = &bytes[at..];
        let mut content = Vec::new();
        flate2::bufread::GzDecoder::new(&mut rest).read_to_end(&mut content).unwrap();
        let length = bytes.len() - at - rest.len();
        out.push((at, length, content));
        at += length;
    }
    out
}

/// One gzip member.
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Records of a WARC with one record a member.
pub(crate) fn records(bytes: &[u8]) -> Vec<Record> {
    members(bytes).into_iter().map(|(offset, length, content)| record(offset, length, &content)).collect()
}

fn record(offset: usize, length: usize, content: &[u8]) -> Record {
    let end = content.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let head = std::str::from_utf8(&content[..end - 4]).unwrap();
    let mut lines = head.split("\r\n");
    assert_eq!(lines.next(), Some("WARC/1.1"));
    let split = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    };
    let fields: Vec<(String, String)> = lines.map(split).collect();
    let (block, tail) = content[end..].split_at(content.len() - end - 4);
    assert_eq!(tail, b"\r\n\r\n");
    let record = Record {
        offset,
        length,
        bytes: content[..content.len() - 4].to_vec(),
        block: block.to_vec(),
        fields,
    };
    assert_eq!(record.field("Content-Length"), block.len().to_string());
    record
}

/// A sealed collection.
#[derive(Debug)]
pub(crate) struct Collection {
    pub root: PathBuf,
}

impl Collection {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.root.join(path)).unwrap()
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).unwrap()
    }

    /// The one WARC, as `archive/NAME`.
    pub(crate) fn warc(&self) -> String {
        let mut names: Vec<String> = std::fs::read_dir(self.root.join("archive"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names.len(), 1, "{names:?}");
        format!("archive/{}", names.remove(0))
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        records(&self.read(&self.warc()))
    }

    pub(crate) fn of(&self, record_type: &str, url: &url::Url) -> Vec<Record> {
        let wanted = |r: &Record| r.is(record_type) && r.get("WARC-Target-URI") == Some(url.as_str());
        self.records().into_iter().filter(wanted).collect()
    }

    #[track_caller]
    pub(crate) fn one(&self, record_type: &str, url: &url::Url) -> Record {
        let mut found = self.of(record_type, url);
        assert_eq!(found.len(), 1, "{record_type} {url}");
        found.remove(0)
    }

    /// Entries of the provenance log.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.text("provenance/manifest.jsonl").lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    pub(crate) fn log_of(&self, entry_type: &str) -> Vec<Value> {
        self.log().into_iter().filter(|entry| entry["type"] == entry_type).collect()
    }

    /// URL and JSON of each index line.
    pub(crate) fn index(&self) -> Vec<Value> {
        let json = |line: &str| serde_json::from_str(line.splitn(3, ' ').nth(2).unwrap()).unwrap();
        self.text("indexes/index.cdxj").lines().map(json).collect()
    }

    /// Lines of pages.jsonl after its header.
    pub(crate) fn pages(&self) -> Vec<Value> {
        let text = self.text("pages/pages.jsonl");
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Every file, as a sorted list of paths with `/`.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut waiting = vec![self.root.clone()];
        while let Some(directory) = waiting.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    out.push(path.strip_prefix(&self.root).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        out.sort();
        out
    }

    /// A copy in a directory that does not exist yet.
    pub(crate) fn copy(&self, to: &Path) -> Self {
        for path in self.files() {
            let target = to.join(&path);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(self.root.join(&path), target).unwrap();
        }
        Self::new(to)
    }
}
