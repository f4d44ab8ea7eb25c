//! A hash against mistakes, not against attackers: a profile that claims to be of a module of which
//! it is not makes slower code, and nothing else.

use core::fmt;

use xxhash_rust::xxh3::xxh3_128;

/// What names a module in a profile: a hash of its functions' bodies, whatever else is in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CodeHash(pub [u8; 16]);

impl fmt::Display for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The hash of some bytes.
pub(super) fn of(bytes: &[u8]) -> [u8; 16] {
    xxh3_128(bytes).to_le_bytes()
}
