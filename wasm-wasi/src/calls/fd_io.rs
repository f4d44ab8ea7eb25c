//! Reading, writing and the position in a file.

use super::socket;
use super::transfer::{get_ready, write_count};
use crate::abi::memory::Buffer;
use crate::abi::types::Whence;
use crate::abi::{Errno, FdFlags, FileType, GuestMemory, Version};
use crate::ctx::{Descriptor, Interest, Object, Waiting, WasiCtx};
use crate::fs::write::append;
use rustix::io::retry_on_intr;
use std::io::ErrorKind;

/// How many bytes a pipe takes without waiting if it takes any. POSIX requires at least 512.
const PIPE_BUF: u32 =
    if cfg!(any(target_os = "linux", target_os = "android")) { 4096 } else { 512 };

/// Reads from a descriptor into buffers, and writes how many bytes were read.
///
/// # Errors
/// [`Errno::Badf`] if it is not open for reading; [`Errno::Again`], [`Errno::Fault`], and the
/// host's errors.
pub fn fd_read(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    buffers: u32,
    count: u32,
    read: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    descriptor.check_read()?;
    let buffers = memory.buffers(buffers, count)?;
    memory.check(read, 4)?;
    let bytes = if buffers.is_empty() {
        0
    } else {
        let mut slices = memory.io_slices_mut(&buffers)?;
        match &mut descriptor.object {
            Object::File(file, FileType::RegularFile) => {
                retry_on_intr(|| rustix::io::readv(&*file, &mut slices))?
            }
            Object::File(..) => special(&ctx.waiting, descriptor, Interest::Read, |file| {
                rustix::io::readv(file, &mut slices)
            })?,
            Object::Input(_) => loop {
                let could_wait = get_ready(&ctx.waiting, descriptor, Interest::Read)?;
                let nonblocking = descriptor.is_nonblocking();
                let Object::Input(input) = &mut descriptor.object else { return Err(Errno::Badf) };
                if !could_wait {
                    break input.read(&mut slices)?;
                }
                match input.try_read(&mut slices) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock && !nonblocking => {}
                    result => break result?,
                }
            },
            Object::Socket(..) => {
                socket::receive(&ctx.waiting, descriptor, &mut slices, false, false, &mut 0)?.0
            }
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
    let descriptor = ctx.table.get(fd)?;
    let file = descriptor.file()?;
    descriptor.check_read()?;
    let buffers = memory.buffers(buffers, count)?;
    memory.check(read, 4)?;
    let mut slices = memory.io_slices_mut(&buffers)?;
    let bytes = retry_on_intr(|| rustix::io::preadv(file, &mut slices, offset))?;
    write_count(memory, read, bytes)
}

/// Writes from buffers to a descriptor, and writes how many bytes were accepted.
///
/// # Errors
/// [`Errno::Badf`] if it is not open for writing; [`Errno::Pipe`] if nobody reads any more;
/// [`Errno::Again`], [`Errno::Fault`], and the host's errors.
pub fn fd_write(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    buffers: u32,
    count: u32,
    written: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    descriptor.check_write()?;
    let mut buffers = memory.buffers(buffers, count)?;
    memory.check(written, 4)?;
    let bytes = if buffers.is_empty() {
        0
    } else {
        match &descriptor.object {
            Object::File(file, FileType::RegularFile) => {
                let slices = memory.io_slices(&buffers)?;
                if descriptor.flags.contains(FdFlags::APPEND) {
                    append(file, &slices, true)?
                } else {
                    retry_on_intr(|| rustix::io::writev(file, &slices))?
                }
            }
            Object::File(..) => {
                let slices = memory.io_slices(&buffers)?;
                special(&ctx.waiting, descriptor, Interest::Write, |file| {
                    rustix::io::writev(file, &slices)
                })?
            }
            Object::Output(_) => loop {
                let could_wait = get_ready(&ctx.waiting, descriptor, Interest::Write)?;
                let nonblocking = descriptor.is_nonblocking();
                let Object::Output(output) = &mut descriptor.object else {
                    return Err(Errno::Badf);
                };
                if !could_wait {
                    break output.write(&memory.io_slices(&buffers)?)?;
                }
                shorten(&mut buffers, PIPE_BUF);
                match output.try_write(&memory.io_slices(&buffers)?) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock && !nonblocking => {}
                    result => break result?,
                }
            },
            Object::Socket(..) => {
                socket::send(&ctx.waiting, descriptor, &memory.io_slices(&buffers)?)?
            }
            Object::Input(_) | Object::Directory(_) => return Err(Errno::Badf),
        }
    };
    write_count(memory, written, bytes)
}

/// Writes to a file at an offset, and leaves its position alone. As on Linux, if the descriptor
/// appends, the data goes to the end whatever the offset is.
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
    let descriptor = ctx.table.get(fd)?;
    let file = descriptor.file()?;
    descriptor.check_write()?;
    let buffers = memory.buffers(buffers, count)?;
    memory.check(written, 4)?;
    let slices = memory.io_slices(&buffers)?;
    let bytes = if descriptor.flags.contains(FdFlags::APPEND) {
        i64::try_from(offset).map_err(|_| Errno::Inval)?;
        append(file, &slices, false)?
    } else {
        retry_on_intr(|| rustix::io::pwritev(file, &slices, offset))?
    };
    write_count(memory, written, bytes)
}

/// Moves the position in a file, and writes the new position.
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
    let file = ctx.table.get(fd)?.file()?;
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
    let file = ctx.table.get(fd)?.file()?;
    let whence = Whence::from_guest(whence, version)?;
    let offset = offset.cast_signed();
    memory.check(position, 8)?;
    let target = match whence {
        Whence::Set => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::Inval)?),
        Whence::Cur => SeekFrom::Current(offset),
        Whence::End => SeekFrom::End(offset),
    };
    let value = rustix::fs::seek(file, target)?;
    memory.write_u64(position, value)
}

/// Reads or writes something that is neither a regular file nor a directory, and that was opened so
/// that the host does not wait for it.
fn special(
    waiting: &Waiting,
    descriptor: &Descriptor,
    interest: Interest,
    mut transfer: impl FnMut(&cap_std::fs::File) -> rustix::io::Result<usize>,
) -> Result<usize, Errno> {
    use std::os::fd::AsFd;
    let file = descriptor.file()?;
    loop {
        // A pipe that nobody has opened for writing yet looks as if it had ended, so the wait comes
        // first.
        if !descriptor.is_nonblocking() {
            waiting.one(file.as_fd(), interest)?;
        }
        match retry_on_intr(|| transfer(file)) {
            Err(rustix::io::Errno::AGAIN) if !descriptor.is_nonblocking() => {}
            result => return Ok(result?),
        }
    }
}

/// Shortens a list of buffers to this many bytes.
fn shorten(buffers: &mut Vec<Buffer>, mut length: u32) {
    for buffer in buffers.iter_mut() {
        buffer.length = buffer.length.min(length);
        length -= buffer.length;
    }
    buffers.retain(|buffer| buffer.length > 0);
}
