//! Without signatures no public key is ever trusted.

use crate::sign::error::VerifyError;
use crate::sign::key_id::KeyId;
use crate::sign::seal::{Message, Seal, find};

/// The public keys that a policy trusts: none.
#[derive(Clone, Default, Debug)]
pub(in crate::sign) struct PublicKeys;

impl PublicKeys {
    pub(in crate::sign) fn is_empty(&self) -> bool {
        true
    }

    /// An error that says that the key is unknown, as every other is.
    pub(in crate::sign) fn verify(
        &self,
        seal: &Seal,
        _message: impl FnOnce() -> Message,
    ) -> Result<bool, VerifyError> {
        let none: &[(KeyId, ())] = &[];
        find(none, seal).map(|()| false)
    }
}
