//! What vouches for a collection once it is sealed, by the flags of a capture.

use super::Output;
use crate::cli::exit::{Exit, in_words};
use crate::cli::{keys, output};
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub(crate) struct Vouch {
    /// Sign the sealed collection with this key (see `fonds key new`).
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
}

impl Vouch {
    /// Read before anything is captured: a key that is none is told at once.
    pub(crate) fn seal(&self) -> anyhow::Result<Option<Seal>> {
        let seal = |path: &PathBuf| Ok(Seal { key: keys::secret(path)?, path: path.clone() });
        self.sign.as_ref().map(seal).transpose()
    }
}

/// A key that is to sign.
#[derive(Debug)]
pub(crate) struct Seal {
    key: keys::Secret,
    path: PathBuf,
}

/// Signs a collection that has been sealed. Where that fails the collection is no worse for it, which is said.
pub(super) fn vouch(output: &Output) -> Exit {
    let Some(seal) = &output.seal else { return Exit::Done };
    let directory = output.directory.display();
    match seal.key.sign(&output.directory) {
        Ok(_) => Exit::Done,
        Err(error) => {
            let place = output.wacz.as_deref().unwrap_or(&output.directory).display();
            output::problem(&format!(
                "{directory} is sealed and intact, but not signed: {}; `fonds sign {place} --key {}` tries again",
                in_words(&error),
                seal.path.display()
            ));
            Exit::Io
        }
    }
}
