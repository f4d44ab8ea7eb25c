//! Randomness.

use crate::abi::{Errno, GuestMemory};
use crate::ctx::WasiCtx;

/// How many bytes are generated before the next check for a reason to end.
const PIECE: usize = 1 << 20;

/// Fills a buffer with random bytes.
///
/// # Errors
/// [`Errno::Fault`], or the error of the source of randomness.
pub fn random_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    buffer: u32,
    length: u32,
) -> Result<(), Errno> {
    let target = memory.slice_mut(buffer, length)?;
    // Bytes that were generated before the call was ended stay.
    let kept = ctx.waiting.take_progress().and_then(|kept| kept.first().copied()).unwrap_or(0);
    let mut done = usize::try_from(kept).unwrap_or(usize::MAX).min(target.len());
    while let Some(rest) = target.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let length = rest.len().min(PIECE);
        ctx.random.fill(&mut rest[..length])?;
        done += length;
        if done < target.len()
            && let Err(error) = ctx.waiting.look()
        {
            ctx.waiting.keep_progress([done as u64]);
            return Err(error);
        }
    }
    Ok(())
}
