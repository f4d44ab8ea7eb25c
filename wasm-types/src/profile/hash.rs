//! A hash against mistakes, not against attackers: a profile that claims to be of a module of which
//! it is not makes slower code, and nothing else.

use core::fmt;

/// What names a module in a profile: a hash of its functions' bodies, whatever else is in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CodeHash(pub [u8; 16]);

impl fmt::Display for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Odd numbers without a pattern.
const FACTORS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f];

/// Two hashes of the same bytes at a time, eight bytes each step.
#[derive(Clone, Debug)]
pub(crate) struct Hasher([u64; 2]);

impl Hasher {
    pub(crate) fn new() -> Self {
        Self(FACTORS)
    }

    /// Adds bytes, and how many they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.word(u64::from_le_bytes(word.try_into().expect("a chunk has eight bytes")));
        }
        let mut last = [0; 8];
        last[..words.remainder().len()].copy_from_slice(words.remainder());
        self.word(u64::from_le_bytes(last));
    }

    pub(crate) fn word(&mut self, word: u64) {
        let [a, b] = &mut self.0;
        *a = (*a ^ word).wrapping_mul(FACTORS[0]).rotate_left(29);
        *b = (b.rotate_left(23) ^ word).wrapping_mul(FACTORS[1]);
        *b ^= *b >> 31;
    }

    pub(crate) fn finish(&self) -> [u8; 16] {
        // Bits of the last words have not been everywhere yet.
        let mut end = self.clone();
        for _ in 0..4 {
            let [a, b] = end.0;
            end.word(a.rotate_left(32) ^ b);
        }
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&end.0[0].to_le_bytes());
        bytes[8..].copy_from_slice(&end.0[1].to_le_bytes());
        bytes
    }
}

/// The hash of some bytes.
pub(super) fn of(bytes: &[u8]) -> [u8; 16] {
    let mut hasher = Hasher::new();
    hasher.bytes(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec;

    #[test]
    fn each_bit_makes_another_hash() {
        let mut seen = BTreeSet::new();
        for len in 0..40 {
            let mut bytes = vec![0; len];
            assert!(seen.insert(super::of(&bytes)));
            for bit in 0..len * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(seen.insert(super::of(&bytes)), "bit {bit} of {len} bytes");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}
