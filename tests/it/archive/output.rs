//! Where it goes, what lies there, what is never overwritten, and what never appears anywhere.

use super::{capture, sha256};
use crate::common::cli::{archive, command, fonds};
use crate::common::collection::Collection;
use crate::common::site::{self, moved, ok, serve};
use std::fs;
use tempfile::tempdir;

#[test]
fn a_collection_has_its_log_index_pages_and_datapackage() {
    let server = serve(site::small());
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &[], 0);
    let warc = collection.warc();
    let mut expected =
        vec!["datapackage-digest.json", "datapackage.json", "indexes/index.cdxj", "pages/pages.jsonl"];
    expected.extend(["provenance/checkpoint", "provenance/leaves", "provenance/manifest.jsonl", &warc]);
    expected.sort_unstable();
    assert_eq!(collection.files(), expected, "and no .fonds/");
    assert!(!collection.root.join(".fonds").exists());
    let name = warc.strip_prefix("archive/c-").unwrap().strip_suffix("-00000.warc.gz").unwrap();
    assert!(name.len() == 17 && name.bytes().all(|b| b.is_ascii_digit()), "{warc}");
    let package: serde_json::Value = serde_json::from_slice(&collection.read("datapackage.json")).unwrap();
    let resources = package["resources"].as_array().unwrap();
    assert_eq!(resources.len(), expected.len() - 2);
    for resource in resources {
        let bytes = collection.read(resource["path"].as_str().unwrap());
        assert_eq!(resource["hash"], format!("sha256:{}", sha256(&bytes)));
        assert_eq!(resource["bytes"], bytes.len());
    }
    let digest: serde_json::Value =
        serde_json::from_slice(&collection.read("datapackage-digest.json")).unwrap();
    assert_eq!(digest["hash"], format!("sha256:{}", sha256(&collection.read("datapackage.json"))));
}

#[test]
fn the_log_tells_the_run_from_session_to_end() {
    let server = serve(site::small());
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &[], 0);
    let log = collection.log();
    let types: Vec<&str> = log.iter().map(|e| e["type"].as_str().unwrap()).collect();
    assert_eq!((types[0], types[types.len() - 1]), ("session", "end"));
    assert!(log.iter().enumerate().all(|(n, e)| e["seq"] == n && e["v"] == 1));
    assert!(log.iter().all(|e| e["salt"].as_str().unwrap().len() == 32));
    assert_eq!(log[0]["seeds"][0], server.url("/").as_str());
    let records = collection.records();
    let entries = collection.log_of("record");
    assert_eq!(entries.len(), records.len());
    for (entry, record) in entries.iter().zip(&records) {
        assert_eq!(entry["warc"]["id"], record.id(), "in the order of the file");
        assert_eq!(entry["bytes"]["sha256"], sha256(&record.bytes));
        assert_eq!(entry["bytes"]["length"], record.bytes.len());
    }
    let response = entries.iter().find(|e| e["warc"]["type"] == "response").unwrap();
    let connection = &log[response["connection"].as_u64().unwrap() as usize];
    assert_eq!(connection["type"], "connection");
    assert_eq!(connection["peer"], server.addr.to_string());
    let (page, end) = (&collection.log_of("page")[0], &log[log.len() - 1]);
    assert_eq!(page["url"], server.url("/").as_str());
    assert_eq!(
        (end["exit"].as_str(), end["counts"]["records"].as_u64()),
        (Some("complete"), Some(records.len() as u64))
    );
}

#[test]
fn index_and_pages_lead_to_the_records() {
    let server = serve(site::small());
    let dir = tempdir().unwrap();
    let (collection, _) = capture(&dir.path().join("c"), &[&server.url("/")], &[], 0);
    let records = collection.records();
    let index = collection.index();
    let responses: Vec<_> = records.iter().filter(|r| r.is("response")).collect();
    assert_eq!(index.len(), responses.len());
    for line in &index {
        let offset: usize = line["offset"].as_str().unwrap().parse().unwrap();
        let record = records.iter().find(|r| r.offset == offset).unwrap();
        assert_eq!(line["url"], record.field("WARC-Target-URI"));
        assert_eq!(line["length"], record.length.to_string());
        assert_eq!(line["digest"], record.field("WARC-Payload-Digest"));
        assert_eq!(line["status"], "200");
    }
    let text = collection.text("indexes/index.cdxj");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.is_sorted(), "bytewise order");
    let page = &collection.pages()[0];
    assert_eq!(
        (page["url"].as_str(), page["title"].as_str()),
        (Some(server.url("/").as_str()), Some("A small page"))
    );
    assert_eq!(page["ts"], collection.one("response", &server.url("/")).field("WARC-Date"));
}

#[test]
fn a_wacz_holds_the_same_and_leaves_nothing_beside_it() {
    let server = serve(site::small());
    let dir = tempdir().unwrap();
    let out = dir.path().join("c.wacz");
    let run = archive(&out, &[&server.url("/")], &[]).expect(0);
    assert_eq!(run.text().trim_end(), out.to_str().unwrap());
    let report =
        fonds(["verify", "--format", "json", "--require", "2", out.to_str().unwrap()]).expect(0).json();
    assert_eq!((report["inputs"][0]["kind"].as_str(), report["achieved"].as_u64()), (Some("wacz"), Some(2)));
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["c.wacz"]);
    let mut zip = zip::ZipArchive::new(fs::File::open(&out).unwrap()).unwrap();
    assert_eq!(zip.len(), 8);
    for index in 0..zip.len() {
        assert_eq!(zip.by_index(index).unwrap().compression(), zip::CompressionMethod::Stored);
    }
}

#[test]
fn without_a_name_the_collection_is_named_after_host_and_time() {
    let server = serve(vec![("/", ok("text/plain", "x"))]);
    let dir = tempdir().unwrap();
    let args =
        ["archive", "-q", "--resolve", "localhost:127.0.0.1", server.url("/").as_str()].map(str::to_owned);
    let output = command().current_dir(dir.path()).args(args).output().unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty(), "-q: {}", String::from_utf8_lossy(&output.stderr));
    let name = String::from_utf8(output.stdout).unwrap();
    let time = name.trim_end().strip_prefix("localhost-").unwrap();
    assert!(time.len() == 14 && time.bytes().all(|b| b.is_ascii_digit()), "{name}");
    assert!(dir.path().join(name.trim_end()).join("datapackage.json").is_file());
}

#[test]
fn quiet_is_quiet_but_for_what_fails() {
    let dir = tempdir().unwrap();
    let dead = url::Url::parse("http://localhost:1/").unwrap();
    let run = archive(&dir.path().join("c"), &[&dead], &["-q"]).expect(1);
    assert!(run.one_line().starts_with("fonds: http://localhost:1/: not captured"), "{}", run.stderr);
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let server = serve(vec![("/", ok("text/plain", "x"))]);
    let dir = tempdir().unwrap();
    let (empty, full, file) = (dir.path().join("empty"), dir.path().join("full"), dir.path().join("f.wacz"));
    fs::create_dir(&empty).unwrap();
    fs::create_dir(&full).unwrap();
    fs::write(full.join("mine"), "mine").unwrap();
    fs::write(&file, "mine").unwrap();
    for out in [&empty, &full, &file] {
        let run = archive(out, &[&server.url("/")], &[]).expect(4);
        assert!(run.one_line().contains("exists already"), "{}", run.stderr);
        assert!(run.stdout.is_empty());
    }
    assert!(server.served("/").is_empty(), "nothing was fetched for it");
    assert_eq!(fs::read(full.join("mine")).unwrap(), b"mine");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing beside them");
    assert_eq!(fs::read_dir(&full).unwrap().count() + fs::read_dir(&empty).unwrap().count(), 1);
}

#[test]
fn where_a_capture_stands_already_it_is_said_how_to_go_on_with_it() {
    let server = serve(vec![("/", ok("text/plain", "x"))]);
    let dir = tempdir().unwrap();
    let (root, part) = (dir.path().join("c"), dir.path().join("w.wacz.part"));
    archive(&root, &[&server.url("/")], &[]).expect(0);
    // As a run leaves it that is killed before its WACZ is packed.
    Collection::new(&root).copy(&part);
    for (out, stands) in [(root.clone(), &root), (dir.path().join("w.wacz"), &part)] {
        let run = archive(&out, &[&server.url("/")], &[]).expect(4);
        let advice = format!("`fonds archive --resume {}` goes on", stands.display());
        assert!(run.one_line().contains(&advice), "{}", run.stderr);
        assert!(!run.stderr.contains("remove"), "{}", run.stderr);
    }
    fonds(["archive", "-q", "--resume", part.to_str().unwrap()]).expect(0);
    assert!(dir.path().join("w.wacz").is_file());
}

#[test]
fn of_a_list_every_bad_line_is_told_before_anything_is_begun() {
    let server = serve(vec![("/", ok("text/plain", "x"))]);
    let dir = tempdir().unwrap();
    let (out, list) = (dir.path().join("c"), dir.path().join("list"));
    let url = server.url("/");
    let text =
        [format!("{url}\nnot a url\n").as_bytes(), b"http://a/\xe9\nftp://a/\n", &b"x\n".repeat(30)].concat();
    fs::write(&list, text).unwrap();
    let run = archive(&out, &[], &["-i", list.to_str().unwrap()]).expect(2);
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 20 + 1, "{}", run.stderr);
    for (line, number, why) in
        [(0, 2, "is not a URL"), (1, 3, "is not UTF-8"), (2, 4, "neither http nor https")]
    {
        let told = lines[line];
        assert!(told.contains(&format!("list, line {number}: ")) && told.contains(why), "{told}");
    }
    assert!(lines[20].contains("33 lines are no URLs"), "{}", lines[20]);
    assert!(!out.exists() && server.served("/").is_empty());
}

#[test]
fn what_nothing_can_be_deduplicated_against_is_said_before_anything_is_begun() {
    let server = serve(vec![("/", ok("text/plain", "x"))]);
    let dir = tempdir().unwrap();
    let (out, text) = (dir.path().join("c"), dir.path().join("text"));
    fs::write(&text, "no archive").unwrap();
    for wrong in [dir.path().join("missing"), text] {
        let wrong = wrong.to_str().unwrap();
        let run = archive(&out, &[&server.url("/")], &["--dedup", wrong]).expect(4);
        assert!(run.one_line().contains(wrong), "{}", run.stderr);
        assert!(!out.exists() && server.served("/").is_empty());
    }
}

#[test]
fn a_place_that_cannot_be_written_is_one_line_and_code_4() {
    let server = serve(vec![("/", ok("text/plain", "x"))]);
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for out in [file.join("c"), file.join("c.wacz"), "/proc/fonds/c".into()] {
        let run = archive(&out, &[&server.url("/")], &[]).expect(4);
        assert!(run.one_line().contains(out.to_str().unwrap()), "{}", run.stderr);
    }
    assert!(server.served("/").is_empty());
}

#[test]
fn what_is_no_url_is_a_usage_error() {
    let dir = tempdir().unwrap();
    for wrong in ["example.org", "ftp://example.org/", "http://", "not a url", "file:///etc/passwd", ""] {
        let out = dir.path().join("c");
        let run = fonds(["archive", "-o", out.to_str().unwrap(), wrong]).expect(2);
        run.one_line();
        assert!(!out.exists(), "{wrong}");
    }
    fonds(["archive"]).expect(2);
    fonds(["archive", "--resolve", "nothing", "http://localhost:1/"]).expect(2);
    fonds(["archive", "--header", "no colon", "http://localhost:1/"]).expect(2);
}

#[test]
fn secrets_are_sent_and_stand_nowhere_else() {
    let page = "<title>x</title><img src=a.png><link rel=icon href=http://localhost:1/>";
    let server =
        serve(vec![("/", moved("page")), ("/page", ok("text/html", page)), ("/a.png", ok("image/png", "x"))]);
    let dir = tempdir().unwrap();
    let mut url = server.url("/");
    url.set_username("user").unwrap();
    url.set_password(Some("pass-4711")).unwrap();
    let out = dir.path().join("c");
    let run = archive(&out, &[&url], &["--header", "X-Token: token-0815", "-v"]).expect(0);
    let collection = Collection::new(&out);
    assert!(String::from_utf8_lossy(&server.served("/")[0].request).contains("X-Token: token-0815\r\n"));
    for secret in ["token-0815", "pass-4711"] {
        assert!(!run.stderr.contains(secret) && !run.text().contains(secret), "{}", run.stderr);
        for path in collection.files().iter().filter(|path| !path.starts_with("archive/")) {
            let bytes = collection.read(path);
            assert!(!String::from_utf8_lossy(&bytes).contains(secret), "{secret} in {path}");
        }
        for record in collection.records().iter().filter(|r| !r.is("request")) {
            assert!(
                !String::from_utf8_lossy(&record.bytes).contains(secret),
                "{secret} in {:?}",
                record.fields
            );
        }
    }
    assert_eq!(collection.log()[0]["redacted"][0], "header X-Token");
    assert!(run.stderr.contains("are not sent"), "{}", run.stderr);
}

#[test]
fn credentials_go_to_the_hosts_that_were_named_and_to_no_other() {
    let other = serve(vec![("/far.png", ok("image/png", "x"))]);
    let page = format!("<img src=near.png><img src={}>", other.url("/far.png"));
    let server = serve(vec![("/", ok("text/html", page)), ("/near.png", ok("image/png", "x"))]);
    let dir = tempdir().unwrap();
    let options = ["--header", "authorization: Bearer b", "--header", "Cookie: c=d", "--header", "X-Mine: 1"];
    archive(&dir.path().join("c"), &[&server.url("/")], &options).expect(0);
    let asked = |server: &crate::common::server::Server, path: &str| {
        String::from_utf8(server.served(path)[0].request.clone()).unwrap()
    };
    for request in [asked(&server, "/"), asked(&server, "/near.png")] {
        assert!(
            request.contains("Bearer b") && request.contains("c=d") && request.contains("X-Mine"),
            "{request}"
        );
    }
    let request = asked(&other, "/far.png");
    assert!(
        !request.contains("Bearer") && !request.contains("c=d") && request.contains("X-Mine"),
        "{request}"
    );
}

#[test]
fn a_list_of_seeds_may_come_from_a_file_or_standard_input() {
    let server = serve(vec![("/1", ok("text/plain", "1")), ("/2", ok("text/plain", "2"))]);
    let dir = tempdir().unwrap();
    let list = format!("# mine\n\n  {}\n{}\n", server.url("/1"), server.url("/2"));
    let path = dir.path().join("seeds");
    fs::write(&path, &list).unwrap();
    for (name, from) in [("a", path.to_str().unwrap()), ("b", "-")] {
        let out = dir.path().join(name);
        let args = ["archive", "-o", out.to_str().unwrap(), "--resolve", "localhost:127.0.0.1", "-i", from];
        crate::common::cli::fonds_reading(list.clone().into_bytes(), &args).expect(0);
        assert_eq!(Collection::new(&out).pages().len(), 2, "{name}");
    }
    let missing = fonds(["archive", "-i", "/no/such/list"]).expect(4);
    assert!(missing.one_line().contains("/no/such/list"));
}

#[test]
fn sha1_stands_in_the_records_where_it_is_asked_for() {
    let mut paths = site::small();
    paths.push(("/more", ok("text/html", "<title>More</title>")));
    let server = serve(paths);
    let dir = tempdir().unwrap();
    let root = dir.path().join("c");
    let (collection, _) = capture(&root, &[&server.url("/")], &["--digest", "sha1"], 0);
    let response = collection.one("response", &server.url("/"));
    for field in ["WARC-Block-Digest", "WARC-Payload-Digest"] {
        assert!(response.field(field).starts_with("sha1:"), "{}", response.field(field));
    }
    assert!(collection.index().iter().all(|line| line["digest"].as_str().unwrap().starts_with("sha1:")));
    // Goes on in the same way.
    let root = root.to_str().unwrap();
    fonds(["archive", "-q", "--resume", root, server.url("/more").as_str()]).expect(0);
    fonds(["verify", "-q", "--require", "2", root]).expect(0);
    assert!(collection.index().iter().all(|line| line["digest"].as_str().unwrap().starts_with("sha1:")));
}
