//! `fonds key`, and what other tools make of its keys.

use super::Bench;
use crate::common::cli::{archive, fonds};
use crate::common::site::{ok, serve};
use std::fs;
use std::process::Command;

#[test]
fn a_secret_key_is_for_its_owner_alone_and_never_overwritten() {
    let bench = Bench::new();
    let path = bench.room("my.key");
    let key = path.to_str().unwrap();
    let run = fonds(["key", "new", key]).expect(0);
    assert!(
        run.stderr.contains("is the secret key") && run.stderr.contains("If it is lost"),
        "{}",
        run.stderr
    );
    let (secret, public) =
        (fs::read_to_string(&path).unwrap(), fs::read_to_string(format!("{key}.pub")).unwrap());
    assert_eq!(run.text(), public);
    assert!(secret.starts_with("PRIVATE+KEY+fonds-") && !run.stderr.contains(secret.trim()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(fonds(["key", "new", key]).expect(4).one_line().contains("exists already"));
    fs::remove_file(format!("{key}.pub")).unwrap();
    assert!(fonds(["key", "new", key]).expect(4).one_line().contains("exists already"));
    assert_eq!(fs::read_to_string(&path).unwrap(), secret);
    fonds(["key", "new", bench.room("other").to_str().unwrap(), "--name", "two words"]).expect(2).one_line();
}

#[test]
fn both_halves_show_the_same_public_key() {
    let bench = Bench::new();
    let key = bench.key("key");
    let public = format!("{key}.pub");
    assert_eq!(
        fonds(["key", "show", &key]).expect(0).stdout,
        fonds(["key", "show", &public]).expect(0).stdout
    );
    for form in ["pem", "ssh", "note"] {
        let export = |file: &str| fonds(["key", "export", file, "--form", form]).expect(0).stdout;
        assert_eq!(export(&key), export(&public), "{form}");
    }
    let none = bench.root().to_owned() + "/datapackage.json";
    for command in ["show", "export"] {
        assert!(fonds(["key", command, &none]).expect(2).one_line().contains("no verifier key"));
        fonds(["key", command, "/no/such/key"]).expect(4).one_line();
    }
}

#[test]
fn a_key_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let key = bench.key("key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(fonds(["sign", bench.root(), "--key", &key]).expect(0).stderr.contains("others can read"));
}

/// The signature is plain Ed25519 over the three lines, so OpenSSL can say it too.
#[test]
fn openssl_and_ssh_keygen_read_the_public_key_and_openssl_verifies() {
    let bench = Bench::new();
    let key = bench.signed();
    let checkpoint = bench.collection.text("provenance/checkpoint");
    let (text, line) = checkpoint.split_once("\n\n").unwrap();
    let signature =
        data_encoding::BASE64.decode(line.trim_end().rsplit(' ').next().unwrap().as_bytes()).unwrap();
    fs::write(bench.room("text"), format!("{text}\n")).unwrap();
    fs::write(bench.room("signature"), &signature[4..]).unwrap();
    fs::write(bench.room("pem"), fonds(["key", "export", &key]).expect(0).stdout).unwrap();
    fs::write(bench.room("ssh"), fonds(["key", "export", &key, "--form", "ssh"]).expect(0).stdout).unwrap();
    let run = |program: &str, args: &[&str]| {
        Command::new(program).args(args).current_dir(bench.directory.path()).output()
    };
    let verifies = |text: &str| {
        let args =
            ["pkeyutl", "-verify", "-pubin", "-inkey", "pem", "-rawin", "-in", text, "-sigfile", "signature"];
        run("openssl", &args).unwrap().status.success()
    };
    fs::write(bench.room("other"), "another text\n").unwrap();
    assert!(verifies("text") && !verifies("other"));
    match run("ssh-keygen", &["-l", "-f", "ssh"]) {
        Ok(output) => {
            assert!(output.status.success() && output.stdout.ends_with(b"(ED25519)\n"), "{output:?}")
        }
        Err(error) => println!("skipped: ssh-keygen: {error}"),
    }
}

#[test]
fn a_key_that_is_used_for_the_first_time_is_made_and_what_that_means_is_said() {
    let bench = super::Bench::new();
    let key = bench.room("new.key");
    let path = key.to_str().unwrap();
    // What cannot be signed makes no key.
    fonds(["sign", "/no/such/archive", "--key", path]).expect(4);
    assert!(!key.exists());
    let run = fonds(["sign", bench.root(), "--key", path]).expect(0);
    for words in
        ["so a new key is made", "Whoever has it can sign as you", "fonds verify --key", "is signed by"]
    {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    super::verify(&bench.collection.root, &["--key", &format!("{path}.pub")]).expect(0);
    // The second time it is used as it is.
    let again = fonds(["sign", bench.root(), "--key", path]).expect(0);
    assert!(again.one_line().contains("was signed already"), "{}", again.stderr);
    let server = serve(vec![("/", ok("text/plain", "Some text."))]);
    let first = bench.room("first.key").to_str().unwrap().to_owned();
    archive(&bench.room("more"), &[&server.url("/")], &["--sign", &first]).expect(0);
    super::verify(&bench.room("more"), &["--key", &format!("{first}.pub")]).expect(0);
}

#[test]
fn who_ran_a_session_is_committed_to_and_only_its_key_opens_it() {
    let bench = super::Bench::new();
    let server = serve(vec![("/", ok("text/plain", "Some text."))]);
    let (key, other) = (bench.key("key"), bench.key("other"));
    let root = bench.room("signed");
    archive(&root, &[&server.url("/")], &["--sign", &key]).expect(0);
    let path = root.to_str().unwrap();
    let session = fonds(["log", "show", path, "--type", "session"]).expect(0).json();
    let run = fonds(["key", "reveal", &key, path]).expect(0);
    let opened = run.json();
    let text = format!("{}\n{}", opened["nonce"].as_str().unwrap(), opened["key"].as_str().unwrap());
    assert_eq!(fonds::digest::sha256(text.as_bytes()).value(), session["operator"].as_str().unwrap());
    assert_eq!((&opened["operator"], &opened["session"]), (&session["operator"], &session["session"]));
    assert!(!session.to_string().contains("example.org/key"));
    let none = fonds(["key", "reveal", &other, path]).expect(1);
    assert!(none.one_line().contains("no session") && none.stdout.is_empty());
    // Another session of the same operator cannot be told for one.
    let again = bench.room("again");
    archive(&again, &[&server.url("/")], &["--sign", &key]).expect(0);
    let second = fonds(["log", "show", again.to_str().unwrap(), "--type", "session"]).expect(0).json();
    assert_ne!(session["operator"], second["operator"]);
}
