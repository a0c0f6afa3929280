//! Lines that a copy of a log keeps back, and the redaction entries that say so.

/// Runs of line numbers, first and last of each.
#[derive(Debug, Default)]
pub(super) struct Withheld {
    seen: Vec<(u64, u64)>,
    announced: Vec<(u64, u64)>,
}

impl Withheld {
    /// The next line that is withheld; they come in order.
    pub(super) fn see(&mut self, seq: u64) {
        match self.seen.last_mut() {
            Some((_, last)) if *last + 1 == seq => *last = seq,
            _ => self.seen.push((seq, seq)),
        }
    }

    /// What a redaction says it withheld.
    pub(super) fn announce(&mut self, runs: Vec<(u64, u64)>) {
        self.announced.extend(runs);
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.seen.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Those that no redaction speaks of.
    pub(super) fn unannounced(&self) -> Vec<u64> {
        let announced = merged(&self.announced);
        let told = |seq: &u64| {
            let after = announced.partition_point(|(first, _)| first <= seq);
            after.checked_sub(1).and_then(|at| announced.get(at)).is_some_and(|(_, last)| seq <= last)
        };
        self.seen.iter().flat_map(|(first, last)| *first..=*last).filter(|seq| !told(seq)).collect()
    }
}

/// The same numbers in runs that are apart and in order.
fn merged(runs: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut sorted: Vec<_> = runs.iter().copied().filter(|(first, last)| first <= last).collect();
    sorted.sort_unstable();
    let mut out: Vec<(u64, u64)> = Vec::new();
    for (first, last) in sorted {
        match out.last_mut() {
            Some((_, end)) if first <= *end => *end = last.max(*end),
            _ => out.push((first, last)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_redaction_names_is_told() {
        let mut withheld = Withheld::default();
        [3, 4, 5, 9].into_iter().for_each(|seq| withheld.see(seq));
        assert_eq!((withheld.count(), withheld.unannounced()), (4, vec![3, 4, 5, 9]));
        withheld.announce(vec![(9, 20), (4, 5)]);
        assert_eq!(withheld.unannounced(), [3]);
        withheld.announce(vec![(0, 3)]);
        assert!(withheld.unannounced().is_empty());
    }
}
