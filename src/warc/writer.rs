//! Records into a file: one gzip member each, appended, never over anything that exists.

use super::pack::Packed;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::disk::{Disk, DiskFile, beside};
use flate2::{Compression as Level, GzBuilder, write::GzEncoder};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// What a file that is being written has behind its name.
pub const OPEN: &str = ".open";

/// How records are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As they are: `.warc`.
    None,
    /// One gzip member a record, deflate level 0 to 9 (to 12 for [`super::pack()`]): `.warc.gz`.
    Gzip(u32),
}

/// Why a record was not written. The file is left as it was before the record.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field's name or value would break the head.
    #[error("the header field {0:?} cannot be written: a name must be a token, a value one line")]
    Field(String),
    /// The block gave fewer or more bytes than was said.
    #[error("the block has {actual} bytes where {said} were announced")]
    Length {
        /// Bytes announced as Content-Length.
        said: u64,
        /// Bytes that came.
        actual: u64,
    },
    /// The file or the block's source failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Where a record went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Byte offset of its first byte in the file.
    pub offset: u64,
    /// Bytes it takes in the file.
    pub stored: u64,
    /// Bytes from the version line to the end of the block, uncompressed.
    pub length: u64,
    /// SHA-256 of those bytes.
    pub sha256: Digest,
}

/// A finished file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Its final path.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Writes one WARC file, under `NAME.open` until it is closed.
#[derive(Debug)]
pub struct Writer {
    disk: Disk,
    file: DiskFile,
    open_path: PathBuf,
    path: PathBuf,
    offset: u64,
    compression: Compression,
}

impl Writer {
    /// Creates `path` anew.
    ///
    /// # Errors
    /// `AlreadyExists` where `path` or `path.open` exists; else what the file system says.
    pub fn create(path: &Path, compression: Compression) -> io::Result<Self> {
        Self::create_on(&Disk::default(), path, compression)
    }

    /// The same on a disk that may be watched.
    ///
    /// # Errors
    /// As [`Writer::create`].
    pub fn create_on(disk: &Disk, path: &Path, compression: Compression) -> io::Result<Self> {
        if path.try_exists()? {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} exists", path.display())));
        }
        let open_path = beside(path, OPEN);
        let file = disk.create_new(&open_path)?;
        Ok(Self { disk: disk.clone(), file, open_path, path: path.to_owned(), offset: 0, compression })
    }

    /// Byte offset at which the next record will begin.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The file's final name.
    pub fn name(&self) -> String {
        self.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Appends one record; `Content-Length` is written here, behind the given fields.
    ///
    /// # Errors
    /// See [`Error`]; whatever it is, the file is cut back to the end of the record before.
    pub fn write<N: AsRef<str>, V: AsRef<str>>(
        &mut self,
        fields: &[(N, V)],
        block: &mut dyn Read,
        length: u64,
    ) -> Result<Written, Error> {
        let head = make_head(fields, length)?;
        self.write_verbatim(&head, block, length)
    }

    /// Appends one record whose head, from version line to empty line, is at hand and is written as it is; its
    /// Content-Length must be `length`.
    ///
    /// # Errors
    /// See [`Error`]; whatever it is, the file is cut back to the end of the record before.
    pub fn write_verbatim(
        &mut self,
        head: &[u8],
        block: &mut dyn Read,
        length: u64,
    ) -> Result<Written, Error> {
        match self.append(head, block, length) {
            Ok(written) => {
                self.offset += written.stored;
                Ok(written)
            }
            Err(error) => {
                self.cut(self.offset)?;
                Err(error)
            }
        }
    }

    /// Appends records that were packed before, as they are and in one go; gives where each went.
    ///
    /// # Errors
    /// What the file system says; the file is then cut back to where it ended.
    pub fn write_packed(&mut self, records: &[&Packed]) -> io::Result<Vec<Written>> {
        let written = match records {
            [one] => self.file.write_all(&one.stored),
            many => self
                .file
                .write_all(&many.iter().map(|record| record.stored.as_slice()).collect::<Vec<_>>().concat()),
        };
        if let Err(error) = written {
            self.cut(self.offset)?;
            return Err(error);
        }
        Ok(records.iter().map(|record| self.took(record)).collect())
    }

    fn took(&mut self, record: &Packed) -> Written {
        let (offset, stored) = (self.offset, record.stored.len() as u64);
        self.offset += stored;
        Written { offset, stored, length: record.length, sha256: record.sha256.clone() }
    }

    /// How records are stored from now on, by [`Writer::write`].
    pub fn set_compression(&mut self, compression: Compression) {
        self.compression = compression;
    }

    /// Takes back every record from `offset` on, which must be where one began.
    ///
    /// # Errors
    /// What the file system says.
    pub fn cut(&mut self, offset: u64) -> io::Result<()> {
        self.offset = self.offset.min(offset);
        self.file.cut(self.offset)
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    /// What the file system says.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Makes the file durable and gives it its final name.
    ///
    /// # Errors
    /// `AlreadyExists` where something took that name meanwhile; the file then stays under `NAME.open`.
    pub fn close(self) -> io::Result<Closed> {
        self.file.sync_all()?;
        self.disk.rename_anew(&self.open_path, &self.path)?;
        Ok(Closed { path: self.path, bytes: self.offset })
    }

    fn append(&mut self, head: &[u8], block: &mut dyn Read, length: u64) -> Result<Written, Error> {
        let (sha256, stored) = match self.compression {
            Compression::None => {
                let mut out = Counting { inner: BufWriter::with_capacity(64 * 1024, &self.file), count: 0 };
                let sha256 = copy_record(&mut out, head, block, length)?;
                out.flush()?;
                (sha256, out.count)
            }
            Compression::Gzip(level) => {
                let out = Counting { inner: BufWriter::with_capacity(64 * 1024, &self.file), count: 0 };
                let mut gzip = member(out, level);
                let sha256 = copy_record(&mut gzip, head, block, length)?;
                let mut out = gzip.finish()?;
                out.flush()?;
                (sha256, out.count)
            }
        };
        Ok(Written { offset: self.offset, stored, length: head.len() as u64 + length, sha256 })
    }
}

/// A member without time, name or system, so that the same record always gives the same bytes.
fn member<W: Write>(out: W, level: u32) -> GzEncoder<W> {
    GzBuilder::new().mtime(0).operating_system(255).write(out, Level::new(level.min(9)))
}

fn copy_record(
    out: &mut impl Write,
    head: &[u8],
    block: &mut dyn Read,
    length: u64,
) -> Result<Digest, Error> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(head);
    out.write_all(head)?;
    let mut buffer = vec![0; 64 * 1024];
    let mut actual = 0;
    loop {
        let n = match block.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e.into()),
        };
        let bytes = buffer.get(..n).unwrap_or_default();
        actual += n as u64;
        if actual > length {
            return Err(Error::Length { said: length, actual });
        }
        hasher.update(bytes);
        out.write_all(bytes)?;
    }
    if actual != length {
        return Err(Error::Length { said: length, actual });
    }
    out.write_all(b"\r\n\r\n")?;
    Ok(hasher.finish())
}

pub(super) fn make_head<N: AsRef<str>, V: AsRef<str>>(
    fields: &[(N, V)],
    length: u64,
) -> Result<Vec<u8>, Error> {
    let mut head = Vec::with_capacity(1024);
    write_head(&mut head, fields, length)?;
    Ok(head)
}

/// Appends the version line and the fields.
pub(super) fn write_head<N: AsRef<str>, V: AsRef<str>>(
    head: &mut Vec<u8>,
    fields: &[(N, V)],
    length: u64,
) -> Result<(), Error> {
    head.extend_from_slice(b"WARC/1.1\r\n");
    for (name, value) in fields {
        let (name, value) = (name.as_ref(), value.as_ref());
        let token = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if name.is_empty() || !token || value.contains(['\r', '\n', '\0']) {
            return Err(Error::Field(name.to_owned()));
        }
        [name, ": ", value, "\r\n"].iter().for_each(|part| head.extend_from_slice(part.as_bytes()));
    }
    Ok(write!(head, "Content-Length: {length}\r\n\r\n")?)
}

/// Counts what reaches the file.
struct Counting<W> {
    inner: W,
    count: u64,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.count += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
