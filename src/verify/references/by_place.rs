//! Revisits that name no id, as an index knows records: by the URI and the second of their referent.

use super::{Key, Kind, Known, Reference, Role, Waiting};
use crate::finding::{Finding, Severity, rules};
use crate::verify::fields::place;
use crate::verify::key;
use crate::warc::{Head, bare_uri};
use std::collections::HashMap;

/// Those seen so far. They are looked at when all records are known.
#[derive(Default)]
pub(super) struct Places(HashMap<(Key, Key), Vec<ByPlace>>);

impl Places {
    pub(super) fn refer(&mut self, file: &str, head: &Head, from: Known) {
        let reference = Reference::new(Kind::Revisits, head, from);
        let (Some(uri), Some(date)) = (reference.said_uri, reference.said_date) else { return };
        let said = |field| head.fields.get(field).map(bare_uri).unwrap_or_default();
        let message = format!(
            "WARC-Refers-To-Target-URI names {} of {}, which is not among the inputs",
            said("WARC-Refers-To-Target-URI"),
            said("WARC-Refers-To-Date")
        );
        let finding = place(Finding::new(&rules::UNRESOLVED, message), head).in_file(file);
        let waiting = ByPlace { waiting: Waiting { reference, finding }, met: Met::None };
        self.0.entry((uri, key::to_seconds(date))).or_default().push(waiting);
    }

    /// What is to be said of them.
    pub(super) fn findings<'a>(
        mut self,
        known: impl Iterator<Item = &'a Known>,
        severity: Severity,
    ) -> Vec<Finding> {
        for target in known.filter(|known| known.role == Role::Content) {
            let there = self.0.get_mut(&(target.uri, key::to_seconds(target.date)));
            there.into_iter().flatten().for_each(|revisit| revisit.meet(target));
        }
        self.0.into_values().flatten().filter_map(|revisit| revisit.finding(severity)).collect()
    }
}

/// A revisit that names its referent by URI and date alone (WARC/1.1 §6.7.2), as an index knows it.
struct ByPlace {
    waiting: Waiting,
    met: Met,
}

/// Which record was found where a revisit's referent should be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Met {
    None,
    OtherPayload,
    Referent,
}

impl ByPlace {
    fn meet(&mut self, target: &Known) {
        let reference = &self.waiting.reference;
        // A date that tells no fraction of a second leaves it open.
        let is_date = |said| said == target.date || said == key::to_seconds(target.date);
        if !reference.said_date.is_some_and(is_date) {
            return;
        }
        let differs = reference.from.payload.zip(target.payload).is_some_and(|(ours, theirs)| ours != theirs);
        self.met = self.met.max(if differs { Met::OtherPayload } else { Met::Referent });
    }

    fn finding(self, severity: Severity) -> Option<Finding> {
        match self.met {
            Met::Referent => None,
            Met::OtherPayload => {
                Some(self.waiting.say(&rules::REVISIT_PAYLOAD, "the payload digest is not the referent's"))
            }
            Met::None => Some(self.waiting.finding.graded(severity)),
        }
    }
}
