//! The server that misbehaves on order, for tests: what cannot fail there is not asked about.

#![allow(clippy::unwrap_used)]

pub(crate) use fonds::selftest::{Certificates, Flaw, Script, Served, Step};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// A running server; it stops with the process.
pub(crate) struct Server(fonds::selftest::Server);

impl Deref for Server {
    type Target = fonds::selftest::Server;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Server {
    pub(crate) fn plain(scripts: HashMap<String, Script>) -> Self {
        Self(fonds::selftest::Server::plain(scripts).unwrap())
    }

    /// On ::1, where there is one.
    pub(crate) fn ipv6(scripts: HashMap<String, Script>) -> Option<Self> {
        let listener = std::net::TcpListener::bind("[::1]:0").ok()?;
        Some(Self(fonds::selftest::Server::listen(listener, scripts, None).unwrap()))
    }

    pub(crate) fn tls(scripts: HashMap<String, Script>, certificates: &Certificates) -> Self {
        Self(fonds::selftest::Server::tls(scripts, certificates).unwrap())
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> url::Url {
        self.0.url(path).unwrap()
    }
}

pub(crate) fn certificates(flaw: Flaw) -> Certificates {
    Certificates::new(flaw).unwrap()
}

/// A server's that wants clients to show a certificate; its own is one that it takes.
pub(crate) fn asking() -> Certificates {
    let own = certificates(Flaw::None);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(own.ca_pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let chain = vec![CertificateDer::from_pem_slice(own.certificate_pem.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(own.key_pem.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .unwrap();
    Certificates { config: Arc::new(config), ..own }
}
