//! Attributes of files and directories, by descriptor and by path, and the targets of symbolic
//! links.

use super::path::{Found, GuestPath};
use crate::abi::{Errno, FileStat};
use crate::ctx::{Descriptor, Object, Operation};
use cap_fs_ext::{DirExt, SystemTimeSpec};
use cap_std::fs::{Dir, File};
use cap_std::time::SystemTime;
use rustix::fs::{Advice, AtFlags, Timespec, Timestamps};
use std::num::NonZeroU64;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

/// The attributes of what is behind a descriptor.
pub(crate) fn stat(descriptor: &Descriptor) -> Result<FileStat, Errno> {
    Ok(match &descriptor.object {
        Object::File(file, _) => FileStat::from(&file.metadata()?),
        Object::Directory(directory) => {
            descriptor.permit(Operation::Inspect)?;
            FileStat::from(&directory.handle.dir_metadata()?)
        }
        // The guest must not see what the host has behind a stream.
        Object::Input(_) | Object::Output(_) | Object::Socket(..) => {
            FileStat::of_type(descriptor.file_type())
        }
    })
}

/// The attributes of what a path names.
pub(crate) fn stat_at(root: &Dir, follow: bool, path: &GuestPath<'_>) -> Result<FileStat, Errno> {
    let metadata = if follow && !path.names_directory() {
        root.metadata(path.followed())?
    } else {
        match path.find(root)? {
            Found::Directory(directory) => directory.dir_metadata()?,
            Found::Entry(parent, name) => parent.directory().symlink_metadata(name)?,
        }
    };
    Ok(FileStat::from(&metadata))
}

/// Sets the times of what is behind a descriptor.
pub(crate) fn set_times(descriptor: &Descriptor, times: NewTimes) -> Result<(), Errno> {
    let times = times.host();
    descriptor.permit(Operation::SetTimes)?;
    match &descriptor.object {
        Object::File(file, _) => rustix::fs::futimens(file, &times)?,
        Object::Directory(directory) => {
            // The handle may be one that can only be used to look up paths.
            rustix::fs::utimensat(&directory.handle, c".", &times, AtFlags::empty())?;
        }
        Object::Input(_) | Object::Output(_) | Object::Socket(..) => return Err(Errno::Badf),
    }
    Ok(())
}

/// Sets the times of what a path names.
pub(crate) fn set_times_at(
    root: &Dir,
    follow: bool,
    path: &GuestPath<'_>,
    times: NewTimes,
) -> Result<(), Errno> {
    if follow && !path.names_directory() {
        root.set_times(path.followed(), spec(times.access)?, spec(times.modification)?)?;
        return Ok(());
    }
    let (times, no_follow) = (times.host(), AtFlags::SYMLINK_NOFOLLOW);
    match path.find(root)? {
        Found::Directory(directory) => rustix::fs::utimensat(directory, c".", &times, no_follow)?,
        Found::Entry(parent, name) => rustix::fs::utimensat(parent, name, &times, no_follow)?,
    }
    Ok(())
}

/// The target of a symbolic link. An absolute target is refused: it reveals paths of the host, and
/// could not be followed.
///
/// # Errors
/// [`Errno::Inval`] if it is not a symbolic link.
pub(crate) fn read_link(root: &Dir, path: &GuestPath<'_>) -> Result<Vec<u8>, Errno> {
    let Found::Entry(parent, name) = path.find(root)? else { return Err(Errno::Inval) };
    Ok(parent.directory().read_link(name)?.into_os_string().into_vec())
}

/// Sets the length of a file.
pub(crate) fn set_size(descriptor: &Descriptor, size: u64) -> Result<(), Errno> {
    let file = descriptor.file()?;
    descriptor.permit(Operation::WriteFile)?;
    if !descriptor.access.write {
        return Err(Errno::Inval);
    }
    rustix::io::retry_on_intr(|| rustix::fs::ftruncate(file, size))?;
    Ok(())
}

/// Advises the host how a part of a file will be used.
pub(crate) fn advise(file: &File, offset: u64, length: u64, advice: Advice) -> Result<(), Errno> {
    let signed = |value: u64| i64::try_from(value).map_err(|_| Errno::Inval);
    signed(offset)?.checked_add(signed(length)?).ok_or(Errno::Inval)?;
    rustix::fs::fadvise(file, offset, NonZeroU64::new(length), advice)?;
    Ok(())
}

/// The new value for a time of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NewTime {
    Unchanged,
    Now,
    Nanoseconds(u64),
}

impl NewTime {
    fn host(self) -> Timespec {
        let special = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
        match self {
            Self::Unchanged => special(rustix::fs::UTIME_OMIT),
            Self::Now => special(rustix::fs::UTIME_NOW),
            Self::Nanoseconds(time) => {
                let time = Duration::from_nanos(time);
                // The seconds of a 64-bit number of nanoseconds need 35 bits.
                Timespec {
                    tv_sec: time.as_secs().cast_signed(),
                    tv_nsec: time.subsec_nanos().into(),
                }
            }
        }
    }
}

/// The new values for both times of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewTimes {
    pub(crate) access: NewTime,
    pub(crate) modification: NewTime,
}

impl NewTimes {
    pub(crate) fn host(self) -> Timestamps {
        Timestamps { last_access: self.access.host(), last_modification: self.modification.host() }
    }
}

fn spec(time: NewTime) -> Result<Option<SystemTimeSpec>, Errno> {
    match time {
        NewTime::Unchanged => Ok(None),
        NewTime::Now => Ok(Some(SystemTimeSpec::SymbolicNow)),
        NewTime::Nanoseconds(time) => {
            let time = std::time::UNIX_EPOCH
                .checked_add(Duration::from_nanos(time))
                .ok_or(Errno::Overflow)?;
            Ok(Some(SystemTimeSpec::Absolute(SystemTime::from_std(time))))
        }
    }
}
