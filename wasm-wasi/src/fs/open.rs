//! Opening files and directories.

use super::path::{GuestPath, open_as_directory};
use crate::abi::{Errno, FdFlags, FileType, OpenFlags};
use crate::ctx::{Access, Descriptor, Directory, Object, Operation};
use cap_fs_ext::{
    FollowSymlinks, OpenOptionsFollowExt, OpenOptionsMaybeDirExt, OpenOptionsSyncExt,
};
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;
use std::io;
use std::sync::Arc;

/// What a guest requests.
pub(crate) struct Request {
    /// Whether a link at the end of the path is followed.
    pub(crate) follow: bool,
    pub(crate) open: OpenFlags,
    pub(crate) read: bool,
    pub(crate) write: bool,
}

impl Request {
    fn creates(&self) -> bool {
        self.open.contains(OpenFlags::CREATE)
    }

    fn truncates(&self) -> bool {
        self.open.contains(OpenFlags::TRUNCATE)
    }

    /// Checks whether the request makes sense and the host permits it, as far as this is known
    /// before something is opened.
    pub(crate) fn check(&self, base: &Descriptor, flags: FdFlags) -> Result<(), Errno> {
        if flags.intersects(FdFlags::DSYNC | FdFlags::SYNC | FdFlags::RSYNC) {
            return Err(Errno::NotSup);
        }
        if self.open.contains(OpenFlags::DIRECTORY) && self.open != OpenFlags::DIRECTORY {
            return Err(Errno::Inval);
        }
        if self.creates() {
            base.permit(Operation::CreateFile)?;
        }
        if self.write || self.truncates() {
            base.permit(Operation::WriteFile)?;
        }
        Ok(())
    }

    /// Opens what the path names, below the directory of a descriptor for which the request was
    /// checked.
    pub(crate) fn run(
        &self,
        base: &Descriptor,
        path: &GuestPath<'_>,
        flags: FdFlags,
    ) -> Result<Descriptor, Errno> {
        let (file, access) = self.open(base.directory()?, path)?;
        let file_type = FileType::from(file.metadata()?.file_type());
        let (object, access) = if file_type == FileType::Directory {
            let handle = Dir::from_std_file(file.into_std());
            (Object::Directory(Directory::new(handle, None)), Access::NONE)
        } else if self.open.contains(OpenFlags::DIRECTORY) {
            return Err(Errno::NotDir);
        } else {
            // Only now it is known that it is not a directory, for which this permission is not
            // needed.
            let readable = base.permit(Operation::ReadFile);
            if self.read {
                readable?;
            }
            let access = Access { read: access.read && readable.is_ok(), ..access };
            (Object::File(Arc::new(file), file_type), access)
        };
        Ok(Descriptor { object, access, grant: base.grant, flags })
    }

    fn open(&self, root: &Dir, path: &GuestPath<'_>) -> Result<(File, Access), Errno> {
        let exclusive = self.open.contains(OpenFlags::EXCLUSIVE);
        let access = Access {
            read: self.read || !self.write,
            write: self.write || self.truncates() || self.creates(),
        };
        let mut options = self.options(access);
        let directory = self.open.contains(OpenFlags::DIRECTORY);
        if path.names_directory() || directory && self.follow {
            if self.creates() {
                return Err(refuse_to_create(root, path, exclusive));
            }
            let host = OFlags::NOCTTY | OFlags::DIRECTORY;
            options.follow(FollowSymlinks::Yes).custom_flags(host.bits().cast_signed());
            return Ok((open_as_directory(root, path, &options)?, access));
        }
        if !self.creates() {
            return Ok((root.open_with(path.followed(), &options)?, access));
        }
        options.create(!exclusive).create_new(exclusive);
        match root.open_with(path.followed(), &options) {
            // An existing file that must not be written still opens for reading.
            Err(error)
                if !self.write && !self.truncates() && !exclusive && is_read_only(&error) =>
            {
                let options = self.options(Access::READ);
                match root.open_with(path.followed(), &options) {
                    Err(missing) if missing.kind() == io::ErrorKind::NotFound => Err(error.into()),
                    result => Ok((result?, Access::READ)),
                }
            }
            result => Ok((result?, access)),
        }
    }

    fn options(&self, access: Access) -> OpenOptions {
        let mut host = OFlags::NOCTTY;
        host.set(OFlags::DIRECTORY, self.open.contains(OpenFlags::DIRECTORY));
        let mut options = OpenOptions::new();
        options
            .read(access.read)
            .write(access.write)
            .truncate(self.truncates())
            .maybe_dir(true)
            .follow(FollowSymlinks::follow(self.follow))
            // This crate waits itself if the guest wants to wait: then the wait can be ended.
            .nonblock(true)
            .custom_flags(host.bits().cast_signed());
        options
    }
}

/// Whether opening a file failed because it would have been open for writing.
fn is_read_only(error: &io::Error) -> bool {
    use rustix::io::Errno as Host;
    matches!(
        Host::from_io_error(error),
        Some(Host::ACCESS | Host::PERM | Host::ROFS | Host::TXTBSY)
    )
}

/// The error if a file is to be created, and the path says that it names a directory.
fn refuse_to_create(root: &Dir, path: &GuestPath<'_>, exclusive: bool) -> Errno {
    let resolved =
        if path.is_dots() { path.find(root).map(|_| ()) } else { path.parent(root).map(|_| ()) };
    match resolved {
        Err(error) => error,
        Ok(()) if path.is_dots() && exclusive => Errno::Exist,
        Ok(()) => Errno::IsDir,
    }
}
