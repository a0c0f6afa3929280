//! What a run tells while it goes on: lines for a person, events for a machine, a crawl log in Heritrix's form.

use crate::cli::{Global, output};
use anyhow::Context;
use fonds::crawl::{Capture, Event, Role, Summary};
use fonds::world::{System, World, millis};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often the line about progress is written anew.
const SHOWN: Duration = Duration::from_millis(250);

/// Where what happens is written down besides the collection.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reports")]
pub(crate) struct Reports {
    /// Write what happens as JSON lines to the end of this file; - for standard output, where the collection's path is then
    /// told in the last line.
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
    /// Write a line a URL, in the form of Heritrix's crawl.log, to the end of this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) crawl_log: Option<PathBuf>,
}

impl Reports {
    /// True where standard output belongs to a machine.
    pub(crate) fn take_stdout(&self) -> bool {
        self.events.as_deref() == Some(Path::new("-"))
    }
}

/// Tells what happens.
pub(crate) struct Teller {
    global: Global,
    /// Links are followed: a line a page would be too many.
    crawls: bool,
    progress: output::Progress,
    events: Option<Box<dyn Write + Send>>,
    log: Option<Box<dyn Write + Send>>,
    /// Writing one of them failed, which does not stop the capture.
    broken: Option<io::Error>,
    began: Instant,
    shown: Instant,
    captured: u64,
    pages: u64,
    bytes: u64,
}

impl Teller {
    pub(crate) fn new(reports: &Reports, crawls: bool, global: Global) -> anyhow::Result<Self> {
        let now = Instant::now();
        Ok(Self {
            global,
            crawls,
            progress: output::Progress::new(global.quiet),
            events: reports.events.as_deref().map(open).transpose()?,
            log: reports.crawl_log.as_deref().map(open).transpose()?,
            broken: None,
            began: now,
            shown: now,
            captured: 0,
            pages: 0,
            bytes: 0,
        })
    }

    pub(crate) fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Captured(capture) => self.captured(&capture),
            Event::Failed { url, stage, error, role, via, hops } => {
                if role == Role::Page || !self.global.quiet {
                    self.problem(&format!("{url}: not captured ({stage}): {error}"));
                }
                self.event(|| {
                    json!({"event": "failed", "url": url, "stage": stage, "error": error, "role": name(role), "via": via,
                        "hops": hops})
                });
                self.log_line(&Line { code: code_of_stage(stage), hops, via, ..Line::new(url) }, error);
            }
            Event::Skipped { url, reason } => {
                if self.global.verbose {
                    self.line(&format!("left out: {url}: {reason}"));
                }
                self.event(|| json!({"event": "skipped", "url": url, "reason": reason}));
                // What lies outside a crawl has no line in Heritrix's log either.
                if reason != "out of scope" {
                    let code = if reason.starts_with("robots.txt") { -9998 } else { -5000 };
                    self.log_line(&Line { code, ..Line::new(url) }, reason);
                }
            }
            Event::Note(note) | Event::Problem(note) => {
                if matches!(event, Event::Problem(_)) || !self.global.quiet {
                    self.problem(note);
                }
                self.event(|| json!({"event": "note", "message": note}));
            }
            Event::Tick { waiting, hosts } => self.tick(waiting, hosts),
        }
    }

    fn captured(&mut self, capture: &Capture<'_>) {
        self.captured += 1;
        self.pages += u64::from(capture.role == Role::Page);
        self.bytes += capture.bytes;
        let cut = capture.truncated.map(|why| format!(", cut ({why})")).unwrap_or_default();
        let is_told = capture.role == Role::Page && !self.crawls || self.global.verbose || !cut.is_empty();
        if is_told && !self.global.quiet {
            let status = capture.status.map_or_else(|| "-".to_owned(), |s| s.to_string());
            let again = if capture.revisit { ", stored before" } else { "" };
            self.line(&format!("{status} {} ({}{cut}{again})", capture.url, output::bytes(capture.bytes)));
        }
        self.event(|| event_of(capture));
        let status = capture.status.map_or(0, i32::from);
        let line = Line {
            code: status,
            size: Some(capture.bytes),
            hops: capture.hops,
            via: capture.via,
            mime: capture.mime,
            date: capture.date,
            ms: capture.elapsed_ms,
            digest: capture.digest,
            seed: capture.seed,
            ..Line::new(capture.url)
        };
        self.log_line(&line, if capture.revisit { "warcRevisit:digest" } else { "" });
    }

    fn tick(&mut self, waiting: u64, hosts: &[String]) {
        if self.shown.elapsed() < SHOWN {
            return;
        }
        self.shown = Instant::now();
        let rate = self.captured as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        self.progress.show(&format!(
            "{} captured ({} pages), {}, {rate:.0} a second, {waiting} waiting; {}",
            self.captured,
            self.pages,
            output::bytes(self.bytes),
            hosts.join(" ")
        ));
        let (captured, pages, bytes) = (self.captured, self.pages, self.bytes);
        self.event(|| {
            json!({"event": "progress", "captured": captured, "pages": pages, "bytes": bytes, "waiting": waiting,
                "hosts": hosts})
        });
    }

    /// The end of a run; says what of the reports was lost.
    pub(crate) fn end(&mut self, summary: Option<&Summary>) {
        self.progress.clear();
        if let Some(summary) = summary {
            self.event(|| {
                json!({"event": "ended", "exit": summary.exit(), "captures": summary.counts.captures,
                    "pages": summary.counts.pages, "failures": summary.counts.failures,
                    "records": summary.counts.records, "bytes": summary.bytes, "waiting": summary.waiting,
                    "limit": summary.limit})
            });
        }
        let flushed = [&mut self.events, &mut self.log].into_iter().flatten().try_for_each(Write::flush);
        if let Some(error) = self.broken.take().or(flushed.err()) {
            output::problem(&format!("--events or --crawl-log is not complete: {error}"));
        }
    }

    fn line(&mut self, text: &str) {
        self.progress.clear();
        output::line(text);
    }

    fn problem(&mut self, text: &str) {
        self.progress.clear();
        output::problem(text);
    }

    fn event(&mut self, event: impl FnOnce() -> Value) {
        let Some(out) = self.events.as_mut().filter(|_| self.broken.is_none()) else { return };
        let mut event = event();
        if let Some(fields) = event.as_object_mut() {
            fields.insert("at".to_owned(), millis(System.now()).into());
        }
        self.broken = writeln!(out, "{event}").err();
    }

    fn log_line(&mut self, line: &Line<'_>, annotation: &str) {
        let Some(out) = self.log.as_mut().filter(|_| self.broken.is_none()) else { return };
        self.broken = line.write(out, annotation).err();
    }
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Write + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::LineWriter::new(io::stdout())));
    }
    // What stands there already stays: a run that is taken up goes on with it.
    let file = OpenOptions::new().append(true).create(true).open(path);
    Ok(Box::new(BufWriter::new(file.with_context(|| path.display().to_string())?)))
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Page => "page",
        Role::Requisite => "requisite",
        Role::Robots => "robots",
        Role::Sitemap => "sitemap",
    }
}

fn event_of(capture: &Capture<'_>) -> Value {
    json!({
        "event": if capture.revisit { "revisit" } else { "captured" },
        "url": capture.url,
        "status": capture.status,
        "bytes": capture.bytes,
        "mime": capture.mime,
        "digest": capture.digest,
        "record": capture.record,
        "date": capture.date,
        "ms": capture.elapsed_ms,
        "role": name(capture.role),
        "via": capture.via,
        "seed": capture.seed,
        "hops": capture.hops,
        "truncated": capture.truncated,
        "waiting": capture.waiting,
    })
}

/// Heritrix's codes for what gave no status.
fn code_of_stage(stage: &str) -> i32 {
    match stage {
        "dns" => -1,
        "connect" | "tls" | "proxy" => -2,
        "http" | "body" => -3,
        _ => -5000,
    }
}

/// A line of a crawl.log.
struct Line<'a> {
    code: i32,
    size: Option<u64>,
    url: &'a str,
    hops: &'a str,
    via: Option<&'a str>,
    mime: Option<&'a str>,
    date: &'a str,
    ms: u64,
    digest: &'a str,
    seed: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn new(url: &'a str) -> Self {
        Self {
            code: 0,
            size: None,
            url,
            hops: "",
            via: None,
            mime: None,
            date: "",
            ms: 0,
            digest: "",
            seed: None,
        }
    }

    /// Time, code, size, URL, hops, referrer, type, thread, begin and duration, digest, seed, annotations.
    fn write(&self, out: &mut dyn Write, annotation: &str) -> io::Result<()> {
        let or = |text: &'a str| if text.is_empty() { "-" } else { text };
        let digits: String = self.date.chars().filter(char::is_ascii_digit).collect();
        let began = if digits.is_empty() { "-".to_owned() } else { format!("{digits}+{}", self.ms) };
        let mime = self.mime.and_then(|mime| mime.split([';', ' ']).next()).unwrap_or("unknown");
        let annotation: String =
            annotation.chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect();
        writeln!(
            out,
            "{} {:>5} {:>10} {} {} {} {} #001 {began} {} {} {}",
            millis(System.now()),
            self.code,
            self.size.map_or_else(|| "-".to_owned(), |size| size.to_string()),
            self.url,
            or(self.hops),
            self.via.unwrap_or("-"),
            mime,
            or(self.digest),
            self.seed.unwrap_or("-"),
            if annotation.is_empty() { "-" } else { &annotation },
        )
    }
}
