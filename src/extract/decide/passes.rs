//! Passes over the blocks of a page, each of which settles what its neighbours decide of a block.

use std::collections::HashMap;

use super::{FEW, Verdict, excluded, taken};
use crate::extract::blocks::{Block, Shape};
use crate::extract::features::Facts;
use crate::extract::kin::Kin;
use crate::extract::roles::Roles;
use crate::extract::tree::{Node, Tag, Tree};
use crate::extract::vocabulary::Topic;

/// Characters of a first article from which what follows in a shell like its own is another.
const ENOUGH: u32 = 300;

/// Log-odds from which a heading stays, whatever follows it.
const SURE: f32 = 1.0;

/// Share of a list or table that decides on the rest of it.
const MOST: f32 = 0.75;

/// A line between two paragraphs of the article, their sibling, is one of it unless much speaks against it.
pub(super) fn between(tree: &Tree<'_>, rows: &[(&Block, &Facts)], odds: &[f32], verdicts: &mut [Verdict]) {
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
pub(super) fn posts(tree: &Tree<'_>, rows: &[(&Block, &Facts)], verdicts: &mut [Verdict]) {
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
pub(super) fn images(tree: &Tree<'_>, rows: &[(&Block, &Facts)], verdicts: &mut [Verdict], container: u32) {
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
pub(super) fn follow_company(rows: &[(&Block, &Facts)], verdicts: &mut [Verdict]) {
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
pub(super) fn headings(rows: &[(&Block, &Facts)], odds: &[f32], verdicts: &mut [Verdict]) {
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
pub(super) fn headline(rows: &[(&Block, &Facts)], verdicts: &mut [Verdict]) {
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

/// What stands below the page's one line that comments are closed is not the article's, if there was one before.
pub(super) fn closed_comments(rows: &[(&Block, &Facts)], verdicts: &mut [Verdict]) {
    let mut lines =
        rows.iter().enumerate().filter(|(_, (block, _))| block.words < 14 && says_closed(&block.text));
    let (Some((line, _)), None) = (lines.next(), lines.next()) else { return };
    if taken(rows.get(..line).unwrap_or_default(), verdicts.get(..line).unwrap_or_default()) < ENOUGH {
        return;
    }
    for slot in verdicts.iter_mut().skip(line).filter(|slot| **slot == Verdict::Article) {
        *slot = Verdict::Comment;
    }
}

fn says_closed(text: &str) -> bool {
    const WHAT: [&str; 6] = ["comments", "feedback", "kommentar", "commentaires", "comentarios", "commenti"];
    const CLOSED: [&str; 5] = ["closed", "geschlossen", "ferm\u{e9}s", "cerrados", "chiusi"];
    let text = text.to_lowercase();
    // `Comments are closed for this story`, and not `This debate is closed: read a selection of your comments below`.
    let mut end = text.split_whitespace().rev().take(4);
    WHAT.iter().any(|word| text.contains(word))
        && end.any(|word| CLOSED.iter().any(|closed| word.starts_with(closed)))
}

/// What stands between a line that opens the comments and the form for another one is comments, whatever its
/// names say, if there was an article before.
pub(super) fn under_comments(rows: &[(&Block, &Facts)], verdicts: &mut [Verdict]) {
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
pub(super) fn further(tree: &Tree<'_>, rows: &[(&Block, &Facts)], kin: &Kin, verdicts: &mut [Verdict]) {
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
