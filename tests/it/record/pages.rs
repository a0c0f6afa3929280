//! What is listed as a page: what a window was to show.

use super::Recorder;
use crate::common::site::{answer, moved, ok, serve};

#[test]
fn pages_are_what_the_client_says_is_one_or_all_html_where_it_does_not_say() {
    let html = |title: &str| ok("text/html", format!("<!DOCTYPE html><title>{title}</title><p>x"));
    let server = serve(vec![
        ("/top", html("Top")),
        ("/frame", html("Frame")),
        ("/plain", ok("text/plain", "x")),
        ("/moved", moved("/top")),
        ("/gone", answer("404 No", "Content-Type: text/html\r\n", "<title>Gone</title>")),
        ("/unsaid", html("Unsaid")),
        ("/unsaid-gone", answer("404 No", "Content-Type: text/html\r\n", "<p>no")),
    ]);
    let recorder = Recorder::start(&[]);
    let document = "Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n";
    let frame = "Sec-Fetch-Dest: iframe\r\nSec-Fetch-Mode: navigate\r\n";
    for (path, fields) in [
        ("/top", document),
        ("/frame", frame),
        ("/plain", document),
        ("/moved", document),
        ("/gone", document),
        ("/unsaid", ""),
        ("/unsaid-gone", ""),
    ] {
        recorder.fetch(&server.url(path), "GET", &format!("{fields}Connection: close\r\n"));
    }
    let collection = &recorder.stop().collection;
    let pages = collection.pages();
    let titles: Vec<&str> = pages.iter().map(|page| page["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Top", "Gone", "Unsaid"]);
    assert_eq!(pages[0]["url"], server.url("/top").as_str());
}
