//! A payload that an earlier archive holds: what the commands make of the record that refers to it.

use crate::common::cli::fonds;
use crate::common::server::Server;
use crate::common::site::{ok, serve};
use fonds::warc::{Compression, Writer};
use fonds::wire::record::{Origin, RecordDraft, Referent, exchange_drafts, random_id};
use fonds::wire::{Client, ClientOptions, Connector, Exchange, Request, SpoolOptions, Trust};
use std::path::{Path, PathBuf};
use std::time::Duration;

const PAGE: &str = "<!DOCTYPE html><title>The page</title><p>A paragraph that is the same in every year, and long \
                    enough to be taken for the text of a page by whoever reads it.";

fn fetch(server: &Server) -> Exchange {
    let connector = Connector::new(Trust::mozilla().unwrap(), Duration::from_secs(5));
    let connector = connector.resolve("localhost", vec![[127, 0, 0, 1].into()]);
    let client = Client::new(connector, ClientOptions::new(SpoolOptions::in_dir(std::env::temp_dir())));
    let request = Request::builder("GET", &server.url("/")).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(client.exchange(&request)).unwrap()
}

fn drafts(exchange: &Exchange, referent: Option<&Referent>) -> Vec<RecordDraft> {
    exchange_drafts(exchange, &Origin { referent, ..Origin::default() }, &mut random_id)
}

fn write(path: &Path, drafts: &[RecordDraft]) {
    let mut writer = Writer::create(path, Compression::Gzip(6)).unwrap();
    for draft in drafts {
        let fields: Vec<_> =
            draft.fields.iter().filter(|(name, _)| *name != "Content-Length").cloned().collect();
        writer.write(&fields, &mut *draft.block.reader(), draft.block.len()).unwrap();
    }
    writer.close().unwrap();
}

struct Pair {
    _dir: tempfile::TempDir,
    first: PathBuf,
    second: PathBuf,
    url: String,
}

impl Pair {
    fn args<'a>(&'a self, command: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
        let paths = [&self.first, &self.second].map(|path| path.to_str().unwrap());
        [command].into_iter().chain(rest.iter().copied()).chain(paths).collect()
    }
}

/// A page, and its revisit in another WARC, which names it by what `referent` leaves.
fn pair(referent: impl Fn(Referent) -> Referent) -> Pair {
    let server = serve(vec![("/", ok("text/html", PAGE))]);
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("1.warc.gz"), dir.path().join("2.warc.gz"));
    let one = drafts(&fetch(&server), None);
    let field = |name| one[0].field(name).unwrap().to_owned();
    let id = field("WARC-Record-ID").trim_matches(['<', '>']).to_owned();
    let (uri, date) = (field("WARC-Target-URI"), field("WARC-Date"));
    let url = uri.clone();
    let known = referent(Referent { id: Some(id), uri, date });
    std::thread::sleep(Duration::from_millis(2));
    write(&first, &one);
    write(&second, &drafts(&fetch(&server), Some(&known)));
    Pair { _dir: dir, first, second, url }
}

#[test]
fn a_revisit_resolves_over_all_inputs_by_id_or_by_uri_and_date() {
    let no_id = |referent: Referent| Referent { id: None, ..referent };
    let from_index = |referent: Referent| {
        let date = format!("{}Z", &referent.date[..19]);
        Referent { id: None, date, ..referent }
    };
    let pairs = [pair(|referent| referent), pair(no_id), pair(from_index)];
    for (number, pair) in pairs.iter().enumerate() {
        let codes = |args: &[&str], code: i32| {
            let report = fonds(args).expect(code).json();
            let codes = report["findings"].as_array().unwrap().iter();
            let codes = codes.map(|finding| finding["code"].as_str().unwrap().to_owned());
            codes
                .filter(|code| code.starts_with("unresolved") || code.starts_with("referent"))
                .collect::<Vec<_>>()
        };
        let alone = pair.second.to_str().unwrap();
        assert!(codes(&pair.args("verify", &["--format", "json", "--closed"]), 0).is_empty(), "{number}");
        assert_eq!(codes(&["verify", "--format", "json", alone], 0), ["unresolved-reference"], "{number}");
        assert_eq!(
            codes(&["verify", "--format", "json", "--closed", alone], 1),
            ["unresolved-reference"],
            "{number}"
        );
    }
}

#[test]
fn a_revisit_that_says_another_payload_uri_or_date_than_its_referent_is_noticed() {
    let codes = |pair: &Pair| {
        let report = fonds(pair.args("verify", &["--format", "json", "--strict"])).expect(1).json();
        let codes = report["findings"].as_array().unwrap().iter();
        codes.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let other_date = |referent: Referent| Referent { date: "2020-01-01T00:00:00Z".to_owned(), ..referent };
    let other_uri = |referent: Referent| Referent { uri: "http://a.example/".to_owned(), ..referent };
    for pair in [pair(other_date), pair(other_uri)] {
        assert!(codes(&pair).contains(&"referent-disagrees".to_owned()));
    }
    for id in [true, false] {
        let pair = pair(|referent| Referent { id: referent.id.filter(|_| id), ..referent });
        let server = serve(vec![("/", ok("text/html", "another"))]);
        let mut other = drafts(&fetch(&server), None);
        // The referent's place and name, with another payload.
        let first = fields_of(&pair.first);
        for field in ["WARC-Record-ID", "WARC-Target-URI", "WARC-Date"] {
            let place = other[0].fields.iter_mut().find(|(name, _)| *name == field).unwrap();
            place.1.clone_from(&first[field]);
        }
        std::fs::remove_file(&pair.first).unwrap();
        write(&pair.first, &other[..1]);
        assert!(codes(&pair).contains(&"revisit-payload".to_owned()), "{id}");
    }
}

/// The fields of a file's first record.
fn fields_of(path: &Path) -> std::collections::HashMap<String, String> {
    let source = fonds::warc::Source::Seek(Box::new(std::fs::File::open(path).unwrap()));
    let mut reader = fonds::warc::Reader::new(source, fonds::warc::Limits::default()).unwrap();
    let record = reader.next_record().unwrap().unwrap();
    record.head.fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn every_command_that_reads_takes_revisits_as_they_are() {
    let pair = pair(|referent| referent);
    let second = pair.second.to_str().unwrap();
    let rows = fonds(["ls", "--format", "json", second]).expect(0);
    assert!(rows.text().contains("revisit"), "{}", rows.text());
    let block = fonds(["cat", "--url", &pair.url, "--part", "block", second]).expect(0);
    assert!(block.text().starts_with("HTTP/1.1 200 OK\r\n") && block.text().ends_with("\r\n\r\n"));
    for part in ["payload", "decoded"] {
        assert_eq!(fonds(["cat", "--url", &pair.url, "--part", part, second]).expect(0).text(), "");
    }
    let lines = fonds(["index", second]).expect(0);
    assert!(lines.text().contains("\"mime\": \"warc/revisit\", \"status\": \"200\""), "{}", lines.text());
    // Its payload is in the other file: the page was seen twice.
    let lines = fonds(pair.args("extract", &["--format", "jsonl"])).expect(0).json_lines();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["text"], &lines[0]["url"]), (&lines[1]["text"], &lines[1]["url"]));
    assert_eq!(lines[1]["source"]["referent"]["record"], lines[0]["id"]);
    fonds(["extract", second]).expect(1).one_line();
}
