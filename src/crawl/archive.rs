//! The collection being written: records, their log lines and their index lines, in step, then the sealing.
//!
//! A capture's records are in their file before the log speaks of them, and the log speaks of all of them at once.
//! Whatever ends a run, what was written is a valid archive; [`Archive::seal`] makes it a finished collection, and
//! [`Archive::resume`] takes up one that was interrupted.

use super::Error;
use super::anchor::Anchors;
use super::prepare::{Ready, write_all};
use super::replay::Past;
use super::reserve::Reserve;
use super::warcs::Warcs;
use crate::cdxj::{Entry, Sorter};
use crate::disk::{Disk, DiskFile};
use crate::manifest::{Body, Connection, Count, Failure, Log, Page, Seeds, Session, Skip};
use crate::package::{layout, layout::Layout, pages};
use crate::warc::{Compression, WriteError, Writer, Written};
use crate::world::{World, millis, new_urn};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// A checkpoint is written after so many records, or so much time.
const CHECKPOINT_RECORDS: u64 = 1000;
const CHECKPOINT_SECONDS: i64 = 10;
/// Seeds in one line of the log.
const SEEDS: usize = 1000;
/// The file whose lock a run holds, among its working files.
pub(super) const LOCK: &str = "lock";

/// A collection being written. No other process can write it at the same time.
pub struct Archive {
    pub(super) world: Box<dyn World>,
    pub(super) disk: Disk,
    pub(super) layout: Layout,
    pub(super) name: String,
    /// When the collection was begun, as its datapackage says.
    pub(super) created: String,
    pub(super) log: Log,
    pub(super) index: Sorter,
    /// Lines are missing from it, of captures that the log tells of.
    pub(super) index_failed: bool,
    pub(super) reserve: Reserve,
    pub(super) past: Option<Past>,
    pub(super) software: String,
    pub(super) counts: Count,
    /// Held as long as this is.
    pub(super) lock: DiskFile,
    /// Begun with its first record.
    pub(super) writer: Option<Writer>,
    /// The writer is with another thread, or went with it.
    lent: bool,
    pub(super) warcs: Warcs,
    /// Where to go back to while a capture is half written, and its index lines.
    begun: Option<(u64, Count)>,
    pending: Vec<Entry>,
    checkpoint: (Timestamp, u64),
    /// Who says the time while it runs.
    pub(super) anchors: Option<Anchors>,
}

/// What an archive is made of, once its directory and its log are there.
pub(super) struct Parts {
    pub(super) world: Box<dyn World>,
    pub(super) disk: Disk,
    pub(super) layout: Layout,
    pub(super) log: Log,
    pub(super) lock: DiskFile,
    pub(super) reserve: Reserve,
    pub(super) index: Sorter,
    pub(super) created: String,
    pub(super) software: String,
    pub(super) warcs: Warcs,
    pub(super) past: Option<Past>,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Archive {
    /// A new collection at `root`, which must not exist, with its warcinfo record and its session entry.
    ///
    /// # Errors
    /// [`Error::Exists`], or what the file system says.
    pub fn create(
        root: &Path,
        world: Box<dyn World>,
        session: Session,
        info: &[(&str, String)],
    ) -> Result<Self, Error> {
        Self::create_on(Disk::default(), root, world, session, info)
    }

    /// The same on a disk that may be watched.
    ///
    /// # Errors
    /// As [`Archive::create`].
    pub fn create_on(
        disk: Disk,
        root: &Path,
        world: Box<dyn World>,
        session: Session,
        info: &[(&str, String)],
    ) -> Result<Self, Error> {
        let layout = Layout::new(root);
        layout.create_on(&disk).map_err(|e| Error::create(root, e))?;
        let at = |path: &Path| Error::at(path);
        let lock = disk.create(&layout.workroom().join(LOCK)).map_err(at(root))?;
        if !lock.try_lock().map_err(at(root))? {
            return Err(Error::Locked(root.to_owned()));
        }
        let provenance = layout.file("provenance");
        let log = Log::create(&disk, &provenance, &format!("fonds/{}", session.archive))
            .map_err(at(&provenance))?;
        let warcs = Warcs::new(world.as_ref(), &layout, info).map_err(at(root))?;
        let mut archive = Self::of(Parts {
            created: millis(world.now()),
            software: format!("{}/{}", session.tool.name, session.tool.version),
            reserve: Reserve::create(&disk, &layout.workroom()).map_err(at(root))?,
            index: Sorter::new(&layout.workroom()),
            past: None,
            world,
            disk,
            layout,
            log,
            lock,
            warcs,
        });
        archive.log_session(session)?;
        archive.open_warc()?;
        archive.checkpoint()?;
        Ok(archive)
    }

    pub(super) fn of(parts: Parts) -> Self {
        Self {
            name: super::warcs::name(&parts.layout),
            checkpoint: (parts.world.now(), 0),
            world: parts.world,
            disk: parts.disk,
            layout: parts.layout,
            created: parts.created,
            log: parts.log,
            index: parts.index,
            index_failed: false,
            reserve: parts.reserve,
            past: parts.past,
            software: parts.software,
            counts: Count::default(),
            lock: parts.lock,
            writer: None,
            lent: false,
            warcs: parts.warcs,
            begun: None,
            pending: Vec::new(),
            anchors: None,
        }
    }

    /// Targets that an earlier run left to be fetched, until [`super::run`] takes them.
    pub fn waiting(&self) -> u64 {
        self.past.as_ref().map_or(0, |past| past.plan.frontier.waiting())
    }

    /// What an earlier run left to be done.
    pub(super) fn take_past(&mut self) -> Option<Past> {
        self.past.take()
    }

    /// Where temporary files of the run belong.
    pub fn workroom(&self) -> PathBuf {
        self.layout.workroom()
    }

    /// WARC-Record-ID of the warcinfo record, in angle brackets.
    pub fn warcinfo_id(&self) -> String {
        format!("<{}>", self.warcs.warcinfo_id)
    }

    pub(super) fn compression(&self) -> Compression {
        self.warcs.compression
    }

    /// Clock and randomness of the run.
    pub fn world(&self) -> &dyn World {
        self.world.as_ref()
    }

    /// What has been done so far.
    pub fn counts(&self) -> Count {
        self.counts
    }

    /// Appends the records of a capture that was begun, and keeps their lines until [`Archive::commit`].
    pub(super) fn append(&mut self, records: Vec<Ready>, connection: Option<u64>) -> Result<(), Error> {
        let mut writer = self.lend()?;
        let written = write_all(&mut writer, &records);
        self.take_back(writer, records, written, connection)
    }

    /// The same on another thread, so that those who wait for this one's run-time do not wait for a big block. It is to be
    /// awaited to its end.
    pub(super) async fn append_aside(
        &mut self,
        records: Vec<Ready>,
        connection: Option<u64>,
    ) -> Result<(), Error> {
        let mut writer = self.lend()?;
        let work = move || {
            let written = write_all(&mut writer, &records);
            (writer, records, written)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok((writer, records, written)) => self.take_back(writer, records, written, connection),
            Err(_) => Err(self.is_lent()),
        }
    }

    /// The writer of the open WARC, to be given back.
    fn lend(&mut self) -> Result<Writer, Error> {
        let writer = self.writer.take().ok_or_else(|| self.is_lent())?;
        self.lent = true;
        Ok(writer)
    }

    fn take_back(
        &mut self,
        writer: Writer,
        records: Vec<Ready>,
        written: Result<Vec<Written>, WriteError>,
        connection: Option<u64>,
    ) -> Result<(), Error> {
        let filename = writer.name();
        self.writer = Some(writer);
        self.lent = false;
        let written = written.map_err(|error| self.write_error(error, &filename))?;
        for (record, written) in records.into_iter().zip(written) {
            let (line, entry) = record.place(&written, connection, &filename);
            self.counts.records += 1;
            self.log(Body::Record(Box::new(line)))?;
            self.pending.extend(entry);
        }
        Ok(())
    }

    fn is_lent(&self) -> Error {
        Error::at(&self.layout.archive())(std::io::Error::other("a record was left half written"))
    }

    /// Begins a capture: its records and log lines count together or not at all.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn begin(&mut self) -> Result<(), Error> {
        if self.lent {
            return Err(self.is_lent());
        }
        if self.writer.is_none() {
            self.open_warc()?;
        }
        let offset = self.writer.as_ref().map_or(0, Writer::offset);
        self.begun = Some((offset, self.counts));
        Ok(())
    }

    /// The capture is whole: its lines are written. Now and then a checkpoint follows, and all is made durable.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn commit(&mut self) -> Result<(), Error> {
        let at = |archive: &Self| Error::at(archive.layout.root());
        let needed: usize = self.pending.iter().map(|entry| entry.line().len() + 1).sum();
        self.reserve.need(needed as u64).map_err(at(self))?;
        self.log.flush().map_err(Error::at(&self.layout.file(layout::MANIFEST)))?;
        self.begun = None;
        for entry in std::mem::take(&mut self.pending) {
            if let Err(error) = self.index.push(&entry) {
                self.index_failed = true;
                return Err(at(self)(error));
            }
        }
        let (last, records) = self.checkpoint;
        let elapsed = self.world.now().as_second() - last.as_second();
        if self.counts.records - records >= CHECKPOINT_RECORDS || !(0..CHECKPOINT_SECONDS).contains(&elapsed)
        {
            self.checkpoint()?;
        }
        Ok(())
    }

    /// Makes durable what was committed, the WARC before the log that speaks of it, and fixes it by a checkpoint.
    pub(super) fn checkpoint(&mut self) -> Result<Vec<u8>, Error> {
        if let Some(writer) = &mut self.writer {
            writer.sync().map_err(Error::at(&self.layout.archive()))?;
        }
        let checkpoint = self.log.checkpoint().map_err(Error::at(&self.layout.file(layout::CHECKPOINT)))?;
        self.checkpoint = (self.world.now(), self.counts.records);
        Ok(checkpoint)
    }

    /// Takes a half-written capture back.
    pub(super) fn roll_back(&mut self) -> std::io::Result<()> {
        self.pending.clear();
        self.log.roll_back();
        let Some((offset, counts)) = self.begun.take() else { return Ok(()) };
        self.counts = counts;
        self.writer.as_mut().map_or(Ok(()), |writer| writer.cut(offset))
    }

    /// Logs a connection and gives its `seq`.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn connection(&mut self, connection: Connection) -> Result<u64, Error> {
        self.log(Body::Connection(Box::new(connection)))
    }

    /// Counts an exchange whose records are written.
    pub(super) fn captured(&mut self) {
        self.counts.captures += 1;
    }

    /// Logs a URL that was not captured.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn failure(&mut self, failure: Failure) -> Result<(), Error> {
        self.counts.failures += 1;
        self.log(Body::Failure(failure)).map(drop)
    }

    /// Logs a URL that was left out.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn skip(&mut self, url: String, reason: &str) -> Result<(), Error> {
        self.log(Body::Skip(Skip { url, reason: reason.to_owned() })).map(drop)
    }

    /// Lists a page. `record` is the id of the record that holds it, `date` that record's WARC-Date.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn page(&mut self, url: &str, date: &str, title: &str, record: &str) -> Result<(), Error> {
        let urn = new_urn(self.world.as_ref()).map_err(Error::at(self.layout.root()))?;
        let id = urn.trim_start_matches("urn:uuid:").to_owned();
        let page = Page {
            id,
            url: url.to_owned(),
            ts: date.to_owned(),
            title: title.to_owned(),
            record: record.to_owned(),
        };
        // pages.jsonl is made of the log when the collection is sealed.
        let needed = pages::Page::from(&page).line().len() as u64;
        self.reserve.need(needed).map_err(Error::at(self.layout.root()))?;
        self.counts.pages += 1;
        self.log(Body::Page(page)).map(drop)
    }

    /// A session's entry, and those of seeds that have no place in it.
    pub(super) fn log_session(&mut self, mut session: Session) -> Result<(), Error> {
        let more = session.seeds.split_off(session.seeds.len().min(SEEDS));
        self.log(Body::Session(Box::new(session)))?;
        for urls in more.chunks(SEEDS) {
            self.log(Body::Seeds(Seeds { urls: urls.to_vec() }))?;
        }
        Ok(())
    }

    /// A line of the log: with its capture where one was begun, else at once.
    pub(super) fn log(&mut self, body: Body) -> Result<u64, Error> {
        let at = || Error::at(&self.layout.file(layout::MANIFEST));
        let seq = self.log.append(self.world.as_ref(), body).map_err(at())?;
        if self.begun.is_none() {
            self.log.flush().map_err(at())?;
        }
        Ok(seq)
    }

    pub(super) fn write_error(&self, error: WriteError, name: &str) -> Error {
        let path = self.layout.archive().join(name);
        match error {
            WriteError::Io(source) => Error::Io { path, source },
            other => Error::Record { path, source: other },
        }
    }
}
