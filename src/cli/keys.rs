//! Key files: read, with what is wrong with them in words.

use super::exit::usage;
use super::output;
use anyhow::Context;
use fonds::vouch::{Roots, SigningKey, VerifierKey};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A key is a line, a checkpoint or a signature a few; more is something else.
const LONGEST: u64 = 1024 * 1024;

/// The keys that a verifier is convinced by.
#[derive(clap::Args, Debug)]
pub(crate) struct Named {
    /// A public key that convinces (FILE.pub of `fonds key new`, or several keys, one a line): level 3 must then be reached.
    /// Keys that an archive brings along never convince.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    /// Root certificates in PEM of time-stamp authorities that convince: level 4 must then hold. Those that an archive brings
    /// along never convince.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Vec<PathBuf>,
}

impl Named {
    pub(crate) fn keys(&self) -> anyhow::Result<Vec<VerifierKey>> {
        let read: anyhow::Result<Vec<_>> = self.key.iter().map(|path| public(path)).collect();
        Ok(read?.into_iter().flatten().collect())
    }

    pub(crate) fn roots(&self) -> anyhow::Result<Roots> {
        let mut roots = Roots::default();
        for path in &self.trust {
            let pem = std::fs::read(path).with_context(|| path.display().to_string())?;
            roots.extend(Roots::from_pem(&pem).map_err(|e| usage(format!("{}: {e}", path.display())))?);
        }
        Ok(roots)
    }
}

/// The public keys of a file, one a line; empty lines and lines that begin with # are passed over.
pub(crate) fn public(path: &Path) -> anyhow::Result<Vec<VerifierKey>> {
    let text = text(path)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Vec<_> = lines
        .map(|line| VerifierKey::parse(line).map_err(|e| usage(format!("{}: {e}", path.display()))))
        .collect::<Result<_, _>>()?;
    match keys.is_empty() {
        true => Err(usage(format!("{}: there is no key in it", path.display()))),
        false => Ok(keys),
    }
}

/// A secret key. That others can read its file is said.
pub(crate) fn secret(path: &Path) -> anyhow::Result<SigningKey> {
    let key = SigningKey::parse(&text(path)?).map_err(|e| usage(format!("{}: {e}", path.display())))?;
    if is_open_to_others(path) {
        output::problem(&format!("warning: others can read {}; `chmod 600` it", path.display()));
    }
    Ok(key)
}

/// The public half of a file that holds either.
pub(crate) fn either(path: &Path) -> anyhow::Result<Vec<VerifierKey>> {
    match SigningKey::parse(&text(path)?) {
        Ok(key) => Ok(vec![key.verifier().clone()]),
        Err(_) => public(path),
    }
}

/// A file of a few lines; - for standard input.
pub(crate) fn text(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().take(LONGEST).read_to_string(&mut text).context("standard input")?;
    } else {
        let file = std::fs::File::open(path).map(|file| file.take(LONGEST));
        let read = file.and_then(|mut file| file.read_to_string(&mut text));
        read.with_context(|| path.display().to_string())?;
    }
    Ok(text)
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}
