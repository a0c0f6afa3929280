//! The trained block model: two small ensembles of decision trees whose weights ship in the binary.
//!
//! The first reads a block's own row (`vector`), the second that row and what the first made of the
//! block's neighbours, kin and containers (`context`). `train.py` beside this file makes `blocks.bin` from
//! labelled pages and tells on which. The file holds `FBM2` and two ensembles, each: the width of a row and the
//! number of trees (u16 each, little endian); then for each tree the number of its splits (u8), the splits
//! (feature u16, threshold f32, left and right i8: a split, or `-1 - leaf`), and one f32 a leaf. A tree has at most 32 leaves.

use std::sync::OnceLock;

use super::{context, vector};

/// The weights that decide which blocks are the article. [`Model::shipped`] is in the library; others are made
/// by the training script.
#[derive(Debug, Default)]
pub struct Model {
    first: Ensemble,
    second: Ensemble,
}

impl Model {
    /// The weights in the library.
    pub fn shipped() -> &'static Self {
        static MODEL: OnceLock<Model> = OnceLock::new();
        MODEL.get_or_init(|| Self::read(include_bytes!("blocks.bin")).unwrap_or_default())
    }

    /// Reads a file of weights; none if it is damaged or made for other rows than this library's.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes.strip_prefix(b"FBM2")?);
        let first = Ensemble::read(&mut bytes)?;
        let second = Ensemble::read(&mut bytes)?;
        let fits = first.width == vector::WIDTH && second.width == context::WIDTH;
        fits.then_some(Self { first, second })
    }

    /// Log-odds of blocks being the article's, each by its row alone.
    pub(super) fn first(&self, rows: &[[f32; vector::WIDTH]]) -> Vec<f32> {
        self.first.scores(rows)
    }

    /// The same with the first scores of what stands around.
    pub(super) fn second(&self, rows: &[[f32; context::WIDTH]]) -> Vec<f32> {
        self.second.scores(rows)
    }
}

/// The trees of one stage.
#[derive(Debug, Default)]
struct Ensemble {
    width: usize,
    trees: Vec<Tree>,
}

/// A tree as masks, so that no step waits for another: a row that goes right at a split cannot end in any leaf to
/// its left, and the first leaf that no split has struck out is the row's.
#[derive(Debug)]
struct Tree {
    splits: Vec<Split>,
    /// From left to right.
    leaves: Vec<f32>,
}

#[derive(Clone, Copy, Debug)]
struct Split {
    threshold: f32,
    feature: u16,
    /// One bit for each leaf that is left to a row that goes right.
    others: Mask,
}

/// A bit a leaf.
type Mask = u32;

/// Rows that go through all trees together: as many as the fastest cache holds.
const AT_ONCE: usize = 16;

/// Leaves of the largest tree that is read.
const LEAVES: usize = Mask::BITS as usize;

impl Ensemble {
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let width = usize::from(bytes.u16()?);
        let count = bytes.u16()?;
        let trees = (0..count).map(|_| Tree::read(bytes, width)).collect::<Option<_>>()?;
        Some(Self { width, trees })
    }

    /// The sum of all trees for each row: log-odds.
    fn scores<const N: usize>(&self, rows: &[[f32; N]]) -> Vec<f32> {
        let mut out = vec![0.0; rows.len()];
        let mut columns = Box::new([[0.0; AT_ONCE]; N]);
        for (sums, rows) in out.chunks_mut(AT_ONCE).zip(rows.chunks(AT_ONCE)) {
            turn(rows, &mut columns);
            self.trees.iter().for_each(|tree| tree.add(sums, &columns[..]));
        }
        out
    }
}

/// Rows side by side: the values of each feature together.
fn turn<const N: usize>(rows: &[[f32; N]], columns: &mut [[f32; AT_ONCE]; N]) {
    for (at, row) in rows.iter().enumerate() {
        for (column, value) in columns.iter_mut().zip(row) {
            if let Some(slot) = column.get_mut(at) {
                *slot = *value;
            }
        }
    }
}

impl Tree {
    fn read(bytes: &mut Bytes<'_>, width: usize) -> Option<Self> {
        let count = usize::from(bytes.u8()?);
        if count >= LEAVES {
            return None;
        }
        let (mut splits, mut children) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for _ in 0..count {
            let (feature, threshold) = (bytes.u16()?, bytes.f32()?);
            children.push((bytes.i8()?, bytes.i8()?));
            let known = usize::from(feature) < width;
            splits.push(known.then_some(Split { threshold, feature, others: 0 })?);
        }
        let values: Vec<f32> = (0..=count).map(|_| bytes.f32()).collect::<Option<_>>()?;
        let order = strike(&mut splits, &children)?;
        let leaves = order.into_iter().map(|leaf| values.get(leaf).copied()).collect::<Option<_>>()?;
        Some(Self { splits, leaves })
    }

    /// Adds its leaf to the sum of each row.
    fn add(&self, sums: &mut [f32], columns: &[[f32; AT_ONCE]]) {
        let mut left = [Mask::MAX; AT_ONCE];
        for split in &self.splits {
            let Some(values) = columns.get(usize::from(split.feature)) else { continue };
            // Written so that it becomes vector instructions, four rows each.
            for at in 0..AT_ONCE {
                if let (Some(left), Some(value)) = (left.get_mut(at), values.get(at)) {
                    *left &= Mask::from(*value <= split.threshold).wrapping_neg() | split.others;
                }
            }
        }
        for (sum, left) in sums.iter_mut().zip(left) {
            *sum += self.leaves.get(left.trailing_zeros() as usize).copied().unwrap_or_default();
        }
    }
}

/// Numbers the leaves from left to right and writes into each split which ones its right way leaves; none where the
/// splits are no tree.
fn strike(splits: &mut [Split], children: &[(i8, i8)]) -> Option<Vec<usize>> {
    enum Step {
        Enter(i8),
        /// The split whose left side is done, and the leaves before it.
        Turn(usize, usize),
    }
    let (mut order, mut seen) = (Vec::with_capacity(splits.len() + 1), 0);
    let mut open = vec![Step::Enter(if splits.is_empty() { -1 } else { 0 })];
    while let Some(step) = open.pop() {
        match step {
            Step::Enter(leaf) if leaf < 0 => {
                order.push(usize::try_from(-1 - isize::from(leaf)).ok()?);
                (order.len() <= splits.len() + 1).then_some(())?;
            }
            Step::Enter(split) => {
                let at = usize::try_from(split).ok()?;
                let (left, right) = *children.get(at)?;
                seen += 1;
                (seen <= splits.len()).then_some(())?;
                open.extend([Step::Enter(right), Step::Turn(at, order.len()), Step::Enter(left)]);
            }
            Step::Turn(at, from) => {
                let below = |count: usize| Mask::MAX.checked_shr(Mask::BITS - count as u32).unwrap_or(0);
                splits.get_mut(at)?.others = !(below(order.len()) & !below(from));
            }
        }
    }
    let mut sorted = order.clone();
    sorted.sort_unstable();
    sorted.iter().copied().eq(0..=splits.len()).then_some(order)
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

    fn i8(&mut self) -> Option<i8> {
        self.take().map(i8::from_le_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn f32(&mut self) -> Option<f32> {
        self.take().map(f32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn file(width: u16, splits: &[(u16, f32, i8, i8)], leaves: &[f32]) -> Vec<u8> {
        let mut file: Vec<u8> = [width, 1].iter().flat_map(|number| number.to_le_bytes()).collect();
        file.push(splits.len() as u8);
        for (feature, threshold, left, right) in splits {
            file.extend(feature.to_le_bytes());
            file.extend(threshold.to_le_bytes());
            file.extend([*left as u8, *right as u8]);
        }
        file.extend(leaves.iter().flat_map(|leaf| leaf.to_le_bytes()));
        file
    }

    #[test]
    fn the_weights_fit_the_rows_that_the_page_gives() {
        assert!(Model::read(include_bytes!("blocks.bin")).is_some());
        assert!(!Model::shipped().first.trees.is_empty() && !Model::shipped().second.trees.is_empty());
    }

    #[test]
    fn a_tree_is_walked_as_written() {
        let bytes = file(2, &[(0, 0.5, -1, 1), (1, 3.0, -2, -3)], &[-3.0, 4.0, 9.0]);
        let model = Ensemble::read(&mut Bytes(&bytes)).unwrap();
        let rows = [[0.5, 9.0], [0.6, 3.0], [0.6, 3.5]];
        assert_eq!(model.scores(&rows), [-3.0, 4.0, 9.0]);
    }

    #[test]
    fn a_damaged_file_is_none() {
        let whole = file(2, &[(0, 0.5, -1, -2)], &[-3.0, 4.0]);
        for cut in 0..whole.len() {
            assert!(Ensemble::read(&mut Bytes(whole.get(..cut).unwrap())).is_none(), "{cut}");
        }
        for bad in [(0, 0.5, 0, -2), (0, 0.5, -9, -2), (7, 0.5, -1, -2), (0, 0.5, -1, -1)] {
            assert!(Ensemble::read(&mut Bytes(&file(2, &[bad], &[-3.0, 4.0]))).is_none(), "{bad:?}");
        }
    }
}
