//! Proofs over the tree (RFC 9162 §2.1.3, §2.1.4): that a line is in it, and that a tree goes on with an earlier one.
//!
//! What many proofs need of the tree is found in one pass over its leaves, in memory that grows with the proofs and the
//! logarithm of the tree.

use super::tree::{Tree, empty_root};
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use tlog_tiles::{Error, Hash, HashReader, check_record, check_tree, prove_record, prove_tree};

/// Lines of the largest tree that proofs are about: numbers in its JSON lines are exact up to here.
pub const LARGEST: u64 = 1 << 53;

/// Hashes of the longest proof: a level of the largest tree each, and one more.
pub const LONGEST: usize = 54;

/// A tree as a checkpoint names it: number of leaves, and root.
pub type Head = (u64, Hash);

/// True where `proof` shows that `leaf` is number `index` of the tree's leaves (RFC 9162 §2.1.3.2).
pub fn includes(tree: Head, index: u64, leaf: Hash, proof: &[Hash]) -> bool {
    let (size, root) = tree;
    let sane = index < size && size <= LARGEST && proof.len() <= LONGEST;
    sane && check_record(&proof.to_vec(), size, root, index, leaf).is_ok()
}

/// True where `proof` shows that the first leaves of `new` are those of `old` (RFC 9162 §2.1.4.2).
pub fn goes_on(old: Head, new: Head, proof: &[Hash]) -> bool {
    let sane = old.0 <= new.0 && new.0 <= LARGEST && proof.len() <= LONGEST;
    match old {
        (0, root) => proof.is_empty() && root == empty_root(),
        (size, root) => sane && check_tree(&proof.to_vec(), new.0, new.1, size, root).is_ok(),
    }
}

/// Which nodes of a tree the proofs asked for are made of.
#[derive(Debug)]
pub struct Plan {
    size: u64,
    /// By their place among all nodes in the order in which these are complete.
    needed: RefCell<Vec<u64>>,
}

/// The nodes that a [`Plan`] needed, and the root of the leaves that they were found in.
#[derive(Debug)]
pub struct Nodes {
    size: u64,
    root: Hash,
    known: HashMap<u64, Hash>,
}

impl Plan {
    /// For a tree of `size` leaves.
    ///
    /// # Errors
    /// `InvalidInput` for a tree beyond [`LARGEST`].
    pub fn new(size: u64) -> io::Result<Self> {
        match size <= LARGEST {
            true => Ok(Self { size, needed: RefCell::default() }),
            false => Err(misuse("no log is that long")),
        }
    }

    /// That leaf `index` is in it.
    ///
    /// # Errors
    /// `InvalidInput` where there is no such leaf.
    pub fn inclusion(&mut self, index: u64) -> io::Result<()> {
        prove_record(self.size, index, self).map(drop).map_err(misuse)
    }

    /// That it goes on with its first `old` leaves.
    ///
    /// # Errors
    /// `InvalidInput` where there are fewer.
    pub fn consistency(&mut self, old: u64) -> io::Result<()> {
        if old == 0 {
            return Ok(());
        }
        prove_tree(self.size, old, self).map(drop).map_err(misuse)
    }

    /// Goes through the leaves, from the first.
    ///
    /// # Errors
    /// What reading says; `InvalidData` where there are fewer leaves than the tree has, or more.
    pub fn read(self, leaves: impl Iterator<Item = io::Result<Hash>>) -> io::Result<Nodes> {
        let mut needed = self.needed.into_inner();
        needed.sort_unstable();
        needed.dedup();
        let mut needed = needed.into_iter().peekable();
        let (mut tree, mut known, mut place) = (Tree::default(), HashMap::new(), 0);
        for leaf in leaves {
            tree.push_with(leaf?, &mut |node| {
                if needed.next_if_eq(&place).is_some() {
                    known.insert(place, node);
                }
                place += 1;
            });
        }
        match tree.size() == self.size {
            true => Ok(Nodes { size: self.size, root: tree.root(), known }),
            false => {
                let message = format!("there are {} leaves, not {}", tree.size(), self.size);
                Err(io::Error::new(io::ErrorKind::InvalidData, message))
            }
        }
    }
}

/// Asked for nodes, it only notes which.
impl HashReader for Plan {
    fn read_hashes(&self, places: &[u64]) -> Result<Vec<Hash>, Error> {
        self.needed.borrow_mut().extend_from_slice(places);
        Ok(vec![empty_root(); places.len()])
    }
}

impl Nodes {
    /// The root of all leaves.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The proof that was planned by [`Plan::inclusion`].
    ///
    /// # Errors
    /// `InvalidInput` for one that was not.
    pub fn inclusion(&self, index: u64) -> io::Result<Vec<Hash>> {
        prove_record(self.size, index, self).map_err(misuse)
    }

    /// The proof that was planned by [`Plan::consistency`].
    ///
    /// # Errors
    /// `InvalidInput` for one that was not.
    pub fn consistency(&self, old: u64) -> io::Result<Vec<Hash>> {
        if old == 0 {
            return Ok(Vec::new());
        }
        prove_tree(self.size, old, self).map_err(misuse)
    }
}

impl HashReader for Nodes {
    fn read_hashes(&self, places: &[u64]) -> Result<Vec<Hash>, Error> {
        let hashes: Option<Vec<Hash>> = places.iter().map(|place| self.known.get(place).copied()).collect();
        hashes.ok_or(Error::IndexesNotInTree)
    }
}

fn misuse(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests;
