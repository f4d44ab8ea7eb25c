//! The flag sets of WASI: rights, open flags, descriptor flags and the small ones.
//!
//! A set bit that has no name is an error of the guest: `try_from` returns [`Errno::Inval`].

use super::Errno;
use bitflags::bitflags;

bitflags! {
    /// What may be done through a descriptor (`rights`).
    ///
    /// Of the rights that a guest requests, only `FD_READ` and `FD_WRITE` have an effect. It gets
    /// everything else as well, as far as the host permits it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Rights: u64 {
        /// `fd_datasync`, and opening with [`FdFlags::DSYNC`].
        const FD_DATASYNC = 1 << 0;
        /// `fd_read`, `sock_recv`, and `fd_pread` together with `FD_SEEK`.
        const FD_READ = 1 << 1;
        /// `fd_seek`; includes `FD_TELL`.
        const FD_SEEK = 1 << 2;
        /// `fd_fdstat_set_flags`.
        const FD_FDSTAT_SET_FLAGS = 1 << 3;
        /// `fd_sync`, and opening with [`FdFlags::SYNC`] or [`FdFlags::RSYNC`].
        const FD_SYNC = 1 << 4;
        /// `fd_tell`, and `fd_seek` that leaves the position where it is.
        const FD_TELL = 1 << 5;
        /// `fd_write`, `sock_send`, and `fd_pwrite` together with `FD_SEEK`.
        const FD_WRITE = 1 << 6;
        /// `fd_advise`.
        const FD_ADVISE = 1 << 7;
        /// `fd_allocate`.
        const FD_ALLOCATE = 1 << 8;
        /// `path_create_directory`.
        const PATH_CREATE_DIRECTORY = 1 << 9;
        /// `path_open` with [`OpenFlags::CREATE`].
        const PATH_CREATE_FILE = 1 << 10;
        /// `path_link` with the descriptor as the source.
        const PATH_LINK_SOURCE = 1 << 11;
        /// `path_link` with the descriptor as the target.
        const PATH_LINK_TARGET = 1 << 12;
        /// `path_open`.
        const PATH_OPEN = 1 << 13;
        /// `fd_readdir`.
        const FD_READDIR = 1 << 14;
        /// `path_readlink`.
        const PATH_READLINK = 1 << 15;
        /// `path_rename` with the descriptor as the source.
        const PATH_RENAME_SOURCE = 1 << 16;
        /// `path_rename` with the descriptor as the target.
        const PATH_RENAME_TARGET = 1 << 17;
        /// `path_filestat_get`.
        const PATH_FILESTAT_GET = 1 << 18;
        /// `path_open` with [`OpenFlags::TRUNCATE`].
        const PATH_FILESTAT_SET_SIZE = 1 << 19;
        /// `path_filestat_set_times`.
        const PATH_FILESTAT_SET_TIMES = 1 << 20;
        /// `fd_filestat_get`.
        const FD_FILESTAT_GET = 1 << 21;
        /// `fd_filestat_set_size`.
        const FD_FILESTAT_SET_SIZE = 1 << 22;
        /// `fd_filestat_set_times`.
        const FD_FILESTAT_SET_TIMES = 1 << 23;
        /// `path_symlink`.
        const PATH_SYMLINK = 1 << 24;
        /// `path_remove_directory`.
        const PATH_REMOVE_DIRECTORY = 1 << 25;
        /// `path_unlink_file`.
        const PATH_UNLINK_FILE = 1 << 26;
        /// `poll_oneoff` on the descriptor.
        const POLL_FD_READWRITE = 1 << 27;
        /// `sock_shutdown`.
        const SOCK_SHUTDOWN = 1 << 28;
        /// `sock_accept`.
        const SOCK_ACCEPT = 1 << 29;
    }

    /// How a path is resolved (`lookupflags`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LookupFlags: u32 {
        /// A symbolic link at the end of the path is followed.
        const SYMLINK_FOLLOW = 1 << 0;
    }

    /// How `path_open` opens (`oflags`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct OpenFlags: u16 {
        /// Create the file if it is not there.
        const CREATE = 1 << 0;
        /// Fail if it is not a directory.
        const DIRECTORY = 1 << 1;
        /// Fail if the file exists already.
        const EXCLUSIVE = 1 << 2;
        /// Truncate the file to length zero.
        const TRUNCATE = 1 << 3;
    }

    /// How a descriptor behaves (`fdflags`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FdFlags: u16 {
        /// Each write goes to the end of the file.
        const APPEND = 1 << 0;
        /// Each write waits until the data is stored.
        const DSYNC = 1 << 1;
        /// Calls that would block fail with [`Errno::Again`].
        const NONBLOCK = 1 << 2;
        /// Reads are as synchronised as writes.
        const RSYNC = 1 << 3;
        /// Each write waits until data and attributes are stored.
        const SYNC = 1 << 4;
    }

    /// Which times are set, and to what (`fstflags`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FstFlags: u16 {
        /// Set the time of last access to the one given.
        const ATIM = 1 << 0;
        /// Set the time of last access to now.
        const ATIM_NOW = 1 << 1;
        /// Set the time of last modification to the one given.
        const MTIM = 1 << 2;
        /// Set the time of last modification to now.
        const MTIM_NOW = 1 << 3;
    }

    /// What an event of `poll_oneoff` reports about a descriptor (`eventrwflags`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct EventFlags: u16 {
        /// The other end is closed.
        const HANGUP = 1 << 0;
    }

    /// How the timeout of a subscription is measured (`subclockflags`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ClockFlags: u16 {
        /// The timeout is a point in time, not a duration from now.
        const ABSOLUTE = 1 << 0;
    }

    /// How `sock_recv` receives (`riflags`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ReceiveFlags: u16 {
        /// Leave the data in the socket.
        const PEEK = 1 << 0;
        /// Wait until the buffers are full.
        const WAITALL = 1 << 1;
    }

    /// Which directions `sock_shutdown` closes (`sdflags`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ShutdownFlags: u8 {
        /// No more receiving.
        const READ = 1 << 0;
        /// No more sending.
        const WRITE = 1 << 1;
    }
}

/// From the 32-bit or 64-bit number that a guest passes; a bit without a name is [`Errno::Inval`].
macro_rules! from_guest {
    ($($flags:ident: $raw:ty;)*) => {$(
        impl TryFrom<$raw> for $flags {
            type Error = Errno;

            fn try_from(raw: $raw) -> Result<Self, Errno> {
                raw.try_into().ok().and_then(Self::from_bits).ok_or(Errno::Inval)
            }
        }
    )*};
}

from_guest! {
    LookupFlags: u32;
    OpenFlags: u32;
    FdFlags: u32;
    FstFlags: u32;
    ReceiveFlags: u32;
    ShutdownFlags: u32;
    ClockFlags: u16;
}

impl Rights {
    /// All rights that make sense for a file.
    pub const FILE: Self = Self::FD_DATASYNC
        .union(Self::FD_READ)
        .union(Self::FD_SEEK)
        .union(Self::FD_FDSTAT_SET_FLAGS)
        .union(Self::FD_SYNC)
        .union(Self::FD_TELL)
        .union(Self::FD_WRITE)
        .union(Self::FD_ADVISE)
        .union(Self::FD_ALLOCATE)
        .union(Self::FD_FILESTAT_GET)
        .union(Self::FD_FILESTAT_SET_SIZE)
        .union(Self::FD_FILESTAT_SET_TIMES)
        .union(Self::POLL_FD_READWRITE);

    /// All rights that make sense for a directory.
    pub const DIRECTORY: Self = Self::PATH_CREATE_DIRECTORY
        .union(Self::PATH_CREATE_FILE)
        .union(Self::PATH_LINK_SOURCE)
        .union(Self::PATH_LINK_TARGET)
        .union(Self::PATH_OPEN)
        .union(Self::FD_READDIR)
        .union(Self::PATH_READLINK)
        .union(Self::PATH_RENAME_SOURCE)
        .union(Self::PATH_RENAME_TARGET)
        .union(Self::PATH_FILESTAT_GET)
        .union(Self::PATH_FILESTAT_SET_TIMES)
        .union(Self::FD_FILESTAT_GET)
        .union(Self::FD_FILESTAT_SET_TIMES)
        .union(Self::PATH_SYMLINK)
        .union(Self::PATH_REMOVE_DIRECTORY)
        .union(Self::PATH_UNLINK_FILE);

    /// All rights that change a file's contents, for which it must be opened for writing.
    pub const FILE_MUTATION: Self =
        Self::FD_WRITE.union(Self::FD_ALLOCATE).union(Self::FD_FILESTAT_SET_SIZE);

    /// All rights that make sense for an input stream.
    pub const INPUT: Self = Self::FD_READ
        .union(Self::FD_FDSTAT_SET_FLAGS)
        .union(Self::FD_FILESTAT_GET)
        .union(Self::POLL_FD_READWRITE);

    /// All rights that make sense for an output stream.
    pub const OUTPUT: Self = Self::FD_WRITE
        .union(Self::FD_DATASYNC)
        .union(Self::FD_SYNC)
        .union(Self::FD_FDSTAT_SET_FLAGS)
        .union(Self::FD_FILESTAT_GET)
        .union(Self::POLL_FD_READWRITE);

    /// All rights that make sense for a socket.
    pub const SOCKET: Self = Self::FD_READ
        .union(Self::FD_WRITE)
        .union(Self::FD_FDSTAT_SET_FLAGS)
        .union(Self::FD_FILESTAT_GET)
        .union(Self::POLL_FD_READWRITE)
        .union(Self::SOCK_SHUTDOWN)
        .union(Self::SOCK_ACCEPT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_bits_are_refused() {
        assert_eq!(OpenFlags::try_from(0b1111_u32), Ok(OpenFlags::all()));
        assert_eq!(OpenFlags::try_from(0b1_0000_u32), Err(Errno::Inval));
        assert_eq!(FdFlags::try_from(u32::MAX), Err(Errno::Inval));
        assert_eq!(FdFlags::try_from(0x1_0000_u32), Err(Errno::Inval));
        assert_eq!(ShutdownFlags::try_from(0_u32), Ok(ShutdownFlags::empty()));
    }
}
