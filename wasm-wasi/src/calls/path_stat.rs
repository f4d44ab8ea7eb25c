//! Attributes of what a path names, and the targets of symbolic links.

use super::fd_attributes::times;
use super::path::read_path;
use super::path_change::directory;
use crate::abi::{Errno, GuestMemory, LookupFlags, Version};
use crate::ctx::{Operation, WasiCtx};
use crate::fs::attributes;

/// Writes the attributes of what a path names.
///
/// # Errors
/// [`Errno::Perm`] if the path leads out of the directory or the host does not permit it, and the
/// host's errors.
pub fn path_filestat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_length: u32,
    stat: u32,
) -> Result<(), Errno> {
    filestat_get(ctx, memory, fd, lookup, (path, path_length), stat, Version::Preview1)
}

pub(super) fn filestat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    lookup: u32,
    path: (u32, u32),
    stat: u32,
    version: Version,
) -> Result<(), Errno> {
    let root = directory(ctx, fd, Operation::Inspect)?;
    let follow = LookupFlags::try_from(lookup)?.contains(LookupFlags::SYMLINK_FOLLOW);
    let path = read_path(memory, path.0, path.1)?;
    attributes::stat_at(root, follow, &path)?.write(memory, stat, version)
}

/// Sets the times of what a path names.
///
/// # Errors
/// [`Errno::Inval`] if the flags contradict each other; else as [`path_filestat_get`].
#[expect(clippy::too_many_arguments, reason = "the parameters are those of the specification")]
pub fn path_filestat_set_times(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_length: u32,
    accessed: u64,
    modified: u64,
    flags: u32,
) -> Result<(), Errno> {
    let root = directory(ctx, fd, Operation::SetTimes)?;
    let follow = LookupFlags::try_from(lookup)?.contains(LookupFlags::SYMLINK_FOLLOW);
    let times = times(accessed, modified, flags)?;
    let path = read_path(memory, path, path_length)?;
    attributes::set_times_at(root, follow, &path, times)
}

/// Writes the target of a symbolic link, as much of it as fits in the buffer, and the length of
/// that.
///
/// # Errors
/// [`Errno::Inval`] if it is not a symbolic link; else as [`path_filestat_get`].
#[expect(clippy::too_many_arguments, reason = "the parameters are those of the specification")]
pub fn path_readlink(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_length: u32,
    buffer: u32,
    length: u32,
    used: u32,
) -> Result<(), Errno> {
    let root = directory(ctx, fd, Operation::Inspect)?;
    let target = attributes::read_link(root, &read_path(memory, path, path_length)?)?;
    memory.check(used, 4)?;
    let room = memory.slice_mut(buffer, length)?;
    let copied = room.len().min(target.len());
    room[..copied].copy_from_slice(&target[..copied]);
    super::transfer::write_count(memory, used, copied)
}
