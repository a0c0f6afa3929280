//! What a run is asked for.

use super::live::Settings;
use super::{Live, Pattern, Scope};
use crate::wire::DigestForm;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// What a run is asked for.
#[derive(Clone, Debug)]
pub struct Job {
    /// The URLs named, http or https; user names and passwords in them are neither sent nor written down.
    pub seeds: Vec<Url>,
    /// How far to go.
    pub scope: Scope,
    /// Links followed in a row from a seed; `None` for any number.
    pub depth: Option<u32>,
    /// Where not empty, a link is followed only if one of these matches.
    pub include: Vec<Pattern>,
    /// What matches is neither followed nor fetched for a page; named URLs are fetched all the same.
    pub exclude: Vec<Pattern>,
    /// After how much to begin nothing new.
    pub limits: Limits,
    /// User-Agent.
    pub user_agent: String,
    /// More request header fields, in order. Credentials among them go to the origins of the seeds alone.
    pub headers: Vec<(String, String)>,
    /// Hosts asked at the same time.
    pub hosts: usize,
    /// Requests to one host at the same time.
    pub per_host: u32,
    /// From the first byte of a host's answer to the next request.
    pub delay: Duration,
    /// Whether robots.txt is asked for, and obeyed, where links are followed.
    pub robots: bool,
    /// Whether links that look as if they led on for ever are left out.
    pub traps: bool,
    /// The year now: calendars end some years after it.
    pub year: u16,
    /// Whether a payload that is there already is referred to instead of stored again.
    pub dedup: bool,
    /// Archives whose payloads are referred to as well.
    pub earlier: Vec<PathBuf>,
    /// The digest in the records' fields; the client must compute it.
    pub digest: DigestForm,
    /// Settings that may change meanwhile, and what they are at the beginning.
    pub live: Live,
    /// What stood in those files.
    pub settings: Settings,
}

impl Default for Job {
    /// No seeds; the named pages with what they need, every payload stored; eight hosts at a time, one connection each, no
    /// delay.
    fn default() -> Self {
        Self {
            seeds: Vec::new(),
            scope: Scope::default(),
            depth: None,
            include: Vec::new(),
            exclude: Vec::new(),
            limits: Limits::default(),
            user_agent: String::new(),
            headers: Vec::new(),
            hosts: 8,
            per_host: 1,
            delay: Duration::ZERO,
            robots: true,
            traps: true,
            // Far enough to be no limit.
            year: 9000,
            dedup: false,
            earlier: Vec::new(),
            digest: DigestForm::default(),
            live: Live::default(),
            settings: Settings::default(),
        }
    }
}

/// After how much nothing new is begun; what is in flight is finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Pages; what they need is fetched still.
    pub pages: Option<u64>,
    /// Bytes received.
    pub bytes: Option<u64>,
    /// Time.
    pub time: Option<Duration>,
}
