//! A strict reader of ZIP structure, for archives that somebody may have meddled with.
//!
//! Most readers believe the central directory and never look at the rest, so that two readers can see two
//! different archives in one file. This one reads both sets of headers, compares them, and accounts for every
//! byte: it belongs to an entry, to a header, or to a finding. It lists and opens entries; the CRC of an
//! entry is checked by whoever streams it. Counts in the file are never trusted for allocation.

mod end;
mod local;
mod salvage;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io::{self, BufReader, Read, SeekFrom};

use self::end::End;
pub use self::salvage::entries;
use super::section::{ReadSeek, Section, Shared};
use crate::finding::{Finding, rules};

/// Stored, not compressed.
pub const STORED: u16 = 0;
/// Raw deflate.
pub const DEFLATED: u16 = 8;

/// Most entries that are read; the rest is one finding.
const MOST_ENTRIES: usize = 1 << 20;
/// Most bytes of central directory that are read.
const LARGEST_DIRECTORY: u64 = 256 << 20;

const CENTRAL: u32 = 0x0201_4b50;
const ENCRYPTED: u16 = 1 << 0;
const DESCRIPTOR: u16 = 1 << 3;

/// One entry, as the central directory describes it and its local header places it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path, `/` between its parts; bytes that are not UTF-8 replaced (and found).
    pub name: String,
    /// [`STORED`], [`DEFLATED`] or a method that cannot be read.
    pub method: u16,
    /// General purpose flags.
    pub flags: u16,
    /// DOS time and date, date in the upper half.
    pub modified: u32,
    /// CRC-32 of the content.
    pub crc32: u32,
    /// Bytes of content.
    pub size: u64,
    /// Bytes that it takes in the file.
    pub stored: u64,
    /// Where its local header starts.
    pub header_at: u64,
    /// Where its data start; `None` where the local header is not there or its data would run out of the file.
    pub data_at: Option<u64>,
}

impl Entry {
    /// True for the entry of a directory, which holds nothing.
    pub fn is_directory(&self) -> bool {
        self.name.ends_with('/') && self.size == 0
    }

    /// The content as a file of its own, where it is stored and can be reached.
    pub fn section(&self, file: &Shared) -> Option<Section> {
        let plain = self.method == STORED && self.flags & ENCRYPTED == 0 && self.stored == self.size;
        plain.then_some(self.data_at).flatten().map(|at| file.section(at, self.size))
    }

    /// The content as a stream. Errors of kind `InvalidData` where it is not what the headers say; the CRC is
    /// left to the caller.
    pub fn open(&self, file: &Shared) -> io::Result<Box<dyn Read + Send>> {
        if let Some(section) = self.section(file) {
            return Ok(Box::new(section));
        }
        match self.data_at {
            Some(at) if self.method == DEFLATED && self.flags & ENCRYPTED == 0 => {
                Ok(Box::new(Inflate::new(file.section(at, self.stored), self.stored, self.size)))
            }
            _ => Err(damaged(format!("the ZIP entry {} cannot be read", self.name))),
        }
    }
}

/// What a ZIP file says that it holds, and what is wrong with how it says so.
#[derive(Clone, Debug, Default)]
pub struct Structure {
    /// Entries in the order of the central directory, duplicates included.
    pub entries: Vec<Entry>,
    /// Everything odd, each with the offset of its cause in the file.
    pub findings: Vec<Finding>,
    /// Where the central directory starts.
    pub directory_at: u64,
}

/// Reads the structure. Fails only where the file cannot be read.
pub fn read(file: &Shared) -> io::Result<Structure> {
    let mut input = file.whole();
    let mut zip = Structure::default();
    let Some(end) = end::find(&mut input, file.length(), &mut zip.findings)? else {
        return Ok(zip);
    };
    zip.directory_at = end.directory_at;
    zip.read_directory(&mut input, &end)?;
    zip.check_names();
    local::check(&mut zip, &mut input)?;
    zip.place_inside(file.length());
    Ok(zip)
}

impl Structure {
    /// True where the central directory does not tell of all entries.
    pub fn lost_entries(&self) -> bool {
        let lost = [rules::ZIP_DIRECTORY.code, rules::ZIP_LIMIT.code];
        self.findings.iter().any(|finding| lost.contains(&finding.code))
    }

    fn read_directory(&mut self, input: &mut dyn ReadSeek, end: &End) -> io::Result<()> {
        let Some(stop) = end.directory_at.checked_add(end.directory_length).filter(|stop| *stop <= end.at)
        else {
            self.unreadable(end.at, "The central directory would run into the end record.");
            return Ok(());
        };
        if stop < end.at {
            self.unaccounted(stop, end.at);
        }
        input.seek(SeekFrom::Start(end.directory_at))?;
        let length = end.directory_length.min(LARGEST_DIRECTORY);
        let mut directory = Counted { input: BufReader::new(input.take(length)), at: end.directory_at };
        while directory.at < stop {
            if self.entries.len() >= MOST_ENTRIES || directory.at >= end.directory_at + LARGEST_DIRECTORY {
                let message = "The central directory is larger than fonds reads; the rest was not looked at.";
                self.findings.push(Finding::new(&rules::ZIP_LIMIT, message).at(directory.at));
                return Ok(());
            }
            let at = directory.at;
            let Some(entry) = self.read_central(&mut directory)? else {
                self.unreadable(at, "The central directory is cut or garbled here.");
                return Ok(());
            };
            self.entries.push(entry);
        }
        if self.entries.len() as u64 != end.entries {
            let message =
                format!("The end record counts {} entries; there are {}.", end.entries, self.entries.len());
            self.findings.push(Finding::new(&rules::ZIP_HEADERS, message).at(end.at));
        }
        Ok(())
    }

    /// One header of the central directory; `None` where there is none.
    fn read_central(&mut self, directory: &mut Counted<impl Read>) -> io::Result<Option<Entry>> {
        let start = directory.at;
        let Some(fixed) = directory.bytes(46)? else { return Ok(None) };
        if le(&fixed, 0, 4) != u64::from(CENTRAL) {
            return Ok(None);
        }
        let lengths = [28, 30, 32].map(|at| le(&fixed, at, 2) as usize);
        let [Some(name), Some(extra), Some(comment)] = lengths.map(|n| directory.bytes(n).transpose()) else {
            return Ok(None);
        };
        let (name, extra, comment) = (name?, extra?, comment?);
        let mut entry = Entry {
            name: String::from_utf8_lossy(&name).into_owned(),
            flags: le(&fixed, 8, 2) as u16,
            method: le(&fixed, 10, 2) as u16,
            modified: le(&fixed, 12, 4) as u32,
            crc32: le(&fixed, 16, 4) as u32,
            stored: le(&fixed, 20, 4),
            size: le(&fixed, 24, 4),
            header_at: le(&fixed, 42, 4),
            data_at: None,
        };
        let wide = [&mut entry.size, &mut entry.stored, &mut entry.header_at];
        if !widen(wide, &extra) {
            self.mismatch(start, format!("The ZIP64 field of {} is missing or short.", entry.name));
        }
        if std::str::from_utf8(&name).is_err() {
            let message = format!("The entry name {} is not UTF-8.", entry.name);
            self.findings.push(Finding::new(&rules::ENTRY_NAME, message).at(start));
        }
        if !comment.is_empty() {
            self.findings.push(Finding::new(&rules::ZIP_COMMENT, "The entry has a comment.").at(start));
        }
        if !is_plain(le(&fixed, 5, 1), le(&fixed, 40, 2)) {
            let message = format!("The entry {} is a link or a device.", entry.name);
            self.findings.push(Finding::new(&rules::ENTRY_KIND, message).at(start));
        }
        if le(&fixed, 34, 2) != 0 {
            self.mismatch(start, format!("The entry {} is on another disk.", entry.name));
        }
        Ok(Some(entry))
    }

    fn check_names(&mut self) {
        let mut seen = HashSet::new();
        for entry in &self.entries {
            let finding = |rule, message: String| Finding::new(rule, message).at(entry.header_at);
            if let Some(problem) = name_problem(&entry.name) {
                let message = format!("The entry name {:?} {problem}.", entry.name);
                self.findings.push(finding(&rules::ENTRY_NAME, message));
            }
            if !seen.insert(entry.name.as_str()) {
                let message =
                    format!("The ZIP holds {} more than once; readers disagree on which counts.", entry.name);
                self.findings.push(finding(&rules::ZIP_DUPLICATE, message));
            }
            if entry.flags & ENCRYPTED != 0 {
                self.findings.push(finding(&rules::ZIP_METHOD, format!("{} is encrypted.", entry.name)));
            } else if !matches!(entry.method, STORED | DEFLATED) {
                let message = format!(
                    "{} is compressed by method {}, which WACZ does not know.",
                    entry.name, entry.method
                );
                self.findings.push(finding(&rules::ZIP_METHOD, message));
            }
        }
    }

    /// Where the directory names a place that is not there, the directory is the place.
    fn place_inside(&mut self, length: u64) {
        let directory_at = self.directory_at.min(length);
        let outside = |offset: &&mut u64| **offset > length;
        self.findings
            .iter_mut()
            .filter_map(|f| f.offset.as_mut())
            .filter(outside)
            .for_each(|o| *o = directory_at);
    }

    fn mismatch(&mut self, at: u64, message: String) {
        self.findings.push(Finding::new(&rules::ZIP_HEADERS, message).at(at));
    }

    fn unreadable(&mut self, at: u64, message: &str) {
        self.findings.push(Finding::new(&rules::ZIP_DIRECTORY, message).at(at));
    }

    fn unaccounted(&mut self, from: u64, to: u64) {
        self.findings.push(unaccounted(from, to));
    }
}

fn unaccounted(from: u64, to: u64) -> Finding {
    let message = format!("{} bytes belong to no entry and no header of the ZIP.", to.saturating_sub(from));
    Finding::new(&rules::ZIP_BYTES, message).at(from)
}

/// True for a file or a directory, as the system that packed it says in the upper half of the attributes.
fn is_plain(system: u64, mode: u64) -> bool {
    const UNIX: u64 = 3;
    const DARWIN: u64 = 19;
    !matches!(system, UNIX | DARWIN) || matches!(mode & 0o170_000, 0 | 0o100_000 | 0o040_000)
}

/// What makes a path unsafe to unpack or to look up, as the end of a sentence.
pub fn name_problem(name: &str) -> Option<&'static str> {
    let drive = matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    let parts = name.strip_suffix('/').unwrap_or(name).split('/');
    if name.is_empty() {
        Some("is empty")
    } else if name.chars().any(char::is_control) {
        Some("holds a control character")
    } else if name.contains('\\') {
        Some("holds a backslash, which some systems take for a separator")
    } else if name.starts_with('/') || drive {
        Some("is absolute")
    } else if parts.clone().any(|part| part == "..") {
        Some("leads out of the archive")
    } else if parts.clone().any(|part| part.is_empty() || part == ".") {
        Some("has an empty part")
    } else {
        None
    }
}

/// Replaces values that did not fit into 32 bits by those of the ZIP64 extra field, in order.
fn widen<const N: usize>(values: [&mut u64; N], extra: &[u8]) -> bool {
    let mut field = zip64_field(extra).unwrap_or_default();
    for value in values {
        if *value == u64::from(u32::MAX) {
            let Some((wide, rest)) = field.split_at_checked(8) else { return false };
            *value = le(wide, 0, 8);
            field = rest;
        }
    }
    true
}

fn zip64_field(mut extra: &[u8]) -> Option<&[u8]> {
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let (field, after) = rest.split_at_checked(le(head, 2, 2) as usize)?;
        if le(head, 0, 2) == 1 {
            return Some(field);
        }
        extra = after;
    }
    None
}

/// `length` bytes at `at`, little-endian; what is not there counts as zero (lengths are checked before).
fn le(bytes: &[u8], at: usize, length: usize) -> u64 {
    let field = bytes.get(at..).unwrap_or_default().iter().take(length);
    field.rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn damaged(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Reads `length` bytes, or `None` where the input ends before.
fn read_bytes(input: &mut (impl Read + ?Sized), length: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = input.take(length as u64).read_to_end(&mut bytes)?;
    Ok((read == length).then_some(bytes))
}

/// A reader that knows where in the file it is.
struct Counted<R> {
    input: R,
    at: u64,
}

impl<R: Read> Counted<R> {
    fn bytes(&mut self, length: usize) -> io::Result<Option<Vec<u8>>> {
        let bytes = read_bytes(&mut self.input, length)?;
        self.at += bytes.as_ref().map_or(0, |b| b.len() as u64);
        Ok(bytes)
    }
}

/// Deflated content that must be exactly as long as the headers say, before and after.
struct Inflate {
    decoder: flate2::read::DeflateDecoder<Section>,
    stored: u64,
    left: u64,
}

impl Inflate {
    fn new(section: Section, stored: u64, size: u64) -> Self {
        Self { decoder: flate2::read::DeflateDecoder::new(section), stored, left: size }
    }
}

impl Read for Inflate {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read =
            self.decoder.read(buffer).map_err(|e| damaged(format!("the deflated entry is damaged: {e}")))?;
        let Some(left) = self.left.checked_sub(read as u64) else {
            return Err(damaged("the deflated entry is longer than its header says".into()));
        };
        self.left = left;
        if read == 0 && !buffer.is_empty() {
            if left > 0 {
                return Err(damaged("the deflated entry is shorter than its header says".into()));
            }
            if self.decoder.total_in() != self.stored {
                return Err(damaged("the deflated entry is followed by bytes that are no part of it".into()));
            }
        }
        Ok(read)
    }
}
