//! The opened directory of a cache, and the files in it.
//!
//! All access goes through the directory's descriptor: a cache that is already open is not affected
//! if another directory is moved to its path. What the files mean is left to others.

use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use crate::error::Error;

/// The beginning of the names of unfinished files.
pub(crate) const TEMPORARY: &str = "tmp-";

/// The file that is locked while the secret is replaced.
const LOCK: &str = "lock";

/// The permissions of a private file.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// A directory that belongs to this user, and that nobody else may write to.
#[derive(Debug)]
pub(crate) struct Directory {
    fd: OwnedFd,
    path: PathBuf,
}

/// The metadata of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileStatus {
    stat: Stat,
}

impl Directory {
    /// Opens a directory. If it does not exist, it is made first, with its parents.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = || retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()));
        let fd = match open() {
            Err(Errno::NOENT) => {
                let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
                made.map_err(|error| Error::io("make the directory of the cache", path, error))?;
                open()
            }
            opened => opened,
        };
        let fd = fd.map_err(|error| Error::io("open the directory of the cache", path, error))?;
        let stat = rustix::fs::fstat(&fd)
            .map_err(|error| Error::io("look at the directory of the cache", path, error))?;
        let reasons = FileStatus { stat }.exposed(Mode::WGRP | Mode::WOTH);
        if !reasons.is_empty() {
            return Err(Error::refused(path, reasons));
        }
        Ok(Self { fd, path: path.into() })
    }

    /// Whether the directory was removed since it was opened.
    pub(crate) fn is_gone(&self) -> bool {
        rustix::fs::fstat(&self.fd).is_ok_and(|stat| stat.st_nlink == 0)
    }

    /// The path of a file in the directory, for messages.
    pub(crate) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file for reading, of any type except a symbolic link; `None` if there is none.
    pub(crate) fn open_file(&self, name: &str) -> Result<Option<File>, Error> {
        // Opening a pipe must not wait for somebody to write to it.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match retry_on_intr(|| rustix::fs::openat(&self.fd, name, flags, Mode::empty())) {
            Ok(fd) => Ok(Some(fd.into())),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(Error::io("open", &self.path_of(name), error)),
        }
    }

    /// The metadata of a file, without following symbolic links; `None` if there is none.
    pub(crate) fn status(&self, name: &str) -> Option<FileStatus> {
        let stat = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(FileStatus { stat })
    }

    /// The names of all files, except those that are not Unicode: these are none of ours.
    pub(crate) fn names(&self) -> Result<Vec<String>, Error> {
        let read = || -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for file in Dir::read_from(&self.fd)? {
                names.extend(file?.file_name().to_str().ok().map(str::to_owned));
            }
            Ok(names)
        };
        read().map_err(|error| Error::io("list the files in", &self.path, error))
    }

    /// Removes a file. If it is gone already, that is not an error.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Error> {
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(Error::io("remove", &self.path_of(name), error)),
        }
    }

    /// Creates a file that nobody else writes to, and that gets its name when it is complete.
    pub(crate) fn temporary(&self) -> Result<Temporary<'_>, Error> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Process numbers are not unique where containers share a directory, and are used again.
        const ATTEMPTS: u32 = 1000;
        let mut left = ATTEMPTS;
        loop {
            let count = COUNTER.fetch_add(1, Ordering::Relaxed);
            let name = format!("{TEMPORARY}{}-{count}", std::process::id());
            match retry_on_intr(|| rustix::fs::openat(&self.fd, &name, flags, PRIVATE)) {
                Ok(fd) => {
                    return Ok(Temporary { directory: self, name, file: fd.into(), named: false });
                }
                Err(Errno::EXIST) if left > 0 => left -= 1,
                Err(error) => return Err(Error::io("write", &self.path_of(&name), error)),
            }
        }
    }

    /// Waits until no other thread or process has the lock, and takes it until the result is
    /// dropped.
    pub(crate) fn lock(&self) -> Result<OwnedFd, Error> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let lock = || -> io::Result<OwnedFd> {
            let file = retry_on_intr(|| rustix::fs::openat(&self.fd, LOCK, flags, PRIVATE))?;
            retry_on_intr(|| rustix::fs::flock(&file, FlockOperation::LockExclusive))?;
            Ok(file)
        };
        lock().map_err(|error| Error::io("lock", &self.path_of(LOCK), error))
    }
}

/// A file that is being written. It is removed if it is dropped without a name.
#[derive(Debug)]
pub(crate) struct Temporary<'directory> {
    directory: &'directory Directory,
    name: String,
    file: File,
    named: bool,
}

impl Temporary<'_> {
    /// Writes the file, and replaces whatever has the name by it. Others see either the old file or
    /// the new one, complete.
    pub(crate) fn finish(mut self, contents: &[u8], name: &str) -> Result<(), Error> {
        let path = self.directory.path_of(name);
        let result = self.file.write_all(contents);
        result.map_err(|error| Error::io("write", &path, error))?;
        let fd = &self.directory.fd;
        rustix::fs::renameat(fd, &self.name, fd, name)
            .map_err(|error| Error::io("write", &path, error))?;
        self.named = true;
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.named {
            // If it can't be removed now, it is removed when it is old.
            let _ = self.directory.remove(&self.name);
        }
    }
}

impl FileStatus {
    /// The metadata of an open file.
    pub(crate) fn of(file: impl AsFd) -> io::Result<Self> {
        Ok(Self { stat: rustix::fs::fstat(file)? })
    }

    /// Why users other than this one can do with the file what the forbidden permissions allow;
    /// empty if they cannot.
    pub(crate) fn exposed(&self, forbidden: Mode) -> Vec<String> {
        let mut reasons = Vec::new();
        let (owner, user) = (self.stat.st_uid, rustix::process::geteuid().as_raw());
        if owner != user {
            reasons.push(format!("it belongs to user {owner}, this program runs as user {user}"));
        }
        let mode = Mode::from_raw_mode(self.stat.st_mode);
        if mode.intersects(forbidden) {
            reasons.push(format!("its permissions are {:04o}", mode.bits() & 0o7777));
        }
        reasons
    }

    /// Whether it is an ordinary file.
    pub(crate) fn is_file(&self) -> bool {
        FileType::from_raw_mode(self.stat.st_mode) == FileType::RegularFile
    }

    /// Whether both describe the same file.
    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        (self.stat.st_dev, self.stat.st_ino) == (other.stat.st_dev, other.stat.st_ino)
    }

    /// The size, in bytes.
    pub(crate) fn len(&self) -> u64 {
        u64::try_from(self.stat.st_size).unwrap_or_default()
    }

    /// When it was written.
    pub(crate) fn written(&self) -> SystemTime {
        time(self.stat.st_mtime as _, self.stat.st_mtime_nsec as _)
    }

    /// When it was last used: the access time, which a cache sets itself where the file system does
    /// not.
    pub(crate) fn used(&self) -> SystemTime {
        self.written().max(time(self.stat.st_atime as _, self.stat.st_atime_nsec as _))
    }
}

fn time(seconds: i64, nanoseconds: u32) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let start = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(whole)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(whole)
    };
    start.unwrap_or(SystemTime::UNIX_EPOCH) + Duration::from_nanos(nanoseconds.into())
}
