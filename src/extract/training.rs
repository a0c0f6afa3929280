//! What the block model is trained on, given out for the program that trains it (`examples/extraction_lab.rs`).

use super::blocks;
use super::context;
use super::decide;
use super::features;
use super::metadata::Hints;
use super::tree::{self, Tree};
use super::{Options, Page, PageType, charset};

/// The blocks of a page as the model sees them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingRows {
    /// The blocks' texts, in the page's order.
    pub texts: Vec<String>,
    /// A row of numbers for each block, in the order that the first stage's weights ask for.
    pub first: Vec<Vec<f32>>,
    /// For each set of first scores that was given: a row for each block, as the second stage asks for.
    pub second: Vec<Vec<Vec<f32>>>,
    /// The address that the page names as its own.
    pub address: String,
}

/// The rows of all text blocks of an HTML page. `odds` are sets of first scores, one number a block.
pub fn training_rows(page: &Page<'_>, options: &Options, odds: &[Vec<f32>]) -> TrainingRows {
    let decoded = charset::decode(page.bytes, page.content_type, true);
    let (html, _) = tree::parse(&decoded.text, &options.limits);
    let tree = Tree::new(&html);
    let hints = Hints::read(&tree, &options.limits);
    let blocks = blocks::cut(&tree);
    let kind = hints.page_type().unwrap_or_default();
    let known = features::gather(&tree, &blocks, &hints, kind == PageType::Forum, page.url);
    let first = decide::rows(&tree, &blocks, &known, kind);
    let second = odds.iter().map(|odds| {
        let rows = context::rows(&tree, &blocks, &known, &first, odds);
        rows.into_iter().map(|row| row.to_vec()).collect()
    });
    TrainingRows {
        second: second.collect(),
        first: first.into_iter().map(|row| row.to_vec()).collect(),
        address: hints.address(page.url).to_owned(),
        texts: blocks.into_iter().map(|block| block.text).collect(),
    }
}
