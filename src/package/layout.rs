//! What the files of a collection are called.
//!
//! The names are those that other tools look for. Beyond WACZ itself, py-wacz finds a file only by its last two
//! path parts and takes a directory with a dot in its name for a file; its datapackage validator opens whatever
//! ends in `.csv` or `.ndjson` as a table. So what fonds writes avoids all that, see [`unportable`].

use crate::disk::Disk;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The list of all files, with their hashes.
pub const DATAPACKAGE: &str = "datapackage.json";
/// The hash of the list, and who signed it.
pub const DATAPACKAGE_DIGEST: &str = "datapackage-digest.json";
/// Where the WARCs are.
pub const ARCHIVE: &str = "archive";
/// The index of the WARCs.
pub const INDEX: &str = "indexes/index.cdxj";
/// The pages that a reader may want to start from.
pub const PAGES: &str = "pages/pages.jsonl";
/// The provenance log, one entry a line.
pub const MANIFEST: &str = "provenance/manifest.jsonl";
/// The signed head of the log.
pub const CHECKPOINT: &str = "provenance/checkpoint";
/// The leaf hashes of the log.
pub const LEAVES: &str = "provenance/leaves";
/// How files end that hold an SSH signature over a checkpoint.
pub const SSHSIG: &str = ".sshsig";
const TSR: &str = ".tsr";
/// Frontier, spool and lock of a running capture; gone once the collection is sealed.
pub const WORKROOM: &str = ".fonds";

/// Longest part that a host gives to a name.
const LONGEST_HOST: usize = 80;

/// The paths of a collection directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Of the collection at `root`, which need not exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Creates the directories of a new collection. `AlreadyExists` where there is anything at the root.
    pub fn create(&self) -> io::Result<()> {
        self.create_on(&Disk::default())
    }

    /// The same on a disk that may be watched. The working files' directory comes first: where it is, and no
    /// datapackage, a capture has not ended.
    pub fn create_on(&self, disk: &Disk) -> io::Result<()> {
        if let Some(parent) = self.root.parent() {
            fs::create_dir_all(parent)?;
        }
        disk.create_dir(&self.root)?;
        self.complete_on(disk)
    }

    /// Creates what directories are missing: a tool that copies files may pass over empty ones.
    pub fn complete_on(&self, disk: &Disk) -> io::Result<()> {
        for part in [WORKROOM, ARCHIVE, "indexes", "pages", "provenance"] {
            let path = self.root.join(part);
            if !path.is_dir() {
                disk.create_dir(&path)?;
            }
        }
        Ok(())
    }

    /// The collection itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Any file of the collection, by its path inside.
    pub fn file(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Where the WARCs are.
    pub fn archive(&self) -> PathBuf {
        self.file(ARCHIVE)
    }

    /// `.fonds/`.
    pub fn workroom(&self) -> PathBuf {
        self.file(WORKROOM)
    }

    /// True if the collection has been sealed: it has a datapackage.
    pub fn is_sealed(&self) -> bool {
        self.file(DATAPACKAGE).is_file()
    }
}

/// Name of a new collection: `example.com-20261122120000`. `timestamp` is 14 digits.
pub fn default_name(host: &str, timestamp: &str) -> String {
    format!("{}-{timestamp}", safe(host))
}

/// Name of a WARC: `NAME-20261122120000123-00000.warc.gz` (WARC/1.1 annex C). `timestamp` is 17 digits,
/// `extension` has no leading dot.
pub fn warc_name(collection: &str, timestamp: &str, serial: u32, extension: &str) -> String {
    format!("{}-{timestamp}-{serial:05}.{extension}", safe(collection))
}

/// Letters, digits, `-` and inner dots: a name that every system takes for one file beside the others.
fn safe(text: &str) -> String {
    let clean = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' };
    let name: String = text.chars().map(clean).take(LONGEST_HOST).collect();
    let name = name.trim_matches(['.', '-']);
    if name.is_empty() { "collection".to_owned() } else { name.to_owned() }
}

/// True for the path of a WARC in its place.
pub fn is_warc(path: &str) -> bool {
    let name = path.strip_prefix("archive/").unwrap_or_default();
    !name.contains('/') && [".warc", ".warc.gz", ".warc.zst"].iter().any(|end| name.ends_with(end))
}

/// True for the path of an index in its place.
pub fn is_index(path: &str) -> bool {
    let name = path.strip_prefix("indexes/").unwrap_or_default();
    !name.contains('/') && [".cdx", ".cdxj", ".cdx.gz", ".cdxj.gz"].iter().any(|end| name.ends_with(end))
}

/// Which time-stamp a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StampName {
    /// Of the checkpoint that an earlier session left with so many lines; of the present one where there is none.
    pub size: Option<u64>,
    /// From 1.
    pub number: u32,
}

/// The name of the present checkpoint's time-stamps: `checkpoint.tsr`, `checkpoint.2.tsr` and so on.
pub fn stamp(number: u32) -> String {
    envelope_name(None, u64::from(number), TSR)
}

/// Reads such a name, or that of an earlier checkpoint's, `checkpoint-SIZE.tsr` or `checkpoint-SIZE.2.tsr`.
pub fn stamp_name(path: &str) -> Option<StampName> {
    let (size, number) = envelope_of(path, TSR)?;
    Some(StampName { size, number: u32::try_from(number).ok()? })
}

/// What keeps a path out of a collection made by fonds, as the end of a sentence.
pub fn unportable(path: &str) -> Option<&'static str> {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    if let Some(problem) = crate::input::zip::name_problem(path) {
        Some(problem)
    } else if directory.contains('/') {
        Some("lies more than one directory deep, where other tools do not find it")
    } else if directory.contains('.') {
        Some("lies in a directory with a dot in its name, which other tools take for a file")
    } else if name.ends_with(".csv") || name.ends_with(".ndjson") {
        Some("has an ending that other tools open as a table")
    } else {
        None
    }
}

/// Which of the parts that every package must have are not among `paths`.
pub(super) fn missing_parts<'a>(paths: impl Iterator<Item = &'a str> + Clone) -> Vec<&'static str> {
    let parts = [
        ("WARC in archive/", paths.clone().any(is_warc)),
        ("index in indexes/", paths.clone().any(is_index)),
        (PAGES, paths.clone().any(|path| path == PAGES)),
    ];
    parts.into_iter().filter(|(_, there)| !there).map(|(part, _)| part).collect()
}

/// Where a path comes in a WACZ: datapackage, archive, indexes, pages, provenance, anything else.
pub(super) fn rank(path: &str) -> (usize, &str) {
    let first = ["datapackage", "archive/", "indexes/", "pages/", "provenance/"];
    (first.iter().position(|start| path.starts_with(start)).unwrap_or(first.len()), path)
}

/// The name of a file that vouches for a checkpoint from beside it: `checkpoint.sshsig`, `checkpoint.2.sshsig`, and of an
/// earlier one `checkpoint-SIZE.sshsig`.
pub fn envelope_name(size: Option<u64>, number: u64, ending: &str) -> String {
    let of = size.map_or_else(String::new, |size| format!("-{size}"));
    match number {
        0 | 1 => format!("{CHECKPOINT}{of}{ending}"),
        _ => format!("{CHECKPOINT}{of}.{number}{ending}"),
    }
}

/// The size of an earlier checkpoint, by the name that it has beside a later one: `checkpoint-SIZE`.
pub fn earlier_size(path: &str) -> Option<u64> {
    envelope_of(path, "").and_then(|(size, number)| size.filter(|_| number == 1))
}

/// True for what vouches for the present checkpoint from beside it.
pub fn is_beside(path: &str) -> bool {
    [TSR, SSHSIG].iter().any(|ending| envelope_of(path, ending).is_some_and(|(size, _)| size.is_none()))
}

/// True for the checkpoint, for those of earlier states, and for what vouches for them from beside.
pub fn is_envelope(path: &str) -> bool {
    let beside = [TSR, SSHSIG].iter().any(|ending| envelope_of(path, ending).is_some());
    path == CHECKPOINT || beside || earlier_size(path).is_some()
}

/// The name that the checkpoint, or what stands beside it, has beside a later one that `size` lines came before.
pub fn aside(size: u64, name: &str) -> String {
    format!("{CHECKPOINT}-{size}{}", name.strip_prefix(CHECKPOINT).unwrap_or_default())
}

/// Reads such a name: the size of an earlier checkpoint, and the file's number. `None` for any other, and for one written in
/// another way.
pub fn envelope_of(path: &str, ending: &str) -> Option<(Option<u64>, u64)> {
    let rest = path.strip_prefix(CHECKPOINT)?.strip_suffix(ending)?;
    let (of, number) = rest.split_once('.').unwrap_or((rest, "1"));
    let size = of.strip_prefix('-').map(str::parse).transpose().ok()?;
    let number = number.parse().ok()?;
    (envelope_name(size, number, ending) == path).then_some((size, number))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_safe_whatever_the_host() {
        assert_eq!(default_name("example.com", "20261122120000"), "example.com-20261122120000");
        assert_eq!(default_name("[::1]", "20261122120000"), "1-20261122120000");
        assert_eq!(default_name("../..", "20261122120000"), "collection-20261122120000");
        assert_eq!(default_name("bücher.example", "1"), "b-cher.example-1");
        let warc = warc_name("a b", "20261122120000123", 7, "warc.gz");
        assert_eq!(warc, "a-b-20261122120000123-00007.warc.gz");
        assert!(default_name(&"x".repeat(500), "1").len() < 100);
    }

    #[test]
    fn what_other_tools_stumble_over_is_told() {
        for path in ["a/b/c", "v1.0/x", "pages/x.csv", "x.ndjson", ".fonds/lock", "../x", "a\\b"] {
            assert!(unportable(path).is_some(), "{path}");
        }
        for path in [DATAPACKAGE, INDEX, PAGES, MANIFEST, "archive/example.com-1-00000.warc.gz"] {
            assert_eq!(unportable(path), None, "{path}");
        }
    }

    #[test]
    fn time_stamps_are_told_by_their_names() {
        for number in [1, 2, 12] {
            assert_eq!(stamp_name(&stamp(number)), Some(StampName { size: None, number }));
            assert_eq!(unportable(&stamp(number)), None);
        }
        let earlier = Some(StampName { size: Some(7), number: 2 });
        assert_eq!(stamp_name("provenance/checkpoint-7.2.tsr"), earlier);
        for rest in
            ["", ".1.tsr", ".0.tsr", ".02.tsr", "-7", "-.tsr", "-07.tsr", "x.tsr", ".2.3.tsr", ".+2.tsr"]
        {
            assert_eq!(stamp_name(&format!("{CHECKPOINT}{rest}")), None, "{rest}");
        }
    }

    #[test]
    fn a_new_collection_never_takes_the_place_of_another() {
        let directory = tempfile::tempdir().unwrap();
        let layout = Layout::new(directory.path().join("deep/new"));
        layout.create().unwrap();
        assert!(layout.archive().is_dir() && layout.workroom().is_dir() && !layout.is_sealed());
        assert_eq!(layout.create().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn envelopes_are_told_from_other_files() {
        for (size, number) in [(None, 1), (None, 2), (Some(7), 1), (Some(7), 12)] {
            let name = envelope_name(size, number, SSHSIG);
            assert_eq!(envelope_of(&name, SSHSIG), Some((size, number)), "{name}");
        }
        for rest in [
            "",
            ".1.sshsig",
            ".0.sshsig",
            ".02.sshsig",
            "-.sshsig",
            "-07.sshsig",
            "x.sshsig",
            ".2.3.sshsig",
            ".tsr",
        ] {
            assert_eq!(envelope_of(&format!("{CHECKPOINT}{rest}"), SSHSIG), None, "{rest}");
        }
    }

    #[test]
    fn a_checkpoint_of_an_earlier_state_is_told_by_its_size() {
        assert_eq!(
            (aside(7, CHECKPOINT), earlier_size(&aside(7, CHECKPOINT))),
            (format!("{CHECKPOINT}-7"), Some(7))
        );
        assert!(
            is_envelope(&aside(7, &stamp(2))) && is_beside(&stamp(2)) && !is_beside(&aside(7, &stamp(2)))
        );
        for rest in ["", "-07", "-x", "-7.part", "-7.2", ".part", ".2"] {
            assert_eq!(earlier_size(&format!("{CHECKPOINT}{rest}")), None, "{rest}");
        }
        assert!(!is_envelope(&format!("{CHECKPOINT}.part")) && !is_beside(&format!("{CHECKPOINT}.part")));
    }
}
