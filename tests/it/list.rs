//! `fonds ls` and `fonds cat`: what there is, and the bytes of it.

use crate::common::cli::{archive, fonds, fonds_reading};
use crate::common::collection::{Collection, members};
use crate::common::server::Server;
use crate::common::site::{answer, ok, raw, serve};
use fonds::package::pack;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use tempfile::{TempDir, tempdir};

struct Archived {
    dir: TempDir,
    collection: Collection,
    server: Server,
}

const HEAD: &str =
    "HTTP/1.1 200 Fine\r\ncontent-TYPE: text/plain\r\nX-OdD:  two  spaces\r\nTransfer-Encoding: chunked\r\n";

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(9));
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A page in chunks, one that is compressed besides, an error and an image.
fn archived() -> Archived {
    let coded = gzipped("plain words");
    let mut both = format!("{HEAD}Content-Encoding: gzip\r\n\r\n{:x};note\r\n", coded.len()).into_bytes();
    both.extend([&coded[..], b"\r\n0\r\n\r\n"].concat());
    let server = serve(vec![
        ("/chunked", raw(format!("{HEAD}\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))),
        ("/both", raw(both)),
        ("/none", answer("404 Not Found", "Content-Type: text/html\r\n", "<p>none")),
        ("/image", ok("image/png; q=1", "\u{89}PNG")),
    ]);
    let dir = tempdir().unwrap();
    let urls = ["/chunked", "/both", "/none", "/image"].map(|path| server.url(path));
    let root = dir.path().join("c");
    archive(&root, &urls.each_ref(), &[]).expect(0);
    let collection = Collection::new(&root);
    Archived { dir, collection, server }
}

impl Archived {
    fn root(&self) -> &str {
        self.collection.root.to_str().unwrap()
    }

    fn ls(&self, filters: &[&str]) -> Vec<Value> {
        fonds([&["ls", "--format", "json", self.root()], filters].concat()).expect(0).json_lines()
    }

    fn cat(&self, args: &[&str]) -> Vec<u8> {
        fonds([&["cat", self.root()], args].concat()).expect(0).stdout
    }
}

#[test]
fn every_record_is_a_row_with_its_keys() {
    let archived = archived();
    let rows = archived.ls(&[]);
    let records = archived.collection.records();
    assert_eq!(rows.len(), records.len());
    let keys = ["date", "file", "id", "length", "mime", "offset", "payload_digest", "status", "type", "url"];
    for (row, record) in rows.iter().zip(&records) {
        let found: BTreeSet<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(found, BTreeSet::from(keys));
        assert_eq!(
            (&row["offset"], &row["length"]),
            (&Value::from(record.offset), &Value::from(record.length))
        );
        assert_eq!(row["type"], record.field("WARC-Type"));
        assert_eq!(row["id"], record.id());
        assert_eq!(row["date"], record.field("WARC-Date"));
        assert_eq!(row["url"], Value::from(record.get("WARC-Target-URI")));
        assert_eq!(row["payload_digest"], Value::from(record.get("WARC-Payload-Digest")));
        assert_eq!(row["file"], archived.collection.root.join(archived.collection.warc()).to_str().unwrap());
    }
    let row = |path: &str| {
        rows.iter()
            .find(|r| r["type"] == "response" && r["url"] == archived.server.url(path).as_str())
            .unwrap()
    };
    assert_eq!(
        (row("/none")["status"].as_u64(), row("/none")["mime"].as_str()),
        (Some(404), Some("text/html"))
    );
    assert_eq!(
        (row("/image")["status"].as_u64(), row("/image")["mime"].as_str()),
        (Some(200), Some("image/png"))
    );
}

#[test]
fn filters_choose_rows() {
    let archived = archived();
    let all = archived.ls(&[]);
    let matching =
        |wanted: &dyn Fn(&Value) -> bool| all.iter().filter(|row| wanted(row)).cloned().collect::<Vec<_>>();
    assert_eq!(archived.ls(&["--type", "response"]), matching(&|r| r["type"] == "response"));
    assert_eq!(
        archived.ls(&["--type", "request,warcinfo"]),
        matching(&|r| r["type"] == "request" || r["type"] == "warcinfo")
    );
    assert_eq!(archived.ls(&["--status", "404"]), matching(&|r| r["status"] == 404));
    assert_eq!(archived.ls(&["--mime", "image/"]), matching(&|r| r["mime"] == "image/png"));
    assert_eq!(archived.ls(&["--url", "/(both|none)$", "--type", "response"]).len(), 2);
    assert!(archived.ls(&["--status", "500"]).is_empty());
    for wrong in [&["--url", "("][..], &["--status", "x"], &["--format", "xml"]] {
        fonds([&["ls", archived.root()], wrong].concat()).expect(2);
    }
}

#[test]
fn people_get_a_line_a_record() {
    let archived = archived();
    let run = fonds(["ls", archived.root()]).expect(0);
    let records = archived.collection.records();
    assert_eq!(run.text().lines().count(), records.len());
    for (line, record) in run.text().lines().zip(&records) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(
            cells[..3],
            [record.offset.to_string().as_str(), &record.length.to_string(), record.field("WARC-Type")]
        );
        assert_eq!(cells.last(), Some(&record.get("WARC-Target-URI").unwrap_or("-")));
    }
}

#[test]
fn wherever_the_warc_lies_the_rows_are_the_same() {
    let archived = archived();
    let wacz = archived.dir.path().join("c.wacz");
    pack(&archived.collection.root, &wacz).unwrap();
    let bytes = archived.collection.read(&archived.collection.warc());
    let plain: Vec<u8> = members(&bytes).into_iter().flat_map(|(_, _, content)| content).collect();
    let ids =
        |rows: Vec<Value>| rows.iter().map(|r| (r["id"].clone(), r["offset"].clone())).collect::<Vec<_>>();
    let expected = ids(archived.ls(&[]));
    let packed = fonds(["ls", "--format", "json", wacz.to_str().unwrap()]).expect(0).json_lines();
    assert!(packed[0]["file"].as_str().unwrap().ends_with(&format!("c.wacz!{}", archived.collection.warc())));
    assert_eq!(ids(packed), expected);
    let piped = fonds_reading(bytes.clone(), &["ls", "--format", "json", "-"]).expect(0).json_lines();
    assert_eq!(ids(piped), expected);
    let uncompressed = fonds_reading(plain, &["ls", "--format", "json", "-"]).expect(0).json_lines();
    assert_eq!(uncompressed.len(), expected.len());
    assert_eq!(uncompressed[1]["offset"], members(&bytes)[0].2.len());
}

#[test]
fn what_is_left_of_a_damaged_file_is_listed() {
    let archived = archived();
    let bytes = archived.collection.read(&archived.collection.warc());
    let records = archived.collection.records();
    let cut = archived.dir.path().join("cut.warc.gz");
    fs::write(&cut, &bytes[..records[3].offset + 20]).unwrap();
    let run = fonds(["ls", cut.to_str().unwrap()]).expect(1);
    assert!(
        run.text().lines().count() >= 3 && run.stderr.contains(&format!("at byte {}", records[3].offset)),
        "{run:?}"
    );
    fonds(["ls", "/no/such"]).expect(4).one_line();
    fonds(["ls"]).expect(2);
    fonds_reading(b"nothing of the kind".to_vec(), &["ls", "-"]).expect(1);
}

#[test]
fn each_part_of_a_record_is_its_bytes() {
    let archived = archived();
    for path in ["/chunked", "/both", "/none", "/image"] {
        let url = archived.server.url(path);
        let record = archived.collection.one("response", &url);
        let part = |part: &str| archived.cat(&["--url", url.as_str(), "--part", part]);
        assert_eq!(archived.cat(&["--url", url.as_str()]), record.bytes);
        assert_eq!([part("header"), part("block")].concat(), record.bytes);
        assert!(part("header").ends_with(b"\r\n\r\n"));
        assert_eq!(part("block"), archived.server.served(path)[0].sent, "{path}: as the server sent it");
    }
    let part =
        |path: &str, part: &str| archived.cat(&["--url", archived.server.url(path).as_str(), "--part", part]);
    assert_eq!(part("/chunked", "payload"), b"abcde");
    assert_eq!(part("/both", "payload"), gzipped("plain words"));
    assert_eq!(part("/both", "decoded"), b"plain words");
    assert_eq!(part("/none", "decoded"), b"<p>none");
}

#[test]
fn a_record_is_found_by_offset_id_and_url() {
    let archived = archived();
    for record in archived.collection.records() {
        let offset = record.offset.to_string();
        assert_eq!(archived.cat(&["--offset", &offset]), record.bytes);
        assert_eq!(archived.cat(&["--id", record.id()]), record.bytes);
        assert_eq!(archived.cat(&["--id", record.field("WARC-Record-ID")]), record.bytes);
    }
    let request = archived.collection.one("request", &archived.server.url("/chunked"));
    assert_eq!(
        archived.cat(&["--id", request.id(), "--part", "block"]),
        archived.server.served("/chunked")[0].request
    );
    // Of a WACZ and of its WARC alike.
    let wacz = archived.dir.path().join("c.wacz");
    pack(&archived.collection.root, &wacz).unwrap();
    let member = format!("{}!{}", wacz.display(), archived.collection.warc());
    let offset = request.offset.to_string();
    for path in [wacz.to_str().unwrap(), &member] {
        assert_eq!(fonds(["cat", path, "--offset", &offset]).expect(0).stdout, request.bytes);
    }
    let warc = archived.collection.read(&archived.collection.warc());
    assert_eq!(fonds_reading(warc, &["cat", "-", "--offset", &offset]).expect(0).stdout, request.bytes);
}

#[test]
fn what_is_not_there_is_said() {
    let archived = archived();
    let root = archived.root();
    for args in [&["--url", "http://nowhere/"][..], &["--id", "urn:uuid:none"], &["--offset", "1"]] {
        let run = fonds([&["cat", root], args].concat()).expect(1);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{args:?}: {run:?}");
    }
    fonds(["cat", root, "--offset", "99999999"]).expect(2).one_line();
    fonds(["cat", root]).expect(2);
    fonds(["cat", root, "--offset", "0", "--id", "x"]).expect(2);
    fonds(["cat", "/no/such", "--offset", "0"]).expect(4).one_line();
}

#[test]
fn a_damaged_record_is_written_as_far_as_it_goes() {
    let archived = archived();
    let bytes = archived.collection.read(&archived.collection.warc());
    let record = archived.collection.one("response", &archived.server.url("/none"));
    let cut = archived.dir.path().join("cut.warc.gz");
    fs::write(&cut, &bytes[..record.offset + record.length - 12]).unwrap();
    let run = fonds(["cat", cut.to_str().unwrap(), "--offset", &record.offset.to_string()]).expect(1);
    assert!(record.bytes.starts_with(&run.stdout[..100]), "{run:?}");
    assert!(run.stderr.contains(&format!("at byte {}", record.offset)), "{}", run.stderr);
}

#[test]
fn a_wacz_whose_directory_is_lost_gives_its_records_and_says_so() {
    let archived = archived();
    let (path, whole) = (archived.dir.path().join("d.wacz"), archived.dir.path().join("c.wacz"));
    pack(&archived.collection.root, &whole).unwrap();
    let bytes = fs::read(&whole).unwrap();
    let target = archived.dir.path().join("mended.warc.gz");
    let (wacz, out) = (path.to_str().unwrap(), target.to_str().unwrap());
    let commands = [vec!["ls", wacz], vec!["index", wacz], vec!["cat", wacz, "--offset", "0"]];
    for (lost, bytes) in [
        ("end", bytes[..bytes.len() - 30].to_vec()),
        ("directory", bytes[..bytes.len() * 3 / 5].to_vec()),
        ("offsets", [b"before it all", &bytes[..]].concat()),
    ] {
        for args in &commands {
            fs::copy(&whole, &path).unwrap();
            let sound = fonds(args).expect(0).stdout;
            fs::write(&path, &bytes).unwrap();
            let run = fonds(args).expect(1);
            assert!(run.one_line().contains("[zip-directory]"), "{lost}: {}", run.stderr);
            assert!(!sound.is_empty() && run.stdout == sound, "{lost}: {args:?}");
        }
        let run = fonds(["mend", wacz, "-o", out, "--format", "json"]).expect(1);
        assert_eq!(run.json_lines().last().unwrap()["lost_bytes"], 0, "{lost}: {run:?}");
        let records = fonds(["ls", out]).expect(0).text().lines().count();
        assert_eq!(records, archived.collection.records().len(), "{lost}");
        fs::remove_file(&target).unwrap();
    }
}

#[test]
fn a_wacz_that_gives_no_warc_is_never_passed_over_in_silence() {
    let dir = tempdir().unwrap();
    let target = dir.path().join("none.warc.gz");
    let zip = |name: &str| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.finish().unwrap().into_inner()
    };
    for (name, bytes, code) in [
        ("empty", vec![], "zip-directory"),
        ("begun", b"PK\x03\x04".to_vec(), "zip-directory"),
        ("nothing", [&b"PK\x05\x06"[..], &[0; 18]].concat(), "package-incomplete"),
        ("pages", zip("pages/pages.jsonl"), "package-incomplete"),
        ("outside", zip("../archive/x.warc.gz"), "entry-name-unsafe"),
    ] {
        let path = dir.path().join(format!("{name}.wacz"));
        fs::write(&path, bytes).unwrap();
        let wacz = path.to_str().unwrap();
        for args in [&["ls", wacz][..], &["index", wacz], &["extract", wacz], &["cat", wacz, "--offset", "0"]]
        {
            let run = fonds(args).expect(1);
            assert!(run.one_line().contains(&format!("[{code}]")), "{name}: {}", run.stderr);
            assert!(run.stdout.is_empty(), "{name}: {args:?}");
        }
        let mend = ["mend", wacz, "-o", target.to_str().unwrap()];
        let run = fonds(mend).expect(1);
        assert!(run.stderr.contains("no record could be found; nothing is written"), "{}", run.stderr);
        let summary = fonds([&mend[..], &["--format", "json"]].concat()).expect(1).json_lines();
        assert_eq!((summary[0]["kind"].as_str(), summary.len()), (Some("summary"), 1));
        assert!(summary[0]["output"].is_null() && !target.exists());
    }
}
