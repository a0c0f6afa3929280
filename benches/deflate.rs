//! The records of a WARC packed again, one by one, at each level: in one shot (libdeflate) and streamed (zlib-rs).
//!
//! `cargo bench --bench deflate -- FILE.warc.gz`. Prints MB of records a second of processor time and stored bytes to plain ones.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use flate2::{Compression, GzBuilder};
use libdeflater::{CompressionLvl, Compressor};
use std::hint::black_box;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let Some(path) = args.next() else { return println!("deflate: no file named, nothing measured") };
    let records = records(&std::fs::read(path).unwrap());
    let plain: usize = records.iter().map(Vec::len).sum();
    println!("{} records, {} MB", records.len(), plain / 1_000_000);
    let clock = Instant::now();
    let tell = |name: String, begin: Duration, stored: usize| {
        let rate = plain as f64 / 1e6 / (spent(clock) - begin).as_secs_f64();
        println!("{name:14} {rate:6.0} MB/s, ratio {:.4}", stored as f64 / plain as f64);
    };
    let mut room = vec![0; 64 << 20];
    for level in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] {
        let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
        let begin = spent(clock);
        let stored = records.iter().map(|record| compressor.gzip_compress(record, &mut room).unwrap()).sum();
        tell(format!("libdeflate {level}"), begin, stored);
    }
    for level in [1, 3, 6, 9] {
        let begin = spent(clock);
        let stored = records.iter().map(|record| streamed(record, level).len()).sum();
        tell(format!("zlib-rs {level}"), begin, stored);
    }
}

/// Time on the processor, where the system tells it; other work on the machine counts for nothing then.
fn spent(clock: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| clock.elapsed(), Duration::from_nanos)
}

fn streamed(record: &[u8], level: u32) -> Vec<u8> {
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(level));
    gzip.write_all(record).unwrap();
    black_box(gzip.finish().unwrap())
}

fn records(file: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let mut record = Vec::new();
        flate2::bufread::GzDecoder::new(&mut rest).read_to_end(&mut record).unwrap();
        records.push(record);
    }
    records
}
