//! Labelled digests, as WARC-Block-Digest, CDXJ and datapackage.json write them: parse, compute, compare, print.
//!
//! Read leniently (any case, `sha-1` for `sha1`, Base16, Base32 or Base64 told apart by length, padding kept or
//! dropped), written one way: lower-case label, colon, lower-case hex; SHA-1 in upper-case Base32 as the field does.

mod algorithm;
mod lanes;

pub use self::algorithm::Algorithm;

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use sha2::Digest as _;
use std::fmt;
use std::io::{self, Read};
use twox_hash::{xxhash3_64, xxhash3_128};

/// A computed or parsed digest.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    value: Vec<u8>,
}

/// Why a digest field gives no [`Digest`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Well-formed as `label:value`, of an algorithm that is not computed here.
    #[error("digest algorithm {0:?} is not known")]
    UnknownAlgorithm(String),
    /// Not `label:value`, or a value whose length or alphabet fits no encoding.
    #[error("digest {0:?} is malformed")]
    Malformed(String),
}

impl Digest {
    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.value
    }

    /// A SHA-256 digest from its 32 bytes.
    pub fn sha256(value: [u8; 32]) -> Self {
        Self { algorithm: Algorithm::Sha256, value: value.to_vec() }
    }

    /// Parses `label:value` in any encoding in use (WARC/1.1 §5.8 and the community's conventions).
    ///
    /// # Errors
    /// [`ParseError`] tells an unknown algorithm from a malformed value.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let malformed = || ParseError::Malformed(text.to_owned());
        let (label, value) = text.trim().split_once([':', '=']).ok_or_else(malformed)?;
        let value = value.trim();
        // No encoding has a colon in it: this one stands in the place of another character.
        if label.is_empty() || value.is_empty() || value.contains(':') {
            return Err(malformed());
        }
        let mut algorithm =
            Algorithm::from_label(label).ok_or_else(|| ParseError::UnknownAlgorithm(label.to_owned()))?;
        let mut decoded = decode(algorithm.output_len(), value);
        // Both lengths go by the name of XXH3.
        if algorithm == Algorithm::Xxh3 && decoded.is_none() {
            algorithm = Algorithm::Xxh128;
            decoded = decode(algorithm.output_len(), value);
        }
        Ok(Self { algorithm, value: decoded.ok_or_else(malformed)? })
    }

    /// The value in the encoding that fonds writes, without label.
    pub fn value(&self) -> String {
        match self.algorithm {
            Algorithm::Sha1 => BASE32_NOPAD.encode(&self.value),
            _ => HEXLOWER.encode(&self.value),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.label(), self.value())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The encodings have different lengths for every algorithm, but for MD5, whose padded Base32 is as long as its hex:
/// there the padding tells.
fn decode(len: usize, value: &str) -> Option<Vec<u8>> {
    if value.len() == len * 2 && !value.ends_with('=') {
        return HEXLOWER_PERMISSIVE.decode(value.as_bytes()).ok();
    }
    let bare = value.trim_end_matches('=');
    if bare.len() == BASE32_NOPAD.encode_len(len) {
        let decode = |text: &[u8]| BASE32_NOPAD.decode(text).ok();
        return decode(bare.as_bytes()).or_else(|| decode(bare.to_ascii_uppercase().as_bytes()));
    }
    if bare.len() == BASE64_NOPAD.encode_len(len) {
        return BASE64_NOPAD.decode(bare.replace('-', "+").replace('_', "/").as_bytes()).ok();
    }
    None
}

/// A running digest.
#[derive(Clone)]
pub enum Hasher {
    /// MD5.
    Md5(md5::Md5),
    /// SHA-1.
    Sha1(sha1::Sha1),
    /// SHA-256.
    Sha256(sha2::Sha256),
    /// SHA-384.
    Sha384(sha2::Sha384),
    /// SHA-512.
    Sha512(sha2::Sha512),
    /// SHA-512/256.
    Sha512_256(sha2::Sha512_256),
    /// SHA3-224.
    Sha3_224(sha3::Sha3_224),
    /// SHA3-256.
    Sha3_256(sha3::Sha3_256),
    /// SHA3-384.
    Sha3_384(sha3::Sha3_384),
    /// SHA3-512.
    Sha3_512(sha3::Sha3_512),
    /// BLAKE2s.
    Blake2s(blake2::Blake2s256),
    /// BLAKE2b.
    Blake2b(blake2::Blake2b512),
    /// BLAKE3.
    Blake3(Box<blake3::Hasher>),
    /// XXH3, 64 bits.
    Xxh3(Box<xxhash3_64::Hasher>),
    /// XXH3, 128 bits.
    Xxh128(Box<xxhash3_128::Hasher>),
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hasher({})", self.algorithm().label())
    }
}

impl Hasher {
    /// A fresh hasher.
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Md5(md5::Md5::new()),
            Algorithm::Sha1 => Self::Sha1(sha1::Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
            Algorithm::Sha384 => Self::Sha384(sha2::Sha384::new()),
            Algorithm::Sha512 => Self::Sha512(sha2::Sha512::new()),
            Algorithm::Sha512_256 => Self::Sha512_256(sha2::Sha512_256::new()),
            Algorithm::Sha3_224 => Self::Sha3_224(sha3::Sha3_224::new()),
            Algorithm::Sha3_256 => Self::Sha3_256(sha3::Sha3_256::new()),
            Algorithm::Sha3_384 => Self::Sha3_384(sha3::Sha3_384::new()),
            Algorithm::Sha3_512 => Self::Sha3_512(sha3::Sha3_512::new()),
            Algorithm::Blake2s => Self::Blake2s(blake2::Blake2s256::new()),
            Algorithm::Blake2b => Self::Blake2b(blake2::Blake2b512::new()),
            Algorithm::Blake3 => Self::Blake3(Box::default()),
            Algorithm::Xxh3 => Self::Xxh3(Box::default()),
            Algorithm::Xxh128 => Self::Xxh128(Box::default()),
        }
    }

    /// What it computes.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Md5(_) => Algorithm::Md5,
            Self::Sha1(_) => Algorithm::Sha1,
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha384(_) => Algorithm::Sha384,
            Self::Sha512(_) => Algorithm::Sha512,
            Self::Sha512_256(_) => Algorithm::Sha512_256,
            Self::Sha3_224(_) => Algorithm::Sha3_224,
            Self::Sha3_256(_) => Algorithm::Sha3_256,
            Self::Sha3_384(_) => Algorithm::Sha3_384,
            Self::Sha3_512(_) => Algorithm::Sha3_512,
            Self::Blake2s(_) => Algorithm::Blake2s,
            Self::Blake2b(_) => Algorithm::Blake2b,
            Self::Blake3(_) => Algorithm::Blake3,
            Self::Xxh3(_) => Algorithm::Xxh3,
            Self::Xxh128(_) => Algorithm::Xxh128,
        }
    }

    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(h) => h.update(bytes),
            Self::Sha1(h) => h.update(bytes),
            Self::Sha256(h) => h.update(bytes),
            Self::Sha384(h) => h.update(bytes),
            Self::Sha512(h) => h.update(bytes),
            Self::Sha512_256(h) => h.update(bytes),
            Self::Sha3_224(h) => h.update(bytes),
            Self::Sha3_256(h) => h.update(bytes),
            Self::Sha3_384(h) => h.update(bytes),
            Self::Sha3_512(h) => h.update(bytes),
            Self::Blake2s(h) => h.update(bytes),
            Self::Blake2b(h) => h.update(bytes),
            Self::Blake3(h) => {
                h.update(bytes);
            }
            Self::Xxh3(h) => std::hash::Hasher::write(h.as_mut(), bytes),
            Self::Xxh128(h) => h.write(bytes),
        }
    }

    /// The digest of all bytes taken in.
    pub fn finish(self) -> Digest {
        let algorithm = self.algorithm();
        let value = match self {
            Self::Md5(h) => h.finalize().to_vec(),
            Self::Sha1(h) => h.finalize().to_vec(),
            Self::Sha256(h) => h.finalize().to_vec(),
            Self::Sha384(h) => h.finalize().to_vec(),
            Self::Sha512(h) => h.finalize().to_vec(),
            Self::Sha512_256(h) => h.finalize().to_vec(),
            Self::Sha3_224(h) => h.finalize().to_vec(),
            Self::Sha3_256(h) => h.finalize().to_vec(),
            Self::Sha3_384(h) => h.finalize().to_vec(),
            Self::Sha3_512(h) => h.finalize().to_vec(),
            Self::Blake2s(h) => h.finalize().to_vec(),
            Self::Blake2b(h) => h.finalize().to_vec(),
            Self::Blake3(h) => h.finalize().as_bytes().to_vec(),
            Self::Xxh3(h) => std::hash::Hasher::finish(h.as_ref()).to_be_bytes().to_vec(),
            Self::Xxh128(h) => h.finish_128().to_be_bytes().to_vec(),
        };
        Digest { algorithm, value }
    }
}

/// SHA-256 of bytes at hand.
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest { algorithm: Algorithm::Sha256, value: sha2::Sha256::digest(bytes).to_vec() }
}

/// SHA-256 and length of everything a reader gives, in 64 KiB of memory.
///
/// # Errors
/// What the reader says.
pub fn sha256_of(mut reader: impl Read) -> io::Result<(Digest, u64)> {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok((hasher.finish(), total)),
            Ok(n) => {
                hasher.update(buffer.get(..n).unwrap_or_default());
                total += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ABC_SHA1_HEX: &str = "a9993e364706816aba3e25717850c26c9cd0d89d";

    #[test]
    fn every_way_of_writing_one_digest_parses_to_the_same_value() {
        let mut hasher = Hasher::new(Algorithm::Sha1);
        hasher.update(b"abc");
        let want = hasher.finish();
        let base32 = want.value();
        for text in [
            format!("sha1:{ABC_SHA1_HEX}"),
            format!("SHA-1:{}", ABC_SHA1_HEX.to_uppercase()),
            format!("sha1:{base32}"),
            format!("sha1:{}", base32.to_lowercase()),
            format!("sha1={base32}"),
            "sha1:qZk+NkcGgWq6PiVxeFDCbJzQ2J0=".to_owned(),
        ] {
            assert_eq!(Digest::parse(&text).unwrap(), want, "{text}");
        }
    }

    #[test]
    fn md5_base32_is_told_from_hex_by_its_padding() {
        let mut hasher = Hasher::new(Algorithm::Md5);
        hasher.update(b"abc");
        let want = hasher.finish();
        let padded = data_encoding::BASE32.encode(want.bytes());
        assert_eq!(padded.len(), 32);
        assert_eq!(Digest::parse(&format!("md5:{padded}")).unwrap(), want);
        assert_eq!(Digest::parse("md5:900150983cd24fb0d6963f7d28e17f72").unwrap(), want);
    }

    /// The published digests of `abc`: FIPS 180-4, FIPS 202, RFC 7693, BLAKE3's and xxHash's own.
    #[test]
    fn every_algorithm_computes_what_its_standard_says() {
        for (label, hex) in [
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1", ABC_SHA1_HEX),
            ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("sha3-224", "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"),
            ("sha3-256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
            ("blake2s", "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"),
            ("blake3", "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
            ("xxh3", "78af5f94892f3950"),
            ("xxh128", "06b05ab6733a618578af5f94892f3950"),
        ] {
            let algorithm = Algorithm::from_label(label).unwrap();
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"abc");
            let computed = hasher.finish();
            assert_eq!(HEXLOWER.encode(computed.bytes()), hex, "{label}");
            assert_eq!(computed.bytes().len(), algorithm.output_len(), "{label}");
            assert_eq!(Digest::parse(&computed.to_string()).unwrap(), computed, "{label}");
        }
        for label in ["sha384", "sha512", "sha512-256", "sha3-384", "sha3-512", "blake2b"] {
            let algorithm = Algorithm::from_label(label).unwrap();
            assert_eq!(algorithm.label(), label);
            assert_eq!(Hasher::new(algorithm).finish().bytes().len(), algorithm.output_len(), "{label}");
        }
    }

    #[test]
    fn xxh3_of_either_length_is_known_by_its_value() {
        for (text, algorithm) in [
            ("xxh3:78af5f94892f3950", Algorithm::Xxh3),
            ("XXH3-64:78AF5F94892F3950", Algorithm::Xxh3),
            ("xxh3:06b05ab6733a618578af5f94892f3950", Algorithm::Xxh128),
            ("xxh3-128:06b05ab6733a618578af5f94892f3950", Algorithm::Xxh128),
        ] {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"abc");
            assert_eq!(Digest::parse(text).unwrap(), hasher.finish(), "{text}");
        }
    }

    #[test]
    fn a_malformed_value_is_not_an_unknown_algorithm() {
        assert!(matches!(Digest::parse("crc32c:00"), Err(ParseError::UnknownAlgorithm(_))));
        for bad in ["", "sha1", "sha1:", "sha1:zz", ":abc", "sha256:a9993e36", "xxh3:00", "sh:1:00"] {
            assert!(matches!(Digest::parse(bad), Err(ParseError::Malformed(_))), "{bad}");
        }
    }
}
