//! TLS sessions, their chains kept as presented and their verdicts in plain words.

use super::facts::{Certificate, Tls, Verdict};
use super::sums::sha256_hex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, ProtocolVersion, RootCertStore,
    SignatureScheme,
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The roots that server certificates are verified against, and what to do when that fails.
#[derive(Clone, Debug)]
pub struct Trust {
    provider: Arc<CryptoProvider>,
    verifier: Arc<WebPkiServerVerifier>,
    roots: String,
    record_refused: bool,
}

/// Why certificates could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The PEM text has a piece that is no certificate.
    #[error("a piece of it is no certificate in PEM: {0}")]
    Pem(String),
    /// There is no certificate in it.
    #[error("there is no certificate in it")]
    Empty,
    /// There is no private key in it that can be used.
    #[error("there is no private key in PEM that can be used (an encrypted one cannot)")]
    Key,
    /// The certificate is not that of the key.
    #[error("certificate and key do not belong together, or are of a kind that cannot be used")]
    Mismatch,
    /// A certificate that cannot be a root.
    #[error("an extra root is refused: {0}")]
    Root(String),
}

impl Trust {
    /// Mozilla's roots, as compiled in.
    ///
    /// # Errors
    /// When the verifier cannot be built, which no input decides.
    pub fn mozilla() -> Result<Self, TrustError> {
        Self::new(&[])
    }

    /// Mozilla's roots and those of these PEM texts.
    ///
    /// # Errors
    /// When a text holds no certificate, or something that cannot be a root.
    pub fn new(extra: &[&[u8]]) -> Result<Self, TrustError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let mut roots = format!("Mozilla's, compiled in ({})", store.len());
        for pem in extra {
            for sha256 in add_pem(&mut store, pem)? {
                roots.push_str(", sha256:");
                roots.push_str(&sha256);
            }
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
            .build()
            .map_err(|error| TrustError::Root(error.to_string()))?;
        Ok(Self { provider, verifier, roots, record_refused: false })
    }

    /// Goes on where a certificate is refused; the verdict is kept with the connection.
    #[must_use]
    pub fn record_refused(mut self, yes: bool) -> Self {
        self.record_refused = yes;
        self
    }

    /// Shakes hands over `stream`. The facts come either way, as far as the handshake came.
    pub(super) async fn connect(
        &self,
        host: &str,
        identity: Option<&Identity>,
        http2: bool,
        stream: TcpStream,
    ) -> Result<(TlsStream<TcpStream>, Tls), Refusal> {
        let witness = Arc::new(Witness::new(self));
        let mut tls = Tls { roots: self.roots.clone(), ..Tls::default() };
        let (config, name) =
            match (self.config(witness.clone(), identity, http2), ServerName::try_from(host.to_owned())) {
                (Ok(config), Ok(name)) => (config, name),
                (Err(error), _) => return Err(Refusal { error: error.to_string(), tls }),
                (_, Err(error)) => {
                    return Err(Refusal { error: format!("\"{host}\" is no server name: {error}"), tls });
                }
            };
        if matches!(name, ServerName::DnsName(_)) {
            tls.sni = Some(host.to_owned());
        }
        let result = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        witness.tell(&mut tls);
        match result {
            Ok(stream) => {
                session(stream.get_ref().1, &mut tls);
                Ok((stream, tls))
            }
            Err(error) => Err(Refusal { error: handshake_words(host, &error, &tls), tls }),
        }
    }

    fn config(
        &self,
        witness: Arc<Witness>,
        identity: Option<&Identity>,
        http2: bool,
    ) -> Result<ClientConfig, rustls::Error> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(witness);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(Identity { chain, key }) => builder.with_client_auth_cert(chain.clone(), key.clone_key())?,
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        if http2 {
            config.alpn_protocols.insert(0, b"h2".to_vec());
        }
        config.resumption = rustls::client::Resumption::disabled();
        Ok(config)
    }
}

/// A certificate of the client's own, with its key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// From PEM texts: the chain, end entity first, and the key (PKCS #8, PKCS #1 or SEC 1, not encrypted).
    ///
    /// # Errors
    /// When there is no certificate or no key in them, or the two do not belong together.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TrustError> {
        let chain: Vec<_> = certificates(chain)?.into_iter().map(CertificateDer::from).collect();
        // What the parser says of a key could quote it.
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TrustError::Key)?;
        let provider = rustls::crypto::ring::default_provider();
        rustls::sign::CertifiedKey::from_der(chain.clone(), key.clone_key(), &provider)
            .map_err(|_| TrustError::Mismatch)?;
        Ok(Self { chain, key })
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Identity").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}

/// The certificates of a PEM text, as DER.
///
/// # Errors
/// Where a piece is no certificate, or there is none.
pub fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, TrustError> {
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pem).map(|certificate| certificate.map(|c| c.to_vec())).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(TrustError::Empty),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(TrustError::Pem(error.to_string())),
    }
}

/// A handshake that failed.
pub(super) struct Refusal {
    pub(super) error: String,
    pub(super) tls: Tls,
}

fn add_pem(store: &mut RootCertStore, pem: &[u8]) -> Result<Vec<String>, TrustError> {
    let mut added = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| TrustError::Pem(error.to_string()))?;
        added.push(sha256_hex(&certificate));
        store.add(certificate).map_err(|error| TrustError::Root(error.to_string()))?;
    }
    if added.is_empty() { Err(TrustError::Empty) } else { Ok(added) }
}

fn session(connection: &rustls::ClientConnection, tls: &mut Tls) {
    tls.version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "tls/1.3".to_owned(),
        Some(ProtocolVersion::TLSv1_2) => "tls/1.2".to_owned(),
        other => format!("{other:?}"),
    };
    if let Some(suite) = connection.negotiated_cipher_suite() {
        let name = suite.suite().as_str().unwrap_or_default();
        // rustls marks the suites of TLS 1.3, IANA does not.
        tls.cipher_suite = name.replacen("TLS13_", "TLS_", 1);
    }
    if let Some(group) = connection.negotiated_key_exchange_group() {
        tls.kx_group = group.name().as_str().map_or_else(|| format!("{:?}", group.name()), str::to_owned);
    }
    tls.alpn = connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
}

/// A verifier that keeps what it saw, and may let a refused chain pass; signatures of the handshake are
/// verified in any case.
#[derive(Debug)]
struct Witness {
    inner: Arc<WebPkiServerVerifier>,
    pass: bool,
    seen: Mutex<(Vec<Certificate>, Verdict)>,
}

impl Witness {
    fn new(trust: &Trust) -> Self {
        Self { inner: trust.verifier.clone(), pass: trust.record_refused, seen: Mutex::default() }
    }

    fn tell(&self, tls: &mut Tls) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (tls.chain, tls.verdict) = seen.clone();
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let result =
            self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let chain = std::iter::once(end_entity)
            .chain(intermediates)
            .map(|der| Certificate { der: der.to_vec(), sha256: sha256_hex(der) })
            .collect();
        let verdict = match &result {
            Ok(_) => Verdict::Trusted,
            Err(error) => Verdict::Refused(refusal_words(&server_name.to_str(), error)),
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = (chain, verdict);
        match result {
            Err(_) if self.pass => Ok(ServerCertVerified::assertion()),
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

fn handshake_words(host: &str, error: &std::io::Error, tls: &Tls) -> String {
    if let Verdict::Refused(words) = &tls.verdict {
        return words.clone();
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(alert)) => alert_words(host, *alert),
        Some(error) => format!("the TLS handshake with {host} failed: {error}"),
        None => format!("the TLS handshake with {host} failed: {}", super::connect::io_words(error)),
    }
}

/// A server's alert, which with TLS 1.3 may come in place of the answer (RFC 8446 §4.4.2.4).
pub(super) fn late_refusal(host: &str, error: &std::io::Error) -> Option<String> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => Some(alert_words(host, *alert)),
        _ => None,
    }
}

fn alert_words(host: &str, alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => format!(
            "{host} wants a certificate of ours; --client-cert and --client-key show one to hosts that were named"
        ),
        alert => format!("{host} refused the TLS session: alert {alert:?}"),
    }
}

fn refusal_words(host: &str, error: &rustls::Error) -> String {
    use CertificateError as Bad;
    let rustls::Error::InvalidCertificate(error) = error else {
        return format!("the certificate of {host} is refused: {error}");
    };
    let reason = match error {
        Bad::Expired | Bad::ExpiredContext { .. } => "it has expired",
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => "it is not valid yet",
        Bad::Revoked => "it was revoked",
        Bad::UnknownIssuer => {
            "it leads to no known root (self-signed, or an intermediate is missing); --ca names further ones"
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => "it is for another host",
        Bad::BadSignature => "a signature in its chain is wrong",
        Bad::BadEncoding => "it cannot be read",
        Bad::InvalidPurpose => "it is not for TLS servers",
        // webpki tells this through a type of its own, whose words are not for people.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "it is that of a certificate authority (self-signed); to trust it, name its authority with --ca"
        }
        other => return format!("the certificate of {host} is refused: {other}"),
    };
    format!("the certificate of {host} is refused: {reason}")
}
