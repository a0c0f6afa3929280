//! Reading an index line by line, whatever its size and whatever its lines.

use std::io::{self, BufRead, Read};

use super::{Entry, parse};
use crate::finding::{Finding, rules};

/// No line that means a capture is longer: URLs are at most a few kilobytes.
const LONGEST_LINE: u64 = 1 << 20;

/// One line of an index as it was found.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where the line starts, in bytes of the uncompressed index.
    pub offset: u64,
    /// Its meaning, where it has one.
    pub entry: Option<Entry>,
    /// True where it is written, to the byte, as [`Entry::line`] writes it.
    pub canonical: bool,
    /// What is wrong with it, each placed at `offset`.
    pub findings: Vec<Finding>,
}

/// The lines of an index, in order. Empty lines and header lines (`!meta …`, ` CDX…`) are passed over.
///
/// A line that sorts before its predecessor is a finding: look-ups search by halves.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    offset: u64,
    previous: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// Reads an uncompressed index; for `.cdx.gz` give a decoder that reads all members.
    pub fn new(input: R) -> Self {
        Self { input, offset: 0, previous: Vec::new() }
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let offset = self.offset;
            let mut line = Vec::new();
            let read = self.input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
            self.offset += read as u64;
            if read == 0 {
                return Ok(None);
            }
            if read as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
                self.skip_rest_of_line()?;
                let finding =
                    Finding::new(&rules::INDEX_LINE, "The index line is longer than 1 MiB.").at(offset);
                return Ok(Some(Line { offset, entry: None, canonical: false, findings: vec![finding] }));
            }
            let line = line.trim_ascii_end();
            if !line.is_empty() && !line.starts_with(b"!") && !line.starts_with(b" ") {
                return Ok(Some(self.understand(offset, line)));
            }
        }
    }

    fn understand(&mut self, offset: u64, line: &[u8]) -> Line {
        let (entry, mut findings) = parse(line);
        if line < self.previous.as_slice() {
            findings.push(Finding::new(&rules::INDEX_ORDER, "The index line sorts before the one above it."));
        }
        self.previous = line.to_vec();
        let findings = findings.into_iter().map(|f| f.at(offset)).collect();
        let canonical = entry.as_ref().is_some_and(|entry| entry.line().as_bytes() == line);
        Line { offset, entry, canonical, findings }
    }

    fn skip_rest_of_line(&mut self) -> io::Result<()> {
        self.offset += self.input.skip_until(b'\n')? as u64;
        Ok(())
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_line().transpose()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn lines(text: &[u8]) -> Vec<Line> {
        Lines::new(text).map(Result::unwrap).collect()
    }

    #[test]
    fn lines_carry_their_offsets_and_disorder_is_found() {
        let one =
            "b)/ 20240101000000 {\"url\": \"u\", \"length\": \"1\", \"offset\": \"0\", \"filename\": \"f\"}";
        let two = one.replacen('b', "a", 1);
        let text = format!("!meta 0 {{}}\n{one}\n\n{two}\n");
        let lines = lines(text.as_bytes());
        assert_eq!(lines.iter().map(|l| l.offset).collect::<Vec<_>>(), [11, 13 + one.len() as u64]);
        assert_eq!(lines[0].findings, []);
        assert_eq!(
            (lines[1].findings[0].code, lines[1].findings[0].offset),
            ("index-order", Some(lines[1].offset))
        );
    }

    #[test]
    fn an_endless_line_is_one_finding_and_reading_goes_on() {
        let mut text = vec![b'x'; 3 << 20];
        text.extend(b"\na)/ 20240101000000 {}\n");
        let lines = lines(&text);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].findings[0].code, "index-line");
        assert_eq!(lines[1].offset, (3 << 20) + 1);
    }
}
