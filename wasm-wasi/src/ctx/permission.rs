//! What the host lets a guest do with files and directories, and the one table of what an operation
//! needs of that.
//!
//! What a guest may do is settled by the host alone, when it hands over a directory. It holds for all
//! that is opened through the directory, however often. Rights, which a guest names when it opens
//! something, only say whether it wants to read or to write.

use super::{DirPerms, FilePerms};
use crate::abi::Errno;

/// What the host granted for a directory and for all that is reached through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) directory: DirPerms,
    pub(crate) file: FilePerms,
}

/// What a guest does with a file, a directory, or what a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Look what is in a directory.
    List,
    /// Look at attributes and links by their paths, or at those of a directory.
    Inspect,
    /// Set the times of an entry, or of what is open.
    SetTimes,
    /// Make a directory or a symbolic link, which is followed within the directory of a descriptor only.
    MakeEntry,
    /// Remove an entry.
    RemoveEntry,
    /// Give a file one more name: from the directory of the old one to that of the new one.
    Link,
    /// Move an entry: from the directory of the old name to that of the new one.
    Rename,
    /// Create the file that is opened, if it is not there.
    CreateFile,
    /// Open a file so that its contents can be read.
    ReadFile,
    /// Open a file so that it can be written, or cut it off, or change the length of an open one.
    WriteFile,
}

impl Operation {
    /// What is needed of each directory that takes part.
    const fn needs(self) -> Grant {
        let (directory, file) = match self {
            Self::List | Self::Inspect => (DirPerms::READ, FilePerms::empty()),
            Self::SetTimes | Self::MakeEntry | Self::RemoveEntry => {
                (DirPerms::MUTATE, FilePerms::empty())
            }
            // What a new place permits may be more than the old one does, even below the same
            // descriptor: another one may lead there. A directory takes along all that is in it.
            Self::Link | Self::Rename => (DirPerms::all(), FilePerms::all()),
            // A file that is created is open for writing on the host.
            Self::CreateFile => (DirPerms::MUTATE, FilePerms::WRITE),
            Self::ReadFile => (DirPerms::empty(), FilePerms::READ),
            Self::WriteFile => (DirPerms::empty(), FilePerms::WRITE),
        };
        Grant { directory, file }
    }
}

impl Grant {
    /// All there is: for what the host hands over itself.
    pub(crate) const ALL: Self = Self { directory: DirPerms::all(), file: FilePerms::all() };

    const fn contains(self, other: Self) -> bool {
        self.directory.contains(other.directory) && self.file.contains(other.file)
    }
}

/// Whether the host lets a guest do this with what the source grants, and where two directories take
/// part, the destination; the source is given twice where there is only one.
///
/// Where something gets a name in another place, both have to grant everything. Otherwise a guest could
/// bring a file to where it may do more with it, or put one that it can still change by its old name
/// to where nothing changes. To compare what the two grant would not do: directories that the
/// host hands over may lie in one another, so that a path below one leads to what another grants more of.
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

    /// With less than everything there may be a place, below the same descriptor even, where more is granted.
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
