//! Words for people on stderr, results on stdout.

use fonds::finding::{Finding, Severity};
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// Buffered standard output; errors (a full disk, a closed pipe) are the caller's to pass on.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(64 * 1024, io::stdout().lock())
}

/// A new file; a secret one for its owner alone.
pub(crate) fn new_file(path: &std::path::Path, is_secret: bool) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if is_secret { 0o600 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = is_secret;
    options.open(path)
}

/// One line about something that went wrong.
pub(crate) fn problem(message: &str) {
    line(&format!("fonds: {message}"));
}

/// One line for a person.
pub(crate) fn line(message: &str) {
    // Nobody is left to tell where stderr is closed.
    let _ = writeln!(io::stderr().lock(), "{}", printable(message));
}

/// A line that is written over by the next one, where standard error is a terminal.
pub(crate) struct Progress {
    shown: bool,
    terminal: bool,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { shown: false, terminal: !quiet && io::stderr().is_terminal() }
    }

    pub(crate) fn show(&mut self, message: &str) {
        if self.terminal {
            self.shown = true;
            let _ = write!(io::stderr().lock(), "\r\x1b[K{}", printable(message));
        }
    }

    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// A finding in one line.
pub(crate) fn finding(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let place = match finding.offset {
        Some(offset) => format!("{} at byte {offset}", finding.file),
        None => finding.file.clone(),
    };
    let record = finding.record.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    printable(&format!("{severity}: {place}: {}{record} [{}]", finding.message, finding.code))
}

/// What an archive holds must not steer the terminal: control characters are shown, not sent.
pub(crate) fn printable(text: &str) -> String {
    let shown = |c: char| {
        if c.is_control() && c != '\t' { c.escape_default().collect() } else { vec![c] }
    };
    text.chars().flat_map(shown).collect()
}

/// A number of bytes for people.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (n as f64, "B");
    for larger in UNITS {
        if value < 1000.0 {
            break;
        }
        (value, unit) = (value / 1000.0, larger);
    }
    if unit == "B" { format!("{n} B") } else { format!("{value:.1} {unit}") }
}

/// Refuses a new file or directory within the collection that it is made of: it would be one of its files.
pub(crate) fn outside(collection: &std::path::Path, out: &std::path::Path) -> anyhow::Result<()> {
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(std::path::Path::new("."));
    let (Ok(root), Ok(parent)) = (collection.canonicalize(), parent.canonicalize()) else { return Ok(()) };
    match root.is_dir() && parent.starts_with(&root) {
        true => Err(super::exit::usage(format!(
            "{} lies within {}; what is written there would break the collection",
            out.display(),
            collection.display()
        ))),
        false => Ok(()),
    }
}
