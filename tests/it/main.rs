//! The integration tests, in one binary.

mod common;
mod corpus;
mod wire;
