//! Signatures can be checked, so public keys can be trusted.

use alloc::vec::Vec;

use crate::sign::error::VerifyError;
use crate::sign::key::PublicKey;
use crate::sign::key_id::KeyId;
use crate::sign::seal::{Message, Seal, find};

/// The public keys that a policy trusts.
#[derive(Clone, Default, Debug)]
pub(in crate::sign) struct PublicKeys(Vec<(KeyId, PublicKey)>);

impl PublicKeys {
    pub(in crate::sign) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::sign) fn push(&mut self, key: PublicKey) {
        self.0.push((key.key_id(), key));
    }

    /// Whether a signature is that of a trusted key over the message.
    pub(in crate::sign) fn verify(
        &self,
        seal: &Seal,
        message: impl FnOnce() -> Message,
    ) -> Result<bool, VerifyError> {
        Ok(find(&self.0, seal)?.verifies(&message(), &seal.tag))
    }
}
