//! Maps of a site and feeds: what exists to be read for its links.
//!
//! Elements are known by their local names, whatever their namespace is called, and by where they cannot be anything
//! else. Nothing outside the document is ever asked for: there is no DTD, and no entity but those of XML and HTML.

use std::io::{self, BufRead, Read};

use encoding_rs::UTF_8;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use url::Url;

use super::page::read_fragment;
use super::references::{Place, decode};
use super::text::Text;
use super::{Collector, Kind, LONGEST_REFERENCE, Links};

/// Bytes of text that are read: sitemaps.org allows 50 MiB.
const LIMIT: usize = 64 << 20;
/// Longest text or tag: a whole article in a feed.
const LONGEST: usize = 4 << 20;
/// Most links: sitemaps.org allows 50,000, each in other languages and with its pictures.
const MOST_LINKS: usize = 200_000;
/// Errors after which it is given up.
const ERRORS: usize = 100;
/// Lines that must be URLs for a text to be a list of them.
const LINES: usize = 16;

/// What a document turned out to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    /// A sitemap, or an index of sitemaps (sitemaps.org).
    Sitemap,
    /// RSS (0.9x, 1.0, 2.0) or Atom (RFC 4287).
    Feed,
    /// Any other document: nothing is taken from it but its style sheet.
    #[default]
    Other,
}

impl Listing {
    /// By the local name of the document's element.
    pub fn of_root(name: &str) -> Self {
        match name {
            "urlset" | "sitemapindex" => Self::Sitemap,
            "rss" | "RDF" | "feed" => Self::Feed,
            _ => Self::Other,
        }
    }
}

/// What a sitemap or a feed leads to. `base` is the URL that it was got from, `charset` that of its Content-Type.
///
/// What is broken gives what stands before and after the break. Text counts up to 64 MiB, links up to 200,000; then it
/// is [incomplete](Links::incomplete).
///
/// # Errors
/// What the reader says.
pub fn xml_links(xml: &mut dyn Read, base: &Url, charset: Option<&str>) -> io::Result<(Listing, Links)> {
    let mut scanner = Scanner::new(base);
    let mut reader = Reader::from_reader(Text::new(xml, charset, LIMIT));
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    config.expand_empty_elements = true;
    let (mut buffer, mut errors) = (Vec::new(), 0);
    while !scanner.is_done() && errors < ERRORS {
        buffer.clear();
        reader.get_mut().begin_piece(LONGEST);
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => break,
            Ok(event) => scanner.take(&event),
            Err(quick_xml::Error::Io(error)) => return Err(io::Error::new(error.kind(), error)),
            Err(_) => errors += 1,
        }
    }
    scanner.links.incomplete |= reader.get_ref().is_cut() || errors == ERRORS;
    Ok((scanner.listing.unwrap_or_default(), scanner.links.finish()))
}

/// What a list of URLs leads to, one a line, which sitemaps.org allows for a sitemap as well. `None` where the text is
/// no such list: the first lines tell.
///
/// # Errors
/// What the reader says.
pub fn list_links(text: &mut dyn Read, base: &Url, charset: Option<&str>) -> io::Result<Option<Links>> {
    let mut reader = Text::new(text, charset, LIMIT);
    let mut links = collector(base);
    let (mut line, mut lines) = (Vec::new(), 0);
    while !links.incomplete {
        line.clear();
        reader.begin_piece(LONGEST_REFERENCE);
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        // The bytes come out of UTF-8 and are cut at an end of line, or too long to be a URL.
        let Some(url) = std::str::from_utf8(&line).ok().map(str::trim).filter(|line| !line.is_empty()) else {
            continue;
        };
        let is_url = is_absolute(url) && !url.contains(char::is_whitespace);
        if !is_url && lines < LINES {
            return Ok(None);
        }
        lines += 1;
        if is_url {
            links.navigate(url);
        }
    }
    links.incomplete |= reader.is_cut();
    Ok((lines > 0).then(|| links.finish()))
}

fn is_absolute(url: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

fn collector(base: &Url) -> Collector {
    // XML and lists are URLs in Unicode, whatever they came in.
    Collector { most: MOST_LINKS, ..Collector::new(base, UTF_8) }
}

/// What is done with the text of the element being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taking {
    Nothing,
    Link,
    /// A link if it is one by itself.
    Absolute,
    Sitemap,
    Title,
    Html,
}

struct Scanner {
    links: Collector,
    listing: Option<Listing>,
    /// In a `sitemap` rather than in a `url`.
    in_index: bool,
    taking: Taking,
    text: String,
}

impl Scanner {
    fn new(base: &Url) -> Self {
        let links = collector(base);
        Self { links, listing: None, in_index: false, taking: Taking::Nothing, text: String::new() }
    }

    fn is_done(&self) -> bool {
        self.links.incomplete || self.listing == Some(Listing::Other)
    }

    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(start) => self.start(start),
            Event::End(_) => self.end(),
            Event::Text(text) => self.add(text),
            Event::CData(text) => self.add(text),
            Event::GeneralRef(name) => self.refer(name),
            Event::PI(instruction) if instruction.target() == "xml-stylesheet" => {
                let style = BytesStart::from_content(instruction.content(), 0);
                let href = attribute(&style, "href");
                href.iter().for_each(|href| self.links.require(href, Kind::Style));
            }
            _ => {}
        }
    }

    fn add(&mut self, text: &str) {
        let most = if self.taking == Taking::Html { LONGEST } else { LONGEST_REFERENCE };
        if self.taking != Taking::Nothing && self.text.len() + text.len() <= most {
            self.text.push_str(text);
        }
    }

    /// `&name;`: the five of XML, and what HTML knows.
    fn refer(&mut self, name: &str) {
        if self.taking != Taking::Nothing {
            self.add(&decode(&format!("&{name};"), Place::Text));
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        self.text.clear();
        let name = start.local_name();
        let name: &str = name.as_ref();
        if self.listing.is_none() {
            return self.root(start, name);
        }
        self.taking = match self.listing {
            Some(Listing::Sitemap) => self.in_sitemap(start, name),
            Some(Listing::Feed) => self.in_feed(start, name),
            _ => Taking::Nothing,
        };
    }

    fn root(&mut self, start: &BytesStart<'_>, name: &str) {
        self.listing = Some(Listing::of_root(name));
        // A feed says by `xml:base` where it is from; no article in it does.
        if let Some(base) = attribute(start, "base") {
            self.links.set_base(&base);
        }
        self.links.base_is_set = true;
    }

    /// `urlset`, `sitemapindex`, and the extensions for languages, pictures and films.
    fn in_sitemap(&mut self, start: &BytesStart<'_>, name: &str) -> Taking {
        match name {
            "sitemap" => self.in_index = true,
            "url" => self.in_index = false,
            "link" => self.follow(start, "href"),
            _ => {}
        }
        match name {
            "loc" if self.in_index => Taking::Sitemap,
            "loc" | "content_loc" | "player_loc" | "thumbnail_loc" => Taking::Link,
            _ => Taking::Nothing,
        }
    }

    fn in_feed(&mut self, start: &BytesStart<'_>, name: &str) -> Taking {
        match name {
            "link" if attribute(start, "href").is_some() => {
                if leads(&attribute(start, "rel").unwrap_or_default()) {
                    self.follow(start, "href");
                }
                Taking::Nothing
            }
            "link" | "comments" | "commentRss" | "logo" | "url" | "origLink" => Taking::Link,
            "guid" => match attribute(start, "isPermaLink").as_deref() {
                Some("false") => Taking::Nothing,
                _ => Taking::Absolute,
            },
            "title" if self.links.title.is_none() => Taking::Title,
            "enclosure" | "thumbnail" | "player" | "source" => self.taken(start, "url"),
            "item" => self.taken(start, "about"),
            "li" => self.taken(start, "resource"),
            "content" if attribute(start, "url").is_some() => self.taken(start, "url"),
            "content" if attribute(start, "src").is_some() => self.taken(start, "src"),
            // Articles that are markup rather than text with markup in it.
            "a" => self.taken(start, "href"),
            "img" => {
                let src = attribute(start, "src");
                src.iter().for_each(|src| self.links.require(src, Kind::Image));
                Taking::Nothing
            }
            "content" | "encoded" | "description" | "summary" => Taking::Html,
            _ => Taking::Nothing,
        }
    }

    fn taken(&mut self, start: &BytesStart<'_>, name: &str) -> Taking {
        self.follow(start, name);
        Taking::Nothing
    }

    fn follow(&mut self, start: &BytesStart<'_>, name: &str) {
        attribute(start, name).iter().for_each(|reference| self.links.navigate(reference));
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.text);
        match std::mem::replace(&mut self.taking, Taking::Nothing) {
            Taking::Nothing => {}
            Taking::Link => self.links.navigate(&text),
            Taking::Absolute if !is_absolute(text.trim()) => {}
            Taking::Absolute => self.links.navigate(&text),
            Taking::Sitemap => self.links.map(&text),
            Taking::Title => {
                let title = text.split_whitespace().collect::<Vec<_>>().join(" ");
                self.links.title = Some(title).filter(|title| !title.is_empty());
            }
            // Without a tag it has no link.
            Taking::Html if !text.contains('<') => {}
            Taking::Html => read_fragment(&mut self.links, &text),
        }
    }
}

/// The relations of `atom:link` that a reader goes to (RFC 4287 §4.2.7.2, RFC 5005, RFC 4685); not those that are
/// written to, or spoken to by machines.
fn leads(relation: &str) -> bool {
    matches!(
        relation.trim().rsplit('/').next().unwrap_or_default(),
        "" | "alternate"
            | "current"
            | "enclosure"
            | "first"
            | "last"
            | "next"
            | "next-archive"
            | "prev"
            | "prev-archive"
            | "previous"
            | "related"
            | "replies"
            | "self"
            | "via"
    )
}

/// The value of an attribute by its local name, references decoded.
fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = start.attributes();
    let found = attributes.with_checks(false).flatten().find(|attribute| {
        let local = attribute.key.local_name();
        let local: &str = local.as_ref();
        local == name
    })?;
    Some(decode(&found.value, Place::Attribute).into_owned())
}
