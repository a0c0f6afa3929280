//! Article, comment or boilerplate: the decision for every block, and over the tree.
//!
//! A block has a weight by its own facts; a container has the sum of its blocks, so that the best subtree
//! is the one that gains the most prose for the least boilerplate. Inside it blocks are taken or left,
//! then lists, tables and headings follow their company.

mod passes;

use super::article::PageType;
use super::blocks::{Block, Shape};
use super::context;
use super::features::{Facts, Known, sums};
use super::model::Model;
use super::roles::Roles;
use super::tree::{Node, Tag, Tree};
use super::vector;
use super::vocabulary::Topic;
use passes::{
    between, closed_comments, follow_company, further, headings, headline, images, posts, under_comments,
};

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Article,
    Comment,
    Boilerplate,
}

/// Share of a container's gain that one child must have to take its place.
const NEARLY_ALL: f32 = 0.8;

/// Characters of article below which the model is taken to have missed it.
const FEW: u32 = 80;

/// The lowest bar: one chance in eight.
const LOWEST: f32 = -1.95;

/// Expected F1 from which a page is clear enough for even chances to be the bar.
const CLEAR: f32 = 0.75;

/// Characters outside the comments below which a page may have nothing but them.
const LITTLE: u32 = 600;

/// The decision for a page.
pub(super) struct Decision {
    pub(super) verdicts: Vec<Verdict>,
    /// The element that holds the article.
    pub(super) container: u32,
    /// 0 to 1.
    pub(super) score: f32,
    /// The model found next to nothing and the rules alone decided.
    pub(super) ruled: bool,
}

/// Decides for every block of a page.
pub(super) fn decide(
    tree: &Tree<'_>,
    blocks: &[Block],
    known: &Known,
    kind: PageType,
    named_thread: bool,
    model: &Model,
) -> Decision {
    decide_watched(tree, blocks, known, kind, named_thread, model, &mut |_, _, _| ())
}

/// Shown after each step: its name, the model's log-odds and the verdicts so far.
pub(super) type Watch<'a> = &'a mut dyn FnMut(&'static str, &[f32], &[Verdict]);

/// The same with each step shown to `watch`.
pub(super) fn decide_watched(
    tree: &Tree<'_>,
    blocks: &[Block],
    known: &Known,
    kind: PageType,
    named_thread: bool,
    model: &Model,
    watch: Watch<'_>,
) -> Decision {
    let ground = Ground::of(tree, blocks, known);
    let values = vector::rows(tree, blocks, known, &ground.gain, ground.container, kind);
    let first = model.first(&values);
    let mut odds = second(model, tree, blocks, known, (&values, &first));
    drop(values);
    let rows: Vec<(&Block, &Facts)> = blocks.iter().zip(&known.facts).collect();
    let bar = bar(&rows, &odds);
    odds.iter_mut().for_each(|odds| *odds -= bar);
    let thread = is_thread(&rows, &odds, named_thread);
    let beside = |block: &Block| is_beside(tree, block, &known.own, ground.container);
    let mut verdicts: Vec<Verdict> = rows
        .iter()
        .zip(&odds)
        .map(|((block, facts), odds)| first_verdict(block, facts, *odds, thread, beside))
        .collect();
    watch("", &odds, &verdicts);
    let ruled = taken(&rows, &verdicts) < FEW;
    if ruled {
        by_rule(tree, &rows, ground.container, &mut verdicts);
        watch("the model found next to nothing: all of the container", &odds, &verdicts);
    }
    follow_company(&rows, &mut verdicts);
    watch("a list or table is taken or left as a whole", &odds, &verdicts);
    between(tree, &rows, &odds, &mut verdicts);
    watch("between two paragraphs of the article", &odds, &verdicts);
    if kind == PageType::Forum {
        posts(tree, &rows, &mut verdicts);
        watch("a thread's posts are taken together", &odds, &verdicts);
    }
    headings(&rows, &odds, &mut verdicts);
    watch("a heading without text below it goes", &odds, &verdicts);
    headline(&rows, &mut verdicts);
    watch("the headline above the article", &odds, &verdicts);
    further(tree, &rows, &known.kin, &mut verdicts);
    watch("a further article of an endless page", &odds, &verdicts);
    if !thread && !named_thread && kind != PageType::Forum {
        under_comments(&rows, &mut verdicts);
        watch("between the heading of the comments and their form", &odds, &verdicts);
        closed_comments(&rows, &mut verdicts);
        watch("below the line that comments are closed", &odds, &verdicts);
    }
    images(tree, &rows, &mut verdicts, ground.container);
    watch("an image within the article", &odds, &verdicts);
    let score = confidence(&rows, &odds, &verdicts);
    Decision { verdicts, container: ground.container, score, ruled }
}

/// Rows of the second stage that are scored together.
const TOGETHER: usize = 1024;

/// Scores of the second stage, its rows made and dropped by the thousand.
fn second(
    model: &Model,
    tree: &Tree<'_>,
    blocks: &[Block],
    known: &Known,
    (values, first): (&[[f32; vector::WIDTH]], &[f32]),
) -> Vec<f32> {
    let (mut odds, mut rows) = (Vec::with_capacity(blocks.len()), Vec::new());
    context::each(tree, blocks, known, values, first, |row| {
        rows.push(row);
        if rows.len() == TOGETHER {
            odds.extend(model.second(&rows));
            rows.clear();
        }
    });
    odds.extend(model.second(&rows));
    odds
}

/// Log-odds from which a block is worth taking: where the model is sure of few, those that it half believes
/// in win more right words than wrong ones. The bar is set where the expected F1 of the page's words is best.
fn bar(rows: &[(&Block, &Facts)], odds: &[f32]) -> f32 {
    let open = rows.iter().zip(odds).filter(|((block, facts), _)| {
        !facts.hidden && !facts.roles.has(Roles::COMMENT) && block.shape != Shape::Image
    });
    let mut ranked: Vec<(f32, f32)> = open.map(|((block, _), odds)| (*odds, block.words as f32)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let likely = |odds: f32| 1.0 / (1.0 + (-odds).exp());
    let all: f32 = ranked.iter().map(|(odds, words)| likely(*odds) * words).sum();
    let (mut right, mut taken, mut best, mut bar) = (0.0, 0.0, 0.0, 0.0);
    for (odds, words) in ranked {
        right += likely(odds) * words;
        taken += words;
        let f1 = 2.0 * right / (taken + all).max(1.0);
        if f1 > best {
            (best, bar) = (f1, odds);
        }
    }
    if best > CLEAR { 0.0 } else { bar.clamp(LOWEST, 0.0) }
}

/// What the rules alone see: a weight for each block, and the subtree that gains most.
struct Ground {
    gain: Vec<f32>,
    container: u32,
}

impl Ground {
    fn of(tree: &Tree<'_>, blocks: &[Block], known: &Known) -> Self {
        let gain: Vec<f32> =
            blocks.iter().zip(&known.facts).map(|(block, facts)| weight(block, facts)).collect();
        let sum = sums(tree, blocks.iter().zip(&gain).map(|(block, gain)| (block.first, *gain)));
        let container = container(tree, &sum);
        Self { gain, container }
    }
}

/// The rows of a page's blocks, as a model reads them.
pub(super) fn rows(
    tree: &Tree<'_>,
    blocks: &[Block],
    known: &Known,
    kind: PageType,
) -> Vec<[f32; vector::WIDTH]> {
    let ground = Ground::of(tree, blocks, known);
    vector::rows(tree, blocks, known, &ground.gain, ground.container, kind)
}

/// Never the article, by what its place is called or what it says.
fn excluded(block: &Block, facts: &Facts) -> bool {
    if facts.hidden {
        return true;
    }
    let chrome = facts.roles.has(Roles::CHROME.without(Roles::TAGS.with(Roles::AD)));
    let small_print = facts.roles.has(Roles::TAGS) && (facts.link_density > 0.3 || facts.words < 20);
    let advert = facts.roles.has(Roles::AD) && facts.attested <= 0.0;
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
            + if facts.attested > 0.0 { 2.0 } else { 0.0 };
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

/// Characters of text taken so far.
fn taken(rows: &[(&Block, &Facts)], verdicts: &[Verdict]) -> u32 {
    let article = rows.iter().zip(verdicts).filter(|(_, verdict)| **verdict == Verdict::Article);
    article.map(|((_, facts), _)| facts.chars).sum()
}

/// Everything in the preferred container that no rule speaks against, if there is text at all.
fn by_rule(tree: &Tree<'_>, rows: &[(&Block, &Facts)], container: u32, verdicts: &mut [Verdict]) {
    let end = tree.at(container).end;
    for ((block, facts), slot) in rows.iter().zip(verdicts.iter_mut()) {
        let inside = block.first >= container && block.first < end;
        let small_print =
            facts.roles.has(Roles::BYLINE.with(Roles::DATE).with(Roles::CAPTION)) && facts.words < 25;
        let text = block.shape != Shape::Image && facts.link_density < 0.5;
        let free = *slot == Verdict::Boilerplate && !excluded(block, facts) && !small_print;
        if inside && text && free && !facts.roles.has(Roles::COMMENT.with(Roles::TEASER)) {
            *slot = Verdict::Article;
        }
    }
}

/// The comments are the page: more of its likely text stands in them than outside, and the page is named a
/// thread or has next to nothing else and no form for a comment. A short post with many comments is still a post.
fn is_thread(rows: &[(&Block, &Facts)], odds: &[f32], named: bool) -> bool {
    let form = rows.iter().any(|(_, facts)| facts.roles.has(Roles::RESPOND));
    let (mut inside, mut outside) = (0, 0);
    for ((_, facts), _) in rows.iter().zip(odds).filter(|((_, facts), odds)| **odds > 0.0 && !facts.hidden) {
        *(if facts.roles.has(Roles::COMMENT) { &mut inside } else { &mut outside }) += facts.chars;
    }
    inside > outside && (named || !form && outside < LITTLE)
}

/// The model's word, but for what no model should decide.
fn first_verdict(
    block: &Block,
    facts: &Facts,
    odds: f32,
    thread: bool,
    beside: impl Fn(&Block) -> bool,
) -> Verdict {
    if facts.hidden {
        return Verdict::Boilerplate;
    }
    let kept = odds >= 0.0 && block.shape != Shape::Image && !is_form(block, facts, odds);
    if facts.roles.has(Roles::COMMENT) && !(thread && kept) {
        return if beside(block) { Verdict::Boilerplate } else { Verdict::Comment };
    }
    if kept { Verdict::Article } else { Verdict::Boilerplate }
}

/// In a side bar, menu or form that speaks of comments (`Recent comments`). What has the article in it is no side bar,
/// whatever it is called (`widget Blog`), and neither is what a thread lies in that says so by its name.
fn is_beside(tree: &Tree<'_>, block: &Block, own: &[Roles], container: u32) -> bool {
    let other = Roles::SIDE.with(Roles::RESPOND).with(Roles::RELATED).with(Roles::LOGIN).with(Roles::NAV);
    for (index, node) in tree.ancestors(block.first) {
        let holds = index <= container && container < node.end;
        if !holds && own.get(index as usize).is_some_and(|roles| roles.has(other)) {
            return true;
        }
        if is_named_thread(node) {
            return false;
        }
    }
    false
}

/// Names that are given to all comments of a page together.
fn is_named_thread(node: &Node<'_>) -> bool {
    let names = ["comments", "commentlist", "comment-list", "comments-list", "disqus_thread", "dsq-content"];
    ["id", "class"].iter().filter_map(|name| node.attr(name)).any(|value| {
        value.split_ascii_whitespace().any(|name| names.iter().any(|known| name.eq_ignore_ascii_case(known)))
    })
}

/// Forms, prompts and marks that say what they are: never the article's, unless the page's own summary or,
/// strongly, the model says so.
fn is_form(block: &Block, facts: &Facts, odds: f32) -> bool {
    if facts.roles.has(Roles::RESPOND.with(Roles::COOKIE)) {
        return true;
    }
    // Menus, teasers and feet have a look as well, which the model knows better than their words.
    let telling = facts.topic.is_some_and(|topic| {
        !matches!(topic, Topic::Navigation | Topic::Related | Topic::Foot | Topic::Newsletter)
    });
    telling && block.shape != Shape::Code && facts.attested <= 0.0 && odds < 2.0
}

/// How clear the decision was where the article's words stand, and whether there are enough of them.
fn confidence(rows: &[(&Block, &Facts)], odds: &[f32], verdicts: &[Verdict]) -> f32 {
    let (mut sure, mut chars) = (0.0f32, 0.0f32);
    for (((_, facts), odds), verdict) in rows.iter().zip(odds).zip(verdicts) {
        if *verdict == Verdict::Article {
            let likely = 1.0 / (1.0 + (-odds).exp());
            sure += likely * facts.chars as f32;
            chars += facts.chars as f32;
        }
    }
    let enough = (chars / 300.0).min(1.0);
    if chars > 0.0 { enough * sure / chars } else { 0.0 }
}
