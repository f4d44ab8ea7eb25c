//! What all calls have in common that transfer bytes: a host that does not wait, and how many bytes
//! there were.

use crate::abi::{Errno, GuestMemory};
use crate::ctx::{Descriptor, Interest, Waiting};

/// Sees to it that a call of the host for a stream or a listener does not wait, where this can be
/// known: by waiting before, or by failing with [`Errno::Again`] where the guest does not want
/// that. Returns whether the host could still wait: if it is asked for too much, or if another
/// process was faster.
///
/// The host's own flag is left alone, because other processes share it.
pub(super) fn get_ready(
    waiting: &Waiting,
    descriptor: &Descriptor,
    interest: Interest,
) -> Result<bool, Errno> {
    let nonblocking = descriptor.is_nonblocking();
    let Some(host) = descriptor.host().filter(|_| nonblocking || waiting.can_be_ended()) else {
        return Ok(false);
    };
    if nonblocking {
        if !Waiting::is_ready(host, interest)? {
            return Err(Errno::Again);
        }
    } else {
        waiting.one(host, interest)?;
    }
    let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(host)?.st_mode);
    Ok(kind != rustix::fs::FileType::RegularFile)
}

/// Writes how many bytes or entries there were to where the guest wants it.
pub(super) fn write_count(
    memory: &mut GuestMemory<'_>,
    at: u32,
    bytes: usize,
) -> Result<(), Errno> {
    memory.write_u32(at, u32::try_from(bytes).map_err(|_| Errno::Overflow)?)
}
