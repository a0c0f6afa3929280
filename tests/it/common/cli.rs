//! The program, run in an environment of its own.

use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Longest that any command of a test may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Run {
    /// The same, if it ended with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        let out = String::from_utf8_lossy(&self.stdout[..self.stdout.len().min(4000)]);
        assert_eq!(self.code, code, "stderr: {}\nstdout: {out}", self.stderr);
        self
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap()
    }

    /// stdout as JSON lines.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// stderr, if it is one line for a person: no debug output, no control characters.
    #[track_caller]
    pub(crate) fn one_line(&self) -> &str {
        let line = self.stderr.strip_suffix('\n').unwrap_or(&self.stderr);
        assert!(!line.is_empty() && !line.contains('\n'), "not one line: {:?}", self.stderr);
        assert!(!line.contains("Error {") && !line.contains("Some("), "debug output: {line}");
        line
    }
}

/// The program with nothing of this environment but what a process needs.
pub(crate) fn command() -> assert_cmd::Command {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_fonds"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("TMPDIR", std::env::temp_dir()).timeout(PATIENCE);
    command
}

/// Runs it.
pub(crate) fn fonds<A: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = A>) -> Run {
    run(command().args(args))
}

/// Runs it with something on standard input.
pub(crate) fn fonds_reading(input: Vec<u8>, args: &[&str]) -> Run {
    run(command().args(args).write_stdin(input))
}

fn run(command: &mut assert_cmd::Command) -> Run {
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    Run { code: output.status.code().unwrap_or(-1), stdout: output.stdout, stderr }
}

/// Archives these URLs into `out`; `localhost` is here whatever the machine's resolver says.
pub(crate) fn archive(out: &Path, urls: &[&url::Url], options: &[&str]) -> Run {
    let mut args = vec!["archive", "-o", out.to_str().unwrap(), "--resolve", "localhost:127.0.0.1"];
    args.extend(options);
    args.extend(urls.iter().map(|url| url.as_str()));
    fonds(args)
}
