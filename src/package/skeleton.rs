//! The headers of a WACZ as fonds packs it, byte for byte.
//!
//! One writer and one checker share them: what fonds packed can be told from what was changed since, down to
//! the bytes of a header that no other check looks at. They must therefore never change for a given input,
//! which is why they are not left to a library. Everything is stored, nothing has a comment or a descriptor,
//! ZIP64 fields are there where a value needs them and only there (APPNOTE 6.3.10).

/// General purpose flag: the name is UTF-8.
const UTF8: u16 = 1 << 11;
/// Unix, by version 2.0 of the format, or 4.5 where there are ZIP64 fields.
const UNIX: u16 = 3 << 8;
const PLAIN: u16 = 20;
const ZIP64: u16 = 45;
/// A regular file that all may read and its owner may write.
const ATTRIBUTES: u32 = 0o100_644 << 16;
const LIMIT: u64 = u32::MAX as u64;

/// One file of the ZIP.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) crc32: u32,
    /// Where its local header is.
    pub(super) at: u64,
}

impl Item {
    /// What stands before the data.
    pub(super) fn local(&self, modified: u32) -> Vec<u8> {
        let wide = if self.size >= LIMIT { vec![self.size, self.size] } else { vec![] };
        let mut bytes = Vec::new();
        put(&mut bytes, 0x0403_4b50, 4);
        self.common(&mut bytes, modified, &wide);
        bytes.extend_from_slice(self.name.as_bytes());
        put_extra(&mut bytes, &wide);
        bytes
    }

    /// What stands for it in the central directory.
    pub(super) fn central(&self, modified: u32) -> Vec<u8> {
        let mut wide = if self.size >= LIMIT { vec![self.size, self.size] } else { vec![] };
        wide.extend((self.at >= LIMIT).then_some(self.at));
        let mut bytes = Vec::new();
        put(&mut bytes, 0x0201_4b50, 4);
        put(&mut bytes, (UNIX | version(&wide)).into(), 2);
        self.common(&mut bytes, modified, &wide);
        put(&mut bytes, 0, 2 + 2 + 2); // comment, disk, internal attributes
        put(&mut bytes, ATTRIBUTES.into(), 4);
        put(&mut bytes, self.at.min(LIMIT), 4);
        bytes.extend_from_slice(self.name.as_bytes());
        put_extra(&mut bytes, &wide);
        bytes
    }

    fn common(&self, bytes: &mut Vec<u8>, modified: u32, wide: &[u64]) {
        put(bytes, version(wide).into(), 2);
        put(bytes, if self.name.is_ascii() { 0 } else { UTF8.into() }, 2);
        put(bytes, 0, 2); // stored
        put(bytes, modified.into(), 4);
        put(bytes, self.crc32.into(), 4);
        put(bytes, self.size.min(LIMIT), 4);
        put(bytes, self.size.min(LIMIT), 4);
        put(bytes, self.name.len() as u64, 2);
        put(bytes, if wide.is_empty() { 0 } else { 4 + 8 * wide.len() as u64 }, 2);
    }
}

/// The end records of a ZIP with `entries` entries.
pub(super) fn end(entries: u64, directory_at: u64, directory_length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if entries >= 0xffff || directory_at >= LIMIT || directory_length >= LIMIT {
        put(&mut bytes, 0x0606_4b50, 4);
        put(&mut bytes, 44, 8);
        put(&mut bytes, (UNIX | ZIP64).into(), 2);
        put(&mut bytes, ZIP64.into(), 2);
        put(&mut bytes, 0, 8); // disks
        [entries, entries, directory_length, directory_at]
            .iter()
            .for_each(|value| put(&mut bytes, *value, 8));
        put(&mut bytes, 0x0706_4b50, 4);
        put(&mut bytes, 0, 4);
        put(&mut bytes, directory_at + directory_length, 8);
        put(&mut bytes, 1, 4);
    }
    put(&mut bytes, 0x0605_4b50, 4);
    put(&mut bytes, 0, 4); // disks
    put(&mut bytes, entries.min(0xffff), 2);
    put(&mut bytes, entries.min(0xffff), 2);
    put(&mut bytes, directory_length.min(LIMIT), 4);
    put(&mut bytes, directory_at.min(LIMIT), 4);
    put(&mut bytes, 0, 2); // comment
    bytes
}

/// An RFC 3339 time as DOS date and time, UTC, two seconds exact; 1980 where it is none or earlier.
pub(super) fn dos_time(created: Option<&str>) -> u32 {
    const EPOCH: u32 = 1 << 21 | 1 << 16;
    let Some(time) = created.and_then(|text| text.parse::<jiff::Timestamp>().ok()) else { return EPOCH };
    let time = jiff::tz::Offset::UTC.to_datetime(time);
    let Ok(year) = u32::try_from(time.year() - 1980) else { return EPOCH };
    let part = |value: i8| u32::from(value.unsigned_abs());
    let date = year.min(127) << 9 | part(time.month()) << 5 | part(time.day());
    date << 16 | part(time.hour()) << 11 | part(time.minute()) << 5 | (part(time.second()) / 2)
}

fn version(wide: &[u64]) -> u16 {
    if wide.is_empty() { PLAIN } else { ZIP64 }
}

fn put(bytes: &mut Vec<u8>, value: u64, width: usize) {
    bytes.extend(value.to_le_bytes().into_iter().take(width));
}

fn put_extra(bytes: &mut Vec<u8>, wide: &[u64]) {
    if !wide.is_empty() {
        put(bytes, 1, 2);
        put(bytes, 8 * wide.len() as u64, 2);
        wide.iter().for_each(|value| put(bytes, *value, 8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dos_times_and_never_before_1980() {
        assert_eq!(
            dos_time(Some("2026-11-22T12:30:59.9Z")),
            (46 << 9 | 11 << 5 | 22) << 16 | 12 << 11 | 30 << 5 | 29
        );
        assert_eq!(dos_time(Some("1970-01-01T00:00:00Z")), (1 << 5 | 1) << 16);
        assert_eq!(dos_time(None), (1 << 5 | 1) << 16);
    }
}
