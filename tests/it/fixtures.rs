//! No fixture is forgotten: each is named in the list, and every reading command takes it without a crash.

use crate::common::cli::fonds;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Paths of all fixtures below `fixtures/`, with `/`.
fn fixtures() -> Vec<String> {
    let mut out = Vec::new();
    let mut waiting = vec![root()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                out.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    out.retain(|path| path != "README.md");
    out.sort();
    out
}

/// True where a name of the list covers a path: itself, a directory with all in it, or `NAME` in place of a part.
fn covers(name: &str, path: &str) -> bool {
    if name.ends_with('/') {
        return path.starts_with(name);
    }
    match name.split_once("NAME") {
        Some((before, after)) => {
            let inside = path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            inside.is_some_and(|part| !part.is_empty() && !part.contains('/'))
        }
        None => name == path,
    }
}

#[test]
fn every_fixture_is_in_the_list_and_the_list_names_nothing_else() {
    let list = std::fs::read_to_string(root().join("README.md")).unwrap();
    let first_cells =
        list.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|l| l.split(" | ").next());
    let cells: Vec<String> = first_cells.map(|cell| format!("`{cell}")).collect();
    let names: Vec<&str> = cells.iter().flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let fixtures = fixtures();
    assert!(!names.is_empty() && !fixtures.is_empty());
    for path in &fixtures {
        assert!(
            names.iter().any(|name| covers(name, path)),
            "{path} is not in fixtures/README.md: {names:?}"
        );
    }
    for name in names {
        assert!(
            fixtures.iter().any(|path| covers(name, path)),
            "fixtures/README.md names {name}, which is not there"
        );
    }
}

#[test]
fn every_fixture_passes_through_every_reading_command() {
    for path in fixtures() {
        let file = root().join(Path::new(&path));
        let file = file.to_str().unwrap();
        for args in [
            &["verify", "--format", "json", file][..],
            &["extract", "--format", "jsonl", file],
            &["extract", "--format", "markdown", "--comments", "keep", file],
            &["ls", "--format", "json", file],
            &["cat", "--offset", "0", file],
        ] {
            let run = fonds(args);
            assert!((0..=4).contains(&run.code) && run.code != 2, "{args:?}: {run:?}");
            assert!(
                run.code == 0 || !run.stderr.is_empty() || !run.stdout.is_empty(),
                "{args:?} says nothing: {run:?}"
            );
        }
    }
}
