//! The host's permissions for files and directories, and the one table of what each operation
//! requires.
//!
//! The host alone decides what a guest may do, when it hands over a directory. The decision holds
//! for everything that is opened through the directory, however often. Rights, which a guest names
//! when it opens something, only say whether it wants to read or to write.

use super::{DirPerms, FilePerms};
use crate::abi::Errno;

/// The permissions that the host granted for a directory and for everything that is reached through
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) directory: DirPerms,
    pub(crate) file: FilePerms,
}

/// An operation of a guest on a file, a directory, or what a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// List a directory.
    List,
    /// Read attributes and links by their paths, or the attributes of a directory.
    Inspect,
    /// Set the times of an entry, or of an open file or directory.
    SetTimes,
    /// Make a directory or a symbolic link. Links are only followed within the directory of a
    /// descriptor.
    MakeEntry,
    /// Remove an entry.
    RemoveEntry,
    /// Give a file one more name, from the directory of the old name to that of the new one.
    Link,
    /// Move an entry, from the directory of the old name to that of the new one.
    Rename,
    /// Create the file that is opened, if it does not exist.
    CreateFile,
    /// Open a file so that its contents can be read.
    ReadFile,
    /// Open a file for writing, truncate it, or change the length of an open one.
    WriteFile,
}

impl Operation {
    /// What the operation requires of each directory that takes part.
    const fn needs(self) -> Grant {
        let (directory, file) = match self {
            Self::List | Self::Inspect => (DirPerms::READ, FilePerms::empty()),
            Self::SetTimes | Self::MakeEntry | Self::RemoveEntry => {
                (DirPerms::MUTATE, FilePerms::empty())
            }
            // The new directory may permit more than the old one. This is so even below the same
            // descriptor, since another descriptor may lead there. A directory that is moved takes
            // along everything in it.
            Self::Link | Self::Rename => (DirPerms::all(), FilePerms::all()),
            // The host opens a file that is created for writing.
            Self::CreateFile => (DirPerms::MUTATE, FilePerms::WRITE),
            Self::ReadFile => (DirPerms::empty(), FilePerms::READ),
            Self::WriteFile => (DirPerms::empty(), FilePerms::WRITE),
        };
        Grant { directory, file }
    }
}

impl Grant {
    /// All permissions, for what the host itself hands over.
    pub(crate) const ALL: Self = Self { directory: DirPerms::all(), file: FilePerms::all() };

    const fn contains(self, other: Self) -> bool {
        self.directory.contains(other.directory) && self.file.contains(other.file)
    }
}

/// Checks whether the host's grants allow a guest an operation. `source` is the grant of the
/// directory, or of the source if two directories take part. `destination` is that of the
/// destination, or the same as `source` if there is only one directory.
///
/// Where something gets a name in another directory, both grants must be complete. Otherwise a
/// guest could bring a file to where it may do more with it. Or it could put a file that it can
/// still change by its old name into a directory that must not change. Comparing the two grants
/// would not suffice: the directories that the host hands over may contain one another, so a path
/// below one may lead to a directory for which another one grants more.
///
/// # Errors
/// [`Errno::Perm`]
pub(crate) fn permit(operation: Operation, source: Grant, destination: Grant) -> Result<(), Errno> {
    let needs = operation.needs();
    let permitted = source.contains(needs) && destination.contains(needs);
    if permitted { Ok(()) } else { Err(Errno::Perm) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATIONS: [Operation; 10] = [
        Operation::List,
        Operation::Inspect,
        Operation::SetTimes,
        Operation::MakeEntry,
        Operation::RemoveEntry,
        Operation::Link,
        Operation::Rename,
        Operation::CreateFile,
        Operation::ReadFile,
        Operation::WriteFile,
    ];

    fn grants() -> impl Iterator<Item = Grant> {
        (0..4).flat_map(|directory| {
            (0..4).map(move |file| Grant {
                directory: DirPerms::from_bits_truncate(directory),
                file: FilePerms::from_bits_truncate(file),
            })
        })
    }

    #[test]
    fn more_is_never_less() {
        for operation in OPERATIONS {
            assert_eq!(permit(operation, Grant::ALL, Grant::ALL), Ok(()), "{operation:?}");
            for grant in grants().filter(|grant| permit(operation, *grant, *grant).is_ok()) {
                for more in grants().filter(|more| more.contains(grant)) {
                    assert_eq!(permit(operation, more, more), Ok(()), "{operation:?} {more:?}");
                }
            }
        }
    }

    /// With an incomplete grant, more may be granted for another directory, even below the same
    /// descriptor.
    #[test]
    fn nothing_gets_another_place_where_not_everything_is_granted() {
        for operation in [Operation::Link, Operation::Rename] {
            for (source, destination) in grants().flat_map(|a| grants().map(move |b| (a, b))) {
                let permitted = permit(operation, source, destination).is_ok();
                assert_eq!(permitted, source == Grant::ALL && destination == Grant::ALL);
            }
        }
    }

    #[test]
    fn without_any_grant_nothing_is_permitted() {
        let none = Grant { directory: DirPerms::empty(), file: FilePerms::empty() };
        for operation in OPERATIONS {
            assert_eq!(permit(operation, none, none), Err(Errno::Perm), "{operation:?}");
        }
    }
}
