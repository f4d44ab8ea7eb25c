//! The secret key of authentication codes.

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::key_id::KeyId;

/// A secret key for authentication codes: 32 bytes. Whoever has it can make codes and check them.
///
/// The bytes are overwritten when the key is dropped, and not shown by `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MacKey([u8; 32]);

impl MacKey {
    /// A new key. `fill` fills a buffer with random bytes that nobody can guess, such as
    /// `getrandom::fill` does.
    ///
    /// # Errors
    ///
    /// Those of `fill`.
    pub fn generate<E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut key = Self([0; 32]);
        fill(&mut key.0)?;
        Ok(key)
    }

    /// The key with the given bytes, which must be hard to guess: random, not a password.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be kept where nobody else reads them.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The name of the key, which is not secret.
    pub fn key_id(&self) -> KeyId {
        KeyId::of_mac_key(&self.0)
    }

    /// The authentication code of a message. Two are compared in constant time.
    pub(super) fn code(&self, message: &[u8]) -> blake3::Hash {
        blake3::keyed_hash(&self.0, message)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacKey({})", self.key_id())
    }
}
