//! Signed notes (C2SP signed-note): a text, an empty line, and a line for each signature.

use super::Error;
use data_encoding::BASE64;

const DASH: &str = "— ";
/// Lines after the text: more than any archive has witnesses.
const MOST: usize = 1000;

/// A text with the signatures that were added to it, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: Vec<u8>,
    signatures: Vec<Signature>,
}

/// A signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name that the signer's key gives itself.
    pub name: String,
    /// First four bytes of what identifies name and key.
    pub id: [u8; 4],
    /// The signature itself, as its algorithm has it.
    pub bytes: Vec<u8>,
}

impl Signature {
    /// Reads one line, without its line feed.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = BASE64.decode(encoded.as_bytes()).ok()?;
        let (id, bytes) = bytes.split_first_chunk()?;
        (is_name(name) && !bytes.is_empty()).then(|| Self {
            name: name.to_owned(),
            id: *id,
            bytes: bytes.to_vec(),
        })
    }

    /// The line, with its line feed.
    pub fn line(&self) -> String {
        let bytes = [&self.id[..], &self.bytes].concat();
        format!("{DASH}{} {}\n", self.name, BASE64.encode(&bytes))
    }
}

/// A name that stands in a line between spaces.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control())
}

impl Note {
    /// Reads a note; one without signatures may lack the empty line too.
    ///
    /// # Errors
    /// Bytes that are no such text.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes).map_err(|_| Error::Note("it is not UTF-8"))?;
        if !text.ends_with('\n') {
            return Err(Error::Note("its last line does not end"));
        }
        // The first empty line: a checkpoint has none in its text, and its readers must see one text.
        let (text, signatures) = match text.find("\n\n") {
            Some(at) => text.split_at(at + 1),
            None => (text, ""),
        };
        let lines = signatures.lines().skip(1);
        let signatures: Option<Vec<Signature>> = lines.take(MOST).map(Signature::parse).collect();
        let signatures = signatures.ok_or(Error::Note("what follows its empty line is no signature"))?;
        let note = Self { text: text.as_bytes().to_vec(), signatures };
        // One way of writing only: nothing can be changed in what no signature covers.
        match note.to_bytes() == bytes {
            true => Ok(note),
            false => Err(Error::Note("it is not written as the format asks")),
        }
    }

    /// What is signed.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Its signatures.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds one behind the others. False where it is there already.
    pub fn add(&mut self, signature: Signature) -> bool {
        let new = !self.signatures.contains(&signature);
        if new {
            self.signatures.push(signature);
        }
        new
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.with_first(self.signatures.len())
    }

    /// The lengths that the file had with none of its signatures, with one, and so on.
    pub fn lengths(&self) -> Vec<usize> {
        let mut length = self.text.len();
        let mut lengths = vec![length];
        for (number, signature) in self.signatures.iter().enumerate() {
            length += usize::from(number == 0) + signature.line().len();
            lengths.push(length);
        }
        lengths
    }

    /// The bytes as they were when there were `count` signatures: signatures are only ever added.
    pub fn with_first(&self, count: usize) -> Vec<u8> {
        let mut bytes = self.text.clone();
        for (number, signature) in self.signatures.iter().take(count).enumerate() {
            if number == 0 {
                bytes.push(b'\n');
            }
            bytes.extend_from_slice(signature.line().as_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SIGNED: &str = "origin\n1\nAAAA\n\n— one AAAAAAA=\n— two AAAAAQE=\n";

    #[test]
    fn a_note_reads_back_byte_for_byte() {
        for text in [SIGNED, "origin\n1\nAAAA\n"] {
            assert_eq!(Note::parse(text.as_bytes()).unwrap().to_bytes(), text.as_bytes());
        }
        let note = Note::parse(SIGNED.as_bytes()).unwrap();
        let lengths: Vec<usize> = (0..3).map(|count| note.with_first(count).len()).collect();
        assert_eq!(note.lengths(), lengths);
        assert_eq!(note.text(), b"origin\n1\nAAAA\n");
        assert_eq!(note.with_first(0), b"origin\n1\nAAAA\n");
        assert_eq!(note.with_first(1), b"origin\n1\nAAAA\n\n\xe2\x80\x94 one AAAAAAA=\n");
    }

    #[test]
    fn any_other_way_to_write_it_is_refused() {
        for (from, to) in [
            ("— one", "- one"),
            ("— one", "—  one"),
            ("one ", "one+ "),
            ("AAAAAAA=", "AAAAAAA"),
            ("AAAAAAA=", "AAAAAAB="),
            ("AAAAAAA=", "AAAAAA=="),
            ("AAAAAAA=\n", "AAAAAAA=\r\n"),
            ("\n\n", "\n\n\n"),
            ("two AAAAAQE=\n", "two AAAAAQE="),
            ("two AAAAAQE=\n", "two AAAAAQE=\n\n"),
        ] {
            let altered = SIGNED.replacen(from, to, 1);
            assert!(Note::parse(altered.as_bytes()).is_err(), "{altered:?}");
        }
        assert!(Note::parse(b"").is_err() && Note::parse(b"\xff\n").is_err());
    }

    #[test]
    fn a_signature_is_added_once() {
        let mut note = Note::parse(SIGNED.as_bytes()).unwrap();
        let signature = Signature { name: "three".into(), id: [1; 4], bytes: vec![2; 64] };
        assert!(note.add(signature.clone()) && !note.add(signature));
        assert_eq!(Note::parse(&note.to_bytes()).unwrap(), note);
    }
}
