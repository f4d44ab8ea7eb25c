//! Sockets: accepting, receiving, sending, shutting down.

use super::fd_io::{fail_if_waiting, write_count};
use crate::abi::flags::{ReceiveFlags, ShutdownFlags};
use crate::abi::{Errno, FdFlags, GuestMemory, Rights};
use crate::ctx::{Descriptor, WasiCtx};
use rustix::event::PollFlags;
use rustix::io::retry_on_intr;
use rustix::net::{
    RecvAncillaryBuffer, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendFlags, Shutdown,
};
use std::io::{IoSlice, IoSliceMut};

/// What `sock_recv` says of a message that was longer than the buffers.
const DATA_TRUNCATED: u16 = 1;

/// Accepts a connection, and writes the number of its descriptor.
///
/// # Errors
/// [`Errno::NotSock`], [`Errno::Again`], and what the host answers.
pub fn sock_accept(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    flags: u32,
    accepted: u32,
) -> Result<(), Errno> {
    let listener = ctx.table.get(fd)?;
    let socket = listener.socket()?;
    listener.check(Rights::SOCK_ACCEPT)?;
    let flags = FdFlags::try_from(flags)?;
    if !FdFlags::NONBLOCK.contains(flags) {
        return Err(Errno::Inval);
    }
    ctx.table.check_room()?;
    memory.check(accepted, 4)?;
    fail_if_waiting(listener, PollFlags::IN)?;
    let connection =
        retry_on_intr(|| rustix::net::accept_with(socket, rustix::net::SocketFlags::CLOEXEC))?;
    let mut descriptor = Descriptor::of_socket(connection)?;
    descriptor.rights &= listener.inheriting;
    descriptor.inheriting = listener.inheriting;
    descriptor.flags = flags;
    let number = ctx.table.insert(descriptor)?;
    memory.write_u32(accepted, number)
}

/// Receives a message into buffers; writes its length and whether a part of it was lost.
///
/// # Errors
/// [`Errno::NotSock`], [`Errno::Again`], and what the host answers.
#[expect(clippy::too_many_arguments, reason = "the parameters are those of the specification")]
pub fn sock_recv(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    buffers: u32,
    count: u32,
    flags: u32,
    received: u32,
    out_flags: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    descriptor.socket()?;
    descriptor.check(Rights::FD_READ)?;
    let flags = ReceiveFlags::try_from(flags)?;
    let buffers = memory.buffers(buffers, count)?;
    memory.check(received, 4)?;
    memory.check(out_flags, 2)?;
    let (peek, all) = (flags.contains(ReceiveFlags::PEEK), flags.contains(ReceiveFlags::WAITALL));
    let (bytes, truncated) = receive(descriptor, &mut memory.io_slices_mut(&buffers)?, peek, all)?;
    write_count(memory, received, bytes)?;
    memory.write(out_flags, &(if truncated { DATA_TRUNCATED } else { 0 }).to_le_bytes())
}

/// Sends a message from buffers, and writes how many bytes were taken. There are no flags.
///
/// # Errors
/// [`Errno::NotSock`], [`Errno::Again`], [`Errno::Pipe`], and what the host answers.
pub fn sock_send(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    buffers: u32,
    count: u32,
    flags: u32,
    sent: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    descriptor.socket()?;
    descriptor.check(Rights::FD_WRITE)?;
    if flags != 0 {
        return Err(Errno::NotSup);
    }
    let buffers = memory.buffers(buffers, count)?;
    memory.check(sent, 4)?;
    let bytes = send(descriptor, &memory.io_slices(&buffers)?)?;
    write_count(memory, sent, bytes)
}

/// Closes one direction of a connection, or both.
///
/// # Errors
/// [`Errno::NotSock`], [`Errno::Inval`] if no direction is named, and what the host answers.
pub fn sock_shutdown(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    how: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    let socket = descriptor.socket()?;
    descriptor.check(Rights::SOCK_SHUTDOWN)?;
    let how = ShutdownFlags::try_from(how)?;
    let how = match (how.contains(ShutdownFlags::READ), how.contains(ShutdownFlags::WRITE)) {
        (true, true) => Shutdown::Both,
        (true, false) => Shutdown::Read,
        (false, true) => Shutdown::Write,
        (false, false) => return Err(Errno::Inval),
    };
    Ok(rustix::net::shutdown(socket, how)?)
}

/// Receives, and says whether the message was longer than the buffers.
pub(super) fn receive(
    descriptor: &Descriptor,
    slices: &mut [IoSliceMut<'_>],
    peek: bool,
    all: bool,
) -> Result<(usize, bool), Errno> {
    let mut flags = RecvFlags::empty();
    flags.set(RecvFlags::PEEK, peek);
    flags.set(RecvFlags::WAITALL, all);
    flags.set(RecvFlags::DONTWAIT, descriptor.is_nonblocking());
    let socket = descriptor.socket()?;
    let mut control = RecvAncillaryBuffer::default();
    let message = retry_on_intr(|| rustix::net::recvmsg(socket, slices, &mut control, flags))?;
    Ok((message.bytes, message.flags.contains(ReturnFlags::TRUNC)))
}

/// Sends; a closed connection is an error, not a signal.
pub(super) fn send(descriptor: &Descriptor, slices: &[IoSlice<'_>]) -> Result<usize, Errno> {
    let mut flags = SendFlags::NOSIGNAL;
    flags.set(SendFlags::DONTWAIT, descriptor.is_nonblocking());
    let socket = descriptor.socket()?;
    let mut control = SendAncillaryBuffer::default();
    Ok(retry_on_intr(|| rustix::net::sendmsg(socket, slices, &mut control, flags))?)
}
