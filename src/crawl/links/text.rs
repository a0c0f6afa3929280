//! Bytes in any encoding, to be read as UTF-8 by a parser that must not take too much at once.

use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{self, BufRead, Read};

use super::label;

/// Bytes looked at before the encoding is settled.
const PROLOGUE: usize = 1 << 10;
const STEP: usize = 16 << 10;

/// Reads as UTF-8, and comes to its end where a limit is met.
///
/// The encoding is that of the BOM, of the Content-Type, of the XML declaration, or UTF-8 (RFC 7303 §3.2).
pub(super) struct Text<R> {
    source: R,
    hint: Option<&'static Encoding>,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    text: String,
    at: usize,
    ended: bool,
    /// Bytes that may still be read, of the whole and of the piece being read.
    left: usize,
    piece: usize,
    cut: bool,
}

impl<R: Read> Text<R> {
    /// At most `limit` bytes of text.
    pub(super) fn new(source: R, charset: Option<&str>, limit: usize) -> Self {
        let hint = charset.and_then(label);
        let (raw, text, piece) = (Vec::new(), String::new(), usize::MAX);
        Self { source, hint, decoder: None, raw, text, at: 0, ended: false, left: limit, piece, cut: false }
    }

    /// A new piece begins, which may have this many bytes.
    pub(super) fn begin_piece(&mut self, limit: usize) {
        self.cut |= self.piece == 0;
        self.piece = limit;
    }

    /// True where a limit ended the reading, of the whole or of a piece.
    pub(super) fn is_cut(&self) -> bool {
        self.cut || self.left == 0 || self.piece == 0
    }

    fn decode_more(&mut self) -> io::Result<()> {
        self.text.clear();
        self.at = 0;
        while self.text.is_empty() && !self.ended {
            self.take_in()?;
            let encoding = || encoding_of(&self.raw, self.hint);
            let decoder = self.decoder.get_or_insert_with(|| encoding().new_decoder());
            self.text.reserve(3 * self.raw.len() + 16);
            let mut read = 0;
            // The room is enough but for what the decoder itself has kept.
            while read < self.raw.len() || self.ended {
                let part = self.raw.get(read..).unwrap_or_default();
                let (result, used, _) = decoder.decode_to_string(part, &mut self.text, self.ended);
                read += used;
                if result == encoding_rs::CoderResult::InputEmpty {
                    break;
                }
                self.text.reserve(STEP);
            }
        }
        Ok(())
    }

    /// Reads the next bytes; of the first, enough to tell the encoding by.
    fn take_in(&mut self) -> io::Result<()> {
        let wanted = if self.decoder.is_none() { PROLOGUE } else { 1 };
        self.raw.clear();
        while self.raw.len() < wanted && !self.ended {
            let mut buffer = [0; STEP];
            match self.source.read(&mut buffer) {
                Ok(0) => self.ended = true,
                Ok(read) => self.raw.extend_from_slice(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<R: Read> BufRead for Text<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.text.len() && !self.ended {
            self.decode_more()?;
        }
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let most = self.left.min(self.piece);
        Ok(rest.get(..most).unwrap_or(rest))
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
        self.left = self.left.saturating_sub(amount);
        self.piece = self.piece.saturating_sub(amount);
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

fn encoding_of(prologue: &[u8], hint: Option<&'static Encoding>) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(prologue) {
        return encoding;
    }
    match prologue {
        [b'<', 0, ..] => UTF_16LE,
        [0, b'<', ..] => UTF_16BE,
        _ => hint.or_else(|| declared(prologue)).unwrap_or(UTF_8),
    }
}

/// What `<?xml … encoding="…"?>` names; one that could not have been read so far is UTF-8.
fn declared(prologue: &[u8]) -> Option<&'static Encoding> {
    let declaration = prologue.strip_prefix(b"<?xml")?.split(|byte| *byte == b'>').next()?;
    let at = memchr::memmem::find(declaration, b"encoding")? + b"encoding".len();
    let value = declaration.get(at..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let name = value.split(|byte| matches!(byte, b'"' | b'\'')).nth(1)?;
    let encoding = Encoding::for_label(name)?;
    Some(if encoding.is_ascii_compatible() { encoding } else { UTF_8 })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(bytes: &[u8], charset: Option<&str>) -> String {
        let mut text = String::new();
        Text::new(bytes, charset, 1 << 20).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn the_encoding_is_that_of_bom_then_header_then_declaration() {
        let declared = b"<?xml version='1.0' encoding = 'ISO-8859-1'?>\xfc";
        assert!(read(declared, None).ends_with('ü'));
        assert!(read(declared, Some("utf-8")).ends_with('\u{fffd}'));
        assert_eq!(read(b"\xef\xbb\xbf\xc3\xbc", Some("windows-1252")), "ü");
        let wide: Vec<u8> = "<ü/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&wide, None), "<ü/>");
        assert_eq!(read("ü".repeat(100_000).as_bytes(), None), "ü".repeat(100_000));
        assert_eq!(read(b"\xc3", None), "\u{fffd}");
    }

    #[test]
    fn limits_end_it() {
        let mut text = Text::new(&b"abcdef"[..], None, 5);
        text.begin_piece(2);
        let mut out = String::new();
        text.read_to_string(&mut out).unwrap();
        assert!(text.is_cut());
        text.begin_piece(9);
        text.read_to_string(&mut out).unwrap();
        assert_eq!((out.as_str(), text.is_cut()), ("abcde", true));
    }
}
