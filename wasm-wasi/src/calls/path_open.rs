//! Opening files and directories.

use crate::abi::{Errno, FdFlags, FileType, GuestMemory, LookupFlags, OpenFlags, Rights};
use crate::ctx::{Descriptor, Directory, Object, WasiCtx};
use cap_fs_ext::{
    FollowSymlinks, OpenOptionsFollowExt, OpenOptionsMaybeDirExt, OpenOptionsSyncExt,
};
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;

/// Opens what a path names, and writes the number of the new descriptor.
///
/// The rights asked for are cut down to those that the directory hands on and that make sense for
/// what was opened, since programs routinely ask for more than they need. Reading and writing are
/// not: if the directory hands them on not, asking for them is an error.
///
/// # Errors
/// [`Errno::NotCapable`] if a right is missing that the call needs; [`Errno::Perm`] if the path leads
/// out of the directory; and what the host answers.
#[expect(clippy::too_many_arguments, reason = "the parameters are those of the specification")]
pub fn path_open(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_length: u32,
    open: u32,
    rights: u64,
    inheriting: u64,
    flags: u32,
    opened: u32,
) -> Result<(), Errno> {
    let base = ctx.table.get(fd)?;
    let request = Request {
        follow: LookupFlags::try_from(lookup)?.contains(LookupFlags::SYMLINK_FOLLOW),
        open: OpenFlags::try_from(open)?,
        // A right without a name is one that nobody can use.
        rights: Rights::from_bits_truncate(rights),
        flags: FdFlags::try_from(flags)?,
    };
    let directory = base.directory()?;
    request.check(base)?;
    ctx.table.check_room()?;
    memory.check(opened, 4)?;
    let file = request.open(directory, memory.string(path, path_length)?)?;

    let file_type = FileType::from(file.metadata()?.file_type());
    let granted = request.rights & base.inheriting;
    let descriptor = if file_type == FileType::Directory {
        Descriptor {
            object: Object::Directory(Directory {
                handle: Dir::from_std_file(file.into_std()),
                preopened_as: None,
                listing: None,
            }),
            rights: granted & Rights::DIRECTORY,
            inheriting: Rights::from_bits_truncate(inheriting) & base.inheriting,
            flags: request.flags,
        }
    } else if request.open.contains(OpenFlags::DIRECTORY) {
        return Err(Errno::NotDir);
    } else {
        Descriptor {
            object: Object::File(file, file_type),
            rights: granted.difference(Rights::DIRECTORY.difference(Rights::FILE)),
            inheriting: Rights::from_bits_truncate(inheriting) & base.inheriting,
            flags: request.flags,
        }
    };
    let number = ctx.table.insert(descriptor)?;
    memory.write_u32(opened, number)
}

/// What a guest asks for.
struct Request {
    follow: bool,
    open: OpenFlags,
    rights: Rights,
    flags: FdFlags,
}

impl Request {
    fn check(&self, base: &Descriptor) -> Result<(), Errno> {
        let mut needed = Rights::PATH_OPEN;
        if self.open.contains(OpenFlags::CREATE) {
            needed |= Rights::PATH_CREATE_FILE;
        }
        if self.open.contains(OpenFlags::TRUNCATE) {
            needed |= Rights::PATH_FILESTAT_SET_SIZE;
        }
        let mut handed_on = self.rights & (Rights::FD_READ | Rights::FD_WRITE);
        if self.flags.contains(FdFlags::DSYNC) {
            handed_on |= Rights::FD_DATASYNC;
        }
        if self.flags.intersects(FdFlags::SYNC | FdFlags::RSYNC) {
            handed_on |= Rights::FD_SYNC;
        }
        if !base.rights.contains(needed) || !base.inheriting.contains(handed_on) {
            return Err(Errno::NotCapable);
        }
        if self.open.contains(OpenFlags::CREATE | OpenFlags::DIRECTORY) {
            return Err(Errno::Inval);
        }
        Ok(())
    }

    fn open(&self, directory: &Dir, path: &str) -> Result<File, Errno> {
        let create = self.open.contains(OpenFlags::CREATE);
        let exclusive = self.open.contains(OpenFlags::EXCLUSIVE);
        let truncate = self.open.contains(OpenFlags::TRUNCATE);
        let write = self.rights.intersects(Rights::FILE_MUTATION);

        let mut options = OpenOptions::new();
        options
            .read(!write || self.rights.intersects(Rights::FD_READ | Rights::FD_READDIR))
            .write(write || truncate)
            .truncate(truncate)
            .maybe_dir(true)
            .follow(FollowSymlinks::follow(self.follow))
            .nonblock(self.flags.contains(FdFlags::NONBLOCK))
            .dsync(self.flags.contains(FdFlags::DSYNC))
            .rsync(self.flags.contains(FdFlags::RSYNC))
            .sync(self.flags.contains(FdFlags::SYNC));
        let mut host = OFlags::NOCTTY;
        host.set(OFlags::DIRECTORY, self.open.contains(OpenFlags::DIRECTORY));
        options.custom_flags(host.bits().cast_signed());

        if !create {
            return Ok(directory.open_with(path, &options)?);
        }
        let mut creating = options.clone();
        creating.write(true).create(!exclusive).create_new(exclusive);
        if write || truncate || exclusive {
            return Ok(directory.open_with(path, &creating)?);
        }
        // A file that is only read must open even where it may not be written, but creating one goes
        // together with opening it for writing. If it appears in between, creating it opens it.
        match directory.open_with(path, &options) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(directory.open_with(path, &creating)?)
            }
            result => Ok(result?),
        }
    }
}

/// The directory of a descriptor, to look up a path in it for something that needs these rights.
pub(super) fn directory(ctx: &WasiCtx, fd: u32, rights: Rights) -> Result<&Dir, Errno> {
    let descriptor = ctx.table.get(fd)?;
    let directory = descriptor.directory()?;
    descriptor.check(rights)?;
    Ok(directory)
}
