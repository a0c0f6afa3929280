//! Signatures over a datapackage as WACZ tools make them: wacz-auth ("WACZ Signing and Verification" 0.1.0).
//!
//! What is signed is the ASCII text `sha256:…` of datapackage.json. Two forms: *anonymous*, by a bare P-384 key that the object
//! brings along ([`AuthKey`]), and *domain identity*, by the key of a web server's certificate, with an RFC 3161 time-stamp over
//! the signature's Base64 text. Stricter than its makers: the fields are just these, the path is a real one at the stamp's time,
//! and the name stands in the certificate.

mod domain;
mod form;
pub mod key;

pub use domain::Identity;
pub use form::SignedData;
pub use key::{AuthKey, AuthSigningKey};

use super::stamp::Problem;
use crate::finding::Rule;

fn problem(rule: &'static Rule, words: impl Into<String>) -> Problem {
    Problem { rule, words: words.into() }
}
