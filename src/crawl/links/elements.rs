//! Which attribute of which element refers to what.

use super::references::{Place, decode};
use super::values::refresh;
use super::{Collector, Kind};

/// Attributes by which scripts load pictures and frames late, where the honest one holds a placeholder.
const LATE: [&str; 9] = [
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-lazy",
    "data-hi-res-src",
    "data-bg",
    "data-background",
    "data-background-image",
    "data-poster",
];
/// The same for sets.
const LATE_SETS: [&str; 3] = ["data-srcset", "data-lazy-srcset", "data-original-set"];

/// An element's attributes, names in lower case, values as they stand.
pub(super) struct Attributes(pub(super) Vec<(String, String)>);

impl Attributes {
    /// The value, character references decoded.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| decode(value, Place::Attribute).into_owned())
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.get(name).is_some_and(|found| found.trim().eq_ignore_ascii_case(value))
    }
}

/// Takes what an element refers to.
pub(super) fn element(links: &mut Collector, tag: &str, attributes: &Attributes) {
    let mut require = |name: &str, kind: Kind| {
        if let Some(reference) = attributes.get(name) {
            links.require(&reference, kind);
        }
    };
    match tag {
        "img" | "image" | "feimage" => {
            ["src", "href", "xlink:href"].iter().for_each(|name| require(name, Kind::Image))
        }
        "use" => ["href", "xlink:href"].iter().for_each(|name| require(name, Kind::Image)),
        "input" if attributes.is("type", "image") => require("src", Kind::Image),
        "body" | "table" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" => {
            require("background", Kind::Image)
        }
        "video" => {
            require("src", Kind::Media);
            require("poster", Kind::Image);
        }
        "audio" | "source" | "track" | "bgsound" => require("src", Kind::Media),
        "embed" => require("src", Kind::Object),
        "object" => require("data", Kind::Object),
        "iframe" | "frame" => require("src", Kind::Frame),
        "script" => ["src", "href", "xlink:href"].iter().for_each(|name| require(name, Kind::Script)),
        "html" => require("manifest", Kind::Manifest),
        _ => {}
    }
    everywhere(links, tag, attributes);
    leading(links, tag, attributes);
}

/// What any element may have.
fn everywhere(links: &mut Collector, tag: &str, attributes: &Attributes) {
    if let Some(set) = attributes.get("srcset") {
        links.require_set(&set, Kind::Image);
    }
    if let Some(style) = attributes.get("style") {
        links.css(&style);
    }
    if !attributes.0.iter().any(|(name, _)| name.starts_with("data-")) {
        return;
    }
    let kind = match tag {
        "iframe" => Kind::Frame,
        "script" => Kind::Script,
        "video" | "audio" | "source" => Kind::Media,
        _ => Kind::Image,
    };
    for name in LATE {
        let value = attributes.get(name).filter(|value| looks_like_a_reference(value));
        let kind = if name == "data-poster" { Kind::Image } else { kind };
        value.iter().for_each(|reference| links.require(reference, kind));
    }
    for name in LATE_SETS {
        attributes.get(name).iter().for_each(|set| links.require_set(set, Kind::Image));
    }
}

/// What leads somewhere, and what says where from.
fn leading(links: &mut Collector, tag: &str, attributes: &Attributes) {
    let mut navigate =
        |name: &str| attributes.get(name).iter().for_each(|reference| links.navigate(reference));
    match tag {
        "a" | "area" => ["href", "xlink:href"].iter().for_each(|name| navigate(name)),
        "blockquote" | "q" | "ins" | "del" => navigate("cite"),
        "img" | "iframe" | "frame" => navigate("longdesc"),
        "base" => attributes.get("href").iter().for_each(|reference| links.set_base(reference)),
        "meta" => meta(links, attributes),
        "form" if attributes.is("method", "get") => navigate("action"),
        "link" => {
            if let Some(href) = attributes.get("href") {
                relation(links, &href, |name| attributes.get(name));
            }
            if let Some(set) = attributes.get("imagesrcset") {
                links.require_set(&set, Kind::Image);
            }
        }
        _ => {}
    }
    // Rows and cards that a script makes links of.
    let row = attributes.get("data-href").filter(|value| looks_like_a_reference(value));
    row.iter().for_each(|reference| links.navigate(reference));
}

fn meta(links: &mut Collector, attributes: &Attributes) {
    let Some(content) = attributes.get("content") else { return };
    if attributes.is("http-equiv", "refresh") {
        refresh(&content).iter().for_each(|reference| links.navigate(reference));
        return;
    }
    let property = ["property", "name", "itemprop"].iter().find_map(|name| attributes.get(name));
    match property.unwrap_or_default().to_ascii_lowercase().as_str() {
        "og:image"
        | "og:image:url"
        | "og:image:secure_url"
        | "twitter:image"
        | "twitter:image:src"
        | "image"
        | "thumbnailurl" => links.require(&content, Kind::Preview),
        "msapplication-tileimage" => links.require(&content, Kind::Icon),
        _ => {}
    }
}

/// Takes the target of a `link` element or header by its relation types. What only speaks to the network
/// (`preconnect`) or to machines beside the page (`pingback`, `EditURI`) is no link.
pub(super) fn relation(links: &mut Collector, target: &str, parameter: impl Fn(&str) -> Option<String>) {
    let relations = parameter("rel").unwrap_or_default().to_ascii_lowercase();
    let relations: Vec<&str> = relations.split_ascii_whitespace().collect();
    let kind = relations.iter().find_map(|relation| match *relation {
        "stylesheet" => Some(Kind::Style),
        "icon"
        | "apple-touch-icon"
        | "apple-touch-icon-precomposed"
        | "apple-touch-startup-image"
        | "mask-icon"
        | "fluid-icon" => Some(Kind::Icon),
        "manifest" => Some(Kind::Manifest),
        "modulepreload" => Some(Kind::Script),
        "preload" => Some(preloaded(&parameter("as").unwrap_or_default())),
        "image_src" => Some(Kind::Preview),
        _ => None,
    });
    if let Some(kind) = kind {
        return links.require(target, kind);
    }
    let leads = |relation: &&str| {
        matches!(
            *relation,
            "alternate"
                | "amphtml"
                | "appendix"
                | "archives"
                | "author"
                | "bookmark"
                | "canonical"
                | "chapter"
                | "contents"
                | "copyright"
                | "current"
                | "first"
                | "glossary"
                | "help"
                | "home"
                | "index"
                | "last"
                | "license"
                | "next"
                | "prefetch"
                | "prerender"
                | "prev"
                | "previous"
                | "privacy-policy"
                | "related"
                | "replies"
                | "search"
                | "section"
                | "shortlink"
                | "start"
                | "subsection"
                | "tag"
                | "terms-of-service"
                | "toc"
                | "top"
                | "up"
                | "via"
        )
    };
    if relations.contains(&"sitemap") {
        links.map(target);
    } else if relations.iter().any(leads) {
        links.navigate(target);
    }
}

fn preloaded(destination: &str) -> Kind {
    match destination.trim().to_ascii_lowercase().as_str() {
        "image" => Kind::Image,
        "style" => Kind::Style,
        "script" | "worker" => Kind::Script,
        "font" => Kind::Font,
        "audio" | "video" | "track" => Kind::Media,
        "document" => Kind::Frame,
        "embed" | "object" => Kind::Object,
        _ => Kind::Preload,
    }
}

/// Late attributes hold anything: a colour, a JSON object, a number.
fn looks_like_a_reference(value: &str) -> bool {
    let value = value.trim();
    value.contains(['/', '.']) && !value.contains(['{', '<', '"']) && !value.contains(char::is_whitespace)
}
