//! What vouches for a collection once it is sealed, by the flags of a capture.

use super::Output;
use crate::cli::exit::{Exit, in_words};
use crate::cli::stamp::{Asked, stamp};
use crate::cli::{Global, keys, output};
use fonds::crawl::{Anchors, Archive};
use fonds::input::remote::Client;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(clap::Args, Debug)]
pub(crate) struct Vouch {
    /// Sign the sealed collection with this key (see `fonds key new`); it is made if it is not there.
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    #[command(flatten)]
    asked: Asked,
    /// Ask the first of the authorities when the capture begins, and then every so many seconds, to time-stamp the log so far,
    /// and write the answers into it (anchors): what stands behind one was written after its time. Not remembered by --resume.
    #[arg(long, value_name = "SECONDS", requires = "tsa", value_parser = clap::value_parser!(u64).range(1..))]
    anchor_every: Option<u64>,
}

impl Vouch {
    /// True where anything is to vouch for the collection.
    pub(crate) fn is_given(&self) -> bool {
        self.sign.is_some() || !self.asked.tsa.is_empty()
    }

    /// Read before anything is captured: a key that is none is told at once, and an address too.
    pub(crate) fn seal(&self, ca: &[PathBuf], proxy: Option<&str>, global: Global) -> anyhow::Result<Seal> {
        let key = |path: &PathBuf| anyhow::Ok((keys::secret_or_new(path, global)?, path.clone()));
        let urls = self.asked.tsa.clone();
        let client = (!urls.is_empty()).then(|| self.asked.client(ca, proxy)).transpose()?;
        let every = self.anchor_every.map(Duration::from_secs);
        let first = client.as_ref().zip(urls.first()).zip(every);
        let anchors = first.map(|((client, url), every)| Anchors::new(client.clone(), url, every));
        Ok(Seal {
            anchors,
            key: self.sign.as_ref().map(key).transpose()?,
            authorities: client.map(|client| (client, urls)),
        })
    }
}

/// A key that is to sign, and authorities that are to say when.
#[derive(Debug, Default)]
pub(crate) struct Seal {
    key: Option<(keys::Secret, PathBuf)>,
    authorities: Option<(Client, Vec<String>)>,
    /// What is to say the time while the capture runs.
    anchors: Option<Anchors>,
}

impl Seal {
    /// What the session's entry says of who runs it: nothing that anybody else can read.
    pub(super) fn operator(&self, session: &str) -> Option<String> {
        match &self.key {
            Some((keys::Secret::Note(key), _)) => Some(key.commitment(session).hash),
            _ => None,
        }
    }

    /// The first anchor, before anything is captured. Without it the capture has no bound below, which is said.
    pub(super) fn anchor(&mut self, archive: &mut Archive) -> anyhow::Result<()> {
        let Some(anchors) = self.anchors.take() else { return Ok(()) };
        if let Some(problem) = archive.anchor_by(anchors)? {
            output::problem(&format!(
                "no anchor: {problem}; the capture goes on, and it will be asked for again"
            ));
        }
        Ok(())
    }
}

/// Signs and time-stamps a collection that has been sealed. Where that fails the collection is no worse for it, which is said.
pub(super) fn vouch(output: &Output, global: Global) -> Exit {
    let last = output.seal.key.as_ref().is_some_and(|(key, _)| key.is_last());
    // What is signed later, the time-stamp would not cover; but one kind of signature covers the time-stamp.
    let first = if last { time(output, global) } else { sign(output) };
    match first {
        Exit::Done if last => sign(output),
        Exit::Done => time(output, global),
        failed => failed,
    }
}

fn sign(output: &Output) -> Exit {
    let Some((key, path)) = &output.seal.key else { return Exit::Done };
    let Err(error) = key.sign(&output.directory) else { return Exit::Done };
    output::problem(&format!(
        "{} is sealed and intact, but not signed: {}; `fonds sign {} --key {}` tries again",
        output.directory.display(),
        in_words(&error),
        place(output).display(),
        path.display()
    ));
    Exit::Io
}

fn time(output: &Output, global: Global) -> Exit {
    let Some((client, urls)) = &output.seal.authorities else { return Exit::Done };
    let exit = stamp(&output.directory, client, urls, global).unwrap_or_else(|error| {
        output::problem(&in_words(&error));
        Exit::Io
    });
    if exit != Exit::Done {
        let again: Vec<String> = urls.iter().map(|url| format!("--tsa {url}")).collect();
        output::problem(&format!(
            "{} is sealed and intact, but not time-stamped by all that were asked; `fonds stamp {} {}` tries again",
            output.directory.display(),
            place(output).display(),
            again.join(" ")
        ));
    }
    exit
}

/// Where the collection will be.
fn place(output: &Output) -> &Path {
    output.wacz.as_deref().unwrap_or(&output.directory)
}
