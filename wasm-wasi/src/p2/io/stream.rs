//! The traits behind the resources `input-stream` and `output-stream`.

use super::{Pollable, Readiness};
use crate::abi::Errno;
use crate::p2::runtime::{Error, ResourceTableError};
use bytes::Bytes;
use std::fmt;
use std::io;
use std::task::{Context, Poll};

/// The resource `error`: why an operation on a stream has failed.
pub type IoError = Error;

/// The resource `input-stream`.
pub type DynInputStream = Box<dyn InputStream>;

/// The resource `output-stream`.
pub type DynOutputStream = Box<dyn OutputStream>;

/// What an operation on a stream returns.
pub type StreamResult<T> = Result<T, StreamError>;

/// A stream that a guest reads from.
pub trait InputStream: Pollable {
    /// Reads up to `size` bytes that are there. None means that there are none yet: then the stream
    /// is waited for as [`Pollable`].
    ///
    /// # Errors
    ///
    /// [`StreamError::Closed`] at the end.
    fn read(&mut self, size: usize) -> StreamResult<Bytes>;

    /// Skips up to `size` bytes that are there.
    ///
    /// # Errors
    ///
    /// As [`InputStream::read`].
    fn skip(&mut self, size: usize) -> StreamResult<usize> {
        Ok(self.read(size)?.len())
    }
}

/// A stream that a guest writes to.
pub trait OutputStream: Pollable {
    /// Accepts bytes: no more than [`check_write`](OutputStream::check_write) has permitted. This
    /// does not wait; what can't be written yet is kept.
    ///
    /// # Errors
    ///
    /// [`StreamError::Closed`] if nothing is accepted any more. An earlier write may have failed
    /// with what is reported now.
    fn write(&mut self, bytes: Bytes) -> StreamResult<()>;

    /// Requests that everything that was accepted is written. Until it is, nothing more is
    /// permitted.
    ///
    /// # Errors
    ///
    /// As [`OutputStream::write`].
    fn flush(&mut self) -> StreamResult<()>;

    /// How many bytes can be written now. None means that the stream has to be waited for.
    ///
    /// # Errors
    ///
    /// As [`OutputStream::write`].
    fn check_write(&mut self) -> StreamResult<usize>;

    /// Writes zeroes, as many as [`check_write`](OutputStream::check_write) has permitted.
    ///
    /// # Errors
    ///
    /// As [`OutputStream::write`].
    fn write_zeroes(&mut self, count: usize) -> StreamResult<()> {
        self.write(Bytes::from(vec![0; count]))
    }
}

impl Pollable for DynInputStream {
    fn readiness(&self) -> Readiness<'_> {
        (**self).readiness()
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        (**self).poll_ready(cx)
    }
}

impl Pollable for DynOutputStream {
    fn readiness(&self) -> Readiness<'_> {
        (**self).readiness()
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        (**self).poll_ready(cx)
    }
}

/// The result of a system call that does not wait: none where it would have to.
pub(crate) fn unless_blocked<E: Into<io::Error>>(
    result: Result<usize, E>,
) -> StreamResult<Option<usize>> {
    match result.map_err(Into::into) {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Why an operation on a stream has no result.
pub enum StreamError {
    /// The stream is at its end, or accepts nothing any more.
    Closed,
    /// The operation has failed. From now on the stream is closed.
    LastOperationFailed(Error),
    /// The guest did what it must not: its call ends.
    Trap(Error),
}

impl StreamError {
    /// An error that ends the guest's call.
    pub fn trap(message: &str) -> Self {
        Self::Trap(Error::msg(message.to_owned()))
    }
}

impl StreamError {
    /// The error that it is because of.
    fn cause(&self) -> Option<&Error> {
        match self {
            Self::Closed => None,
            Self::LastOperationFailed(error) | Self::Trap(error) => Some(error),
        }
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the stream is closed",
            Self::LastOperationFailed(_) => "the last operation on the stream has failed",
            Self::Trap(_) => "the call of a stream can't be answered",
        })?;
        match self.cause() {
            Some(error) if f.alternate() => write!(f, ": {error:#}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let Some(error) = self.cause() else { return Ok(()) };
        f.write_str("\n\nCaused by:\n")?;
        error.chain().try_for_each(|cause| writeln!(f, "    {cause}"))
    }
}

impl std::error::Error for StreamError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause().map(|error| error.as_ref() as _)
    }
}

/// The error keeps its number, so that the guest can ask for it.
impl From<Errno> for StreamError {
    fn from(error: Errno) -> Self {
        match error {
            // As for a stream that was closed at this end.
            Errno::Pipe => Self::Closed,
            error => Self::LastOperationFailed(Error::new(error)),
        }
    }
}

/// An error of the host's own keeps what it says.
impl From<io::Error> for StreamError {
    fn from(error: io::Error) -> Self {
        if error.get_ref().is_some() {
            return Self::LastOperationFailed(Error::new(error));
        }
        Errno::from(error).into()
    }
}

impl From<rustix::io::Errno> for StreamError {
    fn from(error: rustix::io::Errno) -> Self {
        Errno::from(error).into()
    }
}

impl From<ResourceTableError> for StreamError {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(Error::new(error))
    }
}
