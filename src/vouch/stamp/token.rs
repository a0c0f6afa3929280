//! A time-stamp as an authority sends it: TimeStampResp (RFC 3161 §2.4.2) around a token, which is CMS SignedData (RFC 5652
//! §5) by one signer around a [`Info`].

use super::der::{BIT_STRING, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, SET, Tlv, write};
use super::info::{Info, algorithm};
use super::{Problem, oid, problem};
use crate::digest::Algorithm;
use crate::finding::rules;

/// Bytes of a response, which has a few certificates at most.
pub const LONGEST: usize = 64 << 10;

/// A time-stamp that was read, and not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it says.
    pub info: Info,
    /// The bytes of what it says.
    pub(super) content: Vec<u8>,
    pub(super) certificates: Vec<Vec<u8>>,
    pub(super) signer: Signer,
}

/// Who signed, what, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signer {
    pub(super) id: SignerId,
    pub(super) digest: Algorithm,
    /// The signed attributes as they are signed: a SET.
    pub(super) attributes: Vec<u8>,
    /// The signature's algorithm: OID and parameters.
    pub(super) algorithm: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// By what a signer names its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SignerId {
    /// The issuer's name in DER, and the serial number's bytes.
    Issuer(Vec<u8>, Vec<u8>),
    /// The subject key identifier.
    Key(Vec<u8>),
}

impl Token {
    /// Reads a whole response (TimeStampResp), which must be a granted one.
    ///
    /// # Errors
    /// `stamp-invalid`, `stamp-refused`, `stamp-content`, `stamp-algorithm`.
    pub fn parse(response: &[u8]) -> Result<Self, Problem> {
        let mut fields = whole(response)?.inside();
        granted(fields.take(SEQUENCE)?)?;
        let token = fields.take(SEQUENCE)?;
        fields.end()?;
        Self::parse_bare(token.whole)
    }

    /// Reads a token without the response around it (ContentInfo).
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_bare(der: &[u8]) -> Result<Self, Problem> {
        let mut fields = whole(der)?.inside();
        if fields.take(OID)?.content != oid::SIGNED_DATA {
            return Err(problem(&rules::STAMP_CONTENT, "it is no signed data"));
        }
        let data = Reader::only(fields.take(0xa0)?.content, SEQUENCE)?;
        fields.end()?;
        signed_data(data)
    }

    /// The same with certificates that came by another way, as wacz-auth has them beside its token. Which of them is the signer's
    /// is settled by what is signed.
    #[must_use]
    pub fn with_certificates(mut self, others: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.certificates.extend(others);
        self
    }
}

fn whole(der: &[u8]) -> Result<Tlv<'_>, Problem> {
    if der.len() > LONGEST {
        return Err(problem(&rules::STAMP_INVALID, "it is longer than any time-stamp"));
    }
    Ok(Reader::only(der, SEQUENCE)?)
}

/// PKIStatusInfo: 0 granted, 1 granted with modifications.
fn granted(status: Tlv<'_>) -> Result<(), Problem> {
    let mut fields = status.inside();
    let number = fields.take(INTEGER)?.small();
    let text = fields.optional(SEQUENCE)?.map(texts).transpose()?.unwrap_or_default();
    let failure = fields.optional(BIT_STRING)?.map(|bits| failure(bits.content));
    fields.end()?;
    let name = match number {
        Some(0 | 1) => return Ok(()),
        Some(2) => "rejection",
        Some(3) => "waiting",
        Some(4 | 5) => "revocation",
        _ => "an unknown status",
    };
    let words = [name, failure.unwrap_or_default(), &text];
    let words: Vec<&str> = words.into_iter().filter(|part| !part.is_empty()).collect();
    Err(problem(&rules::STAMP_REFUSED, &words.join(": ")))
}

fn texts(strings: Tlv<'_>) -> Result<String, Problem> {
    let (mut strings, mut texts) = (strings.inside(), Vec::new());
    while !strings.is_empty() {
        texts.push(String::from_utf8_lossy(strings.any()?.content).into_owned());
    }
    Ok(texts.join("; "))
}

/// PKIFailureInfo, the first of its bits (RFC 3161 §2.4.2).
fn failure(bits: &[u8]) -> &'static str {
    let names = [
        (0, "bad algorithm"),
        (2, "bad request"),
        (5, "bad data format"),
        (14, "time not available"),
        (15, "policy not accepted"),
        (16, "extension not accepted"),
        (17, "additional information not available"),
        (25, "system failure"),
    ];
    let is_set = |bit: usize| bits.get(1 + bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0);
    names.into_iter().find(|(bit, _)| is_set(*bit)).map_or("", |(_, name)| name)
}

fn signed_data(data: Tlv<'_>) -> Result<Token, Problem> {
    let mut fields = data.inside();
    let version = fields.take(INTEGER)?.small();
    if !matches!(version, Some(1 | 3..=5)) {
        return Err(problem(&rules::STAMP_INVALID, "its signed data is of no known version"));
    }
    let digests = fields.take(SET)?;
    let content = content(fields.take(SEQUENCE)?)?;
    let certificates = fields.optional(0xa0)?.map(certificates).transpose()?.unwrap_or_default();
    fields.optional(0xa1)?;
    let mut signers = fields.take(SET)?.inside();
    fields.end()?;
    let info = Info::parse(content)?;
    let (signer, digest) = signer(signers.take(SEQUENCE)?)?;
    if signers.end().is_err() {
        return Err(problem(&rules::STAMP_INVALID, "it is signed by more than one"));
    }
    if !announced(digests, digest)? {
        return Err(problem(&rules::STAMP_INVALID, "its signer uses a hash that it does not announce"));
    }
    Ok(Token { info, content: content.to_vec(), certificates, signer })
}

/// True where the set of digest algorithms has this one.
fn announced(set: Tlv<'_>, wanted: Tlv<'_>) -> Result<bool, Problem> {
    let (mut set, wanted) = (set.inside(), algorithm(wanted)?);
    while !set.is_empty() {
        if algorithm(set.take(SEQUENCE)?).is_ok_and(|one| one == wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn content(info: Tlv<'_>) -> Result<&[u8], Problem> {
    let mut fields = info.inside();
    if fields.take(OID)?.content != oid::TST_INFO {
        return Err(problem(&rules::STAMP_CONTENT, "what is signed is no time-stamp"));
    }
    let content = Reader::only(fields.take(0xa0)?.content, OCTET_STRING)?.content;
    fields.end()?;
    Ok(content)
}

/// X.509 certificates; other kinds are passed over.
fn certificates(set: Tlv<'_>) -> Result<Vec<Vec<u8>>, Problem> {
    let (mut set, mut found) = (set.inside(), Vec::new());
    while !set.is_empty() {
        let one = set.any()?;
        if one.tag == SEQUENCE {
            found.push(one.whole.to_vec());
        }
    }
    Ok(found)
}

/// SignerInfo, and its digest algorithm.
fn signer(info: Tlv<'_>) -> Result<(Signer, Tlv<'_>), Problem> {
    let mut fields = info.inside();
    let version = fields.take(INTEGER)?.small();
    let id = signer_id(fields.any()?)?;
    let expected = if matches!(id, SignerId::Key(_)) { 3 } else { 1 };
    if version != Some(expected) {
        return Err(problem(&rules::STAMP_INVALID, "its signer is of a version that does not fit"));
    }
    let digest = fields.take(SEQUENCE)?;
    let attributes = fields.take(0xa0)?;
    let algorithm_name = fields.take(SEQUENCE)?.content.to_vec();
    let signature = fields.take(OCTET_STRING)?.content.to_vec();
    fields.optional(0xa1)?;
    fields.end()?;
    let signer = Signer {
        id,
        digest: algorithm(digest)?,
        attributes: write(SET, &[attributes.content]),
        algorithm: algorithm_name,
        signature,
    };
    Ok((signer, digest))
}

fn signer_id(value: Tlv<'_>) -> Result<SignerId, Problem> {
    match value.tag {
        SEQUENCE => {
            let mut fields = value.inside();
            let issuer = fields.take(SEQUENCE)?.whole.to_vec();
            let serial = fields.take(INTEGER)?.content.to_vec();
            fields.end()?;
            Ok(SignerId::Issuer(issuer, serial))
        }
        0x80 => Ok(SignerId::Key(value.content.to_vec())),
        _ => Err(problem(&rules::STAMP_INVALID, "it does not say whose signature it has")),
    }
}
