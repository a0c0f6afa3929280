//! Entries by their local headers alone, for a ZIP whose central directory is lost.

use std::collections::HashSet;
use std::io::{self, Read, SeekFrom};

use super::local::{DESCRIPTOR_SIGNATURE, LOCAL, LOCAL_LENGTH};
use super::{DEFLATED, DESCRIPTOR, ENCRYPTED, Entry, MOST_ENTRIES, STORED, Structure};
use super::{le, name_problem, read_bytes, widen};
use crate::input::section::{ReadSeek, Shared};

/// Bytes looked through at once for a signature: few at first, for mostly it is near.
const STEPS: [usize; 2] = [64, 256 * 1024];
/// Bytes of a name; what only looks like a header must not cost much.
const LONGEST_NAME: u64 = 4096;

/// The entries of `zip`, and where its central directory is lost or holds too much, those that only a local header tells
/// of; the data of one that the file's end cuts go up to there. Whoever reads them must say what the structure's findings
/// say: another reader may see another archive.
pub fn entries(zip: Structure, file: &Shared) -> io::Result<Vec<Entry>> {
    let lost = zip.lost_entries();
    let mut entries = zip.entries;
    if lost {
        let mut known: HashSet<String> = entries.iter().map(|entry| entry.name.clone()).collect();
        let found = walk(&mut file.whole(), file.length())?;
        entries.extend(found.into_iter().filter(|entry| known.insert(entry.name.clone())));
    }
    Ok(entries)
}

fn walk(input: &mut dyn ReadSeek, length: u64) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut at = 0;
    while entries.len() < MOST_ENTRIES
        && let Some(found) = find(input, at, LOCAL)?
    {
        at = match read_entry(input, found, length)? {
            Some(entry) => {
                let stop = entry.data_at.map_or(found, |at| at + entry.stored).max(found + LOCAL_LENGTH);
                entries.push(entry);
                stop
            }
            None => found + 4,
        };
    }
    Ok(entries)
}

/// Where a signature stands, at `from` or behind it.
fn find(input: &mut dyn ReadSeek, mut from: u64, signature: u32) -> io::Result<Option<u64>> {
    let signature = signature.to_le_bytes();
    let [mut step, largest] = STEPS;
    loop {
        input.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        input.take(step as u64).read_to_end(&mut bytes)?;
        if let Some(at) = memchr::memmem::find(&bytes, &signature) {
            return Ok(Some(from + at as u64));
        }
        if bytes.len() < step {
            return Ok(None);
        }
        from += (step - signature.len() + 1) as u64;
        step = (step * 4).min(largest);
    }
}

/// The entry whose local header is at `at`; `None` where that is only like one.
fn read_entry(input: &mut dyn ReadSeek, at: u64, length: u64) -> io::Result<Option<Entry>> {
    input.seek(SeekFrom::Start(at))?;
    let Some(fixed) = read_bytes(input, LOCAL_LENGTH as usize)? else { return Ok(None) };
    let (name_length, extra_length) = (le(&fixed, 26, 2), le(&fixed, 28, 2));
    let known =
        matches!(le(&fixed, 8, 2) as u16, STORED | DEFLATED) && le(&fixed, 6, 2) as u16 & ENCRYPTED == 0;
    if !known || name_length > LONGEST_NAME {
        return Ok(None);
    }
    let Some(name) = read_bytes(input, name_length as usize)? else { return Ok(None) };
    let name = String::from_utf8_lossy(&name).into_owned();
    if name_problem(&name).is_some() {
        return Ok(None);
    }
    let Some(extra) = read_bytes(input, extra_length as usize)? else { return Ok(None) };
    let mut entry = Entry {
        name,
        flags: le(&fixed, 6, 2) as u16,
        method: le(&fixed, 8, 2) as u16,
        modified: le(&fixed, 10, 4) as u32,
        crc32: le(&fixed, 14, 4) as u32,
        stored: le(&fixed, 18, 4),
        size: le(&fixed, 22, 4),
        header_at: at,
        data_at: None,
    };
    let wide = widen([&mut entry.size, &mut entry.stored], &extra);
    if !wide {
        return Ok(None);
    }
    let data_at = at + LOCAL_LENGTH + name_length + extra_length;
    let room = length.saturating_sub(data_at);
    if entry.flags & DESCRIPTOR != 0 && entry.stored == 0 {
        (entry.stored, entry.size) = described(input, data_at)?.unwrap_or((room, room));
    }
    if entry.stored > room {
        entry.stored = room;
    }
    if entry.method == STORED {
        entry.size = entry.stored;
    }
    entry.data_at = Some(data_at);
    Ok(Some(entry))
}

/// Stored and real size by the data descriptor behind the data: the first that tells where it stands.
fn described(input: &mut dyn ReadSeek, data_at: u64) -> io::Result<Option<(u64, u64)>> {
    let mut from = data_at;
    while let Some(at) = find(input, from, DESCRIPTOR_SIGNATURE)? {
        input.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        input.take(24).read_to_end(&mut bytes)?;
        for width in [8, 4] {
            if le(&bytes, 8, width) == at - data_at && bytes.len() >= 8 + 2 * width {
                return Ok(Some((at - data_at, le(&bytes, 8 + width, width))));
            }
        }
        from = at + 4;
    }
    Ok(None)
}
