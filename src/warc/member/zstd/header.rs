//! Headers of frames and skippable frames (RFC 8878 §3.1).

use super::MAGIC;

/// Bytes of the longest frame header, its magic included.
pub(super) const LONGEST: usize = 18;

/// What a frame says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// Frame_Content_Size.
    pub(super) content: Option<u64>,
    /// Bytes a decoder must keep.
    pub(super) window: u64,
    /// True where a check sum follows the last block.
    pub(super) checksum: bool,
    /// 0 where none is named.
    pub(super) dictionary_id: u32,
}

impl Header {
    /// `None` where the bytes do not begin with a whole header.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let descriptor = *bytes.strip_prefix(&MAGIC)?.first()?;
        let single = descriptor & 0x20 != 0;
        let mut at = MAGIC.len() + 1;
        let mut window = 0;
        if !single {
            let byte = u64::from(*bytes.get(at)?);
            let base = 1u64 << (10 + (byte >> 3));
            window = base + base / 8 * (byte & 7);
            at += 1;
        }
        let id_length = [0, 1, 2, 4].get(usize::from(descriptor & 3)).copied()?;
        let dictionary_id = u32::try_from(little(bytes.get(at..at + id_length)?)).ok()?;
        at += id_length;
        let (length, plus) = match (descriptor >> 6, single) {
            (0, false) => (0, 0),
            (0, true) => (1, 0),
            (1, _) => (2, 256),
            (2, _) => (4, 0),
            _ => (8, 0),
        };
        let content = little(bytes.get(at..at + length)?).saturating_add(plus);
        let content = (length > 0).then_some(content);
        if single {
            window = content.unwrap_or(0);
        }
        Some(Self { content, window, checksum: descriptor & 4 != 0, dictionary_id })
    }
}

/// True for the magic of a skippable frame.
pub(super) fn is_skippable(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Kind (0 to 15) and content length of the skippable frame that begins here.
pub(super) fn skippable(bytes: &[u8]) -> Option<(u8, u64)> {
    match bytes.get(..8)? {
        [low @ 0x50..=0x5f, 0x2a, 0x4d, 0x18, length @ ..] => Some((low & 15, little(length))),
        _ => None,
    }
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_every_shape_are_read() {
        let parse = |rest: &[u8]| Header::parse(&[&MAGIC, rest].concat());
        let header = |content, window, checksum, dictionary_id| {
            Some(Header { content, window, checksum, dictionary_id })
        };
        assert_eq!(parse(&[0x24, 7]), header(Some(7), 7, true, 0));
        assert_eq!(parse(&[0x64, 0, 1]), header(Some(512), 512, true, 0));
        assert_eq!(parse(&[0x00, 0x58]), header(None, 2 << 20, false, 0));
        assert_eq!(parse(&[0x07, 0x59, 1, 0, 0, 0]), header(None, (2 << 20) + (1 << 18), true, 1));
        assert_eq!(parse(&[0xc4, 0x00, 1, 0, 0, 0, 0, 0, 0, 1]), header(Some(1 << 56 | 1), 1024, true, 0));
        assert_eq!(parse(&[0x64, 0]), None);
        assert_eq!(Header::parse(b"WARC/1.1"), None);
        assert_eq!(skippable(&[0x5d, 0x2a, 0x4d, 0x18, 1, 2, 0, 0]), Some((13, 513)));
        assert_eq!(skippable(&[0x5d, 0x2a, 0x4d, 0x18, 1, 2, 0]), None);
    }
}
