//! Identities and references, resolved over the whole set of inputs.
//!
//! Records are known by 128 bits of a hash, so that a set of millions fits in memory; a reference waits until its
//! target comes, or is reported at the end.

use super::fields::place;
use super::log::Key;
use crate::digest::Digest;
use crate::finding::{Finding, Severity, rules};
use crate::warc::{Head, RecordType};
use std::collections::HashMap;

/// What is remembered of a record.
#[derive(Clone, Copy)]
struct Known {
    uri: Key,
    date: Key,
    payload: Option<Key>,
    content: Key,
}

/// A reference whose target has not come yet.
struct Waiting {
    kind: Kind,
    finding: Finding,
    from: Known,
    said_uri: Option<Key>,
    said_date: Option<Key>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Concurrent,
    Refers,
    Revisits,
    Warcinfo,
}

impl Kind {
    fn field(self) -> &'static str {
        match self {
            Self::Concurrent => "WARC-Concurrent-To",
            Self::Refers | Self::Revisits => "WARC-Refers-To",
            Self::Warcinfo => "WARC-Warcinfo-ID",
        }
    }
}

/// All records seen so far, and the references that wait.
#[derive(Default)]
pub(super) struct References {
    known: HashMap<Key, Known>,
    waiting: HashMap<Key, Vec<Waiting>>,
}

fn key(text: &str) -> Key {
    super::log::key(&[text])
}

impl References {
    /// Takes in a record; `content` stands for its block. Gives what can be said at once.
    pub(super) fn see(&mut self, file: &str, head: &Head, content: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        let Some(id) = head.id() else { return findings };
        let known = remember(head, content);
        match self.known.get(&key(id)) {
            None => {
                self.known.insert(key(id), known);
            }
            Some(other) => {
                let same = other.content == known.content;
                let rule = if same { &rules::ID_DUPLICATE_SAME } else { &rules::ID_DUPLICATE_OTHER };
                let what = if same { "the same" } else { "other" };
                let message = format!("a record before this one has the same id and {what} content");
                findings.push(place(Finding::new(rule, message), head));
            }
        }
        for waiting in self.waiting.remove(&key(id)).unwrap_or_default() {
            findings.extend(compare(&waiting, &known));
        }
        for (target, waiting) in references(file, head, known) {
            match self.known.get(&target) {
                Some(known) => findings.extend(compare(&waiting, known)),
                None => self.waiting.entry(target).or_default().push(waiting),
            }
        }
        findings
    }

    /// What never came.
    pub(super) fn finish(self, closed: bool) -> Vec<Finding> {
        let severity = if closed { Severity::Error } else { Severity::Warning };
        let mut findings: Vec<Finding> =
            self.waiting.into_values().flatten().map(|waiting| waiting.finding.graded(severity)).collect();
        findings.sort_by(|a, b| (&a.file, a.offset, &a.message).cmp(&(&b.file, b.offset, &b.message)));
        findings
    }
}

fn remember(head: &Head, content: &str) -> Known {
    let payload = head.fields.get("WARC-Payload-Digest").map(|p| match Digest::parse(p) {
        Ok(digest) => key(&digest.to_string()),
        Err(_) => key(p),
    });
    Known {
        uri: key(head.target_uri().unwrap_or_default()),
        date: key(head.date().unwrap_or_default()),
        payload,
        content: key(content),
    }
}

fn references(file: &str, head: &Head, from: Known) -> Vec<(Key, Waiting)> {
    let refers = if head.record_type() == RecordType::Revisit { Kind::Revisits } else { Kind::Refers };
    let said = |field| head.fields.get(field).map(|v| key(crate::warc::bare_uri(v)));
    let mut out = Vec::new();
    for kind in [Kind::Concurrent, refers, Kind::Warcinfo] {
        for target in head.fields.all(kind.field()) {
            let target = crate::warc::bare_uri(target);
            let message = format!("{} names {target}, which is not among the inputs", kind.field());
            let finding = place(Finding::new(&rules::UNRESOLVED, message), head).in_file(file);
            let (said_uri, said_date) = (said("WARC-Refers-To-Target-URI"), said("WARC-Refers-To-Date"));
            out.push((key(target), Waiting { kind, finding, from, said_uri, said_date }));
        }
    }
    out
}

fn compare(waiting: &Waiting, target: &Known) -> Vec<Finding> {
    let say = |rule, message: &str| {
        let mut finding = Finding::new(rule, message);
        (finding.file, finding.offset) = (waiting.finding.file.clone(), waiting.finding.offset);
        finding.record.clone_from(&waiting.finding.record);
        finding
    };
    let mut out = Vec::new();
    match waiting.kind {
        Kind::Concurrent if waiting.from.uri != target.uri => {
            out.push(say(
                &rules::PARTNERS_DISAGREE,
                "WARC-Target-URI differs from that of the record it is concurrent to",
            ));
        }
        Kind::Concurrent if waiting.from.date != target.date => {
            out.push(say(
                &rules::PARTNERS_DISAGREE,
                "WARC-Date differs from that of the record it is concurrent to",
            ));
        }
        Kind::Revisits => {
            if waiting.said_uri.is_some_and(|uri| uri != target.uri) {
                out.push(say(&rules::REFERENT_DISAGREES, "WARC-Refers-To-Target-URI is not the referent's"));
            }
            if waiting.said_date.is_some_and(|date| date != target.date) {
                out.push(say(&rules::REFERENT_DISAGREES, "WARC-Refers-To-Date is not the referent's"));
            }
            if let (Some(ours), Some(theirs)) = (waiting.from.payload, target.payload)
                && ours != theirs
            {
                out.push(say(&rules::REVISIT_PAYLOAD, "the payload digest is not the referent's"));
            }
        }
        _ => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(fields: &str) -> Head {
        crate::warc::parse_head(format!("WARC/1.1\r\n{fields}Content-Length: 0\r\n\r\n").into_bytes())
    }

    const A: &str = "WARC-Type: response\r\nWARC-Record-ID: <urn:x:a>\r\nWARC-Date: 2020-01-01T00:00:00Z\r\nWARC-Target-URI: http://a/\r\nWARC-Payload-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n";

    fn run(heads: &[&str]) -> Vec<&'static str> {
        let mut references = References::default();
        let mut codes = Vec::new();
        for text in heads {
            codes.extend(references.see("f", &head(text), text).iter().map(|f| f.code));
        }
        codes.extend(references.finish(false).iter().map(|f| f.code));
        codes
    }

    #[test]
    fn references_resolve_in_either_direction() {
        let request = A.replace("response", "request").replace("urn:x:a", "urn:x:b")
            + "WARC-Concurrent-To: <urn:x:a>\r\n";
        assert!(run(&[A, &request]).is_empty());
        assert!(run(&[&request, A]).is_empty());
        assert_eq!(run(&[&request]), ["unresolved-reference"]);
    }

    #[test]
    fn what_partners_say_of_each_other_is_compared() {
        let partner = A.replace("urn:x:a", "urn:x:b") + "WARC-Concurrent-To: <urn:x:a>\r\n";
        for (from, to) in [("http://a/", "http://b/"), ("2020", "2021")] {
            assert_eq!(run(&[A, &partner.replacen(from, to, 1)]), ["partners-disagree"], "{to}");
        }
        let revisit = A.replace("response", "revisit").replace("urn:x:a", "urn:x:b")
            + "WARC-Refers-To: <urn:x:a>\r\nWARC-Refers-To-Target-URI: http://a/\r\nWARC-Refers-To-Date: 2020-01-01T00:00:00Z\r\n";
        assert!(run(&[A, &revisit]).is_empty());
        assert_eq!(run(&[A, &revisit.replace("sha1:AA", "sha1:BA")]), ["revisit-payload"]);
        assert_eq!(run(&[A, &revisit.replace("To-Date: 2020", "To-Date: 2019")]), ["referent-disagrees"]);
    }

    #[test]
    fn one_id_twice_is_graded_by_content() {
        assert_eq!(run(&[A, A]), ["record-id-duplicate"]);
        assert_eq!(run(&[A, &A.replace("http://a/", "http://b/")]), ["record-id-reused"]);
    }
}
