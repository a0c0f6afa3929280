//! One file, its records in order, read here or ahead.

use super::{Make, Stretch, Warc};
use crate::finding::Finding;
use crate::warc::{Container, Limits, Reader};
use std::io;

/// Takes what was made of a record, and what the reader noticed around it.
type Sink<'a, T> = &'a mut dyn FnMut(T, Vec<Finding>) -> io::Result<()>;

/// What a file turned out to be.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Gzip members or zstd frames; 1 for a plain file.
    pub(crate) members: u64,
    /// Stored bytes.
    pub(crate) bytes: u64,
    /// Its records are those of an ARC.
    pub(crate) is_arc: bool,
    /// What was noticed outside records.
    pub(crate) findings: Vec<Finding>,
}

/// One file on its way to the sink: records in order, read here or ahead.
pub(crate) struct Walk<'a, M: Make> {
    file: Warc<'a>,
    limits: Limits,
    make: &'a M,
    state: &'a mut M::State,
    sink: Sink<'a, M::Made>,
    /// Opened once it is needed.
    reader: Option<Reader>,
    /// Members that the reader had seen when it last went on by itself.
    members_before: u64,
    /// Up to where all has been taken; the reader stands there too, if `in_step`.
    at: u64,
    in_step: bool,
    ended: bool,
    is_plain: bool,
    walked: Walked,
}

impl<'a, M: Make> Walk<'a, M> {
    pub(crate) fn new(
        file: Warc<'a>,
        limits: Limits,
        make: &'a M,
        state: &'a mut M::State,
        sink: Sink<'a, M::Made>,
    ) -> Self {
        Self {
            file,
            limits,
            make,
            state,
            sink,
            reader: None,
            members_before: 0,
            at: 0,
            in_step: true,
            ended: false,
            is_plain: false,
            walked: Walked::default(),
        }
    }

    pub(super) fn file(&self) -> &Warc<'a> {
        &self.file
    }

    /// What was counted, and found outside records.
    pub(crate) fn finish(mut self) -> Walked {
        if self.is_plain {
            self.walked.members = 1;
        }
        self.walked
    }

    /// Takes records that were read ahead, if reading alone leads to where they begin.
    pub(super) fn take(&mut self, stretch: Stretch<M::Made>) -> io::Result<()> {
        if stretch.start > self.at && !self.ended {
            self.alone(Some(stretch.start))?;
        }
        if stretch.start != self.at || self.ended {
            return Ok(());
        }
        self.at = stretch.end;
        self.in_step = false;
        self.is_plain |= stretch.is_plain;
        self.walked.is_arc |= stretch.is_arc;
        self.walked.members += stretch.members;
        self.walked.bytes = stretch.end;
        stretch.records.into_iter().try_for_each(|made| (self.sink)(made, Vec::new()))
    }

    /// Reads what is left.
    pub(super) fn finish_file(&mut self) -> io::Result<()> {
        let all_taken = self.at > 0 && self.file.length == Some(self.at) && !self.in_step;
        if self.ended || all_taken { Ok(()) } else { self.alone(None) }
    }

    /// Reads on, to the end or to the first record end at or behind `until` that another reader can go on from.
    fn alone(&mut self, until: Option<u64>) -> io::Result<()> {
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => Reader::new((self.file.open)()?, self.limits)?,
        };
        if !std::mem::replace(&mut self.in_step, true) {
            self.members_before = reader.members();
            if !reader.resume(self.at)? {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "this input cannot be read at an offset",
                ));
            }
        }
        self.ended = self.read_on(&mut reader, until)?;
        self.walked.members += reader.members() - self.members_before;
        self.members_before = reader.members();
        self.is_plain |= reader.container() == Container::Plain;
        self.walked.is_arc |= reader.is_arc();
        self.reader = Some(reader);
        Ok(())
    }

    /// True at the end of the file.
    fn read_on(&mut self, reader: &mut Reader, until: Option<u64>) -> io::Result<bool> {
        while let Some(record) = reader.next_record()? {
            let made = self.make.make(record, self.state)?;
            (self.sink)(made, reader.take_findings())?;
            let end = reader.stands_at().filter(|end| until.is_some_and(|until| *end >= until));
            if let Some(end) = end {
                self.at = end;
                return Ok(false);
            }
        }
        self.walked.findings.extend(reader.take_findings());
        self.walked.bytes = reader.position();
        Ok(true)
    }
}
