//! File hashes as datapackage.json writes them: `sha256:` and lower-case hex.

use std::io::{self, Read};

use data_encoding::HEXLOWER;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// A hash in the making, by one of the algorithms that WACZ writers use.
pub(super) enum Hasher {
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    /// By its label; `None` for one that fonds does not know.
    pub(super) fn labelled(label: &str) -> Option<Self> {
        match label.to_ascii_lowercase().as_str() {
            "md5" => Some(Self::Md5(Md5::new())),
            "sha1" | "sha-1" => Some(Self::Sha1(Sha1::new())),
            "sha256" | "sha-256" => Some(Self::sha256()),
            "sha512" | "sha-512" => Some(Self::Sha512(Sha512::new())),
            _ => None,
        }
    }

    pub(super) fn sha256() -> Self {
        Self::Sha256(Sha256::new())
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// Lower-case hex.
    pub(super) fn hex(self) -> String {
        match self {
            Self::Md5(hasher) => HEXLOWER.encode(&hasher.finalize()),
            Self::Sha1(hasher) => HEXLOWER.encode(&hasher.finalize()),
            Self::Sha256(hasher) => HEXLOWER.encode(&hasher.finalize()),
            Self::Sha512(hasher) => HEXLOWER.encode(&hasher.finalize()),
        }
    }
}

/// `sha256:…` of bytes at hand.
pub(super) fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(bytes)))
}

/// True where `hash`, with its label, is that of these bytes.
pub(super) fn is_of(hash: &str, bytes: &[u8]) -> bool {
    let label = hash.split(':').next().unwrap_or_default();
    let Some(mut hasher) = Hasher::labelled(label) else { return false };
    hasher.update(bytes);
    format!("{label}:{}", hasher.hex()).eq_ignore_ascii_case(hash)
}

/// Streams to the end: bytes read and `sha256:…`.
pub(super) fn sha256_of(input: &mut impl Read) -> io::Result<(u64, String)> {
    let mut hasher = Hasher::sha256();
    let bytes = read_all(input, |part| {
        hasher.update(part);
        Ok(())
    })?;
    Ok((bytes, format!("sha256:{}", hasher.hex())))
}

/// Gives every part of the input to `each`; counts the bytes.
pub(super) fn read_all(
    input: &mut (impl Read + ?Sized),
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<u64> {
    let mut buffer = vec![0; 64 << 10];
    let mut total = 0;
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(read) => {
                each(buffer.get(..read).unwrap_or_default())?;
                total += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
