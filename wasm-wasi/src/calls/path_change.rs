//! Making, moving and removing the entries of directories.
//!
//! A path that leads out of the directory of a descriptor fails with [`Errno::Perm`], as does
//! everything that the host does not permit.

use super::path::{read_path, read_string};
use crate::abi::{Errno, GuestMemory, LookupFlags};
use crate::ctx::{Descriptor, Operation, WasiCtx, permit};
use crate::fs::entries;
use cap_std::fs::Dir;

/// Makes a directory.
///
/// # Errors
/// [`Errno::Perm`], and the host's errors.
pub fn path_create_directory(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_length: u32,
) -> Result<(), Errno> {
    let directory = directory(ctx, fd, Operation::MakeEntry)?;
    entries::create_directory(directory, &read_path(memory, path, path_length)?)
}

/// Removes an empty directory.
///
/// # Errors
/// [`Errno::Perm`], and the host's errors.
pub fn path_remove_directory(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_length: u32,
) -> Result<(), Errno> {
    let directory = directory(ctx, fd, Operation::RemoveEntry)?;
    entries::remove_directory(directory, &read_path(memory, path, path_length)?)
}

/// Removes an entry that is not a directory.
///
/// # Errors
/// [`Errno::Perm`], and the host's errors.
pub fn path_unlink_file(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_length: u32,
) -> Result<(), Errno> {
    let directory = directory(ctx, fd, Operation::RemoveEntry)?;
    entries::unlink_file(directory, &read_path(memory, path, path_length)?)
}

/// Gives a file one more name. Symbolic links are linked to themselves, never followed.
///
/// # Errors
/// [`Errno::Inval`] if links are to be followed; [`Errno::Perm`], also if the host does not permit
/// everything in both directories; and the host's errors.
#[expect(clippy::too_many_arguments, reason = "the parameters are those of the specification")]
pub fn path_link(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    old_fd: u32,
    lookup: u32,
    old_path: u32,
    old_path_length: u32,
    new_fd: u32,
    new_path: u32,
    new_path_length: u32,
) -> Result<(), Errno> {
    let (source, target) = directories(ctx, Operation::Link, old_fd, new_fd)?;
    if LookupFlags::try_from(lookup)?.contains(LookupFlags::SYMLINK_FOLLOW) {
        return Err(Errno::Inval);
    }
    let old_path = read_path(memory, old_path, old_path_length)?;
    let new_path = read_path(memory, new_path, new_path_length)?;
    entries::link(source, &old_path, target, &new_path)
}

/// Moves an entry, also from one directory to another.
///
/// # Errors
/// [`Errno::Perm`], also if the host does not permit everything in both directories; and the host's
/// errors.
#[expect(clippy::too_many_arguments, reason = "the parameters are those of the specification")]
pub fn path_rename(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    old_fd: u32,
    old_path: u32,
    old_path_length: u32,
    new_fd: u32,
    new_path: u32,
    new_path_length: u32,
) -> Result<(), Errno> {
    let (source, target) = directories(ctx, Operation::Rename, old_fd, new_fd)?;
    let old_path = read_path(memory, old_path, old_path_length)?;
    entries::rename(source, &old_path, target, || read_path(memory, new_path, new_path_length))
}

/// Makes a symbolic link. Its target must not be absolute, since the guest's root is not the
/// host's.
///
/// # Errors
/// [`Errno::Perm`], and the host's errors.
pub fn path_symlink(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    target: u32,
    target_length: u32,
    fd: u32,
    path: u32,
    path_length: u32,
) -> Result<(), Errno> {
    let directory = directory(ctx, fd, Operation::MakeEntry)?;
    let target = read_string(memory, target, target_length)?;
    entries::symlink(directory, target, || read_path(memory, path, path_length))
}

/// The directory of a descriptor, for an operation on what a path names in it.
pub(super) fn directory(ctx: &WasiCtx, fd: u32, operation: Operation) -> Result<&Dir, Errno> {
    let descriptor = ctx.table.get(fd)?;
    let directory = descriptor.directory()?;
    descriptor.permit(operation)?;
    Ok(directory)
}

/// The directories of two descriptors, for an operation on what paths name in both.
fn directories(
    ctx: &WasiCtx,
    operation: Operation,
    source: u32,
    target: u32,
) -> Result<(&Dir, &Dir), Errno> {
    let (source, target): (&Descriptor, &Descriptor) =
        (ctx.table.get(source)?, ctx.table.get(target)?);
    let directories = (source.directory()?, target.directory()?);
    permit(operation, source.grant, target.grant)?;
    Ok(directories)
}
