#![allow(clippy::unwrap_used)]

use super::*;
use std::io::Write;

fn found(path: &str, content_type: &str, payload: &[u8]) -> Found {
    let url = Url::parse("https://example.com").unwrap().join(path).unwrap();
    let mut block = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n").into_bytes();
    block.extend_from_slice(payload);
    let identified = crate::message::sniff::identify(payload);
    discover(&url, identified, block.as_slice(), true).unwrap()
}

fn gz(payload: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(payload).unwrap();
    gz.finish().unwrap()
}

fn texts(urls: &[Url]) -> Vec<&str> {
    urls.iter().map(Url::as_str).collect()
}

const MAP: &[u8] =
    b"<?xml version='1.0'?><!-- x --><urlset><url><loc>https://example.com/a</loc></url></urlset>";

#[test]
fn a_document_is_known_by_its_type_and_its_bytes() {
    let feed = b"<rss><channel><link>https://example.com/a</link></channel></rss>";
    let page = b"<!doctype html><a href=/a>";
    let xhtml = b"<?xml version='1.0'?><!DOCTYPE html><html><a href='/a'/></html>";
    let packed = gz(MAP);
    for (path, content_type, payload, document) in [
        ("/", "text/html", &page[..], Document::Page),
        ("/", "", page, Document::Page),
        ("/", "text/xml", xhtml, Document::Page),
        ("/", "application/xhtml+xml", xhtml, Document::Page),
        ("/s.xml", "application/xml", MAP, Document::Sitemap),
        ("/s.xml", "text/html; charset=utf-8", MAP, Document::Sitemap),
        ("/s.xml", "text/plain", MAP, Document::Sitemap),
        ("/s.xml.gz", "application/x-gzip", &packed, Document::Sitemap),
        ("/s.xml.gz", "application/octet-stream", &packed, Document::Sitemap),
        ("/s.xml.gz", "application/xml", &packed, Document::Sitemap),
        ("/f", "application/rss+xml", feed, Document::Feed),
        ("/f", "text/xml", feed, Document::Feed),
        ("/s.txt", "text/plain", b"https://example.com/a\r\n", Document::Sitemap),
        ("/s.txt.gz", "application/gzip", &gz(b"https://example.com/a"), Document::Sitemap),
        ("/p.svg", "image/svg+xml", b"<svg><a xlink:href='/a'/></svg>", Document::Other),
    ] {
        let found = found(path, content_type, payload);
        assert_eq!(found.document, document, "{path} {content_type}");
        assert_eq!(texts(&found.links), ["https://example.com/a"], "{path} {content_type}");
        assert!(!found.incomplete);
    }
}

#[test]
fn what_is_no_document_leads_nowhere() {
    for (path, content_type, payload) in [
        ("/a.txt", "text/plain", &b"See https://example.com/a\nhttps://example.com/b"[..]),
        ("/a", "text/plain", b"https://example.com/a"),
        ("/a.gz", "application/gzip", &gz(b"<a href=/a>")),
        ("/a.gz", "application/gzip", &gz(&gz(MAP))),
        ("/a.png", "image/png", MAP),
        ("/a.xml", "application/xml", b"<data><loc>https://example.com/a</loc></data>"),
        ("/a.js", "text/javascript", b"'<a href=/a>'"),
        ("/a", "application/gzip", b"\x1f\x8b"),
        ("/a", "text/html", b""),
    ] {
        let found = found(path, content_type, payload);
        assert!(found.links.is_empty() && found.requisites.is_empty(), "{path} {content_type}: {found:?}");
    }
}

#[test]
fn frames_are_needed_and_led_to() {
    let html =
        b"<link rel=sitemap href=/map><iframe src=/f></iframe><a href=/a><link rel=stylesheet href=/c>";
    let found = found("/", "text/html", html);
    assert_eq!(texts(&found.links), ["https://example.com/f", "https://example.com/a"]);
    assert_eq!(texts(&found.requisites), ["https://example.com/f", "https://example.com/c"]);
    assert_eq!(texts(&found.sitemaps), ["https://example.com/map"]);
}

#[test]
fn the_header_of_any_response_leads_on() {
    let url = Url::parse("https://example.com/a.pdf").unwrap();
    let block = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nLink: </next>; rel=next, </c>; rel=stylesheet\r\n\
        Link: </map>; rel=sitemap\r\n\r\n%PDF";
    let found = discover(&url, None, &block[..], true).unwrap();
    assert_eq!(texts(&found.links), ["https://example.com/next"]);
    assert_eq!(texts(&found.sitemaps), ["https://example.com/map"]);
    assert!(found.requisites.is_empty());
}

#[test]
fn a_small_file_that_unpacks_to_a_huge_one_is_cut() {
    let entry = b"<url><loc>https://example.com/a</loc></url>\n".repeat(1 << 16);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"<urlset>").unwrap();
    (0..25).for_each(|_| gz.write_all(&entry).unwrap());
    let found = found("/s.xml.gz", "application/gzip", &gz.finish().unwrap());
    assert_eq!((found.links.len(), found.incomplete), (1, true));
}
