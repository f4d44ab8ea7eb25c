//! Errors of `wasi:sockets`, and which error number becomes which of them.

use crate::abi::Errno;
use crate::p2::bindings::sockets::network::ErrorCode;
use crate::p2::runtime::{Error, ResourceTableError};
use std::fmt;
use std::io;

/// What a function of `wasi:sockets` returns.
pub type SocketResult<T> = Result<T, SocketError>;

/// Why a function of `wasi:sockets` has no result: an error code for the guest, or an error that
/// ends its call.
pub struct SocketError(Kind);

enum Kind {
    Code(ErrorCode),
    Trap(Error),
}

impl SocketError {
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

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Code(code) => code.fmt(f),
            Kind::Trap(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Code(code) => fmt::Display::fmt(code, f),
            Kind::Trap(error) => fmt::Debug::fmt(error, f),
        }
    }
}

impl std::error::Error for SocketError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Code(_) => None,
            Kind::Trap(error) => error.source(),
        }
    }
}

impl From<ErrorCode> for SocketError {
    fn from(code: ErrorCode) -> Self {
        Self(Kind::Code(code))
    }
}

impl From<Errno> for SocketError {
    fn from(error: Errno) -> Self {
        Self(Kind::Code(error.into()))
    }
}

impl From<rustix::io::Errno> for SocketError {
    fn from(error: rustix::io::Errno) -> Self {
        Errno::from(error).into()
    }
}

impl From<io::Error> for SocketError {
    fn from(error: io::Error) -> Self {
        Errno::from(error).into()
    }
}

impl From<ResourceTableError> for SocketError {
    fn from(error: ResourceTableError) -> Self {
        Self(Kind::Trap(Error::new(error)))
    }
}

impl From<Errno> for ErrorCode {
    fn from(error: Errno) -> Self {
        match error {
            Errno::Acces | Errno::Perm | Errno::NotCapable => Self::AccessDenied,
            Errno::NotSup | Errno::NoSys | Errno::ProtoNoSupport | Errno::NoProtoOpt => {
                Self::NotSupported
            }
            Errno::Inval | Errno::AfNoSupport | Errno::DestAddrReq => Self::InvalidArgument,
            Errno::NoMem | Errno::NoBufs => Self::OutOfMemory,
            Errno::TimedOut => Self::Timeout,
            Errno::Already | Errno::InProgress => Self::ConcurrencyConflict,
            Errno::Again => Self::WouldBlock,
            Errno::IsConn | Errno::NotConn => Self::InvalidState,
            Errno::MFile | Errno::NFile => Self::NewSocketLimit,
            Errno::AddrNotAvail => Self::AddressNotBindable,
            Errno::AddrInUse => Self::AddressInUse,
            Errno::HostUnreach | Errno::NetUnreach | Errno::NetDown => Self::RemoteUnreachable,
            Errno::ConnRefused => Self::ConnectionRefused,
            Errno::ConnReset | Errno::NetReset => Self::ConnectionReset,
            Errno::ConnAborted => Self::ConnectionAborted,
            Errno::MsgSize => Self::DatagramTooLarge,
            _ => Self::Unknown,
        }
    }
}
