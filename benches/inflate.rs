//! The floor: a WARC's gzip members inflated one by one and, where asked, hashed twice.
//!
//! `cargo bench --bench inflate -- FILE.warc.gz [sha1]`. Of each member the end is taken to be the next magic, as in most
//! files it is; the program says how many members that was wrong for.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use fonds::digest::{Algorithm, Hasher};
use std::time::Instant;

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let Some(path) = args.next() else { return println!("inflate: no file named, nothing measured") };
    let hashed = args.next().is_some_and(|arg| arg == "sha1");
    let file = std::fs::read(path).unwrap();
    let mut out = vec![0; 64 << 20];
    let mut inflater = libdeflater::Decompressor::new();
    let begin = Instant::now();
    let (mut at, mut members, mut wrong, mut bytes) = (0, 0, 0, 0);
    while at < file.len() {
        let next = memchr::memmem::find(&file[at + 18..], &[0x1f, 0x8b, 8]);
        let end = next.map_or(file.len(), |n| at + 18 + n);
        match inflater.gzip_decompress(&file[at..end], &mut out) {
            Ok(length) => {
                bytes += length;
                if hashed {
                    let (mut one, mut two) = (Hasher::new(Algorithm::Sha1), Hasher::new(Algorithm::Sha1));
                    one.update_both(&mut two, &out[..length]);
                    std::hint::black_box((one.finish(), two.finish()));
                }
            }
            Err(_) => wrong += 1,
        }
        (at, members) = (end, members + 1);
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("{members} members ({wrong} not inflated), {} MB in {seconds:.2} s", bytes / 1_000_000);
}
