//! What repeats: elements that stand beside others of their kind, as cards, posts, comments and rows do.

use foldhash::{HashMap, HashMapExt};

use super::tree::{Node, Tag, Tree};

/// Siblings of one kind from which a group counts as repeated.
const SOME: u32 = 3;

/// Levels looked at above a block.
const LEVELS: usize = 14;

/// Groups of like siblings of a page, and each node's group.
pub(super) struct Kin {
    /// 0 for none.
    group: Vec<u32>,
    /// Members of each group.
    size: Vec<u32>,
    /// The place of each node among its like.
    place: Vec<u32>,
}

impl Kin {
    /// Sorts all block-level elements into groups: one parent, one tag, one first class name.
    pub(super) fn of(tree: &Tree<'_>) -> Self {
        let mut known: HashMap<(u32, Tag, u64), u32> = HashMap::new();
        let mut kin = Self { group: vec![0; tree.len()], size: vec![0], place: vec![0; tree.len()] };
        let elements = tree.iter().filter(|(index, node)| node.parent != *index);
        for (index, node) in elements.filter(|(_, node)| node.tag.is_block() || node.tag == Tag::A) {
            let next = kin.size.len() as u32;
            let group = *known.entry((node.parent, node.tag, name(node))).or_insert(next);
            if group == next {
                kin.size.push(0);
            }
            if let (Some(size), Some(own), Some(place)) = (
                kin.size.get_mut(group as usize),
                kin.group.get_mut(index as usize),
                kin.place.get_mut(index as usize),
            ) {
                (*own, *place) = (group, *size);
                *size += 1;
            }
        }
        kin
    }

    /// The number of groups, the empty one included.
    pub(super) fn groups(&self) -> usize {
        self.size.len()
    }

    pub(super) fn group(&self, index: u32) -> u32 {
        self.group.get(index as usize).copied().unwrap_or_default()
    }

    pub(super) fn size(&self, group: u32) -> u32 {
        self.size.get(group as usize).copied().unwrap_or_default()
    }

    pub(super) fn place(&self, index: u32) -> u32 {
        self.place.get(index as usize).copied().unwrap_or_default()
    }

    /// The nearest element around a block that holds more than one (`blocks` counts them) and has some of its
    /// like beside it, with the levels up to it.
    pub(super) fn unit(&self, tree: &Tree<'_>, owner: u32, blocks: &[f32]) -> Option<(u32, usize)> {
        let held = |index: u32| blocks.get(index as usize).copied().unwrap_or_default();
        tree.ancestors(owner)
            .take(LEVELS)
            .enumerate()
            .map(|(up, (index, _))| (index, up))
            .find(|(index, _)| self.size(self.group(*index)) >= SOME && held(*index) > 1.0)
    }

    /// Sums of a value, known for every subtree, over the members of each group.
    pub(super) fn totals(&self, sums: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; self.groups()];
        for (group, value) in self.group.iter().zip(sums) {
            if let Some(slot) = out.get_mut(*group as usize) {
                *slot += value;
            }
        }
        out
    }
}

/// The first class name without its digits: `post-12` and `post-13` are alike.
pub(super) fn name(node: &Node<'_>) -> u64 {
    let class = node.attr("class").unwrap_or_default();
    let first = class.split_ascii_whitespace().next().unwrap_or_default();
    first
        .bytes()
        .filter(|byte| !byte.is_ascii_digit())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
