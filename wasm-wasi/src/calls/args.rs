//! Arguments and environment.

use crate::abi::{Errno, GuestMemory};
use crate::ctx::WasiCtx;

/// Writes the arguments, each ended by a NUL, and an array of their addresses.
///
/// # Errors
/// [`Errno::Fault`]
pub fn args_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    argv: u32,
    argv_buf: u32,
) -> Result<(), Errno> {
    write_strings(memory, argv, argv_buf, ctx.args.iter().map(|arg| [arg.as_str(), "", ""]))
}

/// Writes how many arguments there are, and how many bytes they take.
///
/// # Errors
/// [`Errno::Fault`]
pub fn args_sizes_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    argc: u32,
    argv_buf_size: u32,
) -> Result<(), Errno> {
    write_sizes(memory, argc, argv_buf_size, ctx.args.iter().map(String::len))
}

/// Writes the environment as `NAME=value`, each ended by a NUL, and an array of the addresses.
///
/// # Errors
/// [`Errno::Fault`]
pub fn environ_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    environ: u32,
    environ_buf: u32,
) -> Result<(), Errno> {
    let strings = ctx.env.iter().map(|(name, value)| [name.as_str(), "=", value.as_str()]);
    write_strings(memory, environ, environ_buf, strings)
}

/// Writes how many variables there are, and how many bytes they take.
///
/// # Errors
/// [`Errno::Fault`]
pub fn environ_sizes_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    environc: u32,
    environ_buf_size: u32,
) -> Result<(), Errno> {
    let lengths = ctx.env.iter().map(|(name, value)| name.len() + 1 + value.len());
    write_sizes(memory, environc, environ_buf_size, lengths)
}

fn write_strings<'a>(
    memory: &mut GuestMemory<'_>,
    mut array: u32,
    mut buffer: u32,
    strings: impl Iterator<Item = [&'a str; 3]>,
) -> Result<(), Errno> {
    for parts in strings {
        memory.write_u32(array, buffer)?;
        array = array.checked_add(4).ok_or(Errno::Fault)?;
        for part in parts.iter().map(|part| part.as_bytes()).chain([&b"\0"[..]]) {
            memory.write(buffer, part)?;
            let length = u32::try_from(part.len()).map_err(|_| Errno::Fault)?;
            buffer = buffer.checked_add(length).ok_or(Errno::Fault)?;
        }
    }
    Ok(())
}

fn write_sizes(
    memory: &mut GuestMemory<'_>,
    count: u32,
    size: u32,
    lengths: impl ExactSizeIterator<Item = usize>,
) -> Result<(), Errno> {
    let too_big = |_| Errno::TooBig;
    memory.write_u32(count, u32::try_from(lengths.len()).map_err(too_big)?)?;
    let total: usize = lengths.map(|length| length + 1).sum();
    memory.write_u32(size, u32::try_from(total).map_err(too_big)?)
}
