//! Level 2: the provenance log against its checkpoint, and the archive's records against the log.
//!
//! Both are streamed side by side, one log entry a record. Where they fall out of step, what has no partner yet waits,
//! so memory grows with the damage and not with the archive.

use super::anchors::{Anchors, Place};
use super::key::{Key, key};
use crate::finding::{Finding, rules};
use crate::manifest::{
    Body, Described, End, Entry, Event, File, Hash, Line, Lines, Page, Record, Runs, Tree, read_checkpoint,
};
use crate::vouch::Roots;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, BufReader, Read};

fn page_key(page: &Page) -> Key {
    key(&[&page.id, &page.url, &page.ts, &page.title])
}

/// A record of the archive, as the log is asked about it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) file: String,
    pub(super) offset: u64,
    pub(super) id: String,
    pub(super) length: u64,
    pub(super) sha256: String,
}

/// An entry that waits for its record.
struct Expected {
    seq: u64,
    record: Box<Record>,
    /// Where in the archive the log's order puts it.
    file: String,
    offset: u64,
}

/// What the log says besides its records.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The hash of each page entry by the hash of its id.
    pub(super) pages: HashMap<Key, Key>,
    pub(super) end: Option<End>,
    /// The files that the last end entry binds, or the redaction behind it.
    pub(super) files: Vec<File>,
    /// As the first session's archive has it.
    pub(super) origin: Option<String>,
    /// True where only some roots of the log can be told.
    pub(super) partial: bool,
    /// What they say of the datapackage.
    pub(super) described: Option<Described>,
    /// How many lines this copy withholds.
    pub(super) withheld: u64,
    /// Files with what killed runs left behind.
    pub(super) kept: Vec<File>,
    pub(super) lines: u64,
    /// Outside time in the log.
    pub(super) anchors: Anchors,
    /// When the last line says that it was written.
    pub(super) last: Option<String>,
    /// The roots that were asked for, by size; those of larger trees than this are not there.
    pub(super) roots: BTreeMap<u64, Hash>,
    pub(super) findings: Vec<Finding>,
}

/// Log and archive, side by side.
pub(super) struct Join<R> {
    name: String,
    lines: Lines<R>,
    leaves: Option<BufReader<R>>,
    leaf_mismatch: bool,
    tree: Tree,
    leaf_tree: Tree,
    next_seq: u64,
    /// Byte offset of the line read last.
    at: u64,
    last_matched: Option<u64>,
    expected: HashMap<String, Expected>,
    unlisted: HashMap<String, Seen>,
    /// Seeds of which no line has told a fate.
    seeds: HashSet<Key>,
    /// The checkpoint's origin, as the first session's archive has it.
    origin: Option<String>,
    /// Lines that are withheld, and those that redactions say they withheld.
    withheld: Runs,
    announced: Vec<(u64, u64)>,
    /// Sizes at which the root is to be told.
    watched: HashSet<u64>,
    told: Told,
}

impl<R: Read> Join<R> {
    /// `name` is the log's name in findings; `leaves` the file of leaf hashes, where there is one.
    pub(super) fn new(name: &str, lines: R, leaves: Option<R>) -> Self {
        Self {
            name: name.to_owned(),
            lines: Lines::new(lines),
            leaves: leaves.map(BufReader::new),
            leaf_mismatch: false,
            tree: Tree::default(),
            leaf_tree: Tree::default(),
            next_seq: 0,
            at: 0,
            last_matched: None,
            expected: HashMap::new(),
            unlisted: HashMap::new(),
            seeds: HashSet::new(),
            origin: None,
            withheld: Runs::default(),
            announced: Vec::new(),
            watched: HashSet::new(),
            told: Told::default(),
        }
    }

    /// Asks for the root that the tree had at a size, see [`Told::roots`].
    pub(super) fn watch(&mut self, size: u64) {
        if size == 0 {
            self.told.roots.insert(0, Tree::default().root());
        }
        self.watched.insert(size);
    }

    /// Names the roots to which anchors must lead to convince.
    pub(super) fn trust(&mut self, roots: Roots) {
        self.told.anchors = Anchors::new(roots);
    }

    /// The next record of the archive.
    pub(super) fn record(&mut self, seen: Seen) -> io::Result<()> {
        if let Some((seq, record)) = self.next_entry()? {
            if record.warc.id == seen.id {
                self.pair(seq, &record, &seen);
                return Ok(());
            }
            let expected = Expected { seq, file: seen.file.clone(), offset: seen.offset, record };
            self.expect(expected);
        }
        match self.expected.remove(&seen.id) {
            Some(expected) => self.pair(expected.seq, &expected.record, &seen),
            None => {
                self.unlisted.insert(seen.id.clone(), seen);
            }
        }
        Ok(())
    }

    /// After the last record: reads the log to its end and holds it against its checkpoint. `end` is where the
    /// archive ends, for records that are missing there; empty where there is no WARC at all.
    pub(super) fn finish(mut self, checkpoint: Option<&[u8]>, end: (&str, u64)) -> io::Result<Told> {
        while let Some((seq, record)) = self.next_entry()? {
            // Without any WARC the only place to name is the log's own line.
            let (file, offset) =
                if end.0.is_empty() { (self.name.clone(), self.at) } else { (end.0.to_owned(), end.1) };
            self.expect(Expected { seq, record, file, offset });
        }
        self.check_checkpoint(checkpoint)?;
        self.report_unmatched();
        self.report_withheld();
        self.report_seeds();
        self.report_run();
        self.told.lines = self.tree.size();
        self.told.origin = self.origin.take();
        Ok(self.told)
    }

    fn expect(&mut self, expected: Expected) {
        match self.unlisted.remove(&expected.record.warc.id) {
            Some(seen) => self.pair(expected.seq, &expected.record, &seen),
            None => {
                self.expected.insert(expected.record.warc.id.clone(), expected);
            }
        }
    }

    fn pair(&mut self, seq: u64, record: &Record, seen: &Seen) {
        if self.last_matched.is_some_and(|last| seq < last) {
            let message = format!("the log has this record earlier, as entry {seq}");
            self.say(seen, Finding::new(&rules::RECORD_ORDER, message));
        }
        self.last_matched = self.last_matched.max(Some(seq));
        if (&record.bytes.sha256, record.bytes.length) != (&seen.sha256, seen.length) {
            let message = format!(
                "the log (entry {seq}) binds {} bytes with sha256 {}; here are {} bytes with {}",
                record.bytes.length, record.bytes.sha256, seen.length, seen.sha256
            );
            self.say(seen, Finding::new(&rules::RECORD_ALTERED, message));
        }
    }

    fn say(&mut self, seen: &Seen, finding: Finding) {
        self.told.findings.push(finding.in_file(&seen.file).at(seen.offset).of_record(&seen.id));
    }

    /// The next `record` entry; everything before it is taken in.
    fn next_entry(&mut self) -> io::Result<Option<(u64, Box<Record>)>> {
        while let Some(line) = self.lines.next_line()? {
            self.bind(&line)?;
            self.at = line.offset;
            let seq = self.next_seq;
            self.next_seq += 1;
            if !line.ended {
                self.complain(&line, "the line is not ended by a line feed");
            }
            self.told.last = line.entry.as_ref().ok().map(|entry| entry.at.clone());
            match line.entry {
                Err(ref why) => self.complain(&line, &format!("the line cannot be read: {why}")),
                Ok(ref entry) if entry.seq != seq || entry.v != 1 => {
                    let message =
                        format!("line {seq} says that it is entry {}, version {}", entry.seq, entry.v);
                    self.complain(&line, &message);
                }
                Ok(_) => {}
            }
            if let Ok(entry) = &line.entry {
                self.anchored(entry, line.offset);
            }
            if let Some(record) = line.entry.ok().and_then(|entry| self.take_in(entry.body)) {
                return Ok(Some((seq, record)));
            }
        }
        Ok(None)
    }

    fn anchored(&mut self, entry: &Entry, offset: u64) {
        let Told { anchors, roots, findings, .. } = &mut self.told;
        match &entry.body {
            Body::Record(record) if record.warc.record_type != "warcinfo" => anchors.captured(),
            Body::Anchor(anchor) => {
                let seq = self.next_seq.saturating_sub(1);
                let place = Place { seq, at: &entry.at, origin: self.origin.as_deref(), roots };
                let noticed = anchors.take(place, anchor).into_iter();
                findings.extend(noticed.map(|finding| finding.in_file(&self.name).at(offset)));
            }
            _ => {}
        }
    }

    /// Keeps what a line says for later; gives back a record, to be held against the archive.
    fn take_in(&mut self, body: Body) -> Option<Box<Record>> {
        match body {
            Body::Record(record) => {
                record.links.seed.iter().for_each(|seed| self.fate(seed));
                return Some(record);
            }
            Body::Page(page) => {
                self.told.pages.insert(key(&[&page.id]), page_key(&page));
            }
            Body::Session(session) => {
                self.told.end = None;
                self.origin.get_or_insert_with(|| format!("fonds/{}", session.archive));
                self.seeds.extend(session.seeds.iter().map(|seed| key(&[seed])));
            }
            Body::Failure(failure) => failure.seed.iter().for_each(|seed| self.fate(seed)),
            Body::Skip(skip) => self.fate(&skip.url),
            Body::End(end) => {
                self.told.files.clone_from(&end.files);
                self.told.described.clone_from(&end.package);
                self.told.end = Some(end);
            }
            Body::Event(event) => self.take_event(*event),
            Body::Withheld => self.withheld.push(self.next_seq - 1),
            Body::Torn(torn) => self.told.kept.push(torn.kept),
            _ => {}
        }
        None
    }

    fn take_event(&mut self, event: Event) {
        self.announced.extend(event.withheld);
        if !event.files.is_empty() {
            self.told.files = event.files;
            self.told.described = event.package;
        }
    }

    /// A line may be kept back only where the log says so: else anything could be taken out under that name.
    fn report_withheld(&mut self) {
        self.told.withheld = self.withheld.count();
        let announced: Runs = self.announced.drain(..).collect();
        let silent = || self.withheld.numbers().filter(|number| !announced.contains(*number));
        let (rule, message) = match (silent().next(), self.told.withheld) {
            (Some(first), _) => {
                let count = silent().count();
                let what =
                    format!("{count} of the log's lines are withheld, the first of them entry {first}");
                (&rules::LINE_REMOVED, format!("{what}, and no redaction entry says so"))
            }
            (None, 0) => return,
            (None, n) => (
                &rules::LINES_WITHHELD,
                format!("{n} of the log's lines are withheld, as a redaction entry says"),
            ),
        };
        self.told.findings.push(Finding::new(rule, message).in_file(&self.name));
    }

    fn fate(&mut self, seed: &str) {
        self.seeds.remove(&key(&[seed]));
    }

    /// What the end entry says of the run, for people who read only the report.
    fn report_run(&mut self) {
        let Some(end) = &self.told.end else { return };
        let mut told = Vec::new();
        if end.exit == "interrupted" {
            told.push(Finding::new(
                &rules::CAPTURE_INTERRUPTED,
                "the run was interrupted before its work was done",
            ));
        }
        if end.counts.failures > 0 {
            let message =
                format!("{} URLs were not captured; the log's failure entries say why", end.counts.failures);
            told.push(Finding::new(&rules::CAPTURE_FAILURES, message));
        }
        self.told.findings.extend(told.into_iter().map(|finding| finding.in_file(&self.name)));
    }

    /// A run that was not interrupted has something to say of each of its seeds.
    fn report_seeds(&mut self) {
        // A fate that is withheld is not missing.
        let finished = self.told.end.as_ref().is_some_and(|end| end.exit != "interrupted");
        let finished = finished && self.told.withheld == 0;
        if finished && !self.seeds.is_empty() {
            let message = format!("of {} seeds the log tells neither capture nor failure", self.seeds.len());
            let finding = Finding::new(&rules::SEED_WITHOUT_FATE, message).in_file(&self.name);
            self.told.findings.push(finding);
        }
    }

    fn complain(&mut self, line: &Line, message: &str) {
        let finding = Finding::new(&rules::MANIFEST_SYNTAX, message).in_file(&self.name).at(line.offset);
        self.told.findings.push(finding);
    }

    /// Takes a line into the tree, and compares it with its stored leaf hash.
    fn bind(&mut self, line: &Line) -> io::Result<()> {
        let leaf = line.leaf();
        self.tree.push(leaf);
        if self.watched.contains(&self.tree.size()) {
            self.told.roots.insert(self.tree.size(), self.tree.root());
        }
        let Some(leaves) = &mut self.leaves else { return Ok(()) };
        let mut stored = [0; 32];
        match leaves.read_exact(&mut stored) {
            Ok(()) => {
                self.leaf_tree.push(Hash(stored));
                if stored != leaf.0 {
                    self.leaf_mismatch = true;
                    let seq = self.tree.size() - 1;
                    let message = format!("entry {seq} is not the line that the tree was made of");
                    let finding = Finding::new(&rules::MANIFEST_LINE, message).in_file(&self.name);
                    self.told.findings.push(finding.at(line.offset));
                }
            }
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => self.leaves = None,
            Err(e) => return Err(e),
        }
        Ok(())
    }

    fn check_checkpoint(&mut self, checkpoint: Option<&[u8]>) -> io::Result<()> {
        let Some(checkpoint) = checkpoint.and_then(read_checkpoint) else {
            let finding =
                Finding::new(&rules::CHECKPOINT_INVALID, "the log has no checkpoint that can be read");
            self.told.findings.push(finding.in_file(&self.name));
            return Ok(());
        };
        if self.origin.as_deref().is_some_and(|origin| origin != checkpoint.origin()) {
            let message =
                format!("the checkpoint's origin is {:?}, not that of the log", checkpoint.origin());
            self.told.findings.push(Finding::new(&rules::LOG_ORIGIN, message).in_file(&self.name));
        }
        let lines_hold = checkpoint.size() == self.tree.size() && *checkpoint.hash() == self.tree.root();
        if !lines_hold {
            let message = format!(
                "the log's {} lines do not give the checkpoint's root of {} lines",
                self.tree.size(),
                checkpoint.size()
            );
            let finding = Finding::new(&rules::MANIFEST_ROOT, message).in_file(&self.name);
            self.told.findings.push(finding);
        }
        self.check_leaves(lines_hold)
    }

    /// Where the lines hold, it is the leaf hashes that were altered; so too where they are more or fewer.
    fn check_leaves(&mut self, lines_hold: bool) -> io::Result<()> {
        let Some(leaves) = &mut self.leaves else {
            let message = "there are fewer leaf hashes than lines, or none";
            let finding = Finding::new(&rules::MANIFEST_LEAVES, message).in_file(&self.name);
            self.told.findings.push(finding);
            return Ok(());
        };
        let surplus = leaves.read(&mut [0; 1])? > 0;
        let altered = lines_hold && self.leaf_mismatch;
        if surplus || altered {
            let message = if altered {
                "the lines give the checkpoint's root, so it is the leaf hashes that were altered"
            } else {
                "there are more leaf hashes than lines"
            };
            self.told.findings.push(Finding::new(&rules::MANIFEST_LEAVES, message).in_file(&self.name));
        }
        Ok(())
    }

    fn report_unmatched(&mut self) {
        let mut missing: Vec<Expected> = self.expected.drain().map(|(_, e)| e).collect();
        missing.sort_by_key(|e| e.seq);
        for Expected { seq, record, file, offset } in missing {
            let uri = record.warc.target_uri.map(|uri| format!(" of {uri}")).unwrap_or_default();
            let message = format!(
                "the log's entry {seq}, a {} record{uri}, is not in the archive",
                record.warc.record_type
            );
            let finding = Finding::new(&rules::RECORD_MISSING, message).of_record(record.warc.id);
            self.told.findings.push(finding.in_file(file).at(offset));
        }
        let mut unlisted: Vec<Seen> = self.unlisted.drain().map(|(_, s)| s).collect();
        unlisted.sort_by(|a, b| (&a.file, a.offset).cmp(&(&b.file, b.offset)));
        for seen in unlisted {
            self.say(&seen, Finding::new(&rules::RECORD_UNLISTED, "the log does not know this record"));
        }
        if self.told.end.is_none() {
            let message = "the log has no end entry: the run was interrupted, or lines are missing";
            self.told.findings.push(Finding::new(&rules::LOG_UNFINISHED, message).in_file(&self.name));
        }
    }
}
