//! What a payload is, by its first bytes (WHATWG MIME Sniffing §6 and §7.1): for
//! `WARC-Identified-Payload-Type`, which must not be copied from `Content-Type` (WARC/1.1 §5.17).

use super::coding;
use std::io::Read;

/// Bytes looked at: the resource header of the standard (§5.2).
pub const HEADER: usize = 1445;

/// The media type of content by its first bytes (up to [`HEADER`] of them count); `text/plain` where it looks
/// like text and nothing more, `application/octet-stream` where it does not. `None` for no bytes at all.
pub fn identify(bytes: &[u8]) -> Option<&'static str> {
    let header = bytes.get(..HEADER).unwrap_or(bytes);
    if header.is_empty() {
        return None;
    }
    let found = markup(header).or_else(|| exact(header)).or_else(|| mp4(header)).or_else(|| webm(header));
    Some(found.or_else(|| mp3(header)).unwrap_or_else(|| text_or_binary(header)))
}

/// The same for a payload that still has its content coding on: what is inside counts, not the wrapping.
/// `start` should hold a few KiB, so that [`HEADER`] bytes come out of it.
pub fn identify_coded(content_encoding: &str, start: &[u8]) -> Option<&'static str> {
    let mut header = Vec::new();
    let reader = coding::decode(content_encoding, start, HEADER as u64);
    match reader.take(HEADER as u64).read_to_end(&mut header) {
        Ok(_) if !header.is_empty() => identify(&header),
        _ => identify(start),
    }
}

/// Tags that begin a page when a space or `>` follows (§7.1, step 1).
const TAGS: [&str; 17] = [
    "<!DOCTYPE HTML",
    "<HTML",
    "<HEAD",
    "<SCRIPT",
    "<IFRAME",
    "<H1",
    "<DIV",
    "<FONT",
    "<TABLE",
    "<A",
    "<STYLE",
    "<TITLE",
    "<B",
    "<BODY",
    "<BR",
    "<P",
    "<!--",
];

fn markup(header: &[u8]) -> Option<&'static str> {
    let bytes = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
    let spaces = bytes.iter().take_while(|byte| matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')).count();
    let rest = bytes.get(spaces..).unwrap_or_default();
    if TAGS.iter().any(|tag| opens(rest, tag)) {
        return Some("text/html");
    }
    rest.starts_with(b"<?xml").then_some("text/xml")
}

fn opens(bytes: &[u8], tag: &str) -> bool {
    let Some((front, rest)) = bytes.split_at_checked(tag.len()) else { return false };
    front.eq_ignore_ascii_case(tag.as_bytes()) && (tag == "<!--" || matches!(rest.first(), Some(b' ' | b'>')))
}

/// Bytes and a mask of the same length; 0x00 in the mask lets any byte stand.
struct Pattern {
    bytes: &'static [u8],
    mask: Option<&'static [u8]>,
    media: &'static str,
}

const fn is(bytes: &'static [u8], media: &'static str) -> Pattern {
    Pattern { bytes, mask: None, media }
}

const fn masked(bytes: &'static [u8], mask: &'static [u8], media: &'static str) -> Pattern {
    Pattern { bytes, mask: Some(mask), media }
}

const RIFF: &[u8] = b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff";

/// §7.1 step 1 and 2, §6.1, §6.2, §6.3, §6.4, in that order.
static PATTERNS: [Pattern; 33] = [
    is(b"%PDF-", "application/pdf"),
    is(b"%!PS-Adobe-", "application/postscript"),
    is(b"\0\0\x01\0", "image/x-icon"),
    is(b"\0\0\x02\0", "image/x-icon"),
    is(b"BM", "image/bmp"),
    is(b"GIF87a", "image/gif"),
    is(b"GIF89a", "image/gif"),
    masked(b"RIFF\0\0\0\0WEBPVP", RIFF, "image/webp"),
    is(b"\x89PNG\r\n\x1a\n", "image/png"),
    is(b"\xff\xd8\xff", "image/jpeg"),
    is(b".snd", "audio/basic"),
    masked(b"FORM\0\0\0\0AIFF", b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff", "audio/aiff"),
    is(b"ID3", "audio/mpeg"),
    is(b"OggS\0", "application/ogg"),
    is(b"MThd\0\0\0\x06", "audio/midi"),
    masked(b"RIFF\0\0\0\0AVI ", b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff", "video/avi"),
    masked(b"RIFF\0\0\0\0WAVE", b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff", "audio/wave"),
    is(b"OTTO", "font/otf"),
    is(b"ttcf", "font/collection"),
    is(b"wOFF", "font/woff"),
    is(b"wOF2", "font/woff2"),
    is(b"\0\x01\0\0", "font/ttf"),
    is(b"\x1f\x8b\x08", "application/x-gzip"),
    is(b"PK\x03\x04", "application/zip"),
    is(b"Rar!\x1a\x07\0", "application/x-rar-compressed"),
    is(b"Rar!\x1a\x07\x01\0", "application/x-rar-compressed"),
    // Beyond the standard's tables, where a payload would else be called binary.
    is(b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    is(b"\x28\xb5\x2f\xfd", "application/zstd"),
    is(b"\0asm", "application/wasm"),
    is(b"fLaC", "audio/flac"),
    // Byte-order marks: text (§7.1 step 2).
    is(b"\xfe\xff", "text/plain"),
    is(b"\xff\xfe", "text/plain"),
    is(b"\xef\xbb\xbf", "text/plain"),
];

fn exact(header: &[u8]) -> Option<&'static str> {
    PATTERNS.iter().find(|pattern| pattern.fits(header)).map(|pattern| pattern.media)
}

impl Pattern {
    fn fits(&self, header: &[u8]) -> bool {
        let Some(front) = header.get(..self.bytes.len()) else { return false };
        match self.mask {
            None => front == self.bytes,
            Some(mask) => {
                front.iter().zip(self.bytes).zip(mask).all(|((byte, want), mask)| byte & mask == *want)
            }
        }
    }
}

/// §6.2.1, with the AVIF and HEIC brands told apart.
fn mp4(header: &[u8]) -> Option<&'static str> {
    let size = u32::from_be_bytes(*header.first_chunk::<4>()?);
    let size = usize::try_from(size).ok()?;
    let brands = header.get(..size).filter(|_| size % 4 == 0)?.get(4..)?.strip_prefix(b"ftyp")?;
    let major = brands.get(..4)?;
    match major {
        b"avif" | b"avis" => return Some("image/avif"),
        b"heic" | b"heix" => return Some("image/heic"),
        _ => {}
    }
    // The minor version stands between the major brand and the compatible ones.
    let compatible = brands.get(8..).unwrap_or_default().chunks(4);
    std::iter::once(major).chain(compatible).any(|brand| brand.starts_with(b"mp4")).then_some("video/mp4")
}

/// §6.2.2: EBML with a DocType of webm near the front (Matroska named too).
fn webm(header: &[u8]) -> Option<&'static str> {
    let rest = header.strip_prefix(b"\x1a\x45\xdf\xa3")?;
    let front = rest.get(..60).unwrap_or(rest);
    let at = front.windows(2).position(|pair| pair == b"\x42\x82")?;
    let value = front.get(at + 3..)?;
    if value.starts_with(b"webm") {
        return Some("video/webm");
    }
    value.starts_with(b"matroska").then_some("video/x-matroska")
}

/// §6.2.3: two MPEG audio frame headers, the second where the first says.
fn mp3(header: &[u8]) -> Option<&'static str> {
    let length = mp3_frame(header)?;
    mp3_frame(header.get(length..)?)?;
    Some("audio/mpeg")
}

fn mp3_frame(bytes: &[u8]) -> Option<usize> {
    const RATES: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const RATES_2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    const SAMPLES: [usize; 3] = [44_100, 48_000, 32_000];
    let [0xff, second, third, _] = *bytes.first_chunk::<4>()? else { return None };
    // Sync bits, and layer III.
    if second & 0xe0 != 0xe0 || second & 0x06 != 0x02 {
        return None;
    }
    let first_version = second & 0x18 == 0x18;
    let table = if first_version { RATES } else { RATES_2 };
    let rate = *table.get(usize::from(third >> 4))?;
    let samples = *SAMPLES.get(usize::from(third >> 2 & 3))?;
    let (scale, samples) = match second & 0x18 {
        0x18 => (144, samples),
        0x10 => (72, samples / 2),
        0x00 => (72, samples / 4),
        _ => return None,
    };
    let length = rate * 1000 * scale / samples + usize::from(third >> 1 & 1);
    (rate > 0).then_some(length)
}

/// §7.1 last steps: binary data bytes (§3) tell.
fn text_or_binary(header: &[u8]) -> &'static str {
    let binary = header.iter().any(|byte| matches!(byte, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f));
    if binary { "application/octet-stream" } else { "text/plain" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn payloads_are_known_by_their_first_bytes() {
        let cases: [(&[u8], &str); 28] = [
            (b"<!doctype html><p>", "text/html"),
            (b"\xef\xbb\xbf \r\n<html lang=en>", "text/html"),
            (b"<!-- a comment", "text/html"),
            (b"<abbr>", "text/plain"),
            (b"<a href=x>", "text/html"),
            (b"<?xml version=\"1.0\"?><rss>", "text/xml"),
            (b"%PDF-1.7\n", "application/pdf"),
            (b"%!PS-Adobe-3.0", "application/postscript"),
            (b"\x89PNG\r\n\x1a\n....", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a", "image/gif"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wave"),
            (b"\0\0\x01\0\x01", "image/x-icon"),
            (b"\0\0\0\x14ftypmp42\0\0\0\0isom", "video/mp4"),
            (b"\0\0\0\x18ftypisom\0\0\0\0isommp41", "video/mp4"),
            (b"\0\0\0\x14ftypavif\0\0\0\0mif1", "image/avif"),
            (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"),
            (b"ID3\x04", "audio/mpeg"),
            (b"OggS\0", "application/ogg"),
            (b"wOF2", "font/woff2"),
            (b"\0\x01\0\0\0", "font/ttf"),
            (b"PK\x03\x04", "application/zip"),
            (b"\x1f\x8b\x08\0", "application/x-gzip"),
            (b"{\"json\": true}", "text/plain"),
            (b"\xff\xfea\0", "text/plain"),
            (b"\x01\x02\x03", "application/octet-stream"),
            (b"caf\xe9 au lait", "text/plain"),
        ];
        for (bytes, media) in cases {
            assert_eq!(identify(bytes), Some(media), "{}", String::from_utf8_lossy(bytes));
        }
        assert_eq!(identify(b""), None);
    }

    #[test]
    fn mp3_without_a_tag_needs_two_frames() {
        // 128 kbit/s at 44.1 kHz: frames of 417 bytes.
        let mut bytes = vec![0; 900];
        let frame = [0xff, 0xfb, 0x90, 0x00];
        bytes.splice(0..4, frame);
        assert_eq!(identify(&bytes), Some("application/octet-stream"));
        bytes.splice(417..421, frame);
        assert_eq!(identify(&bytes), Some("audio/mpeg"));
    }

    #[test]
    fn what_is_inside_a_coding_counts() {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&b"<!DOCTYPE html><html>".repeat(1000)).unwrap();
        let coded = encoder.finish().unwrap();
        assert_eq!(identify(&coded), Some("application/x-gzip"));
        assert_eq!(identify_coded("gzip", &coded), Some("text/html"));
        assert_eq!(identify_coded("gzip", coded.get(..60).unwrap()), Some("text/html"));
        assert_eq!(identify_coded("br", b"<html>"), Some("text/html"));
        assert_eq!(identify_coded("", b""), None);
    }
}
