//! What class, id and ARIA names say of an element, in several languages.

mod names;

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use foldhash::HashMap;
use html5ever::local_name;

use super::dom::Element;
use super::tree::Tag;
use names::{RUNS, STEMS, TOKENS};

/// A set of roles, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Roles(u32);

macro_rules! roles {
    ($($name:ident $bit:literal $meaning:literal;)*) => {
        impl Roles {
    /// One more than the highest bit.
    pub(super) const COUNT: usize = 31;

            $(#[doc = $meaning] pub(super) const $name: Self = Self(1 << $bit);)*

            /// What these roles are called, for people.
            pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
                [$((stringify!($name), Self::$name)),*].into_iter().filter(move |(_, role)| self.has(*role)).map(|(name, _)| name)
            }
        }
    };
}

roles! {
    NAV 0 "Menus, bread crumbs, skip links.";
    HEADER 1 "The site's head, not the article's.";
    FOOTER 2 "The site's foot.";
    SIDE 3 "Side bars and widgets.";
    COMMENT 4 "Reader comments, one or all.";
    RESPOND 5 "The form for a comment.";
    SHARE 6 "Share, like and follow buttons.";
    RELATED 7 "Related, recommended, most read.";
    COOKIE 8 "Consent notices.";
    NEWSLETTER 9 "Newsletter and subscription prompts.";
    LOGIN 10 "Log-in and registration.";
    AD 11 "Advertising.";
    BYLINE 12 "Author names and boxes.";
    DATE 13 "Dates.";
    CAPTION 14 "Captions and credits of images.";
    TAGS 15 "Tags, categories, other small print of a post.";
    CONTENT 16 "Said to be the content.";
    TITLE 17 "The headline.";
    HIDDEN 18 "Shown to screen readers or nobody.";
    MODAL 19 "Overlays and dialogs.";
    PAGER 20 "Pages of an article or list.";
    TOC 21 "Table of contents.";
    TEASER 22 "A card that leads to another page.";
    POST 23 "One post of a thread or blog.";
    LEAD 24 "Stand-first, summary, deck.";
    AUTHOR_BOX 26 "About the author.";
    PRODUCT 27 "A product's record, its price, its cart.";
    ITEMS 25 "Lists, grids, feeds: many of a kind.";
    FORUM 28 "Threads, messages, answers.";
    FIGURE 29 "Images, galleries, players.";
    NOTES 30 "References and footnotes.";
}

impl Roles {
    /// Parts that are never the article unless most of the page is inside.
    pub(super) const CHROME: Self = Self(
        Self::NAV.0
            | Self::FOOTER.0
            | Self::SIDE.0
            | Self::RESPOND.0
            | Self::SHARE.0
            | Self::RELATED.0
            | Self::COOKIE.0
            | Self::NEWSLETTER.0
            | Self::LOGIN.0
            | Self::AD.0
            | Self::MODAL.0
            | Self::HIDDEN.0
            | Self::PAGER.0
            | Self::TAGS.0
            | Self::AUTHOR_BOX.0,
    );

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The bits, lowest first, as a feature vector wants them.
    pub(super) fn bits(self) -> u32 {
        self.0
    }
}

/// Reads roles off names; a page repeats its few names, so they are read once.
#[derive(Default)]
pub(super) struct Reader<'a> {
    known: HashMap<&'a str, Roles>,
    line: String,
}

impl<'a> Reader<'a> {
    /// The roles of one element by tag and names.
    pub(super) fn roles(&mut self, tag: Tag, element: &'a Element) -> Roles {
        let mut roles = by_tag(tag);
        if element.attrs.is_empty() {
            return roles;
        }
        // One pass; of two that have one name, as in SVG, the first counts.
        let [mut class, mut id, mut role, mut property] = [None; 4];
        for attr in &element.attrs {
            let slot = match attr.name.local {
                local_name!("class") => &mut class,
                local_name!("id") => &mut id,
                local_name!("role") => &mut role,
                local_name!("itemprop") => &mut property,
                _ => continue,
            };
            slot.get_or_insert(&*attr.value);
        }
        for name in [class, id, role].into_iter().flatten() {
            roles = roles.with(self.name(name));
        }
        roles = roles.with(property.map(by_property).unwrap_or_default());
        if matches!(tag, Tag::Html | Tag::Body | Tag::Main) {
            return roles.without(Roles::CHROME.with(Roles::COMMENT));
        }
        roles
    }

    fn name(&mut self, value: &'a str) -> Roles {
        if let Some(roles) = self.known.get(value) {
            return *roles;
        }
        let roles = self.read(value);
        self.known.insert(value, roles);
        roles
    }

    fn read(&mut self, value: &str) -> Roles {
        // Utility class soup says nothing of the role and costs time: its head is enough.
        let mut end = value.len().min(200);
        while !value.is_char_boundary(end) {
            end -= 1;
        }
        self.line.clear();
        tokens(value.get(..end).unwrap_or_default(), &mut self.line);
        let mut roles = Roles::default();
        for token in self.line.split(' ').filter(|token| token.len() > 1) {
            roles = roles.with(by_token(token));
        }
        settle(roles.with(by_runs(&self.line)), &self.line)
    }
}

/// Runs overlap: each begins and ends with the space that the next may share.
fn by_runs(line: &str) -> Roles {
    static SEARCH: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let search = SEARCH.get_or_init(|| AhoCorasick::new(RUNS.iter().map(|(run, _)| run)).ok());
    let found = search.iter().filter_map(|search| search.try_find_overlapping_iter(line).ok()).flatten();
    found
        .filter_map(|run| RUNS.get(run.pattern().as_usize()))
        .fold(Roles::default(), |all, (_, role)| all.with(*role))
}

/// Words that turn a name's meaning round: `no-sidebar`, `has-comments`, `comment-count`.
fn settle(roles: Roles, line: &str) -> Roles {
    let has = |word: &str| line.contains(word);
    let mut roles = roles;
    if has(" no ") || has(" has ") || has(" with ") || has(" without ") {
        roles = roles.without(Roles::CHROME.with(Roles::COMMENT));
    }
    if roles.has(Roles::COMMENT) && (has(" count ") || has(" counter ") || has(" link ") || has(" num ")) {
        roles = roles.without(Roles::COMMENT).with(Roles::SHARE);
    }
    if roles.has(Roles::RESPOND) {
        roles = roles.without(Roles::COMMENT);
    }
    roles
}

fn by_tag(tag: Tag) -> Roles {
    match tag {
        Tag::Nav => Roles::NAV,
        Tag::Aside => Roles::SIDE,
        Tag::Footer => Roles::FOOTER,
        Tag::Header => Roles::HEADER,
        Tag::Dialog => Roles::MODAL,
        Tag::Figcaption => Roles::CAPTION,
        Tag::Time => Roles::DATE,
        _ => Roles::default(),
    }
}

fn by_property(property: &str) -> Roles {
    match property {
        "articleBody" => Roles::CONTENT,
        "author" => Roles::BYLINE,
        "headline" => Roles::TITLE,
        "datePublished" | "dateModified" | "dateCreated" => Roles::DATE,
        "comment" => Roles::COMMENT,
        "keywords" => Roles::TAGS,
        _ => Roles::default(),
    }
}

fn by_token(token: &str) -> Roles {
    let Some(Initial { tokens, stems }) =
        token.bytes().next().and_then(|byte| initials().get(usize::from(byte)))
    else {
        return Roles::default();
    };
    if let Some((_, roles)) = tokens.iter().find(|(name, _)| *name == token) {
        return *roles;
    }
    let stems = stems.iter().filter(|(stem, _)| token.starts_with(stem));
    stems.fold(Roles::default(), |all, (_, roles)| all.with(*roles))
}

/// What begins with one byte.
#[derive(Default)]
struct Initial {
    tokens: Vec<(&'static str, Roles)>,
    stems: Vec<(&'static str, Roles)>,
}

fn initials() -> &'static [Initial] {
    static INITIALS: OnceLock<Vec<Initial>> = OnceLock::new();
    INITIALS.get_or_init(|| {
        let with = |table: &[(&'static str, Roles)], byte: u8| {
            table.iter().copied().filter(|(name, _)| name.bytes().next() == Some(byte)).collect()
        };
        (0..=u8::MAX).map(|byte| Initial { tokens: with(TOKENS, byte), stems: with(STEMS, byte) }).collect()
    })
}

/// Lower-case tokens of a name, each with a space on both sides; `postMeta`, `post_meta` and
/// `post-meta` give the same.
fn tokens(value: &str, out: &mut String) {
    out.push(' ');
    let mut small = false;
    for character in value.chars() {
        if !character.is_alphanumeric() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
            small = false;
            continue;
        }
        if character.is_uppercase() && small {
            out.push(' ');
        }
        small = character.is_lowercase();
        out.extend(character.to_lowercase());
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Roles {
        Reader::default().name(&*Box::leak(name.to_owned().into_boxed_str()))
    }

    #[test]
    fn each_token_has_its_roles_once() {
        assert!(TOKENS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn spelling_does_not_matter() {
        for name in ["entry-content", "entry_content", "entryContent", "x entry content"] {
            assert!(of(name).has(Roles::CONTENT), "{name}");
        }
    }

    #[test]
    fn a_negation_is_not_a_role() {
        assert!(!of("page no-sidebar").has(Roles::SIDE));
        assert!(of("sidebar-left").has(Roles::SIDE));
    }

    #[test]
    fn a_comment_count_is_no_comment() {
        assert!(!of("comment-count").has(Roles::COMMENT));
        assert!(of("commentlist").has(Roles::COMMENT));
        assert!(of("comment-form").has(Roles::RESPOND) && !of("comment-form").has(Roles::COMMENT));
    }
}
