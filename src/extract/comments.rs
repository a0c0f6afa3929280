//! Reader comments: author, date, text and depth, by markup that says so or by repeated structure.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::article::Comment;
use super::blocks::{Block, Shape};
use super::decide::Verdict;
use super::features::{Facts, Known};
use super::roles::Roles;
use super::says;
use super::tree::{Node, Tag, Tree};
use super::vocabulary::Topic;

/// Collects the comments of a page from the blocks that were decided to be such.
pub(super) fn collect(
    tree: &Tree<'_>,
    blocks: &[Block],
    known: &Known,
    verdicts: &[Verdict],
    limit: usize,
) -> Vec<Comment> {
    let theirs: Vec<usize> =
        (0..blocks.len()).filter(|at| verdicts.get(*at) == Some(&Verdict::Comment)).collect();
    if theirs.is_empty() {
        return Vec::new();
    }
    let inside = Ground::of(tree, blocks, known, verdicts);
    let units = Units::find(tree, &inside);
    let mut out: Vec<Draft> = Vec::new();
    let mut by_unit: HashMap<u32, usize> = HashMap::new();
    for at in theirs {
        let (Some(block), Some(facts)) = (blocks.get(at), known.facts.get(at)) else { continue };
        // What stands behind all comments is rather the form's.
        let stray = || (facts.prose && units.between.contains(&block.first)).then_some((block.owner, 0));
        let held = units.of(tree, block.first).or_else(|| units.headed(tree, block.first));
        let Some((unit, depth)) = held.or_else(stray) else { continue };
        let slot = *by_unit.entry(unit).or_insert_with(|| {
            out.push(Draft { depth, ..Draft::default() });
            out.len() - 1
        });
        if let Some(draft) = out.get_mut(slot) {
            draft.take(tree, unit, block, facts);
        }
    }
    let comments = out.into_iter().map(Draft::finish).filter(|comment| !comment.text.is_empty());
    comments.take(limit).collect()
}

/// Where comments and article stand.
struct Ground {
    /// The first node of each block of comments, and whether it says more than a heading or a button does.
    theirs: Vec<(u32, bool)>,
    /// Elements that hold a part of the article: none of them is a comment.
    article: HashSet<u32>,
}

impl Ground {
    fn of(tree: &Tree<'_>, blocks: &[Block], known: &Known, verdicts: &[Verdict]) -> Self {
        let mut ground = Self { theirs: Vec::new(), article: HashSet::new() };
        for ((block, facts), verdict) in blocks.iter().zip(&known.facts).zip(verdicts) {
            match verdict {
                Verdict::Comment => {
                    let says =
                        facts.topic.is_none() && !matches!(block.shape, Shape::Heading(_) | Shape::Image);
                    ground.theirs.push((block.first, says));
                }
                Verdict::Article => {
                    ground.article.extend(tree.ancestors(block.first).map(|(index, _)| index))
                }
                Verdict::Boilerplate => {}
            }
        }
        ground
    }
}

/// The elements that hold one comment each.
struct Units {
    all: BTreeSet<u32>,
    /// `<dt class=comment>Ann said</dt><dd>…</dd>`: the head of what stands in a `dd`.
    heads: HashMap<u32, u32>,
    /// From the end of the first comment to the start of the last.
    between: Range<u32>,
}

impl Units {
    fn find(tree: &Tree<'_>, ground: &Ground) -> Self {
        let mut marked: BTreeSet<u32> = BTreeSet::new();
        for (first, _) in &ground.theirs {
            marked.extend(tree.ancestors(*first).filter(|(_, node)| is_unit(node)).map(|(index, _)| index));
        }
        marked.retain(|index| true_unit(tree, *index) && !ground.article.contains(index));
        // From the outside inwards: what stays is known once its inner ones are looked at.
        for index in marked.clone() {
            let mut inner = direct(tree, &marked, index);
            if !marked.contains(&index) {
                continue;
            }
            if is_list(tree, ground, index, &inner) {
                marked.remove(&index);
                continue;
            }
            // `<li class=comment><article class=comment>`: the inner one is the same comment.
            while let Some(same) = inner.into_iter().find(|inner| is_same(tree, index, *inner)) {
                marked.remove(&same);
                inner = direct(tree, &marked, index);
            }
        }
        if marked.is_empty() {
            let firsts: Vec<u32> = ground.theirs.iter().map(|(first, _)| *first).collect();
            marked = repeated(tree, &firsts);
        }
        Self::new(tree, marked)
    }

    fn new(tree: &Tree<'_>, all: BTreeSet<u32>) -> Self {
        let mut heads = HashMap::new();
        for head in all.iter().filter(|index| tree.at(**index).tag == Tag::Dt) {
            let bodies = tree.siblings_after(*head).take_while(|(_, node)| node.tag != Tag::Dt);
            heads.extend(bodies.filter(|(_, node)| node.tag == Tag::Dd).map(|(body, _)| (body, *head)));
        }
        let start = all.iter().map(|unit| tree.at(*unit).end).min().unwrap_or_default();
        let between = start..all.last().copied().unwrap_or_default();
        Self { all, heads, between }
    }

    /// The comment that a node belongs to, and how deep it is nested in others.
    fn of(&self, tree: &Tree<'_>, first: u32) -> Option<(u32, u16)> {
        let mut holders =
            tree.ancestors(first).filter(|(index, _)| self.all.contains(index)).map(|(index, _)| index);
        let unit = holders.next()?;
        let nested = holders.count() as u16;
        Some((unit, nested.max(stated_depth(tree.at(unit)))))
    }

    /// The same for what stands below a head.
    fn headed(&self, tree: &Tree<'_>, first: u32) -> Option<(u32, u16)> {
        let head = tree.ancestors(first).find_map(|(index, _)| self.heads.get(&index))?;
        Some((*head, stated_depth(tree.at(*head))))
    }
}

/// `depth-3`, `level-2`: themes that do not nest their markup say it in a class; theirs start with 1.
fn stated_depth(node: &Node<'_>) -> u16 {
    let class = node.attr("class").unwrap_or_default();
    let stated = class
        .split_whitespace()
        .find_map(|name| name.strip_prefix("depth-").and_then(|number| number.parse::<u16>().ok()));
    stated.unwrap_or(1).saturating_sub(1).min(100)
}

/// Names that are given to one comment.
fn is_unit(node: &Node<'_>) -> bool {
    let typed = node
        .attr("itemtype")
        .is_some_and(|kind| kind.ends_with("/Comment") || kind.ends_with("/UserComments"));
    let id = node.attr("id").unwrap_or_default().to_ascii_lowercase();
    let number = id.rsplit(['-', '_']).next().is_some_and(|tail| {
        tail.trim_start_matches('c').bytes().all(|byte| byte.is_ascii_digit()) && !tail.is_empty()
    });
    let numbered = number
        && (id.contains("comment")
            || id.contains("kommentar")
            || id.starts_with("post")
            || id.starts_with('c'));
    let named = node.attr("class").is_some_and(|class| {
        class.split_whitespace().any(|name| {
            matches!(
                name.to_ascii_lowercase().as_str(),
                "comment"
                    | "comment-item"
                    | "comment-block"
                    | "comment_item"
                    | "comment-container"
                    | "comment-wrapper"
                    | "comment-thread"
                    | "comment-post"
                    | "comment-entry"
                    | "comment-box"
                    | "commententry"
                    | "single-comment"
                    | "c-comment"
                    | "user-comment"
                    | "commentaire"
                    | "kommentar"
                    | "comentario"
                    | "commento"
                    | "reactie"
                    | "pingback"
                    | "trackback"
            )
        })
    });
    (typed || numbered || named) && node.tag.is_block()
}

/// A unit has a body of its own, and is not the list of them all; a list with a number of its own is one comment.
fn true_unit(tree: &Tree<'_>, index: u32) -> bool {
    let node = tree.at(index);
    match node.tag {
        Tag::Body | Tag::Form => false,
        Tag::Ul | Tag::Ol | Tag::Table => number(node).is_some_and(|number| !number.is_empty()),
        _ => true,
    }
}

/// The marked elements within one that lie in no other marked one between.
fn direct(tree: &Tree<'_>, marked: &BTreeSet<u32>, outer: u32) -> Vec<u32> {
    let mut next = outer + 1;
    let mut out = Vec::new();
    while let Some(inner) = marked.range(next..tree.at(outer).end.max(next)).next() {
        out.push(*inner);
        next = tree.at(*inner).end.max(*inner + 1);
    }
    out
}

/// True for what holds comments rather than being one: several of a kind from its start on, or nothing of its own before
/// the first of them but a heading.
fn is_list(tree: &Tree<'_>, ground: &Ground, outer: u32, inner: &[u32]) -> bool {
    let Some((first, others)) = inner.split_first() else { return false };
    if same_number(tree, outer, *first) {
        return false;
    }
    if same_start(tree, outer, *first) {
        let (tag, depth) = (tree.at(*first).tag, tree.at(*first).depth);
        return others.iter().any(|other| (tree.at(*other).tag, tree.at(*other).depth) == (tag, depth));
    }
    let own = ground.theirs.iter().filter(|(at, _)| *at >= outer && at < first);
    !own.clone().any(|(_, says)| *says) && !is_same(tree, outer, *first)
}

/// True for an element that is a part of the comment around it.
fn is_same(tree: &Tree<'_>, outer: u32, inner: u32) -> bool {
    same_start(tree, outer, inner) || same_number(tree, outer, inner)
}

/// `comment-7` and `comment-body-7`.
fn same_number(tree: &Tree<'_>, one: u32, other: u32) -> bool {
    let number = |index| number(tree.at(index)).filter(|number| !number.is_empty());
    number(one).is_some_and(|one| number(other) == Some(one))
}

/// The number at the end of an id.
fn number<'a>(node: &Node<'a>) -> Option<&'a str> {
    let tail = node.attr("id")?.rsplit(['-', '_']).next()?.trim_start_matches(|c: char| !c.is_ascii_digit());
    tail.bytes().all(|byte| byte.is_ascii_digit()).then_some(tail)
}

/// True where nothing but markup lies between the starts of two nested elements.
fn same_start(tree: &Tree<'_>, outer: u32, inner: u32) -> bool {
    let between = tree.within(outer).take_while(|(index, _)| *index < inner);
    between.filter(|(_, node)| node.tag == Tag::Text).all(|(_, node)| node.text.trim().is_empty())
}

/// Without telling names: the element whose children repeat with the same tag and class.
fn repeated(tree: &Tree<'_>, firsts: &[u32]) -> BTreeSet<u32> {
    let mut parents: HashMap<u32, u32> = HashMap::new();
    for first in firsts {
        for (index, node) in tree.ancestors(*first).filter(|(_, node)| node.tag.is_block()) {
            if index != node.parent {
                *parents.entry(node.parent).or_default() += 1;
            }
        }
    }
    let mut best: Vec<u32> = Vec::new();
    for parent in parents.keys() {
        let kin = kin(tree, *parent);
        let better = kin.len() > best.len() || kin.len() == best.len() && kin.first() < best.first();
        if kin.len() >= 2 && better {
            best = kin;
        }
    }
    best.into_iter().collect()
}

/// Children of the commonest kind, if they hold more than a line each.
fn kin(tree: &Tree<'_>, parent: u32) -> Vec<u32> {
    let mut kinds: HashMap<(Tag, &str), Vec<u32>> = HashMap::new();
    for (index, node) in tree.children(parent).filter(|(_, node)| {
        matches!(node.tag, Tag::Div | Tag::Li | Tag::Article | Tag::Section | Tag::Row | Tag::Inline)
    }) {
        kinds.entry((node.tag, node.attr("class").unwrap_or_default())).or_default().push(index);
    }
    let largest =
        kinds.into_values().max_by_key(|list| (list.len(), std::cmp::Reverse(list.first().copied())));
    let inner = |index: &u32| tree.within(*index).filter(|(_, node)| node.tag.is_block()).nth(1).is_some();
    largest.unwrap_or_default().into_iter().filter(inner).collect()
}

/// True where a block within an element that is named after the author is the name: the element has next to nothing
/// else, or it begins with the block.
fn is_only_a_name(tree: &Tree<'_>, index: u32, block: &Block) -> bool {
    let node = tree.at(index);
    let small = node.end.saturating_sub(index) <= PARTS && tree.text_of(index).chars().count() <= NAME;
    small
        || block.words <= 4
            && block.first.saturating_sub(index) <= PARTS
            && same_start(tree, index, block.first)
}

/// Elements and texts that what holds a reader's name has at most, or has before the name.
const PARTS: u32 = 64;

/// Characters that a reader's name has at most.
const NAME: usize = 80;

#[derive(Default)]
struct Draft {
    author: Option<String>,
    date: Option<String>,
    paragraphs: Vec<String>,
    depth: u16,
}

impl Draft {
    /// Sorts one block of the comment into author, date or text.
    fn take(&mut self, tree: &Tree<'_>, unit: u32, block: &Block, facts: &Facts) {
        let small = block.words < 25;
        if small && (self.take_head(tree, unit, block) || self.take_moment(block, facts)) {
            return;
        }
        let topic = facts.topic;
        let form = matches!(
            topic,
            Some(Topic::Reply | Topic::Login | Topic::Share | Topic::Comments | Topic::Navigation)
        ) || topic.is_some() && small;
        if form
            || is_tool(block)
            || block.shape == Shape::Image
            || inner_roles(tree, unit, block).has(Roles::RESPOND.with(Roles::SHARE))
        {
            return;
        }
        self.paragraphs.push(block.text.clone());
    }

    /// A line that is a date or a time and nothing else.
    fn take_moment(&mut self, block: &Block, facts: &Facts) -> bool {
        let date = super::dates::iso_within(&block.text).filter(|_| block.words <= 6);
        let is_moment = facts.moment && !facts.sentence && (block.words <= 3 || date.is_some());
        if is_moment {
            self.date = self.date.take().or(date);
        }
        is_moment
    }

    /// Author and date, if the block is such a line.
    fn take_head(&mut self, tree: &Tree<'_>, unit: u32, block: &Block) -> bool {
        let mut head = false;
        for (index, node) in tree.within(block.owner).take(64) {
            if node.depth.saturating_sub(tree.at(block.owner).depth) > 6 || node.tag == Tag::Text {
                continue;
            }
            if self.date.is_none() && node.tag == Tag::Time {
                self.date = node.attr("datetime").map(str::to_owned).or_else(|| Some(tree.text_of(index)));
                head = true;
            }
            if self.author.is_none() && names_author(node) {
                let inner =
                    tree.within(index).find(|(_, inner)| is_name(inner)).map_or(index, |(inner, _)| inner);
                let name = clean_name(&tree.text_of(inner));
                head |= !name.is_empty();
                self.author = Some(name).filter(|name| !name.is_empty());
            }
        }
        let above = tree.ancestors(block.first).take_while(|(index, _)| *index != unit);
        for (index, node) in above {
            // `<li class=comment-author>` may hold the whole comment.
            let author = names_author(node) && is_only_a_name(tree, index, block);
            let dated =
                node.roles.has(Roles::DATE) || node.attr("class").is_some_and(|class| class.contains("meta"));
            let date = if dated { super::dates::iso_within(&block.text) } else { None };
            let (is_date, is_author) = (date.is_some(), author && date.is_none());
            if is_author && self.author.is_none() {
                self.author = Some(clean_name(&block.text)).filter(|name| !name.is_empty());
            }
            self.date = self.date.take().or(date);
            head |= is_author || is_date;
        }
        head
    }

    fn finish(self) -> Comment {
        Comment {
            author: self.author,
            date: self.date,
            text: self.paragraphs.join("\n\n"),
            depth: self.depth,
        }
    }
}

/// What the names within the comment say: those around all of them (`facebook-or-disqus`) say nothing of a part.
fn inner_roles(tree: &Tree<'_>, unit: u32, block: &Block) -> Roles {
    let within = tree.ancestors(block.first).take_while(|(index, _)| *index != unit);
    within.fold(Roles::default(), |all, (_, node)| all.with(node.roles))
}

/// Buttons that are links: reply, delete, report. An address that a reader wrote down is none.
fn is_tool(block: &Block) -> bool {
    let few = block.words <= 8 && block.link_density() > 0.7;
    few && !matches!(block.shape, Shape::Heading(_)) && !block.text.contains(['/', '.'])
}

/// Names given to what holds a reader's name and nothing else.
fn is_name(node: &Node<'_>) -> bool {
    let class = node.attr("class").unwrap_or_default();
    let exact = [
        "fn",
        "username",
        "user-name",
        "comment-user-name",
        "nickname",
        "display-name",
        "comment-author-name",
    ];
    node.attr("itemprop") == Some("name") || class.split_whitespace().any(|name| exact.contains(&name))
}

fn names_author(node: &Node<'_>) -> bool {
    let class = node.attr("class").unwrap_or_default();
    node.attr("itemprop") == Some("author")
        || node.attr("rel").is_some_and(|rel| rel.contains("author"))
        || node.attr("id").is_some_and(|id| id.contains("author-user"))
        || class.split_whitespace().any(|name| {
            let name = name.to_ascii_lowercase();
            matches!(
                name.as_str(),
                "fn" | "url"
                    | "user"
                    | "username"
                    | "user-name"
                    | "author"
                    | "nickname"
                    | "name"
                    | "display-name"
                    | "comment-user-name"
            ) || name.contains("author") && !name.contains("meta")
        })
}

/// "Ann says:" is Ann.
fn clean_name(text: &str) -> String {
    let name = says::before(text).unwrap_or(text).trim().trim_end_matches([':', '\u{ff1a}']).trim_end();
    if name.chars().count() > NAME { String::new() } else { name.to_owned() }
}

#[cfg(test)]
mod tests;
