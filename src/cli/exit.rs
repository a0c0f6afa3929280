//! Exit codes, the same for every command (docs/exit-codes.md).

use super::output;
use std::io;
use std::process::ExitCode;

/// Shown at the end of every help.
pub(crate) const HELP: &str = "Exit codes: 0 done; 1 done, with a bad finding; 2 usage; 3 the required level is not reached; \
4 an input cannot be read, or another I/O error; 5 out of space; 64 a bug; 130, 143 interrupted.";

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Done, with a bad finding.
    Finding,
    /// The command line does not say what to do.
    Usage,
    /// Intact, but the level asked for is not reached.
    Level,
    /// An input cannot be read, or another I/O error.
    Io,
    /// Out of space.
    Space,
    /// Interrupted by Ctrl-C.
    Interrupted,
    /// Terminated.
    Terminated,
    /// As the command ended that was run.
    Command(u8),
}

impl Exit {
    /// The first that was not well.
    pub(crate) fn or(self, other: Self) -> Self {
        if self == Self::Done { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Finding => 1,
            Exit::Usage => 2,
            Exit::Level => 3,
            Exit::Io => 4,
            Exit::Space => 5,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
            Exit::Command(code) => code,
        })
    }
}

/// What a command gives: how it ended, or an error that ended it.
pub(crate) type Outcome = anyhow::Result<Exit>;

/// An error whose exit code is known where it is made.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failed {
    exit: Exit,
    message: String,
}

/// A usage error that only the command itself could see.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    Failed { exit: Exit::Usage, message: message.into() }.into()
}

/// clap's own words; help and version are no errors.
pub(crate) fn of_usage(error: &clap::Error) -> ExitCode {
    let wanted = !error.use_stderr();
    // The terminal may be gone; there is nobody left to tell.
    let _ = error.print();
    if wanted { Exit::Done.into() } else { Exit::Usage.into() }
}

/// One line on stderr, and the code that fits the error's cause.
pub(crate) fn of_error(error: &anyhow::Error) -> ExitCode {
    let exit = classify(error);
    // A reader that has seen enough is no failure.
    if is_broken_pipe(error) {
        return Exit::Done.into();
    }
    output::problem(&in_words(error));
    exit.into()
}

/// The error and its causes in one line; a cause that its error has told already is not told again.
pub(crate) fn in_words(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        _ if told.contains(&cause) => told,
        _ => format!("{told}: {cause}"),
    })
}

fn classify(error: &anyhow::Error) -> Exit {
    if let Some(failed) = error.chain().find_map(|e| e.downcast_ref::<Failed>()) {
        return failed.exit;
    }
    match io_kind(error) {
        Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge) => {
            Exit::Space
        }
        _ => Exit::Io,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    io_kind(error) == Some(io::ErrorKind::BrokenPipe)
}

/// The kind of the I/O error at the bottom of it; serde_json hides its own in itself.
fn io_kind(error: &anyhow::Error) -> Option<io::ErrorKind> {
    error.chain().find_map(|cause| {
        let plain = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        plain.or_else(|| cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_cause_is_told_once() {
        let error =
            Err::<(), _>(io::Error::other("x is gone")).context("reading x").context("reading x: x is gone");
        assert_eq!(error.map_err(|e| in_words(&e)), Err("reading x: x is gone".to_owned()));
    }
}
