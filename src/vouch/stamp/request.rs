//! What is sent to an authority (TimeStampReq, RFC 3161 §2.4.1), and whether an answer is one to it.

use super::der::{BOOLEAN, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, write, write_integer};
use super::{Problem, Token, oid, problem};
use crate::digest;
use crate::finding::rules;
use crate::world::World;
use std::io;

/// A request for a time-stamp over a SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    imprint: Vec<u8>,
    nonce: [u8; 16],
}

impl Request {
    /// Over these bytes, with a nonce.
    ///
    /// # Errors
    /// What the source of randomness says.
    pub fn new(bytes: &[u8], world: &dyn World) -> io::Result<Self> {
        let mut nonce = [0; 16];
        world.random(&mut nonce)?;
        Ok(Self { imprint: digest::sha256(bytes).bytes().to_vec(), nonce })
    }

    /// As it is sent: application/timestamp-query.
    pub fn to_der(&self) -> Vec<u8> {
        let hash = write(SEQUENCE, &[&write(OID, &[oid::SHA256]), &write(NULL, &[])]);
        let imprint = write(SEQUENCE, &[&hash, &write(OCTET_STRING, &[&self.imprint])]);
        let wants_certificates = write(BOOLEAN, &[&[0xff]]);
        let parts =
            [&write(INTEGER, &[&[1]])[..], &imprint, &write_integer(&self.nonce), &wants_certificates];
        write(SEQUENCE, &parts)
    }

    /// Reads the answer, which must be to this request and hold by itself. Whom it is by is not asked here.
    ///
    /// # Errors
    /// What is wrong with it, by its rule.
    pub fn answered(&self, response: &[u8]) -> Result<Token, Problem> {
        let token = Token::parse(response)?;
        let nonce = write_integer(&self.nonce);
        let same = token.info.nonce.as_ref().is_some_and(|answered| write(INTEGER, &[answered]) == nonce);
        if !same {
            return Err(problem(
                &rules::STAMP_INVALID,
                "it is no answer to this request: its nonce is another",
            ));
        }
        if token.info.imprint.value != self.imprint {
            return Err(problem(&rules::STAMP_IMPRINT, "it is over something else than what was sent"));
        }
        token.check()?;
        Ok(token)
    }
}
