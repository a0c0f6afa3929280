//! Where records begin: WARC by its version line, ARC by its URL-record line.

use super::arc;
use super::member::{Begins, Content};
use std::io;

/// Bytes of an ARC line looked at to tell whether it begins a record.
const ARC_LINE: usize = 64 * 1024;

/// Bytes of a version line and the beginning of the line behind it.
const VERSION_LINE: usize = 64;

/// What the records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Warc,
    Arc,
}

/// What stands where a record is expected.
pub(crate) enum Look {
    Record,
    /// Nothing more in this member.
    End,
    LineEnd,
    Other,
}

/// True for the beginning of a version line; some writers' is in lower case.
pub(crate) fn begins_warc(bytes: &[u8]) -> bool {
    bytes.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"WARC/"))
}

/// True for what begins a record of either format.
pub(crate) fn begins_any(bytes: &[u8]) -> bool {
    begins_warc(bytes) || begins_arc(bytes)
}

/// Where a record of either format begins in these bytes.
pub(crate) fn find_any(bytes: &[u8]) -> Option<usize> {
    let found = |(at, found): (usize, bool)| found.then_some(at);
    let (warc, arc) = (found(find_warc(bytes, true)), found(find_arc(bytes, true)));
    warc.into_iter().chain(arc).min()
}

fn begins_arc(bytes: &[u8]) -> bool {
    memchr::memchr(b'\n', bytes).is_some_and(|end| arc::is_record_line(bytes.get(..end).unwrap_or_default()))
}

impl Format {
    /// The test that finds a record again after damage.
    pub(crate) fn begins(self) -> Begins {
        match self {
            Self::Warc => begins_warc,
            Self::Arc => begins_arc,
        }
    }

    /// True where a record begins here.
    pub(crate) fn starts(self, content: &mut Content) -> io::Result<bool> {
        match self {
            Self::Warc => Ok(begins_warc(content.peek(5)?)),
            Self::Arc => {
                let mut want = 512;
                loop {
                    let bytes = content.peek(want)?;
                    if memchr::memchr(b'\n', bytes).is_some() || bytes.len() < want || want >= ARC_LINE {
                        return Ok(begins_arc(bytes));
                    }
                    want *= 4;
                }
            }
        }
    }

    pub(crate) fn look(self, content: &mut Content) -> io::Result<Look> {
        match content.peek(5)? {
            [] => return Ok(Look::End),
            [b'\r' | b'\n', ..] => return Ok(Look::LineEnd),
            _ => {}
        }
        Ok(if self.starts(content)? { Look::Record } else { Look::Other })
    }

    /// The length of the separator that these bytes begin with; `None` where there is none.
    pub(crate) fn separator(self, bytes: &[u8]) -> Option<usize> {
        match (self, bytes) {
            (Self::Warc, [b'\r', b'\n', b'\r', b'\n', ..]) => Some(4),
            (Self::Arc, []) => Some(0),
            (Self::Arc, [b'\n', ..]) => Some(1),
            (Self::Arc, [b'\r', b'\n', ..]) => Some(2),
            _ => None,
        }
    }

    /// Where in these bytes the next record begins, behind something else; or how many of them hold no beginning of one.
    pub(crate) fn find(self, bytes: &[u8], last: bool) -> (usize, bool) {
        match self {
            Self::Warc => find_warc(bytes, last),
            Self::Arc => find_arc(bytes, last),
        }
    }
}

fn find_warc(bytes: &[u8], last: bool) -> (usize, bool) {
    let places = |name: &'static [u8]| memchr::memmem::find_iter(bytes, name).find(|at| is_found(bytes, *at));
    let found = match (places(b"WARC/"), places(b"warc/")) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    match found {
        Some(at) => (at, true),
        None if last => (bytes.len(), false),
        None => (bytes.len().saturating_sub(VERSION_LINE), false),
    }
}

/// At the start of a line any version will do. Elsewhere (behind padding, a byte order mark, a block without a separator)
/// it takes a whole version line with a field's name behind it.
fn is_found(bytes: &[u8], at: usize) -> bool {
    let Some((before, here)) = bytes.split_at_checked(at) else { return false };
    let Some(before) = before.last() else { return false };
    let field = || {
        let line = here.get(5..here.len().min(VERSION_LINE))?;
        let end = memchr::memchr(b'\n', line)?;
        let (version, next) = line.split_at_checked(end)?;
        let digits = version.trim_ascii_end();
        let known = !digits.is_empty() && digits.iter().all(|b| b.is_ascii_digit() || *b == b'.');
        let name = next.get(1..9)?;
        let named = name.eq_ignore_ascii_case(b"Content-") || name.get(..5)?.eq_ignore_ascii_case(b"WARC-");
        Some(known && named)
    };
    *before == b'\n' || field().unwrap_or(false)
}

fn find_arc(bytes: &[u8], last: bool) -> (usize, bool) {
    let mut kept = bytes.len();
    for at in memchr::memchr_iter(b'\n', bytes) {
        if begins_arc(bytes.get(at + 1..).unwrap_or_default()) {
            return (at + 1, true);
        }
        kept = at;
    }
    // The last line may be cut by the end of these bytes.
    let undecided = !last && kept > 0 && bytes.len() - kept < ARC_LINE / 2;
    (if undecided { kept } else { bytes.len() }, false)
}
