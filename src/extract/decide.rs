//! Article, comment or boilerplate: the decision for every block, and over the tree.
//!
//! A block has a weight by its own facts; a container has the sum of its blocks, so that the best subtree
//! is the one that gains the most prose for the least boilerplate. Inside it blocks are taken or left,
//! then lists, tables and headings follow their company.

use std::collections::HashMap;

use super::article::PageType;
use super::blocks::{Block, Shape};
use super::context;
use super::features::{Facts, Known, sums};
use super::kin::Kin;
use super::model::Model;
use super::roles::Roles;
use super::tree::{Node, Tag, Tree};
use super::vector;
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

/// Characters of article below which the model is taken to have missed it.
const FEW: u32 = 80;

/// The lowest bar: one chance in eight.
const LOWEST: f32 = -1.95;

/// Expected F1 from which a page is clear enough for even chances to be the bar.
const CLEAR: f32 = 0.75;

/// Characters outside the comments below which a page may have nothing but them.
const LITTLE: u32 = 600;

/// Characters of a first article from which what follows in a shell like its own is another.
const ENOUGH: u32 = 300;

/// Log-odds from which a heading stays, whatever follows it.
const SURE: f32 = 1.0;

/// Share of a list or table that decides on the rest of it.
const MOST: f32 = 0.75;

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
    let mut verdicts: Vec<Verdict> = rows
        .iter()
        .zip(&odds)
        .map(|((block, facts), odds)| first_verdict(block, facts, *odds, thread))
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
fn first_verdict(block: &Block, facts: &Facts, odds: f32, thread: bool) -> Verdict {
    if facts.hidden {
        return Verdict::Boilerplate;
    }
    let kept = odds >= 0.0 && block.shape != Shape::Image && !is_form(block, facts, odds);
    if facts.roles.has(Roles::COMMENT) && !(thread && kept) {
        let other = Roles::SIDE.with(Roles::RESPOND).with(Roles::RELATED).with(Roles::LOGIN).with(Roles::NAV);
        return if facts.roles.has(other) { Verdict::Boilerplate } else { Verdict::Comment };
    }
    if kept { Verdict::Article } else { Verdict::Boilerplate }
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

/// A line between two paragraphs of the article, their sibling, is one of it unless much speaks against it.
fn between(tree: &Tree<'_>, rows: &[(&Block, &Facts)], odds: &[f32], verdicts: &mut [Verdict]) {
    let parent = |at: usize| rows.get(at).map(|(block, _)| tree.at(block.owner).parent);
    let taken: Vec<usize> =
        (0..rows.len()).filter(|at| verdicts.get(*at) == Some(&Verdict::Article)).collect();
    for pair in taken.windows(2) {
        let [before, after] = pair else { continue };
        if after - before > 4 || parent(*before) != parent(*after) {
            continue;
        }
        for at in before + 1..*after {
            let plain = rows.get(at).is_some_and(|(block, facts)| {
                facts.topic.is_none()
                    && !facts.hidden
                    && facts.link_density < 0.5
                    && block.shape == Shape::Paragraph
                    && !facts.roles.has(Roles::CHROME.with(Roles::COMMENT).with(Roles::CAPTION))
            });
            // Deeper than its neighbours it may as well be a box set into the text: the model must be less averse.
            let floor = if parent(at) == parent(*before) { -1.5 } else { -0.7 };
            if plain
                && odds.get(at).is_some_and(|odds| *odds > floor)
                && let Some(slot) = verdicts.get_mut(at)
            {
                *slot = Verdict::Article;
            }
        }
    }
}

/// In a thread most of whose text stands in elements of one class, all that stands in such elements is text, and short
/// lines elsewhere are about the posts; so is the title that stands once more over each answer.
fn posts(tree: &Tree<'_>, rows: &[(&Block, &Facts)], verdicts: &mut [Verdict]) {
    let Some(main) = post_class(tree, rows, verdicts) else { return };
    for ((block, facts), slot) in rows.iter().zip(verdicts.iter_mut()) {
        let is_heading = matches!(block.shape, Shape::Heading(_));
        let again = is_heading && block.text.get(..3).is_some_and(|re| re.eq_ignore_ascii_case("re:"));
        let inside = tree.ancestors(block.owner).any(|(_, node)| node.attr("class") == Some(main));
        if again || !inside && facts.words < 12 && !facts.is_title {
            *slot = Verdict::Boilerplate;
        } else if near_class(tree, block.owner) == main
            && block.shape != Shape::Image
            && !excluded(block, facts)
            && facts.link_density < 0.8
        {
            *slot = Verdict::Article;
        }
    }
}

/// The class of the elements that hold most of the text that was taken, and little else.
fn post_class<'a>(tree: &Tree<'a>, rows: &[(&Block, &Facts)], verdicts: &[Verdict]) -> Option<&'a str> {
    let mut share: HashMap<&str, (u32, u32)> = HashMap::new();
    let mut all = 0;
    for ((block, facts), verdict) in rows.iter().zip(verdicts) {
        let taken = if *verdict == Verdict::Article { facts.chars } else { 0 };
        all += taken;
        let (of_class, chars) = share.entry(near_class(tree, block.owner)).or_default();
        *of_class += taken;
        *chars += facts.chars;
    }
    let most = |(class, (taken, chars)): &(&str, (u32, u32))| {
        !class.is_empty() && taken * 10 > all * 6 && taken * 2 > *chars
    };
    share.into_iter().find(most).map(|(class, _)| class)
}

/// The nearest class around a block, its own element's first.
fn near_class<'a>(tree: &Tree<'a>, owner: u32) -> &'a str {
    let near = tree.ancestors(owner).take(4);
    near.filter_map(|(_, node)| node.attr("class")).find(|class| !class.trim().is_empty()).unwrap_or_default()
}

/// Images between the article's blocks belong to it.
fn images(tree: &Tree<'_>, rows: &[(&Block, &Facts)], verdicts: &mut [Verdict], container: u32) {
    let first = verdicts.iter().position(|verdict| *verdict == Verdict::Article);
    let last = verdicts.iter().rposition(|verdict| *verdict == Verdict::Article);
    let (Some(first), Some(last)) = (first, last) else { return };
    let end = tree.at(container).end;
    for (at, (block, facts)) in rows.iter().enumerate().take(last).skip(first) {
        let inside = block.first >= container && block.first < end;
        let chrome = facts.hidden || facts.roles.has(Roles::CHROME.with(Roles::COMMENT).with(Roles::BYLINE));
        if block.shape == Shape::Image
            && inside
            && !chrome
            && let Some(slot) = verdicts.get_mut(at)
        {
            *slot = Verdict::Article;
        }
    }
}

/// The items of a list and the cells of a table are taken or left together where most of them are.
fn follow_company(rows: &[(&Block, &Facts)], verdicts: &mut [Verdict]) {
    let group = |row: &(&Block, &Facts)| row.0.table.or(row.0.list);
    let mut start = 0;
    while let Some(row) = rows.get(start) {
        let owner = group(row);
        let length = rows.iter().skip(start).take_while(|row| group(row) == owner).count().max(1);
        let range = start..start + length;
        start += length;
        let (Some(members), Some(slots), true) =
            (rows.get(range.clone()), verdicts.get_mut(range), owner.is_some())
        else {
            continue;
        };
        let chars = |pairs: &mut dyn Iterator<Item = &(&Block, &Facts)>| -> u32 {
            pairs.map(|(_, facts)| facts.chars).sum()
        };
        let all = chars(&mut members.iter());
        let taken = members.iter().zip(slots.iter()).filter(|(_, slot)| **slot == Verdict::Article);
        let kept = chars(&mut taken.map(|(row, _)| row)) as f32 / all.max(1) as f32;
        for ((_, facts), slot) in members.iter().zip(slots) {
            let fixed = facts.hidden || *slot == Verdict::Comment || facts.topic.is_some();
            if kept > MOST && !fixed {
                *slot = Verdict::Article;
            } else if kept < 1.0 - MOST && *slot == Verdict::Article {
                *slot = Verdict::Boilerplate;
            }
        }
    }
}

/// A heading stands for what follows it: without kept text before the next heading of its rank it goes,
/// unless the model is sure of it.
fn headings(rows: &[(&Block, &Facts)], odds: &[f32], verdicts: &mut [Verdict]) {
    let mut text_below = [false; 8];
    for (((block, _), verdict), odds) in rows.iter().zip(verdicts.iter_mut()).zip(odds).rev() {
        match block.shape {
            Shape::Heading(level) => {
                let slot = text_below.get_mut(usize::from(level).min(7));
                let filled = slot.is_some_and(std::mem::take);
                if *verdict == Verdict::Article && !filled && *odds < SURE {
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
        // A third-level heading is one where its name says so, as in Blogger's themes.
        let named = matches!(block.shape, Shape::Heading(3)) && facts.roles.has(Roles::TITLE);
        facts.is_title && (named || matches!(block.shape, Shape::Heading(1 | 2))) && !facts.hidden
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

/// What stands between a line that opens the comments and the form for another one is comments, whatever its
/// names say, if there was an article before.
fn under_comments(rows: &[(&Block, &Facts)], verdicts: &mut [Verdict]) {
    let line = |row: Option<&(&Block, &Facts)>, topic: Topic| {
        row.is_some_and(|(block, facts)| facts.topic == Some(topic) && block.words < 12)
    };
    let form = (0..rows.len()).rev().find(|at| {
        let row = rows.get(*at);
        line(row, Topic::Reply) || row.is_some_and(|(_, facts)| facts.roles.has(Roles::RESPOND))
    });
    let Some(form) = form else { return };
    let chars = |from: usize, to: usize| {
        taken(rows.get(from..to).unwrap_or_default(), verdicts.get(from..to).unwrap_or_default())
    };
    let heads = (0..form).rev().filter(|at| line(rows.get(*at), Topic::Comments));
    let head = heads.take(8).find(|at| chars(*at, form) >= FEW && chars(0, *at) >= ENOUGH);
    let Some(head) = head else { return };
    for slot in verdicts.iter_mut().take(form).skip(head) {
        if *slot == Verdict::Article {
            *slot = Verdict::Comment;
        }
    }
}

/// Articles that a page goes on with, as endless scrolling does: each stands in a shell like that of the first,
/// which has the page's title, and begins with a headline of its own.
fn further(tree: &Tree<'_>, rows: &[(&Block, &Facts)], kin: &Kin, verdicts: &mut [Verdict]) {
    let headline = |(block, facts): &&(&Block, &Facts)| {
        facts.is_title && matches!(block.shape, Shape::Heading(1 | 2)) && !facts.hidden
    };
    let Some((title, _)) = rows.iter().find(headline) else { return };
    for (shell, node) in tree.ancestors(title.owner).skip(1) {
        let group = kin.group(shell);
        if kin.size(group) < 2 || held(rows, verdicts, shell, node.end) < ENOUGH {
            continue;
        }
        let others =
            tree.children(node.parent).filter(|(index, _)| *index > shell && kin.group(*index) == group);
        for (other, node) in others.filter(|(other, node)| has_headline(rows, title.shape, *other, node)) {
            drop_within(rows, verdicts, other, node.end);
        }
    }
}

fn within(block: &Block, start: u32, end: u32) -> bool {
    block.first >= start && block.first < end
}

/// Characters taken inside an element.
fn held(rows: &[(&Block, &Facts)], verdicts: &[Verdict], start: u32, end: u32) -> u32 {
    let inside = rows
        .iter()
        .zip(verdicts)
        .filter(|((block, _), verdict)| **verdict == Verdict::Article && within(block, start, end));
    inside.map(|((_, facts), _)| facts.chars).sum()
}

/// A heading that is not the page's title but set as it is: below the first level it must head an `article`.
fn has_headline(rows: &[(&Block, &Facts)], shape: Shape, start: u32, shell: &Node<'_>) -> bool {
    (shape == Shape::Heading(1) || shell.tag == Tag::Article)
        && rows
            .iter()
            .any(|(block, facts)| block.shape == shape && !facts.is_title && within(block, start, shell.end))
}

fn drop_within(rows: &[(&Block, &Facts)], verdicts: &mut [Verdict], start: u32, end: u32) {
    for ((block, _), slot) in rows.iter().zip(verdicts) {
        if *slot == Verdict::Article && within(block, start, end) {
            *slot = Verdict::Boilerplate;
        }
    }
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
