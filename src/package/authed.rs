//! A wacz-auth signature put beside the list of files, as the last thing: nothing can be changed any more without breaking it.

use std::path::Path;

use serde_json::Value;

use super::amend::{Content, Listed, in_directory, in_wacz};
use super::datapackage::{self, Digest};
use super::guard::Guard;
use super::layout::{DATAPACKAGE, DATAPACKAGE_DIGEST};
use super::{Error, Package, hash};

/// The hash of the datapackage of a sealed package (`sha256:…`), which is what is signed.
///
/// # Errors
/// [`Error::Unsealed`]; [`Error::Altered`] where there is a signature already, or the list is not what its digest says.
pub fn signable(path: &Path) -> Result<String, Error> {
    let package = Package::open(path).map_err(Error::io(path))?;
    Ok(hash::sha256(&Listed::read(&package, path)?.to_json()))
}

/// True where the package at `path` has such a signature.
///
/// # Errors
/// What reading says.
pub fn is_signed(path: &Path) -> Result<bool, Error> {
    let package = Package::open(path).map_err(Error::io(path))?;
    let digest = package.small(DATAPACKAGE_DIGEST).map_err(Error::io(path))?;
    let digest = digest.and_then(|bytes| datapackage::parse_digest(&bytes).0);
    Ok(digest.is_some_and(|digest| digest.signed_data.is_some()))
}

/// Puts `signed`, the `signedData` object, into datapackage-digest.json.
///
/// # Errors
/// As [`signable`]; what reading and writing say.
pub fn put(path: &Path, signed: Value, spool: &Path) -> Result<(), Error> {
    let guard = Guard::take(path)?;
    let path = guard.path();
    let package = Package::open(path).map_err(Error::io(path))?;
    let list = Listed::read(&package, path)?;
    let bytes = list.to_json();
    let digest = Digest::of(&bytes, Some(signed)).to_json();
    let changes = [(DATAPACKAGE_DIGEST, digest), (DATAPACKAGE, bytes)];
    let changes = changes.map(|(path, bytes)| (path.to_owned(), Content::Bytes(bytes))).to_vec();
    match &package {
        Package::Directory(_) => in_directory(path, &changes),
        Package::Wacz(_) => in_wacz(path, &package, &list.0, changes, spool),
    }
}
