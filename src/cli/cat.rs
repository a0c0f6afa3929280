//! `fonds cat`

use super::exit::{Exit, Outcome, usage};
use super::inputs::{self, ReadArgs};
use super::{Global, output};
use anyhow::Context;
use clap::ValueEnum;
use fonds::input::Input;
use fonds::records::{Part, Wanted, copy_part};
use fonds::warc::{Limits, Reader, Source};
use std::io::Write;

/// Write one record, or a part of it, as bytes.
///
/// With --url the first record with content for that URL is written (response, resource, revisit or conversion).
/// `payload` is without HTTP head and transfer coding, `decoded` also without content coding.
#[derive(clap::Args, Debug)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub(crate) struct Args {
    #[command(flatten)]
    read: ReadArgs,
    /// The record at this byte offset, as `fonds ls` shows it.
    #[arg(long, group = "which", value_name = "BYTE")]
    offset: Option<u64>,
    /// The record with this WARC-Record-ID.
    #[arg(long, group = "which", value_name = "ID")]
    id: Option<String>,
    /// The record for this URL.
    #[arg(long, group = "which", value_name = "URL")]
    url: Option<String>,
    /// What of it.
    #[arg(long, value_enum, default_value_t = PartArg::Record)]
    part: PartArg,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PartArg {
    /// Head and block.
    Record,
    /// The WARC head.
    Header,
    /// The block, exactly as stored.
    Block,
    /// Without HTTP head and transfer coding.
    Payload,
    /// The payload without its content coding.
    Decoded,
}

impl From<PartArg> for Part {
    fn from(part: PartArg) -> Self {
        match part {
            PartArg::Record => Self::Record,
            PartArg::Header => Self::Header,
            PartArg::Block => Self::Block,
            PartArg::Payload => Self::Payload,
            PartArg::Decoded => Self::Decoded,
        }
    }
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let found = inputs::find(&args.read, global.quiet)?;
    if found.unreadable {
        return Ok(Exit::Io);
    }
    let (warcs, held) = inputs::warcs(&found.inputs)?;
    if warcs.is_empty() && held != Exit::Done {
        return Ok(held);
    }
    if args.offset.is_some() && warcs.len() != 1 {
        return Err(usage(format!(
            "--offset needs one WARC; here are {}. Name one, as FILE.wacz!archive/x.warc.gz",
            warcs.len()
        )));
    }
    let mut out = output::stdout();
    for warc in &warcs {
        if let Some(exit) = copy(warc, &args, &mut out).with_context(|| warc.name().to_owned())? {
            out.flush()?;
            return Ok(held.or(exit));
        }
    }
    output::problem("no such record; `fonds ls` shows what there is");
    Ok(Exit::Finding)
}

/// `None` where the record is not in this WARC.
fn copy(warc: &Input, args: &Args, out: &mut dyn Write) -> anyhow::Result<Option<Exit>> {
    let (mut reader, wanted) = match (args.offset, &args.id, &args.url) {
        (Some(offset), ..) => (at(warc, offset)?, Wanted::First),
        (_, Some(id), _) => (beginning(warc)?, Wanted::Id(id.clone())),
        (_, _, Some(url)) => (beginning(warc)?, Wanted::Url(url.clone())),
        _ => return Ok(None),
    };
    while let Some(mut record) = reader.next_record()? {
        if !wanted.matches(&record.head) {
            continue;
        }
        if args.offset.is_some_and(|offset| record.head.offset != offset) {
            return Ok(None);
        }
        let odd = copy_part(&mut record, args.part.into(), out)?;
        let whole = args.part as u8 == PartArg::Header as u8 || record.finish()?.complete;
        let mut damaged = !whole;
        for finding in odd.into_iter().chain(reader.take_findings()) {
            damaged |= finding.is_error();
            output::line(&output::finding(&finding.in_file(warc.name())));
        }
        return Ok(Some(if damaged { Exit::Finding } else { Exit::Done }));
    }
    Ok(None)
}

fn beginning(warc: &Input) -> anyhow::Result<Reader> {
    Ok(Reader::new(inputs::source(warc)?, Limits::default())?)
}

/// A reader from a byte on, so that the record there is the first.
fn at(warc: &Input, offset: u64) -> anyhow::Result<Reader> {
    let shared = warc.shared()?;
    let length = shared.length();
    if offset >= length {
        return Err(usage(format!("--offset {offset} is beyond the end, {length} bytes")));
    }
    Ok(Reader::at(Source::Seek(Box::new(shared.whole())), Limits::default(), offset)?)
}
