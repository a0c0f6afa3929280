//! The integration tests, in one binary.

mod common;
mod wire;
