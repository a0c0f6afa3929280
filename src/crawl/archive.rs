//! The collection being written: records, their log lines and their index lines, in step, then the sealing.
//!
//! A record's bytes are in its file before the log speaks of them. Whatever ends a run, what was written is a valid
//! archive; [`Archive::seal`] makes it a finished collection.

use super::Error;
use super::reserve::Reserve;
use crate::cdxj::{Capture, Entry, Sorter};
use crate::digest;
use crate::manifest::{
    Body, Bytes, Connection, Count, End, Failure, File as LogFile, Http, Links, Log, Mark, Page, Record,
    Session, Skip, Times, Warc,
};
use crate::package::{self, About, layout, layout::Layout, pages};
use crate::warc::{Compression, RecordType, WriteError, Writer};
use crate::world::{World, millis, new_urn, timestamp14};
use jiff::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Deflate level of the records.
const LEVEL: u32 = 6;

/// A collection being written.
pub struct Archive {
    world: Box<dyn World>,
    layout: Layout,
    name: String,
    started: Timestamp,
    writer: Writer,
    warcinfo_id: String,
    log: Log,
    index: Sorter,
    /// Where to go back to while a capture is half written, and its index lines.
    begun: Option<(u64, Mark, Count)>,
    pending: Vec<Entry>,
    reserve: Reserve,
    pages: BufWriter<File>,
    main_page: Option<Page>,
    counts: Count,
    software: String,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a record's log line says besides what stands in its fields.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// HTTP facts.
    pub http: Option<Http>,
    /// `seq` of the connection's entry.
    pub connection: Option<u64>,
    /// Times of the exchange.
    pub times: Option<Times>,
    /// URL that led here.
    pub via: Option<String>,
    /// Seed it is for.
    pub seed: Option<String>,
    /// Content-Type of the HTTP message, for the index.
    pub content_type: Option<String>,
}

impl Archive {
    /// A new collection at `root`, which must not exist, with its warcinfo record and its session entry.
    ///
    /// # Errors
    /// [`Error::Exists`], or what the file system says.
    pub fn create(
        root: &Path,
        world: Box<dyn World>,
        session: Session,
        info: &[(&str, String)],
    ) -> Result<Self, Error> {
        let layout = Layout::new(root);
        layout.create().map_err(|e| Error::create(root, e))?;
        let name = root.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = name.strip_suffix(".wacz.part").unwrap_or(&name).to_owned();
        let started = world.now();
        let stamp = format!("{}{:03}", timestamp14(started), started.as_millisecond().rem_euclid(1000));
        let path = layout.archive().join(layout::warc_name(&name, &stamp, 0, "warc.gz"));
        let at = |path: &Path| Error::at(path);
        let writer = Writer::create(&path, Compression::Gzip(LEVEL)).map_err(at(&path))?;
        let provenance = layout.file("provenance");
        let log = Log::create(&provenance, &format!("fonds/{}", session.archive)).map_err(at(&provenance))?;
        let pages_path = layout.file(layout::PAGES);
        let pages =
            OpenOptions::new().write(true).create_new(true).open(&pages_path).map_err(at(&pages_path))?;
        let software = format!("{}/{}", session.tool.name, session.tool.version);
        let mut archive = Self {
            warcinfo_id: new_urn(world.as_ref()).map_err(at(root))?,
            index: Sorter::new(&layout.workroom()),
            begun: None,
            pending: Vec::new(),
            reserve: Reserve::create(&layout.workroom()).map_err(at(root))?,
            pages: BufWriter::new(pages),
            main_page: None,
            counts: Count::default(),
            software,
            world,
            layout,
            name,
            started,
            writer,
            log,
        };
        archive.log(Body::Session(Box::new(session)))?;
        archive.warcinfo(info)?;
        archive.commit()?;
        let header = pages::header(&format!("Pages of {}", archive.name));
        archive.pages.write_all(header.as_bytes()).map_err(at(&pages_path))?;
        Ok(archive)
    }

    /// Where temporary files of the run belong.
    pub fn workroom(&self) -> PathBuf {
        self.layout.workroom()
    }

    /// WARC-Record-ID of the warcinfo record, in angle brackets.
    pub fn warcinfo_id(&self) -> String {
        format!("<{}>", self.warcinfo_id)
    }

    /// Clock and randomness of the run.
    pub fn world(&self) -> &dyn World {
        self.world.as_ref()
    }

    /// What has been done so far.
    pub fn counts(&self) -> Count {
        self.counts
    }

    /// Writes a record, then its log line, then keeps its index line. `fields` hold no Content-Length.
    ///
    /// # Errors
    /// What the file system says; the WARC is then as it was before the record.
    pub fn record(
        &mut self,
        record_type: RecordType,
        fields: &[(&str, String)],
        block: &mut dyn Read,
        length: u64,
        context: Context,
    ) -> Result<(), Error> {
        let written = self.writer.write(fields, block, length).map_err(|e| self.write_error(e))?;
        self.counts.records += 1;
        let get = |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str());
        let filename = self.writer.name();
        let entry = Capture {
            record_type: record_type.clone(),
            target_uri: get("WARC-Target-URI").unwrap_or_default(),
            date: get("WARC-Date").unwrap_or_default(),
            status: context.http.as_ref().and_then(|http| http.status),
            // The message's own type, where the block is one.
            content_type: match record_type {
                RecordType::Resource | RecordType::Metadata => get("Content-Type"),
                _ => context.content_type.as_deref(),
            },
            payload_digest: get("WARC-Payload-Digest"),
            filename: &filename,
            offset: written.offset,
            length: written.stored,
        };
        let entry = entry.entry();
        let bytes = Bytes {
            length: written.length,
            sha256: written.sha256.value(),
            block: get("WARC-Block-Digest").unwrap_or_default().to_owned(),
            payload: get("WARC-Payload-Digest").map(str::to_owned),
        };
        let record = log_record(fields, bytes, context);
        self.log(Body::Record(Box::new(record)))?;
        self.pending.extend(entry);
        Ok(())
    }

    /// Begins a capture: its records and log lines count together or not at all.
    pub fn begin(&mut self) {
        self.begun = Some((self.writer.offset(), self.log.mark(), self.counts));
    }

    /// The capture is whole.
    ///
    /// # Errors
    /// What the file system says.
    pub fn commit(&mut self) -> Result<(), Error> {
        let at = |archive: &Self| Error::at(archive.layout.root());
        let needed: usize = self.pending.iter().map(|entry| entry.line().len() + 1).sum();
        self.reserve.need(needed as u64).map_err(at(self))?;
        for entry in std::mem::take(&mut self.pending) {
            self.index.push(&entry).map_err(at(self))?;
        }
        self.begun = None;
        Ok(())
    }

    /// Takes a half-written capture back.
    fn roll_back(&mut self) -> std::io::Result<()> {
        self.pending.clear();
        let Some((offset, mark, counts)) = self.begun.take() else { return Ok(()) };
        self.counts = counts;
        self.writer.cut(offset)?;
        self.log.roll_back(mark)
    }

    /// Logs a connection and gives its `seq`.
    ///
    /// # Errors
    /// What the file system says.
    pub fn connection(&mut self, connection: Connection) -> Result<u64, Error> {
        self.log(Body::Connection(Box::new(connection)))
    }

    /// Counts an exchange whose records are written.
    pub fn captured(&mut self) {
        self.counts.captures += 1;
    }

    /// Logs a URL that was not captured.
    ///
    /// # Errors
    /// What the file system says.
    pub fn failure(&mut self, failure: Failure) -> Result<(), Error> {
        self.counts.failures += 1;
        self.log(Body::Failure(failure)).map(drop)
    }

    /// Logs a URL that was left out.
    ///
    /// # Errors
    /// What the file system says.
    pub fn skip(&mut self, url: String, reason: &str) -> Result<(), Error> {
        self.log(Body::Skip(Skip { url, reason: reason.to_owned() })).map(drop)
    }

    /// Lists a page. `record` is the id of the record that holds it, `date` that record's WARC-Date.
    ///
    /// # Errors
    /// What the file system says.
    pub fn page(&mut self, url: &str, date: &str, title: &str, record: &str) -> Result<(), Error> {
        let urn = new_urn(self.world.as_ref()).map_err(Error::at(self.layout.root()))?;
        let id = urn.trim_start_matches("urn:uuid:").to_owned();
        let page = Page {
            id,
            url: url.to_owned(),
            ts: date.to_owned(),
            title: title.to_owned(),
            record: record.to_owned(),
        };
        let title = Some(page.title.clone());
        let line =
            pages::Page { id: page.id.clone(), url: page.url.clone(), ts: page.ts.clone(), title }.line();
        self.pages.write_all(line.as_bytes()).map_err(Error::at(&self.layout.file(layout::PAGES)))?;
        self.counts.pages += 1;
        self.main_page.get_or_insert_with(|| page.clone());
        self.log(Body::Page(page)).map(drop)
    }

    /// Closes everything, a capture that is not committed taken back: WARC, index, pages, log with its checkpoint, datapackage. `exit` as in the log's end entry.
    ///
    /// # Errors
    /// What the file system says.
    pub fn seal(mut self, exit: &str) -> Result<PathBuf, Error> {
        let root = self.layout.root().to_owned();
        self.roll_back().map_err(Error::at(&root))?;
        self.reserve.release().map_err(Error::at(&root))?;
        let pages_path = self.layout.file(layout::PAGES);
        self.pages.flush().map_err(Error::at(&pages_path))?;
        self.pages.get_ref().sync_all().map_err(Error::at(&pages_path))?;
        let warc = self.writer.close().map_err(Error::at(&root))?;
        let index_path = self.layout.file(layout::INDEX);
        write_index(self.index, &index_path).map_err(Error::at(&index_path))?;
        let files = [warc.path, index_path, pages_path]
            .iter()
            .map(|path| log_file(&root, path))
            .collect::<Result<Vec<_>, _>>()?;
        let end = End { counts: self.counts, files, exit: exit.to_owned() };
        self.log.append(self.world.as_ref(), Body::End(end)).map_err(Error::at(&root))?;
        self.log.close().map_err(Error::at(&root))?;
        let workroom = self.layout.workroom();
        std::fs::remove_dir_all(&workroom).map_err(Error::at(&workroom))?;
        let about = About {
            title: Some(self.name.clone()),
            created: millis(self.started),
            software: self.software,
            main_page_url: self.main_page.as_ref().map(|page| page.url.clone()),
            main_page_date: self.main_page.map(|page| page.ts),
        };
        package::seal(&root, &about, None)?;
        Ok(root)
    }

    fn log(&mut self, body: Body) -> Result<u64, Error> {
        self.log.append(self.world.as_ref(), body).map_err(Error::at(&self.layout.file(layout::MANIFEST)))
    }

    fn write_error(&self, error: WriteError) -> Error {
        let path = self.layout.archive().join(self.writer.name());
        match error {
            WriteError::Io(source) => Error::Io { path, source },
            other => Error::Record { path, source: other },
        }
    }

    /// WARC/1.1 §6.2.
    fn warcinfo(&mut self, info: &[(&str, String)]) -> Result<(), Error> {
        let block: String = info.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let fields = [
            ("WARC-Type", "warcinfo".to_owned()),
            ("WARC-Record-ID", self.warcinfo_id()),
            ("WARC-Date", millis(self.started)),
            ("WARC-Filename", self.writer.name()),
            ("WARC-Block-Digest", digest::sha256(block.as_bytes()).to_string()),
            ("Content-Type", "application/warc-fields".to_owned()),
        ];
        let length = block.len() as u64;
        self.record(RecordType::WarcInfo, &fields, &mut block.as_bytes(), length, Context::default())
    }
}

fn log_record(fields: &[(&str, String)], bytes: Bytes, context: Context) -> Record {
    let get = |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
    let bare = |value: String| crate::warc::bare_uri(&value).to_owned();
    let all = |name: &str| fields.iter().filter(|(n, _)| *n == name).map(|(_, v)| bare(v.clone())).collect();
    Record {
        warc: Warc {
            id: get("WARC-Record-ID").map(bare).unwrap_or_default(),
            record_type: get("WARC-Type").unwrap_or_default(),
            target_uri: get("WARC-Target-URI"),
            date: get("WARC-Date").unwrap_or_default(),
        },
        bytes,
        http: context.http,
        links: Links {
            concurrent_to: all("WARC-Concurrent-To"),
            refers_to: get("WARC-Refers-To").map(bare),
            via: context.via,
            seed: context.seed,
        },
        connection: context.connection,
        times: context.times,
    }
}

fn write_index(index: Sorter, path: &Path) -> std::io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let mut out = BufWriter::new(file);
    index.finish(&mut out)?;
    out.flush()?;
    out.get_ref().sync_all()
}

fn log_file(root: &Path, path: &Path) -> Result<LogFile, Error> {
    let hashed = File::open(path).and_then(digest::sha256_of);
    let (sha256, bytes) = hashed.map_err(Error::at(path))?;
    let inside = path.strip_prefix(root).unwrap_or(path);
    let path = inside.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    Ok(LogFile { path, bytes, sha256: sha256.value() })
}
