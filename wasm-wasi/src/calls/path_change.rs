//! Making, moving and removing the entries of directories.
//!
//! All paths are resolved by cap-std below the directory of the descriptor; what leads out of it fails
//! with [`Errno::Perm`].

use super::path_open::directory;
use crate::abi::{Errno, GuestMemory, LookupFlags, Rights};
use crate::ctx::WasiCtx;

/// Makes a directory.
///
/// # Errors
/// [`Errno::NotCapable`], [`Errno::Perm`], and what the host answers.
pub fn path_create_directory(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_length: u32,
) -> Result<(), Errno> {
    let directory = directory(ctx, fd, Rights::PATH_CREATE_DIRECTORY)?;
    Ok(directory.create_dir(memory.string(path, path_length)?)?)
}

/// Removes an empty directory.
///
/// # Errors
/// [`Errno::NotCapable`], [`Errno::Perm`], and what the host answers.
pub fn path_remove_directory(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_length: u32,
) -> Result<(), Errno> {
    let directory = directory(ctx, fd, Rights::PATH_REMOVE_DIRECTORY)?;
    let path = memory.string(path, path_length)?;
    // A slash at the end asks for a directory, which is all that is removed here anyway. cap-std would
    // take it for `/.`, and that cannot be removed.
    let bare = path.trim_end_matches('/');
    Ok(directory.remove_dir(if bare.is_empty() { path } else { bare })?)
}

/// Removes an entry that is not a directory.
///
/// # Errors
/// [`Errno::NotCapable`], [`Errno::Perm`], and what the host answers.
pub fn path_unlink_file(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    path: u32,
    path_length: u32,
) -> Result<(), Errno> {
    let directory = directory(ctx, fd, Rights::PATH_UNLINK_FILE)?;
    let path = memory.string(path, path_length)?;
    if path.ends_with('/') {
        // The slash asks for a directory, and those are not removed here.
        let is_directory = directory.symlink_metadata(path)?.is_dir();
        return Err(if is_directory { Errno::IsDir } else { Errno::NotDir });
    }
    Ok(directory.remove_file(path)?)
}

/// Gives a file one more name. Symbolic links are linked to themselves, never followed.
///
/// # Errors
/// [`Errno::Inval`] if links are to be followed; [`Errno::NotCapable`], [`Errno::Perm`], and what the
/// host answers.
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
    let source = directory(ctx, old_fd, Rights::PATH_LINK_SOURCE)?;
    let target = directory(ctx, new_fd, Rights::PATH_LINK_TARGET)?;
    if LookupFlags::try_from(lookup)?.contains(LookupFlags::SYMLINK_FOLLOW) {
        return Err(Errno::Inval);
    }
    let old_path = memory.string(old_path, old_path_length)?;
    let new_path = memory.string(new_path, new_path_length)?;
    Ok(source.hard_link(old_path, target, new_path)?)
}

/// Moves an entry, also from one directory to another.
///
/// # Errors
/// [`Errno::NotCapable`], [`Errno::Perm`], and what the host answers.
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
    let source = directory(ctx, old_fd, Rights::PATH_RENAME_SOURCE)?;
    let target = directory(ctx, new_fd, Rights::PATH_RENAME_TARGET)?;
    let old_path = memory.string(old_path, old_path_length)?;
    let new_path = memory.string(new_path, new_path_length)?;
    Ok(source.rename(old_path, target, new_path)?)
}

/// Makes a symbolic link. Its target must not be absolute, since the guest's root is not the host's.
///
/// # Errors
/// [`Errno::NotCapable`], [`Errno::Perm`], and what the host answers.
pub fn path_symlink(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    target: u32,
    target_length: u32,
    fd: u32,
    path: u32,
    path_length: u32,
) -> Result<(), Errno> {
    let directory = directory(ctx, fd, Rights::PATH_SYMLINK)?;
    let target = memory.string(target, target_length)?;
    let path = memory.string(path, path_length)?;
    Ok(directory.symlink(target, path)?)
}
