//! What must hold of every parser, whatever it is given: one function a parser, one row of [`ALL`] a function.
//!
//! The same functions are driven by libFuzzer (`fuzz/`, which includes this folder) and by the mutator of
//! `tests/it/mutate.rs`. They panic where a property does not hold; the data are plain files of the format, so that a
//! corpus is made of what people have.

pub mod archive;
pub mod http;
pub mod lines;
pub mod page;
pub mod seeds;

use std::io::{self, Cursor, Read, Seek, SeekFrom};

/// One parser under test.
#[derive(Debug)]
pub struct Target {
    /// Name of the fuzz target and of its corpus.
    pub name: &'static str,
    /// Panics where a property does not hold.
    pub run: fn(&[u8]),
    /// Small inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many mutants the test suite tries.
    pub tries: u32,
}

/// Every target.
pub const ALL: &[Target] = &[
    Target { name: "warc", run: archive::warc, seeds: seeds::archives, tries: 4000 },
    Target { name: "head", run: archive::head, seeds: seeds::heads, tries: 4000 },
    Target { name: "verify", run: archive::verify, seeds: seeds::packages, tries: 1500 },
    Target { name: "proof", run: archive::proof, seeds: seeds::proofs, tries: 1500 },
    Target { name: "index", run: archive::index, seeds: seeds::archives, tries: 1500 },
    Target { name: "mend", run: archive::mend, seeds: seeds::archives, tries: 300 },
    Target { name: "zip", run: archive::zip, seeds: seeds::zips, tries: 4000 },
    Target { name: "http", run: http::http, seeds: seeds::messages, tries: 4000 },
    Target { name: "chunked", run: http::chunked, seeds: seeds::chunked, tries: 8000 },
    Target { name: "coding", run: http::coding, seeds: seeds::coded, tries: 2000 },
    Target { name: "redirect", run: http::redirect, seeds: seeds::urls, tries: 4000 },
    Target { name: "sniff", run: http::sniff, seeds: seeds::starts, tries: 4000 },
    Target { name: "cdxj", run: lines::cdxj, seeds: seeds::index_lines, tries: 4000 },
    Target { name: "datapackage", run: lines::datapackage, seeds: seeds::datapackages, tries: 4000 },
    Target { name: "pages", run: lines::pages, seeds: seeds::page_lists, tries: 4000 },
    Target { name: "manifest", run: lines::manifest, seeds: seeds::logs, tries: 4000 },
    Target { name: "checkpoint", run: lines::checkpoint, seeds: seeds::checkpoints, tries: 4000 },
    Target { name: "stamp", run: lines::stamp, seeds: seeds::stamps, tries: 4000 },
    Target { name: "signature", run: lines::signature, seeds: seeds::signatures, tries: 4000 },
    Target { name: "surt", run: lines::surt, seeds: seeds::urls, tries: 8000 },
    Target { name: "digest", run: lines::digest, seeds: seeds::digests, tries: 8000 },
    Target { name: "cookies", run: lines::cookies, seeds: seeds::cookies, tries: 8000 },
    Target { name: "links", run: page::links, seeds: seeds::pages, tries: 300 },
    Target { name: "css", run: page::css, seeds: seeds::styles, tries: 2000 },
    Target { name: "sitemap", run: page::sitemap, seeds: seeds::sitemaps, tries: 1000 },
    Target { name: "robots", run: lines::robots, seeds: seeds::robots, tries: 2000 },
    Target { name: "html", run: page::html, seeds: seeds::pages, tries: 150 },
    Target { name: "plain", run: page::plain, seeds: seeds::texts, tries: 600 },
];

/// A hash that is the same everywhere: what a target chooses by.
pub fn fingerprint(data: &[u8]) -> u64 {
    data.iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// The next of a row of numbers (xorshift64*).
pub fn next(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_f491_4f6c_dd1d)
}

/// `data` in slices of irregular length, empty ones among them; which depends on `data` alone.
pub fn slices(data: &[u8]) -> Vec<&[u8]> {
    let mut state = fingerprint(data) | 1;
    let (mut rest, mut out) = (data, Vec::new());
    while !rest.is_empty() {
        let number = next(&mut state) >> 33;
        let length = if number.is_multiple_of(5) { number / 5 % 64 } else { number % 4 };
        let (slice, after) = rest.split_at((length as usize).min(rest.len()));
        out.push(slice);
        rest = after;
    }
    out
}

/// Reads and seeks, but gives a few bytes at a time and now and then an interruption.
pub struct Drip {
    data: Cursor<Vec<u8>>,
    state: u64,
}

impl Drip {
    /// Over these bytes.
    pub fn new(data: &[u8]) -> Self {
        Self { data: Cursor::new(data.to_vec()), state: fingerprint(data) | 1 }
    }
}

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let number = next(&mut self.state) >> 33;
        if number.is_multiple_of(17) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = buffer.len().min(1 + (number % 5) as usize);
        self.data.read(&mut buffer[..most])
    }
}

impl Seek for Drip {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.data.seek(to)
    }
}
