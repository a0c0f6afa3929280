//! Why a page came out as it did: its blocks in document order, each with what it was taken for and what decided it.

mod html;

pub use html::report;

use super::blocks::{self, Block, Shape};
use super::decide::{self, Verdict};
use super::features::{self, Facts};
use super::metadata::Hints;
use super::model::Model;
use super::roles::Roles;
use super::tree::Tree;
use super::{Article, Options, Page, PageType, as_html, charset, extract, is_markup, with_tree};

/// Blocks that are kept of one page; the rest is counted.
const BLOCKS: usize = 20_000;

/// What a block was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A paragraph, item, cell, quotation or image of the article.
    Article,
    /// A heading of the article, the headline among them.
    Heading,
    /// A reader's comment, or what stands with it.
    Comment,
    /// Neither.
    Boilerplate,
    /// Not shown by the page's own word.
    Hidden,
}

/// One block of a page.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockView {
    /// What it was taken for.
    pub class: Class,
    /// Its text; an image's alternative text.
    pub text: String,
    /// What it is: `paragraph`, `heading 2`, `item`, `cell`, `quote`, `code`, `caption`, `image`, `line` (of plain text).
    pub shape: String,
    /// 0 to 1: how likely the model finds it to be the article's. None where no model looked.
    pub score: Option<f32>,
    /// Elements from `body` down, each with id and first class: `div#main > article.post > p`.
    pub path: String,
    /// What decided: the model, or a rule in a few words.
    pub decided: String,
    /// What the names of its elements say, and what its text was recognised as.
    pub marks: Vec<String>,
}

/// Why a page came out as it did.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// What [`extract`] gives.
    pub article: Article,
    /// Its blocks in document order, at most 20,000.
    pub blocks: Vec<BlockView>,
    /// Blocks beyond those.
    pub left_out: usize,
}

/// Takes a page apart as [`extract`] does, and tells what became of each block.
pub fn explain(page: &Page<'_>, options: &Options) -> Explanation {
    let article = extract(page, options);
    let bytes = page.bytes.get(..options.limits.bytes).unwrap_or(page.bytes);
    let markup = is_markup(page.content_type, bytes, page.url);
    let text = charset::decode(bytes, page.content_type, markup).text;
    let mut blocks = if markup { of_markup(&text, page, options) } else { of_lines(&text, &article) };
    let left_out = blocks.len().saturating_sub(BLOCKS);
    blocks.truncate(BLOCKS);
    Explanation { article, blocks, left_out }
}

fn of_markup(text: &str, page: &Page<'_>, options: &Options) -> Vec<BlockView> {
    let text = as_html(text, page.content_type);
    with_tree(&text, &options.limits, |tree, _| {
        let hints = Hints::read(tree, &options.limits);
        let blocks = blocks::cut(tree);
        let kind = hints.page_type().unwrap_or_default();
        let known = features::gather(tree, &blocks, &hints, kind == PageType::Forum, page.url);
        let mut trace = Trace::default();
        let mut watch = |step, odds: &[f32], verdicts: &[Verdict]| trace.see(step, odds, verdicts);
        let (thread, model) = (hints.names_thread(page.url), Model::shipped());
        decide::decide_watched(tree, &blocks, &known, kind, thread, model, &mut watch);
        let view = |((at, block), facts): ((usize, Block), &Facts)| trace.view(tree, at, block, facts);
        blocks.into_iter().enumerate().zip(&known.facts).map(view).collect()
    })
}

/// What each step changed.
#[derive(Default)]
struct Trace {
    odds: Vec<f32>,
    verdicts: Vec<Verdict>,
    /// The step that changed a block's verdict last; empty for the first.
    steps: Vec<&'static str>,
}

impl Trace {
    fn see(&mut self, step: &'static str, odds: &[f32], verdicts: &[Verdict]) {
        if self.verdicts.is_empty() {
            self.odds = odds.to_vec();
            self.steps = vec![step; verdicts.len()];
        }
        for ((before, now), slot) in self.verdicts.iter().zip(verdicts).zip(&mut self.steps) {
            if before != now {
                *slot = step;
            }
        }
        self.verdicts = verdicts.to_vec();
    }

    fn view(&self, tree: &Tree<'_>, at: usize, block: Block, facts: &Facts) -> BlockView {
        let verdict = self.verdicts.get(at).copied().unwrap_or(Verdict::Boilerplate);
        let odds = self.odds.get(at).copied();
        let decided = match self.steps.get(at) {
            Some(step) if !step.is_empty() => format!("rule: {step}"),
            _ => first_reason(&block, facts, odds.unwrap_or_default(), verdict),
        };
        BlockView {
            class: class(verdict, &block, facts),
            shape: shape_name(block.shape),
            score: odds.filter(|_| block.shape != Shape::Image).map(|odds| 1.0 / (1.0 + (-odds).exp())),
            path: path(tree, block.owner),
            decided,
            marks: marks(facts),
            text: if block.shape == Shape::Image { image_text(tree, block.first) } else { block.text },
        }
    }
}

fn class(verdict: Verdict, block: &Block, facts: &Facts) -> Class {
    match verdict {
        Verdict::Article if matches!(block.shape, Shape::Heading(_)) => Class::Heading,
        Verdict::Article => Class::Article,
        Verdict::Comment => Class::Comment,
        Verdict::Boilerplate if facts.hidden => Class::Hidden,
        Verdict::Boilerplate => Class::Boilerplate,
    }
}

/// Why the first look at a block ended as it did.
fn first_reason(block: &Block, facts: &Facts, odds: f32, verdict: Verdict) -> String {
    let against_the_model = verdict == Verdict::Boilerplate && odds >= 0.0;
    match (verdict, facts.topic) {
        _ if facts.hidden => "rule: hidden by the page".to_owned(),
        (Verdict::Comment, _) => "rule: stands where comments stand".to_owned(),
        _ if block.shape == Shape::Image => "rule: an image outside the article".to_owned(),
        _ if against_the_model && facts.roles.has(Roles::RESPOND) => {
            "rule: part of a comment form".to_owned()
        }
        _ if against_the_model && facts.roles.has(Roles::COOKIE) => {
            "rule: part of a consent notice".to_owned()
        }
        _ if against_the_model && facts.roles.has(Roles::COMMENT) => "rule: among the comments".to_owned(),
        (Verdict::Boilerplate, Some(topic)) if odds >= 0.0 => format!("rule: a line of the kind “{topic:?}”"),
        _ => "model".to_owned(),
    }
}

fn marks(facts: &Facts) -> Vec<String> {
    let mut marks: Vec<String> =
        facts.roles.names().map(|name| name.to_ascii_lowercase().replace('_', " ")).collect();
    marks.extend(facts.topic.map(|topic| format!("says: {topic:?}")));
    marks
}

fn shape_name(shape: Shape) -> String {
    match shape {
        Shape::Paragraph => "paragraph",
        Shape::Heading(level) => return format!("heading {level}"),
        Shape::Item => "item",
        Shape::Cell => "cell",
        Shape::Quote => "quote",
        Shape::Code => "code",
        Shape::Caption => "caption",
        Shape::Image => "image",
    }
    .to_owned()
}

/// Deepest paths are cut in front.
const DEEPEST: usize = 12;

fn path(tree: &Tree<'_>, owner: u32) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (node, element) in tree.ancestors(owner).filter_map(|(_, node)| Some((node, node.element?))) {
        if matches!(element.name(), "body" | "html") {
            break;
        }
        if parts.len() == DEEPEST {
            parts.push("…".to_owned());
            break;
        }
        let mut part = short(element.name());
        part.extend(node.attr("id").filter(|id| !id.is_empty()).map(|id| format!("#{}", short(id))));
        part.extend(
            node.attr("class")
                .and_then(|names| names.split_ascii_whitespace().min())
                .map(|class| format!(".{}", short(class))),
        );
        parts.push(part);
    }
    if parts.is_empty() {
        return "body".to_owned();
    }
    parts.reverse();
    parts.join(" > ")
}

fn short(name: &str) -> String {
    name.chars().take(40).collect()
}

fn image_text(tree: &Tree<'_>, first: u32) -> String {
    let node = tree.at(first);
    node.attr("alt")
        .filter(|alt| !alt.trim().is_empty())
        .or_else(|| node.attr("src"))
        .unwrap_or_default()
        .to_owned()
}

/// Plain text: its lines, told apart by whether the article or a comment has them.
fn of_lines(text: &str, article: &Article) -> Vec<BlockView> {
    let kept = article.text();
    let mut kept = kept.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let comments: std::collections::HashSet<&str> =
        article.comments.iter().flat_map(|comment| comment.text.lines().map(str::trim)).collect();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            // A paragraph may have been put together from several lines.
            let of_article = kept.peek().is_some_and(|next| *next == line);
            if of_article {
                kept.next();
            }
            let inside = of_article || kept.peek().is_some_and(|next| next.contains(line) && line.len() > 20);
            let class = match (inside, comments.contains(line)) {
                (true, _) => Class::Article,
                (false, true) => Class::Comment,
                (false, false) => Class::Boilerplate,
            };
            BlockView {
                class,
                text: line.to_owned(),
                shape: "line".to_owned(),
                score: None,
                path: String::new(),
                decided: "rules for plain text".to_owned(),
                marks: super::vocabulary::topic(line)
                    .map(|topic| format!("says: {topic:?}"))
                    .into_iter()
                    .collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
