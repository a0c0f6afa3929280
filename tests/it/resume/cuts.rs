//! The world ends between any two changes to the disk, or in the middle of one.

use super::{Outcome, outcome, pages, seeds, site};
use crate::common::collection::{Collection, members};
use crate::common::server::Server;
use fonds::crawl::{self, Archive, Job, Resumed, Scope};
use fonds::disk::{Change, Disk, Watch};
use fonds::finding::{Finding, Severity};
use fonds::manifest::{Session, Tool};
use fonds::package::Package;
use fonds::package::survey::{Blind, survey};
use fonds::verify::{Options, Report, Verification};
use fonds::wire::{Client, ClientOptions, Connector, SpoolOptions, Trust};
use fonds::world::{System, World};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// In memory where there is such a place: most of the time would go into making things durable.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// Lets so many changes through, and perhaps half of the next; nothing after that.
#[derive(Default)]
struct Fuse {
    changes: AtomicUsize,
    most: usize,
    half: bool,
    /// Which changes were writes.
    writes: Mutex<HashSet<usize>>,
    checkpoints: AtomicUsize,
    /// The length of each file that was written, when it was last made durable.
    durable: Mutex<HashMap<PathBuf, u64>>,
}

impl Fuse {
    fn new(most: usize, half: bool) -> Arc<Self> {
        Arc::new(Self { most, half, ..Self::default() })
    }

    /// Takes from the files what was never made durable, as a system that loses its power may.
    fn lose_power(&self, loses: impl Fn(&Path) -> bool) {
        for (path, length) in self.durable.lock().unwrap().iter().filter(|(path, _)| loses(path)) {
            if let Ok(file) = std::fs::OpenOptions::new().write(true).open(path) {
                let there = file.metadata().unwrap().len();
                file.set_len(there.min(*length)).unwrap();
            }
        }
    }
}

impl Watch for Fuse {
    fn before(&self, change: &Change<'_>) -> io::Result<usize> {
        let over = || Err(io::Error::other("the world has ended"));
        let number = self.changes.fetch_add(1, Ordering::Relaxed);
        if number > self.most || number == self.most && !(self.half && matches!(change, Change::Write(..))) {
            return over();
        }
        if matches!(change, Change::Write(..)) {
            self.writes.lock().unwrap().insert(number);
        }
        let mut durable = self.durable.lock().unwrap();
        match *change {
            Change::Create(path) => drop(durable.insert(path.to_owned(), 0)),
            Change::Write(path, _) if !durable.contains_key(path) => {
                durable.insert(path.to_owned(), path.metadata()?.len());
            }
            Change::Sync(path) => drop(durable.insert(path.to_owned(), path.metadata()?.len())),
            Change::Cut(path, length) => {
                durable.entry(path.to_owned()).and_modify(|known| *known = length.min(*known));
            }
            Change::Rename(from, to) => {
                let is_checkpoint = to.ends_with("provenance/checkpoint");
                self.checkpoints.fetch_add(usize::from(is_checkpoint), Ordering::Relaxed);
                if let Some(length) = durable.remove(from) {
                    durable.insert(to.to_owned(), length);
                }
            }
            Change::Remove(path) => durable.retain(|known, _| !known.starts_with(path)),
            Change::Write(..) => {}
        }
        match change {
            Change::Write(_, bytes) if number == self.most => Ok(bytes / 2),
            _ => Ok(usize::MAX),
        }
    }
}

/// A clock by which three seconds pass at each look at it, so that there are checkpoints on the way.
struct Hasty(AtomicI64);

impl World for Hasty {
    fn now(&self) -> jiff::Timestamp {
        let seconds = self.0.fetch_add(1, Ordering::Relaxed);
        jiff::Timestamp::from_millisecond(1_790_000_000_000 + seconds * 700).unwrap()
    }
    fn random(&self, buffer: &mut [u8]) -> io::Result<()> {
        System.random(buffer)
    }
}

fn hasty() -> Box<dyn World> {
    static BEGINNING: AtomicI64 = AtomicI64::new(0);
    Box::new(Hasty(AtomicI64::new(BEGINNING.fetch_add(1000, Ordering::Relaxed))))
}

fn job(server: &Server) -> Job {
    Job {
        seeds: seeds(server, 1),
        scope: Scope::PageRequisites,
        user_agent: "test".into(),
        hosts: 1,
        ..Job::default()
    }
}

fn session(job: &Job) -> Session {
    let text = |text: &str| text.to_owned();
    Session {
        archive: text("urn:uuid:7d4b5b5e-0000-4000-8000-000000000000"),
        session: text("urn:uuid:7d4b5b5e-0000-4000-8000-000000000001"),
        previous_size: 0,
        previous_root: None,
        tool: Tool { name: text("fonds"), version: text("0"), target: text("test"), binary_sha256: None },
        seeds: job.seeds.iter().map(ToString::to_string).collect(),
        options: BTreeMap::new(),
        redacted: Vec::new(),
        operator: None,
        user_agent: text("test"),
    }
}

fn client(archive: &Archive) -> Client {
    static CONNECTOR: OnceLock<Connector> = OnceLock::new();
    let connector = CONNECTOR.get_or_init(|| {
        let connector = Connector::new(Trust::mozilla().unwrap(), Duration::from_secs(5));
        connector.resolve("localhost", vec![[127, 0, 0, 1].into()])
    });
    Client::new(connector.clone(), ClientOptions::new(SpoolOptions::in_dir(archive.workroom())))
}

/// Waits for the lock, which goes with the last copy of its file: other tests start processes, and each has one until it
/// has begun.
fn take_up(disk: &Disk, root: &Path, job: &Job) -> Result<Resumed, crawl::Error> {
    let info = [("software", "fonds/0".to_owned())];
    for _ in 0..500 {
        match Archive::resume_on(disk.clone(), root, hasty(), session(job), &info, job) {
            Err(crawl::Error::Locked(_)) => std::thread::sleep(Duration::from_millis(10)),
            other => return other,
        }
    }
    panic!("{} is locked", root.display())
}

/// A run on this disk, from its beginning or going on, to its end or to that of the world.
fn run(disk: Arc<Fuse>, root: &Path, server: &Server, going_on: bool) -> Result<(), crawl::Error> {
    run_in(ONE_FILE, disk, root, server, going_on)
}

/// The size of WARCs that one run does not fill, and one that two captures do.
const ONE_FILE: u64 = 1_000_000_000;
const SMALL_FILES: u64 = 2500;

/// The same with WARCs of this size.
fn run_in(
    size: u64,
    disk: Arc<Fuse>,
    root: &Path,
    server: &Server,
    going_on: bool,
) -> Result<(), crawl::Error> {
    let (job, info) = (job(server), [("software", "fonds/0".to_owned())]);
    let disk = Disk::watched(disk);
    let mut archive = match going_on {
        false => Archive::create_on(disk, root, hasty(), session(&job), &info)?,
        true => match take_up(&disk, root, &job)? {
            Resumed::Archive(archive) => *archive,
            Resumed::Complete(_) => return Ok(()),
        },
    };
    archive.set_warc_size(size);
    let client = client(&archive);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_going, stop) = tokio::sync::watch::channel(false);
    let summary = runtime.block_on(crawl::run(&job, &mut archive, client, stop, &mut |_| {}));
    match summary {
        Ok(summary) => archive.seal(summary.exit()).map(drop),
        Err(error) => archive.seal("interrupted").and(Err(error)),
    }
}

fn verified(root: &Path) -> Report {
    let mut run = Verification::new(Options { spool: std::env::temp_dir(), ..Options::default() });
    run.package(&Package::open(root).unwrap()).unwrap();
    run.finish("2026-11-22T12:00:00Z".to_owned())
}

#[track_caller]
fn assert_sound(root: &Path, what: &str) {
    let report = verified(root);
    assert_nothing_wrong(&report, what);
}

/// No error; and no warning but that the capture has not ended: half a capture would be one.
#[track_caller]
fn assert_nothing_wrong(report: &Report, what: &str) {
    let expected = ["capture-unfinished", "capture-interrupted", "package-workroom"];
    let is_wrong =
        |finding: &&Finding| finding.severity > Severity::Info && !expected.contains(&finding.code);
    let wrong: Vec<_> = report.findings.iter().filter(is_wrong).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
}

struct Straight {
    outcome: Outcome,
    pages: Vec<String>,
    changes: usize,
    writes: HashSet<usize>,
    files: usize,
}

fn straight(server: &Server) -> Straight {
    straight_in(ONE_FILE, server)
}

fn straight_in(size: u64, server: &Server) -> Straight {
    let dir = scratch();
    let root = dir.path().join("c");
    let disk = Fuse::new(usize::MAX, false);
    run_in(size, disk.clone(), &root, server, false).unwrap();
    assert_eq!(verified(&root).achieved, Some(2));
    assert!(disk.checkpoints.load(Ordering::Relaxed) > 4, "there are checkpoints on the way");
    let writes = disk.writes.lock().unwrap().clone();
    let changes = disk.changes.load(Ordering::Relaxed);
    let files = std::fs::read_dir(root.join("archive")).unwrap().count();
    Straight { outcome: outcome(&root), pages: pages(&root), changes, writes, files }
}

/// Goes on with what was left, and compares it with a straight run.
#[track_caller]
fn assert_completed(root: &Path, server: &Server, straight: &Straight, what: &str) {
    match run(Fuse::new(usize::MAX, false), root, server, true) {
        Ok(()) => {}
        // Cut off before the log had its first line: nothing is there, and that is said.
        Err(crawl::Error::NoCapture { .. }) => {
            let manifest = std::fs::read(root.join("provenance/manifest.jsonl")).unwrap_or_default();
            assert!(!manifest.contains(&b'\n'), "{what}");
            return;
        }
        Err(error) => panic!("{what}: {error}"),
    }
    let report = verified(root);
    assert_eq!(report.achieved, Some(2), "{what}: {:#?}", report.findings);
    assert_nothing_wrong(&report, what);
    assert_eq!(outcome(root), straight.outcome, "{what}");
    assert_eq!(pages(root), straight.pages, "{what}");
    assert!(!root.join(".fonds").exists(), "{what}");
}

/// Ends the world at each change of a run, and in the middle of each write.
fn cut_off_everywhere(size: u64, server: &Server, straight: &Straight) {
    for most in 0..straight.changes {
        for half in [false, true].into_iter().filter(|half| !half || straight.writes.contains(&most)) {
            let dir = scratch();
            let root = dir.path().join("c");
            // How many changes there are in all depends a little on what lands first.
            if run_in(size, Fuse::new(most, half), &root, server, false).is_ok() {
                continue;
            }
            let what = format!("cut off at change {most}{}", if half { " and a half" } else { "" });
            if root.is_dir() {
                // An empty directory is no capture yet.
                if root.join(".fonds").is_dir() {
                    assert_sound(&root, &what);
                }
                assert_completed(&root, server, straight, &what);
            }
        }
    }
}

#[test]
fn a_run_that_is_cut_off_at_any_change_is_sound_and_is_completed() {
    let server = site(1, Duration::ZERO);
    let straight = straight(&server);
    assert!(straight.outcome.len() == 12 && straight.changes > 100, "{}", straight.changes);
    cut_off_everywhere(ONE_FILE, &server, &straight);
}

#[test]
fn a_run_into_many_warcs_that_is_cut_off_at_any_change_is_sound_and_is_completed() {
    let server = site(1, Duration::ZERO);
    let straight = straight_in(SMALL_FILES, &server);
    assert!(straight.files > 3, "{}", straight.files);
    cut_off_everywhere(SMALL_FILES, &server, &straight);
}

#[test]
fn going_on_that_is_cut_off_at_any_change_is_sound_and_is_completed() {
    let server = site(1, Duration::ZERO);
    let straight = straight(&server);
    // Killed in the middle of a record, and sealed by a run that found the disk full.
    for sealed in [false, true] {
        let begun = scratch();
        let begun = begun.path().join("c");
        run(Fuse::new(straight.changes / 2, true), &begun, &server, false).unwrap_err();
        if sealed {
            let error = run_full(Full(AtomicUsize::new(4)), &begun, &server).unwrap_err();
            assert!(error.to_string().contains("no room"), "{error}");
            assert!(!begun.join(".fonds").exists() && verified(&begun).achieved == Some(2));
        }
        let mut most = 0;
        loop {
            let dir = scratch();
            let root = Collection::new(&begun).copy(&dir.path().join("c")).root;
            let what = format!("going on (sealed: {sealed}) cut off at change {most}");
            let ended = run(Fuse::new(most, most % 2 == 1), &root, &server, true).is_ok();
            assert_sound(&root, &what);
            assert_completed(&root, &server, &straight, &what);
            if ended {
                break;
            }
            most += 1;
        }
        assert!(most > 50, "{most}");
    }
}

/// A disk that has room for so many more writes into a WARC.
struct Full(AtomicUsize);

impl Watch for Full {
    fn before(&self, change: &Change<'_>) -> io::Result<usize> {
        match change {
            Change::Write(path, _) if path.to_string_lossy().contains(".warc.gz.open") => {
                let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
                left.map_err(|_| io::Error::new(io::ErrorKind::StorageFull, "no room")).map(|_| usize::MAX)
            }
            _ => Ok(usize::MAX),
        }
    }
}

fn run_full(full: Full, root: &Path, server: &Server) -> Result<(), crawl::Error> {
    let job = job(server);
    let resumed = take_up(&Disk::watched(Arc::new(full)), root, &job)?;
    let Resumed::Archive(mut archive) = resumed else { panic!("nothing was left") };
    let client = client(&archive);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_going, stop) = tokio::sync::watch::channel(false);
    let summary = runtime.block_on(crawl::run(&job, &mut archive, client, stop, &mut |_| {}));
    archive.seal("interrupted")?;
    summary.map(drop)
}

#[test]
fn what_was_not_durable_when_the_power_went_is_fetched_again() {
    let server = site(1, Duration::ZERO);
    let straight = straight_in(SMALL_FILES, &server);
    type Loses = fn(&Path) -> bool;
    let is_warc = |path: &Path| path.to_string_lossy().contains(".warc");
    let losses: [(&str, Loses); 3] = [
        ("all", |_| true),
        ("WARCs", is_warc),
        ("all but WARCs", |path| !path.to_string_lossy().contains(".warc")),
    ];
    for most in (0..straight.changes).step_by(3) {
        for (name, loses) in losses {
            let dir = scratch();
            let root = dir.path().join("c");
            let disk = Fuse::new(most, true);
            // How many changes there are in all depends on what lands first.
            if run_in(SMALL_FILES, disk.clone(), &root, &server, false).is_ok() {
                continue;
            }
            disk.lose_power(loses);
            let what = format!("power gone at change {most}, {name} lost");
            if root.join(".fonds").is_dir() {
                if name != "WARCs" {
                    assert_sound(&root, &what);
                }
                assert_completed(&root, &server, &straight, &what);
            }
        }
    }
}

/// A run killed when its last lines have their hashes: those of a capture that has none yet are bound by nothing.
fn killed(server: &Server, from: usize) -> (tempfile::TempDir, PathBuf) {
    for most in from.. {
        let dir = scratch();
        let root = dir.path().join("c");
        run(Fuse::new(most, false), &root, server, false).unwrap_err();
        let collection = Collection::new(&root);
        let lines = collection.read("provenance/manifest.jsonl").iter().filter(|b| **b == b'\n').count();
        if collection.read("provenance/leaves").len() == 32 * lines {
            return (dir, root);
        }
    }
    panic!("no such moment")
}

/// The one thing that a crash and a hand cannot be told apart by is where the last capture ends.
#[test]
fn any_byte_changed_in_what_a_killed_run_left_is_noticed() {
    let server = site(1, Duration::ZERO);
    let straight = straight(&server);
    let (_dir, root) = killed(&server, straight.changes * 3 / 4);
    assert_sound(&root, "killed");
    let codes = |root: &Path| verified(root).findings.iter().map(|f| f.code).collect::<Vec<_>>();
    let before = codes(&root);
    let survey = survey(&root, &mut Blind).unwrap();
    let collection = Collection::new(&root);
    for path in
        collection.files().into_iter().filter(|path| !path.starts_with(".fonds/") && !path.ends_with(".part"))
    {
        let bytes = collection.read(&path);
        let parts = survey.warcs.iter().chain([&survey.log]);
        let sound = parts.filter(|part| part.path == path).map(|part| part.sound as usize).next();
        let sound = sound.unwrap_or(bytes.len());
        for at in (0..sound).step_by((sound / 60).max(1)).chain([sound - 1]) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x15;
            std::fs::write(root.join(&path), &changed).unwrap();
            let report = verified(&root);
            let noticed =
                report.findings.iter().any(Finding::is_error) || at + 1 == sound && codes(&root) != before;
            // The header of a gzip member has bytes that mean nothing; they are bound when the collection is sealed.
            let records =
                |bytes: &[u8]| members(&bytes[..sound]).into_iter().map(|m| m.2).collect::<Vec<_>>();
            let same = || path.contains(".warc.gz") && records(&changed) == records(&bytes);
            assert!(noticed || same(), "byte {at} of {} of {path}: {:?}", bytes.len(), report.findings);
        }
        std::fs::write(root.join(&path), &bytes).unwrap();
    }
    assert_completed(&root, &server, &straight, "changed and changed back");
}
