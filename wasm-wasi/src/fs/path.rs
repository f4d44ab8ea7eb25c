//! Paths as a guest passes them, split in one place for all calls of all versions of WASI.
//!
//! A path is resolved in two steps. Everything before its last component names a directory, which
//! cap-std opens below the directory of the descriptor; a path that leads out of it fails with
//! [`Errno::Perm`]. Then the last component goes to the system together with the slashes after it,
//! in a call that never follows a link there. So slashes and dots at the end mean what they mean to
//! the system.

use crate::abi::Errno;
use cap_fs_ext::OpenOptionsMaybeDirExt;
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;
use std::borrow::Cow;
use std::os::fd::{AsFd, BorrowedFd};

/// The longest path, including the final NUL that the system adds; the same limit as on Linux.
const PATH_MAX: usize = 4096;

/// A path of a guest that is relative and has no NUL in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GuestPath<'a> {
    whole: &'a str,
    /// Where the last component begins.
    last: usize,
    /// Where it ends. Slashes may follow.
    end: usize,
}

impl<'a> GuestPath<'a> {
    /// Takes a path apart.
    ///
    /// # Errors
    /// As [`check_string`]; [`Errno::NoEnt`] if it is empty; [`Errno::Perm`] if it is absolute.
    pub(crate) fn new(whole: &'a str) -> Result<Self, Errno> {
        check_string(whole)?;
        Self::parse(whole)
    }

    fn parse(whole: &'a str) -> Result<Self, Errno> {
        if whole.is_empty() {
            return Err(Errno::NoEnt);
        }
        if whole.starts_with('/') {
            return Err(Errno::Perm);
        }
        let end = whole.trim_end_matches('/').len();
        let last = whole[..end].rfind('/').map_or(0, |slash| slash + 1);
        Ok(Self { whole, last, end })
    }

    fn name(&self) -> &'a str {
        &self.whole[self.last..self.end]
    }

    fn name_with_slashes(&self) -> &'a str {
        &self.whole[self.last..]
    }

    pub(crate) fn has_slash(&self) -> bool {
        self.end < self.whole.len()
    }

    pub(crate) fn is_dots(&self) -> bool {
        matches!(self.name(), "." | "..")
    }

    /// Whether it can only name a directory. Then a link at its end is followed.
    pub(crate) fn names_directory(&self) -> bool {
        self.has_slash() || self.is_dots()
    }

    /// The path without slashes at its end, for calls that follow a link at the end.
    pub(crate) fn followed(&self) -> &'a str {
        &self.whole[..self.end]
    }

    /// The path as that of a directory, with a slash at the end: then a link there is followed. The
    /// slash makes cap-std follow the link even where cap-std resolves paths itself instead of the
    /// system.
    fn as_directory(&self) -> Cow<'a, str> {
        if self.names_directory() {
            Cow::Borrowed(self.whole)
        } else {
            Cow::Owned(format!("{}/", self.whole))
        }
    }

    /// The directory of the last component.
    pub(crate) fn parent<'d>(&self, root: &'d Dir) -> Result<Parent<'d>, Errno> {
        match self.last {
            0 => Ok(Parent::Root(root)),
            last => Ok(Parent::Below(open_directory(root, &self.whole[..last])?)),
        }
    }

    /// What the path names. A link at its end is followed only if slashes come after it.
    pub(crate) fn find<'d>(&self, root: &'d Dir) -> Result<Found<'d, 'a>, Errno> {
        if self.names_directory() {
            Ok(Found::Directory(open_directory(root, &self.as_directory())?))
        } else {
            Ok(Found::Entry(self.parent(root)?, self.name()))
        }
    }

    /// The directory and the name of an entry to make, remove or move. For calls that do not follow
    /// a link at the end of a path, even if slashes come after it.
    pub(crate) fn entry_path<'d>(&self, root: &'d Dir) -> Result<EntryPath<'d, 'a>, Errno> {
        let parent = self.parent(root)?;
        if self.name() == ".." {
            // The system refuses everything that could be done with it. But a path that may not be
            // followed must get the error for that.
            open_directory(root, &self.as_directory())?;
        }
        EntryPath::new(parent, self)
    }
}

/// Checks a string that is passed to the system.
///
/// # Errors
/// [`Errno::NameTooLong`]; [`Errno::Inval`] if there is a NUL in it.
pub(crate) fn check_string(string: &str) -> Result<(), Errno> {
    check_length(string.len())?;
    if string.contains('\0') { Err(Errno::Inval) } else { Ok(()) }
}

/// Checks the length of a string that is passed to the system.
///
/// # Errors
/// [`Errno::NameTooLong`]
pub(crate) const fn check_length(length: usize) -> Result<(), Errno> {
    if length >= PATH_MAX { Err(Errno::NameTooLong) } else { Ok(()) }
}

/// A directory: that of a descriptor, or one that was opened below it.
pub(crate) enum Parent<'d> {
    Root(&'d Dir),
    Below(Dir),
}

impl AsFd for Parent<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory().as_fd()
    }
}

impl Parent<'_> {
    pub(crate) const fn directory(&self) -> &Dir {
        match self {
            Self::Root(directory) => directory,
            Self::Below(directory) => directory,
        }
    }
}

/// What a path names.
pub(crate) enum Found<'d, 'a> {
    /// A directory, open only for lookups.
    Directory(Dir),
    /// An entry, which may be missing: its directory, and its name without slashes.
    Entry(Parent<'d>, &'a str),
}

/// An entry: its directory, and its name with the slashes after it.
pub(crate) struct EntryPath<'d, 'a> {
    parent: Parent<'d>,
    name: &'a str,
}

impl<'d, 'a> EntryPath<'d, 'a> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[expect(clippy::unnecessary_wraps, reason = "on other systems it can fail")]
    fn new(parent: Parent<'d>, path: &GuestPath<'a>) -> Result<Self, Errno> {
        Ok(Self { parent, name: path.name_with_slashes() })
    }

    /// Other systems may follow a link that has slashes after it, so the name has none there.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn new(parent: Parent<'d>, path: &GuestPath<'a>) -> Result<Self, Errno> {
        use rustix::fs::{AtFlags, FileType, statat};
        let name = path.name();
        debug_assert!(path.name_with_slashes().starts_with(name));
        if path.has_slash() {
            match statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::Directory => {
                    return Err(Errno::NotDir);
                }
                _ => {}
            }
        }
        Ok(Self { parent, name })
    }

    pub(crate) fn name(&self) -> &'a str {
        self.name
    }
}

impl AsFd for EntryPath<'_, '_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.parent.as_fd()
    }
}

/// Opens a directory below another, for looking up paths in it. The path has a slash at its end, or
/// ends with dots.
fn open_directory(root: &Dir, path: &str) -> Result<Dir, Errno> {
    let mut flags = OFlags::DIRECTORY;
    // A path can lead through a directory that is not readable.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    flags.insert(OFlags::PATH);
    flags.insert(OFlags::CLOEXEC);
    let mut options = OpenOptions::new();
    options.read(true).maybe_dir(true).custom_flags(flags.bits().cast_signed());
    Ok(Dir::from_std_file(root.open_with(path, &options)?.into_std()))
}

/// Opens what a path names, which must be a directory. Links at its end are followed.
pub(crate) fn open_as_directory(
    root: &Dir,
    path: &GuestPath<'_>,
    options: &OpenOptions,
) -> Result<File, Errno> {
    Ok(root.open_with(&*path.as_directory(), options)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        for (path, name, with_slashes, names_directory) in [
            ("a", "a", "a", false),
            ("a/", "a", "a/", true),
            ("a//b///", "b", "b///", true),
            ("a/.", ".", ".", true),
            ("..", "..", "..", true),
            ("a/../b", "b", "b", false),
            (".b", ".b", ".b", false),
        ] {
            let parsed = GuestPath::parse(path).unwrap();
            assert_eq!(parsed.name(), name, "{path}");
            assert_eq!(parsed.name_with_slashes(), with_slashes, "{path}");
            assert_eq!(parsed.names_directory(), names_directory, "{path}");
        }
        assert_eq!(GuestPath::parse(""), Err(Errno::NoEnt));
        assert_eq!(GuestPath::parse("/"), Err(Errno::Perm));
        assert_eq!(GuestPath::parse("//a"), Err(Errno::Perm));
    }
}
