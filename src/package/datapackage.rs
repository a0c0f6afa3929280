//! datapackage.json and datapackage-digest.json (WACZ 1.1.1): written one way only, read from anyone.

use std::io::{self, Read};

use serde::Serialize;
use serde_json::{Map, Value};

use super::hash;
use super::layout::DATAPACKAGE;
use crate::finding::{Finding, Severity, rules};

/// The format that fonds writes. Readers of 1.1.1 are everywhere; 1.2.0 is a draft.
pub const WACZ_VERSION: &str = "1.1.1";
/// The profile that goes with it.
pub const PROFILE: &str = "data-package";

/// A file of the package, as the datapackage lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// The last part of the path.
    pub name: String,
    /// Path inside the package.
    pub path: String,
    /// `sha256:` and lower-case hex, by fonds; `md5:` too by others.
    pub hash: String,
    /// Size.
    pub bytes: u64,
}

impl Resource {
    /// Of a file at `path` inside the package, with this content.
    pub(super) fn of(path: &str, mut content: impl Read) -> io::Result<Self> {
        let (bytes, hash) = hash::sha256_of(&mut content)?;
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        Ok(Self { name, path: path.to_owned(), hash, bytes })
    }
}

/// datapackage.json, as far as fonds knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Datapackage {
    /// `data-package` in 1.1.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// `1.1.1`; gone in the draft of 1.2.0.
    #[serde(rename = "wacz_version", skip_serializing_if = "Option::is_none")]
    pub wacz_version: Option<String>,
    /// A title for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What wrote the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software: Option<String>,
    /// When, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The page to show first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_page_url: Option<String>,
    /// When that page was captured, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_page_date: Option<String>,
    /// All files but the datapackage and its digest.
    pub resources: Vec<Resource>,
}

impl Datapackage {
    /// The bytes of datapackage.json: indented by two, keys in the order of this struct, LF at the end.
    pub fn to_json(&self) -> Vec<u8> {
        lines(self)
    }

    /// True if fonds says that it wrote this package, so that its form can be held against it.
    pub fn by_fonds(&self) -> bool {
        self.software
            .as_deref()
            .is_some_and(|s| s == "fonds" || s.starts_with("fonds/") || s.starts_with("fonds "))
    }
}

/// datapackage-digest.json.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Digest {
    /// Always `datapackage.json`.
    pub path: String,
    /// Hash of the bytes of datapackage.json.
    pub hash: String,
    /// The signature object of wacz-auth, keys sorted when written.
    #[serde(rename = "signedData", skip_serializing_if = "Option::is_none")]
    pub signed_data: Option<Value>,
}

impl Digest {
    /// Of a datapackage.json, as bytes.
    pub fn of(datapackage: &[u8], signed_data: Option<Value>) -> Self {
        Self { path: DATAPACKAGE.into(), hash: hash::sha256(datapackage), signed_data }
    }

    /// The bytes of datapackage-digest.json, as [`Datapackage::to_json`] writes.
    pub fn to_json(&self) -> Vec<u8> {
        let sorted = Self { signed_data: self.signed_data.as_ref().map(sorted), ..self.clone() };
        lines(&sorted)
    }
}

/// Reads datapackage.json. `None` where it is no JSON object.
pub fn parse(bytes: &[u8]) -> (Option<Datapackage>, Vec<Finding>) {
    let mut findings = Vec::new();
    let object = object(bytes, "datapackage.json", &mut findings);
    let datapackage = object.map(|object| read_datapackage(&object, &mut findings));
    (datapackage, findings)
}

/// Reads datapackage-digest.json. `None` where it does not say which hash the datapackage has.
pub fn parse_digest(bytes: &[u8]) -> (Option<Digest>, Vec<Finding>) {
    let mut findings = Vec::new();
    let digest = object(bytes, "datapackage-digest.json", &mut findings).and_then(|object| {
        let hash = text(&object, "hash");
        if hash.is_none() {
            findings.push(unreadable("datapackage-digest.json has no hash."));
        }
        let path = text(&object, "path").unwrap_or_default();
        if path != DATAPACKAGE {
            findings.push(unreadable("datapackage-digest.json is not about datapackage.json."));
        }
        Some(Digest { path, hash: hash?, signed_data: object.get("signedData").cloned() })
    });
    (digest, findings)
}

fn read_datapackage(object: &Map<String, Value>, findings: &mut Vec<Finding>) -> Datapackage {
    let datapackage = Datapackage {
        profile: text(object, "profile"),
        wacz_version: text(object, "wacz_version"),
        title: text(object, "title"),
        software: text(object, "software"),
        created: text(object, "created"),
        main_page_url: text(object, "mainPageUrl"),
        main_page_date: text(object, "mainPageDate"),
        resources: read_resources(object, findings),
    };
    check_form(&datapackage, findings);
    datapackage
}

fn check_form(datapackage: &Datapackage, findings: &mut Vec<Finding>) {
    let mut odd = |severity, message: String| {
        findings.push(Finding::new(&rules::DATAPACKAGE_FORM, message).graded(severity));
    };
    match datapackage.profile.as_deref() {
        Some(PROFILE | "wacz") => {}
        None => odd(Severity::Info, "datapackage.json names no profile.".into()),
        Some(other) => {
            odd(Severity::Warning, format!("datapackage.json has the profile {other:?}, not {PROFILE:?}."))
        }
    }
    let draft = datapackage.profile.as_deref() == Some("wacz");
    match datapackage.wacz_version.as_deref() {
        Some("1.0.0" | "1.1.0" | "1.1.1" | "1.2.0") => {}
        None if draft => {}
        None => odd(Severity::Warning, "datapackage.json has no wacz_version.".into()),
        Some(other) => {
            odd(Severity::Warning, format!("datapackage.json has the unknown wacz_version {other:?}."))
        }
    }
}

fn read_resources(object: &Map<String, Value>, findings: &mut Vec<Finding>) -> Vec<Resource> {
    let Some(resources) = object.get("resources").and_then(Value::as_array) else {
        findings.push(unreadable("datapackage.json lists no resources."));
        return Vec::new();
    };
    let read = |(index, value): (usize, &Value)| {
        let resource = value.as_object().and_then(resource);
        if resource.is_none() {
            findings.push(unreadable(&format!("Resource {index} lacks a path, a hash or a size.")));
        }
        resource
    };
    resources.iter().enumerate().filter_map(read).collect()
}

fn resource(object: &Map<String, Value>) -> Option<Resource> {
    let path = text(object, "path")?;
    let name = text(object, "name").unwrap_or_default();
    Some(Resource { name, hash: text(object, "hash")?, bytes: object.get("bytes")?.as_u64()?, path })
}

fn object(bytes: &[u8], name: &str, findings: &mut Vec<Finding>) -> Option<Map<String, Value>> {
    serde_json::from_slice(bytes)
        .map_err(|error| findings.push(unreadable(&format!("{name} cannot be read: {error}."))))
        .ok()
}

fn unreadable(message: &str) -> Finding {
    Finding::new(&rules::DATAPACKAGE_UNREADABLE, message)
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key)?.as_str().map(str::to_owned)
}

fn lines(value: &impl Serialize) -> Vec<u8> {
    // Strings, numbers and lists of them: there is nothing here that cannot be written.
    let mut json = serde_json::to_vec_pretty(value).unwrap_or_default();
    json.push(b'\n');
    json
}

/// The same value with every object's keys in order, whatever map serde_json was built with.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut pairs: Vec<_> = object.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(pairs.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn datapackage() -> Datapackage {
        let resource = Resource {
            name: "pages.jsonl".into(),
            path: "pages/pages.jsonl".into(),
            hash: hash::sha256(b""),
            bytes: 0,
        };
        Datapackage {
            profile: Some(PROFILE.into()),
            wacz_version: Some(WACZ_VERSION.into()),
            software: Some("fonds/0.1.0".into()),
            main_page_url: Some("http://example.com/".into()),
            resources: vec![resource],
            ..Datapackage::default()
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_written_the_same() {
        let bytes = datapackage().to_json();
        let (read, findings) = parse(&bytes);
        assert_eq!((read.as_ref(), findings.as_slice()), (Some(&datapackage()), &[][..]));
        assert_eq!(read.unwrap().to_json(), bytes);
        assert!(String::from_utf8(bytes).unwrap().contains("\"mainPageUrl\": \"http://example.com/\""));
    }

    #[test]
    fn the_digest_is_over_the_bytes_and_keeps_the_signature() {
        let signed = serde_json::json!({"b": 1, "a": {"d": 1, "c": 2}});
        let digest = Digest::of(b"{}", Some(signed));
        let (read, findings) = parse_digest(&digest.to_json());
        assert_eq!((read, findings), (Some(digest.clone()), vec![]));
        assert!(
            digest
                .hash
                .starts_with("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
        );
    }

    #[test]
    fn what_cannot_be_read_is_a_finding() {
        for bytes in [&b""[..], b"[]", b"{}", br#"{"resources":[{"path":"x"}]}"#, b"\xff"] {
            let (_, findings) = parse(bytes);
            assert_eq!(findings[0].code, "datapackage-unreadable", "{findings:?}");
        }
        assert_eq!(parse_digest(b"{}").0, None);
    }
}
