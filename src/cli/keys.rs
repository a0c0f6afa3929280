//! Key files: read, with what is wrong with them in words.

use super::exit::usage;
use super::{Global, inputs, key, output};
use anyhow::Context;
use fonds::package::{authed, vouched};
use fonds::vouch::auth::{AuthKey, AuthSigningKey, SignedData};
use fonds::vouch::{self, Roots, SigningKey, SshKey, SshSigningKey, VerifierKey, auth};
use fonds::world::{System, World};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A key is a line, a checkpoint or a signature a few; more is something else.
const LONGEST: u64 = 1024 * 1024;

/// The keys that a verifier is convinced by.
#[derive(clap::Args, Debug)]
pub(crate) struct Named {
    /// A public key that convinces (FILE.pub of `fonds key new`, or keys of OpenSSH, also as allowed_signers; one a line): level 3 must then be reached.
    /// Keys that an archive brings along never convince.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    /// A domain whose signature of the datapackage convinces (wacz-auth, by authsign and others), where its certificate and
    /// time-stamp lead to roots named with --trust: level 3 must then be reached.
    #[arg(long, value_name = "NAME", requires = "trust")]
    pub(crate) domain: Vec<String>,
    /// Root certificates in PEM of time-stamp authorities, and of domains, that convince: level 4 must then hold. Those that an archive brings
    /// along never convince.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Vec<PathBuf>,
}

/// Public keys of both kinds.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) note: Vec<VerifierKey>,
    pub(crate) ssh: Vec<SshKey>,
    pub(crate) auth: Vec<AuthKey>,
}

impl Named {
    pub(crate) fn keys(&self) -> anyhow::Result<Keys> {
        let mut keys = Keys::default();
        for path in &self.key {
            let Keys { note, ssh, auth } = all_public(path)?;
            keys.note.extend(note);
            keys.ssh.extend(ssh);
            keys.auth.extend(auth);
        }
        Ok(keys)
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

/// A secret key that signs here.
#[derive(Debug)]
pub(crate) enum Secret {
    Note(SigningKey),
    Ssh(SshSigningKey),
    Auth(AuthSigningKey),
}

impl Secret {
    /// What signatures by it are called.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Note(key) => key.verifier().name().to_owned(),
            Self::Ssh(key) => key.public().to_string(),
            Self::Auth(key) => key.public().to_string(),
        }
    }

    /// Signs the checkpoint of a package. False where it has signed it already.
    pub(crate) fn sign(&self, path: &Path) -> anyhow::Result<bool> {
        match self {
            Self::Note(key) => Ok(vouched::sign(path, key, &inputs::spool())?),
            Self::Ssh(key) => {
                let armored = key.sign(vouched::note(path)?.text())?;
                Ok(vouched::add_ssh(path, &armored, None, &inputs::spool())?)
            }
            Self::Auth(key) => {
                let hash = authed::signable(path)?;
                let software = concat!("fonds/", env!("CARGO_PKG_VERSION"));
                let signed = SignedData::anonymous(&hash, key, System.now(), software)?;
                authed::put(path, signed, &inputs::spool())?;
                Ok(true)
            }
        }
    }

    /// True for a key whose signature is over all the others, so that nothing can be added behind it.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self, Self::Auth(_))
    }

    /// A signature over the lines of a checkpoint, as text.
    pub(crate) fn sign_text(&self, text: &[u8]) -> anyhow::Result<String> {
        match self {
            Self::Note(key) => Ok(key.sign(text).line()),
            Self::Ssh(key) => Ok(key.sign(text)?),
            Self::Auth(_) => {
                Err(usage("a P-384 key signs the list of files (wacz-auth), not the checkpoint"))
            }
        }
    }
}

/// The public keys of a file, one a line, of fonds or of OpenSSH; empty lines and lines that begin with # are passed over.
fn all_public(path: &Path) -> anyhow::Result<Keys> {
    let text = text(path)?;
    if auth::key::is_secret(&text) || vouch::ssh::is_secret(&text) {
        let message = "this is a secret key; give the public half, and show this one to nobody";
        return Err(usage(format!("{}: {message}", path.display())));
    }
    if auth::key::is_public(&text) {
        let key = AuthKey::from_pem(&text).map_err(|e| usage(format!("{}: {e}", path.display())))?;
        return Ok(Keys { auth: vec![key], ..Keys::default() });
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut keys = Keys::default();
    let wrong = |error: vouch::Error| usage(format!("{}: {error}", path.display()));
    for line in lines {
        match SshKey::parse(line) {
            Some(key) => keys.ssh.push(key.map_err(wrong)?),
            None => keys.note.push(VerifierKey::parse(line).map_err(wrong)?),
        }
    }
    match keys.note.is_empty() && keys.ssh.is_empty() {
        true => Err(usage(format!("{}: there is no key in it", path.display()))),
        false => Ok(keys),
    }
}

/// The public keys of fonds in a file.
pub(crate) fn public(path: &Path) -> anyhow::Result<Vec<VerifierKey>> {
    let keys = all_public(path)?;
    match keys.ssh.is_empty() && keys.auth.is_empty() {
        true => Ok(keys.note),
        false => Err(usage(format!(
            "{}: a key of fonds is wanted here, and this is one of another kind",
            path.display()
        ))),
    }
}

/// The one public key of OpenSSH in a file.
pub(crate) fn ssh(path: &Path) -> anyhow::Result<SshKey> {
    let mut keys = all_public(path)?;
    let key = keys.ssh.pop().filter(|_| keys.ssh.is_empty() && keys.note.is_empty());
    key.ok_or_else(|| usage(format!("{}: --import takes one key, here one of OpenSSH", path.display())))
}

/// The same; an Ed25519 key is made where nothing is.
pub(crate) fn secret_or_new(path: &Path, global: Global) -> anyhow::Result<Secret> {
    if path.as_os_str() != "-"
        && path.symlink_metadata().is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound)
    {
        key::first(path, global)?;
    }
    secret(path)
}

/// A secret key, of fonds or of OpenSSH. That others can read its file is said.
pub(crate) fn secret(path: &Path) -> anyhow::Result<Secret> {
    let text = text(path)?;
    let wrong = |error: vouch::Error| usage(format!("{}: {error}", path.display()));
    if text.trim_start().starts_with("ssh-")
        || VerifierKey::parse(text.trim()).is_ok()
        || auth::key::is_public(&text)
    {
        return Err(usage(format!(
            "{}: this is the public half of a key; signing takes the secret one",
            path.display()
        )));
    }
    let key = match vouch::ssh::is_secret(&text) {
        true => Secret::Ssh(SshSigningKey::parse(&text).map_err(wrong)?),
        false if auth::key::is_secret(&text) => Secret::Auth(AuthSigningKey::from_pem(&text).map_err(wrong)?),
        false => Secret::Note(SigningKey::parse(&text).map_err(wrong)?),
    };
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
        if read.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::InvalidData) {
            return Err(usage(format!(
                "{}: this is no text, so neither a key nor a signature",
                path.display()
            )));
        }
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
