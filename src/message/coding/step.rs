//! The decoders behind the codings, in one shape: a slice in, a slice out, and how far it came.

use super::Coding;
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{self, DParameter, InBuffer, Operation, OutBuffer};

/// How far one step came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    pub(super) used: usize,
    pub(super) made: usize,
    /// The coded content came to its end mark.
    pub(super) done: bool,
    /// The coded content is damaged here.
    pub(super) bad: bool,
}

impl Progress {
    pub(super) fn is_over(&self) -> bool {
        self.done || self.bad
    }
}

pub(super) trait Step {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Progress;
}

/// The decoder that fits the first bytes of a body, if one does. The test decodes the sample: a body that
/// breaks the coding there was never in it, unless its magic number says so.
pub(super) fn start(coding: Coding, sample: &[u8]) -> Option<Box<dyn Step + Send>> {
    match coding {
        Coding::Gzip => sample.starts_with(&[0x1f, 0x8b]).then(|| Box::new(Inflate::gzip()) as _),
        Coding::Zstd => is_zstd(sample).then(Zstd::new).flatten().map(|zstd| Box::new(zstd) as _),
        Coding::Brotli => fits(&mut Brotli::new(), sample).then(|| Box::new(Brotli::new()) as _),
        Coding::Deflate if fits(&mut Inflate::zlib(), sample) => Some(Box::new(Inflate::zlib())),
        Coding::Deflate => fits(&mut Inflate::raw(), sample).then(|| Box::new(Inflate::raw()) as _),
    }
}

const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

fn is_zstd(sample: &[u8]) -> bool {
    match sample {
        _ if sample.starts_with(&ZSTD) => true,
        [low, 0x2a, 0x4d, 0x18, ..] => low & 0xf0 == 0x50,
        _ => false,
    }
}

/// True when the sample decodes without damage, or comes to its end mark with bytes left over.
fn fits(step: &mut dyn Step, sample: &[u8]) -> bool {
    let mut out = vec![0; 16 << 10];
    let mut rest = sample;
    loop {
        let progress = step.step(rest, &mut out);
        if progress.is_over() {
            return progress.done;
        }
        if progress.used == 0 && progress.made == 0 {
            return !sample.is_empty();
        }
        rest = rest.get(progress.used..).unwrap_or_default();
    }
}

enum Wrap {
    Gzip,
    Zlib,
    Raw,
}

struct Inflate {
    wrap: Wrap,
    decoder: Decompress,
    /// A gzip member ended; another may follow (RFC 1952 §2.2).
    between: bool,
}

impl Inflate {
    fn gzip() -> Self {
        Self { wrap: Wrap::Gzip, decoder: Decompress::new_gzip(15), between: false }
    }

    fn zlib() -> Self {
        Self { wrap: Wrap::Zlib, decoder: Decompress::new(true), between: false }
    }

    fn raw() -> Self {
        Self { wrap: Wrap::Raw, decoder: Decompress::new(false), between: false }
    }
}

impl Step for Inflate {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Progress {
        if self.between {
            match input {
                [0x1f, 0x8b, ..] => *self = Self::gzip(),
                // One byte cannot tell; with no more to come the layer calls this an end.
                [0x1f] => return Progress::default(),
                _ => return Progress { done: true, ..Progress::default() },
            }
        }
        let (used, made) = (self.decoder.total_in(), self.decoder.total_out());
        let result = self.decoder.decompress(input, out, FlushDecompress::None);
        let count = |now: u64, then: u64| usize::try_from(now - then).unwrap_or(0);
        let progress = Progress {
            used: count(self.decoder.total_in(), used),
            made: count(self.decoder.total_out(), made),
            ..Progress::default()
        };
        match (result, &self.wrap) {
            (Ok(Status::StreamEnd), Wrap::Gzip) => {
                self.between = true;
                progress
            }
            (Ok(Status::StreamEnd), _) => Progress { done: true, ..progress },
            (Ok(_), _) => progress,
            (Err(_), _) => Progress { bad: true, ..progress },
        }
    }
}

type Allocated = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

struct Brotli(Box<Allocated>);

impl Brotli {
    fn new() -> Self {
        let alloc = StandardAlloc::default;
        Self(Box::new(BrotliState::new_strict(alloc(), alloc(), alloc())))
    }
}

impl Step for Brotli {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Progress {
        let (mut left, mut used, mut room, mut made, mut total) = (input.len(), 0, out.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut used,
            input,
            &mut room,
            &mut made,
            out,
            &mut total,
            &mut self.0,
        );
        Progress {
            used,
            made,
            done: matches!(result, BrotliResult::ResultSuccess),
            bad: matches!(result, BrotliResult::ResultFailure),
        }
    }
}

struct Zstd {
    decoder: raw::Decoder<'static>,
    /// A frame ended; another may follow (RFC 8878 §3).
    between: bool,
}

impl Zstd {
    fn new() -> Option<Self> {
        let mut decoder = raw::Decoder::new().ok()?;
        decoder.set_parameter(DParameter::WindowLogMax(23)).ok()?;
        Some(Self { decoder, between: false })
    }
}

impl Step for Zstd {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Progress {
        if self.between && !is_zstd(input) {
            // A cut magic number cannot tell; with no more to come the layer calls this an end.
            let done = input.is_empty() || !ZSTD.starts_with(input);
            return Progress { done, ..Progress::default() };
        }
        let mut from = InBuffer::around(input);
        let mut into = OutBuffer::around(out);
        let result = self.decoder.run(&mut from, &mut into);
        let progress = Progress { used: from.pos(), made: into.pos(), ..Progress::default() };
        match result {
            Ok(hint) => self.between = hint == 0,
            Err(_) => return Progress { bad: true, ..progress },
        }
        progress
    }
}
