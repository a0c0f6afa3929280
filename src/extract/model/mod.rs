//! The trained block model: two small ensembles of decision trees whose weights ship in the binary.
//!
//! The first reads a block's own row (`vector`), the second that row and what the first made of the
//! block's neighbours, kin and containers (`context`). `train.py` beside this file makes `blocks.bin` from
//! labelled pages and tells on which. The file holds `FBM2` and two ensembles, each: the width of a row and the
//! number of trees (u16 each, little endian); then for each tree the number of its splits (u8), the splits
//! (feature u16, threshold f32, left and right i8: a split, or `-1 - leaf`), and one f32 a leaf.

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

/// Splits first, then leaves; a leaf leads to itself, so that every walk takes the same number of steps
/// and a processor can do many at once.
#[derive(Debug)]
struct Tree {
    nodes: Vec<Node>,
    steps: u8,
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// A leaf's value stands here.
    threshold: f32,
    feature: u16,
    left: u8,
    right: u8,
}

/// Rows that go through all trees together: as many as the fastest cache holds.
const AT_ONCE: usize = 16;

/// Leaves of the largest tree that is read.
const LEAVES: usize = 64;

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
        for (sums, rows) in out.chunks_mut(AT_ONCE).zip(rows.chunks(AT_ONCE)) {
            for tree in &self.trees {
                for (sum, row) in sums.iter_mut().zip(rows) {
                    *sum += tree.score(row);
                }
            }
        }
        out
    }
}

impl Tree {
    fn read(bytes: &mut Bytes<'_>, width: usize) -> Option<Self> {
        let splits = usize::from(bytes.u8()?);
        if splits >= LEAVES {
            return None;
        }
        let mut nodes = Vec::with_capacity(2 * splits + 1);
        let place = |child: i8, at: usize| {
            let child = isize::from(child);
            let index = if child < 0 { splits as isize - 1 - child } else { child };
            let index = usize::try_from(index).ok().filter(|index| *index > at && *index <= 2 * splits)?;
            u8::try_from(index).ok()
        };
        for at in 0..splits {
            let (feature, threshold) = (bytes.u16()?, bytes.f32()?);
            let (left, right) = (bytes.i8()?, bytes.i8()?);
            let known = usize::from(feature) < width;
            nodes.push(known.then_some(Node {
                threshold,
                feature,
                left: place(left, at)?,
                right: place(right, at)?,
            })?);
        }
        for leaf in 0..=splits {
            let itself = (splits + leaf) as u8;
            nodes.push(Node { threshold: bytes.f32()?, feature: 0, left: itself, right: itself });
        }
        let steps = depth(&nodes, splits);
        Some(Self { nodes, steps })
    }

    fn score(&self, row: &[f32]) -> f32 {
        let mut node = self.node(0);
        for _ in 0..self.steps {
            let value = row.get(usize::from(node.feature)).copied().unwrap_or_default();
            node = self.node(if value <= node.threshold { node.left } else { node.right });
        }
        node.threshold
    }

    fn node(&self, at: u8) -> Node {
        self.nodes.get(usize::from(at)).copied().unwrap_or_default()
    }
}

/// Splits on the longest way; children stand after their parent.
fn depth(nodes: &[Node], splits: usize) -> u8 {
    let mut below = vec![0u8; nodes.len()];
    for (at, node) in nodes.iter().enumerate().take(splits).rev() {
        let of = |child: u8| below.get(usize::from(child)).copied().unwrap_or_default();
        let deepest = of(node.left).max(of(node.right)) + 1;
        if let Some(slot) = below.get_mut(at) {
            *slot = deepest;
        }
    }
    below.first().copied().unwrap_or_default()
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
        for bad in [(0, 0.5, 0, -2), (0, 0.5, -9, -2), (7, 0.5, -1, -2)] {
            assert!(Ensemble::read(&mut Bytes(&file(2, &[bad], &[-3.0, 4.0]))).is_none(), "{bad:?}");
        }
    }
}
