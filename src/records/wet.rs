//! WET: the text of pages as a WARC, in Common Crawl's layout: a warcinfo record, then a `conversion` record (WARC/1.1 §6.8)
//! a page, which refers to the response that it was made from.

use crate::digest::{self, Algorithm, Hasher};
use crate::warc::{Compression, Packed, WriteError, pack};
use crate::world::millis;
use jiff::Timestamp;

/// The file that conversions are made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wet {
    /// WARC-Record-ID of its warcinfo record, `urn:uuid:` and no brackets.
    pub warcinfo: String,
    /// When it is made: WARC-Date of the warcinfo record, and of pages that have no date of their own.
    pub made: Timestamp,
    /// How its records are stored.
    pub compression: Compression,
}

/// The text of one page.
#[derive(Clone, Copy, Debug)]
pub struct Conversion<'a> {
    /// The text; a newline is put behind it.
    pub text: &'a str,
    /// WARC-Target-URI.
    pub url: &'a str,
    /// WARC-Date of the capture.
    pub date: Option<&'a str>,
    /// WARC-Record-ID of the response or resource that holds the payload, without brackets.
    pub refers_to: Option<&'a str>,
    /// ISO 639-3 code.
    pub language: Option<&'a str>,
    /// What tells this page apart from all others of the file.
    pub place: &'a str,
}

impl Wet {
    /// The warcinfo record; `filename` is the file's, where it has one.
    ///
    /// # Errors
    /// As [`pack`].
    pub fn info(&self, filename: Option<&str>) -> Result<Packed, WriteError> {
        let mut fields = vec![
            ("WARC-Type", "warcinfo".to_owned()),
            ("WARC-Date", millis(self.made)),
            ("WARC-Record-ID", bracketed(&self.warcinfo)),
        ];
        // A name that would break the head is left out rather than altered.
        let filename = filename.filter(|name| !name.contains(|c: char| c.is_control()));
        fields.extend(filename.map(|name| ("WARC-Filename", name.to_owned())));
        fields.push(("Content-Type", "application/warc-fields".to_owned()));
        let block = format!(
            "software: fonds/{}\r\nformat: WARC File Format 1.1\r\ndescription: Article text extracted from archived pages\r\n",
            env!("CARGO_PKG_VERSION")
        );
        pack(&fields, &mut block.as_bytes(), block.len() as u64, self.compression)
    }

    /// The conversion record of a page. Its id depends on text, page and place alone.
    ///
    /// # Errors
    /// As [`pack`]; [`WriteError::Field`] where the URL is no line.
    pub fn conversion(&self, page: &Conversion<'_>) -> Result<Packed, WriteError> {
        let text = format!("{}\n", page.text.trim_end_matches('\n'));
        let mut hasher = Hasher::new(Algorithm::Sha1);
        hasher.update(text.as_bytes());
        let date = page.date.map_or_else(|| millis(self.made), str::to_owned);
        let mut fields = vec![
            ("WARC-Type", "conversion".to_owned()),
            ("WARC-Target-URI", page.url.to_owned()),
            ("WARC-Date", date),
            ("WARC-Record-ID", bracketed(&id(page))),
        ];
        fields.extend(page.refers_to.map(|id| ("WARC-Refers-To", bracketed(id))));
        fields.push(("WARC-Warcinfo-ID", bracketed(&self.warcinfo)));
        fields.push(("WARC-Block-Digest", hasher.finish().to_string()));
        fields.extend(page.language.map(|code| ("WARC-Identified-Content-Language", code.to_owned())));
        fields.push(("Content-Type", "text/plain".to_owned()));
        pack(&fields, &mut text.as_bytes(), text.len() as u64, self.compression)
    }
}

fn bracketed(id: &str) -> String {
    format!("<{id}>")
}

/// A UUID of version 8 (RFC 9562 §5.8) made of a hash.
fn id(page: &Conversion<'_>) -> String {
    let parts =
        [page.place, page.url, page.date.unwrap_or_default(), page.refers_to.unwrap_or_default(), page.text];
    let lengths = parts.map(|part| part.len().to_string()).join(",");
    let digest = digest::sha256(format!("{lengths}\n{}", parts.concat()).as_bytes());
    let bytes = digest.bytes().first_chunk().copied().unwrap_or_default();
    uuid::Builder::from_custom_bytes(bytes).into_uuid().urn().to_string()
}
