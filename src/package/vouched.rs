//! What vouches for a sealed package, added to it: signatures over the checkpoint of its log.

use std::path::Path;

use super::amend::amend;
use super::guard::Guard;
use super::layout::{self, CHECKPOINT};
use super::sealed::Sealed;
use super::{Error, Package};
use crate::vouch::{self, Note, Signature, SigningKey, SshKey, SshSignature, VerifierKey};

/// The checkpoint of the package at `path`, as the note that is signed. Its log has been read to its end and leads to it:
/// nobody signs by accident what the archive does not hold.
///
/// # Errors
/// [`Error::Unsealed`]; [`Error::Altered`] where there is no log, or one that does not lead to its checkpoint.
pub fn note(path: &Path) -> Result<Note, Error> {
    Sealed::whole(path).map(|sealed| sealed.note)
}

/// True where anybody vouches for the checkpoint of the package at `path`.
///
/// # Errors
/// As [`note`].
pub fn is_vouched(path: &Path) -> Result<bool, Error> {
    let Sealed { package, note, .. } = Sealed::whole(path)?;
    Ok(!note.signatures().is_empty() || package.paths().any(layout::is_beside))
}

/// Signs the checkpoint of the package at `path`. False where this key has signed it already.
///
/// # Errors
/// As [`note`] and [`amend`].
pub fn sign(path: &Path, key: &SigningKey, spool: &Path) -> Result<bool, Error> {
    let guard = Guard::take(path)?;
    let path = guard.path();
    let note = note(path)?;
    let signature = key.sign(note.text());
    put(path, note, signature, spool)
}

/// Adds a signature that was made elsewhere. Where `key` is given, it must be by that key.
///
/// # Errors
/// [`Error::Vouch`] for a signature that is not by `key`; as [`note`] and [`amend`].
pub fn add_signature(
    path: &Path,
    signature: Signature,
    key: Option<&VerifierKey>,
    spool: &Path,
) -> Result<bool, Error> {
    let guard = Guard::take(path)?;
    let path = guard.path();
    let note = note(path)?;
    let problem = match key {
        Some(key) if !key.is_of(&signature) => Some("it is by another key than the one given"),
        Some(key) if !key.verifies(note.text(), &signature) => Some("it is over another text"),
        _ => None,
    };
    match problem {
        Some(problem) => Err(Error::vouch(path)(vouch::Error::Signature(problem))),
        None => put(path, note, signature, spool),
    }
}

fn put(path: &Path, mut note: Note, signature: Signature, spool: &Path) -> Result<bool, Error> {
    let new = note.add(signature);
    // Written again in any case: an earlier run may have been cut before the list of files.
    amend(path, &[(CHECKPOINT.to_owned(), note.to_bytes())], spool)?;
    Ok(new)
}

/// Adds an SSH signature, armoured as ssh-keygen makes it, in a file beside the checkpoint. False where the same is there
/// already.
///
/// # Errors
/// [`Error::Vouch`] for one that is not over this checkpoint, or by a kind of key that is not checked here, or by another
/// than `key`, where that is given; as [`note`] and [`amend`].
pub fn add_ssh(path: &Path, armored: &str, key: Option<&SshKey>, spool: &Path) -> Result<bool, Error> {
    let guard = Guard::take(path)?;
    let path = guard.path();
    let note = note(path)?;
    let signature = SshSignature::parse(armored.as_bytes()).map_err(Error::vouch(path))?;
    let problem = match key {
        Some(key) if !signature.is_by(key) => Some("it is by another key than the one given"),
        _ if !signature.is_checkable() => Some("it is by a kind of key that is not checked here"),
        _ if !signature.verifies(note.text()) => Some("it is over another text"),
        _ => None,
    };
    if let Some(problem) = problem {
        return Err(Error::vouch(path)(vouch::Error::Signature(problem)));
    }
    let package = Package::open(path).map_err(Error::io(path))?;
    let mut number = 1;
    let name = loop {
        let name = layout::envelope_name(None, number, layout::SSHSIG);
        match package.small(&name).map_err(Error::io(path))? {
            None if !package.contains(&name) => break name,
            Some(bytes) if bytes == armored.as_bytes() => break name,
            _ => number += 1,
        }
    };
    let new = !package.contains(&name);
    // Written again in any case: an earlier run may have been cut before the list of files.
    amend(path, &[(name, armored.as_bytes().to_vec())], spool)?;
    Ok(new)
}
