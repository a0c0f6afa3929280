//! What a time-stamp says (TSTInfo, RFC 3161 §2.4.2): when, over which hash.

use super::der::{
    BOOLEAN, GENERALIZED_TIME, INTEGER, Malformed, NULL, OCTET_STRING, OID, Reader, SEQUENCE, Tlv,
};
use super::{Problem, oid, problem};
use crate::digest::{Algorithm, Hasher};
use crate::finding::rules;
use jiff::{SignedDuration, Timestamp};

/// A hash of what is stamped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imprint {
    /// SHA-256, SHA-384 or SHA-512.
    pub algorithm: Algorithm,
    /// The hash.
    pub value: Vec<u8>,
}

impl Imprint {
    /// Of bytes at hand.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        Self { algorithm, value: hasher.finish().bytes().to_vec() }
    }
}

/// What an authority signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The hash of what existed then.
    pub imprint: Imprint,
    /// When, by the authority's clock.
    pub time: Timestamp,
    /// How far that may be off, where the authority says it.
    pub accuracy: Option<SignedDuration>,
    /// The authority's number of this time-stamp, as its bytes.
    pub serial: Vec<u8>,
    /// What the request asked to be repeated, as its bytes.
    pub nonce: Option<Vec<u8>>,
}

impl Info {
    pub(super) fn parse(der: &[u8]) -> Result<Self, Problem> {
        let mut fields = Reader::only(der, SEQUENCE)?.inside();
        if fields.take(INTEGER)?.small() != Some(1) {
            return Err(problem(&rules::STAMP_INVALID, "it is of a version that is not 1"));
        }
        fields.take(OID)?;
        let imprint = imprint(fields.take(SEQUENCE)?)?;
        let serial = fields.take(INTEGER)?.content.to_vec();
        let time = time(fields.take(GENERALIZED_TIME)?.content)?;
        let accuracy = fields.optional(SEQUENCE)?.map(accuracy).transpose()?;
        fields.optional(BOOLEAN)?;
        let nonce = fields.optional(INTEGER)?.map(|nonce| nonce.content.to_vec());
        fields.optional(0xa0)?;
        fields.optional(0xa1)?.map_or(Ok(()), extensions)?;
        fields.end()?;
        Ok(Self { imprint, time, accuracy, serial, nonce })
    }

    /// The latest time that it may have been.
    pub fn latest(&self) -> Timestamp {
        self.time.saturating_add(self.accuracy.unwrap_or_default()).unwrap_or(self.time)
    }

    /// The earliest.
    pub fn earliest(&self) -> Timestamp {
        self.time.saturating_sub(self.accuracy.unwrap_or_default()).unwrap_or(self.time)
    }
}

/// The hash algorithm of an AlgorithmIdentifier. Weak ones prove nothing and are none.
pub(super) fn algorithm(identifier: Tlv<'_>) -> Result<Algorithm, Problem> {
    let mut fields = identifier.inside();
    let name = fields.take(OID)?.content;
    fields.optional(NULL)?;
    fields.end()?;
    match name {
        oid::SHA256 => Ok(Algorithm::Sha256),
        oid::SHA384 => Ok(Algorithm::Sha384),
        oid::SHA512 => Ok(Algorithm::Sha512),
        _ => Err(problem(&rules::STAMP_ALGORITHM, "a hash in it is not SHA-256, SHA-384 or SHA-512")),
    }
}

fn imprint(value: Tlv<'_>) -> Result<Imprint, Problem> {
    let mut fields = value.inside();
    let algorithm = algorithm(fields.take(SEQUENCE)?)?;
    let value = fields.take(OCTET_STRING)?.content.to_vec();
    fields.end()?;
    Ok(Imprint { algorithm, value })
}

/// `YYYYMMDDhhmmss[.fraction]Z`.
fn time(text: &[u8]) -> Result<Timestamp, Malformed> {
    let wrong = Malformed("its time is not written as RFC 3161 asks");
    let text = std::str::from_utf8(text).ok().and_then(|text| text.strip_suffix('Z')).ok_or(wrong)?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let odd_fraction = text.contains('.') && (fraction.is_empty() || fraction.ends_with('0'));
    if seconds.len() != 14 || !digits(seconds) || !digits(fraction) || fraction.len() > 9 || odd_fraction {
        return Err(wrong);
    }
    let part = |from: usize, to: usize| seconds.get(from..to).unwrap_or_default();
    let (date, clock) =
        ([part(0, 4), part(4, 6), part(6, 8)].join("-"), [part(8, 10), part(10, 12), part(12, 14)]);
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    format!("{date}T{}{fraction}Z", clock.join(":")).parse().map_err(|_| wrong)
}

/// Seconds, milliseconds, microseconds, each of which may be missing.
fn accuracy(value: Tlv<'_>) -> Result<SignedDuration, Malformed> {
    let wrong = Malformed("its accuracy is not written as RFC 3161 asks");
    let mut fields = value.inside();
    let mut part = |tag, most| match fields.optional(tag)? {
        Some(value) => value.small().filter(|&number| number <= most).ok_or(wrong),
        None => Ok(0),
    };
    let (seconds, millis, micros) = (part(INTEGER, u64::from(u32::MAX))?, part(0x80, 999)?, part(0x81, 999)?);
    fields.end()?;
    let nanos = (millis * 1000 + micros) * 1000;
    Ok(SignedDuration::new(
        i64::try_from(seconds).map_err(|_| wrong)?,
        i32::try_from(nanos).map_err(|_| wrong)?,
    ))
}

/// An extension that must be understood is one that is not.
fn extensions(value: Tlv<'_>) -> Result<(), Problem> {
    let mut extensions = value.inside();
    while !extensions.is_empty() {
        let mut extension = extensions.take(SEQUENCE)?.inside();
        extension.take(OID)?;
        if extension.optional(BOOLEAN)?.is_some_and(|critical| critical.content != [0]) {
            return Err(problem(
                &rules::STAMP_INVALID,
                "it has a critical extension, and none is known here",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn times_are_read_as_rfc_3161_writes_them() {
        assert_eq!(time(b"20261127120000Z").unwrap().to_string(), "2026-11-27T12:00:00Z");
        assert_eq!(time(b"20261127120000.25Z").unwrap().to_string(), "2026-11-27T12:00:00.25Z");
        let wrong: [&[u8]; 8] = [
            b"20261127120000",
            b"2026112712Z",
            b"20261127120000.Z",
            b"20261127120000.50Z",
            b"20261327120000Z",
            b"20261127120000+0100",
            b"2026112712000\xffZ",
            b"+0261127120000Z",
        ];
        for text in wrong {
            assert!(time(text).is_err(), "{}", String::from_utf8_lossy(text));
        }
    }
}
