//! Proof files with something changed: by accident, and by somebody who knows what they are doing.

use super::{Bench, entries, report, zipped};
use crate::common::collection::{gzip, members, records};
use fonds::verify::Verdict;
use std::collections::BTreeMap;
use std::fs;

const LINES: &str = "provenance/lines.jsonl";
const RECORDS: &str = "archive/records.warc.gz";
const CHECKPOINT: &str = "provenance/checkpoint";

type Entries = BTreeMap<String, Vec<u8>>;

#[test]
fn every_altered_byte_and_every_cut_is_reported() {
    let bench = Bench::new();
    bench.sign();
    let bytes = fs::read(bench.proof("page.proof", "/page", &[])).unwrap();
    assert_eq!(report(bytes.clone()).verdict, Verdict::Ok);
    let mut silent = Vec::new();
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << ((at.wrapping_mul(2_654_435_761) >> 7) % 8);
        if report(altered).verdict != Verdict::Damaged {
            silent.push(at);
        }
    }
    assert!(silent.is_empty(), "{} of {}: {:?}", silent.len(), bytes.len(), &silent[..silent.len().min(20)]);
    for length in (0..bytes.len()).step_by(61) {
        assert_eq!(report(bytes[..length].to_vec()).verdict, Verdict::Damaged, "cut to {length}");
    }
    assert_eq!(report([&bytes[..], b"\n"].concat()).verdict, Verdict::Damaged);
}

/// The proofs of a page of two archives, and of another page of the first.
struct Three {
    page: Entries,
    more: Entries,
    foreign: Entries,
}

impl Three {
    fn new() -> Self {
        let (bench, other) = (Bench::new(), Bench::new());
        bench.sign();
        other.sign();
        let get = |bench: &Bench, path: &str| entries(&bench.proof(path.trim_start_matches('/'), path, &[]));
        Self { page: get(&bench, "/page"), more: get(&bench, "/more"), foreign: get(&other, "/page") }
    }

    /// The page's proof with something changed, as a careful forger would pack it: an error with this code.
    #[track_caller]
    fn told(&self, what: &str, code: &str, change: impl FnOnce(&mut Entries)) {
        let mut altered = self.page.clone();
        change(&mut altered);
        assert!(altered != self.page, "{what}: nothing is changed");
        let report = report(zipped(&altered));
        let codes: Vec<&str> = report.findings.iter().filter(|f| f.is_error()).map(|f| f.code).collect();
        assert!(codes.contains(&code), "{what}: {codes:?}");
        assert!(report.achieved.is_none_or(|level| level < 2), "{what}: {:?}", report.achieved);
    }
}

fn text(entries: &Entries, name: &str) -> String {
    String::from_utf8(entries[name].clone()).unwrap()
}

fn names(entries: &Entries, start: &str) -> Vec<String> {
    entries.keys().filter(|name| name.starts_with(start)).cloned().collect()
}

#[test]
fn what_was_swapped_with_another_proof_is_told() {
    let three = Three::new();
    let swap = |name: &'static str, from: &Entries| {
        let bytes = from[name].clone();
        move |entries: &mut Entries| drop(entries.insert(name.to_owned(), bytes))
    };
    three.told("records of another page", "record-unlisted", swap(RECORDS, &three.more));
    three.told("records of another page", "record-missing", swap(RECORDS, &three.more));
    three.told("records of another archive", "record-unlisted", swap(RECORDS, &three.foreign));
    three.told("lines of another page", "proof-inclusion", swap(LINES, &three.more));
    three.told("lines of another archive", "proof-inclusion", swap(LINES, &three.foreign));
    three.told("checkpoint of another archive", "proof-form", swap(CHECKPOINT, &three.foreign));
    three.told("all but the checkpoint of another archive", "proof-inclusion", |entries| {
        // Each proof carries the right checkpoint, too.
        let (own, other) = (text(entries, CHECKPOINT), text(&three.foreign, CHECKPOINT));
        *entries = three.foreign.clone();
        for bytes in entries.values_mut() {
            if let Ok(text) = String::from_utf8(bytes.clone()) {
                *bytes = text.replace(&other, &own).into_bytes();
            }
        }
    });
}

#[test]
fn records_that_were_altered_removed_or_added_are_told() {
    let three = Three::new();
    let own = &three.page[RECORDS];
    let found = records(own);
    let parts: Vec<Vec<u8>> =
        members(own).into_iter().map(|(at, length, _)| own[at..at + length].to_vec()).collect();
    let with = |parts: Vec<Vec<u8>>| {
        let bytes = parts.concat();
        move |entries: &mut Entries| drop(entries.insert(RECORDS.to_owned(), bytes))
    };
    for (n, record) in found.iter().enumerate() {
        let mut removed = parts.clone();
        removed.remove(n);
        three.told("a record removed", "record-missing", with(removed));
        let mut doubled = parts.clone();
        doubled.insert(n, parts[n].clone());
        three.told("a record doubled", "record-unlisted", with(doubled));
        let text = String::from_utf8(record.bytes.clone()).unwrap();
        let date = record.field("WARC-Date");
        let mut forged = parts.clone();
        forged[n] = gzip((text.replacen(date, "1999-01-01T00:00:00.000Z", 1) + "\r\n\r\n").as_bytes());
        three.told("a date altered", "record-altered", with(forged));
    }
    let mut more = parts.clone();
    let other = &three.more[RECORDS];
    let (at, length, _) = members(other)[1];
    more.push(other[at..at + length].to_vec());
    three.told("a record of another page added", "record-unlisted", with(more));
    three.told("no records", "record-missing", |entries| drop(entries.remove(RECORDS)));
}

#[test]
fn lines_that_were_altered_removed_or_added_are_told() {
    let three = Three::new();
    let own = text(&three.page, LINES);
    let lines: Vec<&str> = own.split_inclusive('\n').collect();
    let with = |lines: Vec<String>| {
        move |entries: &mut Entries| drop(entries.insert(LINES.to_owned(), lines.concat().into_bytes()))
    };
    let owned = || lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    for n in 0..lines.len() {
        let mut removed = owned();
        removed.remove(n);
        three.told("a line removed", "proof-form", with(removed));
        let mut altered = owned();
        altered[n] = lines[n].replacen("\"at\":\"20", "\"at\":\"19", 1);
        three.told("a line altered", "proof-inclusion", with(altered));
        let mut doubled = owned();
        doubled.insert(n, lines[n].to_owned());
        three.told("a line doubled", "proof-form", with(doubled));
    }
    let mut forged = owned();
    forged.push(lines[2].replace("\"seq\":", "\"seq\":1"));
    three.told("a line without a proof", "proof-form", with(forged));
    three.told("no lines", "proof-form", |entries| drop(entries.remove(LINES)));
    three.told("no line feed", "manifest-syntax", with(vec![own.trim_end().to_owned()]));
    // A record's connection is part of what is said of it.
    three.told("a connection's line removed with its proof", "proof-form", |entries| {
        let number = lines.iter().position(|line| line.contains("\"type\":\"connection\"")).unwrap();
        let name = names(entries, "provenance/proof-").into_iter().find(|name| {
            let seq: serde_json::Value = serde_json::from_str(lines[number]).unwrap();
            *name == format!("provenance/proof-{}.tlog-proof", seq["seq"])
        });
        entries.remove(&name.unwrap());
        let mut removed = owned();
        removed.remove(number);
        with(removed)(entries);
    });
}

#[test]
fn proofs_that_were_altered_removed_or_added_are_told() {
    let three = Three::new();
    let proofs = names(&three.page, "provenance/proof-");
    for name in &proofs {
        three.told("a proof removed", "proof-form", |entries| drop(entries.remove(name)));
        three.told("a proof of another number", "proof-form", |entries| {
            let bytes = entries.remove(name).unwrap();
            entries.insert("provenance/proof-999.tlog-proof".to_owned(), bytes);
        });
        three.told("a proof without its last hash", "proof-inclusion", |entries| {
            let text = text(entries, name);
            let (proof, rest) = text.split_once("\n\n").unwrap();
            let shorter = proof.rsplit_once('\n').unwrap().0;
            entries.insert(name.clone(), format!("{shorter}\n\n{rest}").into_bytes());
        });
        three.told("a proof with another checkpoint", "proof-form", |entries| {
            let altered = text(entries, name).replace("fonds/", "other/");
            entries.insert(name.clone(), altered.into_bytes());
        });
        three.told("a proof with extra data", "proof-form", |entries| {
            let altered = text(entries, name).replacen("\nindex", "\nextra AAAA\nindex", 1);
            entries.insert(name.clone(), altered.into_bytes());
        });
    }
    three.told("two proofs swapped", "proof-form", |entries| {
        let [one, other] = [entries[&proofs[0]].clone(), entries[&proofs[1]].clone()];
        entries.insert(proofs[0].clone(), other);
        entries.insert(proofs[1].clone(), one);
    });
}

#[test]
fn what_has_no_place_and_what_is_missing_is_told() {
    let three = Three::new();
    for name in [
        "x",
        "archive/x.warc.gz",
        "provenance/proof-01.tlog-proof",
        "provenance/consistency-x",
        "datapackage.json",
    ] {
        three.told(name, "proof-form", |entries| drop(entries.insert(name.to_owned(), b"x".to_vec())));
    }
    three.told("version", "proof-form", |entries| drop(entries.remove("provenance/version")));
    three.told("version 2", "proof-form", |entries| {
        entries.insert("provenance/version".to_owned(), b"fonds-proof/2\n".to_vec());
    });
    three.told("checkpoint", "checkpoint-invalid", |entries| drop(entries.remove(CHECKPOINT)));
    three.told("an earlier checkpoint without proof", "checkpoint-earlier", |entries| {
        entries.insert(format!("{CHECKPOINT}-3"), three.page[CHECKPOINT].clone());
    });
    three.told("consistency without its checkpoint", "checkpoint-invalid", |entries| {
        entries.insert("provenance/consistency-3".to_owned(), b"old 3\n\n".to_vec());
    });
    three.told("consistency that shows nothing", "proof-consistency", |entries| {
        let own = text(entries, CHECKPOINT);
        let size = own.lines().nth(1).unwrap().to_owned();
        entries.insert(format!("{CHECKPOINT}-3"), own.replacen(&size, "3", 1).into_bytes());
        entries.insert("provenance/consistency-3".to_owned(), format!("old 3\n\n{own}").into_bytes());
    });
    three.told("everything but the envelope", "proof-form", |entries| {
        entries.retain(|name, _| name == CHECKPOINT || name == "provenance/version");
    });
}

/// A ZIP may hold a name twice, so that two lines have one number; what is said of them has one order.
#[test]
fn a_report_is_the_same_each_time_though_numbers_stand_twice() {
    let three = Three::new();
    let number = |kind: &str| {
        let text = text(&three.page, LINES);
        let line = text.lines().find(|line| line.contains(&format!("\"type\":\"{kind}\""))).unwrap();
        serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].to_string()
    };
    let name = |number: &str| format!("provenance/proof-{number}.tlog-proof");
    let (one, other) = (name(&number("response")), name(&number("request")));
    // As long as the name that it is to have in the end.
    let meanwhile = one.replace(char::is_numeric, "X");
    let mut entries = three.page.clone();
    entries.remove(RECORDS);
    let proof = entries.remove(&other).unwrap();
    entries.insert(meanwhile.clone(), proof);
    let mut bytes = zipped(&entries);
    while let Some(at) = bytes.windows(one.len()).position(|window| window == meanwhile.as_bytes()) {
        bytes[at..at + one.len()].copy_from_slice(one.as_bytes());
    }
    let said = || serde_json::to_string(&report(bytes.clone())).unwrap();
    let first = said();
    assert!(first.contains("zip-duplicate-entry") && first.matches("record-missing").count() >= 2, "{first}");
    for _ in 0..20 {
        assert_eq!(said(), first);
    }
}

/// Numbers that no log has must not end the program.
#[test]
fn absurd_sizes_are_told() {
    let three = Three::new();
    let own = text(&three.page, CHECKPOINT);
    let size = own.lines().nth(1).unwrap().to_owned();
    for absurd in ["0", "1", "9007199254740993", "18446744073709551615", "9223372036854775808"] {
        three.told(absurd, "proof-inclusion", |entries| {
            for bytes in entries.values_mut() {
                if let Ok(text) = String::from_utf8(bytes.clone()) {
                    *bytes = text.replace(&format!("\n{size}\n"), &format!("\n{absurd}\n")).into_bytes();
                }
            }
        });
    }
}
