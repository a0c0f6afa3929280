//! DER as far as time-stamps need it (X.690 §8, §10): values with their exact bytes, since signatures are over those.

/// Universal tags, each as its whole identifier octet.
pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Why bytes are no such value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(pub(super) &'static str);

/// A value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tlv<'a> {
    /// Class, form and number.
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// Tag and length included.
    pub(super) whole: &'a [u8],
}

/// Values one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The one value that the bytes are.
    pub(super) fn only(bytes: &'a [u8], tag: u8) -> Result<Tlv<'a>, Malformed> {
        let mut reader = Self::new(bytes);
        let value = reader.take(tag)?;
        reader.end()?;
        Ok(value)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn any(&mut self) -> Result<Tlv<'a>, Malformed> {
        let cut = Malformed("it ends inside a value");
        let whole = self.rest;
        let (&tag, rest) = whole.split_first().ok_or(cut)?;
        if tag & 0x1f == 0x1f {
            return Err(Malformed("a tag is not one that stands here"));
        }
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length).ok_or(cut)?;
        let whole = whole.get(..whole.len() - rest.len()).ok_or(cut)?;
        self.rest = rest;
        Ok(Tlv { tag, content, whole })
    }

    pub(super) fn take(&mut self, tag: u8) -> Result<Tlv<'a>, Malformed> {
        self.optional(tag)?.ok_or(Malformed("a value is missing, or of another kind"))
    }

    /// The next value if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>, Malformed> {
        match self.rest.first() {
            Some(&next) if next == tag => self.any().map(Some),
            _ => Ok(None),
        }
    }

    pub(super) fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed("something follows behind its end")) }
    }
}

impl<'a> Tlv<'a> {
    pub(super) fn inside(&self) -> Reader<'a> {
        Reader::new(self.content)
    }

    /// A whole number that is not negative and not large.
    pub(super) fn small(&self) -> Option<u64> {
        match self.content {
            [first, ..] if *first >= 0x80 => None,
            [0, second, ..] if *second < 0x80 => None,
            [] => None,
            bytes if bytes.len() > 8 => None,
            bytes => Some(bytes.iter().fold(0, |sum, &byte| (sum << 8) | u64::from(byte))),
        }
    }
}

/// A length in as few octets as it takes.
fn length(bytes: &[u8]) -> Result<(usize, &[u8]), Malformed> {
    let cut = Malformed("it ends inside a value");
    let (&first, rest) = bytes.split_first().ok_or(cut)?;
    if first < 0x80 {
        return Ok((usize::from(first), rest));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) {
        return Err(Malformed("a length is not written as DER asks"));
    }
    let (octets, rest) = rest.split_at_checked(count).ok_or(cut)?;
    let length = octets.iter().fold(0_usize, |sum, &byte| (sum << 8) | usize::from(byte));
    let least = if count == 1 { 0x80 } else { 1 << (8 * (count - 1)) };
    if length < least { Err(Malformed("a length is not written as DER asks")) } else { Ok((length, rest)) }
}

/// A value of these parts.
pub(super) fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let mut bytes = vec![tag];
    if let Ok(short @ ..0x80) = u8::try_from(length) {
        bytes.push(short);
    } else {
        let octets: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|&octet| octet == 0).collect();
        bytes.push(0x80 | octets.len() as u8);
        bytes.extend(octets);
    }
    bytes.extend(content);
    bytes
}

/// A whole number from its big-endian bytes.
pub(super) fn write_integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
    let digits = bytes.get(start..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_none_or(|&first| first >= 0x80) { &[0] } else { &[] };
    write(INTEGER, &[sign, digits])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for length in [0, 1, 127, 128, 255, 256, 65_536] {
            let content = vec![7; length];
            let bytes = write(OCTET_STRING, &[&content]);
            let value = Reader::only(&bytes, OCTET_STRING).unwrap();
            assert_eq!((value.content, value.whole), (&content[..], &bytes[..]), "{length}");
        }
        for (bytes, expected) in
            [(&[0, 0][..], &[2, 1, 0][..]), (&[0x80], &[2, 2, 0, 0x80]), (&[0, 5], &[2, 1, 5])]
        {
            assert_eq!(write_integer(bytes), expected);
        }
        assert_eq!(Reader::only(&write_integer(&[1, 0]), INTEGER).unwrap().small(), Some(256));
    }

    #[test]
    fn only_one_way_to_write_a_length_is_read() {
        for bytes in
            [&[4][..], &[4, 2, 0], &[4, 0x81, 1, 0], &[4, 0x80, 0, 0], &[4, 0x82, 0, 1, 0], &[0x1f, 1, 0]]
        {
            assert!(Reader::new(bytes).any().is_err(), "{bytes:?}");
        }
        assert!(Reader::only(&[4, 0, 0], OCTET_STRING).is_err());
    }
}
