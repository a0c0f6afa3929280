//! What is kept of a head as it stood: all of it while it fits, so that the mended head is one that readers take.

use super::head;

/// Bytes that are kept in one head, at most.
const ROOM: usize = 64 << 10;

/// What goes first where there is not room for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// The value of a field that was replaced.
    Value,
    /// A line that was no field, a field that stood more than once, or one that no standard knows.
    Line,
}

impl Worth {
    pub(super) fn of(name: &str) -> Self {
        if head::is_defined(name) { Self::Value } else { Self::Line }
    }
}

/// Lines of a head as it stood, in the order in which they were put right.
#[derive(Debug, Default)]
pub(super) struct Originals(Vec<Original>);

#[derive(Debug)]
struct Original {
    line: Vec<u8>,
    /// Bytes of the line as it stood.
    said: usize,
    worth: Worth,
}

impl Originals {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn keep(&mut self, line: Vec<u8>, said: usize, worth: Worth) {
        self.0.push(Original { line, said, worth });
    }

    /// The lines that there is room for, and a count of the others.
    pub(super) fn within_room(&self) -> (Vec<u8>, Omitted) {
        let mut kept = vec![false; self.0.len()];
        let mut left = ROOM;
        for worth in [Worth::Value, Worth::Line] {
            for (kept, original) in kept.iter_mut().zip(&self.0).filter(|(_, o)| o.worth == worth) {
                *kept = original.line.len() <= left;
                left -= if *kept { original.line.len() } else { 0 };
            }
        }
        let (mut bytes, mut omitted) = (Vec::new(), Omitted::default());
        for (kept, original) in kept.into_iter().zip(&self.0) {
            match kept {
                true => bytes.extend_from_slice(&original.line),
                false => omitted.count(original.said),
            }
        }
        (bytes, omitted)
    }
}

/// What of a head is not in the mended one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Omitted {
    pub(super) lines: u64,
    pub(super) bytes: u64,
}

impl Omitted {
    /// Bytes that the field takes, at most.
    pub(super) const FIELD: usize = 128;

    pub(super) fn count(&mut self, bytes: usize) {
        self.lines += 1;
        self.bytes += bytes as u64;
    }

    /// The field that says so, with its line end; empty where nothing is missing.
    pub(super) fn field(&self) -> String {
        match self.lines {
            0 => String::new(),
            lines => format!("{}Omitted: {lines} lines, {} bytes\r\n", head::ORIGINAL, self.bytes),
        }
    }
}
