//! The integration tests, in one binary.

mod archive;
mod common;
mod documents;
mod extract;
mod fixtures;
mod interop;
mod list;
mod memory;
mod signals;
mod verify;
mod wire;
