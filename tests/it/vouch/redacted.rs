//! Copies without what is kept back.

use super::{Bench, codes, verify};
use crate::common::cli::{archive, fonds};
use crate::common::site::{ok, serve};
use fonds::manifest::leaf_hash;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Two {
    directory: TempDir,
    root: PathBuf,
    secret: String,
}

/// A signed collection of two pages, one of them private.
fn two(key: &str) -> Two {
    let page = |name: &str| format!("<title>{name}</title><p>Words of the {name} page.");
    let server = serve(vec![
        ("/public", ok("text/html", page("public"))),
        ("/private", ok("text/html", page("private"))),
    ]);
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("c");
    archive(&root, &[&server.url("/public"), &server.url("/private")], &["--sign", key]).expect(0);
    Two { directory, root, secret: server.url("/private").to_string() }
}

fn all_bytes(root: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => bytes.extend(all_bytes(&entry.path())),
            false if entry.path().extension().is_some_and(|e| e == "gz") => {
                std::io::copy(
                    &mut flate2::read::MultiGzDecoder::new(fs::File::open(entry.path()).unwrap()),
                    &mut bytes,
                )
                .unwrap();
            }
            false => bytes.extend(fs::read(entry.path()).unwrap()),
        }
    }
    bytes
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|part| part == needle.as_bytes())
}

#[test]
fn what_is_kept_back_is_nowhere_and_the_rest_is_proved_as_before() {
    let bench = Bench::new();
    let key = bench.key("key");
    let public = format!("{key}.pub");
    let two = two(&key);
    assert!(holds(&all_bytes(&two.root), "Words of the private page"));
    let kept = two.root.join("provenance/checkpoint");
    for name in ["copy", "copy.wacz"] {
        let out = two.directory.path().join(name);
        let pattern = "/private$";
        let arguments = ["redact", two.root.to_str().unwrap(), "-o", out.to_str().unwrap(), "--url", pattern];
        let run = fonds(arguments).expect(0);
        assert!(run.stderr.contains("records left out"), "{}", run.stderr);
        let expect = ["--expect-checkpoint", kept.to_str().unwrap()];
        let run = verify(&out, &[&expect[..], &["--require", "2", "--strict"]].concat()).expect(0);
        assert_eq!(codes(&run), ["lines-withheld", "signature-claimed"][..1]);
        assert!(run.json()["not_proved"].to_string().contains("withholds"));
        let run = verify(&out, &["--key", &public]).expect(3);
        assert!(codes(&run).contains(&"signature-earlier".to_owned()), "{:?}", codes(&run));
        fonds(["sign", out.to_str().unwrap(), "--key", &key]).expect(0);
        verify(&out, &["--key", &public]).expect(0);
        // Nothing is overwritten.
        fonds(arguments).expect(4).one_line();
        let run = fonds(["extract", out.to_str().unwrap()]).expect(0);
        let text = run.text();
        assert!(text.contains("public page") && !text.contains("private page"));
    }
    let copy = all_bytes(&two.directory.path().join("copy"));
    assert!(!holds(&copy, "Words of the private page") && !holds(&copy, &two.secret), "{}", two.secret);
}

#[test]
fn a_record_is_kept_back_with_its_capture() {
    let bench = Bench::new();
    let two = two(&bench.key("key"));
    let rows = fonds(["ls", "--format", "json", two.root.to_str().unwrap()]).expect(0).json_lines();
    let response = rows.iter().find(|r| r["type"] == "response" && r["url"] == two.secret.as_str()).unwrap();
    let out = two.directory.path().join("copy");
    let id = response["id"].as_str().unwrap();
    fonds(["redact", two.root.to_str().unwrap(), "-o", out.to_str().unwrap(), "--record", id]).expect(0);
    verify(&out, &["--require", "2"]).expect(0);
    let left = fonds(["ls", "--format", "json", out.to_str().unwrap()]).expect(0);
    assert!(!left.text().contains(&two.secret), "{}", left.text());
}

#[test]
fn nothing_can_be_taken_out_in_silence_under_the_name_of_withheld() {
    let bench = Bench::new();
    let two = two(&bench.key("key"));
    // The tree still holds, but no redaction speaks of the line.
    let log = fs::read_to_string(two.root.join("provenance/manifest.jsonl")).unwrap();
    let (seq, line) = log.lines().enumerate().find(|(_, line)| line.contains("\"page\"")).unwrap();
    let hex: String = leaf_hash(line.as_bytes()).0.iter().map(|byte| format!("{byte:02x}")).collect();
    let instead = format!("{{\"leaf\":\"{hex}\",\"seq\":{seq},\"type\":\"withheld\"}}");
    fs::write(two.root.join("provenance/manifest.jsonl"), log.replace(line, &instead)).unwrap();
    let run = verify(&two.root, &[]).expect(1);
    assert!(codes(&run).contains(&"line-withheld".to_owned()), "{:?}", codes(&run));
    assert!(!codes(&run).contains(&"manifest-root".to_owned()));
}

#[test]
fn a_redaction_of_nothing_and_one_that_says_nothing_are_told() {
    let bench = Bench::new();
    let out = bench.room("copy").to_str().unwrap().to_owned();
    fonds(["redact", bench.root(), "-o", &out]).expect(2).one_line();
    let run = fonds(["redact", bench.root(), "-o", &out, "--url", "no such"]);
    assert!(run.expect(4).one_line().contains("nothing in it"));
    assert!(!bench.room("copy").exists());
}
