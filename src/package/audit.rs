//! Everything that can be said of a package without looking into its WARCs.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufReader, Read};

use super::datapackage::{self, Datapackage, Digest, Resource};
use super::hash::Hasher;
use super::layout::{self, DATAPACKAGE, DATAPACKAGE_DIGEST, WORKROOM};
use super::{Directory, Package, Wacz, pages, wacz};
use crate::finding::{Finding, Rule, Severity, rules};
use crate::input::zip::{self, STORED};

/// A package whose form has been checked, and the hashes that its files must have.
#[derive(Debug)]
pub struct Audit<'a> {
    /// datapackage.json, where it can be read.
    pub datapackage: Option<Datapackage>,
    /// datapackage-digest.json, where it can be read.
    pub digest: Option<Digest>,
    /// What is wrong with the form, sorted by file and offset.
    pub findings: Vec<Finding>,
    package: &'a Package,
    listed: HashMap<String, Resource>,
}

impl Package {
    /// Checks the package: its container, its parts, its datapackage, its pages, and every file's bytes against
    /// the container's and the datapackage's hashes. Reads everything once. Findings are sorted by file and
    /// offset. Fails only where something cannot be read at all.
    pub fn audit(&self) -> io::Result<Vec<Finding>> {
        let mut audit = self.audit_form()?;
        let mut findings = std::mem::take(&mut audit.findings);
        for index in 0..self.members().len() {
            if let Some(checked) = audit.check(index)? {
                findings.extend(checked.finish()?);
            }
        }
        sort(&mut findings);
        Ok(findings)
    }

    /// Checks the container alone, which must be a ZIP byte for byte as fonds packs it, and every entry's CRC.
    pub(crate) fn audit_container(&self) -> io::Result<Vec<Finding>> {
        let Self::Wacz(wacz) = self else {
            let finding =
                Finding::new(&rules::PROOF_FORM, "this is a directory, not a file that fonds packed");
            return Ok(vec![finding.in_file(self.name())]);
        };
        let mut audit = Audit::new(self);
        audit.check_container(wacz);
        if !audit.findings.iter().any(Finding::is_error) {
            let packing = wacz::packing(&wacz.file, &wacz.zip, None)?;
            let message = "A header of the ZIP is not as fonds packed it.";
            let finding = |at| Finding::new(&rules::PACKAGE_ALTERED, message).in_file(&wacz.name).at(at);
            audit.findings.extend(packing.first.map(finding));
        }
        let mut findings = std::mem::take(&mut audit.findings);
        for index in 0..self.members().len() {
            if let Some(checked) = audit.check(index)? {
                findings.extend(checked.finish()?);
            }
        }
        sort(&mut findings);
        Ok(findings)
    }

    /// The part of [`Self::audit`] that does not need the content of the files. A caller that streams the files
    /// anyway has them checked on the way by [`Audit::check`].
    pub fn audit_form(&self) -> io::Result<Audit<'_>> {
        let mut audit = Audit::new(self);
        match self {
            Self::Directory(directory) => audit.check_tree(directory),
            Self::Wacz(wacz) => audit.check_container(wacz),
        }
        audit.check_parts();
        audit.check_datapackage()?;
        audit.check_list();
        audit.check_pages()?;
        audit.check_packing()?;
        sort(&mut audit.findings);
        Ok(audit)
    }
}

impl<'a> Audit<'a> {
    fn new(package: &'a Package) -> Self {
        Self { datapackage: None, digest: None, findings: Vec::new(), package, listed: HashMap::new() }
    }

    /// A member (by its index in [`Package::members`]) to be streamed and checked; `None` where its container is
    /// so damaged that there is nothing to stream, which is a finding already.
    pub fn check(&self, index: usize) -> io::Result<Option<Checked>> {
        let Some(member) = self.package.members().get(index) else { return Ok(None) };
        let (input, crc): (Box<dyn Read + Send>, _) = match self.package {
            Package::Directory(directory) => (Box::new(directory.open(&member.path)?), None),
            Package::Wacz(wacz) => {
                let Some(entry) = wacz.entry_of(index) else { return Ok(None) };
                match entry.open(&wacz.file) {
                    Ok(input) => (input, Some((flate2::Crc::new(), entry.crc32))),
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
        };
        let expected = self.listed.get(&member.path).cloned();
        let hasher =
            expected.as_ref().and_then(|r| Hasher::labelled(r.hash.split(':').next().unwrap_or_default()));
        Ok(Some(Checked {
            input,
            name: self.package.member_name(&member.path),
            crc,
            hasher,
            expected,
            note: self.note(),
            bytes: 0,
            damage: None,
        }))
    }

    /// What is known of the writer that bears on a wrong hash.
    fn note(&self) -> &'static str {
        let software = self.datapackage.as_ref().and_then(|d| d.software.as_deref()).unwrap_or_default();
        match software.contains("js-wacz") {
            true => " (js-wacz up to 0.1.6 records a wrong hash of the WARC: its issue 127.)",
            false => "",
        }
    }

    fn report(&mut self, rule: &'static Rule, path: &str, message: impl Into<String>) {
        let finding = Finding::new(rule, message).in_file(self.package.member_name(path));
        self.findings.push(finding);
    }

    fn report_whole(&mut self, rule: &'static Rule, message: impl Into<String>) {
        self.findings.push(Finding::new(rule, message).in_file(self.package.name()));
    }

    fn check_tree(&mut self, directory: &Directory) {
        for (path, problem) in &directory.tree.others {
            self.report(
                &rules::PACKAGE_FILE,
                path,
                format!("{path} {problem}; it cannot be part of a WACZ."),
            );
        }
        for path in &directory.tree.unnamed {
            self.report(&rules::PACKAGE_FILE, path, format!("The name of {path} is not Unicode."));
        }
        if directory.root.join(WORKROOM).exists() {
            let message = "The working files of a capture are still there: it has not ended, or ended badly.";
            self.report(&rules::PACKAGE_WORKROOM, WORKROOM, message);
        }
    }

    fn check_container(&mut self, wacz: &Wacz) {
        let findings = wacz.zip.findings.iter().cloned().map(|finding| finding.in_file(&wacz.name));
        self.findings.extend(findings);
        for entry in wacz.files() {
            let packed = [".gz", ".zst", ".warc"].iter().any(|end| entry.name.ends_with(end));
            if packed && entry.method != STORED {
                let message = format!("{} is compressed by the ZIP; readers need it stored.", entry.name);
                self.report(&rules::PACKAGE_DEFLATED, &entry.name, message);
            }
        }
    }

    fn check_parts(&mut self) {
        let members = self.package.members();
        for part in layout::missing_parts(members.iter().map(|m| m.path.as_str())) {
            self.report_whole(&rules::PACKAGE_INCOMPLETE, format!("The package holds no {part}."));
        }
        for member in members.iter().filter(|member| is_misplaced(&member.path)) {
            let message = format!("{} has no place in this directory of a WACZ.", member.path);
            self.report(&rules::PACKAGE_MISPLACED, &member.path, message);
        }
    }

    fn check_datapackage(&mut self) -> io::Result<()> {
        let Some(bytes) = self.package.small(DATAPACKAGE)? else {
            self.report_whole(&rules::DATAPACKAGE_MISSING, "There is no readable datapackage.json.");
            return Ok(());
        };
        let (datapackage, findings) = datapackage::parse(&bytes);
        self.adopt(DATAPACKAGE, findings);
        self.datapackage = datapackage;
        let Some(digest_bytes) = self.package.small(DATAPACKAGE_DIGEST)? else {
            let message =
                "There is no datapackage-digest.json, so nothing vouches for datapackage.json itself.";
            let finding = Finding::new(&rules::DATAPACKAGE_UNPROTECTED, message).in_file(self.package.name());
            let severity = if self.is_ours() { Severity::Error } else { finding.severity };
            self.findings.push(finding.graded(severity));
            return Ok(());
        };
        let (digest, findings) = datapackage::parse_digest(&digest_bytes);
        self.adopt(DATAPACKAGE_DIGEST, findings);
        self.digest = digest;
        self.check_digest(&bytes, &digest_bytes);
        Ok(())
    }

    fn check_digest(&mut self, datapackage: &[u8], digest_bytes: &[u8]) {
        let Some(digest) = self.digest.clone() else { return };
        match hash_of(datapackage, &digest.hash) {
            Some(found) if same_hash(&found, &digest.hash) => {}
            Some(found) => {
                let message = format!("datapackage.json has the hash {found}, not {}.", digest.hash);
                self.report(&rules::DATAPACKAGE_DIGEST, DATAPACKAGE, message);
                return;
            }
            None => {
                let message = format!("The hash {} of datapackage.json is of an unknown kind.", digest.hash);
                self.report(&rules::RESOURCE_UNCHECKED, DATAPACKAGE_DIGEST, message);
            }
        }
        let own = Digest::of(datapackage, digest.signed_data.clone());
        if self.is_ours() && own.to_json() != digest_bytes {
            // A signer may write it anew; nobody else has a reason to.
            let signed = digest.signed_data.is_some() && same_hash(&own.hash, &digest.hash);
            let rule = if signed { &rules::PACKAGE_REWRITTEN } else { &rules::PACKAGE_ALTERED };
            let message = "datapackage-digest.json is not written as fonds writes it: it was changed since.";
            self.report(rule, DATAPACKAGE_DIGEST, message);
        }
    }

    /// True for what fonds made: by its own word, or by the provenance log that only fonds writes.
    fn is_ours(&self) -> bool {
        self.datapackage.as_ref().is_some_and(Datapackage::by_fonds)
            || self.package.contains(layout::MANIFEST)
    }

    /// Datapackage and files must name the same things, each once.
    fn check_list(&mut self) {
        let resources = self.datapackage.as_ref().map(|d| d.resources.clone());
        let Some(resources) = resources else { return };
        let present: HashSet<&str> = self.package.members().iter().map(|m| m.path.as_str()).collect();
        for resource in resources {
            let path = resource.path.clone();
            if let Some(problem) = zip::name_problem(&path) {
                self.report_whole(&rules::ENTRY_NAME, format!("The listed path {path:?} {problem}."));
            }
            if !present.contains(path.as_str()) {
                self.report(&rules::RESOURCE_MISSING, &path, format!("{path} is listed and not there."));
            }
            if Hasher::labelled(resource.hash.split(':').next().unwrap_or_default()).is_none() {
                let message =
                    format!("The hash {} is of an unknown kind and was not checked.", resource.hash);
                self.report(&rules::RESOURCE_UNCHECKED, &path, message);
            }
            if self.listed.insert(path.clone(), resource).is_some() {
                self.report(&rules::RESOURCE_DUPLICATE, &path, format!("{path} is listed more than once."));
            }
        }
        for path in present {
            let own = matches!(path, DATAPACKAGE | DATAPACKAGE_DIGEST) || path.starts_with(".fonds/");
            if !own && !self.listed.contains_key(path) {
                self.report(
                    &rules::PACKAGE_UNLISTED,
                    path,
                    format!("{path} is not listed in datapackage.json."),
                );
            }
        }
    }

    fn check_pages(&mut self) -> io::Result<()> {
        let lists = self
            .package
            .members()
            .iter()
            .filter(|m| m.path.starts_with("pages/") && m.path.ends_with(".jsonl"));
        let lists: HashSet<String> = lists.map(|m| m.path.clone()).collect();
        for path in lists {
            let input = match self.package.read(&path) {
                Ok(input) => input,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => continue,
                Err(error) => return Err(error),
            };
            for line in pages::Lines::new(BufReader::new(input)) {
                match line {
                    Ok(line) => self.adopt(&path, line.findings),
                    // Damage of the container is reported where the content is checked.
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// A WACZ by fonds must be, header for header, what fonds would pack.
    fn check_packing(&mut self) -> io::Result<()> {
        let Package::Wacz(wacz) = self.package else { return Ok(()) };
        let Some(datapackage) = self.datapackage.as_ref().filter(|d| d.by_fonds()) else { return Ok(()) };
        if wacz.zip.findings.iter().any(Finding::is_error) {
            return Ok(());
        }
        let packing = wacz::packing(&wacz.file, &wacz.zip, datapackage.created.as_deref())?;
        let Some(at) = packing.first else { return Ok(()) };
        let finding = if packing.by_fonds() {
            Finding::new(&rules::PACKAGE_ALTERED, "A header of the ZIP is not as fonds packed it.")
        } else {
            Finding::new(&rules::PACKAGE_REWRITTEN, "The ZIP was packed by another tool.")
        };
        self.findings.push(finding.in_file(&wacz.name).at(at));
        Ok(())
    }

    fn adopt(&mut self, path: &str, findings: Vec<Finding>) {
        let name = self.package.member_name(path);
        self.findings.extend(findings.into_iter().map(|finding| finding.in_file(&name)));
    }
}

impl Wacz {
    /// Entries that are files, as [`Package::members`] lists them.
    fn files(&self) -> impl Iterator<Item = &zip::Entry> {
        self.zip.entries.iter().filter(|entry| !entry.is_directory())
    }
}

/// A member whose bytes are counted, summed and hashed while they are read.
pub struct Checked {
    input: Box<dyn Read + Send>,
    name: String,
    crc: Option<(flate2::Crc, u32)>,
    hasher: Option<Hasher>,
    expected: Option<Resource>,
    note: &'static str,
    bytes: u64,
    damage: Option<String>,
}

impl Checked {
    /// Reads what has not been read yet, and gives what the bytes show.
    pub fn finish(mut self) -> io::Result<Vec<Finding>> {
        match io::copy(&mut self, &mut io::sink()) {
            Err(error) if self.damage.is_none() => return Err(error),
            _ => {}
        }
        let mut findings = Vec::new();
        let mut report =
            |rule, message: String| findings.push(Finding::new(rule, message).in_file(&self.name));
        if let Some(damage) = self.damage {
            report(&rules::ZIP_DATA, format!("The content cannot be read to its end: {damage}."));
        }
        if let Some((crc, expected)) = self.crc.filter(|(crc, expected)| crc.sum() != *expected) {
            report(
                &rules::ZIP_DATA,
                format!("The content has the CRC {:08x}, not {expected:08x}.", crc.sum()),
            );
        }
        let Some(expected) = self.expected else { return Ok(findings) };
        if self.bytes != expected.bytes {
            report(&rules::RESOURCE_SIZE, format!("There are {} bytes, not {}.", self.bytes, expected.bytes));
        }
        if let Some(hasher) = self.hasher {
            let label = expected.hash.split(':').next().unwrap_or_default();
            let found = format!("{label}:{}", hasher.hex());
            if !same_hash(&found, &expected.hash) {
                report(
                    &rules::RESOURCE_HASH,
                    format!("The hash is {found}, not {}.{}", expected.hash, self.note),
                );
            }
        }
        Ok(findings)
    }
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.input.read(buffer) {
            Ok(read) => read,
            Err(error) => {
                if error.kind() == io::ErrorKind::InvalidData {
                    self.damage = Some(error.to_string());
                }
                return Err(error);
            }
        };
        let part = buffer.get(..read).unwrap_or_default();
        self.bytes += read as u64;
        if let Some((crc, _)) = &mut self.crc {
            crc.update(part);
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(part);
        }
        Ok(read)
    }
}

impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checked")
            .field("name", &self.name)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Files of the three directories that WACZ reserves which are none of what belongs there.
fn is_misplaced(path: &str) -> bool {
    match path.split_once('/') {
        Some(("archive", _)) => !layout::is_warc(path),
        Some(("indexes", name)) => !layout::is_index(path) && !name.ends_with(".idx"),
        Some(("pages", name)) => name.contains('/') || !name.ends_with(".jsonl"),
        _ => false,
    }
}

/// The hash of `bytes`, of the kind that `like` is.
fn hash_of(bytes: &[u8], like: &str) -> Option<String> {
    let label = like.split(':').next().unwrap_or_default();
    let mut hasher = Hasher::labelled(label)?;
    hasher.update(bytes);
    Some(format!("{label}:{}", hasher.hex()))
}

/// Hex in either case is the same hash.
fn same_hash(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        (&a.file, a.offset, a.code, &a.message).cmp(&(&b.file, b.offset, b.code, &b.message))
    });
}
