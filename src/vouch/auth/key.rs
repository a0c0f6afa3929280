//! P-384 keys: of the anonymous form.

use crate::digest;
use crate::vouch::Error;
use p384::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p384::ecdsa::{Signature, SigningKey, VerifyingKey};
use p384::elliptic_curve::generic_array::GenericArray;
use p384::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use std::fmt;
use std::io;

const SECRET: &str = "-----BEGIN PRIVATE KEY-----";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----";

/// Candidates for a secret number: each is one but for a chance below 2^-190.
const TRIES: usize = 8;

/// True for text that begins as a secret key in PEM does.
pub fn is_secret(text: &str) -> bool {
    text.trim_start().starts_with(SECRET)
}

/// True for text that begins as a public key in PEM does.
pub fn is_public(text: &str) -> bool {
    text.trim_start().starts_with(PUBLIC)
}

/// A public P-384 key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthKey(VerifyingKey);

impl AuthKey {
    /// Of PEM (SubjectPublicKeyInfo).
    ///
    /// # Errors
    /// What is no P-384 key.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        VerifyingKey::from_public_key_pem(pem.trim())
            .map(Self)
            .map_err(|_| wrong("it is no P-384 key in PEM"))
    }

    /// Of its SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// What is no P-384 key.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        VerifyingKey::from_public_key_der(der).map(Self).map_err(|_| wrong("it is no P-384 key in DER"))
    }

    /// As PEM.
    pub fn to_pem(&self) -> String {
        self.0.to_public_key_pem(LineEnding::LF).unwrap_or_default()
    }

    /// As DER.
    pub fn to_der(&self) -> Vec<u8> {
        self.0.to_public_key_der().map(|der| der.into_vec()).unwrap_or_default()
    }

    /// True for a signature, r and s of 48 bytes each, over the SHA-256 of the text.
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature
            .is_ok_and(|signature| self.0.verify_prehash(digest::sha256(text).bytes(), &signature).is_ok())
    }
}

impl fmt::Display for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P-384 key with SHA-256 {}", digest::sha256(&self.to_der()).value())
    }
}

/// A secret P-384 key.
pub struct AuthSigningKey(SigningKey);

impl AuthSigningKey {
    /// A new one.
    ///
    /// # Errors
    /// What the source of randomness says.
    pub fn generate(world: &dyn crate::world::World) -> io::Result<Self> {
        for _ in 0..TRIES {
            let mut bytes = [0; 48];
            world.random(&mut bytes)?;
            if let Ok(key) = SigningKey::from_bytes(GenericArray::from_slice(&bytes)) {
                return Ok(Self(key));
            }
        }
        Err(io::Error::other("the source of randomness gives no P-384 key"))
    }

    /// Of PEM (PKCS #8).
    ///
    /// # Errors
    /// What is no P-384 key.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let key = SigningKey::from_pkcs8_pem(pem.trim());
        key.map(Self).map_err(|_| Error::Key {
            expected: "secret P-384 key",
            problem: "it is no PEM of PKCS #8 with such a key, or is encrypted",
        })
    }

    /// As PEM, to be kept secret.
    pub fn to_pem(&self) -> String {
        self.0.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).unwrap_or_default()
    }

    /// The public half.
    pub fn public(&self) -> AuthKey {
        AuthKey(*self.0.verifying_key())
    }

    /// r and s over the SHA-256 of the text.
    ///
    /// # Errors
    /// None in practice.
    pub fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Error> {
        let signature: Result<Signature, _> = self.0.sign_prehash(digest::sha256(text).bytes());
        signature
            .map(|signature| signature.to_bytes().to_vec())
            .map_err(|_| Error::Signature("it cannot be made"))
    }
}

impl fmt::Debug for AuthSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthSigningKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

fn wrong(problem: &'static str) -> Error {
    Error::Key { expected: "public P-384 key", problem }
}
