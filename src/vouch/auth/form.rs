//! The `signedData` object: read strictly, and made.

use super::domain::Domain;
use super::{AuthKey, AuthSigningKey, Identity, problem};
use crate::finding::rules;
use crate::vouch::Error;
use crate::vouch::path::Roots;
use crate::vouch::stamp::Problem;
use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

const COMMON: [&str; 4] = ["hash", "created", "software", "signature"];
const ANONYMOUS: [&str; 1] = ["publicKey"];
const DOMAIN: [&str; 4] = ["domain", "domainCert", "timeSignature", "timestampCert"];
const OPTIONAL: [&str; 2] = ["version", "crossSignedCert"];

/// A signature over a datapackage, as it was read.
#[derive(Clone, Debug)]
pub struct SignedData {
    /// `sha256:…`, which is signed as text.
    pub hash: String,
    /// When, by the signer's word.
    pub created: String,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Anonymous { key: AuthKey, signature: Vec<u8> },
    Domain(Box<Domain>),
}

impl SignedData {
    /// Reads one.
    ///
    /// # Errors
    /// `auth-form`; `stamp-…` for a time-stamp that cannot be read.
    pub fn parse(value: &Value) -> Result<Self, Problem> {
        let object = value.as_object().ok_or_else(|| wrong("it is no object"))?;
        let own: &[&str] = if object.contains_key("publicKey") { &ANONYMOUS } else { &DOMAIN };
        let known = |name: &str| COMMON.contains(&name) || own.contains(&name) || OPTIONAL.contains(&name);
        if let Some(name) = object.keys().find(|name| !known(name)) {
            return Err(wrong(format!("it has a field {name:?}, which does not belong to its form")));
        }
        let (hash, created) = (text(object, "hash")?.to_owned(), text(object, "created")?.to_owned());
        text(object, "software")?;
        created.parse::<Timestamp>().map_err(|_| wrong("its created is no date"))?;
        let signature = base64(object, "signature")?;
        let form = match object.contains_key("publicKey") {
            true => {
                let key = AuthKey::from_der(&base64(object, "publicKey")?);
                Form::Anonymous { key: key.map_err(|error| wrong(error.to_string()))?, signature }
            }
            false => Form::Domain(Box::new(Domain::parse(object, signature)?)),
        };
        Ok(Self { hash, created, form })
    }

    /// An anonymous one over the datapackage's hash (`sha256:…`).
    ///
    /// # Errors
    /// None in practice.
    pub fn anonymous(
        hash: &str,
        key: &AuthSigningKey,
        created: Timestamp,
        software: &str,
    ) -> Result<Value, Error> {
        Ok(json!({
            "hash": hash,
            "created": format!("{created:.0}"),
            "software": software,
            "signature": BASE64.encode(&key.sign(hash.as_bytes())?),
            "publicKey": BASE64.encode(&key.public().to_der()),
        }))
    }

    /// True where the signature is over the hash that it names, by the key that it names.
    ///
    /// # Errors
    /// `auth-signature`.
    pub fn check(&self) -> Result<(), Problem> {
        let text = self.hash.as_bytes();
        let holds = match &self.form {
            Form::Anonymous { key, signature } => key.verifies(text, signature),
            Form::Domain(domain) => domain.signs(text),
        };
        match holds {
            true => Ok(()),
            false => Err(problem(
                &rules::AUTH_SIGNATURE,
                "its signature is not over this hash by the key that it names",
            )),
        }
    }

    /// The key of the anonymous form.
    pub fn key(&self) -> Option<&AuthKey> {
        match &self.form {
            Form::Anonymous { key, .. } => Some(key),
            Form::Domain(_) => None,
        }
    }

    /// The domain that it speaks for, by its own word.
    pub fn domain(&self) -> Option<&str> {
        match &self.form {
            Form::Anonymous { .. } => None,
            Form::Domain(domain) => Some(&domain.name),
        }
    }

    /// Who signed and when, where certificates and time-stamp of the domain form hold and lead to these roots. `None` for the
    /// anonymous form.
    ///
    /// # Errors
    /// `auth-domain`, `auth-untrusted`, `auth-path`, and those of time-stamps.
    pub fn identity(&self, roots: &Roots) -> Option<Result<Identity, Problem>> {
        match &self.form {
            Form::Anonymous { .. } => None,
            Form::Domain(domain) => Some(domain.identity(roots)),
        }
    }
}

pub(super) fn wrong(words: impl Into<String>) -> Problem {
    problem(&rules::AUTH_FORM, words)
}

pub(super) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a str, Problem> {
    object.get(name).and_then(Value::as_str).ok_or_else(|| wrong(format!("it has no text {name:?}")))
}

pub(super) fn base64(object: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Problem> {
    BASE64.decode(text(object, name)?.as_bytes()).map_err(|_| wrong(format!("its {name:?} is no Base64")))
}
