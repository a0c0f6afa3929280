//! Signatures by SSH keys: SSHSIG, as `ssh-keygen -Y sign` makes them and `ssh-keygen -Y verify` checks them.
//!
//! What is signed are the three lines of the checkpoint, in the namespace [`NAMESPACE`]. No agent is asked: a key that lies
//! unencrypted in a file signs here (Ed25519), any other by ssh-keygen, whose signature is then taken in.

use super::Error;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, Ed25519KeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use ssh_key::public::{EcdsaPublicKey, KeyData};
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};
use std::fmt;

/// The namespace of signatures over checkpoints: one made for anything else is none.
pub const NAMESPACE: &str = "fonds";

const ARMOR: &str = "-----BEGIN SSH SIGNATURE-----";
const PRIVATE: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";

/// True for text that begins as an SSH signature does.
pub fn is_signature(text: &str) -> bool {
    text.trim_start().starts_with(ARMOR)
}

/// True for text that begins as a secret key of OpenSSH does.
pub fn is_secret(text: &str) -> bool {
    text.trim_start().starts_with(PRIVATE)
}

/// A public key of OpenSSH, which its user names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKey {
    data: KeyData,
    /// The principals of a line of allowed_signers, or the comment of a public key.
    name: String,
}

impl SshKey {
    /// Reads a line of a `.pub` file or of allowed_signers; `None` for a line that is neither.
    ///
    /// # Errors
    /// A line that is meant as one and cannot be used.
    pub fn parse(line: &str) -> Option<Result<Self, Error>> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(is_algorithm)?;
        let (before, key) = words.split_at(at);
        Some(Self::of(before, key))
    }

    fn of(before: &[&str], key: &[&str]) -> Result<Self, Error> {
        let wrong = |problem| Error::Key { expected: "public key of OpenSSH", problem };
        let options = before.get(1..).unwrap_or_default().join(" ");
        if options.contains("cert-authority") || options.contains("valid-") {
            return Err(wrong("cert-authority, valid-after and valid-before are not understood here"));
        }
        if !allows(&options) {
            return Err(wrong("its namespaces do not hold fonds"));
        }
        let public = PublicKey::from_openssh(&key.join(" "));
        let public = public.map_err(|_| wrong("it was altered or cut, or is of a kind that is not read"))?;
        let name = before.first().map_or_else(|| public.comment().to_owned(), |name| (*name).to_owned());
        Ok(Self { data: public.key_data().clone(), name })
    }

    /// What it is called: nothing that proves anything.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for SshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.name.is_empty() { "" } else { " " };
        write!(f, "{}{separator}(SSH key {})", self.name, self.data.fingerprint(HashAlg::Sha256))
    }
}

/// True where the options of an allowed_signers line leave checkpoints to its key.
fn allows(options: &str) -> bool {
    let list = options.split_once("namespaces=\"").and_then(|(_, rest)| rest.split_once('"'));
    list.is_none_or(|(list, _)| list.split(',').any(|name| name == NAMESPACE || name == "*"))
}

fn is_algorithm(word: &&str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|head| word.starts_with(head))
}

/// A signature over a checkpoint.
#[derive(Clone, Debug)]
pub struct SshSignature(SshSig);

impl SshSignature {
    /// Reads an armoured signature.
    ///
    /// # Errors
    /// What is none, or one that was not made for checkpoints.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let signature = SshSig::from_pem(text)
            .map_err(|_| Error::Signature("it is no SSH signature, or one that was altered or cut"))?;
        match signature.namespace() {
            NAMESPACE => Ok(Self(signature)),
            _ => Err(Error::Signature(
                "it was not made for this: sign with `ssh-keygen -Y sign -n fonds -f KEY FILE`",
            )),
        }
    }

    /// The key that it says it is by.
    pub fn key(&self) -> SshKey {
        SshKey { data: self.0.public_key().clone(), name: String::new() }
    }

    /// True where it says that it is by this key.
    pub fn is_by(&self, key: &SshKey) -> bool {
        *self.0.public_key() == key.data
    }

    /// True for a signature of `text` by the key that it names. False too for kinds of keys that are not checked here:
    /// DSA, P-521 and keys on security tokens.
    pub fn verifies(&self, text: &[u8]) -> bool {
        let signed = SshSig::signed_data(NAMESPACE, self.0.hash_alg(), text);
        signed.is_ok_and(|signed| self.check(&signed).is_some())
    }

    /// True where the kind of key is one that is checked here.
    pub fn is_checkable(&self) -> bool {
        matches!(
            self.0.public_key(),
            KeyData::Ed25519(_)
                | KeyData::Rsa(_)
                | KeyData::Ecdsa(EcdsaPublicKey::NistP256(_) | EcdsaPublicKey::NistP384(_))
        )
    }

    fn check(&self, signed: &[u8]) -> Option<()> {
        let signature = self.0.signature();
        match (self.0.public_key(), signature.algorithm()) {
            (KeyData::Ed25519(key), Algorithm::Ed25519) => {
                check(&ED25519, &key.0, signed, signature.as_bytes())
            }
            (KeyData::Ecdsa(key @ EcdsaPublicKey::NistP256(_)), Algorithm::Ecdsa { .. }) => {
                let fixed = fixed(signature.as_bytes(), 32)?;
                check(&ECDSA_P256_SHA256_FIXED, key.as_sec1_bytes(), signed, &fixed)
            }
            (KeyData::Ecdsa(key @ EcdsaPublicKey::NistP384(_)), Algorithm::Ecdsa { .. }) => {
                let fixed = fixed(signature.as_bytes(), 48)?;
                check(&ECDSA_P384_SHA384_FIXED, key.as_sec1_bytes(), signed, &fixed)
            }
            (KeyData::Rsa(key), Algorithm::Rsa { hash: Some(hash) }) => {
                let parameters = match hash {
                    HashAlg::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                let (n, e) = (key.n.as_positive_bytes()?, key.e.as_positive_bytes()?);
                RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature.as_bytes()).ok()
            }
            _ => None,
        }
    }
}

fn check(how: &'static dyn VerificationAlgorithm, key: &[u8], signed: &[u8], signature: &[u8]) -> Option<()> {
    UnparsedPublicKey::new(how, key).verify(signed, signature).ok()
}

/// Two mpints (RFC 4251 §5) as two numbers of `width` bytes.
fn fixed(signature: &[u8], width: usize) -> Option<Vec<u8>> {
    let (r, rest) = mpint(signature)?;
    let (s, rest) = mpint(rest)?;
    let padded = |n: &[u8]| Some([vec![0; width.checked_sub(n.len())?], n.to_vec()].concat());
    rest.is_empty().then(|| Some([padded(r)?, padded(s)?].concat()))?
}

fn mpint(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (number, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((number.strip_prefix(&[0]).unwrap_or(number), rest))
}

/// A secret Ed25519 key of OpenSSH that is not encrypted.
pub struct SshSigningKey {
    pair: Ed25519KeyPair,
    public: SshKey,
}

impl SshSigningKey {
    /// Reads a secret key's file.
    ///
    /// # Errors
    /// What is none, or one that only ssh-keygen can use; the words say how.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |problem| Error::Key { expected: "secret key of OpenSSH that signs here", problem };
        let key = PrivateKey::from_openssh(text).map_err(|_| wrong("it was altered or cut"))?;
        if key.is_encrypted() {
            return Err(wrong(
                "it is encrypted. `fonds sign PATH --export > lines; ssh-keygen -Y sign -n fonds -f KEY lines; fonds sign PATH --import lines.sig` asks for its passphrase",
            ));
        }
        let ed25519 = key.key_data().ed25519().ok_or_else(|| {
            wrong(
                "it is no Ed25519 key. `fonds sign PATH --export > lines; ssh-keygen -Y sign -n fonds -f KEY lines; fonds sign PATH --import lines.sig` signs with it",
            )
        })?;
        let pair = Ed25519KeyPair::from_seed_and_public_key(ed25519.private.as_ref(), &ed25519.public.0);
        let pair = pair.map_err(|_| wrong("its two halves do not belong together"))?;
        let data = key.public_key().key_data().clone();
        Ok(Self { pair, public: SshKey { data, name: key.comment().to_owned() } })
    }

    /// The public half.
    pub fn public(&self) -> &SshKey {
        &self.public
    }

    /// An armoured signature over the text.
    ///
    /// # Errors
    /// None in practice: what encodes it can fail by its type.
    pub fn sign(&self, text: &[u8]) -> Result<String, Error> {
        let hash = HashAlg::Sha512;
        let sign = || -> ssh_key::Result<String> {
            let signed = SshSig::signed_data(NAMESPACE, hash, text)?;
            let signature = ssh_key::Signature::new(Algorithm::Ed25519, self.pair.sign(&signed).as_ref())?;
            SshSig::new(self.public.data.clone(), NAMESPACE, hash, signature)?.to_pem(LineEnding::LF)
        };
        sign().map_err(|_| Error::Signature("it could not be encoded"))
    }
}

impl fmt::Debug for SshSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshSigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}
