//! One file a page, and an index of them.

use super::Format;
use super::sink::temporary_beside;
use crate::cli::output;
use anyhow::Context;
use fonds::extract::Source;
use fonds::records::file_name;
use serde_json::Value;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The index in the directory.
const INDEX: &str = "index.jsonl";

/// What became of a page's file.
pub(super) enum Written {
    /// It is there, or there is none to write.
    New,
    /// Something had its name.
    Exists(PathBuf),
}

/// A directory that pages are written into.
pub(super) struct Directory {
    path: PathBuf,
    suffix: &'static str,
    index: File,
}

impl Directory {
    /// Makes the directory, or takes one that is there and has no index yet.
    pub(super) fn open(path: &Path, format: Format) -> anyhow::Result<Self> {
        let shown = || path.display().to_string();
        if path.is_file() {
            anyhow::bail!("{} is a file; -o takes a directory, new or empty", path.display());
        }
        std::fs::create_dir_all(path).with_context(shown)?;
        let index = path.join(INDEX);
        let index = output::new_file(&index, false).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => anyhow::anyhow!(
                "{} exists, and nothing is overwritten; give another directory",
                index.display()
            ),
            _ => anyhow::Error::new(error).context(index.display().to_string()),
        })?;
        let suffix = match format {
            Format::Markdown => "md",
            Format::Jsonl => "json",
            Format::Text | Format::Wet => "txt",
        };
        Ok(Self { path: path.to_owned(), suffix, index })
    }

    /// Writes a page's file, if there is a text, and its line of the index. Where a file of that name is there, it is left
    /// as it is.
    pub(super) fn page(
        &mut self,
        source: &Source,
        mut line: Value,
        text: Option<&[u8]>,
    ) -> anyhow::Result<Written> {
        let name = text.map(|_| self.name(source));
        if let (Some(name), Some(text)) = (&name, text)
            && !self.write(name, text)?
        {
            return Ok(Written::Exists(self.path.join(name)));
        }
        if let Some(map) = line.as_object_mut() {
            // What the page's own file holds.
            map.remove("text");
            map.remove("comments");
            map.insert("output".to_owned(), name.into());
        }
        let line = format!("{line}\n");
        self.index.write_all(line.as_bytes()).with_context(|| self.path.join(INDEX).display().to_string())?;
        Ok(Written::New)
    }

    /// A page's name depends on the record alone; without an id, on where it is.
    fn name(&self, source: &Source) -> String {
        let place = source.offset.map(|offset| offset.to_string()).unwrap_or_default();
        let id = source.id.as_str();
        let identity = if source.record.is_some() { vec![id] } else { vec![id, &source.file, &place] };
        let url = source.url.as_deref().unwrap_or_else(|| last_part(&source.file));
        format!("{}.{}", file_name(source.date.as_deref(), url, &identity), self.suffix)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<bool> {
        let path = self.path.join(name);
        let shown = || path.display().to_string();
        let (mut file, temporary) = temporary_beside(&path)?;
        file.write_all(bytes).with_context(shown)?;
        match temporary.persist_noclobber(&path) {
            Ok(()) => Ok(true),
            Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(failed) => Err(failed.error).with_context(shown),
        }
    }

    /// Makes the index durable.
    pub(super) fn close(self) -> anyhow::Result<()> {
        self.index.sync_all().with_context(|| self.path.join(INDEX).display().to_string())
    }
}

fn last_part(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}
