//! Changes to the disk, through one small layer, so that a test can end the world between any two of them.
//!
//! Everything that a collection is made of is written through a [`Disk`]: each change is shown to its [`Watch`] first,
//! which lets it through, lets a part of it through, or fails it. Without one, this is `std::fs`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a file that is to take a place has behind its name until it does.
pub const PART: &str = ".part";

/// A change that is about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// A directory or an empty file appears.
    Create(&'a Path),
    /// So many bytes are appended.
    Write(&'a Path, usize),
    /// A file is cut.
    Cut(&'a Path, u64),
    /// A file's content is made durable.
    Sync(&'a Path),
    /// A file gets another name, or takes the place of another file.
    Rename(&'a Path, &'a Path),
    /// A file, or a directory with all that is in it, goes.
    Remove(&'a Path),
}

/// Asked before each change.
pub trait Watch: Send + Sync {
    /// How many bytes of a write are let through (what is less than all ends in an error), any number for other changes.
    ///
    /// # Errors
    /// Where the change is not to be made.
    fn before(&self, change: &Change<'_>) -> io::Result<usize>;
}

/// Where files are written.
#[derive(Clone, Default)]
pub struct Disk {
    watch: Option<Arc<dyn Watch>>,
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").field("watched", &self.watch.is_some()).finish()
    }
}

impl Disk {
    /// One that is watched.
    pub fn watched(watch: Arc<dyn Watch>) -> Self {
        Self { watch: Some(watch) }
    }

    fn before(&self, change: &Change<'_>) -> io::Result<usize> {
        self.watch.as_ref().map_or(Ok(usize::MAX), |watch| watch.before(change))
    }

    /// A new directory, in one that is there.
    ///
    /// # Errors
    /// `AlreadyExists`, or what the file system says. All methods below fail with what the file system says.
    pub fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.before(&Change::Create(path))?;
        std::fs::create_dir(path)?;
        sync_parent(path)
    }

    /// A new file.
    ///
    /// # Errors
    /// `AlreadyExists` where there is anything of that name.
    pub fn create_new(&self, path: &Path) -> io::Result<DiskFile> {
        self.before(&Change::Create(path))?;
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        sync_parent(path)?;
        Ok(self.file(file, path))
    }

    /// A file to be written from its beginning, whether it is there or not.
    ///
    /// # Errors
    /// See [`Disk::create_dir`].
    pub fn create(&self, path: &Path) -> io::Result<DiskFile> {
        self.before(&Change::Create(path))?;
        Ok(self.file(File::create(path)?, path))
    }

    /// A file that is there, to be written at its end.
    ///
    /// # Errors
    /// See [`Disk::create_dir`].
    pub fn append(&self, path: &Path) -> io::Result<DiskFile> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.seek(SeekFrom::End(0))?;
        Ok(self.file(file, path))
    }

    fn file(&self, file: File, path: &Path) -> DiskFile {
        DiskFile { file, path: path.to_owned(), disk: self.clone() }
    }

    /// Renames without ever replacing what stands at `to`.
    ///
    /// # Errors
    /// `AlreadyExists` where something has that name; the file then keeps its own.
    pub fn rename_anew(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.before(&Change::Rename(from, to))?;
        let from = tempfile::TempPath::try_from_path(from)?;
        from.persist_noclobber(to).map_err(|failed| match failed.path.keep() {
            Ok(_) => failed.error,
            Err(kept) => kept.error,
        })?;
        sync_parent(to)
    }

    /// Renames, in place of what stands at `to`.
    ///
    /// # Errors
    /// See [`Disk::create_dir`].
    pub fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.before(&Change::Rename(from, to))?;
        std::fs::rename(from, to)?;
        sync_parent(to)
    }

    /// Puts a file in place, whole or not at all: `fill` writes it under the name `path.part` beside, and it is renamed
    /// once it is on the disk.
    ///
    /// # Errors
    /// See [`Disk::create_dir`]; what stood at `path` stands there still.
    pub fn replace(
        &self,
        path: &Path,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let part = beside(path, PART);
        let file = self.create(&part)?;
        let mut out = io::BufWriter::new(file);
        let filled = fill(&mut out).and_then(|()| out.flush()).and_then(|()| out.get_ref().sync_all());
        if let Err(error) = filled {
            // Whatever was written takes room that may be what is missing; the first error is the one to tell.
            let _ = out.get_ref().set_len(0).and_then(|()| self.remove_file(&part));
            return Err(error);
        }
        self.rename(&part, path)
    }

    /// Removes a file.
    ///
    /// # Errors
    /// See [`Disk::create_dir`].
    pub fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.before(&Change::Remove(path))?;
        std::fs::remove_file(path)
    }

    /// Removes a directory with all that is in it.
    ///
    /// # Errors
    /// See [`Disk::create_dir`].
    pub fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.before(&Change::Remove(path))?;
        std::fs::remove_dir_all(path)
    }
}

/// `path` with something behind its name.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A name is on the disk only once its directory is; where directories cannot be opened, so be it.
fn sync_parent(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// A file that is written.
#[derive(Debug)]
pub struct DiskFile {
    file: File,
    path: PathBuf,
    disk: Disk,
}

impl DiskFile {
    /// Cuts the file to this length and goes on from there.
    ///
    /// # Errors
    /// See [`Disk::create_dir`].
    pub fn cut(&self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        (&self.file).seek(SeekFrom::Start(length)).map(drop)
    }

    /// Cuts the file without going there.
    ///
    /// # Errors
    /// See [`Disk::create_dir`].
    pub fn set_len(&self, length: u64) -> io::Result<()> {
        self.disk.before(&Change::Cut(&self.path, length))?;
        self.file.set_len(length)
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    /// See [`Disk::create_dir`].
    pub fn sync_data(&self) -> io::Result<()> {
        self.disk.before(&Change::Sync(&self.path))?;
        self.file.sync_data()
    }

    /// Makes content and metadata durable.
    ///
    /// # Errors
    /// See [`Disk::create_dir`].
    pub fn sync_all(&self) -> io::Result<()> {
        self.disk.before(&Change::Sync(&self.path))?;
        self.file.sync_all()
    }

    /// Takes the lock of the file for this process; false where another holds it. It goes with the file. Where the file
    /// system has no locks, there is none to wait for.
    ///
    /// # Errors
    /// See [`Disk::create_dir`].
    pub fn try_lock(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(std::fs::TryLockError::WouldBlock) => Ok(false),
            Err(std::fs::TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => Ok(true),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Write for &DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let allowed = self.disk.before(&Change::Write(&self.path, bytes.len()))?;
        match bytes.get(..allowed) {
            Some(part) if part.len() < bytes.len() => {
                (&self.file).write_all(part)?;
                Err(io::Error::other("the write was cut"))
            }
            _ => (&self.file).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Copies so many bytes of a file from `offset` on.
///
/// # Errors
/// Those of either side; `UnexpectedEof` where the file is shorter.
pub fn copy_range(from: &Path, offset: u64, length: u64, to: &mut dyn Write) -> io::Result<()> {
    let mut file = File::open(from)?;
    file.seek(SeekFrom::Start(offset))?;
    match io::copy(&mut file.take(length), to)? {
        copied if copied == length => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Lets some changes through and half of one more.
    struct Fuse(AtomicUsize);

    impl Watch for Fuse {
        fn before(&self, change: &Change<'_>) -> io::Result<usize> {
            match (self.0.fetch_add(1, Ordering::Relaxed), change) {
                (0..2, _) => Ok(usize::MAX),
                (2, Change::Write(_, bytes)) => Ok(bytes / 2),
                _ => Err(io::Error::other("over")),
            }
        }
    }

    #[test]
    fn a_watched_disk_stops_where_it_is_told_to() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::watched(Arc::new(Fuse(AtomicUsize::new(0))));
        let path = dir.path().join("x");
        let mut file = disk.create_new(&path).unwrap();
        file.write_all(b"whole").unwrap();
        file.write_all(b"half").unwrap_err();
        file.write_all(b"never").unwrap_err();
        file.cut(0).unwrap_err();
        disk.remove_file(&path).unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), b"wholeha");
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        let disk = Disk::default();
        disk.replace(&path, |out| out.write_all(b"one")).unwrap();
        disk.replace(&path, |out| {
            out.write_all(b"tw")?;
            Err(io::Error::other("no more"))
        })
        .unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        disk.rename_anew(&path, &dir.path().join("y")).unwrap();
        disk.replace(&path, |out| out.write_all(b"two")).unwrap();
        assert!(disk.rename_anew(&path, &dir.path().join("y")).is_err());
        assert_eq!(std::fs::read(dir.path().join("y")).unwrap(), b"one");
    }

    #[test]
    fn one_process_at_a_time_holds_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::default();
        let first = disk.create(&dir.path().join("lock")).unwrap();
        assert!(first.try_lock().unwrap());
        assert!(!disk.create(&dir.path().join("lock")).unwrap().try_lock().unwrap());
        drop(first);
        assert!(disk.create(&dir.path().join("lock")).unwrap().try_lock().unwrap());
    }
}
