//! Unpacked bytes that wait to be read.

/// Bytes made at once.
const STEP: usize = 128 * 1024;

/// A sliding buffer; memory is the largest `want` asked of [`Buffer::room`] plus one step.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    out: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.out.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// Takes bytes off the front; gives how many there were to take.
    pub(super) fn consume(&mut self, n: usize) -> usize {
        let n = n.min(self.len());
        self.start += n;
        n
    }

    /// Room behind the bytes, so that at least `want` fit in all.
    pub(super) fn room(&mut self, want: usize) -> &mut [u8] {
        if self.start == self.end {
            self.clear();
        }
        if self.out.len() < self.end + STEP / 2 {
            self.out.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            self.out.resize(self.out.len().max(want.max(self.end) + STEP), 0);
        }
        self.out.get_mut(self.end..).unwrap_or_default()
    }

    /// Room for `length` bytes, and nothing before them.
    pub(super) fn anew(&mut self, length: usize) -> &mut [u8] {
        self.clear();
        if self.out.len() < length {
            self.out.resize(length, 0);
        }
        self.out.get_mut(..length).unwrap_or_default()
    }

    /// So many bytes were put into the room.
    pub(super) fn made(&mut self, n: usize) {
        self.end = (self.end + n).min(self.out.len());
    }
}
