//! Article, comment or boilerplate: the decision for every block, and over the tree.
//!
//! A block has a weight by its own facts; a container has the sum of its blocks, so that the best subtree
//! is the one that gains the most prose for the least boilerplate. Inside it blocks are taken or left,
//! then lists, tables and headings follow their company.

use super::blocks::{Block, Shape};
use super::features::{Facts, Known, sums};
use super::roles::Roles;
use super::tree::{Tag, Tree};
use super::vocabulary::Topic;

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Article,
    Comment,
    Boilerplate,
}

/// Share of a container's gain that one child must have to take its place.
const NEARLY_ALL: f32 = 0.8;

/// The decision for a page.
pub(super) struct Decision {
    pub(super) verdicts: Vec<Verdict>,
    /// The element that holds the article.
    pub(super) container: u32,
    /// 0 to 1.
    pub(super) score: f32,
}

/// Decides for every block of a page.
pub(super) fn decide(tree: &Tree<'_>, blocks: &[Block], known: &Known) -> Decision {
    let rows: Vec<(&Block, &Facts)> = blocks.iter().zip(&known.facts).collect();
    let weights: Vec<f32> = rows.iter().map(|(block, facts)| weight(block, facts)).collect();
    let sum = sums(tree, rows.iter().zip(&weights).map(|((block, _), weight)| (block.first, *weight)));
    let container = container(tree, &sum);
    let end = tree.at(container).end;
    let mut verdicts: Vec<Verdict> = rows
        .iter()
        .map(|(block, facts)| {
            let inside = block.first >= container && block.first < end;
            first_verdict(block, facts, inside)
        })
        .collect();
    follow_company(&rows, &mut verdicts);
    headings(&rows, &mut verdicts);
    headline(&rows, &mut verdicts);
    let score = confidence(&rows, &verdicts);
    Decision { verdicts, container, score }
}

/// Never the article, by what its place is called or what it says.
fn excluded(block: &Block, facts: &Facts) -> bool {
    if facts.hidden {
        return true;
    }
    let chrome = facts.roles.has(Roles::CHROME.without(Roles::TAGS.with(Roles::AD)));
    let small_print = facts.roles.has(Roles::TAGS) && (facts.link_density > 0.3 || facts.words < 20);
    let advert = facts.roles.has(Roles::AD) && !facts.attested;
    chrome || small_print || advert || facts.topic.is_some_and(|topic| excludes(topic, block, facts))
}

fn excludes(topic: Topic, block: &Block, facts: &Facts) -> bool {
    match topic {
        // A heading or item "Contact" or "Search" may well be part of a manual.
        Topic::Navigation | Topic::Login => {
            !matches!(block.shape, Shape::Heading(_) | Shape::Cell) || facts.link_density > 0.5
        }
        _ => block.shape != Shape::Code,
    }
}

/// What a block adds to its containers.
fn weight(block: &Block, facts: &Facts) -> f32 {
    let chars = facts.chars as f32;
    if facts.roles.has(Roles::COMMENT) || excluded(block, facts) {
        return -0.2;
    }
    if facts.prose {
        return (chars.min(800.0) * (1.0 - facts.link_density)) / 100.0
            + if facts.attested { 2.0 } else { 0.0 };
    }
    if facts.link_density > 0.5 {
        return -0.3 - (chars.min(100.0) / 200.0);
    }
    match block.shape {
        Shape::Cell | Shape::Item | Shape::Heading(_) => 0.05,
        _ => 0.0,
    }
}

/// The subtree that gains most, then downwards as long as one child holds nearly all of its gain.
fn container(tree: &Tree<'_>, sum: &[f32]) -> u32 {
    let value = |index: u32| sum.get(index as usize).copied().unwrap_or_default();
    let holders = tree.iter().filter(|(_, node)| holds_text(node.tag));
    let best = holders.map(|(index, _)| (index, value(index))).max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((mut current, _)) = best.filter(|(_, score)| *score > 0.0) else { return 0 };
    loop {
        let children = tree.children(current).filter(|(_, node)| holds_text(node.tag));
        let best = children.map(|(index, _)| (index, value(index))).max_by(|a, b| a.1.total_cmp(&b.1));
        match best {
            Some((index, score)) if score >= NEARLY_ALL * value(current) => current = index,
            _ => return current,
        }
    }
}

/// A container is no single paragraph: its neighbours would be lost.
fn holds_text(tag: Tag) -> bool {
    let line = matches!(tag, Tag::P | Tag::Heading(_) | Tag::Li | Tag::Row | Tag::Pre | Tag::Blockquote);
    !line && (tag.is_block() || matches!(tag, Tag::Inline | Tag::Span))
}

fn first_verdict(block: &Block, facts: &Facts, inside: bool) -> Verdict {
    if facts.hidden {
        return Verdict::Boilerplate;
    }
    if facts.roles.has(Roles::COMMENT) {
        let other = Roles::SIDE.with(Roles::RESPOND).with(Roles::RELATED).with(Roles::LOGIN).with(Roles::NAV);
        return if facts.roles.has(other) { Verdict::Boilerplate } else { Verdict::Comment };
    }
    if !inside || excluded(block, facts) || block.shape == Shape::Image && facts.link_density > 0.0 {
        return Verdict::Boilerplate;
    }
    let keep = match block.shape {
        Shape::Code => true,
        Shape::Heading(_) => facts.link_density < 0.7,
        Shape::Caption => false,
        Shape::Image => true,
        Shape::Cell | Shape::Item => facts.link_density < 0.5,
        Shape::Paragraph | Shape::Quote => facts.link_density < 0.5,
    };
    let small_print = facts.roles.has(Roles::BYLINE.with(Roles::DATE).with(Roles::CAPTION))
        && facts.words < 25
        && !facts.sentence;
    if keep && !small_print { Verdict::Article } else { Verdict::Boilerplate }
}

/// The items of a list and the cells of a table are taken or left together.
fn follow_company(rows: &[(&Block, &Facts)], verdicts: &mut [Verdict]) {
    let mut start = 0;
    while start < rows.len() {
        let group = |row: Option<&(&Block, &Facts)>| row.and_then(|(block, _)| block.table.or(block.list));
        let Some(owner) = group(rows.get(start)) else {
            start += 1;
            continue;
        };
        let length = rows.iter().skip(start).take_while(|row| group(Some(row)) == Some(owner)).count();
        let range = start..start + length;
        let (mut kept, mut all, mut linked) = (0u32, 0u32, 0u32);
        for ((block, facts), verdict) in rows.iter().zip(verdicts.iter()).skip(start).take(length) {
            all += facts.chars;
            linked += block.linked;
            kept += if *verdict == Verdict::Article { facts.chars } else { 0 };
        }
        let links = linked as f32 > 0.6 * all as f32;
        let verdict = (kept * 2 > all && !links).then_some(Verdict::Article).unwrap_or(Verdict::Boilerplate);
        for (slot, (_, facts)) in
            verdicts.get_mut(range).unwrap_or_default().iter_mut().zip(rows.iter().skip(start))
        {
            let fixed = facts.hidden
                || *slot == Verdict::Comment
                || (facts.topic.is_some() && verdict == Verdict::Article);
            if !fixed {
                *slot = verdict;
            }
        }
        start += length;
    }
}

/// A heading stands for what follows it: without kept text before the next heading of its rank it goes.
fn headings(rows: &[(&Block, &Facts)], verdicts: &mut [Verdict]) {
    let mut text_below = [false; 8];
    for ((block, _), verdict) in rows.iter().zip(verdicts.iter_mut()).rev() {
        match block.shape {
            Shape::Heading(level) => {
                let slot = text_below.get_mut(usize::from(level).min(7));
                let filled = slot.is_some_and(|filled| std::mem::take(filled));
                if *verdict == Verdict::Article && !filled {
                    *verdict = Verdict::Boilerplate;
                }
            }
            _ if *verdict == Verdict::Article && block.shape != Shape::Image => text_below = [true; 8],
            _ => {}
        }
    }
}

/// The headline above the article belongs to it, once.
fn headline(rows: &[(&Block, &Facts)], verdicts: &mut [Verdict]) {
    let Some(first) = verdicts.iter().position(|verdict| *verdict == Verdict::Article) else { return };
    let is_headline = |(block, facts): &(&Block, &Facts)| {
        facts.is_title && matches!(block.shape, Shape::Heading(1 | 2)) && !facts.hidden
    };
    let inside = rows
        .iter()
        .zip(verdicts.iter())
        .any(|(row, verdict)| is_headline(row) && *verdict == Verdict::Article);
    if inside {
        return;
    }
    if let Some(at) = rows.iter().take(first).rposition(is_headline)
        && let Some(slot) = verdicts.get_mut(at)
    {
        *slot = Verdict::Article;
    }
}

/// How much of the page's prose was taken, and whether it is enough to be an article.
fn confidence(rows: &[(&Block, &Facts)], verdicts: &[Verdict]) -> f32 {
    let (mut kept, mut prose) = (0.0f32, 0.0f32);
    for ((_, facts), verdict) in rows.iter().zip(verdicts) {
        if facts.prose && *verdict == Verdict::Article {
            kept += facts.chars as f32;
        }
        if facts.prose && !facts.hidden && *verdict != Verdict::Comment {
            prose += facts.chars as f32;
        }
    }
    let enough = (kept / 500.0).min(1.0);
    if prose > 0.0 { enough * (0.5 + 0.5 * kept / prose) } else { 0.0 }
}
