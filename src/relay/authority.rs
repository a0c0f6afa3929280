//! The authority that clients are to trust, and the certificates that it signs, one a host.

use crate::wire::{Identity, certificates};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SerialNumber, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Hosts whose certificates are kept.
const KEPT: usize = 1024;
/// Days that certificates hold, short of what clients grumble at (398).
const DAYS: i64 = 365;

/// A certificate authority whose key is known to this process alone, or was given by the user.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
    chain: Vec<CertificateDer<'static>>,
    /// The key of all the hosts' certificates.
    key: KeyPair,
    leaves: Mutex<Leaves>,
}

/// What was signed, oldest first.
#[derive(Default)]
struct Leaves {
    known: HashMap<String, Arc<ServerConfig>>,
    order: VecDeque<String>,
}

/// Why there is no authority, or no certificate of it.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Certificate or key cannot be used.
    #[error("{0}")]
    Given(String),
    /// A key in another form.
    #[error("the key cannot be used: it must be in PEM, PKCS #8 (\"BEGIN PRIVATE KEY\"), and not encrypted")]
    Key,
    /// A certificate that may not sign others.
    #[error("the certificate is not that of an authority: it may not sign others")]
    NoAuthority,
    /// Making or signing a certificate failed.
    #[error("a certificate could not be made: {0}")]
    Signing(String),
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// A new one, with a key of its own that is never written anywhere.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new(now: Timestamp) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate().map_err(signing)?;
        let mut params = CertificateParams::new(Vec::new()).map_err(signing)?;
        let name = format!("fonds recording authority of {}", now.strftime("%Y-%m-%d %H:%M:%S UTC"));
        params.distinguished_name.push(DnType::CommonName, name);
        params.distinguished_name.push(DnType::OrganizationName, "fonds");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        lasting(&mut params, now);
        let certificate = params.self_signed(&key).map_err(signing)?;
        Self::with(certificate.pem(), vec![certificate.der().clone()], Issuer::new(params, key))
    }

    /// From PEM texts: the authority's certificate (further ones of its chain may follow) and its key, PKCS #8.
    ///
    /// # Errors
    /// When they are not in this form, do not belong together, or may not sign.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, AuthorityError> {
        let given = |error: crate::wire::TrustError| AuthorityError::Given(error.to_string());
        Identity::from_pem(certificate.as_bytes(), key.as_bytes()).map_err(given)?;
        let key = KeyPair::from_pem(key).map_err(|_| AuthorityError::Key)?;
        let chain = certificates(certificate.as_bytes()).map_err(given)?;
        let chain: Vec<CertificateDer<'static>> = chain.into_iter().map(CertificateDer::from).collect();
        let first = chain.first().ok_or(AuthorityError::NoAuthority)?;
        let issuer = Issuer::from_ca_cert_der(first, key).map_err(signing)?;
        let usages = issuer.key_usages();
        if !usages.is_empty() && !usages.contains(&KeyUsagePurpose::KeyCertSign) {
            return Err(AuthorityError::NoAuthority);
        }
        Self::with(certificate.to_owned(), chain, issuer)
    }

    fn with(
        pem: String,
        chain: Vec<CertificateDer<'static>>,
        issuer: Issuer<'static, KeyPair>,
    ) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate().map_err(signing)?;
        Ok(Self { pem, issuer, chain, key, leaves: Mutex::default() })
    }

    /// Its certificate, for clients to trust.
    pub fn certificate(&self) -> &str {
        &self.pem
    }

    /// What a server of this host, a name or an address, shakes hands with; HTTP/1.1 only.
    pub(super) fn server(&self, host: &str, now: Timestamp) -> Result<Arc<ServerConfig>, AuthorityError> {
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = leaves.known.get(&host) {
            return Ok(known.clone());
        }
        let config = Arc::new(self.sign(&host, now)?);
        if leaves.order.len() >= KEPT
            && let Some(oldest) = leaves.order.pop_front()
        {
            leaves.known.remove(&oldest);
        }
        leaves.order.push_back(host.clone());
        leaves.known.insert(host, config.clone());
        Ok(config)
    }

    fn sign(&self, host: &str, now: Timestamp) -> Result<ServerConfig, AuthorityError> {
        // An address among the names becomes one that is marked as such.
        let mut params = CertificateParams::new(vec![host.to_owned()]).map_err(signing)?;
        // RFC 5280 §A.1: a common name has 64 characters at most.
        params.distinguished_name.push(DnType::CommonName, host.chars().take(64).collect::<String>());
        params.serial_number = Some(SerialNumber::from_slice(uuid::Uuid::new_v4().as_bytes()));
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        lasting(&mut params, now);
        let certificate = params.signed_by(&self.key, &self.issuer).map_err(signing)?;
        let mut chain = vec![certificate.der().clone()];
        chain.extend(self.chain.iter().cloned());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let words = |error: rustls::Error| AuthorityError::Signing(error.to_string());
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(words)?
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .map_err(words)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// From a day ago, for clocks that are slow.
fn lasting(params: &mut CertificateParams, now: Timestamp) {
    let today = now.to_zoned(TimeZone::UTC).date();
    let day = |days: i64| {
        let date = today.saturating_add(days.days());
        let part = |number: i8| u8::try_from(number).unwrap_or(1);
        date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
    };
    (params.not_before, params.not_after) = (day(-1), day(DAYS));
}

fn signing(error: rcgen::Error) -> AuthorityError {
    AuthorityError::Signing(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{ServerName, UnixTime};

    fn verifier(pem: &str) -> Arc<WebPkiServerVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
    }

    fn leaf(authority: &Authority, host: &str) -> CertificateDer<'static> {
        let key = authority.key.serialize_der();
        assert!(!key.is_empty());
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        lasting(&mut params, Timestamp::now());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.signed_by(&authority.key, &authority.issuer).unwrap().der().clone()
    }

    #[test]
    fn what_it_signs_leads_back_to_it_and_to_no_other() {
        let (one, two) =
            (Authority::new(Timestamp::now()).unwrap(), Authority::new(Timestamp::now()).unwrap());
        for host in ["a.example", "127.0.0.1", "::1"] {
            one.server(host, Timestamp::now()).unwrap();
            let leaf = leaf(&one, host);
            let name = ServerName::try_from(host.to_owned()).unwrap();
            let verify = |by: &Authority| {
                verifier(by.certificate()).verify_server_cert(&leaf, &[], &name, &[], UnixTime::now())
            };
            verify(&one).unwrap();
            assert!(verify(&two).is_err());
        }
    }

    #[test]
    fn a_host_has_one_certificate_and_the_oldest_are_forgotten() {
        let authority = Authority::new(Timestamp::now()).unwrap();
        let now = Timestamp::now();
        let first = authority.server("h.example", now).unwrap();
        assert!(Arc::ptr_eq(&first, &authority.server("H.example", now).unwrap()));
        for number in 0..KEPT {
            authority.server(&format!("{number}.example"), now).unwrap();
        }
        assert!(!Arc::ptr_eq(&first, &authority.server("h.example", now).unwrap()));
        assert_eq!(authority.leaves.lock().unwrap().known.len(), KEPT);
    }

    #[test]
    fn one_that_was_given_must_fit_its_key_and_may_sign() {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let ca = params.self_signed(&key).unwrap().pem();
        let authority = Authority::from_pem(&ca, &key.serialize_pem()).unwrap();
        assert_eq!(authority.certificate(), ca);
        authority.server("h.example", Timestamp::now()).unwrap();
        let other = KeyPair::generate().unwrap();
        assert!(matches!(Authority::from_pem(&ca, &other.serialize_pem()), Err(AuthorityError::Given(_))));
        params.is_ca = IsCa::NoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let leaf = params.self_signed(&key).unwrap().pem();
        assert!(matches!(Authority::from_pem(&leaf, &key.serialize_pem()), Err(AuthorityError::NoAuthority)));
    }
}
