//! `fonds extract`: the same article out of every form of input, and what is said where there is none.

mod choosing;
mod codings;
mod explain;
mod inputs;
mod outputs;
mod pages;
mod revisits;
mod warcs;
mod wordpress;

use std::path::PathBuf;

/// A file of the repository's fixtures.
fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(fixture(name)).unwrap()
}
