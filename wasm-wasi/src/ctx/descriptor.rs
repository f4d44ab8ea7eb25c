//! One descriptor: what it stands for, what may be done with it, how it behaves.

use super::{StdinStream, StdoutStream};
use crate::abi::{Errno, FdFlags, FileType, Rights};
use cap_fs_ext::OpenOptionsMaybeDirExt;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// An entry of a guest's table.
#[derive(Debug)]
pub(crate) struct Descriptor {
    pub(crate) object: Object,
    pub(crate) rights: Rights,
    pub(crate) inheriting: Rights,
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

/// A directory, which is the root of all paths that are looked up through it.
pub(crate) struct Directory {
    pub(crate) handle: cap_std::fs::Dir,
    /// The guest's name for it, if it was there from the start.
    pub(crate) preopened_as: Option<String>,
    /// The entries as they were when the guest last began to read them, so that cookies stay valid
    /// while it removes or adds files.
    pub(crate) listing: Option<Vec<ListedEntry>>,
}

/// An entry of a directory that is being read.
pub(crate) struct ListedEntry {
    pub(crate) name: String,
    pub(crate) inode: u64,
    pub(crate) file_type: FileType,
}

impl Descriptor {
    /// Fails with [`Errno::NotCapable`] if a right is missing, but with [`Errno::Badf`] for those of
    /// reading and writing: this is what POSIX programs expect of a file opened the other way.
    pub(crate) fn check(&self, rights: Rights) -> Result<(), Errno> {
        let missing = rights.difference(self.rights);
        if missing.is_empty() {
            Ok(())
        } else if missing.intersects(Rights::FD_READ | Rights::FD_WRITE) {
            Err(Errno::Badf)
        } else {
            Err(Errno::NotCapable)
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
    /// The directory opened for reading. The handle itself may be one that only serves to look up paths.
    pub(crate) fn reopen(&self) -> std::io::Result<cap_std::fs::File> {
        let mut options = cap_std::fs::OpenOptions::new();
        self.handle.open_with(".", options.read(true).maybe_dir(true))
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
