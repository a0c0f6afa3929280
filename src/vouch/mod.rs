//! What vouches for a checkpoint: signatures, made, added and checked.
//!
//! A checkpoint is a note of three lines, and every trust anchor an envelope over it ([`note`]): a signature line by an
//! Ed25519 key ([`key`]) after C2SP signed-note, or a time-stamp over all of it by an authority ([`stamp`]), whose certificates lead to a
//! root ([`path`]). Nothing here trusts a key that its caller did not name, and nothing finds
//! one by itself.

pub mod auth;
pub mod cover;
pub mod key;
pub mod note;
pub mod path;
pub mod ssh;
pub mod stamp;

pub use cover::{Cover, cover};
pub use key::{Commitment, SigningKey, VerifierKey};
pub use note::{Note, Signature};
pub use path::Roots;
pub use ssh::{SshKey, SshSignature, SshSigningKey};

use std::io;

/// Why a key or a note cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Text that should be a key.
    #[error("this is no {expected}: {problem}")]
    Key {
        /// What was wanted.
        expected: &'static str,
        /// What it lacks.
        problem: &'static str,
    },
    /// A name that no key may have.
    #[error("{0:?} cannot name a key: a name has no space, no + and no control character, and is not empty")]
    Name(String),
    /// Bytes that should be a checkpoint with its signatures.
    #[error("this is no checkpoint of three lines with signatures after an empty line: {0}")]
    Note(&'static str),
    /// A signature line that should be added.
    #[error("the line is no signature of this checkpoint: {0}")]
    Signature(&'static str),
    /// A file that should hold certificates of authorities.
    #[error("this is no file of root certificates: {0}")]
    Root(&'static str),
    /// A time-stamp that should be added.
    #[error("this is no time-stamp of this checkpoint: {0}")]
    Stamp(#[from] stamp::Problem),
    /// One time-stamp more than a checkpoint may have.
    #[error("it has {0} time-stamps, and takes no more")]
    Many(usize),
    /// No randomness.
    #[error("the system gives no randomness for a key: {0}")]
    Random(#[from] io::Error),
}
