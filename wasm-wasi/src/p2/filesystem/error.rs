//! Errors of `wasi:filesystem`, and which error number becomes which of them.

use crate::abi::Errno;
use crate::p2::bindings::filesystem::types::ErrorCode;
use crate::p2::error::TrappableError;

/// What a function of `wasi:filesystem` returns.
pub type FsResult<T> = Result<T, FsError>;

/// Why a function of `wasi:filesystem` has no result.
pub type FsError = TrappableError<ErrorCode>;

impl From<ErrorCode> for FsError {
    fn from(code: ErrorCode) -> Self {
        Self::code(code)
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
