//! Taking up a collection again: one whose run was killed, or one that was sealed before all was captured.
//!
//! What counts is what the log and the WARCs hold, and nothing else: the frontier is what a plan has left when it is told
//! of them ([`super::replay`]). So a collection can be taken up that was sealed, moved, or made by another version.

use super::archive::{LOCK, Parts};
use super::replay::{Past, Replay, Told};
use super::reserve::Reserve;
use super::warcs::Warcs;
use super::{Archive, Error, Job};
use crate::cdxj::Sorter;
use crate::digest;
use crate::disk::{Disk, DiskFile, PART, beside, copy_range};
use crate::manifest::{Body, Lines, Log, Session, Torn, read_checkpoint, write_checkpoint};
use crate::package::layout::{self, Layout};
use crate::package::survey::{Survey, survey};
use crate::package::{Package, seal};
use crate::warc::OPEN;
use crate::world::{World, millis};
use data_encoding::HEXLOWER;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use url::Url;

/// What torn bytes' files have behind their names.
const TORN: &str = ".torn";
/// How the names of WARCs end.
const WARC: &str = ".warc.gz";

/// What a collection was asked for, as its log tells.
#[derive(Clone, Debug, Default)]
pub struct Recalled {
    /// The seeds of all sessions, in their order.
    pub seeds: Vec<Url>,
    /// The settings of the last session.
    pub options: BTreeMap<String, String>,
    /// Names of its settings whose values are secrets and stand nowhere.
    pub redacted: Vec<String>,
    /// User-Agent that it sent.
    pub user_agent: String,
}

/// Reads what a collection was asked for, without checking any of it.
///
/// # Errors
/// [`Error::NoCapture`] where no run can be told of, or what the file system says.
pub fn recall(root: &Path) -> Result<Recalled, Error> {
    let path = Layout::new(root).file(layout::MANIFEST);
    let file = File::open(&path).map_err(|e| no_capture(root, &path, e))?;
    let mut lines = Lines::new(file);
    let mut recalled = None;
    while let Some(line) = lines.next_line().map_err(Error::at(&path))? {
        let parsed =
            |seeds: &[String]| seeds.iter().filter_map(|seed| Url::parse(seed).ok()).collect::<Vec<_>>();
        match line.entry.map(|entry| entry.body) {
            Ok(Body::Session(session)) => {
                let Session { seeds, options, redacted, user_agent, .. } = *session;
                let all = recalled.get_or_insert_with(Recalled::default);
                all.seeds.extend(parsed(&seeds));
                (all.options, all.redacted, all.user_agent) = (options, redacted, user_agent);
            }
            Ok(Body::Seeds(seeds)) => {
                let all = recalled.get_or_insert_with(Recalled::default);
                all.seeds.extend(parsed(&seeds.urls));
            }
            _ => {}
        }
    }
    recalled.ok_or_else(|| nothing_begun(root))
}

fn no_capture(root: &Path, path: &Path, error: io::Error) -> Error {
    let problem = match error.kind() {
        io::ErrorKind::NotFound if Layout::new(root).workroom().is_dir() || is_empty(root) => {
            return nothing_begun(root);
        }
        io::ErrorKind::NotFound if root.is_dir() => "is no collection with a provenance log",
        io::ErrorKind::NotFound if root.symlink_metadata().is_err() => "does not exist",
        io::ErrorKind::NotADirectory | io::ErrorKind::NotFound => {
            "is no collection directory; a WACZ must be unpacked to be taken up"
        }
        _ => return Error::at(path)(error),
    };
    Error::NoCapture { path: root.to_owned(), problem }
}

fn is_empty(root: &Path) -> bool {
    std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_none())
}

fn nothing_begun(root: &Path) -> Error {
    let problem = "holds nothing yet: its run ended before it had begun. Remove it, and start again";
    Error::NoCapture { path: root.to_owned(), problem }
}

/// What there is to be done in a collection.
#[derive(Debug)]
pub enum Resumed {
    /// Something: [`super::run`] does it.
    Archive(Box<Archive>),
    /// Nothing; which seeds were captured.
    Complete(Vec<bool>),
}

impl Archive {
    /// Takes up the collection at `root`: holds all of it against its log, moves aside what was torn, and goes on with the
    /// same log. `session` tells of the new run; its archive, its seeds and what it continues are filled in. Where there
    /// is nothing to be done, a sealed collection stays as it is.
    ///
    /// Tried again is what failed, but for what a rule gave up, and what was cut because the run was told to stop.
    ///
    /// # Errors
    /// [`Error::NoCapture`], [`Error::Locked`], [`Error::Survey`] where something was altered, or what the file system
    /// says. The collection can then be taken up later, or is as it was.
    pub fn resume(
        root: &Path,
        world: Box<dyn World>,
        session: Session,
        info: &[(&str, String)],
        job: &Job,
    ) -> Result<Resumed, Error> {
        Self::resume_on(Disk::default(), root, world, session, info, job)
    }

    /// The same on a disk that may be watched.
    ///
    /// # Errors
    /// As [`Archive::resume`].
    pub fn resume_on(
        disk: Disk,
        root: &Path,
        world: Box<dyn World>,
        session: Session,
        info: &[(&str, String)],
        job: &Job,
    ) -> Result<Resumed, Error> {
        let layout = Layout::new(root);
        let path = layout.file(layout::MANIFEST);
        File::open(&path).map_err(|e| no_capture(root, &path, e))?;
        let lock = take_lock(&disk, &layout)?;
        let reopening = Reopening { disk, layout, world, lock };
        let mut replay = match Replay::new(job, &reopening.layout.workroom()) {
            Ok(replay) => replay,
            Err(error) => return Err(reopening.leave(error)),
        };
        let survey = match survey(root, &mut replay) {
            Ok(survey) => survey,
            Err(error) => return Err(reopening.leave(error.into())),
        };
        let (mut past, index, told) = match replay.finish() {
            Ok(finished) => finished,
            Err(error) => {
                let error = Error::at(&reopening.layout.workroom())(error);
                return Err(reopening.leave(error));
            }
        };
        let Some(archive) = told.archive.clone() else { return Err(reopening.leave(nothing_begun(root))) };
        let new: Vec<Url> = job.seeds.iter().filter(|url| !past.plan.is_planted(url)).cloned().collect();
        past.owed.extend(past.plan.plant(&new).map_err(Error::at(root))?);
        if past.is_complete() && reopening.layout.is_sealed() {
            if !is_as_sealed(root).map_err(Error::at(root))? {
                let problem =
                    "is complete, but not as it was sealed; `fonds verify` tells which files differ";
                return Err(reopening.leave(Error::NoCapture { path: root.to_owned(), problem }));
            }
            let captured = past.plan.captured();
            reopening.close()?;
            return Ok(Resumed::Complete(captured));
        }
        let seeds = new.into_iter().map(|url| super::session::without_user(url).into()).collect();
        let session = Session {
            archive,
            seeds,
            previous_size: survey.tree.size(),
            previous_root: Some(HEXLOWER.encode(&survey.tree.root().0)),
            ..session
        };
        reopening.go_on(session, info, Found { survey, past, index, told })
    }
}

/// Whether every file of a sealed collection has its hash, and nothing is missing.
fn is_as_sealed(root: &Path) -> io::Result<bool> {
    let package = Package::directory("", root)?;
    let ours = format!("{}/", layout::WORKROOM);
    Ok(!package.audit()?.iter().any(|finding| finding.is_error() && !finding.file.contains(&ours)))
}

/// What a survey brought to light.
struct Found {
    survey: Survey,
    past: Past,
    index: Sorter,
    told: Told,
}

/// A collection that this process holds the lock of.
struct Reopening {
    disk: Disk,
    layout: Layout,
    world: Box<dyn World>,
    lock: DiskFile,
}

fn take_lock(disk: &Disk, layout: &Layout) -> Result<DiskFile, Error> {
    let workroom = layout.workroom();
    let at = |path: &Path| Error::at(path);
    if !workroom.is_dir() {
        disk.create_dir(&workroom).map_err(at(&workroom))?;
    }
    let path = workroom.join(LOCK);
    let lock = disk.create(&path).map_err(at(&path))?;
    // A run that ends removes the file; its lock would be one on nothing.
    if !lock.try_lock().map_err(at(&path))? || !path.is_file() {
        return Err(Error::Locked(layout.root().to_owned()));
    }
    Ok(lock)
}

impl Reopening {
    /// Leaves a sealed collection as it was found.
    fn close(self) -> Result<(), Error> {
        let workroom = self.layout.workroom();
        let removed = match self.layout.is_sealed() {
            true => self.disk.remove_dir_all(&workroom),
            false => Ok(()),
        };
        drop(self.lock);
        removed.map_err(Error::at(&workroom))
    }

    /// The same on the way out with an error, which is the one to tell.
    fn leave(self, error: Error) -> Error {
        let _ = self.close();
        error
    }

    fn go_on(self, session: Session, info: &[(&str, String)], found: Found) -> Result<Resumed, Error> {
        let reserve = Reserve::create(&self.disk, &self.layout.workroom());
        let reserve = reserve.and_then(|mut reserve| reserve.need(found.told.bytes).map(|()| reserve));
        let reserve = match reserve {
            Ok(reserve) => reserve,
            // Nothing was changed yet, and nothing can be without room.
            Err(error) => {
                let error = Error::at(self.layout.root())(error);
                return Err(self.leave(error));
            }
        };
        match self.reopen(&session, &found) {
            Ok((log, torn)) => self.begin((log, reserve), session, info, found, torn),
            Err(error) => {
                // The room is needed for the next try.
                let _ = reserve.release();
                Err(Error::at(self.layout.root())(error))
            }
        }
    }

    /// The new session, on a collection whose files are in order.
    fn begin(
        self,
        (log, reserve): (Log, Reserve),
        session: Session,
        info: &[(&str, String)],
        found: Found,
        torn: Vec<Torn>,
    ) -> Result<Resumed, Error> {
        let at = Error::at(self.layout.root());
        let mut warcs = Warcs::new(self.world.as_ref(), &self.layout, info).map_err(at)?;
        warcs.follow(&found.survey);
        let mut archive = Self::assemble(self, (log, reserve), &session, found, warcs);
        archive.log_session(session)?;
        for torn in torn {
            archive.log(Body::Torn(torn))?;
        }
        if archive.warcs.serial == 0 {
            archive.open_warc()?;
        }
        archive.checkpoint()?;
        Ok(Resumed::Archive(Box::new(archive)))
    }

    fn assemble(
        self,
        (log, reserve): (Log, Reserve),
        session: &Session,
        found: Found,
        warcs: Warcs,
    ) -> Archive {
        Archive::of(Parts {
            created: found.told.created.unwrap_or_else(|| millis(self.world.now())),
            software: format!("{}/{}", session.tool.name, session.tool.version),
            world: self.world,
            disk: self.disk,
            layout: self.layout,
            lock: self.lock,
            past: Some(found.past),
            index: found.index,
            log,
            reserve,
            warcs,
        })
    }

    /// Brings the files into the state that the survey found to hold; each step can be taken again. Gives the log, and
    /// what was torn and is not told of.
    fn reopen(&self, session: &Session, found: &Found) -> io::Result<(Log, Vec<Torn>)> {
        let survey = &found.survey;
        if self.layout.is_sealed() {
            // From here on the collection is one whose capture has not ended; this list is made anew.
            let aside = self.layout.workroom().join(layout::DATAPACKAGE);
            self.disk.rename(&self.layout.file(layout::DATAPACKAGE), &aside)?;
        }
        self.layout.complete_on(&self.disk)?;
        self.clear_parts()?;
        self.set_anchors_aside(session, survey)?;
        // The log first: it never speaks of what the WARCs do not hold.
        let kept = format!("provenance/manifest-{}", survey.tree.size());
        self.keep(&survey.log.path, (survey.log.sound, survey.log.total), &kept)?;
        let origin = format!("fonds/{}", session.archive);
        let sound = (survey.tree.clone(), survey.log.sound);
        let log = Log::reopen(&self.disk, &self.layout.file("provenance"), &origin, sound, &survey.missing)?;
        for part in survey.warcs.iter().filter(|part| part.is_open()) {
            let name = part.path.rsplit('/').next().unwrap_or_default();
            let kept = format!("provenance/{}", name.strip_suffix(OPEN).unwrap_or(name));
            self.keep(&part.path, (part.sound, part.total), &kept)?;
            let open = self.layout.file(&part.path);
            if part.sound == 0 {
                self.disk.remove_file(&open)?;
                continue;
            }
            let file = self.disk.append(&open)?;
            file.cut(part.sound)?;
            file.sync_all()?;
            let closed = self.layout.file(part.path.strip_suffix(OPEN).unwrap_or(&part.path));
            self.disk.rename_anew(&open, &closed)?;
        }
        Ok((log, self.untold(&found.told)?))
    }

    /// Removes what was being written to take a file's place.
    fn clear_parts(&self) -> io::Result<()> {
        let own = [layout::INDEX, layout::PAGES, layout::DATAPACKAGE, layout::DATAPACKAGE_DIGEST];
        let own = own.map(|path| beside(&self.layout.file(path), PART));
        let provenance = files(&self.layout.file("provenance"))?;
        let parts = provenance.into_iter().filter(|path| path.to_string_lossy().ends_with(PART));
        for path in parts.chain(own.into_iter().filter(|path| path.is_file())) {
            self.disk.remove_file(&path)?;
        }
        Ok(())
    }

    /// Keeps the bytes of a file from `sound` on under another name, in place of nothing else.
    fn keep(&self, path: &str, (sound, total): (u64, u64), kept: &str) -> io::Result<()> {
        if sound == total {
            return Ok(());
        }
        let (from, length) = (self.layout.file(path), total - sound);
        let mut names =
            std::iter::once(format!("{kept}{TORN}")).chain((2..).map(|n| format!("{kept}-{n}{TORN}")));
        // An attempt before this one may have kept the same bytes, or others.
        let to = names.find_map(|name| {
            let to = self.layout.file(&name);
            let free = !to.exists() || is_part(&from, sound, length, &to).unwrap_or(false);
            free.then_some(to)
        });
        let Some(to) = to else { return Ok(()) };
        self.disk.replace(&to, |out| copy_range(&from, sound, length, out))
    }

    /// Files of torn bytes that the log does not tell of, those of an attempt before this one among them.
    fn untold(&self, told: &Told) -> io::Result<Vec<Torn>> {
        let root = self.layout.root();
        let paths = files(&self.layout.file("provenance"))?;
        let torn = paths.iter().filter(|path| path.extension().is_some_and(|e| e == &TORN[1..]));
        let mut untold = Vec::new();
        for path in torn {
            let kept = seal::log_file(root, path)?;
            if !told.torn.contains(&kept.path) {
                let name = kept.path.rsplit('/').next().unwrap_or_default();
                let warc = name.find(WARC).and_then(|at| name.get(..at + WARC.len()));
                let path = match warc {
                    Some(warc) => format!("{}/{warc}", layout::ARCHIVE),
                    None => layout::MANIFEST.to_owned(),
                };
                untold.push(Torn { kept, path });
            }
        }
        Ok(untold)
    }

    /// What vouches for the log as it was, signatures and time-stamps, is kept under its size: `checkpoint-SIZE`.
    fn set_anchors_aside(&self, session: &Session, survey: &Survey) -> io::Result<()> {
        let (size, path) = (survey.tree.size(), self.layout.file(layout::CHECKPOINT));
        let beside: Vec<String> = files(&self.layout.file("provenance"))?
            .iter()
            .filter_map(|path| Some(format!("provenance/{}", path.file_name()?.to_str()?)))
            .filter(|name| layout::is_beside(name))
            .collect();
        let bare = write_checkpoint(&format!("fonds/{}", session.archive), &survey.tree)?;
        let bytes = std::fs::read(&path).unwrap_or_default();
        let signed = read_checkpoint(&bytes).is_some_and(|point| point.size() == size) && bytes != bare;
        if beside.is_empty() && !signed {
            return Ok(());
        }
        let aside = |name: &str| self.layout.file(&layout::aside(size, name));
        self.disk.replace(&aside(layout::CHECKPOINT), |out| out.write_all(&bytes))?;
        for name in &beside {
            self.disk.rename(&self.layout.file(name), &aside(name))?;
        }
        Ok(())
    }
}

/// True where `file` holds just these bytes of the other.
fn is_part(of: &Path, offset: u64, length: u64, file: &Path) -> io::Result<bool> {
    let mut part = File::open(of)?;
    part.seek(SeekFrom::Start(offset))?;
    let (held, _) = digest::sha256_of(File::open(file)?)?;
    Ok(digest::sha256_of(part.take(length))?.0 == held)
}

fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}
