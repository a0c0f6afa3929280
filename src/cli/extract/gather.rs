//! Pages out of the inputs, in order; revisits with the payloads that they refer to.

use super::choice::Choice;
use super::voice::Voice;
use crate::cli::exit::{Exit, in_words};
use crate::cli::{inputs, output};
use anyhow::Context;
use fonds::extract::{self, Limits};
use fonds::input::{Input, Kind};
use fonds::package::Package;
use fonds::records::{Content, Next, PageRecord, Pages, Place, Referents, Rereader, Revisit, listed_pages};
use fonds::warc::Source;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, Write};

/// A page on its way.
pub(super) struct Piece {
    pub(super) page: PageRecord,
    pub(super) file: String,
    pub(super) in_record: bool,
    /// Why there is no payload to extract.
    pub(super) problem: Option<String>,
    /// Its payload's hash, with --dedup.
    pub(super) payload: Option<Payload>,
}

/// A payload that others may equal.
pub(super) struct Payload {
    pub(super) hash: [u8; 32],
    /// It came before in this run.
    pub(super) again: bool,
}

impl Piece {
    /// What people call it.
    pub(super) fn name(&self) -> &str {
        self.page.url.as_deref().unwrap_or(&self.file)
    }
}

/// Goes through the inputs.
pub(super) struct Gather<'a> {
    choice: &'a Choice,
    all: bool,
    push: &'a mut dyn FnMut(Piece) -> anyhow::Result<()>,
    /// Payloads seen, with --dedup.
    payloads: Option<HashSet<[u8; 32]>>,
    warcs: Vec<Warc>,
    referents: Referents,
    /// Revisits whose referent has not come yet, or cannot be gone back to now, each with its file's number.
    waiting: Vec<(usize, Revisit)>,
    /// The file that was gone back to last, and its number.
    again: Option<(usize, Rereader)>,
    voice: &'a Voice,
    pages: u64,
    /// Something was wrong with what was read.
    pub(super) damaged: bool,
    /// Something could not be read.
    pub(super) unreadable: bool,
}

/// A WARC that was read, to be read again where a revisit leads to it.
struct Warc {
    input: Input,
    /// Bytes of an input that comes once.
    copy: Option<File>,
}

/// A revisit on the way to its payload.
struct Waiting {
    /// Of the file that it stands in.
    number: usize,
    revisit: Revisit,
    /// Where the payload may stand, the likeliest last.
    places: Vec<Place>,
}

/// An error of what pieces are pushed to, which ends the command; others end the input they are about.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
struct Pushed(anyhow::Error);

impl<'a> Gather<'a> {
    pub(super) fn new(
        choice: &'a Choice,
        all: bool,
        dedup: bool,
        voice: &'a Voice,
        push: &'a mut dyn FnMut(Piece) -> anyhow::Result<()>,
    ) -> Self {
        Self {
            choice,
            all,
            push,
            payloads: dedup.then(HashSet::new),
            warcs: Vec::new(),
            referents: Referents::default(),
            waiting: Vec::new(),
            again: None,
            voice,
            pages: 0,
            damaged: false,
            unreadable: false,
        }
    }

    /// All of them. What is wrong with one is said, and the next one goes on.
    pub(super) fn inputs(&mut self, inputs: &[Input]) -> anyhow::Result<()> {
        for input in inputs {
            let read = self.input(input).with_context(|| input.name().to_owned());
            self.go_on(read)?;
        }
        self.resolve_waiting()?;
        self.voice.clear();
        Ok(())
    }

    fn go_on(&mut self, result: anyhow::Result<()>) -> anyhow::Result<()> {
        match result {
            Err(error) => match error.downcast::<Pushed>() {
                Ok(Pushed(error)) => Err(error),
                Err(error) => {
                    self.voice.problem(&in_words(&error));
                    self.unreadable = true;
                    Ok(())
                }
            },
            Ok(()) => Ok(()),
        }
    }

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
        let listed = if self.all { None } else { listed_pages(package)? };
        let (warcs, held) = inputs::held(input)?;
        self.damaged |= held != Exit::Done;
        for warc in warcs {
            self.warc(&warc, listed.clone())?;
        }
        Ok(())
    }

    fn warc(&mut self, warc: &Input, listed: Option<HashSet<String>>) -> anyhow::Result<()> {
        let number = self.warcs.len();
        let (source, copy) = if warc.name() == "-" { copied(warc)? } else { (inputs::source(warc)?, None) };
        self.warcs.push(Warc { input: warc.clone(), copy });
        let mut pages = Pages::new(warc.name(), source, Limits::default().bytes, listed)?;
        while let Some(next) = pages.next_page(&mut self.referents, number)? {
            match next {
                Next::Page(page) => self.page(page, number)?,
                Next::Revisit(revisit) => self.revisit(revisit, number)?,
            }
        }
        for finding in pages.take_findings().iter().filter(|f| f.is_error()) {
            self.damaged = true;
            self.voice.line(&output::finding(finding));
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
            ..PageRecord::default()
        };
        if self.choice.wants(page.url.as_deref().unwrap_or(input.name()), None) {
            let file = input.name().to_owned();
            self.push(Piece { page, file, in_record: false, problem: None, payload: None })?;
        }
        Ok(())
    }

    fn page(&mut self, page: PageRecord, number: usize) -> anyhow::Result<()> {
        let file = self.name(number);
        if self.choice.wants(page.url.as_deref().unwrap_or(&file), page.date.as_deref()) {
            self.push(Piece { page, file, in_record: true, problem: None, payload: None })?;
        }
        Ok(())
    }

    fn name(&self, number: usize) -> String {
        self.warcs.get(number).map(|warc| warc.input.name().to_owned()).unwrap_or_default()
    }

    fn push(&mut self, mut piece: Piece) -> anyhow::Result<()> {
        self.pages += 1;
        self.voice.progress(|| format!("{} pages; {}", self.pages, piece.file));
        if let Some(payloads) = self.payloads.as_mut().filter(|_| piece.problem.is_none()) {
            let digest = fonds::digest::sha256(&piece.page.bytes);
            let hash = digest.bytes().first_chunk().copied().unwrap_or_default();
            piece.payload = Some(Payload { hash, again: !payloads.insert(hash) });
        }
        (self.push)(piece).map_err(|error| Pushed(error).into())
    }

    /// At once where its referent has come and can be gone back to; else it waits.
    fn revisit(&mut self, revisit: Revisit, number: usize) -> anyhow::Result<()> {
        let name = revisit.page.url.clone().unwrap_or_else(|| self.name(number));
        if !self.choice.wants(&name, revisit.page.date.as_deref()) {
            return Ok(());
        }
        let places = self.referents.places(&revisit);
        let at_hand = |place: &Place| {
            place.inner_offset == 0
                && self.warcs.get(place.file).is_some_and(|warc| warc.input.path().is_some())
        };
        if places.is_empty() || !places.iter().all(at_hand) {
            self.waiting.push((number, revisit));
            return Ok(());
        }
        for place in places {
            // What cannot be read now is tried once more at the end, and told then.
            let Ok(found) = self.read_again(place) else { break };
            if self.settles(&found, place, number, &revisit)? {
                return Ok(());
            }
        }
        self.waiting.push((number, revisit));
        Ok(())
    }

    fn reader(&self, file: usize) -> anyhow::Result<Rereader> {
        let warc = self.warcs.get(file).context("a file that was not read")?;
        let source = match &warc.copy {
            Some(copy) => {
                let mut copy = copy.try_clone()?;
                copy.rewind()?;
                Source::Seek(Box::new(copy))
            }
            None => inputs::source(&warc.input)?,
        };
        Rereader::new(source, Limits::default().bytes).with_context(|| warc.input.name().to_owned())
    }

    /// True where what stands at the place settles what becomes of the revisit.
    fn settles(
        &mut self,
        found: &Content,
        place: Place,
        number: usize,
        revisit: &Revisit,
    ) -> anyhow::Result<bool> {
        let page = match found {
            // It is a revisit of no page.
            Content::Other => return Ok(true),
            Content::Nothing => return Ok(false),
            Content::Page(page) => page.as_ref().clone(),
        };
        let Some(page) = revisit.resolve(page, &self.name(place.file)) else { return Ok(false) };
        let file = self.name(number);
        self.push(Piece { page, file, in_record: true, problem: None, payload: None })?;
        Ok(true)
    }

    /// Those that wait; what none of its places settles is told.
    fn resolve_waiting(&mut self) -> anyhow::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let with_places = |(number, revisit)| {
            let mut places = self.referents.places(&revisit);
            places.reverse();
            Waiting { number, revisit, places }
        };
        let mut open: Vec<Waiting> = waiting.into_iter().map(with_places).collect();
        while open.iter().any(|waiting| !waiting.places.is_empty()) {
            open = self.turn(open)?;
        }
        open.sort_by_key(|w| (w.number, w.revisit.page.offset, w.revisit.page.inner_offset));
        open.into_iter().try_for_each(|waiting| self.unresolved(waiting))
    }

    /// Looks at the likeliest place of each, in the places' order, so that every file is gone through once; gives those
    /// that are not settled by it.
    fn turn(&mut self, open: Vec<Waiting>) -> anyhow::Result<Vec<Waiting>> {
        let mut places: BTreeMap<Place, Vec<Waiting>> = BTreeMap::new();
        let mut left = Vec::new();
        for mut waiting in open {
            match waiting.places.pop() {
                Some(place) => places.entry(place).or_default().push(waiting),
                None => left.push(waiting),
            }
        }
        for (place, group) in places {
            let found = match self.read_again(place) {
                Ok(found) => found,
                Err(error) => {
                    self.go_on(Err(error))?;
                    Content::Nothing
                }
            };
            for waiting in group {
                if !self.settles(&found, place, waiting.number, &waiting.revisit)? {
                    left.push(waiting);
                }
            }
        }
        Ok(left)
    }

    fn read_again(&mut self, place: Place) -> anyhow::Result<Content> {
        let mut reader = match self.again.take() {
            Some((file, reader)) if file == place.file => reader,
            _ => self.reader(place.file)?,
        };
        let found = reader.read(place).with_context(|| self.name(place.file))?;
        self.again = Some((place.file, reader));
        Ok(found)
    }

    fn unresolved(&mut self, Waiting { number, revisit, .. }: Waiting) -> anyhow::Result<()> {
        self.damaged = true;
        let place = match (&revisit.refers_to, &revisit.refers_to_uri, &revisit.refers_to_date) {
            (Some(id), ..) => id.clone(),
            (None, Some(uri), Some(date)) => format!("{uri} of {date}"),
            _ => "a record that it does not name".to_owned(),
        };
        let problem = format!(
            "a revisit, whose text is in {place}, which is not among the inputs; give that archive, too"
        );
        let file = self.name(number);
        let page = revisit.page;
        self.push(Piece { page, file, in_record: true, problem: Some(problem), payload: None })
    }
}

/// A stream that comes once, and the file that it is copied into on its way, if one can be made.
fn copied(input: &Input) -> io::Result<(Source, Option<File>)> {
    let copy = tempfile::tempfile_in(inputs::spool()).ok();
    let to = copy.as_ref().and_then(|copy| copy.try_clone().ok());
    Ok((Source::Stream(Box::new(Copying { from: input.open()?, to })), copy))
}

struct Copying {
    from: Box<dyn Read + Send>,
    to: Option<File>,
}

impl Read for Copying {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(buffer)?;
        // Without room for a copy only a revisit that leads back into this stream stays unresolved, which is then told.
        if let Some(to) = &mut self.to
            && to.write_all(buffer.get(..n).unwrap_or_default()).is_err()
        {
            self.to = None;
        }
        Ok(n)
    }
}
