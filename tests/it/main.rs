//! The integration tests, in one binary.

// What a test cannot go on from is its failure, and what it skips it says.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

mod archive;
mod common;
mod corpus;
mod crawl;
mod documents;
mod extract;
mod fixtures;
mod index;
mod interop;
mod list;
mod memory;
mod mend;
mod mutate;
mod pack;
mod prove;
mod record;
mod resume;
mod revisits;
mod selftest;
mod signals;
#[allow(unreachable_pub)]
mod targets;
mod unbound;
mod verify;
mod vouch;
mod wire;
