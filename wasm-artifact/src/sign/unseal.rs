//! Artifacts without their seal.

use zerocopy::FromZeros as _;

use super::seal::check;
use crate::error::Error;
use crate::format::{SEAL_OFFSET, SealRecord};

/// Takes the seal off an artifact: it is then as the compiler made it, byte for byte. One that has
/// no seal stays as it is.
///
/// # Errors
///
/// If the bytes are not exactly an artifact. They are unchanged then.
pub fn unseal(artifact: &mut [u8]) -> Result<(), Error> {
    check(artifact)?;
    // What was found to be an artifact has the whole note that the seal is in.
    if let Some(seal) = artifact.get_mut(SEAL_OFFSET..SEAL_OFFSET + size_of::<SealRecord>()) {
        seal.zero();
    }
    Ok(())
}
