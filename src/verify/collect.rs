//! Findings, bounded: a file with a million of one kind is told in a thousand lines and a number.

use crate::finding::Finding;
use std::collections::BTreeMap;

/// Findings of one code kept for one file.
const KEPT: u64 = 1000;

/// All findings so far.
#[derive(Debug, Default)]
pub(super) struct Collector {
    kept: Vec<Finding>,
    seen: BTreeMap<(String, &'static str), Surplus>,
}

#[derive(Debug)]
struct Surplus {
    count: u64,
    last: Finding,
}

impl Collector {
    /// Takes findings in; those without a file get `file`.
    pub(super) fn extend(&mut self, file: &str, findings: impl IntoIterator<Item = Finding>) {
        for mut finding in findings {
            if finding.file.is_empty() {
                file.clone_into(&mut finding.file);
            }
            self.push(finding);
        }
    }

    fn push(&mut self, finding: Finding) {
        let key = (finding.file.clone(), finding.code);
        let surplus = self.seen.entry(key).or_insert_with(|| Surplus { count: 0, last: finding.clone() });
        surplus.count += 1;
        if surplus.count <= KEPT {
            self.kept.push(finding);
        } else {
            surplus.last = finding;
        }
    }

    /// All that were kept, and one for each kind that was cut.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        for ((_, code), surplus) in self.seen {
            if surplus.count > KEPT {
                let mut finding = surplus.last;
                finding.record = None;
                finding.message =
                    format!("{} more findings {code} up to here are not listed", surplus.count - KEPT);
                self.kept.push(finding);
            }
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::finding::rules;

    #[test]
    fn a_million_findings_are_a_thousand_and_a_number() {
        let mut collector = Collector::default();
        let many = (0..5000).map(|n| Finding::new(&rules::JUNK, "x").at(n));
        collector.extend("f", many);
        collector.extend("f", [Finding::new(&rules::SEPARATOR, "y")]);
        let findings = collector.finish();
        assert_eq!(findings.len(), 1002);
        let last = findings.last().unwrap();
        assert_eq!(
            (last.message.as_str(), last.offset),
            ("4000 more findings junk up to here are not listed", Some(4999))
        );
        assert!(last.is_error());
    }
}
