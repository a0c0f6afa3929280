//! The integration tests, in one binary.

mod archive;
mod common;
mod index;
mod mend;
mod wire;
