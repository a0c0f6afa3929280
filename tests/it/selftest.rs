//! The recorder against the server that misbehaves, by the library and by the command.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::common::cli::fonds;
use fonds::selftest::{Report, Status};
use serde_json::Value;

fn run() -> (Report, tempfile::TempDir) {
    let room = tempfile::tempdir().unwrap();
    let report = fonds::selftest::run(&room.path().join("s.warc.gz"), room.path(), &mut |_, _| ()).unwrap();
    (report, room)
}

#[test]
fn every_case_is_stored_as_it_was_sent_or_as_it_must_be() {
    let (report, _room) = run();
    let lost: Vec<_> = report.cases.iter().filter(|case| case.status == Status::Lost).collect();
    assert!(lost.is_empty(), "{lost:#?}");
    for transport in ["tcp", "tls"] {
        let cases = report.cases.iter().filter(|case| case.transport == transport).count();
        assert!(cases >= 60, "{cases} over {transport}");
    }
}

#[test]
fn the_command_prints_the_matrix_and_keeps_the_records() {
    let room = tempfile::tempdir().unwrap();
    let warc = room.path().join("kept.warc.gz");
    let warc = warc.to_str().unwrap();
    let ran = fonds(["selftest", "--format", "json", "-o", warc]).expect(0);
    let report: Value = ran.json();
    let cases = report["cases"].as_array().unwrap();
    assert!(cases.len() >= 120, "{}", cases.len());
    for case in cases {
        assert!(["exact", "expected"].contains(&case["status"].as_str().unwrap()), "{case}");
        assert!(["tcp", "tls"].contains(&case["transport"].as_str().unwrap()), "{case}");
        assert!(case["name"].is_string() && case["detail"].is_string(), "{case}");
    }
    fonds(["verify", "-q", warc]).expect(0);
    assert!(fonds(["selftest", "-o", warc]).expect(4).one_line().contains("exists"));
}
