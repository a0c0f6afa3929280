//! Proofs as text: C2SP tlog-proof for a line, and C2SP tlog-witness's form for an earlier tree. Each carries the checkpoint
//! that it leads to, so it can be checked alone.

use super::proof::{LARGEST, LONGEST};
use data_encoding::BASE64;
use std::str::Lines;
use tlog_tiles::Hash;

/// First line of a C2SP tlog-proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// That line `index` of a log is in the tree of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Inclusion {
    /// Number of the line, from 0.
    pub index: u64,
    /// From the leaf's sibling up (RFC 9162 §2.1.3.1).
    pub hashes: Vec<Hash>,
    /// The checkpoint, with its signatures, as it stands.
    pub checkpoint: String,
}

/// That the tree of a checkpoint goes on with the one of its first `old` lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Consistency {
    /// Lines of the earlier tree.
    pub old: u64,
    /// In the order of RFC 9162 §2.1.4.1.
    pub hashes: Vec<Hash>,
    /// The checkpoint, with its signatures, as it stands.
    pub checkpoint: String,
}

impl Inclusion {
    /// The bytes of a `.tlog-proof` file.
    pub fn to_text(&self) -> String {
        format!("{HEADER}\nindex {}\n{}\n{}", self.index, hash_lines(&self.hashes), self.checkpoint)
    }

    /// Reads one that is written as [`Inclusion::to_text`] writes it, without `extra`, which nothing vouches for.
    pub fn parse(text: &str) -> Option<Self> {
        let (index, hashes, checkpoint) = parts(text.strip_prefix(HEADER)?.strip_prefix("\nindex ")?)?;
        Some(Self { index, hashes, checkpoint }).filter(|proof| proof.to_text() == text)
    }
}

impl Consistency {
    /// The bytes of the file: what a C2SP tlog-witness is sent.
    pub fn to_text(&self) -> String {
        format!("old {}\n{}\n{}", self.old, hash_lines(&self.hashes), self.checkpoint)
    }

    /// Reads one that is written as [`Consistency::to_text`] writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let (old, hashes, checkpoint) = parts(text.strip_prefix("old ")?)?;
        Some(Self { old, hashes, checkpoint }).filter(|proof| proof.to_text() == text)
    }
}

fn hash_lines(hashes: &[Hash]) -> String {
    hashes.iter().map(|hash| BASE64.encode(&hash.0) + "\n").collect()
}

/// A number, hashes up to an empty line, and what is left.
fn parts(text: &str) -> Option<(u64, Vec<Hash>, String)> {
    let (proof, checkpoint) = text.split_once("\n\n")?;
    let mut lines = proof.lines();
    let number = lines.next()?.parse().ok().filter(|number| *number <= LARGEST)?;
    Some((number, hashes(lines)?, checkpoint.to_owned()))
}

fn hashes(lines: Lines<'_>) -> Option<Vec<Hash>> {
    let hash = |line: &str| Some(Hash(BASE64.decode(line.as_bytes()).ok()?.try_into().ok()?));
    // One more than may be, so that too long a proof is none.
    let hashes: Option<Vec<Hash>> = lines.take(LONGEST + 1).map(hash).collect();
    hashes.filter(|hashes| hashes.len() <= LONGEST)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CHECKPOINT: &str = "fonds/x\n3\nAAAA\n\n— key AAAAAAA=\n";

    fn inclusion(hashes: Vec<Hash>) -> Inclusion {
        Inclusion { index: 2, hashes, checkpoint: CHECKPOINT.to_owned() }
    }

    #[test]
    fn proofs_read_back_byte_for_byte() {
        for count in [0, 1, LONGEST] {
            let hashes: Vec<Hash> = (0..count).map(|n| Hash([n as u8; 32])).collect();
            let proof = inclusion(hashes.clone());
            assert_eq!(Inclusion::parse(&proof.to_text()), Some(proof));
            let proof = Consistency { old: 0, hashes, checkpoint: CHECKPOINT.to_owned() };
            assert_eq!(Consistency::parse(&proof.to_text()), Some(proof));
        }
    }

    /// As in the examples of C2SP tlog-proof.
    #[test]
    fn the_form_is_that_of_the_specification() {
        let text = inclusion(vec![Hash([0; 32])]).to_text();
        let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        assert_eq!(text, format!("c2sp.org/tlog-proof@v1\nindex 2\n{hash}\n\n{CHECKPOINT}"));
        assert_eq!(
            inclusion(Vec::new()).to_text(),
            format!("c2sp.org/tlog-proof@v1\nindex 2\n\n{CHECKPOINT}")
        );
    }

    #[test]
    fn any_other_way_to_write_it_is_refused() {
        let text = inclusion(vec![Hash([9; 32])]).to_text();
        for (from, to) in [
            ("v1", "v2"),
            ("index 2", "index 02"),
            ("index 2", "index +2"),
            ("index 2", "index 99999999999999999"),
            ("index 2", "extra AA==\nindex 2"),
            ("index 2\n", "index 2\r\n"),
            ("CQk=", "CQl="),
            ("CQk=", "CQk"),
            ("CQk=\n", ""),
            ("\n\n", "\n"),
        ] {
            let altered = text.replacen(from, to, 1);
            assert!(altered != text && Inclusion::parse(&altered).is_none(), "{altered:?}");
        }
        assert!(Inclusion::parse(&inclusion(vec![Hash([1; 32]); LONGEST + 1]).to_text()).is_none());
        assert!(Inclusion::parse("").is_none() && Consistency::parse("old 1\n").is_none());
    }
}
