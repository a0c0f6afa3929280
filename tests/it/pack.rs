//! `fonds pack` and `fonds unpack`: there and back byte for byte, nothing overwritten, and nothing unpacked that is not what it says.

use crate::common::cli::{archive, fonds};
use crate::common::collection::Collection;
use crate::common::site::{serve, small};
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

struct Bench {
    directory: TempDir,
    collection: Collection,
}

impl Bench {
    fn new() -> Self {
        let server = serve(small());
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("my.c");
        archive(&root, &[&server.url("/")], &[]).expect(0);
        Self { directory, collection: Collection::new(&root) }
    }

    fn room(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn root(&self) -> &str {
        self.collection.root.to_str().unwrap()
    }

    /// The collection's files in a ZIP by another tool, each changed or left out.
    fn zipped(
        &self,
        name: &str,
        method: CompressionMethod,
        change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>,
    ) -> PathBuf {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for path in self.collection.files() {
            if let Some(bytes) = change(&path, self.collection.read(&path)) {
                zip.start_file(path, SimpleFileOptions::default().compression_method(method)).unwrap();
                zip.write_all(&bytes).unwrap();
            }
        }
        self.put(name, zip)
    }

    fn put(&self, name: &str, zip: ZipWriter<Cursor<Vec<u8>>>) -> PathBuf {
        let path = self.room(name);
        fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
        path
    }

    /// That this WACZ is refused for this reason, and nothing is left of it.
    #[track_caller]
    fn refused(&self, wacz: &Path, words: &str, options: &[&str]) {
        let before = listing(self.directory.path());
        let out = self.room("refused");
        let run = fonds([&["unpack", wacz.to_str().unwrap(), "-o", out.to_str().unwrap()], options].concat())
            .expect(4);
        assert!(run.one_line().contains(words), "{words}: {}", run.stderr);
        assert_eq!(listing(self.directory.path()), before, "{words}");
    }
}

fn listing(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn same(one: &Collection, other: &Collection) -> bool {
    one.files() == other.files() && one.files().iter().all(|path| one.read(path) == other.read(path))
}

#[test]
fn a_collection_is_packed_and_unpacked_byte_for_byte_and_verifies_alike() {
    let bench = Bench::new();
    let wacz = bench.room("my.c.wacz");
    fonds(["pack", bench.root()]).expect(0);
    let out = bench.room("out");
    fonds(["unpack", wacz.to_str().unwrap(), "-o", out.to_str().unwrap()]).expect(0);
    let unpacked = Collection::new(&out);
    assert!(same(&bench.collection, &unpacked));
    for path in [bench.root(), wacz.to_str().unwrap(), out.to_str().unwrap()] {
        fonds(["verify", "--require", "2", "--strict", path]).expect(0);
    }
    let again = bench.room("again.wacz");
    fonds(["pack", out.to_str().unwrap(), "-o", again.to_str().unwrap()]).expect(0);
    assert!(fs::read(&wacz).unwrap() == fs::read(again).unwrap());
}

#[test]
fn nothing_is_overwritten() {
    let bench = Bench::new();
    fonds(["pack", bench.root()]).expect(0);
    let wacz = bench.room("my.c.wacz");
    let bytes = fs::read(&wacz).unwrap();
    assert!(fonds(["pack", bench.root()]).expect(4).one_line().contains("exists already"));
    // The directory that it came from is there.
    assert!(fonds(["unpack", wacz.to_str().unwrap()]).expect(4).one_line().contains("exists already"));
    fs::create_dir(bench.room("empty")).unwrap();
    std::os::unix::fs::symlink(bench.room("nowhere"), bench.room("link")).unwrap();
    for name in ["empty", "link", "my.c.wacz"] {
        let out = bench.room(name);
        let run = fonds(["unpack", wacz.to_str().unwrap(), "-o", out.to_str().unwrap()]).expect(4);
        assert!(run.one_line().contains("exists already"), "{}", run.stderr);
    }
    assert!(fs::read(&wacz).unwrap() == bytes && !bench.room("nowhere").exists());
    fonds(["pack", wacz.to_str().unwrap()]).expect(2).one_line();
    fs::rename(&wacz, bench.room("zip")).unwrap();
    fonds(["unpack", bench.room("zip").to_str().unwrap()]).expect(2).one_line();
    fonds(["unpack", "/no/such.wacz"]).expect(4).one_line();
}

#[test]
fn what_a_killed_command_left_is_told_from_what_was_damaged() {
    let bench = Bench::new();
    fonds(["pack", bench.root()]).expect(0);
    let (wacz, left) = (fs::read(bench.room("my.c.wacz")).unwrap(), bench.room(".fonds-x1y2z3.part"));
    fs::write(&left, &wacz[..wacz.len() / 2]).unwrap();
    for command in ["verify", "ls", "mend"] {
        let out = bench.room("mended");
        let more: &[&str] = if command == "mend" { &["-o", out.to_str().unwrap()] } else { &[] };
        let run = fonds([&[command, left.to_str().unwrap()], more].concat());
        assert!(
            run.stderr.contains("a command that was killed left this unfinished"),
            "{command}: {}",
            run.stderr
        );
    }
    let run = fonds(["verify", bench.root()]).expect(0);
    assert!(!run.stderr.contains("was killed"), "{}", run.stderr);
}

#[test]
fn what_is_altered_or_not_sealed_is_not_packed() {
    let bench = Bench::new();
    for path in bench.collection.files() {
        let copy = bench.collection.copy(&bench.room("copy"));
        let mut bytes = copy.read(&path);
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        fs::write(copy.root.join(&path), bytes).unwrap();
        fonds(["pack", copy.root.to_str().unwrap()]).expect(4).one_line();
        fs::remove_file(copy.root.join(&path)).unwrap();
        fonds(["pack", copy.root.to_str().unwrap()]).expect(4).one_line();
        assert!(!bench.room("copy.wacz").exists(), "{path}");
        fs::remove_dir_all(copy.root).unwrap();
    }
    fs::write(bench.collection.root.join("more.txt"), "more").unwrap();
    assert!(fonds(["pack", bench.root()]).expect(4).one_line().contains("not listed"));
    fs::remove_file(bench.collection.root.join("more.txt")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", bench.collection.root.join("link")).unwrap();
    assert!(fonds(["pack", bench.root()]).expect(4).one_line().contains("is a symbolic link"));
}

#[test]
fn what_a_run_left_that_was_stopped_while_it_took_a_collection_up_is_cleared_by_the_next() {
    let bench = Bench::new();
    let workroom = bench.collection.root.join(".fonds");
    fs::create_dir(&workroom).unwrap();
    fs::write(workroom.join("frontier.db"), "half").unwrap();
    let run = fonds(["pack", bench.root()]).expect(4);
    assert!(
        run.one_line().contains("`fonds archive --resume` goes on with it or clears it away"),
        "{}",
        run.stderr
    );
    fonds(["archive", "-q", "--resume", bench.root()]).expect(0);
    assert!(!workroom.exists());
    fonds(["pack", bench.root()]).expect(0);
}

#[test]
fn every_altered_byte_of_a_file_keeps_a_wacz_from_being_unpacked() {
    let bench = Bench::new();
    fonds(["pack", bench.root()]).expect(0);
    let bytes = fs::read(bench.room("my.c.wacz")).unwrap();
    let altered = bench.room("altered.wacz");
    for at in (0..bytes.len()).step_by(37) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&altered, changed).unwrap();
        let done = fonds::package::unpack::unpack(&altered, &bench.room("out"), Default::default());
        assert!(done.is_err() && !bench.room("out").exists(), "byte {at}");
    }
}

#[test]
fn another_tools_packing_is_unpacked_and_what_differs_is_refused() {
    let bench = Bench::new();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let wacz = bench.zipped("other.wacz", method, |_, bytes| Some(bytes));
        let out = bench.room("other");
        let run = fonds(["unpack", wacz.to_str().unwrap()]).expect(0);
        assert!(run.stderr.contains("[package-rewritten]"), "{}", run.stderr);
        assert!(same(&bench.collection, &Collection::new(&out)));
        fs::remove_dir_all(out).unwrap();
        let warc = bench.collection.warc();
        let removed = bench.zipped("removed.wacz", method, |path, bytes| (path != warc).then_some(bytes));
        bench.refused(&removed, "[package-incomplete]", &[]);
        let longer =
            |path: &str, bytes: Vec<u8>| Some(if path == warc { [&bytes[..], b"x"].concat() } else { bytes });
        let longer = bench.zipped("longer.wacz", method, longer);
        bench.refused(&longer, "[resource-size]", &[]);
        let run = fonds(["unpack", longer.to_str().unwrap(), "--as-is"]).expect(1);
        assert!(run.stderr.contains("[resource-size]"), "{}", run.stderr);
        fs::remove_dir_all(bench.room("longer")).unwrap();
        let list =
            bench.zipped("list.wacz", method, |path, bytes| (path != "datapackage.json").then_some(bytes));
        bench.refused(&list, "[datapackage-missing]", &[]);
    }
}

#[test]
fn what_would_write_elsewhere_twice_or_through_a_link_is_refused() {
    let bench = Bench::new();
    let options = || SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, code) in [
        ("../evil", "[entry-name-unsafe]"),
        ("/evil", "[entry-name-unsafe]"),
        ("archive/../../evil", "[entry-name-unsafe]"),
        ("a\\evil", "[entry-name-unsafe]"),
        ("link", "[entry-irregular]"),
        ("pages/pages.jsonl", "[zip-duplicate-entry]"),
    ] {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for path in bench.collection.files() {
            zip.start_file(path.as_str(), options()).unwrap();
            zip.write_all(&bench.collection.read(&path)).unwrap();
        }
        match name {
            "link" => zip.add_symlink(name, "/etc", options()).unwrap(),
            // The writer refuses a name twice; one byte is changed below.
            "pages/pages.jsonl" => zip.start_file("pages/pages.jsonX", options()).unwrap(),
            _ => zip.start_file(name, options()).unwrap(),
        }
        let path = bench.put("evil.wacz", zip);
        let bytes = fs::read(&path).unwrap();
        let text = b"pages/pages.jsonX";
        let mut bytes = bytes;
        while let Some(at) = bytes.windows(text.len()).position(|window| window == text) {
            bytes[at + text.len() - 1] = b'l';
        }
        fs::write(&path, bytes).unwrap();
        bench.refused(&path, code, &[]);
        bench.refused(&path, code, &["--as-is"]);
    }
    assert!(!bench.room("evil").exists() && !Path::new("/evil").exists());
}

/// What takes much more room than itself is not unpacked unless that is asked for.
#[test]
fn a_bomb_is_refused_before_a_byte_of_it_is_written() {
    let bench = Bench::new();
    let wacz = bench.room("my.c.wacz");
    fonds(["pack", bench.root()]).expect(0);
    let size: u64 =
        bench.collection.files().iter().map(|path| bench.collection.read(path).len() as u64).sum();
    bench.refused(&wacz, "bytes would come out", &["--most", &(size - 1).to_string()]);
    let out = bench.room("out");
    fonds(["unpack", wacz.to_str().unwrap(), "-o", out.to_str().unwrap(), "--most", &size.to_string()])
        .expect(0);
    // A header that lies about it is found out by what comes.
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file("zeros", options).unwrap();
    zip.write_all(&vec![0; 1 << 20]).unwrap();
    let bomb = bench.put("bomb.wacz", zip);
    let mut bytes = fs::read(&bomb).unwrap();
    let real = (1u32 << 20).to_le_bytes();
    while let Some(at) = bytes.windows(4).position(|window| window == real) {
        bytes[at..at + 4].copy_from_slice(&[9, 0, 0, 0]);
    }
    fs::write(&bomb, bytes).unwrap();
    bench.refused(&bomb, "is not unpacked", &[]);
}

/// WACZs by Browsertrix, Scoop, ArchiveWeb.page and py-wacz, where the corpus is present.
#[test]
fn real_waczs_are_unpacked_and_packed_again() {
    let Some(corpus) = crate::corpus::corpus() else { return };
    let (mut unpacked, mut refused) = (0, Vec::new());
    for entry in walk(&corpus) {
        if entry.extension().is_none_or(|extension| extension != "wacz") {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("c");
        let run = fonds(["unpack", "-q", entry.to_str().unwrap(), "-o", out.to_str().unwrap()]);
        if run.code == 4 {
            // js-wacz's hashes are wrong, the ZIP is sound.
            if run.stderr.contains("js-wacz") {
                fonds(["unpack", "--as-is", entry.to_str().unwrap(), "-o", out.to_str().unwrap()]).expect(1);
            }
            refused.push(format!("{}: {}", entry.display(), run.one_line()));
            continue;
        }
        unpacked += 1;
        let again = dir.path().join("again.wacz");
        let packed = fonds(["pack", "-q", out.to_str().unwrap(), "-o", again.to_str().unwrap()]);
        if run.code == 0 {
            packed.expect(0);
            let [before, after] = [&entry, &again].map(|path| {
                let report = fonds(["verify", "--format", "json", path.to_str().unwrap()]).json();
                (report["achieved"].clone(), report["counts"]["records"].clone(), report["verdict"].clone())
            });
            assert_eq!(before, after, "{}", entry.display());
        }
    }
    println!("{unpacked} unpacked; refused:\n{}", refused.join("\n"));
    assert!(unpacked > 10 && refused.len() < unpacked, "{refused:#?}");
}

fn walk(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
