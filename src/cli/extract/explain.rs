//! `--explain`: one page, and why it came out as it did.

use super::gather::{Gather, Piece};
use super::render::source;
use super::sink::temporary_beside;
use super::voice::Voice;
use super::{Args, Global};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::inputs::Inputs;
use crate::cli::output;
use anyhow::Context;
use fonds::extract::{Options, Page, explain, report};
use fonds::records::same_url;
use std::io::Write;
use std::path::Path;

pub(super) fn run(url: &str, args: &Args, found: &Inputs, global: Global) -> Outcome {
    let voice = Voice::new(global);
    let (mut first, mut others): (Option<Piece>, Vec<String>) = (None, Vec::new());
    let mut push = |piece: Piece| {
        if is_wanted(&piece, url) {
            match &first {
                None => first = Some(piece),
                Some(_) => others.push(piece.page.date.unwrap_or_default()),
            }
        }
        Ok(())
    };
    let mut gather = Gather::new(&args.choice, args.all, false, &voice, &mut push);
    gather.inputs(&found.inputs)?;
    let unreadable = gather.unreadable || found.unreadable;
    drop(gather);
    let Some(piece) = first else {
        voice.problem(&format!("{url}: no page of this URL was found; `fonds ls` shows what there is"));
        return Ok(if unreadable { Exit::Io } else { Exit::Finding });
    };
    if !others.is_empty() {
        voice.problem(&format!(
            "{url}: this is the first of {} captures; --since chooses a later one ({})",
            others.len() + 1,
            others.join(", ")
        ));
    }
    if let Some(problem) = &piece.problem {
        voice.problem(&format!("{}: {problem}", piece.name()));
        return Ok(Exit::Finding);
    }
    write(&html(&piece), args.output.as_deref())?;
    Ok(if unreadable { Exit::Io } else { Exit::Done })
}

fn is_wanted(piece: &Piece, url: &str) -> bool {
    match &piece.page.url {
        Some(own) => same_url(own, url),
        None => piece.file == url || piece.file.ends_with(&format!("/{url}")),
    }
}

fn html(piece: &Piece) -> String {
    let page = &piece.page;
    let page =
        Page { bytes: &page.bytes, content_type: page.content_type.as_deref(), url: page.url.as_deref() };
    report(&explain(&page, &Options::default()), &source(piece))
}

/// To a new file, whole or not at all, or to standard output.
fn write(html: &str, path: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = path else {
        let mut out = output::stdout();
        return out.write_all(html.as_bytes()).and_then(|()| out.flush()).context("standard output");
    };
    let shown = || path.display().to_string();
    let (mut file, temporary) = temporary_beside(path)?;
    file.write_all(html.as_bytes()).with_context(shown)?;
    temporary.persist_noclobber(path).map_err(|failed| match failed.error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            anyhow::anyhow!("{} exists, and nothing is overwritten; give another name", path.display())
        }
        _ => anyhow::Error::new(failed.error).context(path.display().to_string()),
    })
}
