//! What a path on the command line means.

pub mod section;
pub mod zip;

use std::io::{self, Read, Seek};
use std::path::Path;

use section::ReadSeek;

/// Copies a stream into an unnamed temporary file in `directory`, so that it can be read at any place.
pub fn spool(input: &mut dyn Read, directory: &Path) -> io::Result<Box<dyn ReadSeek>> {
    let mut file = tempfile::tempfile_in(directory)?;
    io::copy(input, &mut file)?;
    file.rewind()?;
    Ok(Box::new(file))
}
