//! What a response leads to: where it redirects, or its payload decoded and read for links.
//!
//! It is read off the block alone, so that a block on its way to the archive and the same block read back from it years
//! later lead to the same.

use super::links::{
    Kind, Links, Listing, css_links, header_links, list_links, page_links, refresh_link, xhtml_links,
    xml_links,
};
use super::robots;
use crate::message::body::Body;
use crate::message::coding;
use crate::message::head::ResponseHead;
use crate::message::payload::{Head, Payload};
use crate::message::redirect::redirect_target;
use crate::wire::record::PageNotes;
use std::collections::HashSet;
use std::io::{self, Read};
use url::Url;

/// Decoded bytes of a page, a sitemap or a feed that are read for links.
const PAGE_LIMIT: u64 = 64 * 1024 * 1024;
/// Decoded bytes of a style that are read for links; it is held whole.
const STYLE_LIMIT: u64 = 8 * 1024 * 1024;
/// Bytes by which a payload is judged.
const PROLOGUE: u64 = 2048;

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Where it redirects, or why that cannot be gone to.
    pub(crate) redirect: Option<Result<Url, String>>,
    /// True where it sets a cookie, with which the same URL may have another answer.
    pub(crate) sets_cookie: bool,
    /// The page's title.
    pub(crate) title: Option<String>,
    /// What it needs, in the order of the page, each once.
    pub(crate) requisites: Vec<Url>,
    /// Where one can go from it, frames among it, in the order of the page, each once. Without fragments.
    pub(crate) links: Vec<Url>,
    /// Sitemaps that it names: those of an index, and `rel=sitemap`.
    pub(crate) sitemaps: Vec<Url>,
    /// What it was read as.
    pub(crate) document: Document,
    /// True where a limit ended the reading: there may be more.
    pub(crate) incomplete: bool,
    /// The payload of a robots.txt.
    pub(crate) robots: Vec<u8>,
}

/// What a response was read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Document {
    /// HTML.
    Page,
    /// CSS.
    Style,
    /// A sitemap, an index of sitemaps, or a text that is a list of URLs.
    Sitemap,
    /// RSS or Atom.
    Feed,
    /// Anything else: pictures in SVG have links too, and any response its header.
    #[default]
    Other,
}

/// What a response is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Where it redirects.
    Redirect,
    /// What it needs and leads to, too.
    Links,
    /// What a host allows: the payload as it is.
    Robots,
    /// The same where robots.txt led to another URL, which may be a page.
    RobotsElsewhere,
}

/// How a payload is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Page,
    Xhtml,
    Style,
    Picture,
    Xml,
    List,
    Packed,
    Other,
}

/// Reads a response's block; what is neither redirect nor of a kind that is read leads where its header says.
/// `identified` is the payload's type by its own bytes.
pub(crate) fn discover<R: Read + Send>(
    url: &Url,
    identified: Option<&str>,
    block: R,
    asked: Asked,
) -> io::Result<Found> {
    let body = Body::new(block, Payload::response())?;
    let Some(Head::Response(head)) = body.head().cloned() else { return Ok(Found::default()) };
    let redirect = redirect_target(&head, url);
    if redirect.is_some() || asked == Asked::Redirect {
        let sets_cookie = head.fields.get("Set-Cookie").is_some();
        return Ok(Found { redirect, sets_cookie, ..Found::default() });
    }
    let mut payload = body.decoded(PAGE_LIMIT);
    let mut robots = Vec::new();
    if matches!(asked, Asked::Robots | Asked::RobotsElsewhere) {
        (&mut payload).take(robots::LIMIT as u64).read_to_end(&mut robots)?;
        if asked == Asked::Robots {
            return Ok(Found { robots, ..Found::default() });
        }
    }
    let content_type = head.fields.text("Content-Type").unwrap_or_default();
    let source =
        Source { url, declared: declared(&content_type), charset: charset(&content_type), identified };
    let mut found = source.read(&mut robots.as_slice().chain(payload), true)?;
    found.add_header(url, &head);
    Ok(Found { robots, ..found })
}

/// What is known of a payload before it is read.
struct Source<'a> {
    url: &'a Url,
    declared: String,
    charset: Option<String>,
    identified: Option<&'a str>,
}

impl Source<'_> {
    /// `unpack` is false for what was packed: once is what sitemaps are.
    fn read(&self, mut payload: &mut (dyn Read + Send), unpack: bool) -> io::Result<Found> {
        let mut start = Vec::new();
        (&mut payload).take(PROLOGUE).read_to_end(&mut start)?;
        let content = self.content(&start, unpack);
        let mut whole = start.as_slice().chain(payload).take(PAGE_LIMIT);
        let charset = self.charset.as_deref();
        let mut found = match content {
            Content::Page => Found::of(page_links(&mut whole, self.url, charset)?, Document::Page),
            Content::Xhtml => Found::of(xhtml_links(&mut whole, self.url, charset)?, Document::Page),
            Content::Picture => Found::of(page_links(&mut whole, self.url, charset)?, Document::Other),
            Content::Xml => listed(xml_links(&mut whole, self.url, charset)?),
            Content::List => {
                let links = list_links(&mut whole, self.url, charset)?;
                links.map(|links| Found::of(links, Document::Sitemap)).unwrap_or_default()
            }
            Content::Style => self.style(&mut whole)?,
            Content::Packed => self.read(&mut coding::decode("gzip", whole.by_ref(), PAGE_LIMIT), false)?,
            Content::Other => return Ok(Found::default()),
        };
        found.incomplete |= whole.limit() == 0;
        Ok(found)
    }

    fn style(&self, payload: &mut dyn Read) -> io::Result<Found> {
        let mut css = Vec::new();
        payload.take(STYLE_LIMIT).read_to_end(&mut css)?;
        let requisites = css_links(&css, self.url, self.charset.as_deref()).into_iter().map(|link| link.url);
        let incomplete = css.len() as u64 == STYLE_LIMIT;
        let document = Document::Style;
        Ok(Found { requisites: requisites.collect(), document, incomplete, ..Found::default() })
    }

    /// By what the server says, and by the bytes where it says nothing useful or names one kind of markup for another.
    fn content(&self, start: &[u8], unpack: bool) -> Content {
        let root = root(start);
        let listing = Listing::of_root(root) != Listing::Other;
        let declared = self.declared.as_str();
        let is_vague = !unpack || matches!(declared, "" | "text/plain" | "application/octet-stream");
        let is_xml = matches!(declared, "text/xml" | "application/xml") || declared.ends_with("+xml");
        let is_packed = matches!(declared, "application/gzip" | "application/x-gzip");
        match declared {
            _ if unpack && start.starts_with(b"\x1f\x8b") && (is_packed || is_vague || is_xml) => {
                Content::Packed
            }
            "text/css" => Content::Style,
            "text/html" if !listing => Content::Page,
            "application/xhtml+xml" if !listing => Content::Xhtml,
            "image/svg+xml" => Content::Picture,
            _ if listing && (is_vague || is_xml || declared == "text/html") => Content::Xml,
            _ if is_xml && root == "html" => Content::Xhtml,
            _ if is_xml && root == "svg" => Content::Picture,
            _ if is_xml => Content::Xml,
            _ if is_vague && self.is_list() => Content::List,
            _ if is_vague && unpack && self.identified == Some("text/html") => Content::Page,
            _ => Content::Other,
        }
    }

    /// By its name. What is in it has the last word.
    fn is_list(&self) -> bool {
        let path = self.url.path().to_ascii_lowercase();
        path.ends_with(".txt") || path.ends_with(".txt.gz")
    }
}

fn declared(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn charset(content_type: &str) -> Option<String> {
    let (_, after) = content_type.split_once("charset=")?;
    let value = after.split(';').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

/// The local name of a document's first element, after declarations and comments; empty where there is none.
fn root(start: &[u8]) -> &str {
    let mut rest = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    loop {
        let Some(tag) = rest.strip_prefix(b"<") else { return "" };
        let end: &[u8] = match tag {
            [b'?', ..] => b"?>",
            [b'!', b'-', b'-', ..] => b"-->",
            [b'!', ..] => b">",
            _ => return local_name(tag),
        };
        let after = memchr::memmem::find(tag, end).and_then(|at| tag.get(at + end.len()..));
        rest = after.unwrap_or_default().trim_ascii_start();
    }
}

fn local_name(tag: &[u8]) -> &str {
    let end =
        tag.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/')).unwrap_or(tag.len());
    let name = tag.get(..end).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

fn listed((listing, links): (Listing, Links)) -> Found {
    let document = match listing {
        Listing::Sitemap => Document::Sitemap,
        Listing::Feed => Document::Feed,
        Listing::Other => Document::Other,
    };
    Found::of(links, document)
}

impl Found {
    fn of(links: Links, document: Document) -> Self {
        // A preview image is for other sites' link cards; the page is shown without it.
        let shown = links.requisites.into_iter().filter(|link| link.kind != Kind::Preview);
        Self {
            title: links.title,
            requisites: shown.map(|link| link.url).collect(),
            links: links.navigations,
            sitemaps: links.sitemaps,
            document,
            incomplete: links.incomplete,
            ..Self::default()
        }
    }

    /// What is written down beside a payload that is not stored again.
    pub(crate) fn notes(&self) -> PageNotes {
        let of = |urls: &[Url], hop| urls.iter().map(|url| (url.clone(), hop)).collect::<Vec<_>>();
        let outlinks = [of(&self.requisites, 'E'), of(&self.links, 'L'), of(&self.sitemaps, 'M')].concat();
        // A page without a title is one all the same.
        let title = self.title.clone().or_else(|| (self.document == Document::Page).then(String::new));
        PageNotes { title, outlinks }
    }

    /// The same, read again.
    pub(crate) fn noted(notes: PageNotes) -> Self {
        let mut found = Self::default();
        if let Some(title) = notes.title {
            found.document = Document::Page;
            found.title = Some(title).filter(|title| !title.is_empty());
        }
        for (url, hop) in notes.outlinks {
            match hop {
                'E' => found.requisites.push(url),
                'M' => found.sitemaps.push(url),
                _ => found.links.push(url),
            }
        }
        found
    }

    /// Adds what `Link` and `Refresh` header fields ask for. Only a page needs anything to be shown.
    fn add_header(&mut self, url: &Url, head: &ResponseHead) {
        let refresh = head.fields.text("Refresh").and_then(|value| refresh_link(&value, url));
        add(&mut self.links, refresh.into_iter().collect());
        let values: Vec<String> =
            head.fields.all("Link").map(|v| String::from_utf8_lossy(v).into_owned()).collect();
        if values.is_empty() {
            return;
        }
        let header = Self::of(header_links(values.iter().map(String::as_str), url), self.document);
        if self.document == Document::Page {
            add(&mut self.requisites, header.requisites);
        }
        add(&mut self.links, header.links);
        add(&mut self.sitemaps, header.sitemaps);
        self.incomplete |= header.incomplete;
    }
}

/// Adds those that are new.
fn add(urls: &mut Vec<Url>, more: Vec<Url>) {
    let known: HashSet<&Url> = urls.iter().collect();
    let new: Vec<Url> = more.into_iter().filter(|url| !known.contains(url)).collect();
    urls.extend(new);
}

#[cfg(test)]
mod tests;
