//! The names of keys.

use core::fmt;
use core::str::FromStr;

use super::hex::{self, ParseHexError};

/// The name of a key: 32 bytes that a seal says its key by.
///
/// It is a BLAKE3 hash of the key, with a context of its own for each kind of key, so that no two
/// keys share one. It is not secret. As text it is 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 32]);

impl KeyId {
    /// An id that was written down.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the id.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The id of a secret key for authentication codes, which can't be found out from it.
    pub(super) fn of_mac_key(key: &[u8; 32]) -> Self {
        Self(blake3::derive_key("wasm-artifact 2026 v1 id of a BLAKE3 authentication key", key))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = ParseHexError;

    fn from_str(text: &str) -> Result<Self, ParseHexError> {
        hex::parse(text).map(Self)
    }
}
