//! What was done with a sealed package later, added to its log: the log grows, and its checkpoint with it.
//!
//! What vouched for the checkpoint before is kept beside the new one as `checkpoint-SIZE`: the log of now is the log of then and
//! more, which every verification holds against it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::amend::{Content, content, rewrite};
use super::guard::Guard;
use super::layout::{CHECKPOINT, LEAVES, MANIFEST};
use super::{Error, Package};
use crate::disk::Disk;
use crate::manifest::{Body, Event, Lines, Log, Tree, read_checkpoint};
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
    let package = Package::open(path).map_err(Error::io(path))?;
    if package.is_unfinished() {
        return Err(Error::Unsealed(path.to_owned()));
    }
    let sealed = Sealed::read(&package, path)?;
    let stage = tempfile::tempdir_in(spool).map_err(Error::io(spool))?;
    let staged = |name: &str| stage.path().join(name.rsplit('/').next().unwrap_or(name));
    let copied = sealed.copy_to(&package, &staged(MANIFEST), &staged(LEAVES));
    copied.map_err(Error::io(stage.path()))?;
    let seq = sealed.append(stage.path(), event, world).map_err(Error::io(stage.path()))?;
    // What vouches for the log as it was is safe before the log changes.
    let mut changes = sealed.set_aside(&package, path)?;
    changes.extend([MANIFEST, LEAVES, CHECKPOINT].map(|name| (name.to_owned(), Content::File(staged(name)))));
    rewrite(path, changes, spool)?;
    Ok(seq)
}

/// The log of a sealed package, as its checkpoint fixes it.
pub(super) struct Sealed {
    pub(super) origin: String,
    pub(super) tree: Tree,
    /// Bytes of its lines.
    pub(super) length: u64,
    pub(super) checkpoint: Vec<u8>,
}

impl Sealed {
    /// Lines behind the checkpoint are events of a call that was cut before its end; they are not of the log.
    pub(super) fn read(package: &Package, path: &Path) -> Result<Self, Error> {
        let altered = |problem: &str| Error::Altered { path: path.to_owned(), problem: problem.to_owned() };
        if !package.contains(CHECKPOINT) || !package.contains(MANIFEST) {
            return Err(altered("it has no provenance log, so nothing can be added to it"));
        }
        let checkpoint = content(package, CHECKPOINT, path)?;
        let point = read_checkpoint(&checkpoint).ok_or_else(|| altered("its checkpoint cannot be read"))?;
        let lines = package.read(MANIFEST).map_err(Error::io(path))?;
        let (tree, length, foreign) = up_to(point.size(), lines).map_err(Error::io(path))?;
        if foreign || (tree.size(), tree.root()) != (point.size(), *point.hash()) {
            return Err(altered("its log does not lead to its checkpoint"));
        }
        Ok(Self { origin: point.origin().to_owned(), tree, length, checkpoint })
    }

    fn copy_to(&self, package: &Package, manifest: &Path, leaves: &Path) -> io::Result<()> {
        let parts = [(MANIFEST, manifest, self.length), (LEAVES, leaves, self.tree.size() * 32)];
        for (name, to, length) in parts {
            let mut out = File::create_new(to)?;
            io::copy(&mut package.read(name)?.take(length), &mut out)?;
        }
        Ok(())
    }

    /// The log in `directory`, which holds these lines, with one more and its checkpoint.
    pub(super) fn append(&self, directory: &Path, event: Event, world: &dyn World) -> io::Result<u64> {
        let so_far = (self.tree.clone(), self.length);
        let mut log = Log::reopen(&Disk::default(), directory, &self.origin, so_far, &[])?;
        let seq = log.append(world, Body::Event(Box::new(event)))?;
        log.checkpoint()?;
        Ok(seq)
    }

    /// The checkpoint of now and what vouches for it, under the names that say its size.
    fn set_aside(&self, package: &Package, path: &Path) -> Result<Vec<(String, Content)>, Error> {
        let beside: Vec<&str> = beside(package).collect();
        let bare = !self.checkpoint.windows(2).any(|two| two == b"\n\n");
        if beside.is_empty() && bare {
            return Ok(Vec::new());
        }
        let mut changes = vec![(self.old_name(""), Content::Bytes(self.checkpoint.clone()))];
        for name in beside {
            let ending = name.strip_prefix(CHECKPOINT).unwrap_or_default();
            changes.push((self.old_name(ending), Content::Bytes(content(package, name, path)?)));
            changes.push((name.to_owned(), Content::Gone));
        }
        Ok(changes)
    }

    /// The name that the checkpoint, or with an ending what vouches for it, has beside a later one.
    pub(super) fn old_name(&self, ending: &str) -> String {
        format!("{CHECKPOINT}-{}{ending}", self.tree.size())
    }
}

/// The files that vouch for the checkpoint from beside it: `checkpoint.tsr` and others.
pub(super) fn beside(package: &Package) -> impl Iterator<Item = &str> {
    let names = package.members().iter().map(|member| member.path.as_str());
    names.filter(|name| name.strip_prefix(CHECKPOINT).is_some_and(|rest| rest.starts_with('.')))
}

/// The tree of the first `size` lines and their bytes; true where what follows is more than events.
fn up_to(size: u64, lines: impl Read) -> io::Result<(Tree, u64, bool)> {
    let (mut lines, mut tree, mut length, mut foreign) = (Lines::new(lines), Tree::default(), 0, false);
    while let Some(line) = lines.next_line()? {
        if tree.size() < size {
            tree.push(line.leaf());
            length = line.offset + line.bytes.len() as u64 + u64::from(line.ended);
        } else {
            foreign |= line.ended && !matches!(line.entry.map(|entry| entry.body), Ok(Body::Event(_)));
        }
    }
    Ok((tree, length, foreign))
}

/// A file of a package as the log binds it.
pub(crate) fn log_file(root: &Path, path: &Path) -> io::Result<crate::manifest::File> {
    let (sha256, bytes) = File::open(path).and_then(crate::digest::sha256_of)?;
    let inside = path.strip_prefix(root).unwrap_or(path);
    let path = inside.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    Ok(crate::manifest::File { path, bytes, sha256: sha256.value() })
}

/// Where the files of a package lie that the log binds: WARCs, index and pages.
pub(crate) fn bound_files(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = std::fs::read_dir(root.join(super::layout::ARCHIVE))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.extend([super::layout::INDEX, super::layout::PAGES].map(|name| root.join(name)));
    Ok(paths)
}
