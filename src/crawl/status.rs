//! "Did we get it all?": what became of every URL that a collection's log tells of, and what is left.

use super::frontier::{FILE, io_error};
use super::replay::Replay;
use super::{Error, Job};
use crate::manifest::{Body, Entry, Lines, Record};
use crate::package::layout::{self, Layout};
use crate::package::survey::survey;
use rusqlite::{Connection, OpenFlags, params};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use url::Url;

/// Where a collection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A process writes it.
    Running,
    /// Nobody does, and it was not sealed.
    Interrupted,
    /// It is sealed.
    Sealed,
}

/// What became of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum FateKind {
    /// There is a response.
    Captured = 0,
    /// There is a response whose payload an earlier record holds.
    Revisit = 1,
    /// It gave nothing.
    Failed = 2,
    /// A rule was against it.
    Skipped = 3,
    /// It is still to be fetched.
    Waiting = 4,
}

impl FateKind {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        ["captured", "revisit", "failed", "skipped", "waiting"]
            .get(self as usize)
            .copied()
            .unwrap_or_default()
    }

    fn of(number: u8) -> Self {
        [Self::Captured, Self::Revisit, Self::Failed, Self::Skipped]
            .get(number as usize)
            .copied()
            .unwrap_or(Self::Waiting)
    }
}

/// One URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// The URL.
    pub url: String,
    /// What became of it, by the last that the log says.
    pub kind: FateKind,
    /// The HTTP status, the stage that failed with the error, or the reason.
    pub detail: String,
}

/// A run, as its session entry and its end entry tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// When it began.
    pub began: String,
    /// How many URLs were named.
    pub seeds: u64,
    /// Its settings.
    pub options: BTreeMap<String, String>,
    /// How it ended; `None` where it did not.
    pub exit: Option<String>,
}

/// What became of a collection's URLs: counted here, told one by one by [`Status::each`].
#[derive(Debug)]
pub struct Status {
    /// Where it stands.
    pub stage: Stage,
    /// Its runs.
    pub sessions: Vec<Session>,
    /// Pages listed.
    pub pages: u64,
    /// URLs by fate and, in short, by detail: the status, the stage, the kind of reason.
    pub counts: BTreeMap<FateKind, BTreeMap<String, u64>>,
    db: Connection,
    room: tempfile::TempDir,
}

const SCHEMA: &str = "
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16384;
CREATE TABLE fate (url TEXT PRIMARY KEY, kind INTEGER, short TEXT, detail TEXT) WITHOUT ROWID;
BEGIN;
";

/// Reads the log of the collection at `root`, and what is left: from the frontier of the run that goes on, or else by telling
/// log and WARCs again, with the settings of `job`. Working files go to `room`. Nothing in the collection is changed.
///
/// # Errors
/// What the file system says; what a survey of an interrupted collection says.
pub fn status(root: &Path, job: &Job, room: &Path) -> Result<Status, Error> {
    let layout = Layout::new(root);
    let stage = stage(&layout)?;
    let mut status = Status::empty(stage, room).map_err(Error::at(room))?;
    let path = layout.file(layout::MANIFEST);
    let mut lines = File::open(&path).map(Lines::new).map_err(Error::at(&path))?;
    while let Some(line) = lines.next_line().map_err(Error::at(&path))? {
        // The last line of a run that goes on may be half there.
        if let Ok(entry) = line.entry {
            status.told(&entry).map_err(Error::at(room))?;
        }
    }
    status.waiting(&layout, job)?;
    status.count().map_err(Error::at(room))?;
    Ok(status)
}

fn stage(layout: &Layout) -> Result<Stage, Error> {
    let path = layout.workroom().join(super::archive::LOCK);
    let locked = match File::open(&path) {
        Ok(file) => matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => false,
        Err(e) => return Err(Error::at(&path)(e)),
    };
    Ok(match (locked, layout.is_sealed()) {
        (true, _) => Stage::Running,
        (false, true) => Stage::Sealed,
        (false, false) => Stage::Interrupted,
    })
}

impl Status {
    fn empty(stage: Stage, room: &Path) -> io::Result<Self> {
        let room = tempfile::tempdir_in(room)?;
        let db = Connection::open(room.path().join("status.db")).map_err(io_error)?;
        db.execute_batch(SCHEMA).map_err(io_error)?;
        Ok(Self { stage, sessions: Vec::new(), pages: 0, counts: BTreeMap::new(), db, room })
    }

    fn told(&mut self, entry: &Entry) -> io::Result<()> {
        match &entry.body {
            Body::Session(session) => self.sessions.push(Session {
                began: entry.at.clone(),
                seeds: session.seeds.len() as u64,
                options: session.options.clone(),
                exit: None,
            }),
            Body::Seeds(seeds) => {
                if let Some(session) = self.sessions.last_mut() {
                    session.seeds += seeds.urls.len() as u64;
                }
            }
            Body::Record(record) => self.record(record)?,
            Body::Failure(failure) => {
                let detail = format!("{}: {}", failure.stage, failure.error);
                self.put(&failure.url, FateKind::Failed, &failure.stage, &detail)?;
            }
            Body::Skip(skip) => self.put(&skip.url, FateKind::Skipped, short(&skip.reason), &skip.reason)?,
            Body::Page(_) => self.pages += 1,
            Body::End(end) => {
                if let Some(session) = self.sessions.last_mut() {
                    session.exit = Some(end.exit.clone());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn record(&mut self, record: &Record) -> io::Result<()> {
        let kind = match record.warc.record_type.as_str() {
            "response" => FateKind::Captured,
            "revisit" => FateKind::Revisit,
            _ => return Ok(()),
        };
        let (Some(url), Some(http)) = (&record.warc.target_uri, &record.http) else { return Ok(()) };
        let status = http.status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
        // Cut because the run was told to stop.
        let is_cut = http.truncated.as_deref() == Some("unspecified");
        self.put(url, kind, &status, if is_cut { "cut" } else { &status })
    }

    /// The last counts, but a URL that was captured stays so.
    fn put(&mut self, url: &str, kind: FateKind, short: &str, detail: &str) -> io::Result<()> {
        let sql = "INSERT INTO fate VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE \
                   SET kind = ?2, short = ?3, detail = ?4 WHERE ?2 < 2 OR kind > 1";
        let mut statement = self.db.prepare_cached(sql).map_err(io_error)?;
        statement.execute(params![url, kind as u8, short, detail]).map(drop).map_err(io_error)
    }

    fn waiting(&mut self, layout: &Layout, job: &Job) -> Result<(), Error> {
        let ended = self.sessions.last().and_then(|session| session.exit.as_deref());
        match self.stage {
            // As the process that writes has it; it lets others see now and then.
            Stage::Running => self.waiting_in(&layout.workroom()),
            Stage::Sealed if matches!(ended, Some("complete" | "partial")) => Ok(()),
            _ => self.waiting_by_the_log(layout.root(), job),
        }
    }

    /// What a frontier has left.
    fn waiting_in(&mut self, workroom: &Path) -> Result<(), Error> {
        let path = workroom.join(FILE);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let at = |e| Error::at(&path)(io_error(e));
        let db = Connection::open_with_flags(&path, flags).map_err(at)?;
        db.busy_timeout(std::time::Duration::from_secs(5)).map_err(at)?;
        let mut statement = db.prepare("SELECT url FROM url WHERE state = 0 ORDER BY id").map_err(at)?;
        let mut rows = statement.query([]).map_err(at)?;
        while let Some(row) = rows.next().map_err(at)? {
            let url: String = row.get(0).map_err(at)?;
            self.wait(&url).map_err(Error::at(&path))?;
        }
        Ok(())
    }

    fn waiting_by_the_log(&mut self, root: &Path, job: &Job) -> Result<(), Error> {
        let room: PathBuf = self.room.path().to_owned();
        let mut replay = Replay::new(job, &room)?;
        survey(root, &mut replay)?;
        let (mut past, ..) = replay.finish().map_err(Error::at(&room))?;
        past.plan.frontier.commit().map_err(Error::at(&room))?;
        self.waiting_in(&room)
    }

    /// What failed is tried again by a run that takes the collection up, and is told as failed; what is waiting is new, was
    /// told to come again, or was out of scope before that widened.
    fn wait(&mut self, url: &str) -> io::Result<()> {
        let sql = "INSERT INTO fate VALUES (?1, 4, '', '') ON CONFLICT DO UPDATE \
                   SET kind = 4, short = '', detail = '' WHERE kind < 2 AND (short IN ('429', '503') OR detail = 'cut') \
                   OR kind = 3 AND detail = 'out of scope'";
        let mut statement = self.db.prepare_cached(sql).map_err(io_error)?;
        statement.execute([url]).map(drop).map_err(io_error)
    }

    fn count(&mut self) -> io::Result<()> {
        let sql = "SELECT kind, short, count(*) FROM fate GROUP BY kind, short";
        let mut statement = self.db.prepare(sql).map_err(io_error)?;
        let mut rows = statement.query([]).map_err(io_error)?;
        while let Some(row) = rows.next().map_err(io_error)? {
            let read = || Ok((FateKind::of(row.get(0)?), row.get(1)?, row.get(2)?));
            let (kind, short, count): (FateKind, String, i64) = read().map_err(io_error)?;
            self.counts.entry(kind).or_default().insert(short, count.unsigned_abs());
        }
        Ok(())
    }

    /// URLs of a fate.
    pub fn of(&self, kind: FateKind) -> u64 {
        self.counts.get(&kind).map_or(0, |counts| counts.values().sum())
    }

    /// True where every URL that was to be fetched has a response.
    pub fn is_complete(&self) -> bool {
        self.of(FateKind::Failed) == 0 && self.of(FateKind::Waiting) == 0 && self.stage == Stage::Sealed
    }

    /// Hosts with their counts by fate, the one with most URLs first, at most `most`.
    ///
    /// # Errors
    /// What the working file says.
    pub fn hosts(&self, most: usize) -> io::Result<Vec<(String, BTreeMap<FateKind, u64>)>> {
        let mut hosts: BTreeMap<String, BTreeMap<FateKind, u64>> = BTreeMap::new();
        self.each(None, &mut |fate| {
            let host = Url::parse(&fate.url).ok();
            let host = host.map_or_else(String::new, |url| super::scope::authority(&url).to_owned());
            *hosts.entry(host).or_default().entry(fate.kind).or_default() += 1;
            Ok(())
        })?;
        let mut hosts: Vec<_> = hosts.into_iter().collect();
        hosts.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.values().sum::<u64>()));
        hosts.truncate(most);
        Ok(hosts)
    }

    /// Shows every URL, or those of one fate, sorted.
    ///
    /// # Errors
    /// What the working file or `show` says.
    pub fn each(
        &self,
        kind: Option<FateKind>,
        show: &mut dyn FnMut(Fate) -> io::Result<()>,
    ) -> io::Result<()> {
        let sql = "SELECT url, kind, detail FROM fate WHERE ?1 IS NULL OR kind = ?1 ORDER BY url";
        let mut statement = self.db.prepare(sql).map_err(io_error)?;
        let mut rows = statement.query([kind.map(|kind| kind as u8)]).map_err(io_error)?;
        while let Some(row) = rows.next().map_err(io_error)? {
            let read = || Ok(Fate { url: row.get(0)?, kind: FateKind::of(row.get(1)?), detail: row.get(2)? });
            show(read().map_err(io_error)?)?;
        }
        Ok(())
    }
}

/// A reason without what is particular to one URL or host.
fn short(reason: &str) -> &str {
    if reason.starts_with("robots.txt") {
        return "robots.txt";
    }
    for kind in ["excluded", "trap"] {
        if reason.starts_with(kind) {
            return kind;
        }
    }
    reason
}
