//! Reports against the schema that is published for them, by check-jsonschema.

use super::{accepts, tool};
use crate::common::cli::{archive, fonds};
use crate::common::site::{ok, serve};
use crate::common::tsa::{Authority, Shape};
use std::fs;
use std::path::Path;
use std::sync::Arc;

#[test]
fn every_report_is_as_its_schema_says() {
    let Some(checker) = tool("check-jsonschema") else { return };
    let room = tempfile::tempdir().unwrap();
    let at = |name: &str| room.path().join(name).to_str().unwrap().to_owned();
    let authority = Arc::new(Authority::new(&Shape::default()));
    let server = serve(vec![("/", ok("text/html", "<title>A page</title><p>Some text."))]);
    fonds(["key", "new", "-q", &at("key")]).expect(0);
    let tsa = authority.serve();
    let options = ["--sign", &at("key"), "--tsa", &tsa, "--anchor-every", "60"];
    archive(&room.path().join("c"), &[&server.url("/")], &options).expect(0);
    fonds(["prove", &at("c"), "--url", server.url("/").as_str(), "-o", &at("proof")]).expect(0);
    let (key, root) = (at("key.pub"), authority.root());
    let named = ["--key", key.as_str(), "--trust", root.as_str()];
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let fixtures = fixtures.to_str().unwrap().to_owned();
    let (whole, proof) = (at("c"), at("proof"));
    let reports = [
        [&["verify", &whole][..], &named].concat(),
        [&["check", &proof][..], &named].concat(),
        vec!["verify", &fixtures],
        vec!["verify", "/no/such/file"],
    ];
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify-report.schema.json");
    for arguments in reports {
        let run = fonds([&arguments[..], &["--format", "json"]].concat());
        fs::write(at("report.json"), &run.stdout).unwrap();
        accepts(&checker, &["--schemafile", schema.to_str().unwrap(), &at("report.json")]);
    }
    // A report that is not as it says is told, so that the check is one.
    fs::write(at("report.json"), "{\"schema\":\"fonds-verify/1\"}").unwrap();
    let wrong = std::process::Command::new(&checker)
        .args(["--schemafile", schema.to_str().unwrap(), &at("report.json")])
        .output();
    assert!(!wrong.unwrap().status.success());
}
