//! A package whole: container and hashes, every WARC, then index, pages and log against the records.

use super::anchors;
use super::envelopes::{self, Earlier, Envelopes};
use super::index::Expectations;
use super::key::key;
use super::log::{Join, Seen, Told};
use super::record::{CheckRecord, Checked, Tally};
use super::report::{Counts, InputReport};
use super::{Verification, auth};
use crate::finding::{Finding, rules};
use crate::input::scan::{self, Walk, Warc};
use crate::input::section::Shared;
use crate::manifest::Described;
use crate::package::datapackage::Datapackage;
use crate::package::survey::{self, Blind, Survey, survey};
use crate::package::{Package, layout, pages};
use crate::warc::Source;
use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read};

type Log = Join<Box<dyn Read + Send>>;

/// One package being checked.
struct Check<'a> {
    run: &'a mut Verification,
    package: &'a Package,
    /// Of a capture that did not end: what counts of its files.
    survey: Option<Survey>,
    log: Option<Log>,
    /// What vouches for the log.
    envelopes: Envelopes,
    index: Expectations,
    counts: Counts,
    /// Where the last WARC ends.
    end: (String, u64),
}

pub(super) fn check(run: &mut Verification, package: &Package) -> io::Result<()> {
    let unfinished = package.is_unfinished();
    if !unfinished {
        let findings = package.audit()?;
        run.findings.extend(package.name(), findings);
    }
    let survey = if unfinished { sound_part(package)? } else { None };
    let mut log = open_log(package, survey.as_ref())?;
    let envelopes = Envelopes::of(package)?;
    if let Some(log) = &mut log {
        let sizes = envelopes.earlier.iter().map(Earlier::size);
        let expected = run.options.expected.iter().map(|held| held.size);
        sizes.chain(expected).chain(anchors::sizes(package)?).for_each(|size| log.watch(size));
        log.trust(run.options.roots.clone());
    }
    let end = (String::new(), 0);
    let (index, counts) = (Expectations::default(), Counts::default());
    let mut check = Check { run, package, survey, log, envelopes, index, counts, end };
    for warc in package.warcs() {
        check.warc(&warc.path)?;
    }
    if unfinished {
        check.report_unfinished()?;
    } else {
        check.check_indexes()?;
        check.check_log()?;
    }
    let kind = if matches!(package, Package::Wacz(_)) { "wacz" } else { "collection" };
    let (name, counts) = (package.name().to_owned(), check.counts);
    run.inputs.push(InputReport { name, kind: kind.to_owned(), counts, ..InputReport::default() });
    Ok(())
}

/// How much of a capture that did not end holds together. `None` where more is wrong than a run that is killed leaves
/// behind: then everything is looked at as it stands, and what is wrong shows.
fn sound_part(package: &Package) -> io::Result<Option<Survey>> {
    let Some(root) = package.root() else { return Ok(None) };
    match survey(root, &mut Blind) {
        Ok(survey) => Ok(Some(survey).filter(|survey| survey.lost == 0)),
        Err(survey::Error::Io { source, .. }) if source.kind() != io::ErrorKind::NotFound => Err(source),
        Err(_) => Ok(None),
    }
}

/// `None` where the package has no log, or one whose bytes its container does not give.
fn open_log(package: &Package, survey: Option<&Survey>) -> io::Result<Option<Log>> {
    let Some(mut lines) = open(package, layout::MANIFEST)? else { return Ok(None) };
    let mut leaves = open(package, layout::LEAVES)?;
    if let Some(survey) = survey {
        lines = Box::new(lines.take(survey.log.sound));
        let held = (survey.tree.size() - survey.missing.len() as u64) * 32;
        leaves = leaves.map(|leaves| Box::new(leaves.take(held)) as Box<dyn Read + Send>);
    }
    Ok(Some(Join::new(&package.member_name(layout::MANIFEST), lines, leaves)))
}

/// A member's bytes; `None` where it is not there, or its container is damaged there (which the audit has said).
pub(super) fn open(package: &Package, path: &str) -> io::Result<Option<Box<dyn Read + Send>>> {
    match package.read(path) {
        Ok(reader) => Ok(Some(Box::new(UpToDamage(reader)))),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Ends where the container is damaged, which the audit has said of this member.
struct UpToDamage(Box<dyn Read + Send>);

impl Read for UpToDamage {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Err(e) if e.kind() == io::ErrorKind::InvalidData => Ok(0),
            other => other,
        }
    }
}

impl Check<'_> {
    fn warc(&mut self, path: &str) -> io::Result<()> {
        let file = self.package.member_name(path);
        let sound = self.survey.as_ref().and_then(|s| s.warcs.iter().find(|part| part.path == path)).cloned();
        let source = match self.package.seek(path, &self.run.options.spool) {
            // Nothing of it counts: it has not begun.
            Ok(_) if sound.as_ref().is_some_and(|part| part.sound == 0) => return Ok(()),
            Ok(source) => match sound {
                Some(part) => Source::Seek(Box::new(Shared::new(source)?.section(0, part.sound))),
                None => Source::Seek(source),
            },
            Err(e) if e.kind() == io::ErrorKind::InvalidData => return Ok(()),
            Err(e) => return Err(e),
        };
        let (length, open) = scan::opener(source, self.run.options.scan.jobs)?;
        let warc = Warc { name: &file, length, open: &open };
        let check = CheckRecord { bind_bytes: self.log.is_some() };
        let settings = self.run.options.scan;
        let mut segments = std::mem::take(&mut self.run.segments);
        segments.in_file(&file);
        let mut tally = Tally::new();
        let mut sink = |mut checked: Checked, noticed: Vec<Finding>| {
            tally.take(&mut checked, noticed);
            self.record(&file, path, checked)
        };
        let mut walk = Walk::new(warc, settings.limits, &check, &mut segments, &mut sink);
        let scanned = scan::with_threads(&[warc], settings, &check, |scanner| scanner.file(&mut walk));
        let walked = walk.finish();
        let counts = tally.finish(&walked);
        self.run.segments = segments;
        scanned?;
        self.run.findings.extend(&file, walked.findings);
        self.end = (file, counts.bytes);
        self.counts.add(&counts);
        Ok(())
    }

    fn record(&mut self, file: &str, path: &str, checked: Checked) -> io::Result<()> {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.index.see(file, name, &checked);
        let Checked { head, bytes, content, digests, findings, extent, .. } = checked;
        let about = self.run.references.see(file, &head, content);
        self.run.findings.extend(file, about);
        self.run.findings.extend(file, findings);
        self.run.evidence.note(digests);
        if let (Some(log), Some((sha256, length))) = (&mut self.log, bytes) {
            let id = head.id().unwrap_or_default().to_owned();
            log.record(Seen {
                file: file.to_owned(),
                offset: extent.offset,
                id,
                length,
                sha256: sha256.value(),
            })?;
        }
        Ok(())
    }

    /// A capture that was killed, or still goes on: what is there is held against the log as far as that goes.
    fn report_unfinished(&mut self) -> io::Result<()> {
        let message = format!(
            "the capture did not end, or has not ended yet: what was captured is here ({} records), but not all that was \
             asked for; `fonds archive --resume` goes on with it",
            self.counts.records
        );
        let name = self.package.name();
        self.run.findings.extend(name, [Finding::new(&rules::CAPTURE_UNFINISHED, message)]);
        self.report_torn();
        if let Some(log) = self.log.take() {
            let told = log.finish(None, (&self.end.0, self.end.1))?;
            let expected = [
                rules::CHECKPOINT_INVALID.code,
                rules::LOG_UNFINISHED.code,
                // Some leaf hashes were still to be written.
                rules::MANIFEST_LEAVES.code,
            ];
            let Verification { options, evidence, .. } = &mut *self.run;
            let held = envelopes::of_unfinished(options, evidence, &told);
            let rest = told.findings.into_iter().filter(|finding| !expected.contains(&finding.code));
            let rest = rest.chain(held);
            self.run.findings.extend(name, rest);
            self.counts.log_lines += told.lines;
        }
        self.run.evidence.unfinished += 1;
        self.report_checkpoint();
        Ok(())
    }

    /// What was in flight when the run ended.
    fn report_torn(&mut self) {
        let Some(survey) = &self.survey else { return };
        for part in survey.warcs.iter().chain([&survey.log]).filter(|part| part.torn() > 0) {
            let message = format!(
                "{} bytes behind the last whole capture are of one that was in flight; `fonds archive --resume` moves \
                 them aside",
                part.torn()
            );
            let finding = Finding::new(&rules::CAPTURE_TORN, message).at(part.sound);
            self.run.findings.extend(&self.package.member_name(&part.path), [finding]);
        }
    }

    /// More is wrong than a run that is killed leaves behind.
    fn report_checkpoint(&mut self) {
        let Some(root) = self.package.root().filter(|_| self.survey.is_none()) else { return };
        if let Err(survey::Error::Altered { path, problem }) = survey(root, &mut Blind) {
            let finding =
                Finding::new(&rules::MANIFEST_ROOT, format!("more than a crash leaves behind: {problem}"));
            self.run.findings.extend(&path.to_string_lossy(), [finding]);
        }
    }

    /// Without a log there is no level 2; a package by fonds has had one.
    fn report_no_log(&mut self) -> io::Result<()> {
        self.run.evidence.without_log += 1;
        let Verification { options, evidence, findings, .. } = &mut *self.run;
        let (held, signed) = auth::check(self.package, options, evidence)?;
        evidence.signed += u64::from(held);
        findings.extend(self.package.name(), signed);
        let datapackage = self.package.audit_form()?.datapackage;
        if datapackage.is_some_and(|datapackage| datapackage.by_fonds()) {
            let message = "fonds made this package, and its provenance log is gone: what was removed with it cannot be told";
            self.run.findings.extend(self.package.name(), [Finding::new(&rules::LOG_MISSING, message)]);
        }
        Ok(())
    }

    fn check_log(&mut self) -> io::Result<()> {
        let index = std::mem::take(&mut self.index);
        let own = self.log.is_some();
        match self.log.take() {
            Some(log) => {
                let mut told = self.finish_log(log)?;
                self.check_pages(&index, &mut told)?;
                self.check_files(&told)?;
            }
            None => self.report_no_log()?,
        }
        self.run.findings.extend(self.package.name(), index.unlisted(own));
        Ok(())
    }

    fn check_indexes(&mut self) -> io::Result<()> {
        let own = self.log.is_some();
        let package = self.package;
        for member in package.members().iter().filter(|m| layout::is_index(&m.path)) {
            let Some(reader) = open(package, &member.path)? else { continue };
            let reader: Box<dyn BufRead> = if member.path.ends_with(".gz") {
                Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(reader)))
            } else {
                Box::new(BufReader::new(reader))
            };
            let name = package.member_name(&member.path);
            match self.index.check(&name, reader, own) {
                Ok(findings) => self.run.findings.extend(&name, findings),
                Err(e)
                    if e.kind() == io::ErrorKind::InvalidInput || e.kind() == io::ErrorKind::InvalidData =>
                {
                    let finding = Finding::new(&rules::INDEX_LINE, format!("the index cannot be read: {e}"));
                    self.run.findings.extend(&name, [finding]);
                }
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn finish_log(&mut self, log: Log) -> io::Result<Told> {
        let mut told = log.finish(self.envelopes.checkpoint.as_deref(), (&self.end.0, self.end.1))?;
        envelopes::check(self.run, self.package, &self.envelopes, &told)?;
        self.run.findings.extend(self.package.name(), std::mem::take(&mut told.findings));
        self.counts.log_lines += told.lines;
        self.run.evidence.logs += 1;
        self.run.evidence.withheld += told.withheld;
        let file = self.package.member_name(layout::MANIFEST);
        self.run.evidence.anchor(&file, std::mem::take(&mut told.anchors));
        Ok(told)
    }

    /// Every page line is the one that the log has, and every page of the log has its line.
    fn check_pages(&mut self, index: &Expectations, told: &mut Told) -> io::Result<()> {
        let name = self.package.member_name(layout::PAGES);
        if let Some(reader) = open(self.package, layout::PAGES)? {
            for line in pages::Lines::new(BufReader::new(reader)) {
                let line = line?;
                let Some(page) = line.page else { continue };
                let title = page.title.as_deref().unwrap_or_default();
                let said = key(&[&page.id, &page.url, &page.ts, title]);
                let wrong = match told.pages.remove(&key(&[&page.id])) {
                    None => Some("the log has no page of this id"),
                    Some(known) if known != said => {
                        Some("url, ts or title is not what the log says of this page")
                    }
                    Some(_) if !index.has_capture(&page.url, &page.ts) => {
                        Some("no capture has this url and date")
                    }
                    Some(_) => None,
                };
                let finding = wrong.map(|w| Finding::new(&rules::PAGE_LINE, w).at(line.offset));
                self.run.findings.extend(&name, finding);
            }
        }
        if !told.pages.is_empty() {
            let message = format!("{} pages that the log names have no line", told.pages.len());
            self.run.findings.extend(&name, [Finding::new(&rules::PAGE_MISSING, message)]);
        }
        Ok(())
    }

    /// The files that the log binds are those that the datapackage lists, and it lists no others.
    fn check_files(&mut self, told: &Told) -> io::Result<()> {
        if told.end.is_none() {
            return Ok(());
        }
        let audit = self.package.audit_form()?;
        let Some(datapackage) = audit.datapackage else { return Ok(()) };
        if told.described.as_ref().is_some_and(|described| !same(described, &datapackage)) {
            let message = "title, created or main page is not what the log says of this collection";
            self.say_of(layout::DATAPACKAGE, Finding::new(&rules::LOG_PACKAGE, message));
        }
        let bound = || told.files.iter().chain(&told.kept);
        for file in bound() {
            let hash = format!("sha256:{}", file.sha256);
            let same = datapackage
                .resources
                .iter()
                .any(|r| r.path == file.path && r.hash == hash && r.bytes == file.bytes);
            if !same {
                let message = format!("the log binds {} bytes with {hash}", file.bytes);
                self.say_of(&file.path, Finding::new(&rules::LOG_FILES, message));
            }
        }
        let paths: HashSet<&str> = bound().map(|file| file.path.as_str()).collect();
        for resource in datapackage.resources.iter().filter(|r| !paths.contains(r.path.as_str())) {
            if !envelopes::is_provenance(&resource.path) {
                let message = "the log does not bind this file: it was added after the sealing";
                self.say_of(&resource.path, Finding::new(&rules::FILE_UNBOUND, message));
            }
        }
        Ok(())
    }

    fn say_of(&mut self, path: &str, finding: Finding) {
        self.run.findings.extend(&self.package.member_name(path), [finding]);
    }
}

/// True where the datapackage says what the log does.
fn same(described: &Described, datapackage: &Datapackage) -> bool {
    (datapackage.created.as_ref(), &datapackage.title) == (Some(&described.created), &described.title)
        && (&datapackage.main_page_url, &datapackage.main_page_date)
            == (&described.main_page_url, &described.main_page_date)
}
