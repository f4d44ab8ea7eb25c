//! The numbers of descriptors, and the names of preopened directories.

use crate::abi::{Errno, GuestMemory};
use crate::ctx::{Object, WasiCtx};

/// Closes a descriptor.
///
/// # Errors
/// [`Errno::Badf`] if it is not open.
pub fn fd_close(ctx: &mut WasiCtx, _memory: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
    ctx.table.remove(fd).map(drop)
}

/// Moves a descriptor to the number of another one, which is closed.
///
/// # Errors
/// [`Errno::Badf`] if one of the two is not open.
pub fn fd_renumber(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    from: u32,
    to: u32,
) -> Result<(), Errno> {
    ctx.table.renumber(from, to)
}

/// Writes the kind of a preopened descriptor, which is a directory, and the length of its name.
///
/// # Errors
/// [`Errno::Badf`] if it is not a preopened directory: the C library treats any other error as a
/// failure of the host.
pub fn fd_prestat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    prestat: u32,
) -> Result<(), Errno> {
    let length = u32::try_from(preopened_name(ctx, fd)?.len()).map_err(|_| Errno::Overflow)?;
    let mut record = [0; 8];
    record[4..].copy_from_slice(&length.to_le_bytes());
    memory.write(prestat, &record)
}

/// Writes the name of a preopened directory.
///
/// # Errors
/// [`Errno::NameTooLong`] if the buffer is too short; [`Errno::NotDir`] if it is not a preopened
/// directory.
pub fn fd_prestat_dir_name(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_length: u32,
) -> Result<(), Errno> {
    ctx.table.get(fd)?;
    let name = preopened_name(ctx, fd).map_err(|_| Errno::NotDir)?;
    if name.len() > path_length as usize {
        return Err(Errno::NameTooLong);
    }
    memory.write(path, name.as_bytes())
}

fn preopened_name(ctx: &WasiCtx, fd: u32) -> Result<&str, Errno> {
    match &ctx.table.get(fd)?.object {
        Object::Directory(directory) => directory.preopened_as.as_deref().ok_or(Errno::Badf),
        _ => Err(Errno::Badf),
    }
}
