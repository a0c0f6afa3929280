//! The page and what it needs to be shown, from wherever that comes.

use super::{capture, exchange};
use crate::common::server::Server;
use crate::common::site::{PNG, ok, serve};
use tempfile::tempdir;

/// Two servers: a page with every kind of requisite, some of them on the other.
#[test]
fn a_page_is_captured_with_all_it_needs() {
    let other = serve(vec![
        ("/far.png", ok("image/png", PNG)),
        ("/far.css", ok("text/css", "a{background:url(deep.png)}")),
        ("/deep.png", ok("image/png", PNG)),
    ]);
    let page = format!(
        "<!DOCTYPE html><html><head><title>All</title><base href='/dir/'>\
         <link rel=stylesheet href=main.css><link rel='shortcut icon' href=/icon.ico>\
         <link rel=preload as=font href=early.woff2 crossorigin>\
         <script src=app.js></script><style>@import 'inline.css'; h1 {{ background: url(\"h1.png\") }}</style></head>\
         <body style='background: url(body.png)'><img src=one.png srcset='one-2x.png 2x, one-3x.png 3x'>\
         <picture><source srcset=wide.webp type=image/webp><img src={}></picture>\
         <iframe src=frame.html></iframe><video poster=poster.png src=film.mp4></video>\
         <a href=elsewhere.html>a link, not a requisite</a><!-- <img src=comment.png> --></body></html>",
        other.url("/far.png")
    );
    let css = format!(
        "@import url(print.css) print; @import \"{}\";\n@font-face {{ src: url('font.woff2') format('woff2') }}\n\
         p {{ background: url( spaced.png ) }} b {{ background: url(data:image/png;base64,AAAA) }}",
        other.url("/far.css")
    );
    let names = [
        "early.woff2",
        "app.js",
        "h1.png",
        "body.png",
        "one.png",
        "one-2x.png",
        "one-3x.png",
        "wide.webp",
        "poster.png",
        "film.mp4",
        "font.woff2",
        "spaced.png",
        "print.png",
        "in-frame.png",
        "inline.png",
    ];
    let paths: Vec<String> = names.iter().map(|name| format!("/dir/{name}")).collect();
    let mut scripts = vec![
        ("/", ok("text/html; charset=utf-8", page)),
        ("/icon.ico", ok("image/x-icon", PNG)),
        ("/dir/main.css", ok("text/css", css)),
        ("/dir/print.css", ok("text/css", "p{background:url(print.png)}")),
        ("/dir/inline.css", ok("text/css", "p{background:url(inline.png)}")),
        ("/dir/frame.html", ok("text/html", "<img src=in-frame.png>")),
    ];
    scripts.extend(paths.iter().map(|path| (path.as_str(), ok("application/octet-stream", PNG))));
    let server = serve(scripts.clone());
    let dir = tempdir().unwrap();
    let (collection, stderr) = capture(&dir.path().join("c"), &[&server.url("/")], &[], 0);
    for (path, _) in &scripts {
        exchange(&collection, &server.url(path));
    }
    for path in ["/far.png", "/far.css", "/deep.png"] {
        let (_, request) = exchange(&collection, &other.url(path));
        let request = String::from_utf8(request.block).unwrap();
        let referer = request.lines().find_map(|line| line.strip_prefix("Referer: "));
        let expected = if path == "/deep.png" { other.url("/far.css") } else { server.url("/") };
        assert_eq!(referer, Some(expected.as_str()), "{path}: another host learns the origin only");
    }
    let responses = collection.records().iter().filter(|r| r.is("response")).count();
    assert_eq!(responses, scripts.len() + 3, "nothing else was fetched");
    assert_eq!(collection.pages().len(), 1, "a frame is no page");
    assert_eq!(stderr.lines().filter(|line| line.starts_with("200 ")).count(), 1, "{stderr}");
}

#[test]
fn scope_page_leaves_the_requisites() {
    let server = serve(crate::common::site::small());
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &["--scope", "page"], 0);
    assert_eq!(collection.records().iter().filter(|r| r.is("response")).count(), 1);
    assert_eq!(collection.pages()[0]["title"], "A small page");
}

#[test]
fn a_requisite_that_fails_is_evidence_and_does_not_fail_the_page() {
    let server = serve(vec![("/", ok("text/html", "<title>T</title><img src=http://localhost:1/x.png>"))]);
    let dir = tempdir().unwrap();
    let (collection, stderr) = capture(&dir.path().join("c"), &[&server.url("/")], &[], 0);
    let failure = &collection.log_of("failure")[0];
    assert_eq!(
        (failure["url"].as_str(), failure["stage"].as_str()),
        (Some("http://localhost:1/x.png"), Some("connect"))
    );
    assert!(stderr.contains("http://localhost:1/x.png: not captured (connect)"), "{stderr}");
}

#[test]
fn what_is_too_far_from_its_page_is_told_of() {
    let frame = |n: usize| (format!("/f{n}"), ok("text/html", format!("<iframe src=/f{}></iframe>", n + 1)));
    let server = Server::plain((0..12).map(frame).collect());
    let dir = tempfile::tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/f0")], &[], 0);
    let skipped: Vec<_> = collection.log_of("skip");
    assert_eq!(skipped.len(), 1, "{skipped:?}");
    assert_eq!(skipped[0]["url"], server.url("/f7").as_str());
    assert!(skipped[0]["reason"].as_str().unwrap().contains("steps"), "{skipped:?}");
}

#[test]
fn where_a_limit_ends_the_reading_of_links_the_log_says_so() {
    let style = [b"/*".as_slice(), &vec![b' '; 8 << 20], b"*/ p { background: url(late.png) }"].concat();
    let page = "<!DOCTYPE html><title>Long</title><link rel=stylesheet href=style.css><p>Text.";
    let server = serve(vec![("/", ok("text/html", page)), ("/style.css", ok("text/css", style))]);
    let dir = tempfile::tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &[], 0);
    let skips = collection.log_of("skip");
    assert_eq!(skips.len(), 1, "{skips:?}");
    assert_eq!(skips[0]["url"], server.url("/style.css").as_str());
    assert!(skips[0]["reason"].as_str().unwrap().contains("there may be more"));
}
