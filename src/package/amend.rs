//! Files put into a sealed package, or put anew: what vouches for its checkpoint comes after the sealing.
//!
//! The list of files and its digest follow; every other byte stays as it is. In a directory each file appears whole, by a
//! rename, in an order from which a later call goes on: the files, the digest, the list. A WACZ is written anew beside itself,
//! every file held against the list on the way, and renamed in place of the old one.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;

use super::datapackage::{self, Datapackage, Digest, Resource};
use super::hash;
use super::layout::{self, DATAPACKAGE, DATAPACKAGE_DIGEST};
use super::seal::{replace, temporary_beside};
use super::{Error, Package, wacz};
use crate::disk::Disk;
use crate::input::section::ReadSeek;

/// A file's path in the package, and the bytes that it is to have.
pub type Change = (String, Vec<u8>);

/// Makes the changes to the package at `path`: a sealed collection, or a WACZ. A deflated entry of a WACZ is inflated in
/// `spool` on the way.
///
/// # Errors
/// [`Error::Unsealed`]; [`Error::Altered`] where the package is not what its list says; what reading and writing say.
pub fn amend(path: &Path, changes: &[Change], spool: &Path) -> Result<(), Error> {
    let package = Package::open(path).map_err(Error::io(path))?;
    let list = Listed::read(&package, path)?.with(changes);
    let bytes = list.to_json();
    let own = [(DATAPACKAGE_DIGEST, Digest::of(&bytes, None).to_json()), (DATAPACKAGE, bytes)];
    let own = own.map(|(path, bytes)| (path.to_owned(), bytes));
    let changes: Vec<Change> = changes.iter().cloned().chain(own).collect();
    match &package {
        Package::Directory(_) => in_directory(path, &changes),
        Package::Wacz(_) => in_wacz(path, &package, &list.0, changes, spool),
    }
}

fn in_directory(root: &Path, changes: &[Change]) -> Result<(), Error> {
    let disk = Disk::default();
    for (path, bytes) in changes {
        let path = root.join(path);
        disk.replace(&path, |out| out.write_all(bytes)).map_err(Error::io(&path))?;
    }
    Ok(())
}

fn in_wacz(
    path: &Path,
    package: &Package,
    list: &Datapackage,
    changes: Vec<Change>,
    spool: &Path,
) -> Result<(), Error> {
    let mut changes: HashMap<String, Vec<u8>> = changes.into_iter().collect();
    let mut names: Vec<String> = package.members().iter().map(|member| member.path.clone()).collect();
    names.extend(changes.keys().filter(|name| !package.contains(name)).cloned());
    names.sort_by(|a, b| layout::rank(a).cmp(&layout::rank(b)));
    let temporary = temporary_beside(path)?;
    let mut zip = wacz::Zip::new(temporary.as_file(), list.created.as_deref());
    for name in names {
        let changed = changes.remove(&name);
        let expected = match &changed {
            Some(bytes) => hash::sha256(bytes),
            None => expected(list, &name, path)?,
        };
        let mut input: Box<dyn ReadSeek> = match changed {
            Some(bytes) => Box::new(Cursor::new(bytes)),
            None => package.seek(&name, spool).map_err(Error::io(path))?,
        };
        let found = zip.add(name.clone(), &mut input).map_err(Error::io(path))?;
        if found != expected {
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

/// A list of files that its digest vouches for.
struct Listed(Datapackage);

impl Listed {
    fn read(package: &Package, path: &Path) -> Result<Self, Error> {
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
        if digest.hash == hash::sha256(&bytes) {
            return Ok(Self(list));
        }
        // An earlier call may have been cut between digest and list.
        let Self(renewed) = Self(list).with(&envelopes(package, path)?);
        match digest.hash == hash::sha256(&renewed.to_json()) {
            true => Ok(Self(renewed)),
            false => Err(altered("datapackage-digest.json holds another hash of datapackage.json")),
        }
    }

    /// The list with these files as they will be, in the order of their paths.
    fn with(mut self, changes: &[Change]) -> Self {
        for (path, bytes) in changes {
            self.0.resources.retain(|resource| resource.path != *path);
            self.0.resources.push(Resource {
                name: path.rsplit('/').next().unwrap_or(path).to_owned(),
                path: path.clone(),
                hash: hash::sha256(bytes),
                bytes: bytes.len() as u64,
            });
        }
        self.0.resources.sort_by(|a, b| a.path.cmp(&b.path));
        self
    }

    fn to_json(&self) -> Vec<u8> {
        self.0.to_json()
    }
}

/// The checkpoint and what vouches for it, as they are now.
fn envelopes(package: &Package, path: &Path) -> Result<Vec<Change>, Error> {
    let members = package.members().iter().map(|member| &member.path);
    let names = members.filter(|name| name.starts_with(layout::CHECKPOINT));
    names.map(|name| Ok((name.clone(), content(package, name, path)?))).collect()
}

/// A small file of the package.
pub(super) fn content(package: &Package, name: &str, path: &Path) -> Result<Vec<u8>, Error> {
    let problem = || format!("{name} is not there, or cannot be read whole");
    let bytes = package.small(name).map_err(Error::io(path))?;
    bytes.ok_or_else(|| Error::Altered { path: path.to_owned(), problem: problem() })
}
