//! Whom to trust.

use alloc::vec::Vec;
use core::fmt;

use super::content_hash::ContentHash;
use super::error::VerifyError;
use super::key_id::KeyId;
use super::mac_key::MacKey;
use super::public_keys::PublicKeys;
use super::seal::{Seal, check, find, message};
use super::seal_kind::SealKind;

/// Whom to trust: any number of public keys, secret keys and hashes. An artifact is trusted if any
/// of them accepts it; a policy without any trusts nothing.
#[derive(Clone, Default, Debug)]
pub struct TrustPolicy {
    keys: PublicKeys,
    mac_keys: Vec<(KeyId, MacKey)>,
    hashes: Vec<ContentHash>,
}

/// Why an artifact is trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Trusted {
    /// It is signed with this key.
    Signature(KeyId),
    /// It has an authentication code made with this key.
    Mac(KeyId),
    /// It is exactly this file.
    Hash(ContentHash),
}

impl TrustPolicy {
    /// A policy that trusts nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts artifacts that are signed with the secret key that belongs to `key`.
    #[cfg(feature = "sign")]
    #[must_use]
    pub fn key(mut self, key: super::key::PublicKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Trusts artifacts with an authentication code made with `key`.
    #[must_use]
    pub fn mac_key(mut self, key: MacKey) -> Self {
        self.mac_keys.push((key.key_id(), key));
        self
    }

    /// Trusts exactly the file with this hash, sealed or not.
    #[must_use]
    pub fn hash(mut self, hash: ContentHash) -> Self {
        self.hashes.push(hash);
        self
    }

    /// Whether the policy trusts nothing at all.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.mac_keys.is_empty() && self.hashes.is_empty()
    }

    /// Checks whether the bytes are exactly an artifact that the policy trusts, and says why.
    ///
    /// That says something about these bytes, not about a file that they were read from: run what
    /// was verified, and not what is read once more. The whole is hashed once, and a second time
    /// only if a seal does not decide and hashes are trusted too.
    ///
    /// # Errors
    ///
    /// If they are not. The error says what the artifact has, and what is trusted.
    pub fn verify(&self, bytes: &[u8]) -> Result<Trusted, VerifyError> {
        check(bytes)?;
        if self.is_empty() {
            return Err(VerifyError::nothing_trusted());
        }
        let by_seal = Seal::read(bytes).and_then(|seal| match seal {
            Some(seal) => self.verify_seal(bytes, &seal),
            None => Err(VerifyError::not_sealed()),
        });
        match by_seal {
            Err(error) if !self.hashes.is_empty() => {
                let hash = ContentHash::of(bytes);
                if self.hashes.contains(&hash) {
                    Ok(Trusted::Hash(hash))
                } else {
                    let only_hashes = self.keys.is_empty() && self.mac_keys.is_empty();
                    Err(error.and_untrusted_hash(hash, &self.hashes, only_hashes))
                }
            }
            by_seal => by_seal,
        }
    }

    fn verify_seal(&self, bytes: &[u8], seal: &Seal) -> Result<Trusted, VerifyError> {
        match seal.kind {
            SealKind::Signature => {
                if self.keys.verify(seal, || message(bytes, seal.kind))? {
                    Ok(Trusted::Signature(seal.key_id))
                } else {
                    Err(VerifyError::wrong_seal(seal.kind, seal.key_id))
                }
            }
            SealKind::Mac => {
                let key = find(&self.mac_keys, seal)?;
                let code = key.code(&message(bytes, seal.kind));
                // Compared in constant time. The other half of the tag is zero.
                if code == seal.tag[..32] {
                    Ok(Trusted::Mac(seal.key_id))
                } else {
                    Err(VerifyError::wrong_seal(seal.kind, seal.key_id))
                }
            }
        }
    }
}

impl fmt::Display for Trusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trusted::Signature(key) => write!(f, "signed with the key {key}"),
            Trusted::Mac(key) => write!(f, "authenticated with the key {key}"),
            Trusted::Hash(hash) => write!(f, "exactly the file with the hash {hash}"),
        }
    }
}
