//! Time-stamps by themselves: those of `openssl ts` hold, and each flaw has its code.

use crate::common::tsa::{
    Authority, CA, CODE_SIGNING, Ca, STAMPING, Shape, der, info, info_by, openssl, response,
};
use fonds::vouch::Roots;
use fonds::vouch::stamp::{Request, Token};
use fonds::world::System;
use std::fs;

const DATA: &[u8] = b"what is stamped\n";
const NOW: &str = "20261127120000Z";

fn roots(authority: &Authority) -> Roots {
    Roots::from_pem(&fs::read(authority.root()).unwrap()).unwrap()
}

/// What is wrong with it, by code; empty where nothing is.
fn code(response: &[u8], roots: &Roots) -> &'static str {
    match Token::parse(response).and_then(|token| token.verify(DATA, roots)) {
        Ok(_) => "",
        Err(problem) => problem.rule.code,
    }
}

/// The same of one by an authority of this shape, on which OpenSSL must agree.
fn of(shape: &Shape) -> &'static str {
    let authority = Authority::new(shape);
    let response = authority.forge(&info(DATA, NOW), &["-cades"]);
    let code = code(&response, &roots(&authority));
    // It asks nothing of what the authorities in between are for.
    let laxer = shape.between.is_some_and(|between| between.usage.is_some());
    assert_eq!(openssl_agrees(&authority, &response), laxer || code.is_empty(), "{code}");
    code
}

fn openssl_agrees(authority: &Authority, response: &[u8]) -> bool {
    fs::write(authority.at("r.tsr"), response).unwrap();
    fs::write(authority.at("data"), DATA).unwrap();
    let time: jiff::Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
    let args = ["ts", "-verify", "-in", "r.tsr", "-data", "data", "-CAfile", "root.pem", "-attime"];
    let mut openssl = std::process::Command::new("openssl");
    let openssl = openssl.args(args).arg(time.as_second().to_string()).current_dir(authority.at(""));
    openssl.output().unwrap().status.success()
}

#[test]
fn stamps_by_openssl_hold_whatever_the_key_and_the_certificate_id() {
    for key in ["rsa", "p256", "p384"] {
        for certificate_id in ["sha1", "sha256", "sha384"] {
            for between in [None, Some(CA)] {
                let authority = Authority::new(&Shape { key, certificate_id, between, ..Shape::default() });
                let response = authority.over(DATA);
                assert_eq!(code(&response, &roots(&authority)), "", "{key} {certificate_id}");
                let token = Token::parse(&response).unwrap();
                assert_eq!(
                    token.verify(b"another", &roots(&authority)).unwrap_err().rule.code,
                    "stamp-imprint"
                );
                assert!((token.info.time - jiff::Timestamp::now()).get_seconds().abs() < 60);
                assert_eq!(token.info.accuracy, Some(jiff::SignedDuration::from_secs(1)));
            }
        }
    }
}

#[test]
fn other_hashes_and_signatures_hold_too() {
    let rsa = Authority::new(&Shape { key: "rsa", ..Shape::default() });
    for options in [
        &["-md", "sha384"][..],
        &["-md", "sha512"],
        &["-keyid"],
        &["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:digest"],
    ] {
        let response = rsa.forge(&info(DATA, NOW), &[options, &["-cades"]].concat());
        assert_eq!(code(&response, &roots(&rsa)), "", "{options:?}");
    }
    // Salts of another length than the hash's are what ring does not check.
    let options = ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20", "-cades"];
    assert_eq!(code(&rsa.forge(&info(DATA, NOW), &options), &roots(&rsa)), "stamp-algorithm");
    let p384 = Authority::new(&Shape { key: "p384", ..Shape::default() });
    assert_eq!(code(&p384.forge(&info(DATA, NOW), &["-md", "sha384", "-cades"]), &roots(&p384)), "");
}

/// Each time-stamp is sound but for one thing.
#[test]
fn every_flaw_has_its_code() {
    let flawed = |shape: Shape, expected: &str| assert_eq!(of(&shape), expected);
    let plain = Shape::default;
    flawed(plain(), "");
    flawed(Shape { usages: vec![], ..plain() }, "stamp-eku");
    flawed(Shape { usages: vec![CODE_SIGNING], ..plain() }, "stamp-eku");
    flawed(Shape { usages: vec![STAMPING, CODE_SIGNING], ..plain() }, "stamp-eku");
    flawed(Shape { critical: false, ..plain() }, "stamp-eku");
    flawed(Shape { valid: (2001, 2002), ..plain() }, "stamp-expired");
    flawed(Shape { valid: (2090, 2100), ..plain() }, "stamp-expired");
    flawed(Shape { self_signed: true, ..plain() }, "stamp-untrusted");
    let root = |root: Ca| Shape { root, ..plain() };
    flawed(root(Ca { ca: false, ..CA }), "stamp-path");
    flawed(root(Ca { signs: Some(false), ..CA }), "stamp-path");
    flawed(root(Ca { signs: None, ..CA }), "");
    flawed(root(Ca { valid: (2001, 2002), ..CA }), "stamp-expired");
    let between = |between: Ca| Shape { between: Some(between), ..plain() };
    flawed(between(CA), "");
    flawed(between(Ca { ca: false, ..CA }), "stamp-path");
    flawed(between(Ca { signs: Some(false), ..CA }), "stamp-path");
    flawed(between(Ca { valid: (2001, 2002), ..CA }), "stamp-expired");
    flawed(between(Ca { usage: Some(CODE_SIGNING), ..CA }), "stamp-eku");
    flawed(between(Ca { usage: Some(STAMPING), ..CA }), "");
    flawed(Shape { root: Ca { length: Some(0), ..CA }, ..between(CA) }, "stamp-path");
}

#[test]
fn what_is_signed_must_be_what_it_seems() {
    let authority = Authority::new(&Shape::default());
    let roots = roots(&authority);
    let forged = |info: &[u8], options: &[&str]| code(&authority.forge(info, options), &roots);
    let good = info(DATA, NOW);
    assert_eq!(forged(&good, &["-cades"]), "");
    assert_eq!(forged(&good, &[]), "stamp-certificate-id");
    assert_eq!(forged(&good, &["-cades", "-nocerts"]), "stamp-certificate");
    // They may lie elsewhere, as wacz-auth has it.
    let bare = Token::parse(&authority.forge(&good, &["-cades", "-nocerts"])).unwrap();
    assert!(bare.with_certificates([authority.der("tsa.pem")]).verify(DATA, &roots).is_ok());
    assert_eq!(forged(&good, &["-cades", "-md", "sha1"]), "stamp-algorithm");
    assert_eq!(forged(&good, &["-cades", "-econtent_type", "1.2.840.113549.1.7.1"]), "stamp-content");
    assert_eq!(forged(&info(b"another", NOW), &["-cades"]), "stamp-imprint");
    assert_eq!(forged(&info(DATA, "20261127120000"), &["-cades"]), "stamp-invalid");
    assert_eq!(forged(b"no DER at all", &["-cades"]), "stamp-invalid");
    // SHA-1 as the imprint's algorithm.
    let sha1 = info_by(&der(6, &[&[0x2b, 0x0e, 3, 2, 0x1a]]), &[7; 20], NOW);
    assert_eq!(forged(&sha1, &["-cades"]), "stamp-algorithm");
    // A time outside of the certificates' validity, signed as it should be.
    assert_eq!(forged(&info(DATA, "19990101000000Z"), &["-cades"]), "stamp-expired");
    // Another root, and none.
    let other = Authority::new(&Shape::default());
    let response = authority.over(DATA);
    assert_eq!(code(&response, &self::roots(&other)), "stamp-untrusted");
    assert_eq!(code(&response, &Roots::default()), "stamp-untrusted");
    // The other's signature put in place of its own: names and serial numbers are the same.
    let foreign = other.der("tsa.pem");
    let own = authority.der("tsa.pem");
    assert_eq!(
        code(&replaced(&authority.forge(&good, &["-cades"]), &own, &foreign), &roots),
        "stamp-signature"
    );
}

/// Where both are as long as each other; the lengths of signatures by ECDSA vary, so it is done by Ed25519 above them.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

/// A certificate of the same key, issuer and number, but longer validity, is not the one that was signed with.
#[test]
fn another_certificate_of_the_same_key_is_told() {
    let authority = Authority::new(&Shape::default());
    let good = authority.forge(&info(DATA, NOW), &["-cades"]);
    let own = authority.der("tsa.pem");
    let mut altered = own.clone();
    let at = own.windows(4).position(|window| window == b"2100").unwrap();
    altered[at..at + 4].copy_from_slice(b"2101");
    assert_eq!(code(&replaced(&good, &own, &altered), &roots(&authority)), "stamp-certificate-id");
}

#[test]
fn responses_that_grant_nothing_are_told_with_their_reason() {
    let status = |number: u8, rest: &[&[u8]]| {
        let number = der(2, &[&[number]]);
        let parts = [&[&number[..]], rest].concat();
        der(0x30, &[&der(0x30, &parts)])
    };
    let text = der(0x30, &[&der(0x0c, &["so sorry".as_bytes()])]);
    let bits = der(3, &[&[0, 0x80]]);
    let refused = Token::parse(&status(2, &[&text, &bits])).unwrap_err();
    assert_eq!(
        (refused.rule.code, refused.words.as_str()),
        ("stamp-refused", "rejection: bad algorithm: so sorry")
    );
    assert_eq!(Token::parse(&status(3, &[])).unwrap_err().rule.code, "stamp-refused");
    assert_eq!(Token::parse(&status(0, &[])).unwrap_err().rule.code, "stamp-invalid");
    for bytes in [&b""[..], b"x", b"<html>", &[0x30, 0x80, 0, 0], &vec![0x30; 100_000]] {
        assert_eq!(Token::parse(bytes).unwrap_err().rule.code, "stamp-invalid");
    }
}

#[test]
fn openssl_reads_our_requests_and_answers_must_be_to_them() {
    let authority = Authority::new(&Shape::default());
    let request = Request::new(DATA, &System).unwrap();
    let der = request.to_der();
    let response = authority.reply(&der);
    assert!(request.answered(&response).is_ok());
    fs::write(authority.at("asked.tsq"), &der).unwrap();
    let text = openssl(authority.at("").as_path(), &["ts", "-query", "-in", "asked.tsq", "-text"]);
    let text = String::from_utf8(text).unwrap();
    for words in ["Hash Algorithm: sha256", "Certificate required: yes", "Nonce: 0x"] {
        assert!(text.contains(words), "{text}");
    }
    let again = Request::new(DATA, &System).unwrap();
    assert!(again.answered(&response).unwrap_err().words.contains("nonce"));
    let other = Request::new(b"another", &System).unwrap();
    assert!(other.answered(&authority.reply(&request.to_der())).is_err());
    assert!(request.answered(&authority.over(DATA)).unwrap_err().words.contains("nonce"), "another's nonce");
}

/// Every bit of a byte turned: told, or it stands where nothing is signed, and then nothing that is told has changed.
#[test]
fn every_altered_byte_is_told_or_changes_nothing_that_is_told() {
    for key in ["rsa", "p256"] {
        let authority = Authority::new(&Shape { key, ..Shape::default() });
        let roots = roots(&authority);
        let response = authority.over(DATA);
        let good = Token::parse(&response).unwrap();
        let said = good.verify(DATA, &roots).unwrap();
        let mut unbound = Vec::new();
        for at in 0..response.len() {
            let mut altered = response.clone();
            altered[at] ^= 1 << (at % 8);
            let Ok(token) = Token::parse(&altered) else { continue };
            if let Ok(again) = token.verify(DATA, &roots) {
                assert_eq!((&again, &token.info), (&said, &good.info), "byte {at}");
                unbound.push(at);
            }
        }
        assert!(unbound.len() <= 8, "{key}: {unbound:?}");
    }
}

/// A response is all of it: nothing before, nothing behind, nothing less.
#[test]
fn cut_and_lengthened_responses_are_told() {
    let authority = Authority::new(&Shape::default());
    let response = authority.over(DATA);
    for length in 0..response.len() {
        assert!(Token::parse(&response[..length]).is_err(), "{length}");
    }
    assert!(Token::parse(&[&response[..], b"\0"].concat()).is_err());
    let token = &response[9..];
    assert!(Token::parse_bare(token).unwrap().verify(DATA, &roots(&authority)).is_ok());
    assert_eq!(self::response(token), response);
}
