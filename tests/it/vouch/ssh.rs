//! SSH keys as signers, with ssh-keygen on the other side.

use super::{Bench, codes, status, verify};
use crate::common::cli::{Run, fonds};
use std::fs;
use std::process::{Command, Stdio};

fn keygen(arguments: &[&str]) {
    let output = Command::new("ssh-keygen").args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Bench {
    /// A new key of OpenSSH; gives its path.
    fn ssh_key(&self, name: &str, options: &[&str], passphrase: &str) -> String {
        let path = self.room(name).to_str().unwrap().to_owned();
        keygen(&[&["-q", "-N", passphrase, "-C", name, "-f", &path], options].concat());
        path
    }

    /// Signed by ssh-keygen over the lines that fonds exports; gives the signature's path.
    fn signed_by_keygen(&self, key: &str, namespace: &str) -> String {
        let lines = self.room("lines");
        fs::write(&lines, fonds(["sign", self.root(), "--export"]).expect(0).stdout).unwrap();
        let lines = lines.to_str().unwrap();
        let _ = fs::remove_file(format!("{lines}.sig"));
        keygen(&["-q", "-Y", "sign", "-n", namespace, "-f", key, lines]);
        format!("{lines}.sig")
    }

    fn import(&self, signature: &str, options: &[&str]) -> Run {
        fonds([&["sign", self.root(), "--import", signature], options].concat())
    }
}

#[test]
fn a_key_that_lies_open_signs_here_and_ssh_keygen_agrees() {
    let bench = Bench::new();
    let key = bench.ssh_key("archivist", &["-t", "ed25519"], "");
    for said in ["is signed by archivist (SSH key SHA256:", "was signed already by"] {
        let run = fonds(["sign", bench.root(), "--key", &key]).expect(0);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    let public = format!("{key}.pub");
    let run = verify(&bench.collection.root, &["--key", &public]).expect(0);
    assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(3), vec![]));
    assert!(run.json()["signers"][0].as_str().unwrap().starts_with("archivist (SSH key SHA256:"));
    // The stock tool, over the same three lines.
    let allowed = bench.room("allowed");
    fs::write(&allowed, format!("me@example.org {}", fs::read_to_string(&public).unwrap())).unwrap();
    let checked = Command::new("ssh-keygen")
        .args(["-Y", "verify", "-n", "fonds", "-I", "me@example.org", "-f", allowed.to_str().unwrap(), "-s"])
        .arg(bench.collection.root.join("provenance/checkpoint.sshsig"))
        .stdin(fs::File::open(bench.collection.root.join("provenance/checkpoint")).unwrap())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    // An allowed_signers file names keys too.
    let run = verify(&bench.collection.root, &["--key", allowed.to_str().unwrap()]).expect(0);
    assert!(run.json()["signers"][0].as_str().unwrap().starts_with("me@example.org (SSH key"));
}

#[test]
fn every_kind_of_key_signs_by_ssh_keygen() {
    for (kind, passphrase) in [
        (&["-t", "ed25519"][..], "secret words"),
        (&["-t", "rsa", "-b", "2048"], ""),
        (&["-t", "ecdsa", "-b", "256"], ""),
        (&["-t", "ecdsa", "-b", "384"], ""),
    ] {
        let bench = Bench::new();
        let key = bench.ssh_key("key", kind, passphrase);
        let refused = fonds(["sign", bench.root(), "--key", &key]).expect(2);
        assert!(refused.one_line().contains("ssh-keygen -Y sign -n fonds"), "{}", refused.stderr);
        if passphrase.is_empty() {
            let signature = bench.signed_by_keygen(&key, "fonds");
            bench.import(&signature, &["--key", &format!("{key}.pub")]).expect(0);
            let run = verify(&bench.collection.root, &["--key", &format!("{key}.pub")]).expect(0);
            assert_eq!((run.json()["achieved"].as_u64(), codes(&run)), (Some(3), vec![]), "{kind:?}");
        }
    }
}

#[test]
fn an_unnamed_key_is_claimed_and_a_signature_that_does_not_hold_is_an_error() {
    let bench = Bench::new();
    let root = &bench.collection.root;
    let (key, other) =
        (bench.ssh_key("key", &["-t", "ed25519"], ""), bench.ssh_key("other", &["-t", "ed25519"], ""));
    fonds(["sign", bench.root(), "--key", &key]).expect(0);
    let nobody = verify(root, &[]).expect(0);
    assert_eq!(
        (status(&nobody, 3).as_str(), codes(&nobody)),
        ("unchecked", vec!["signature-claimed".into()])
    );
    let wrong = verify(root, &["--key", &format!("{other}.pub")]).expect(3);
    assert_eq!(status(&wrong, 3), "absent");
    // A second signature, by another key, lies beside the first.
    fonds(["sign", bench.root(), "--key", &other]).expect(0);
    assert!(root.join("provenance/checkpoint.2.sshsig").is_file());
    verify(root, &["--key", &format!("{other}.pub")]).expect(0);
    // Of another archive: refused when it is added, and an error where it lies.
    let elsewhere = Bench::new();
    let signature = elsewhere.signed_by_keygen(&key, "fonds");
    assert!(bench.import(&signature, &[]).expect(4).one_line().contains("over another text"));
    let for_mail = bench.signed_by_keygen(&key, "email");
    assert!(bench.import(&for_mail, &[]).expect(4).one_line().contains("-n fonds"));
    for bytes in [fs::read(&signature).unwrap(), fs::read(&for_mail).unwrap(), b"nonsense".to_vec()] {
        fs::write(root.join("provenance/checkpoint.sshsig"), bytes).unwrap();
        let run = verify(root, &["--key", &format!("{other}.pub")]).expect(1);
        assert!(codes(&run).contains(&"sshsig-invalid".to_owned()), "{:?}", codes(&run));
    }
}

#[test]
fn what_lines_of_allowed_signers_limit_is_kept_or_refused() {
    let bench = Bench::new();
    let key = bench.ssh_key("key", &["-t", "ed25519"], "");
    fonds(["sign", bench.root(), "--key", &key]).expect(0);
    let public = fs::read_to_string(format!("{key}.pub")).unwrap();
    for (options, code) in [
        ("me namespaces=\"fonds,email\"", 0),
        ("me namespaces=\"email\"", 2),
        ("me namespaces=\"fondsx\"", 2),
        ("me cert-authority", 2),
        ("me valid-before=\"20300101\"", 2),
    ] {
        let allowed = bench.room("allowed");
        fs::write(&allowed, format!("# mine\n\n{options} {public}")).unwrap();
        verify(&bench.collection.root, &["--key", allowed.to_str().unwrap()]).expect(code);
    }
}
