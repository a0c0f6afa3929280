//! What the block model is trained on, given out for the script that trains it (`model/train.py`).

use super::blocks;
use super::decide;
use super::features;
use super::metadata::Hints;
use super::tree::{self, Tree};
use super::vector::WIDTH;
use super::{Options, Page, PageType, charset};

/// A block of a page as the model sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingRow {
    /// The block's text.
    pub text: String,
    /// Its facts as numbers, in the order that the model's weights ask for.
    pub values: Vec<f32>,
}

/// The rows of all text blocks of an HTML page, in the page's order.
pub fn training_rows(page: &Page<'_>, options: &Options) -> Vec<TrainingRow> {
    let decoded = charset::decode(page.bytes, page.content_type, true);
    let (html, _) = tree::parse(&decoded.text, &options.limits);
    let tree = Tree::new(&html);
    let hints = Hints::read(&tree, &options.limits);
    let blocks = blocks::cut(&tree);
    let kind = hints.page_type().unwrap_or_default();
    let known = features::gather(&tree, &blocks, &hints, kind == PageType::Forum);
    let rows = decide::rows(&tree, &blocks, &known, kind);
    let row = |(block, values): (blocks::Block, [f32; WIDTH])| TrainingRow {
        text: block.text,
        values: values.to_vec(),
    };
    blocks.into_iter().zip(rows).map(row).collect()
}
