//! The records of files, made into something by threads, and put together in the order of the files.
//!
//! A file is cut into stretches of a fixed length. A thread looks in its stretch for the first place that looks like the
//! beginning of a record and reads on from there, as long as nothing at all is amiss with the container, up to the first
//! record end at or behind the stretch's end. `Scanner::file` takes the stretches in their order, each only if it
//! begins exactly where what was taken before ended; what lies between is read alone, by one reader that goes through
//! the file from its beginning, as far as it has to. So what comes out does not depend on the number of threads: what
//! looked like a record and was none (a WARC within a block, say) is dropped, and all damage is judged in one place.

mod walk;

pub(crate) use self::walk::{Walk, Walked};

use super::section::Shared;
use crate::finding::Finding;
use crate::warc::{Container, Head, Limits, Reader, Record, Source};
use std::io;
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::scope;

/// Bytes of a file that a thread takes at a time.
const STRETCH: u64 = 4 << 20;

/// Bytes of heads that a stretch's records hold at most; it ends early there.
const HEADS: usize = 4 << 20;

/// Bytes of the longest block read ahead: what only looks like a record must not cost much.
const BLOCK: u64 = 64 << 20;

/// A WARC to be read, perhaps by several readers at once.
#[derive(Clone, Copy)]
pub struct Warc<'a> {
    /// As reports name it.
    pub name: &'a str,
    /// Stored bytes; `None` where it can be opened once only, or is better read by one reader.
    pub length: Option<u64>,
    /// Opens it, as [`Source::Seek`] if it has a length.
    pub open: &'a (dyn Fn() -> io::Result<Source> + Sync),
}

impl std::fmt::Debug for Warc<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Warc").field("name", &self.name).field("length", &self.length).finish_non_exhaustive()
    }
}

/// What is made of each record.
pub(crate) trait Make: Sync {
    /// The outcome.
    type Made: Send;
    /// What is carried from record to record; a thread that reads ahead has one of its own, which is thrown away.
    type State: Default;

    /// Makes it, on whatever thread.
    ///
    /// # Errors
    /// What the source says.
    fn make(&self, record: Record<'_>, state: &mut Self::State) -> io::Result<Self::Made>;

    /// True for records that need the state of those before them.
    fn in_order(&self, _head: &Head) -> bool {
        false
    }
}

/// How files are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// Bounds on what is read.
    pub limits: Limits,
    /// Threads that read; 0 and 1 mean that there are no others. What comes out does not depend on it.
    pub jobs: usize,
    /// Bytes of a file that a thread takes at a time; 0 means 4 MiB. Memory grows with it and the number of threads.
    pub stretch: u64,
}

impl Settings {
    /// Threads that read ahead; one alone would gain nothing.
    fn threads(self) -> usize {
        if self.jobs < 2 { 0 } else { self.jobs }
    }

    /// Into how many stretches a file is cut.
    fn stretches(self, file: &Warc<'_>) -> u64 {
        file.length.unwrap_or(0).div_ceil(self.stretch())
    }

    /// The bytes of one.
    fn bytes(self, number: u64) -> Range<u64> {
        number * self.stretch()..(number + 1) * self.stretch()
    }

    fn stretch(self) -> u64 {
        if self.stretch == 0 { STRETCH } else { self.stretch }
    }
}

/// What comes out of several files, in their order.
#[derive(Debug)]
pub enum Event<T> {
    /// The file of this number begins.
    Begin(usize),
    /// Something of it.
    Item(T),
    /// It ended: what was noticed, or why it cannot be read on.
    End(usize, io::Result<Vec<Finding>>),
}

/// Takes events; an error ends the file.
pub type Events<'a, T> = &'a mut dyn FnMut(Event<T>) -> io::Result<()>;

/// What is made of all files' records, with what the reader noticed, in order. An error of `sink` at the beginning or end
/// of a file ends it all.
pub(crate) fn run<M: Make>(
    warcs: &[Warc<'_>],
    settings: Settings,
    make: &M,
    sink: Events<'_, (M::Made, Vec<Finding>)>,
) -> io::Result<()> {
    with_threads(warcs, settings, make, |scanner| {
        for (number, warc) in warcs.iter().enumerate() {
            sink(Event::Begin(number))?;
            let mut state = M::State::default();
            let mut each = |made, noticed| sink(Event::Item((made, noticed)));
            let mut walk = Walk::new(*warc, settings.limits, make, &mut state, &mut each);
            let read = scanner.file(&mut walk);
            let walked = walk.finish();
            sink(Event::End(number, read.map(|()| walked.findings)))?;
        }
        Ok(())
    })
}

/// A source as a file's length and opener; with random access, and threads that want it, many readers share it.
pub(crate) fn opener(
    source: Source,
    jobs: usize,
) -> io::Result<(Option<u64>, impl Fn() -> io::Result<Source> + Sync)> {
    let (shared, once) = match source {
        Source::Seek(file) if jobs > 1 => (Some(Shared::new(file)?), None),
        source => (None, Some(source)),
    };
    let length = shared.as_ref().map(Shared::length);
    let once = Mutex::new(once);
    let open = move || match &shared {
        Some(shared) => Ok(Source::Seek(Box::new(shared.whole()))),
        None => {
            let once = once.lock().unwrap_or_else(PoisonError::into_inner).take();
            once.ok_or_else(|| io::Error::other("this input has been read already and cannot be read again"))
        }
    };
    Ok((length, open))
}

/// What was made of records that lie one behind another.
struct Stretch<T> {
    start: u64,
    end: u64,
    members: u64,
    is_plain: bool,
    is_arc: bool,
    records: Vec<T>,
}

/// Gives what is made of the files' records, in order.
pub(crate) struct Scanner<T> {
    threads: Vec<Receiver<Option<Stretch<T>>>>,
    turn: usize,
    settings: Settings,
}

/// Runs `body`, which takes each of `files` by `Scanner::file` in their order, while threads read ahead of it.
pub(crate) fn with_threads<M: Make, T>(
    files: &[Warc<'_>],
    settings: Settings,
    make: &M,
    body: impl FnOnce(&mut Scanner<M::Made>) -> T,
) -> T {
    let stretches: u64 = files.iter().map(|file| settings.stretches(file)).sum();
    let count = if stretches < 2 { 0 } else { settings.threads() };
    scope(|scope| {
        let mut scanner = Scanner { threads: Vec::new(), turn: 0, settings };
        for turn in 0..count {
            let (sender, receiver) = sync_channel(1);
            scanner.threads.push(receiver);
            scope.spawn(move || read_ahead(files, settings, make, (turn, count), &sender));
        }
        // Dropping the receivers ends the threads, should the body have left anything.
        body(&mut scanner)
    })
}

impl<T> Scanner<T> {
    /// What is made of the next file's records, to `walk`.
    pub(crate) fn file<M: Make<Made = T>>(&mut self, walk: &mut Walk<'_, M>) -> io::Result<()> {
        let stretches = if self.threads.is_empty() { 0 } else { self.settings.stretches(walk.file()) };
        let mut failed = Ok(());
        for _ in 0..stretches {
            let next = self.next();
            // After an error the rest is drained, so that the next file's stretches come in their turn.
            if let (Some(stretch), true) = (next, failed.is_ok()) {
                failed = walk.take(stretch);
            }
        }
        failed?;
        walk.finish_file()
    }

    fn next(&mut self) -> Option<Stretch<T>> {
        let receiver = self.threads.get(self.turn)?;
        self.turn = (self.turn + 1) % self.threads.len();
        receiver.recv().ok().flatten()
    }
}

/// Every `count`-th stretch of all files.
fn read_ahead<M: Make>(
    files: &[Warc<'_>],
    settings: Settings,
    make: &M,
    (turn, count): (usize, usize),
    results: &SyncSender<Option<Stretch<M::Made>>>,
) {
    let mut mine = (0..count).cycle().map(|n| n == turn);
    for file in files {
        let mut reader = None;
        for number in 0..settings.stretches(file) {
            if mine.next() != Some(true) {
                continue;
            }
            // What cannot be read here is read alone, and its error is told there.
            let stretch = read_stretch(file, make, &mut reader, number, settings).ok().flatten();
            if results.send(stretch).is_err() {
                return;
            }
        }
    }
}

fn read_stretch<M: Make>(
    file: &Warc<'_>,
    make: &M,
    reader: &mut Option<Reader>,
    number: u64,
    settings: Settings,
) -> io::Result<Option<Stretch<M::Made>>> {
    let bytes = settings.bytes(number);
    let (is_first, is_new) = (number == 0, reader.is_none());
    let reader = match reader {
        Some(reader) => reader,
        None => reader.insert(Reader::new((file.open)()?, settings.limits)?),
    };
    let before = if is_first && is_new { 0 } else { reader.members() };
    let start = if is_first { Some(0).filter(|_| is_new) } else { reader.resume_in(bytes.clone())? };
    let Some(start) = start else { return Ok(None) };
    let is_plain = reader.container() == Container::Plain;
    let is_arc = reader.is_arc();
    let mut stretch = Stretch { start, end: start, members: 0, is_plain, is_arc, records: Vec::new() };
    read_records(reader, make, bytes.end, before, &mut stretch)?;
    Ok((stretch.end > start).then_some(stretch))
}

/// Reads on until `until` is reached, or something is amiss; the stretch ends with the last record before that.
fn read_records<M: Make>(
    reader: &mut Reader,
    make: &M,
    until: u64,
    members_before: u64,
    stretch: &mut Stretch<M::Made>,
) -> io::Result<()> {
    let mut none = M::State::default();
    let mut heads = 0;
    let mut waiting = Vec::new();
    while stretch.end < until && heads < HEADS {
        let Some(record) = reader.next_record()? else { break };
        if make.in_order(&record.head) || record.head.content_length.is_some_and(|length| length > BLOCK) {
            break;
        }
        heads += record.head.raw.len();
        waiting.push(make.make(record, &mut none)?);
        if !reader.take_findings().is_empty() {
            break;
        }
        if let Some(end) = reader.stands_at() {
            stretch.end = end;
            stretch.members = reader.members() - members_before;
            stretch.records.append(&mut waiting);
        }
    }
    Ok(())
}
