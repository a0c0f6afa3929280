//! wacz-auth: signatures over the datapackage, anonymous and by a domain, as other WACZ tools make and check them.

use super::{Bench, codes, status, verify};
use crate::common::cli::{archive, fonds};
use crate::common::site::{ok, serve};
use crate::common::tsa::{self, Authority, Shape};
use data_encoding::BASE64;
use fonds::package::{authed, pack};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SigningKey, date_time_ymd,
};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;

const DIGEST: &str = "datapackage-digest.json";

fn p384(bench: &Bench, name: &str) -> String {
    let path = bench.room(name).to_str().unwrap().to_owned();
    fonds(["key", "new", "-q", &path, "--p384"]).expect(0);
    path
}

#[test]
fn a_p384_key_signs_the_list_of_files_in_the_anonymous_form() {
    let bench = Bench::new();
    let (key, other) = (p384(&bench, "key"), p384(&bench, "other"));
    let wacz = bench.room("c.wacz");
    pack(&bench.collection.root, &wacz).unwrap();
    for path in [&bench.collection.root, &wacz] {
        fonds(["sign", path.to_str().unwrap(), "--key", &key]).expect(0);
        let run = verify(path, &["--key", &format!("{key}.pub")]).expect(0);
        assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(3), vec![]), "{}", run.text());
        assert!(run.json()["signers"][0].as_str().unwrap().starts_with("P-384 key with SHA-256 "));
        let nobody = verify(path, &["--strict"]).expect(0);
        assert_eq!(
            (status(&nobody, 3).as_str(), codes(&nobody)),
            ("unchecked", vec!["signature-claimed".into()])
        );
        verify(path, &["--key", &format!("{other}.pub")]).expect(3);
        // It is over all there is, so nothing can be added behind it.
        let late = fonds(["sign", path.to_str().unwrap(), "--key", &other]).expect(4);
        assert!(late.one_line().contains("wacz-auth signature"), "{}", late.stderr);
    }
    let digest: Value = serde_json::from_slice(&bench.collection.read(DIGEST)).unwrap();
    let signed = digest["signedData"].as_object().unwrap();
    let names: Vec<&str> = signed.keys().map(String::as_str).collect();
    assert_eq!(names, ["created", "hash", "publicKey", "signature", "software"]);
    assert_eq!(
        (
            signed["hash"] == digest["hash"],
            BASE64.decode(signed["signature"].as_str().unwrap().as_bytes()).unwrap().len()
        ),
        (true, 96)
    );
}

#[test]
fn archive_signs_with_a_p384_key_behind_its_time_stamp() {
    let (bench, authority) = (Bench::new(), Arc::new(Authority::new(&Shape::default())));
    let server = serve(vec![("/", ok("text/plain", "Some text."))]);
    let key = p384(&bench, "key");
    for name in ["signed", "signed.wacz"] {
        let options = ["--sign", &key, "--tsa", &authority.serve()];
        archive(&bench.room(name), &[&server.url("/")], &options).expect(0);
        let args = ["--key", &format!("{key}.pub"), "--trust", &authority.root(), "--require", "4"];
        let run = verify(&bench.room(name), &args).expect(0);
        assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(4), vec![]), "{name}");
    }
}

/// Real signatures by ArchiveWeb.page and authsign, where the real archives are at hand.
#[test]
fn signatures_by_other_tools_hold() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/warc/real");
    if !data.is_dir() {
        println!("not tested: the real archives are not at hand");
        return;
    }
    for (name, said) in [
        ("webrecorder+replayweb.page__example.wacz", "P-384 key with SHA-256"),
        ("webrecorder+replayweb.page__iframetest.wacz", "P-384 key with SHA-256"),
        ("webrecorder+py-wacz__valid_signed_example_1.wacz", "btrix-sign-test.webrecorder.net"),
    ] {
        let run = verify(&data.join(name), &[]);
        let findings = run.json()["findings"].clone();
        let own: Vec<&Value> = findings.as_array().unwrap().iter().filter(|f| f["level"] == 3).collect();
        assert_eq!((own.len(), own[0]["code"].as_str()), (1, Some("signature-claimed")), "{name}: {own:?}");
        assert!(own[0]["message"].as_str().unwrap().contains(said), "{name}: {own:?}");
    }
}

/// A signing service of a domain, as authsign is one.
struct Service {
    directory: tempfile::TempDir,
    authority: Arc<Authority>,
    key: KeyPair,
    certificate: String,
}

#[derive(Clone)]
struct Like {
    issuer_is_ca: bool,
    valid: (i32, i32),
    usage: ExtendedKeyUsagePurpose,
}

const SOUND: Like =
    Like { issuer_is_ca: true, valid: (2000, 2100), usage: ExtendedKeyUsagePurpose::ServerAuth };

impl Service {
    fn new(like: Like) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let pair = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let (root_key, key) = (pair(), pair());
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.distinguished_name.push(DnType::CommonName, "Test web root");
        root.is_ca =
            if like.issuer_is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let mut leaf = CertificateParams::new(vec!["sign.example.org".to_owned()]).unwrap();
        leaf.extended_key_usages = vec![like.usage];
        (leaf.not_before, leaf.not_after) =
            (date_time_ymd(like.valid.0, 1, 1), date_time_ymd(like.valid.1, 1, 1));
        let pem = root.self_signed(&root_key).unwrap().pem();
        fs::write(directory.path().join("web.pem"), &pem).unwrap();
        let leaf = leaf.signed_by(&key, &Issuer::from_params(&root, &root_key)).unwrap();
        let authority = Arc::new(Authority::new(&Shape::default()));
        Self { directory, authority, key, certificate: leaf.pem() + &pem }
    }

    fn sign(&self, hash: &str, created: &str) -> Value {
        let signature = BASE64.encode(&self.key.sign(hash.as_bytes()).unwrap());
        let stamp = self.authority.over(signature.as_bytes());
        json!({
            "hash": hash,
            "created": created,
            "software": "test",
            "version": "0.1.0",
            "signature": signature,
            "domain": "sign.example.org",
            "domainCert": self.certificate,
            "timeSignature": BASE64.encode(&stamp),
            "timestampCert": fs::read_to_string(self.authority.at("tsa.pem")).unwrap(),
        })
    }

    fn web(&self) -> String {
        self.directory.path().join("web.pem").to_str().unwrap().to_owned()
    }

    /// Serves at a URL, for those who show the token.
    fn serve(self: &Arc<Self>, alter: fn(&mut Value)) -> String {
        let own = Arc::clone(self);
        tsa::serve_any(move |head, body| {
            if !head.contains("authorization: bearer sesame") {
                return tsa::http("403 Forbidden", b"{}");
            }
            let asked: Value = serde_json::from_slice(body).unwrap();
            let mut value = own.sign(asked["hash"].as_str().unwrap(), asked["created"].as_str().unwrap());
            alter(&mut value);
            tsa::http("200 OK", value.to_string().as_bytes())
        })
    }

    fn named<'a>(&self, roots: &'a mut Vec<String>) -> Vec<&'a str> {
        roots.extend(["--domain", "sign.example.org", "--trust"].map(str::to_owned));
        roots.extend([
            self.web(),
            "--trust".to_owned(),
            self.authority.root(),
            "--require".to_owned(),
            "3".to_owned(),
        ]);
        roots.iter().map(String::as_str).collect()
    }
}

#[test]
fn a_domain_signs_through_a_service_and_convinces_who_names_it_and_its_roots() {
    let (bench, service) = (Bench::new(), Arc::new(Service::new(SOUND)));
    let token = bench.room("token");
    fs::write(&token, "sesame\n").unwrap();
    let sign =
        |url: &str, more: &[&str]| fonds([&["sign", bench.root(), "--signing-url", url][..], more].concat());
    let token = ["--signing-token", token.to_str().unwrap()];
    let refused = sign(&service.serve(|_| ()), &[]).expect(4);
    assert!(refused.one_line().contains("403"), "{}", refused.stderr);
    // What it gives must be over this archive, and hold.
    for alter in [
        (|value: &mut Value| value["hash"] = "sha256:00".into()) as fn(&mut Value),
        |value| value["signature"] = BASE64.encode(b"nonsense").into(),
        |value| value["surprise"] = 1.into(),
        |value| drop(value.as_object_mut().unwrap().remove("timeSignature")),
    ] {
        let run = sign(&service.serve(alter), &token).expect(4);
        assert!(run.one_line().contains("gives no signature of this archive"), "{}", run.stderr);
        assert!(!String::from_utf8(bench.collection.read(DIGEST)).unwrap().contains("signedData"));
    }
    sign(&service.serve(|_| ()), &token).expect(0);
    let mut words = Vec::new();
    let run = verify(&bench.collection.root, &service.named(&mut words)).expect(0);
    assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(3), vec![]), "{}", run.text());
    assert!(run.json()["signers"][0].as_str().unwrap().starts_with("sign.example.org at "));
    let other =
        verify(&bench.collection.root, &["--domain", "example.org", "--trust", &service.web()]).expect(3);
    assert!(codes(&other).contains(&"signature-claimed".to_owned()), "{:?}", codes(&other));
    let nobody = verify(&bench.collection.root, &["--strict"]).expect(0);
    assert_eq!(
        (status(&nobody, 3).as_str(), codes(&nobody)),
        ("unchecked", vec!["signature-claimed".into()])
    );
}

#[test]
fn each_flaw_of_a_signature_has_its_code() {
    let now = || jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    type Alter = fn(&mut Value, &Service);
    let nothing: Alter = |_, _| ();
    let cases: [(&str, Like, Alter, &str, i32); 13] = [
        ("expired", Like { valid: (2000, 2001), ..SOUND }, nothing, "auth-expired", 1),
        ("not yet", Like { valid: (2090, 2100), ..SOUND }, nothing, "auth-expired", 1),
        ("issuer no CA", Like { issuer_is_ca: false, ..SOUND }, nothing, "auth-path", 1),
        ("other use", Like { usage: ExtendedKeyUsagePurpose::CodeSigning, ..SOUND }, nothing, "auth-path", 1),
        ("other domain", SOUND, |v, _| v["domain"] = "www.example.org".into(), "auth-domain", 1),
        ("no domain", SOUND, |v, _| v["domain"] = "not a name".into(), "auth-domain", 1),
        (
            "signature of another",
            SOUND,
            |v, _| v["signature"] = Service::new(SOUND).sign("sha256:0", "x")["signature"].clone(),
            "auth-signature",
            1,
        ),
        (
            "another's stamp",
            SOUND,
            |v, s| v["timeSignature"] = s.sign("sha256:0", "x")["timeSignature"].clone(),
            "stamp-imprint",
            1,
        ),
        ("no stamp", SOUND, |v, _| v["timeSignature"] = BASE64.encode(b"0").into(), "stamp-invalid", 1),
        ("a field more", SOUND, |v, _| v["publicKey"] = "".into(), "auth-form", 1),
        ("a date that is none", SOUND, |v, _| v["created"] = "yesterday".into(), "auth-form", 1),
        (
            "certificate of another",
            SOUND,
            |v, _| v["domainCert"] = Service::new(SOUND).certificate.into(),
            "auth-signature",
            1,
        ),
        ("an old date", SOUND, |v, _| v["created"] = "2020-01-01T00:00:00Z".into(), "auth-clock", 0),
    ];
    for (name, like, alter, code, exit) in cases {
        let (bench, service) = (Bench::new(), Service::new(like));
        let root = &bench.collection.root;
        let mut value = service.sign(&authed::signable(root).unwrap(), &now());
        alter(&mut value, &service);
        authed::put(root, value, bench.directory.path()).unwrap();
        let mut words = Vec::new();
        let run = verify(root, &service.named(&mut words)).expect(exit);
        assert_eq!(codes(&run), [code], "{name}: {}", run.text());
    }
    // Over another datapackage, taken from there.
    let (bench, elsewhere, service) = (Bench::new(), Bench::new(), Service::new(SOUND));
    let value = service.sign(&authed::signable(&elsewhere.collection.root).unwrap(), &now());
    authed::put(&bench.collection.root, value, bench.directory.path()).unwrap();
    assert_eq!(codes(&verify(&bench.collection.root, &[]).expect(1)), ["auth-hash"]);
}
