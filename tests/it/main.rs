//! The integration tests, in one binary.

mod archive;
mod common;
mod verify;
mod wire;
