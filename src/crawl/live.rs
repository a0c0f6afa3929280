//! Settings that may be changed while a run goes on, by writing to a file.

use super::Pattern;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Files that are read at the beginning, and again whenever they change.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Regular expressions, one a line: what matches is not begun any more. Empty lines and lines that begin with # are passed
    /// over.
    pub exclude: Option<PathBuf>,
    /// Seconds between two requests to a host, as a number.
    pub delay: Option<PathBuf>,
}

/// What stands in the files.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What is excluded.
    pub exclude: Vec<Pattern>,
    /// The delay.
    pub delay: Option<Duration>,
}

impl Live {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong, with file and line.
    pub fn read(&self) -> Result<Settings, String> {
        let exclude = self.exclude.as_deref().map(patterns).transpose()?;
        let delay = self.delay.as_deref().map(delay).transpose()?;
        Ok(Settings { exclude: exclude.unwrap_or_default(), delay })
    }
}

/// Seconds, with a fraction or without.
///
/// # Errors
/// What it is instead.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.trim().parse::<f64>().ok().filter(|seconds| (0.0..=86_400.0).contains(seconds));
    seconds
        .map(Duration::from_secs_f64)
        .ok_or_else(|| format!("{text:?} is not a number of seconds, at most a day"))
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn delay(path: &Path) -> Result<Duration, String> {
    seconds(read(path)?.trim()).map_err(|e| format!("{}: {e}", path.display()))
}

fn patterns(path: &Path) -> Result<Vec<Pattern>, String> {
    let text = read(path)?;
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let pattern = |(number, line): (usize, &str)| {
        Pattern::new(line).map_err(|e| format!("{}, line {}: {e}", path.display(), number + 1))
    };
    lines.map(pattern).collect()
}

/// Notices when the files change.
#[derive(Debug)]
pub(super) struct Watch {
    live: Live,
    seen: [Option<(SystemTime, u64)>; 2],
}

impl Watch {
    pub(super) fn new(live: &Live) -> Self {
        let mut watch = Self { live: live.clone(), seen: [None; 2] };
        watch.seen = watch.look();
        watch
    }

    /// What stands there now, if it has changed.
    pub(super) fn changed(&mut self) -> Option<Result<Settings, String>> {
        let now = self.look();
        (now != std::mem::replace(&mut self.seen, now)).then(|| self.live.read())
    }

    fn look(&self) -> [Option<(SystemTime, u64)>; 2] {
        let state = |path: &PathBuf| -> io::Result<(SystemTime, u64)> {
            let metadata = path.metadata()?;
            Ok((metadata.modified()?, metadata.len()))
        };
        [&self.live.exclude, &self.live.delay].map(|path| path.as_ref().and_then(|path| state(path).ok()))
    }
}

/// A list of settings for a person, in one line.
pub(super) fn describe(settings: &Settings) -> String {
    let mut line = String::from("settings were read again:");
    if let Some(delay) = settings.delay {
        // Writing to a string does not fail.
        let _ = write!(line, " delay {} s,", delay.as_secs_f64());
    }
    let _ = write!(line, " {} patterns exclude", settings.exclude.len());
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn files_are_read_again_when_they_change() {
        let dir = tempfile::tempdir().unwrap();
        let (exclude, delay) = (dir.path().join("exclude"), dir.path().join("delay"));
        std::fs::write(&exclude, "# none yet\n\n").unwrap();
        std::fs::write(&delay, "0.5\n").unwrap();
        let live = Live { exclude: Some(exclude.clone()), delay: Some(delay.clone()) };
        assert_eq!(live.read().unwrap().delay, Some(Duration::from_millis(500)));
        let mut watch = Watch::new(&live);
        assert!(watch.changed().is_none());
        std::fs::write(&exclude, "# one\n/private/\n").unwrap();
        let settings = watch.changed().unwrap().unwrap();
        assert_eq!(settings.exclude.first().unwrap().as_str(), "/private/");
        std::fs::write(&exclude, "# one\n(\n").unwrap();
        assert!(watch.changed().unwrap().unwrap_err().contains("line 2"));
        std::fs::write(&delay, "often").unwrap();
        assert!(watch.changed().unwrap().is_err());
        assert!(watch.changed().is_none(), "a mistake is told once");
    }

    #[test]
    fn seconds_are_what_a_person_writes() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in ["", "-1", "inf", "NaN", "1s", "1e9"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
