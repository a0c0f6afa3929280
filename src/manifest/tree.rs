//! The Merkle tree over the log's lines, and its checkpoint.

use std::io;
use tlog_tiles::{Checkpoint, Hash, node_hash, record_hash};

/// A growing RFC 6962 tree; only the roots of its complete subtrees are held.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    size: u64,
    /// Roots of the complete subtrees, largest first, one for each bit set in `size`.
    roots: Vec<Hash>,
}

/// The hash of a line as a leaf (RFC 6962 §2.1).
pub fn leaf_hash(line: &[u8]) -> Hash {
    record_hash(line)
}

impl Tree {
    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, &mut |_| ());
    }

    /// The same; `each` is given every node that is complete with it, the leaf first, its parents after it.
    pub(super) fn push_with(&mut self, leaf: Hash, each: &mut dyn FnMut(Hash)) {
        let mut node = leaf;
        each(node);
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                node = node_hash(left, node);
                each(node);
            }
        }
        self.roots.push(node);
        self.size += 1;
    }

    /// The root; of an empty tree the SHA-256 of nothing.
    pub fn root(&self) -> Hash {
        let mut nodes = self.roots.iter().rev().copied();
        match nodes.next() {
            Some(last) => nodes.fold(last, |right, left| node_hash(left, right)),
            None => empty_root(),
        }
    }
}

pub(super) fn empty_root() -> Hash {
    let mut root = [0; 32];
    root.copy_from_slice(crate::digest::sha256(b"").bytes());
    Hash(root)
}

/// The three lines of a checkpoint: origin, size, root.
///
/// # Errors
/// `InvalidInput` for an origin that is empty or not one line.
pub fn write_checkpoint(origin: &str, tree: &Tree) -> io::Result<Vec<u8>> {
    let misuse = || io::Error::new(io::ErrorKind::InvalidInput, "a log's origin must be one line");
    if origin.contains(['\n', '\r']) {
        return Err(misuse());
    }
    let checkpoint = Checkpoint::new(origin, tree.size(), tree.root(), "").map_err(|_| misuse())?;
    Ok(checkpoint.to_bytes())
}

/// A checkpoint's three lines. What follows its empty line must be signature lines (C2SP signed-note), which are looked
/// at elsewhere.
pub fn read_checkpoint(bytes: &[u8]) -> Option<Checkpoint> {
    let (text, signatures) = match memchr::memmem::find(bytes, b"\n\n") {
        Some(at) => (bytes.get(..=at)?, std::str::from_utf8(bytes.get(at + 2..)?).ok()?),
        None => (bytes, ""),
    };
    let signed = signatures.is_empty()
        || signatures.ends_with('\n') && signatures.lines().all(|l| l.starts_with("— "));
    signed.then(|| Checkpoint::from_bytes(text).ok())?.filter(|checkpoint| checkpoint.extension().is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn root_of(lines: &[&[u8]]) -> Hash {
        let mut tree = Tree::default();
        lines.iter().for_each(|l| tree.push(leaf_hash(l)));
        tree.root()
    }

    /// The definition of RFC 6962 §2.1, written as it stands there.
    fn by_definition(lines: &[&[u8]]) -> Hash {
        match lines {
            [] => empty_root(),
            [one] => leaf_hash(one),
            _ => {
                let (left, right) = lines.split_at(lines.len().next_power_of_two() / 2);
                node_hash(by_definition(left), by_definition(right))
            }
        }
    }

    #[test]
    fn the_root_is_that_of_the_definition_for_every_size() {
        let lines: Vec<Vec<u8>> = (0..70u8).map(|n| vec![n; usize::from(n)]).collect();
        let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        for size in 0..lines.len() {
            assert_eq!(root_of(&lines[..size]), by_definition(&lines[..size]), "{size}");
        }
    }

    #[test]
    fn a_checkpoint_reads_back_with_and_without_signatures() {
        let mut tree = Tree::default();
        tree.push(leaf_hash(b"a"));
        let mut bytes = write_checkpoint("fonds/x", &tree).unwrap();
        let read = read_checkpoint(&bytes).unwrap();
        assert_eq!((read.origin(), read.size(), *read.hash()), ("fonds/x", 1, tree.root()));
        bytes.extend_from_slice("\n— key AAAA\n".as_bytes());
        assert_eq!(*read_checkpoint(&bytes).unwrap().hash(), tree.root());
        bytes.extend_from_slice(b"hello\n");
        assert!(read_checkpoint(&bytes).is_none(), "only signatures may follow");
        assert!(read_checkpoint(b"fonds/x\n1\n").is_none());
        assert!(write_checkpoint("two\nlines", &tree).is_err());
    }
}
