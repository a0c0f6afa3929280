//! What is known of each block before anything is decided: one row of facts a block, the same whether a
//! rule or a trained model reads it.

use foldhash::{HashMap, HashMapExt};

use super::blocks::{Block, Shape};
use super::kin::Kin;
use super::metadata::Hints;
use super::outline::{self, outline};
use super::roles::Roles;
use super::signs;
use super::tree::{Tag, Tree};
use super::vocabulary::{Topic, topic};

/// Share of the page's prose above which a role that would exclude it cannot be true: a page is not all
/// side bar, whatever its class names say.
const TOO_MUCH: f32 = 0.6;

/// The facts of one block.
pub(super) struct Facts {
    /// What the ancestors' names say, names that cannot be true left out.
    pub(super) roles: Roles,
    pub(super) topic: Option<Topic>,
    pub(super) link_density: f32,
    pub(super) words: u32,
    pub(super) chars: u32,
    /// Reads like running text: length and sentence punctuation.
    pub(super) prose: bool,
    /// Names a price.
    pub(super) price: bool,
    /// Names a time or a date, as the heads of posts do.
    pub(super) moment: bool,
    /// Ends like a sentence.
    pub(super) sentence: bool,
    /// Times that the same text stands on the page.
    pub(super) repeats: u32,
    /// Says what the title says.
    pub(super) is_title: bool,
    /// Share of the text that stands in the page's own description or JSON-LD article body; below 0 where
    /// the page has neither.
    pub(super) attested: f32,
    /// Share of the title's words that the text has.
    pub(super) titled: f32,
    pub(super) hidden: bool,
    /// Inside `article` or `main`.
    pub(super) in_article: bool,
    pub(super) in_main: bool,
}

/// Facts of all blocks, and the roles of every node.
pub(super) struct Known {
    pub(super) facts: Vec<Facts>,
    /// Roles of a node and all its ancestors, void ones left out.
    pub(super) roles: Vec<Roles>,
    /// Roles of a node alone, void ones left out.
    pub(super) own: Vec<Roles>,
    /// The page as a whole.
    pub(super) outline: [f32; outline::WIDTH],
    pub(super) kin: Kin,
    /// The repeated element that each block stands in, and the levels up to it.
    pub(super) units: Vec<Option<(u32, usize)>>,
}

/// Gathers the facts.
pub(super) fn gather(
    tree: &Tree<'_>,
    blocks: &[Block],
    hints: &Hints,
    thread: bool,
    url: Option<&str>,
) -> Known {
    let (roles, own, hidden) = believed(tree, blocks, thread);
    let mut seen: HashMap<&str, u32> = HashMap::new();
    for block in blocks {
        *seen.entry(block.text.as_str()).or_default() += 1;
    }
    let facts = blocks.iter().map(|block| {
        let at = block.first as usize;
        let (attested, titled) = hints.shared(&block.text);
        Facts {
            roles: roles.get(at).copied().unwrap_or_default(),
            topic: topic(&block.text),
            link_density: block.link_density(),
            words: block.words,
            chars: block.chars,
            prose: is_prose(block),
            price: signs::price(&block.text),
            moment: signs::moment(&block.text),
            sentence: ends_sentence(&block.text),
            repeats: seen.get(block.text.as_str()).copied().unwrap_or(1),
            is_title: hints.is_title(&block.text),
            attested,
            titled,
            hidden: hidden.get(at).copied().unwrap_or_default(),
            in_article: tree.ancestors(block.first).any(|(_, node)| node.tag == Tag::Article),
            in_main: tree.ancestors(block.first).any(|(_, node)| node.tag == Tag::Main),
        }
    });
    let facts = facts.collect();
    let kin = Kin::of(tree);
    let held = sums(tree, blocks.iter().map(|block| (block.first, 1.0)));
    let units = blocks.iter().map(|block| kin.unit(tree, block.owner, &held)).collect();
    Known { facts, roles, own, outline: outline(tree, hints, url), kin, units }
}

/// Roles and hiddenness of each node with those of its ancestors, but for marks that most of the page's
/// prose would fall to.
fn believed(tree: &Tree<'_>, blocks: &[Block], thread: bool) -> (Vec<Roles>, Vec<Roles>, Vec<bool>) {
    let mass = sums(tree, blocks.iter().map(|block| (block.first, prose_mass(block))));
    let total = mass.first().copied().unwrap_or_default().max(1.0);
    let mut roles: Vec<Roles> = Vec::with_capacity(tree.len());
    let mut all: Vec<Roles> = Vec::with_capacity(tree.len());
    let mut hidden: Vec<bool> = Vec::with_capacity(tree.len());
    for (index, node) in tree.iter() {
        let above = roles.get(node.parent as usize).copied().unwrap_or_default();
        let covered = hidden.get(node.parent as usize).copied().unwrap_or_default();
        let share = mass.get(index as usize).copied().unwrap_or_default() / total;
        let mut own = node.roles;
        if share > TOO_MUCH {
            own = own.without(Roles::CHROME);
        }
        if thread || share > 0.85 {
            own = own.without(Roles::COMMENT);
        }
        roles.push(above.with(own));
        all.push(own);
        hidden.push(covered || (node.hidden || node.tag == Tag::Noscript) && share <= TOO_MUCH);
    }
    (roles, all, hidden)
}

/// Sums of block values for every node over its subtree, in one pass upwards.
pub(super) fn sums(tree: &Tree<'_>, values: impl Iterator<Item = (u32, f32)>) -> Vec<f32> {
    let mut out = vec![0.0; tree.len()];
    for (at, value) in values {
        if let Some(slot) = out.get_mut(at as usize) {
            *slot += value;
        }
    }
    for (index, node) in tree.iter().rev() {
        let value = out.get(index as usize).copied().unwrap_or_default();
        if node.parent != index
            && value != 0.0
            && let Some(slot) = out.get_mut(node.parent as usize)
        {
            *slot += value;
        }
    }
    out
}

/// Characters of running text outside links.
fn prose_mass(block: &Block) -> f32 {
    if is_prose(block) { block.chars as f32 * (1.0 - block.link_density()) } else { 0.0 }
}

fn is_prose(block: &Block) -> bool {
    if block.shape == Shape::Code {
        return block.words > 3;
    }
    let long = block.words >= 24;
    let sentence = block.words >= 7 && ends_sentence(&block.text);
    (long || sentence) && block.link_density() < 0.5
}

/// Sentence-ending punctuation at the end, closing quotes and brackets aside.
pub(super) fn ends_sentence(text: &str) -> bool {
    let closing = [
        '"', '\'', ')', ']', '\u{201d}', '\u{2019}', '\u{bb}', '\u{300d}', '\u{300f}', '\u{ff09}', ' ',
        '\u{a0}',
    ];
    text.trim_end_matches(closing).ends_with([
        '.', '!', '?', '\u{2026}', ':', ';', '\u{3002}', '\u{ff01}', '\u{ff1f}', '\u{ff1b}', '\u{ff1a}',
        '\u{964}', '\u{61f}', '\u{6d4}',
    ])
}
