//! Markup to tokens (HTML §13.2.5) for html5ever's tree builder: text as slices of the page, comments without
//! theirs, and no attribute that nothing reads.
//!
//! html5ever's own tokenizer goes by the character and keeps everything, which costs more than all the rest of the
//! extraction. What is rare is still left to it: [`feed`] gives up on NUL characters and on tags with a thousand
//! attributes.

mod names;
mod raw;

use std::borrow::Cow;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use html5ever::tree_builder::TreeBuilder;
use html5ever::{Attribute, QualName, ns};
use memchr::{memchr, memchr2, memmem};

use super::charref;
use super::dom::Sink;

pub(super) use names::is_read;

/// What the tokens go to.
pub(super) type Builder = TreeBuilder<u32, Sink>;

/// Attributes of one tag from which on the page is left to html5ever.
const MOST: usize = 1_000;

/// Bytes of the page between two looks at its tree.
const STEP: usize = 16 << 10;

/// Reads a page into a builder; false where it must be read anew by html5ever, because there is something rare in
/// it or `stop` said so of the tree.
pub(super) fn feed(text: &str, builder: &Builder, stop: impl Fn(&Builder) -> bool) -> bool {
    if text.len() > i32::MAX as usize || text.starts_with('\u{feff}') {
        return false;
    }
    let text = match memchr2(b'\r', 0, text.as_bytes()) {
        None => Cow::Borrowed(text),
        Some(_) if memchr(0, text.as_bytes()).is_some() => return false,
        Some(_) => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
    };
    let page = StrTendril::from_slice(&text);
    let mut reader = Reader { text: &text, page, at: 0, builder, stop, looked: STEP, stopped: false };
    while reader.at < text.len() && !reader.stopped {
        reader.step();
    }
    if reader.stopped || (reader.stop)(builder) {
        return false;
    }
    _ = builder.process_token(Token::EOFToken, 1);
    builder.end();
    true
}

struct Reader<'a, F> {
    text: &'a str,
    /// The same, to be cut into slices.
    page: StrTendril,
    at: usize,
    builder: &'a Builder,
    stop: F,
    /// Where the tree is looked at next.
    looked: usize,
    stopped: bool,
}

impl<F: Fn(&Builder) -> bool> Reader<'_, F> {
    fn rest(&self, at: usize) -> &[u8] {
        self.text.as_bytes().get(at..).unwrap_or_default()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// The place of a byte, or the end of the page.
    fn find(&self, byte: u8, from: usize) -> usize {
        memchr(byte, self.rest(from)).map_or(self.text.len(), |at| from + at)
    }

    /// Hands over what ends at `self.at`. The tree is looked at as often as it is when html5ever reads the page in
    /// steps, before and after what stands across the end of one.
    fn emit(&mut self, token: Token) -> TokenSinkResult<u32> {
        let look = self.at >= self.looked;
        self.stopped |= look && (self.stop)(self.builder);
        let result = self.builder.process_token(token, 1);
        if look {
            self.looked = (self.at / STEP + 1) * STEP;
            self.stopped |= (self.stop)(self.builder);
        }
        result
    }

    /// One piece of text or markup.
    fn step(&mut self) {
        let open = self.find(b'<', self.at);
        if open > self.at {
            return self.text(open, References::Text);
        }
        let after = self.byte(open + 1);
        match (after, self.byte(open + 2)) {
            (Some(b'!'), _) => self.declaration(open),
            (Some(b'?'), _) => self.comment(self.find(b'>', open + 1) + 1),
            (Some(b'/'), Some(b'>')) => self.at = open + 3,
            (Some(b'/'), None) => self.text(open + 2, References::None),
            (Some(b'/'), Some(byte)) if byte.is_ascii_alphabetic() => self.tag(TagKind::EndTag, open + 2),
            (Some(b'/'), Some(_)) => self.comment(self.find(b'>', open + 2) + 1),
            (Some(byte), _) if byte.is_ascii_alphabetic() => self.tag(TagKind::StartTag, open + 1),
            _ => self.text(open + 1, References::None),
        }
    }

    /// Text from here on.
    fn text(&mut self, end: usize, references: References) {
        let text = self.slice(self.at, end, references);
        self.at = end;
        if !text.is_empty() {
            _ = self.emit(Token::CharacterTokens(text));
        }
    }

    fn slice(&self, from: usize, to: usize, references: References) -> StrTendril {
        let text = self.text.get(from..to).unwrap_or_default();
        if references != References::None && memchr(b'&', text.as_bytes()).is_some() {
            return StrTendril::from(charref::decoded(text, references == References::Attribute));
        }
        let slice = self.page.try_subtendril(from as u32, text.len() as u32);
        slice.unwrap_or_else(|_| StrTendril::from_slice(text))
    }

    fn comment(&mut self, end: usize) {
        self.at = end.min(self.text.len());
        _ = self.emit(Token::CommentToken(StrTendril::new()));
    }

    fn declaration(&mut self, open: usize) {
        let rest = self.rest(open + 2);
        if rest.starts_with(b"--") {
            return self.comment(open + 4 + comment_length(self.rest(open + 4)));
        }
        if rest.get(..7).is_some_and(|name| name.eq_ignore_ascii_case(b"doctype")) {
            return self.doctype(open);
        }
        let foreign = || self.builder.adjusted_current_node_present_but_not_in_html_namespace();
        if rest.starts_with(b"[CDATA[") && foreign() {
            let start = open + 9;
            let end = memmem::find(self.rest(start), b"]]>").map_or(self.text.len(), |end| start + end);
            self.at = start;
            self.text(end, References::None);
            self.at = (end + 3).min(self.text.len());
            return;
        }
        self.comment(self.find(b'>', open + 2) + 1);
    }

    /// There is one a page at most that counts: html5ever reads it.
    fn doctype(&mut self, open: usize) {
        let end = (self.find(b'>', open) + 1).min(self.text.len());
        let input = BufferQueue::default();
        input.push_back(self.slice(open, end, References::None));
        let tokenizer = Tokenizer::new(Doctypes::default(), Default::default());
        _ = tokenizer.feed(&input);
        tokenizer.end();
        self.at = end;
        if let Some(doctype) = tokenizer.sink.0.take() {
            _ = self.emit(Token::DoctypeToken(doctype));
        }
    }

    /// A tag from its name on, and what it holds if that is no markup. One without an end is left out.
    fn tag(&mut self, kind: TagKind, start: usize) {
        let name_end = self.name_end(start, false);
        let name = names::element(self.text.get(start..name_end).unwrap_or_default());
        let all = names::keeps_all(&name);
        let mut attrs = Vec::new();
        let mut at = name_end;
        let self_closing = loop {
            match self.byte(at) {
                None => {
                    self.at = self.text.len();
                    return;
                }
                Some(b'>') => break false,
                Some(b'/') if self.byte(at + 1) == Some(b'>') => {
                    at += 1;
                    break true;
                }
                Some(b'/' | b' ' | b'\n' | b'\t' | b'\x0c') => at += 1,
                Some(_) => {
                    let read = self.attribute(at);
                    at = read.end;
                    if kind == TagKind::StartTag {
                        self.keep(&mut attrs, &read, all);
                    }
                }
            }
        };
        self.stopped |= attrs.len() >= MOST;
        self.at = at + 1;
        let raw = name.clone();
        let tag = Tag { kind, name, self_closing, attrs, had_duplicate_attributes: false };
        match self.emit(Token::TagToken(tag)) {
            TokenSinkResult::RawData(kind) => self.raw(&raw, kind),
            TokenSinkResult::Plaintext => self.text(self.text.len(), References::None),
            _ => {}
        }
    }

    /// Where a name ends. The first byte of an attribute's is part of it whatever it is.
    fn name_end(&self, start: usize, attribute: bool) -> usize {
        let ends = |byte: &u8| {
            matches!(byte, b' ' | b'>' | b'/' | b'\n' | b'\t' | b'\x0c') || attribute && *byte == b'='
        };
        let first = start + usize::from(attribute);
        self.rest(first).iter().position(ends).map_or(self.text.len(), |end| first + end)
    }

    fn blank_end(&self, start: usize) -> usize {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\x0c');
        self.rest(start).iter().position(|byte| !blank(byte)).map_or(self.text.len(), |end| start + end)
    }

    fn attribute(&self, start: usize) -> Read {
        let name_end = self.name_end(start, true);
        let mut read = Read { name: (start, name_end), value: (name_end, name_end), end: name_end };
        let equals = self.blank_end(name_end);
        if self.byte(equals) != Some(b'=') {
            return read;
        }
        let value = self.blank_end(equals + 1);
        (read.value, read.end) = match self.byte(value) {
            Some(quote @ (b'"' | b'\'')) => {
                let end = self.find(quote, value + 1);
                ((value + 1, end), end + 1)
            }
            _ => {
                let ends = |byte: &u8| matches!(byte, b' ' | b'>' | b'\n' | b'\t' | b'\x0c');
                let end = self.rest(value).iter().position(ends).map_or(self.text.len(), |end| value + end);
                ((value, end), end)
            }
        };
        read
    }

    /// Keeps an attribute if it is ever read and the first of its name.
    fn keep(&self, attrs: &mut Vec<Attribute>, read: &Read, all: bool) {
        let name = self.text.get(read.name.0..read.name.1).unwrap_or_default();
        let Some(name) = names::attribute(name, all) else { return };
        if attrs.len() < MOST && attrs.iter().all(|attr| attr.name.local != name) {
            let value = self.slice(read.value.0, read.value.1, References::Attribute);
            attrs.push(Attribute { name: QualName::new(None, ns!(), name), value });
        }
    }

    /// What a script, a style sheet, a title and the like hold.
    fn raw(&mut self, name: &str, kind: RawKind) {
        let rest = self.rest(self.at);
        let length = match kind {
            RawKind::Rcdata | RawKind::Rawtext => raw::length(rest, name),
            RawKind::ScriptData | RawKind::ScriptDataEscaped(_) => raw::script_length(rest),
        };
        let end = self.at + length;
        self.text(end, if kind == RawKind::Rcdata { References::Text } else { References::None });
        if end < self.text.len() {
            self.tag(TagKind::EndTag, end + 2);
        }
    }
}

/// What character references stand for in a piece of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum References {
    /// Themselves.
    None,
    Text,
    Attribute,
}

/// Where an attribute stands.
struct Read {
    name: (usize, usize),
    value: (usize, usize),
    end: usize,
}

/// The bytes of a comment from behind `<!--` to behind its end.
fn comment_length(rest: &[u8]) -> usize {
    if rest.starts_with(b">") {
        return 1;
    }
    if rest.starts_with(b"->") {
        return 2;
    }
    let mut at = 0;
    while let Some(found) = memmem::find(rest.get(at..).unwrap_or_default(), b"--") {
        at += found;
        match rest.get(at + 2..) {
            Some([b'>', ..]) => return at + 3,
            Some([b'!', b'>', ..]) => return at + 4,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Catches the document type of what is tokenized.
#[derive(Default)]
struct Doctypes(std::cell::RefCell<Option<html5ever::tokenizer::Doctype>>);

impl TokenSink for Doctypes {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        if let Token::DoctypeToken(doctype) = token {
            self.0.borrow_mut().get_or_insert(doctype);
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests;
