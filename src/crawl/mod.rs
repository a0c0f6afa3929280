//! Which URL comes next, and what became of each.

pub mod links;
