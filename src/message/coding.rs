//! Content codings undone for readers (RFC 9110 §8.4): gzip, deflate, br, zstd, and stacks of them.
//!
//! What is damaged or cut gives the bytes before the damage; what is not coded as it claims gives the bytes as
//! they are. Neither is an error: both are findings. Output is limited by the caller, memory by the codings'
//! windows (zstd's to 8 MiB, as RFC 9659 asks of content codings; Brotli's large windows are refused).

mod step;

use self::step::{Progress, Step};
use crate::finding::{Finding, Rule, rules};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// A content coding that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Codings stacked deeper than this are left as they are.
const DEPTH: usize = 5;
/// Coded bytes looked at to tell whether the body is coded as it claims.
const TRIAL: usize = 8 << 10;
const BUFFER: usize = 32 << 10;

/// The decoded content, to be read. Its `Err`s are those of the reader below it.
pub struct Decoded<'a> {
    reader: Box<dyn Read + Send + 'a>,
    notes: Notes,
}

/// Undoes the codings that a `Content-Encoding` value lists, the last one first. Each layer gives at most
/// `limit` bytes; what is beyond is left off with the finding `coding-limit`.
pub fn decode<'a>(content_encoding: &str, reader: impl Read + Send + 'a, limit: u64) -> Decoded<'a> {
    let notes = Notes::default();
    let mut reader: Box<dyn Read + Send + 'a> = Box::new(reader);
    match codings(content_encoding) {
        Ok(codings) => {
            for coding in codings.into_iter().rev() {
                reader = Box::new(Layer::new(coding, reader, limit, notes.clone()));
            }
        }
        Err(unknown) => {
            let message = format!("Content-Encoding is \"{unknown}\"; the content is left as it is.");
            notes.add(&rules::CODING_UNKNOWN, message);
        }
    }
    Decoded { reader, notes }
}

impl Decoded<'_> {
    /// What was odd so far; complete once the reader is at its end.
    pub fn findings(&self) -> Vec<Finding> {
        self.notes.lock().clone()
    }

    /// The same, to be asked for when the reader is gone.
    pub(crate) fn notes(&self) -> Notes {
        self.notes.clone()
    }
}

impl Read for Decoded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl std::fmt::Debug for Decoded<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Decoded").field("notes", &self.notes).finish_non_exhaustive()
    }
}

/// The codings listed, `identity` left out; the name of one that is not known.
fn codings(content_encoding: &str) -> Result<Vec<Coding>, String> {
    let mut codings = Vec::new();
    for name in content_encoding.split(',').map(|name| name.trim().to_ascii_lowercase()) {
        codings.push(match name.as_str() {
            "" | "identity" | "none" => continue,
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" | "x-deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            other => return Err(other.chars().take(40).collect()),
        });
    }
    if codings.len() > DEPTH {
        return Err(format!("{} codings deep", codings.len()));
    }
    Ok(codings)
}

/// What was odd about codings, while they are undone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<Finding>>>);

impl Notes {
    /// Why the content ends before its end, where it does.
    pub(crate) fn cut(&self) -> Option<String> {
        let cuts = [rules::CODING_CUT.code, rules::CODING_DAMAGED.code];
        self.lock().iter().find(|finding| cuts.contains(&finding.code)).map(|finding| finding.message.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Finding>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, rule: &'static Rule, message: impl Into<String>) {
        self.lock().push(Finding::new(rule, message));
    }
}

/// One coding undone.
struct Layer<'a> {
    coding: Coding,
    inner: Box<dyn Read + Send + 'a>,
    input: Vec<u8>,
    /// Bytes at the front of `input` that were used up.
    used: usize,
    ended: bool,
    state: State,
    left: u64,
    notes: Notes,
}

enum State {
    New,
    Decoding(Box<dyn Step + Send>),
    /// Not coded as claimed: bytes as they are.
    Plain,
    Over,
}

impl<'a> Layer<'a> {
    fn new(coding: Coding, inner: Box<dyn Read + Send + 'a>, limit: u64, notes: Notes) -> Self {
        Self {
            coding,
            inner,
            input: Vec::new(),
            used: 0,
            ended: false,
            state: State::New,
            left: limit,
            notes,
        }
    }

    fn waiting(&self) -> &[u8] {
        self.input.get(self.used..).unwrap_or_default()
    }

    /// Reads until so many bytes wait to be decoded, or there are no more.
    fn fill(&mut self, want: usize) -> io::Result<()> {
        while self.waiting().len() < want && !self.ended {
            self.input.drain(..self.used);
            self.used = 0;
            let len = self.input.len();
            self.input.resize(len + BUFFER, 0);
            let result = self.inner.read(self.input.get_mut(len..).unwrap_or_default());
            self.input.truncate(len + result.as_ref().map_or(0, |count| *count));
            match result {
                Ok(0) => self.ended = true,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn start(&mut self) -> io::Result<()> {
        self.fill(TRIAL)?;
        self.state = match step::start(self.coding, self.waiting()) {
            Some(step) => State::Decoding(step),
            None if self.waiting().is_empty() => State::Over,
            None => {
                self.notes.add(&rules::CODING_LIE, format!("The body is not in {}.", self.coding.name()));
                State::Plain
            }
        };
        Ok(())
    }

    fn make(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.state {
            State::Plain => self.plain(out),
            _ => self.decode(out),
        }
    }

    fn plain(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.waiting().is_empty() {
            return self.inner.read(out);
        }
        let made = self.waiting().read(out)?;
        self.used += made;
        Ok(made)
    }

    /// Decodes until some bytes are out or there are no more.
    fn decode(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            self.fill(1)?;
            let State::Decoding(step) = &mut self.state else { return Ok(0) };
            let progress = step.step(self.input.get(self.used..).unwrap_or_default(), out);
            self.used += progress.used;
            if progress.is_over() {
                self.state = State::Over;
                self.end(&progress)?;
                return Ok(progress.made);
            }
            if progress.made > 0 {
                return Ok(progress.made);
            }
            if progress.used == 0 && self.ended {
                self.state = State::Over;
                let message = format!("The {} content ends before its own end mark.", self.coding.name());
                self.notes.add(&rules::CODING_CUT, message);
                return Ok(0);
            }
            if progress.used == 0 {
                let want = self.waiting().len() + 1;
                self.fill(want)?;
            }
        }
    }

    fn end(&mut self, progress: &Progress) -> io::Result<()> {
        let name = self.coding.name();
        if progress.bad {
            self.notes.add(&rules::CODING_DAMAGED, format!("The {name} content is damaged."));
            return Ok(());
        }
        self.fill(1)?;
        if !self.waiting().is_empty() {
            self.notes.add(&rules::CODING_SURPLUS, format!("Bytes follow the end of the {name} content."));
        }
        Ok(())
    }
}

impl Read for Layer<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if matches!(self.state, State::New) {
            self.start()?;
        }
        if out.is_empty() || matches!(self.state, State::Over) {
            return Ok(0);
        }
        if self.left == 0 {
            // One more byte tells whether anything was left off.
            if self.make(&mut [0])? > 0 {
                self.notes.add(&rules::CODING_LIMIT, rules::CODING_LIMIT.meaning);
            }
            self.state = State::Over;
            return Ok(0);
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let made = self.make(out.get_mut(..room).unwrap_or_default())?;
        self.left -= made as u64;
        Ok(made)
    }
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

#[cfg(test)]
mod tests;
