//! The container under the records: one plain stream, gzip members (RFC 1952) or zstd frames (RFC 8878, WARC/zstd 1.0).
//!
//! [`Content`] gives the uncompressed bytes of one member (or frame) at a time and knows where in the file it lies. Each
//! is taken apart by hand and its check sums are compared; what is damaged, empty, cut or no member at all becomes a
//! finding, and after damage the next member whose content begins a record is found again. [`gzip`] and [`zstd`] hold
//! what is particular to each, [`whole`] the short way for sound gzip members, [`resync`] what lies between members.

mod buffer;
mod gzip;
mod resync;
mod whole;
mod zstd;

use self::buffer::Buffer;
use self::gzip::Gzip;
use self::whole::Whole;
use self::zstd::Zstd;
use super::source::{Source, Window};
use crate::finding::{Finding, rules};
use std::io;
use std::ops::Range;

/// Bytes that may be looked at a second time after damage, so that a hostile file costs no more than linear time.
const EFFORT: u64 = 1 << 30;

/// How the records are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// As they are.
    Plain,
    /// In gzip members.
    Gzip,
    /// In zstd frames.
    Zstd,
}

impl Container {
    /// What its parts are called.
    pub(crate) fn part(self) -> &'static str {
        match self {
            Self::Plain => "file",
            Self::Gzip => "gzip member",
            Self::Zstd => "zstd frame",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Ended,
    Damaged,
}

/// True for content that begins as a record does.
pub(crate) type Begins = fn(&[u8]) -> bool;

/// The content of the current member.
pub(crate) struct Content {
    window: Window,
    codec: Option<Codec>,
    out: Buffer,
    state: State,
    begins: Begins,
    member_offset: u64,
    inner_offset: u64,
    members: u64,
    effort: u64,
    findings: Vec<Finding>,
}

/// What takes a member apart.
enum Codec {
    Gzip(Gzip, Whole),
    Zstd(Zstd),
}

/// How far one step of a decoder came.
struct Step {
    used: usize,
    made: usize,
    then: Then,
}

enum Then {
    /// More can come.
    More,
    /// The member's data ended; the codec looks at what is left of it.
    End,
    /// It cannot be read further.
    Bad(Finding),
}

/// How a member ended.
struct End {
    findings: Vec<Finding>,
    /// False where what follows cannot be trusted to be where the next member begins.
    in_step: bool,
}

impl Content {
    /// Looks at the first bytes to tell the container; `begins` tells where a record may begin, after damage.
    pub(crate) fn new(source: Source, begins: Begins) -> io::Result<Self> {
        let mut window = Window::new(source);
        let codec = match window.fill(4)? {
            [0x1f, 0x8b, ..] => Some(Codec::Gzip(Gzip::new(), Whole::new())),
            bytes if zstd::begins(bytes) => Some(Codec::Zstd(Zstd::new()?)),
            _ => None,
        };
        let mut content = Self {
            window,
            codec,
            out: Buffer::default(),
            state: State::Ended,
            begins,
            member_offset: 0,
            inner_offset: 0,
            members: 0,
            effort: 0,
            findings: Vec::new(),
        };
        if content.is_plain() {
            content.members = 1;
        } else {
            content.advance()?;
        }
        Ok(content)
    }

    pub(crate) fn container(&self) -> Container {
        match self.codec {
            None => Container::Plain,
            Some(Codec::Gzip(..)) => Container::Gzip,
            Some(Codec::Zstd(_)) => Container::Zstd,
        }
    }

    pub(crate) fn is_plain(&self) -> bool {
        self.codec.is_none()
    }

    /// From now on records begin like this.
    pub(crate) fn expect(&mut self, begins: Begins) {
        self.begins = begins;
    }

    /// True where the current member could not be read to its end.
    pub(crate) fn is_damaged(&self) -> bool {
        self.state == State::Damaged
    }

    /// File offset of the current member; of the next byte in a plain file.
    pub(crate) fn offset(&self) -> u64 {
        if self.is_plain() { self.window.offset() } else { self.member_offset }
    }

    /// Bytes of the current member's content that are consumed; 0 in a plain file.
    pub(crate) fn inner_offset(&self) -> u64 {
        if self.is_plain() { 0 } else { self.inner_offset }
    }

    /// File offset behind what has been read: of the member's end once [`Content::peek`] gave nothing more.
    pub(crate) fn end_offset(&self) -> u64 {
        self.window.offset()
    }

    /// Members seen so far; 1 for a plain file.
    pub(crate) fn members(&self) -> u64 {
        self.members
    }

    pub(crate) fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// At least `want` bytes of the current member; fewer only at its end.
    pub(crate) fn peek(&mut self, want: usize) -> io::Result<&[u8]> {
        if self.is_plain() {
            return self.window.fill(want);
        }
        while self.state == State::Open && self.out.len() < want {
            self.unpack(want)?;
        }
        Ok(self.out.bytes())
    }

    pub(crate) fn consume(&mut self, n: usize) {
        if self.is_plain() {
            self.window.consume(n);
        } else {
            self.inner_offset += self.out.consume(n) as u64;
        }
    }

    /// Goes back to `offset` of a plain file; false where the source cannot, or has been re-read too often.
    pub(crate) fn rewind(&mut self, offset: u64) -> io::Result<bool> {
        if !self.is_plain() || !self.may_reread(offset) {
            return Ok(false);
        }
        self.window.rewind(offset)
    }

    /// Goes to `offset`, where a member begins (or a record, in a plain file); false where the source cannot.
    pub(crate) fn jump(&mut self, offset: u64) -> io::Result<bool> {
        if !self.window.rewind(offset)? {
            return Ok(false);
        }
        self.findings.clear();
        self.state = State::Ended;
        self.out.clear();
        if !self.is_plain() {
            self.advance()?;
        }
        Ok(true)
    }

    /// Goes to the first member in these bytes whose content begins a record; in a plain file to just before them, so
    /// that a line's beginning is seen as such. False where there is none, or the source cannot.
    pub(crate) fn jump_into(&mut self, bytes: &Range<u64>) -> io::Result<bool> {
        let before = u64::from(self.is_plain());
        if !self.window.rewind(bytes.start.saturating_sub(before))? {
            return Ok(false);
        }
        self.findings.clear();
        self.state = State::Ended;
        self.effort = 0;
        self.out.clear();
        if self.is_plain() {
            return Ok(true);
        }
        let found = self.find_member(bytes.end)?;
        if found {
            self.begin_member()?;
        }
        Ok(found)
    }

    /// Where the next member (or record, in a plain file) is looked for, once this one was read to its sound end.
    pub(crate) fn ended_at(&self) -> Option<u64> {
        let ended = self.state == State::Ended && self.out.len() == 0;
        (self.is_plain() || ended).then(|| self.window.offset())
    }

    fn may_reread(&mut self, offset: u64) -> bool {
        self.may_spend(self.window.offset().saturating_sub(offset))
    }

    fn may_spend(&mut self, bytes: u64) -> bool {
        self.effort += bytes;
        self.effort <= EFFORT
    }

    fn begin_member(&mut self) -> io::Result<()> {
        self.member_offset = self.window.offset();
        self.inner_offset = 0;
        self.members += 1;
        self.out.clear();
        let Some(codec) = &mut self.codec else { return Ok(()) };
        if let Codec::Gzip(_, whole) = codec
            && whole.take(&mut self.window, &mut self.out)?
        {
            self.state = State::Ended;
            return Ok(());
        }
        let begun = match codec {
            Codec::Gzip(gzip, _) => gzip.begin(&mut self.window)?,
            Codec::Zstd(zstd) => zstd.begin(&mut self.window)?,
        };
        self.state = State::Open;
        match begun {
            Ok(odd) => self.findings.extend(odd.into_iter().map(|f| f.at(self.member_offset))),
            Err(finding) => {
                self.damage(finding);
                return Ok(());
            }
        }
        if let Codec::Zstd(zstd) = codec
            && zstd.take(&mut self.window, &mut self.out)?
        {
            self.state = State::Ended;
        }
        Ok(())
    }

    fn unpack(&mut self, want: usize) -> io::Result<()> {
        let Some(codec) = &mut self.codec else { return Ok(()) };
        let input = self.window.fill(1)?;
        let exhausted = input.is_empty();
        let room = self.out.room(want);
        let step = match codec {
            Codec::Gzip(gzip, _) => gzip.step(input, room),
            Codec::Zstd(zstd) => zstd.step(input, room),
        };
        self.window.consume(step.used);
        self.out.made(step.made);
        match step.then {
            Then::End => self.end_member()?,
            Then::Bad(finding) => self.damage(finding),
            Then::More if exhausted && step.made == 0 => {
                let (rule, part) = match self.container() {
                    Container::Zstd => (&rules::ZSTD_TRUNCATED, "zstd frame"),
                    _ => (&rules::GZIP_TRUNCATED, "gzip member"),
                };
                self.damage(Finding::new(rule, format!("the file ends inside this {part}")));
            }
            Then::More => {}
        }
        Ok(())
    }

    fn end_member(&mut self) -> io::Result<()> {
        let end = match &mut self.codec {
            Some(Codec::Gzip(gzip, _)) => gzip.end(&mut self.window)?,
            Some(Codec::Zstd(zstd)) => zstd.end(&mut self.window)?,
            None => return Ok(()),
        };
        self.state = if end.in_step { State::Ended } else { State::Damaged };
        self.findings.extend(end.findings.into_iter().map(|f| f.at(self.member_offset)));
        Ok(())
    }

    fn damage(&mut self, finding: Finding) {
        self.findings.push(finding.at(self.member_offset));
        self.state = State::Damaged;
    }
}
