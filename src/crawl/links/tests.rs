#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

fn base() -> Url {
    Url::parse("http://example.com/dir/page.html").unwrap()
}

fn links(html: &str) -> Links {
    page_links(&mut html.as_bytes(), &base(), Some("utf-8")).unwrap()
}

/// Paths below the page's directory, or whole URLs elsewhere.
fn short(url: &Url) -> String {
    url.as_str().trim_start_matches("http://example.com/dir/").to_owned()
}

fn requisites(html: &str) -> Vec<(String, Kind)> {
    links(html).requisites.iter().map(|link| (short(&link.url), link.kind)).collect()
}

fn navigations(html: &str) -> Vec<String> {
    links(html).navigations.iter().map(short).collect()
}

#[test]
fn every_element_gives_what_it_needs() {
    for (html, expected) in [
        ("<img src=a longdesc=b>", vec![("a", Kind::Image)]),
        ("<IMG SRC='a'>", vec![("a", Kind::Image)]),
        ("<img srcset='a 1x, b 2x' src=c>", vec![("c", Kind::Image), ("a", Kind::Image), ("b", Kind::Image)]),
        ("<picture><source srcset='a, b 2x'></picture>", vec![("a", Kind::Image), ("b", Kind::Image)]),
        (
            "<video src=a poster=b><source src=c><track src=d></video>",
            vec![("a", Kind::Media), ("b", Kind::Image), ("c", Kind::Media), ("d", Kind::Media)],
        ),
        ("<audio src=a>", vec![("a", Kind::Media)]),
        ("<embed src=a><object data=b>", vec![("a", Kind::Object), ("b", Kind::Object)]),
        ("<iframe src=a></iframe>", vec![("a", Kind::Frame)]),
        ("<frameset><frame src=a></frameset>", vec![("a", Kind::Frame)]),
        ("<script src=a></script><script>var x = '<img src=no>'</script>", vec![("a", Kind::Script)]),
        (
            "<link rel=stylesheet href=a><link rel='alternate stylesheet' href=b>",
            vec![("a", Kind::Style), ("b", Kind::Style)],
        ),
        (
            "<link rel='shortcut icon' href=a><link rel=apple-touch-icon href=b><link rel=mask-icon href=c>",
            vec![("a", Kind::Icon), ("b", Kind::Icon), ("c", Kind::Icon)],
        ),
        (
            "<link rel=manifest href=a><link rel=modulepreload href=b>",
            vec![("a", Kind::Manifest), ("b", Kind::Script)],
        ),
        (
            "<link rel=preload as=font href=a><link rel=preload as=image imagesrcset='c 1x' href=b>",
            vec![("a", Kind::Font), ("b", Kind::Image), ("c", Kind::Image)],
        ),
        ("<link rel=preconnect href=a><link rel=pingback href=b><link href=c>", vec![]),
        ("<input type=IMAGE src=a><input type=text src=no>", vec![("a", Kind::Image)]),
        (
            "<body background=a><table background=b><tr><td background=c>",
            vec![("a", Kind::Image), ("b", Kind::Image), ("c", Kind::Image)],
        ),
        (
            "<svg><image href=a /><image xlink:href=b /><use href='c#d'/><use href='#no'/></svg>",
            vec![("a", Kind::Image), ("b", Kind::Image), ("c", Kind::Image)],
        ),
        ("<p style='background:url(&quot;a&quot;)'>", vec![("a", Kind::Asset)]),
        ("<style>@import 'a'; p{b:url(c)}</style>", vec![("a", Kind::Style), ("c", Kind::Asset)]),
        (
            "<meta property=og:image content=a><meta name=twitter:image content=b>",
            vec![("a", Kind::Preview), ("b", Kind::Preview)],
        ),
        (
            "<meta property=og:image content=a><img src=a><meta name=twitter:image content=a>",
            vec![("a", Kind::Image)],
        ),
        (
            "<img src='data:image/gif;base64,AA' data-src=a.jpg data-srcset='b.jpg 2x'>",
            vec![("a.jpg", Kind::Image), ("b.jpg", Kind::Image)],
        ),
        (
            "<iframe data-src='/f'></iframe><div data-bg='x.png' data-src='{\"a\":1}' data-original=5>",
            vec![("http://example.com/f", Kind::Frame), ("x.png", Kind::Image)],
        ),
        (
            "<noscript><img src=a><style>p{b:url(c)}</style></noscript><img src=d>",
            vec![("d", Kind::Image), ("a", Kind::Image), ("c", Kind::Asset)],
        ),
        (
            "<iframe srcdoc='<img src=&quot;a&quot;><noscript><img src=b></noscript>'></iframe>",
            vec![("a", Kind::Image), ("b", Kind::Image)],
        ),
        (
            "<!-- <img src=no> --><textarea><img src=no></textarea><template><img src=a></template>",
            vec![("a", Kind::Image)],
        ),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(url, kind)| (url.to_owned(), kind)).collect();
        assert_eq!(requisites(html), expected, "{html}");
    }
}

#[test]
fn what_leads_somewhere_is_told_from_what_is_needed() {
    let html = "<a href=a>1</a><area href=b><svg><a xlink:href=c></a></svg><blockquote cite=d></blockquote>\
        <img src=x longdesc=e><link rel=canonical href=f><link rel='alternate' type='application/rss+xml' href=g>\
        <link rel=next href=h><meta http-equiv=Refresh content='0; url=i'><form action=no></form>";
    assert_eq!(navigations(html), ["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
}

#[test]
fn frames_forms_and_clickable_rows_lead_somewhere_too() {
    let html = "<iframe src=a></iframe><frame src=b><form method=GET action=c></form><form method=post action=no></form>\
        <tr data-href='/d'><tr data-href='no'><link rel=search href=e><link rel=sitemap href=map><a href='a#x'><a href='a#y'>";
    let found = links(html);
    let urls: Vec<String> = found.navigations.iter().map(short).collect();
    assert_eq!(urls, ["a", "b", "c", "http://example.com/d", "e"]);
    assert_eq!(found.sitemaps.iter().map(short).collect::<Vec<_>>(), ["map"]);
    assert_eq!(found.requisites.len(), 2);
}

#[test]
fn references_become_urls_once_each_without_fragments() {
    let html = "<a href='a#x'><a href=' a '><a href='#y'><a href=''><a href='?q=1&amp;r=2&copy=3'><a href='//other.example/'>\
        <a href='javascript:x()'><a href='mailto:a@b'><a href='data:,x'><a href='blob:x'><a href='ftp://x/'><a href='http://['>\
        <a href='b\nc'><a href=HTTPS://OTHER.example:443/d>";
    assert_eq!(
        navigations(html),
        ["a", "page.html?q=1&r=2&copy=3", "http://other.example/", "bc", "https://other.example/d"]
    );
    let twice = requisites("<img src=a><script src='a#b'></script>");
    assert_eq!(twice, [("a".to_owned(), Kind::Image)]);
}

#[test]
fn the_first_base_counts_from_where_it_stands() {
    let html = "<img src=a><a href=b></a><base href='/other/'><base href='/no/'><img src=c>";
    let links = links(html);
    let urls: Vec<&str> = links.requisites.iter().map(|link| link.url.as_str()).collect();
    assert_eq!(urls, ["http://example.com/dir/a", "http://example.com/other/c"]);
    assert_eq!(links.navigations[0].as_str(), "http://example.com/other/b");
    assert_eq!(links.base.as_str(), "http://example.com/other/");
}

#[test]
fn the_title_is_the_first_of_the_page() {
    let title = |html| links(html).title;
    assert_eq!(
        title("<title>\n Fish &amp; \n Chips&nbsp;</title><title>x</title>").as_deref(),
        Some("Fish & Chips")
    );
    assert_eq!(title("<svg><title>no</title></svg><title>yes</title>").as_deref(), Some("yes"));
    assert_eq!(title("<title> </title><p>"), None);
    let long = title(&format!("<title>{}</title>", "ü".repeat(10_000))).unwrap();
    assert_eq!(long.len(), 4096);
}

#[test]
fn the_encoding_is_found_and_queries_are_written_in_it() {
    let read = |html: &[u8], hint| page_links(&mut &*html, &base(), hint).unwrap();
    let query = |links: &Links| links.navigations[0].query().unwrap().to_owned();
    let latin = b"<title>\xfc</title><a href='?\xfc'>";
    let hinted = read(latin, Some("ISO-8859-1"));
    assert_eq!((query(&hinted).as_str(), hinted.title.as_deref()), ("%FC", Some("\u{fc}")));
    let declared = [b"<meta charset = 'windows-1252'>", &latin[..]].concat();
    assert_eq!(query(&read(&declared, None)), "%FC");
    assert_eq!(read("<title>ü</title>".as_bytes(), None).title.as_deref(), Some("ü"));
    let utf16: Vec<u8> =
        "\u{feff}<title>ü</title><a href='?ü'>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = read(&utf16, Some("utf-8"));
    assert_eq!((query(&utf16).as_str(), utf16.title.as_deref()), ("%C3%BC", Some("ü")));
    let late = [b"<p>".repeat(20_000), "<title>ü</title>".into()].concat();
    assert_eq!(read(&late, Some("utf-8")).title.as_deref(), Some("ü"));
}

#[test]
fn style_sheets_and_headers_are_read_by_themselves() {
    let css = css_links(b"@import 'a.css';p{background:url(b.png#x) url(#c)}", &base(), None);
    let css: Vec<_> = css.iter().map(|link| (short(&link.url), link.kind)).collect();
    assert_eq!(css, [("a.css".to_owned(), Kind::Style), ("b.png".to_owned(), Kind::Asset)]);
    let latin = css_links(b"@charset \"iso-8859-1\";p{background:url(?\xfc)}", &base(), None);
    assert_eq!(latin[0].url.query(), Some("%FC"));

    let headers = [
        "<a.css>; rel=stylesheet, <b>; rel=\"next\"",
        "<c>; rel=preload; as=script, <d>; rel=stylesheet; anchor=x",
    ];
    let links = header_links(headers, &base());
    let found: Vec<_> = links.requisites.iter().map(|link| (short(&link.url), link.kind)).collect();
    assert_eq!(found, [("a.css".to_owned(), Kind::Style), ("c".to_owned(), Kind::Script)]);
    assert_eq!(links.navigations.iter().map(short).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn limits_are_told_and_end_nothing_badly() {
    let many: String = (0..MOST_LINKS + 5).map(|n| format!("<a href={n}>")).collect();
    let links = links(&many);
    assert!(links.incomplete);
    assert_eq!(links.navigations.len(), MOST_LINKS);
    let deep = "<iframe srcdoc=\"".repeat(50) + &"<div>".repeat(50_000);
    page_links(&mut deep.as_bytes(), &base(), None).unwrap();
    let inline = format!("<img src='data:{}'><img src=a>", "A".repeat(3 << 20));
    assert_eq!(requisites(&inline), [("a".to_owned(), Kind::Image)]);
}

#[test]
fn a_scanner_may_be_sent_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<PageScanner>();
}

proptest! {
    #[test]
    fn parts_give_what_the_whole_gives(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("<img src=ü.png>"), Just("<a href='/x?a&amp;b'>"), Just("<style>p{b:url(c)}</style>"),
                Just("<p class='x'>"), Just("</p>"), Just("<svg>"), Just("<a class=\"x\" href=\"#y\">"), Just("<p data-src='/z'>"),
                Just("<title>ü</title>"), Just("<noscript><img src=n></noscript>"), Just("</"), Just("<"), Just("\""), Just("<base href=/b/>"),
            ],
            0..12,
        ),
        part in 1usize..9,
    ) {
        let html = pieces.concat();
        let mut scanner = PageScanner::new(&base(), Some("utf-8"));
        html.as_bytes().chunks(part).for_each(|part| scanner.write(part));
        prop_assert_eq!(scanner.finish(), links(&html));
    }

    #[test]
    fn any_bytes_are_read_to_their_end(html in proptest::collection::vec(any::<u8>(), 0..400), css in "[ -~]{0,80}") {
        page_links(&mut &*html, &base(), None).unwrap();
        css_links(css.as_bytes(), &base(), None);
        header_links([css.as_str()], &base());
    }
}
