//! Shared by all calls that transfer bytes: making sure that the host does not wait, and writing
//! the number of bytes.

use crate::abi::{Errno, GuestMemory};
use crate::ctx::{Descriptor, Interest, Waiting};

/// Ensures that a call of the host for a stream or a listener does not wait, where that can be
/// known. For this it waits before the call, or fails with [`Errno::Again`] if the guest does not
/// want to wait. Returns whether the host could still wait: if too much is requested, or if another
/// process is faster.
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

/// Writes the number of bytes or entries to the address that the guest gave for it.
pub(super) fn write_count(
    memory: &mut GuestMemory<'_>,
    at: u32,
    bytes: usize,
) -> Result<(), Errno> {
    memory.write_u32(at, u32::try_from(bytes).map_err(|_| Errno::Overflow)?)
}
