//! Index, pages, list of files and log altered, exchanged, cut; all that lists them fits again.

use super::bed::{Bed, CHECKPOINT, DATAPACKAGE, DIGEST, INDEX, LEAVES, LOG, PAGES};
use super::{Attack, attack};
use fonds::manifest::{Tree, leaf_hash, write_checkpoint};

/// Lines of a file changed, the list of files made to fit.
fn lines(bed: &Bed<'_>, path: &str, change: impl FnOnce(&mut Vec<String>)) {
    bed.lines(path, change);
    bed.reseal();
}

fn swap(bed: &Bed<'_>, path: &str, from: &str, to: &str) {
    bed.swap(path, from, to);
    bed.reseal();
}

fn other(bed: &Bed<'_>, path: &str) {
    bed.take(path);
    bed.reseal();
}

/// The log's lines changed, leaves and checkpoint made to fit: all but the signature.
fn log(bed: &Bed<'_>, change: impl FnOnce(&mut Vec<String>)) {
    bed.lines(LOG, change);
    let (text, mut tree, mut leaves) = (bed.text(LOG), Tree::default(), Vec::new());
    for line in text.lines() {
        leaves.extend(leaf_hash(line.as_bytes()).0);
        tree.push(leaf_hash(line.as_bytes()));
    }
    bed.write(LEAVES, leaves);
    let old = bed.text(CHECKPOINT);
    let (note, signatures) = old.split_once("\n\n").unwrap();
    let new = write_checkpoint(note.lines().next().unwrap(), &tree).unwrap();
    bed.write(CHECKPOINT, [new, format!("\n{signatures}").into_bytes()].concat());
    bed.reseal();
}

/// datapackage.json altered, its digest made to fit.
fn listed(bed: &Bed<'_>, from: &str, to: &str) {
    bed.swap(DATAPACKAGE, from, to);
    let hash = fonds::digest::sha256(&bed.read(DATAPACKAGE)).value();
    let digest: serde_json::Value = serde_json::from_slice(&bed.read(DIGEST)).unwrap();
    let old = digest["hash"].as_str().unwrap().to_owned();
    bed.swap(DIGEST, &old, &format!("sha256:{hash}"));
}

fn number(n: u8, lines: &[String]) -> usize {
    lines.iter().position(|line| line.contains(&format!("/{n}\""))).unwrap()
}

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        attack("an index line removed", "index-missing", 2, |bed| lines(bed, INDEX, |l| drop(l.pop()))),
        attack("all index lines removed", "index-missing", 2, |bed| lines(bed, INDEX, Vec::clear)),
        attack("an index line to elsewhere", "index-dangling", 2, |bed| {
            swap(bed, INDEX, "\"offset\": \"", "\"offset\": \"9")
        }),
        attack("an index line of another URL", "index-line", 2, |bed| {
            swap(bed, INDEX, "/1\"", "/3\"");
        }),
        attack("an index line of another time", "index-line", 2, |bed| {
            lines(bed, INDEX, |lines| {
                let (key, rest) = lines[0].split_once(' ').unwrap();
                lines[0] = format!("{key} 20010101000000{}", &rest[14..]);
            });
        }),
        attack("the index of another archive", "log-files", 2, |bed| other(bed, INDEX)),
        attack("a page of another title", "page-line", 2, |bed| swap(bed, PAGES, "Page 1", "Page 3")),
        attack("a page of another URL", "page-line", 2, |bed| swap(bed, PAGES, "/1\"", "/3\"")),
        attack("a page removed", "page-missing", 2, |bed| lines(bed, PAGES, |l| drop(l.pop()))),
        attack("a page added", "page-line", 2, |bed| {
            lines(bed, PAGES, |lines| {
                let new = lines[1].replace("\"id\":\"", "\"id\":\"0");
                lines.push(new);
            });
        }),
        attack("the pages of another archive", "page-line", 2, |bed| other(bed, PAGES)),
        attack("another title", "log-package", 2, |bed| listed(bed, "\"title\": \"", "\"title\": \"not ")),
        attack("another time of making", "log-package", 2, |bed| {
            listed(bed, "\"created\": \"20", "\"created\": \"19")
        }),
        attack("another main page", "log-package", 2, |bed| listed(bed, "/1\"", "/2\"")),
        attack("a file added and listed", "file-unbound", 2, |bed| {
            bed.write("pages/more.txt", "Trust me.");
            bed.reseal();
        }),
        attack("a file added and not listed", "package-unlisted-file", 1, |bed| {
            bed.write("pages/more.txt", "Trust me.")
        }),
        attack("a hash in the list altered", "resource-hash", 1, |bed| {
            let list: serde_json::Value = serde_json::from_slice(&bed.read(DATAPACKAGE)).unwrap();
            let hash = list["resources"][0]["hash"].as_str().unwrap().to_owned();
            listed(bed, &hash, &format!("sha256:{}", "0".repeat(64)));
        }),
        attack("the list altered, its digest left", "datapackage-digest", 1, |bed| {
            bed.swap(DATAPACKAGE, "\"title\": \"", "\"title\": \"not ");
        }),
        attack("the list of another archive", "resource-hash", 1, |bed| {
            bed.take(DATAPACKAGE);
            bed.take(DIGEST);
        }),
        attack("the digest of another archive", "datapackage-digest", 1, |bed| bed.take(DIGEST)),
        attack("the list removed", "datapackage-missing", 0, |bed| bed.remove(DATAPACKAGE)),
        attack("a line of the log altered", "manifest-line", 2, |bed| {
            swap(bed, LOG, "\"status\":200", "\"status\":404")
        }),
        attack("a line of the log removed", "manifest-root", 2, |bed| lines(bed, LOG, |l| drop(l.remove(3)))),
        attack("the log cut", "manifest-root", 2, |bed| lines(bed, LOG, |l| l.truncate(4))),
        attack("two lines of the log swapped", "manifest-root", 2, |bed| lines(bed, LOG, |l| l.swap(2, 3))),
        attack("the log of another archive", "manifest-root", 2, |bed| other(bed, LOG)),
        attack("a leaf altered", "manifest-leaves", 2, |bed| {
            let mut leaves = bed.read(LEAVES);
            leaves[40] ^= 1;
            bed.write(LEAVES, leaves);
            bed.reseal();
        }),
        attack("the leaves of another archive", "manifest-leaves", 2, |bed| other(bed, LEAVES)),
        attack("the leaves cut", "manifest-leaves", 2, |bed| {
            let leaves = bed.read(LEAVES);
            bed.write(LEAVES, &leaves[..64]);
            bed.reseal();
        }),
        attack("the log removed", "log-missing", 2, |bed| {
            for path in [LOG, LEAVES, CHECKPOINT, "provenance/checkpoint.tsr"] {
                bed.remove(path);
            }
            bed.reseal();
        }),
        attack("a line withheld in silence", "line-withheld", 2, |bed| {
            lines(bed, LOG, |lines| {
                let at = lines.iter().position(|line| line.contains("\"type\":\"page\"")).unwrap();
                let hex: String =
                    leaf_hash(lines[at].as_bytes()).0.iter().map(|b| format!("{b:02x}")).collect();
                lines[at] = format!("{{\"leaf\":\"{hex}\",\"seq\":{at},\"type\":\"withheld\"}}");
            });
        }),
        // From here on the log is made to fit as well, so that only who signed it can tell.
        attack("a line rewritten with its tree", "signature-bad", 3, |bed| {
            log(bed, |lines| {
                lines[0] = lines[0].replace("\"salt\":\"", "\"salt\":\"00").replacen("0000", "00", 1)
            });
        }),
        attack("a line added with its tree", "signature-bad", 3, |bed| {
            log(bed, |lines| {
                let seq = lines.len();
                lines.push(format!(
                    "{{\"at\":\"2026-01-01T00:00:00.000Z\",\"event\":\"annotation\",\"note\":\"true\",\"salt\":\"{}\",\"seq\":{seq},\"type\":\"event\",\"v\":1}}",
                    "0".repeat(32)
                ));
            });
        }),
        attack("a record and its line rewritten with the tree", "signature-bad", 3, |bed| {
            bed.record("response", "as they were said", "as we like them to be");
            let records = crate::common::collection::Collection::new(&bed.root).records();
            log(bed, |lines| {
                for record in records {
                    let Some(line) =
                        lines.iter_mut().find(|l| l.contains(record.id()) && l.contains("\"record\",\"v\""))
                    else {
                        continue;
                    };
                    let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
                    value["bytes"]["sha256"] = fonds::digest::sha256(&record.bytes).value().into();
                    value["bytes"]["length"] = record.bytes.len().into();
                    *line = value.to_string();
                }
            });
        }),
        attack("a capture rewritten whole, in the name of another day", "stamp-imprint", 4, |bed| {
            log(bed, |lines| {
                lines.iter_mut().for_each(|line| *line = line.replace("\"at\":\"20", "\"at\":\"19"))
            });
        }),
        attack("the order of lines changed with the tree", "manifest-syntax", 2, |bed| {
            log(bed, |lines| {
                let at = number(1, lines);
                lines.swap(at, at + 1);
            });
        }),
    ]
}
