//! The facts of a block as a row of numbers, its neighbours, containers and page included.
//!
//! The trained model reads these rows by position: a change here asks for a new training.

mod groups;

use super::article::PageType;
use super::blocks::{Block, Shape};
use super::features::{Facts, Known, sums};
use super::outline;
use super::roles::Roles;
use super::signs::Marks;
use super::tree::{Tag, Tree};
use super::vocabulary::Topic;
use groups::Groups;

/// Numbers in a row, some to spare at the end: a new fact moves none that the second stage reads.
pub(super) const WIDTH: usize = outline::WIDTH + 242;

/// What a subtree holds, for blocks to compare themselves with.
struct Mass {
    chars: Vec<f32>,
    linked: Vec<f32>,
    prose: Vec<f32>,
    blocks: Vec<f32>,
    /// Lines that name an author or a date.
    heads: Vec<f32>,
    /// Lines with a price, and lines with a time or date.
    prices: Vec<f32>,
    moments: Vec<f32>,
    images: Vec<f32>,
    headings: Vec<f32>,
    gain: Vec<f32>,
}

/// Rows for all blocks of a page. `gain` is the weight that the rules give to each block, `container`
/// the subtree that they prefer.
pub(super) fn rows(
    tree: &Tree<'_>,
    blocks: &[Block],
    known: &Known,
    gain: &[f32],
    container: u32,
    kind: PageType,
) -> Vec<[f32; WIDTH]> {
    let pairs: Vec<(&Block, &Facts)> = blocks.iter().zip(&known.facts).collect();
    let mass = Mass::of(tree, &pairs, gain);
    let above = rungs(tree, container);
    let page = Page::of(&pairs, &mass, kind);
    let groups = Groups::of(known, &mass);
    let (mut before, mut heading, mut marks) = (0.0, None, Marks::default());
    let mut out = Vec::with_capacity(pairs.len());
    for (at, (block, facts)) in pairs.iter().enumerate() {
        let mut row = Row::<WIDTH>::starting(&known.outline);
        own(&mut row, block, facts);
        text(&mut row, &block.text, facts);
        place(&mut row, tree, block, &mass);
        distances(&mut row, tree, block, &known.own);
        relation(&mut row, tree, block, container, &above, &mass);
        page.write(&mut row, at, before);
        below(&mut row, at, heading.and_then(|heading| pairs.get(heading).map(|pair| (heading, pair))));
        groups.write(&mut row, known, at, &mass);
        groups.lead(&mut row, known, &mass);
        marks.write(&mut row, at, block, facts);
        for offset in [-3isize, -2, -1, 1, 2, 3] {
            neighbour(&mut row, at.checked_add_signed(offset).and_then(|at| pairs.get(at)), block);
        }
        if matches!(block.shape, Shape::Heading(_)) {
            heading = Some(at);
        }
        before += facts.chars as f32;
        out.push(row.finish());
    }
    out
}

impl Mass {
    fn of(tree: &Tree<'_>, pairs: &[(&Block, &Facts)], gain: &[f32]) -> Self {
        let each = |value: fn(&(&Block, &Facts)) -> f32| {
            sums(tree, pairs.iter().map(|pair| (pair.0.first, value(pair))))
        };
        Self {
            chars: each(|(_, facts)| facts.chars as f32),
            linked: each(|(block, _)| block.linked as f32),
            prose: each(|(_, facts)| if facts.prose { facts.chars as f32 } else { 0.0 }),
            blocks: each(|_| 1.0),
            heads: each(|(_, facts)| {
                one(facts.roles.has(Roles::DATE.with(Roles::BYLINE)) && facts.words < 25)
            }),
            prices: each(|(_, facts)| one(facts.price)),
            moments: each(|(_, facts)| one(facts.moment && facts.words < 25)),
            images: each(|(block, _)| one(block.shape == Shape::Image)),
            headings: each(|(block, _)| one(matches!(block.shape, Shape::Heading(_)))),
            gain: sums(tree, pairs.iter().zip(gain).map(|((block, _), gain)| (block.first, *gain))),
        }
    }
}

fn one(holds: bool) -> f32 {
    f32::from(u8::from(holds))
}

/// The heading that the block stands below.
fn below(row: &mut Row<WIDTH>, at: usize, heading: Option<(usize, &(&Block, &Facts))>) {
    let Some((place, (block, facts))) = heading else {
        (0..6).for_each(|_| row.put(-1.0));
        return;
    };
    row.put((at - place) as f32);
    row.put(facts.topic.map_or(0.0, topic_number));
    row.put(match block.shape {
        Shape::Heading(level) => f32::from(level),
        _ => 0.0,
    });
    row.flag(facts.is_title);
    row.put(facts.link_density);
    row.flag(facts.roles.has(Roles::CHROME.with(Roles::COMMENT)));
}

/// Levels up to the nearest element of each role and kind.
fn distances(row: &mut Row<WIDTH>, tree: &Tree<'_>, block: &Block, own: &[Roles]) {
    let mut roles = [LEVELS; Roles::COUNT];
    let mut kinds = [LEVELS; KINDS];
    let mut seen = 0u32;
    for (up, (index, node)) in tree.ancestors(block.owner).take(LEVELS as usize).enumerate() {
        let mut fresh = own.get(index as usize).map_or(0, |roles| roles.bits()) & !seen;
        seen |= fresh;
        while fresh != 0 {
            if let Some(slot) = roles.get_mut(fresh.trailing_zeros() as usize) {
                *slot = up as f32;
            }
            fresh &= fresh - 1;
        }
        if let Some(slot) = kind(node.tag).and_then(|kind| kinds.get_mut(kind))
            && *slot == LEVELS
        {
            *slot = up as f32;
        }
    }
    roles.into_iter().chain(kinds).for_each(|number| row.put(number));
}

/// Levels that distances are counted to.
const LEVELS: f32 = 14.0;

/// Kinds of element whose distance is a number of the row.
const KINDS: usize = 18;

fn kind(tag: Tag) -> Option<usize> {
    Some(match tag {
        Tag::Nav => 0,
        Tag::Footer => 1,
        Tag::Header => 2,
        Tag::Aside => 3,
        Tag::Form => 4,
        Tag::Table => 5,
        Tag::Ul => 6,
        Tag::Ol => 7,
        Tag::Article => 8,
        Tag::Main => 9,
        Tag::Figure => 10,
        Tag::Details => 11,
        Tag::Dl => 12,
        Tag::Section => 13,
        Tag::Blockquote => 14,
        Tag::A => 15,
        Tag::Button => 16,
        Tag::Li => 17,
        _ => return None,
    })
}

/// A row that is being written.
pub(super) struct Row<const N: usize>([f32; N], usize);

impl<const N: usize> Row<N> {
    /// A row that goes on from a shorter one.
    pub(super) fn starting(with: &[f32]) -> Self {
        let mut row = Self([0.0; N], 0);
        with.iter().for_each(|number| row.put(*number));
        row
    }

    pub(super) fn put(&mut self, value: f32) {
        if let Some(slot) = self.0.get_mut(self.1) {
            *slot = value;
        }
        self.1 += 1;
    }

    pub(super) fn flag(&mut self, value: bool) {
        self.put(f32::from(u8::from(value)));
    }

    pub(super) fn log(&mut self, value: f32) {
        self.put((1.0 + value.max(0.0)).ln());
    }

    pub(super) fn finish(self) -> [f32; N] {
        debug_assert!(self.1 <= N, "{} numbers", self.1);
        self.0
    }
}

fn own(row: &mut Row<WIDTH>, block: &Block, facts: &Facts) {
    row.log(facts.chars as f32);
    row.log(facts.words as f32);
    row.put(facts.link_density);
    row.flag(facts.sentence);
    row.flag(facts.prose);
    row.log(facts.repeats as f32 - 1.0);
    row.flag(facts.is_title);
    row.put(facts.attested);
    row.put(facts.titled);
    row.flag(facts.hidden);
    row.flag(block.noscript);
    row.flag(facts.in_article);
    row.flag(facts.in_main);
    row.flag(block.table.is_some());
    row.flag(block.list.is_some());
    row.put(match block.shape {
        Shape::Paragraph => 0.0,
        Shape::Item => 1.0,
        Shape::Cell => 2.0,
        Shape::Quote => 3.0,
        Shape::Code => 4.0,
        Shape::Caption => 5.0,
        Shape::Image => 6.0,
        Shape::Heading(level) => 7.0 + f32::from(level),
    });
    row.put(facts.topic.map_or(0.0, topic_number));
    for bit in 0..Roles::COUNT {
        row.flag(facts.roles.bits() >> bit & 1 == 1);
    }
}

fn topic_number(topic: Topic) -> f32 {
    match topic {
        Topic::Posted => 1.0,
        Topic::Navigation => 2.0,
        Topic::Share => 3.0,
        Topic::Login => 4.0,
        Topic::Reply => 5.0,
        Topic::Comments => 6.0,
        Topic::Related => 7.0,
        Topic::Newsletter => 8.0,
        Topic::Cookie => 9.0,
        Topic::Advert => 10.0,
        Topic::Foot => 11.0,
    }
}

/// Letters, digits and punctuation of the text.
fn text(row: &mut Row<WIDTH>, text: &str, facts: &Facts) {
    let (mut upper, mut digits, mut commas, mut stops, mut marks, mut wide) =
        (0u32, 0u32, 0u32, 0u32, 0u32, 0u32);
    for character in text.chars().take(2_000) {
        match character {
            '0'..='9' => digits += 1,
            ',' | '\u{ff0c}' | '\u{3001}' | '\u{60c}' => commas += 1,
            '.' | '!' | '?' | '\u{3002}' => stops += 1,
            '|' | '/' | '\u{bb}' | '\u{203a}' | '\u{b7}' | '\u{2022}' | '>' | '\u{a9}' | '#' | '@' => {
                marks += 1
            }
            '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' => wide += 1,
            _ if character.is_uppercase() => upper += 1,
            _ => {}
        }
    }
    let chars = (facts.chars.min(2_000) as f32).max(1.0);
    for count in [upper, digits, commas, stops, marks, wide] {
        row.put(count as f32 / chars);
    }
    row.put(facts.chars as f32 / (facts.words as f32).max(1.0));
    row.log(text.matches('\n').count() as f32);
    let (mut words, mut capital, mut short, mut numbers) = (0u32, 0u32, 0u32, 0u32);
    for word in text.split_ascii_whitespace().take(200) {
        words += 1;
        let first = word.chars().next().unwrap_or_default();
        capital += u32::from(first.is_uppercase());
        numbers += u32::from(first.is_ascii_digit());
        short += u32::from(word.len() <= 3 && first.is_lowercase());
    }
    for count in [capital, short, numbers] {
        row.put(count as f32 / (words as f32).max(1.0));
    }
    row.flag(facts.price);
    row.flag(facts.moment);
    row.flag(text.contains('@'));
    row.flag(text.contains('?'));
    row.flag(text.starts_with(['"', '\u{201c}', '\u{ab}', '\u{300c}']));
}

/// Where the block stands: its element, its kin, and what its containers hold.
fn place(row: &mut Row<WIDTH>, tree: &Tree<'_>, block: &Block, mass: &Mass) {
    let owner = tree.at(block.owner);
    row.put(match owner.tag {
        Tag::P => 1.0,
        Tag::Div => 2.0,
        Tag::Section => 3.0,
        Tag::Article => 4.0,
        Tag::Li => 5.0,
        Tag::Cell | Tag::HeaderCell => 6.0,
        Tag::Dd | Tag::Dt => 7.0,
        Tag::Body => 8.0,
        _ => 0.0,
    });
    row.put(f32::from(owner.depth));
    let mut names = owner.roles.bits();
    let mut at = block.owner;
    for _ in 0..4 {
        at = tree.at(at).parent;
        names |= tree.at(at).roles.bits();
        subtree(row, at, mass);
    }
    let near = |role: Roles| names & role.bits() != 0;
    row.flag(near(Roles::CONTENT));
    row.flag(near(Roles::CHROME));
    row.flag(near(Roles::TEASER));
}

pub(super) fn get(values: &[f32], index: u32) -> f32 {
    values.get(index as usize).copied().unwrap_or_default()
}

fn subtree(row: &mut Row<WIDTH>, index: u32, mass: &Mass) {
    let chars = get(&mass.chars, index);
    row.log(chars);
    row.put(get(&mass.linked, index) / chars.max(1.0));
    row.put(get(&mass.prose, index) / chars.max(1.0));
    row.log(get(&mass.blocks, index));
}

/// The container and its ancestors, outermost last.
fn rungs(tree: &Tree<'_>, container: u32) -> Vec<u32> {
    tree.ancestors(container).map(|(index, _)| index).collect()
}

/// How far up from the preferred container one must go to hold the block, and what is gained by it.
fn relation(
    row: &mut Row<WIDTH>,
    tree: &Tree<'_>,
    block: &Block,
    container: u32,
    above: &[u32],
    mass: &Mass,
) {
    let holds = |index: &u32| block.first >= *index && block.first < tree.at(*index).end;
    let up = above.iter().position(holds).unwrap_or(above.len());
    let shared = above.get(up).copied().unwrap_or(0);
    row.put(up as f32);
    row.put(get(&mass.prose, container) / get(&mass.prose, shared).max(1.0));
    row.put(get(&mass.gain, container) / get(&mass.gain, shared).abs().max(0.1));
    row.flag(block.first < container);
    row.put(f32::from(tree.at(block.owner).depth) - f32::from(tree.at(shared).depth));
    // The branch that leads from the shared ancestor to the block.
    let branch = tree
        .ancestors(block.first)
        .map(|(index, _)| index)
        .take_while(|index| *index != shared)
        .last()
        .unwrap_or(block.first);
    subtree(row, branch, mass);
    row.put(get(&mass.gain, branch));
}

/// What is the same for all blocks of a page.
struct Page {
    numbers: Vec<f32>,
    blocks: f32,
    chars: f32,
    title: Option<usize>,
}

impl Page {
    fn of(pairs: &[(&Block, &Facts)], mass: &Mass, kind: PageType) -> Self {
        let chars = get(&mass.chars, 0);
        let count =
            |test: fn(&(&Block, &Facts)) -> bool| pairs.iter().filter(|pair| test(pair)).count() as f32;
        let blocks = pairs.len() as f32;
        let numbers = vec![
            (1.0 + chars).ln(),
            (1.0 + blocks).ln(),
            get(&mass.linked, 0) / chars.max(1.0),
            get(&mass.prose, 0) / chars.max(1.0),
            (1.0 + get(&mass.prose, 0)).ln(),
            count(|(block, _)| matches!(block.shape, Shape::Heading(_))) / blocks.max(1.0),
            count(|(block, _)| block.shape == Shape::Item) / blocks.max(1.0),
            count(|(block, _)| block.shape == Shape::Image) / blocks.max(1.0),
            count(|(_, facts)| facts.roles.has(Roles::COMMENT)) / blocks.max(1.0),
            count(|(_, facts)| facts.in_article) / blocks.max(1.0),
            count(|(_, facts)| facts.price).ln_1p(),
            count(|(_, facts)| facts.moment).ln_1p(),
            count(|(_, facts)| facts.prose).ln_1p(),
            match kind {
                PageType::Article => 0.0,
                PageType::Forum => 1.0,
                PageType::Product => 2.0,
                PageType::Listing => 3.0,
                PageType::Documentation => 4.0,
            },
        ];
        let title = pairs
            .iter()
            .position(|(block, facts)| facts.is_title && matches!(block.shape, Shape::Heading(_)));
        Self { numbers, blocks, chars, title }
    }

    fn write(&self, row: &mut Row<WIDTH>, at: usize, before: f32) {
        for number in &self.numbers {
            row.put(*number);
        }
        row.put(at as f32 / self.blocks.max(1.0));
        row.put(before / self.chars.max(1.0));
        row.put(self.title.map_or(-1000.0, |title| at as f32 - title as f32));
    }
}

fn neighbour(row: &mut Row<WIDTH>, pair: Option<&(&Block, &Facts)>, here: &Block) {
    let Some((block, facts)) = pair else {
        for _ in 0..6 {
            row.put(-1.0);
        }
        return;
    };
    row.log(facts.words as f32);
    row.put(facts.link_density);
    row.flag(facts.prose);
    row.put(facts.topic.map_or(0.0, topic_number));
    row.flag(block.owner == here.owner || block.list.is_some() && block.list == here.list);
    row.flag(facts.roles.has(Roles::CHROME.with(Roles::COMMENT)));
}
