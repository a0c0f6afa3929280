//! What a run tells while it goes on, and at its end.

use crate::crawl::Role;
use crate::manifest::Count;

/// What happens during a run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A response is written.
    Captured(Capture<'a>),
    /// A URL gave nothing.
    Failed {
        /// The URL.
        url: &'a str,
        /// How far it came.
        stage: &'a str,
        /// What went wrong.
        error: &'a str,
        /// Why it was fetched.
        role: Role,
        /// The URL that led to it.
        via: Option<&'a str>,
        /// The way from its seed, in Heritrix's letters.
        hops: &'a str,
    },
    /// A URL is left out.
    Skipped {
        /// The URL.
        url: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// Something that a person may want to know.
    Note(&'a str),
    /// Something that a person should know: it is not as it was to be, though the run goes on.
    Problem(&'a str),
    /// Time goes on.
    Tick {
        /// Targets that wait.
        waiting: u64,
        /// Some of the hosts that are being asked.
        hosts: &'a [String],
    },
}

/// A response that is written.
#[derive(Clone, Copy, Debug)]
pub struct Capture<'a> {
    /// The URL.
    pub url: &'a str,
    /// Its HTTP status.
    pub status: Option<u16>,
    /// Bytes received.
    pub bytes: u64,
    /// Why it was fetched.
    pub role: Role,
    /// Targets that wait.
    pub waiting: u64,
    /// Why the response is not whole, as WARC-Truncated has it.
    pub truncated: Option<&'a str>,
    /// The payload is that of an earlier record, and is not stored again.
    pub revisit: bool,
    /// Media type as the server declared it.
    pub mime: Option<&'a str>,
    /// WARC-Payload-Digest.
    pub digest: &'a str,
    /// WARC-Record-ID, without angle brackets.
    pub record: &'a str,
    /// WARC-Date.
    pub date: &'a str,
    /// Milliseconds that it took.
    pub elapsed_ms: u64,
    /// The URL that led to it.
    pub via: Option<&'a str>,
    /// The seed that it is for.
    pub seed: Option<&'a str>,
    /// The way from its seed, in Heritrix's letters.
    pub hops: &'a str,
}

/// How a run ended.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// What was done.
    pub counts: Count,
    /// Bytes received.
    pub bytes: u64,
    /// Seeds, in their order, and whether each was captured.
    pub captured: Vec<bool>,
    /// True where [`Stop`](super::Stop) ended the run before its work was done.
    pub interrupted: bool,
    /// The flag of the limit that ended it before its work was done.
    pub limit: Option<&'static str>,
    /// Targets that wait.
    pub waiting: u64,
}

impl Summary {
    /// The log's word for the run: `complete`, `partial`, `limit` or `interrupted`.
    pub fn exit(&self) -> &'static str {
        let is_whole = self.waiting == 0 && self.captured.iter().all(|captured| *captured);
        match (self.interrupted, self.limit, is_whole) {
            (true, ..) => "interrupted",
            (false, Some(_), _) => "limit",
            (false, None, true) => "complete",
            (false, None, false) => "partial",
        }
    }
}
