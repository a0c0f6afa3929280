//! A proof file: its records against their log lines, these against the checkpoint by a proof each, and earlier checkpoints
//! against it.
//!
//! Lines, proofs and records stand in one order and are streamed side by side; what has no partner yet waits, so memory grows with
//! the damage and not with the file. What vouches for the checkpoint is looked at as in a package (`envelopes`).

use super::Verification;
use super::envelopes::{self, Envelopes};
use super::log::Told;
use super::package::open;
use super::record::{CheckRecord, Checked, Tally};
use super::report::{Counts, InputReport, Proved};
use crate::finding::{Finding, Rule, rules};
use crate::input::scan::{self, Walk, Warc};
use crate::manifest::envelope::{Consistency, Inclusion};
use crate::manifest::proof::{Head, goes_on, includes};
use crate::manifest::{Body, Line, Lines, Record, leaf_hash, read_checkpoint};
use crate::package::prove::{CONSISTENCY, FORMAT, LINES, RECORDS, VERSION, proof_name};
use crate::package::{Package, layout};
use crate::warc::Source;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Read};

/// Records named in a report.
const NAMED: usize = 1000;

/// One proof file being checked.
struct Check<'a> {
    run: &'a mut Verification,
    package: &'a Package,
    /// The checkpoint's bytes, and what they say.
    checkpoint: Vec<u8>,
    head: Option<Head>,
    origin: String,
    lines: Option<Lines<Box<dyn Read + Send>>>,
    /// Numbers of the lines that are proved, in their order.
    proofs: std::vec::IntoIter<u64>,
    /// Lines of records that have not come.
    waiting: HashMap<String, (u64, Box<Record>)>,
    /// Connections that there are lines of, and those that records name.
    connections: BTreeSet<u64>,
    needed: BTreeSet<u64>,
    proved: Vec<Proved>,
    counts: Counts,
}

pub(super) fn check(run: &mut Verification, package: &Package) -> io::Result<()> {
    run.findings.extend(package.name(), package.audit_container()?);
    let mut check = Check::new(run, package)?;
    if check.form()? {
        check.records()?;
        check.rest()?;
        check.envelopes()?;
    }
    let Check { proved, counts, .. } = check;
    run.evidence.proofs += 1;
    run.inputs.push(InputReport {
        name: package.name().to_owned(),
        kind: "proof".to_owned(),
        counts,
        proved,
    });
    Ok(())
}

impl<'a> Check<'a> {
    fn new(run: &'a mut Verification, package: &'a Package) -> io::Result<Self> {
        let checkpoint = package.small(layout::CHECKPOINT)?.unwrap_or_default();
        let point = read_checkpoint(&checkpoint);
        let mut proofs: Vec<u64> = package.members().iter().filter_map(|m| proof_number(&m.path)).collect();
        proofs.sort_unstable();
        Ok(Self {
            head: point.as_ref().map(|point| (point.size(), *point.hash())),
            origin: point.map(|point| point.origin().to_owned()).unwrap_or_default(),
            lines: open(package, LINES)?.map(Lines::new),
            proofs: proofs.into_iter(),
            waiting: HashMap::new(),
            connections: BTreeSet::new(),
            needed: BTreeSet::new(),
            proved: Vec::new(),
            counts: Counts::default(),
            run,
            package,
            checkpoint,
        })
    }

    fn say(&mut self, path: &str, finding: Finding) {
        self.run.findings.extend(&self.package.member_name(path), [finding]);
    }

    fn wrong(&mut self, path: &str, rule: &'static Rule, message: impl Into<String>) {
        self.say(path, Finding::new(rule, message));
    }

    /// That it holds what a proof file holds; false for what is none.
    fn form(&mut self) -> io::Result<bool> {
        if self.package.small(VERSION)?.as_deref() != Some(FORMAT.as_bytes()) {
            let message = "this is no proof file of fonds: `fonds prove` makes one, `fonds verify` checks whole archives";
            let finding = Finding::new(&rules::PROOF_FORM, message);
            self.run.findings.extend(self.package.name(), [finding]);
            return Ok(false);
        }
        let package = self.package;
        for member in package.members().iter().filter(|member| !is_part(&member.path)) {
            self.wrong(&member.path, &rules::PROOF_FORM, "this has no place in a proof file");
        }
        if self.head.is_none() {
            self.wrong(
                layout::CHECKPOINT,
                &rules::CHECKPOINT_INVALID,
                "there is no checkpoint that can be read",
            );
        }
        let is_empty =
            self.lines.is_none() && !package.members().iter().any(|m| m.path.starts_with(CONSISTENCY));
        if is_empty {
            self.wrong(
                LINES,
                &rules::PROOF_FORM,
                "there is neither a line nor an earlier checkpoint: nothing is proved",
            );
        }
        Ok(true)
    }

    fn records(&mut self) -> io::Result<()> {
        let file = self.package.member_name(RECORDS);
        let content = match self.package.seek(RECORDS, &self.run.options.spool) {
            Ok(content) => content,
            // What is wrong with the container has been said.
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
                return Ok(());
            }
            Err(e) => return Err(e),
        };
        let settings = self.run.options.scan;
        let (length, open) = scan::opener(Source::Seek(content), settings.jobs)?;
        let warc = Warc { name: &file, length, open: &open };
        let make = CheckRecord { bind_bytes: true };
        let mut segments = std::mem::take(&mut self.run.segments);
        segments.in_file(&file);
        let mut tally = Tally::new();
        let mut sink = |mut checked: Checked, noticed: Vec<Finding>| {
            tally.take(&mut checked, noticed);
            self.record(&file, checked)
        };
        let mut walk = Walk::new(warc, settings.limits, &make, &mut segments, &mut sink);
        let scanned = scan::with_threads(&[warc], settings, &make, |scanner| scanner.file(&mut walk));
        let walked = walk.finish();
        let counts = tally.finish(&walked);
        self.run.segments = segments;
        scanned?;
        self.run.findings.extend(&file, walked.findings);
        self.counts.add(&counts);
        Ok(())
    }

    fn record(&mut self, file: &str, checked: Checked) -> io::Result<()> {
        let Checked { head, bytes, content, digests, findings, extent, .. } = checked;
        let about = self.run.references.see(file, &head, content);
        self.run.findings.extend(file, about.into_iter().chain(findings));
        self.run.evidence.note(digests);
        let id = head.id().unwrap_or_default();
        while !self.waiting.contains_key(id)
            && let Some((seq, line)) = self.next_record()?
        {
            let found = line.warc.id == id;
            self.waiting.insert(line.warc.id.clone(), (seq, line));
            if found {
                break;
            }
        }
        let place = |finding: Finding| finding.at(extent.offset).of_record(id);
        let Some((seq, line)) = self.waiting.remove(id) else {
            let message = "no line here tells of this record, so nothing shows that it was in the log";
            self.run.findings.extend(file, [place(Finding::new(&rules::RECORD_UNLISTED, message))]);
            return Ok(());
        };
        let found = bytes.map(|(sha256, length)| (length, sha256.value())).unwrap_or_default();
        if found != (line.bytes.length, line.bytes.sha256.clone()) {
            let message = format!(
                "line {seq} of the log binds {} bytes with sha256 {}; here are {} bytes with {}",
                line.bytes.length, line.bytes.sha256, found.0, found.1
            );
            self.run.findings.extend(file, [place(Finding::new(&rules::RECORD_ALTERED, message))]);
        } else if self.proved.len() < NAMED {
            self.proved.push(Proved::of(seq, line));
        }
        Ok(())
    }

    /// The next line that tells of a record; everything before it is taken in.
    fn next_record(&mut self) -> io::Result<Option<(u64, Box<Record>)>> {
        while let Some((index, line)) = self.next_line()? {
            match line.entry.map(|entry| entry.body) {
                Ok(Body::Record(record)) => {
                    self.needed.extend(record.connection);
                    return Ok(Some((index, record)));
                }
                Ok(Body::Connection(_)) => {
                    self.connections.insert(index);
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// The next line, with its number; its proof is checked.
    fn next_line(&mut self) -> io::Result<Option<(u64, Line)>> {
        let line = self.lines.as_mut().map(Lines::next_line).transpose()?.flatten();
        match (line, self.proofs.next()) {
            (None, None) => Ok(None),
            (Some(line), Some(index)) => {
                self.bind(index, &line)?;
                Ok(Some((index, line)))
            }
            (Some(line), None) => {
                let finding = Finding::new(&rules::PROOF_FORM, "from here on lines have no proof");
                self.lines = None;
                self.say(LINES, finding.at(line.offset));
                Ok(None)
            }
            (None, Some(index)) => {
                self.wrong(
                    &proof_name(index),
                    &rules::PROOF_FORM,
                    "the line that this is a proof of is not there",
                );
                self.proofs = Vec::new().into_iter();
                Ok(None)
            }
        }
    }

    fn bind(&mut self, index: u64, line: &Line) -> io::Result<()> {
        if !line.ended {
            let finding = Finding::new(&rules::MANIFEST_SYNTAX, "the line is not ended by a line feed");
            self.say(LINES, finding.at(line.offset));
        }
        match &line.entry {
            Err(why) => {
                let message = format!("the line cannot be read: {why}");
                self.say(LINES, Finding::new(&rules::MANIFEST_SYNTAX, message).at(line.offset));
            }
            Ok(entry) if entry.seq != index || entry.v != 1 => {
                let message =
                    format!("line {index} says that it is entry {}, version {}", entry.seq, entry.v);
                self.say(LINES, Finding::new(&rules::MANIFEST_SYNTAX, message).at(line.offset));
            }
            Ok(_) => {}
        }
        self.include(index, line)
    }

    fn include(&mut self, index: u64, line: &Line) -> io::Result<()> {
        let name = proof_name(index);
        let proof = self.text(&name)?.and_then(|text| Inclusion::parse(&text));
        let Some(proof) = proof.filter(|proof| proof.index == index) else {
            self.wrong(&name, &rules::PROOF_FORM, format!("this is no C2SP tlog-proof of line {index}"));
            return Ok(());
        };
        self.leads_here(&name, &proof.checkpoint);
        let holds = |head| includes(head, index, leaf_hash(&line.bytes), &proof.hashes);
        if self.head.is_some_and(holds) {
            self.counts.log_lines += 1;
        } else {
            let message =
                format!("its proof does not show that this is line {index} of the checkpoint's log");
            self.say(LINES, Finding::new(&rules::PROOF_INCLUSION, message).at(line.offset));
        }
        Ok(())
    }

    /// A proof carries the file's checkpoint, so that it can be checked without it.
    fn leads_here(&mut self, name: &str, checkpoint: &str) {
        if checkpoint.as_bytes() != self.checkpoint {
            self.wrong(name, &rules::PROOF_FORM, "the checkpoint that it carries is not the file's");
        }
    }

    fn text(&self, name: &str) -> io::Result<Option<String>> {
        Ok(self.package.small(name)?.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// After the last record: lines that are left, and what has no partner.
    fn rest(&mut self) -> io::Result<()> {
        while let Some((seq, record)) = self.next_record()? {
            self.waiting.insert(record.warc.id.clone(), (seq, record));
        }
        let mut missing: Vec<_> = std::mem::take(&mut self.waiting).into_values().collect();
        // A number may stand twice, where a ZIP holds a name twice.
        missing.sort_by(|(a, one), (b, other)| (a, &one.warc.id).cmp(&(b, &other.warc.id)));
        for (seq, record) in missing {
            let message = format!("the record of line {seq} is not in the file");
            self.say(RECORDS, Finding::new(&rules::RECORD_MISSING, message).of_record(record.warc.id));
        }
        if let Some(seq) = self.needed.difference(&self.connections).next() {
            let message =
                format!("line {seq}, of the connection that a record came over, is not in the file");
            self.wrong(LINES, &rules::PROOF_FORM, message);
        }
        Ok(())
    }

    /// Earlier checkpoints, by the proofs that the log went on with them; then, as in a package, who vouches for it.
    fn envelopes(&mut self) -> io::Result<()> {
        let mut told = Told { partial: true, ..Told::default() };
        told.roots.extend(self.head);
        let package = self.package;
        for path in package.members().iter().map(|member| &member.path) {
            if let Some(size) = path.strip_prefix(CONSISTENCY).and_then(|size| size.parse().ok()) {
                let earlier = self.earlier(path, size)?;
                told.roots.extend(earlier);
                self.run.evidence.went_on.extend(earlier.map(|(size, _)| size));
            }
        }
        let envelopes = Envelopes::of(package)?;
        envelopes::check(self.run, package, &envelopes, &told)
    }

    /// Size and root of an earlier tree that the log is shown to have gone on with.
    fn earlier(&mut self, name: &str, size: u64) -> io::Result<Option<Head>> {
        let path = format!("{}-{size}", layout::CHECKPOINT);
        let Some(point) = self.package.small(&path)?.and_then(|bytes| read_checkpoint(&bytes)) else {
            self.wrong(
                &path,
                &rules::CHECKPOINT_INVALID,
                "there is no checkpoint of this size that can be read",
            );
            return Ok(None);
        };
        if point.origin() != self.origin {
            let message = format!("the checkpoint's origin is {:?}, not that of the log", point.origin());
            self.wrong(&path, &rules::LOG_ORIGIN, message);
        }
        let proof = self.text(name)?.and_then(|text| Consistency::parse(&text));
        let Some(proof) = proof.filter(|proof| proof.old == size) else {
            self.wrong(
                name,
                &rules::PROOF_FORM,
                format!("this is no proof of consistency from {size} lines on"),
            );
            return Ok(None);
        };
        self.leads_here(name, &proof.checkpoint);
        let old = (size, *point.hash());
        let holds = self.head.is_some_and(|head| point.size() == size && goes_on(old, head, &proof.hashes));
        if !holds {
            let message =
                format!("it does not show that the log went on with the checkpoint of {size} lines");
            self.wrong(name, &rules::PROOF_CONSISTENCY, message);
        }
        Ok(holds.then_some(old))
    }
}

fn proof_number(path: &str) -> Option<u64> {
    let number = path.strip_prefix("provenance/proof-")?.strip_suffix(".tlog-proof")?.parse().ok()?;
    (proof_name(number) == path).then_some(number)
}

/// True for what a proof file may hold.
fn is_part(path: &str) -> bool {
    let envelope = |rest: &str| {
        let size = rest.split('.').next().unwrap_or_default();
        size.is_empty() || size.strip_prefix('-').is_some_and(is_size)
    };
    [RECORDS, LINES, VERSION].contains(&path)
        || proof_number(path).is_some()
        || path.strip_prefix(CONSISTENCY).is_some_and(is_size)
        || path.strip_prefix(layout::CHECKPOINT).is_some_and(envelope)
}

/// A number as it is written.
fn is_size(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|size| size.to_string() == text)
}
