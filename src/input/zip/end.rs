//! The end of a ZIP: the end record, and before it the ZIP64 record and its locator where there are any.

use std::io::{self, SeekFrom};

use super::{le, read_bytes, unaccounted};
use crate::finding::{Finding, rules};
use crate::input::section::ReadSeek;

const END: u32 = 0x0605_4b50;
const END64: u32 = 0x0606_4b50;
const LOCATOR64: u32 = 0x0706_4b50;
const END_LENGTH: usize = 22;
const LOCATOR64_LENGTH: u64 = 20;

/// Where the central directory is, as the end records say.
#[derive(Debug)]
pub(super) struct End {
    /// Where the end records start: the directory must stop there.
    pub(super) at: u64,
    pub(super) directory_at: u64,
    pub(super) directory_length: u64,
    pub(super) entries: u64,
}

/// Finds the end records. `None`, with a finding, where there are none.
pub(super) fn find(
    input: &mut dyn ReadSeek,
    length: u64,
    findings: &mut Vec<Finding>,
) -> io::Result<Option<End>> {
    let tail_length = length.min((END_LENGTH + usize::from(u16::MAX)) as u64);
    input.seek(SeekFrom::Start(length - tail_length))?;
    let tail = read_bytes(input, tail_length as usize)?.unwrap_or_default();
    let Some((offset, record)) = end_record(&tail) else {
        let message = "There is no end record: the file is cut, or it is no ZIP.";
        findings.push(Finding::new(&rules::ZIP_DIRECTORY, message).at(length));
        return Ok(None);
    };
    let at = length - tail_length + offset as u64;
    check_comment(record, at, length, findings);

    let mut end = End {
        at,
        entries: le(record, 10, 2),
        directory_length: le(record, 12, 4),
        directory_at: le(record, 16, 4),
    };
    let narrow = [le(record, 4, 2), le(record, 6, 2), le(record, 8, 2)];
    let split = match widen(input, &mut end, findings)? {
        true => narrow.iter().take(2).any(|disk| !matches!(*disk, 0 | 0xffff)),
        false => narrow != [0, 0, end.entries],
    };
    if split {
        let message = "The end record speaks of several disks, or of two counts of entries.";
        findings.push(Finding::new(&rules::ZIP_HEADERS, message).at(at));
    }
    Ok(Some(end))
}

/// The last end record, one whose comment ends the file before any other.
fn end_record(tail: &[u8]) -> Option<(usize, &[u8])> {
    let signature = END.to_le_bytes();
    let records = || {
        let starts = memchr::memmem::rfind_iter(tail, &signature);
        starts.filter_map(|at| Some((at, tail.get(at..)?))).filter(|(_, record)| record.len() >= END_LENGTH)
    };
    let whole = |record: &[u8]| record.len() == END_LENGTH + le(record, 20, 2) as usize;
    records().find(|(_, record)| whole(record)).or_else(|| records().next())
}

fn check_comment(record: &[u8], at: u64, length: u64, findings: &mut Vec<Finding>) {
    let comment = le(record, 20, 2);
    let stop = at + END_LENGTH as u64 + comment;
    if comment > 0 {
        findings.push(Finding::new(&rules::ZIP_COMMENT, "The ZIP has a comment.").at(at));
    }
    if stop > length {
        findings.push(Finding::new(&rules::ZIP_DIRECTORY, "The ZIP's comment is cut.").at(at));
    } else if stop < length {
        findings.push(unaccounted(stop, length));
    }
}

/// Takes the values of the ZIP64 record where there is one; true if so.
fn widen(input: &mut dyn ReadSeek, end: &mut End, findings: &mut Vec<Finding>) -> io::Result<bool> {
    let needed = end.entries == 0xffff
        || end.directory_at == u64::from(u32::MAX)
        || end.directory_length == u64::from(u32::MAX);
    let mut wrong = |at: u64, message: &str| {
        findings.push(Finding::new(&rules::ZIP_HEADERS, message).at(at));
        Ok(false)
    };
    let Some(locator_at) = end.at.checked_sub(LOCATOR64_LENGTH) else { return Ok(false) };
    input.seek(SeekFrom::Start(locator_at))?;
    let locator = read_bytes(input, LOCATOR64_LENGTH as usize)?.unwrap_or_default();
    if le(&locator, 0, 4) != u64::from(LOCATOR64) {
        // Exactly 65535 entries in a plain ZIP are possible, values of 4 GiB less one are not.
        return if needed && end.entries != 0xffff {
            wrong(end.at, "The ZIP64 locator is missing.")
        } else {
            Ok(false)
        };
    }
    let record_at = le(&locator, 8, 8);
    input.seek(SeekFrom::Start(record_at.min(locator_at)))?;
    let record = read_bytes(input, 56)?.unwrap_or_default();
    let stop = record_at.checked_add(12).and_then(|at| at.checked_add(le(&record, 4, 8)));
    if le(&record, 0, 4) != u64::from(END64) || stop != Some(locator_at) {
        return wrong(locator_at, "The ZIP64 locator does not lead to the ZIP64 record before it.");
    }
    let wide = End {
        at: record_at,
        entries: le(&record, 32, 8),
        directory_length: le(&record, 40, 8),
        directory_at: le(&record, 48, 8),
    };
    let agree = |narrow: u64, wide: u64, limit: u64| narrow == wide || narrow == limit;
    let same = agree(end.entries, wide.entries, 0xffff)
        && agree(end.directory_length, wide.directory_length, u32::MAX.into())
        && agree(end.directory_at, wide.directory_at, u32::MAX.into())
        && (le(&record, 16, 8), le(&record, 24, 8)) == (0, wide.entries)
        && (le(&locator, 4, 4), le(&locator, 16, 4)) == (0, 1);
    if !same {
        wrong(record_at, "The end record and the ZIP64 record disagree.")?;
    }
    *end = wide;
    Ok(true)
}
