//! Reading directories.

use crate::abi::types::directory_entry;
use crate::abi::{Errno, GuestMemory};
use crate::ctx::{Listing, Object, Operation, Waiting, WasiCtx};

/// Writes entries of a directory, from the one with this cookie on, until the buffer is full; the
/// last entry may be cut off. If the buffer is not full, the end was reached.
///
/// As on POSIX, an entry that exists all the while is read once. Whether an entry is read that is
/// made or removed meanwhile is unspecified. Reading from cookie 0 begins anew. Names that are not
/// Unicode appear with replacement characters.
///
/// # Errors
/// [`Errno::NotDir`], [`Errno::Perm`], [`Errno::Fault`], and the host's errors.
pub fn fd_readdir(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    buffer: u32,
    length: u32,
    cookie: u64,
    used: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    let permitted = descriptor.permit(Operation::List);
    let Object::Directory(directory) = &mut descriptor.object else { return Err(Errno::NotDir) };
    permitted?;
    memory.check(used, 4)?;
    let target = memory.slice_mut(buffer, length)?;
    let listing = match &mut directory.listing {
        Some(listing) => listing,
        none => none.insert(Listing::open(&directory.handle)?),
    };
    let mut reached = match ctx.waiting.take_progress().as_deref() {
        Some(&[filled, cookie]) => {
            Reached { filled: filled.try_into().unwrap_or(usize::MAX), cookie }
        }
        _ => Reached { filled: 0, cookie },
    };
    if let Err(error) = fill(listing, &ctx.waiting, target, &mut reached) {
        ctx.waiting.keep_progress([reached.filled as u64, reached.cookie]);
        return Err(error);
    }
    let filled = reached.filled;
    if filled < target.len() {
        // A guest that reads on after the end wants new entries, which a new start shows as well.
        directory.listing = None;
    }
    super::transfer::write_count(memory, used, filled)
}

/// How far a call has got.
struct Reached {
    /// How many bytes of the target are filled.
    filled: usize,
    /// The cookie of the next entry.
    cookie: u64,
}

/// Fills the target, and checks now and then whether the call is to be ended.
fn fill(
    listing: &mut Listing,
    waiting: &Waiting,
    target: &mut [u8],
    reached: &mut Reached,
) -> Result<(), Errno> {
    while reached.filled < target.len() {
        let entries = listing.from(reached.cookie)?;
        let Some(last) = entries.last() else { break };
        let mut whole = 0;
        let next = last.next;
        for entry in entries {
            let name = entry.name.as_bytes();
            let name_length = u32::try_from(name.len()).map_err(|_| Errno::NameTooLong)?;
            let head = directory_entry(entry.next, entry.inode, name_length, entry.file_type);
            whole += usize::from(target.len() - reached.filled >= head.len() + name.len());
            for part in [&head[..], name] {
                let room = &mut target[reached.filled..];
                let copied = room.len().min(part.len());
                room[..copied].copy_from_slice(&part[..copied]);
                reached.filled += copied;
            }
        }
        reached.cookie = next;
        listing.given(whole);
        if reached.filled < target.len() {
            waiting.look()?;
        }
    }
    Ok(())
}
