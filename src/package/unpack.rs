//! A WACZ as a directory: every hash checked on the way, and nothing written outside or over anything.

use super::seal::{parent, sync_parent};
use super::{Error, Package, layout};
use crate::finding::{Finding, Rule, rules};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Bytes that any WACZ may take, and how many times itself.
const ROOM: u64 = 1 << 30;
const TIMES: u64 = 100;

/// What may be wrong with a WACZ by others that is unpacked all the same: it says nothing against any byte of it.
static TOLERATED: [&Rule; 3] = [&rules::PACKAGE_INCOMPLETE, &rules::PACKAGE_UNLISTED, &rules::PAGE_LINE];

/// How much may be unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limit {
    /// A hundred times the file, and at least 1 GiB.
    #[default]
    OfFile,
    /// So many bytes.
    Bytes(u64),
}

/// Unpacks the WACZ at `path`, by anyone's tool, into a new directory `out`, which appears whole or not at all. Gives what is amiss
/// but no reason to refuse it.
///
/// # Errors
/// [`Error::Refused`] for a WACZ whose content is not what it says itself, or that would write where it must not, or too much;
/// [`Error::Exists`]; what reading and writing say.
pub fn unpack(path: &Path, out: &Path, limit: Limit) -> Result<Vec<Finding>, Error> {
    if fs::symlink_metadata(out).is_ok() {
        return Err(Error::Exists(out.to_owned()));
    }
    let package = Package::wacz(path.to_string_lossy(), Box::new(File::open(path).map_err(Error::io(path))?));
    let package = package.map_err(Error::io(path))?;
    check_room(&package, path, limit)?;
    let audit = package.audit_form().map_err(Error::io(path))?;
    let own = package.contains(layout::MANIFEST) || audit.datapackage.as_ref().is_some_and(|d| d.by_fonds());
    let tolerated = |code| !own && TOLERATED.iter().any(|rule| rule.code == code);
    refuse(path, audit.findings.iter().find(|finding| finding.is_error() && !tolerated(finding.code)))?;
    let room = room_beside(out)?;
    for (number, member) in package.members().iter().enumerate() {
        let Some(mut content) = audit.check(number).map_err(Error::io(path))? else { continue };
        let target = room.path().join(&member.path);
        let copied = copy(&mut content, &target);
        let found = content.finish().map_err(Error::io(path))?;
        refuse(path, found.iter().find(|finding| finding.is_error()))?;
        copied.map_err(Error::io(&target))?;
    }
    appear(room, out)?;
    Ok(audit.findings)
}

fn refuse(path: &Path, wrong: Option<&Finding>) -> Result<(), Error> {
    match wrong {
        Some(wrong) => {
            let problem = format!("{} [{}]", wrong.message, wrong.code);
            Err(Error::Refused { path: path.to_owned(), problem })
        }
        None => Ok(()),
    }
}

/// What its headers say that it takes; no entry gives more than that.
fn check_room(package: &Package, path: &Path, limit: Limit) -> Result<(), Error> {
    let length = fs::metadata(path).map_err(Error::io(path))?.len();
    let most = match limit {
        Limit::OfFile => length.saturating_mul(TIMES).max(ROOM),
        Limit::Bytes(most) => most,
    };
    let needed = package.members().iter().fold(0u64, |sum, member| sum.saturating_add(member.size));
    if needed > most {
        let problem =
            format!("{needed} bytes would come out of its {length}, and at most {most} are allowed");
        return Err(Error::Refused { path: path.to_owned(), problem });
    }
    Ok(())
}

fn copy(content: &mut impl io::Read, target: &Path) -> io::Result<()> {
    fs::create_dir_all(parent(target))?;
    let mut file = File::create_new(target)?;
    io::copy(content, &mut file)?;
    file.sync_all()
}

/// A temporary directory beside `out`, readable as any other.
fn room_beside(out: &Path) -> Result<tempfile::TempDir, Error> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755));
    builder.prefix(".fonds-").suffix(".part").tempdir_in(parent(out)).map_err(Error::io(out))
}

/// Gives the directory its name. A file, or a directory with anything in it, is never replaced by this.
fn appear(room: tempfile::TempDir, out: &Path) -> Result<(), Error> {
    fs::rename(room.path(), out).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory => {
            Error::Exists(out.to_owned())
        }
        _ => Error::io(out)(error),
    })?;
    // It is there no more under that name.
    let _ = room.keep();
    sync_parent(out)
}
