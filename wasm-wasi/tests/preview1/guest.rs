//! A guest that consists of a context and a slice of bytes, with a method for each call that takes
//! and returns proper values.

use std::path::Path;
use wasm_wasi::abi::{Errno, FdFlags, OpenFlags, Rights};
use wasm_wasi::{DirPerms, FilePerms, WasiCtx, WasiCtxBuilder};

/// The first preopened directory.
pub(crate) const ROOT: u32 = 3;

const RESULT: u32 = 0;
const BUFFERS: u32 = 128;
const PATH: u32 = 1 << 10;
const OTHER_PATH: u32 = 8 << 10;
const DATA: u32 = 16 << 10;
const END: u32 = 64 << 10;

pub(crate) struct Guest {
    pub(crate) ctx: WasiCtx,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) struct Stat {
    pub(crate) inode: u64,
    pub(crate) file_type: u8,
    pub(crate) links: u64,
    pub(crate) size: u64,
    pub(crate) accessed: u64,
    pub(crate) modified: u64,
}

#[derive(Debug, PartialEq, Eq, Clone)]
pub(crate) struct Entry {
    pub(crate) next: u64,
    pub(crate) inode: u64,
    pub(crate) file_type: u8,
    pub(crate) name: String,
}

macro_rules! call {
    ($guest:expr, $name:ident $(, $argument:expr)*) => {
        wasm_wasi::calls::$name(
            &mut $guest.ctx,
            &mut wasm_wasi::abi::GuestMemory::new(&mut $guest.bytes)
            $(, $argument)*
        )
    };
}
pub(crate) use call;

impl Guest {
    pub(crate) fn new(builder: &mut WasiCtxBuilder) -> Self {
        Self { ctx: builder.build(), bytes: vec![0; END as usize] }
    }

    /// A guest with a directory and all permissions.
    pub(crate) fn in_dir(path: &Path) -> Self {
        let mut builder = WasiCtx::builder();
        builder.preopened_dir_with(path, "/", DirPerms::all(), FilePerms::all()).unwrap();
        Self::new(&mut builder)
    }

    pub(crate) fn put(&mut self, at: u32, bytes: &[u8]) -> (u32, u32) {
        self.bytes[at as usize..][..bytes.len()].copy_from_slice(bytes);
        (at, u32::try_from(bytes.len()).unwrap())
    }

    pub(crate) fn u32(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.bytes[at as usize..][..4].try_into().unwrap())
    }

    pub(crate) fn u64(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.bytes[at as usize..][..8].try_into().unwrap())
    }

    pub(crate) fn buffers(&mut self, buffers: &[(u32, u32)]) -> (u32, u32) {
        let bytes: Vec<u8> = buffers
            .iter()
            .flat_map(|(address, length)| [address.to_le_bytes(), length.to_le_bytes()].concat())
            .collect();
        self.put(BUFFERS, &bytes);
        (BUFFERS, u32::try_from(buffers.len()).unwrap())
    }

    pub(crate) fn open_full(
        &mut self,
        directory: u32,
        lookup: u32,
        path: &str,
        open: OpenFlags,
        rights: (Rights, Rights),
        flags: FdFlags,
    ) -> Result<u32, Errno> {
        let (path, length) = self.put(PATH, path.as_bytes());
        call!(
            self,
            path_open,
            directory,
            lookup,
            path,
            length,
            open.bits().into(),
            rights.0.bits(),
            rights.1.bits(),
            flags.bits().into(),
            RESULT
        )?;
        Ok(self.u32(RESULT))
    }

    /// Follows links, and requests the rights of a file.
    pub(crate) fn open(&mut self, path: &str, open: OpenFlags) -> Result<u32, Errno> {
        let rights = (Rights::FILE, Rights::empty());
        self.open_full(ROOT, 1, path, open, rights, FdFlags::empty())
    }

    /// Follows links, for reading only.
    pub(crate) fn open_read(&mut self, path: &str) -> Result<u32, Errno> {
        let rights = (Rights::FD_READ | Rights::FD_SEEK, Rights::empty());
        self.open_full(ROOT, 1, path, OpenFlags::empty(), rights, FdFlags::empty())
    }

    pub(crate) fn open_dir(&mut self, path: &str) -> Result<u32, Errno> {
        let rights = (Rights::DIRECTORY, Rights::all());
        self.open_full(ROOT, 1, path, OpenFlags::DIRECTORY, rights, FdFlags::empty())
    }

    pub(crate) fn close(&mut self, fd: u32) -> Result<(), Errno> {
        call!(self, fd_close, fd)
    }

    pub(crate) fn read(&mut self, fd: u32, length: u32) -> Result<Vec<u8>, Errno> {
        let (at, count) = self.buffers(&[(DATA, length)]);
        call!(self, fd_read, fd, at, count, RESULT)?;
        Ok(self.data())
    }

    pub(crate) fn pread(&mut self, fd: u32, length: u32, offset: u64) -> Result<Vec<u8>, Errno> {
        let (at, count) = self.buffers(&[(DATA, length)]);
        call!(self, fd_pread, fd, at, count, offset, RESULT)?;
        Ok(self.data())
    }

    fn data(&self) -> Vec<u8> {
        self.bytes[DATA as usize..][..self.u32(RESULT) as usize].to_vec()
    }

    pub(crate) fn write(&mut self, fd: u32, bytes: &[u8]) -> Result<u32, Errno> {
        let buffer = self.put(DATA, bytes);
        let (at, count) = self.buffers(&[buffer]);
        call!(self, fd_write, fd, at, count, RESULT)?;
        Ok(self.u32(RESULT))
    }

    pub(crate) fn pwrite(&mut self, fd: u32, bytes: &[u8], offset: u64) -> Result<u32, Errno> {
        let buffer = self.put(DATA, bytes);
        let (at, count) = self.buffers(&[buffer]);
        call!(self, fd_pwrite, fd, at, count, offset, RESULT)?;
        Ok(self.u32(RESULT))
    }

    pub(crate) fn seek(&mut self, fd: u32, offset: i64, whence: u32) -> Result<u64, Errno> {
        call!(self, fd_seek, fd, offset.cast_unsigned(), whence, RESULT)?;
        Ok(self.u64(RESULT))
    }

    pub(crate) fn tell(&mut self, fd: u32) -> Result<u64, Errno> {
        call!(self, fd_tell, fd, RESULT)?;
        Ok(self.u64(RESULT))
    }

    pub(crate) fn stat(&mut self, fd: u32) -> Result<Stat, Errno> {
        call!(self, fd_filestat_get, fd, RESULT)?;
        Ok(self.stat_record())
    }

    pub(crate) fn path_stat(
        &mut self,
        directory: u32,
        lookup: u32,
        path: &str,
    ) -> Result<Stat, Errno> {
        let (path, length) = self.put(PATH, path.as_bytes());
        call!(self, path_filestat_get, directory, lookup, path, length, RESULT)?;
        Ok(self.stat_record())
    }

    fn stat_record(&self) -> Stat {
        Stat {
            inode: self.u64(RESULT + 8),
            file_type: self.bytes[RESULT as usize + 16],
            links: self.u64(RESULT + 24),
            size: self.u64(RESULT + 32),
            accessed: self.u64(RESULT + 40),
            modified: self.u64(RESULT + 48),
        }
    }

    /// Type, flags, rights and inherited rights.
    pub(crate) fn fdstat(&mut self, fd: u32) -> Result<(u8, u16, Rights, Rights), Errno> {
        call!(self, fd_fdstat_get, fd, RESULT)?;
        let flags = u16::from_le_bytes([self.bytes[2], self.bytes[3]]);
        let rights = |bits| Rights::from_bits(bits).unwrap();
        Ok((self.bytes[0], flags, rights(self.u64(8)), rights(self.u64(16))))
    }

    /// The complete entries that fit in the buffer, and whether that was the end.
    pub(crate) fn readdir(
        &mut self,
        fd: u32,
        cookie: u64,
        length: u32,
    ) -> Result<(Vec<Entry>, bool), Errno> {
        call!(self, fd_readdir, fd, DATA, length, cookie, RESULT)?;
        let used = self.u32(RESULT);
        let mut entries = Vec::new();
        let mut at = DATA;
        while at + 24 <= DATA + used {
            let name_length = self.u32(at + 16);
            let name = &self.bytes[at as usize + 24..][..name_length as usize];
            if at + 24 + name_length > DATA + used {
                break;
            }
            entries.push(Entry {
                next: self.u64(at),
                inode: self.u64(at + 8),
                file_type: self.bytes[at as usize + 20],
                name: String::from_utf8(name.to_vec()).unwrap(),
            });
            at += 24 + name_length;
        }
        Ok((entries, used < length))
    }

    pub(crate) fn mkdir(&mut self, path: &str) -> Result<(), Errno> {
        let (path, length) = self.put(PATH, path.as_bytes());
        call!(self, path_create_directory, ROOT, path, length)
    }

    pub(crate) fn rmdir(&mut self, path: &str) -> Result<(), Errno> {
        let (path, length) = self.put(PATH, path.as_bytes());
        call!(self, path_remove_directory, ROOT, path, length)
    }

    pub(crate) fn unlink(&mut self, path: &str) -> Result<(), Errno> {
        let (path, length) = self.put(PATH, path.as_bytes());
        call!(self, path_unlink_file, ROOT, path, length)
    }

    pub(crate) fn symlink(&mut self, target: &str, path: &str) -> Result<(), Errno> {
        let (target, target_length) = self.put(OTHER_PATH, target.as_bytes());
        let (path, length) = self.put(PATH, path.as_bytes());
        call!(self, path_symlink, target, target_length, ROOT, path, length)
    }

    pub(crate) fn readlink(&mut self, path: &str, room: u32) -> Result<Vec<u8>, Errno> {
        let (path, length) = self.put(PATH, path.as_bytes());
        call!(self, path_readlink, ROOT, path, length, DATA, room, RESULT)?;
        Ok(self.data())
    }

    pub(crate) fn link(&mut self, lookup: u32, old: &str, new: &str) -> Result<(), Errno> {
        let (old, old_length) = self.put(OTHER_PATH, old.as_bytes());
        let (new, new_length) = self.put(PATH, new.as_bytes());
        call!(self, path_link, ROOT, lookup, old, old_length, ROOT, new, new_length)
    }

    pub(crate) fn rename(&mut self, old: &str, new: &str) -> Result<(), Errno> {
        let (old, old_length) = self.put(OTHER_PATH, old.as_bytes());
        let (new, new_length) = self.put(PATH, new.as_bytes());
        call!(self, path_rename, ROOT, old, old_length, ROOT, new, new_length)
    }

    pub(crate) fn path_set_times(
        &mut self,
        lookup: u32,
        path: &str,
        times: (u64, u64),
        flags: u32,
    ) -> Result<(), Errno> {
        let (path, length) = self.put(PATH, path.as_bytes());
        call!(self, path_filestat_set_times, ROOT, lookup, path, length, times.0, times.1, flags)
    }
}
