//! The fuzz targets of fonds: the functions of `tests/it/targets`, which the test suite runs over mutants too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods)]

#[path = "../../tests/it/targets/mod.rs"]
mod targets;

pub use targets::{ALL, Target};

/// Runs the target of this name.
///
/// # Panics
/// Where a property does not hold, which is what is looked for.
pub fn run(name: &str, data: &[u8]) {
    let target = ALL.iter().find(|target| target.name == name).expect("a target of this name");
    (target.run)(data);
}

/// What every target's source is.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| fonds_fuzz::run($name, data));
    };
}
