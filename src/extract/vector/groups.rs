//! What stands in a page again and again: posts, comments, cards, and what is inside them.

use super::{Mass, Row, WIDTH, get};
use crate::extract::features::Known;

/// Sums over what repeats.
pub(super) struct Groups {
    chars: Vec<f32>,
    prose: Vec<f32>,
    linked: Vec<f32>,
    heads: Vec<f32>,
    prices: Vec<f32>,
    moments: Vec<f32>,
    images: Vec<f32>,
    headings: Vec<f32>,
    /// The group with most text.
    leading: u32,
}

impl Groups {
    pub(super) fn of(known: &Known, mass: &Mass) -> Self {
        let total = |sums: &[f32]| known.kin.totals(sums);
        let chars = total(&mass.chars);
        let groups = known.units.iter().flatten().map(|(unit, _)| known.kin.group(*unit));
        let leading = groups.max_by(|a, b| get(&chars, *a).total_cmp(&get(&chars, *b)).then(b.cmp(a)));
        Self {
            leading: leading.unwrap_or_default(),
            chars,
            prose: total(&mass.prose),
            linked: total(&mass.linked),
            heads: total(&mass.heads),
            prices: total(&mass.prices),
            moments: total(&mass.moments),
            images: total(&mass.images),
            headings: total(&mass.headings),
        }
    }

    /// The repeated element that the block stands in: how many there are and what they hold.
    pub(super) fn write(&self, row: &mut Row<WIDTH>, known: &Known, at: usize, mass: &Mass) {
        let Some((unit, up)) = known.units.get(at).copied().flatten() else {
            (0..15).for_each(|_| row.put(-1.0));
            return;
        };
        let group = known.kin.group(unit);
        let size = known.kin.size(group) as f32;
        let chars = get(&self.chars, group);
        row.put(up as f32);
        row.log(size);
        row.log(get(&mass.chars, unit));
        row.log(chars / size.max(1.0));
        row.put(chars / get(&mass.chars, 0).max(1.0));
        row.put(get(&self.prose, group) / chars.max(1.0));
        row.put(get(&self.linked, group) / chars.max(1.0));
        row.put(get(&self.heads, group) / size.max(1.0));
        row.put(get(&self.prose, group) / get(&mass.prose, 0).max(1.0));
        row.put(known.kin.place(unit).min(50) as f32);
        self.each(row, group, size);
        row.flag(group == self.leading);
    }
}

impl Groups {
    /// What a member of a group holds on average: cards have prices and images, posts have moments.
    fn each(&self, row: &mut Row<WIDTH>, group: u32, size: f32) {
        for sums in [&self.prices, &self.moments, &self.images, &self.headings] {
            row.put(get(sums, group) / size.max(1.0));
        }
    }

    /// The page's leading group: a thread's posts, a shop's cards, or nothing much.
    pub(super) fn lead(&self, row: &mut Row<WIDTH>, known: &Known, mass: &Mass) {
        let size = known.kin.size(self.leading) as f32;
        let chars = get(&self.chars, self.leading);
        row.log(size);
        row.put(chars / get(&mass.chars, 0).max(1.0));
        row.put(get(&self.prose, self.leading) / chars.max(1.0));
        self.each(row, self.leading, size);
    }
}
