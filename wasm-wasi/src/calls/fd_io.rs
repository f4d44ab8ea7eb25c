//! Reading, writing and the position in a file.

use super::socket;
use crate::abi::types::Whence;
use crate::abi::{Errno, FdFlags, GuestMemory, Rights, Version};
use crate::ctx::{Descriptor, Object, WasiCtx};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use std::io::IoSlice;

/// Reads from a descriptor into buffers, and writes how many bytes came.
///
/// # Errors
/// [`Errno::Badf`] if it is not open for reading; [`Errno::Again`], [`Errno::Fault`], and what the host
/// answers.
pub fn fd_read(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    buffers: u32,
    count: u32,
    read: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.with_rights_mut(fd, Rights::FD_READ)?;
    let buffers = memory.buffers(buffers, count)?;
    memory.check(read, 4)?;
    let bytes = if buffers.is_empty() {
        0
    } else {
        fail_if_waiting(descriptor, PollFlags::IN)?;
        let mut slices = memory.io_slices_mut(&buffers)?;
        match &mut descriptor.object {
            Object::File(file, _) => retry_on_intr(|| rustix::io::readv(&*file, &mut slices))?,
            Object::Input(input) => input.read(&mut slices)?,
            Object::Socket(..) => socket::receive(descriptor, &mut slices, false, false)?.0,
            Object::Output(_) | Object::Directory(_) => return Err(Errno::Badf),
        }
    };
    write_count(memory, read, bytes)
}

/// Reads from a file at an offset, and leaves its position alone.
///
/// # Errors
/// As [`fd_read`]; [`Errno::SPipe`] if it is not a file.
pub fn fd_pread(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    buffers: u32,
    count: u32,
    offset: u64,
    read: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.with_rights(fd, Rights::FD_READ)?;
    let file = descriptor.file()?;
    descriptor.check(Rights::FD_SEEK)?;
    let buffers = memory.buffers(buffers, count)?;
    memory.check(read, 4)?;
    let mut slices = memory.io_slices_mut(&buffers)?;
    let bytes = retry_on_intr(|| rustix::io::preadv(file, &mut slices, offset))?;
    write_count(memory, read, bytes)
}

/// Writes from buffers to a descriptor, and writes how many bytes were taken.
///
/// # Errors
/// [`Errno::Badf`] if it is not open for writing; [`Errno::Pipe`] if nobody reads any more;
/// [`Errno::Again`], [`Errno::Fault`], and what the host answers.
pub fn fd_write(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    buffers: u32,
    count: u32,
    written: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.with_rights_mut(fd, Rights::FD_WRITE)?;
    let buffers = memory.buffers(buffers, count)?;
    memory.check(written, 4)?;
    let bytes = if buffers.is_empty() {
        0
    } else {
        fail_if_waiting(descriptor, PollFlags::OUT)?;
        let slices = memory.io_slices(&buffers)?;
        match &mut descriptor.object {
            Object::File(file, _) if descriptor.flags.contains(FdFlags::APPEND) => {
                append(file, &slices)?
            }
            Object::File(file, _) => retry_on_intr(|| rustix::io::writev(&*file, &slices))?,
            Object::Output(output) => output.write(&slices)?,
            Object::Socket(..) => socket::send(descriptor, &slices)?,
            Object::Input(_) | Object::Directory(_) => return Err(Errno::Badf),
        }
    };
    write_count(memory, written, bytes)
}

/// Writes to a file at an offset, and leaves its position alone. It goes to the offset even where the
/// descriptor appends.
///
/// # Errors
/// As [`fd_write`]; [`Errno::SPipe`] if it is not a file.
pub fn fd_pwrite(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    buffers: u32,
    count: u32,
    offset: u64,
    written: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.with_rights(fd, Rights::FD_WRITE)?;
    let file = descriptor.file()?;
    descriptor.check(Rights::FD_SEEK)?;
    let buffers = memory.buffers(buffers, count)?;
    memory.check(written, 4)?;
    let slices = memory.io_slices(&buffers)?;
    let bytes = retry_on_intr(|| rustix::io::pwritev(file, &slices, offset))?;
    write_count(memory, written, bytes)
}

/// Moves the position in a file, and writes where it is now.
///
/// # Errors
/// [`Errno::Inval`] if that would be before the start; [`Errno::SPipe`] if it is not a file.
pub fn fd_seek(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    offset: u64,
    whence: u32,
    position: u32,
) -> Result<(), Errno> {
    seek(ctx, memory, fd, offset, whence, position, Version::Preview1)
}

/// Writes the position in a file.
///
/// # Errors
/// [`Errno::SPipe`] if it is not a file.
pub fn fd_tell(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    position: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    let file = descriptor.file()?;
    check_tell(descriptor)?;
    let value = rustix::fs::tell(file)?;
    memory.write_u64(position, value)
}

pub(super) fn seek(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    offset: u64,
    whence: u32,
    position: u32,
    version: Version,
) -> Result<(), Errno> {
    use rustix::fs::SeekFrom;
    let descriptor = ctx.table.get(fd)?;
    let file = descriptor.file()?;
    let whence = Whence::from_guest(whence, version)?;
    let offset = offset.cast_signed();
    if (whence, offset) == (Whence::Cur, 0) {
        check_tell(descriptor)?;
    } else {
        descriptor.check(Rights::FD_SEEK)?;
    }
    memory.check(position, 8)?;
    let target = match whence {
        Whence::Set => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::Inval)?),
        Whence::Cur => SeekFrom::Current(offset),
        Whence::End => SeekFrom::End(offset),
    };
    let value = rustix::fs::seek(file, target)?;
    memory.write_u64(position, value)
}

/// The right to seek includes that to tell.
fn check_tell(descriptor: &Descriptor) -> Result<(), Errno> {
    descriptor.check(Rights::FD_SEEK).or_else(|_| descriptor.check(Rights::FD_TELL))
}

/// Writes to the end of a file.
///
/// The host's own append mode is not used, since on Linux it would also move `fd_pwrite` to the end.
fn append(file: &cap_std::fs::File, slices: &[IoSlice<'_>]) -> Result<usize, Errno> {
    #[cfg(target_os = "linux")]
    {
        // As an offset, -1 stands for the position of the file, which moves to the end with this.
        let flags = rustix::io::ReadWriteFlags::APPEND;
        match retry_on_intr(|| rustix::io::pwritev2(file, slices, u64::MAX, flags)) {
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            result => return Ok(result?),
        }
    }
    rustix::fs::seek(file, rustix::fs::SeekFrom::End(0))?;
    Ok(retry_on_intr(|| rustix::io::writev(file, slices))?)
}

/// On a stream that must not block, fails where the host would wait. The host's own flag is left
/// alone there, because other processes share it.
pub(super) fn fail_if_waiting(descriptor: &Descriptor, wanted: PollFlags) -> Result<(), Errno> {
    if !descriptor.is_nonblocking() || matches!(descriptor.object, Object::File(..)) {
        return Ok(());
    }
    let Some(host) = descriptor.host() else { return Ok(()) };
    let mut fds = [PollFd::from_borrowed_fd(host, wanted)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    if retry_on_intr(|| poll(&mut fds, Some(&at_once)))? == 0 { Err(Errno::Again) } else { Ok(()) }
}

pub(super) fn write_count(
    memory: &mut GuestMemory<'_>,
    at: u32,
    bytes: usize,
) -> Result<(), Errno> {
    memory.write_u32(at, u32::try_from(bytes).map_err(|_| Errno::Overflow)?)
}
