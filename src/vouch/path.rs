//! Certificate paths (RFC 5280 §6), offline, at a time in the past, to roots that the user named and no other.
//!
//! The path is built and checked by `rustls-webpki`: names, signatures, validity, CA bit, path length, name constraints,
//! extended key usage. Added here is what it leaves to others: keyCertSign where a key usage is given, and the root itself, which
//! must be an authority and have been valid. Revocation is not checked.

use super::Error;
use crate::digest;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use std::time::Duration;
use webpki::{EndEntityCert, KeyUsage, VerifiedPath, anchor_from_trusted_cert};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// What a certificate is for: the content octets of an extended key usage. One without that extension is for all uses, RFC 5280
/// §4.2.1.12; who asks for more asks it of the leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage(&'static [u8]);

impl Usage {
    /// id-kp-timeStamping.
    pub const TIME_STAMPING: Self = Self(&[0x2b, 6, 1, 5, 5, 7, 3, 8]);
    /// id-kp-serverAuth.
    pub const SERVER_AUTH: Self = Self(&[0x2b, 6, 1, 5, 5, 7, 3, 1]);
}

/// Why there is no valid path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// None leads to a root that was named.
    #[error("no path leads to a root that you named")]
    Untrusted,
    /// A certificate was not valid then.
    #[error("{0}")]
    Expired(String),
    /// A certificate is for something else.
    #[error("{0}")]
    Usage(String),
    /// A signature on the path cannot be checked.
    #[error("{0}")]
    Algorithm(String),
    /// A rule of RFC 5280 is broken.
    #[error("{0}")]
    Broken(String),
}

/// A path that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The root's name.
    pub root: String,
    /// SHA-256 of the root's certificate, in hex.
    pub root_sha256: String,
}

/// Certificates that the user trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    /// Of a PEM file with one certificate or several.
    ///
    /// # Errors
    /// Text that holds none, or one that cannot be read.
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        let wrong = |_| Error::Root("a piece of it is no PEM certificate");
        let roots: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(wrong)?;
        if roots.is_empty() {
            return Err(Error::Root("there is no certificate in it"));
        }
        match roots.iter().all(|root| anchor_from_trusted_cert(root).is_ok() && parsed(root).is_some()) {
            true => Ok(Self(roots)),
            false => Err(Error::Root("a certificate in it cannot be read")),
        }
    }

    /// Adds others.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// True where none was named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The path from `leaf` over any of `others` to one of these roots, valid `at` that time for that use.
    ///
    /// # Errors
    /// What keeps the best path that could be found from being one.
    pub fn path(
        &self,
        leaf: &[u8],
        others: &[Vec<u8>],
        usage: Usage,
        at: Timestamp,
    ) -> Result<Path, PathError> {
        let leaf = CertificateDer::from(leaf);
        let leaf = EndEntityCert::try_from(&leaf).map_err(|error| told(&error))?;
        let others: Vec<CertificateDer<'_>> =
            others.iter().map(|other| CertificateDer::from(other.as_slice())).collect();
        let mut best = PathError::Untrusted;
        for root in &self.0 {
            match path(&leaf, &others, root, usage, at) {
                Ok(path) => return Ok(path),
                Err(error) if best == PathError::Untrusted => best = error,
                Err(_) => {}
            }
        }
        Err(best)
    }
}

fn path(
    leaf: &EndEntityCert<'_>,
    others: &[CertificateDer<'_>],
    root: &CertificateDer<'static>,
    usage: Usage,
    at: Timestamp,
) -> Result<Path, PathError> {
    let anchor = anchor_from_trusted_cert(root).map_err(|error| told(&error))?;
    let anchors: [TrustAnchor<'_>; 1] = [anchor];
    let seconds = u64::try_from(at.as_second())
        .map_err(|_| PathError::Expired("the time is before 1970".to_owned()))?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let built = leaf
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            others,
            time,
            KeyUsage::required_if_present(usage.0),
            None,
            None,
        )
        .map_err(|error| told(&error))?;
    authorities_sign(&built, others)?;
    let root_certificate = parsed(root).ok_or(PathError::Untrusted)?;
    is_authority(&root_certificate, built.intermediate_certificates().count(), at)?;
    Ok(Path { root: root_certificate.subject().to_string(), root_sha256: digest::sha256(root).value() })
}

/// Key usage, which webpki does not look at (RFC 5280 §6.1.4 (n)).
fn authorities_sign(path: &VerifiedPath<'_>, others: &[CertificateDer<'_>]) -> Result<(), PathError> {
    for one in path.intermediate_certificates() {
        let der = one.der();
        let certificate = others.iter().find(|other| other.as_ref() == der.as_ref());
        let certificate = certificate.and_then(|der| parsed(der)).ok_or(PathError::Untrusted)?;
        may_sign(&certificate)?;
    }
    Ok(())
}

fn may_sign(certificate: &X509Certificate<'_>) -> Result<(), PathError> {
    let refuses = match certificate.key_usage() {
        Ok(usage) => usage.is_some_and(|usage| !usage.value.key_cert_sign()),
        Err(_) => true,
    };
    if !refuses {
        return Ok(());
    }
    let subject = certificate.subject();
    Err(PathError::Broken(format!("the key of {subject} is not for signing certificates (keyCertSign)")))
}

/// What holds of a root, too: whoever names one may have named the wrong certificate.
fn is_authority(root: &X509Certificate<'_>, below: usize, at: Timestamp) -> Result<(), PathError> {
    let subject = root.subject();
    let basic = root.basic_constraints().ok().flatten().map(|basic| basic.value);
    let Some(basic) = basic.filter(|basic| basic.ca) else {
        return Err(PathError::Broken(format!("{subject}, which you named, is no authority (CA bit)")));
    };
    if basic.path_len_constraint.is_some_and(|most| below > most as usize) {
        return Err(PathError::Broken(format!(
            "{subject} allows no authority so far below it (path length)"
        )));
    }
    may_sign(root)?;
    was_valid(root, at)
}

/// Between the certificate's two times.
pub(super) fn was_valid(certificate: &X509Certificate<'_>, at: Timestamp) -> Result<(), PathError> {
    let validity = certificate.validity();
    let (first, last) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    match (first..=last).contains(&at.as_second()) {
        true => Ok(()),
        false => Err(PathError::Expired(format!(
            "the certificate of {} was valid from {} to {}, not at {at}",
            certificate.subject(),
            in_words(first),
            in_words(last)
        ))),
    }
}

fn in_words(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

/// A certificate and nothing behind it.
pub(super) fn parsed(der: &[u8]) -> Option<X509Certificate<'_>> {
    X509Certificate::from_der(der)
        .ok()
        .filter(|(rest, _)| rest.is_empty())
        .map(|(_, certificate)| certificate)
}

fn told(error: &webpki::Error) -> PathError {
    use webpki::Error as E;
    let broken = |words: &str| PathError::Broken(words.to_owned());
    let expired = |words: String| PathError::Expired(format!("a certificate of the path {words}"));
    let in_words = |time: UnixTime| in_words(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    match error {
        // A root of the same name with another key is another root.
        E::UnknownIssuer | E::InvalidSignatureForPublicKey => PathError::Untrusted,
        E::CertExpired { time, not_after } => {
            expired(format!("was valid until {}, not at {}", in_words(*not_after), in_words(*time)))
        }
        E::CertNotValidYet { time, not_before } => {
            expired(format!("was valid from {} on, not at {}", in_words(*not_before), in_words(*time)))
        }
        E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => {
            PathError::Usage("a certificate of the path is for another use".to_owned())
        }
        E::EndEntityUsedAsCa => {
            broken("a certificate of the path was issued by one that is no authority (CA bit)")
        }
        E::CaUsedAsEndEntity => broken("the signer's certificate is that of an authority"),
        E::PathLenConstraintViolated => {
            broken("an authority stands further from the root than allowed (path length)")
        }
        E::NameConstraintViolation => broken("an authority may not speak for that name (name constraints)"),
        E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => PathError::Algorithm(
            "a certificate of the path is signed in a way that cannot be checked".to_owned(),
        ),
        _ => PathError::Broken(format!("no valid path: {error}")),
    }
}
