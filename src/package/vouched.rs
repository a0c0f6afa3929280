//! What vouches for a sealed package, added to it: signatures over the checkpoint of its log.

use std::path::Path;

use super::amend::{amend, content};
use super::guard::Guard;
use super::layout::{self, CHECKPOINT, MANIFEST};
use super::{Error, Package};
use crate::manifest::{Lines, Tree, read_checkpoint};
use crate::vouch::{self, Note, Signature, SigningKey, SshKey, SshSignature, VerifierKey};

/// The checkpoint of the package at `path`, as the note that is signed. Its log has been read to its end and leads to it:
/// nobody signs by accident what the archive does not hold.
///
/// # Errors
/// [`Error::Unsealed`]; [`Error::Altered`] where there is no log, or one that does not lead to its checkpoint.
pub fn note(path: &Path) -> Result<Note, Error> {
    held(path).map(|held| held.note)
}

/// What is there to be vouched for.
pub(super) struct Held {
    pub(super) package: Package,
    pub(super) note: Note,
    /// When the last line of the log says that it was written.
    pub(super) last: Option<String>,
}

/// The same as [`note`], and what time-stamps need besides.
pub(super) fn held(path: &Path) -> Result<Held, Error> {
    let package = Package::open(path).map_err(Error::io(path))?;
    if package.is_unfinished() {
        return Err(Error::Unsealed(path.to_owned()));
    }
    let altered = |problem: &str| Error::Altered { path: path.to_owned(), problem: problem.to_owned() };
    if !package.contains(CHECKPOINT) || !package.contains(MANIFEST) {
        return Err(altered("it has no provenance log, so there is no checkpoint to vouch for"));
    }
    let bytes = content(&package, CHECKPOINT, path)?;
    let checkpoint = read_checkpoint(&bytes).ok_or_else(|| altered("its checkpoint cannot be read"))?;
    let note = Note::parse(&bytes).map_err(Error::vouch(path))?;
    let (tree, last) = tree(&package).map_err(Error::io(path))?;
    match (tree.size(), tree.root()) == (checkpoint.size(), *checkpoint.hash()) {
        true => Ok(Held { package, note, last }),
        false => Err(altered("its log does not lead to its checkpoint")),
    }
}

fn tree(package: &Package) -> std::io::Result<(Tree, Option<String>)> {
    let mut lines = Lines::new(package.read(MANIFEST)?);
    let (mut tree, mut last) = (Tree::default(), None);
    while let Some(line) = lines.next_line()? {
        tree.push(line.leaf());
        last = line.entry.ok().map(|entry| entry.at);
    }
    Ok((tree, last))
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
