//! Programs as they are: curl and a browser, over https, through the proxy.

use super::verifies;
use crate::common::cli::{Run, command, fonds};
use crate::common::collection::Collection;
use crate::common::server::{Flaw, Server, certificates};
use crate::common::site::{PNG, ok, serve_tls};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Enough of an article to be one.
fn article() -> String {
    let sentence = "The river had carried the barges down to the harbour since the mill was built, and nobody remembered another way. ";
    let paragraphs: String =
        (0..8).map(|n| format!("<p>Paragraph {n}. {}</p>", sentence.repeat(4))).collect();
    format!(
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>The barges of the harbour</title>\
         <link rel=stylesheet href=style.css></head><body><article><h1>The barges of the harbour</h1>{paragraphs}</article>\
         <img src=a.png alt=''><script>document.body.append('made by a script')</script></body></html>"
    )
}

/// A site over TLS, and a file with its authority.
fn site(dir: &Path) -> (Server, PathBuf) {
    let certificates = certificates(Flaw::None);
    let ca = dir.join("site-ca.pem");
    std::fs::write(&ca, &certificates.ca_pem).unwrap();
    let pages = vec![
        ("/", ok("text/html; charset=utf-8", article())),
        ("/style.css", ok("text/css", "p { color: #222 }")),
        ("/a.png", ok("image/png", PNG)),
        ("/favicon.ico", ok("image/x-icon", PNG)),
    ];
    (serve_tls(pages, &certificates), ca)
}

/// Where a program is; without it the test is skipped and says so.
fn program(name: &str) -> Option<PathBuf> {
    let found = ["/usr/bin", "/bin", "/usr/local/bin"]
        .iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|path| path.exists());
    if found.is_none() {
        println!("skipped: there is no {name} here");
    }
    found
}

fn record(dir: &Path, ca: &Path, program: &[&str]) -> Run {
    let out = dir.join("c");
    let options = [
        "record",
        "--ca",
        ca.to_str().unwrap(),
        "--resolve",
        "localhost:127.0.0.1",
        "-o",
        out.to_str().unwrap(),
        "--",
    ];
    fonds(options.iter().chain(program))
}

#[test]
fn curl_fetches_over_https_and_every_byte_is_in_the_archive() {
    let Some(curl) = program("curl") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (server, ca) = site(dir.path());
    let url = server.url("/");
    let run =
        record(dir.path(), &ca, &[curl.to_str().unwrap(), "-sS", "--compressed", url.as_str()]).expect(0);
    assert_eq!(run.text(), article());
    let root = dir.path().join("c");
    verifies(&root);
    let collection = Collection::new(&root);
    let served = &server.served("/")[0];
    assert_eq!(collection.one("response", &url).block, served.sent);
    assert_eq!(collection.one("request", &url).block, served.request);
    assert!(String::from_utf8_lossy(&served.request).contains("User-Agent: curl/"));
    assert_eq!(collection.pages()[0]["title"], "The barges of the harbour");
    let text = fonds(["extract", root.to_str().unwrap()]).expect(0);
    assert!(text.text().contains("Paragraph 7. The river had carried"), "{}", text.text());
}

#[test]
fn curl_sends_a_file_and_is_told_of_a_site_that_is_not_there() {
    let Some(curl) = program("curl") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (_, ca) = site(dir.path());
    let run = record(dir.path(), &ca, &[curl.to_str().unwrap(), "-sSf", "https://localhost:1/"]).expect(22);
    assert!(run.stderr.contains("502"), "{}", run.stderr);
    let root = dir.path().join("c");
    verifies(&root);
    assert_eq!(Collection::new(&root).log_of("failure")[0]["stage"], "connect");
}

#[test]
fn a_program_that_does_not_trust_the_proxy_is_told_of() {
    let Some(curl) = program("curl") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (server, ca) = site(dir.path());
    let (url, other) = (server.url("/"), ca.to_str().unwrap());
    for (name, version) in [("a", "--tlsv1.3"), ("b", "--tls-max=1.2")] {
        let dir = dir.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        let mut version: Vec<&str> = version.split('=').collect();
        version.extend(["-sS", "--cacert", other, url.as_str()]);
        let run = record(&dir, &ca, &[&[curl.to_str().unwrap()], &version[..]].concat()).expect(60);
        assert!(run.stderr.contains("the client refused the certificate of fonds"), "{}", run.stderr);
        verifies(&dir.join("c"));
    }
    assert!(server.served("/").is_empty());
}

/// A browser trusts what is in the database of its home.
fn trusting_home(dir: &Path, ca: &Path, certutil: &Path) -> PathBuf {
    let home = dir.join("home");
    let database = home.join(".pki/nssdb");
    std::fs::create_dir_all(&database).unwrap();
    let place = format!("sql:{}", database.display());
    let run = |args: &[&str]| {
        let status = Command::new(certutil).args(args).env("HOME", &home).status().unwrap();
        assert!(status.success(), "{args:?}");
    };
    run(&["-N", "--empty-password", "-d", &place]);
    run(&["-A", "-d", &place, "-n", "fonds", "-t", "C,,", "-i", ca.to_str().unwrap()]);
    home
}

#[test]
fn a_browser_shows_a_page_over_https_and_the_page_extracts() {
    let (Some(chromium), Some(certutil)) = (program("chromium"), program("certutil")) else { return };
    let dir = tempfile::tempdir().unwrap();
    let (server, ca) = site(dir.path());
    let url = server.url("/");
    let recorder = super::Recorder::start(&["--ca", ca.to_str().unwrap()]);
    let home = trusting_home(dir.path(), &recorder.ca(), &certutil);
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args([&format!("--proxy-server=http://{}", recorder.addr), "--proxy-bypass-list=<-loopback>"])
        .args([&format!("--user-data-dir={}", dir.path().join("profile").display())])
        .args(["--virtual-time-budget=5000", "--dump-dom", url.as_str()])
        .env("HOME", &home)
        .env_remove("XDG_CONFIG_HOME")
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    assert!(dom.contains("made by a script"), "{dom}\n{}", String::from_utf8_lossy(&output.stderr));
    let recorded = recorder.stop();
    let collection = &recorded.collection;
    for path in ["/", "/style.css", "/a.png"] {
        assert_eq!(
            collection.one("response", &server.url(path)).block,
            server.served(path)[0].sent,
            "{path}"
        );
    }
    let pages: Vec<_> = collection.pages().into_iter().filter(|page| page["url"] == url.as_str()).collect();
    assert_eq!(pages.len(), 1, "{pages:?}");
    let text = command().args(["extract", collection.root.to_str().unwrap()]).output().unwrap();
    assert!(String::from_utf8_lossy(&text.stdout).contains("Paragraph 7. The river had carried"));
}
