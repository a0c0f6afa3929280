//! The records of an archive as a person asks for them: one row each, or one record's parts.
//!
//! [`rows`] lists records with what their HTTP heads say; [`Wanted`] names one of them by offset, id or URL, and
//! [`copy_part`] writes its header, block, payload or decoded payload. [`Pages`] gives what can be extracted, [`Referents`] leads
//! from a revisit to the payload. All stream.

mod naming;
mod pages;
mod part;
mod referents;
mod row;
mod wet;

pub use self::naming::file_name;
pub use self::pages::{Next, PageRecord, Pages, listed_pages};
pub use self::part::{Part, Wanted, copy_part, same_url};
pub use self::referents::{Content, Place, Referent, Referents, Rereader, Revisit};
pub use self::row::{Row, rows};
pub use self::wet::{Conversion, Wet};
