//! Level 3: who vouches for a log's checkpoint (since when, says [`stamps`]). Only keys that the user named convince, and only checkpoints that the user
//! holds are expected; what a package brings along is claimed.

use super::ladder::Evidence;
use super::log::Told;
use super::package::open;
use super::stamps::{self, Stamp};
use super::{Options, Verification, auth, ssh};
use crate::finding::{Finding, rules};
use crate::manifest::{Checkpoint, Hash, read_checkpoint};
use crate::package::survey::CHECKPOINT_LIMIT;
use crate::package::{Package, layout};
use crate::vouch::{self, Note, Signature};
use data_encoding::HEXLOWER;
use std::collections::BTreeSet;
use std::io::{self, Read};

/// A checkpoint that somebody kept elsewhere, to see that the log only grew since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// As it is named in findings: its file.
    pub name: String,
    /// The log's.
    pub origin: String,
    /// Lines.
    pub size: u64,
    /// Their root.
    pub root: [u8; 32],
}

impl Held {
    /// Reads one, signatures behind it or not.
    ///
    /// # Errors
    /// Bytes that are no checkpoint.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, vouch::Error> {
        let point = read_checkpoint(bytes).ok_or(vouch::Error::Note("it has not origin, size and root"))?;
        let (origin, root) = (point.origin().to_owned(), point.hash().0);
        Ok(Self { name: name.to_owned(), origin, size: point.size(), root })
    }
}

/// What a package holds around its log.
#[derive(Debug, Default)]
pub(super) struct Envelopes {
    pub(super) checkpoint: Option<Vec<u8>>,
    /// Checkpoints of earlier sessions.
    pub(super) earlier: Vec<Earlier>,
    /// Time-stamps over any of them.
    stamps: Vec<Stamp>,
}

/// `checkpoint-SIZE`.
#[derive(Debug)]
pub(super) struct Earlier {
    path: String,
    size: u64,
    bytes: Vec<u8>,
    point: Option<Checkpoint>,
}

impl Earlier {
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

impl Envelopes {
    /// The note that a file says by its name that it is over: the present one, or that of a size.
    pub(super) fn note(&self, size: Option<u64>) -> Option<Note> {
        let bytes = match size {
            None => self.checkpoint.as_deref(),
            Some(size) => {
                self.earlier.iter().find(|earlier| earlier.size == size).map(|e| e.bytes.as_slice())
            }
        };
        Note::parse(bytes?).ok()
    }

    pub(super) fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    pub(super) fn of(package: &Package) -> io::Result<Self> {
        let checkpoint = content(package, layout::CHECKPOINT)?;
        let mut earlier = Vec::new();
        for member in package.members() {
            let Some(size) = layout::earlier_size(&member.path) else { continue };
            let bytes = content(package, &member.path)?.unwrap_or_default();
            let point = read_checkpoint(&bytes);
            earlier.push(Earlier { path: member.path.clone(), size, bytes, point });
        }
        Ok(Self { checkpoint, earlier, stamps: stamps::of(package)? })
    }
}

/// True for the log itself and for what vouches for it: these bind the other files, and are checked or claimed by themselves.
pub(super) fn is_provenance(path: &str) -> bool {
    [layout::MANIFEST, layout::LEAVES].contains(&path) || layout::is_envelope(path)
}

pub(super) fn content(package: &Package, path: &str) -> io::Result<Option<Vec<u8>>> {
    let Some(reader) = open(package, path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    reader.take(CHECKPOINT_LIMIT).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Holds what vouches for a package's log against the log, and against what the user named.
pub(super) fn check(
    run: &mut Verification,
    package: &Package,
    envelopes: &Envelopes,
    told: &Told,
) -> io::Result<()> {
    let mut findings = earlier(package, &envelopes.earlier, told);
    findings.extend(envelopes.earlier.iter().flat_map(|earlier| vouched_earlier(run, package, earlier)));
    let Verification { options, evidence, .. } = run;
    let (mut held, about) = ssh::check(package, options, evidence, envelopes)?;
    // In a file of its own, which no time-stamp covers.
    evidence.late_signature |= held;
    let (noticed, timed) = stamps::check(options, evidence, package, envelopes, told);
    let (by_auth, signed) = auth::check(package, options, evidence)?;
    held |= by_auth;
    findings.extend(about.into_iter().chain(noticed).chain(signed));
    // One that cannot be read has its finding.
    if let Some(bytes) = envelopes.checkpoint.as_deref()
        && let Some(point) = read_checkpoint(bytes)
    {
        let name = package.member_name(layout::CHECKPOINT);
        let (by_note, signatures) = signatures(options, evidence, bytes, &timed);
        held |= by_note;
        let about = expected(options, evidence, &point, told).into_iter().chain(signatures);
        findings.extend(about.map(|finding| finding.in_file(&name)));
    }
    let sound = findings.iter().all(|finding| !finding.is_error() || finding.level != 3);
    evidence.signed += u64::from(held && sound);
    run.findings.extend(package.name(), findings);
    Ok(())
}

/// The checkpoints of earlier sessions are of the log that this one went on with.
fn earlier(package: &Package, earlier: &[Earlier], told: &Told) -> Vec<Finding> {
    let wrong = |earlier: &&Earlier| {
        let root = told.roots.get(&earlier.size);
        !earlier.point.as_ref().is_some_and(|p| p.size() == earlier.size && Some(p.hash()) == root)
    };
    let finding = |earlier: &Earlier| {
        let message = format!("the log's first {} lines do not give this checkpoint's root", earlier.size);
        Finding::new(&rules::CHECKPOINT_EARLIER, message).in_file(package.member_name(&earlier.path))
    };
    earlier.iter().filter(wrong).map(finding).collect()
}

/// Who of those that were named vouched for an earlier state.
fn vouched_earlier(run: &mut Verification, package: &Package, earlier: &Earlier) -> Vec<Finding> {
    let Ok(note) = Note::parse(&earlier.bytes) else { return Vec::new() };
    let Verification { options, evidence, .. } = run;
    let mut about = |signature: &Signature| {
        let key = options.keys.iter().find(|key| key.is_of(signature))?;
        let (who, size) = (who(signature), earlier.size);
        let finding = match key.verifies(note.text(), signature) {
            true => {
                let message = format!("the log's first {size} lines are vouched for by {who}");
                evidence.earlier.insert(message.clone());
                Finding::new(&rules::SIGNATURE_EARLIER, message)
            }
            false => Finding::new(&rules::SIGNATURE_BAD, bad(&who)),
        };
        Some(finding.in_file(package.member_name(&earlier.path)))
    };
    note.signatures().iter().filter_map(&mut about).collect()
}

fn who(signature: &Signature) -> String {
    format!("{} ({})", signature.name, HEXLOWER.encode(&signature.id))
}

fn bad(who: &str) -> String {
    format!("the signature by {who}, which you named, is not over this checkpoint")
}

/// The log contains what the user holds of it.
fn expected(options: &Options, evidence: &mut Evidence, point: &Checkpoint, told: &Told) -> Vec<Finding> {
    evidence.origins.insert(point.origin().to_owned());
    let own = options.expected.iter().filter(|held| held.origin == point.origin());
    let wrong = own.filter(|held| told.roots.get(&held.size) != Some(&Hash(held.root)));
    let finding = |held: &Held| {
        if told.partial && held.size < point.size() && !told.roots.contains_key(&held.size) {
            let message = format!(
                "nothing here shows that the log went on with {}; `fonds prove --since {}` makes what does",
                held.name, held.name
            );
            return Finding::new(&rules::CHECKPOINT_UNSHOWN, message);
        }
        let message = match held.size > point.size() {
            true => format!(
                "{} is of {} lines; here are {}: the log was cut back",
                held.name,
                held.size,
                point.size()
            ),
            false => format!("the log's first {} lines do not give the root of {}", held.size, held.name),
        };
        Finding::new(&rules::CHECKPOINT_EXPECTED, message)
    };
    wrong.map(finding).collect()
}

/// The log of a capture that has not ended contains what the user holds of it.
pub(super) fn of_unfinished(options: &Options, evidence: &mut Evidence, told: &Told) -> Vec<Finding> {
    let Some(origin) = &told.origin else { return Vec::new() };
    evidence.origins.insert(origin.clone());
    let own = options.expected.iter().filter(|held| held.origin == *origin);
    let wrong = own.filter(|held| told.roots.get(&held.size) != Some(&Hash(held.root)));
    let finding = |held: &Held| {
        let message = format!("the log's lines so far do not give the root of {}", held.name);
        Finding::new(&rules::CHECKPOINT_EXPECTED, message)
    };
    wrong.map(finding).collect()
}

/// Checkpoints that the user holds of logs which are not among the inputs.
pub(super) fn unseen(options: &Options, evidence: &Evidence) -> Vec<Finding> {
    let unseen = options.expected.iter().filter(|held| !evidence.origins.contains(&held.origin));
    let finding = |held: &Held| {
        let message = format!("no log here has the origin {:?} of this checkpoint", held.origin);
        Finding::new(&rules::CHECKPOINT_EXPECTED, message).in_file(&held.name)
    };
    unseen.map(finding).collect()
}

/// Who signed: those that were named are checked, the others are claimed. `timed` are those that a time-stamp covers.
fn signatures(
    options: &Options,
    evidence: &mut Evidence,
    bytes: &[u8],
    timed: &BTreeSet<String>,
) -> (bool, Vec<Finding>) {
    let note = match Note::parse(bytes) {
        Ok(note) => note,
        Err(error) => return (false, vec![Finding::new(&rules::NOTE_INVALID, error.to_string())]),
    };
    let (mut findings, mut held) = (Vec::new(), false);
    for signature in note.signatures() {
        let who = who(signature);
        match options.keys.iter().find(|key| key.is_of(signature)) {
            Some(key) if key.verifies(note.text(), signature) => {
                held = true;
                evidence.late_signature |= !timed.contains(&who);
                evidence.signers.insert(format!("{who}, Ed25519 key with SHA-256 {}", key.fingerprint()));
            }
            Some(_) => {
                findings.push(Finding::new(&rules::SIGNATURE_BAD, bad(&who)));
            }
            None => {
                findings
                    .push(Finding::new(&rules::SIGNATURE_CLAIMED, format!("claimed to be signed by {who}")));
                evidence.claimed.insert(who);
            }
        }
    }
    (held, findings)
}
