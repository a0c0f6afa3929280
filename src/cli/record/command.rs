//! The program whose fetches are recorded.

use super::super::archive::interrupted;
use super::super::output;
use anyhow::Context;
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus};
use tokio::sync::{oneshot, watch};

/// Where programs look for their proxy; both cases are in use.
const PROXY: [&str; 3] = ["http_proxy", "https_proxy", "all_proxy"];
/// Where they look for authorities to trust: OpenSSL, curl, Python's requests and pip, Node, Git, Cargo, Deno, AWS.
const TRUST: [&str; 9] = [
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "DENO_CERT",
    "AWS_CA_BUNDLE",
];

/// A running program.
pub(super) struct Child {
    id: u32,
    ended: oneshot::Receiver<std::io::Result<ExitStatus>>,
}

impl Child {
    pub(super) fn start(
        program: &OsStr,
        arguments: &[OsString],
        proxy: SocketAddr,
        certificate: &Path,
    ) -> anyhow::Result<Self> {
        let proxy = format!("http://{proxy}");
        let mut command = Command::new(program);
        command.args(arguments);
        for name in PROXY {
            command.env(name, &proxy).env(name.to_ascii_uppercase(), &proxy);
        }
        command.env("no_proxy", "").env("NO_PROXY", "");
        for name in TRUST {
            command.env(name, certificate);
        }
        let mut child =
            command.spawn().with_context(|| format!("cannot start {}", program.to_string_lossy()))?;
        let (tell, ended) = oneshot::channel();
        let id = child.id();
        std::thread::spawn(move || {
            // Nobody listens any more where fonds itself failed.
            let _ = tell.send(child.wait());
        });
        Ok(Self { id, ended })
    }

    /// Waits for its end, then has the recording stopped. Until then Ctrl-C is for the program, which gets it from the
    /// terminal as we do; being terminated is passed on to it.
    pub(super) async fn wait(
        mut self,
        stop: watch::Sender<bool>,
        abort: watch::Sender<bool>,
    ) -> std::io::Result<ExitStatus> {
        let status = loop {
            tokio::select! {
                status = &mut self.ended => break status.map_err(std::io::Error::other)?,
                by_termination = interrupted() => if by_termination? { terminate(self.id) },
            }
        };
        // The run may have ended by an error of its own.
        let _ = stop.send(true);
        tokio::spawn(async move {
            if interrupted().await.is_ok() {
                output::problem("stopping at once");
                let _ = abort.send(true);
            }
            std::future::pending::<()>().await;
        });
        status
    }
}

#[cfg(unix)]
fn terminate(id: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // It may have ended in between.
        let _ = kill_process(pid, Signal::TERM);
    }
}

#[cfg(not(unix))]
fn terminate(_: u32) {}

/// As shells tell it: 128 and the signal's number where a signal ended it.
pub(super) fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
