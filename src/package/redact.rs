//! A copy of a package without what must be kept back.
//!
//! Records are left out whole; in the log their lines, and all others that name what is kept back as their own URL, give way to
//! `withheld` lines that keep the leaf. So everything that stays is proved by the same tree, and the signatures and
//! time-stamps over the checkpoint of the original hold for the copy. A redaction entry behind the last line says which
//! lines are withheld and binds the files of the copy.

mod choice;
mod copy;

pub use choice::Chosen;

use std::path::Path;

use super::annotate::{Sealed, beside, bound_files, log_file};
use super::datapackage;
use super::layout::{CHECKPOINT, DATAPACKAGE, Layout};
use super::{About, Error, Package, seal};
use crate::manifest::{Described, Event};
use crate::world::World;
use choice::Choice;

/// What was kept back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redacted {
    /// WARC records left out.
    pub records: u64,
    /// Lines of the log withheld.
    pub lines: u64,
    /// Lines that stay and name a URL that was kept back, as what led to theirs or as their seed; so do their records.
    pub mentions: u64,
}

/// Writes to `out`, which must not exist, the package at `path` without what is chosen. `event` is what the redaction's entry
/// says of it in words.
///
/// # Errors
/// [`Error::Exists`]; [`Error::Unsealed`]; [`Error::Altered`] where the log does not lead to its checkpoint;
/// [`Error::Nothing`] where nothing is chosen by it; what reading and writing say, and then `out` is what was written.
pub fn redact(
    path: &Path,
    out: &Path,
    chosen: &Chosen<'_>,
    event: Event,
    world: &dyn World,
    spool: &Path,
) -> Result<Redacted, Error> {
    let package = Package::open(path).map_err(Error::io(path))?;
    if package.is_unfinished() {
        return Err(Error::Unsealed(path.to_owned()));
    }
    let sealed = Sealed::read(&package, path)?;
    let choice = Choice::make(&package, chosen, sealed.tree.size()).map_err(Error::io(path))?;
    if choice.is_empty() {
        return Err(Error::Nothing(path.to_owned()));
    }
    let layout = Layout::new(out);
    create(&layout)?;
    let written = write(&package, path, &layout, &choice, sealed, event, world, spool);
    if written.is_err() {
        // Made here a moment ago, and of no use as it is.
        let _ = std::fs::remove_dir_all(out);
    }
    written
}

/// The files of the copy, in the directories that are there.
#[allow(clippy::too_many_arguments)]
fn write(
    package: &Package,
    path: &Path,
    layout: &Layout,
    choice: &Choice,
    sealed: Sealed,
    event: Event,
    world: &dyn World,
    spool: &Path,
) -> Result<Redacted, Error> {
    let out = layout.root();
    let (about, described) = about(package, path, choice)?;
    let at = |error| Error::io(out)(error);
    let (length, records) = copy::all(package, layout, choice, about.title.as_deref(), spool).map_err(at)?;
    keep_envelopes(package, path, layout, &sealed)?;
    let files = bound_files(out).and_then(|paths| paths.iter().map(|path| log_file(out, path)).collect());
    let files = files.map_err(at)?;
    let event = Event { files, withheld: choice.runs(), package: Some(described), ..event };
    let copied = Sealed { length, ..sealed };
    copied.append(&layout.file("provenance"), event, world).map_err(at)?;
    seal(out, &about, None)?;
    Ok(Redacted { records, lines: choice.lines(), mentions: choice.mentions })
}

fn create(layout: &Layout) -> Result<(), Error> {
    let root = layout.root();
    layout.create().map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::Exists(root.to_owned()),
        _ => Error::io(root)(error),
    })?;
    std::fs::remove_dir(layout.workroom()).map_err(Error::io(root))
}

/// What the copy's datapackage says: what the original's says, but for a main page that is kept back.
fn about(package: &Package, path: &Path, choice: &Choice) -> Result<(About, Described), Error> {
    let bytes = super::amend::content(package, DATAPACKAGE, path)?;
    let list = datapackage::parse(&bytes).0.unwrap_or_default();
    let shown = list.main_page_url.as_deref().is_some_and(|url| !choice.hides(url));
    let about = About {
        title: list.title,
        created: list.created.unwrap_or_default(),
        software: list.software.unwrap_or_default(),
        main_page_url: list.main_page_url.filter(|_| shown),
        main_page_date: list.main_page_date.filter(|_| shown),
    };
    let described = about.described();
    Ok((about, described))
}

/// The checkpoint of the original and of its earlier sessions, with what vouches for them.
fn keep_envelopes(package: &Package, path: &Path, layout: &Layout, sealed: &Sealed) -> Result<(), Error> {
    let earlier = package.members().iter().map(|member| member.path.as_str());
    let earlier =
        earlier.filter(|name| name.strip_prefix(CHECKPOINT).is_some_and(|rest| rest.starts_with('-')));
    let now = beside(package).chain([CHECKPOINT]);
    let now = now.map(|name| (name, sealed.old_name(name.strip_prefix(CHECKPOINT).unwrap_or_default())));
    for (from, to) in earlier.map(|name| (name, name.to_owned())).chain(now) {
        let to = layout.file(&to);
        std::fs::write(&to, super::amend::content(package, from, path)?).map_err(Error::io(&to))?;
    }
    Ok(())
}
