//! Odd responses: the client is given what the origin sent, and the archive has the same.

use super::Recorder;
use crate::common::server::{Flaw, Script, Server, Step, certificates};
use fonds::message::framing::Truncated;
use fonds::selftest::cases::{self, Case, Expected, SIZE_LIMIT};
use std::collections::HashMap;
use std::time::Duration;

/// Clients at a time.
const THREADS: usize = 16;

#[test]
fn every_odd_response_reaches_the_client_and_the_archive_as_it_was_sent() {
    let cases = cases::cases().unwrap();
    let scripts: HashMap<_, _> =
        cases.iter().map(|case| (format!("/{}", case.name), slower(&case.script))).collect();
    let certificates = certificates(Flaw::None);
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, &certificates.ca_pem).unwrap();
    let limit = SIZE_LIMIT.to_string();
    let options =
        ["--ca", ca.to_str().unwrap(), "--timeout", "1", "--max-time", "2", "--max-response", &limit];
    for server in [Server::plain(scripts.clone()), Server::tls(scripts.clone(), &certificates)] {
        let recorder = Recorder::start(&options);
        let ask = |case: &Case| {
            let url = server.url(&format!("/{}", case.name));
            (case.name, recorder.fetch(&url, case.method, "Connection: close\r\n"))
        };
        // Each with a connection of its own, some at a time.
        let given: HashMap<&str, Vec<u8>> = std::thread::scope(|scope| {
            let group = |first| cases.iter().skip(first).step_by(THREADS).map(ask).collect::<Vec<_>>();
            let groups: Vec<_> = (0..THREADS).map(|first| scope.spawn(move || group(first))).collect();
            groups.into_iter().flat_map(|group| group.join().unwrap()).collect()
        });
        let recorded = recorder.stop();
        for case in &cases {
            check(case, &server, &given[case.name], &recorded.collection);
        }
    }
}

/// The shortest time limit of the command line is a second.
fn slower(script: &Script) -> Script {
    let slow = |step: &Step| match step {
        Step::Pause(_) => Step::Pause(Duration::from_millis(1800)),
        step => step.clone(),
    };
    script.iter().map(slow).collect()
}

fn check(case: &Case, server: &Server, given: &[u8], collection: &crate::common::collection::Collection) {
    let name = format!("{}{}", case.name, if server.tls { " over TLS" } else { "" });
    let path = format!("/{}", case.name);
    let url = server.url(&path);
    let served = server.served(&path);
    let sent = &served.last().unwrap_or_else(|| panic!("{name}: not asked for")).sent;
    let expectation = case.over_tls.as_ref().filter(|_| server.tls).unwrap_or(&case.expected);
    let Expected::Stored { surplus, truncated, .. } = expectation else {
        assert!(collection.of("response", &url).is_empty(), "{name}");
        let text = String::from_utf8_lossy(given);
        assert!(
            text.starts_with("HTTP/1.1 50") && text.contains("fonds: not captured (http)"),
            "{name}: {text}"
        );
        assert!(collection.log_of("failure").iter().any(|entry| entry["url"] == url.as_str()), "{name}");
        return;
    };
    let response = collection.one("response", &url);
    let whole = match truncated {
        Some(Truncated::Length | Truncated::Time) => response.block.len(),
        _ => sent.len() - surplus,
    };
    let (stored, all) = (response.block.len(), sent.len());
    assert!(response.block == sent[..whole], "{name}: {stored} stored, {whole} of {all} sent");
    assert!(given == response.block, "{name}: the client was given {} bytes of {stored}", given.len());
    assert_eq!(response.get("WARC-Truncated"), truncated.map(Truncated::as_str), "{name}");
}
