//! Every form of input, damaged ones among them.

use super::{fixture, text_of};
use crate::common::cli::{archive, fonds, fonds_reading};
use crate::common::collection::{Collection, gzip, members};
use crate::common::files::Files;
use crate::common::site::{answer, ok, serve, serve_directory};
use fonds::package::pack;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use tempfile::{TempDir, tempdir};

/// Two articles and what is none, archived.
struct Archived {
    dir: TempDir,
    collection: Collection,
}

fn article(n: u32) -> String {
    let paragraph = format!(
        "This is article number {n}, and it has a paragraph that is long enough to be one, with commas, and so on. "
    )
    .repeat(4);
    format!(
        "<!DOCTYPE html><html lang=en><head><title>Article {n}</title></head><body><article><h1>Article {n}</h1>\
         <p>{paragraph}</p><p>{paragraph}</p></article></body></html>"
    )
}

fn archived() -> Archived {
    let html = "text/html; charset=utf-8";
    let server = serve(vec![
        ("/1", ok(html, article(1))),
        ("/2", ok(html, article(2))),
        ("/error", answer("404 Not Found", "Content-Type: text/html\r\n", article(404))),
        ("/image", ok("image/png", "\u{89}PNG")),
    ]);
    let dir = tempdir().unwrap();
    let urls = ["/1", "/error", "/image", "/2"].map(|path| server.url(path));
    let root = dir.path().join("c");
    archive(&root, &urls.each_ref(), &[]).expect(0);
    pack(&root, &dir.path().join("c.wacz")).unwrap();
    let collection = Collection::new(&root);
    let warc = collection.read(&collection.warc());
    let plain: Vec<u8> = members(&warc).into_iter().flat_map(|(_, _, content)| content).collect();
    fs::write(dir.path().join("c.warc.gz"), &warc).unwrap();
    fs::write(dir.path().join("c.warc"), plain).unwrap();
    Archived { dir, collection }
}

impl Archived {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }
}

#[test]
fn every_form_of_an_archive_gives_the_same_articles() {
    let archived = archived();
    let root = archived.collection.root.to_str().unwrap();
    let expected = fonds(["extract", root]).expect(0).text().to_owned();
    let (first, second) = expected.split_once("\n---\n\n").unwrap();
    assert!(first.starts_with("Article 1\n") && second.starts_with("Article 2\n"), "{expected}");
    let (with, without) = (Files::serve(true), Files::serve(false));
    for name in ["c.wacz", "c.warc.gz", "c.warc"] {
        let bytes = archived.bytes(name);
        let path = archived.path(name).to_str().unwrap().to_owned();
        for input in [path, with.put(name, &bytes), without.put(name, &bytes)] {
            assert_eq!(fonds(["extract", &input]).expect(0).text(), expected, "{input}");
        }
        assert_eq!(fonds_reading(bytes, &["extract", "-"]).expect(0).text(), expected, "{name} piped");
    }
}

#[test]
fn of_a_big_wacz_behind_a_url_only_what_is_needed_is_fetched() {
    let archived = archived();
    let junk: Vec<u8> = (0..4_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    // A package by another tool, with a big file that no reader of pages needs.
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for path in archived.collection.files().iter().map(String::as_str).chain(["extra/big.bin"]) {
        let bytes = if path.starts_with("extra") { junk.clone() } else { archived.collection.read(path) };
        zip.start_file(path, options).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    let server = Files::serve(true);
    let url = server.put("big.wacz", &zip.finish().unwrap().into_inner());
    assert!(fonds(["extract", &url]).expect(0).text().starts_with("Article 1\n"));
    let sent = server.sent.load(Ordering::Relaxed);
    assert!(sent < 1_500_000, "{sent} bytes of a file of 4 MB");
}

#[test]
fn a_page_alone_is_extracted_from_file_url_and_standard_input() {
    let path = fixture("wordpress-post.html");
    let expected = text_of("wordpress-post.article.txt");
    assert_eq!(fonds(["extract", path.to_str().unwrap()]).expect(0).text(), expected);
    assert_eq!(fonds_reading(fs::read(&path).unwrap(), &["extract", "-"]).expect(0).text(), expected);
    let server = serve_directory(&fixture(""));
    let url = format!("http://127.0.0.1:{}/wordpress-post.html", server.addr.port());
    assert_eq!(fonds(["extract", &url]).expect(0).text(), expected);
}

#[test]
fn json_lines_have_the_published_keys() {
    let archived = archived();
    let of = |name| {
        let path = archived.path(name);
        fonds(["extract", "--format", "jsonl", path.to_str().unwrap()]).expect(0).json_lines()
    };
    let lines = of("c.wacz");
    assert_eq!(lines.len(), 2);
    let keys = [
        "id",
        "url",
        "date",
        "source",
        "title",
        "authors",
        "published",
        "modified",
        "site",
        "description",
        "language",
        "page_type",
        "text",
        "comments",
        "quality",
    ];
    for line in &lines {
        for key in keys {
            assert!(line.get(key).is_some(), "no {key} in {line}");
        }
        let file = line["source"]["file"].as_str().unwrap();
        assert!(file.ends_with(&format!("c.wacz!{}", archived.collection.warc())), "{file}");
    }
    assert_eq!(lines[1]["id"], of("c.warc")[1]["id"], "the id names the record wherever the archive lies");
}

#[test]
fn pages_of_an_arc_which_have_no_ids_are_told_apart_by_their_place() {
    let dir = tempdir().unwrap();
    let version = "1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n";
    let first = format!("filedesc://a.arc 0.0.0.0 20080430204825 text/plain {}\n{version}", version.len());
    let pages = [1, 2].map(|n| {
        let block = format!("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n{}", article(n));
        format!("\nhttp://a/{n} 192.0.2.1 20080430204826 text/html {}\n{block}", block.len())
    });
    let text = [&first[..], &pages[0], &pages[1], "\n"].concat();
    for (name, bytes) in [
        ("a.arc", text.clone().into_bytes()),
        ("one-member.arc.gz", gzip(text.as_bytes())),
        (
            "b.arc.gz",
            [&first, &pages[0][1..], &pages[1][1..]]
                .map(|part| gzip(format!("{part}\n").as_bytes()))
                .concat(),
        ),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let lines = fonds(["extract", "--format", "jsonl", path.to_str().unwrap()]).expect(0).json_lines();
        let ids: Vec<&str> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 2, "{name}");
        assert!(
            ids[0] != ids[1] && ids.iter().all(|id| id.contains("a.arc#") || id.contains(".arc.gz#")),
            "{ids:?}"
        );
        assert!(lines.iter().all(|line| line["source"]["record"].is_null()), "{name}");
    }
}

#[test]
fn markdown_has_headings() {
    let archived = archived();
    let path = archived.path("c.wacz");
    let run = fonds(["extract", "--format", "markdown", path.to_str().unwrap()]).expect(0);
    assert!(run.text().lines().any(|line| line == "# Article 1"), "{}", run.text());
}

#[test]
fn pages_may_be_chosen_by_url() {
    let archived = archived();
    let root = archived.collection.root.to_str().unwrap();
    let run = fonds(["extract", "--url", "/2$", root]).expect(0);
    assert!(run.text().starts_with("Article 2") && !run.text().contains("Article 1"), "{}", run.text());
    let none = fonds(["extract", "--url", "nowhere", root]).expect(1);
    assert!(none.stdout.is_empty() && none.one_line().contains("no page"), "{}", none.stderr);
    fonds(["extract", "--url", "(", root]).expect(2);
}

#[test]
fn one_thread_and_many_write_the_same() {
    let archived = archived();
    let root = archived.collection.root.to_str().unwrap();
    let of = |jobs| fonds(["extract", "-j", jobs, root]).expect(0).stdout;
    assert_eq!(of("1"), of("7"));
    fonds(["extract", "-j", "0", root]).expect(2);
}

#[test]
fn of_a_damaged_archive_what_can_be_read_is_extracted() {
    let archived = archived();
    let bytes = archived.bytes("c.warc.gz");
    let records = archived.collection.records();
    let page = |n: &str| {
        records.iter().find(|r| r.is("response") && r.field("WARC-Target-URI").ends_with(n)).unwrap()
    };
    let path = archived.path("cut.warc.gz");
    let (first, second) = (page("/1"), page("/2"));
    fs::write(&path, &bytes[..second.offset + second.length / 2]).unwrap();
    let run = fonds(["extract", path.to_str().unwrap()]).expect(1);
    assert!(run.text().starts_with("Article 1\n"), "{}", run.text());
    assert!(run.stderr.contains(&format!("cut.warc.gz at byte {}", second.offset)), "{}", run.stderr);
    let mut flipped = bytes.clone();
    flipped[first.offset + first.length / 2] ^= 0x10;
    fs::write(&path, &flipped).unwrap();
    let run = fonds(["extract", path.to_str().unwrap()]).expect(1);
    assert!(run.text().contains("Article 2\n"), "{}", run.text());
}

#[test]
fn what_is_no_page_is_said_in_one_line() {
    let dir = tempdir().unwrap();
    let image = dir.path().join("image.png");
    fs::write(&image, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
    let run = fonds(["extract", image.to_str().unwrap()]).expect(4);
    assert!(run.one_line().contains("image.png: "), "{}", run.stderr);
    for empty in ["", " \n\n"] {
        let run = fonds_reading(empty.as_bytes().to_vec(), &["extract", "-"]);
        assert!(matches!(run.code, 1 | 4) && run.stdout.is_empty(), "{run:?}");
        run.one_line();
    }
    let blank = dir.path().join("blank.html");
    fs::write(&blank, "<!DOCTYPE html><title></title><body></body>").unwrap();
    fonds(["extract", blank.to_str().unwrap()]).expect(1).one_line();
    assert!(fonds(["extract", "/no/such"]).expect(4).one_line().contains("/no/such"));
    let server = Files::serve(true);
    let url = server.put("there", b"") + "-not";
    assert!(fonds(["extract", &url]).expect(4).one_line().contains("404"));
    fonds(["extract", "http://127.0.0.1:1/x.warc"]).expect(4).one_line();
    fonds(["extract"]).expect(2);
}
