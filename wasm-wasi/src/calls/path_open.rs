//! Opening files and directories.

use super::path::read_path;
use crate::abi::{Errno, FdFlags, GuestMemory, LookupFlags, OpenFlags, Rights};
use crate::ctx::WasiCtx;
use crate::fs::open::Request;

/// Opens what a path names, and writes the number of the new descriptor.
///
/// Of the requested rights, only those of reading and of writing have an effect. If neither is
/// requested, the file is opened for reading; creating and truncating a file open it for writing,
/// too. Whatever is requested, the host's permissions decide: a file that may not be written does
/// not open for writing.
///
/// A pipe of the host is opened without waiting for its other end. If nobody reads it yet, opening
/// it for writing fails with [`Errno::Nxio`].
///
/// # Errors
/// [`Errno::Perm`] if the path leads out of the directory, or if the host does not permit what is
/// requested; [`Errno::NotSup`] for flags of synchronisation; and the host's errors.
#[expect(clippy::too_many_arguments, reason = "the parameters are those of the specification")]
pub fn path_open(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_length: u32,
    open: u32,
    rights: u64,
    _inheriting: u64,
    flags: u32,
    opened: u32,
) -> Result<(), Errno> {
    let base = ctx.table.get(fd)?;
    let rights = Rights::from_bits_retain(rights);
    let flags = FdFlags::try_from(flags)?;
    let request = Request {
        follow: LookupFlags::try_from(lookup)?.contains(LookupFlags::SYMLINK_FOLLOW),
        open: OpenFlags::try_from(open)?,
        read: rights.contains(Rights::FD_READ),
        write: rights.contains(Rights::FD_WRITE),
    };
    base.directory()?;
    request.check(base, flags)?;
    ctx.table.check_room()?;
    memory.check(opened, 4)?;
    let path = read_path(memory, path, path_length)?;
    let descriptor = request.run(base, &path, flags)?;
    let number = ctx.table.insert(descriptor)?;
    memory.write_u32(opened, number)
}
