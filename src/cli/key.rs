//! `fonds key`

use super::exit::{Exit, Outcome, usage};
use super::{Global, keys, output};
use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use fonds::disk::beside;
use fonds::manifest::{Body, Lines};
use fonds::package::{Package, layout};
use fonds::vouch::SigningKey;
use fonds::vouch::auth::AuthSigningKey;
use fonds::world::System;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Make and show the keys that sign collections.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    New(New),
    Show(Show),
    Export(Export),
    Reveal(Reveal),
}

/// Show that the holder of a key ran the sessions of an archive: open the commitments in its log.
///
/// With --sign, `archive` writes into the session's entry a hash that says nothing of the key. This prints, as JSON lines, what
/// opens it: SHA-256 of nonce, line feed and key is the operator of that session.
#[derive(clap::Args, Debug)]
struct Reveal {
    /// The secret key.
    file: PathBuf,
    /// A collection or a WACZ.
    #[arg(value_name = "DIR|FILE.wacz")]
    path: PathBuf,
}

/// Make a key, Ed25519 unless told otherwise: FILE is the secret half, FILE.pub the half to give away.
#[derive(clap::Args, Debug)]
struct New {
    /// Where the secret key goes; a file that exists is left alone.
    file: PathBuf,
    /// What signatures call the key, as an address (example.org/archive); everybody will see it [default: made of the key, says
    /// nothing of you].
    #[arg(long)]
    name: Option<String>,
    /// A P-384 key in PEM in place of the Ed25519 key: it signs the list of files, in the anonymous form of wacz-auth that other
    /// WACZ tools check.
    #[arg(long, conflicts_with = "name")]
    p384: bool,
}

/// Print the public half of a key, secret or public, and its fingerprint.
#[derive(clap::Args, Debug)]
struct Show {
    /// The key.
    file: PathBuf,
}

/// Print the public half of a key for other tools.
#[derive(clap::Args, Debug)]
struct Export {
    /// The key.
    file: PathBuf,
    /// In which form.
    #[arg(long, value_enum, default_value_t = Form::Pem)]
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For OpenSSL.
    Pem,
    /// For OpenSSH: a line of authorized_keys.
    Ssh,
    /// A verifier key of C2SP signed-note.
    Note,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    match args.action {
        Action::New(new) => {
            super::archive::println(&make(&new, global)?)?;
            Ok(Exit::Done)
        }
        Action::Show(show) => print(&show.file),
        Action::Export(export) => hand_out(&export),
        Action::Reveal(asked) => reveal(&asked),
    }
}

/// The file of the secret key, that of the public one, and the line that is printed.
fn halves(new: &New) -> anyhow::Result<(String, String, String)> {
    if new.p384 {
        let key = AuthSigningKey::generate(&System)?;
        return Ok((key.to_pem(), key.public().to_pem(), key.public().to_string()));
    }
    let key =
        SigningKey::generate(new.name.as_deref(), &System).map_err(|e| super::exit::usage(e.to_string()))?;
    let verifier = key.verifier().to_string();
    Ok((key.encode(), format!("{verifier}\n"), verifier))
}

/// A key that is used for the first time: made where it should have been.
pub(crate) fn first(file: &Path, global: Global) -> anyhow::Result<()> {
    let new = New { file: file.to_owned(), name: None, p384: false };
    output::line(&format!("{} is not there, so a new key is made", file.display()));
    make(&new, global).map(drop)
}

fn make(new: &New, global: Global) -> anyhow::Result<String> {
    let (secret, verifier, told) = halves(new)?;
    let public = beside(&new.file, ".pub");
    // Either both or none, as far as can be seen.
    anyhow::ensure!(
        public.symlink_metadata().is_err(),
        "{} exists already; fonds overwrites nothing. Choose another name",
        public.display()
    );
    write(&new.file, &secret, true)?;
    write(&public, &verifier, false)?;
    if !global.quiet {
        let (secret, public) = (new.file.display(), public.display());
        output::line(&format!(
            "{secret} is the secret key. Whoever has it can sign as you; keep a copy where the archive is not. If it is lost, \
             what it signed stays signed, and nothing more can be; if it is stolen, only time-stamps tell what was signed before."
        ));
        output::line(&format!("{public} is for those who are to check: fonds verify --key {public} ..."));
    }
    Ok(told)
}

fn write(path: &Path, text: &str, is_secret: bool) -> anyhow::Result<()> {
    let written = output::new_file(path, is_secret).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            anyhow::anyhow!(
                "{} exists already; fonds overwrites nothing. Choose another name",
                path.display()
            )
        }
        _ => {
            // What could not be written whole is of no use.
            let _ = std::fs::remove_file(path);
            anyhow::Error::new(error).context(path.display().to_string())
        }
    })
}

fn print(file: &Path) -> Outcome {
    for key in keys::either(file)? {
        super::archive::println(&key.to_string())?;
        super::archive::println(&format!("SHA-256 {}", key.fingerprint()))?;
    }
    Ok(Exit::Done)
}

fn hand_out(export: &Export) -> Outcome {
    let mut out = output::stdout();
    for key in keys::either(&export.file)? {
        match export.form {
            Form::Pem => write!(out, "{}", key.to_pem())?,
            Form::Ssh => write!(out, "{}", key.to_ssh())?,
            Form::Note => writeln!(out, "{key}")?,
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn reveal(asked: &Reveal) -> Outcome {
    let keys::Secret::Note(key) = keys::secret(&asked.file)? else {
        return Err(usage(format!("{}: only keys of fonds are committed to", asked.file.display())));
    };
    let place = || asked.path.display().to_string();
    let package = Package::open(&asked.path).with_context(place)?;
    let mut lines = Lines::new(package.read(layout::MANIFEST).with_context(place)?);
    let mut opened = 0;
    while let Some(line) = lines.next_line().with_context(place)? {
        let Ok(Body::Session(session)) = line.entry.map(|entry| entry.body) else { continue };
        let commitment = key.commitment(&session.session);
        if session.operator.as_ref() == Some(&commitment.hash) {
            opened += 1;
            let (operator, nonce, key) = (commitment.hash, commitment.nonce, key.verifier().to_string());
            let line = serde_json::json!({"session": session.session, "operator": operator, "nonce": nonce, "key": key});
            super::archive::println(&line.to_string())?;
        }
    }
    if opened == 0 {
        output::problem(&format!("{}: no session in its log is committed to this key", place()));
        return Ok(Exit::Finding);
    }
    Ok(Exit::Done)
}
