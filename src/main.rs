//! The command line of fonds.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
