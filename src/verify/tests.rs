#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
use super::{Options, Settings, Verification, Warc};
use crate::warc::Source;
use std::io::{Cursor, Write};

fn gzip(content: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn record(number: usize, block: &[u8]) -> Vec<u8> {
    let head = format!(
        "WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:x:{number}>\r\nWARC-Date: 2020-01-01T00:00:00Z\r\n\
         WARC-Target-URI: http://a/{number}\r\nWARC-Concurrent-To: <urn:x:{}>\r\nContent-Length: {}\r\n\r\n",
        number / 2,
        block.len()
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

/// Many records; every fifth has a whole archive for a block, as it stands, which looks like records.
fn records(pack: fn(&[u8]) -> Vec<u8>) -> Vec<Vec<u8>> {
    let inner: Vec<u8> = (1000..1010).flat_map(|n| pack(&record(n, b"inner"))).collect();
    let block =
        |n: usize| if n.is_multiple_of(5) { inner.clone() } else { vec![b'a' + (n % 20) as u8; n * 7] };
    (0..60).map(|n| pack(&record(n, &block(n)))).collect()
}

fn report(files: &[Vec<u8>], jobs: usize, stretch: u64) -> String {
    let mut run = Verification::new(Options {
        scan: Settings { jobs, stretch, ..Settings::default() },
        ..Options::default()
    });
    let open: Vec<_> =
        files.iter().map(|bytes| || Ok(Source::Seek(Box::new(Cursor::new(bytes.clone()))))).collect();
    let names: Vec<_> = (0..files.len()).map(|n| format!("{n}.warc")).collect();
    let warcs: Vec<_> = (0..files.len())
        .map(|n| Warc { name: &names[n], length: Some(files[n].len() as u64), open: &open[n] })
        .collect();
    run.warcs(&warcs, &mut |_, error| panic!("{error}"));
    serde_json::to_string_pretty(&run.finish(String::new())).unwrap()
}

#[track_caller]
fn assert_same(files: &[Vec<u8>]) {
    let alone = report(files, 1, 0);
    for (jobs, stretch) in [(2, 400), (8, 3000), (2, 0)] {
        assert_eq!(alone, report(files, jobs, stretch), "{jobs} threads, {stretch} bytes at a time");
    }
}

fn stored(bytes: &[u8]) -> Vec<u8> {
    gzip(bytes, 0)
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    gzip(bytes, 6)
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 1).unwrap()
}

#[test]
fn sound_files_of_every_container_are_told_alike() {
    let files: Vec<Vec<u8>> =
        [<[u8]>::to_vec, stored, deflated, zstd].map(|pack| records(pack).concat()).to_vec();
    files.iter().for_each(|file| assert_same(std::slice::from_ref(file)));
    assert_same(&files);
    assert!(report(&files[..1], 8, 1000).contains("\"records\": 60"));
}

#[test]
fn damage_anywhere_is_told_alike() {
    for pack in [<[u8]>::to_vec, stored, deflated, zstd] {
        let sound = records(pack);
        let file = sound.concat();
        for at in (0..file.len()).step_by(file.len() / 7) {
            let mut flipped = file.clone();
            flipped[at..file.len().min(at + 40)].iter_mut().for_each(|b| *b ^= 0x55);
            let cut = [&file[..at], &file[(at + 300).min(file.len())..]].concat();
            let junk = [&file[..at], &[b'x'; 900], &file[at..]].concat();
            assert_same(&[flipped, file[..at].to_vec(), cut, junk]);
        }
    }
}

#[test]
fn members_out_of_the_ordinary_are_told_alike() {
    let mut odd = records(deflated);
    odd.insert(20, gzip(b"", 6));
    odd.insert(30, deflated(&[record(100, b"one"), record(101, b"two")].concat()));
    let whole = record(102, b"over two members");
    odd.insert(45, [deflated(&whole[..100]), deflated(&whole[100..])].concat());
    odd.push(vec![0; 50]);
    assert_same(&[odd.concat()]);
    assert_same(&[
        records(deflated).concat(),
        Vec::new(),
        b"no archive".to_vec(),
        records(<[u8]>::to_vec).concat(),
    ]);
}

#[test]
fn segments_are_put_together_by_one_reader() {
    let part = |n: usize| {
        let text = String::from_utf8(record(n, &[b'x'; 900])).unwrap();
        let origin = if n == 1 { "" } else { "WARC-Segment-Origin-ID: <urn:x:1>\r\n" };
        let kind = if n == 1 { "resource" } else { "continuation" };
        deflated(
            text.replacen(
                "Content-Length",
                &format!("{origin}WARC-Segment-Number: {n}\r\nContent-Length"),
                1,
            )
            .replacen("resource", kind, 1)
            .as_bytes(),
        )
    };
    let mut file = records(deflated);
    for n in 1..6 {
        file.insert(n * 9, part(n));
    }
    assert_same(&[file.concat()]);
}
