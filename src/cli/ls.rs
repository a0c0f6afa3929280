//! `fonds ls`

use super::exit::{Exit, Outcome};
use super::inputs::{self, Jobs, ReadArgs};
use super::{Global, output};
use clap::ValueEnum;
use fonds::records::{Row, rows};
use std::cell::RefCell;
use std::io::{self, Write};

/// List records: one line each with offset, length, type, date, status, media type and URL.
///
/// Offsets are those of gzip members (or of records, uncompressed): what `fonds cat --offset` takes. Exit code 1 where an
/// input is damaged, or a package holds no WARC; what could be read is listed all the same.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    read: ReadArgs,
    /// How rows are written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Only records of these types (response, request, …).
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,
    /// Only records whose URL matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    url: Option<regex::Regex>,
    /// Only responses with these HTTP statuses.
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<u16>,
    /// Only records whose media type begins so, such as text/html.
    #[arg(long, value_name = "TYPE")]
    mime: Option<String>,
    #[command(flatten)]
    jobs: Jobs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Columns for people.
    Human,
    /// JSON lines: file, offset, length, type, date, status, mime, url, id, payload_digest.
    Json,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let found = inputs::find(&args.read, global.quiet)?;
    let (warcs, held) = inputs::warcs(&found.inputs)?;
    let exit = if found.unreadable { Exit::Io } else { held };
    // An offset means something only beside its file's name.
    let named = matches!(args.format, Format::Human) && warcs.len() > 1;
    let settings = args.jobs.settings();
    let out = RefCell::new(output::stdout());
    let scanned = inputs::scan(
        &warcs,
        |warcs, sink| rows(warcs, settings, sink),
        |input| match named {
            true => writeln!(out.borrow_mut(), "{}:", output::printable(input.name())),
            false => Ok(()),
        },
        |row| match wanted(&row, &args) {
            true => write_row(&row, args.format, &mut *out.borrow_mut()),
            false => Ok(()),
        },
    )?;
    out.into_inner().flush()?;
    Ok(exit.or(scanned))
}

fn wanted(row: &Row, args: &Args) -> bool {
    let type_fits =
        args.types.is_empty() || args.types.iter().any(|t| t.eq_ignore_ascii_case(&row.record_type));
    let url_fits =
        args.url.as_ref().is_none_or(|regex| row.url.as_deref().is_some_and(|url| regex.is_match(url)));
    let status_fits =
        args.status.is_empty() || row.status.is_some_and(|status| args.status.contains(&status));
    let mime_fits =
        args.mime.as_ref().is_none_or(|mime| row.mime.as_ref().is_some_and(|m| begins_with(m, mime)));
    type_fits && url_fits && status_fits && mime_fits
}

fn begins_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

fn write_row(row: &Row, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => {
            serde_json::to_writer(&mut *out, row)?;
            writeln!(out)?;
        }
        Format::Human => {
            let or = |value: Option<&str>| value.filter(|v| !v.is_empty()).unwrap_or("-").to_owned();
            let line = format!(
                "{:>10} {:>9} {:<8} {:<24} {:>3} {:<24} {}",
                row.offset,
                row.length,
                row.record_type,
                or(row.date.as_deref()),
                or(row.status.map(|s| s.to_string()).as_deref()),
                or(row.mime.as_deref()),
                or(row.url.as_deref())
            );
            writeln!(out, "{}", output::printable(&line))?;
        }
    }
    Ok(())
}
