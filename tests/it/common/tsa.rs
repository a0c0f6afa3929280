//! Time-stamp authorities: certificates by rcgen, as sound or as flawed as a test wants them; time-stamps by `openssl ts`, and
//! those that it would refuse to make by `openssl cms`; on loopback, a server that answers as it is told.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd,
};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

/// The OID of time-stamping, and of code signing.
pub(crate) const STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];
pub(crate) const CODE_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 3];

/// What an authority is like.
#[derive(Clone)]
pub(crate) struct Shape {
    /// `rsa`, `p256`, `p384` or `ed25519`, of the signer.
    pub key: &'static str,
    /// Of root and of the authority between, if there is one.
    pub root: Ca,
    pub between: Option<Ca>,
    /// Purposes of the signer's certificate, and whether they are critical.
    pub usages: Vec<&'static [u8]>,
    pub critical: bool,
    /// First and last year of the signer's certificate.
    pub valid: (i32, i32),
    pub self_signed: bool,
    /// Hash of the signer's certificate in the token.
    pub certificate_id: &'static str,
}

#[derive(Clone, Copy)]
pub(crate) struct Ca {
    pub ca: bool,
    /// keyCertSign in a key usage; none where it is `None`.
    pub signs: Option<bool>,
    pub length: Option<u8>,
    pub valid: (i32, i32),
    /// Only for this purpose.
    pub usage: Option<&'static [u8]>,
}

pub(crate) const CA: Ca = Ca { ca: true, signs: Some(true), length: None, valid: (2000, 2100), usage: None };

impl Default for Shape {
    fn default() -> Self {
        Self {
            key: "p256",
            root: CA,
            between: None,
            usages: vec![STAMPING],
            critical: true,
            valid: (2000, 2100),
            self_signed: false,
            certificate_id: "sha256",
        }
    }
}

pub(crate) struct Authority {
    directory: TempDir,
}

impl Authority {
    pub(crate) fn new(shape: &Shape) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let key = key(shape.key, &at("tsa.key"));
        let (root_key, root) = (KeyPair::generate_for(&PKCS_ED25519).unwrap(), ca("Test root", shape.root));
        fs::write(at("root.pem"), root.self_signed(&root_key).unwrap().pem()).unwrap();
        let mut issuer = (root, root_key);
        let mut chain = String::new();
        if let Some(between) = shape.between {
            let (own_key, own) = (KeyPair::generate_for(&PKCS_ED25519).unwrap(), ca("Test between", between));
            chain = own.signed_by(&own_key, &Issuer::from_params(&issuer.0, &issuer.1)).unwrap().pem();
            issuer = (own, own_key);
        }
        fs::write(at("chain.pem"), chain).unwrap();
        let leaf = signer(shape);
        let leaf = match shape.self_signed {
            true => leaf.self_signed(&key).unwrap(),
            false => leaf.signed_by(&key, &Issuer::from_params(&issuer.0, &issuer.1)).unwrap(),
        };
        fs::write(at("tsa.pem"), leaf.pem()).unwrap();
        fs::write(at("tsa.cnf"), config(shape.certificate_id, &at("serial"))).unwrap();
        Self { directory }
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The root's certificate, as --trust wants it.
    pub(crate) fn root(&self) -> String {
        self.at("root.pem").to_str().unwrap().to_owned()
    }

    /// A certificate as DER.
    pub(crate) fn der(&self, name: &str) -> Vec<u8> {
        use rustls::pki_types::pem::PemObject;
        rustls::pki_types::CertificateDer::from_pem_file(self.at(name)).unwrap().to_vec()
    }

    /// By `openssl ts -reply`: a response to a request.
    pub(crate) fn reply(&self, query: &[u8]) -> Vec<u8> {
        fs::write(self.at("query.tsq"), query).unwrap();
        let mut args =
            vec!["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr"];
        args.extend(["-signer", "tsa.pem", "-inkey", "tsa.key"]);
        if !fs::read(self.at("chain.pem")).unwrap().is_empty() {
            args.extend(["-chain", "chain.pem"]);
        }
        openssl(self.directory.path(), &args);
        fs::read(self.at("reply.tsr")).unwrap()
    }

    /// By `openssl ts -query` and `-reply`: a response over these bytes.
    pub(crate) fn over(&self, bytes: &[u8]) -> Vec<u8> {
        fs::write(self.at("data"), bytes).unwrap();
        openssl(
            self.directory.path(),
            &["ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "made.tsq"],
        );
        self.reply(&fs::read(self.at("made.tsq")).unwrap())
    }

    /// By `openssl cms`, which asks nothing of a signer: a response around what is said to be a TSTInfo.
    pub(crate) fn forge(&self, info: &[u8], options: &[&str]) -> Vec<u8> {
        fs::write(self.at("info"), info).unwrap();
        let mut args =
            vec!["cms", "-sign", "-binary", "-nodetach", "-in", "info", "-outform", "DER", "-out", "cms"];
        args.extend(["-signer", "tsa.pem", "-inkey", "tsa.key", "-nosmimecap"]);
        if !options.contains(&"-econtent_type") {
            args.extend(["-econtent_type", "1.2.840.113549.1.9.16.1.4"]);
        }
        if !fs::read(self.at("chain.pem")).unwrap().is_empty() {
            args.extend(["-certfile", "chain.pem"]);
        }
        args.extend(options);
        openssl(self.directory.path(), &args);
        response(&fs::read(self.at("cms")).unwrap())
    }

    /// Serves what `openssl ts` says.
    pub(crate) fn serve(self: &Arc<Self>) -> String {
        let own = Arc::clone(self);
        serve(move |query| http("200 OK", &own.reply(query)))
    }
}

/// A granted response around a token.
pub(crate) fn response(token: &[u8]) -> Vec<u8> {
    der(0x30, &[&der(0x30, &[&der(2, &[&[0]])]), token])
}

/// TSTInfo over a SHA-256, at a time as `20261127120000Z`.
pub(crate) fn info(bytes: &[u8], time: &str) -> Vec<u8> {
    let sha256 = der(6, &[&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]]);
    info_by(&sha256, fonds::digest::sha256(bytes).bytes(), time)
}

/// An answer to a request of ours (which has its nonce behind version and imprint, before `certReq`) with another time.
pub(crate) fn info_for(query: &[u8], time: &str) -> Vec<u8> {
    let (imprint, nonce) = (&query[5..56], &query[56..query.len() - 3]);
    let (version, policy, serial) = (der(2, &[&[1]]), der(6, &[&[0x2a, 3, 4]]), der(2, &[&[5]]));
    der(0x30, &[&version, &policy, imprint, &serial, &der(0x18, &[time.as_bytes()]), nonce])
}

/// The same over a hash by an algorithm of this OID.
pub(crate) fn info_by(algorithm: &[u8], hash: &[u8], time: &str) -> Vec<u8> {
    let imprint = der(0x30, &[&der(0x30, &[algorithm]), &der(4, &[hash])]);
    let (version, policy, serial) = (der(2, &[&[1]]), der(6, &[&[0x2a, 3, 4]]), der(2, &[&[5]]));
    der(0x30, &[&version, &policy, &imprint, &serial, &der(0x18, &[time.as_bytes()])])
}

pub(crate) fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ ..0x80 => vec![short as u8],
        long => [&[0x82][..], &(long as u16).to_be_bytes()].concat(),
    };
    [&[tag][..], &length, &content].concat()
}

#[track_caller]
pub(crate) fn openssl(directory: &Path, args: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(args).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn key(kind: &str, path: &Path) -> KeyPair {
    let own = |algorithm| {
        let key = KeyPair::generate_for(algorithm).unwrap();
        fs::write(path, key.serialize_pem()).unwrap();
        key
    };
    match kind {
        "p256" => own(&PKCS_ECDSA_P256_SHA256),
        "p384" => own(&PKCS_ECDSA_P384_SHA384),
        "ed25519" => own(&PKCS_ED25519),
        _ => {
            let directory = path.parent().unwrap();
            let args =
                ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "tsa.key"];
            openssl(directory, &args);
            KeyPair::from_pem(&fs::read_to_string(path).unwrap()).unwrap()
        }
    }
}

fn ca(name: &str, shape: Ca) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let length = shape.length.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained);
    params.is_ca = if shape.ca { IsCa::Ca(length) } else { IsCa::ExplicitNoCa };
    params.key_usages = match shape.signs {
        Some(true) => vec![KeyUsagePurpose::KeyCertSign],
        Some(false) => vec![KeyUsagePurpose::DigitalSignature],
        None => vec![],
    };
    params.custom_extensions.extend(shape.usage.map(|usage| usages(&[usage], false)));
    (params.not_before, params.not_after) =
        (date_time_ymd(shape.valid.0, 1, 1), date_time_ymd(shape.valid.1, 1, 1));
    params
}

fn signer(shape: &Shape) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Test stamps");
    params.is_ca = IsCa::ExplicitNoCa;
    params.serial_number = Some(vec![1, 2, 3].into());
    if !shape.usages.is_empty() {
        params.custom_extensions.push(usages(&shape.usages, shape.critical));
    }
    (params.not_before, params.not_after) =
        (date_time_ymd(shape.valid.0, 1, 1), date_time_ymd(shape.valid.1, 1, 1));
    params
}

fn usages(purposes: &[&[u8]], critical: bool) -> CustomExtension {
    let purposes: Vec<Vec<u8>> = purposes.iter().map(|purpose| der(6, &[purpose])).collect();
    let parts: Vec<&[u8]> = purposes.iter().map(Vec::as_slice).collect();
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], der(0x30, &parts));
    extension.set_criticality(critical);
    extension
}

fn config(certificate_id: &str, serial: &Path) -> String {
    format!(
        "[tsa]\ndefault_tsa = own\n[own]\nserial = {}\ncrypto_device = builtin\nsigner_digest = sha256\n\
         default_policy = 1.2.3.4\ndigests = sha256, sha384, sha512\naccuracy = secs:1\nordering = no\ntsa_name = no\n\
         ess_cert_id_chain = no\ness_cert_id_alg = {certificate_id}\n",
        serial.display()
    )
}

/// An HTTP response with a time-stamp in it.
pub(crate) fn http(status: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A server that gives each body posted to it to `answer`, and sends what that gives, byte for byte.
pub(crate) fn serve(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> String {
    serve_any(move |head, body| {
        assert!(head.contains("content-type: application/timestamp-query"), "{head}");
        answer(body)
    })
}

/// The same for bodies of any kind, with the request's head in lower case.
pub(crate) fn serve_any(answer: impl Fn(&str, &[u8]) -> Vec<u8> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/tsa", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let Some((head, body)) = request(&mut stream) else { continue };
            // A client that has seen enough hangs up.
            let _ = stream.write_all(&answer(&head, &body));
        }
    });
    url
}

fn request(stream: &mut impl Read) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.trim().parse().ok()?;
    let mut body = bytes.split_off(end);
    while body.len() < length {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        body.extend_from_slice(&buffer[..count]);
    }
    Some((head, body))
}
