//! Local headers: do they agree with the central directory, and do they and the data fill the file?

use std::io::{self, SeekFrom};

use super::{DESCRIPTOR, Entry, Structure, le, read_bytes, unaccounted, widen};
use crate::finding::{Finding, rules};
use crate::input::section::ReadSeek;

pub(super) const LOCAL: u32 = 0x0403_4b50;
pub(super) const DESCRIPTOR_SIGNATURE: u32 = 0x0807_4b50;
pub(super) const LOCAL_LENGTH: u64 = 30;

/// Reads every local header in the order of the file, places each entry's data, and reports what differs and
/// what is left over.
pub(super) fn check(zip: &mut Structure, input: &mut dyn ReadSeek) -> io::Result<()> {
    let mut order: Vec<usize> = (0..zip.entries.len()).collect();
    order.sort_by_key(|i| zip.entries.get(*i).map(|entry| entry.header_at));
    let starts: Vec<u64> = order.iter().filter_map(|i| zip.entries.get(*i)).map(|e| e.header_at).collect();
    let nexts = starts.iter().skip(1).copied().chain([zip.directory_at]);

    let mut cursor = 0;
    for (index, next) in order.into_iter().zip(nexts) {
        let Some(entry) = zip.entries.get_mut(index) else { continue };
        let start = entry.header_at;
        let stop = read_local(entry, input, zip.directory_at, next, &mut zip.findings)?;
        if start < cursor {
            let message = format!("{} shares bytes with the entry before it.", entry.name);
            zip.findings.push(Finding::new(&rules::ZIP_OVERLAP, message).at(start));
        } else if start > cursor {
            zip.findings.push(unaccounted(cursor, start));
        }
        cursor = cursor.max(stop);
    }
    if cursor < zip.directory_at {
        zip.findings.push(unaccounted(cursor, zip.directory_at));
    }
    Ok(())
}

/// Gives where the entry stops: after its data and its descriptor, or at its start where it cannot be read.
fn read_local(
    entry: &mut Entry,
    input: &mut dyn ReadSeek,
    limit: u64,
    next: u64,
    findings: &mut Vec<Finding>,
) -> io::Result<u64> {
    let at = entry.header_at;
    let mut wrong = |message: String| findings.push(Finding::new(&rules::ZIP_HEADERS, message).at(at));
    input.seek(SeekFrom::Start(at.min(limit)))?;
    let fixed = read_bytes(input, LOCAL_LENGTH as usize)?.unwrap_or_default();
    if le(&fixed, 0, 4) != u64::from(LOCAL) {
        wrong(format!("There is no local header for {}.", entry.name));
        return Ok(at);
    }
    let (name_length, extra_length) = (le(&fixed, 26, 2), le(&fixed, 28, 2));
    let name = read_bytes(input, name_length as usize)?.unwrap_or_default();
    let extra = read_bytes(input, extra_length as usize)?.unwrap_or_default();
    differences(entry, &fixed, &name, &extra).into_iter().for_each(&mut wrong);

    let data_at = at + LOCAL_LENGTH + name_length + extra_length;
    let Some(stop) = data_at.checked_add(entry.stored).filter(|stop| *stop <= limit) else {
        wrong(format!("The data of {} would run into the central directory.", entry.name));
        return Ok(data_at.min(limit));
    };
    entry.data_at = Some(data_at);
    if entry.flags & DESCRIPTOR == 0 {
        return Ok(stop);
    }
    match descriptor_length(entry, input, stop, next.saturating_sub(stop))? {
        Some(length) => Ok(stop + length),
        None => {
            wrong(format!("The data descriptor of {} is missing or differs.", entry.name));
            Ok(stop)
        }
    }
}

/// In what the local header contradicts the central directory.
fn differences(entry: &Entry, fixed: &[u8], name: &[u8], extra: &[u8]) -> Vec<String> {
    let (mut stored, mut size) = (le(fixed, 18, 4), le(fixed, 22, 4));
    let wide = widen([&mut size, &mut stored], extra);
    let described_later = entry.flags & DESCRIPTOR != 0;
    let agrees = |local: u64, central: u64| local == central || described_later && local == 0;
    let checks = [
        ("name", String::from_utf8_lossy(name) == entry.name),
        ("flags", le(fixed, 6, 2) == u64::from(entry.flags)),
        ("method", le(fixed, 8, 2) == u64::from(entry.method)),
        ("time", le(fixed, 10, 4) == u64::from(entry.modified)),
        ("CRC", agrees(le(fixed, 14, 4), entry.crc32.into())),
        ("size", wide && agrees(size, entry.size) && agrees(stored, entry.stored)),
    ];
    let different = checks.into_iter().filter(|(_, same)| !same);
    let sentence =
        |what| format!("Local header and central directory disagree on the {what} of {}.", entry.name);
    different.map(|(what, _)| sentence(what)).collect()
}

/// Length of the data descriptor at `at`, where one of its four forms is there and tells the truth.
fn descriptor_length(entry: &Entry, input: &mut dyn ReadSeek, at: u64, room: u64) -> io::Result<Option<u64>> {
    input.seek(SeekFrom::Start(at))?;
    let bytes = read_bytes(input, room.min(24) as usize)?.unwrap_or_default();
    let forms = [(4, 8), (4, 4), (0, 8), (0, 4)];
    let fits = |&(signature, width): &(usize, usize)| {
        bytes.len() >= signature + 4 + 2 * width
            && (signature == 0 || le(&bytes, 0, 4) == u64::from(DESCRIPTOR_SIGNATURE))
            && le(&bytes, signature, 4) == u64::from(entry.crc32)
            && le(&bytes, signature + 4, width) == entry.stored
            && le(&bytes, signature + 4 + width, width) == entry.size
    };
    Ok(forms.iter().find(|form| fits(form)).map(|(signature, width)| (signature + 4 + 2 * width) as u64))
}
