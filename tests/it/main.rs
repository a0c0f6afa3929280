//! The integration tests, in one binary.

mod archive;
mod common;
mod extract;
mod verify;
mod wire;
