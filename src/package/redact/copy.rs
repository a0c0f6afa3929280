//! The files of the copy: WARCs without the records, index, pages and log to match.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::choice::Choice;
use crate::cdxj;
use crate::manifest::{Body, Lines, Withheld};
use crate::package::layout::{INDEX, LEAVES, Layout, MANIFEST, PAGES};
use crate::package::{Package, pages};
use crate::warc::{Limits, Reader, Source};

/// Stretches of a WARC that are left out, in order: where each begins and ends, and the bytes of those up to its end.
type Cuts = Vec<(u64, u64, u64)>;

fn cut_before(cuts: &Cuts, offset: u64) -> u64 {
    let before = cuts.partition_point(|(start, ..)| *start < offset);
    before.checked_sub(1).and_then(|last| cuts.get(last)).map_or(0, |(.., sum)| *sum)
}

/// Everything but what vouches for it; gives the bytes of the log's lines, and how many records were left out.
pub(super) fn all(
    package: &Package,
    layout: &Layout,
    choice: &Choice,
    title: Option<&str>,
    spool: &Path,
) -> io::Result<(u64, u64)> {
    let (mut cuts, mut records) = (HashMap::new(), 0);
    for warc in package.warcs() {
        let cut = find(package, &warc.path, choice, spool)?;
        records += cut.len() as u64;
        warc_without(package, &warc.path, layout, &cut, spool)?;
        let name = warc.path.rsplit('/').next().unwrap_or_default().to_owned();
        cuts.insert(name, cut);
    }
    index(package, layout, &cuts)?;
    let length = log(package, layout, choice)?;
    listed_pages(package, layout, title)?;
    Ok((length, records))
}

/// Where the records lie that are kept back.
fn find(package: &Package, path: &str, choice: &Choice, spool: &Path) -> io::Result<Cuts> {
    let mut reader = Reader::new(Source::Seek(package.seek(path, spool)?), Limits::default())?;
    let mut cuts = Cuts::new();
    while let Some(record) = reader.next_record()? {
        let uri = record.head.target_uri().unwrap_or_default().to_owned();
        let kept_back = record.head.id().is_some_and(|id| choice.has_record(id));
        let extent = record.finish()?;
        if kept_back && extent.end == extent.offset {
            let message =
                format!("{path}: the record of {uri} shares its member with others; `fonds mend` parts them");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        if kept_back {
            let sum = cuts.last().map_or(0, |(.., sum)| *sum);
            cuts.push((extent.offset, extent.end, sum + extent.end - extent.offset));
        }
    }
    Ok(cuts)
}

fn warc_without(package: &Package, path: &str, layout: &Layout, cuts: &Cuts, spool: &Path) -> io::Result<()> {
    let mut input = package.seek(path, spool)?;
    let mut out = File::create_new(layout.file(path))?;
    let length = input.seek(SeekFrom::End(0))?;
    let mut from = 0;
    for (start, end, _) in cuts.iter().copied().chain([(length, length, 0)]) {
        input.seek(SeekFrom::Start(from))?;
        io::copy(&mut (&mut input).take(start - from), &mut out)?;
        from = end;
    }
    out.sync_all()
}

fn index(package: &Package, layout: &Layout, cuts: &HashMap<String, Cuts>) -> io::Result<()> {
    let none = Cuts::new();
    let mut out = create(layout, INDEX)?;
    for line in cdxj::Lines::new(BufReader::new(package.read(INDEX)?)) {
        let Some(mut entry) = line?.entry else { continue };
        let cuts = cuts.get(&entry.filename).unwrap_or(&none);
        if cuts.binary_search_by_key(&entry.offset, |(start, ..)| *start).is_ok() {
            continue;
        }
        entry.offset -= cut_before(cuts, entry.offset);
        writeln!(out, "{}", entry.line())?;
    }
    durable(out)
}

fn log(package: &Package, layout: &Layout, choice: &Choice) -> io::Result<u64> {
    let mut lines = Lines::new(package.read(MANIFEST)?);
    let (mut out, mut leaves) = (create(layout, MANIFEST)?, create(layout, LEAVES)?);
    let (mut seq, mut length) = (0, 0);
    while let Some(line) = lines.next_line()?.filter(|_| seq < choice.size) {
        let leaf = line.leaf();
        let bytes = match choice.lines.contains(seq) {
            true => Withheld { seq, leaf }.line().into_bytes(),
            false => line.bytes,
        };
        out.write_all(&bytes)?;
        out.write_all(b"\n")?;
        leaves.write_all(&leaf.0)?;
        length += bytes.len() as u64 + 1;
        seq += 1;
    }
    durable(leaves)?;
    durable(out)?;
    Ok(length)
}

/// The pages that the copied log names.
fn listed_pages(package: &Package, layout: &Layout, title: Option<&str>) -> io::Result<()> {
    let mut lines = Lines::new(File::open(layout.file(MANIFEST))?);
    let mut out = create(layout, PAGES)?;
    out.write_all(pages::header(&format!("Pages of {}", title.unwrap_or(package.name()))).as_bytes())?;
    while let Some(line) = lines.next_line()? {
        if let Ok(Body::Page(page)) = line.entry.map(|entry| entry.body) {
            out.write_all(pages::Page::from(&page).line().as_bytes())?;
        }
    }
    durable(out)
}

fn create(layout: &Layout, path: &str) -> io::Result<BufWriter<File>> {
    Ok(BufWriter::new(File::create_new(layout.file(path))?))
}

fn durable(out: BufWriter<File>) -> io::Result<()> {
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}
