//! The WARC format, and ARC before it: ordered raw headers, streaming blocks, gzip members and zstd frames with their
//! offsets.
//!
//! [`Reader`] goes through any byte source record by record and never ends in silence: what is not a record or a
//! separator becomes a finding with its offset. Blocks stream; a head is bounded by [`Limits::head`]. [`Writer`] makes
//! one gzip member a record, in a file that carries the suffix `.open` until it is closed and is never overwritten.
//! The record types are those of the `warc` crate, which is the shared vocabulary here and no more.

mod arc;
mod content;
mod fields;
mod format;
mod head;
mod member;
mod pack;
mod reader;
mod source;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use self::arc::{Extra as ArcExtra, extra as arc_extra};
pub(crate) use self::content::Inflated;
pub use self::fields::Fields;
pub use self::head::{Head, Version};
pub(crate) use self::head::{bare_uri, starts_with};
pub use self::member::Container;
pub use self::pack::{Packed, pack};
pub use self::reader::{Block, Extent, Reader, Record};
pub use self::source::{ReadSeek, Source};
pub use self::writer::{Closed, Compression, Error as WriteError, OPEN, Writer, Written};
pub use ::warc::{RecordType, TruncatedType};

#[cfg(test)]
pub(crate) fn parse_head(raw: Vec<u8>) -> Head {
    Head::parse(raw, 0, 0).0
}

/// Bounds that hold whatever an input says.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a record's head, from its version line to its empty line.
    pub head: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 1024 * 1024 }
    }
}
