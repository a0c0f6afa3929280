//! Every check, as data: one rule, one code.
pub mod report;
mod fields;
