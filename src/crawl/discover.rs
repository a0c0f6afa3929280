//! What a response needs to be shown: its payload decoded and read for links.

use super::links::{Kind, Link, css_links, header_links, page_links};
use crate::message::body::Body;
use crate::message::payload::Payload;
use crate::wire::{Exchange, SpoolReader};
use std::io::{self, Read};
use url::Url;

/// Decoded bytes of a page that are read for links.
const PAGE_LIMIT: u64 = 64 * 1024 * 1024;
/// Decoded bytes of a style that are read for links; it is held whole.
const STYLE_LIMIT: u64 = 8 * 1024 * 1024;

/// What was found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The page's title.
    pub(crate) title: Option<String>,
    /// What it needs, in the order of the page, each once.
    pub(crate) requisites: Vec<Url>,
}

enum Content {
    Page,
    Style,
    Other,
}

/// Reads a response for links; what is neither page nor style has none.
pub(crate) fn discover(exchange: &Exchange) -> io::Result<Found> {
    let Some(head) = &exchange.head else { return Ok(Found::default()) };
    let content_type = head.fields.text("Content-Type").unwrap_or_default();
    let kind = kind(&content_type, exchange.identified_type);
    if matches!(kind, Content::Other) {
        return Ok(Found::default());
    }
    let body = Body::new(exchange.response.reader(), Payload::response())?;
    match kind {
        Content::Page => page(body, exchange, &content_type),
        _ => style(body, exchange, &content_type),
    }
}
/// By what the server says, and by the bytes where it says nothing useful.
fn kind(content_type: &str, identified: Option<&str>) -> Content {
    let declared = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match declared.as_str() {
        "text/html" | "application/xhtml+xml" => Content::Page,
        "text/css" => Content::Style,
        "" | "text/plain" | "application/octet-stream" if identified == Some("text/html") => Content::Page,
        _ => Content::Other,
    }
}

fn charset(content_type: &str) -> Option<String> {
    let (_, after) = content_type.split_once("charset=")?;
    let value = after.split(';').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

fn page(body: Body<SpoolReader>, exchange: &Exchange, content_type: &str) -> io::Result<Found> {
    let charset = charset(content_type);
    let mut html = body.decoded(PAGE_LIMIT).take(PAGE_LIMIT);
    let links = page_links(&mut html, &exchange.url, charset.as_deref())?;
    let mut found = Found { title: links.title, requisites: urls(links.requisites) };
    for url in from_header(exchange) {
        if !found.requisites.contains(&url) {
            found.requisites.push(url);
        }
    }
    Ok(found)
}

fn style(body: Body<SpoolReader>, exchange: &Exchange, content_type: &str) -> io::Result<Found> {
    let mut css = Vec::new();
    body.decoded(STYLE_LIMIT).take(STYLE_LIMIT).read_to_end(&mut css)?;
    let charset = charset(content_type);
    Ok(Found { title: None, requisites: urls(css_links(&css, &exchange.url, charset.as_deref())) })
}

/// What `Link` header fields ask for.
fn from_header(exchange: &Exchange) -> Vec<Url> {
    let Some(head) = &exchange.head else { return Vec::new() };
    let values: Vec<String> =
        head.fields.all("Link").map(|v| String::from_utf8_lossy(v).into_owned()).collect();
    urls(header_links(values.iter().map(String::as_str), &exchange.url).requisites)
}

fn urls(links: Vec<Link>) -> Vec<Url> {
    // A preview image is for other sites' link cards; the page is shown without it.
    let shown = links.into_iter().filter(|link| link.kind != Kind::Preview);
    shown.map(|link| link.url).filter(|url| matches!(url.scheme(), "http" | "https")).collect()
}
