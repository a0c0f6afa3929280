//! The trained block model: a small ensemble of decision trees whose weights ship in the binary.
//!
//! `train.py` beside this file makes `first.bin` from labelled pages and tells on which. The file is: `FBM1`, the width of a row and
//! the number of trees (u16 each, little endian); then for each tree the number of its splits (u16), the
//! splits (feature u8, threshold f32, left and right i16: a split, or `-1 - leaf`), and one f32 a leaf.

use std::sync::OnceLock;

use super::vector::WIDTH;

/// Log-odds of a block being the article's, by its row alone.
pub(super) fn first() -> &'static Ensemble {
    static MODEL: OnceLock<Ensemble> = OnceLock::new();
    MODEL.get_or_init(|| {
        Ensemble::read(include_bytes!("first.bin")).filter(|model| model.width == WIDTH).unwrap_or_default()
    })
}

/// The trees of one stage.
#[derive(Debug, Default)]
pub(super) struct Ensemble {
    width: usize,
    trees: Vec<Tree>,
}

#[derive(Debug)]
struct Tree {
    splits: Vec<Split>,
    leaves: Vec<f32>,
}

#[derive(Debug)]
struct Split {
    threshold: f32,
    feature: u8,
    left: i16,
    right: i16,
}

impl Ensemble {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes.strip_prefix(b"FBM1")?);
        let width = usize::from(bytes.u16()?);
        let count = bytes.u16()?;
        let trees = (0..count).map(|_| Tree::read(&mut bytes)).collect::<Option<_>>()?;
        Some(Self { width, trees })
    }

    /// The sum of all trees for a row: log-odds.
    pub(super) fn score(&self, row: &[f32]) -> f32 {
        self.trees.iter().map(|tree| tree.score(row)).sum()
    }
}

impl Tree {
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let count = bytes.u16()?;
        let splits = (0..count)
            .map(|_| {
                Some(Split {
                    feature: bytes.u8()?,
                    threshold: bytes.f32()?,
                    left: bytes.i16()?,
                    right: bytes.i16()?,
                })
            })
            .collect::<Option<_>>()?;
        let leaves = (0..=count).map(|_| bytes.f32()).collect::<Option<_>>()?;
        Some(Self { splits, leaves })
    }

    /// Children stand after their parent, so the walk ends; a damaged file's walk ends in 0.
    fn score(&self, row: &[f32]) -> f32 {
        let mut at = if self.splits.is_empty() { -1 } else { 0 };
        for _ in 0..=self.splits.len() {
            if at < 0 {
                return self.leaves.get((-1 - at) as usize).copied().unwrap_or_default();
            }
            let Some(split) = self.splits.get(at as usize) else { return 0.0 };
            let value = row.get(usize::from(split.feature)).copied().unwrap_or_default();
            at = if value <= split.threshold { split.left } else { split.right };
        }
        0.0
    }
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn i16(&mut self) -> Option<i16> {
        self.take().map(i16::from_le_bytes)
    }

    fn f32(&mut self) -> Option<f32> {
        self.take().map(f32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_weights_fit_the_rows_that_the_page_gives() {
        assert_eq!(first().width, WIDTH);
        assert!(!first().trees.is_empty());
    }

    #[test]
    fn a_tree_is_walked_as_written() {
        let mut file = b"FBM1".to_vec();
        file.extend([1u16, 1, 1].iter().flat_map(|number| number.to_le_bytes()));
        file.push(0);
        file.extend(0.5f32.to_le_bytes());
        file.extend([-1i16, -2].iter().flat_map(|number| number.to_le_bytes()));
        file.extend([-3.0f32, 4.0].iter().flat_map(|number| number.to_le_bytes()));
        let model = Ensemble::read(&file).unwrap();
        assert_eq!((model.score(&[0.5]), model.score(&[0.6])), (-3.0, 4.0));
        assert!(Ensemble::read(file.get(..20).unwrap()).is_none());
    }
}
