//! The end of a run: what can be derived is derived, everything is listed, and the working files go.
//!
//! In this order, so that whatever ends it leaves either a capture that did not end or a sealed collection: log, WARC, index,
//! pages, the log's end entry with its checkpoint, datapackage-digest.json, datapackage.json, and `.fonds/` gone.

use super::{Archive, Error};
use crate::manifest::{Body, End, File as LogFile, Lines, Page};
use crate::package::{self, About, layout, pages};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

impl Archive {
    /// Closes everything, a capture that is not committed taken back: WARC, index, pages, log with its checkpoint,
    /// datapackage. `exit` as in the log's end entry.
    ///
    /// # Errors
    /// What the file system says; what was captured can then still be taken up by [`Archive::resume`].
    pub fn seal(mut self, exit: &str) -> Result<PathBuf, Error> {
        let root = self.layout.root().to_owned();
        let at = |path: &Path| Error::at(path);
        self.roll_back().map_err(at(&root))?;
        self.reserve.release().map_err(at(&root))?;
        self.close_warc()?;
        let index_path = self.layout.file(layout::INDEX);
        if self.index_failed {
            // Taking the collection up builds it anew.
            return Err(at(&index_path)(io::Error::other("the index could not be kept while it grew")));
        }
        let index = std::mem::replace(&mut self.index, crate::cdxj::Sorter::new(&root));
        let written = self.disk.replace(&index_path, |out| index.finish(out).map(drop));
        written.map_err(at(&index_path))?;
        let main_page = self.write_pages()?;
        let files = self.files()?;
        let about = About {
            title: Some(self.name.clone()),
            created: self.created.clone(),
            software: self.software.clone(),
            main_page_url: main_page.as_ref().map(|page| page.url.clone()),
            main_page_date: main_page.map(|page| page.ts),
        };
        let package = Some(about.described());
        self.log(Body::End(End { counts: self.counts, files, exit: exit.to_owned(), package }))?;
        self.log.checkpoint().map_err(at(&root))?;
        package::seal::seal_running(&self.disk, &root, &about)?;
        let workroom = self.layout.workroom();
        self.disk.remove_dir_all(&workroom).map_err(at(&workroom))?;
        drop(self.lock);
        Ok(root)
    }

    /// pages.jsonl, from the log; gives the first page.
    fn write_pages(&self) -> Result<Option<Page>, Error> {
        let manifest = self.layout.file(layout::MANIFEST);
        let log = File::open(&manifest).map_err(Error::at(&manifest))?;
        let path = self.layout.file(layout::PAGES);
        let mut first = None;
        let written = self.disk.replace(&path, |out| {
            out.write_all(pages::header(&format!("Pages of {}", self.name)).as_bytes())?;
            let mut lines = Lines::new(log);
            while let Some(line) = lines.next_line()? {
                let Ok(Body::Page(page)) = line.entry.map(|entry| entry.body) else { continue };
                out.write_all(pages::Page::from(&page).line().as_bytes())?;
                first.get_or_insert(page);
            }
            Ok(())
        });
        written.map_err(Error::at(&path))?;
        Ok(first)
    }

    /// WARCs of all sessions, index and pages, as they are now.
    fn files(&self) -> Result<Vec<LogFile>, Error> {
        let root = self.layout.root();
        let paths = package::seal::bound_files(root).map_err(Error::at(&self.layout.archive()))?;
        paths.iter().map(|path| package::seal::log_file(root, path).map_err(Error::at(path))).collect()
    }
}
