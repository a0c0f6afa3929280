//! Plain text: the same decision for lines as for blocks, by vocabulary, position and neighbours.
//!
//! A line alone proves little. The tail of a page is recognised where a line opens it (a reply form, the
//! head of the comments, small print) and what follows supports it; the head where menu lines stand before
//! the first running text. In between only lines that are nothing but boilerplate go.

use super::article::{Article, Block, Comment, Found, Origin, Quality, Run};
use super::dates;
use super::features::ends_sentence;
use super::says;
use super::vocabulary::{Topic, topic};

/// Lines that are read; the rest of a longer text is named in the error.
const LINES: usize = 500_000;

struct Line<'a> {
    text: &'a str,
    /// Lines of one paragraph share a number.
    group: usize,
    topic: Option<Topic>,
    prose: bool,
    words: usize,
}

/// Extracts the article of a plain text.
pub(super) fn extract(text: &str, keep_comments: bool) -> Article {
    let lines = read(text);
    let cut = cut(&lines);
    let mut article = Article { quality: Quality { score: 0.0, method: "plain" }, ..Article::default() };
    let tail = lines.get(cut.end..).unwrap_or_default();
    if keep_comments {
        article.comments = comments(tail);
    }
    let kept: Vec<&Line<'_>> =
        lines.iter().enumerate().filter(|(at, _)| cut.keeps(*at)).map(|(_, line)| line).collect();
    article.body = paragraphs(&kept, lines.iter().any(|line| line.group != 0));
    describe(&mut article, &kept);
    if text.lines().nth(LINES).is_some() {
        article.error = Some(format!("the text has more than {LINES} lines; the rest was not read"));
    }
    article
}

fn read(text: &str) -> Vec<Line<'_>> {
    let mut group = 0;
    let mut lines = Vec::new();
    for raw in text.lines().take(LINES) {
        let text = raw.trim();
        if text.is_empty() {
            group += usize::from(!lines.is_empty());
            continue;
        }
        let words = count_words(text);
        let topic = topic(text);
        let prose = topic.is_none() && (words >= 24 || words >= 7 && ends_sentence(text));
        lines.push(Line { text, group, topic, prose, words });
    }
    lines
}

/// Words, two characters to one where words are not parted.
fn count_words(text: &str) -> usize {
    let wide =
        text.chars().filter(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')).count();
    text.split_whitespace().count() + wide / 2
}

/// What of the text is the article: a range of lines, less some inside it.
struct Cut {
    start: usize,
    end: usize,
    dropped: Vec<bool>,
}

impl Cut {
    fn keeps(&self, at: usize) -> bool {
        at >= self.start && at < self.end && !self.dropped.get(at).copied().unwrap_or(false)
    }
}

fn cut(lines: &[Line<'_>]) -> Cut {
    let end = tail(lines);
    let body = lines.get(..end).unwrap_or_default();
    let start = head(body);
    let mut dropped: Vec<bool> =
        body.iter().enumerate().map(|(at, line)| at >= start && line.topic.is_some()).collect();
    drop_runs(body, start, &mut dropped);
    keep_wrapped(body, &mut dropped);
    Cut { start, end, dropped }
}

/// The first line of the tail: everything from there on is comments, form, related and foot.
fn tail(lines: &[Line<'_>]) -> usize {
    let weight = |line: &Line<'_>| if line.prose { line.words } else { 0 };
    let total: usize = lines.iter().map(weight).sum();
    let mut before = 0;
    for (at, line) in lines.iter().enumerate() {
        if line.topic.is_some_and(Topic::opens_tail) && opens(lines, at, before, total) {
            return at;
        }
        before += weight(line);
    }
    trailing(lines)
}

/// Whether the tail starts at a line that may open it.
fn opens(lines: &[Line<'_>], at: usize, before: usize, total: usize) -> bool {
    let after = lines.get(at + 1..).unwrap_or_default();
    if before == 0 && total > 0 {
        return false;
    }
    let next_topics = after.iter().take(12).filter(|line| line.topic.is_some()).count();
    let prose_after = total - before;
    if prose_after == 0 {
        return true;
    }
    match lines.get(at).and_then(|line| line.topic) {
        // Comments are prose as well: their head counts where entries or the form follow it.
        Some(Topic::Comments) => entries(after) > 0 || next_topics >= 2 && before * 4 >= total,
        Some(Topic::Reply) => before * 4 >= total && (next_topics >= 1 || entries(after) > 0),
        Some(Topic::Posted) => {
            let soon = after.iter().take(8);
            let leads_on = soon.take_while(|line| !line.prose).any(|line| {
                matches!(line.topic, Some(Topic::Reply | Topic::Comments | Topic::Share | Topic::Navigation))
            });
            before * 3 >= total && leads_on
        }
        Some(Topic::Related | Topic::Share | Topic::Foot) => {
            before * 2 >= total && next_topics >= 2 && !after.iter().take(4).any(|line| line.prose)
        }
        _ => false,
    }
}

/// Without a line that opens a tail: short lines at the very end that are mostly boilerplate.
fn trailing(lines: &[Line<'_>]) -> usize {
    let Some(last) = lines.iter().rposition(|line| line.prose) else { return lines.len() };
    let rest = lines.get(last + 1..).unwrap_or_default();
    let topics = rest.iter().filter(|line| line.topic.is_some()).count();
    let first = rest.iter().position(|line| line.topic.is_some());
    match first {
        Some(at) if topics * 3 >= rest.len() - at => last + 1 + at,
        _ if rest.len() > 12
            && rest.iter().map(|line| line.words).sum::<usize>() < rest.len() * 4
            && group_count(rest) <= 2 =>
        {
            last + 1
        }
        _ => lines.len(),
    }
}

fn group_count(lines: &[Line<'_>]) -> usize {
    match (lines.first(), lines.last()) {
        (Some(first), Some(last)) => last.group - first.group + 1,
        _ => 0,
    }
}

/// The first line of the article: menus before the title go, title and stand-first stay.
fn head(lines: &[Line<'_>]) -> usize {
    let Some(first) = lines.iter().position(|line| line.prose) else { return 0 };
    let before = lines.get(..first).unwrap_or_default();
    let menu = before.iter().rposition(|line| line.topic.is_some());
    let crowded = before.len() > 6;
    if !crowded && menu.is_none() {
        return 0;
    }
    // Small print such as "Posted on" stands below the title: only a menu above it counts.
    let is_menu = |line: &Line<'_>| {
        matches!(
            line.topic,
            Some(
                Topic::Navigation
                    | Topic::Login
                    | Topic::Related
                    | Topic::Share
                    | Topic::Cookie
                    | Topic::Newsletter
                    | Topic::Advert
            )
        )
    };
    let long = |line: &&Line<'_>| line.topic.is_none() && line.words >= 3;
    let after_menu = before.iter().rposition(is_menu).map_or(0, |at| at + 1);
    let rest = before.get(after_menu..).unwrap_or_default();
    let title = rest.iter().position(|line| long(&line)).map(|at| after_menu + at);
    let title = title.or_else(|| before.iter().rposition(|line| long(&line)));
    let title = if crowded && rest.len() > 6 {
        rest.iter()
            .rposition(|line| line.topic.is_none() && line.words >= 4)
            .map(|at| after_menu + at)
            .or(title)
    } else {
        title
    };
    title.unwrap_or(first)
}

/// A related heading takes the short lines below it along; so does a long run of menu lines.
fn drop_runs(lines: &[Line<'_>], start: usize, dropped: &mut [bool]) {
    let mut taking = false;
    for (at, line) in lines.iter().enumerate().skip(start) {
        let own = line.group != lines.get(at.wrapping_sub(1)).map_or(usize::MAX, |before| before.group);
        taking = match line.topic {
            Some(Topic::Related | Topic::Share | Topic::Newsletter) => true,
            Some(_) => taking,
            None => taking && !(line.prose || own && line.words > 12 || ends_sentence(line.text)),
        };
        // The list under "Read more" ends with its paragraph.
        taking &= line.topic.is_some()
            || lines
                .get(at.wrapping_sub(1))
                .is_some_and(|before| before.group == line.group || line.group == 0);
        if let Some(slot) = dropped.get_mut(at) {
            *slot |= taking;
        }
    }
}

/// One line of a hard-wrapped paragraph is not judged by itself.
fn keep_wrapped(lines: &[Line<'_>], dropped: &mut [bool]) {
    let mut start = 0;
    while let Some(first) = lines.get(start) {
        let length = lines.iter().skip(start).take_while(|line| line.group == first.group).count();
        let paragraph = lines.get(start..start + length).unwrap_or_default();
        let topics = paragraph.iter().filter(|line| line.topic.is_some()).count();
        let words: usize = paragraph.iter().map(|line| line.words).sum();
        let wrapped = length > 1 && words >= length * 6 && topics * 4 <= length;
        if wrapped && group_count(lines) > 1 {
            dropped.iter_mut().skip(start).take(length).for_each(|slot| *slot = false);
        }
        start += length;
    }
}

/// Lines of a paragraph stay together; a text without blank lines has a paragraph a line.
fn paragraphs(kept: &[&Line<'_>], grouped: bool) -> Vec<Block> {
    let mut out: Vec<(usize, String)> = Vec::new();
    for line in kept {
        match out.last_mut() {
            Some((group, text)) if grouped && *group == line.group => {
                text.push('\n');
                text.push_str(line.text);
            }
            _ => out.push((line.group, line.text.to_owned())),
        }
    }
    let runs = |text: String| vec![Run { text, ..Run::default() }];
    out.into_iter().map(|(_, text)| Block::Paragraph(runs(text))).collect()
}

/// Title, date and score of a plain text.
fn describe(article: &mut Article, kept: &[&Line<'_>]) {
    let prose: usize = kept.iter().filter(|line| line.prose).map(|line| line.text.len()).sum();
    article.quality.score = (prose as f32 / 500.0).min(1.0);
    let early = kept.iter().take(8).filter(|line| line.words <= 14);
    article.published = early
        .filter_map(|line| dates::iso_within(line.text))
        .next()
        .map(|date| Found::new(date, Origin::Byline));
    let Some(first) = kept.first() else {
        article.error = Some("the text holds no article".to_owned());
        return;
    };
    let alone = kept.get(1).is_none_or(|next| next.group != first.group || first.group == 0);
    let titled = alone
        && kept.len() > 1
        && first.words <= 30
        && first.text.len() <= 300
        && !first.text.ends_with(['.', ',', ';', '\u{3002}']);
    if !titled {
        return;
    }
    article.title = Some(Found::new(super::tree::collapse(first.text), Origin::Heading));
    if let Some(slot) = article.body.first_mut()
        && let Block::Paragraph(content) = slot
    {
        *slot = Block::Heading { level: 1, content: std::mem::take(content) };
        article.headed = true;
    }
}

/// How many comments seem to begin in these lines.
fn entries(lines: &[Line<'_>]) -> usize {
    (0..lines.len().min(40)).filter(|at| begins_entry(lines, *at).is_some()).count()
}

/// Author and date of a comment that begins at a line, and the lines that this takes.
fn begins_entry(lines: &[Line<'_>], at: usize) -> Option<(Option<String>, Option<String>, usize)> {
    let line = lines.get(at)?;
    if line.words > 16 || line.topic.is_some() {
        return None;
    }
    let next = lines.get(at + 1);
    let next_date = next.filter(|next| !next.prose && next.words <= 14).and_then(|next| date_line(next.text));
    if let Some(name) = says(line.text) {
        let taken = 1 + usize::from(next_date.is_some());
        return Some((Some(name), next_date.or_else(|| date_line(line.text)), taken));
    }
    if !line.prose && line.words <= 5 && next_date.is_some() && !line.text.ends_with(['.', '!', '?']) {
        return Some((Some(line.text.to_owned()), next_date, 2));
    }
    None
}

/// "Ann says:", "Ann on May 1, 2015 at 3:00 pm said:" in several languages.
fn says(text: &str) -> Option<String> {
    let name = says::before(text)?;
    let end = [" on ", " am ", " le ", " el ", " il ", " em ", " op "]
        .iter()
        .filter_map(|mark| name.find(mark))
        .min()
        .unwrap_or(name.len());
    let name = name.get(..end).unwrap_or(name).trim_matches([' ', '.', ',', ':']);
    (!name.is_empty() && name.split_whitespace().count() <= 6).then(|| name.to_owned())
}

fn date_line(text: &str) -> Option<String> {
    dates::iso_within(text)
}

/// The readers' comments between their head and the form.
fn comments(tail: &[Line<'_>]) -> Vec<Comment> {
    let mut out: Vec<Comment> = Vec::new();
    let mut at = 0;
    let mut open = false;
    while let Some(line) = tail.get(at) {
        if let Some((author, date, taken)) = begins_entry(tail, at) {
            out.push(Comment { author, date, text: String::new(), depth: 0 });
            open = true;
            at += taken;
            continue;
        }
        open &= !matches!(line.topic, Some(Topic::Related | Topic::Foot | Topic::Posted));
        let form = line.topic == Some(Topic::Reply) && line.words > 2;
        open &= !form;
        if open
            && line.topic.is_none()
            && let Some(last) = out.last_mut()
        {
            if !last.text.is_empty() {
                last.text.push_str("\n\n");
            }
            last.text.push_str(line.text);
        }
        at += 1;
    }
    out.retain(|comment| !comment.text.is_empty());
    out
}
