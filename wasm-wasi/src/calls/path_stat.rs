//! Attributes of what a path names, and the targets of symbolic links.

use super::fd_attributes::{NewTime, times};
use crate::abi::{Errno, FileStat, GuestMemory, LookupFlags, Rights, Version};
use crate::ctx::WasiCtx;
use cap_fs_ext::{DirExt, SystemTimeSpec};
use cap_std::time::SystemTime;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// Writes the attributes of what a path names.
///
/// # Errors
/// [`Errno::NotCapable`], [`Errno::Perm`] if the path leads out of the directory, and what the host
/// answers.
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
    let directory = super::path_open::directory(ctx, fd, Rights::PATH_FILESTAT_GET)?;
    let lookup = LookupFlags::try_from(lookup)?;
    let path = memory.string(path.0, path.1)?;
    let metadata = if lookup.contains(LookupFlags::SYMLINK_FOLLOW) {
        directory.metadata(path)?
    } else {
        directory.symlink_metadata(path)?
    };
    FileStat::from(&metadata).write(memory, stat, version)
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
    let directory = super::path_open::directory(ctx, fd, Rights::PATH_FILESTAT_SET_TIMES)?;
    let lookup = LookupFlags::try_from(lookup)?;
    let (accessed, modified) = times(accessed, modified, flags)?;
    let path = memory.string(path, path_length)?;
    let (accessed, modified) = (spec(accessed)?, spec(modified)?);
    if lookup.contains(LookupFlags::SYMLINK_FOLLOW) {
        directory.set_times(path, accessed, modified)?;
    } else {
        directory.set_symlink_times(path, accessed, modified)?;
    }
    Ok(())
}

/// Writes the target of a symbolic link, as much of it as the buffer takes, and its length there.
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
    let directory = super::path_open::directory(ctx, fd, Rights::PATH_READLINK)?;
    let path = memory.string(path, path_length)?;
    // An absolute target is refused: it tells of the host, and could not be followed.
    let target = directory.read_link(path)?;
    let target = target.as_os_str().as_bytes();
    memory.check(used, 4)?;
    let room = memory.slice_mut(buffer, length)?;
    let copied = room.len().min(target.len());
    room[..copied].copy_from_slice(&target[..copied]);
    super::fd_io::write_count(memory, used, copied)
}

fn spec(time: NewTime) -> Result<Option<SystemTimeSpec>, Errno> {
    match time {
        NewTime::Unchanged => Ok(None),
        NewTime::Now => Ok(Some(SystemTimeSpec::SymbolicNow)),
        NewTime::Nanoseconds(time) => {
            let time = std::time::UNIX_EPOCH
                .checked_add(Duration::from_nanos(time))
                .ok_or(Errno::Overflow)?;
            Ok(Some(SystemTimeSpec::Absolute(SystemTime::from_std(time))))
        }
    }
}
