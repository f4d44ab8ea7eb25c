//! Signing.

use super::key::SigningKey;
use super::key_id::KeyId;
use super::seal::seal;
use super::seal_kind::SealKind;
use crate::error::Error;

/// Signs an artifact: puts a signature into its seal, in place of whatever seal it has.
///
/// The same artifact and key give the same bytes.
///
/// # Errors
///
/// If the bytes are not exactly an artifact. They are unchanged then.
pub fn sign(artifact: &mut [u8], key: &SigningKey) -> Result<KeyId, Error> {
    let key_id = key.public_key().key_id();
    seal(artifact, SealKind::Signature, key_id, |message| key.sign(message))?;
    Ok(key_id)
}
