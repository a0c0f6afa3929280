//! `fonds extract`: pages are gathered in order (`gather`), made into articles by threads (`order`), rendered by them
//! (`render`) and written in order (`sink`): to standard output, into a directory (`directory`) or a WET file.

mod choice;
mod directory;
mod explain;
mod gather;
mod order;
mod render;
mod sink;
mod voice;

use self::choice::Choice;
use self::gather::{Gather, Piece};
use self::render::Renderer;
use self::sink::{Made, Sink};
use self::voice::Voice;
use super::Global;
use super::exit::Outcome;
use super::inputs::{self, ReadArgs};
use clap::ValueEnum;
use fonds::extract::{Comments, Options};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Get the clean article text out of WARC, WACZ, collection, HTML or text.
///
/// Of a collection or WACZ the pages that it lists are extracted, of a bare WARC every HTML page and plain text with a
/// 2xx status. A revisit gives the page that it refers to, out of any of the inputs; where that comes later, at the end.
/// A page that gives no text is said on stderr (text, markdown, wet) or is a line with `error` (jsonl).
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    read: ReadArgs,
    /// How articles are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write into this new or empty place: a directory, one file a page and an index.jsonl; with --format wet a WET file
    /// (gzip a record if its name ends in .gz); with --explain an HTML file. Nothing is overwritten.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// What becomes of readers' comments.
    #[arg(long, value_enum, default_value_t = CommentsArg::Separate)]
    comments: CommentsArg,
    /// Put title, authors, dates, site, language and URL before the text (in Markdown as YAML); jsonl has them in any case,
    /// each with where on the page it stood.
    #[arg(long)]
    metadata: bool,
    #[command(flatten)]
    choice: Choice,
    /// A payload that was extracted before in this run is not extracted again: in jsonl it is a line with `duplicate_of`,
    /// elsewhere it is left out.
    #[arg(long)]
    dedup: bool,
    /// Show how the page of this URL (of a file: its path) was taken apart: an HTML file of its blocks, coloured by what they
    /// were taken for, each with its score and what decided it.
    #[arg(long, value_name = "URL", conflicts_with_all = ["format", "comments", "metadata", "dedup", "url", "types"])]
    explain: Option<String>,
    /// Every page of a collection or WACZ, frames and all, whether its page list names it or not.
    #[arg(long)]
    all: bool,
    /// Threads; what comes out does not depend on it [default: one a core].
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Plain text, paragraphs parted by blank lines.
    Text,
    /// Markdown.
    Markdown,
    /// JSON lines, one a page: url, date, title, authors, published, language, text, comments, source.
    Jsonl,
    /// A WARC of text, as Common Crawl's WET files are: a warcinfo record, then a conversion record a page.
    Wet,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CommentsArg {
    /// Left out.
    Drop,
    /// Apart: in jsonl a field of their own.
    Separate,
    /// Below the text.
    Keep,
}

impl From<CommentsArg> for Comments {
    fn from(comments: CommentsArg) -> Self {
        match comments {
            CommentsArg::Drop => Self::Drop,
            CommentsArg::Separate => Self::Separate,
            CommentsArg::Keep => Self::Keep,
        }
    }
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let found = inputs::find(&args.read, global.quiet)?;
    let options = Options { comments: args.comments.into(), ..Options::default() };
    if let Some(url) = &args.explain {
        return explain::run(url, &args, &found, global);
    }
    let voice = Voice::new(global);
    let mut sink = Sink::open(&args, &voice)?;
    let indexed = args.output.is_some() && args.format != Format::Wet;
    let renderer =
        Renderer { format: args.format, metadata: args.metadata, options, wet: sink.wet(), indexed };
    let make = |piece: &Piece| renderer.make(piece, &args.choice);
    let mut take = |piece: Piece, made: Made| sink.take(&piece, made);
    let jobs = args.jobs.map_or_else(inputs::cores, NonZeroUsize::get);
    let (damaged, unreadable) = order::run(jobs, &make, &mut take, |queue| {
        let mut push = |piece: Piece| {
            let bytes = piece.page.bytes.len();
            queue.push(piece, bytes)
        };
        let mut gather = Gather::new(&args.choice, args.all, args.dedup, &voice, &mut push);
        gather.inputs(&found.inputs)?;
        let told = (gather.damaged, gather.unreadable);
        drop(gather);
        queue.finish()?;
        anyhow::Ok(told)
    })?;
    sink.close(damaged, unreadable || found.unreadable)
}
