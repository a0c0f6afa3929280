//! A line whose content its holder keeps back: its place and its leaf stay, so that the rest can still be held against the
//! tree. The salt in every line keeps its content from being guessed by its hash.

use data_encoding::HEXLOWER;
use tlog_tiles::Hash;

const HEAD: &str = "{\"leaf\":\"";
const MIDDLE: &str = "\",\"seq\":";
const TAIL: &str = ",\"type\":\"withheld\"}";

/// What stands in place of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Withheld {
    /// The line's number.
    pub seq: u64,
    /// Its leaf hash.
    pub leaf: Hash,
}

impl Withheld {
    /// The line without its LF: `{"leaf":"…","seq":9,"type":"withheld"}`.
    pub fn line(&self) -> String {
        format!("{HEAD}{}{MIDDLE}{}{TAIL}", HEXLOWER.encode(&self.leaf.0), self.seq)
    }

    /// Reads such a line; `None` for any other, and for one that is written in another way.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let rest = line.strip_prefix(HEAD.as_bytes())?.strip_suffix(TAIL.as_bytes())?;
        let (hex, rest) = rest.split_at_checked(64)?;
        let seq = std::str::from_utf8(rest.strip_prefix(MIDDLE.as_bytes())?).ok()?.parse().ok()?;
        let withheld = Self { seq, leaf: Hash(HEXLOWER.decode(hex).ok()?.try_into().ok()?) };
        (withheld.line().as_bytes() == line).then_some(withheld)
    }
}

/// Numbers of lines, as runs of them that are apart and in order: first and last of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs(Vec<(u64, u64)>);

impl Runs {
    /// The next number; they come in order.
    pub fn push(&mut self, number: u64) {
        match self.0.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => self.0.push((number, number)),
        }
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// True for one of them.
    pub fn contains(&self, number: u64) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, last)| number <= *last)
    }

    /// The numbers, one by one.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// First and last of each run.
    pub fn to_vec(&self) -> Vec<(u64, u64)> {
        self.0.clone()
    }
}

impl FromIterator<(u64, u64)> for Runs {
    /// Of runs in any order; those that end before they begin are none.
    fn from_iter<T: IntoIterator<Item = (u64, u64)>>(runs: T) -> Self {
        let mut sorted: Vec<_> = runs.into_iter().filter(|(first, last)| first <= last).collect();
        sorted.sort_unstable();
        let mut out: Vec<(u64, u64)> = Vec::new();
        for (first, last) in sorted {
            match out.last_mut() {
                Some((_, end)) if first <= *end => *end = last.max(*end),
                _ => out.push((first, last)),
            }
        }
        Self(out)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Body, Lines, leaf_hash};
    use super::*;

    #[test]
    fn only_its_own_form_is_read() {
        let withheld = Withheld { seq: 9, leaf: leaf_hash(b"secret") };
        let line = withheld.line();
        assert_eq!(Withheld::parse(line.as_bytes()), Some(withheld));
        for other in [
            line.replace(":9", ":09"),
            line.replace(":9", ":+9"),
            line.replace('{', "{ "),
            line.to_uppercase(),
            format!("{line}\n"),
            line.replace("\"}", "\",\"v\":1}"),
        ] {
            assert_eq!(Withheld::parse(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn runs_hold_what_was_put_into_them() {
        let mut runs = Runs::default();
        [3, 4, 5, 9].into_iter().for_each(|number| runs.push(number));
        assert_eq!((runs.to_vec(), runs.count()), (vec![(3, 5), (9, 9)], 4));
        assert_eq!(
            (0..12).filter(|n| runs.contains(*n)).collect::<Vec<_>>(),
            runs.numbers().collect::<Vec<_>>()
        );
        let merged: Runs = [(9, 20), (4, 5), (5, 6), (7, 2), (0, u64::MAX)].into_iter().collect();
        assert_eq!(merged.to_vec(), [(0, u64::MAX)]);
        assert!(merged.contains(u64::MAX));
    }

    #[test]
    fn its_leaf_is_the_one_of_the_line_that_it_stands_for() {
        let withheld = Withheld { seq: 0, leaf: leaf_hash(b"secret") };
        let text = format!("{}\n", withheld.line());
        let line = Lines::new(text.as_bytes()).next_line().unwrap().unwrap();
        assert_eq!((line.leaf(), line.entry.unwrap().body), (leaf_hash(b"secret"), Body::Withheld));
    }
}
