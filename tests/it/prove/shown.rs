//! What a proof shows, to fonds and to others.

use super::{Bench, check, codes, entries, prove};
use crate::common::cli::fonds;
use crate::common::collection::records;
use fonds::package::pack;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn one_page_is_proved_alone_and_the_rest_stays_private() {
    let bench = Bench::new();
    let file = bench.proof("page.proof", "/page", &[]);
    let run = check(&file, &["--require", "2"]).expect(0);
    let json = run.json();
    assert_eq!((json["achieved"].as_u64(), codes(&run)), (Some(2), vec![]));
    assert_eq!(json["levels"][2]["name"], "included");
    assert!(json["not_proved"][0].as_str().unwrap().contains("left out"));
    let proved = json["inputs"][0]["proved"].as_array().unwrap().clone();
    let types: Vec<&str> = proved.iter().map(|p| p["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["warcinfo", "response", "request"]);
    assert_eq!(proved[1]["url"], bench.url("/page").as_str());
    // The records are those of the collection, member by member.
    let entries = entries(&file);
    let (own, all) = (&entries["archive/records.warc.gz"], bench.collection.read(&bench.collection.warc()));
    for record in records(own) {
        let member = &own[record.offset..record.offset + record.length];
        assert!(all.windows(member.len()).any(|window| window == member), "{:?}", record.fields);
    }
    // Nothing of the others, not even that they are there.
    let told: Vec<u8> =
        entries.values().cloned().chain(records(own).into_iter().map(|r| r.bytes)).flatten().collect();
    let told = String::from_utf8_lossy(&told).into_owned();
    for words in ["/secret", "private", "/more", "More text"] {
        assert!(!told.contains(words), "{words}");
    }
    assert!(told.contains("Some text."));
}

#[test]
fn the_same_proof_has_the_same_bytes_out_of_a_directory_and_a_wacz() {
    let bench = Bench::new();
    let wacz = bench.room("c.wacz");
    pack(&bench.collection.root, &wacz).unwrap();
    let (one, other) = (bench.proof("one", "/page", &[]), bench.room("other"));
    prove(&wacz, &["--url", bench.url("/page").as_str()], &other).expect(0);
    assert!(fs::read(one).unwrap() == fs::read(&other).unwrap());
    let run = prove(&wacz, &["--url", bench.url("/page").as_str()], &other).expect(4);
    assert!(run.one_line().contains("exists already"), "{}", run.stderr);
}

#[test]
fn only_a_key_that_was_named_convinces() {
    let bench = Bench::new();
    let key = bench.sign();
    let file = bench.proof("page.proof", "/page", &[]);
    let other = bench.room("other").to_str().unwrap().to_owned();
    fonds(["key", "new", "-q", &other]).expect(0);
    let run = check(&file, &["--key", &format!("{key}.pub")]).expect(0);
    assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(3), vec![]));
    assert!(run.json()["signers"][0].as_str().unwrap().starts_with("example.org/key ("));
    check(&file, &["--key", &format!("{other}.pub")]).expect(3);
    check(&file, &["--require", "3"]).expect(3);
    assert_eq!(codes(&check(&file, &[]).expect(0)), ["signature-claimed"]);
    let people = fonds(["check", file.to_str().unwrap(), "--key", &format!("{key}.pub")]).expect(0);
    for words in ["intact, level 3", ": response ", "may be left out here", "included"] {
        assert!(people.text().contains(words), "{words}: {}", people.text());
    }
}

#[test]
fn what_is_no_proof_is_told_and_a_proof_is_no_archive() {
    let bench = Bench::new();
    let wacz = bench.room("c.wacz");
    pack(&bench.collection.root, &wacz).unwrap();
    let file = bench.proof("page.proof", "/page", &[]);
    fs::write(bench.room("text"), "hello").unwrap();
    for path in [&wacz, &bench.collection.root, &bench.room("text")] {
        let run = check(path, &[]).expect(1);
        assert!(codes(&run).contains(&"proof-form".to_owned()), "{:?}", codes(&run));
        assert_eq!(run.json()["achieved"].as_u64(), None);
    }
    check(&bench.room("none"), &[]).expect(4).one_line();
    // Level 2 of an archive must not be had by leaving things out.
    let run = fonds(["verify", file.to_str().unwrap(), "--require", "2"]).expect(1);
    assert!(run.stderr.contains("`fonds check` verifies it"), "{}", run.stderr);
}

/// A proof holds a WARC where a WACZ does, so what reads those reads it.
#[test]
fn a_proof_is_read_like_a_wacz() {
    let bench = Bench::new();
    let file = bench.proof("page.proof", "/page", &[]);
    let url = bench.url("/page");
    let run = fonds(["cat", file.to_str().unwrap(), "--url", url.as_str(), "--part", "payload"]).expect(0);
    assert_eq!(run.text(), "<title>A page</title><p>Some text.");
    assert_eq!(fonds(["ls", file.to_str().unwrap()]).expect(0).text().lines().count(), 3);
}

fn python(file: &Path) -> Option<std::process::Output> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check_proof.py");
    match Command::new("python3").arg(script).arg(file).output() {
        Ok(output) => Some(output),
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "python3: {error}");
            println!("skipped: python3: {error}");
            None
        }
    }
}

#[test]
fn forty_lines_of_python_say_the_same() {
    let bench = Bench::new();
    bench.sign();
    let file = bench.proof("page.proof", "/page", &[]);
    let Some(output) = python(&file) else { return };
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(bench.url("/page").as_str()) && said.contains("in the log of "), "{said}");
    // It sees what is altered, too: a record, a line, a hash of a proof, the root.
    let altered = |change: &dyn Fn(&str, &mut Vec<u8>)| {
        let mut entries = entries(&file);
        entries.iter_mut().for_each(|(name, bytes)| change(name, bytes));
        let path = bench.room("altered");
        fs::write(&path, super::zipped(&entries)).unwrap();
        python(&path).unwrap().status.success()
    };
    assert!(altered(&|_, _| ()));
    let replace = |from: &'static str, to: &'static str| {
        move |name: &str, bytes: &mut Vec<u8>| {
            if name.ends_with("lines.jsonl") {
                *bytes = String::from_utf8(bytes.clone()).unwrap().replacen(from, to, 1).into_bytes();
            }
        }
    };
    assert!(!altered(&replace("\"status\":200", "\"status\":404")));
    assert!(!altered(&|name, bytes| if name.ends_with(".gz") {
        let text = flate2_text(bytes).replacen("Some text.", "Same text.", 1);
        *bytes = crate::common::collection::gzip(text.as_bytes());
    }));
    assert!(!altered(&|name, bytes| if name.contains("proof-") {
        bytes[50] ^= 1;
    }));
}

fn flate2_text(bytes: &[u8]) -> String {
    let members = crate::common::collection::members(bytes);
    String::from_utf8(members.into_iter().flat_map(|(_, _, content)| content).collect()).unwrap()
}

/// As docs/format.md does it by hand.
#[test]
fn a_record_and_a_leaf_are_hashed_by_stock_tools() {
    let bench = Bench::new();
    let file = bench.proof("page.proof", "/page", &[]);
    let entries = entries(&file);
    let lines = String::from_utf8(entries["provenance/lines.jsonl"].clone()).unwrap();
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
    for record in records(&entries["archive/records.warc.gz"]) {
        let shown = fonds(["cat", file.to_str().unwrap(), "--id", record.id()]).expect(0).stdout;
        assert!(shown == record.bytes);
        assert!(lines.contains(&format!("\"sha256\":\"{}\"", hex(&shown))), "{:?}", record.fields);
    }
    let all = bench.collection.text("provenance/manifest.jsonl");
    for line in lines.lines() {
        let number = all.lines().position(|known| known == line).unwrap();
        let leaf = Sha256::digest([b"\0", line.as_bytes()].concat());
        assert_eq!(bench.collection.read("provenance/leaves")[number * 32..][..32], leaf[..]);
        assert!(entries.contains_key(&format!("provenance/proof-{number}.tlog-proof")));
    }
}

#[test]
fn a_signature_by_ssh_convinces_here_too() {
    let bench = Bench::new();
    let key = bench.room("ssh").to_str().unwrap().to_owned();
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &key]).status();
    if let Err(error) = made {
        println!("skipped: ssh-keygen: {error}");
        return;
    }
    fonds(["sign", "-q", bench.root(), "--key", &key]).expect(0);
    let file = bench.proof("page.proof", "/page", &[]);
    let run = check(&file, &["--key", &format!("{key}.pub")]).expect(0);
    assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(3), vec![]));
    // The signature of another collection beside this checkpoint is none.
    let other = Bench::new();
    fonds(["sign", "-q", other.root(), "--key", &key]).expect(0);
    let mut swapped = entries(&file);
    let foreign = entries(&other.proof("other.proof", "/page", &[]));
    let name = swapped.keys().find(|name| name.contains("sshsig")).unwrap().clone();
    swapped.insert(name.clone(), foreign[&name].clone());
    fs::write(bench.room("swapped"), super::zipped(&swapped)).unwrap();
    let run = check(&bench.room("swapped"), &["--key", &format!("{key}.pub")]).expect(1);
    assert!(codes(&run).contains(&"sshsig-invalid".to_owned()), "{:?}", codes(&run));
}
