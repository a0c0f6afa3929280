//! The integration tests, in one binary.

mod archive;
mod common;
mod corpus;
mod documents;
mod extract;
mod fixtures;
mod interop;
mod memory;
mod verify;
mod wire;
