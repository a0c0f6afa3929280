//! Cuts the page into text blocks: the inline text of one block-level element, without a gap or a repeat.
//!
//! Every visible character of the page stands in exactly one block, so that whatever is decided later
//! can neither squeeze words together nor double them.

use super::article::Style;
use super::roles::Roles;
use super::tree::{Node, Tag, Tree};

/// What a block is in the article's structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Paragraph,
    Heading(u8),
    Item,
    Cell,
    Quote,
    Code,
    Caption,
    /// An image on its own, no text.
    Image,
}

/// Text of one style within a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// Byte range of the block's text.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) style: Style,
    /// The `a` element.
    pub(super) link: Option<u32>,
}

/// A candidate for the article.
pub(super) struct Block {
    /// The nearest block-level element.
    pub(super) owner: u32,
    /// The first node with text of the block.
    pub(super) first: u32,
    pub(super) text: String,
    pub(super) marks: Vec<Mark>,
    pub(super) shape: Shape,
    /// Nearest list, table, cell and preformatted ancestors.
    pub(super) list: Option<u32>,
    pub(super) item: Option<u32>,
    pub(super) table: Option<u32>,
    pub(super) cell: Option<u32>,
    /// Everything the ancestors' names say.
    pub(super) roles: Roles,
    /// Characters, words, and characters inside links.
    pub(super) chars: u32,
    pub(super) words: u32,
    pub(super) linked: u32,
    /// Hidden by the page itself, or by `noscript`.
    pub(super) hidden: bool,
    pub(super) noscript: bool,
}

impl Block {
    /// Share of the text that is links, 0 to 1.
    pub(super) fn link_density(&self) -> f32 {
        if self.chars == 0 { 0.0 } else { self.linked as f32 / self.chars as f32 }
    }
}

/// Cuts the page.
pub(super) fn cut(tree: &Tree<'_>) -> Vec<Block> {
    let mut cutter = Cutter::new(tree);
    for (index, node) in tree.iter() {
        cutter.close_until(index);
        if node.end > index && cutter.skip_until <= index {
            cutter.enter(index, node);
        }
    }
    cutter.close_until(tree.len() as u32);
    cutter.flush();
    cutter.blocks
}

struct Open {
    index: u32,
    end: u32,
    tag: Tag,
}

struct Cutter<'t, 'a> {
    tree: &'t Tree<'a>,
    open: Vec<Open>,
    blocks: Vec<Block>,
    text: String,
    marks: Vec<Mark>,
    first: Option<u32>,
    images: Vec<u32>,
    breaks: u8,
    pre: u32,
    style: [u32; 3],
    links: Vec<u32>,
    skip_until: u32,
    tables: Tables,
}

impl<'t, 'a> Cutter<'t, 'a> {
    fn new(tree: &'t Tree<'a>) -> Self {
        Self {
            tree,
            open: Vec::new(),
            blocks: Vec::new(),
            text: String::new(),
            marks: Vec::new(),
            first: None,
            images: Vec::new(),
            breaks: 0,
            pre: 0,
            style: [0; 3],
            links: Vec::new(),
            skip_until: 0,
            tables: Tables::of(tree),
        }
    }

    fn enter(&mut self, index: u32, node: &Node<'a>) {
        match node.tag {
            Tag::Text => return self.push(index, node.text),
            Tag::Skipped | Tag::Head => {
                self.skip_until = node.end;
                return;
            }
            Tag::Math => {
                self.push(index, node.attr("alttext").unwrap_or_default());
                if node.attr("alttext").is_some() {
                    self.skip_until = node.end;
                }
                return;
            }
            Tag::Br => return self.line_break(),
            Tag::Img => self.images.push(index),
            Tag::Hr => self.flush(),
            tag if tag.is_block() => self.flush(),
            _ => {}
        }
        self.count(index, node.tag, true);
        self.open.push(Open { index, end: node.end, tag: node.tag });
    }

    fn close_until(&mut self, index: u32) {
        while self.open.last().is_some_and(|open| open.end <= index) {
            if self.open.last().is_some_and(|open| open.tag.is_block()) {
                self.flush();
            }
            let Some(open) = self.open.pop() else { return };
            self.count(open.index, open.tag, false);
        }
    }

    fn count(&mut self, index: u32, tag: Tag, up: bool) {
        let [strong, emphasis, code] = &mut self.style;
        let counter = match tag {
            Tag::Strong => strong,
            Tag::Em => emphasis,
            Tag::Code => code,
            Tag::Pre => &mut self.pre,
            Tag::A | Tag::Button => {
                if up {
                    self.links.push(index)
                } else {
                    _ = self.links.pop()
                }
                return;
            }
            _ => return,
        };
        *counter = if up { *counter + 1 } else { counter.saturating_sub(1) };
    }

    fn push(&mut self, index: u32, text: &str) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        if self.pre > 0 {
            self.text.push_str(text)
        } else {
            self.push_collapsed(text)
        }
        if self.text.len() == start {
            return;
        }
        let visible = self.text.get(start..).is_some_and(|added| added.chars().any(|c| !c.is_whitespace()));
        if visible {
            self.breaks = 0;
            self.first.get_or_insert(index);
        }
        let [strong, emphasis, code] = self.style.map(|count| count > 0);
        let style = Style { strong, emphasis, code };
        let link = self.links.last().copied();
        let end = self.text.len();
        match self.marks.last_mut() {
            Some(last) if last.end == start && last.style == style && last.link == link => last.end = end,
            _ => self.marks.push(Mark { start, end, style, link }),
        }
    }

    /// HTML white space collapses to one space; the no-break space is text (French sets it before a colon).
    fn push_collapsed(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            // What is most of nearly all texts goes over at once.
            let plain = rest.bytes().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(plain).unwrap_or((rest, ""));
            self.text.push_str(word);
            let end = after.bytes().position(|byte| byte.is_ascii_graphic()).unwrap_or(after.len());
            let (other, after) = after.split_at_checked(end).unwrap_or((after, ""));
            self.push_other(other);
            rest = after;
        }
    }

    fn push_other(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                ' ' | '\t' | '\n' | '\r' | '\x0c' | '\u{2028}' => {
                    if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
                        self.text.push(' ');
                    }
                }
                '\u{ad}' | '\u{200b}' | '\u{feff}' | '\u{2060}' => {}
                control if control.is_control() => {}
                _ => self.text.push(character),
            }
        }
    }

    /// One break ends a line, two end a paragraph.
    fn line_break(&mut self) {
        if self.pre > 0 {
            self.text.push('\n');
            return;
        }
        if self.first.is_none() {
            return;
        }
        self.breaks += 1;
        if self.breaks >= 2 {
            return self.flush();
        }
        let trimmed = self.text.trim_end_matches(' ').len();
        self.text.truncate(trimmed);
        self.text.push('\n');
    }

    fn flush(&mut self) {
        self.breaks = 0;
        let images = std::mem::take(&mut self.images);
        let marks = std::mem::take(&mut self.marks);
        let text = std::mem::take(&mut self.text);
        let owner = self.owner();
        match self.first.take() {
            Some(first) => {
                let block = self.block(owner, first, text, marks);
                self.blocks.push(block);
            }
            None => self.text.clear(),
        }
        for image in images {
            let mut block = self.block(owner, image, String::new(), Vec::new());
            block.shape = Shape::Image;
            self.blocks.push(block);
        }
    }

    fn owner(&self) -> u32 {
        self.open.iter().rev().find(|open| open.tag.is_block()).map_or(0, |open| open.index)
    }

    fn block(&self, owner: u32, first: u32, text: String, marks: Vec<Mark>) -> Block {
        let mut block = Block {
            owner,
            first,
            text: String::new(),
            marks,
            shape: Shape::Paragraph,
            list: None,
            item: None,
            table: None,
            cell: None,
            roles: Roles::default(),
            chars: 0,
            words: 0,
            linked: 0,
            hidden: false,
            noscript: false,
        };
        self.place(&mut block);
        trim(&mut block, text);
        measure(&mut block);
        block
    }

    /// What the ancestors make of the block, the nearest first.
    fn place(&self, block: &mut Block) {
        let mut shape = None;
        for (index, node) in self.tree.ancestors(block.first) {
            block.roles = block.roles.with(node.roles);
            block.hidden |= node.hidden;
            block.noscript |= node.tag == Tag::Noscript;
            match node.tag {
                Tag::Li | Tag::Dd | Tag::Dt => _ = block.item.get_or_insert(index),
                Tag::Ul | Tag::Ol | Tag::Dl if block.item.is_some() => _ = block.list.get_or_insert(index),
                Tag::Cell | Tag::HeaderCell => _ = block.cell.get_or_insert(index),
                Tag::Table if self.tables.is_data(index) => _ = block.table.get_or_insert(index),
                _ => {}
            }
            if shape.is_none() {
                shape = self.shape(node.tag, index);
            }
        }
        if block.table.is_none() {
            block.cell = None;
        }
        block.shape = shape.unwrap_or(Shape::Paragraph);
        if block.table.is_some() && block.shape != Shape::Code {
            block.shape = Shape::Cell;
        }
    }

    fn shape(&self, tag: Tag, index: u32) -> Option<Shape> {
        Some(match tag {
            Tag::Heading(level) => Shape::Heading(level),
            Tag::Pre if !self.holds_blocks(index) => Shape::Code,
            Tag::Li | Tag::Dd | Tag::Dt => Shape::Item,
            Tag::Blockquote => Shape::Quote,
            Tag::Figcaption => Shape::Caption,
            _ => return None,
        })
    }

    /// A `pre` around whole paragraphs is a way to lay out a page, not code.
    fn holds_blocks(&self, index: u32) -> bool {
        self.tree.children(index).take(64).any(|(_, node)| matches!(node.tag, Tag::P | Tag::Div | Tag::Table))
    }
}

/// Cuts white space off both ends and moves the marks along.
fn trim(block: &mut Block, text: String) {
    let keep_indent = block.shape == Shape::Code;
    let head = if keep_indent { text.trim_start_matches(['\n', '\r']) } else { text.trim_start() };
    let cut = text.len() - head.len();
    let end = cut + head.trim_end().len();
    for mark in &mut block.marks {
        mark.start = mark.start.clamp(cut, end) - cut;
        mark.end = mark.end.clamp(cut, end) - cut;
    }
    block.marks.retain(|mark| mark.end > mark.start);
    block.text = text.get(cut..end).unwrap_or_default().to_owned();
}

fn measure(block: &mut Block) {
    (block.chars, block.words) =
        if block.text.is_ascii() { ascii(&block.text) } else { counted(&block.text) };
    let linked = |mark: &&Mark| mark.link.is_some();
    let chars = |mark: &Mark| block.text.get(mark.start..mark.end).map_or(0, |text| text.chars().count());
    block.linked = block.marks.iter().filter(linked).map(chars).sum::<usize>() as u32;
}

/// Characters and words.
fn counted(text: &str) -> (u32, u32) {
    let (mut chars, mut words, mut inside, mut wide) = (0, 0, false, 0u32);
    for character in text.chars() {
        chars += 1;
        let space = character.is_whitespace();
        words += u32::from(inside && space);
        inside = !space;
        wide += u32::from(matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'));
    }
    // Two characters make a word where words are not parted.
    (chars, words + u32::from(inside) + wide / 2)
}

/// The same of a text that is ASCII.
fn ascii(text: &str) -> (u32, u32) {
    let (mut words, mut inside) = (0, false);
    for byte in text.bytes() {
        let letter = !matches!(byte, b'\t'..=b'\r' | b' ');
        words += u32::from(letter && !inside);
        inside = letter;
    }
    (text.len() as u32, words)
}

/// Which tables hold data and which lay the page out.
struct Tables(Vec<u32>);

impl Tables {
    fn of(tree: &Tree<'_>) -> Self {
        let tables = tree.iter().filter(|(_, node)| node.tag == Tag::Table);
        Self(tables.filter(|(index, _)| is_data(tree, *index)).map(|(index, _)| index).collect())
    }

    fn is_data(&self, table: u32) -> bool {
        self.0.binary_search(&table).is_ok()
    }
}

/// Data: some rows and columns of short cells with no table or article inside.
fn is_data(tree: &Tree<'_>, table: u32) -> bool {
    if tree.at(table).attr("role").is_some_and(|role| role == "presentation" || role == "none") {
        return false;
    }
    let (mut rows, mut cells, mut heads, mut chars, mut blocks) = (0usize, 0usize, 0usize, 0usize, 0usize);
    for (index, node) in tree.within(table) {
        match node.tag {
            Tag::Table if index != table => return false,
            Tag::Article | Tag::Form | Tag::Heading(1) => return false,
            Tag::Row => rows += 1,
            Tag::Cell => cells += 1,
            Tag::HeaderCell | Tag::Caption => heads += 1,
            Tag::P | Tag::Div | Tag::Section => blocks += 1,
            Tag::Text => chars += node.text.trim().len(),
            _ => {}
        }
    }
    let all = cells + heads;
    rows >= 2
        && all >= rows + rows / 2
        && chars / all.max(1) < if heads > 0 { 400 } else { 150 }
        && blocks <= all * 2
}
