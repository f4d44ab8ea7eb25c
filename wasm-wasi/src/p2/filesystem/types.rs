//! The functions of `wasi:filesystem/types`.

use super::convert::{advice, times};
use super::streams::{FileInput, FileOutput};
use super::{Descriptor, FsError, FsResult, ReaddirIterator};
use crate::abi::{Errno, FdFlags, FileStat};
use crate::ctx::{DirPerms, Object, Operation, permit};
use crate::fs::path::{GuestPath, check_string};
use crate::fs::{attributes, entries, open};
use crate::p2::WasiCtxView;
use crate::p2::bindings::filesystem::types::{
    self, Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use crate::p2::io::{DynInputStream, DynOutputStream, IoError};
use crate::p2::runtime::{Resource, Result};
use rustix::io::retry_on_intr;
use std::hash::{DefaultHasher, Hash, Hasher};

type Handle = Resource<Descriptor>;

impl types::Host for WasiCtxView<'_> {
    fn convert_error_code(&mut self, error: FsError) -> Result<ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(&mut self, error: Resource<IoError>) -> Result<Option<ErrorCode>> {
        let error = self.table.get(&error)?;
        let number = error.downcast_ref::<Errno>().map(|number| ErrorCode::from(*number));
        Ok(number.or_else(|| error.downcast_ref::<ErrorCode>().copied()))
    }
}

impl WasiCtxView<'_> {
    fn descriptor(&self, handle: &Handle) -> FsResult<&crate::ctx::Descriptor> {
        Ok(self.table.get(handle)?.inner())
    }

    /// The directory of a descriptor, for an operation on what a path names in it.
    fn directory(&self, handle: &Handle, operation: Operation) -> FsResult<&cap_std::fs::Dir> {
        let descriptor = self.descriptor(handle)?;
        let directory = descriptor.directory()?;
        descriptor.permit(operation)?;
        Ok(directory)
    }

    /// The directories of two descriptors, for an operation on what paths name in both.
    fn directories(
        &self,
        operation: Operation,
        source: &Handle,
        target: &Handle,
    ) -> FsResult<(&cap_std::fs::Dir, &cap_std::fs::Dir)> {
        let (source, target) = (self.descriptor(source)?, self.descriptor(target)?);
        let directories = (source.directory()?, target.directory()?);
        permit(operation, source.grant, target.grant)?;
        Ok(directories)
    }

    fn stat_of(&self, handle: &Handle) -> FsResult<FileStat> {
        Ok(attributes::stat(self.descriptor(handle)?)?)
    }

    fn stat_of_path(&self, handle: &Handle, flags: PathFlags, path: &str) -> FsResult<FileStat> {
        let root = self.directory(handle, Operation::Inspect)?;
        let path = GuestPath::new(path)?;
        Ok(attributes::stat_at(root, follows(flags), &path)?)
    }
}

fn follows(flags: PathFlags) -> bool {
    flags.contains(PathFlags::SYMLINK_FOLLOW)
}

/// A number that is the same for the same file, and tells nothing of the host.
fn hash(stat: &FileStat) -> MetadataHashValue {
    let half = |part: u8| {
        let mut hasher = DefaultHasher::new();
        (part, stat.device, stat.inode).hash(&mut hasher);
        hasher.finish()
    };
    MetadataHashValue { lower: half(0), upper: half(1) }
}

impl types::HostDescriptor for WasiCtxView<'_> {
    fn read_via_stream(&mut self, file: Handle, offset: u64) -> FsResult<Resource<DynInputStream>> {
        let descriptor = self.table.get(&file)?;
        let file = descriptor.share()?;
        descriptor.inner().check_read()?;
        let stream = FileInput::new(file, offset);
        Ok(self.table.push(Box::new(stream) as DynInputStream)?)
    }

    fn write_via_stream(
        &mut self,
        file: Handle,
        offset: u64,
    ) -> FsResult<Resource<DynOutputStream>> {
        let descriptor = self.table.get(&file)?;
        let file = descriptor.share()?;
        descriptor.inner().check_write()?;
        let stream = FileOutput::new(self.ctx, file, Some(offset))?;
        Ok(self.table.push(Box::new(stream) as DynOutputStream)?)
    }

    fn append_via_stream(&mut self, file: Handle) -> FsResult<Resource<DynOutputStream>> {
        let descriptor = self.table.get(&file)?;
        let file = descriptor.share()?;
        descriptor.inner().check_write()?;
        let stream = FileOutput::new(self.ctx, file, None)?;
        Ok(self.table.push(Box::new(stream) as DynOutputStream)?)
    }

    fn advise(&mut self, file: Handle, offset: u64, length: u64, how: Advice) -> FsResult<()> {
        Ok(attributes::advise(self.descriptor(&file)?.file()?, offset, length, advice(how))?)
    }

    fn sync_data(&mut self, file: Handle) -> FsResult<()> {
        match &self.descriptor(&file)?.object {
            Object::File(file, _) => rustix::fs::fdatasync(file)?,
            Object::Directory(_) => rustix::fs::fdatasync(&open_again(self, &file)?)?,
            _ => return Err(ErrorCode::Invalid.into()),
        }
        Ok(())
    }

    fn get_flags(&mut self, file: Handle) -> FsResult<DescriptorFlags> {
        let descriptor = self.descriptor(&file)?;
        let mut flags = DescriptorFlags::empty();
        let mut set = |flag, is_set| {
            if is_set {
                flags |= flag;
            }
        };
        if let Object::Directory(_) = descriptor.object {
            let permitted = descriptor.grant.directory;
            set(DescriptorFlags::READ, permitted.contains(DirPerms::READ));
            set(DescriptorFlags::MUTATE_DIRECTORY, permitted.contains(DirPerms::MUTATE));
        } else {
            set(DescriptorFlags::READ, descriptor.access.read);
            set(DescriptorFlags::WRITE, descriptor.access.write);
        }
        Ok(flags)
    }

    fn get_type(&mut self, file: Handle) -> FsResult<DescriptorType> {
        Ok(self.descriptor(&file)?.file_type().into())
    }

    fn set_size(&mut self, file: Handle, size: u64) -> FsResult<()> {
        Ok(attributes::set_size(self.descriptor(&file)?, size)?)
    }

    fn set_times(
        &mut self,
        file: Handle,
        access: NewTimestamp,
        modification: NewTimestamp,
    ) -> FsResult<()> {
        let times = times(access, modification)?;
        Ok(attributes::set_times(self.descriptor(&file)?, times)?)
    }

    fn read(&mut self, file: Handle, length: u64, offset: u64) -> FsResult<(Vec<u8>, bool)> {
        let descriptor = self.descriptor(&file)?;
        let file = descriptor.file()?;
        descriptor.check_read()?;
        // A guest may get less than it requested.
        let limit = self.ctx.max_call_memory as u64;
        let length = usize::try_from(length.min(limit)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        let read = retry_on_intr(|| rustix::io::pread(file, &mut bytes[..], offset))?;
        bytes.truncate(read);
        Ok((bytes, read == 0 && length > 0))
    }

    fn write(&mut self, file: Handle, bytes: Vec<u8>, offset: u64) -> FsResult<u64> {
        let descriptor = self.descriptor(&file)?;
        let file = descriptor.file()?;
        descriptor.check_write()?;
        Ok(retry_on_intr(|| rustix::io::pwrite(file, &bytes, offset))? as u64)
    }

    fn read_directory(&mut self, directory: Handle) -> FsResult<Resource<ReaddirIterator>> {
        let handle = self.directory(&directory, Operation::List)?;
        let entries = ReaddirIterator::new(handle, self.ctx.hold_descriptor()?)?;
        Ok(self.table.push(entries)?)
    }

    fn sync(&mut self, file: Handle) -> FsResult<()> {
        match &self.descriptor(&file)?.object {
            Object::File(file, _) => rustix::fs::fsync(file)?,
            Object::Directory(_) => rustix::fs::fsync(&open_again(self, &file)?)?,
            _ => return Err(ErrorCode::Invalid.into()),
        }
        Ok(())
    }

    fn create_directory_at(&mut self, directory: Handle, path: String) -> FsResult<()> {
        let root = self.directory(&directory, Operation::MakeEntry)?;
        Ok(entries::create_directory(root, &GuestPath::new(&path)?)?)
    }

    fn stat(&mut self, file: Handle) -> FsResult<DescriptorStat> {
        Ok(self.stat_of(&file)?.into())
    }

    fn stat_at(
        &mut self,
        directory: Handle,
        flags: PathFlags,
        path: String,
    ) -> FsResult<DescriptorStat> {
        Ok(self.stat_of_path(&directory, flags, &path)?.into())
    }

    fn set_times_at(
        &mut self,
        directory: Handle,
        flags: PathFlags,
        path: String,
        access: NewTimestamp,
        modification: NewTimestamp,
    ) -> FsResult<()> {
        let root = self.directory(&directory, Operation::SetTimes)?;
        let times = times(access, modification)?;
        let path = GuestPath::new(&path)?;
        Ok(attributes::set_times_at(root, follows(flags), &path, times)?)
    }

    fn link_at(
        &mut self,
        directory: Handle,
        flags: PathFlags,
        old_path: String,
        new_directory: Handle,
        new_path: String,
    ) -> FsResult<()> {
        let (source, target) = self.directories(Operation::Link, &directory, &new_directory)?;
        if follows(flags) {
            return Err(ErrorCode::Invalid.into());
        }
        let (old_path, new_path) = (GuestPath::new(&old_path)?, GuestPath::new(&new_path)?);
        Ok(entries::link(source, &old_path, target, &new_path)?)
    }

    fn open_at(
        &mut self,
        directory: Handle,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Handle> {
        let base = self.descriptor(&directory)?;
        base.directory()?;
        let synchronous = DescriptorFlags::FILE_INTEGRITY_SYNC
            | DescriptorFlags::DATA_INTEGRITY_SYNC
            | DescriptorFlags::REQUESTED_WRITE_SYNC;
        if flags.intersects(synchronous) {
            return Err(ErrorCode::Unsupported.into());
        }
        let request = open::Request {
            follow: follows(path_flags),
            open: open_flags.into(),
            read: flags.contains(DescriptorFlags::READ),
            write: flags.contains(DescriptorFlags::WRITE),
        };
        request.check(base, FdFlags::empty())?;
        if flags.contains(DescriptorFlags::MUTATE_DIRECTORY) {
            base.permit(Operation::MakeEntry)?;
        }
        let held = self.ctx.hold_descriptor()?;
        let opened = request.run(base, &GuestPath::new(&path)?, FdFlags::empty())?;
        Ok(self.table.push(Descriptor::new(opened, held))?)
    }

    fn readlink_at(&mut self, directory: Handle, path: String) -> FsResult<String> {
        let root = self.directory(&directory, Operation::Inspect)?;
        let target = attributes::read_link(root, &GuestPath::new(&path)?)?;
        String::from_utf8(target).map_err(|_| ErrorCode::IllegalByteSequence.into())
    }

    fn remove_directory_at(&mut self, directory: Handle, path: String) -> FsResult<()> {
        let root = self.directory(&directory, Operation::RemoveEntry)?;
        Ok(entries::remove_directory(root, &GuestPath::new(&path)?)?)
    }

    fn rename_at(
        &mut self,
        directory: Handle,
        old_path: String,
        new_directory: Handle,
        new_path: String,
    ) -> FsResult<()> {
        let (source, target) = self.directories(Operation::Rename, &directory, &new_directory)?;
        let old_path = GuestPath::new(&old_path)?;
        Ok(entries::rename(source, &old_path, target, || GuestPath::new(&new_path))?)
    }

    fn symlink_at(&mut self, directory: Handle, target: String, path: String) -> FsResult<()> {
        let root = self.directory(&directory, Operation::MakeEntry)?;
        check_string(&target)?;
        Ok(entries::symlink(root, &target, || GuestPath::new(&path))?)
    }

    fn unlink_file_at(&mut self, directory: Handle, path: String) -> FsResult<()> {
        let root = self.directory(&directory, Operation::RemoveEntry)?;
        Ok(entries::unlink_file(root, &GuestPath::new(&path)?)?)
    }

    fn is_same_object(&mut self, one: Handle, other: Handle) -> Result<bool> {
        let identity = |handle: &Handle| {
            let descriptor = self.table.get(handle)?.inner();
            Ok::<_, crate::p2::runtime::Error>(match &descriptor.object {
                Object::File(file, _) => Some(rustix::fs::fstat(file)?),
                Object::Directory(directory) => Some(rustix::fs::fstat(&directory.handle)?),
                _ => None,
            })
        };
        let (one, other) = (identity(&one)?, identity(&other)?);
        Ok(one.zip(other).is_some_and(|(a, b)| (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)))
    }

    fn metadata_hash(&mut self, file: Handle) -> FsResult<MetadataHashValue> {
        Ok(hash(&self.stat_of(&file)?))
    }

    fn metadata_hash_at(
        &mut self,
        directory: Handle,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        Ok(hash(&self.stat_of_path(&directory, flags, &path)?))
    }

    fn drop(&mut self, file: Handle) -> Result<()> {
        self.table.delete(file)?;
        Ok(())
    }
}

/// The directory of a descriptor, opened so that it can be synchronised: the descriptor may be one
/// that can only be used to look up paths.
fn open_again(view: &WasiCtxView<'_>, directory: &Handle) -> FsResult<std::os::fd::OwnedFd> {
    use rustix::fs::{Mode, OFlags};
    let directory = view.descriptor(directory)?.directory()?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(directory, c".", flags, Mode::empty())?)
}

impl types::HostDirectoryEntryStream for WasiCtxView<'_> {
    fn read_directory_entry(
        &mut self,
        stream: Resource<ReaddirIterator>,
    ) -> FsResult<Option<DirectoryEntry>> {
        let entry = self.table.get_mut(&stream)?.next()?;
        Ok(entry.map(|(name, file_type)| DirectoryEntry { type_: file_type.into(), name }))
    }

    fn drop(&mut self, stream: Resource<ReaddirIterator>) -> Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}
