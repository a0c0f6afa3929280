//! One record, once the next one has been found: what is to be put right, and how that is said.

use super::block::{Block, Finding as Found};
use super::head::{self, Lines};
use super::note::{Change, Kind};
use super::originals::Omitted;
use super::sums::{Said, Verdict};
use crate::warc::{Head, RecordType, bare_uri};
use sha2::{Digest as _, Sha256};

/// What is known of a record once the next one has been found.
pub(super) struct Settled {
    /// Its fields are those of the head with its syntax put right.
    pub(super) head: Head,
    /// The id as it stood.
    pub(super) named: Option<String>,
    pub(super) block: Block,
    pub(super) changes: Vec<Change>,
    /// Bytes missing of the block.
    pub(super) missing: Option<u64>,
    /// True where the gzip member of the record is damaged.
    pub(super) damaged: bool,
}

impl Settled {
    pub(super) fn take(&mut self, found: Found) {
        let declared = self.head.content_length;
        let block = match found {
            Found::AsSaid => return,
            Found::Proven(block) => Some(block),
            Found::Assumed(block) => Some(block),
            Found::Cut(block) => {
                self.changes.push(Change::Block);
                block
            }
        };
        if let Some(block) = block {
            self.block = block;
        }
        if self.changes.contains(&Change::Block) {
            self.missing = declared.map(|declared| declared.saturating_sub(self.block.length));
        }
        self.changes.push(Change::Length);
    }

    /// True where Content-Length was wrong and nothing proves the block that was found.
    pub(super) fn assumed(&self) -> bool {
        self.changes.contains(&Change::Length) && !self.block.verdict.proves()
    }

    /// The head's lines; of an ARC's, the fields that its URL-record line stands for.
    pub(super) fn lines(&mut self) -> Lines {
        if head::is_warc(&self.head) {
            return Lines::new(&self.head);
        }
        self.changes.push(Change::Arc);
        let info = self.head.record_type() == RecordType::WarcInfo;
        let renamed = |(name, value)| match (info && name == "WARC-Target-URI", name) {
            (true, _) => ("WARC-Filename", bare_name(value)),
            (false, name) => (name, value),
        };
        let mut lines = Lines::made(self.head.fields.iter().map(renamed));
        let line = String::from_utf8_lossy(&self.head.raw);
        lines.add(&format!("{}Line", head::ORIGINAL), line.trim());
        lines
    }

    pub(super) fn put_length_right(&self, lines: &mut Lines) {
        let length = self.block.length;
        if self.head.content_length != Some(length) {
            lines.replace("Content-Length", &length.to_string());
        }
        if self.changes.contains(&Change::Block) && !lines.has("WARC-Truncated") {
            lines.add("WARC-Truncated", "unspecified");
        }
    }

    /// Digests that are not of what is there give way to those that are; true where one spoke against the block.
    pub(super) fn put_digests_right(&mut self, lines: &mut Lines) -> bool {
        let Verdict { block, payload, .. } = self.block.verdict.clone();
        let mut altered = false;
        for (field, said) in [("WARC-Block-Digest", block), ("WARC-Payload-Digest", payload)] {
            // A malformed digest says nothing about the block.
            let malformed = head::is_malformed_digest(&self.head, field);
            match said {
                Said::False(computed) => lines.replace(field, &computed.to_string()),
                // Of a payload that is elsewhere there is none to put in its place.
                Said::Nothing if malformed => lines.take_out(field),
                _ => continue,
            }
            altered |= !malformed;
            if !self.changes.contains(&Change::Digest) {
                self.changes.push(Change::Digest);
            }
        }
        altered
    }

    pub(super) fn kind(&self, altered: bool) -> Option<Kind> {
        if self.changes.contains(&Change::Block) {
            Some(Kind::Cut)
        } else if altered {
            Some(Kind::Altered)
        } else if self.damaged && !self.block.verdict.proves() {
            Some(Kind::Doubtful)
        } else {
            (self.damaged || !self.changes.is_empty()).then_some(Kind::Repaired)
        }
    }

    pub(super) fn words(&self, kind: Kind) -> String {
        let length = self.block.length;
        match (kind, self.missing) {
            (Kind::Cut, Some(missing)) => format!("the block lost {missing} bytes; {length} are kept"),
            (Kind::Cut, None) => format!("the block is cut; {length} bytes of it are kept"),
            (Kind::Altered, _) => "the block is not the one that its digest was made of".to_owned(),
            (Kind::Doubtful, _) => {
                "the container is damaged here, and no digest tells whether the record is whole".to_owned()
            }
            _ if self.changes.is_empty() => {
                "the container is damaged here; the record's digest proves it whole".to_owned()
            }
            _ if self.assumed() => {
                format!("Content-Length was wrong; the block is taken to be {length} bytes long")
            }
            _ => {
                let words: Vec<&str> = self.changes.iter().map(|change| change.word()).collect();
                format!("put right: {}", words.join(", "))
            }
        }
    }
}

/// The changed head, with the words for what was done; `None` where no reader would take it.
pub(super) fn finish(mut lines: Lines, settled: &Settled) -> Option<(Vec<u8>, Omitted)> {
    let words: Vec<&str> = settled.changes.iter().map(|change| change.word()).collect();
    lines.add(head::MENDED, &words.join(" "));
    lines.finish()
}

/// The same record of the same input always gets the same id, so that mending twice gives the same file.
pub(super) fn new_id(file: &str, settled: &Settled) -> String {
    let name = file.rsplit(['/', '!']).next().unwrap_or(file);
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update(settled.head.offset.to_be_bytes());
    hasher.update(settled.head.inner_offset.to_be_bytes());
    hasher.update(&settled.head.raw);
    hasher.update(settled.block.verdict.content.0.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hasher.finalize()).for_each(|(to, from)| *to = from);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().urn().to_string()
}

fn bare_name(uri: &str) -> &str {
    let bare = bare_uri(uri);
    bare.strip_prefix("filedesc://").unwrap_or(bare)
}
