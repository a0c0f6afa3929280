//! Time-stamps by authorities (RFC 3161, RFC 5816): asked for, read, and checked offline at the time that they give.
//!
//! A time-stamp proves that whatever has its hash existed then. [`Token`] is one as it was read, [`Sound`] one whose
//! signature holds, [`Trusted`] one that leads to a root that the user named. Nothing is known here of what is stamped: a
//! checkpoint, or anything else of which there are bytes.

mod ask;
mod check;
mod der;
mod info;
mod oid;
mod request;
mod token;

pub use ask::{MEDIA_TYPE, Refusal, ask};
pub use check::{Sound, Trusted};
pub use info::{Imprint, Info};
pub use request::Request;
pub use token::{LONGEST, Token};

use crate::finding::{Rule, rules};

/// What is wrong with a time-stamp: the rule that it breaks, and in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Problem {
    /// One of `stamp-…`.
    pub rule: &'static Rule,
    /// What is wrong, as a clause about "it".
    pub words: String,
}

fn problem(rule: &'static Rule, words: &str) -> Problem {
    Problem { rule, words: words.to_owned() }
}

impl From<der::Malformed> for Problem {
    fn from(malformed: der::Malformed) -> Self {
        problem(&rules::STAMP_INVALID, malformed.0)
    }
}
