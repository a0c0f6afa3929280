//! Writing a sorted index without holding it: sorted runs spill to unnamed temporary files and are merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use super::Entry;

/// Bytes of lines held before they spill.
const HELD: usize = 32 << 20;
/// Runs kept open before they are merged into one.
const RUNS: usize = 64;

/// Collects entries in any order and writes them sorted bytewise (as `LC_ALL=C sort -u` does).
#[derive(Debug)]
pub struct Sorter {
    lines: Vec<Vec<u8>>,
    bytes: usize,
    held: usize,
    runs: Vec<File>,
    directory: PathBuf,
}

impl Sorter {
    /// `directory` takes the temporary files, which have no name and vanish with the process.
    pub fn new(directory: &Path) -> Self {
        Self::with_limit(directory, HELD)
    }

    fn with_limit(directory: &Path, held: usize) -> Self {
        Self { lines: Vec::new(), bytes: 0, held, runs: Vec::new(), directory: directory.to_owned() }
    }

    /// Adds an entry. Fails only where a temporary file cannot be written.
    pub fn push(&mut self, entry: &Entry) -> io::Result<()> {
        let line = entry.line().into_bytes();
        self.bytes += line.len() + size_of::<Vec<u8>>();
        self.lines.push(line);
        if self.bytes > self.held { self.spill() } else { Ok(()) }
    }

    /// Writes all lines, each with LF, equal ones once. Gives the number of lines.
    pub fn finish(mut self, out: &mut dyn Write) -> io::Result<u64> {
        self.lines.sort_unstable();
        let lines = std::mem::take(&mut self.lines);
        merge(std::mem::take(&mut self.runs), lines, out)
    }

    fn spill(&mut self) -> io::Result<()> {
        self.lines.sort_unstable();
        let lines = std::mem::take(&mut self.lines);
        self.bytes = 0;
        let merged = if self.runs.len() >= RUNS { std::mem::take(&mut self.runs) } else { Vec::new() };
        let mut run = BufWriter::new(tempfile::tempfile_in(&self.directory)?);
        merge(merged, lines, &mut run)?;
        let mut run = run.into_inner().map_err(io::IntoInnerError::into_error)?;
        run.rewind()?;
        self.runs.push(run);
        Ok(())
    }
}

type Run = Box<dyn Iterator<Item = io::Result<Vec<u8>>>>;

fn merge(files: Vec<File>, lines: Vec<Vec<u8>>, out: &mut dyn Write) -> io::Result<u64> {
    let files = files.into_iter().map(|file| Box::new(BufReader::new(file).split(b'\n')) as Run);
    let mut runs: Vec<Run> = files.collect();
    runs.push(Box::new(lines.into_iter().map(Ok)));

    let mut heads = BinaryHeap::new();
    for (index, run) in runs.iter_mut().enumerate() {
        heads.extend(run.next().transpose()?.map(|line| Reverse((line, index))));
    }
    let (mut written, mut last) = (0, None);
    while let Some(Reverse((line, index))) = heads.pop() {
        if last.as_ref() != Some(&line) {
            out.write_all(&line)?;
            out.write_all(b"\n")?;
            written += 1;
        }
        last = Some(line);
        let next = runs.get_mut(index).and_then(Iterator::next).transpose()?;
        heads.extend(next.map(|line| Reverse((line, index))));
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn entry(number: u64) -> Entry {
        // A multiplier prime to the modulus scatters the numbers, each once.
        let scattered = number * 7919 % 5000;
        Entry {
            surt: format!("com,example)/{scattered}"),
            timestamp: "20240101000000".into(),
            ..Entry::default()
        }
    }

    #[test]
    fn spilled_runs_come_out_sorted_once_each_and_complete() {
        let directory = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::with_limit(directory.path(), 8 << 10);
        for number in (0..5000).chain(0..100) {
            sorter.push(&entry(number)).unwrap();
        }
        let mut out = Vec::new();
        assert_eq!(sorter.finish(&mut out).unwrap(), 5000);
        let lines: Vec<&[u8]> = out.split(|b| *b == b'\n').filter(|l| !l.is_empty()).collect();
        assert_eq!(lines.len(), 5000);
        assert!(lines.is_sorted());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
