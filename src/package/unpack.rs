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

/// What may be unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// The most bytes; a hundred times the file, and at least 1 GiB, where it is not said.
    pub bytes: Option<u64>,
    /// Content that is not what the lists say, as long as the ZIP itself is sound: some tools write wrong hashes.
    pub as_is: bool,
}

impl Allowed {
    /// True where a finding is no reason to refuse a WACZ; `own` is one by fonds.
    fn tolerates(self, finding: &Finding, own: bool) -> bool {
        let of_container = || ["zip-", "entry-"].iter().any(|start| finding.code.starts_with(start));
        !finding.is_error()
            || self.as_is && !of_container()
            || !own && TOLERATED.iter().any(|rule| rule.code == finding.code)
    }
}

/// Unpacks the WACZ at `path`, by anyone's tool, into a new directory `out`, which appears whole or not at all. Gives what is amiss
/// but no reason to refuse it.
///
/// # Errors
/// [`Error::Refused`] for a WACZ whose content is not what it says itself, or that would write where it must not, or too much;
/// [`Error::Exists`]; what reading and writing say.
pub fn unpack(path: &Path, out: &Path, allowed: Allowed) -> Result<Vec<Finding>, Error> {
    if fs::symlink_metadata(out).is_ok() {
        return Err(Error::Exists(out.to_owned()));
    }
    let package = Package::wacz(path.to_string_lossy(), Box::new(File::open(path).map_err(Error::io(path))?));
    let package = package.map_err(Error::io(path))?;
    check_room(&package, path, allowed.bytes)?;
    let mut audit = package.audit_form().map_err(Error::io(path))?;
    let own = package.contains(layout::MANIFEST) || audit.datapackage.as_ref().is_some_and(|d| d.by_fonds());
    let refuse = |findings: &[Finding]| refuse(path, findings.iter().find(|f| !allowed.tolerates(f, own)));
    refuse(&audit.findings)?;
    let mut findings = std::mem::take(&mut audit.findings);
    let room = room_beside(out)?;
    for (number, member) in package.members().iter().enumerate() {
        let Some(mut content) = audit.check(number).map_err(Error::io(path))? else { continue };
        let target = room.path().join(&member.path);
        let copied = copy(&mut content, &target);
        let found = content.finish().map_err(Error::io(path))?;
        refuse(&found)?;
        copied.map_err(Error::io(&target))?;
        findings.extend(found);
    }
    appear(room, out)?;
    Ok(findings)
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
fn check_room(package: &Package, path: &Path, most: Option<u64>) -> Result<(), Error> {
    let length = fs::metadata(path).map_err(Error::io(path))?.len();
    let most = most.unwrap_or_else(|| length.saturating_mul(TIMES).max(ROOM));
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
