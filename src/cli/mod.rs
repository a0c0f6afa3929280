//! One file a command: flags become options, options one library call, its result is rendered, and an exit code says
//! how it went. Here alone things are printed, the environment is read, and the process ends.

mod archive;
mod cat;
mod check;
mod demo;
mod exit;
mod extract;
mod index;
mod inputs;
mod junit;
mod key;
mod keys;
mod log;
mod ls;
mod mend;
mod output;
mod pack;
mod prove;
mod record;
mod redact;
mod selftest;
mod sign;
mod stamp;
mod status;
mod unpack;
mod verify;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use exit::Outcome;
use std::process::ExitCode;

/// Captures web pages into WARC, proves what it captured, and gets the clean article text back out of any WARC.
#[derive(Parser)]
#[command(name = "fonds", version, max_term_width = 100, after_help = exit::HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Global {
    /// Say more.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// Say only what went wrong.
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Archive(Box<archive::Args>),
    Record(Box<record::Args>),
    Status(status::Args),
    Verify(verify::Args),
    Extract(extract::Args),
    Ls(ls::Args),
    Cat(cat::Args),
    Index(index::Args),
    Mend(mend::Args),
    Key(key::Args),
    Sign(sign::Args),
    Log(log::Args),
    Redact(redact::Args),
    Prove(prove::Args),
    Check(check::Args),
    Pack(pack::Args),
    Unpack(unpack::Args),
    Stamp(stamp::Args),
    Selftest(selftest::Args),
    Demo(demo::Args),
}

/// Runs the program, and maps what happened to an exit code.
pub(crate) fn run() -> ExitCode {
    let parsed = command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return exit::of_usage(&error),
    };
    match dispatch(cli) {
        Ok(exit) => exit.into(),
        Err(error) => exit::of_error(&error),
    }
}

/// Every command's help ends with the exit codes.
pub(crate) fn command() -> clap::Command {
    Cli::command().mut_subcommands(|command| command.after_help(exit::HELP))
}

fn dispatch(cli: Cli) -> Outcome {
    let global = cli.global;
    match cli.command {
        Command::Archive(args) => archive::run(*args, global),
        Command::Record(args) => record::run(*args, global),
        Command::Status(args) => status::run(args, global),
        Command::Verify(args) => verify::run(args, global),
        Command::Extract(args) => extract::run(args, global),
        Command::Ls(args) => ls::run(args, global),
        Command::Cat(args) => cat::run(args, global),
        Command::Index(args) => index::run(args, global),
        Command::Mend(args) => mend::run(args, global),
        Command::Key(args) => key::run(args, global),
        Command::Sign(args) => sign::run(args, global),
        Command::Log(args) => log::run(args, global),
        Command::Redact(args) => redact::run(args, global),
        Command::Prove(args) => prove::run(args, global),
        Command::Check(args) => check::run(args, global),
        Command::Pack(args) => pack::run(args, global),
        Command::Unpack(args) => unpack::run(args, global),
        Command::Stamp(args) => stamp::run(&args, global),
        Command::Selftest(args) => selftest::exec(args, global),
        Command::Demo(args) => demo::run(args, global),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }
}
