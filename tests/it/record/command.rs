//! `fonds record -- COMMAND`: the program runs as it would, and how it ends is told.

use super::verifies;
use crate::common::cli::fonds;
use crate::common::collection::Collection;
use std::time::{Duration, Instant};

fn record(out: &std::path::Path, options: &[&str], command: &[&str]) -> crate::common::cli::Run {
    let mut args = vec!["record", "-o", out.to_str().unwrap()];
    args.extend(options);
    args.push("--");
    args.extend(command);
    fonds(args)
}

#[test]
fn the_commands_output_and_exit_code_are_its_own() {
    let dir = tempfile::tempdir().unwrap();
    for (script, code, out) in [("echo hello", 0, "hello\n"), ("exit 7", 7, ""), ("kill -TERM $$", 143, "")] {
        let root = dir.path().join(format!("c{code}"));
        let run = record(&root, &[], &["/bin/sh", "-c", script]).expect(code);
        assert_eq!(run.text(), out);
        verifies(&root);
        let log = Collection::new(&root).log();
        assert_eq!(log[0]["options"]["command"], "/bin/sh");
        assert!(!log[0].to_string().contains(script), "what may hold a secret is not written down");
    }
}

#[test]
fn being_terminated_is_passed_on_and_the_collection_sealed() {
    let dir = tempfile::tempdir().unwrap();
    let (root, ready) = (dir.path().join("c.wacz"), dir.path().join("ready"));
    // Ctrl-C is the program's own matter: it gets it from the terminal as well.
    let script = format!("trap 'exit 3' TERM; : > {}; while :; do sleep 0.1; done", ready.display());
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_fonds"))
        .args(["record", "-q", "-o", root.to_str().unwrap(), "--", "/bin/sh", "-c", &script])
        .spawn()
        .unwrap();
    let patience = Instant::now();
    while !ready.exists() {
        assert!(patience.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(10));
    }
    for name in ["-INT", "-INT", "-TERM"] {
        let sent = std::process::Command::new("/bin/kill").args([name, &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(child.wait().unwrap().code(), Some(3));
    verifies(&root);
}

#[test]
fn the_environment_names_proxy_and_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let script = "echo $http_proxy $HTTPS_PROXY $ALL_PROXY; cat $SSL_CERT_FILE $NODE_EXTRA_CA_CERTS; cd /; cat $CURL_CA_BUNDLE";
    let run = record(&dir.path().join("c"), &[], &["/bin/sh", "-c", script]).expect(0);
    let proxies: Vec<&str> = run.text().lines().next().unwrap().split(' ').collect();
    assert!(proxies.len() == 3 && proxies.iter().all(|proxy| *proxy == proxies[0]), "{proxies:?}");
    assert!(proxies[0].starts_with("http://127.0.0.1:"));
    assert_eq!(run.text().matches("BEGIN CERTIFICATE").count(), 3);
    assert!(!run.text().contains("PRIVATE"));
}

#[test]
fn a_command_that_cannot_be_started_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("c");
    let run = record(&root, &[], &["/no/such/program"]).expect(4);
    assert!(run.one_line().contains("cannot start /no/such/program"));
    assert!(!root.exists());
    fonds(["record", "-o", root.to_str().unwrap()]).expect(2);
    fonds(["record", "--listen", "127.0.0.1:0", "--", "true"]).expect(2);
}

#[test]
fn an_authority_that_was_given_is_the_one_that_signs() {
    let dir = tempfile::tempdir().unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pem = params.self_signed(&key).unwrap().pem();
    let (cert, key) = (write("ca.pem", &pem), write("ca.key", &key.serialize_pem()));
    let given = ["--ca-cert", &cert, "--ca-key", &key];
    let run = record(&dir.path().join("c"), &given, &["/bin/sh", "-c", "cat $SSL_CERT_FILE"]).expect(0);
    assert_eq!(run.text(), pem);
    let swapped = ["--ca-cert", &key, "--ca-key", &cert];
    let run = record(&dir.path().join("d"), &swapped, &["true"]).expect(4);
    assert!(run.one_line().contains("there is no certificate"), "{}", run.stderr);
    record(&dir.path().join("d"), &["--ca-cert", &cert], &["true"]).expect(2);
}
