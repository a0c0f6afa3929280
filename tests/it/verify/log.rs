//! Deliberate changes to what vouches for the rest: log, leaves, checkpoint, datapackage.

use super::{Sealed, assert_told, line_offsets, without_line};
use crate::common::collection::gzip;
use serde_json::Value;

const MANIFEST: &str = "provenance/manifest.jsonl";

#[test]
fn every_altered_line_of_the_log_is_told_at_its_place() {
    let sealed = Sealed::new();
    let bytes = sealed.collection.read(MANIFEST);
    let text = sealed.collection.text(MANIFEST);
    for (n, at) in line_offsets(&bytes).into_iter().enumerate() {
        for (from, to) in [
            ("\"salt\":\"", "\"salt\":\"x"),
            ("\"at\":\"20", "\"at\":\"19"),
            ("{", "{ "),
            ("\"v\":1", "\"v\":2"),
        ] {
            let line = text.lines().nth(n).unwrap();
            let altered = text.replacen(line, &line.replacen(from, to, 1), 1);
            let report = sealed.findings_with(MANIFEST, altered.as_bytes());
            assert_told(&report, "manifest-line", MANIFEST, Some(at));
            assert_told(&report, "manifest-root", MANIFEST, None);
        }
    }
}

#[test]
fn every_removed_doubled_or_swapped_line_of_the_log_is_told() {
    let sealed = Sealed::new();
    let bytes = sealed.collection.read(MANIFEST);
    let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    for (n, at) in line_offsets(&bytes).into_iter().enumerate() {
        let removed = sealed.findings_with(MANIFEST, &without_line(&bytes, n));
        assert_told(&removed, "manifest-root", MANIFEST, None);
        if n + 1 < lines.len() {
            assert_told(&removed, "manifest-line", MANIFEST, Some(at));
            assert_told(&removed, "manifest-syntax", MANIFEST, Some(at));
            let mut swapped = lines.clone();
            swapped.swap(n, n + 1);
            assert_told(
                &sealed.findings_with(MANIFEST, &swapped.concat()),
                "manifest-syntax",
                MANIFEST,
                Some(at),
            );
        } else {
            assert_told(&removed, "log-unfinished", MANIFEST, None);
        }
        let mut doubled = lines.clone();
        doubled.insert(n, lines[n]);
        let place = at + lines[n].len();
        assert_told(
            &sealed.findings_with(MANIFEST, &doubled.concat()),
            "manifest-syntax",
            MANIFEST,
            Some(place),
        );
    }
}

#[test]
fn altered_leaves_and_checkpoints_are_told() {
    let sealed = Sealed::new();
    let leaves = sealed.collection.read("provenance/leaves");
    for n in 0..leaves.len() / 32 {
        let mut altered = leaves.clone();
        altered[n * 32] ^= 1;
        let report = sealed.findings_with("provenance/leaves", &altered);
        assert_told(&report, "manifest-leaves", MANIFEST, None);
    }
    assert_told(&sealed.findings_with("provenance/leaves", &leaves[32..]), "manifest-leaves", MANIFEST, None);
    assert_told(&sealed.findings_with("provenance/leaves", b""), "manifest-leaves", MANIFEST, None);

    let checkpoint = sealed.collection.text("provenance/checkpoint");
    let lines: Vec<&str> = checkpoint.lines().collect();
    let size: u64 = lines[1].parse().unwrap();
    let smaller = checkpoint.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size - 1), 1);
    assert_told(
        &sealed.findings_with("provenance/checkpoint", smaller.as_bytes()),
        "manifest-root",
        MANIFEST,
        None,
    );
    assert_told(&sealed.findings_with("provenance/checkpoint", b"x"), "checkpoint-invalid", MANIFEST, None);
}

/// Whoever rewrites record, index, page list and datapackage consistently still meets the log.
#[test]
fn a_consistent_rewrite_of_all_but_the_log_is_told() {
    let sealed = Sealed::new();
    let warc = sealed.collection.warc();
    let altered = forge(&sealed);
    let copy = sealed.with(&warc, &altered);
    reseal(&copy);
    let report = super::check(&copy.root);
    assert_told(&report, "record-altered", &warc, None);
    assert_told(&report, "log-files", &warc, None);
    assert!(!report.findings.iter().any(|f| f.level < 2 && f.is_error()), "{:?}", report.findings);
}

/// A WARC whose last record with an address says another one, everything in the file consistent.
fn forge(sealed: &Sealed) -> Vec<u8> {
    let records = sealed.collection.records();
    let victim = records.iter().rfind(|r| r.get("WARC-IP-Address").is_some()).unwrap();
    let bytes = sealed.collection.read(&sealed.collection.warc());
    let text = String::from_utf8(victim.bytes.clone()).unwrap();
    let forged = text.replacen("WARC-IP-Address: 127.0.0.1", "WARC-IP-Address: 127.0.0.9", 1) + "\r\n\r\n";
    assert_ne!(forged.as_bytes(), [&victim.bytes[..], b"\r\n\r\n"].concat());
    [&bytes[..victim.offset], &gzip(forged.as_bytes()), &bytes[victim.offset + victim.length..]].concat()
}

/// Writes the datapackage anew, as if sealed with what is there.
fn reseal(copy: &crate::common::collection::Collection) {
    let mut package: Value = serde_json::from_slice(&copy.read("datapackage.json")).unwrap();
    for resource in package["resources"].as_array_mut().unwrap() {
        let bytes = copy.read(resource["path"].as_str().unwrap());
        resource["hash"] = format!("sha256:{}", sha256(&bytes)).into();
        resource["bytes"] = bytes.len().into();
    }
    let text = serde_json::to_string_pretty(&package).unwrap() + "\n";
    std::fs::write(copy.root.join("datapackage.json"), &text).unwrap();
    let digest = copy.text("datapackage-digest.json");
    let old = digest.split("sha256:").nth(1).unwrap()[..64].to_owned();
    std::fs::write(copy.root.join("datapackage-digest.json"), digest.replace(&old, &sha256(text.as_bytes())))
        .unwrap();
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(bytes))
}

#[test]
fn an_altered_datapackage_or_digest_is_told() {
    let sealed = Sealed::new();
    let text = sealed.collection.text("datapackage.json");
    let altered = text.replacen("fonds/", "other/", 1);
    assert_told(
        &sealed.findings_with("datapackage.json", altered.as_bytes()),
        "datapackage-digest",
        "datapackage.json",
        None,
    );
    assert_told(
        &sealed.findings_with("datapackage.json", b"{"),
        "datapackage-unreadable",
        "datapackage.json",
        None,
    );
    let digest = sealed.collection.text("datapackage-digest.json");
    let altered = digest.replacen("sha256:", "sha256:0", 1);
    assert_told(
        &sealed.findings_with("datapackage-digest.json", altered.as_bytes()),
        "datapackage-digest",
        "datapackage.json",
        None,
    );
    let copy = sealed.collection.copy(&sealed.room("without"));
    std::fs::remove_file(copy.root.join("datapackage-digest.json")).unwrap();
    assert_told(&super::check(&copy.root), "datapackage-unprotected", copy.root.to_str().unwrap(), None);
}
