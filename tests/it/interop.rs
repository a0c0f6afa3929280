//! What other tools say: a real server, a real site, and the checkers that others trust.
//!
//! The tools are looked up on PATH. On CI (`CI=true`) a missing one fails the test; elsewhere the reason is printed.

mod authsign;
mod nginx;
mod schema;

use crate::common::cli::{archive, fonds};
use crate::common::collection::{Collection, Record};
use nginx::Nginx;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

/// Where Debian's python3-doc puts the documentation.
const SITE: &str = "/usr/share/doc/python3-doc/html";

/// The path of a tool; `None`, and the reason told, where it is not installed and need not be.
fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    let found = path.split(':').map(|directory| Path::new(directory).join(name)).find(|path| path.is_file());
    if found.is_none() {
        missing(&format!("{name} is not on PATH"));
    }
    found
}

fn missing(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}, and this is CI");
    println!("not tested: {why}");
}

fn site() -> Option<&'static Path> {
    let site = Path::new(SITE);
    if !site.join("index.html").is_file() {
        missing("python3-doc is not installed");
        return None;
    }
    Some(site)
}

#[track_caller]
fn accepts(tool: &Path, args: &[&str]) -> Output {
    let output = Command::new(tool).args(args).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{} {args:?}:\n{out}{err}", tool.display());
    output
}

/// Some pages of the site, archived over the transport.
fn captured(nginx: &Nginx, tls: bool, out: &Path, options: &[&str]) -> Collection {
    let pages = ["index.html", "library/json.html", "tutorial/index.html", "no-such-page.html"];
    let urls: Vec<url::Url> = pages.iter().map(|page| nginx.url(tls, page)).collect();
    let mut all = vec!["--ca", nginx.ca.to_str().unwrap()];
    all.extend(options);
    let run = archive(out, &urls.iter().collect::<Vec<_>>(), &all).expect(0);
    assert!(!run.stderr.contains("not captured"), "{}", run.stderr);
    Collection::new(out)
}

#[test]
fn a_real_site_is_captured_byte_for_byte_and_verifies() {
    let (Some(program), Some(site)) = (tool("nginx"), site()) else { return };
    let nginx = Nginx::start(&program, site);
    let dir = tempfile::tempdir().unwrap();
    for (name, tls) in [("plain", false), ("tls", true)] {
        let out = dir.path().join(name);
        let collection = captured(&nginx, tls, &out, &[]);
        fonds(["verify", "--require", "2", "--strict", out.to_str().unwrap()]).expect(0);
        let records = collection.records();
        let responses: Vec<&Record> = records.iter().filter(|r| r.is("response")).collect();
        assert!(responses.len() > 15, "{} responses: styles, scripts and images too", responses.len());
        for page in ["index.html", "library/json.html", "_static/pydoctheme.css?2022.1"] {
            collection.one("response", &nginx.url(tls, page));
        }
        assert!(responses.iter().all(|r| r.all("WARC-Protocol").contains(&"tls/1.3") == tls));
        if !tls {
            responses.iter().for_each(|response| assert_replayed(&nginx, response, &records));
        }
    }
}

/// The same request sent again by other means is answered with the same bytes, but for the date.
fn assert_replayed(nginx: &Nginx, response: &Record, records: &[Record]) {
    let ids = response.all("WARC-Concurrent-To");
    let request =
        records.iter().find(|r| r.is("request") && ids.contains(&r.field("WARC-Record-ID"))).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", nginx.plain)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(&request.block).unwrap();
    let mut again = vec![0; response.block.len()];
    stream.read_exact(&mut again).unwrap();
    assert!(undated(&again) == undated(&response.block), "{}", response.field("WARC-Target-URI"));
}

fn undated(block: &[u8]) -> Vec<u8> {
    let at = block.windows(6).position(|w| w == b"Date: ").unwrap();
    let length = block[at..].iter().position(|b| *b == b'\n').unwrap();
    [&block[..at], &block[at + length..]].concat()
}

#[test]
fn compressed_and_chunked_as_the_server_sends_it_is_kept_and_decoded() {
    let (Some(program), Some(site)) = (tool("nginx"), site()) else { return };
    let nginx = Nginx::start(&program, site);
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("c");
    let collection = captured(&nginx, true, &out, &["--header", "Accept-Encoding: gzip"]);
    let url = nginx.url(true, "library/json.html");
    let response = collection.one("response", &url);
    let head = String::from_utf8_lossy(&response.block[..500]).into_owned();
    assert!(
        head.contains("Transfer-Encoding: chunked\r\n") && head.contains("Content-Encoding: gzip\r\n"),
        "{head}"
    );
    fonds(["verify", "--require", "2", "--strict", out.to_str().unwrap()]).expect(0);
    let decoded = fonds(["cat", "--part", "decoded", "--url", url.as_str(), out.to_str().unwrap()]).expect(0);
    assert!(decoded.stdout == std::fs::read(site.join("library/json.html")).unwrap());
    let text = fonds(["extract", "--url", "json.html$", out.to_str().unwrap()]).expect(0);
    assert!(text.text().contains("JSON encoder and decoder"), "{}", text.text());
    assert_only_chunked_payloads_are_doubted(&out, &collection);
}

/// WARC/1.1 §5.9 has the payload without its transfer coding; warcio and fastwarc digest it as it was sent. So they
/// doubt the payload digests of chunked responses, and these alone; the blocks hold by either.
fn assert_only_chunked_payloads_are_doubted(out: &Path, collection: &Collection) {
    let warc = out.join(collection.warc());
    if let Some(fastwarc) = tool("fastwarc") {
        accepts(&fastwarc, &["check", "-q", warc.to_str().unwrap()]);
    }
    let Some(warcio) = tool("warcio") else { return };
    let output = Command::new(warcio).args(["check", "-v"]).arg(&warc).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let is_chunked = |r: &&Record| r.is("response") && r.block.windows(7).any(|w| w == b"chunked");
    let chunked = collection.records().iter().filter(is_chunked).count();
    assert_eq!(said.matches("payload digest failed").count(), chunked, "{said}");
    assert!(chunked > 3 && !said.contains("block digest failed"), "{said}");
}

#[test]
fn other_checkers_find_nothing_wrong() {
    let (Some(program), Some(site)) = (tool("nginx"), site()) else { return };
    let nginx = Nginx::start(&program, site);
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("c");
    let collection = captured(&nginx, true, &out, &[]);
    let warc = out.join(collection.warc());
    let warc = warc.to_str().unwrap();
    if let Some(warcio) = tool("warcio") {
        let said = String::from_utf8(accepts(&warcio, &["check", "-v", warc]).stdout).unwrap();
        assert!(said.matches("digest pass").count() >= collection.records().len() / 2, "{said}");
        assert!(!said.contains("unknown") && !said.contains("fail"), "{said}");
    }
    if let Some(fastwarc) = tool("fastwarc") {
        accepts(&fastwarc, &["check", "-q", "-p", warc]);
    }
    if let Some(wacz) = tool("wacz") {
        fonds(["pack", out.to_str().unwrap()]).expect(0);
        assert_valid(&wacz, &dir.path().join("c.wacz"));
    }
}

/// What py-wacz says of a WACZ.
#[track_caller]
fn assert_valid(wacz: &Path, packed: &Path) {
    let output = accepts(wacz, &["validate", "-f", packed.to_str().unwrap()]);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("Valid") && !said.contains("not valid") && !said.contains("invalid"), "{said}");
}

/// A WACZ by py-wacz, whose index and pages are deflated, taken apart and put together again.
#[test]
fn a_wacz_by_another_tool_is_unpacked_and_packed_again() {
    let Some(wacz) = tool("wacz") else { return };
    let dir = tempfile::tempdir().unwrap();
    let server = crate::common::site::serve(crate::common::site::small());
    let out = dir.path().join("c");
    archive(&out, &[&server.url("/")], &[]).expect(0);
    let warc = out.join(Collection::new(&out).warc());
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (theirs, unpacked, again) = (path("theirs.wacz"), path("theirs"), path("again.wacz"));
    accepts(&wacz, &["create", "-o", &theirs, "--detect-pages", warc.to_str().unwrap()]);
    fonds(["unpack", &theirs]).expect(0);
    fonds(["pack", &unpacked, "-o", &again]).expect(0);
    assert_valid(&wacz, Path::new(&again));
    let report = |path: &str| fonds(["verify", "--format", "json", path]).expect(0).json();
    for key in ["achieved", "verdict"] {
        assert_eq!(report(&theirs)[key], report(&again)[key], "{key}");
    }
}

#[test]
fn another_indexer_makes_the_same_index() {
    let (Some(program), Some(site), Some(indexer)) = (tool("nginx"), site(), tool("cdxj-indexer")) else {
        return;
    };
    let nginx = Nginx::start(&program, site);
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("c");
    let collection = captured(&nginx, false, &out, &[]);
    let warc = out.join(collection.warc());
    let theirs = String::from_utf8(accepts(&indexer, &["-s", warc.to_str().unwrap()]).stdout).unwrap();
    let theirs: Vec<Line> =
        theirs.lines().map(line).filter(|(_, _, json)| json.contains_key("status")).collect();
    let ours = collection.text("indexes/index.cdxj");
    let ours: Vec<Line> = ours.lines().map(line).collect();
    assert!(!ours.is_empty());
    assert_eq!(ours, theirs);
}

type Line = (String, String, BTreeMap<String, Value>);

/// Key, time, and what both tools say.
fn line(text: &str) -> Line {
    let mut parts = text.splitn(3, ' ');
    let (key, time) = (parts.next().unwrap().to_owned(), parts.next().unwrap()[..14].to_owned());
    let json: BTreeMap<String, Value> = serde_json::from_str(parts.next().unwrap()).unwrap();
    (key, time, json)
}

#[test]
fn a_wet_file_is_read_by_other_tools() {
    let Some(warcio) = tool("warcio") else { return };
    let dir = tempfile::tempdir().unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/wordpress-post.html");
    for name in ["a.warc.wet.gz", "a.wet"] {
        let wet = dir.path().join(name);
        let path = wet.to_str().unwrap();
        fonds(["extract", "--format", "wet", "-o", path, page.to_str().unwrap()]).expect(0);
        // Block digests included; warcio says nothing where all is well.
        let checked = accepts(&warcio, &["check", path]);
        assert!(checked.stdout.is_empty(), "{}", String::from_utf8_lossy(&checked.stdout));
        let index = accepts(
            &warcio,
            &["index", "-f", "warc-type,content-type,warc-identified-content-language", path],
        );
        let lines: Vec<Value> = index
            .stdout
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(lines[0]["warc-type"], "warcinfo");
        let conversion = (
            &lines[1]["warc-type"],
            &lines[1]["content-type"],
            &lines[1]["warc-identified-content-language"],
        );
        assert_eq!(conversion, (&"conversion".into(), &"text/plain".into(), &"eng".into()));
        let records = accepts(&warcio, &["index", "-f", "offset", path]);
        let second = String::from_utf8_lossy(&records.stdout).lines().nth(1).map(str::to_owned).unwrap();
        let offset = serde_json::from_str::<Value>(&second).unwrap()["offset"].as_str().unwrap().to_owned();
        let payload = accepts(&warcio, &["extract", "--payload", path, &offset]);
        let article = std::fs::read(page.with_extension("article.txt")).unwrap();
        assert_eq!(payload.stdout, article, "{name}");
    }
}
