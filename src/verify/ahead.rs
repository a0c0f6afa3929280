//! Records checked ahead by threads, and put together in the order of the file.
//!
//! A file is cut into stretches of a fixed length. A thread looks in its stretch for the first place that looks like the
//! beginning of a record and reads on from there, as long as nothing at all is amiss with the container, up to the first
//! record end at or behind the stretch's end. [`Scanner::file`] takes the stretches in their order, each only if it
//! begins exactly where what was taken before ended; what lies between is read alone, by one reader that goes through
//! the file from its beginning, as far as it has to. So what is reported does not depend on the number of threads: what
//! looked like a record and was none (a WARC within a block, say) is dropped, and all damage is judged in one place.

use super::scan::{Checked, Settings, Walk, check};
use super::segments::Segments;
use crate::input::section::Shared;
use crate::warc::{Container, Reader, Source};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::scope;

/// Bytes of heads that a stretch's records hold at most; it ends early there.
const HEADS: usize = 4 << 20;

/// Bytes of the longest block read ahead: what only looks like a record must not cost much.
const BLOCK: u64 = 64 << 20;

/// A WARC to be read, perhaps by several readers at once.
pub(super) struct File<'a> {
    /// Stored bytes; `None` where it can be read once only, from its beginning.
    pub(super) length: Option<u64>,
    /// Opens it; at any place, if it has a length.
    pub(super) open: &'a (dyn Fn() -> io::Result<Source> + Sync),
}

/// A source as a file's length and opener; with random access, and threads that want it, many readers share it.
pub(super) fn opener(
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

/// Checked records that lie one behind another.
pub(super) struct Stretch {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) members: u64,
    pub(super) is_plain: bool,
    pub(super) is_arc: bool,
    pub(super) records: Vec<Checked>,
}

/// Gives the files' records in order.
pub(super) struct Scanner {
    threads: Vec<Receiver<Option<Stretch>>>,
    turn: usize,
    pub(super) settings: Settings,
}

/// Runs `body`, which takes each of `files` by [`Scanner::file`] in their order, while threads read ahead of it.
pub(super) fn with_threads<T>(
    files: &[File<'_>],
    settings: Settings,
    body: impl FnOnce(&mut Scanner) -> T,
) -> T {
    let stretches: u64 = files.iter().map(|file| settings.stretches(file)).sum();
    let count = if stretches < 2 { 0 } else { settings.threads() };
    scope(|scope| {
        let mut scanner = Scanner { threads: Vec::new(), turn: 0, settings };
        for turn in 0..count {
            let (sender, receiver) = sync_channel(1);
            scanner.threads.push(receiver);
            scope.spawn(move || read_ahead(files, settings, (turn, count), &sender));
        }
        // Dropping the receivers ends the threads, should the body have left anything.
        body(&mut scanner)
    })
}

impl Scanner {
    /// All records of the next file, to `walk`.
    pub(super) fn file(&mut self, file: &File<'_>, walk: &mut Walk<'_>) -> io::Result<()> {
        let stretches = if self.threads.is_empty() { 0 } else { self.settings.stretches(file) };
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

    fn next(&mut self) -> Option<Stretch> {
        let receiver = self.threads.get(self.turn)?;
        self.turn = (self.turn + 1) % self.threads.len();
        receiver.recv().ok().flatten()
    }
}

/// Every `count`-th stretch of all files.
fn read_ahead(
    files: &[File<'_>],
    settings: Settings,
    (turn, count): (usize, usize),
    results: &SyncSender<Option<Stretch>>,
) {
    let mut mine = (0..count).cycle().map(|n| n == turn);
    for file in files {
        let mut reader = None;
        for number in 0..settings.stretches(file) {
            if mine.next() != Some(true) {
                continue;
            }
            // What cannot be read here is read alone, and its error is told there.
            let stretch = read_stretch(file, &mut reader, number, settings).ok().flatten();
            if results.send(stretch).is_err() {
                return;
            }
        }
    }
}

fn read_stretch(
    file: &File<'_>,
    reader: &mut Option<Reader>,
    number: u64,
    settings: Settings,
) -> io::Result<Option<Stretch>> {
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
    read_records(reader, bytes.end, before, settings, &mut stretch)?;
    Ok((stretch.end > start).then_some(stretch))
}

/// Reads on until `until` is reached, or something is amiss; the stretch ends with the last record before that.
fn read_records(
    reader: &mut Reader,
    until: u64,
    members_before: u64,
    settings: Settings,
    stretch: &mut Stretch,
) -> io::Result<()> {
    let mut none = Segments::default();
    let mut heads = 0;
    let mut waiting = Vec::new();
    while stretch.end < until && heads < HEADS {
        let Some(record) = reader.next_record()? else { break };
        let is_segment = record.head.fields.get("WARC-Segment-Number").is_some();
        if is_segment || record.head.content_length.is_some_and(|length| length > BLOCK) {
            break;
        }
        heads += record.head.raw.len();
        waiting.push(check(record, settings.bind_bytes, &mut none)?);
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

#[cfg(test)]
mod tests;
