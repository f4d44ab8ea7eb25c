//! Attributes of what a path names, and the targets of symbolic links.

use super::fd_attributes::{NewTime, times};
use super::path::{Found, GuestPath};
use super::path_change::directory;
use crate::abi::{Errno, FileStat, GuestMemory, LookupFlags, Version};
use crate::ctx::{Operation, WasiCtx};
use cap_fs_ext::{DirExt, SystemTimeSpec};
use cap_std::time::SystemTime;
use rustix::fs::AtFlags;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

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
    let path = GuestPath::read(memory, path.0, path.1)?;
    let metadata = if follow && !path.names_directory() {
        root.metadata(path.followed())?
    } else {
        match path.find(root)? {
            Found::Directory(directory) => directory.dir_metadata()?,
            Found::Entry(parent, name) => parent.directory().symlink_metadata(name)?,
        }
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
    let root = directory(ctx, fd, Operation::SetTimes)?;
    let follow = LookupFlags::try_from(lookup)?.contains(LookupFlags::SYMLINK_FOLLOW);
    let times = times(accessed, modified, flags)?;
    let path = GuestPath::read(memory, path, path_length)?;
    if follow && !path.names_directory() {
        root.set_times(path.followed(), spec(times.access)?, spec(times.modification)?)?;
        return Ok(());
    }
    let (times, no_follow) = (times.host(), AtFlags::SYMLINK_NOFOLLOW);
    match path.find(root)? {
        Found::Directory(directory) => rustix::fs::utimensat(directory, c".", &times, no_follow)?,
        Found::Entry(parent, name) => rustix::fs::utimensat(parent, name, &times, no_follow)?,
    }
    Ok(())
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
    let Found::Entry(parent, name) = GuestPath::read(memory, path, path_length)?.find(root)? else {
        return Err(Errno::Inval);
    };
    // An absolute target is refused: it reveals paths of the host, and could not be followed.
    let target = parent.directory().read_link(name)?;
    let target = target.as_os_str().as_bytes();
    memory.check(used, 4)?;
    let room = memory.slice_mut(buffer, length)?;
    let copied = room.len().min(target.len());
    room[..copied].copy_from_slice(&target[..copied]);
    super::transfer::write_count(memory, used, copied)
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
