//! Ed25519 keys in the encodings of C2SP signed-note, and in those of other tools.

use super::Error;
use super::note::{Signature, is_name};
use crate::digest;
use crate::world::World;
use data_encoding::{BASE64, HEXLOWER};
use ring::hmac;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fmt;

/// The algorithm byte of signed-note.
const ALGORITHM: u8 = 1;
const SECRET: &str = "PRIVATE+KEY+";
/// What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410 §4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const SSH: &str = "ssh-ed25519";

/// A secret key with its name.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    seed: [u8; 32],
    verifier: VerifierKey,
}

impl SigningKey {
    /// A new key; without a name it is called after its own public half, which says nothing of its holder.
    ///
    /// # Errors
    /// A name that no key may have; what the source of randomness says.
    pub fn generate(name: Option<&str>, world: &dyn World) -> Result<Self, Error> {
        let mut seed = [0; 32];
        world.random(&mut seed)?;
        let pair = pair(&seed)?;
        let public = public(&pair)?;
        let own = || format!("fonds-{}", short(&digest::sha256(&public).value()));
        let verifier = VerifierKey::new(&name.map_or_else(own, str::to_owned), public)?;
        Ok(Self { pair, seed, verifier })
    }

    /// Reads what [`SigningKey::encode`] writes: `PRIVATE+KEY+name+id+key`, as Go's `note` package has it.
    ///
    /// # Errors
    /// Text that is no such key.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |problem| Error::Key { expected: "secret key of fonds", problem };
        let rest =
            text.trim().strip_prefix(SECRET).ok_or_else(|| wrong("it does not begin with PRIVATE+KEY+"))?;
        let (name, id, seed) =
            fields(rest).ok_or_else(|| wrong("it is not name+id+key of an Ed25519 key"))?;
        let pair = pair(&seed)?;
        let verifier = VerifierKey::new(name, public(&pair)?)?;
        match verifier.id == id {
            true => Ok(Self { pair, seed, verifier }),
            false => Err(wrong("its id is not that of name and key: it was altered or cut")),
        }
    }

    /// One line, to be kept secret.
    pub fn encode(&self) -> String {
        let key = [&[ALGORITHM][..], &self.seed].concat();
        format!(
            "{SECRET}{}+{}+{}\n",
            self.verifier.name,
            HEXLOWER.encode(&self.verifier.id),
            BASE64.encode(&key)
        )
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// A signature over a note's text, which ends with a line feed.
    pub fn sign(&self, text: &[u8]) -> Signature {
        let bytes = self.pair.sign(text).as_ref().to_vec();
        Signature { name: self.verifier.name.clone(), id: self.verifier.id, bytes }
    }
}

/// What stands in a log for a key, and what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// SHA-256 of nonce, line feed and verifier key, in hex.
    pub hash: String,
    /// 32 bytes in hex, which only the key's holder can tell.
    pub nonce: String,
}

impl SigningKey {
    /// The commitment to this key for a session, by its URN: the same each time, and another for each session, so that
    /// nobody else can tell two sessions of one operator.
    pub fn commitment(&self, session: &str) -> Commitment {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &self.seed);
        let nonce = hmac::sign(&secret, format!("fonds operator\n{session}").as_bytes());
        let nonce = HEXLOWER.encode(nonce.as_ref());
        let hash = digest::sha256(format!("{nonce}\n{}", self.verifier).as_bytes()).value();
        Commitment { hash, nonce }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

fn pair(seed: &[u8; 32]) -> Result<Ed25519KeyPair, Error> {
    let wrong = |_| Error::Key { expected: "secret key of fonds", problem: "its bytes are no Ed25519 key" };
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(wrong)
}

fn public(pair: &Ed25519KeyPair) -> Result<[u8; 32], Error> {
    let wrong = |_| Error::Key { expected: "secret key of fonds", problem: "its bytes are no Ed25519 key" };
    pair.public_key().as_ref().try_into().map_err(wrong)
}

/// A public key with its name: what a verifier names to be convinced by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    public: [u8; 32],
}

impl VerifierKey {
    fn new(name: &str, public: [u8; 32]) -> Result<Self, Error> {
        if !is_name(name) {
            return Err(Error::Name(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), id: key_id(name, &public), public })
    }

    /// Reads `name+id+key` (C2SP signed-note, verifier keys).
    ///
    /// # Errors
    /// Text that is no such key.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |problem| Error::Key { expected: "verifier key", problem };
        if text.trim().starts_with(SECRET) {
            return Err(wrong(
                "it is the secret half; give the file that ends in .pub, and show this one to nobody",
            ));
        }
        let (name, id, public) =
            fields(text.trim()).ok_or_else(|| wrong("it is not name+id+key of an Ed25519 key"))?;
        let key = Self::new(name, public)?;
        match key.id == id {
            true => Ok(key),
            false => Err(wrong("its id is not that of name and key: it was altered or cut")),
        }
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id, as signature lines carry it.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// True where a signature says that it is by this key.
    pub fn is_of(&self, signature: &Signature) -> bool {
        (&signature.name, signature.id) == (&self.name, self.id)
    }

    /// True for a signature of `text` by this key.
    pub fn verifies(&self, text: &[u8], signature: &Signature) -> bool {
        self.is_of(signature)
            && UnparsedPublicKey::new(&ED25519, self.public).verify(text, &signature.bytes).is_ok()
    }

    /// SHA-256 of the key in hex, for people to compare.
    pub fn fingerprint(&self) -> String {
        digest::sha256(&self.public).value()
    }

    /// As PEM (SubjectPublicKeyInfo, RFC 8410), which OpenSSL reads.
    pub fn to_pem(&self) -> String {
        let body = BASE64.encode(&[&SPKI[..], &self.public].concat());
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
    }

    /// As a line of OpenSSH, the name as its comment.
    pub fn to_ssh(&self) -> String {
        let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
        let blob = [string(SSH.as_bytes()), string(&self.public)].concat();
        format!("{SSH} {} {}\n", BASE64.encode(&blob), self.name)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ALGORITHM][..], &self.public].concat();
        write!(f, "{}+{}+{}", self.name, HEXLOWER.encode(&self.id), BASE64.encode(&key))
    }
}

/// SHA-256(name ‖ LF ‖ algorithm ‖ key), the first four bytes.
fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let hash = digest::sha256(&[name.as_bytes(), &[b'\n', ALGORITHM], public].concat());
    hash.bytes().first_chunk().copied().unwrap_or_default()
}

/// `name+id+key`, the key being the algorithm's byte and 32 more.
fn fields(text: &str) -> Option<(&str, [u8; 4], [u8; 32])> {
    let (name, rest) = text.split_once('+')?;
    let (id, key) = rest.split_once('+')?;
    let id = HEXLOWER.decode(id.as_bytes()).ok()?.try_into().ok()?;
    match BASE64.decode(key.as_bytes()).ok()?.split_first()? {
        (&ALGORITHM, key) => Some((name, id, key.try_into().ok()?)),
        _ => None,
    }
}

fn short(hex: &str) -> &str {
    hex.get(..16).unwrap_or(hex)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Note;
    use super::*;
    use crate::world::System;

    /// The example in the documentation of Go's `golang.org/x/mod/sumdb/note`.
    const NEUMANN: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NEUMANN_SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const LINE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn gos_example_is_signed_and_verified_the_same() {
        let secret = SigningKey::parse(NEUMANN_SECRET).unwrap();
        assert_eq!(
            (secret.verifier().to_string().as_str(), secret.encode().trim()),
            (NEUMANN, NEUMANN_SECRET)
        );
        let signature = secret.sign(TEXT.as_bytes());
        assert_eq!(signature.line(), LINE);
        let key = VerifierKey::parse(NEUMANN).unwrap();
        assert!(key.verifies(TEXT.as_bytes(), &Signature::parse(LINE.trim_end()).unwrap()));
        assert!(!key.verifies(b"another text\n", &signature));
    }

    #[test]
    fn what_is_no_key_is_told() {
        let swapped = NEUMANN.replace("c74f20a3", "c74f20a4");
        for text in ["", "x", "a+b+c", "a b+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &swapped]
        {
            assert!(VerifierKey::parse(text).is_err() && SigningKey::parse(text).is_err(), "{text}");
        }
        assert!(VerifierKey::parse(NEUMANN_SECRET).unwrap_err().to_string().contains("secret half"));
        assert!(SigningKey::generate(Some("two words"), &System).is_err());
    }

    #[test]
    fn a_new_key_is_another_each_time_and_never_printed_by_accident() {
        let (one, other) =
            (SigningKey::generate(None, &System).unwrap(), SigningKey::generate(None, &System).unwrap());
        assert_ne!(one.verifier(), other.verifier());
        let seed = one.encode();
        assert!(!format!("{one:?}").contains(seed.trim().rsplit('+').next().unwrap()));
        let note = Note::parse(b"a\n1\nAAAA\n").unwrap();
        let signature = one.sign(note.text());
        assert!(one.verifier().verifies(note.text(), &signature) && !other.verifier().is_of(&signature));
    }
}
