//! Proofs against the definitions, read twice: as RFC 6962 makes them, and as RFC 9162 verifies them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use proptest::prelude::*;
use tlog_tiles::node_hash;

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|n| crate::manifest::leaf_hash(&n.to_le_bytes())).collect()
}

fn half(count: usize) -> usize {
    count.next_power_of_two() / 2
}

/// RFC 6962 §2.1.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(half(leaves.len()));
            node_hash(root(left), root(right))
        }
    }
}

/// RFC 6962 §2.1.1.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    let (mut path, other) = match index.checked_sub(left.len()) {
        None => (path(index, left), right),
        Some(index) => (path(index, right), left),
    };
    path.push(root(other));
    path
}

/// RFC 6962 §2.1.2.
fn subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![root(leaves)] };
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    let (mut proof, other) = match old.checked_sub(left.len()).filter(|old| *old > 0) {
        None => (subproof(old, left, whole), right),
        Some(old) => (subproof(old, right, false), left),
    };
    proof.push(root(other));
    proof
}

/// RFC 9162 §2.1.3.2, step by step.
fn verify_inclusion((size, root): Head, index: u64, leaf: Hash, proof: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut f, mut s, mut r) = (index, size - 1, leaf);
    for p in proof {
        if s == 0 {
            return false;
        }
        if f & 1 == 1 || f == s {
            r = node_hash(*p, r);
            while f & 1 == 0 && f != 0 {
                (f, s) = (f >> 1, s >> 1);
            }
        } else {
            r = node_hash(r, *p);
        }
        (f, s) = (f >> 1, s >> 1);
    }
    s == 0 && r == root
}

/// RFC 9162 §2.1.4.2, step by step.
fn verify_consistency((first, first_root): Head, (second, second_root): Head, proof: &[Hash]) -> bool {
    if first == second {
        return proof.is_empty() && first_root == second_root;
    }
    let mut path = proof.to_vec();
    if path.is_empty() {
        return false;
    }
    if first.is_power_of_two() {
        path.insert(0, first_root);
    }
    let (mut f, mut s) = (first - 1, second - 1);
    while f & 1 == 1 {
        (f, s) = (f >> 1, s >> 1);
    }
    let (mut fr, mut sr) = (path[0], path[0]);
    for c in &path[1..] {
        if s == 0 {
            return false;
        }
        if f & 1 == 1 || f == s {
            (fr, sr) = (node_hash(*c, fr), node_hash(*c, sr));
            while f & 1 == 0 && f != 0 {
                (f, s) = (f >> 1, s >> 1);
            }
        } else {
            sr = node_hash(sr, *c);
        }
        (f, s) = (f >> 1, s >> 1);
    }
    fr == first_root && sr == second_root && s == 0
}

fn read(plan: Plan, leaves: &[Hash]) -> Nodes {
    plan.read(leaves.iter().copied().map(Ok)).unwrap()
}

#[test]
fn every_proof_of_every_small_tree_is_that_of_the_definition() {
    for size in 1..40 {
        let leaves = leaves(size);
        let mut plan = Plan::new(size as u64).unwrap();
        for n in 0..size as u64 {
            plan.inclusion(n).unwrap();
            plan.consistency(n + 1).unwrap();
        }
        let nodes = read(plan, &leaves);
        let new = (size as u64, root(&leaves));
        assert_eq!(nodes.root(), new.1);
        for n in 0..size {
            let proof = nodes.inclusion(n as u64).unwrap();
            assert_eq!(proof, path(n, &leaves), "{n} of {size}");
            assert!(verify_inclusion(new, n as u64, leaves[n], &proof));
            let (old, proof) = (n + 1, nodes.consistency(n as u64 + 1).unwrap());
            assert_eq!(proof, subproof(old, &leaves, true), "{old} of {size}");
            assert!(verify_consistency((old as u64, root(&leaves[..old])), new, &proof));
        }
    }
}

proptest! {
    /// What is altered in any way holds exactly where RFC 9162 says so, which is nowhere.
    #[test]
    fn proofs_hold_where_rfc_9162_says_so(
        size in 1usize..300, n in 0usize..300, other in 0u64..300, at in 0usize..12, by in 0u8..3, cut in 0usize..3
    ) {
        let leaves = leaves(size);
        let n = n % size;
        let new = (size as u64, root(&leaves));
        let old = ((n + 1) as u64, root(&leaves[..=n]));
        let altered = |mut proof: Vec<Hash>| {
            if let Some(hash) = proof.get_mut(at) {
                hash.0[7] ^= by;
            }
            match cut {
                1 => proof.truncate(proof.len().saturating_sub(1)),
                2 => proof.push(new.1),
                _ => {}
            }
            proof
        };
        let proof = altered(path(n, &leaves));
        for index in [n as u64, other] {
            let holds = includes(new, index, leaves[n], &proof);
            prop_assert_eq!(holds, verify_inclusion(new, index, leaves[n], &proof));
            prop_assert!(!holds || index == n as u64 && proof == path(n, &leaves));
        }
        let proof = altered(subproof(n + 1, &leaves, true));
        for first in [old, (other.max(1), old.1)] {
            let holds = goes_on(first, new, &proof);
            if first.0 <= new.0 {
                prop_assert_eq!(holds, verify_consistency(first, new, &proof));
            }
            prop_assert!(!holds || first.0 == old.0 && proof == subproof(n + 1, &leaves, true));
        }
    }
}

#[test]
fn the_empty_tree_comes_before_all_others_and_holds_nothing() {
    let new = (3, root(&leaves(3)));
    assert!(goes_on((0, empty_root()), new, &[]));
    assert!(!goes_on((0, new.1), new, &[]) && !goes_on((0, empty_root()), new, &[new.1]));
    assert!(!includes((0, empty_root()), 0, empty_root(), &[]));
    let mut plan = Plan::new(3).unwrap();
    plan.consistency(0).unwrap();
    assert_eq!(read(plan, &leaves(3)).consistency(0).unwrap(), []);
}

#[test]
fn sizes_that_no_log_has_are_refused_and_do_not_end_the_program() {
    let hash = empty_root();
    for size in [LARGEST + 1, u64::MAX] {
        assert!(!includes((size, hash), size - 1, hash, &[hash; 60]));
        assert!(!goes_on((1, hash), (size, hash), &[hash; 60]) && !goes_on((size, hash), (size, hash), &[]));
        assert!(Plan::new(size).is_err());
    }
    assert!(!includes((LARGEST, hash), 5, hash, &[hash; LONGEST]));
    assert!(!includes((2, hash), 2, hash, &[]) && !goes_on((3, hash), (2, hash), &[]));
}

#[test]
fn what_was_not_planned_or_is_not_there_is_an_error() {
    let leaves = leaves(9);
    let mut plan = Plan::new(9).unwrap();
    assert!(plan.inclusion(9).is_err() && plan.consistency(10).is_err());
    plan.inclusion(4).unwrap();
    let nodes = read(plan, &leaves);
    assert!(nodes.inclusion(4).is_ok() && nodes.inclusion(0).is_err() && nodes.consistency(5).is_err());
    for size in [8, 10] {
        let plan = Plan::new(size).unwrap();
        let read = plan.read(leaves.iter().copied().map(Ok));
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}

/// A million leaves: what is held is the proofs' nodes and no more.
#[test]
fn memory_grows_with_the_proofs_and_not_with_the_tree() {
    let count = 1 << 20;
    let mut plan = Plan::new(count).unwrap();
    plan.inclusion(123_456).unwrap();
    plan.consistency(777_777).unwrap();
    let nodes = plan.read((0..count).map(|n| Ok(crate::manifest::leaf_hash(&n.to_le_bytes())))).unwrap();
    assert!(nodes.known.len() <= 2 * 20 + 20, "{}", nodes.known.len());
    let (leaf, proof) =
        (crate::manifest::leaf_hash(&123_456u64.to_le_bytes()), nodes.inclusion(123_456).unwrap());
    assert!(proof.len() == 20 && includes((count, nodes.root()), 123_456, leaf, &proof));
}
