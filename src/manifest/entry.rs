//! The vocabulary of the log: one struct an entry type. Field names are part of the format (docs/format.md).
//!
//! What a record's entry is made of has its fields in the order of their names, as canonical JSON has them: so its lines, which
//! are most, need no sorting.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Version of the format: 1.
    pub v: u32,
    /// Position in the log, from 0.
    pub seq: u64,
    /// 16 random bytes in hex, so that a withheld line cannot be guessed from its hash.
    pub salt: String,
    /// When it was written: RFC 3339, UTC, milliseconds.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub body: Body,
}

/// What a line says, by its `type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Body {
    /// A run begins.
    Session(Box<Session>),
    /// More of the URLs that the run was asked for.
    Seeds(Seeds),
    /// A connection was made.
    Connection(Box<Connection>),
    /// A WARC record was written.
    Record(Box<Record>),
    /// A URL was not captured.
    Failure(Failure),
    /// A URL was left out on purpose.
    Skip(Skip),
    /// A page was listed in pages.jsonl.
    Page(Page),
    /// Bytes that an interrupted run left behind were moved aside.
    Torn(Torn),
    /// An authority time-stamped an earlier checkpoint.
    Anchor(Anchor),
    /// A run ends.
    End(End),
    /// Something was done with the archive later.
    Event(Box<Event>),
    /// A line that was withheld from this copy; it is not written as other lines are ([`super::Withheld`]).
    #[serde(skip)]
    Withheld,
    /// A type that this version does not know; its bytes are still bound by the tree.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// What wrote the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The platform it was built for.
    pub target: String,
    /// SHA-256 of the running program, in hex, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub binary_sha256: Option<String>,
}

/// A run: who, with what, asked for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// URN of the archive, the same over all its sessions.
    pub archive: String,
    /// URN of this run.
    pub session: String,
    /// Size of the tree that this run continues.
    pub previous_size: u64,
    /// Root of that tree in hex; absent for a new log.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous_root: Option<String>,
    /// The program.
    pub tool: Tool,
    /// URLs asked for; where there are many, the first of them, and the rest in [`Seeds`] entries behind this one.
    pub seeds: Vec<String>,
    /// Settings that shape what is captured, secrets left out.
    pub options: BTreeMap<String, String>,
    /// Names of the settings whose values are secrets and stand nowhere.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub redacted: Vec<String>,
    /// A commitment to the key of who runs it, which says nothing until its holder opens it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operator: Option<String>,
    /// User-Agent sent.
    pub user_agent: String,
}

/// URLs asked for that had no place in the session's entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    /// The URLs, in their order.
    pub urls: Vec<String>,
}

/// Facts of one connection, once for all its exchanges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Host as in the URL.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Addresses that the name resolved to, in the resolver's order; none where it was not looked up here.
    pub dns: Vec<String>,
    /// Address and port that were connected: the proxy's where there is one.
    pub peer: String,
    /// The proxy's URL, without user name and password.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proxy: Option<String>,
    /// WARC-Protocol identifiers.
    pub protocols: Vec<String>,
    /// IANA cipher suite name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cipher: Option<String>,
    /// Key exchange group.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_exchange: Option<String>,
    /// Server name sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sni: Option<String>,
    /// SHA-256 of each certificate presented, in hex, leaf first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub chain: Vec<String>,
    /// What the verification of the chain said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<String>,
    /// The roots it was verified with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub roots: Option<String>,
}

/// A record, by what identifies it and by its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its bytes.
    pub bytes: Bytes,
    /// `seq` of its connection's entry.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connection: Option<u64>,
    /// HTTP facts, for responses and requests.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub http: Option<Http>,
    /// What it belongs to.
    #[serde(skip_serializing_if = "Links::is_empty", default)]
    pub links: Links,
    /// When its exchange was sent and answered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub times: Option<Times>,
    /// Its WARC identity.
    pub warc: Warc,
}

/// The identity of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warc {
    /// WARC-Date.
    pub date: String,
    /// WARC-Record-ID without brackets.
    pub id: String,
    /// WARC-Target-URI.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target_uri: Option<String>,
    /// WARC-Type.
    #[serde(rename = "type")]
    pub record_type: String,
}

/// The bytes of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// WARC-Block-Digest.
    pub block: String,
    /// Bytes from version line to end of block, uncompressed.
    pub length: u64,
    /// WARC-Payload-Digest.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub payload: Option<String>,
    /// SHA-256 of them in hex.
    pub sha256: String,
}

/// HTTP facts of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Http {
    /// True for an answer that asked for a login and was followed by another try: not yet what became of the URL.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub challenge: bool,
    /// Request method.
    pub method: String,
    /// Media type as the server declared it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mime: Option<String>,
    /// `h2` where the block is no copy of the wire's bytes, but was written as HTTP/1.1 from what HTTP/2 carried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reconstructed: Option<String>,
    /// Status of the final response.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// WARC-Truncated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub truncated: Option<String>,
}

/// What a record belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Records of the same capture event.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub concurrent_to: Vec<String>,
    /// The record that this one is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refers_to: Option<String>,
    /// The seed that it was captured for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seed: Option<String>,
    /// The URL that led here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub via: Option<String>,
}

impl Links {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The times of an exchange, RFC 3339 with milliseconds; `server_date` as the server wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// The last byte came.
    pub end: String,
    /// The first byte came.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_byte: Option<String>,
    /// The request was sent.
    pub sent: String,
    /// The Date header.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub server_date: Option<String>,
}

/// A URL that was asked for and not captured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The URL.
    pub url: String,
    /// The seed it was for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seed: Option<String>,
    /// `dns`, `connect`, `proxy`, `tls`, `http`, `body` or `policy`.
    pub stage: String,
    /// What went wrong, in words.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was begun: RFC 3339, UTC, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub started: Option<String>,
    /// When it was given up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended: Option<String>,
    /// Each try.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tried: Vec<Try>,
}

/// A try that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// How far it came, as in [`Failure`].
    pub stage: String,
    /// The address tried, if it came to one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub peer: Option<String>,
    /// What went wrong, in words.
    pub error: String,
    /// Milliseconds until then.
    pub ms: u64,
}

/// A URL, or a number of them, left out on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// The URL.
    pub url: String,
    /// Why.
    pub reason: String,
}

/// A page of the collection, as pages.jsonl lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The page's id in pages.jsonl.
    pub id: String,
    /// Its URL.
    pub url: String,
    /// The capture's WARC-Date.
    pub ts: String,
    /// Its title.
    pub title: String,
    /// The record that holds it.
    pub record: String,
}

/// What an interrupted run left behind its last whole capture, moved aside when the collection was taken up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Torn {
    /// The file that holds the bytes now.
    pub kept: File,
    /// The file that they were torn off, in the collection, with `/`.
    pub path: String,
}

/// A time-stamp of a checkpoint that this log had: all that stands behind this entry was written after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The checkpoint, as its file was then.
    pub checkpoint: String,
    /// The authority's whole response (RFC 3161), in Base64.
    pub response: String,
    /// The authority's URL, without user name and password.
    pub tsa: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// What was done.
    pub counts: Count,
    /// The collection's files that were final then.
    pub files: Vec<File>,
    /// `complete`, `partial` (some seed failed), `limit` or `interrupted`.
    pub exit: String,
    /// What the datapackage says of the collection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub package: Option<Described>,
}

/// What a datapackage says besides its list of files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// When the collection was made, RFC 3339.
    pub created: String,
    /// When the main page was captured, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub main_page_date: Option<String>,
    /// The page to show first.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub main_page_url: Option<String>,
    /// A title for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// WARC records written.
    pub records: u64,
    /// Exchanges captured.
    pub captures: u64,
    /// URLs that failed.
    pub failures: u64,
    /// Pages listed.
    pub pages: u64,
}

/// A file of the collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Path in the collection, with `/`.
    pub path: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// What was done with the archive after its capture, in the words of PREMIS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The eventType: `fixity check`, `transfer`, `recompression`, `redaction`, `annotation` or another.
    pub event: String,
    /// Who or what did it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub agent: Option<String>,
    /// When it was done, where that is not when it was logged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub date: Option<String>,
    /// What it came to: `success`, `failure` or other words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub outcome: Option<String>,
    /// The rest, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
    /// Of a redaction: the files that it made, in place of those of the last end entry.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub files: Vec<File>,
    /// Of a redaction: what the datapackage of the copy says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub package: Option<Described>,
    /// Of a redaction: the lines that it withheld, as first and last `seq` of each run of them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub withheld: Vec<(u64, u64)>,
}
