//! HTML, in one pass.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, UTF_8};
use lol_html::html_content::{Element, TextChunk, TextType};
use lol_html::send::{HtmlRewriter, Settings};
use lol_html::{MemorySettings, OutputSink, element, text};
use url::Url;

use super::elements::{self, Attributes};
use super::references::{Place, decode};
use super::sieve::Sieve;
use super::{Collector, Links, label};
use crate::xhtml::Closing;

/// Bytes looked at before the encoding is settled.
const PROLOGUE: usize = 16 << 10;
/// Bytes of text that are decoded at once.
const TEXT: usize = 32 << 10;
/// Most memory that the parser takes: one tag with all its inline data.
const MEMORY: usize = 32 << 20;
/// Longest style element, noscript element or framed document that is read.
const LONGEST_TEXT: usize = 4 << 20;
/// Longest title that is kept.
const LONGEST_TITLE: usize = 4 << 10;
/// `noscript` in `srcdoc` in `srcdoc`: nothing honest goes deeper.
const DEEPEST: usize = 3;

/// Reads a page to its end. `base` is the URL that it was got from, `charset` that of its Content-Type.
pub fn page_links(html: &mut dyn Read, base: &Url, charset: Option<&str>) -> io::Result<Links> {
    read_page(PageScanner::new(base, charset), html)
}

/// The same of a page in XHTML, where any element may be closed in its begin tag.
pub fn xhtml_links(xhtml: &mut dyn Read, base: &Url, charset: Option<&str>) -> io::Result<Links> {
    read_page(PageScanner { is_xml: true, ..PageScanner::new(base, charset) }, xhtml)
}

fn read_page(mut scanner: PageScanner, html: &mut dyn Read) -> io::Result<Links> {
    let mut buffer = vec![0; 32 << 10];
    loop {
        match html.read(&mut buffer) {
            Ok(0) => return Ok(scanner.finish()),
            Ok(read) => scanner.write(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Finds links in a page that comes in parts.
///
/// The encoding is that of the BOM, of the Content-Type, of `meta`, or a guess, in this order; queries of links
/// are written in it, as browsers do.
pub struct PageScanner {
    state: State,
    base: Url,
    hint: Option<&'static Encoding>,
    is_xml: bool,
}

/// Before and after the encoding is known.
enum State {
    Prologue(Vec<u8>),
    Reading { decoder: Decoder, text: String, parser: Box<Parser> },
}

impl PageScanner {
    /// Starts a page. `base` is the URL that it was got from, `charset` that of its Content-Type.
    pub fn new(base: &Url, charset: Option<&str>) -> Self {
        let hint = charset.and_then(label);
        Self { state: State::Prologue(Vec::new()), base: base.clone(), hint, is_xml: false }
    }

    /// Takes the next part.
    pub fn write(&mut self, part: &[u8]) {
        match &mut self.state {
            State::Reading { decoder, text, parser } => feed(decoder, text, parser, part, false),
            State::Prologue(prologue) => {
                prologue.extend_from_slice(part);
                if prologue.len() >= PROLOGUE {
                    self.start(false);
                }
            }
        }
    }

    /// Ends the page.
    pub fn finish(mut self) -> Links {
        if matches!(self.state, State::Prologue(_)) {
            self.start(true);
        }
        match self.state {
            State::Reading { mut decoder, mut text, mut parser } => {
                feed(&mut decoder, &mut text, &mut parser, b"", true);
                parser.collected().finish()
            }
            State::Prologue(_) => Collector::new(&self.base, UTF_8).finish(),
        }
    }

    fn start(&mut self, whole: bool) {
        let State::Prologue(prologue) = &mut self.state else { return };
        let prologue = std::mem::take(prologue);
        let encoding = encoding_of(&prologue, self.hint, whole);
        let mut parser = Box::new(Parser::new(Collector::new(&self.base, encoding)));
        parser.closing = self.is_xml.then(Closing::default);
        let mut decoder = encoding.new_decoder();
        let mut text = String::with_capacity(TEXT);
        feed(&mut decoder, &mut text, &mut parser, &prologue, false);
        self.state = State::Reading { decoder, text, parser };
    }
}

/// Reads a piece of HTML that stands in something else.
pub(super) fn read_fragment(links: &mut Collector, html: &str) {
    let empty = Collector::new(&links.base, UTF_8);
    let mut parser = Parser::new(std::mem::replace(links, empty));
    parser.write(html);
    *links = parser.collected();
}

impl std::fmt::Debug for PageScanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PageScanner").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

fn encoding_of(prologue: &[u8], hint: Option<&'static Encoding>, whole: bool) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(prologue) {
        return encoding;
    }
    if let Some(encoding) = hint.or_else(|| declared(prologue)) {
        return encoding;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(prologue, whole);
    detector.guess(None, Utf8Detection::Allow)
}

/// The encoding that a `meta` near the start names; one that could not have been read so far is UTF-8.
fn declared(prologue: &[u8]) -> Option<&'static Encoding> {
    let head = prologue.get(..4096).unwrap_or(prologue).to_ascii_lowercase();
    memchr::memmem::find_iter(&head, b"<meta").find_map(|at| {
        let tag = head.get(at..)?.split(|byte| *byte == b'>').next()?;
        let value = tag.get(memchr::memmem::find(tag, b"charset")? + b"charset".len()..)?;
        let value = value.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
        let encoding = Encoding::for_label(value.split(|b| b" \t\r\n\"';/".contains(b)).next()?)?;
        Some(if encoding.is_ascii_compatible() { encoding } else { UTF_8 })
    })
}

/// `text` has the room for what is decoded at once.
fn feed(decoder: &mut Decoder, text: &mut String, parser: &mut Parser, mut part: &[u8], last: bool) {
    loop {
        let (result, read, _) = decoder.decode_to_string(part, text, last);
        parser.write(text);
        text.clear();
        part = part.get(read..).unwrap_or_default();
        if result == encoding_rs::CoderResult::InputEmpty {
            return;
        }
    }
}

/// What the handlers of the parser share.
struct Shared {
    links: Collector,
    /// Text of the element being read: a style, a title, a noscript.
    text: String,
    /// HTML inside this HTML, to be read next, and how deep it lies.
    inner: Vec<String>,
}

/// The streaming parser over text.
struct Parser {
    /// What XHTML goes through before.
    closing: Option<Closing>,
    sieve: Sieve,
    /// What the sieve has passed of the last part.
    passed: String,
    rewriter: Option<HtmlRewriter<'static, Nowhere>>,
    shared: Arc<Mutex<Shared>>,
    depth: usize,
}

struct Nowhere;

impl OutputSink for Nowhere {
    fn handle_chunk(&mut self, _: &[u8]) {}
}

impl Parser {
    fn new(links: Collector) -> Self {
        let shared = Shared { links, text: String::new(), inner: Vec::new() };
        Self::over(Arc::new(Mutex::new(shared)), 0)
    }

    fn over(shared: Arc<Mutex<Shared>>, depth: usize) -> Self {
        let rewriter = HtmlRewriter::new(settings(&shared), Nowhere);
        let (closing, sieve, passed) = (None, Sieve::default(), String::new());
        Self { closing, sieve, passed, rewriter: Some(rewriter), shared, depth }
    }

    fn write(&mut self, text: &str) {
        match &mut self.closing {
            Some(closing) => {
                let mut closed = String::with_capacity(text.len());
                closing.pass(text, &mut closed);
                self.sieve.pass(&closed, &mut self.passed);
            }
            None => self.sieve.pass(text, &mut self.passed),
        }
        self.parse();
    }

    fn parse(&mut self) {
        let passed = self.passed.as_bytes();
        if self.rewriter.as_mut().is_some_and(|rewriter| rewriter.write(passed).is_err()) {
            // A tag beyond the limit: the parser cannot go on.
            self.rewriter = None;
            self.shared().links.incomplete = true;
        }
        self.passed.clear();
        self.read_inner();
    }

    fn end(&mut self) {
        self.sieve.end(&mut self.passed);
        self.parse();
        if self.rewriter.take().is_some_and(|rewriter| rewriter.end().is_err()) {
            self.shared().links.incomplete = true;
        }
        self.read_inner();
    }

    fn read_inner(&mut self) {
        let inner = std::mem::take(&mut self.shared().inner);
        if self.depth >= DEEPEST {
            return;
        }
        for html in inner {
            let mut parser = Self::over(self.shared.clone(), self.depth + 1);
            parser.write(&html);
            parser.end();
        }
    }

    /// Ends it and gives what was collected.
    fn collected(mut self) -> Collector {
        self.end();
        let shared = self.shared.clone();
        drop(self);
        match Arc::try_unwrap(shared) {
            Ok(shared) => shared.into_inner().unwrap_or_else(PoisonError::into_inner).links,
            // All handlers are gone with the parser, so nobody else holds it; a copy is as good.
            Err(shared) => {
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let empty = Collector::new(&shared.links.base, UTF_8);
                std::mem::replace(&mut shared.links, empty)
            }
        }
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Collected = Arc<Mutex<Shared>>;

fn settings(shared: &Collected) -> Settings<'static, 'static> {
    let with = |shared: &Collected, take: fn(&mut Shared, &TextChunk<'_>)| {
        let shared = shared.clone();
        move |chunk: &mut TextChunk<'_>| {
            take(&mut shared.lock().unwrap_or_else(PoisonError::into_inner), chunk);
            Ok(())
        }
    };
    let elements = shared.clone();
    Settings::new_send()
        .with_strict(false)
        .with_memory_settings(MemorySettings::new().with_max_allowed_memory_usage(MEMORY))
        .append_element_content_handler(element!("*", move |element: &mut Element<'_, '_, _>| {
            elements.lock().unwrap_or_else(PoisonError::into_inner).element(element);
            Ok(())
        }))
        .append_element_content_handler(text!("style", with(shared, Shared::style)))
        .append_element_content_handler(text!("noscript", with(shared, Shared::noscript)))
        .append_element_content_handler(text!("title", with(shared, Shared::title)))
}

impl Shared {
    fn element<H: lol_html::HandlerTypes>(&mut self, element: &mut Element<'_, '_, H>) {
        if element.attributes().is_empty() {
            return;
        }
        let tag = element.tag_name();
        let attributes = element.attributes().iter().map(|attribute| (attribute.name(), attribute.value()));
        let attributes = Attributes(attributes.collect());
        elements::element(&mut self.links, &tag, &attributes);
        if tag == "iframe" {
            self.inner.extend(attributes.get("srcdoc").filter(|html| html.len() <= LONGEST_TEXT));
        }
    }

    fn style(&mut self, chunk: &TextChunk<'_>) {
        if let Some(css) = self.gather(chunk, LONGEST_TEXT) {
            self.links.css(&css);
        }
    }

    fn noscript(&mut self, chunk: &TextChunk<'_>) {
        if let Some(html) = self.gather(chunk, LONGEST_TEXT) {
            self.inner.push(html);
        }
    }

    /// The first title of the page; those inside pictures are plain text to the parser.
    fn title(&mut self, chunk: &TextChunk<'_>) {
        if chunk.text_type() != TextType::RCData || self.links.title.is_some() {
            return;
        }
        if let Some(title) = self.gather(chunk, LONGEST_TITLE) {
            let title = decode(&title, Place::Text);
            let words: Vec<&str> = title.split_whitespace().collect();
            self.links.title = Some(words.join(" ")).filter(|title| !title.is_empty());
        }
    }

    /// The element's text once it is whole, cut at `limit`.
    fn gather(&mut self, chunk: &TextChunk<'_>, limit: usize) -> Option<String> {
        let room = limit.saturating_sub(self.text.len());
        let text = chunk.as_str();
        let end =
            (0..=room.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        self.text.push_str(text.get(..end).unwrap_or_default());
        chunk.last_in_text_node().then(|| std::mem::take(&mut self.text))
    }
}
