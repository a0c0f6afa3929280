//! `fonds selftest`

use super::exit::{Exit, Outcome};
use super::{Global, inputs, output};
use anyhow::Context;
use clap::ValueEnum;
use fonds::selftest::{Report, Status, run};
use std::io::Write;
use std::path::PathBuf;

/// Try the recorder of this build against a server that misbehaves, on loopback, over TCP and TLS.
///
/// Every case is recorded to a WARC, read back, verified, and held byte for byte against the server's own copy. `exact`:
/// all that was sent stands in the record. `expected`: the record is what it must be for what the server did (marked as cut,
/// without bytes that belong to no message, or a failure). `lost`: anything else; the exit code is then 1.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Keep the WARC here; a file that exists is left alone.
    #[arg(short, long, value_name = "FILE.warc.gz")]
    output: Option<PathBuf>,
    /// How the matrix is written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Columns for people.
    Human,
    /// One JSON object: cases, each with name, transport, status and detail.
    Json,
}

pub(crate) fn exec(args: Args, global: Global) -> Outcome {
    let room = tempfile::tempdir_in(inputs::spool()).context("a temporary directory")?;
    let warc = args.output.unwrap_or_else(|| room.path().join("selftest.warc.gz"));
    let mut progress = output::Progress::new(global.quiet);
    let report = run(&warc, room.path(), &mut |done, of| progress.show(&format!("{done} of {of}")))
        .with_context(|| warc.display().to_string())?;
    progress.clear();
    let mut out = output::stdout();
    match args.format {
        Format::Human => table(&report, &mut out)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(if report.count(Status::Lost) == 0 { Exit::Done } else { Exit::Finding })
}

fn table(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    for case in &report.cases {
        let status = match case.status {
            Status::Exact => "exact",
            Status::Expected => "expected",
            Status::Lost => "LOST",
        };
        let line = format!("{:<8} {:<3} {:<32} {}", status, case.transport, case.name, case.detail);
        writeln!(out, "{}", output::printable(&line))?;
    }
    writeln!(
        out,
        "{} cases: {} exact, {} as expected, {} lost",
        report.cases.len(),
        report.count(Status::Exact),
        report.count(Status::Expected),
        report.count(Status::Lost)
    )
}
