//! The system calls that are made to fail, and the errors that they report.

use std::fmt;

/// A system call that makes or changes memory, files, threads or the handling of signals, or that
/// waits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Call(usize);

struct Row {
    number: libc::c_long,
    name: &'static str,
    /// What a system without room reports, for one call.
    scarce: i32,
    /// What else may be reported: by a system that is older, or that forbids the call.
    refused: i32,
    /// Whether a signal may end the call before anything is done.
    can_be_interrupted: bool,
}

const fn row(number: libc::c_long, name: &'static str, scarce: i32, refused: i32) -> Row {
    Row { number, name, scarce, refused, can_be_interrupted: false }
}

const fn slow(number: libc::c_long, name: &'static str, scarce: i32, refused: i32) -> Row {
    Row { number, name, scarce, refused, can_be_interrupted: true }
}

static TABLE: &[Row] = &[
    row(libc::SYS_mmap, "mmap", libc::ENOMEM, libc::EPERM),
    row(libc::SYS_mprotect, "mprotect", libc::ENOMEM, libc::EACCES),
    row(libc::SYS_munmap, "munmap", libc::ENOMEM, libc::EPERM),
    row(libc::SYS_madvise, "madvise", libc::EAGAIN, libc::EINVAL),
    row(libc::SYS_msync, "msync", libc::ENOMEM, libc::ENOSYS),
    row(libc::SYS_memfd_create, "memfd_create", libc::EMFILE, libc::ENOSYS),
    slow(libc::SYS_ftruncate, "ftruncate", libc::ENOSPC, libc::EPERM),
    slow(libc::SYS_fallocate, "fallocate", libc::ENOSPC, libc::ENOSYS),
    row(libc::SYS_fcntl, "fcntl", libc::EMFILE, libc::EPERM),
    slow(libc::SYS_openat, "openat", libc::EMFILE, libc::EACCES),
    row(libc::SYS_fstat, "fstat", libc::ENOMEM, libc::EPERM),
    row(libc::SYS_newfstatat, "newfstatat", libc::ENOMEM, libc::EACCES),
    row(libc::SYS_statx, "statx", libc::ENOMEM, libc::EACCES),
    slow(libc::SYS_read, "read", libc::EIO, libc::EPERM),
    slow(libc::SYS_pread64, "pread64", libc::EIO, libc::EPERM),
    slow(libc::SYS_write, "write", libc::ENOSPC, libc::EPERM),
    slow(libc::SYS_pwrite64, "pwrite64", libc::ENOSPC, libc::EPERM),
    row(libc::SYS_lseek, "lseek", libc::EINVAL, libc::EPERM),
    row(libc::SYS_mkdir, "mkdir", libc::ENOSPC, libc::EACCES),
    row(libc::SYS_rename, "rename", libc::ENOSPC, libc::EACCES),
    row(libc::SYS_renameat, "renameat", libc::ENOSPC, libc::EACCES),
    row(libc::SYS_linkat, "linkat", libc::ENOSPC, libc::EPERM),
    row(libc::SYS_unlink, "unlink", libc::ENOSPC, libc::EACCES),
    row(libc::SYS_fsync, "fsync", libc::EIO, libc::EPERM),
    slow(libc::SYS_flock, "flock", libc::ENOLCK, libc::EPERM),
    row(libc::SYS_fchmod, "fchmod", libc::EIO, libc::EPERM),
    row(libc::SYS_getdents64, "getdents64", libc::ENOMEM, libc::EPERM),
    row(libc::SYS_clone, "clone", libc::EAGAIN, libc::EPERM),
    row(libc::SYS_clone3, "clone3", libc::EAGAIN, libc::ENOSYS),
    row(libc::SYS_eventfd2, "eventfd2", libc::EMFILE, libc::ENOSYS),
    slow(libc::SYS_ppoll, "ppoll", libc::ENOMEM, libc::EPERM),
    row(libc::SYS_ioctl, "ioctl", libc::ENOTTY, libc::EPERM),
    row(libc::SYS_sigaltstack, "sigaltstack", libc::ENOMEM, libc::EPERM),
    row(libc::SYS_rt_sigaction, "rt_sigaction", libc::EINVAL, libc::EPERM),
    row(libc::SYS_sched_getaffinity, "sched_getaffinity", libc::ENOMEM, libc::ENOSYS),
];

impl Call {
    pub(crate) fn of(number: libc::c_long) -> Option<Self> {
        TABLE.iter().position(|row| row.number == number).map(Self)
    }

    /// Whether allocators make it too.
    pub(crate) fn is_of_memory(self) -> bool {
        [libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_munmap, libc::SYS_madvise]
            .contains(&TABLE[self.0].number)
    }

    /// What a system without room reports.
    pub(crate) fn scarce(self) -> i32 {
        TABLE[self.0].scarce
    }

    /// Whether a signal may end it before anything is done.
    pub(crate) fn can_be_interrupted(self) -> bool {
        TABLE[self.0].can_be_interrupted
    }

    /// What a system reports that is older, or that forbids the call.
    pub(crate) fn refused(self) -> i32 {
        TABLE[self.0].refused
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(TABLE[self.0].name)
    }
}
