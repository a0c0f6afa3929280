//! Flags about how far a crawl goes, and how it behaves.

use super::at_least_one;
use crate::cli::exit::usage;
use clap::ValueEnum;
use fonds::crawl::{Job, Limits, Live, Pattern, Scope, seconds};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeArg {
    /// The named pages alone.
    Page,
    /// With images, styles, scripts, fonts and frames, from any host.
    #[value(name = "page+requisites")]
    PageRequisites,
    /// Follow links that stay in the directory of a named URL.
    Prefix,
    /// Follow links that stay on the host and port of a named URL.
    Host,
    /// Follow links that stay on the registrable domain of a named URL, any host of it.
    Domain,
    /// Follow links anywhere; best with --include, --depth or --limit.
    Any,
}

impl ScopeArg {
    pub(crate) fn scope(self) -> Scope {
        match self {
            Self::Page => Scope::Page,
            Self::PageRequisites => Scope::PageRequisites,
            Self::Prefix => Scope::Prefix,
            Self::Host => Scope::Host,
            Self::Domain => Scope::Domain,
            Self::Any => Scope::Any,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RobotsArg {
    /// Ask each host for it before its first page, and follow it. Named URLs and what pages need are fetched all the same.
    Obey,
    /// Do not ask.
    Ignore,
}

/// How far, how much, how gently.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Crawl options")]
pub(crate) struct Crawl {
    /// How far to go from each URL.
    #[arg(long, value_enum, default_value_t = ScopeArg::PageRequisites)]
    pub(crate) scope: ScopeArg,
    /// Links to follow in a row from a named URL [default: any number].
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<u32>,
    /// Follow only links in scope that match this regular expression (or another one given).
    #[arg(long, value_name = "REGEX")]
    pub(crate) include: Vec<String>,
    /// Neither follow what matches this regular expression nor fetch it for a page.
    #[arg(long, value_name = "REGEX")]
    pub(crate) exclude: Vec<String>,
    /// The same, one a line of a file, which is read again whenever it changes.
    #[arg(long, value_name = "FILE")]
    pub(crate) exclude_file: Option<PathBuf>,
    /// Begin no page after so many; what they need is fetched still.
    #[arg(long, value_name = "PAGES", value_parser = at_least_one)]
    pub(crate) limit: Option<u64>,
    /// Begin nothing after so many bytes received.
    #[arg(long, value_name = "BYTES", value_parser = at_least_one)]
    pub(crate) size: Option<u64>,
    /// Begin nothing after so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = at_least_one)]
    pub(crate) time: Option<u64>,
    /// Seconds from the first byte of a host's answer to the next request; a longer Crawl-delay of its robots.txt goes before.
    #[arg(long, default_value = "0", value_name = "SECONDS", value_parser = seconds)]
    pub(crate) delay: Duration,
    /// The same from a file, which is read again whenever it changes.
    #[arg(long, value_name = "FILE")]
    pub(crate) delay_file: Option<PathBuf>,
    /// Hosts asked at the same time.
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = at_least_one)]
    pub(crate) concurrency: u64,
    /// Requests to one host at the same time.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = at_least_one)]
    pub(crate) per_host: u64,
    /// What to do with robots.txt where links are followed.
    #[arg(long, value_enum, default_value_t = RobotsArg::Obey)]
    pub(crate) robots: RobotsArg,
    /// Follow links too that look as if they led on for ever (calendars, paths that repeat themselves).
    #[arg(long)]
    pub(crate) no_traps: bool,
    /// Refer to payloads that an earlier capture holds instead of storing them again: a collection, WACZ, WARC or CDXJ.
    #[arg(long, value_name = "PATH", conflicts_with = "no_dedup")]
    pub(crate) dedup: Vec<PathBuf>,
    /// Store every payload, also one that this collection holds already, which it otherwise refers to where links are followed
    /// or --dedup is given.
    #[arg(long)]
    pub(crate) no_dedup: bool,
}

impl Crawl {
    /// A job as far as these flags say it.
    pub(crate) fn job(&self, year: u16) -> anyhow::Result<Job> {
        let live = Live { exclude: self.exclude_file.clone(), delay: self.delay_file.clone() };
        let settings = live.read().map_err(usage)?;
        Ok(Job {
            scope: self.scope.scope(),
            depth: self.depth,
            include: patterns("--include", &self.include)?,
            exclude: patterns("--exclude", &self.exclude)?,
            limits: Limits { pages: self.limit, bytes: self.size, time: self.time.map(Duration::from_secs) },
            hosts: usize::try_from(self.concurrency).unwrap_or(usize::MAX),
            per_host: u32::try_from(self.per_host).unwrap_or(u32::MAX),
            delay: self.delay,
            robots: self.robots == RobotsArg::Obey,
            traps: !self.no_traps,
            year,
            dedup: !self.no_dedup && (self.scope.scope().follows() || !self.dedup.is_empty()),
            earlier: self.dedup.clone(),
            live,
            settings,
            ..Job::default()
        })
    }

    /// As the log has them: what differs from the default, and always scope and concurrency.
    pub(crate) fn options(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut options = vec![("scope", self.scope.scope().name().to_owned())];
        options.push(("concurrency", self.concurrency.to_string()));
        options.extend((self.per_host > 1).then(|| ("per-host", self.per_host.to_string())));
        options.extend(self.depth.map(|depth| ("depth", depth.to_string())));
        for (name, patterns) in [("include", &self.include), ("exclude", &self.exclude)] {
            if !patterns.is_empty() {
                options.push((name, serde_json::to_string(patterns)?));
            }
        }
        for (name, limit) in [("limit", self.limit), ("size", self.size), ("time", self.time)] {
            options.extend(limit.map(|limit| (name, limit.to_string())));
        }
        if !self.delay.is_zero() {
            options.push(("delay", self.delay.as_secs_f64().to_string()));
        }
        options.extend((self.robots == RobotsArg::Ignore).then(|| ("robots", "ignore".to_owned())));
        options.extend(self.no_traps.then(|| ("no-traps", "yes".to_owned())));
        options.extend(self.no_dedup.then(|| ("no-dedup", "yes".to_owned())));
        let mut options: Vec<(String, String)> =
            options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        options.extend(self.paths()?);
        Ok(options)
    }

    /// Where they are wherever the run is taken up.
    fn paths(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut options = Vec::new();
        for (name, path) in [("exclude-file", &self.exclude_file), ("delay-file", &self.delay_file)] {
            if let Some(path) = path {
                options.push((name.to_owned(), std::path::absolute(path)?.display().to_string()));
            }
        }
        if !self.dedup.is_empty() {
            let paths = self.dedup.iter().map(std::path::absolute).collect::<Result<Vec<_>, _>>()?;
            options.push(("dedup".to_owned(), serde_json::to_string(&paths)?));
        }
        Ok(options)
    }
}

fn patterns(flag: &str, given: &[String]) -> anyhow::Result<Vec<Pattern>> {
    let pattern = |text: &String| Pattern::new(text).map_err(|e| usage(format!("{flag} {text:?}: {e}")));
    given.iter().map(pattern).collect()
}
