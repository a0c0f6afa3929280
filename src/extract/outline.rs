//! What is known of a page as a whole before any of its blocks is decided: by its address, its own word
//! and what it is built of.

use super::metadata::Hints;
use super::tree::{Tag, Tree};

/// Numbers that describe a page.
pub(super) const WIDTH: usize = 24;

/// Words of an address, or of the names of the page's body, that tell what a page is.
const FAMILIES: [&[&str]; 4] = [
    &[
        "forum",
        "forums",
        "thread",
        "threads",
        "showthread",
        "topic",
        "topics",
        "viewtopic",
        "discussion",
        "discussions",
        "discuss",
        "questions",
        "question",
        "bbs",
        "board",
        "boards",
        "community",
        "t",
        "r",
        "comments",
        "posts",
        "tid",
        "answers",
    ],
    &[
        "product",
        "products",
        "shop",
        "store",
        "item",
        "dp",
        "p",
        "buy",
        "sku",
        "catalog",
        "woocommerce",
        "produkt",
        "producto",
        "produit",
    ],
    &[
        "docs",
        "doc",
        "wiki",
        "manual",
        "reference",
        "api",
        "guide",
        "guides",
        "help",
        "documentation",
        "tutorial",
        "support",
        "kb",
        "readme",
        "learn",
    ],
    &[
        "category",
        "categories",
        "tag",
        "tags",
        "archive",
        "archives",
        "search",
        "collections",
        "collection",
        "topics",
        "home",
        "blog",
        "list",
        "index",
        "page",
        "events",
        "jobs",
        "directory",
    ],
];

/// The numbers of a page, in a fixed order.
pub(super) fn outline(tree: &Tree<'_>, hints: &Hints, url: Option<&str>) -> [f32; WIDTH] {
    let address = hints.address(url);
    let mut numbers = Vec::with_capacity(WIDTH);
    numbers.push(hints.linked.kind.map_or(-1.0, |kind| f32::from(kind as u8)));
    numbers.push(hints.stated_type());
    numbers.push(hints.page_type().map_or(-1.0, |kind| f32::from(kind as u8)));
    numbers.push(log(hints.linked.body.as_ref().map_or(0, String::len)));
    numbers.extend(counts(tree).map(log));
    numbers.extend(by_words(address));
    numbers.extend(by_shape(address));
    numbers.extend(by_words(&body_names(tree)));
    let mut out = [0.0; WIDTH];
    debug_assert!(numbers.len() == WIDTH, "{} numbers", numbers.len());
    out.iter_mut().zip(numbers).for_each(|(slot, number)| *slot = number);
    out
}

fn log(count: usize) -> f32 {
    (1.0 + count as f32).ln()
}

/// Elements of telling kinds.
fn counts(tree: &Tree<'_>) -> [usize; 8] {
    let mut counts = [0; 8];
    for (_, node) in tree.iter() {
        let at = match node.tag {
            Tag::Article => 0,
            Tag::Main => 1,
            Tag::Time => 2,
            Tag::P => 3,
            Tag::Pre => 4,
            Tag::Form => 5,
            Tag::Img => 6,
            Tag::Table => 7,
            _ => continue,
        };
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
    }
    counts
}

/// Which families of words occur.
fn by_words(text: &str) -> [f32; 4] {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    FAMILIES.map(|family| f32::from(u8::from(words.iter().any(|word| family.contains(word)))))
}

/// Whether an address is that of a thread.
pub(super) fn names_thread(address: &str) -> bool {
    by_words(address).first().is_some_and(|found| *found > 0.0)
}

/// How deep the address is, and how its last part is made: slugs of many words are articles'.
fn by_shape(address: &str) -> [f32; 4] {
    let path = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = path.split_once('/').map_or("", |(_, path)| path).split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let last = parts.last().copied().unwrap_or_default();
    let digits = path.bytes().filter(u8::is_ascii_digit).count();
    [
        if address.is_empty() { -1.0 } else { parts.len().min(8) as f32 },
        last.split(['-', '_']).count().min(12) as f32,
        digits.min(12) as f32,
        f32::from(u8::from(address.contains('?'))),
    ]
}

/// Class and id of the page's outermost elements.
fn body_names(tree: &Tree<'_>) -> String {
    let outer = tree.iter().filter(|(_, node)| matches!(node.tag, Tag::Html | Tag::Body)).take(3);
    let names = outer.flat_map(|(_, node)| [node.attr("class"), node.attr("id")]).flatten();
    names.map(|name| name.chars().take(400).collect::<String>()).collect::<Vec<_>>().join(" ")
}
