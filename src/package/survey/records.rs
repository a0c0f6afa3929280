//! The records of a collection's WARCs, each held against the line that tells of it.

use super::{Error, Part, Place, Visitor};
use crate::digest::{Algorithm, Hasher};
use crate::manifest::Record;
use crate::package::layout::{self, Layout};
use crate::package::walk;
use crate::warc::{self, Head, Limits, Reader, Source};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The records of all WARCs, one after another.
pub(super) struct Warcs {
    root: PathBuf,
    pub(super) parts: Vec<Part>,
    current: usize,
    reader: Option<Reader>,
}

pub(super) enum Next {
    Held(Box<Place>),
    /// There is no further record, or none that is whole.
    Ended,
    Other {
        path: String,
        problem: String,
    },
}

impl Warcs {
    pub(super) fn find(layout: &Layout) -> Result<Self, Error> {
        let tree = walk::walk(layout.root()).map_err(Error::io(layout.root()))?;
        let is_warc = |path: &str| layout::is_warc(path.strip_suffix(warc::OPEN).unwrap_or(path));
        let warcs = tree.files.into_iter().filter(|(path, _)| is_warc(path));
        let parts = warcs.map(|(path, total)| Part { path, sound: 0, total }).collect();
        Ok(Self { root: layout.root().to_owned(), parts, current: 0, reader: None })
    }

    /// The next record, if it is the one that the log tells of.
    pub(super) fn next(&mut self, expected: &Record, visitor: &mut dyn Visitor) -> Result<Next, Error> {
        while let Some(part) = self.parts.get(self.current) {
            let path = self.root.join(&part.path);
            if self.reader.is_none() {
                self.reader = open(&path).map_err(Error::io(&path))?;
            }
            if let Some(reader) = &mut self.reader {
                let next = next_in(reader, expected, visitor, (self.current, part));
                if let Some(next) = next.map_err(Error::io(&path))? {
                    return Ok(next);
                }
            }
            self.reader = None;
            self.current += 1;
        }
        Ok(Next::Ended)
    }
}

/// `None` for an empty file.
fn open(path: &Path) -> io::Result<Option<Reader>> {
    let file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(None);
    }
    Reader::new(Source::Seek(Box::new(file)), Limits::default()).map(Some)
}

fn next_in(
    reader: &mut Reader,
    expected: &Record,
    visitor: &mut dyn Visitor,
    (file, part): (usize, &Part),
) -> io::Result<Option<Next>> {
    let Some(record) = reader.next_record()? else { return Ok(None) };
    let head = record.head.clone();
    let mut hashing = Hashing { inner: record, hasher: Hasher::new(Algorithm::Sha256), block: 0 };
    hashing.hasher.update(&head.raw);
    if head.id() == Some(expected.warc.id.as_str()) {
        show(visitor, expected, &head, &mut hashing)?;
    }
    io::copy(&mut hashing, &mut io::sink())?;
    let Hashing { inner, hasher, block } = hashing;
    let extent = inner.finish()?;
    let whole = extent.complete && reader.stands_at() == Some(extent.end);
    let other = |problem: &str| {
        let problem =
            format!("the record at {} is not the one that the log binds ({problem})", extent.offset);
        Ok(Some(Next::Other { path: part.path.clone(), problem }))
    };
    if !whole {
        return if part.is_open() { Ok(Some(Next::Ended)) } else { other("it is damaged") };
    }
    if head.id() != Some(expected.warc.id.as_str()) {
        return other("its id is another");
    }
    if (head.raw.len() as u64 + block, hasher.finish().value())
        != (expected.bytes.length, expected.bytes.sha256.clone())
    {
        return other("its bytes are others");
    }
    let name = part.path.rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix(warc::OPEN).unwrap_or(name).to_owned();
    let (offset, length) = (extent.offset, extent.end - extent.offset);
    Ok(Some(Next::Held(Box::new(Place { file, name, offset, length, head }))))
}

fn show(
    visitor: &mut dyn Visitor,
    record: &Record,
    head: &Head,
    block: &mut (dyn Read + Send),
) -> io::Result<()> {
    let is_fields = || head.fields.get("Content-Type") == Some("application/warc-fields");
    match record.warc.record_type.as_str() {
        "response" | "revisit" => visitor.response(record, head, block),
        "metadata" if is_fields() => visitor.notes(record, head, block),
        _ => Ok(()),
    }
}

/// Hashes and counts what is read.
struct Hashing<R> {
    inner: R,
    hasher: Hasher,
    block: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..n).unwrap_or_default());
        self.block += n as u64;
        Ok(n)
    }
}
