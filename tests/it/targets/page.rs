//! Pages, style sheets, texts.

use super::{Drip, fingerprint, slices};
use fonds::crawl::links::{
    Links, PageScanner, css_links, header_links, list_links, page_links, refresh_link, xhtml_links, xml_links,
};
use fonds::extract::{Article, Comments, Limits, Options, Page, Source, explain, extract, json_line, report};
use std::collections::HashSet;
use url::Url;

const CHARSETS: [Option<&str>; 6] =
    [None, Some("utf-8"), Some("windows-1252"), Some("shift_jis"), Some("utf-16le"), Some("nonsense")];

fn base() -> Url {
    Url::parse("https://example.com/dir/page?q=1").expect("a URL")
}

fn charset(data: &[u8]) -> Option<&'static str> {
    CHARSETS[(fingerprint(data) % CHARSETS.len() as u64) as usize]
}

fn assert_links(links: &Links) {
    let mut seen = HashSet::new();
    for url in links.requisites.iter().map(|link| &link.url) {
        assert!(seen.insert(url), "{url} twice");
    }
    let mut pages = HashSet::new();
    for url in &links.navigations {
        assert!(pages.insert(url), "{url} twice");
    }
    let mut maps = HashSet::new();
    for url in &links.sitemaps {
        assert!(maps.insert(url), "{url} twice");
    }
    for url in seen.iter().chain(&pages).chain(&maps) {
        assert!(matches!(url.scheme(), "http" | "https") && url.fragment().is_none(), "{url}");
    }
}

/// Links of a page: the same however it comes, each once.
pub fn links(data: &[u8]) {
    let charset = charset(data);
    let whole = page_links(&mut &data[..], &base(), charset).expect("memory is read");
    assert_links(&whole);
    assert_eq!(
        whole,
        page_links(&mut Drip::new(data), &base(), charset).expect("memory is read"),
        "dripping"
    );
    let mut scanner = PageScanner::new(&base(), charset);
    slices(data).into_iter().for_each(|part| scanner.write(part));
    assert_eq!(whole, scanner.finish(), "in slices");
    let xhtml = xhtml_links(&mut &data[..], &base(), charset).expect("memory is read");
    assert_links(&xhtml);
    let dripping = xhtml_links(&mut Drip::new(data), &base(), charset).expect("memory is read");
    assert_eq!(xhtml, dripping, "dripping, as XHTML");
}

/// Links of a style sheet, and of a Link header.
pub fn css(data: &[u8]) {
    let mut seen = HashSet::new();
    for link in css_links(data, &base(), charset(data)) {
        assert!(matches!(link.url.scheme(), "http" | "https") && link.url.fragment().is_none(), "{link:?}");
        assert!(seen.insert(link.url.clone()), "{link:?} twice");
    }
    let text = String::from_utf8_lossy(data);
    assert_links(&header_links(text.lines(), &base()));
    for url in text.lines().filter_map(|line| refresh_link(line, &base())) {
        assert!(matches!(url.scheme(), "http" | "https") && url.fragment().is_none(), "{url}");
    }
}

/// Links of a sitemap or a feed, and of a list of URLs: the same however it comes, each once.
pub fn sitemap(data: &[u8]) {
    let charset = charset(data);
    let whole = xml_links(&mut &data[..], &base(), charset).expect("memory is read");
    assert_links(&whole.1);
    let dripping = xml_links(&mut Drip::new(data), &base(), charset).expect("memory is read");
    assert_eq!(whole, dripping, "dripping");
    let list = list_links(&mut &data[..], &base(), charset).expect("memory is read");
    list.iter().for_each(assert_links);
    assert_eq!(list, list_links(&mut Drip::new(data), &base(), charset).expect("memory is read"), "dripping");
}

fn article(data: &[u8], content_type: &str) -> Article {
    let limits = Limits { bytes: 256 << 10, nodes: 5000, depth: 64, script: 4096, comments: 50 };
    let comments = [Comments::Drop, Comments::Separate, Comments::Keep][(fingerprint(data) % 3) as usize];
    let options = Options { comments, limits };
    let page =
        Page { bytes: data, content_type: Some(content_type), url: Some("https://example.com/2024/05/06/x") };
    let article = extract(&page, &options);
    assert_eq!(article, extract(&page, &options), "the same twice");
    assert!(article.comments.len() <= limits.comments);
    assert!(comments != Comments::Drop || article.comments.is_empty());
    assert!(article.text().is_empty() || !article.markdown().is_empty());
    assert!(!article.text().is_empty() || article.error.is_some(), "no text and no word why");
    let line = json_line(&article, &Source::default()).to_string();
    assert!(!line.contains('\n'), "more than one line");
    let explained = explain(&page, &options);
    assert_eq!(explained.article, article, "explained as it is extracted");
    assert_harmless(&report(&explained, &Source::default()));
    article
}

/// Nothing of the page is markup in its report.
fn assert_harmless(report: &str) {
    let (_, body) = report.split_once("</style>").expect("a style");
    for tag in body.split('<').skip(1) {
        let name = tag
            .trim_start_matches('/')
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default();
        assert!(
            !matches!(
                name,
                "script"
                    | "img"
                    | "a"
                    | "iframe"
                    | "svg"
                    | "style"
                    | "link"
                    | "meta"
                    | "object"
                    | "form"
                    | ""
            ),
            "<{tag}"
        );
    }
}

/// A page of markup, its charset named or not.
pub fn html(data: &[u8]) {
    let content_type =
        charset(data).map_or("text/html".to_owned(), |name| format!("text/html; charset={name}"));
    article(data, &content_type);
}

/// A page that was made plain text. Every line of the article stood there.
pub fn plain(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        article(data, "text/plain");
        return;
    };
    let words: HashSet<&str> = text.split_whitespace().collect();
    let article = article(data, "text/plain; charset=utf-8");
    if article.comments.is_empty() && !text.contains('\u{feff}') {
        for word in article.text().split_whitespace() {
            assert!(words.contains(word), "{word:?} was not there");
        }
    }
}
