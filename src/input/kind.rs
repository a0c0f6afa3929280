//! What a file is, by its first bytes.

use std::io::Read;

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// WARC, plain or compressed; also WET and WAT.
    Warc,
    /// Its predecessor.
    Arc,
    /// A WACZ, or at least a ZIP.
    Wacz,
    /// A directory laid out as an unpacked WACZ.
    Collection,
    /// A web page.
    Html,
    /// Plain text.
    Text,
    /// None of these, by its bytes and by its name.
    Unknown,
}

/// Bytes that are enough to tell.
pub(super) const ENOUGH: u64 = 4096;

impl Kind {
    /// By the first bytes, or by the name where the bytes say nothing.
    pub fn of(name: &str, head: &[u8]) -> Self {
        let by_name = Self::by_name(name);
        by_content(head, by_name).or(by_name).unwrap_or(Self::Unknown)
    }

    /// By the ending of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let plain = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        match plain.rsplit_once('.')?.1 {
            "warc" | "wet" | "wat" => Some(Self::Warc),
            "arc" => Some(Self::Arc),
            "wacz" => Some(Self::Wacz),
            "html" | "htm" | "xhtml" if plain.len() == name.len() => Some(Self::Html),
            "txt" if plain.len() == name.len() => Some(Self::Text),
            _ => None,
        }
    }
}

fn by_content(head: &[u8], by_name: Option<Kind>) -> Option<Kind> {
    match head {
        [0x1f, 0x8b, ..] => by_plain_content(&inflated(head)).filter(|kind| *kind != Kind::Html),
        // A frame, or a dictionary before it; what is inside is not worth a decoder here.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => by_name.or(Some(Kind::Warc)),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Kind::Wacz),
        _ => by_plain_content(head),
    }
}

fn by_plain_content(head: &[u8]) -> Option<Kind> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let starts =
        |with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()));
    if text.starts_with(b"WARC/") {
        Some(Kind::Warc)
    } else if text.starts_with(b"filedesc:") {
        Some(Kind::Arc)
    } else if starts("<!doctype html") || starts("<html") {
        Some(Kind::Html)
    } else {
        None
    }
}

/// The start of a gzip member's content, as much as can be had.
fn inflated(head: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    // The head is cut, so the end is an error: what came before it counts.
    let _ = flate2::read::GzDecoder::new(head).take(ENOUGH).read_to_end(&mut content);
    content
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use std::io::Write;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn bytes_decide_before_names() {
        let warc = gzip(b"WARC/1.1\r\nWARC-Type: warcinfo\r\n");
        for (name, head, kind) in [
            ("x", &b"WARC/1.0\r\n"[..], Kind::Warc),
            ("x.html", b"WARC/1.0\r\n", Kind::Warc),
            ("x.arc", b"filedesc://x.arc 0.0.0.0", Kind::Arc),
            ("download", &warc, Kind::Warc),
            ("download", &warc[..25], Kind::Warc),
            ("x", b"\x28\xb5\x2f\xfd", Kind::Warc),
            ("x.zip", b"PK\x03\x04", Kind::Wacz),
            ("x", b"\xef\xbb\xbf\n<!DOCTYPE HTML>", Kind::Html),
            ("x.txt", b"hello", Kind::Text),
            ("x.warc.gz", b"garbage", Kind::Warc),
            ("X.WARC.GZ", b"\x1f\x8b", Kind::Warc),
            ("x.warc.zst", b"", Kind::Warc),
            ("x.html.gz", &gzip(b"<html>"), Kind::Unknown),
            ("x.png", b"\x89PNG", Kind::Unknown),
            ("", b"", Kind::Unknown),
        ] {
            assert_eq!(Kind::of(name, head), kind, "{name} {head:?}");
        }
    }
}
