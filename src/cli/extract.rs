//! `fonds extract`

use super::exit::{Exit, Outcome, in_words};
use super::inputs::{self, ReadArgs};
use super::{Global, output};
use anyhow::Context;
use clap::ValueEnum;
use fonds::extract::{self, Article, Comments, Limits, Options, Page, Source};
use fonds::input::{Input, Kind};
use fonds::package::Package;
use fonds::records::{PageRecord, Pages, listed_pages};
use std::collections::HashSet;
use std::io::{Read, Write};
use std::num::NonZeroUsize;

/// Pages extracted side by side before they are written, and the bytes they may hold together.
const BATCH: usize = 64;
const BATCH_BYTES: usize = 64 << 20;

/// Get the clean article text out of WARC, WACZ, collection, HTML or text.
///
/// Of a collection or WACZ the pages that it lists are extracted, of a bare WARC every HTML page and plain text with a
/// 2xx status. A page that gives no text is said on stderr (text, markdown) or is a line with `error` (jsonl).
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    read: ReadArgs,
    /// How articles are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// What becomes of readers' comments.
    #[arg(long, value_enum, default_value_t = CommentsArg::Separate)]
    comments: CommentsArg,
    /// Only pages whose URL matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    url: Option<regex::Regex>,
    /// Every page of a collection or WACZ, frames and all, whether its page list names it or not.
    #[arg(long)]
    all: bool,
    /// Threads (default: all cores).
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

/// A page waiting for its turn.
struct Waiting {
    page: PageRecord,
    file: String,
    in_record: bool,
}

/// What goes on while pages are read, extracted and written.
struct Run<'a> {
    args: &'a Args,
    options: Options,
    jobs: usize,
    waiting: Vec<Waiting>,
    bytes: usize,
    written: u64,
    damaged: bool,
    out: std::io::BufWriter<std::io::StdoutLock<'static>>,
}

pub(crate) fn run(args: Args, global: Global) -> Outcome {
    let found = inputs::find(&args.read, global.quiet)?;
    let comments = match args.comments {
        CommentsArg::Drop => Comments::Drop,
        CommentsArg::Separate => Comments::Separate,
        CommentsArg::Keep => Comments::Keep,
    };
    let jobs = args.jobs.map_or_else(inputs::cores, NonZeroUsize::get);
    let options = Options { comments, ..Options::default() };
    let mut run = Run {
        args: &args,
        options,
        jobs,
        waiting: Vec::new(),
        bytes: 0,
        written: 0,
        damaged: false,
        out: output::stdout(),
    };
    let mut unreadable = found.unreadable;
    for input in &found.inputs {
        if let Err(error) = run.input(input).with_context(|| input.name().to_owned()) {
            if error.chain().any(|e| e.downcast_ref::<Written>().is_some()) {
                return Err(error);
            }
            output::problem(&in_words(&error));
            unreadable = true;
        }
    }
    run.flush()?;
    run.out.flush()?;
    if run.written == 0 && !run.damaged && !unreadable {
        output::problem("no page to extract was found");
    }
    Ok(if unreadable {
        Exit::Io
    } else if run.damaged || run.written == 0 {
        Exit::Finding
    } else {
        Exit::Done
    })
}

/// Marks an error of standard output, which ends the command.
#[derive(Debug, thiserror::Error)]
#[error("standard output")]
struct Written(#[source] std::io::Error);

impl Run<'_> {
    fn input(&mut self, input: &Input) -> anyhow::Result<()> {
        match input.kind() {
            Kind::Html | Kind::Text | Kind::Unknown => self.file(input),
            Kind::Collection => {
                let path = input.path().context("a collection without a path")?;
                self.package(input, &Package::directory(input.name(), path)?)
            }
            Kind::Wacz => self.package(input, &Package::from_shared(input.name(), input.shared()?)?),
            Kind::Warc | Kind::Arc => self.warc(input, None),
        }
    }

    fn package(&mut self, input: &Input, package: &Package) -> anyhow::Result<()> {
        let listed = if self.args.all { None } else { listed_pages(package)? };
        let (warcs, held) = inputs::held(input)?;
        self.damaged |= held != Exit::Done;
        for warc in warcs {
            self.warc(&warc, listed.clone())?;
        }
        Ok(())
    }

    fn warc(&mut self, warc: &Input, listed: Option<HashSet<String>>) -> anyhow::Result<()> {
        let mut pages = Pages::new(warc.name(), inputs::source(warc)?, Limits::default().bytes, listed)?;
        while let Some(page) = pages.next_page()? {
            self.push(Waiting { page, file: warc.name().to_owned(), in_record: true })?;
        }
        for finding in pages.take_findings().iter().filter(|f| f.is_error()) {
            self.damaged = true;
            output::line(&output::finding(finding));
        }
        Ok(())
    }

    fn file(&mut self, input: &Input) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        input.open()?.take(Limits::default().bytes as u64 + 1).read_to_end(&mut bytes)?;
        let kind = match input.kind() {
            Kind::Html => Some("text/html"),
            Kind::Text => Some("text/plain"),
            _ if bytes.is_empty() => Some("text/plain"),
            _ if extract::is_extractable(None, &bytes) => None,
            _ => anyhow::bail!("this is no archive, no page and no text that fonds reads"),
        };
        let page = PageRecord {
            bytes,
            content_type: kind.map(str::to_owned),
            url: input.name().starts_with("http").then(|| input.name().to_owned()),
            date: None,
            id: None,
            payload_digest: None,
            offset: 0,
            inner_offset: 0,
        };
        self.push(Waiting { page, file: input.name().to_owned(), in_record: false })
    }

    fn push(&mut self, waiting: Waiting) -> anyhow::Result<()> {
        let url = waiting.page.url.as_deref().unwrap_or(&waiting.file);
        if self.args.url.as_ref().is_some_and(|regex| !regex.is_match(url)) {
            return Ok(());
        }
        self.bytes += waiting.page.bytes.len();
        self.waiting.push(waiting);
        if self.waiting.len() >= BATCH || self.bytes >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    /// Extracts what waits, on all threads, and writes it in order.
    fn flush(&mut self) -> anyhow::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let articles = extract_all(&waiting, self.options, self.jobs);
        for (waiting, article) in waiting.iter().zip(&articles) {
            self.write(waiting, article).map_err(|e| anyhow::Error::new(Written(e)))?;
        }
        Ok(())
    }

    fn write(&mut self, waiting: &Waiting, article: &Article) -> std::io::Result<()> {
        let name = waiting.page.url.as_deref().unwrap_or(&waiting.file);
        if self.args.format != Format::Jsonl {
            let nothing = article.text().is_empty().then_some("no text was found in it");
            if let Some(error) = article.error.as_deref().or(nothing) {
                output::problem(&format!("{name}: {error}"));
            }
            if article.text().is_empty() {
                self.damaged = true;
                return Ok(());
            }
            if self.written > 0 {
                write!(self.out, "\n---\n\n")?;
            }
        }
        self.written += 1;
        match self.args.format {
            Format::Text => writeln!(self.out, "{}", article.text()),
            Format::Markdown => writeln!(self.out, "{}", article.markdown()),
            Format::Jsonl => {
                let line = extract::json_line(article, &source(waiting));
                serde_json::to_writer(&mut self.out, &line)?;
                writeln!(self.out)
            }
        }
    }
}

fn extract_all(waiting: &[Waiting], options: Options, jobs: usize) -> Vec<Article> {
    let one = |waiting: &Waiting| {
        let PageRecord { bytes, content_type, url, .. } = &waiting.page;
        extract::extract(
            &Page { bytes, content_type: content_type.as_deref(), url: url.as_deref() },
            &options,
        )
    };
    let share = waiting.len().div_ceil(jobs.max(1)).max(1);
    if jobs <= 1 || waiting.len() <= 1 {
        return waiting.iter().map(one).collect();
    }
    std::thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = waiting
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(one).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|bug| std::panic::resume_unwind(bug)))
            .collect()
    })
}

fn source(waiting: &Waiting) -> Source {
    let page = &waiting.page;
    Source {
        id: page.id.clone().unwrap_or_else(|| place(waiting)),
        url: page.url.clone(),
        date: page.date.clone(),
        file: waiting.file.clone(),
        offset: waiting.in_record.then_some(page.offset),
        record: page.id.clone(),
        payload_digest: page.payload_digest.clone(),
    }
}

/// What stands for the id of a page that has none: an ARC's records are told apart by where they lie.
fn place(waiting: &Waiting) -> String {
    let (file, PageRecord { offset, inner_offset, .. }) = (&waiting.file, &waiting.page);
    match (waiting.in_record, inner_offset) {
        (false, _) => file.clone(),
        (true, 0) => format!("{file}#{offset}"),
        (true, inner) => format!("{file}#{offset}.{inner}"),
    }
}
