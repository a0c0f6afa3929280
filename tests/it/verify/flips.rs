//! The property behind all: a single altered byte, anywhere, is an error.

use super::{Sealed, check, check_package};
use crate::common::cli::fonds;
use fonds::package::{Package, pack};
use fonds::verify::{Report, Verdict};
use std::fs;
use std::io::Cursor;

/// Two alterations of one byte: its lowest bit, and some other one.
fn masks(at: usize) -> [u8; 2] {
    [1, 2 << ((at.wrapping_mul(2_654_435_761) >> 7) % 7)]
}

fn told(report: &Report) -> bool {
    report.verdict == Verdict::Damaged
}

#[test]
fn every_altered_byte_of_a_collection_is_reported() {
    let sealed = Sealed::small();
    let intact = check(&sealed.collection.root);
    assert_eq!((intact.achieved, intact.findings.len()), (Some(2), 0), "{:?}", intact.findings);
    let mut silent = Vec::new();
    let mut tried = 0;
    for path in sealed.collection.files() {
        let file = sealed.collection.root.join(&path);
        let bytes = fs::read(&file).unwrap();
        for at in 0..bytes.len() {
            for mask in masks(at) {
                let mut altered = bytes.clone();
                altered[at] ^= mask;
                fs::write(&file, &altered).unwrap();
                let report = check(&sealed.collection.root);
                let names_it = report
                    .findings
                    .iter()
                    .any(|f| f.file.starts_with(sealed.collection.root.to_str().unwrap()));
                tried += 1;
                if !told(&report) || !names_it {
                    silent.push(format!("{path} at {at} ^ {mask}: {:?}", report.findings));
                }
            }
        }
        fs::write(&file, &bytes).unwrap();
    }
    assert!(tried > 10_000, "{tried}");
    assert!(silent.is_empty(), "{} of {tried}: {}", silent.len(), silent[..silent.len().min(20)].join("\n"));
}

#[test]
fn every_altered_byte_of_a_wacz_is_reported() {
    let sealed = Sealed::small();
    let wacz = sealed.room("c.wacz");
    pack(&sealed.collection.root, &wacz).unwrap();
    fonds(["verify", "--require", "2", wacz.to_str().unwrap()]).expect(0);
    let bytes = fs::read(&wacz).unwrap();
    let mut silent = Vec::new();
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= masks(at)[1];
        let report = check_package(&Package::wacz("c.wacz", Box::new(Cursor::new(altered))).unwrap());
        if !told(&report) {
            silent.push(format!("{at}: {:?}", report.findings));
        }
    }
    assert!(
        silent.is_empty(),
        "{} of {}: {}",
        silent.len(),
        bytes.len(),
        silent[..silent.len().min(20)].join("\n")
    );
}

#[test]
fn every_cut_of_a_file_is_reported() {
    let sealed = Sealed::small();
    for path in sealed.collection.files() {
        let file = sealed.collection.root.join(&path);
        let bytes = fs::read(&file).unwrap();
        for length in (0..bytes.len()).step_by(7) {
            fs::write(&file, &bytes[..length]).unwrap();
            assert!(told(&check(&sealed.collection.root)), "{path} cut to {length}");
        }
        fs::write(&file, [&bytes[..], b"\n"].concat()).unwrap();
        assert!(told(&check(&sealed.collection.root)), "{path} with a line feed more");
        fs::remove_file(&file).unwrap();
        assert!(told(&check(&sealed.collection.root)), "{path} removed");
        fs::write(&file, &bytes).unwrap();
    }
    assert!(!told(&check(&sealed.collection.root)));
}
