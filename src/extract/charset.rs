//! Bytes to text: byte order mark, HTTP charset, `<meta>`, valid UTF-8, then a guess.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes searched for a `<meta charset>`; the standard asks for 1024, wild pages put it later.
const PRESCAN: usize = 4096;
/// Bytes given to the detector: its cost is linear and the answer settles early.
const GUESS: usize = 64 << 10;

/// Text and the encoding it was read in.
pub(super) struct Decoded<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) encoding: &'static Encoding,
}

/// Decodes a page. `markup` tells whether a `<meta>` may name the charset.
pub(super) fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>, markup: bool) -> Decoded<'a> {
    let (encoding, bom) = choose(bytes, content_type, markup);
    let body = bytes.get(bom..).unwrap_or_default();
    let (text, _) = encoding.decode_without_bom_handling(body);
    Decoded { text, encoding }
}

/// The encoding and the length of the byte order mark.
fn choose(bytes: &[u8], content_type: Option<&str>, markup: bool) -> (&'static Encoding, usize) {
    if let Some(found) = Encoding::for_bom(bytes) {
        return found;
    }
    if let Some(encoding) = content_type.and_then(charset_parameter) {
        return (trusted(encoding, bytes), 0);
    }
    if let Some(encoding) = markup.then(|| declared(bytes)).flatten() {
        return (trusted(encoding, bytes), 0);
    }
    if markup && let Some(encoding) = utf16_by_shape(bytes) {
        return (encoding, 0);
    }
    if mostly_utf8(bytes) {
        return (UTF_8, 0);
    }
    (guess(bytes), 0)
}

/// A label is believed unless the bytes contradict it: text that is valid, non-ASCII UTF-8 is not
/// Latin text by accident, and text that is no UTF-8 at all is not made better by saying so.
fn trusted(encoding: &'static Encoding, bytes: &[u8]) -> &'static Encoding {
    if encoding == UTF_8 {
        return if mostly_utf8(bytes) { UTF_8 } else { guess(bytes) };
    }
    // Pages are converted on their way more often than their labels are; no other text is UTF-8 by accident.
    let stateful = encoding == ISO_2022_JP || encoding == UTF_16LE || encoding == UTF_16BE;
    if !stateful && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() { UTF_8 } else { encoding }
}

/// The `charset` parameter of a Content-Type value.
pub(super) fn charset_parameter(value: &str) -> Option<&'static Encoding> {
    let lower = value.to_ascii_lowercase();
    let (_, after) = lower.split_once("charset")?;
    let label = after.trim_start().strip_prefix('=')?.trim_start_matches([' ', '"', '\'']);
    let end = label.find(['"', '\'', ';', ' ', ',']).unwrap_or(label.len());
    Encoding::for_label(label.get(..end)?.as_bytes())
}

/// The charset that a `<meta>` names, UTF-16 read as UTF-8 (HTML §13.2.3.2).
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..PRESCAN.min(bytes.len()))?;
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let found = text
        .split("<meta")
        .skip(1)
        .filter_map(|tag| tag.split('>').next())
        .find_map(charset_parameter)
        .or_else(|| xml_declaration(&text))?;
    let wide = found == UTF_16LE || found == UTF_16BE;
    Some(if wide { UTF_8 } else { found })
}

fn xml_declaration(text: &str) -> Option<&'static Encoding> {
    let declaration = text.trim_start().strip_prefix("<?xml")?.split("?>").next()?;
    let (_, after) = declaration.split_once("encoding")?;
    let label = after.trim_start_matches([' ', '=', '"', '\'']);
    Encoding::for_label(label.split(['"', '\'', ' ']).next()?.as_bytes())
}

/// `<` or white space beside a NUL: UTF-16 markup without a byte order mark.
fn utf16_by_shape(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, second, 0, ..] if second.is_ascii() => Some(UTF_16LE),
        [0, b'<', 0, second, ..] if second.is_ascii() => Some(UTF_16BE),
        _ => None,
    }
}

/// Valid UTF-8 but for a few stray bytes (a truncated last character, one pasted word).
fn mostly_utf8(bytes: &[u8]) -> bool {
    if std::str::from_utf8(bytes).is_ok() {
        return true;
    }
    let (mut wide, mut bad) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        wide += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
        bad += usize::from(!chunk.invalid().is_empty());
        if bad > 64 && bad > wide {
            return false;
        }
    }
    bad == 0 || bad * 20 < wide
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let head = bytes.get(..GUESS.min(bytes.len())).unwrap_or_default();
    detector.feed(head, head.len() == bytes.len());
    detector.guess(None, Utf8Detection::Deny)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], content_type: Option<&str>) -> (String, &'static str) {
        let decoded = decode(bytes, content_type, true);
        (decoded.text.into_owned(), decoded.encoding.name())
    }

    #[test]
    fn a_byte_order_mark_wins_and_is_not_text() {
        let (text, name) = read(b"\xEF\xBB\xBFabc\xC3\xA9", Some("text/html; charset=windows-1252"));
        assert_eq!((text.as_str(), name), ("abc\u{e9}", "UTF-8"));
    }

    #[test]
    fn the_http_charset_wins_over_meta() {
        let page = b"<meta charset=windows-1252>\xE0\xF1";
        assert_eq!(read(page, Some("text/html; Charset=\"windows-1251\"")).0.chars().last(), Some('\u{441}'));
    }

    #[test]
    fn meta_is_found_in_both_spellings_and_after_a_kilobyte() {
        let mut page = vec![b' '; 2000];
        page.extend_from_slice(
            b"<META http-equiv=content-type content='text/html; charset=Shift_JIS'>\x93\xFA",
        );
        assert_eq!(read(&page, None).0.chars().last(), Some('\u{65e5}'));
        assert_eq!(read(b"<meta charset='iso-8859-2'>\xB1", None).0.chars().last(), Some('\u{105}'));
    }

    #[test]
    fn a_label_that_the_bytes_contradict_is_not_believed() {
        assert_eq!(read("caf\u{e9}s".as_bytes(), Some("text/html; charset=iso-8859-1")).0, "caf\u{e9}s");
        let latin = b"Les caf\xE9s et les h\xF4tels de la r\xE9gion sont ferm\xE9s cet \xE9t\xE9, \xE0 c\xF4t\xE9 du march\xE9.";
        assert!(read(latin, Some("text/html; charset=utf-8")).0.contains("h\u{f4}tels"));
    }

    #[test]
    fn without_a_label_valid_utf8_is_utf8_and_the_rest_is_guessed() {
        assert_eq!(read("na\u{ef}ve".as_bytes(), None), ("na\u{ef}ve".into(), "UTF-8"));
        let russian = encoding_rs::WINDOWS_1251
            .encode("\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}, \u{44d}\u{442}\u{43e} \u{43e}\u{431}\u{44b}\u{447}\u{43d}\u{44b}\u{439} \u{440}\u{443}\u{441}\u{441}\u{43a}\u{438}\u{439} \u{442}\u{435}\u{43a}\u{441}\u{442}.")
            .0
            .into_owned();
        assert_eq!(read(&russian, None).1, "windows-1251");
    }
}
