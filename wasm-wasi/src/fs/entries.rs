//! Making, moving and removing the entries of directories. Whether the host permits it is for the
//! caller to check.

use super::path::{Found, GuestPath};
use crate::abi::Errno;
use cap_std::fs::Dir;
use rustix::fs::{AtFlags, Mode};

/// Makes a directory.
pub(crate) fn create_directory(directory: &Dir, path: &GuestPath<'_>) -> Result<(), Errno> {
    let place = path.entry_path(directory)?;
    Ok(rustix::fs::mkdirat(&place, place.name(), Mode::from_raw_mode(0o777))?)
}

/// Removes an empty directory.
pub(crate) fn remove_directory(directory: &Dir, path: &GuestPath<'_>) -> Result<(), Errno> {
    let place = path.entry_path(directory)?;
    Ok(rustix::fs::unlinkat(&place, place.name(), AtFlags::REMOVEDIR)?)
}

/// Removes an entry that is not a directory.
pub(crate) fn unlink_file(directory: &Dir, path: &GuestPath<'_>) -> Result<(), Errno> {
    let place = path.entry_path(directory)?;
    Ok(rustix::fs::unlinkat(&place, place.name(), AtFlags::empty())?)
}

/// Gives a file one more name. Symbolic links are linked to themselves, never followed.
pub(crate) fn link(
    source: &Dir,
    old_path: &GuestPath<'_>,
    target: &Dir,
    new_path: &GuestPath<'_>,
) -> Result<(), Errno> {
    let found = old_path.find(source)?;
    if let Found::Entry(parent, name) = &found {
        // The system, too, reports errors of this path first.
        parent.directory().symlink_metadata(name)?;
    }
    let place = new_path.entry_path(target)?;
    Ok(match &found {
        // The system refuses this, after it has checked the other path.
        Found::Directory(directory) => {
            rustix::fs::linkat(directory, c".", &place, place.name(), AtFlags::empty())
        }
        Found::Entry(parent, name) => {
            rustix::fs::linkat(parent, *name, &place, place.name(), AtFlags::empty())
        }
    }?)
}

/// Moves an entry, also from one directory to another. The new path is taken after the old one was
/// resolved, so that errors come in the system's order.
pub(crate) fn rename<'a>(
    source: &Dir,
    old_path: &GuestPath<'_>,
    target: &Dir,
    new_path: impl FnOnce() -> Result<GuestPath<'a>, Errno>,
) -> Result<(), Errno> {
    let old_place = old_path.entry_path(source)?;
    let new_path = new_path()?;
    let new_place = new_path.entry_path(target)?;
    Ok(rustix::fs::renameat(&old_place, old_place.name(), &new_place, new_place.name())?)
}

/// Makes a symbolic link to a checked target, which must not be absolute, since the guest's root is
/// not the host's. Where the path comes from a guest's memory, it is read only after that.
pub(crate) fn symlink<'a>(
    directory: &Dir,
    target: &str,
    path: impl FnOnce() -> Result<GuestPath<'a>, Errno>,
) -> Result<(), Errno> {
    if target.starts_with('/') {
        return Err(Errno::Perm);
    }
    let path = path()?;
    if target.is_empty() {
        return Err(Errno::NoEnt);
    }
    let place = path.entry_path(directory)?;
    Ok(rustix::fs::symlinkat(target, &place, place.name())?)
}
