//! The records of chosen lines, copied out of a package's WARCs: gzip members as they stand, each held against its line.

use super::select::Chosen;
use super::{Room, Source};
use crate::digest::{Algorithm, Hasher};
use crate::input::scan::{self, Event, Make, Settings, Warc};
use crate::input::section::{Section, Shared};
use crate::manifest::Record;
use crate::package::Error;
use crate::warc::{self, Container, Limits, Reader};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::Path;

/// A record's place: number of its WARC, offset of its gzip member, and where this ends.
type Place = (usize, u64, u64);

/// The records in the log's order, as a WARC in an unnamed temporary file; `None` where there are none.
pub(super) fn copy(source: &Source<'_>, chosen: &Chosen, room: Room<'_>) -> Result<Option<File>, Error> {
    let spool = room.spool;
    if chosen.records().next().is_none() {
        return Ok(None);
    }
    let io = |error| Error::io(source.path)(error);
    let warcs = open(source, spool).map_err(io)?;
    let places = find(&warcs, chosen, room.scan).map_err(io)?;
    let mut out = tempfile::tempfile_in(spool).map_err(Error::io(spool))?;
    for record in chosen.records() {
        let id = &record.warc.id;
        let place =
            places.get(id).ok_or_else(|| source.unproved(format!("record {id} is not in its WARCs")))?;
        let member = member(&warcs, *place).ok_or_else(|| {
            source.unproved(format!("record {id} has no gzip member of its own; `fonds mend` makes one"))
        })?;
        if !holds(member(), record).map_err(io)? {
            return Err(source.unproved(format!("record {id} is not the one that its log binds")));
        }
        io::copy(&mut member(), &mut out).map_err(Error::io(spool))?;
    }
    Ok(Some(out))
}

/// The WARCs under their names in the package.
fn open(source: &Source<'_>, spool: &Path) -> io::Result<Vec<(String, Shared)>> {
    let warcs = source.package.warcs();
    let open = |path: &str| Ok((path.to_owned(), Shared::new(source.package.seek(path, spool)?)?));
    warcs.into_iter().map(|member| open(&member.path)).collect()
}

/// A record's bytes, to be read as often as they are wanted.
fn member(warcs: &[(String, Shared)], (warc, from, to): Place) -> Option<impl Fn() -> Section> {
    let (_, file) = warcs.get(warc).filter(|_| to > from)?;
    Some(move || file.section(from, to - from))
}

/// True for the record that a line binds.
fn holds(member: Section, line: &Record) -> io::Result<bool> {
    let mut reader = Reader::new(warc::Source::Seek(Box::new(member)), Limits::default())?;
    if reader.container() != Container::Gzip {
        return Ok(false);
    }
    let Some(mut record) = reader.next_record()? else { return Ok(false) };
    let (mut hasher, mut length) = (Hasher::new(Algorithm::Sha256), record.head.raw.len());
    hasher.update(&record.head.raw);
    loop {
        let chunk = record.chunk()?;
        if chunk.is_empty() {
            break;
        }
        hasher.update(chunk);
        length += chunk.len();
    }
    let bound = (line.bytes.length, line.bytes.sha256.as_str());
    Ok((length as u64, hasher.finish().value().as_str()) == bound)
}

/// Where the records of the chosen lines are, by their ids; the first of each.
fn find(
    warcs: &[(String, Shared)],
    chosen: &Chosen,
    settings: Settings,
) -> io::Result<HashMap<String, Place>> {
    let wanted = Wanted(chosen.records().map(|record| record.warc.id.as_str()).collect());
    let openers: Vec<_> =
        warcs.iter().map(|(_, file)| move || Ok(warc::Source::Seek(Box::new(file.whole())))).collect();
    let files = warcs.iter().zip(&openers);
    let files: Vec<Warc<'_>> =
        files.map(|((name, file), open)| Warc { name, length: Some(file.length()), open }).collect();
    let mut places = HashMap::new();
    let mut number = 0;
    scan::run(&files, settings, &wanted, &mut |event| {
        match event {
            Event::Begin(begun) => number = begun,
            Event::Item((Some((id, from, to)), _)) => {
                places.entry(id).or_insert((number, from, to));
            }
            Event::Item(_) => {}
            Event::End(_, read) => drop(read?),
        }
        Ok(())
    })?;
    Ok(places)
}

/// Ids that are looked for.
struct Wanted<'a>(HashSet<&'a str>);

impl Make for Wanted<'_> {
    type Made = Option<(String, u64, u64)>;
    type State = ();

    fn make(&self, record: warc::Record<'_>, (): &mut ()) -> io::Result<Self::Made> {
        let (head, block) = record.into_parts();
        let extent = block.finish()?;
        let id = head.id().filter(|id| self.0.contains(id));
        Ok(id.map(|id| (id.to_owned(), extent.offset, extent.end)))
    }
}
