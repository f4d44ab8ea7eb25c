//! Randomness.

use crate::abi::{Errno, GuestMemory};
use crate::ctx::WasiCtx;

/// Fills a buffer with random bytes.
///
/// # Errors
/// [`Errno::Fault`], or what the source of randomness answers.
pub fn random_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    buffer: u32,
    length: u32,
) -> Result<(), Errno> {
    ctx.random.fill(memory.slice_mut(buffer, length)?)?;
    Ok(())
}
