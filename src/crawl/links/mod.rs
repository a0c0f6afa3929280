//! What a page refers to: what it needs to be shown, and where one can go from it.
//!
//! HTML is read in one pass by a streaming rewriter, never as a tree, so that discovery costs little beside the
//! capture and holds little however large the page is. [`css_links`] reads style sheets by the rules of CSS
//! Syntax, [`header_links`] reads `Link:` headers. Only `http` and `https` URLs come out, without fragments,
//! each once, in the order of the document.

mod css;
mod elements;
mod page;
mod references;
mod sieve;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod xml;
#[cfg(test)]
mod xml_tests;

pub use page::{PageScanner, page_links, xhtml_links};
pub use xml::{Listing, list_links, xml_links};

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use encoding_rs::{Encoding, UTF_8};
use url::Url;

/// Most links taken from one document, and most bytes of them.
const MOST_LINKS: usize = 100_000;
const MOST_BYTES: usize = 32 << 20;
/// Longest reference that can mean anything; inline data is longer.
const LONGEST_REFERENCE: usize = 64 << 10;

/// What a requisite is needed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A picture, by any of the ways HTML has to name one.
    Image,
    /// Sound, film, subtitles.
    Media,
    /// A style sheet, which may need more itself.
    Style,
    /// A script or a module.
    Script,
    /// A font, where the page says so; most are [`Kind::Asset`]s of a style sheet.
    Font,
    /// A document in a frame, a page with requisites of its own.
    Frame,
    /// `object` and `embed`.
    Object,
    /// Favicons and their kin.
    Icon,
    /// A web app manifest.
    Manifest,
    /// What a style sheet refers to: pictures, fonts, cursors.
    Asset,
    /// What the page wants fetched early without saying as what.
    Preload,
    /// The picture that others show for this page (`og:image`); the page itself does not show it.
    Preview,
}

/// One requisite.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// Absolute, `http` or `https`, without fragment.
    pub url: Url,
    /// As what it was first seen, but [`Kind::Preview`] only where it is nothing else.
    pub kind: Kind,
}

/// What a document refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// What is needed to show it, each URL once.
    pub requisites: Vec<Link>,
    /// Where one can go from it, frames among it, each URL once.
    pub navigations: Vec<Url>,
    /// Maps of the site that it names, each URL once.
    pub sitemaps: Vec<Url>,
    /// What its relative references are relative to.
    pub base: Url,
    /// Its title, white space made single.
    pub title: Option<String>,
    /// True where a limit ended the reading: there may be more.
    pub incomplete: bool,
}

/// What a style sheet at `base` refers to, `@import` included. `charset` is that of its Content-Type; `None` for
/// what its BOM or `@charset` says, UTF-8 otherwise.
pub fn css_links(css: &[u8], base: &Url, charset: Option<&str>) -> Vec<Link> {
    let encoding = charset.and_then(label).or_else(|| css::declared_charset(css)).unwrap_or(UTF_8);
    let (text, encoding, _) = encoding.decode(css);
    let mut collector = Collector::new(base, encoding);
    collector.css(&text);
    collector.finish().requisites
}

/// What the values of the `Link` headers of a response for `base` refer to (RFC 8288).
pub fn header_links<'a>(values: impl IntoIterator<Item = &'a str>, base: &Url) -> Links {
    let mut collector = Collector::new(base, UTF_8);
    for link in values.into_iter().flat_map(values::link_header) {
        let parameter = |name: &str| link.parameter(name);
        if parameter("anchor").is_none() {
            elements::relation(&mut collector, &link.target, parameter);
        }
    }
    collector.finish()
}

/// Where a `Refresh:` header leads; `None` where the page only reloads itself, or that is no URL to go to.
pub fn refresh_link(value: &str, base: &Url) -> Option<Url> {
    let mut collector = Collector::new(base, UTF_8);
    values::refresh(value).iter().for_each(|reference| collector.navigate(reference));
    collector.finish().navigations.into_iter().next()
}

fn label(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label(label.trim().as_bytes())
}

/// Links as they are found.
#[derive(Debug)]
struct Collector {
    base: Url,
    base_is_set: bool,
    encoding: &'static Encoding,
    requisites: Vec<Link>,
    navigations: Vec<Arc<str>>,
    /// References that were taken to be followed, so that a URL is made of each but once.
    referred: HashSet<Arc<str>>,
    seen: HashSet<Url>,
    sitemaps: Vec<Url>,
    mapped: HashSet<Url>,
    /// Where the previews stand among the requisites.
    previews: HashMap<Url, usize>,
    most: usize,
    bytes: usize,
    title: Option<String>,
    incomplete: bool,
}

impl Collector {
    fn new(base: &Url, encoding: &'static Encoding) -> Self {
        Self {
            base: base.clone(),
            base_is_set: false,
            // Queries are written in the encoding of the document, except that UTF-16 never goes on the wire.
            encoding: encoding.output_encoding(),
            requisites: Vec::new(),
            navigations: Vec::new(),
            referred: HashSet::new(),
            seen: HashSet::new(),
            sitemaps: Vec::new(),
            mapped: HashSet::new(),
            most: MOST_LINKS,
            previews: HashMap::new(),
            bytes: 0,
            title: None,
            incomplete: false,
        }
    }

    /// The first `base` counts, and only for what follows: a browser has fetched what came before.
    fn set_base(&mut self, reference: &str) {
        if !self.base_is_set {
            self.base_is_set = true;
            self.base = self.resolve_any(reference).unwrap_or_else(|| self.base.clone());
        }
    }

    fn require(&mut self, reference: &str, kind: Kind) {
        let Some(url) = self.resolve(reference) else { return };
        if kind == Kind::Frame {
            // What is shown in a frame is a page by itself as well.
            self.navigate(url.as_str());
        }
        if self.seen.contains(&url) {
            self.show(&url, kind);
        } else if self.has_room(url.as_str()) {
            if kind == Kind::Preview {
                self.previews.insert(url.clone(), self.requisites.len());
            }
            self.seen.insert(url.clone());
            self.requisites.push(Link { url, kind });
        }
    }

    /// A picture that was first seen as a preview, which the page shows after all.
    fn show(&mut self, url: &Url, kind: Kind) {
        if kind != Kind::Preview
            && let Some(link) = self.previews.remove(url).and_then(|index| self.requisites.get_mut(index))
        {
            link.kind = kind;
        }
    }

    fn require_set(&mut self, srcset: &str, kind: Kind) {
        values::srcset(srcset).for_each(|reference| self.require(reference, kind));
    }

    /// Kept as it stands: a link is followed after the page is read, when its base is known.
    fn navigate(&mut self, reference: &str) {
        let reference = without_fragment(reference);
        if is_usable(reference) && !self.referred.contains(reference) && self.has_room(reference) {
            let reference: Arc<str> = reference.into();
            self.navigations.push(reference.clone());
            self.referred.insert(reference);
        }
    }

    fn map(&mut self, reference: &str) {
        let Some(url) = self.resolve(reference) else { return };
        if !self.mapped.contains(&url) && self.has_room(url.as_str()) {
            self.mapped.insert(url.clone());
            self.sitemaps.push(url);
        }
    }

    fn has_room(&mut self, reference: &str) -> bool {
        self.bytes += reference.len();
        let links = self.requisites.len() + self.navigations.len() + self.sitemaps.len();
        self.incomplete |= links >= self.most || self.bytes > MOST_BYTES;
        !self.incomplete
    }

    fn css(&mut self, css: &str) {
        for (reference, kind) in css::references(css) {
            self.require(&reference, kind);
        }
    }

    fn resolve(&self, reference: &str) -> Option<Url> {
        let mut url = is_usable(reference).then(|| self.resolve_any(reference))??;
        url.set_fragment(None);
        matches!(url.scheme(), "http" | "https").then_some(url)
    }

    fn resolve_any(&self, reference: &str) -> Option<Url> {
        let encode: url::EncodingOverride<'_> = Some(&|text| self.encoding.encode(text).0);
        let options = Url::options().base_url(Some(&self.base)).encoding_override(encode);
        options.parse(reference.trim()).ok()
    }

    fn finish(mut self) -> Links {
        let mut seen = HashSet::new();
        let references = std::mem::take(&mut self.navigations);
        let urls = references.iter().filter_map(|reference| self.resolve(reference));
        let navigations = urls.filter(|url| seen.insert(url.clone())).collect();
        Links {
            requisites: self.requisites,
            navigations,
            sitemaps: self.sitemaps,
            base: self.base,
            title: self.title,
            incomplete: self.incomplete,
        }
    }
}

/// A reference as it is followed. The first `#` begins the fragment, in whatever it stands.
fn without_fragment(reference: &str) -> &str {
    reference.split_once('#').map_or(reference, |(reference, _)| reference).trim()
}

/// False for what cannot lead anywhere, cheaply told: nothing, a place in this page, inline data.
fn is_usable(reference: &str) -> bool {
    let reference = reference.trim();
    let is_data = reference.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"));
    !reference.is_empty() && !reference.starts_with('#') && !is_data && reference.len() <= LONGEST_REFERENCE
}
