//! Identities and references, resolved over the whole set of inputs.
//!
//! Records are known by 128 bits of a hash, so that a set of millions fits in memory; a reference waits until its
//! target comes, or is reported at the end.

mod by_place;

use self::by_place::Places;
use super::fields::place;
use super::key::{self, Key, key};
use crate::digest::Digest;
use crate::finding::{Finding, Rule, Severity, rules};
use crate::warc::{Head, RecordType, bare_uri};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;

/// Where wget puts its manifest, arguments and log.
const WGET: &str = "metadata://gnu.org/software/wget/warc/";

/// What is remembered of a record.
#[derive(Clone, Copy)]
struct Known {
    uri: Key,
    date: Key,
    payload: Option<Key>,
    /// Of the IP address; 0 where there is none.
    ip: u64,
    content: Key,
    role: Role,
    /// One of the records that wget writes about itself.
    by_wget: bool,
}

/// What a record may be named as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Info,
    Request,
    /// It has a payload of its own.
    Content,
    Other,
}

/// One record naming another.
struct Reference {
    kind: Kind,
    from: Known,
    said_uri: Option<Key>,
    said_date: Option<Key>,
    /// The warcinfo that the referring record was written under.
    warcinfo: Option<Key>,
}

/// A reference whose target has not come yet, and what is said if it never comes.
struct Waiting {
    reference: Reference,
    finding: Finding,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Concurrent,
    Refers,
    Revisits,
    Converts,
    Warcinfo,
}

impl Kind {
    fn field(self) -> &'static str {
        match self {
            Self::Concurrent => "WARC-Concurrent-To",
            Self::Refers | Self::Revisits | Self::Converts => "WARC-Refers-To",
            Self::Warcinfo => "WARC-Warcinfo-ID",
        }
    }
}

impl Kind {
    fn misfit(self) -> &'static str {
        match self {
            Self::Warcinfo => "WARC-Warcinfo-ID names a record of a type that it cannot mean",
            _ => "WARC-Refers-To names a record of a type that it cannot mean",
        }
    }
}

/// All records seen so far, and the references that wait.
#[derive(Default)]
pub(super) struct References {
    known: HashMap<Key, Known>,
    waiting: HashMap<Key, Vec<Waiting>>,
    /// Revisits that name no id, by the URI and the second of their referent. They are looked at when all is known.
    places: Places,
}

impl References {
    /// Takes in a record; `content` stands for its block. Gives what can be said at once.
    pub(super) fn see(&mut self, file: &str, head: &Head, content: Key) -> Vec<Finding> {
        let mut findings = Vec::new();
        let Some(id) = head.id().map(key::of_id) else { return findings };
        let known = remember(head, content);
        match self.known.entry(id) {
            Entry::Vacant(place) => {
                place.insert(known);
            }
            Entry::Occupied(other) => findings.push(place(duplicate(other.get(), &known), head)),
        }
        // A repackaged or mended record stands for the one that it came from (guidelines, recommendation 16), but for
        // its payload, which may be what had to be mended.
        let before = head.fields.all("WARC-Previous-Record-ID").map(|id| key::of_id(bare_uri(id)));
        let before: Vec<Key> = before.collect();
        for previous in &before {
            self.known.entry(*previous).or_insert(Known { payload: None, ..known });
        }
        for id in std::iter::once(id).chain(before) {
            let target = self.known.get(&id).copied().unwrap_or(known);
            for waiting in self.waiting.remove(&id).unwrap_or_default() {
                let said = waiting.reference.compare(&target);
                findings.extend(said.map(|(rule, message)| waiting.say(rule, message)));
            }
        }
        self.refer(file, head, known, &mut findings);
        findings
    }

    /// Compares with the records that this one names; those that are not there yet are waited for.
    fn refer(&mut self, file: &str, head: &Head, from: Known, findings: &mut Vec<Finding>) {
        let refers = match head.record_type() {
            RecordType::Revisit => Kind::Revisits,
            RecordType::Conversion => Kind::Converts,
            _ => Kind::Refers,
        };
        if refers == Kind::Revisits && head.fields.get("WARC-Refers-To").is_none() {
            self.places.refer(file, head, from);
        }
        let own = head.id();
        for kind in [Kind::Concurrent, refers, Kind::Warcinfo] {
            for target in head.fields.all(kind.field()).map(bare_uri) {
                // A warcinfo that names itself has a field too many, which is said elsewhere.
                if own == Some(target) && kind != Kind::Warcinfo {
                    let message = format!("{} names the record that it stands on", kind.field());
                    findings.push(place(Finding::new(&rules::REFERENT_KIND, message), head));
                    continue;
                }
                let reference = Reference::new(kind, head, from);
                match self.known.get(&key::of_id(target)) {
                    Some(known) => {
                        let said = reference.compare(known);
                        findings.extend(
                            said.map(|(rule, said)| place(Finding::new(rule, said), head).in_file(file)),
                        );
                    }
                    None => {
                        let message =
                            format!("{} names {target}, which is not among the inputs", kind.field());
                        let finding = place(Finding::new(&rules::UNRESOLVED, message), head).in_file(file);
                        self.waiting
                            .entry(key::of_id(target))
                            .or_default()
                            .push(Waiting { reference, finding });
                    }
                }
            }
        }
    }

    /// What never came.
    pub(super) fn finish(mut self, closed: bool) -> Vec<Finding> {
        let severity = if closed { Severity::Error } else { Severity::Warning };
        let mut findings = std::mem::take(&mut self.places).findings(self.known.values(), severity);
        findings.extend(self.waiting.values().filter_map(|waiting| self.gone(waiting)));
        findings.extend(self.waiting.into_values().flatten().map(|waiting| waiting.finding.graded(severity)));
        findings.sort_by(|a, b| (&a.file, a.offset, &a.message).cmp(&(&b.file, b.offset, &b.message)));
        findings
    }
}

impl References {
    /// Whether the record that all of these name was taken out, rather than being elsewhere.
    ///
    /// A reference that leads nowhere is common and harmless: the referent of a revisit or a conversion is in another
    /// crawl's files, a request of a browser stands without its answer. But WARC-Concurrent-To names a record of the
    /// very same capture, which the same writer put beside it. So where the warcinfo that it was written under is here,
    /// and a second record about the same URI knows the missing one, too, one tool's oversight no longer explains it:
    /// the record was there when both were written, and it is gone.
    fn gone(&self, waiting: &[Waiting]) -> Option<Finding> {
        let here = |w: &&Waiting| w.reference.warcinfo.is_some_and(|id| self.known.contains_key(&id));
        let partner = waiting.iter().filter(|w| w.reference.kind == Kind::Concurrent).find(here)?;
        let place = |w: &Waiting| (w.finding.file.clone(), w.finding.offset);
        let other =
            |w: &&Waiting| w.reference.from.uri == partner.reference.from.uri && place(w) != place(partner);
        let others = waiting.iter().filter(other).count();
        if others == 0 {
            return None;
        }
        let message = format!(
            "the record that this one is concurrent to is gone: {others} other(s) about the same URI name it, too"
        );
        let mut finding = Finding::new(&rules::REFERENT_GONE, message).in_file(&partner.finding.file);
        (finding.offset, finding.record) = (partner.finding.offset, partner.finding.record.clone());
        Some(finding)
    }
}

/// Two records with one id. wget gives all its own log records one id, which is a known fault of it and no damage.
fn duplicate(before: &Known, known: &Known) -> Finding {
    let same = before.content == known.content;
    let (rule, what) = match (same, before.by_wget && known.by_wget) {
        (true, _) => (&rules::ID_DUPLICATE_SAME, "the same id and the same content"),
        (_, true) => (&rules::ID_DUPLICATE_SAME, "the same id, as wget does with its own log records"),
        _ => (&rules::ID_DUPLICATE_OTHER, "the same id and other content"),
    };
    Finding::new(rule, format!("a record before this one has {what}"))
}

fn remember(head: &Head, content: Key) -> Known {
    let payload = head.fields.get("WARC-Payload-Digest").map(|said| match Digest::parse(said) {
        Ok(digest) => key::of_digest(&digest),
        Err(_) => key(&[said]),
    });
    Known {
        uri: key(&[head.target_uri().unwrap_or_default()]),
        date: key::of_date(head.date().unwrap_or_default()),
        payload,
        content,
        ip: head.fields.get("WARC-IP-Address").and_then(|ip| ip.parse().ok()).map_or(0, address),
        role: match head.record_type() {
            RecordType::WarcInfo => Role::Info,
            RecordType::Request => Role::Request,
            RecordType::Response | RecordType::Resource | RecordType::Conversion => Role::Content,
            _ => Role::Other,
        },
        by_wget: head.target_uri().is_some_and(|uri| uri.starts_with(WGET)),
    }
}

/// Stands for an address, however it is written.
fn address(ip: IpAddr) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = key(&[&ip.to_canonical().to_string()]);
    u64::from_le_bytes([a, b, c, d, e, f, g, h]).max(1)
}

impl Reference {
    fn new(kind: Kind, head: &Head, from: Known) -> Self {
        let said = |field| head.fields.get(field).map(bare_uri);
        Self {
            kind,
            from,
            said_uri: said("WARC-Refers-To-Target-URI").map(|uri| key(&[uri])),
            said_date: said("WARC-Refers-To-Date").map(key::of_date),
            warcinfo: said("WARC-Warcinfo-ID").map(key::of_id),
        }
    }

    /// In what the two records disagree.
    fn compare(&self, target: &Known) -> impl Iterator<Item = (&'static Rule, &'static str)> + use<> {
        let fits = match self.kind {
            Kind::Warcinfo => target.role == Role::Info,
            Kind::Revisits | Kind::Converts => matches!(target.role, Role::Content | Role::Other),
            Kind::Concurrent | Kind::Refers => true,
        };
        let said =
            if fits { self.differences(target) } else { vec![(&rules::REFERENT_KIND, self.kind.misfit())] };
        said.into_iter()
    }

    fn differences(&self, target: &Known) -> Vec<(&'static Rule, &'static str)> {
        let mut out = Vec::new();
        let from = &self.from;
        match self.kind {
            Kind::Concurrent if from.uri != target.uri => out.push((
                &rules::PARTNERS_DISAGREE,
                "WARC-Target-URI differs from that of the record it is concurrent to",
            )),
            Kind::Concurrent if from.date != target.date => out.push((
                &rules::PARTNERS_DISAGREE,
                "WARC-Date differs from that of the record it is concurrent to",
            )),
            Kind::Concurrent if from.ip != target.ip && from.ip != 0 && target.ip != 0 => out.push((
                &rules::PARTNERS_DISAGREE,
                "WARC-IP-Address differs from that of the record it is concurrent to",
            )),
            Kind::Converts if from.uri != target.uri => out.push((
                &rules::REFERENT_DISAGREES,
                "WARC-Target-URI differs from that of the record that this one was made of",
            )),
            Kind::Revisits => {
                let differs = |said: Option<Key>, is: Key| said.is_some_and(|said| said != is);
                if differs(self.said_uri, target.uri) {
                    out.push((&rules::REFERENT_DISAGREES, "WARC-Refers-To-Target-URI is not the referent's"));
                }
                if differs(self.said_date, target.date) {
                    out.push((&rules::REFERENT_DISAGREES, "WARC-Refers-To-Date is not the referent's"));
                }
                if from.payload.zip(target.payload).is_some_and(|(ours, theirs)| ours != theirs) {
                    out.push((&rules::REVISIT_PAYLOAD, "the payload digest is not the referent's"));
                }
            }
            _ => {}
        }
        out
    }
}

impl Waiting {
    fn say(&self, rule: &'static Rule, message: &str) -> Finding {
        let mut finding = Finding::new(rule, message);
        (finding.file, finding.offset) = (self.finding.file.clone(), self.finding.offset);
        finding.record.clone_from(&self.finding.record);
        finding
    }
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
            let mut head = head(text);
            head.offset = codes.len() as u64 + text.len() as u64;
            codes.extend(references.see("f", &head, key(&[text])).iter().map(|f| f.code));
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
    fn a_revisit_that_names_no_id_finds_its_referent_by_uri_and_date() {
        let revisit = A.replace("response", "revisit").replace("urn:x:a", "urn:x:b")
            + "WARC-Refers-To-Target-URI: http://a/\r\nWARC-Refers-To-Date: 2020-01-01T00:00:00Z\r\n";
        assert!(run(&[A, &revisit]).is_empty());
        assert!(run(&[&revisit, A]).is_empty());
        let exact = A.replace("00:00Z", "00:00.123Z");
        assert!(run(&[&exact, &revisit]).is_empty(), "an index tells seconds");
        let other = revisit.replace("To-Date: 2020-01-01T00:00:00Z", "To-Date: 2020-01-01T00:00:00.5Z");
        assert_eq!(run(&[&exact, &other]), ["unresolved-reference"]);
        assert_eq!(run(&[&revisit]), ["unresolved-reference"]);
        assert_eq!(run(&[A, &revisit.replace("To-Date: 2020", "To-Date: 2019")]), ["unresolved-reference"]);
        assert_eq!(run(&[A, &revisit.replace("sha1:AA", "sha1:BA")]), ["revisit-payload"]);
        let twice = A.replace("urn:x:a", "urn:x:c").replace("sha1:AA", "sha1:BA");
        assert!(run(&[&twice, &revisit, A]).is_empty(), "one of two that are there is enough");
        let metadata = A.replace("response", "metadata");
        assert_eq!(run(&[&metadata, &revisit]), ["unresolved-reference"], "it must have a payload");
    }

    #[test]
    fn addresses_of_partners_and_the_uri_of_a_conversion_are_compared() {
        let at = |ip: &str| format!("{A}WARC-IP-Address: {ip}\r\n");
        let partner = |ip: &str| at(ip).replace("urn:x:a", "urn:x:b") + "WARC-Concurrent-To: <urn:x:a>\r\n";
        assert_eq!(run(&[&at("192.0.2.1"), &partner("192.0.2.2")]), ["partners-disagree"]);
        assert!(run(&[&at("2001:db8::1"), &partner("2001:DB8:0::1")]).is_empty());
        assert!(run(&[A, &partner("192.0.2.2")]).is_empty());
        let conversion = A.replace("response", "conversion").replace("urn:x:a", "urn:x:b")
            + "WARC-Refers-To: <urn:x:a>\r\n";
        assert!(run(&[A, &conversion]).is_empty());
        assert_eq!(run(&[A, &conversion.replace("http://a/", "http://b/")]), ["referent-disagrees"]);
    }

    #[test]
    fn what_a_field_names_is_of_a_type_that_it_can_mean() {
        let info = "WARC-Type: warcinfo\r\nWARC-Record-ID: <urn:x:w>\r\n";
        let request = A.replace("response", "request").replace("urn:x:a", "urn:x:b");
        let revisit = A.replace("response", "revisit").replace("urn:x:a", "urn:x:c");
        let with = |text: &str, field: &str, id: &str| format!("{text}{field}: <urn:x:{id}>\r\n");
        assert!(run(&[info, &with(A, "WARC-Warcinfo-ID", "w")]).is_empty());
        assert_eq!(run(&[&request, &with(A, "WARC-Warcinfo-ID", "b")]), ["referent-kind"]);
        assert_eq!(run(&[&request, &with(&revisit, "WARC-Refers-To", "b")]), ["referent-kind"]);
        assert!(run(&[A, &with(&revisit, "WARC-Refers-To", "a")]).is_empty());
        assert_eq!(run(&[&with(A, "WARC-Concurrent-To", "a")]), ["referent-kind"]);
    }

    #[test]
    fn a_record_that_its_capture_knows_and_that_is_nowhere_is_gone() {
        let info = "WARC-Type: warcinfo\r\nWARC-Record-ID: <urn:x:w>\r\n";
        let under = "WARC-Warcinfo-ID: <urn:x:w>\r\n";
        let request = A.replace("response", "request").replace("urn:x:a", "urn:x:b")
            + "WARC-Concurrent-To: <urn:x:a>\r\n"
            + under;
        let metadata = A.replace("response", "metadata").replace("urn:x:a", "urn:x:c")
            + "WARC-Refers-To: <urn:x:a>\r\n"
            + under;
        let unresolved = ["unresolved-reference"; 2];
        let gone = |heads: &[&str]| {
            let mut codes = run(heads);
            codes.sort_unstable();
            codes
        };
        assert_eq!(gone(&[info, &request, &metadata]), ["referent-gone", unresolved[0], unresolved[1]]);
        assert_eq!(gone(&[info, &request]), unresolved[..1], "a browser's request without an answer");
        assert_eq!(gone(&[info, &metadata, &metadata.replace("urn:x:c", "urn:x:d")]), unresolved);
        let elsewhere = metadata.replace("http://a/", "http://b/");
        assert_eq!(gone(&[info, &request, &elsewhere]), unresolved, "another URI's");
        assert_eq!(gone(&[&request, &metadata]).len(), 4, "an excerpt: its warcinfo is not here either");
        assert!(gone(&[info, &request, &metadata, A]).is_empty());
    }

    #[test]
    fn a_record_stands_for_the_one_that_it_came_from() {
        let request = A.replace("response", "request").replace("urn:x:a", "urn:x:b")
            + "WARC-Concurrent-To: <urn:x:a>\r\n";
        let mended = A.replace("urn:x:a", "urn:x:c") + "WARC-Previous-Record-ID: <urn:x:a>\r\n";
        assert!(run(&[&mended, &request]).is_empty());
        assert!(run(&[&request, &mended]).is_empty());
    }

    #[test]
    fn one_id_twice_is_graded_by_content() {
        assert_eq!(run(&[A, A]), ["record-id-duplicate"]);
        assert_eq!(run(&[A, &A.replace("http://a/", "http://b/")]), ["record-id-reused"]);
        let wget = A.replace("http://a/", "metadata://gnu.org/software/wget/warc/MANIFEST.txt");
        assert_eq!(run(&[&wget, &wget.replace("MANIFEST", "wget_arguments")]), ["record-id-duplicate"]);
    }
}
