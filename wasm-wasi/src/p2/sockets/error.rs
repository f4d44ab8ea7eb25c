//! Errors of `wasi:sockets`, and which error number becomes which of them.

use crate::abi::Errno;
use crate::p2::bindings::sockets::network::ErrorCode;
use crate::p2::error::TrappableError;

/// What a function of `wasi:sockets` returns.
pub type SocketResult<T> = Result<T, SocketError>;

/// Why a function of `wasi:sockets` has no result.
pub type SocketError = TrappableError<ErrorCode>;

impl From<ErrorCode> for SocketError {
    fn from(code: ErrorCode) -> Self {
        Self::code(code)
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
