//! An authority and server certificates of its own making, good and bad ones.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::sync::Arc;

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// Its time is over.
    Expired,
    /// Nobody but itself vouches for it.
    SelfSigned,
    /// It is another host's.
    WrongHost,
    /// Nothing, but the server speaks TLS 1.2 only.
    OldTls,
}

/// A server certificate for `localhost`, and the authority that made it.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// The authority, in PEM.
    pub ca_pem: String,
    /// The server's certificate, in PEM.
    pub certificate_pem: String,
    /// Its private key, in PEM.
    pub key_pem: String,
    /// A server that shows it.
    pub config: Arc<ServerConfig>,
}

impl Certificates {
    /// Makes an authority and a certificate.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn new(flaw: Flaw) -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let (ca, leaf) = signed(flaw, &key).map_err(io::Error::other)?;
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = if flaw == Flaw::OldTls { &[&rustls::version::TLS12] } else { rustls::ALL_VERSIONS };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], secret)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let config = Arc::new(config);
        Ok(Self { ca_pem: ca.pem(), certificate_pem: leaf.pem(), key_pem: key.serialize_pem(), config })
    }
}

/// An authority, and a certificate of its making.
fn signed(flaw: Flaw, key: &KeyPair) -> Result<(rcgen::Certificate, rcgen::Certificate), rcgen::Error> {
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.distinguished_name.push(DnType::CommonName, "fonds test authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key)?;
    let host = if flaw == Flaw::WrongHost { "elsewhere.example" } else { "localhost" };
    let mut leaf = CertificateParams::new(vec![host.to_owned()])?;
    if flaw == Flaw::Expired {
        leaf.not_before = date_time_ymd(2001, 1, 1);
        leaf.not_after = date_time_ymd(2002, 1, 1);
    }
    let leaf = match flaw {
        Flaw::SelfSigned => leaf.self_signed(key)?,
        _ => leaf.signed_by(key, &Issuer::from_params(&ca, &ca_key))?,
    };
    Ok((ca_certificate, leaf))
}
