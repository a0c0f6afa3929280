//! Records altered, removed, added, moved; WARCs cut and changed for others. Digests and index fit again each time.

use super::bed::{Bed, INDEX};
use super::{Attack, attack};
use crate::common::collection::members;

fn of(kind: &str, records: &[Vec<u8>]) -> usize {
    let kind = format!("WARC-Type: {kind}\r\n");
    records.iter().position(|r| r.windows(kind.len()).any(|w| w == kind.as_bytes())).unwrap()
}

/// A line of the head of the first response, changed.
fn field(bed: &Bed<'_>, name: &str, value: &str) {
    let old = crate::common::collection::Collection::new(&bed.root).records();
    let old = old.iter().find(|record| record.is("response")).unwrap().field(name).to_owned();
    bed.record("response", &format!("{name}: {old}"), &format!("{name}: {value}"));
}

fn remove(bed: &Bed<'_>, kind: &str) {
    bed.records(|records| drop(records.remove(of(kind, records))));
}

fn cut(bed: &Bed<'_>, at: usize) {
    let bytes = bed.read(&bed.warc());
    bed.write(&bed.warc(), &bytes[..at]);
    bed.reindex();
    bed.reseal();
}

fn boundary(bed: &Bed<'_>, member: usize) -> usize {
    members(&bed.read(&bed.warc()))[member].0
}

pub(super) fn attacks() -> Vec<Attack> {
    let altered = |name, apply| attack(name, "record-altered", 2, apply);
    let missing = |name, apply| attack(name, "record-missing", 2, apply);
    let unlisted = |name, apply| attack(name, "record-unlisted", 2, apply);
    vec![
        altered("another date", |bed| field(bed, "WARC-Date", "2001-01-01T00:00:00.000Z")),
        altered("another URL", |bed| field(bed, "WARC-Target-URI", "http://example.org/")),
        altered("another address", |bed| field(bed, "WARC-IP-Address", "192.0.2.1")),
        altered("another type", |bed| bed.record("response", "WARC-Type: response", "WARC-Type: resource")),
        altered("another media type of the record", |bed| field(bed, "Content-Type", "application/http")),
        altered("a field more", |bed| {
            bed.record("response", "WARC-Type: response\r\n", "WARC-Type: response\r\nWARC-Filename: x\r\n")
        }),
        altered("a field less", |bed| {
            let own = crate::common::collection::Collection::new(&bed.root).records();
            let own = own.iter().find(|record| record.is("response")).unwrap();
            bed.record("response", &format!("WARC-Protocol: {}\r\n", own.field("WARC-Protocol")), "");
        }),
        altered("a field in other letters", |bed| bed.record("response", "WARC-Date:", "Warc-Date:")),
        altered("another status", |bed| bed.record("response", "HTTP/1.1 200 OK", "HTTP/1.1 404 No")),
        altered("another Date of the server", |bed| {
            bed.record(
                "response",
                "Content-Type: text/html\r\nContent",
                "Content-Type: text/plain\r\nContent",
            )
        }),
        altered("another body", |bed| bed.record("response", "as they were said", "as we like them to be")),
        altered("a body of the same length", |bed| bed.record("response", "they were", "we thought")),
        altered("another request", |bed| bed.record("request", "GET /1", "GET /2")),
        altered("another User-Agent", |bed| bed.record("request", "fonds", "other")),
        altered("another warcinfo", |bed| bed.record("warcinfo", "software: fonds", "software: wget ")),
        missing("another id", |bed| {
            field(bed, "WARC-Record-ID", "<urn:uuid:00000000-0000-4000-8000-000000000000>")
        }),
        missing("a response removed", |bed| remove(bed, "response")),
        missing("a request removed", |bed| remove(bed, "request")),
        missing("the warcinfo removed", |bed| remove(bed, "warcinfo")),
        missing("the last record removed", |bed| bed.records(|records| drop(records.pop()))),
        missing("a capture removed", |bed| {
            bed.records(|records| {
                records.retain(|r| !r.windows(4).any(|w| w == b" /2 ") && !r.windows(3).any(|w| w == b"/2\r"))
            });
        }),
        missing("all removed but the warcinfo", |bed| bed.records(|records| records.truncate(1))),
        unlisted("a response doubled", |bed| {
            bed.records(|records| records.push(records[of("response", records)].clone()));
        }),
        unlisted("a record added", |bed| {
            bed.records(|records| {
                let text = String::from_utf8(records[of("request", records)].clone()).unwrap();
                let at = text.find("<urn:uuid:").unwrap();
                let id = &text[at..at + 47];
                records
                    .push(text.replace(id, "<urn:uuid:00000000-0000-4000-8000-000000000000>").into_bytes());
            });
        }),
        unlisted("a record of another archive", |bed| {
            let other = &bed.scene.other;
            let theirs = members(&other.read(&other.warc())).remove(1).2;
            bed.records(|records| records.insert(2, theirs));
        }),
        attack("two records swapped", "record-order", 2, |bed| bed.records(|records| records.swap(1, 2))),
        attack("all records the other way round", "record-order", 2, |bed| bed.records(|r| r.reverse())),
        missing("the WARC of another archive", |bed| {
            let other = &bed.scene.other;
            bed.write(&bed.warc(), other.read(&other.warc()));
            bed.reindex();
            bed.reseal();
        }),
        missing("cut behind the first member", |bed| cut(bed, boundary(bed, 1))),
        missing("cut behind the second member", |bed| cut(bed, boundary(bed, 2))),
        missing("cut behind the third member", |bed| cut(bed, boundary(bed, 3))),
        missing("cut behind the last member but one", |bed| {
            cut(bed, boundary(bed, members(&bed.read(&bed.warc())).len() - 1));
        }),
        attack("cut inside a member", "gzip-truncated", 0, |bed| cut(bed, boundary(bed, 2) + 40)),
        attack("cut to nothing", "record-missing", 2, |bed| cut(bed, 0)),
        attack("a body altered, its digest left", "block-digest", 1, |bed| {
            bed.records(|records| {
                let at = of("response", records);
                let text = String::from_utf8(records[at].clone()).unwrap();
                records[at] = text.replace("they were", "we thought").into_bytes();
            });
        }),
        attack("a byte of a WARC flipped", "resource-hash", 1, |bed| {
            let mut bytes = bed.read(&bed.warc());
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            bed.write(&bed.warc(), bytes);
        }),
        attack("a WARC compressed anew, records the same", "log-files", 2, |bed| {
            bed.records(|_| ());
            assert!(!bed.read(INDEX).is_empty());
        }),
    ]
}
