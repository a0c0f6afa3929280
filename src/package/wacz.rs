//! A sealed collection as one file: a ZIP with everything stored, the same bytes each time.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::Error;
use super::datapackage::{self, Datapackage};
use super::hash::{self, Hasher};
use super::layout::{self, DATAPACKAGE, DATAPACKAGE_DIGEST};
use super::seal::{appear, temporary_beside};
use super::skeleton::{self, Item};
use super::walk;
use crate::input::section::Shared;
use crate::input::zip::Structure;

/// Packs the sealed collection at `root` into a new file `out`.
///
/// Every file is held against the datapackage on the way; one that differs, is missing or is not listed ends
/// the packing with [`Error::Altered`] and no file. `out` appears whole or not at all and never replaces a
/// file ([`Error::Exists`]).
pub fn pack(root: &Path, out: &Path) -> Result<(), Error> {
    if out.exists() {
        return Err(Error::Exists(out.to_owned()));
    }
    let (datapackage, expected) = plan(root)?;
    let temporary = temporary_beside(out)?;
    let mut zip = Zip::new(temporary.as_file(), datapackage.created.as_deref());
    for (path, hash) in expected {
        let file = root.join(&path);
        let mut input = File::open(&file).map_err(Error::io(&file))?;
        let mut found = zip.add(path, &mut input).map_err(Error::io(out))?;
        if let Some(hasher) = Hasher::labelled(label(&hash)).filter(|_| label(&hash) != label(&found)) {
            found = other_hash(hasher, label(&hash), &mut input).map_err(Error::io(&file))?;
        }
        if !found.eq_ignore_ascii_case(&hash) {
            return Err(Error::Altered { path: file, problem: format!("its hash is {found}, not {hash}") });
        }
    }
    zip.finish().map_err(Error::io(out))?;
    appear(temporary, out)
}

fn label(hash: &str) -> &str {
    hash.split(':').next().unwrap_or_default()
}

/// The hash of a kind that other tools write.
fn other_hash(mut hasher: Hasher, label: &str, input: &mut File) -> io::Result<String> {
    input.rewind()?;
    hash::read_all(input, |part| {
        hasher.update(part);
        Ok(())
    })?;
    Ok(format!("{label}:{}", hasher.hex()))
}

/// The files in the order of the ZIP, each with the hash that it must have.
fn plan(root: &Path) -> Result<(Datapackage, Vec<(String, String)>), Error> {
    let altered =
        |path: &str, problem: &str| Error::Altered { path: root.join(path), problem: problem.into() };
    let read = |path: &str| std::fs::read(root.join(path)).map_err(Error::io(&root.join(path)));
    let bytes = read(DATAPACKAGE)?;
    let Some(datapackage) = datapackage::parse(&bytes).0 else {
        return Err(altered(DATAPACKAGE, "it cannot be read"));
    };
    let listed = datapackage.resources.iter().map(|r| (r.path.clone(), r.hash.clone()));
    let mut listed: HashMap<String, String> = listed.collect();
    listed.insert(DATAPACKAGE.to_owned(), hash::sha256(&bytes));
    // Other tools may leave it out.
    if datapackage.by_fonds() || root.join(DATAPACKAGE_DIGEST).exists() {
        let digest = read(DATAPACKAGE_DIGEST)?;
        if datapackage::parse_digest(&digest).0.is_none_or(|digest| !hash::is_of(&digest.hash, &bytes)) {
            return Err(altered(DATAPACKAGE_DIGEST, "it holds another hash of datapackage.json"));
        }
        listed.insert(DATAPACKAGE_DIGEST.to_owned(), hash::sha256(&digest));
    }
    let tree = walk::walk(root).map_err(Error::io(root))?;
    if let Some((path, problem)) = tree.others.first() {
        return Err(Error::Unfit { path: root.join(path), problem });
    }
    if let Some(path) = tree.unnamed.first() {
        return Err(Error::Unfit { path: root.join(path), problem: "has a name that is not Unicode" });
    }
    let mut expected = Vec::new();
    for (path, _) in tree.files {
        let hash = listed.remove(&path).ok_or_else(|| altered(&path, unlisted(&path)))?;
        expected.push((path, hash));
    }
    if let Some(path) = listed.keys().min() {
        return Err(altered(path, "it is missing"));
    }
    expected.sort_by(|(a, _), (b, _)| layout::rank(a).cmp(&layout::rank(b)));
    Ok((datapackage, expected))
}

/// Why a file that no list names is not passed on.
fn unlisted(path: &str) -> &'static str {
    match path.split_once('/') {
        Some((layout::WORKROOM, _)) => {
            "it belongs to a run that goes on, or was stopped while it took the collection up; \
             `fonds archive --resume` goes on with it or clears it away"
        }
        _ => "it is not listed",
    }
}

/// The ZIP in the making.
pub(super) struct Zip<W: Write + Seek> {
    out: BufWriter<W>,
    at: u64,
    items: Vec<Item>,
    modified: u32,
}

impl<W: Write + Seek> Zip<W> {
    /// An empty one; every entry has the time that the collection was made at.
    pub(super) fn new(out: W, created: Option<&str>) -> Self {
        let out = BufWriter::with_capacity(1 << 18, out);
        Self { out, at: 0, items: Vec::new(), modified: skeleton::dos_time(created) }
    }

    /// Adds a file; its header is written again once its CRC is known. Gives `sha256:…`.
    pub(super) fn add(&mut self, name: String, input: &mut (impl Read + Seek)) -> io::Result<String> {
        let size = input.seek(SeekFrom::End(0))?;
        input.rewind()?;
        let mut item = Item { name, size, crc32: 0, at: self.at };
        self.out.write_all(&item.local(self.modified))?;
        let (mut crc, mut hasher) = (flate2::Crc::new(), Hasher::sha256());
        let copied = hash::read_all(&mut input.take(size), |part| {
            crc.update(part);
            hasher.update(part);
            self.out.write_all(part)
        })?;
        if copied != size {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("{} became shorter", item.name),
            ));
        }
        item.crc32 = crc.sum();
        let header = item.local(self.modified);
        self.at += header.len() as u64 + size;
        self.out.seek(SeekFrom::Start(item.at))?;
        self.out.write_all(&header)?;
        self.out.seek(SeekFrom::Start(self.at))?;
        self.items.push(item);
        Ok(format!("sha256:{}", hasher.hex()))
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        for bytes in directory(&self.items, self.at, self.modified) {
            self.out.write_all(&bytes)?;
        }
        self.out.flush()
    }
}

/// Central directory and end records, header by header.
fn directory(items: &[Item], at: u64, modified: u32) -> impl Iterator<Item = Vec<u8>> {
    let headers: Vec<Vec<u8>> = items.iter().map(|item| item.central(modified)).collect();
    let length: usize = headers.iter().map(Vec::len).sum();
    let end = skeleton::end(items.len() as u64, at, length as u64);
    headers.into_iter().chain([end])
}

/// How a ZIP's headers compare with those that [`pack`] would have written for its entries.
#[derive(Debug, Default)]
pub(super) struct Packing {
    /// Headers that are byte for byte where and as they would be.
    same: usize,
    /// The others.
    other: usize,
    /// Where the first difference is.
    pub(super) first: Option<u64>,
}

impl Packing {
    /// True where most headers are as fonds writes them: it packed this, and something was changed since. Another
    /// tool's headers differ one and all.
    pub(super) fn by_fonds(&self) -> bool {
        self.same > self.other
    }

    fn note(&mut self, at: u64, same: bool) {
        self.same += usize::from(same);
        self.other += usize::from(!same);
        if !same {
            self.first.get_or_insert(at);
        }
    }
}

/// Compares every header of a ZIP with what [`pack`] would have made of these entries; the content of the entries
/// is not looked at.
pub(super) fn packing(file: &Shared, zip: &Structure, created: Option<&str>) -> io::Result<Packing> {
    let modified = skeleton::dos_time(created);
    let mut packing = Packing::default();
    let mut items: Vec<Item> = Vec::new();
    let mut at = 0;
    for entry in &zip.entries {
        let item = Item { name: entry.name.clone(), size: entry.size, crc32: entry.crc32, at };
        let header = item.local(modified);
        packing.note(at, same(file, at, &header)?);
        at += header.len() as u64 + item.size;
        items.push(item);
    }
    for bytes in directory(&items, at, modified) {
        packing.note(at, same(file, at, &bytes)?);
        at += bytes.len() as u64;
    }
    if at != file.length() {
        packing.first.get_or_insert(at.min(file.length()));
    }
    if !items.is_sorted_by(|a, b| layout::rank(&a.name) <= layout::rank(&b.name)) {
        packing.first.get_or_insert(0);
    }
    Ok(packing)
}

fn same(file: &Shared, at: u64, expected: &[u8]) -> io::Result<bool> {
    let mut bytes = Vec::new();
    file.section(at, expected.len() as u64).read_to_end(&mut bytes)?;
    Ok(bytes == expected)
}
