//! Checksums against damage: each block of the tables has one, compared when the block is first
//! read.
//!
//! So a damaged table is an error where it would matter, and opening an artifact costs the same
//! however large its tables are. The header and the directory have a checksum of their own that is
//! compared at once. Machine code and the initial contents of memories have none: nothing that this
//! project does depends on the latter, and the former is only as good as its origin. Against an
//! attacker, checksums do nothing: that is what signatures are for.
//!
//! The function is XXH3 (64 bits). The number of the block and a salt of the artifact go into each
//! sum, so that blocks that were moved, or come from another artifact, are noticed too.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use xxhash_rust::xxh3::xxh3_64;
use zerocopy::little_endian::U64;

use crate::format::{DirectoryEntry, Header};
use zerocopy::IntoBytes;

/// How many bytes a checksum is about; the last block may have fewer.
pub(crate) const BLOCK: usize = 4096;

/// How many blocks share an atomic number. Targets without 64-bit atomics have these.
const BITS: usize = u32::BITS as usize;

/// How many blocks a number of bytes has.
pub(crate) fn blocks(len: usize) -> usize {
    len.div_ceil(BLOCK)
}

/// A number that depends on everything in an artifact: the hash of each block, in order, and what
/// has no checksums.
#[cfg(feature = "write")]
pub(crate) fn salt(blocks: &[U64], rest: &[u8]) -> u64 {
    xxh3_64(blocks.as_bytes()) ^ xxh3_64(rest).rotate_left(1)
}

/// The hash of a block, which its checksum is made of.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// The checksum of a block, by its hash.
pub(crate) fn of_block(hash: u64, number: usize, salt: u64) -> u64 {
    // Odd, so that each number gives another product.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    hash ^ salt.wrapping_add((number as u64 + 1).wrapping_mul(SPREAD))
}

/// The checksum of the header, up to the field that it goes to, and of the directory.
pub(crate) fn of_header(header: &Header, directory: &[DirectoryEntry]) -> u64 {
    let header = &header.as_bytes()[..core::mem::offset_of!(Header, sum)];
    xxh3_64(header) ^ xxh3_64(directory.as_bytes()).rotate_left(1)
}

/// The checksums of an artifact, and which blocks were compared with theirs.
#[derive(Clone, Debug)]
pub(crate) struct Checksums<'a> {
    summed: &'a [u8],
    checksums: &'a [U64],
    salt: u64,
    /// A bit for each block that was found to be right.
    right: Arc<[AtomicU32]>,
}

impl<'a> Checksums<'a> {
    /// `None` if there are not as many checksums as blocks.
    pub(crate) fn new(summed: &'a [u8], checksums: &'a [U64], salt: u64) -> Option<Self> {
        let blocks = blocks(summed.len());
        let right = (0..blocks.div_ceil(BITS)).map(|_| AtomicU32::new(0)).collect();
        (checksums.len() == blocks).then_some(Self { summed, checksums, salt, right })
    }

    /// Whether a part of the artifact is what was written. What is not summed counts as right.
    ///
    /// Async-signal-safe: it neither allocates nor locks nor panics.
    #[inline]
    pub(crate) fn check<T>(&self, part: &[T]) -> bool {
        self.check_at(part.as_ptr().addr(), size_of_val(part))
    }

    /// The same for bytes at an address, whatever is in them.
    #[inline]
    fn check_at(&self, address: usize, len: usize) -> bool {
        let start = address.wrapping_sub(self.summed.as_ptr().addr());
        if len == 0 || start >= self.summed.len() {
            return true;
        }
        let last = (start + (len - 1)).min(self.summed.len() - 1);
        (start / BLOCK..=last / BLOCK).all(|block| self.is_right(block))
    }

    #[inline]
    fn is_right(&self, block: usize) -> bool {
        let bit = 1 << (block % BITS);
        let known = self.right.get(block / BITS).map_or(0, |word| word.load(Ordering::Relaxed));
        known & bit != 0 || self.compare(block)
    }

    #[cold]
    fn compare(&self, block: usize) -> bool {
        let start = block * BLOCK;
        let end = self.summed.len().min(start + BLOCK);
        let (Some(bytes), Some(sum)) = (self.summed.get(start..end), self.checksums.get(block))
        else {
            return false;
        };
        let right = of_block(hash(bytes), block, self.salt) == sum.get();
        if right && let Some(word) = self.right.get(block / BITS) {
            // Nothing else is published with the bit: whoever misses it compares once more.
            word.fetch_or(1 << (block % BITS), Ordering::Relaxed);
        }
        right
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn sums_of(bytes: &[u8], salt: u64) -> Vec<U64> {
        let blocks = bytes.chunks(BLOCK).enumerate();
        blocks.map(|(number, block)| of_block(hash(block), number, salt).into()).collect()
    }

    #[test]
    fn a_changed_byte_spoils_its_block_only() {
        let mut bytes: Vec<u8> = (0..3 * BLOCK + 10).map(|i| (i / 7) as u8).collect();
        let table = sums_of(&bytes, 5);
        bytes[BLOCK + 3] ^= 0x10;
        let checksums = Checksums::new(&bytes, &table, 5).unwrap();
        for _ in 0..2 {
            assert!(checksums.check(&bytes[..BLOCK]));
            assert!(!checksums.check(&bytes[BLOCK..=BLOCK]));
            assert!(!checksums.check(&bytes[..=BLOCK]));
            assert!(!checksums.check(&bytes[2 * BLOCK - 1..2 * BLOCK + 1]));
            assert!(checksums.check(&bytes[2 * BLOCK..]));
        }
    }

    #[test]
    fn blocks_have_their_place_and_their_artifact() {
        let mut bytes: Vec<u8> = (0..2 * BLOCK).map(|i| (i / BLOCK) as u8).collect();
        let mut table = sums_of(&bytes, 5);
        bytes.rotate_left(BLOCK);
        table.swap(0, 1);
        assert!(!Checksums::new(&bytes, &table, 5).unwrap().check(&bytes));
        assert!(!Checksums::new(&bytes, &sums_of(&bytes, 6), 5).unwrap().check(&bytes[..1]));
    }

    #[test]
    fn what_is_not_summed_is_right() {
        let bytes = [1; 100];
        let table = sums_of(&bytes[..50], 0);
        let checksums = Checksums::new(&bytes[..50], &table, 0).unwrap();
        assert!(checksums.check(&bytes[60..]) && checksums.check::<u8>(&[]));
        assert!(Checksums::new(&bytes, &[], 0).is_none());
        assert!(Checksums::new(&[], &[], 0).unwrap().check(&bytes));
    }
}
