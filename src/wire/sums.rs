//! Digests computed while bytes pass.

use data_encoding::{BASE32, HEXLOWER};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// Which digest goes into `WARC-Block-Digest` and `WARC-Payload-Digest`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestForm {
    /// `sha256:` and lower-case hex.
    #[default]
    Sha256,
    /// `sha1:` and upper-case Base32, for collections that index by it.
    Sha1,
}

/// The digests of one run of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// SHA-256, always there.
    pub sha256: [u8; 32],
    /// SHA-1, where it was asked for.
    pub sha1: Option<[u8; 20]>,
}

impl Sums {
    /// The labelled form of a WARC field: SHA-1 where asked for and computed, else SHA-256.
    pub fn labelled(&self, form: DigestForm) -> String {
        match (form, &self.sha1) {
            (DigestForm::Sha1, Some(sum)) => format!("sha1:{}", BASE32.encode(sum)),
            _ => format!("sha256:{}", HEXLOWER.encode(&self.sha256)),
        }
    }

    pub(super) fn of(bytes: &[u8], form: DigestForm) -> Self {
        let mut summer = Summer::new(form);
        summer.update(bytes);
        summer.finish()
    }
}

pub(super) struct Summer {
    sha256: Sha256,
    sha1: Option<Sha1>,
}

impl Summer {
    pub(super) fn new(form: DigestForm) -> Self {
        Self { sha256: Sha256::new(), sha1: (form == DigestForm::Sha1).then(Sha1::new) }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(bytes);
        }
    }

    pub(super) fn finish(self) -> Sums {
        Sums { sha256: self.sha256.finalize().into(), sha1: self.sha1.map(|sha1| sha1.finalize().into()) }
    }
}

/// SHA-256 in lower-case hex.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_are_those_of_the_field() {
        let sums = Sums::of(b"", DigestForm::Sha1);
        assert_eq!(sums.labelled(DigestForm::Sha1), "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
        let sha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sums.labelled(DigestForm::Sha256), sha256);
        assert_eq!(Sums::of(b"", DigestForm::Sha256).labelled(DigestForm::Sha1), sha256);
    }
}
