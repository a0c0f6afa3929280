//! Blocks that were decided to be the article, put together as headings, lists, tables and paragraphs.

use super::article::{self, Item, Run};
use super::blocks::{Block, Mark, Shape};
use super::metadata::Hints;
use super::tree::{Tag, Tree};

/// Puts the chosen blocks together, in the page's order.
pub(super) fn assemble<'b>(
    tree: &Tree<'_>,
    chosen: impl Iterator<Item = &'b Block>,
    hints: &Hints,
    url: Option<&str>,
) -> Vec<article::Block> {
    let mut builder = Builder {
        tree,
        hints,
        url,
        out: Vec::new(),
        table: None,
        list: None,
        item: None,
        cell: None,
        row: None,
    };
    for block in chosen {
        builder.add(block);
    }
    builder.out
}

struct Builder<'t, 'a> {
    tree: &'t Tree<'a>,
    hints: &'t Hints,
    url: Option<&'t str>,
    out: Vec<article::Block>,
    /// The table, outermost list, item, cell and row that the last block stood in.
    table: Option<u32>,
    list: Option<u32>,
    item: Option<u32>,
    cell: Option<u32>,
    row: Option<u32>,
}

impl Builder<'_, '_> {
    fn add(&mut self, block: &Block) {
        if block.shape == Shape::Image {
            return self.image(block);
        }
        if block.table != self.table {
            (self.cell, self.row) = (None, None);
        }
        let list = if block.shape == Shape::Item { self.outermost(block) } else { None };
        let same = (block.table == self.table, list == self.list);
        (self.table, self.list) = (block.table, list);
        match block.shape {
            Shape::Cell => self.cell(block, same.0),
            Shape::Item => self.item(block, same.1),
            shape => {
                self.item = None;
                let piece = self.single(shape, block);
                self.out.push(piece);
            }
        }
    }

    fn single(&self, shape: Shape, block: &Block) -> article::Block {
        match shape {
            Shape::Heading(level) => article::Block::Heading { level, content: self.runs(block) },
            Shape::Quote => article::Block::Quote(self.runs(block)),
            Shape::Code => article::Block::Code { language: self.language(block), text: block.text.clone() },
            _ => article::Block::Paragraph(self.runs(block)),
        }
    }

    fn runs(&self, block: &Block) -> Vec<Run> {
        let run = |mark: &Mark| Run {
            text: block.text.get(mark.start..mark.end).unwrap_or_default().to_owned(),
            style: mark.style,
            href: mark.link.and_then(|link| self.target(link)),
        };
        block.marks.iter().filter(|mark| !self.is_handle(block, mark)).map(run).collect()
    }

    /// The sign behind a heading that links to itself, as Sphinx and GitHub set it.
    fn is_handle(&self, block: &Block, mark: &Mark) -> bool {
        let text = block.text.get(mark.start..mark.end).unwrap_or_default().trim();
        let href = || mark.link.and_then(|link| self.tree.at(link).attr("href"));
        matches!(text, "\u{b6}" | "#" | "\u{a7}" | "\u{1f517}")
            && href().is_some_and(|href| href.contains('#'))
    }

    fn target(&self, link: u32) -> Option<String> {
        let href = self.tree.at(link).attr("href")?.trim();
        let script = href.get(..11).is_some_and(|head| head.eq_ignore_ascii_case("javascript:"));
        (!href.is_empty() && !script).then(|| self.hints.absolute(href, self.url))
    }

    /// `class="language-rust"` on the `pre` or the `code` in it.
    fn language(&self, block: &Block) -> Option<String> {
        let name = |class: &str| {
            class.split_whitespace().find_map(|name| {
                name.strip_prefix("language-").or_else(|| name.strip_prefix("lang-")).map(str::to_owned)
            })
        };
        let classes = self.tree.ancestors(block.first).take(4).filter_map(|(_, node)| node.attr("class"));
        classes.filter_map(name).next().filter(|name| !name.is_empty() && name.len() < 30)
    }

    fn lists(&self, block: &Block) -> impl Iterator<Item = u32> {
        let above = self
            .tree
            .ancestors(block.first)
            .take_while(|(_, node)| !matches!(node.tag, Tag::Cell | Tag::Blockquote | Tag::Article));
        above.filter(|(_, node)| matches!(node.tag, Tag::Ul | Tag::Ol | Tag::Dl)).map(|(index, _)| index)
    }

    fn outermost(&self, block: &Block) -> Option<u32> {
        self.lists(block).last().or(block.list)
    }

    fn item(&mut self, block: &Block, same_list: bool) {
        let continued = same_list && self.item == block.item && block.item.is_some();
        let fresh = Item {
            depth: (self.lists(block).count().saturating_sub(1)).min(20) as u8,
            number: if continued { None } else { self.number(block) },
            continued,
            content: self.runs(block),
        };
        self.item = block.item;
        match self.out.last_mut() {
            Some(article::Block::List(items)) if same_list => items.push(fresh),
            _ => self.out.push(article::Block::List(vec![fresh])),
        }
    }

    /// The item's place in an ordered list, or what its `value` says.
    fn number(&self, block: &Block) -> Option<u32> {
        let item = block.item?;
        let list = self.tree.at(item).parent;
        if self.tree.at(list).tag != Tag::Ol {
            return None;
        }
        if let Some(value) = self.tree.at(item).attr("value").and_then(|value| value.trim().parse().ok()) {
            return Some(value);
        }
        let start: u32 =
            self.tree.at(list).attr("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1);
        // The last item's number is known if this one follows it: counting anew would be quadratic.
        let before = match self.out.last() {
            Some(article::Block::List(items))
                if self.item.is_some_and(|last| self.tree.at(last).parent == list) =>
            {
                items.iter().rev().find_map(|item| item.number)
            }
            _ => None,
        };
        before.map(|number| number.saturating_add(1)).or_else(|| {
            let place = self
                .tree
                .children(list)
                .filter(|(_, node)| node.tag == Tag::Li)
                .take(10_000)
                .position(|(index, _)| index == item)?;
            Some(start.saturating_add(place as u32))
        })
    }

    fn cell(&mut self, block: &Block, same_table: bool) {
        let row =
            self.tree.ancestors(block.first).find(|(_, node)| node.tag == Tag::Row).map(|(index, _)| index);
        let head = block.cell.is_some_and(|cell| self.tree.at(cell).tag == Tag::HeaderCell);
        let content = self.runs(block);
        if !same_table || !matches!(self.out.last(), Some(article::Block::Table { .. })) {
            self.out.push(article::Block::Table { header: head, rows: Vec::new() });
            (self.cell, self.row) = (None, None);
        }
        let skipped = self.cells_between(row, block.cell);
        let Some(article::Block::Table { rows, .. }) = self.out.last_mut() else { return };
        if self.row != row || rows.is_empty() {
            rows.push(Vec::new());
        }
        if let Some(last) = rows.last_mut() {
            if self.cell == block.cell
                && self.row == row
                && let Some(text) = last.last_mut()
            {
                text.push(Run { text: " ".into(), ..Run::default() });
                text.extend(content);
            } else {
                last.extend(std::iter::repeat_n(Vec::new(), skipped));
                last.push(content);
            }
        }
        (self.cell, self.row) = (block.cell, row);
    }

    /// Empty cells before this one in its row: columns must not shift.
    fn cells_between(&self, row: Option<u32>, cell: Option<u32>) -> usize {
        let (Some(row), Some(cell)) = (row, cell) else { return 0 };
        let after = self.cell.filter(|_| self.row == Some(row)).unwrap_or(row);
        let cells =
            self.tree.children(row).filter(|(_, node)| matches!(node.tag, Tag::Cell | Tag::HeaderCell));
        cells.filter(|(index, _)| *index > after && *index < cell).take(100).count()
    }

    /// An image of some size, not a pixel, an avatar or an icon.
    fn image(&mut self, block: &Block) {
        let node = self.tree.at(block.first);
        let small = ["width", "height"].iter().any(|side| {
            node.attr(side)
                .and_then(|size| size.trim_end_matches("px").parse::<u32>().ok())
                .is_some_and(|size| size < 60)
        });
        let lazy = ["data-src", "data-original", "data-lazy-src", "src"];
        let src = lazy
            .iter()
            .filter_map(|name| node.attr(name))
            .map(str::trim)
            .find(|src| !src.is_empty() && !src.starts_with("data:"));
        if let (Some(src), false) = (src, small) {
            let src = self.hints.absolute(src, self.url);
            let known = self
                .out
                .iter()
                .rev()
                .take(8)
                .any(|block| matches!(block, article::Block::Image { src: other, .. } if *other == src));
            if !known {
                self.out.push(article::Block::Image {
                    src,
                    alt: node.attr("alt").unwrap_or_default().trim().to_owned(),
                });
            }
        }
    }
}
