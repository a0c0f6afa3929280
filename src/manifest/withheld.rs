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
    fn its_leaf_is_the_one_of_the_line_that_it_stands_for() {
        let withheld = Withheld { seq: 0, leaf: leaf_hash(b"secret") };
        let text = format!("{}\n", withheld.line());
        let line = Lines::new(text.as_bytes()).next_line().unwrap().unwrap();
        assert_eq!((line.leaf(), line.entry.unwrap().body), (leaf_hash(b"secret"), Body::Withheld));
    }
}
