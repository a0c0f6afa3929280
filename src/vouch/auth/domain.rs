//! The domain form: a web server's certificate, and a time-stamp that says when it signed.

use super::form::{base64, text, wrong};
use super::problem;
use crate::finding::rules;
use crate::vouch::path::{PathError, Roots, Usage};
use crate::vouch::stamp::{Problem, Token};
use data_encoding::BASE64;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm};
use serde_json::{Map, Value};
use webpki::{EndEntityCert, ring as algorithms};

/// Those that hash with SHA-256, whatever the key.
const SIGNATURES: [&dyn SignatureVerificationAlgorithm; 3] =
    [algorithms::ECDSA_P256_SHA256, algorithms::ECDSA_P384_SHA256, algorithms::RSA_PKCS1_2048_8192_SHA256];

#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub(super) name: String,
    /// In DER, the server's first.
    certificates: Vec<Vec<u8>>,
    /// Of the same key, by a private authority.
    cross: Option<Vec<Vec<u8>>>,
    signature: Vec<u8>,
    token: Token,
}

/// A domain that signed, as certificates and time-stamp prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The domain.
    pub domain: String,
    /// When, by the time-stamp.
    pub time: Timestamp,
    /// The root of its certificate.
    pub root: String,
    /// The root of the time-stamp.
    pub stamp_root: String,
}

impl Domain {
    pub(super) fn parse(object: &Map<String, Value>, signature: Vec<u8>) -> Result<Self, Problem> {
        let cross = object.get("crossSignedCert").is_some_and(|value| !value.is_null());
        let token = Token::parse(&base64(object, "timeSignature")?)?;
        Ok(Self {
            name: text(object, "domain")?.to_owned(),
            certificates: certificates(object, "domainCert")?,
            cross: cross.then(|| certificates(object, "crossSignedCert")).transpose()?,
            signature,
            token: token.with_certificates(certificates(object, "timestampCert")?),
        })
    }

    /// By the server's key; by that of the cross-signed certificate too, where there is one.
    pub(super) fn signs(&self, text: &[u8]) -> bool {
        let chains = [Some(&self.certificates), self.cross.as_ref()];
        chains
            .into_iter()
            .flatten()
            .all(|chain| chain.first().is_some_and(|certificate| signs(certificate, text, &self.signature)))
    }

    pub(super) fn identity(&self, roots: &Roots) -> Result<Identity, Problem> {
        let (leaf, others) = self.certificates.split_first().ok_or_else(|| wrong("it has no certificate"))?;
        if !is_for(leaf, &self.name) {
            let words = format!("its certificate is not for {}", self.name);
            return Err(problem(&rules::AUTH_DOMAIN, words));
        }
        // As authsign has it: over the signature as the object writes it.
        let stamped = BASE64.encode(&self.signature);
        let stamp = self.token.verify(stamped.as_bytes(), roots)?;
        let time = self.token.info.time;
        let path = roots.path(leaf, others, Usage::SERVER_AUTH, time).map_err(|error| by_path(&error))?;
        Ok(Identity { domain: self.name.clone(), time, root: path.root, stamp_root: stamp.root })
    }
}

fn by_path(error: &PathError) -> Problem {
    let rule = match error {
        PathError::Untrusted => &rules::AUTH_UNTRUSTED,
        PathError::Expired(_) => &rules::AUTH_EXPIRED,
        _ => &rules::AUTH_PATH,
    };
    problem(rule, format!("its domain's certificate: {error}"))
}

fn certificates(object: &Map<String, Value>, name: &str) -> Result<Vec<Vec<u8>>, Problem> {
    let pem = text(object, name)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match read {
        Ok(read) if !read.is_empty() => Ok(read.iter().map(|der| der.to_vec()).collect()),
        _ => Err(wrong(format!("its {name:?} is no PEM of certificates"))),
    }
}

fn signs(certificate: &[u8], text: &[u8], signature: &[u8]) -> bool {
    let der = CertificateDer::from(certificate);
    let Ok(certificate) = EndEntityCert::try_from(&der) else { return false };
    SIGNATURES.iter().any(|algorithm| certificate.verify_signature(*algorithm, text, signature).is_ok())
}

fn is_for(certificate: &[u8], domain: &str) -> bool {
    let der = CertificateDer::from(certificate);
    match (EndEntityCert::try_from(&der), ServerName::try_from(domain)) {
        (Ok(certificate), Ok(name)) => certificate.verify_is_valid_for_subject_name(&name).is_ok(),
        _ => false,
    }
}
