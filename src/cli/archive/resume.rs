//! `--resume`: the command line as it was, with what is given now.

use super::Args;
use crate::cli::exit::usage;
use crate::cli::output;
use crate::cli::{Cli, Command, command};
use clap::{ArgAction, FromArgMatches};
use fonds::crawl::{Job, Recalled, recall};
use fonds::manifest::Session;
use fonds::package::{authed, vouched};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use url::Url;

/// What no log says: where things are, keys and secrets. A collection that does was not written by fonds.
const UNRECORDED: [&str; 5] = ["header", "input", "output", "resume", "sign"];

/// Settings as the collection's last session had them, but for those that are given now; and what else it tells.
pub(super) fn recalled(mut args: Args) -> anyhow::Result<(Args, Option<Recalled>)> {
    args.resume = args.resume.map(standing);
    let Some(directory) = &args.resume else { return Ok((args, None)) };
    let recalled = recall(directory)?;
    let line = command_line(&recalled, std::env::args_os().collect())?;
    let matches = command().try_get_matches_from(line).map_err(|e| usage(e.to_string()))?;
    match Cli::from_arg_matches(&matches).map_err(|e| usage(e.to_string()))?.command {
        Command::Archive(mut args) => {
            args.resume = args.resume.map(standing);
            Ok((*args, Some(recalled)))
        }
        _ => Ok((args, Some(recalled))),
    }
}

/// What a collection's last run was asked for, as far as the log says it, for looking at what is left of it.
pub(crate) fn recalled_job(directory: &Path) -> anyhow::Result<Job> {
    let recalled = recall(directory)?;
    let given = ["fonds", "archive", "--resume"].map(OsString::from);
    let line = command_line(&recalled, given.into_iter().chain([directory.into()]).collect())?;
    let matches = command().try_get_matches_from(line).map_err(|e| usage(e.to_string()))?;
    let Command::Archive(mut args) =
        Cli::from_arg_matches(&matches).map_err(|e| usage(e.to_string()))?.command
    else {
        return Err(usage("the log does not tell of a capture"));
    };
    // They may be gone, and change nothing of what was.
    (args.crawl.exclude_file, args.crawl.delay_file) = (None, None);
    let job = args.crawl.job(super::this_year())?;
    Ok(Job { user_agent: recalled.user_agent, seeds: recalled.seeds, digest: args.digest.form(), ..job })
}

/// A WACZ that was not finished stands beside its name.
fn standing(path: PathBuf) -> PathBuf {
    let mut part = path.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    if !path.exists() && part.is_dir() { part } else { path }
}

/// The settings go behind the name of the command, in front of what is given.
fn command_line(recalled: &Recalled, given: Vec<OsString>) -> anyhow::Result<Vec<OsString>> {
    let at = given.iter().position(|argument| argument == "archive").map_or(given.len(), |at| at + 1);
    let (before, after) = given.split_at_checked(at).unwrap_or((&given, &[]));
    let mut line = before.to_vec();
    let agent = ("user-agent", recalled.user_agent.as_str());
    let options = recalled.options.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in options.chain([agent]) {
        let flag = format!("--{name}");
        let is_given = after.iter().any(|argument| {
            let argument = argument.to_string_lossy();
            argument == flag.as_str() || argument.starts_with(&format!("{flag}="))
        });
        if !is_given {
            line.extend(arguments(name, value)?.into_iter().map(OsString::from));
        }
    }
    line.extend_from_slice(after);
    Ok(line)
}

/// A setting of the log as arguments: a list stands there in JSON, or with spaces between its values.
fn arguments(name: &str, value: &str) -> anyhow::Result<Vec<String>> {
    let command = command();
    let archive = command.find_subcommand("archive");
    let argument = archive.and_then(|archive| archive.get_arguments().find(|a| a.get_long() == Some(name)));
    let Some(argument) = argument.filter(|_| !UNRECORDED.contains(&name)) else {
        let version = env!("CARGO_PKG_VERSION");
        return Err(usage(format!(
            "the collection was captured with the setting {name}, which fonds {version} does not have"
        )));
    };
    Ok(match argument.get_action() {
        ArgAction::SetTrue if matches!(value, "true" | "yes") => vec![format!("--{name}")],
        ArgAction::SetTrue => Vec::new(),
        ArgAction::Append => {
            let values = serde_json::from_str::<Vec<String>>(value);
            let values = values.unwrap_or_else(|_| value.split(' ').map(str::to_owned).collect());
            values.into_iter().map(|value| format!("--{name}={value}")).collect()
        }
        _ => vec![format!("--{name}={value}")],
    })
}

/// The seeds of the collection, then those that are named now and are not among them.
pub(super) fn seeds(recalled: &Recalled, named: Vec<Url>) -> Vec<Url> {
    let mut seeds = recalled.seeds.clone();
    let known: std::collections::HashSet<Url> = seeds.iter().cloned().collect();
    seeds.extend(named.into_iter().filter(|url| !known.contains(url)));
    seeds
}

/// What is not kept must be given again: without it the same URLs would give something else.
pub(super) fn require_secrets(
    directory: &Path,
    recalled: &Recalled,
    session: &Session,
) -> anyhow::Result<()> {
    let missing: Vec<&str> = recalled
        .redacted
        .iter()
        .filter(|name| !session.redacted.contains(name))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(usage(format!(
        "{} was captured with secrets, which are kept nowhere; give them again: {}",
        directory.display(),
        missing.join(", ")
    )))
}

/// What vouches for the archive as it was covers none of what is added; that is no setting, so it is not asked for again by
/// itself.
pub(super) fn say_unvouched(directory: &Path, is_signed_now: bool) {
    if authed::is_signed(directory).unwrap_or(false) {
        output::problem(
            "its wacz-auth signature is over all of its files, so it goes; `fonds sign` makes it anew",
        );
    } else if !is_signed_now && vouched::is_vouched(directory).unwrap_or(false) {
        output::line(
            "signatures and time-stamps that it has stay over what was there; --sign and --tsa, given again, cover what is added",
        );
    }
}

/// The WACZ that a directory was to become.
pub(super) fn wacz(directory: &Path) -> Option<PathBuf> {
    let name = directory.file_name()?.to_str()?.strip_suffix(".part")?;
    name.to_ascii_lowercase().ends_with(".wacz").then(|| directory.with_file_name(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn line(options: &[(&str, &str)], given: &[&str]) -> anyhow::Result<Vec<String>> {
        let recalled = Recalled {
            options: options.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            user_agent: "me".to_owned(),
            ..Recalled::default()
        };
        let line = command_line(&recalled, given.iter().map(OsString::from).collect())?;
        Ok(line.into_iter().map(|argument| argument.into_string().unwrap()).collect())
    }

    #[test]
    fn the_command_line_is_that_of_the_last_session_with_what_is_given_now() {
        let options = [("resolve", "a:127.0.0.1 b:127.0.0.2"), ("scope", "page"), ("timeout", "5")];
        let given = ["fonds", "-q", "archive", "--resume", "c", "--timeout=9", "--user-agent", "you"];
        assert_eq!(
            line(&options, &given).unwrap(),
            [
                "fonds",
                "-q",
                "archive",
                "--resolve=a:127.0.0.1",
                "--resolve=b:127.0.0.2",
                "--scope=page",
                "--resume",
                "c",
                "--timeout=9",
                "--user-agent",
                "you"
            ]
        );
        for unknown in ["of-the-future", "input", "header", "sign"] {
            let error = line(&[(unknown, "1")], &given).unwrap_err();
            assert!(error.to_string().contains(unknown), "{error}");
        }
    }

    #[test]
    fn a_directory_that_was_to_become_a_wacz_still_does() {
        assert_eq!(wacz(Path::new("a/b.wacz.part")), Some("a/b.wacz".into()));
        assert_eq!(wacz(Path::new("a/b.part")), None);
        assert_eq!(wacz(Path::new("a/b.wacz")), None);
    }
}
