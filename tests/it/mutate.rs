//! Every target over its seeds and over mutants of them: the same ones each time, some seconds in all. What libFuzzer
//! does for hours with the same targets is in `fuzz/`.

use crate::targets::{ALL, Target, next, seeds};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A mutant is cut to this.
const LONGEST: usize = 16 << 10;

/// Bytes that parsers look for.
const TOKENS: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r\n\r\n",
    b"\0",
    b" ",
    b":",
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b",",
    b"<",
    b">",
    b"&#x",
    b"-1",
    b"0",
    b"1",
    b"4294967296",
    b"18446744073709551615",
    b"99999999999999999999",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b"WARC/1.1\r\n",
    b"Content-Length: ",
    b"WARC-Type: ",
    b"HTTP/1.1 200 OK\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"0\r\n\r\n",
    b"url(",
    b"<!--",
    b"]]>",
    b"<table>",
    b"</p>",
    b"http://",
    b"%2",
    b"//",
    b"sha256:",
];

/// One to four changes of `seed`, with pieces of `other` in it.
fn mutant(seed: &[u8], other: &[u8], state: &mut u64) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..=next(state) % 4 {
        change(&mut data, other, state);
    }
    data.truncate(LONGEST);
    data
}

fn change(data: &mut Vec<u8>, other: &[u8], state: &mut u64) {
    let mut below = |n: usize| (next(state) >> 20) as usize % n.max(1);
    let at = below(data.len() + 1);
    let power = below(8);
    let end = (at + 1 + below(1 << power)).min(data.len()).max(at);
    match below(9) {
        0 | 1 if at < data.len() => data[at] ^= 1 << below(8),
        2 if at < data.len() => data[at] = below(256) as u8,
        3 if at < data.len() => drop(data.drain(at..end)),
        4 => data.truncate(at),
        5 => drop(data.splice(at..end, TOKENS[below(TOKENS.len())].iter().copied())),
        6 => drop(data.splice(at..at, TOKENS[below(TOKENS.len())].iter().copied())),
        7 => {
            let from = below(other.len());
            let to = (from + 1 + below(200)).min(other.len());
            data.splice(at..at, other[from..to].iter().copied());
        }
        _ => {
            let piece = data.get(at..end).unwrap_or_default().to_vec();
            data.splice(at..at, piece.repeat(1 + below(6)));
        }
    }
}

/// Runs it; a panic is told with the input that made it.
fn hold(target: &Target, data: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(data))).is_err() {
        panic!("{} does not hold for b\"{}\"", target.name, data.escape_ascii());
    }
}

fn try_all(targets: &[&Target]) {
    for target in targets {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{}", target.name);
        hold(target, b"");
        seeds.iter().for_each(|seed| hold(target, seed));
        let mut state = 0x9e37_79b9_7f4a_7c15;
        for n in 0..target.tries as usize {
            let other = &seeds[(next(&mut state) >> 20) as usize % seeds.len()];
            hold(target, &mutant(&seeds[n % seeds.len()], other, &mut state));
        }
    }
}

/// The targets in four parts of about the same length, so that they run beside each other.
macro_rules! parts {
    ($($test:ident: $($name:literal)*;)*) => {
        $(#[test]
        fn $test() {
            let wanted = [$($name),*];
            try_all(&ALL.iter().filter(|target| wanted.contains(&target.name)).collect::<Vec<_>>());
        })*

        const TRIED: &[&str] = &[$($($name),*),*];
    };
}

parts! {
    readers_of_archives_hold_on_mutants: "warc" "head" "index";
    judges_of_archives_hold_on_mutants: "verify" "proof" "mend" "zip";
    messages_and_lines_hold_on_mutants: "http" "chunked" "coding" "redirect" "sniff" "cdxj" "datapackage" "pages" "manifest"
        "checkpoint" "stamp" "signature" "surt" "digest" "cookies";
    pages_hold_on_mutants: "links" "css" "sitemap" "robots" "html" "plain";
}

#[test]
fn every_target_is_tried_and_has_its_fuzz_target() {
    let names: HashSet<&str> = ALL.iter().map(|target| target.name).collect();
    assert_eq!(names, TRIED.iter().copied().collect::<HashSet<_>>());
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    if !fuzz.is_dir() {
        println!("skipped: fuzz/ is not part of a published crate");
        return;
    }
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for name in names {
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name} is not in fuzz/Cargo.toml");
        let source = std::fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(source.contains(&format!("\"{name}\"")), "{name}");
    }
}

/// With `FONDS_SEEDS=DIRECTORY`, where libFuzzer keeps its corpora, they begin with these seeds.
#[test]
fn seeds_are_small_and_written_where_they_are_asked_for() {
    for target in ALL {
        let seeds = (target.seeds)();
        assert!(seeds.iter().all(|seed| seed.len() <= LONGEST), "{}", target.name);
        let Some(room) = std::env::var_os("FONDS_SEEDS") else { continue };
        let corpus = Path::new(&room).join(target.name);
        std::fs::create_dir_all(&corpus).unwrap();
        for (n, seed) in seeds.iter().enumerate() {
            std::fs::write(corpus.join(format!("seed-{n:02}")), seed).unwrap();
        }
    }
}

/// The seeds of whole archives are good ones: what is found in mutants is the mutation's.
#[test]
fn the_seed_made_by_hand_is_a_valid_archive() {
    let records = seeds::records();
    for bytes in [records.concat(), records.iter().flat_map(|record| seeds::gzip(record)).collect()] {
        let mut run = fonds::verify::Verification::new(fonds::verify::Options::default());
        run.warc("a.warc", fonds::warc::Source::Seek(Box::new(std::io::Cursor::new(bytes)))).unwrap();
        let report = run.finish(String::new());
        let found: Vec<_> = report.findings.iter().map(|f| (f.severity, f.code, &f.message)).collect();
        assert!(report.counts.errors == 0 && report.counts.warnings == 0, "{found:?}");
        assert_eq!(report.counts.records, 6);
    }
}

/// But for the headers of its ZIP, which another tool wrote.
#[test]
fn the_proof_made_by_hand_is_a_valid_one() {
    let proof = std::io::Cursor::new(seeds::proofs().remove(0));
    let package = fonds::package::Package::wacz("a.proof", Box::new(proof)).unwrap();
    let mut run = fonds::verify::Verification::new(fonds::verify::Options::default());
    run.proof(&package).unwrap();
    let report = run.finish(String::new());
    let errors: Vec<_> =
        report.findings.iter().filter(|f| f.is_error()).map(|f| (f.code, &f.message)).collect();
    assert!(errors.iter().all(|(code, _)| *code == "package-altered"), "{errors:?}");
    assert_eq!((report.counts.records, report.counts.log_lines), (6, 6));
}
