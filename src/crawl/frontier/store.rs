//! Every URL that has come up, in SQLite: what waits, what became of the rest, and what was captured with which payload.
//!
//! The file is a working file. What counts is the log; a run that is taken up again makes it anew from that. So it is not
//! made durable, and nothing but speed and memory depends on it.

use super::hosts::{HostId, Rank};
use super::target::rank;
use super::{Role, State, Target};
use crate::crawl::scope::Hosts;
use crate::wire::record::Referent;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};
use url::Url;

/// What is seen by readers, and kept in memory until then, is at most so old or so much.
const BATCH_TIME: Duration = Duration::from_millis(500);
const BATCH: u32 = 10_000;

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32768;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA temp_store = MEMORY;
CREATE TABLE host (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE url (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    url TEXT NOT NULL,
    host INTEGER NOT NULL,
    via INTEGER,
    seed INTEGER NOT NULL,
    role INTEGER NOT NULL,
    needed INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    level INTEGER NOT NULL,
    run INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    chain TEXT,
    state INTEGER NOT NULL
);
CREATE UNIQUE INDEX url_key ON url (key);
CREATE INDEX url_outside ON url (host) WHERE state = 5;
CREATE TABLE queue (host INTEGER, rank INTEGER, id INTEGER, PRIMARY KEY (host, rank, id)) WITHOUT ROWID;
CREATE TABLE robots (origin TEXT PRIMARY KEY, status INTEGER, body BLOB) WITHOUT ROWID;
CREATE TABLE payload (digest TEXT PRIMARY KEY, id TEXT, uri TEXT NOT NULL, date TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE budget (key BLOB PRIMARY KEY, used INTEGER NOT NULL) WITHOUT ROWID;
BEGIN;
";

const TARGET: &str = "SELECT u.id, u.url, u.role, u.needed, u.depth, u.level, u.run, u.tries, u.seed, u.chain, u.via, v.url, \
     u.host FROM url u LEFT JOIN url v ON v.id = u.via ";

/// 128 bits of a URL's identity.
pub(super) type Key = [u8; 16];

/// A URL that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) id: i64,
    pub(super) host: HostId,
    pub(super) state: State,
    pub(super) needed: bool,
    pub(super) rank: Rank,
}

/// The database, and what is not committed yet.
#[derive(Debug)]
pub(super) struct Store {
    db: Connection,
    changes: u32,
    committed: Instant,
}

/// A full disk must be told apart from what else can go wrong.
pub(crate) fn io_error(error: rusqlite::Error) -> io::Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => io::ErrorKind::StorageFull,
        Some(ErrorCode::ReadOnly) => io::ErrorKind::ReadOnlyFilesystem,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error.to_string())
}

impl Store {
    /// Takes the place of one that was left behind.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        for ending in ["", "-wal", "-shm", "-journal"] {
            let mut left = path.as_os_str().to_owned();
            left.push(ending);
            match std::fs::remove_file(&left) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        let db = Connection::open(path).map_err(io_error)?;
        db.set_prepared_statement_cache_capacity(64);
        // Without this every query with a parameter is planned anew each time, in case its value would change the plan.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(io_error)?;
        db.execute_batch(SCHEMA).map_err(io_error)?;
        Ok(Self { db, changes: 0, committed: Instant::now() })
    }

    /// Lets readers see what was done, now and then.
    pub(super) fn breathe(&mut self) -> io::Result<()> {
        if self.changes >= BATCH || self.changes > 0 && self.committed.elapsed() >= BATCH_TIME {
            self.commit()?;
        }
        Ok(())
    }

    pub(super) fn commit(&mut self) -> io::Result<()> {
        self.db.execute_batch("COMMIT; BEGIN;").map_err(io_error)?;
        (self.changes, self.committed) = (0, Instant::now());
        Ok(())
    }

    fn run(&mut self, sql: &str, values: impl rusqlite::Params) -> io::Result<usize> {
        self.changes += 1;
        if self.changes >= BATCH {
            self.commit()?;
        }
        self.db.prepare_cached(sql).and_then(|mut s| s.execute(values)).map_err(io_error)
    }

    fn one<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> io::Result<Option<T>> {
        let found = self.db.prepare_cached(sql).and_then(|mut s| s.query_row(values, read).optional());
        found.map_err(io_error)
    }

    pub(super) fn host(&mut self, name: &str) -> io::Result<HostId> {
        let id = |row: &Row<'_>| row.get::<_, HostId>(0);
        if let Some(id) = self.one("SELECT id FROM host WHERE name = ?1", [name], id)? {
            return Ok(id);
        }
        // From 0, as slots are counted.
        self.run("INSERT INTO host SELECT coalesce(max(id) + 1, 0), ?1 FROM host", [name])?;
        self.one("SELECT id FROM host WHERE name = ?1", [name], id)?.ok_or_else(|| lost("host"))
    }

    pub(super) fn host_name(&self, id: HostId) -> io::Result<Option<String>> {
        self.one("SELECT name FROM host WHERE id = ?1", [id], |row| row.get(0))
    }

    /// A new row; `None` where the URL is known.
    pub(super) fn insert(
        &mut self,
        key: &Key,
        host: HostId,
        target: &Target,
        state: State,
    ) -> io::Result<Option<i64>> {
        let inserted = self.write("ON CONFLICT DO NOTHING", key, host, target, state)?;
        Ok((inserted == 1).then(|| self.db.last_insert_rowid()))
    }

    /// Writes the row of a URL that is known anew; the URL itself stays as it came first.
    pub(super) fn update(
        &mut self,
        key: &Key,
        known: &Known,
        target: &Target,
        state: State,
    ) -> io::Result<()> {
        let anew = "ON CONFLICT DO UPDATE SET via = excluded.via, seed = excluded.seed, role = excluded.role, \
                    needed = excluded.needed, depth = excluded.depth, level = excluded.level, run = excluded.run, \
                    tries = excluded.tries, chain = excluded.chain, state = excluded.state";
        self.write(anew, key, known.host, target, state).map(drop)
    }

    fn write(
        &mut self,
        on_conflict: &str,
        key: &Key,
        host: HostId,
        target: &Target,
        state: State,
    ) -> io::Result<usize> {
        let sql = "INSERT INTO url (key, url, host, via, seed, role, needed, depth, level, run, tries, chain, state) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        self.run(
            &format!("{sql} {on_conflict}"),
            params![
                key,
                target.url.as_str(),
                host,
                (target.via_id > 0).then_some(target.via_id),
                target.seed as i64,
                target.role as u8,
                target.needed,
                target.depth,
                target.level,
                target.run,
                target.tries,
                chain_text(&target.chain),
                state as u8
            ],
        )
    }

    pub(super) fn set_state(&mut self, id: i64, state: State) -> io::Result<()> {
        self.run("UPDATE url SET state = ?2 WHERE id = ?1", params![id, state as u8]).map(drop)
    }

    pub(super) fn state(&self, id: i64) -> io::Result<Option<State>> {
        self.one("SELECT state FROM url WHERE id = ?1", [id], |row| row.get(0).map(State::of))
    }

    pub(super) fn tried(&self, after: i64) -> io::Result<Option<i64>> {
        let sql = "SELECT id FROM url WHERE id > ?1 AND state = ?2 ORDER BY id LIMIT 1";
        self.one(sql, params![after, State::Tried as u8], |row| row.get(0))
    }

    pub(super) fn outside(&self, host: HostId, after: i64) -> io::Result<Option<i64>> {
        // The state stands there as it does in the index, which is used for nothing else.
        let sql = "SELECT id FROM url WHERE host = ?1 AND state = 5 AND id > ?2 ORDER BY id LIMIT 1";
        self.one(sql, params![host, after], |row| row.get(0))
    }

    /// Numbers of hosts that are known, in their order.
    pub(super) fn hosts_of(&self, hosts: &Hosts) -> io::Result<Vec<HostId>> {
        let (sql, name) = match hosts {
            Hosts::One(name) => ("SELECT id FROM host WHERE name = ?1", name),
            Hosts::Within(name) => ("SELECT id FROM host WHERE instr(name, ?1) > 0 ORDER BY id", name),
        };
        let mut statement = self.db.prepare_cached(sql).map_err(io_error)?;
        let ids = statement.query_map([name], |row| row.get(0)).map_err(io_error)?;
        ids.collect::<Result<_, _>>().map_err(io_error)
    }

    pub(super) fn set_needed(&mut self, id: i64) -> io::Result<()> {
        self.run("UPDATE url SET needed = 1 WHERE id = ?1", [id]).map(drop)
    }

    pub(super) fn find(&self, key: &Key) -> io::Result<Option<Known>> {
        let sql = "SELECT id, host, state, needed, role, level FROM url WHERE key = ?1";
        self.one(sql, [key], |row| {
            let (role, needed, level) = (Role::of(row.get(4)?), row.get(3)?, row.get(5)?);
            Ok(Known {
                id: row.get(0)?,
                host: row.get(1)?,
                state: State::of(row.get(2)?),
                needed,
                rank: rank(role, needed, level),
            })
        })
    }

    pub(super) fn target(&self, id: i64) -> io::Result<Option<Target>> {
        self.one(&format!("{TARGET} WHERE u.id = ?1"), [id], target).map(Option::flatten)
    }

    pub(super) fn enqueue(&mut self, host: HostId, rank: Rank, id: i64) -> io::Result<()> {
        self.run("INSERT OR IGNORE INTO queue VALUES (?1, ?2, ?3)", params![host, rank.0, id]).map(drop)
    }

    /// True where it was waiting.
    pub(super) fn dequeue(&mut self, host: HostId, rank: Rank, id: i64) -> io::Result<bool> {
        let sql = "DELETE FROM queue WHERE host = ?1 AND rank = ?2 AND id = ?3";
        self.run(sql, params![host, rank.0, id]).map(|deleted| deleted == 1)
    }

    /// The first that a host has waiting.
    pub(super) fn first(&self, host: HostId) -> io::Result<Option<(Rank, i64)>> {
        let sql = "SELECT rank, id FROM queue WHERE host = ?1 ORDER BY rank, id LIMIT 1";
        self.one(sql, [host], |row| Ok((Rank(row.get(0)?), row.get(1)?)))
    }

    pub(super) fn robots(&self, origin: &str) -> io::Result<Option<(Option<u16>, Vec<u8>)>> {
        let sql = "SELECT status, body FROM robots WHERE origin = ?1";
        self.one(sql, [origin], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    pub(super) fn set_robots(&mut self, origin: &str, status: Option<u16>, body: &[u8]) -> io::Result<()> {
        self.run("INSERT OR REPLACE INTO robots VALUES (?1, ?2, ?3)", params![origin, status, body]).map(drop)
    }

    /// The first that had this payload.
    pub(super) fn payload(&self, digest: &str) -> io::Result<Option<Referent>> {
        let sql = "SELECT id, uri, date FROM payload WHERE digest = ?1";
        self.one(sql, [digest], |row| Ok(Referent { id: row.get(0)?, uri: row.get(1)?, date: row.get(2)? }))
    }

    /// Keeps the first.
    pub(super) fn set_payload(&mut self, digest: &str, referent: &Referent) -> io::Result<()> {
        let values = params![digest, referent.id, referent.uri, referent.date];
        self.run("INSERT OR IGNORE INTO payload VALUES (?1, ?2, ?3, ?4)", values).map(drop)
    }

    pub(super) fn spent(&self, key: &Key) -> io::Result<u64> {
        let used: Option<i64> =
            self.one("SELECT used FROM budget WHERE key = ?1", [key], |row| row.get(0))?;
        Ok(used.map_or(0, i64::unsigned_abs))
    }

    /// Counts one more of its kind, and gives how many there are now.
    pub(super) fn spend(&mut self, key: &Key) -> io::Result<u64> {
        let sql =
            "INSERT INTO budget VALUES (?1, 1) ON CONFLICT DO UPDATE SET used = used + 1 RETURNING used";
        self.changes += 1;
        let used: Option<i64> = self.one(sql, [key], |row| row.get(0))?;
        Ok(used.and_then(|used| u64::try_from(used).ok()).unwrap_or(1))
    }
}

fn lost(what: &str) -> io::Error {
    io::Error::other(format!("a {what} that was just written is not in the frontier"))
}

fn chain_text(chain: &[Url]) -> Option<String> {
    // A serialised URL holds no line break.
    (!chain.is_empty()).then(|| chain.iter().map(Url::as_str).collect::<Vec<_>>().join("\n"))
}

/// `None` for what is no URL, which is never written.
fn target(row: &Row<'_>) -> rusqlite::Result<Option<Target>> {
    let parse = |text: &str| Url::parse(text).ok();
    let url: String = row.get(1)?;
    let Some(url) = parse(&url) else { return Ok(None) };
    let chain: Option<String> = row.get(9)?;
    let via: Option<String> = row.get(11)?;
    Ok(Some(Target {
        id: row.get(0)?,
        url,
        role: Role::of(row.get(2)?),
        needed: row.get(3)?,
        depth: row.get(4)?,
        level: row.get(5)?,
        run: row.get(6)?,
        tries: row.get(7)?,
        seed: usize::try_from(row.get::<_, i64>(8)?).unwrap_or_default(),
        chain: chain.iter().flat_map(|chain| chain.lines()).filter_map(parse).collect(),
        via: via.as_deref().and_then(parse),
        via_id: row.get::<_, Option<i64>>(10)?.unwrap_or_default(),
    }))
}
