//! What a response leads to: where it redirects, or its payload decoded and read for links.
//!
//! It is read off the block alone, so that a block on its way to the archive and the same block read back from it years
//! later lead to the same.

use super::links::{Kind, Link, css_links, header_links, page_links};
use crate::message::body::Body;
use crate::message::head::ResponseHead;
use crate::message::payload::{Head, Payload};
use crate::message::redirect::redirect_target;
use std::io::{self, Read};
use url::Url;

/// Decoded bytes of a page that are read for links.
const PAGE_LIMIT: u64 = 64 * 1024 * 1024;
/// Decoded bytes of a style that are read for links; it is held whole.
const STYLE_LIMIT: u64 = 8 * 1024 * 1024;

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
}

enum Content {
    Page,
    Style,
    Other,
}

/// Reads a response's block; what is neither redirect, page nor style leads nowhere. `identified` is the payload's type
/// by its own bytes, `links` whether any are asked for.
pub(crate) fn discover<R: Read + Send>(
    url: &Url,
    identified: Option<&str>,
    block: R,
    links: bool,
) -> io::Result<Found> {
    let body = Body::new(block, Payload::response())?;
    let Some(Head::Response(head)) = body.head().cloned() else { return Ok(Found::default()) };
    let redirect = redirect_target(&head, url);
    if redirect.is_some() || !links {
        let sets_cookie = head.fields.get("Set-Cookie").is_some();
        return Ok(Found { redirect, sets_cookie, ..Found::default() });
    }
    let content_type = head.fields.text("Content-Type").unwrap_or_default();
    match kind(&content_type, identified) {
        Content::Page => page(body, url, &head, &content_type),
        Content::Style => style(body, url, &content_type),
        Content::Other => Ok(Found::default()),
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

fn page<R: Read + Send>(
    body: Body<R>,
    url: &Url,
    head: &ResponseHead,
    content_type: &str,
) -> io::Result<Found> {
    let charset = charset(content_type);
    let mut html = body.decoded(PAGE_LIMIT).take(PAGE_LIMIT);
    let links = page_links(&mut html, url, charset.as_deref())?;
    let mut found = Found { title: links.title, requisites: urls(links.requisites), ..Found::default() };
    for url in from_header(url, head) {
        if !found.requisites.contains(&url) {
            found.requisites.push(url);
        }
    }
    Ok(found)
}

fn style<R: Read + Send>(body: Body<R>, url: &Url, content_type: &str) -> io::Result<Found> {
    let mut css = Vec::new();
    body.decoded(STYLE_LIMIT).take(STYLE_LIMIT).read_to_end(&mut css)?;
    let charset = charset(content_type);
    let requisites = urls(css_links(&css, url, charset.as_deref()));
    Ok(Found { requisites, ..Found::default() })
}

/// What `Link` header fields ask for.
fn from_header(url: &Url, head: &ResponseHead) -> Vec<Url> {
    let values: Vec<String> =
        head.fields.all("Link").map(|v| String::from_utf8_lossy(v).into_owned()).collect();
    urls(header_links(values.iter().map(String::as_str), url).requisites)
}

fn urls(links: Vec<Link>) -> Vec<Url> {
    // A preview image is for other sites' link cards; the page is shown without it.
    let shown = links.into_iter().filter(|link| link.kind != Kind::Preview);
    shown.map(|link| link.url).filter(|url| matches!(url.scheme(), "http" | "https")).collect()
}
