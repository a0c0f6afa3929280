//! Files put into a sealed package, or put anew: what vouches for its checkpoint comes after the sealing.
//!
//! The list of files and its digest follow; every other byte stays as it is. In a directory each file appears whole, by a
//! rename, in an order from which a later call goes on: the files, the digest, the list. A WACZ is written anew beside itself,
//! every file held against the list on the way, and renamed in place of the old one.

use std::collections::HashMap;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use super::datapackage::{self, Datapackage, Digest, Resource};
use super::hash;
use super::layout::{self, DATAPACKAGE, DATAPACKAGE_DIGEST};
use super::seal::{replace, temporary_beside};
use super::{Error, Package, wacz};
use crate::disk::Disk;
use crate::input::section::ReadSeek;
use crate::vouch::Note;

/// A file's path in the package, and the bytes that it is to have.
pub type Change = (String, Vec<u8>);

/// What a file of the package is to be.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Those of a file elsewhere.
    File(PathBuf),
    /// No longer there.
    Gone,
}

impl Content {
    fn open(&self) -> io::Result<Option<Box<dyn ReadSeek>>> {
        match self {
            Self::Bytes(bytes) => Ok(Some(Box::new(Cursor::new(bytes.clone())))),
            Self::File(path) => Ok(Some(Box::new(std::fs::File::open(path)?))),
            Self::Gone => Ok(None),
        }
    }
}

/// Makes the changes to the package at `path`: a sealed collection, or a WACZ. A deflated entry of a WACZ is inflated in
/// `spool` on the way.
///
/// # Errors
/// [`Error::Unsealed`]; [`Error::Altered`] where the package is not what its list says; what reading and writing say.
pub fn amend(path: &Path, changes: &[Change], spool: &Path) -> Result<(), Error> {
    let changes = changes.iter().map(|(path, bytes)| (path.clone(), Content::Bytes(bytes.clone())));
    rewrite(path, changes.collect(), spool)
}

/// The same with files of any length, and with some that go.
pub(super) fn rewrite(path: &Path, mut changes: Vec<(String, Content)>, spool: &Path) -> Result<(), Error> {
    let package = Package::open(path).map_err(Error::io(path))?;
    let list = Listed::read(&package, path)?;
    // An earlier call may have been cut before what it added was listed.
    let envelopes = provenance(&package, &list.0, &[]).map_err(Error::io(path))?;
    let list = list.with(&envelopes).with(&resources(&changes).map_err(Error::io(path))?);
    let bytes = list.to_json();
    let own = [(DATAPACKAGE_DIGEST, Digest::of(&bytes, None).to_json()), (DATAPACKAGE, bytes)];
    changes.extend(own.map(|(path, bytes)| (path.to_owned(), Content::Bytes(bytes))));
    match &package {
        Package::Directory(_) => in_directory(path, &changes),
        Package::Wacz(_) => in_wacz(path, &package, &list.0, changes, spool),
    }
}

pub(super) fn in_directory(root: &Path, changes: &[(String, Content)]) -> Result<(), Error> {
    let disk = Disk::default();
    remove_rests(root);
    for (path, content) in changes {
        let path = root.join(path);
        let done = match content.open().map_err(Error::io(&path))? {
            Some(mut input) => disk.replace(&path, |out| io::copy(&mut input, out).map(drop)),
            None if path.try_exists().unwrap_or(true) => std::fs::remove_file(&path),
            None => Ok(()),
        };
        done.map_err(Error::io(&path))?;
    }
    Ok(())
}

/// What a call that was cut left of files that it was writing; they are of no use, and nothing lists them.
fn remove_rests(root: &Path) {
    for name in [DATAPACKAGE, DATAPACKAGE_DIGEST, layout::CHECKPOINT, layout::MANIFEST, layout::LEAVES] {
        let _ = std::fs::remove_file(crate::disk::beside(&root.join(name), ".part"));
    }
    let Ok(entries) = std::fs::read_dir(root.join("provenance")) else { return };
    for entry in entries.flatten() {
        let name = format!("provenance/{}", entry.file_name().to_string_lossy());
        if name.strip_suffix(".part").is_some_and(layout::is_envelope) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// What the list of files will say of each change; `None` where the file goes.
type Listing = (String, Option<Resource>);

fn resources(changes: &[(String, Content)]) -> io::Result<Vec<Listing>> {
    let one = |(path, content): &(String, Content)| {
        let resource = content.open()?.map(|input| Resource::of(path, input)).transpose()?;
        Ok((path.clone(), resource))
    };
    changes.iter().map(one).collect()
}

pub(super) fn in_wacz(
    path: &Path,
    package: &Package,
    list: &Datapackage,
    changes: Vec<(String, Content)>,
    spool: &Path,
) -> Result<(), Error> {
    let mut changes: HashMap<String, Content> = changes.into_iter().collect();
    let mut names: Vec<String> = package.members().iter().map(|member| member.path.clone()).collect();
    names.extend(changes.keys().filter(|name| !package.contains(name)).cloned());
    names.sort_by(|a, b| layout::rank(a).cmp(&layout::rank(b)));
    let temporary = temporary_beside(path)?;
    let mut zip = wacz::Zip::new(temporary.as_file(), list.created.as_deref());
    for name in names {
        let changed = changes.remove(&name);
        let opened = changed.as_ref().map(Content::open).transpose().map_err(Error::io(path))?;
        let (expected, mut input) = match opened {
            Some(None) => continue,
            Some(Some(input)) => (None, input),
            None => {
                let input = package.seek(&name, spool).map_err(Error::io(path))?;
                (Some(expected(list, &name, path)?), input)
            }
        };
        let found = zip.add(name.clone(), &mut input).map_err(Error::io(path))?;
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            let problem = format!("the hash of {name} is {found}, not {expected}");
            return Err(Error::Altered { path: path.to_owned(), problem });
        }
    }
    zip.finish().map_err(Error::io(path))?;
    replace(temporary, path)
}

/// The hash that a file must have to be passed on.
fn expected(list: &Datapackage, name: &str, path: &Path) -> Result<String, Error> {
    let listed = list.resources.iter().find(|resource| resource.path == name);
    listed
        .map(|resource| resource.hash.clone())
        .ok_or_else(|| Error::Altered { path: path.to_owned(), problem: format!("{name} is not listed") })
}

/// False where the checkpoint is neither the listed one nor what a call that was cut has made of it: that one with more
/// signatures, or a later one beside which it is kept.
fn only_grew(package: &Package, list: &Datapackage, path: &Path) -> Result<bool, Error> {
    let listed = list.resources.iter().find(|resource| resource.path == layout::CHECKPOINT);
    let Some(listed) = listed.map(|resource| &resource.hash) else { return Ok(true) };
    let mut states = vec![content(package, layout::CHECKPOINT, path)?];
    if let Some(note) = states.first().and_then(|bytes| Note::parse(bytes).ok()) {
        states.extend((0..=note.signatures().len()).map(|count| note.with_first(count)));
    }
    let kept = package.members().iter().map(|member| &member.path);
    for name in kept.filter(|name| layout::earlier_size(name).is_some()) {
        states.push(content(package, name, path)?);
    }
    Ok(states.iter().any(|bytes| hash::sha256(bytes) == *listed))
}

/// A list of files that its digest vouches for.
pub(super) struct Listed(pub(super) Datapackage);

impl Listed {
    pub(super) fn read(package: &Package, path: &Path) -> Result<Self, Error> {
        let altered = |problem: &str| Error::Altered { path: path.to_owned(), problem: problem.to_owned() };
        if !package.contains(DATAPACKAGE) || package.is_unfinished() {
            return Err(Error::Unsealed(path.to_owned()));
        }
        let bytes = content(package, DATAPACKAGE, path)?;
        let list = datapackage::parse(&bytes).0.ok_or_else(|| altered("its list of files cannot be read"))?;
        if list.to_json() != bytes {
            return Err(altered("its list of files was written by another tool, and would lose something"));
        }
        let digest = datapackage::parse_digest(&content(package, DATAPACKAGE_DIGEST, path)?).0;
        let digest = digest.ok_or_else(|| altered("its datapackage-digest.json cannot be read"))?;
        if digest.signed_data.is_some() {
            return Err(altered("it has a wacz-auth signature, which would hold no longer"));
        }
        if package.contains(layout::CHECKPOINT) && !only_grew(package, &list, path)? {
            return Err(altered(
                "its checkpoint is not the one that is listed, nor that one with more signatures",
            ));
        }
        if digest.hash == hash::sha256(&bytes) {
            return Ok(Self(list));
        }
        // An earlier call may have been cut between digest and list.
        let now = provenance(package, &list, &[layout::MANIFEST, layout::LEAVES]).map_err(Error::io(path))?;
        let Self(renewed) = Self(list).with(&now);
        match digest.hash == hash::sha256(&renewed.to_json()) {
            true => Ok(Self(renewed)),
            false => Err(altered("datapackage-digest.json holds another hash of datapackage.json")),
        }
    }

    /// The list with these files as they will be, in the order of their paths.
    fn with(mut self, changes: &[Listing]) -> Self {
        let changed = |resource: &Resource| changes.iter().any(|(path, _)| *path == resource.path);
        self.0.resources.retain(|resource| !changed(resource));
        self.0.resources.extend(changes.iter().filter_map(|(_, resource)| resource.clone()));
        self.0.resources.sort_by(|a, b| a.path.cmp(&b.path));
        self
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        self.0.to_json()
    }
}

/// The checkpoint, what vouches for it and `others`, as they are now; of what is listed and not there any more, that it is
/// gone.
fn provenance(package: &Package, list: &Datapackage, others: &[&str]) -> io::Result<Vec<Listing>> {
    let own = |path: &&str| others.contains(path) || layout::is_envelope(path);
    let there = package.members().iter().map(|member| member.path.as_str()).filter(own);
    let one = |path: &str| Ok((path.to_owned(), Some(Resource::of(path, package.read(path)?)?)));
    let mut now = there.map(one).collect::<io::Result<Vec<Listing>>>()?;
    let listed = list.resources.iter().map(|resource| resource.path.as_str()).filter(own);
    now.extend(listed.filter(|path| !package.contains(path)).map(|path| (path.to_owned(), None)));
    Ok(now)
}

/// A small file of the package.
pub(super) fn content(package: &Package, name: &str, path: &Path) -> Result<Vec<u8>, Error> {
    let problem = || format!("{name} is not there, or cannot be read whole");
    let bytes = package.small(name).map_err(Error::io(path))?;
    bytes.ok_or_else(|| Error::Altered { path: path.to_owned(), problem: problem() })
}
