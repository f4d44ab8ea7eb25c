//! One descriptor: what it stands for, what may be done with it, how it behaves.

use super::permission::permit;
use super::{Grant, Listing, Operation, StdinStream, StdoutStream};
use crate::abi::{Errno, FdFlags, FileType, Rights};
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// An entry of a guest's table.
#[derive(Debug)]
pub(crate) struct Descriptor {
    pub(crate) object: Object,
    /// Which way data goes.
    pub(crate) access: Access,
    /// What the host lets the guest do with it and through it.
    pub(crate) grant: Grant,
    pub(crate) flags: FdFlags,
}

/// What a descriptor stands for.
pub(crate) enum Object {
    Input(Box<dyn StdinStream>),
    Output(Box<dyn StdoutStream>),
    File(cap_std::fs::File, FileType),
    Directory(Directory),
    Socket(OwnedFd, FileType),
}

/// Which way data goes through a descriptor: of all that a guest can ask for, the only part that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

/// A directory, which is the root of all paths that are looked up through it.
pub(crate) struct Directory {
    pub(crate) handle: cap_std::fs::Dir,
    /// The guest's name for it, if it was there from the start.
    pub(crate) preopened_as: Option<String>,
    /// Where the guest is in reading it.
    pub(crate) listing: Option<Listing>,
}

impl Access {
    pub(crate) const NONE: Self = Self { read: false, write: false };
    pub(crate) const READ: Self = Self { read: true, write: false };
    pub(crate) const WRITE: Self = Self { read: false, write: true };
    pub(crate) const BOTH: Self = Self { read: true, write: true };
}

impl Descriptor {
    /// What the host hands over itself.
    pub(crate) fn of_host(object: Object, access: Access) -> Self {
        Self { object, access, grant: Grant::ALL, flags: FdFlags::empty() }
    }

    /// Fails with [`Errno::Perm`] if the host does not let the guest do this with what the
    /// descriptor stands for, or with what is below it.
    pub(crate) fn permit(&self, operation: Operation) -> Result<(), Errno> {
        permit(operation, self.grant, self.grant)
    }

    /// Fails with [`Errno::Badf`] if it was not opened for reading.
    pub(crate) const fn check_read(&self) -> Result<(), Errno> {
        if self.access.read { Ok(()) } else { Err(Errno::Badf) }
    }

    /// Fails with [`Errno::Badf`] if it was not opened for writing.
    pub(crate) const fn check_write(&self) -> Result<(), Errno> {
        if self.access.write { Ok(()) } else { Err(Errno::Badf) }
    }

    /// The rights that a guest is told of, and those that it is told what is opened through this has.
    ///
    /// A directory tells of all rights whatever the host lets the guest do: C libraries leave out what is
    /// missing here when they open something, and would report the wrong error later.
    pub(crate) fn rights(&self) -> (Rights, Rights) {
        match &self.object {
            Object::Input(_) => (Rights::INPUT, Rights::INPUT),
            Object::Output(_) => (Rights::OUTPUT, Rights::OUTPUT),
            Object::Socket(..) => (Rights::SOCKET, Rights::SOCKET),
            Object::Directory(_) => (Rights::DIRECTORY, Rights::DIRECTORY | Rights::FILE),
            Object::File(..) => {
                let mut rights = Rights::FILE;
                if !self.access.read {
                    rights -= Rights::FD_READ;
                }
                if !self.access.write {
                    rights -= Rights::FILE_MUTATION;
                }
                (rights, rights)
            }
        }
    }

    /// The file behind it. On a directory there is nothing to read, write or measure
    /// ([`Errno::Badf`]), and streams and sockets have no position ([`Errno::SPipe`]).
    pub(crate) fn file(&self) -> Result<&cap_std::fs::File, Errno> {
        match &self.object {
            Object::File(file, _) => Ok(file),
            Object::Directory(_) => Err(Errno::Badf),
            Object::Input(_) | Object::Output(_) | Object::Socket(..) => Err(Errno::SPipe),
        }
    }

    /// The directory behind it.
    pub(crate) fn directory(&self) -> Result<&cap_std::fs::Dir, Errno> {
        match &self.object {
            Object::Directory(directory) => Ok(&directory.handle),
            _ => Err(Errno::NotDir),
        }
    }

    /// The socket behind it.
    pub(crate) fn socket(&self) -> Result<BorrowedFd<'_>, Errno> {
        match &self.object {
            Object::Socket(fd, _) => Ok(fd.as_fd()),
            _ => Err(Errno::NotSock),
        }
    }

    pub(crate) fn file_type(&self) -> FileType {
        let stream = |terminal| {
            if terminal { FileType::CharacterDevice } else { FileType::Unknown }
        };
        match &self.object {
            Object::Input(input) => stream(input.is_terminal()),
            Object::Output(output) => stream(output.is_terminal()),
            Object::File(_, file_type) | Object::Socket(_, file_type) => *file_type,
            Object::Directory(_) => FileType::Directory,
        }
    }

    /// The host's descriptor to wait on, if there is one.
    pub(crate) fn host(&self) -> Option<BorrowedFd<'_>> {
        match &self.object {
            Object::Input(input) => input.as_fd(),
            Object::Output(output) => output.as_fd(),
            Object::File(file, _) => Some(file.as_fd()),
            Object::Directory(directory) => Some(directory.handle.as_fd()),
            Object::Socket(fd, _) => Some(fd.as_fd()),
        }
    }

    /// Whether its flags ask for [`Errno::Again`] where a call would wait.
    pub(crate) fn is_nonblocking(&self) -> bool {
        self.flags.contains(FdFlags::NONBLOCK)
    }
}

impl Directory {
    pub(crate) const fn new(handle: cap_std::fs::Dir, preopened_as: Option<String>) -> Self {
        Self { handle, preopened_as, listing: None }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(_) => f.write_str("Input"),
            Self::Output(_) => f.write_str("Output"),
            Self::File(file, _) => f.debug_tuple("File").field(file).finish(),
            Self::Directory(directory) => f
                .debug_tuple("Directory")
                .field(&directory.handle)
                .field(&directory.preopened_as)
                .finish(),
            Self::Socket(fd, _) => f.debug_tuple("Socket").field(fd).finish(),
        }
    }
}
