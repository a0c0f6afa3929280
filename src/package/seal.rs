//! Sealing: the last two files of a collection, which fix all the others.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Error;
use super::datapackage::{Datapackage, Digest, PROFILE, Resource, WACZ_VERSION};
use super::hash;
use super::layout::{self, DATAPACKAGE, DATAPACKAGE_DIGEST, WORKROOM};
use super::walk;
use crate::disk::Disk;
use crate::manifest::{self, Described};

/// What a datapackage says besides its list of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// A title for people.
    pub title: Option<String>,
    /// When the collection was made, RFC 3339 in UTC. Also the time of every entry of the WACZ.
    pub created: String,
    /// What made it: `fonds/0.1.0`.
    pub software: String,
    /// The page to show first.
    pub main_page_url: Option<String>,
    /// When that page was captured, RFC 3339.
    pub main_page_date: Option<String>,
}

impl About {
    /// The same as the log's last entry binds it.
    pub fn described(&self) -> Described {
        Described {
            created: self.created.clone(),
            main_page_date: self.main_page_date.clone(),
            main_page_url: self.main_page_url.clone(),
            title: self.title.clone(),
        }
    }
}

/// Makes the `signedData` object of wacz-auth for the datapackage's hash (`sha256:…`).
pub type Signer<'a> = &'a mut dyn FnMut(&str) -> io::Result<Value>;

/// Hashes every file of the collection at `root` and writes datapackage.json and datapackage-digest.json.
///
/// All other files must be in place and closed, `.fonds/` gone. Existing files are never replaced: sealing
/// again with the same facts gives the same bytes and is no error (so an interrupted sealing can be finished),
/// with other facts it is [`Error::Exists`]. `sign` is asked for the wacz-auth object, given the datapackage's
/// hash.
pub fn seal(root: &Path, about: &About, sign: Option<Signer<'_>>) -> Result<Datapackage, Error> {
    if root.join(WORKROOM).exists() {
        let problem = "is still there: the capture has not ended";
        return Err(Error::Unfit { path: root.join(WORKROOM), problem });
    }
    let datapackage = datapackage(root, about)?;
    let bytes = datapackage.to_json();
    write_new(&root.join(DATAPACKAGE), &bytes)?;
    let signed = match sign {
        Some(sign) => Some(sign(&hash::sha256(&bytes)).map_err(Error::io(&root.join(DATAPACKAGE_DIGEST)))?),
        None => None,
    };
    write_new(&root.join(DATAPACKAGE_DIGEST), &Digest::of(&bytes, signed).to_json())?;
    Ok(datapackage)
}

/// The same by the run that made the collection, whose working files are still there and are not listed. Only with
/// datapackage.json, the last to appear, is the collection sealed.
pub(crate) fn seal_running(disk: &Disk, root: &Path, about: &About) -> Result<Datapackage, Error> {
    let datapackage = datapackage(root, about)?;
    let bytes = datapackage.to_json();
    let digest = Digest::of(&bytes, None).to_json();
    for (path, bytes) in [(DATAPACKAGE_DIGEST, &digest), (DATAPACKAGE, &bytes)] {
        let path = root.join(path);
        disk.replace(&path, |out| out.write_all(bytes)).map_err(Error::io(&path))?;
    }
    Ok(datapackage)
}

fn datapackage(root: &Path, about: &About) -> Result<Datapackage, Error> {
    Ok(Datapackage {
        profile: Some(PROFILE.into()),
        wacz_version: Some(WACZ_VERSION.into()),
        title: about.title.clone(),
        software: Some(about.software.clone()),
        created: Some(about.created.clone()),
        main_page_url: about.main_page_url.clone(),
        main_page_date: about.main_page_date.clone(),
        resources: resources(root)?,
    })
}

/// Every file but the two that sealing writes, hashed; an error for what has no place in a collection.
fn resources(root: &Path) -> Result<Vec<Resource>, Error> {
    let tree = walk::walk(root).map_err(Error::io(root))?;
    let unfit = |path: &str, problem| Err(Error::Unfit { path: root.join(path), problem });
    if let Some((path, problem)) = tree.others.first() {
        return unfit(path, problem);
    }
    if let Some(path) = tree.unnamed.first() {
        return unfit(path, "has a name that is not Unicode");
    }
    let of_the_run = |path: &str| path.split('/').next() == Some(WORKROOM);
    let files: Vec<&str> =
        tree.files.iter().map(|(path, _)| path.as_str()).filter(|path| !of_the_run(path)).collect();
    let missing = layout::missing_parts(files.iter().copied());
    if let Some(part) = missing.first() {
        return Err(Error::Incomplete { path: root.to_owned(), part });
    }
    let listed = files.into_iter().filter(|path| !matches!(*path, DATAPACKAGE | DATAPACKAGE_DIGEST));
    listed.map(|path| resource(root, path)).collect()
}

fn resource(root: &Path, path: &str) -> Result<Resource, Error> {
    let file = root.join(path);
    if let Some(problem) = layout::unportable(path) {
        return Err(Error::Unfit { path: file, problem });
    }
    File::open(&file).and_then(|open| Resource::of(path, open)).map_err(Error::io(&file))
}

/// Where the files lie that the log of a collection binds: WARCs, index and pages.
pub(crate) fn bound_files(root: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(root.join(layout::ARCHIVE))?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    paths.extend([layout::INDEX, layout::PAGES].map(|name| root.join(name)));
    Ok(paths)
}

/// A file of a collection as its log binds it.
pub(crate) fn log_file(root: &Path, path: &Path) -> io::Result<manifest::File> {
    let (sha256, bytes) = File::open(path).and_then(crate::digest::sha256_of)?;
    let inside = path.strip_prefix(root).unwrap_or(path);
    let path = inside.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    Ok(manifest::File { path, bytes, sha256: sha256.value() })
}

/// Writes a file that appears whole or not at all, and on the disk. The same bytes may be there already.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let mut file = temporary_beside(path)?;
    file.write_all(bytes).map_err(Error::io(path))?;
    appear(file, path)
}

/// A temporary file in the directory of `path`, readable as any other file.
pub(super) fn temporary_beside(path: &Path) -> Result<tempfile::NamedTempFile, Error> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder.prefix(".fonds-").suffix(".part").tempfile_in(parent(path)).map_err(Error::io(path))
}

/// Gives a temporary file its name, after its bytes have reached the disk; never in place of another file.
pub(super) fn appear(file: tempfile::NamedTempFile, path: &Path) -> Result<(), Error> {
    file.as_file().sync_all().map_err(Error::io(path))?;
    file.persist_noclobber(path).map_err(|failed| match failed.error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(path.to_owned()),
        _ => Error::Io { path: path.to_owned(), source: failed.error },
    })?;
    sync_parent(path)
}

/// The same in place of the file that is there.
pub(super) fn replace(file: tempfile::NamedTempFile, path: &Path) -> Result<(), Error> {
    // Who may read it stays as it was.
    let permissions = path.metadata().map_err(Error::io(path))?.permissions();
    file.as_file().set_permissions(permissions).map_err(Error::io(path))?;
    file.as_file().sync_all().map_err(Error::io(path))?;
    file.persist(path).map_err(|failed| Error::Io { path: path.to_owned(), source: failed.error })?;
    sync_parent(path)
}

/// The name itself is on the disk only once its directory is; where directories cannot be opened, so be it.
pub(super) fn sync_parent(path: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    File::open(parent(path)).and_then(|directory| directory.sync_all()).map_err(Error::io(path))?;
    Ok(())
}

pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
