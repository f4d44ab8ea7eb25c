//! What a descriptor is, and the attributes of the file behind it.

use crate::abi::{Errno, FdFlags, FdStat, FileStat, FstFlags, GuestMemory, Rights, Version};
use crate::ctx::{Object, WasiCtx};
use rustix::fs::{Advice, FallocateFlags, OFlags, Timespec, Timestamps};
use std::num::NonZeroU64;

/// Tells the host how a part of a file will be used.
///
/// # Errors
/// [`Errno::Inval`] if the advice or the range means nothing; [`Errno::Badf`], [`Errno::SPipe`] if
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
    descriptor.check(Rights::FD_ADVISE)?;
    let advice = match advice {
        0 => Advice::Normal,
        1 => Advice::Sequential,
        2 => Advice::Random,
        3 => Advice::WillNeed,
        4 => Advice::DontNeed,
        5 => Advice::NoReuse,
        _ => return Err(Errno::Inval),
    };
    let signed = |value: u64| i64::try_from(value).map_err(|_| Errno::Inval);
    signed(offset)?.checked_add(signed(length)?).ok_or(Errno::Inval)?;
    rustix::fs::fadvise(file, offset, NonZeroU64::new(length), advice)?;
    Ok(())
}

/// Makes sure that there is room for a part of a file; it grows where it is shorter.
///
/// # Errors
/// [`Errno::NotSup`] where the host's file system cannot do it, and what else the host answers.
pub fn fd_allocate(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    offset: u64,
    length: u64,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    let file = descriptor.file()?;
    descriptor.check(Rights::FD_ALLOCATE)?;
    let signed = |value: u64| i64::try_from(value).map_err(|_| Errno::Inval);
    signed(offset)?.checked_add(signed(length)?).ok_or(Errno::FBig)?;
    rustix::io::retry_on_intr(|| {
        rustix::fs::fallocate(file, FallocateFlags::empty(), offset, length)
    })?;
    Ok(())
}

/// Waits until the data of a file is stored.
///
/// # Errors
/// What the host answers.
pub fn fd_datasync(ctx: &mut WasiCtx, _memory: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
    let descriptor = ctx.table.with_rights_mut(fd, Rights::FD_DATASYNC)?;
    match &mut descriptor.object {
        Object::File(file, _) => rustix::fs::fdatasync(file)?,
        Object::Directory(directory) => rustix::fs::fdatasync(directory.reopen()?)?,
        Object::Output(output) => output.flush()?,
        Object::Input(_) | Object::Socket(..) => return Err(Errno::Inval),
    }
    Ok(())
}

/// Waits until the data and the attributes of a file are stored.
///
/// # Errors
/// What the host answers.
pub fn fd_sync(ctx: &mut WasiCtx, _memory: &mut GuestMemory<'_>, fd: u32) -> Result<(), Errno> {
    let descriptor = ctx.table.with_rights_mut(fd, Rights::FD_SYNC)?;
    match &mut descriptor.object {
        Object::File(file, _) => rustix::fs::fsync(file)?,
        Object::Directory(directory) => rustix::fs::fsync(directory.reopen()?)?,
        Object::Output(output) => output.flush()?,
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
    let record = FdStat {
        file_type: descriptor.file_type(),
        flags: descriptor.flags,
        rights: descriptor.rights,
        inheriting: descriptor.inheriting,
    };
    record.write(memory, stat)
}

/// Changes how a descriptor behaves. Whether writes are synchronised is settled when a file is opened.
///
/// # Errors
/// [`Errno::NotSup`] if the flags of synchronisation are not those it has; [`Errno::Inval`] if a flag
/// means nothing.
pub fn fd_fdstat_set_flags(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    flags: u32,
) -> Result<(), Errno> {
    let flags = FdFlags::try_from(flags)?;
    let descriptor = ctx.table.with_rights_mut(fd, Rights::FD_FDSTAT_SET_FLAGS)?;
    let changed = flags.symmetric_difference(descriptor.flags);
    if changed.intersects(FdFlags::DSYNC | FdFlags::RSYNC | FdFlags::SYNC) {
        return Err(Errno::NotSup);
    }
    // Appending is done by this crate, and streams and sockets are polled before each call.
    if let Object::File(file, _) = &descriptor.object
        && changed.contains(FdFlags::NONBLOCK)
    {
        let mut host = rustix::fs::fcntl_getfl(file)?;
        host.set(OFlags::NONBLOCK, flags.contains(FdFlags::NONBLOCK));
        rustix::fs::fcntl_setfl(file, host)?;
    }
    descriptor.flags = flags;
    Ok(())
}

/// Gives up rights of a descriptor. Rights can only be taken away.
///
/// # Errors
/// [`Errno::NotCapable`] if a right is asked for that the descriptor does not have.
pub fn fd_fdstat_set_rights(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    rights: u64,
    inheriting: u64,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    let rights = Rights::from_bits_retain(rights);
    let inheriting = Rights::from_bits_retain(inheriting);
    if !descriptor.rights.contains(rights) || !descriptor.inheriting.contains(inheriting) {
        return Err(Errno::NotCapable);
    }
    descriptor.rights = rights;
    descriptor.inheriting = inheriting;
    Ok(())
}

/// Writes the attributes of the file behind a descriptor.
///
/// # Errors
/// [`Errno::NotCapable`], [`Errno::Fault`], and what the host answers.
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
    let descriptor = ctx.table.with_rights(fd, Rights::FD_FILESTAT_GET)?;
    let record = match &descriptor.object {
        Object::File(file, _) => FileStat::from(&file.metadata()?),
        Object::Directory(directory) => FileStat::from(&directory.handle.dir_metadata()?),
        // What the host has behind a stream is no business of the guest's.
        Object::Input(_) | Object::Output(_) | Object::Socket(..) => {
            FileStat::of_type(descriptor.file_type())
        }
    };
    record.write(memory, stat, version)
}

/// Sets the length of a file.
///
/// # Errors
/// [`Errno::Badf`] on a directory, and what the host answers.
pub fn fd_filestat_set_size(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    size: u64,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    let file = descriptor.file()?;
    descriptor.check(Rights::FD_FILESTAT_SET_SIZE)?;
    rustix::io::retry_on_intr(|| rustix::fs::ftruncate(file, size))?;
    Ok(())
}

/// Sets the times of the file behind a descriptor.
///
/// # Errors
/// [`Errno::Inval`] if the flags contradict each other, and what the host answers.
pub fn fd_filestat_set_times(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    accessed: u64,
    modified: u64,
    flags: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    let (access, modification) = times(accessed, modified, flags)?;
    descriptor.check(Rights::FD_FILESTAT_SET_TIMES)?;
    let times = Timestamps { last_access: access.host(), last_modification: modification.host() };
    match &descriptor.object {
        Object::File(file, _) => rustix::fs::futimens(file, &times)?,
        Object::Directory(directory) => rustix::fs::futimens(directory.reopen()?, &times)?,
        Object::Input(_) | Object::Output(_) | Object::Socket(..) => return Err(Errno::Inval),
    }
    Ok(())
}

/// What becomes of a time of a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum NewTime {
    Unchanged,
    Now,
    Nanoseconds(u64),
}

impl NewTime {
    fn host(self) -> Timespec {
        let special = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
        match self {
            Self::Unchanged => special(rustix::fs::UTIME_OMIT),
            Self::Now => special(rustix::fs::UTIME_NOW),
            Self::Nanoseconds(time) => {
                let time = std::time::Duration::from_nanos(time);
                // The seconds of 64 bits of nanoseconds need 35 bits.
                Timespec {
                    tv_sec: time.as_secs().cast_signed(),
                    tv_nsec: time.subsec_nanos().into(),
                }
            }
        }
    }
}

/// The new times of access and of modification.
pub(super) fn times(accessed: u64, modified: u64, flags: u32) -> Result<(NewTime, NewTime), Errno> {
    let flags = FstFlags::try_from(flags)?;
    let one = |time, set, now| match (flags.contains(set), flags.contains(now)) {
        (true, true) => Err(Errno::Inval),
        (true, false) => Ok(NewTime::Nanoseconds(time)),
        (false, true) => Ok(NewTime::Now),
        (false, false) => Ok(NewTime::Unchanged),
    };
    Ok((
        one(accessed, FstFlags::ATIM, FstFlags::ATIM_NOW)?,
        one(modified, FstFlags::MTIM, FstFlags::MTIM_NOW)?,
    ))
}
