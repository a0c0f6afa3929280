//! Which digests there are, and what they are called.

/// An algorithm that fonds can compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RFC 1321; weak.
    Md5,
    /// FIPS 180-4; weak against collisions, common in WARC.
    Sha1,
    /// FIPS 180-4; what fonds writes.
    Sha256,
    /// FIPS 180-4.
    Sha384,
    /// FIPS 180-4.
    Sha512,
    /// FIPS 180-4, SHA-512/256.
    Sha512_256,
    /// FIPS 202.
    Sha3_224,
    /// FIPS 202.
    Sha3_256,
    /// FIPS 202.
    Sha3_384,
    /// FIPS 202.
    Sha3_512,
    /// RFC 7693, BLAKE2s with 32 bytes of output.
    Blake2s,
    /// RFC 7693, BLAKE2b with 64 bytes of output.
    Blake2b,
    /// BLAKE3 with 32 bytes of output.
    Blake3,
    /// XXH3 with 8 bytes of output; made for speed, no protection against anyone.
    Xxh3,
    /// XXH3 with 16 bytes of output; the same.
    Xxh128,
}

impl Algorithm {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Md5,
        Self::Sha1,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha512_256,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
        Self::Blake2s,
        Self::Blake2b,
        Self::Blake3,
        Self::Xxh3,
        Self::Xxh128,
    ];

    /// The algorithm of a label, whatever its case and dashes.
    pub fn from_label(label: &str) -> Option<Self> {
        if !label.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        let mut plain = [0; 16];
        let letters = label.bytes().filter(|b| !matches!(b, b'-' | b'_' | b'/'));
        let mut len = 0;
        for letter in letters {
            *plain.get_mut(len)? = letter.to_ascii_lowercase();
            len += 1;
        }
        Some(match plain.get(..len)? {
            b"md5" => Self::Md5,
            b"sha1" => Self::Sha1,
            b"sha256" => Self::Sha256,
            b"sha384" => Self::Sha384,
            b"sha512" => Self::Sha512,
            b"sha512256" => Self::Sha512_256,
            b"sha3224" => Self::Sha3_224,
            b"sha3256" => Self::Sha3_256,
            b"sha3384" => Self::Sha3_384,
            b"sha3512" => Self::Sha3_512,
            b"blake2s" | b"blake2s256" => Self::Blake2s,
            b"blake2b" | b"blake2b512" => Self::Blake2b,
            b"blake3" => Self::Blake3,
            b"xxh3" | b"xxh364" => Self::Xxh3,
            b"xxh128" | b"xxh3128" => Self::Xxh128,
            _ => return None,
        })
    }

    /// The label that fonds writes.
    pub fn label(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Sha512_256 => "sha512-256",
            Self::Sha3_224 => "sha3-224",
            Self::Sha3_256 => "sha3-256",
            Self::Sha3_384 => "sha3-384",
            Self::Sha3_512 => "sha3-512",
            Self::Blake2s => "blake2s",
            Self::Blake2b => "blake2b",
            Self::Blake3 => "blake3",
            Self::Xxh3 => "xxh3",
            Self::Xxh128 => "xxh128",
        }
    }

    /// Output length in bytes.
    pub fn output_len(self) -> usize {
        match self {
            Self::Xxh3 => 8,
            Self::Md5 | Self::Xxh128 => 16,
            Self::Sha1 => 20,
            Self::Sha3_224 => 28,
            Self::Sha256 | Self::Sha512_256 | Self::Sha3_256 | Self::Blake2s | Self::Blake3 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 | Self::Blake2b => 64,
        }
    }

    /// True where collisions can be made on purpose, so that a match proves only the absence of accidents.
    pub fn is_weak(self) -> bool {
        matches!(self, Self::Md5 | Self::Sha1 | Self::Xxh3 | Self::Xxh128)
    }
}
