//! From paths to inputs.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use super::kind::{ENOUGH, Kind};
use super::remote::{self, Client, Remote};
use super::{Error, Input, Once, Source, zip};

/// Directories are not searched deeper.
const DEEPEST: usize = 64;

/// How inputs are read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where temporary files go, when something must be copied to be read at any place.
    pub spool: PathBuf,
    /// How URLs are read.
    pub remote: remote::Options,
}

/// What is behind a path.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// What can be read, in the order of the names.
    pub inputs: Vec<Input>,
    /// Files below a directory that are nothing fonds reads.
    pub passed_over: Vec<String>,
}

/// Finds inputs.
#[derive(Debug)]
pub struct Finder {
    options: Options,
    client: OnceLock<Client>,
}

impl Finder {
    /// Nothing is opened yet.
    pub fn new(options: Options) -> Self {
        Self { options, client: OnceLock::new() }
    }

    /// What `path` means. A file named outright is an input whatever it is; below a directory only what fonds
    /// reads is, each collection as one. Hidden files and links to directories are passed by.
    pub fn find(&self, path: &str) -> Result<Found, Error> {
        if path.starts_with("http://") || path.starts_with("https://") {
            return self.find_remote(path);
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.find_directory(path),
            Ok(_) => Ok(one(self.file(Path::new(path))?)),
            Err(error) => match split_member(path) {
                Some((wacz, member)) => Ok(one(member_of(self.file(Path::new(wacz))?, member)?)),
                None => Err(Error::Io { name: path.to_owned(), source: error }),
            },
        }
    }

    /// An input that is read once, such as standard input. Its first bytes are read to tell what it is.
    pub fn reader(&self, name: &str, reader: Box<dyn Read + Send>) -> Result<Input, Error> {
        self.told(name.to_owned(), Source::Once(Arc::new(Mutex::new(Once::Stream(reader)))))
    }

    fn find_remote(&self, url: &str) -> Result<Found, Error> {
        match split_member(url) {
            Some((wacz, member)) => Ok(one(member_of(self.remote(wacz)?, member)?)),
            None => Ok(one(self.remote(url)?)),
        }
    }

    fn remote(&self, url: &str) -> Result<Input, Error> {
        let client = match self.client.get() {
            Some(client) => client,
            None => {
                let client = Client::new(&self.options.remote)?;
                self.client.get_or_init(|| client)
            }
        };
        let remote: Remote = client.open(url)?;
        self.told(url.to_owned(), Source::Remote(Arc::new(remote)))
    }

    fn find_directory(&self, path: &str) -> Result<Found, Error> {
        let mut found = Found::default();
        self.search(Path::new(path), DEEPEST, &mut found)?;
        Ok(found)
    }

    fn search(&self, directory: &Path, depth: usize, found: &mut Found) -> Result<(), Error> {
        if is_collection(directory) {
            let source = Source::Directory(directory.to_owned());
            found.inputs.push(self.input(shown(directory), Kind::Collection, source));
            return Ok(());
        }
        for path in sorted(directory)? {
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            let kind = fs::symlink_metadata(&path).map_err(named(&path))?.file_type();
            if hidden {
                continue;
            } else if kind.is_dir() && depth > 0 {
                self.search(&path, depth - 1, found)?;
            } else if path.is_file() {
                let input = self.file(&path)?;
                let is_zip = input.kind == Kind::Wacz && Kind::by_name(&input.name) != Some(Kind::Wacz);
                match input.kind == Kind::Unknown || is_zip {
                    true => found.passed_over.push(input.name),
                    false => found.inputs.push(input),
                }
            }
        }
        Ok(())
    }

    fn file(&self, path: &Path) -> Result<Input, Error> {
        self.told(shown(path), Source::File(path.to_owned()))
    }

    fn told(&self, name: String, source: Source) -> Result<Input, Error> {
        let mut input = self.input(name, Kind::Unknown, source);
        let head = input.head(ENOUGH).map_err(|source| Error::Io { name: input.name.clone(), source })?;
        let last = input.name.split(['?', '#']).next().unwrap_or_default();
        input.kind = Kind::of(last, &head);
        Ok(input)
    }

    fn input(&self, name: String, kind: Kind, source: Source) -> Input {
        Input { name, kind, source, spool: self.options.spool.clone() }
    }
}

/// A collection is known by its datapackage, or by its log where it has not been sealed.
fn is_collection(directory: &Path) -> bool {
    ["datapackage.json", "provenance/manifest.jsonl"].iter().any(|file| directory.join(file).is_file())
}

/// `FILE.wacz!member`.
fn split_member(path: &str) -> Option<(&str, &str)> {
    let at = path.find(".wacz!")? + ".wacz".len();
    Some((path.get(..at)?, path.get(at + 1..)?))
}

fn member_of(wacz: Input, member: &str) -> Result<Input, Error> {
    let failed = |source| Error::Io { name: wacz.name.clone(), source };
    let file = wacz.shared().map_err(failed)?;
    let entries = zip::read(&file).and_then(|zip| zip::entries(zip, &file)).map_err(failed)?;
    let entry = entries.into_iter().find(|entry| entry.name == member);
    let none = || Error::NoMember { wacz: wacz.name.clone(), member: member.to_owned() };
    let mut input = wacz.entry(&file, entry.ok_or_else(none)?, Kind::Unknown);
    let head = input.head(ENOUGH).map_err(|source| Error::Io { name: input.name.clone(), source })?;
    input.kind = Kind::of(member, &head);
    Ok(input)
}

fn sorted(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(directory).map_err(named(directory))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()
        .map_err(named(directory))?;
    paths.sort();
    Ok(paths)
}

fn named(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    |source| Error::Io { name: shown(path), source }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn one(input: Input) -> Found {
    Found { inputs: vec![input], passed_over: Vec::new() }
}
