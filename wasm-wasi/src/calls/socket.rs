//! Sockets: accepting, receiving, sending, shutting down.

use super::transfer::{get_ready, write_count};
use crate::abi::flags::{ReceiveFlags, ShutdownFlags};
use crate::abi::{Errno, FdFlags, FileType, GuestMemory};
use crate::ctx::{Descriptor, Interest, Waiting, WasiCtx};
use rustix::io::retry_on_intr;
use rustix::net::{
    RecvAncillaryBuffer, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendFlags, Shutdown,
};
use std::io::{IoSlice, IoSliceMut};

/// The flag by which `sock_recv` reports that a message was longer than the buffers.
const DATA_TRUNCATED: u16 = 1;

/// Accepts a connection, and writes the number of its descriptor.
///
/// If another process accepts from the same listener and is faster, the host waits for the next
/// connection, and nothing ends that wait. The flag by which a listener does not wait is shared by
/// all processes that have the listener. If others share it, give the guest a listener that does
/// not wait.
///
/// # Errors
/// [`Errno::NotSock`], [`Errno::Again`], and the host's errors.
pub fn sock_accept(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    flags: u32,
    accepted: u32,
) -> Result<(), Errno> {
    let listener = ctx.table.get(fd)?;
    let socket = listener.socket()?;
    let flags = FdFlags::try_from(flags)?;
    if !FdFlags::NONBLOCK.contains(flags) {
        return Err(Errno::Inval);
    }
    ctx.table.check_room()?;
    memory.check(accepted, 4)?;
    let connection = loop {
        get_ready(&ctx.waiting, listener, Interest::Read)?;
        let flags = rustix::net::SocketFlags::CLOEXEC;
        match retry_on_intr(|| rustix::net::accept_with(socket, flags)) {
            // The host has set the listener not to wait, and another process was faster.
            Err(rustix::io::Errno::AGAIN)
                if ctx.waiting.can_be_ended() && !listener.is_nonblocking() => {}
            result => break result?,
        }
    };
    let mut descriptor = Descriptor::of_socket(connection)?;
    descriptor.flags = flags;
    let number = ctx.table.insert(descriptor)?;
    memory.write_u32(accepted, number)
}

/// Receives a message into buffers; writes its length and whether a part of it was lost.
///
/// # Errors
/// [`Errno::NotSock`], [`Errno::Again`], and the host's errors.
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
    let flags = ReceiveFlags::try_from(flags)?;
    let buffers = memory.buffers(buffers, count)?;
    memory.check(received, 4)?;
    memory.check(out_flags, 2)?;
    let (peek, all) = (flags.contains(ReceiveFlags::PEEK), flags.contains(ReceiveFlags::WAITALL));
    let mut slices = memory.io_slices_mut(&buffers)?;
    let resumed = ctx.waiting.take_progress().and_then(|kept| kept.first().copied());
    let mut done = resumed.and_then(|done| usize::try_from(done).ok()).unwrap_or(0);
    let descriptor = ctx.table.get(fd)?;
    let result = receive(&ctx.waiting, descriptor, &mut slices, peek, all, &mut done);
    if result.is_err() {
        ctx.waiting.keep_progress([done as u64]);
    }
    let (bytes, truncated) = result?;
    write_count(memory, received, bytes)?;
    memory.write(out_flags, &(if truncated { DATA_TRUNCATED } else { 0 }).to_le_bytes())
}

/// Sends a message from buffers, and writes how many bytes were taken. There are no flags.
///
/// # Errors
/// [`Errno::NotSock`], [`Errno::Again`], [`Errno::Pipe`], and the host's errors.
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
    if flags != 0 {
        return Err(Errno::NotSup);
    }
    let buffers = memory.buffers(buffers, count)?;
    memory.check(sent, 4)?;
    let bytes = send(&ctx.waiting, descriptor, &memory.io_slices(&buffers)?)?;
    write_count(memory, sent, bytes)
}

/// Closes one direction of a connection, or both.
///
/// # Errors
/// [`Errno::NotSock`], [`Errno::Inval`] if no direction is named, and the host's errors.
pub fn sock_shutdown(
    ctx: &mut WasiCtx,
    _memory: &mut GuestMemory<'_>,
    fd: u32,
    how: u32,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get(fd)?;
    let socket = descriptor.socket()?;
    let how = ShutdownFlags::try_from(how)?;
    let how = match (how.contains(ShutdownFlags::READ), how.contains(ShutdownFlags::WRITE)) {
        (true, true) => Shutdown::Both,
        (true, false) => Shutdown::Read,
        (false, true) => Shutdown::Write,
        (false, false) => return Err(Errno::Inval),
    };
    Ok(rustix::net::shutdown(socket, how)?)
}

/// Receives, and returns whether the message was longer than the buffers. The host itself never
/// waits, so that the wait can be ended. `total` is how many bytes are there already, and how many
/// are when the wait is ended.
pub(super) fn receive(
    waiting: &Waiting,
    descriptor: &Descriptor,
    mut slices: &mut [IoSliceMut<'_>],
    peek: bool,
    all: bool,
    total: &mut usize,
) -> Result<(usize, bool), Errno> {
    let mut flags = RecvFlags::DONTWAIT;
    flags.set(RecvFlags::PEEK, peek);
    let socket = descriptor.socket()?;
    // Messages arrive as a whole, and peeking sees the same data again.
    let all = all && !peek && descriptor.file_type() == FileType::SocketStream;
    // The buffers may be others than before.
    *total = slices.iter().map(|slice| slice.len()).sum::<usize>().min(*total);
    IoSliceMut::advance_slices(&mut slices, *total);
    if *total > 0 && slices.is_empty() {
        return Ok((*total, false));
    }
    loop {
        let mut control = RecvAncillaryBuffer::default();
        match retry_on_intr(|| rustix::net::recvmsg(socket, slices, &mut control, flags)) {
            Ok(message) => {
                *total += message.bytes;
                let truncated = message.flags.contains(ReturnFlags::TRUNC);
                IoSliceMut::advance_slices(&mut slices, message.bytes);
                if !all || message.bytes == 0 || slices.is_empty() {
                    return Ok((*total, truncated));
                }
            }
            Err(rustix::io::Errno::AGAIN) if *total > 0 && descriptor.is_nonblocking() => {
                return Ok((*total, false));
            }
            Err(rustix::io::Errno::AGAIN) if !descriptor.is_nonblocking() => {
                if let Err(error) = waiting.one(socket, Interest::Read) {
                    if *total == 0 || waiting.is_postponed() {
                        return Err(error);
                    }
                    // Data that was received must not be lost.
                    waiting.has_result();
                    return Ok((*total, false));
                }
            }
            // As for a read, data that came before an error is the result.
            Err(_) if *total > 0 => return Ok((*total, false)),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Sends. A closed connection is an error, not a signal. The host itself never waits.
pub(super) fn send(
    waiting: &Waiting,
    descriptor: &Descriptor,
    slices: &[IoSlice<'_>],
) -> Result<usize, Errno> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    let socket = descriptor.socket()?;
    loop {
        let mut control = SendAncillaryBuffer::default();
        match retry_on_intr(|| rustix::net::sendmsg(socket, slices, &mut control, flags)) {
            Err(rustix::io::Errno::AGAIN) if !descriptor.is_nonblocking() => {
                waiting.one(socket, Interest::Write)?;
            }
            result => return Ok(result?),
        }
    }
}
