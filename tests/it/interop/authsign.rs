//! authsign on loopback: it signs through `fonds sign --signing-url`, and verifies what fonds keeps.

use super::{accepts, missing, tool};
use crate::common::cli::{archive, fonds};
use crate::common::collection::Collection;
use crate::common::site::{ok, serve};
use crate::common::tsa::{Authority, Shape};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const DOMAIN: &str = "sign.example.org";

struct Authsign {
    child: Child,
    port: u16,
}

impl Drop for Authsign {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program that authsign's packages are seen by.
fn python() -> Option<std::path::PathBuf> {
    let wacz = tool("wacz")?;
    let python = wacz.with_file_name("python");
    let seen = Command::new(&python).args(["-c", "import authsign, uvicorn"]).output();
    if !seen.is_ok_and(|output| output.status.success()) {
        missing("authsign is not installed beside wacz");
        return None;
    }
    Some(python)
}

/// Root, certificate and key of the domain, where authsign looks for them.
fn certified(room: &Path) -> String {
    let pair = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let (root_key, key) = (pair(), pair());
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.distinguished_name.push(DnType::CommonName, "Test web root");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let mut leaf = CertificateParams::new(vec![DOMAIN.to_owned()]).unwrap();
    leaf.distinguished_name = rcgen::DistinguishedName::new();
    leaf.distinguished_name.push(DnType::CommonName, DOMAIN);
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // It refuses certificates older than a week.
    let now = std::time::SystemTime::now();
    leaf.not_before = (now - Duration::from_secs(3600)).into();
    leaf.not_after = (now + Duration::from_secs(86400)).into();
    let root_pem = root.self_signed(&root_key).unwrap().pem();
    let leaf_pem = leaf.signed_by(&key, &Issuer::from_params(&root, &root_key)).unwrap().pem();
    fs::create_dir(room.join("data")).unwrap();
    fs::write(room.join("web.pem"), &root_pem).unwrap();
    fs::write(room.join("data/cert.pem"), leaf_pem + &root_pem).unwrap();
    fs::write(room.join("plain.key"), key.serialize_pem()).unwrap();
    let openssl = tool("openssl").unwrap();
    let (from, to) = (room.join("plain.key"), room.join("data/private-key.pem"));
    // The passphrase is one that authsign has in its source.
    accepts(
        &openssl,
        &[
            "pkcs8",
            "-topk8",
            "-in",
            from.to_str().unwrap(),
            "-out",
            to.to_str().unwrap(),
            "-passout",
            "pass:passphrase",
        ],
    );
    root_pem
}

fn fingerprint(pem: &str) -> String {
    use rustls::pki_types::pem::PemObject;
    let der = rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    fonds::digest::sha256(&der).value()
}

fn start(python: &Path, room: &Path, authority: &Arc<Authority>) -> Authsign {
    let root = certified(room);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let stamp_root = fs::read_to_string(authority.at("tsa.pem")).unwrap();
    let config = format!(
        "signing:\n  domain: {DOMAIN}\n  email: test@example.org\n  port: 8089\n  output: {data}\n  timestamping:\n    - url: {tsa}\n  \
         auth_token: sesame\ntrusted_roots: {room}/roots.yaml\n",
        data = room.join("data").display(),
        tsa = authority.serve(),
        room = room.display()
    );
    fs::write(room.join("config.yaml"), config).unwrap();
    let roots = format!(
        "domain_cert_roots:\n  - {}\ntimestamp_cert_roots:\n  - {}\n",
        fingerprint(&root),
        fingerprint(&stamp_root)
    );
    fs::write(room.join("roots.yaml"), roots).unwrap();
    let child = Command::new(python)
        .args(["-m", "uvicorn", "authsign.main:app", "--host", "127.0.0.1", "--port", &port.to_string()])
        .current_dir(room)
        .env("NO_RENEW", "1")
        .stdout(Stdio::null())
        .stderr(fs::File::create(room.join("log")).unwrap())
        .spawn()
        .unwrap();
    let server = Authsign { child, port };
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return server;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("authsign does not listen: {}", fs::read_to_string(room.join("log")).unwrap());
}

/// POST of JSON; gives the status line and what follows.
fn post(port: u16, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    std::io::read_to_string(stream).unwrap()
}

#[test]
fn authsign_signs_and_agrees() {
    let Some(python) = python() else { return };
    let room = tempfile::tempdir().unwrap();
    // rfc3161ng reads RSA time-stamps.
    let authority = Arc::new(Authority::new(&Shape { key: "rsa", ..Shape::default() }));
    let authsign = start(&python, room.path(), &authority);
    let server = serve(vec![("/", ok("text/html", "<title>A page</title><p>Some text."))]);
    let root = room.path().join("c");
    archive(&root, &[&server.url("/")], &[]).expect(0);
    let token = room.path().join("token");
    fs::write(&token, "sesame").unwrap();
    let url = format!("http://127.0.0.1:{}/sign", authsign.port);
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let log = || fs::read_to_string(room.path().join("log")).unwrap();
    let run = fonds(["sign", &path(&root), "--signing-url", &url, "--signing-token", &path(&token)]);
    assert_eq!(run.code, 0, "{}{}", run.stderr, log());
    let named =
        ["--domain", DOMAIN, "--trust", &path(&room.path().join("web.pem")), "--trust", &authority.root()];
    let checked = fonds([&["verify", &path(&root), "--require", "3"][..], &named].concat()).expect(0);
    assert!(checked.text().contains("intact, level 3"), "{}", checked.text());
    let digest: serde_json::Value =
        serde_json::from_slice(&Collection::new(&root).read("datapackage-digest.json")).unwrap();
    let answer = post(authsign.port, "/verify", &digest["signedData"].to_string());
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(DOMAIN), "{answer}{}", log());
    // What does not hold for fonds does not for authsign either.
    let mut other = digest["signedData"].clone();
    other["hash"] = "sha256:00".into();
    assert!(post(authsign.port, "/verify", &other.to_string()).starts_with("HTTP/1.1 400"));
}
