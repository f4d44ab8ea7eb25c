//! One descriptor: what it refers to, what may be done with it, how it behaves.

use super::permission::permit;
use super::{Grant, Listing, Operation, StdinStream, StdoutStream};
use crate::abi::{Errno, FdFlags, FileType, Rights};
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// An entry of a guest's table.
#[derive(Debug)]
pub(crate) struct Descriptor {
    pub(crate) object: Object,
    /// Which way data flows.
    pub(crate) access: Access,
    /// What the host permits the guest to do with it and through it.
    pub(crate) grant: Grant,
    pub(crate) flags: FdFlags,
}

/// What a descriptor refers to.
pub(crate) enum Object {
    Input(Box<dyn StdinStream>),
    Output(Box<dyn StdoutStream>),
    /// Streams of WASI 0.2 share it.
    File(Arc<cap_std::fs::File>, FileType),
    Directory(Directory),
    Socket(OwnedFd, FileType),
}

/// Which way data flows through a descriptor. This is the only part of a guest's requested rights
/// that has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

/// A directory, which is the root of all paths that are resolved through it.
pub(crate) struct Directory {
    pub(crate) handle: cap_std::fs::Dir,
    /// The guest's name for it, if it is preopened.
    pub(crate) preopened_as: Option<String>,
    /// The position of the guest in reading it.
    pub(crate) listing: Option<Listing>,
}

impl Access {
    pub(crate) const NONE: Self = Self { read: false, write: false };
    pub(crate) const READ: Self = Self { read: true, write: false };
    pub(crate) const WRITE: Self = Self { read: false, write: true };
    pub(crate) const BOTH: Self = Self { read: true, write: true };
}

impl Descriptor {
    /// A descriptor that the host itself hands over.
    pub(crate) fn of_host(object: Object, access: Access) -> Self {
        Self { object, access, grant: Grant::ALL, flags: FdFlags::empty() }
    }

    /// Fails with [`Errno::Perm`] if the host does not permit the guest this operation on what the
    /// descriptor refers to, or on what is below it.
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

    /// The rights that are reported to a guest for this descriptor, and for descriptors opened
    /// through it.
    ///
    /// A directory reports all rights, whatever the host permits. When C libraries open something,
    /// they leave out rights that are missing here, and would report the wrong error later.
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

    /// The file behind it. A directory can't be read, written or measured ([`Errno::Badf`]), and
    /// streams and sockets have no position ([`Errno::SPipe`]).
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

    /// Whether its flags request [`Errno::Again`] where a call would wait.
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
