//! What a time-stamp beside a checkpoint is over: the note as it was, and the time-stamps that it renews.
//!
//! Signatures are only ever added at a note's end, and time-stamps each in a file of its own. So a time-stamp is over the note with
//! the first of its signatures, followed by the bytes of the first of the responses that lie beside it (none, or for a
//! renewal all that there were).

use super::Note;
use super::stamp::{Imprint, Token};
use crate::digest::Hasher;

/// How much of what lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover {
    /// The first so many signatures.
    pub signatures: usize,
    /// The first so many earlier responses.
    pub stamps: usize,
}

/// What `token` is over, of a note and of the responses before it; `None` where it is over something else.
pub fn cover(token: &Token, note: &Note, earlier: &[impl AsRef<[u8]>]) -> Option<Cover> {
    let bytes = note.to_bytes();
    let mut done = 0;
    let mut hasher = Hasher::new(token.info.imprint.algorithm);
    for (signatures, length) in note.lengths().into_iter().enumerate() {
        hasher.update(bytes.get(done..length)?);
        done = length;
        if let Some(stamps) = renewed(token, &hasher, earlier) {
            return Some(Cover { signatures, stamps });
        }
    }
    None
}

fn renewed(token: &Token, note: &Hasher, earlier: &[impl AsRef<[u8]>]) -> Option<usize> {
    let mut hasher = note.clone();
    for stamps in 0..=earlier.len() {
        if is(token, &hasher) {
            return Some(stamps);
        }
        hasher.update(earlier.get(stamps)?.as_ref());
    }
    None
}

fn is(token: &Token, hasher: &Hasher) -> bool {
    let Imprint { value, .. } = &token.info.imprint;
    hasher.clone().finish().bytes() == value
}
