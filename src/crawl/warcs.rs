//! The WARCs of a collection as they are written: what they are called, and how each begins.

use super::prepare::Ready;
use super::{Archive, Error};
use crate::digest;
use crate::package::layout::{self, Layout};
use crate::package::survey::Survey;
use crate::warc::{Compression, RecordType, Writer};
use crate::world::{World, millis, new_urn, timestamp14};

/// Deflate level of the records, unless another is asked for: half as much again as fast as 6, for files 3 % bigger
/// (benches/deflate.rs).
pub const GZIP_LEVEL: u32 = 4;
/// Bytes after which a WARC is closed, unless another size is asked for (WARC/1.1 Annex C).
pub const WARC_SIZE: u64 = 1_000_000_000;

/// What a WARC is called, and how it begins.
pub(super) struct Warcs {
    /// What the names begin with.
    pub(super) prefix: String,
    /// Date and time in the names, 17 digits.
    pub(super) stamp: String,
    /// Number of the next.
    pub(super) serial: u32,
    pub(super) warcinfo_id: String,
    pub(super) info: Vec<(String, String)>,
    pub(super) compression: Compression,
    /// Bytes after which a file is closed.
    pub(super) size: u64,
}

impl Warcs {
    /// The first of a collection, named after it and the time now.
    pub(super) fn new(world: &dyn World, layout: &Layout, info: &[(&str, String)]) -> std::io::Result<Self> {
        let now = world.now();
        Ok(Self {
            prefix: name(layout),
            serial: 0,
            stamp: format!("{}{:03}", timestamp14(now), now.as_millisecond().rem_euclid(1000)),
            warcinfo_id: new_urn(world)?,
            info: info.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            compression: Compression::Gzip(GZIP_LEVEL),
            size: WARC_SIZE,
        })
    }

    /// Goes on behind the WARCs that are there, whatever the clock says: readers take them in the order of their names.
    pub(super) fn follow(&mut self, survey: &Survey) {
        for part in survey.warcs.iter().filter(|part| part.sound > 0 || !part.is_open()) {
            let name = part.path.rsplit('/').next().unwrap_or_default();
            let stem = name.rfind(".warc").and_then(|end| name.get(..end)).unwrap_or(name);
            let mut parts = stem.rsplitn(3, '-');
            let serial = parts.next().and_then(|serial| serial.parse::<u32>().ok());
            self.serial = self.serial.max(serial.map_or(1, |serial| serial + 1));
            if let (Some(stamp), Some(prefix)) = (parts.next(), parts.next()) {
                prefix.clone_into(&mut self.prefix);
                self.stamp = std::mem::take(&mut self.stamp).max(stamp.to_owned());
            }
        }
    }
}

impl Archive {
    /// Deflate level of the records from now on, 0 to 12; 10 and more take long. Blocks too big for memory have 9 at most.
    pub fn set_gzip_level(&mut self, level: u32) {
        self.warcs.compression = Compression::Gzip(level.min(12));
        if let Some(writer) = &mut self.writer {
            writer.set_compression(self.warcs.compression);
        }
    }

    /// Bytes after which a WARC is closed and the next capture begins another; the last capture of a file may exceed them.
    pub fn set_warc_size(&mut self, bytes: u64) {
        self.warcs.size = bytes;
    }

    /// True where the open WARC has its size.
    pub(super) fn wants_rotation(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.offset() >= self.warcs.size)
    }

    /// Closes the open WARC; the next capture begins another, with a warcinfo record of its own.
    pub(super) fn rotate(&mut self) -> Result<(), Error> {
        if self.close_warc()? {
            self.warcs.warcinfo_id = new_urn(self.world.as_ref()).map_err(Error::at(self.layout.root()))?;
        }
        Ok(())
    }

    /// Gives the open WARC its final name, if there is one.
    pub(super) fn close_warc(&mut self) -> Result<bool, Error> {
        if self.writer.is_some() {
            // The log must be as durable as the file that it tells of, before that counts as closed.
            self.checkpoint()?;
        }
        let Some(writer) = self.writer.take() else { return Ok(false) };
        writer.close().map_err(Error::at(&self.layout.archive()))?;
        Ok(true)
    }

    /// A new WARC, with its warcinfo record.
    pub(super) fn open_warc(&mut self) -> Result<(), Error> {
        let name = layout::warc_name(&self.warcs.prefix, &self.warcs.stamp, self.warcs.serial, "warc.gz");
        let path = self.layout.archive().join(name);
        let writer =
            Writer::create_on(&self.disk, &path, self.warcs.compression).map_err(Error::at(&path))?;
        self.writer = Some(writer);
        self.warcs.serial += 1;
        self.begin()?;
        self.warcinfo()?;
        self.commit()
    }

    /// WARC/1.1 §6.2.
    fn warcinfo(&mut self) -> Result<(), Error> {
        let block: String =
            self.warcs.info.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let fields = vec![
            ("WARC-Type", "warcinfo".to_owned()),
            ("WARC-Record-ID", self.warcinfo_id()),
            ("WARC-Date", millis(self.world.now())),
            ("WARC-Filename", self.writer.as_ref().map(Writer::name).unwrap_or_default()),
            ("WARC-Block-Digest", digest::sha256(block.as_bytes()).to_string()),
            ("Content-Type", "application/warc-fields".to_owned()),
        ];
        let name = self.writer.as_ref().map(Writer::name).unwrap_or_default();
        let record =
            Ready::of_block(RecordType::WarcInfo, fields, block.into_bytes(), self.warcs.compression);
        let record = record.map_err(|error| self.write_error(error, &name))?;
        self.append(vec![record], None)
    }
}

/// A collection's, after its directory.
pub(super) fn name(layout: &Layout) -> String {
    let name = layout.root().file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    name.strip_suffix(".wacz.part").unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::survey::Part;

    #[test]
    fn names_go_on_behind_those_that_are_there_whatever_clock_and_directory_say() {
        let part = |path: &str, sound| Part { path: path.to_owned(), sound, total: 9 };
        let survey = Survey {
            warcs: vec![
                part("archive/a.b-c-20300101000000000-00007.warc.gz", 9),
                part("archive/a.b-c-20310101000000000-00008.warc.gz.open", 0),
            ],
            ..Survey::default()
        };
        let mut warcs = Warcs {
            prefix: "other".to_owned(),
            stamp: "20290101000000000".to_owned(),
            serial: 0,
            warcinfo_id: String::new(),
            info: Vec::new(),
            compression: Compression::None,
            size: WARC_SIZE,
        };
        warcs.follow(&survey);
        let name = |warcs: &Warcs| format!("{}-{}-{:05}", warcs.prefix, warcs.stamp, warcs.serial);
        assert_eq!(name(&warcs), "a.b-c-20300101000000000-00008");
        warcs.follow(&Survey::default());
        assert_eq!(name(&warcs), "a.b-c-20300101000000000-00008");
    }
}
