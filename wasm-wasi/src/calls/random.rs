//! Randomness.

use crate::abi::{Errno, GuestMemory};
use crate::ctx::WasiCtx;

/// How many bytes are made before it is asked whether the guest is to end.
const PIECE: usize = 1 << 20;

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
    for (i, piece) in memory.slice_mut(buffer, length)?.chunks_mut(PIECE).enumerate() {
        if i > 0 {
            ctx.waiting.look()?;
        }
        ctx.random.fill(piece)?;
    }
    Ok(())
}
