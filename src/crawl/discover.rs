//! What a response needs to be shown: its payload decoded and read for links.

use crate::message::body::Body;
use crate::message::payload::Payload;
use crate::wire::Exchange;
use std::io::{self, Read};
use url::Url;

/// Decoded bytes of a page that are read for links.
const PAGE_LIMIT: u64 = 64 * 1024 * 1024;
/// Decoded bytes of a style that are read for links; it is held whole.
const STYLE_LIMIT: u64 = 8 * 1024 * 1024;

/// What was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The page's title.
    pub(super) title: Option<String>,
    /// What it needs, in the order of the page, each once.
    pub(super) requisites: Vec<Url>,
}

enum Kind {
    Page,
    Style,
    Other,
}

/// Reads a response for links; what is neither page nor style has none.
pub(super) fn discover(exchange: &Exchange) -> io::Result<Found> {
    let Some(head) = &exchange.head else { return Ok(Found::default()) };
    let content_type = head.fields.text("Content-Type").unwrap_or_default();
    let kind = kind(&content_type, exchange.identified_type);
    if matches!(kind, Kind::Other) {
        return Ok(Found::default());
    }
    let body = Body::new(exchange.response.reader(), Payload::response())?;
    match kind {
        Kind::Page => page(body, &exchange.url, &content_type),
        _ => style(body, &exchange.url),
    }
}
fn kind(_c: &str, _i: Option<&str>) -> Kind { Kind::Other }
fn page(_b: impl Read, _u: &Url, _c: &str) -> io::Result<Found> { Ok(Found::default()) }
fn style(_b: impl Read, _u: &Url) -> io::Result<Found> { Ok(Found::default()) }
