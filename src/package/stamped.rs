//! Time-stamps over the checkpoint of a sealed package, added to it.

use std::path::Path;

use super::amend::{Change, amend, content};
use super::guard::Guard;
use super::layout::{self, StampName, stamp_name};
use super::sealed::Sealed;
use super::{Error, Package};
use crate::finding::rules;
use crate::vouch::stamp::{Problem, Token};
use crate::vouch::{self, Note, cover};

/// Time-stamps over one checkpoint: more than any archive is renewed.
pub const MOST: usize = 64;

/// A checkpoint with what time-stamps it has.
#[derive(Clone, Debug)]
pub struct Stampable {
    note: Note,
    stamps: Vec<Vec<u8>>,
    /// When the last line of the log says that it was written: RFC 3339.
    pub last_entry: Option<String>,
}

impl Stampable {
    /// Of the package at `path`, whose log leads to its checkpoint.
    ///
    /// # Errors
    /// As [`super::vouched::note`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let Sealed { package, note, log, .. } = Sealed::whole(path)?;
        let stamps = present(&package, path)?;
        Ok(Self { note, stamps, last_entry: log.last })
    }

    /// What the next time-stamp is to be over: the checkpoint with all of its signatures, and the time-stamps that it has, which
    /// a later one renews.
    pub fn bytes(&self) -> Vec<u8> {
        [self.note.to_bytes(), self.stamps.concat()].concat()
    }

    /// Time-stamps that are there.
    pub fn stamps(&self) -> usize {
        self.stamps.len()
    }
}

/// Adds responses of authorities to the package at `path`; gives the names of the files that are new. What each response is over is
/// looked at, and not whom it is by.
///
/// # Errors
/// [`Error::Vouch`] for one that does not hold or is over something else; as [`super::vouched::note`] and [`amend`].
pub fn add(path: &Path, responses: &[Vec<u8>], spool: &Path) -> Result<Vec<String>, Error> {
    let guard = Guard::take(path)?;
    let path = guard.path();
    let Stampable { note, mut stamps, .. } = Stampable::open(path)?;
    let before = stamps.clone();
    let mut added = Vec::new();
    for response in responses.iter().filter(|response| !before.contains(response)) {
        fits(response, &note, &before).map_err(|problem| Error::vouch(path)(problem.into()))?;
        if stamps.len() == MOST {
            return Err(Error::vouch(path)(vouch::Error::Many(MOST)));
        }
        stamps.push(response.clone());
        added.push(name(stamps.len()));
    }
    // All are written again: an earlier run may have been cut before the list of files.
    let changes: Vec<Change> = (1..).map(name).zip(stamps).collect();
    amend(path, &changes, spool)?;
    Ok(added)
}

fn name(number: usize) -> String {
    layout::stamp(u32::try_from(number).unwrap_or(u32::MAX))
}

fn fits(response: &[u8], note: &Note, before: &[Vec<u8>]) -> Result<(), Problem> {
    let token = Token::parse(response)?;
    token.check()?;
    match cover(&token, note, before) {
        Some(_) => Ok(()),
        None => {
            let words = "it is over something else".to_owned();
            Err(Problem { rule: &rules::STAMP_IMPRINT, words })
        }
    }
}

/// The present checkpoint's, by their numbers, which must have no gap.
fn present(package: &Package, path: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let names = package.members().iter().filter_map(|member| stamp_name(&member.path));
    let mut names: Vec<StampName> = names.filter(|name| name.size.is_none()).collect();
    names.sort();
    let mut stamps = Vec::new();
    for (expected, found) in (1..).zip(names) {
        if found.number != expected {
            let problem = format!("{} is missing", layout::stamp(expected));
            return Err(Error::Altered { path: path.to_owned(), problem });
        }
        stamps.push(content(package, &layout::stamp(expected), path)?);
    }
    Ok(stamps)
}
