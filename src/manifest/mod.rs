//! The provenance log: what was done, one JSON line an event, and a Merkle tree (RFC 6962) over the lines.
//!
//! Line i without its LF is leaf i. Besides the lines (`manifest.jsonl`) the log keeps the leaves' hashes
//! (`leaves`, 32 bytes each), so that an altered line is found without reading the others' meaning, and the checkpoint
//! (`checkpoint`: origin, size, root, as C2SP tlog-checkpoint). A `record` line binds a WARC record by the digest of its
//! uncompressed bytes from version line to end of block; offsets are not in it, so recompressing keeps every line true.
//!
//! [`proof`] shows of single lines that they are in the tree, and of a tree that it goes on with an earlier one; [`envelope`] is
//! how such proofs are written.

mod entry;
pub mod envelope;
mod log;
pub mod proof;
mod reader;
mod tree;
mod withheld;

pub use self::entry::{
    Anchor, Body, Bytes, Connection, Count, Described, End, Entry, Event, Failure, File, Http, Links, Page,
    Record, Seeds, Session, Skip, Times, Tool, Torn, Try, Warc,
};
pub use self::log::Log;
pub use self::reader::{Line, Lines};
pub use self::tree::{Tree, leaf_hash, read_checkpoint, write_checkpoint};
pub use self::withheld::{Runs, Withheld};
pub use tlog_tiles::{Checkpoint, Hash};
