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

use super::amend::content;
use super::annotate::append;
use super::datapackage;
use super::layout::{self, CHECKPOINT, DATAPACKAGE, Layout};
use super::seal::{bound_files, log_file};
use super::sealed::Sealed;
use super::{About, Error, seal};
use crate::manifest::Event;
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
/// [`Error::Nothing`] where nothing is chosen by it; what reading and writing say, and then there is no `out`.
pub fn redact(
    path: &Path,
    out: &Path,
    chosen: &Chosen<'_>,
    event: Event,
    world: &dyn World,
    spool: &Path,
) -> Result<Redacted, Error> {
    let sealed = Sealed::open(path)?;
    let choice = Choice::make(&sealed.package, chosen, sealed.log.tree.size()).map_err(Error::io(path))?;
    if choice.is_empty() {
        return Err(Error::Nothing(path.to_owned()));
    }
    let layout = Layout::new(out);
    create(&layout)?;
    let written = Copying { path, sealed, layout, choice }.write(event, world, spool);
    if written.is_err() {
        // Made here a moment ago, and of no use as it is.
        let _ = std::fs::remove_dir_all(out);
    }
    written
}

/// A copy in the making; its directories are there.
struct Copying<'a> {
    path: &'a Path,
    sealed: Sealed,
    layout: Layout,
    choice: Choice,
}

impl Copying<'_> {
    fn write(&self, event: Event, world: &dyn World, spool: &Path) -> Result<Redacted, Error> {
        let Self { sealed, layout, choice, .. } = self;
        let out = layout.root();
        let at = |error| Error::io(out)(error);
        let about = self.about()?;
        let title = about.title.as_deref();
        let (length, records) = copy::all(&sealed.package, layout, choice, title, spool).map_err(at)?;
        self.keep_envelopes()?;
        let files = bound_files(out).and_then(|paths| paths.iter().map(|path| log_file(out, path)).collect());
        let (files, withheld) = (files.map_err(at)?, choice.lines.to_vec());
        let event = Event { files, withheld, package: Some(about.described()), ..event };
        let so_far = (sealed.log.tree.clone(), length);
        append(&layout.file("provenance"), &sealed.origin, so_far, event, world).map_err(at)?;
        seal(out, &about, None)?;
        Ok(Redacted { records, lines: choice.lines.count(), mentions: choice.mentions })
    }

    /// What the copy's datapackage says: what the original's says, but for a main page that is kept back.
    fn about(&self) -> Result<About, Error> {
        let bytes = content(&self.sealed.package, DATAPACKAGE, self.path)?;
        let list = datapackage::parse(&bytes).0.unwrap_or_default();
        let shown = list.main_page_url.as_deref().is_some_and(|url| !self.choice.hides(url));
        Ok(About {
            title: list.title,
            created: list.created.unwrap_or_default(),
            software: list.software.unwrap_or_default(),
            main_page_url: list.main_page_url.filter(|_| shown),
            main_page_date: list.main_page_date.filter(|_| shown),
        })
    }

    /// The checkpoint of the original and of its earlier sessions, with what vouches for them.
    fn keep_envelopes(&self) -> Result<(), Error> {
        let package = &self.sealed.package;
        for name in package.paths().filter(|name| layout::is_envelope(name)) {
            let is_present = name == CHECKPOINT || layout::is_beside(name);
            let to = if is_present { self.sealed.aside(name) } else { name.to_owned() };
            let to = self.layout.file(&to);
            std::fs::write(&to, content(package, name, self.path)?).map_err(Error::io(&to))?;
        }
        Ok(())
    }
}

fn create(layout: &Layout) -> Result<(), Error> {
    let root = layout.root();
    layout.create().map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::Exists(root.to_owned()),
        _ => Error::io(root)(error),
    })?;
    std::fs::remove_dir(layout.workroom()).map_err(Error::io(root))
}
