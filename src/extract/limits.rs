//! How much of a page is read before the extractor stops and says so.

/// Bounds on one page. What lies beyond a bound is not read, [`super::Article::error`] names the bound,
/// and the article holds what could be read up to there.
///
/// Time is linear in what is read: the parser's own cost per tag grows with the depth of open elements,
/// so `depth` bounds the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of input that are decoded (default 32 MiB).
    pub bytes: usize,
    /// Nodes (elements, text, comments) of the parsed tree (default 1,000,000; about 250 bytes each).
    pub nodes: usize,
    /// Depth of nesting (default 512, where browsers stop nesting as well).
    pub depth: usize,
    /// Bytes of one JSON-LD or state script that are parsed (default 4 MiB).
    pub script: usize,
    /// Comments kept of one page (default 20,000).
    pub comments: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 32 << 20, nodes: 1_000_000, depth: 512, script: 4 << 20, comments: 20_000 }
    }
}
