//! Paths and other strings for the system, read from a guest's memory.

use crate::abi::{Errno, GuestMemory};
use crate::fs::path::{GuestPath, check_length, check_string};

/// Reads a path.
///
/// # Errors
/// As [`read_string`] and [`GuestPath::new`]; [`Errno::Ilseq`] if it is not UTF-8.
pub(super) fn read_path<'a>(
    memory: &'a GuestMemory<'_>,
    at: u32,
    length: u32,
) -> Result<GuestPath<'a>, Errno> {
    GuestPath::new(read_string(memory, at, length)?)
}

/// Reads a string that is passed to the system.
///
/// # Errors
/// [`Errno::Fault`]; [`Errno::NameTooLong`]; [`Errno::Ilseq`] if it is not UTF-8; [`Errno::Inval`]
/// if there is a NUL in it.
pub(super) fn read_string<'a>(
    memory: &'a GuestMemory<'_>,
    at: u32,
    length: u32,
) -> Result<&'a str, Errno> {
    // Strings that are too long are not read.
    memory.check(at, length)?;
    check_length(length as usize)?;
    let string = memory.string(at, length)?;
    check_string(string)?;
    Ok(string)
}
