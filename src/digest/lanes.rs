//! Several digests of the same bytes, their blocks by turns.
//!
//! A SHA instruction waits for the one before it; two digests that do not depend on each other fill each other's
//! waiting time, which makes two together about a third cheaper than one after the other (`benches/README.md`).

use super::Hasher;
use sha2::digest::Update;
use sha2::digest::block_api::{Block, Buffer, BufferKindUser, CoreProxy, Eager, UpdateCore};
use sha2::digest::typenum::Unsigned;
use std::mem;

/// Fewer bytes than these are not worth the turns.
const WORTH: usize = 256;

impl Hasher {
    /// Takes the same bytes into two hashers, faster than into one after the other where they compute the same.
    pub fn update_both(&mut self, other: &mut Self, bytes: &[u8]) {
        match (&mut *self, &mut *other) {
            (Self::Sha1(one), Self::Sha1(two)) => by_turns(one, two, bytes),
            (Self::Sha256(one), Self::Sha256(two)) => by_turns(one, two, bytes),
            (one, two) => {
                one.update(bytes);
                two.update(bytes);
            }
        }
    }
}

fn by_turns<H>(one: &mut H, two: &mut H, bytes: &[u8])
where
    H: CoreProxy + Update + Default,
    H::Core: UpdateCore + BufferKindUser<BufferKind = Eager>,
{
    if bytes.len() < WORTH {
        one.update(bytes);
        two.update(bytes);
        return;
    }
    let (mut first, mut second) = (Lane::of(one), Lane::of(two));
    let (ones, one_rest) = first.align(bytes);
    let (twos, two_rest) = second.align(bytes);
    for (a, b) in ones.iter().zip(twos) {
        first.core.update_blocks(std::slice::from_ref(a));
        second.core.update_blocks(std::slice::from_ref(b));
    }
    let common = ones.len().min(twos.len());
    first.end(ones.get(common..).unwrap_or_default(), one_rest);
    second.end(twos.get(common..).unwrap_or_default(), two_rest);
    *one = H::compose(first.core, first.held);
    *two = H::compose(second.core, second.held);
}

/// A digest's state, and the bytes held until they make a block.
struct Lane<C: UpdateCore + BufferKindUser> {
    core: C,
    held: Buffer<C>,
}

impl<C: UpdateCore + BufferKindUser<BufferKind = Eager>> Lane<C> {
    fn of<H: CoreProxy<Core = C> + Default>(hasher: &mut H) -> Self {
        let (core, held) = mem::take(hasher).decompose();
        Self { core, held }
    }

    /// Fills up the block that was begun; gives the whole blocks after it, and what is left.
    fn align<'a>(&mut self, bytes: &'a [u8]) -> (&'a [Block<C>], &'a [u8]) {
        let size = C::BlockSize::USIZE;
        let (begun, rest) =
            bytes.split_at_checked((size - self.held.get_pos()) % size).unwrap_or((bytes, &[]));
        self.absorb(begun);
        Block::<C>::slice_as_chunks(rest)
    }

    fn end(&mut self, blocks: &[Block<C>], rest: &[u8]) {
        self.core.update_blocks(blocks);
        self.absorb(rest);
    }

    fn absorb(&mut self, bytes: &[u8]) {
        let core = &mut self.core;
        self.held.digest_blocks(bytes, |blocks| core.update_blocks(blocks));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Algorithm;
    use super::*;

    /// Whatever stands in the hashers before, and however the bytes are cut.
    #[test]
    fn two_together_are_what_each_is_alone() {
        let bytes: Vec<u8> = (0..5_000u32).map(|n| (n * 31 % 251) as u8).collect();
        for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512, Algorithm::Md5] {
            for (before, len) in
                [(0, 5_000), (1, 4_096), (63, 4_097), (64, 300), (65, 255), (200, 256), (7, 0)]
            {
                let (prefix, _) = bytes.split_at(before);
                let (body, _) = bytes.split_at(len);
                let (mut one, mut two) = (Hasher::new(algorithm), Hasher::new(algorithm));
                let (mut alone, mut bare) = (one.clone(), two.clone());
                one.update(prefix);
                alone.update(prefix);
                for part in body.chunks(1 + len / 3) {
                    one.update_both(&mut two, part);
                }
                alone.update(body);
                bare.update(body);
                assert_eq!(one.finish(), alone.finish(), "{algorithm:?} {before} {len}");
                assert_eq!(two.finish(), bare.finish(), "{algorithm:?} {before} {len}");
            }
        }
    }

    #[test]
    fn unlike_hashers_go_each_their_way() {
        let (mut one, mut two) = (Hasher::new(Algorithm::Sha1), Hasher::new(Algorithm::Sha256));
        let (mut alone, mut bare) = (one.clone(), two.clone());
        one.update_both(&mut two, &[7; 1_000]);
        alone.update(&[7; 1_000]);
        bare.update(&[7; 1_000]);
        assert_eq!((one.finish(), two.finish()), (alone.finish(), bare.finish()));
    }
}
