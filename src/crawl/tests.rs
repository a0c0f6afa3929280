//! Captures that are prepared ahead, stored as revisits, and put into more than one WARC.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods)]

use super::dedup::{self, Offered, offer};
use super::{Archive, Captured, Error, Ledger, Role, Target};
use crate::finding::Severity;
use crate::manifest::{Entry, Record, Session, Tool};
use crate::package::survey::{Place, Visitor, survey};
use crate::package::{Package, pack};
use crate::selftest::{Script, Server, Step};
use crate::verify::{Options, Report, Verification};
use crate::warc::{Head, Limits, Reader, RecordType, Source};
use crate::wire::record::{PageNotes, Referent};
use crate::wire::{Client, ClientOptions, Connector, DigestForm, Exchange, Request, SpoolOptions, Trust};
use crate::world::System;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

const PAGE: &str =
    "<!DOCTYPE html><title>A page</title><p>The same each time, and long enough to be worth it.";

fn ok(body: &str) -> Script {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n", body.len());
    vec![Step::Send((head + body).into_bytes()), Step::Next]
}

fn serve(scripts: Vec<(&str, Script)>) -> Server {
    Server::plain(scripts.into_iter().map(|(path, script)| (path.to_owned(), script)).collect()).unwrap()
}

/// Fetches paths; blocks above `memory` are on the disk.
fn fetch(server: &Server, paths: &[&str], memory: usize, digest: DigestForm) -> Vec<Exchange> {
    let connector = Connector::new(Trust::mozilla().unwrap(), Duration::from_secs(5));
    let spool = SpoolOptions { dir: std::env::temp_dir(), memory };
    let client = Client::new(connector, ClientOptions { digest, ..ClientOptions::new(spool) });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let get = async |path: &&str| {
        let request = Request::builder("GET", &server.url(path).unwrap()).build().unwrap();
        client.exchange(&request).await.unwrap()
    };
    runtime.block_on(async {
        let mut exchanges = Vec::new();
        for path in paths {
            exchanges.push(get(path).await);
        }
        exchanges
    })
}

fn target(url: &Url) -> Target {
    Target::new(url.clone(), Role::Page)
}

fn create(root: &Path) -> Archive {
    let text = |text: &str| text.to_owned();
    let session = Session {
        archive: crate::world::new_urn(&System).unwrap(),
        session: crate::world::new_urn(&System).unwrap(),
        previous_size: 0,
        previous_root: None,
        tool: Tool { name: text("fonds"), version: text("0"), target: text("test"), binary_sha256: None },
        seeds: Vec::new(),
        options: BTreeMap::new(),
        redacted: Vec::new(),
        operator: None,
        user_agent: text("test"),
    };
    Archive::create(root, Box::new(System), session, &[("software", text("fonds/0"))]).unwrap()
}

/// A sealed collection of these exchanges, each a revisit where a referent is known.
fn collect(root: &Path, exchanges: &[Exchange], known: &HashMap<String, Referent>, digest: DigestForm) {
    let mut archive = create(root);
    let mut ledger = Ledger::new(&mut archive, HashSet::new(), digest);
    for exchange in exchanges {
        let captured = write(&mut ledger, exchange, known.get(&exchange.payload.labelled(digest)), notes());
        ledger.page(&exchange.url, Some("A page"), &captured).unwrap();
    }
    archive.seal("complete").unwrap();
}

/// Prepared on another thread.
fn write(
    ledger: &mut Ledger<'_>,
    exchange: &Exchange,
    referent: Option<&Referent>,
    notes: PageNotes,
) -> Captured {
    let (exchange, target) = (Arc::new(exchange.clone()), target(&exchange.url));
    let mut planned = ledger.plan_exchange(&target, exchange, None, false, referent.cloned()).unwrap();
    planned.note_page(notes);
    let prepared = std::thread::spawn(|| planned.prepare().unwrap()).join().unwrap();
    ledger.commit(prepared).unwrap()
}

fn notes() -> PageNotes {
    let link = |text: &str, hop| (Url::parse(text).unwrap(), hop);
    PageNotes {
        title: Some("A page".to_owned()),
        outlinks: vec![link("http://a.example/next", 'L'), link("http://a.example/style.css", 'E')],
    }
}

fn offered(path: &Path, digest: DigestForm) -> Result<(Offered, HashMap<String, Referent>), Error> {
    let mut known = HashMap::new();
    let offered = offer(path, digest, &mut |digest, referent| {
        known.insert(digest.to_owned(), referent);
        Ok(())
    })?;
    Ok((offered, known))
}

fn verified(roots: &[&Path], closed: bool) -> Report {
    let options = Options { spool: std::env::temp_dir(), closed, ..Options::default() };
    let mut run = Verification::new(options);
    for root in roots {
        run.package(&Package::open(root).unwrap()).unwrap();
    }
    run.finish("2026-11-22T12:00:00Z".to_owned())
}

#[track_caller]
fn assert_sound(roots: &[&Path]) {
    let report = verified(roots, false);
    let wrong: Vec<_> = report.findings.iter().filter(|f| f.severity > Severity::Info).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(report.achieved, Some(2));
}

type Records = Vec<(Head, Vec<u8>)>;

/// Heads and blocks of all records, by file.
fn records(root: &Path) -> Vec<(String, Records)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(root.join("archive")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &Path| {
        let source = Source::Seek(Box::new(std::fs::File::open(path).unwrap()));
        let mut reader = Reader::new(source, Limits::default()).unwrap();
        let mut records = Vec::new();
        while let Some(mut record) = reader.next_record().unwrap() {
            let (head, mut block) = (record.head.clone(), Vec::new());
            record.read_to_end(&mut block).unwrap();
            records.push((head, block));
        }
        records
    };
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), read(path))).collect()
}

#[test]
fn a_page_that_an_earlier_collection_holds_is_stored_as_a_revisit_that_verifies() {
    let (server, dir) =
        (serve(vec![("/", ok(PAGE)), ("/new", ok("something else"))]), tempfile::tempdir().unwrap());
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let form = DigestForm::Sha256;
    collect(&first, &fetch(&server, &["/"], 1 << 20, form), &HashMap::new(), form);
    let (_, known) = offered(&first, form).unwrap();
    collect(&second, &fetch(&server, &["/", "/new"], 1 << 20, form), &known, form);

    let all = records(&second).remove(0).1;
    let (head, block) = all.iter().find(|(head, _)| head.record_type() == RecordType::Revisit).unwrap();
    let referent = records(&first).remove(0).1.into_iter().map(|(head, _)| head);
    let is_response = |head: &Head| head.record_type() == RecordType::Response && head.holds_http();
    let referent = referent.into_iter().find(is_response).unwrap();
    let field = |name| head.fields.get(name).map(crate::warc::bare_uri);
    assert_eq!(
        field("WARC-Profile"),
        Some("http://netpreserve.org/warc/1.1/revisit/identical-payload-digest")
    );
    assert_eq!(field("WARC-Refers-To"), referent.id());
    assert_eq!(field("WARC-Refers-To-Target-URI"), referent.target_uri());
    assert_eq!(field("WARC-Refers-To-Date"), referent.date());
    assert_eq!(field("WARC-Payload-Digest"), referent.fields.get("WARC-Payload-Digest"));
    assert_eq!(field("WARC-Truncated"), Some("length"));
    assert!(block.starts_with(b"HTTP/1.1 200 OK\r\n") && block.ends_with(b"\r\n\r\n"));
    assert_eq!(all.iter().filter(|(head, _)| is_response(head)).count(), 1);
    let index = std::fs::read_to_string(second.join("indexes/index.cdxj")).unwrap();
    assert!(index.contains("\"mime\": \"warc/revisit\", \"status\": \"200\""), "{index}");

    assert_sound(&[&first, &second]);
    assert_sound(&[&second, &first]);
    let codes = |closed| {
        let said = verified(&[&second], closed).findings;
        said.into_iter()
            .filter(|f| f.severity > Severity::Info)
            .map(|f| (f.code, f.severity))
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(false), [("unresolved-reference", Severity::Warning)]);
    assert_eq!(codes(true), [("unresolved-reference", Severity::Error)]);
}

#[test]
fn what_a_revisit_leads_to_is_told_again_by_a_survey() {
    struct Seen(Vec<(Vec<String>, PageNotes)>, Vec<String>);
    impl Visitor for Seen {
        fn response(&mut self, record: &Record, _: &Head, _: &mut (dyn Read + Send)) -> io::Result<()> {
            self.1.push(record.warc.id.clone());
            Ok(())
        }
        fn notes(&mut self, record: &Record, _: &Head, block: &mut (dyn Read + Send)) -> io::Result<()> {
            let mut bytes = Vec::new();
            block.read_to_end(&mut bytes)?;
            self.0.push((record.links.concurrent_to.clone(), PageNotes::read(&bytes)));
            Ok(())
        }
        fn told(&mut self, _: Entry, _: Option<Place>) -> io::Result<()> {
            Ok(())
        }
    }
    let (server, dir) = (serve(vec![("/", ok(PAGE))]), tempfile::tempdir().unwrap());
    let root = dir.path().join("c");
    let exchanges = fetch(&server, &["/"], 1 << 20, DigestForm::Sha256);
    collect(&root, &exchanges, &known_for(&exchanges[0]), DigestForm::Sha256);
    let mut seen = Seen(Vec::new(), Vec::new());
    survey(&root, &mut seen).unwrap();
    assert_eq!(seen.0.len(), 1);
    assert!(seen.1.iter().any(|id| seen.0[0].0.contains(id)), "the notes name the revisit");
    assert_eq!(seen.0[0].1, notes());
}

fn known_for(exchange: &Exchange) -> HashMap<String, Referent> {
    let referent =
        Referent { id: None, uri: "http://a.example/".to_owned(), date: "2020-01-01T00:00:00Z".to_owned() };
    HashMap::from([(exchange.payload.labelled(DigestForm::Sha256), referent)])
}

#[test]
fn what_is_not_whole_or_has_no_payload_is_never_a_revisit() {
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec();
    let scripts = vec![
        ("/empty", ok("")),
        ("/cut", vec![Step::Send(cut)]),
        ("/bare", vec![Step::Send(b"no head at all".to_vec())]),
        ("/page", ok(PAGE)),
    ];
    let (server, dir) = (serve(scripts), tempfile::tempdir().unwrap());
    let mut archive = create(&dir.path().join("c"));
    let mut ledger = Ledger::new(&mut archive, HashSet::new(), DigestForm::Sha256);
    for exchange in fetch(&server, &["/empty", "/cut", "/bare", "/page"], 1 << 20, DigestForm::Sha256) {
        let referent = known_for(&exchange).into_values().next();
        let (exchange, target) = (Arc::new(exchange), target(&Url::parse("http://a.example/").unwrap()));
        let mut planned = ledger.plan_exchange(&target, exchange.clone(), None, false, referent).unwrap();
        assert_eq!(planned.is_revisit(), exchange.url.path() == "/page", "{}", exchange.url);
        let link = (Url::parse("http://a.example/").unwrap(), 'L');
        planned.note_page(PageNotes { title: None, outlinks: vec![link; 50_000] });
        assert!(!planned.is_revisit(), "what cannot be noted is stored");
        assert!(planned.bytes() < 10_000);
        let prepared = planned.prepare().unwrap();
        assert!(!prepared.is_big());
        ledger.commit(prepared).unwrap();
    }
    let root = archive.seal("complete").unwrap();
    assert!(records(&root)[0].1.iter().all(|(head, _)| head.record_type() != RecordType::Revisit));
}

#[test]
fn every_form_of_an_earlier_archive_offers_the_same() {
    let scripts = vec![("/a", ok(PAGE)), ("/b", ok("another")), ("/empty", ok(""))];
    let (server, dir) = (serve(scripts), tempfile::tempdir().unwrap());
    for form in [DigestForm::Sha256, DigestForm::Sha1] {
        let root = dir.path().join(format!("{form:?}"));
        collect(&root, &fetch(&server, &["/a", "/b", "/empty"], 1 << 20, form), &HashMap::new(), form);
        let wacz = root.with_extension("wacz");
        pack(&root, &wacz).unwrap();
        let warc = std::fs::read_dir(root.join("archive")).unwrap().next().unwrap().unwrap().path();
        let (count, from_log) = offered(&root, form).unwrap();
        assert_eq!((count, from_log.len()), (Offered { taken: 2, ..Offered::default() }, 2));
        for path in [&wacz, &warc, &root.join("archive")] {
            assert_eq!(offered(path, form).unwrap().1, from_log, "{}", path.display());
        }
        let from_index = offered(&root.join("indexes/index.cdxj"), form).unwrap().1;
        for (digest, referent) in &from_log {
            let said = &from_index[digest];
            assert_eq!((&said.id, &said.uri), (&None, &referent.uri));
            assert_eq!(said.date[..19], referent.date[..19]);
        }
        let other = if form == DigestForm::Sha1 { DigestForm::Sha256 } else { DigestForm::Sha1 };
        let error = offered(&root, other).unwrap_err();
        assert!(matches!(error, Error::Dedup(dedup::Error::OtherDigest { .. })), "{error}");
        assert!(error.to_string().contains("run it with --digest"), "{error}");
    }
}

#[test]
fn an_index_of_anyone_is_read_and_what_could_break_a_field_is_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.cdxj");
    let base32 = "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYK";
    let line = |surt: &str, time: &str, json: &str| {
        format!("{surt} {time} {{{json}, \"length\": 1, \"offset\": 0, \"filename\": \"f\"}}\n")
    };
    let text = [
        line("a", "20200102030405", &format!("\"url\": \"http://a/1\", \"digest\": \"{base32}\"")),
        line(
            "b",
            "20200102030405678",
            &format!("\"url\": \"http://a/2\", \"digest\": \"sha-1:{}\"", "ab".repeat(20)),
        ),
        line(
            "c",
            "20200102030405",
            &format!(
                "\"url\": \"http://a/3\", \"mime\": \"warc/revisit\", \"digest\": \"sha1:{}\"",
                "cd".repeat(20)
            ),
        ),
        line(
            "d",
            "20200102030405",
            &format!("\"url\": \"http://a/4\\r\\nX: y\", \"digest\": \"sha1:{}\"", "ef".repeat(20)),
        ),
        line("e", "2020", &format!("\"url\": \"http://a/5\", \"digest\": \"sha1:{}\"", "01".repeat(20))),
        line(
            "f",
            "20200102030405",
            &format!("\"url\": \"http://a/6\", \"digest\": \"sha256:{}\"", "01".repeat(32)),
        ),
        "nothing\n".to_owned(),
    ];
    std::fs::write(&path, text.concat()).unwrap();
    let (count, known) = offered(&path, DigestForm::Sha1).unwrap();
    assert_eq!(count, Offered { taken: 2, other_algorithm: 1, unreadable: 1 });
    assert_eq!(known[&format!("sha1:{base32}")].date, "2020-01-02T03:04:05Z");
    let hex = data_encoding::BASE32.encode(&[0xab; 20]);
    assert_eq!(known[&format!("sha1:{hex}")].date, "2020-01-02T03:04:05.678Z");
    for name in ["nowhere.cdxj", "x.txt"] {
        let error = offered(&dir.path().join(name), DigestForm::Sha1).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_block_too_big_for_memory_is_written_aside_and_is_the_same_record() {
    let big = "0123456789abcdef ".repeat(20_000);
    let (server, dir) = (serve(vec![("/big", ok(&big))]), tempfile::tempdir().unwrap());
    let mut blocks = Vec::new();
    for memory in [1 << 20, 1000] {
        let exchange = fetch(&server, &["/big"], memory, DigestForm::Sha256).remove(0);
        let mut archive = create(&dir.path().join(memory.to_string()));
        let mut ledger = Ledger::new(&mut archive, HashSet::new(), DigestForm::Sha256);
        let planned =
            ledger.plan_exchange(&target(&exchange.url), Arc::new(exchange), None, false, None).unwrap();
        let prepared = planned.prepare().unwrap();
        assert_eq!(prepared.is_big(), memory == 1000);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(ledger.commit_aside(prepared)).unwrap();
        let root = archive.seal("complete").unwrap();
        assert_sound(&[&root]);
        let records = records(&root).remove(0).1;
        blocks.push(records.into_iter().map(|(_, block)| block).collect::<Vec<_>>().split_off(1));
    }
    assert_eq!(blocks[0], blocks[1]);
}

#[test]
fn a_commit_that_was_not_awaited_to_its_end_lets_nothing_more_be_written() {
    let big = "0123456789abcdef ".repeat(20_000);
    let (server, dir) = (serve(vec![("/big", ok(&big))]), tempfile::tempdir().unwrap());
    let exchange = Arc::new(fetch(&server, &["/big"], 1000, DigestForm::Sha256).remove(0));
    let mut archive = create(&dir.path().join("c"));
    let mut ledger = Ledger::new(&mut archive, HashSet::new(), DigestForm::Sha256);
    let plan = |ledger: &mut Ledger<'_>| {
        let url = exchange.url.clone();
        let planned = ledger.plan_exchange(&target(&url), Arc::clone(&exchange), None, false, None).unwrap();
        planned.prepare().unwrap()
    };
    let (first, second) = (plan(&mut ledger), plan(&mut ledger));
    // The one thread that could write waits, so that the commit cannot be done when it is dropped.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build().unwrap();
    let (free, wait) = std::sync::mpsc::channel::<()>();
    runtime.block_on(async {
        let busy = tokio::task::spawn_blocking(move || wait.recv());
        let dropped = tokio::time::timeout(Duration::ZERO, ledger.commit_aside(first));
        assert!(dropped.await.is_err());
        drop(free);
        assert!(busy.await.unwrap().is_err());
    });
    assert!(ledger.commit(second).is_err());
    assert!(archive.seal("interrupted").is_err());
}

#[test]
fn records_cite_the_warcinfo_of_the_file_that_they_are_in_however_far_ahead_they_were_prepared() {
    let (server, dir) = (serve(vec![("/", ok(PAGE))]), tempfile::tempdir().unwrap());
    let exchange = Arc::new(fetch(&server, &["/"], 1 << 20, DigestForm::Sha256).remove(0));
    let mut archive = create(&dir.path().join("c"));
    archive.set_warc_size(1500);
    archive.set_gzip_level(1);
    let mut ledger = Ledger::new(&mut archive, HashSet::new(), DigestForm::Sha256);
    let (url, mut ahead) = (exchange.url.clone(), Vec::new());
    for _ in 0..12 {
        // As many ahead as one likes, but none where the file is full.
        if ledger.wants_rotation() || ahead.len() == 3 {
            ahead.drain(..).for_each(|prepared| drop(ledger.commit(prepared).unwrap()));
        }
        let planned = ledger.plan_exchange(&target(&url), Arc::clone(&exchange), None, false, None).unwrap();
        ahead.push(planned.prepare().unwrap());
    }
    ahead.into_iter().for_each(|prepared| drop(ledger.commit(prepared).unwrap()));
    let root = archive.seal("complete").unwrap();
    assert_sound(&[&root]);
    let files = records(&root);
    assert!(files.len() > 2, "{}", files.len());
    for (number, (name, records)) in files.iter().enumerate() {
        assert!(name.ends_with(&format!("-{number:05}.warc.gz")), "{name}");
        let (info, rest) = records.split_first().unwrap();
        assert_eq!(info.0.record_type(), RecordType::WarcInfo);
        assert_eq!(info.0.fields.get("WARC-Filename"), Some(name.as_str()));
        let cited =
            |head: &Head| head.fields.get("WARC-Warcinfo-ID").map(crate::warc::bare_uri) == info.0.id();
        assert!(!rest.is_empty() && rest.iter().all(|(head, _)| cited(head)), "{name}");
    }
}
