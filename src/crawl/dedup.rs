//! What earlier archives hold, by the digests of their payloads: what a revisit may refer to.
//!
//! Of a collection or WACZ whose capture has ended, its log is read; of one that has not, of other people's and of single
//! WARCs, the heads of the records in closed files; of an index, its lines. In any case one after another, so memory does not
//! grow with what is read.

use super::Error as RunError;
use crate::cdxj;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::input::Kind;
use crate::manifest::{Body, Lines, Record};
use crate::package::{Package, layout};
use crate::warc::{Head, Limits, OPEN, Reader, RecordType, Source, bare_uri};
use crate::wire::DigestForm;
use crate::wire::record::Referent;
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Bytes that tell what a file is.
const ENOUGH: u64 = 4096;
/// Bytes of a URL or an id worth referring to.
const LONGEST: usize = 16 * 1024;

/// Why an archive cannot be deduplicated against.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is none of the things that can be read.
    #[error(
        "{0} is no collection, WACZ, CDXJ index or closed WARC, so nothing can be deduplicated against it"
    )]
    Unfit(PathBuf),
    /// All its digests are of another algorithm: nothing could ever be found in it.
    #[error("{path} has payload digests by {theirs} only, and this run makes {ours}; {}", advice(theirs))]
    OtherDigest {
        /// The archive.
        path: PathBuf,
        /// Its algorithm's label.
        theirs: &'static str,
        /// That of the run.
        ours: &'static str,
    },
}

fn advice(theirs: &str) -> String {
    match theirs {
        "sha1" | "sha256" => format!("run it with --digest {theirs}, or leave this one out"),
        _ => "leave it out".to_owned(),
    }
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// Payloads that a revisit may refer to.
    pub taken: u64,
    /// Those whose digest is by another algorithm than the run's.
    pub other_algorithm: u64,
    /// Index lines and log lines that cannot be read.
    pub unreadable: u64,
}

/// Gives each response of an archive to `take`, with its payload's digest as `WARC-Payload-Digest` has it here: whole responses
/// to http(s) URLs, with a payload that is not empty, in files that are closed. `path` is a collection directory, a directory of
/// WARCs, a WACZ, a CDXJ file or a WARC. An index tells neither ids nor milliseconds, nor whether a response came whole.
///
/// # Errors
/// [`Error`], what the file system says, and what `take` gives.
pub fn offer(
    path: &Path,
    digest: DigestForm,
    take: &mut dyn FnMut(&str, Referent) -> Result<(), RunError>,
) -> Result<Offered, RunError> {
    let wanted = match digest {
        DigestForm::Sha256 => Algorithm::Sha256,
        DigestForm::Sha1 => Algorithm::Sha1,
    };
    let empty = Hasher::new(wanted).finish();
    let mut offering = Offering { wanted, empty, take, offered: Offered::default(), theirs: BTreeMap::new() };
    offering.path(path)?;
    let Offering { offered, theirs, .. } = offering;
    match theirs.into_iter().max_by_key(|(_, count)| *count) {
        Some((theirs, _)) if offered.taken == 0 => {
            Err(Error::OtherDigest { path: path.to_owned(), theirs, ours: wanted.label() }.into())
        }
        _ => Ok(offered),
    }
}

/// Whether there is any use in [`offer`], as far as it can be told without reading all: before a run is begun that would end
/// at once.
///
/// # Errors
/// As [`offer`].
pub fn fits(path: &Path, digest: DigestForm) -> Result<(), RunError> {
    let mut found = false;
    let first = offer(path, digest, &mut |_, _| {
        found = true;
        // One is enough.
        Err(RunError::at(path)(std::io::ErrorKind::Interrupted.into()))
    });
    if found { Ok(()) } else { first.map(drop) }
}

struct Offering<'a> {
    wanted: Algorithm,
    /// The digest of nothing.
    empty: Digest,
    take: &'a mut dyn FnMut(&str, Referent) -> Result<(), RunError>,
    offered: Offered,
    /// How many digests are by which other algorithm.
    theirs: BTreeMap<&'static str, u64>,
}

impl Offering<'_> {
    fn path(&mut self, path: &Path) -> Result<(), RunError> {
        if path.is_dir() {
            return self.directory(path);
        }
        let name = path.to_string_lossy();
        let mut head = Vec::new();
        let file = File::open(path).map_err(RunError::at(path))?;
        file.take(ENOUGH).read_to_end(&mut head).map_err(RunError::at(path))?;
        let open = || File::open(path).map_err(RunError::at(path));
        match Kind::of(&name, &head) {
            _ if layout::is_index(&format!("indexes/{}", file_name(path))) => {
                self.index(path, Box::new(open()?))
            }
            Kind::Wacz => self.package(&Package::open(path).map_err(RunError::at(path))?, path),
            Kind::Warc if !name.ends_with(OPEN) => self.warc(path, Source::Seek(Box::new(open()?))),
            _ => Err(Error::Unfit(path.to_owned()).into()),
        }
    }

    /// A collection, or a directory of WARCs.
    fn directory(&mut self, root: &Path) -> Result<(), RunError> {
        let package = Package::directory(root.to_string_lossy(), root).map_err(RunError::at(root))?;
        if package.members().iter().any(|member| layout::is_warc(&member.path)) {
            return self.package(&package, root);
        }
        let is_warc = |path: &&String| !path.contains('/') && Kind::by_name(path) == Some(Kind::Warc);
        let mut paths: Vec<&String> = package.members().iter().map(|m| &m.path).filter(is_warc).collect();
        paths.sort();
        if paths.is_empty() {
            return Err(Error::Unfit(root.to_owned()).into());
        }
        for path in paths.into_iter().map(|path| root.join(path)) {
            let file = File::open(&path).map_err(RunError::at(&path))?;
            self.warc(&path, Source::Seek(Box::new(file)))?;
        }
        Ok(())
    }

    fn package(&mut self, package: &Package, path: &Path) -> Result<(), RunError> {
        let at = |member: &str| PathBuf::from(package.member_name(member));
        if package.contains(layout::MANIFEST) && !package.is_unfinished() {
            let log = package.read(layout::MANIFEST).map_err(RunError::at(&at(layout::MANIFEST)))?;
            return self.log(&at(layout::MANIFEST), log);
        }
        let warcs = package.warcs();
        let closed: Vec<_> = warcs.into_iter().filter(|member| !member.path.ends_with(OPEN)).collect();
        if closed.is_empty() {
            return Err(Error::Unfit(path.to_owned()).into());
        }
        for member in closed {
            let warc = package.read(&member.path).map_err(RunError::at(&at(&member.path)))?;
            self.warc(&at(&member.path), Source::Stream(warc))?;
        }
        Ok(())
    }

    fn log(&mut self, path: &Path, log: Box<dyn Read + Send>) -> Result<(), RunError> {
        let mut lines = Lines::new(log);
        while let Some(line) = lines.next_line().map_err(RunError::at(path))? {
            match line.entry.map(|entry| entry.body) {
                Ok(Body::Record(record)) => self.record(*record)?,
                Ok(_) => {}
                Err(_) => self.offered.unreadable += 1,
            }
        }
        Ok(())
    }

    fn record(&mut self, record: Record) -> Result<(), RunError> {
        let is_whole = record.http.as_ref().is_some_and(|http| http.truncated.is_none());
        if record.warc.record_type != "response" || !is_whole {
            return Ok(());
        }
        let (Some(digest), Some(uri)) = (record.bytes.payload, record.warc.target_uri) else { return Ok(()) };
        self.offer(&digest, Referent { id: Some(record.warc.id), uri, date: record.warc.date })
    }

    fn warc(&mut self, path: &Path, source: Source) -> Result<(), RunError> {
        let mut reader = Reader::new(source, Limits::default()).map_err(RunError::at(path))?;
        while let Some(record) = reader.next_record().map_err(RunError::at(path))? {
            let referent = referent(&record.head);
            let extent = record.finish().map_err(RunError::at(path))?;
            if let Some((digest, referent)) = referent.filter(|_| extent.complete) {
                self.offer(&digest, referent)?;
            }
        }
        Ok(())
    }

    fn index(&mut self, path: &Path, index: Box<dyn Read>) -> Result<(), RunError> {
        let is_packed = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"));
        let index = if is_packed { Box::new(MultiGzDecoder::new(index)) } else { index };
        for line in cdxj::Lines::new(BufReader::new(index)) {
            match line.map_err(RunError::at(path))?.entry {
                Some(entry) => self.entry(entry)?,
                None => self.offered.unreadable += 1,
            }
        }
        Ok(())
    }

    /// Lines of requests with a body share URLs that are none of a record.
    fn entry(&mut self, entry: cdxj::Entry) -> Result<(), RunError> {
        let is_revisit = entry.mime.as_deref() == Some("warc/revisit");
        if is_revisit || entry.method.is_some_and(|method| method != "GET") || entry.request_body.is_some() {
            return Ok(());
        }
        let (Some(digest), Some(date)) = (entry.digest, w3c_date(&entry.timestamp)) else { return Ok(()) };
        // Older indexes leave the label out.
        let digest = if digest.len() == 32 { format!("sha1:{digest}") } else { digest };
        self.offer(&digest, Referent { id: None, uri: entry.url, date })
    }

    fn offer(&mut self, digest: &str, referent: Referent) -> Result<(), RunError> {
        let Ok(digest) = Digest::parse(digest) else { return Ok(()) };
        if digest.algorithm() != self.wanted {
            self.offered.other_algorithm += 1;
            *self.theirs.entry(digest.algorithm().label()).or_default() += 1;
            return Ok(());
        }
        if digest == self.empty || !can_be_named(&referent) {
            return Ok(());
        }
        self.offered.taken += 1;
        (self.take)(&digest.to_string(), referent)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What a record's head says, if it is a whole response.
fn referent(head: &Head) -> Option<(String, Referent)> {
    let is_part =
        ["WARC-Truncated", "WARC-Segment-Number"].iter().any(|field| head.fields.get(field).is_some());
    let is_response = head.record_type() == RecordType::Response && head.holds_http();
    let digest = head.fields.get("WARC-Payload-Digest").filter(|_| is_response && !is_part)?;
    let referent = Referent {
        id: head.id().map(str::to_owned),
        uri: bare_uri(head.target_uri()?).to_owned(),
        date: head.date()?.to_owned(),
    };
    Some((digest.to_owned(), referent))
}

/// A field of another's archive becomes one of ours only as one plain word.
fn can_be_named(referent: &Referent) -> bool {
    let Referent { id, uri, date } = referent;
    let is_plain = |text: &str| {
        !text.is_empty()
            && text.len() <= LONGEST
            && !text
                .chars()
                .any(|char| char.is_control() || char.is_whitespace() || matches!(char, '<' | '>'))
    };
    let is_http = ["http://", "https://"].iter().any(|scheme| uri.starts_with(scheme));
    is_http && is_plain(uri) && is_plain(date) && id.as_deref().is_none_or(is_plain)
}

/// 14 or 17 digits as a WARC-Date.
fn w3c_date(timestamp: &str) -> Option<String> {
    if !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| timestamp.get(range);
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute, second) = (part(8..10)?, part(10..12)?, part(12..14)?);
    let fraction = match timestamp.len() {
        14 => String::new(),
        17 => format!(".{}", part(14..17)?),
        _ => return None,
    };
    Some(format!("{year}-{month}-{day}T{hour}:{minute}:{second}{fraction}Z"))
}
