//! A hash function for short keys that many lookups are made with: a multiplication for every eight
//! bytes. What it is multiplied with is random, so that nobody can choose keys that collide.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Makes hashers that agree with each other, and with no others.
#[derive(Clone, Debug)]
pub(super) struct Folding {
    start: u64,
    factor: u64,
}

impl Default for Folding {
    fn default() -> Self {
        let random = RandomState::new();
        // An even factor would lose bits.
        Self { start: random.hash_one(0), factor: random.hash_one(1) | 1 }
    }
}

impl BuildHasher for Folding {
    type Hasher = FoldingHasher;

    fn build_hasher(&self) -> FoldingHasher {
        FoldingHasher { state: self.start, factor: self.factor }
    }
}

/// A hash in the making.
#[derive(Debug)]
pub(super) struct FoldingHasher {
    state: u64,
    factor: u64,
}

impl FoldingHasher {
    /// All bits of the product depend on all bits of the word, its upper half on those above, its
    /// lower half on those below.
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.factor);
        self.state = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for FoldingHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.fold(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.fold(u64::from_le_bytes(word));
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.fold(number as u64);
    }

    fn finish(&self) -> u64 {
        // The last word has been multiplied once only.
        self.state.wrapping_mul(self.factor).rotate_left(32) ^ self.state
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn similar_keys_have_different_hashes() {
        let hashers = Folding::default();
        let keys = (0..100_000_u32).map(|number| {
            let mut key = vec![0_u8; 4 + number as usize % 13];
            key[..4].copy_from_slice(&number.to_le_bytes());
            key
        });
        let hashes: HashSet<u64> = keys.map(|key| hashers.hash_one(key.as_slice())).collect();
        assert_eq!(hashes.len(), 100_000);
        // The map takes the lowest bits for the place, and the highest for a first comparison.
        for shift in [0, 57] {
            let parts: HashSet<u64> = hashes.iter().map(|hash| hash >> shift & 0x7f).collect();
            assert_eq!(parts.len(), 128, "{shift}");
        }
    }

    #[test]
    fn maps_do_not_agree_on_hashes() {
        let key = [1_u8; 20].as_slice();
        assert_ne!(Folding::default().hash_one(key), Folding::default().hash_one(key));
        let hashers = Folding::default();
        assert_eq!(hashers.hash_one(key), hashers.clone().hash_one(key));
    }
}
