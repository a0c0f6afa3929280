//! The records of an archive as a person asks for them: one row each, or one record's parts.
//!
//! [`rows`] lists records with what their HTTP heads say; [`Wanted`] names one of them by offset, id or URL, and
//! [`copy_part`] writes its header, block, payload or decoded payload. [`Pages`] gives what can be extracted. All stream.

mod pages;
mod part;
mod row;

pub use self::pages::{PageRecord, Pages, listed_pages};
pub use self::part::{Part, Wanted, copy_part};
pub use self::row::{Row, rows};
