//! A collection: a directory laid out as an unpacked WACZ, or the same as one WACZ file.
//!
//! Writing: [`layout`] names the files, [`pages`] and [`datapackage`] give two of them their content, [`mod@seal`]
//! hashes all of them into the datapackage, and [`wacz`] zips the result, byte for byte the same each time; [`mod@unpack`]
//! makes a directory of it again. What vouches for the sealed whole is added by [`vouched`] and [`stamped`], through [`mod@amend`]; what was
//! done with it later by [`mod@annotate`]; [`mod@prove`] takes single records out of it, provably, and [`mod@redact`] makes a
//! copy without some.
//! Reading: [`Package`] opens either form, by whomever it was made, lists its files, streams them, and
//! [`Package::audit`] checks everything that can be said of a package without looking into its WARCs.

pub mod amend;
pub mod annotate;
mod audit;
pub mod authed;
pub mod datapackage;
mod guard;
mod hash;
pub mod layout;
pub mod pages;
pub mod prove;
pub mod redact;
pub mod seal;
mod sealed;
mod skeleton;
pub mod stamped;
pub mod survey;
#[cfg(test)]
mod tests;
pub mod unpack;
pub mod vouched;
pub mod wacz;
mod walk;

pub use annotate::annotate;
pub use audit::{Audit, Checked};
pub use seal::{About, seal};
pub use wacz::pack;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::input::section::{ReadSeek, Shared};
use crate::input::zip::{self, Structure};
use crate::input::{Input, Kind};

/// Largest file of a package that is held: a list of some hundred thousand files.
const LARGEST_HELD: u64 = 256 << 20;

/// Why a package could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading or writing failed.
    #[error("{path}: {source}")]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that would have to be overwritten.
    #[error("{0} exists already; fonds overwrites nothing. Choose another name, or remove it")]
    Exists(PathBuf),
    /// A file that has no place in a sealed collection.
    #[error("{path} {problem}")]
    Unfit {
        /// The file concerned.
        path: PathBuf,
        /// Why, as the end of a sentence.
        problem: &'static str,
    },
    /// A part without which a directory is no collection.
    #[error("{path} holds no {part}; a collection must have one")]
    Incomplete {
        /// The collection.
        path: PathBuf,
        /// What is missing.
        part: &'static str,
    },
    /// The collection is not what its datapackage says, so it must not be passed on as if it were.
    #[error("{path} is not what datapackage.json says of it: {problem}. See `fonds verify`")]
    Altered {
        /// The file concerned.
        path: PathBuf,
        /// In what it differs.
        problem: String,
    },
    /// What was to be proved does not hold.
    #[error("{path} proves nothing of this: {problem}. `fonds verify` says more")]
    Unproved {
        /// The package concerned.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A WACZ that must not be unpacked.
    #[error("{path} is not unpacked: {problem}. `fonds verify` says more")]
    Refused {
        /// The WACZ.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A capture that has not ended.
    #[error("{0} is not sealed: its capture has not ended; `fonds archive --resume` goes on with it")]
    Unsealed(PathBuf),
    /// Another process changes it.
    #[error("{0} is being changed by another process; try again when that is done")]
    Busy(PathBuf),
    /// Nothing is there that a redaction should keep back.
    #[error("{0}: nothing in it is what should be kept back, so there is nothing to redact")]
    Nothing(PathBuf),
    /// The log tells nothing of what was to be proved.
    #[error("{path}: the log tells of no capture of {wanted}; `fonds ls` shows what there is")]
    NotFound {
        /// The package concerned.
        path: PathBuf,
        /// What was asked for.
        wanted: String,
    },
    /// Something about a key, a signature or a time-stamp.
    #[error("{path}: {source}")]
    Vouch {
        /// The package concerned.
        path: PathBuf,
        /// What is wrong.
        source: crate::vouch::Error,
    },
}

impl Error {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    fn vouch(path: &Path) -> impl FnOnce(crate::vouch::Error) -> Self + '_ {
        move |source| Self::Vouch { path: path.to_owned(), source }
    }
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Path inside the package, parts separated by `/`.
    pub path: String,
    /// Bytes of content.
    pub size: u64,
    /// True where the content lies in the file as it is, so that it can be read at any place.
    pub stored: bool,
}

/// A package to be read.
#[derive(Debug)]
pub enum Package {
    /// A collection directory.
    Directory(Directory),
    /// A WACZ.
    Wacz(Wacz),
}

/// A collection directory to be read.
#[derive(Debug)]
pub struct Directory {
    name: String,
    root: PathBuf,
    tree: walk::Tree,
    members: Members,
}

/// A WACZ to be read.
#[derive(Debug)]
pub struct Wacz {
    name: String,
    file: Shared,
    zip: Structure,
    /// Of each member the place of its entry.
    entries: Vec<usize>,
    members: Members,
}

/// The members in their order, and the first of each path.
#[derive(Debug)]
struct Members {
    list: Vec<Member>,
    places: HashMap<String, usize>,
}

impl Members {
    fn new(list: Vec<Member>) -> Self {
        let mut places = HashMap::new();
        for (place, member) in list.iter().enumerate() {
            places.entry(member.path.clone()).or_insert(place);
        }
        Self { list, places }
    }

    fn get(&self, path: &str) -> Option<&Member> {
        self.list.get(*self.places.get(path)?)
    }
}

impl Package {
    /// Opens a directory or a WACZ. Content is never an error, see [`Self::audit`].
    pub fn open(path: &Path) -> io::Result<Self> {
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            Self::directory(name, path)
        } else {
            Self::wacz(name, Box::new(File::open(path)?))
        }
    }

    /// An input that is a collection or a WACZ; `InvalidInput` for any other.
    pub fn from_input(input: &Input) -> io::Result<Self> {
        match (input.kind(), input.path()) {
            (Kind::Collection, Some(root)) => Self::directory(input.name(), root),
            (Kind::Wacz, _) => Self::from_shared(input.name(), input.shared()?),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{} is no package", input.name()))),
        }
    }

    /// A collection directory under the name that findings give it.
    pub fn directory(name: impl Into<String>, root: &Path) -> io::Result<Self> {
        let tree = walk::walk(root)?;
        let members =
            tree.files.iter().map(|(path, size)| Member { path: path.clone(), size: *size, stored: true });
        let members = Members::new(members.collect());
        Ok(Self::Directory(Directory { name: name.into(), root: root.to_owned(), tree, members }))
    }

    /// A WACZ from wherever it can be read, under the name that findings give it.
    pub fn wacz(name: impl Into<String>, file: Box<dyn ReadSeek>) -> io::Result<Self> {
        Self::from_shared(name, Shared::new(file)?)
    }

    /// A WACZ that is open already.
    pub fn from_shared(name: impl Into<String>, file: Shared) -> io::Result<Self> {
        let zip = zip::read(&file)?;
        let files = || zip.entries.iter().enumerate().filter(|(_, entry)| !entry.is_directory());
        let members = files().map(|(_, entry)| Member {
            path: entry.name.clone(),
            size: entry.size,
            stored: entry.section(&file).is_some(),
        });
        let (members, entries) = (Members::new(members.collect()), files().map(|(place, _)| place).collect());
        Ok(Self::Wacz(Wacz { name: name.into(), file, zip, entries, members }))
    }

    /// The name of the package as it was given.
    pub fn name(&self) -> &str {
        match self {
            Self::Directory(directory) => &directory.name,
            Self::Wacz(wacz) => &wacz.name,
        }
    }

    /// The name under which findings about a member go: `DIR/path` or `FILE.wacz!path`.
    pub fn member_name(&self, path: &str) -> String {
        match self {
            Self::Directory(directory) => {
                Path::new(&directory.name).join(path).to_string_lossy().into_owned()
            }
            Self::Wacz(wacz) => format!("{}!{path}", wacz.name),
        }
    }

    /// All files: of a directory sorted by path, of a WACZ in the order of its directory, duplicates included.
    pub fn members(&self) -> &[Member] {
        &self.places().list
    }

    fn places(&self) -> &Members {
        match self {
            Self::Directory(directory) => &directory.members,
            Self::Wacz(wacz) => &wacz.members,
        }
    }

    /// The paths of all files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.members().iter().map(|member| member.path.as_str())
    }

    /// True if there is a member of that path.
    pub fn contains(&self, path: &str) -> bool {
        self.places().get(path).is_some()
    }

    /// True for the directory of a capture that has not ended: its working files are there and no datapackage. One that
    /// was sealed and lost its datapackage is not unfinished but damaged.
    pub fn is_unfinished(&self) -> bool {
        match self {
            Self::Directory(directory) => {
                !self.contains(layout::DATAPACKAGE) && directory.root.join(layout::WORKROOM).is_dir()
            }
            Self::Wacz(_) => false,
        }
    }

    /// The directory of a collection.
    pub fn root(&self) -> Option<&Path> {
        match self {
            Self::Directory(directory) => Some(&directory.root),
            Self::Wacz(_) => None,
        }
    }

    /// The WARCs, in the order of their paths; of an unfinished capture also those still open.
    pub fn warcs(&self) -> Vec<&Member> {
        let unfinished = self.is_unfinished();
        let is_warc = |m: &&Member| {
            let open = m.path.strip_suffix(".open").filter(|_| unfinished);
            layout::is_warc(open.unwrap_or(&m.path))
        };
        let mut warcs: Vec<&Member> = self.members().iter().filter(is_warc).collect();
        warcs.sort_by(|a, b| a.path.cmp(&b.path));
        warcs
    }

    /// Streams a member, the first of that path. `NotFound` where there is none, `InvalidData` where the content
    /// is not what a ZIP's headers say.
    pub fn read(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Directory(directory) => Ok(Box::new(directory.open(path)?)),
            Self::Wacz(wacz) => wacz.entry(path)?.open(&wacz.file),
        }
    }

    /// A member small enough to be held; `None` where it is not there or cannot be read as what it is.
    pub(crate) fn small(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(member) = self.places().get(path) else { return Ok(None) };
        if member.size > LARGEST_HELD {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        match self.read(path).and_then(|input| input.take(LARGEST_HELD).read_to_end(&mut bytes)) {
            Ok(_) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A member to be read at any place. A deflated member is inflated into an unnamed temporary file in `spool`
    /// first.
    pub fn seek(&self, path: &str, spool: &Path) -> io::Result<Box<dyn ReadSeek>> {
        match self {
            Self::Directory(directory) => Ok(Box::new(directory.open(path)?)),
            Self::Wacz(wacz) => match wacz.entry(path)?.section(&wacz.file) {
                Some(section) => Ok(Box::new(section)),
                None => crate::input::spool(&mut self.read(path)?, spool),
            },
        }
    }
}

impl Directory {
    /// Only what the walk has seen is opened: no path from a datapackage leads out of the directory.
    fn open(&self, path: &str) -> io::Result<File> {
        if self.members.get(path).is_none() {
            return Err(not_found(path));
        }
        File::open(self.root.join(path))
    }
}

impl Wacz {
    fn entry(&self, path: &str) -> io::Result<&zip::Entry> {
        let place = self.members.places.get(path).and_then(|place| self.entries.get(*place));
        place.and_then(|place| self.zip.entries.get(*place)).ok_or_else(|| not_found(path))
    }

    /// The entry of the member of this number.
    fn entry_of(&self, number: usize) -> Option<&zip::Entry> {
        self.zip.entries.get(*self.entries.get(number)?)
    }
}

fn not_found(path: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("the package holds no {path}"))
}
