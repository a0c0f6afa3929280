//! Each field of the metadata, out of the places where pages say it, the likeliest first.

use std::collections::HashSet;

use super::{Hints, found};
use crate::extract::alike::{parts, squash, trim_marks};
use crate::extract::article::{Found, Origin};
use crate::extract::byline::{bylines, people, shown_date};
use crate::extract::dates;
use crate::extract::roles::Roles;
use crate::extract::tree::Tree;

impl Hints {
    /// The headline: what two places agree on, shorn of the site's name.
    pub(super) fn headline(&self) -> Option<Found> {
        let og = self.get(&["og:title"]);
        let named = [
            found(self.linked.headline.clone(), Origin::JsonLd),
            found(og.clone(), Origin::OpenGraph),
            found(self.get(&["twitter:title", "parsely-title", "dc.title", "title"]), Origin::Meta),
            found(self.title.clone(), Origin::Title),
        ];
        let agrees = |heading: &&String| {
            let squashed = squash(heading);
            squashed.chars().count() > 3
                && named.iter().flatten().any(|found| squash(&found.value).contains(&squashed))
        };
        if let Some(heading) = self.headings.iter().filter(agrees).max_by_key(|heading| heading.len()) {
            return found(Some(heading.clone()), Origin::Heading);
        }
        let mut best = named.into_iter().flatten().next();
        if let Some(best) = best.as_mut() {
            best.value = self.without_site(&best.value);
        }
        best.or_else(|| found(self.headings.first().cloned(), Origin::Heading))
    }

    /// Cuts ` - Site name` off either end of a title.
    pub(super) fn without_site(&self, title: &str) -> String {
        let pieces = parts(title);
        let site = self.site(None).map(|found| squash(&found.value)).unwrap_or_default();
        let other = self.title.as_deref().map(squash).unwrap_or_default();
        let is_site = |piece: &str| {
            !site.is_empty() && (site.contains(&squash(piece)) || squash(piece).contains(&site))
        };
        match pieces.as_slice() {
            [_] | [] => title.to_owned(),
            [head, .., last] if is_site(last) && !is_site(head) => {
                title.get(..title.rfind(last).unwrap_or(title.len())).map_or(title, trim_marks).to_owned()
            }
            [first, .., last] if is_site(first) && !is_site(last) => {
                title.get(title.find(first).unwrap_or(0) + first.len()..).map_or(title, trim_marks).to_owned()
            }
            [head, rest @ ..]
                if squash(title) == other
                    && rest.iter().all(|piece| piece.split_whitespace().count() <= 4)
                    && head.split_whitespace().count() > 3 =>
            {
                (*head).to_owned()
            }
            _ => title.to_owned(),
        }
    }

    pub(super) fn authors(&self, tree: &Tree<'_>, roles: &[Roles], container: u32) -> Vec<Found> {
        let from_linked = self.linked.authors.iter().flat_map(|name| people(name));
        let mut all: Vec<Found> = from_linked.filter_map(|name| found(Some(name), Origin::JsonLd)).collect();
        if all.is_empty() {
            let names = [
                "author",
                "article:author",
                "parsely-author",
                "dc.creator",
                "dcterms.creator",
                "byl",
                "sailthru.author",
                "og:author",
                "twitter:creator_name",
            ];
            let meta = names
                .iter()
                .filter_map(|name| self.meta.get(*name))
                .map(|value| people(value))
                .find(|names| !names.is_empty());
            all = meta.into_iter().flatten().filter_map(|name| found(Some(name), Origin::Meta)).collect();
        }
        if all.is_empty() {
            all = bylines(tree, roles, container);
        }
        let mut seen = HashSet::new();
        all.retain(|found| seen.insert(squash(&found.value)));
        all
    }

    pub(super) fn published(
        &self,
        tree: &Tree<'_>,
        roles: &[Roles],
        container: u32,
        url: Option<&str>,
    ) -> Option<Found> {
        let names = [
            "article:published_time",
            "og:published_time",
            "datepublished",
            "date",
            "dc.date",
            "dc.date.issued",
            "dcterms.created",
            "dcterms.date",
            "pubdate",
            "publishdate",
            "publish-date",
            "publish_date",
            "parsely-pub-date",
            "sailthru.date",
            "article.published",
            "published-date",
            "cxenseparse:recs:publishtime",
            "article:post_date",
            "citation_publication_date",
            "datecreated",
            "creation_date",
            "bt:pubdate",
            "article_date_original",
            "rnews:datepublished",
        ];
        let linked = self
            .linked
            .published
            .as_deref()
            .and_then(dates::iso)
            .map(|date| Found::new(date, Origin::JsonLd));
        linked
            .or_else(|| {
                let origin = |name: &str| if name.contains(':') { Origin::OpenGraph } else { Origin::Meta };
                names.iter().find_map(|name| {
                    self.meta
                        .get(*name)
                        .and_then(|value| dates::iso(value))
                        .map(|date| Found::new(date, origin(name)))
                })
            })
            .or_else(|| shown_date(tree, roles, container))
            .or_else(|| {
                let address = url.unwrap_or_else(|| self.address(None));
                dates::of_url(address).map(|date| Found::new(date, Origin::Url))
            })
    }

    pub(super) fn modified(&self) -> Option<Found> {
        let linked =
            self.linked.modified.as_deref().and_then(dates::iso).map(|date| Found::new(date, Origin::JsonLd));
        linked.or_else(|| {
            let names = [
                "article:modified_time",
                "og:updated_time",
                "datemodified",
                "last-modified",
                "dcterms.modified",
                "lastmod",
                "revised",
            ];
            let value = names.iter().find_map(|name| self.meta.get(*name))?;
            dates::iso(value).map(|date| Found::new(date, Origin::Meta))
        })
    }

    pub(super) fn site(&self, url: Option<&str>) -> Option<Found> {
        found(self.get(&["og:site_name"]), Origin::OpenGraph)
            .or_else(|| found(self.linked.site.clone(), Origin::JsonLd))
            .or_else(|| {
                found(
                    self.get(&[
                        "application-name",
                        "apple-mobile-web-app-title",
                        "dc.publisher",
                        "publisher",
                    ]),
                    Origin::Meta,
                )
            })
            .or_else(|| {
                let host = url::Url::parse(url?).ok()?.host_str()?.trim_start_matches("www.").to_owned();
                Some(Found::new(host, Origin::Url))
            })
    }

    pub(super) fn summary(&self) -> Option<Found> {
        found(self.get(&["og:description"]), Origin::OpenGraph)
            .or_else(|| {
                found(self.get(&["description", "twitter:description", "dc.description"]), Origin::Meta)
            })
            .or_else(|| found(self.linked.description.clone(), Origin::JsonLd))
    }

    /// The language that the page claims.
    pub(in crate::extract) fn language(&self) -> Option<Found> {
        found(self.lang.clone(), Origin::Lang)
            .or_else(|| {
                found(self.get(&["content-language", "og:locale", "language", "dc.language"]), Origin::Meta)
            })
            .or_else(|| found(self.linked.language.clone(), Origin::JsonLd))
    }
}
