//! URLs that came up lately: most links of a page lead to where others led already.

use super::store::Key;

/// Places; each holds 17 bytes.
const PLACES: usize = 1 << 17;

/// For each place the last key that fell on it, and the strongest reason it came for.
#[derive(Debug)]
pub(super) struct Recent {
    places: Vec<(Key, u8)>,
}

impl Default for Recent {
    fn default() -> Self {
        Self { places: vec![(Key::default(), 0); PLACES] }
    }
}

impl Recent {
    /// Left out by a rule.
    pub(super) const LEFT_OUT: u8 = 1;
    /// A link leads there.
    pub(super) const LINK: u8 = 2;
    /// It was named, or a page needs it.
    pub(super) const NEEDED: u8 = 3;

    /// Whether this key came lately for a reason at least as strong.
    pub(super) fn knows(&self, key: &Key, weight: u8) -> bool {
        self.places.get(place(key)).is_some_and(|(known, strongest)| known == key && *strongest >= weight)
    }

    /// Whether this key came lately for a reason at least as strong; from now on it has.
    pub(super) fn holds(&mut self, key: &Key, weight: u8) -> bool {
        let Some((known, strongest)) = self.places.get_mut(place(key)) else { return false };
        if known != key {
            (*known, *strongest) = (*key, weight);
            return false;
        }
        let held = *strongest >= weight;
        *strongest = (*strongest).max(weight);
        held
    }
}

fn place(key: &Key) -> usize {
    let [a, b, c, ..] = *key;
    u32::from_le_bytes([a, b, c, 0]) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stronger_reason_is_news() {
        let mut recent = Recent::default();
        let key = [7; 16];
        assert!(!recent.holds(&key, Recent::LINK));
        assert!(recent.holds(&key, Recent::LINK) && recent.holds(&key, Recent::LEFT_OUT));
        assert!(!recent.holds(&key, Recent::NEEDED) && recent.holds(&key, Recent::NEEDED));
        assert!(!recent.holds(&[8; 16], Recent::LINK));
    }
}
