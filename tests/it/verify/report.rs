//! The report's shape, its formats, and the exit codes.

use super::Sealed;
use crate::common::cli::{fonds, fonds_reading};
use crate::common::collection::members;
use fonds::package::pack;
use serde_json::Value;
use std::fs;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_json_report_has_the_published_keys() {
    let sealed = Sealed::new();
    let root = sealed.collection.root.to_str().unwrap();
    let report = fonds(["verify", "--format", "json", root]).expect(0).json();
    let expected = [
        "schema",
        "tool",
        "checked_at",
        "inputs",
        "levels",
        "achieved",
        "verdict",
        "counts",
        "time_bounds",
        "signers",
        "findings",
        "not_proved",
    ];
    for key in expected {
        assert!(report.get(key).is_some(), "no {key} in {:?}", keys(&report));
    }
    assert_eq!(report["schema"], "fonds-verify/1");
    assert_eq!((report["verdict"].as_str(), report["achieved"].as_u64()), (Some("ok"), Some(2)));
    let levels: Vec<(u64, &str, &str)> = report["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (l["level"].as_u64().unwrap(), l["name"].as_str().unwrap(), l["status"].as_str().unwrap()))
        .collect();
    let ladder = [
        (0, "structure", "pass"),
        (1, "digests", "pass"),
        (2, "complete", "pass"),
        (3, "signed", "absent"),
        (4, "timed", "absent"),
        (5, "witnessed", "absent"),
    ];
    assert_eq!(levels, ladder);
    let counts = &report["counts"];
    assert_eq!(counts["records"], sealed.collection.records().len());
    assert_eq!(counts["log_lines"], sealed.collection.log().len());
    assert_eq!(counts["bytes"], sealed.collection.read(&sealed.collection.warc()).len());
    assert!(report["not_proved"].as_array().unwrap().len() >= 3);
}

#[test]
fn findings_have_their_keys_in_both_machine_formats() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    let bytes = sealed.collection.read(&warc);
    let cut = members(&bytes)[4].0;
    let copy = sealed.with(&warc, &bytes[..cut]);
    let root = copy.root.to_str().unwrap();
    let report = fonds(["verify", "--format", "json", root]).expect(1).json();
    assert_eq!(report["verdict"], "damaged");
    let findings = report["findings"].as_array().unwrap();
    let missing = findings.iter().find(|f| f["code"] == "record-missing").unwrap();
    for key in ["code", "severity", "file", "offset", "record", "message"] {
        assert!(missing.get(key).is_some(), "no {key} in {missing}");
    }
    assert_eq!((missing["severity"].as_str(), missing["offset"].as_u64()), (Some("error"), Some(cut as u64)));
    let lines = fonds(["verify", "--format", "jsonl", root]).expect(1).json_lines();
    let (last, first) = lines.split_last().unwrap();
    assert_eq!(first, findings.as_slice());
    assert!(last["findings"].as_array().unwrap().is_empty() && last["verdict"] == "damaged");
    let errors = findings.iter().filter(|f| f["severity"] == "error").count();
    assert_eq!(report["counts"]["errors"], errors);
}

#[test]
fn each_exit_code_means_what_the_help_says() {
    let sealed = Sealed::new();
    let root = sealed.collection.root.to_str().unwrap();
    let warc = sealed.collection.root.join(sealed.collection.warc());
    fonds(["verify", root, "--require", "2"]).expect(0);
    fonds(["verify", root, "--require", "3"]).expect(3);
    fonds(["verify", warc.to_str().unwrap(), "--require", "1"]).expect(0);
    fonds(["verify", warc.to_str().unwrap(), "--require", "2"]).expect(3);
    fonds(["verify", root, warc.to_str().unwrap(), "--require", "2"]).expect(3);
    fonds(["verify"]).expect(2);
    fonds(["verify", root, "--require", "6"]).expect(2);
    fonds(["verify", root, "--no-such-flag"]).expect(2);
    let missing = fonds(["verify", "/no/such/path"]).expect(4);
    assert!(missing.stderr.lines().any(|l| l.starts_with("fonds: /no/such/path: ")), "{}", missing.stderr);
    // The rest is checked all the same.
    let both = fonds(["verify", "--format", "json", "/no/such/path", root]).expect(4);
    assert_eq!(both.json()["inputs"][0]["name"], root);
    let empty = sealed.room("empty");
    fs::create_dir(&empty).unwrap();
    assert!(
        fonds(["verify", empty.to_str().unwrap()]).expect(4).stderr.contains("nothing in this directory")
    );
}

#[test]
fn warnings_count_where_they_are_asked_to() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    // A request without its response: its reference leads nowhere.
    let bytes = sealed.collection.read(&warc);
    let index = sealed.collection.records().iter().position(|r| r.is("request")).unwrap();
    let (at, length, _) = members(&bytes)[index];
    let bare = sealed.room("bare.warc.gz");
    fs::write(&bare, &bytes[at..at + length]).unwrap();
    let bare = bare.to_str().unwrap();
    assert!(fonds(["verify", bare]).expect(0).text().contains("warning: "));
    fonds(["verify", "--strict", bare]).expect(1);
    let closed = fonds(["verify", "--closed", bare]).expect(1);
    assert!(closed.text().contains("[unresolved-reference]"), "{}", closed.text());
    fonds(["verify", "--closed", "--strict", sealed.collection.root.to_str().unwrap()]).expect(0);
}

#[test]
fn a_bare_warc_is_checked_compressed_or_not_and_from_standard_input() {
    let sealed = Sealed::new();
    let bytes = sealed.collection.read(&sealed.collection.warc());
    let plain: Vec<u8> = members(&bytes).into_iter().flat_map(|(_, _, content)| content).collect();
    for (name, content) in [("a.warc.gz", &bytes), ("a.warc", &plain)] {
        let path = sealed.room(name);
        fs::write(&path, content).unwrap();
        let report = fonds(["verify", "--format", "json", path.to_str().unwrap()]).expect(0).json();
        assert_eq!(
            (report["achieved"].as_u64(), report["inputs"][0]["kind"].as_str()),
            (Some(1), Some("warc")),
            "{name}"
        );
        let piped = fonds_reading(content.clone(), &["verify", "--format", "json", "-"]).expect(0).json();
        assert_eq!(piped["counts"], report["counts"], "{name}");
        let half = content[..content.len() / 2].to_vec();
        fonds_reading(half, &["verify", "-"]).expect(1);
    }
    let flipped = {
        let mut bytes = plain.clone();
        let at = bytes.windows(10).position(|w| w == b"Some text.").unwrap();
        bytes[at] ^= 1;
        bytes
    };
    let run = fonds_reading(flipped, &["verify", "-"]).expect(1);
    assert!(run.text().contains("[block-digest]"), "{}", run.text());
    for nothing in [&b""[..], b"no archive at all"] {
        fonds_reading(nothing.to_vec(), &["verify", "-"]).expect(1);
    }
}

#[test]
fn a_directory_of_archives_is_searched() {
    let sealed = Sealed::new();
    pack(&sealed.collection.root, &sealed.room("p.wacz")).unwrap();
    fs::write(sealed.room("notes.bin"), [0, 1, 2, 3]).unwrap();
    let run = fonds(["verify", "--format", "json", sealed.room("").to_str().unwrap()]).expect(0);
    let report = run.json();
    let kinds: Vec<&str> =
        report["inputs"].as_array().unwrap().iter().map(|i| i["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds, report["achieved"].as_u64()), (vec!["collection", "wacz"], Some(2)));
    assert!(run.stderr.contains("1 other files are passed over"), "{}", run.stderr);
}

/// Even its first bytes, by which its kind is known, may be the damaged ones.
#[test]
fn a_wacz_without_its_first_bytes_is_damaged_and_not_unreadable() {
    let sealed = Sealed::new();
    let path = sealed.room("p.wacz");
    pack(&sealed.collection.root, &path).unwrap();
    let bytes = fs::read(&path).unwrap();
    for at in [0, 3, bytes.len() - 22, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        fs::write(&path, altered).unwrap();
        let run = fonds(["verify", path.to_str().unwrap()]).expect(1);
        assert!(run.text().contains("error: "), "{at}: {}", run.text());
    }
}

#[test]
fn people_are_told_what_was_checked_and_what_is_not_proved() {
    let sealed = Sealed::new();
    let run = fonds(["verify", sealed.collection.root.to_str().unwrap()]).expect(0);
    for words in
        ["level 0 structure  pass", "level 2 complete   pass", "intact, level 2: 0 errors", "Not proved: "]
    {
        assert!(run.text().contains(words), "no {words:?} in {}", run.text());
    }
    assert!(run.stderr.is_empty(), "{}", run.stderr);
    assert!(fonds(["verify", "-q", sealed.collection.root.to_str().unwrap()]).expect(0).stdout.is_empty());
}

#[test]
fn the_junit_report_fails_what_the_json_report_fails() {
    let sealed = Sealed::new();
    let root = sealed.collection.root.to_str().unwrap();
    let junit = |options: &[&str], code| {
        let run = fonds([&["verify", "--format", "junit", root], options].concat()).expect(code);
        (
            run.text().matches("<failure").count(),
            run.text().matches("<skipped").count(),
            run.text().to_owned(),
        )
    };
    let (failures, skipped, xml) = junit(&[], 0);
    assert_eq!((failures, skipped), (0, 3), "{xml}");
    assert!(xml.contains("tests=\"7\" failures=\"0\" errors=\"0\" skipped=\"3\""), "{xml}");
    // A level that was asked for and is not reached fails.
    let (failures, skipped, xml) = junit(&["--require", "3"], 3);
    assert_eq!((failures, skipped), (1, 2), "{xml}");
    // Damage fails the input and its level; a name and bytes from outside cannot break the XML.
    let name = sealed.collection.warc();
    let mut warc = sealed.collection.read(&name);
    let middle = warc.len() / 2;
    warc[middle] ^= 0x55;
    let odd = sealed.collection.root.join("archive/<odd> & \u{1} \"name\".warc.gz");
    fs::write(&odd, &warc).unwrap();
    let (failures, _, xml) = junit(&[], 1);
    assert!(failures >= 2 && xml.contains("&lt;odd&gt; &amp; \u{fffd} &quot;name&quot;"), "{xml}");
    let mut reader = quick_xml::Reader::from_str(&xml);
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
}
