//! Errors of `wasi:filesystem`, and which error number becomes which of them.

use crate::abi::Errno;
use crate::p2::bindings::filesystem::types::ErrorCode;
use crate::p2::runtime::{Error, ResourceTableError};
use std::fmt;
use std::io;

/// What a function of `wasi:filesystem` returns.
pub type FsResult<T> = Result<T, FsError>;

/// Why a function of `wasi:filesystem` has no result: an error code for the guest, or an error that
/// ends its call.
pub struct FsError(Kind);

enum Kind {
    Code(ErrorCode),
    Trap(Error),
}

impl FsError {
    /// An error that ends the guest's call.
    pub fn trap(error: impl Into<Error>) -> Self {
        Self(Kind::Trap(error.into()))
    }

    /// The error code for the guest.
    ///
    /// # Errors
    ///
    /// The error that ends its call, if it is one.
    pub fn downcast(self) -> Result<ErrorCode, Error> {
        match self.0 {
            Kind::Code(code) => Ok(code),
            Kind::Trap(error) => Err(error),
        }
    }
}

impl fmt::Display for FsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Code(code) => code.fmt(f),
            Kind::Trap(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for FsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Code(code) => fmt::Display::fmt(code, f),
            Kind::Trap(error) => fmt::Debug::fmt(error, f),
        }
    }
}

impl std::error::Error for FsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Code(_) => None,
            Kind::Trap(error) => error.source(),
        }
    }
}

impl From<ErrorCode> for FsError {
    fn from(code: ErrorCode) -> Self {
        Self(Kind::Code(code))
    }
}

impl From<Errno> for FsError {
    fn from(error: Errno) -> Self {
        Self(Kind::Code(error.into()))
    }
}

impl From<io::Error> for FsError {
    fn from(error: io::Error) -> Self {
        Errno::from(error).into()
    }
}

impl From<rustix::io::Errno> for FsError {
    fn from(error: rustix::io::Errno) -> Self {
        Errno::from(error).into()
    }
}

impl From<ResourceTableError> for FsError {
    fn from(error: ResourceTableError) -> Self {
        Self(Kind::Trap(Error::new(error)))
    }
}

impl From<Errno> for ErrorCode {
    fn from(error: Errno) -> Self {
        match error {
            Errno::Acces => Self::Access,
            Errno::Again => Self::WouldBlock,
            Errno::Already => Self::Already,
            Errno::Badf => Self::BadDescriptor,
            Errno::Busy => Self::Busy,
            Errno::Deadlk => Self::Deadlock,
            Errno::Dquot => Self::Quota,
            Errno::Exist => Self::Exist,
            Errno::FBig => Self::FileTooLarge,
            Errno::Ilseq => Self::IllegalByteSequence,
            Errno::InProgress => Self::InProgress,
            Errno::Intr => Self::Interrupted,
            Errno::Inval => Self::Invalid,
            Errno::IsDir => Self::IsDirectory,
            Errno::Loop => Self::Loop,
            Errno::MLink => Self::TooManyLinks,
            Errno::MsgSize => Self::MessageSize,
            Errno::NameTooLong => Self::NameTooLong,
            Errno::NoDev => Self::NoDevice,
            Errno::NoEnt => Self::NoEntry,
            Errno::NoLck => Self::NoLock,
            // There is no code for too many descriptors.
            Errno::NoMem | Errno::MFile | Errno::NFile => Self::InsufficientMemory,
            Errno::NoSpc => Self::InsufficientSpace,
            Errno::NotDir => Self::NotDirectory,
            Errno::NotEmpty => Self::NotEmpty,
            Errno::NotRecoverable => Self::NotRecoverable,
            Errno::NotSup | Errno::NoSys => Self::Unsupported,
            Errno::NoTty => Self::NoTty,
            Errno::Nxio => Self::NoSuchDevice,
            Errno::Overflow => Self::Overflow,
            Errno::Perm | Errno::NotCapable => Self::NotPermitted,
            Errno::Pipe => Self::Pipe,
            Errno::RoFs => Self::ReadOnly,
            Errno::SPipe => Self::InvalidSeek,
            Errno::TxtBsy => Self::TextFileBusy,
            Errno::XDev => Self::CrossDevice,
            _ => Self::Io,
        }
    }
}
