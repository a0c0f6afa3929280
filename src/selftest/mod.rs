//! The recorder against a server that misbehaves: for the build at hand, on loopback, from the socket to the file.
//!
//! A [`Server`] of raw sockets answers each case as it is scripted to, over TCP and over TLS, and keeps its own copy of
//! what it sent. The recorder's exchanges are written to a WARC; the WARC is read back, verified, and each stored block is
//! held against the server's copy. Nothing here is about the network of the machine: all of it stays on 127.0.0.1.

pub mod cases;
mod certificates;
mod judge;
mod run;
mod server;

pub use self::certificates::{Certificates, Flaw};
pub use self::run::{Error, run};
pub use self::server::{Script, Served, Server, Step};

use serde::Serialize;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every byte sent stands in the record, and the record is whole.
    Exact,
    /// As it must be for what the server did: marked as cut, without what belongs to no message, or a recorded failure.
    Expected,
    /// Anything else: a byte lost, altered or not marked.
    Lost,
}

/// One case over one transport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The case.
    pub name: String,
    /// `tcp` or `tls`.
    pub transport: &'static str,
    /// What became of it.
    pub status: Status,
    /// What was stored and what was noticed; for a lost one, what is wrong.
    pub detail: String,
}

/// All cases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order they were run.
    pub cases: Vec<Outcome>,
}

impl Report {
    /// How many came to this.
    pub fn count(&self, status: Status) -> usize {
        self.cases.iter().filter(|case| case.status == status).count()
    }
}
