//! Errors that are either for the guest or end its call.

use crate::abi::Errno;
use crate::p2::runtime::{Error, ResourceTableError};
use std::fmt;
use std::io;

/// Why a function of WASI has no result: an error code for the guest, or an error that ends its
/// call. Error numbers of the system become the code that stands for them.
pub struct TrappableError<C>(Kind<C>);

enum Kind<C> {
    Code(C),
    Trap(Error),
}

impl<C> TrappableError<C> {
    /// An error code for the guest.
    pub(crate) fn code(code: C) -> Self {
        Self(Kind::Code(code))
    }

    /// An error that ends the guest's call.
    pub fn trap(error: impl Into<Error>) -> Self {
        Self(Kind::Trap(error.into()))
    }

    /// The error code for the guest.
    ///
    /// # Errors
    ///
    /// The error that ends its call, if it is one.
    pub fn downcast(self) -> Result<C, Error> {
        match self.0 {
            Kind::Code(code) => Ok(code),
            Kind::Trap(error) => Err(error),
        }
    }
}

impl<C: fmt::Display> fmt::Display for TrappableError<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Code(code) => code.fmt(f),
            Kind::Trap(error) => error.fmt(f),
        }
    }
}

impl<C: fmt::Display> fmt::Debug for TrappableError<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Code(code) => fmt::Display::fmt(code, f),
            Kind::Trap(error) => fmt::Debug::fmt(error, f),
        }
    }
}

impl<C: fmt::Display> std::error::Error for TrappableError<C> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Code(_) => None,
            Kind::Trap(error) => error.source(),
        }
    }
}

impl<C: From<Errno>> From<Errno> for TrappableError<C> {
    fn from(error: Errno) -> Self {
        Self::code(error.into())
    }
}

impl<C: From<Errno>> From<io::Error> for TrappableError<C> {
    fn from(error: io::Error) -> Self {
        Errno::from(error).into()
    }
}

impl<C: From<Errno>> From<rustix::io::Errno> for TrappableError<C> {
    fn from(error: rustix::io::Errno) -> Self {
        Errno::from(error).into()
    }
}

impl<C> From<ResourceTableError> for TrappableError<C> {
    fn from(error: ResourceTableError) -> Self {
        Self::trap(error)
    }
}
