#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

fn base() -> Url {
    Url::parse("https://example.com/dir/doc.xml").unwrap()
}

fn read(xml: &[u8]) -> (Listing, Links) {
    xml_links(&mut &*xml, &base(), None).unwrap()
}

/// Paths of the base's host, or whole URLs elsewhere.
fn paths(urls: &[Url]) -> Vec<&str> {
    urls.iter().map(|url| url.as_str().strip_prefix("https://example.com/").unwrap_or(url.as_str())).collect()
}

#[test]
fn sitemaps_give_pages_languages_pictures_and_films() {
    let (listing, links) = read(
        br#"<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet type="text/xsl" href="/s.xsl"?>
        <sm:urlset xmlns:sm="http://www.sitemaps.org/schemas/sitemap/0.9">
        <sm:url><sm:loc>
            https://example.com/a?b=1&amp;c=2#x </sm:loc><sm:lastmod>2026</sm:lastmod>
            <xhtml:link rel="alternate" hreflang="de" href="https://example.com/de?a&#38;b"/>
            <image:image><image:loc>https://example.com/i.png</image:loc><image:caption>no</image:caption></image:image>
            <video:video><video:content_loc><![CDATA[https://example.com/v?a&b]]></video:content_loc></video:video>
        </sm:url>
        <sm:url><sm:loc>https://example.com/a?b=1&amp;c=2</sm:loc></sm:url><sm:url><sm:loc>/rel</sm:loc></sm:url>
        <sm:url><sm:loc>ftp://example.com/no</sm:loc></sm:url></sm:urlset>"#,
    );
    assert_eq!(listing, Listing::Sitemap);
    assert_eq!(paths(&links.navigations), ["a?b=1&c=2", "de?a&b", "i.png", "v?a&b", "rel"]);
    assert_eq!(paths(&[links.requisites[0].url.clone()]), ["s.xsl"]);
    assert!(!links.incomplete);
}

#[test]
fn an_index_gives_sitemaps() {
    let (listing, links) = read(
        b"<sitemapindex><sitemap><loc>https://example.com/1.xml</loc></sitemap>\
        <sitemap><loc>https://example.com/2.xml.gz</loc></sitemap><url><loc>https://example.com/a</loc></url></sitemapindex>",
    );
    assert_eq!(listing, Listing::Sitemap);
    assert_eq!(paths(&links.sitemaps), ["1.xml", "2.xml.gz"]);
    assert_eq!(paths(&links.navigations), ["a"]);
}

#[test]
fn feeds_give_what_their_readers_click_on() {
    let (listing, links) = read(
        br#"<rss version="2.0"><channel><title>The  News &amp; more</title><link>https://example.com/</link>
        <atom:link rel="self" href="https://example.com/feed"/><atom:link rel="hub" href="https://hub.example/"/>
        <image><url>https://example.com/logo.png</url><link>https://example.com/</link></image>
        <item><title>x</title><link>https://example.com/1</link><guid>https://example.com/p1</guid>
            <description>&lt;p&gt;See &lt;a href="/2"&gt;this&lt;/a&gt; &lt;img src="/i.png"&gt;</description>
            <content:encoded><![CDATA[<a href="3?a&amp;b">x</a>]]></content:encoded>
            <enclosure url="https://example.com/4.mp3" type="audio/mpeg"/><comments>https://example.com/1#c</comments></item>
        <item><guid isPermaLink="false">https://example.com/no</guid><guid>tag:no</guid><media:content url="/m.jpg"/></item>
        </channel></rss>"#,
    );
    assert_eq!((listing, links.title.as_deref()), (Listing::Feed, Some("The News & more")));
    assert_eq!(
        paths(&links.navigations),
        ["", "feed", "logo.png", "1", "p1", "2", "dir/3?a&b", "4.mp3", "m.jpg"]
    );
    assert_eq!(paths(&[links.requisites[0].url.clone()]), ["i.png"]);

    let (listing, links) = read(
        br#"<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example.com/blog/"><link href="."/>
        <link rel="self" href="feed.atom"/><link rel="next" href="feed.atom?page=2"/><link rel="edit" href="no"/>
        <entry><link rel="alternate" href="1"/><content type="xhtml"><div><a href="2">x</a><img src="i.png"/></div></content></entry>
        <entry><content type="html">&lt;base href="/no/"&gt;&lt;a href='3'&gt;</content><content src="4"/></entry></feed>"#,
    );
    assert_eq!(listing, Listing::Feed);
    let expected =
        ["blog/", "blog/feed.atom", "blog/feed.atom?page=2", "blog/1", "blog/2", "blog/3", "blog/4"];
    assert_eq!(paths(&links.navigations), expected);

    let (_, links) = read(
        br#"<rdf:RDF><channel rdf:about="x"><items><rdf:Seq><rdf:li rdf:resource="https://example.com/1"/></rdf:Seq></items></channel>
        <item rdf:about="https://example.com/1"><link>https://example.com/2</link></item></rdf:RDF>"#,
    );
    assert_eq!(paths(&links.navigations), ["1", "2"]);
}

#[test]
fn broken_xml_gives_what_it_has() {
    for xml in [
        "<urlset><url><loc>https://example.com/1</loc></url><url><loc>https://example.com/2</loc>",
        "<urlset><url><loc>https://example.com/1</url></loc><url><loc>https://example.com/2</loc></url></nonsense>",
        "<urlset><url><loc>https://example.com/1</loc></url>&nonsense; & <url><loc>https://example.com/2</loc></url>",
        "\n \u{feff}<urlset><a b=c d><loc>https://example.com/1</loc></><loc>https://example.com/2</loc><!-- ",
        "<urlset><loc>https://example.com/1</loc><loc>https://example.com/2</loc><loc>https://example.com/3",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><urlset><loc>https://example.com/1</loc>\
            <loc>https://example.com/2</loc><loc>&e;</loc></urlset>",
    ] {
        assert_eq!(paths(&read(xml.as_bytes()).1.navigations).get(..2), Some(&["1", "2"][..]), "{xml}");
    }
}

#[test]
fn other_encodings_are_read() {
    let xml = "<urlset><loc>https://example.com/\u{e4}</loc></urlset>";
    let latin =
        [b"<?xml version='1.0' encoding='iso-8859-1'?>", encoding_rs::WINDOWS_1252.encode(xml).0.as_ref()]
            .concat();
    assert_eq!(paths(&read(&latin).1.navigations), ["%C3%A4"]);
    let wide: Vec<u8> = format!("\u{feff}{xml}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(paths(&read(&wide).1.navigations), ["%C3%A4"]);
}

#[test]
fn limits_end_it_and_are_told() {
    let long = format!("<urlset><loc>https://example.com/1</loc><x>{}", "a".repeat(5 << 20));
    let (_, links) = read(long.as_bytes());
    assert_eq!((links.navigations.len(), links.incomplete), (1, true));
    let other = format!("<data>{}", "<x>".repeat(1 << 20));
    assert_eq!(read(other.as_bytes()).0, Listing::Other);
    let huge = format!("<urlset><loc>https://example.com/{}</loc>", "a".repeat(1 << 20));
    assert!(read(huge.as_bytes()).1.navigations.is_empty());
}

#[test]
fn a_list_is_urls_and_nothing_else() {
    let list = |text: &str| list_links(&mut text.as_bytes(), &base(), None).unwrap();
    let links = list("\u{feff}https://example.com/1#x\r\n\n HTTP://example.com:80/2 \nhttps://example.com/1")
        .unwrap();
    assert_eq!(paths(&links.navigations), ["1", "http://example.com/2"]);
    assert_eq!(list("User-agent: *\nhttps://example.com/1"), None);
    assert_eq!(list("https://example.com/1 is a page"), None);
    assert_eq!(list("\n"), None);
}

proptest! {
    #[test]
    fn any_mixture_is_read_to_its_end_and_each_url_comes_once(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("<urlset>"), Just("<rss>"), Just("<feed>"), Just("<sitemapindex><sitemap>"), Just("<loc>"), Just("</loc>"), Just("<link>"),
                Just("</link>"), Just("http://a/"), Just("&amp;"), Just("&"), Just("<![CDATA["), Just("]]>"), Just("<"), Just(">"), Just("<!--"),
                Just("-->"), Just("<link href='/x'/>"), Just("<description>"), Just("&lt;a href='/y'&gt;"), Just("</description>"), Just("\""), Just("<?"),
            ],
            0..24,
        ),
    ) {
        let (_, links) = read(pieces.concat().as_bytes());
        let mut urls = std::collections::HashSet::new();
        prop_assert!(links.navigations.iter().all(|url| urls.insert(url.as_str())));
        list_links(&mut pieces.concat().as_bytes(), &base(), None).unwrap();
    }
}
