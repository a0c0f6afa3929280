//! Who wrote it and when, as the page shows it near the article.

use super::article::{Found, Origin};
use super::dates;
use super::metadata::found;
use super::roles::Roles;
use super::tree::{Node, Tag, Tree, collapse};

/// Names in a byline: "By A and B" gives two.
pub(super) fn people(text: &str) -> Vec<String> {
    let text = collapse(text);
    if text.contains("://") || text.contains('@') || text.len() > 200 {
        return Vec::new();
    }
    let lower = text.to_lowercase();
    let start = [
        "by ",
        "by: ",
        "written by ",
        "posted by ",
        "von ",
        "par ",
        "por ",
        "di ",
        "door ",
        "af ",
        "av ",
        "\u{430}\u{432}\u{442}\u{43e}\u{440}: ",
        "author: ",
        "autor: ",
        "\u{6587}/",
        "\u{4f5c}\u{8005}\u{ff1a}",
        "\u{8bb0}\u{8005}",
    ]
    .iter()
    .filter(|lead| lower.starts_with(*lead))
    .map(|lead| lead.len())
    .max()
    .unwrap_or(0);
    let body = text.get(start..).unwrap_or(&text);
    let mut names = vec![body];
    for mark in [", ", " and ", " & ", " und ", " et ", " y ", " e ", " en ", ";", " | ", "\u{3001}"] {
        names = names.into_iter().flat_map(|name| name.split(mark)).collect();
    }
    let fits = |name: &&str| {
        (2..=60).contains(&name.chars().count())
            && name.split(' ').count() <= 6
            && name.chars().filter(char::is_ascii_digit).count() < 3
            && !leads_to_date(name.trim())
    };
    names
        .into_iter()
        .map(|name| name.trim_matches([' ', ',', '.', '|', '-', '\u{b7}']))
        .filter(fits)
        .map(str::to_owned)
        .collect()
}

/// Author names that the page shows near the article.
pub(super) fn bylines(tree: &Tree<'_>, roles: &[Roles], container: u32) -> Vec<Found> {
    let region = region(tree, container);
    let mut weak = None;
    for (index, node) in tree.within(region) {
        let marked =
            node.attr("itemprop") == Some("author") || node.attr("rel") == Some("author") || is_person(node);
        let role = node.roles.has(Roles::BYLINE);
        let above = roles.get(index as usize).copied().unwrap_or_default();
        if !(marked || role)
            || above.has(Roles::COMMENT.with(Roles::RELATED).with(Roles::SIDE))
            || node.tag == Tag::Skipped
        {
            continue;
        }
        let text = tree.text_of(index);
        let link = linked_name(tree, index).filter(|_| !marked).map(|link| tree.text_of(link));
        let names = people(link.as_deref().unwrap_or_else(|| before_date(&text)));
        if names.is_empty() || names.len() > 6 {
            continue;
        }
        let origin = if marked { Origin::Microdata } else { Origin::Byline };
        let all: Vec<Found> = names.into_iter().filter_map(|name| found(Some(name), origin)).collect();
        if marked {
            return all;
        }
        weak.get_or_insert(all);
    }
    weak.unwrap_or_default()
}

/// The link within a byline that leads to the author's own page, if there is one and no other.
fn linked_name(tree: &Tree<'_>, index: u32) -> Option<u32> {
    const PLACES: [&str; 7] =
        ["/author/", "/user/", "/users/", "/profile/", "/member/", "/members/", "memberlist.php"];
    let is_name = |node: &Node<'_>| {
        let class = node.attr("class").unwrap_or_default();
        let named = class.split_whitespace().any(|name| matches!(name, "username" | "fn" | "url" | "author"));
        let href = node.attr("href").unwrap_or_default();
        node.tag == Tag::A && (named || PLACES.iter().any(|place| href.contains(place)))
    };
    let mut links = tree.within(index).filter(|(_, node)| is_name(node)).map(|(index, _)| index);
    let first = links.next()?;
    (links.next().is_none() && !tree.text_of(first).is_empty()).then_some(first)
}

/// Words before a date, which are no name.
fn leads_to_date(name: &str) -> bool {
    const LEADS: [&str; 22] = [
        "published",
        "published on",
        "posted",
        "posted on",
        "updated",
        "veröffentlicht",
        "veröffentlicht am",
        "publié le",
        "publicado",
        "publicado el",
        "publicado em",
        "publicado en",
        "pubblicato",
        "pubblicato il",
        "pubblicato da",
        "geplaatst op",
        "gepubliceerd op",
        "opublikowano",
        "publicerat",
        "опубликовано",
        "posté le",
        "udgivet den",
    ];
    LEADS.contains(&name.to_lowercase().as_str())
}

/// A byline often goes on with the date.
fn before_date(text: &str) -> &str {
    let end = text.find(|c: char| c.is_ascii_digit() || c == '|' || c == '\u{2022}').unwrap_or(text.len());
    let head = text.get(..end).unwrap_or(text);
    let cut = [" on ", " am ", " le ", " el ", " Published", " Updated", " Posted"]
        .iter()
        .filter_map(|mark| head.find(mark))
        .filter(|at| *at > 3)
        .min();
    head.get(..cut.unwrap_or(head.len())).unwrap_or(head).trim()
}

/// The container and what stands around it: bylines and dates are often just outside.
fn region(tree: &Tree<'_>, container: u32) -> u32 {
    tree.ancestors(container).take(4).last().map_or(0, |(index, _)| index)
}

/// A date marked up or shown near the article.
pub(super) fn shown_date(tree: &Tree<'_>, roles: &[Roles], container: u32) -> Option<Found> {
    let region = region(tree, container);
    let outside = Roles::COMMENT.with(Roles::RELATED).with(Roles::SIDE);
    let mut text = None;
    for (index, node) in tree.within(region) {
        let above = roles.get(index as usize).copied().unwrap_or_default();
        let marked = is_marked_date(node);
        // Blogger marks the date up in the post's foot.
        if above.has(outside) || above.has(Roles::FOOTER) && !marked {
            continue;
        }
        let machine =
            node.attr("datetime").or(node.attr("content")).or(node.attr("title").filter(|_| marked));
        let machine = machine.filter(|_| marked || node.tag == Tag::Time);
        if let Some(date) = machine.and_then(dates::iso) {
            return Some(Found::new(date, if marked { Origin::Microdata } else { Origin::Time }));
        }
        if text.is_none() && node.roles.has(Roles::DATE) {
            let shown = tree.text_of(index);
            text = (shown.len() < 200)
                .then(|| dates::iso_within(&shown))
                .flatten()
                .map(|date| Found::new(date, Origin::Byline));
        }
    }
    text
}

/// Microdata, or RDFa as Drupal writes it.
fn is_marked_date(node: &Node<'_>) -> bool {
    let property =
        node.attr("itemprop").or(node.attr("property").and_then(|name| name.strip_prefix("schema:")));
    matches!(property, Some("datePublished" | "dateCreated"))
}

/// A person's name in RDFa.
fn is_person(node: &Node<'_>) -> bool {
    node.attr("typeof") == Some("schema:Person") && node.attr("property") == Some("schema:name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byline_gives_names() {
        assert_eq!(people("By Ann Roe and Bo Li"), ["Ann Roe", "Bo Li"]);
        assert_eq!(people("https://facebook.com/paper"), Vec::<String>::new());
        assert_eq!(before_date("Ann Roe on October 1, 2015"), "Ann Roe");
    }
}
