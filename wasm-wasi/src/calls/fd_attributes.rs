//! What a descriptor is, and the attributes of the file behind it.

use crate::abi::{Errno, FdFlags, FdStat, FstFlags, GuestMemory, Version};
use crate::ctx::{Object, WasiCtx};
use crate::fs::attributes::{self, NewTime, NewTimes};
use rustix::fs::Advice;

/// Advises the host how a part of a file will be used.
///
/// # Errors
/// [`Errno::Inval`] if the advice or the range is not valid; [`Errno::Badf`], [`Errno::SPipe`] if
/// it is not a file.
pub fn fd_advise(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    offset: u64,
    length: u64,
    advice: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    let file = descriptor.file()?;
    let advice = match advice {
        0 => Advice::Normal,
        1 => Advice::Sequential,
        2 => Advice::Random,
        3 => Advice::WillNeed,
        4 => Advice::DontNeed,
        5 => Advice::NoReuse,
        _ => return Err(Errno::Inval),
    };
    attributes::advise(file, offset, length, advice)
}

/// Would allocate space for a part of a file. Runtimes no longer support this, and C libraries have
/// a fallback.
///
/// # Errors
/// [`Errno::NotSup`]; [`Errno::Badf`], [`Errno::SPipe`] if it is not a file.
pub fn fd_allocate(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    _offset: u64,
    _length: u64,
) -> Result<(), Errno> {
    ctx.table.get(fd)?.file()?;
    Err(Errno::NotSup)
}

/// Waits until the data of a file is stored.
///
/// # Errors
/// [`Errno::Badf`] on a directory, [`Errno::Inval`] on what is only open for reading and on a
/// socket, and the host's errors.
pub fn fd_datasync(ctx: &mut WasiCtx, _memory: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
    match &mut ctx.table.get_mut(fd)?.object {
        Object::File(file, _) => rustix::fs::fdatasync(file)?,
        Object::Output(output) => output.flush()?,
        Object::Directory(_) => return Err(Errno::Badf),
        Object::Input(_) | Object::Socket(..) => return Err(Errno::Inval),
    }
    Ok(())
}

/// Waits until the data and the attributes of a file are stored.
///
/// # Errors
/// As [`fd_datasync`].
pub fn fd_sync(ctx: &mut WasiCtx, _memory: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
    match &mut ctx.table.get_mut(fd)?.object {
        Object::File(file, _) => rustix::fs::fsync(file)?,
        Object::Output(output) => output.flush()?,
        Object::Directory(_) => return Err(Errno::Badf),
        Object::Input(_) | Object::Socket(..) => return Err(Errno::Inval),
    }
    Ok(())
}

/// Writes what a descriptor is and what may be done with it.
///
/// # Errors
/// [`Errno::Badf`], [`Errno::Fault`]
pub fn fd_fdstat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    stat: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    let (rights, inheriting) = descriptor.rights();
    let record =
        FdStat { file_type: descriptor.file_type(), flags: descriptor.flags, rights, inheriting };
    record.write(memory, stat)
}

/// Changes how a descriptor behaves: whether it appends, and whether it waits.
///
/// # Errors
/// [`Errno::Badf`] on a directory; [`Errno::Inval`] if a flag is not valid, or would make writes
/// synchronous.
pub fn fd_fdstat_set_flags(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    flags: u32,
) -> Result<(), Errno> {
    let flags = FdFlags::try_from(flags)?;
    let descriptor = ctx.table.get_mut(fd)?;
    if matches!(descriptor.object, Object::Directory(_)) {
        return Err(Errno::Badf);
    }
    if flags.intersects(FdFlags::DSYNC | FdFlags::RSYNC | FdFlags::SYNC) {
        return Err(Errno::Inval);
    }
    // This crate implements appending and waiting.
    descriptor.flags = flags;
    Ok(())
}

/// Would give up rights of a descriptor. Only the rights of reading and writing have an effect, and
/// these are fixed when something is opened.
///
/// # Errors
/// [`Errno::NotSup`]; [`Errno::Badf`] if the descriptor is not open.
pub fn fd_fdstat_set_rights(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    _rights: u64,
    _inheriting: u64,
) -> Result<(), Errno> {
    ctx.table.get(fd)?;
    Err(Errno::NotSup)
}

/// Writes the attributes of the file behind a descriptor.
///
/// # Errors
/// [`Errno::Perm`] if the host does not permit attributes of the directory to be read;
/// [`Errno::Fault`], and the host's errors.
pub fn fd_filestat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    stat: u32,
) -> Result<(), Errno> {
    filestat_get(ctx, memory, fd, stat, Version::Preview1)
}

pub(super) fn filestat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    stat: u32,
    version: Version,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    attributes::stat(descriptor)?.write(memory, stat, version)
}

/// Sets the length of a file.
///
/// # Errors
/// [`Errno::Badf`] on a directory; [`Errno::Perm`] if the host does not permit it, [`Errno::Inval`]
/// if the file is not open for writing; and other errors of the host.
pub fn fd_filestat_set_size(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    size: u64,
) -> Result<(), Errno> {
    attributes::set_size(ctx.table.get(fd)?, size)
}

/// Sets the times of the file behind a descriptor.
///
/// # Errors
/// [`Errno::Inval`] if the flags contradict each other; [`Errno::Perm`] if the host does not permit
/// it; [`Errno::Badf`] on a stream or a socket; and the host's errors.
pub fn fd_filestat_set_times(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    accessed: u64,
    modified: u64,
    flags: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    attributes::set_times(descriptor, times(accessed, modified, flags)?)
}

/// The new times that a guest requests.
pub(super) fn times(accessed: u64, modified: u64, flags: u32) -> Result<NewTimes, Errno> {
    let flags = FstFlags::try_from(flags)?;
    let one = |time, set, now| match (flags.contains(set), flags.contains(now)) {
        (true, true) => Err(Errno::Inval),
        (true, false) => Ok(NewTime::Nanoseconds(time)),
        (false, true) => Ok(NewTime::Now),
        (false, false) => Ok(NewTime::Unchanged),
    };
    Ok(NewTimes {
        access: one(accessed, FstFlags::ATIM, FstFlags::ATIM_NOW)?,
        modification: one(modified, FstFlags::MTIM, FstFlags::MTIM_NOW)?,
    })
}
