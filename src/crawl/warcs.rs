//! The WARCs of a collection as they are written: what they are called, and how each begins.

use super::{Archive, Context, Error};
use crate::digest;
use crate::package::layout::{self, Layout};
use crate::package::survey::Survey;
use crate::warc::{Compression, RecordType, Writer};
use crate::world::{World, millis, new_urn, timestamp14};

/// Deflate level of the records.
const LEVEL: u32 = 6;

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
    /// A new WARC, with its warcinfo record.
    pub(super) fn open_warc(&mut self) -> Result<(), Error> {
        let name = layout::warc_name(&self.warcs.prefix, &self.warcs.stamp, self.warcs.serial, "warc.gz");
        let path = self.layout.archive().join(name);
        let writer =
            Writer::create_on(&self.disk, &path, Compression::Gzip(LEVEL)).map_err(Error::at(&path))?;
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
        let fields = [
            ("WARC-Type", "warcinfo".to_owned()),
            ("WARC-Record-ID", self.warcinfo_id()),
            ("WARC-Date", millis(self.world.now())),
            ("WARC-Filename", self.writer.as_ref().map(Writer::name).unwrap_or_default()),
            ("WARC-Block-Digest", digest::sha256(block.as_bytes()).to_string()),
            ("Content-Type", "application/warc-fields".to_owned()),
        ];
        let length = block.len() as u64;
        self.record(RecordType::WarcInfo, &fields, &mut block.as_bytes(), length, Context::default())
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
        };
        warcs.follow(&survey);
        let name = |warcs: &Warcs| format!("{}-{}-{:05}", warcs.prefix, warcs.stamp, warcs.serial);
        assert_eq!(name(&warcs), "a.b-c-20300101000000000-00008");
        warcs.follow(&Survey::default());
        assert_eq!(name(&warcs), "a.b-c-20300101000000000-00008");
    }
}
