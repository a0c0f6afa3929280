//! Whether a time-stamp holds: by itself, over an imprint, and up to a root.

use super::der::{OCTET_STRING, OID, Reader, SEQUENCE, SET, Tlv};
use super::info::{Imprint, algorithm};
use super::token::{Signer, SignerId, Token};
use super::{Problem, oid, problem};
use crate::digest::Algorithm;
use crate::finding::{Rule, rules};
use crate::vouch::path::{PathError, Roots, Usage, parsed, was_valid};
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::EndEntityCert;
use webpki::ring as algorithms;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;

/// A time-stamp that holds by itself: content, signature, certificate and its use belong together. Who the signer is, is only
/// claimed.
#[derive(Clone, Copy, Debug)]
pub struct Sound<'a> {
    token: &'a Token,
    certificate: &'a [u8],
}

/// A time-stamp that leads to a root that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// The root's name.
    pub root: String,
    /// SHA-256 of its certificate, in hex.
    pub root_sha256: String,
}

impl Token {
    /// Checks all that needs no root.
    ///
    /// # Errors
    /// The first that does not hold, by its rule.
    pub fn check(&self) -> Result<Sound<'_>, Problem> {
        let signed = Signed::parse(&self.signer.attributes)?;
        if signed.content_type != oid::TST_INFO {
            return Err(problem(
                &rules::STAMP_CONTENT,
                "its signed attributes say that it is something else",
            ));
        }
        if Imprint::of(self.signer.digest, &self.content).value != signed.digest {
            return Err(problem(&rules::STAMP_DIGEST, "what it says is not what was signed"));
        }
        let (der, certificate) = self.certificate()?;
        signature(der, &self.signer)?;
        signed.names(der, &certificate)?;
        is_for_stamps(&certificate)?;
        was_valid(&certificate, self.info.time).map_err(|error| by_path(&error))?;
        Ok(Sound { token: self, certificate: der })
    }

    /// True where it is over just this.
    pub fn is_over(&self, bytes: &[u8]) -> bool {
        Imprint::of(self.info.imprint.algorithm, bytes) == self.info.imprint
    }

    /// All of it at once: it holds by itself, is over these bytes, and leads to a root.
    ///
    /// # Errors
    /// The first that does not hold, by its rule.
    pub fn verify(&self, bytes: &[u8], roots: &Roots) -> Result<Trusted, Problem> {
        let sound = self.check()?;
        match self.is_over(bytes) {
            true => sound.trusted(roots),
            false => Err(problem(&rules::STAMP_IMPRINT, "it is over something else")),
        }
    }

    /// The signer's certificate, as the signer names it.
    fn certificate(&self) -> Result<(&[u8], X509Certificate<'_>), Problem> {
        let found = self.certificates.iter().filter_map(|der| Some((der.as_slice(), parsed(der)?)));
        let named = |certificate: &X509Certificate<'_>| match &self.signer.id {
            SignerId::Issuer(issuer, serial) => {
                (certificate.issuer().as_raw(), certificate.raw_serial()) == (issuer, serial)
            }
            SignerId::Key(key) => key_identifier(certificate) == Some(key),
        };
        let mut found = found.filter(|(_, certificate)| named(certificate));
        found
            .next()
            .ok_or_else(|| problem(&rules::STAMP_CERTIFICATE, "its signer's certificate is not in it"))
    }
}

impl Sound<'_> {
    /// Who claims to have signed.
    pub fn signer(&self) -> String {
        parsed(self.certificate).map(|certificate| certificate.subject().to_string()).unwrap_or_default()
    }

    /// SHA-256 of the signer's certificate, in hex.
    pub fn signer_sha256(&self) -> String {
        crate::digest::sha256(self.certificate).value()
    }

    /// Leads it to a root, at the time that it gives.
    ///
    /// # Errors
    /// `stamp-untrusted`, `stamp-path`, `stamp-expired`, `stamp-eku`, `stamp-algorithm`.
    pub fn trusted(&self, roots: &Roots) -> Result<Trusted, Problem> {
        let Token { info, certificates, .. } = self.token;
        let path = roots.path(self.certificate, certificates, Usage::TIME_STAMPING, info.time);
        let path = path.map_err(|error| by_path(&error))?;
        Ok(Trusted { root: path.root, root_sha256: path.root_sha256 })
    }
}

fn by_path(error: &PathError) -> Problem {
    let rule: &'static Rule = match error {
        PathError::Untrusted => &rules::STAMP_UNTRUSTED,
        PathError::Expired(_) => &rules::STAMP_EXPIRED,
        PathError::Usage(_) => &rules::STAMP_EKU,
        PathError::Algorithm(_) => &rules::STAMP_ALGORITHM,
        PathError::Broken(_) => &rules::STAMP_PATH,
    };
    problem(rule, &error.to_string())
}

fn key_identifier<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(key) => Some(key.0),
        _ => None,
    })
}

/// RFC 3161 §2.3: an extended key usage, critical, of this one purpose.
fn is_for_stamps(certificate: &X509Certificate<'_>) -> Result<(), Problem> {
    let wrong = |words: &str| Err(problem(&rules::STAMP_EKU, &format!("{}: {words}", certificate.subject())));
    let Ok(Some(usage)) = certificate.extended_key_usage() else {
        return wrong("the signer's certificate does not say that it is for time-stamps");
    };
    let is = usage.value;
    let others = is.any
        || is.server_auth
        || is.client_auth
        || is.code_signing
        || is.email_protection
        || is.ocsp_signing;
    if !is.time_stamping || others || !is.other.is_empty() {
        return wrong("the signer's certificate is for something else than time-stamps, or for more");
    }
    if !usage.critical {
        return wrong("that the signer's certificate is for time-stamps is not marked critical");
    }
    match certificate.key_usage() {
        Ok(Some(usage)) if !usage.value.digital_signature() && !usage.value.non_repudiation() => {
            wrong("the signer's key is not for signatures")
        }
        Err(_) => wrong("the signer's key usage cannot be read"),
        _ => Ok(()),
    }
}

/// The signature over the signed attributes.
fn signature(certificate: &[u8], signer: &Signer) -> Result<(), Problem> {
    let der = CertificateDer::from(certificate);
    let key = EndEntityCert::try_from(&der).map_err(|error| {
        problem(&rules::STAMP_CERTIFICATE, &format!("its signer's certificate cannot be used: {error}"))
    })?;
    let verified: Vec<_> = candidates(signer)
        .into_iter()
        .map(|algorithm| key.verify_signature(algorithm, &signer.attributes, &signer.signature))
        .collect();
    let unfit = |error: &webpki::Error| {
        matches!(error, webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_))
    };
    if verified.iter().any(Result::is_ok) {
        Ok(())
    } else if verified.iter().all(|one| one.as_ref().is_err_and(unfit)) {
        Err(problem(&rules::STAMP_ALGORITHM, "it is signed in a way that cannot be checked here"))
    } else {
        Err(problem(&rules::STAMP_SIGNATURE, "its signature is not by the key of its certificate"))
    }
}

/// What a signature's algorithm may mean; which of them is settled by the key. CMS may name RSA alone, and the hash beside it
/// (RFC 3370 §3.2).
fn candidates(signer: &Signer) -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    let is_rsa = Reader::new(&signer.algorithm).take(OID).is_ok_and(|name| name.content == oid::RSA);
    match (is_rsa, signer.digest) {
        (true, Algorithm::Sha256) => vec![algorithms::RSA_PKCS1_2048_8192_SHA256],
        (true, Algorithm::Sha384) => vec![algorithms::RSA_PKCS1_2048_8192_SHA384],
        (true, Algorithm::Sha512) => vec![algorithms::RSA_PKCS1_2048_8192_SHA512],
        _ => {
            let all = webpki::ALL_VERIFICATION_ALGS.iter().copied();
            all.filter(|one| one.signature_alg_id().as_ref() == signer.algorithm).collect()
        }
    }
}

/// What the signed attributes say, each once (RFC 5652 §11, RFC 2634 §5.4, RFC 5035).
#[derive(Debug, Default)]
struct Signed<'a> {
    content_type: &'a [u8],
    digest: &'a [u8],
    /// ESSCertID, with SHA-1.
    first: Option<Tlv<'a>>,
    /// ESSCertIDv2.
    second: Option<Tlv<'a>>,
}

impl<'a> Signed<'a> {
    fn parse(attributes: &'a [u8]) -> Result<Self, Problem> {
        let mut all = Reader::only(attributes, SET)?.inside();
        let (mut signed, mut seen) = (Self::default(), Vec::new());
        while !all.is_empty() {
            let mut attribute = all.take(SEQUENCE)?.inside();
            let name = attribute.take(OID)?.content;
            let mut values = attribute.take(SET)?.inside();
            attribute.end()?;
            if seen.contains(&name) {
                return Err(problem(&rules::STAMP_INVALID, "a signed attribute stands in it twice"));
            }
            seen.push(name);
            match name {
                oid::CONTENT_TYPE => signed.content_type = values.take(OID)?.content,
                oid::MESSAGE_DIGEST => signed.digest = values.take(OCTET_STRING)?.content,
                oid::SIGNING_CERTIFICATE => signed.first = Some(values.take(SEQUENCE)?),
                oid::SIGNING_CERTIFICATE_V2 => signed.second = Some(values.take(SEQUENCE)?),
                _ => continue,
            }
            values.end()?;
        }
        Ok(signed)
    }

    /// That it is this certificate by which the signature is to be checked, and no other of the same key.
    fn names(&self, der: &[u8], certificate: &X509Certificate<'_>) -> Result<(), Problem> {
        if self.first.is_none() && self.second.is_none() {
            return Err(problem(
                &rules::STAMP_CERTIFICATE_ID,
                "no hash of the signer's certificate is signed",
            ));
        }
        for (value, is_second) in [(self.first, false), (self.second, true)] {
            let Some(value) = value else { continue };
            if !is_hash_of(value, is_second, der, certificate)? {
                let words = "the signed hash is not that of the signer's certificate";
                return Err(problem(&rules::STAMP_CERTIFICATE_ID, words));
            }
        }
        Ok(())
    }
}

/// The first of the ids is the signer's.
fn is_hash_of(
    value: Tlv<'_>,
    is_second: bool,
    der: &[u8],
    certificate: &X509Certificate<'_>,
) -> Result<bool, Problem> {
    let mut id = value.inside().take(SEQUENCE)?.inside().take(SEQUENCE)?.inside();
    let hash = match id.optional(SEQUENCE)? {
        Some(named) if is_second => algorithm(named)?,
        None if is_second => Algorithm::Sha256,
        None => Algorithm::Sha1,
        Some(_) => {
            return Err(problem(
                &rules::STAMP_INVALID,
                "the hash of its certificate is not where it belongs",
            ));
        }
    };
    let same = Imprint::of(hash, der).value == id.take(OCTET_STRING)?.content;
    let issuer = id.optional(SEQUENCE)?.map(|issuer| is_issuer(issuer, certificate)).transpose()?;
    id.end()?;
    Ok(same && issuer.unwrap_or(true))
}

/// IssuerSerial: one directory name, and the serial number.
fn is_issuer(value: Tlv<'_>, certificate: &X509Certificate<'_>) -> Result<bool, Problem> {
    let mut fields = value.inside();
    let name = fields.take(SEQUENCE)?.inside().take(0xa4)?.content;
    let serial = fields.take(super::der::INTEGER)?.content;
    Ok((name, serial) == (certificate.issuer().as_raw(), certificate.raw_serial()))
}
