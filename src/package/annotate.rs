//! What was done with a sealed package later, added to its log: the log grows, and its checkpoint with it.
//!
//! What vouched for the checkpoint before is kept beside the new one as `checkpoint-SIZE`: the log of now is the log of then and
//! more, which every verification holds against it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Error;
use super::amend::{Content, content, rewrite};
use super::guard::Guard;
use super::layout::{self, CHECKPOINT, LEAVES, MANIFEST};
use super::sealed::Sealed;
use crate::disk::Disk;
use crate::manifest::{Body, Event, Log, Tree};
use crate::world::World;

/// Adds an event to the log of the package at `path`, a sealed collection or a WACZ; gives its entry's number. Signatures and
/// time-stamps stay with the checkpoint that they are over, so the new one has none yet.
///
/// # Errors
/// [`Error::Unsealed`]; [`Error::Altered`] where the package is not what its list says, or its log does not lead to its
/// checkpoint; what reading and writing say.
pub fn annotate(path: &Path, event: Event, world: &dyn World, spool: &Path) -> Result<u64, Error> {
    let guard = Guard::take(path)?;
    let path = guard.path();
    let sealed = Sealed::open(path)?;
    let stage = tempfile::tempdir_in(spool).map_err(Error::io(spool))?;
    let staged = |name: &str| stage.path().join(name.rsplit('/').next().unwrap_or(name));
    copy(&sealed, &staged(MANIFEST), &staged(LEAVES)).map_err(Error::io(stage.path()))?;
    let (origin, log) = (&sealed.origin, &sealed.log);
    let seq = append(stage.path(), origin, (log.tree.clone(), log.length), event, world);
    let seq = seq.map_err(Error::io(stage.path()))?;
    // What vouches for the log as it was is safe before the log changes.
    let mut changes = set_aside(&sealed, path)?;
    changes.extend([MANIFEST, LEAVES, CHECKPOINT].map(|name| (name.to_owned(), Content::File(staged(name)))));
    rewrite(path, changes, spool)?;
    Ok(seq)
}

fn copy(sealed: &Sealed, manifest: &Path, leaves: &Path) -> io::Result<()> {
    let parts = [(MANIFEST, manifest, sealed.log.length), (LEAVES, leaves, sealed.log.tree.size() * 32)];
    for (name, to, length) in parts {
        let mut out = File::create_new(to)?;
        io::copy(&mut sealed.package.read(name)?.take(length), &mut out)?;
    }
    Ok(())
}

/// One line more, and its checkpoint, for the log in `directory`, which holds `so_far` this tree's lines in so many bytes.
pub(super) fn append(
    directory: &Path,
    origin: &str,
    so_far: (Tree, u64),
    event: Event,
    world: &dyn World,
) -> io::Result<u64> {
    let mut log = Log::reopen(&Disk::default(), directory, origin, so_far, &[])?;
    let seq = log.append(world, Body::Event(Box::new(event)))?;
    log.checkpoint()?;
    Ok(seq)
}

/// The checkpoint of now and what vouches for it, under the names that say its size.
fn set_aside(sealed: &Sealed, path: &Path) -> Result<Vec<(String, Content)>, Error> {
    let beside: Vec<&str> = sealed.package.paths().filter(|path| layout::is_beside(path)).collect();
    if beside.is_empty() && sealed.note.signatures().is_empty() {
        return Ok(Vec::new());
    }
    let mut changes =
        vec![(sealed.aside(CHECKPOINT), Content::Bytes(content(&sealed.package, CHECKPOINT, path)?))];
    for name in beside {
        changes.push((sealed.aside(name), Content::Bytes(content(&sealed.package, name, path)?)));
        changes.push((name.to_owned(), Content::Gone));
    }
    Ok(changes)
}
