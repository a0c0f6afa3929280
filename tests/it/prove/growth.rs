//! That a log only grew: consistency proofs between checkpoints.

use super::{Bench, check, codes, entries, prove};
use crate::common::cli::fonds;
use crate::common::tsa::{Authority, Shape};
use std::fs;
use std::sync::Arc;

const CHECKPOINT: &str = "provenance/checkpoint";

/// A collection that grew since a checkpoint was kept; gives the key and the kept checkpoint's path.
fn grown(bench: &Bench) -> (String, String) {
    let key = bench.sign();
    let kept = bench.room("kept");
    fs::copy(bench.collection.root.join(CHECKPOINT), &kept).unwrap();
    fonds(["archive", "--resume", bench.root(), bench.url("/later").as_str(), "--sign", &key]).expect(0);
    (format!("{key}.pub"), kept.to_str().unwrap().to_owned())
}

#[test]
fn a_log_that_grew_is_shown_to_go_on_with_the_checkpoint_that_was_kept() {
    let bench = Bench::new();
    let (key, kept) = grown(&bench);
    let out = bench.room("since.proof");
    prove(&bench.collection.root, &["--since", &kept], &out).expect(0);
    let names: Vec<String> = entries(&out).into_keys().collect();
    assert_eq!(names.len(), 4, "{names:?}");
    let run = check(&out, &["--expect-checkpoint", &kept, "--key", &key]).expect(0);
    assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(3), vec!["signature-earlier".into()]));
    let detail = run.json()["levels"][2]["detail"].as_str().unwrap().to_owned();
    let size = fs::read_to_string(&kept).unwrap().lines().nth(1).unwrap().to_owned();
    assert!(detail.contains(&format!("goes on with the checkpoint of {size} lines")), "{detail}");
    // In the words of RFC 9162 for whoever has neither fonds nor the log.
    let proof = String::from_utf8(entries(&out)[&format!("provenance/consistency-{size}")].clone()).unwrap();
    assert!(
        proof.starts_with(&format!("old {size}\n")) && proof.ends_with(&bench.collection.text(CHECKPOINT))
    );
}

/// A page of an earlier session was in the log when that session's checkpoint was signed and stamped.
#[test]
fn a_page_comes_with_the_earlier_checkpoints_that_it_was_under() {
    let bench = Bench::new();
    let (key, kept) = grown(&bench);
    let size = fs::read_to_string(&kept).unwrap().lines().nth(1).unwrap().to_owned();
    let page = bench.proof("page.proof", "/page", &[]);
    assert!(entries(&page).contains_key(&format!("{CHECKPOINT}-{size}")));
    check(&page, &["--expect-checkpoint", &kept, "--key", &key]).expect(0);
    let later = bench.proof("later.proof", "/later", &[]);
    assert!(!entries(&later).contains_key(&format!("{CHECKPOINT}-{size}")));
    let run = check(&later, &["--expect-checkpoint", &kept]).expect(3);
    assert_eq!(codes(&run), ["checkpoint-unshown", "signature-claimed"]);
    let both = bench.room("both.proof");
    prove(&bench.collection.root, &["--url", bench.url("/later").as_str(), "--since", &kept], &both)
        .expect(0);
    check(&both, &["--expect-checkpoint", &kept, "--key", &key]).expect(0);
}

#[test]
fn a_log_that_did_not_go_on_with_it_gives_no_proof() {
    let bench = Bench::new();
    let (_, kept) = grown(&bench);
    let other = Bench::new();
    let refused = |held: &str, words: &str, code: i32| {
        let out = bench.room("none.proof");
        let run = prove(&bench.collection.root, &["--since", held], &out).expect(code);
        assert!(run.one_line().contains(words) && !out.exists(), "{}", run.stderr);
    };
    refused(other.collection.root.join(CHECKPOINT).to_str().unwrap(), "is of another log", 4);
    let altered = bench.room("altered");
    let text = fs::read_to_string(&kept).unwrap();
    let root = text.lines().nth(2).unwrap();
    let flipped = match root.strip_prefix('A') {
        Some(rest) => format!("B{rest}"),
        None => format!("A{}", &root[1..]),
    };
    fs::write(&altered, text.replace(root, &flipped)).unwrap();
    refused(altered.to_str().unwrap(), "do not give the root", 4);
    let size = text.lines().nth(1).unwrap();
    fs::write(&altered, text.replacen(&format!("\n{size}\n"), "\n100000\n", 1)).unwrap();
    refused(altered.to_str().unwrap(), "is of 100000 lines, the log has", 4);
    fs::write(&altered, "hello").unwrap();
    refused(altered.to_str().unwrap(), "no checkpoint", 2);
}

/// The time-stamps of a collection come with its proofs, those of earlier sessions where they cover the page.
#[test]
fn a_proof_is_timed_as_its_collection_is() {
    let bench = Bench::new();
    let authority = Arc::new(Authority::new(&Shape::default()));
    let key = bench.sign();
    fonds(["stamp", bench.root(), "--tsa", &authority.serve()]).expect(0);
    let (root, public) = (authority.root(), format!("{key}.pub"));
    let first = bench.proof("first.proof", "/page", &[]);
    let run = check(&first, &["--trust", &root, "--key", &public, "--require", "4"]).expect(0);
    assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(4), vec![]));
    let time = run.json()["time_bounds"]["not_after"].clone();
    assert!(time.is_string());
    check(&first, &["--key", &public, "--require", "4"]).expect(3);
    // The log grows, and nobody stamps it again: the page was there before, what came later is not timed.
    fonds(["archive", "--resume", bench.root(), bench.url("/later").as_str(), "--sign", &key]).expect(0);
    let [page, later] =
        ["/page", "/later"].map(|path| bench.proof(&format!("second{}", &path[1..]), path, &[]));
    let stamped =
        |proof: &std::path::Path| entries(proof).keys().filter(|name| name.ends_with(".tsr")).count();
    assert_eq!((stamped(&page), stamped(&later)), (1, 0));
    let run = check(&page, &["--trust", &root, "--require", "2"]).expect(0);
    assert_eq!(run.json()["stamps"].as_array().unwrap().len(), 1, "{}", run.json()["stamps"]);
    // A time-stamp of another archive is none of this.
    let mut swapped = entries(&first);
    let other = Bench::new();
    fonds(["stamp", other.root(), "--tsa", &authority.serve()]).expect(0);
    let name = "provenance/checkpoint.tsr";
    swapped.insert(name.to_owned(), entries(&other.proof("other.proof", "/page", &[]))[name].clone());
    fs::write(bench.room("swapped"), super::zipped(&swapped)).unwrap();
    let run = check(&bench.room("swapped"), &["--trust", &root]).expect(1);
    assert!(codes(&run).iter().any(|code| code.starts_with("stamp-")), "{:?}", codes(&run));
}
