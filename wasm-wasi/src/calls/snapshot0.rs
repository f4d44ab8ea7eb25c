//! The functions that were different in snapshot 0 (`wasi_unstable`): other record layouts, and
//! other numbers for the origin of a seek.

use crate::abi::{Errno, GuestMemory, Version};
use crate::ctx::WasiCtx;

/// `fd_filestat_get` with the shorter record.
///
/// # Errors
/// As [`fd_filestat_get`](super::fd_filestat_get).
pub fn fd_filestat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    stat: u32,
) -> Result<(), Errno> {
    super::fd_attributes::filestat_get(ctx, memory, fd, stat, Version::Snapshot0)
}

/// `fd_seek` with the older numbers.
///
/// # Errors
/// As [`fd_seek`](super::fd_seek).
pub fn fd_seek(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    offset: u64,
    whence: u32,
    position: u32,
) -> Result<(), Errno> {
    super::fd_io::seek(ctx, memory, fd, offset, whence, position, Version::Snapshot0)
}

/// `path_filestat_get` with the shorter record.
///
/// # Errors
/// As [`path_filestat_get`](super::path_filestat_get).
pub fn path_filestat_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_length: u32,
    stat: u32,
) -> Result<(), Errno> {
    let path = (path, path_length);
    super::path_stat::filestat_get(ctx, memory, fd, lookup, path, stat, Version::Snapshot0)
}

/// `poll_oneoff` with the longer record.
///
/// # Errors
/// As [`poll_oneoff`](super::poll_oneoff).
pub fn poll_oneoff(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    subscriptions: u32,
    events: u32,
    count: u32,
    happened: u32,
) -> Result<(), Errno> {
    super::poll::poll(ctx, memory, subscriptions, events, count, happened, Version::Snapshot0)
}
