//! A block's second row: the first, and what the first stage made of its neighbours, kin and containers.

use std::collections::HashMap;

use super::blocks::{Block, Shape};
use super::features::{Facts, Known, sums};
use super::kin;
use super::roles::Roles;
use super::tree::Tree;
use super::vector::{self, Row, get};

/// Numbers that the first stage's scores give.
const MORE: usize = 50;

/// Numbers in a second row.
pub(super) const WIDTH: usize = vector::WIDTH + MORE;

/// Score above which a block counts as likely.
const LIKELY: f32 = 0.5;

/// What a container must have of its text being likely to gain by it.
const WORTH: f32 = 0.4;

/// First scores, as shares of certainty, and their sums.
struct Scores<'a> {
    blocks: &'a [Block],
    odds: &'a [f32],
    likely: Vec<f32>,
    /// Characters before each block, all and likely ones, one longer than the blocks.
    chars: Vec<f32>,
    mass: Vec<f32>,
    /// The same for every subtree.
    tree_chars: Vec<f32>,
    tree_mass: Vec<f32>,
    /// The subtree that holds most for least, and its ancestors.
    above: Vec<u32>,
}

/// Second rows of all blocks.
pub(super) fn rows(
    tree: &Tree<'_>,
    blocks: &[Block],
    known: &Known,
    first: &[[f32; vector::WIDTH]],
    odds: &[f32],
) -> Vec<[f32; WIDTH]> {
    let mut out = Vec::with_capacity(blocks.len());
    each(tree, blocks, known, first, odds, |row| out.push(row));
    out
}

/// The same one by one: of a page with a hundred thousand blocks all of them together are too many to be held.
pub(super) fn each(
    tree: &Tree<'_>,
    blocks: &[Block],
    known: &Known,
    first: &[[f32; vector::WIDTH]],
    odds: &[f32],
    mut with: impl FnMut([f32; WIDTH]),
) {
    let scores = Scores::of(tree, blocks, odds);
    let page = scores.page(&known.facts);
    let sections = Sections::of(&scores);
    let shapes = Shapes::of(tree, &scores);
    let groups = (known.kin.totals(&scores.tree_mass), known.kin.totals(&scores.tree_chars));
    for (at, (block, own)) in blocks.iter().zip(first).enumerate() {
        let mut row = Row::<WIDTH>::starting(own);
        scores.around(&mut row, at);
        scores.containers(&mut row, tree, block);
        scores.relation(&mut row, tree, block);
        page.iter().for_each(|number| row.put(*number));
        scores.place(&mut row, at);
        sections.write(&mut row, at);
        shapes.write(&mut row, at);
        let group = known.units.get(at).copied().flatten().map(|(unit, _)| (unit, known.kin.group(unit)));
        row.put(group.map_or(-1.0, |(unit, _)| scores.share(unit)));
        row.put(group.map_or(-1.0, |(_, group)| get(&groups.0, group) / get(&groups.1, group).max(1.0)));
        with(row.finish());
    }
}

impl<'a> Scores<'a> {
    fn of(tree: &Tree<'_>, blocks: &'a [Block], odds: &'a [f32]) -> Self {
        let likely: Vec<f32> = odds.iter().map(|odds| 1.0 / (1.0 + (-odds).exp())).collect();
        let (mut chars, mut mass) = (vec![0.0], vec![0.0]);
        let (mut all, mut good) = (0.0, 0.0);
        for (block, likely) in blocks.iter().zip(&likely) {
            all += block.chars as f32;
            good += block.chars as f32 * likely;
            chars.push(all);
            mass.push(good);
        }
        let each = |value: fn(f32, f32) -> f32| {
            let pairs = blocks.iter().zip(&likely);
            sums(tree, pairs.map(|(block, likely)| (block.first, value(block.chars as f32, *likely))))
        };
        let tree_chars = each(|chars, _| chars);
        let tree_mass = each(|chars, likely| chars * likely);
        let gain = |index: u32| get(&tree_mass, index) - WORTH * get(&tree_chars, index);
        let best = tree.iter().filter(|(_, node)| node.tag.is_block()).map(|(index, _)| (index, gain(index)));
        let best = best.max_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))).map_or(0, |(index, _)| index);
        let above = tree.ancestors(best).map(|(index, _)| index).collect();
        Self { blocks, odds, likely, chars, mass, tree_chars, tree_mass, above }
    }

    fn at(&self, at: Option<usize>) -> f32 {
        at.and_then(|at| self.likely.get(at)).copied().unwrap_or(-0.2)
    }

    /// Share of a subtree's text that is likely.
    fn share(&self, index: u32) -> f32 {
        get(&self.tree_mass, index) / get(&self.tree_chars, index).max(1.0)
    }

    /// Share of the text of a run of blocks that is likely, -0.2 where there is none.
    fn window(&self, from: usize, to: usize) -> f32 {
        let (from, to) = (from.min(self.blocks.len()), to.min(self.blocks.len()));
        let of = |sums: &[f32]| get(sums, to as u32) - get(sums, from as u32);
        if to > from { of(&self.mass) / of(&self.chars).max(1.0) } else { -0.2 }
    }

    fn around(&self, row: &mut Row<WIDTH>, at: usize) {
        row.put(self.odds.get(at).copied().unwrap_or_default());
        for offset in [-4isize, -3, -2, -1, 1, 2, 3, 4] {
            row.put(self.at(at.checked_add_signed(offset)));
        }
        for reach in [6, 15] {
            row.put(self.window(at.saturating_sub(reach), at));
            row.put(self.window(at + 1, at + 1 + reach));
        }
    }

    fn containers(&self, row: &mut Row<WIDTH>, tree: &Tree<'_>, block: &Block) {
        let mut at = block.owner;
        for _ in 0..6 {
            row.put(self.share(at));
            at = tree.at(at).parent;
        }
    }

    /// Where the block stands to the subtree that the first stage prefers.
    fn relation(&self, row: &mut Row<WIDTH>, tree: &Tree<'_>, block: &Block) {
        let best = self.above.first().copied().unwrap_or(0);
        let holds = |index: &u32| block.first >= *index && block.first < tree.at(*index).end;
        let up = self.above.iter().position(holds).unwrap_or(self.above.len());
        let shared = self.above.get(up).copied().unwrap_or(0);
        row.put(up as f32);
        row.put(self.share(best));
        row.flag(block.first < best);
        let branch = tree.ancestors(block.first).map(|(index, _)| index).take_while(|index| *index != shared);
        let branch = branch.last().unwrap_or(block.first);
        row.put(self.share(branch));
        row.log(get(&self.tree_chars, branch));
        row.log(get(&self.tree_mass, branch));
        row.put(get(&self.tree_mass, shared) / get(&self.tree_mass, 0).max(1.0));
    }

    /// What the first stage thinks of the page.
    fn page(&self, facts: &[Facts]) -> [f32; 6] {
        let total = get(&self.mass, self.blocks.len() as u32);
        let of = |test: &dyn Fn(&Facts) -> bool| -> f32 {
            let rows = facts.iter().zip(&self.likely).filter(|(facts, _)| test(facts));
            rows.map(|(facts, likely)| facts.chars as f32 * likely).sum::<f32>() / total.max(1.0)
        };
        let likely = self.likely.iter().filter(|likely| **likely > LIKELY).count() as f32;
        [
            (1.0 + total).ln(),
            total / get(&self.chars, self.blocks.len() as u32).max(1.0),
            (1.0 + likely).ln(),
            of(&|facts| facts.roles.has(Roles::COMMENT)),
            of(&|facts| facts.prose),
            of(&|facts| facts.attested > 0.0),
        ]
    }

    /// How much of the likely text stands before and after, and how far its ends are.
    fn place(&self, row: &mut Row<WIDTH>, at: usize) {
        let total = get(&self.mass, self.blocks.len() as u32).max(1.0);
        row.put(get(&self.mass, at as u32) / total);
        row.put(get(&self.mass, at as u32 + 1) / total);
        let sure = |at: &usize| {
            self.likely.get(*at).is_some_and(|likely| *likely > 0.7)
                && self.blocks.get(*at).is_some_and(|block| block.words > 12)
        };
        let before = (at.saturating_sub(40)..at).rev().find(sure).map_or(60, |found| at - found);
        let after = (at + 1..(at + 41).min(self.blocks.len())).find(sure).map_or(60, |found| found - at);
        row.put(before as f32);
        row.put(after as f32);
        let between = |from: usize, to: usize| get(&self.chars, to as u32) - get(&self.chars, from as u32);
        row.log(if before < 60 { between(at - before + 1, at) } else { 1e6 });
        row.log(if after < 60 { between(at + 1, at + after) } else { 1e6 });
    }
}

/// Headings and what stands below each.
struct Sections(Vec<[f32; 3]>);

impl Sections {
    fn of(scores: &Scores<'_>) -> Self {
        let heading = |block: &Block| matches!(block.shape, Shape::Heading(_));
        let starts: Vec<usize> = std::iter::once(0)
            .chain((0..scores.blocks.len()).filter(|at| scores.blocks.get(*at).is_some_and(heading)))
            .collect();
        let mut out = Vec::with_capacity(scores.blocks.len());
        for (number, start) in starts.iter().enumerate() {
            let end = starts.get(number + 1).copied().unwrap_or(scores.blocks.len());
            let head = if number > 0 { scores.at(Some(*start)) } else { -0.2 };
            let body = scores.window(start + usize::from(number > 0), end);
            let next = starts.get(number + 2).copied().unwrap_or(scores.blocks.len());
            let after = scores.window(end + 1, next);
            out.extend(std::iter::repeat_n([head, body, after], end.saturating_sub(*start)));
        }
        Self(out)
    }

    fn write(&self, row: &mut Row<WIDTH>, at: usize) {
        for number in self.0.get(at).copied().unwrap_or([-0.2; 3]) {
            row.put(number);
        }
    }
}

/// Blocks of one make anywhere on the page: element and class of their own and of the parent.
struct Shapes {
    key: Vec<u64>,
    sums: HashMap<u64, (f32, f32, f32)>,
}

impl Shapes {
    fn of(tree: &Tree<'_>, scores: &Scores<'_>) -> Self {
        let mut sums: HashMap<u64, (f32, f32, f32)> = HashMap::new();
        let mut key = Vec::with_capacity(scores.blocks.len());
        for (block, likely) in scores.blocks.iter().zip(&scores.likely) {
            let own = tree.at(block.owner);
            let parent = tree.at(own.parent);
            let make = kin::name(own).rotate_left(7)
                ^ kin::name(parent).rotate_left(31)
                ^ (own.tag.number() << 8 | parent.tag.number()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let sum = sums.entry(make).or_default();
            sum.0 += block.chars as f32 * likely;
            sum.1 += block.chars as f32;
            sum.2 += 1.0;
            key.push(make);
        }
        Self { key, sums }
    }

    fn write(&self, row: &mut Row<WIDTH>, at: usize) {
        let sum = self.key.get(at).and_then(|key| self.sums.get(key)).copied().unwrap_or_default();
        row.put(sum.0 / sum.1.max(1.0));
        row.log(sum.2);
        row.log(sum.1 / sum.2.max(1.0));
    }
}
