//! Metadata: what a page says of its article, in which of the places pages say it.

mod fields;

use std::collections::{HashMap, HashSet};

use super::alike::{SHINGLE, parts, rows, shingles, squash, words};
use super::article::{Article, Found, Origin, PageType};
use super::jsonld::{self, Kind, Linked};
use super::limits::Limits;
use super::outline;
use super::roles::Roles;
use super::tree::{Tree, collapse};

/// What was read off the page's head and names, before any decision on its text.
#[derive(Default)]
pub(super) struct Hints {
    pub(super) linked: Linked,
    meta: HashMap<String, String>,
    canonical: Option<String>,
    licence: Option<String>,
    title: Option<String>,
    lang: Option<String>,
    pub(super) base: Option<String>,
    headings: Vec<String>,
    /// Squashed forms of every title.
    titles: HashSet<String>,
    /// Runs of words of the description and the article body, and words of the first title, each in order.
    attested: Vec<u64>,
    words: Vec<u64>,
}

impl Hints {
    /// Reads the page's head, its scripts and its main headings.
    pub(super) fn read(tree: &Tree<'_>, limits: &Limits) -> Self {
        let mut hints = Self::default();
        let mut scripts = Vec::new();
        for (index, node) in tree.iter() {
            let Some(element) = node.element else { continue };
            match element.name() {
                "meta" => hints.meta(node),
                "link" => hints.link(node),
                "base" => hints.base = hints.base.take().or(node.attr("href").map(str::to_owned)),
                "title" if hints.title.is_none() && !in_svg(tree, index) => {
                    hints.title = text_below(tree, index)
                }
                "html" => hints.lang = node.attr("lang").or(node.attr("xml:lang")).map(str::to_owned),
                "script" if node.attr("type").is_some_and(|kind| kind.contains("ld+json")) => {
                    scripts.push(tree.at(index + 1).text);
                }
                "h1" if hints.headings.len() < 8 && !node.hidden => {
                    hints.headings.extend(text_below(tree, index))
                }
                // Forum software that names itself here and nowhere else.
                "body" if node.attr("id") == Some("phpbb") => hints.software("phpBB"),
                "body" if node.attr("data-template") == Some("thread_view") => hints.software("XenForo"),
                "a" if node
                    .attr("rel")
                    .is_some_and(|rel| rel.split_whitespace().any(|word| word == "license")) =>
                {
                    hints.licence = hints.licence.take().or(node.attr("href").map(str::to_owned));
                }
                _ => {}
            }
        }
        hints.linked = jsonld::read(scripts.into_iter(), limits.script);
        hints.settle();
        hints
    }

    fn software(&mut self, name: &str) {
        self.meta.entry("generator".to_owned()).or_insert_with(|| name.to_owned());
    }

    fn meta(&mut self, node: &super::tree::Node<'_>) {
        let name = ["property", "name", "itemprop", "http-equiv"].into_iter().find_map(|key| node.attr(key));
        if let (Some(name), Some(content)) = (name, node.attr("content")) {
            let content = jsonld::unescape(&collapse(content));
            if !content.is_empty() {
                self.meta.entry(name.trim().to_ascii_lowercase()).or_insert(content);
            }
        }
    }

    fn link(&mut self, node: &super::tree::Node<'_>) {
        let rel = node.attr("rel").unwrap_or_default().to_ascii_lowercase();
        let href = node.attr("href").map(str::to_owned);
        for word in rel.split_whitespace() {
            match word {
                "canonical" if self.canonical.is_none() => self.canonical = href.clone(),
                "license" if self.licence.is_none() => self.licence = href.clone(),
                _ => {}
            }
        }
    }

    fn settle(&mut self) {
        let titles = [
            self.linked.headline.clone(),
            self.get(&["og:title", "twitter:title", "title", "dc.title", "parsely-title"]),
            self.title.clone(),
        ];
        self.words = titles.iter().flatten().next().map(|title| sorted(words(title))).unwrap_or_default();
        for title in titles.into_iter().flatten() {
            self.titles.insert(squash(&title));
            for part in parts(&title).into_iter().filter(|part| part.split_whitespace().count() >= 3) {
                self.titles.insert(squash(part));
            }
        }
        self.titles.remove("");
        let texts = [self.linked.body.as_deref(), self.linked.description.as_deref(), self.description()];
        self.attested = sorted(texts.into_iter().flatten().flat_map(shingles));
    }

    fn get(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.meta.get(*name)).cloned()
    }

    fn description(&self) -> Option<&str> {
        ["og:description", "description", "twitter:description", "dc.description"]
            .iter()
            .find_map(|name| self.meta.get(*name))
            .map(String::as_str)
    }

    /// True for a text that is the title, as far as letters and digits go.
    pub(super) fn is_title(&self, text: &str) -> bool {
        let short = text.len() < 600;
        // Whatever is alike begins alike.
        let first = text.chars().find(|character| character.is_alphanumeric());
        let first = first.and_then(|first| first.to_lowercase().next());
        short && first.is_some() && self.titles.iter().any(|title| title.chars().next() == first) && {
            let squashed = squash(text);
            self.titles.contains(&squashed)
                || squashed.len() > 24
                    && self.titles.iter().any(|title| {
                        title.starts_with(&squashed) || squashed.starts_with(title) && title.len() > 24
                    })
        }
    }

    /// Share of a text's runs of words that the page's description or article body holds, -1 where the page
    /// has neither or the text is too short to tell; and the share of the title's words that a short text has.
    pub(super) fn shared(&self, text: &str) -> (f32, f32) {
        const RUNS: usize = 60;
        if self.attested.is_empty() && self.words.is_empty() {
            return (-1.0, 0.0);
        }
        let short = text.len() <= 400;
        let most = if short { usize::MAX } else { RUNS + SHINGLE - 1 };
        let words: Vec<u64> = words(text).take(most).collect();
        let titled = if short { self.titled(&words) } else { 0.0 };
        (self.attests(rows(words.into_iter()).take(RUNS)), titled)
    }

    fn attests(&self, runs: impl Iterator<Item = u64>) -> f32 {
        if self.attested.is_empty() {
            return -1.0;
        }
        let (mut held, mut all) = (0.0, 0.0);
        for hash in runs {
            all += 1.0;
            held += f32::from(u8::from(self.attested.binary_search(&hash).is_ok()));
        }
        if all > 0.0 { held / all } else { -1.0 }
    }

    fn titled(&self, words: &[u64]) -> f32 {
        let found = self.words.iter().filter(|word| words.contains(word)).count();
        found as f32 / (self.words.len() as f32).max(1.0)
    }

    /// The page's address as it is given, else as the page names it.
    pub(super) fn address<'h>(&'h self, url: Option<&'h str>) -> &'h str {
        self.canonical.as_deref().or(self.meta.get("og:url").map(String::as_str)).or(url).unwrap_or_default()
    }

    /// What `og:type` says: 0 nothing, then article, product, website, profile, anything else.
    pub(super) fn stated_type(&self) -> f32 {
        match self.meta.get("og:type").map(String::as_str) {
            None => 0.0,
            Some("article") => 1.0,
            Some("product" | "og:product" | "product.item") => 2.0,
            Some("website") => 3.0,
            Some("profile") => 4.0,
            Some(_) => 5.0,
        }
    }

    /// The kind of page by its own word and its generator's.
    pub(super) fn page_type(&self) -> Option<PageType> {
        let generator = self.get(&["generator"]).unwrap_or_default().to_lowercase();
        let forum = [
            "discourse",
            "phpbb",
            "vbulletin",
            "xenforo",
            "mybb",
            "invision",
            "flarum",
            "vanilla",
            "nodebb",
            "smf",
        ];
        if forum.iter().any(|name| generator.contains(name)) {
            return Some(PageType::Forum);
        }
        let docs = ["sphinx", "mkdocs", "docusaurus", "doxygen", "rustdoc", "javadoc", "gitbook", "docfx"];
        if docs.iter().any(|name| generator.contains(name)) {
            return Some(PageType::Documentation);
        }
        match (self.linked.kind, self.meta.get("og:type").map(String::as_str)) {
            (Some(Kind::Forum), _) => Some(PageType::Forum),
            (Some(Kind::Article), _) => Some(PageType::Article),
            (Some(Kind::Documentation), _) => Some(PageType::Documentation),
            (Some(Kind::Product), _) | (_, Some("product" | "og:product" | "product.item")) => {
                Some(PageType::Product)
            }
            (_, Some("article")) => Some(PageType::Article),
            (Some(Kind::Listing), _) => Some(PageType::Listing),
            _ => None,
        }
    }

    /// Whether the page's address or the name of its site is that of a forum or a thread.
    pub(super) fn names_thread(&self, url: Option<&str>) -> bool {
        let site = [self.get(&["og:site_name", "application-name"]), self.title.clone()];
        let places = ["forum", "community", "discussion", " : r/"];
        let named = site.into_iter().flatten().any(|name| {
            let name = name.to_lowercase();
            places.iter().any(|place| name.contains(place))
        });
        named || url.is_some_and(outline::names_thread) || outline::names_thread(self.address(url))
    }

    /// Fills in the metadata.
    pub(super) fn describe(
        &self,
        tree: &Tree<'_>,
        roles: &[Roles],
        container: u32,
        url: Option<&str>,
        article: &mut Article,
    ) {
        article.title = self.headline();
        article.authors = self.authors(tree, roles, container);
        article.published = self.published(tree, roles, container, url);
        article.modified = self.modified();
        article.site = self.site(url);
        article.description = self.summary();
        article.canonical = self.pick(&self.canonical, Origin::Link, &[("og:url", Origin::OpenGraph)], url);
        article.image = self.pick(
            &self.linked.image,
            Origin::JsonLd,
            &[("og:image", Origin::OpenGraph), ("twitter:image", Origin::Meta)],
            url,
        );
        article.licence = self.pick(
            &self.licence,
            Origin::Link,
            &[("dc.rights", Origin::Meta), ("dcterms.rights", Origin::Meta)],
            None,
        );
        article.licence =
            article.licence.take().or_else(|| found(self.linked.licence.clone(), Origin::JsonLd));
    }

    fn pick(
        &self,
        first: &Option<String>,
        origin: Origin,
        names: &[(&str, Origin)],
        url: Option<&str>,
    ) -> Option<Found> {
        let meta = || names.iter().find_map(|(name, from)| found(self.get(&[name]), *from));
        let mut found =
            found(first.clone(), origin).filter(|found| !found.value.trim().is_empty()).or_else(meta)?;
        found.value = self.absolute(&found.value, url);
        Some(found)
    }

    /// An address on the page, made absolute where the page's own is known.
    pub(super) fn absolute(&self, href: &str, url: Option<&str>) -> String {
        let page = url.and_then(|url| url::Url::parse(url).ok());
        let base = match (&page, &self.base) {
            (Some(page), Some(base)) => page.join(base).ok(),
            (None, Some(base)) => url::Url::parse(base).ok(),
            (page, None) => page.clone(),
        };
        base.and_then(|base| base.join(href.trim()).ok()).map_or_else(|| href.trim().to_owned(), String::from)
    }
}

pub(super) fn found(value: Option<String>, from: Origin) -> Option<Found> {
    value.map(|value| collapse(&value)).filter(|value| !value.is_empty()).map(|value| Found::new(value, from))
}

/// Each once, in order.
fn sorted(hashes: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut hashes: Vec<u64> = hashes.collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

fn in_svg(tree: &Tree<'_>, index: u32) -> bool {
    tree.ancestors(index).skip(1).any(|(_, node)| node.element.is_some_and(|element| element.name() == "svg"))
}

/// Text of a short element; what an unclosed `title` swallows is no title.
fn text_below(tree: &Tree<'_>, index: u32) -> Option<String> {
    Some(tree.text_of(index)).filter(|text| !text.is_empty() && text.len() < 600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_cut_off_a_title() {
        let mut hints = Hints::default();
        hints.meta.insert("og:site_name".into(), "The Paper".into());
        assert_eq!(hints.without_site("Rain, wind - and snow - The Paper"), "Rain, wind - and snow");
        assert_eq!(hints.without_site("The Paper | Rain"), "Rain");
        assert_eq!(hints.without_site("Rain - and snow"), "Rain - and snow");
    }
}
