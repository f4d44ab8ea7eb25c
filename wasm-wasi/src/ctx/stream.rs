//! Standard streams: the traits for them, and the host's own.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd};

/// Where a guest reads its standard input from.
///
/// Implemented by the host's [`std::io::Stdin`], by [`std::fs::File`], by the pipes of this crate
/// ([`MemoryInputPipe`], [`ReadPipe`]) and by [`Closed`].
///
/// [`MemoryInputPipe`]: super::MemoryInputPipe
/// [`ReadPipe`]: super::ReadPipe
pub trait StdinStream: Send {
    /// Reads into the buffers in turn and answers how many bytes came; 0 is the end.
    ///
    /// # Errors
    /// Becomes the error number of the guest's call. [`io::ErrorKind::WouldBlock`] says that nothing
    /// is there yet.
    fn read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize>;

    /// The host's descriptor behind it, if there is one: it is what a guest's `poll_oneoff` waits on, and what
    /// is waited on before [`read`](Self::read), if something could end the wait. A stream without one always
    /// counts as ready, and nothing ends a read that waits.
    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// How many bytes can be read without waiting, as far as this is known.
    fn available(&self) -> u64 {
        1
    }

    /// Whether a person sits at the other end.
    fn is_terminal(&self) -> bool {
        false
    }
}

/// Where a guest writes its standard output or its error messages to.
///
/// Implemented by the host's [`std::io::Stdout`] and [`std::io::Stderr`], by [`std::fs::File`], by
/// the pipes of this crate ([`MemoryOutputPipe`], [`WritePipe`]) and by [`Sink`].
///
/// [`MemoryOutputPipe`]: super::MemoryOutputPipe
/// [`WritePipe`]: super::WritePipe
pub trait StdoutStream: Send {
    /// Writes from the buffers in turn and answers how many bytes were taken. What is taken is
    /// visible to others when this returns.
    ///
    /// # Errors
    /// Becomes the error number of the guest's call.
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Makes what was written durable, for `fd_sync`.
    ///
    /// # Errors
    /// Becomes the error number of the guest's call.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The host's descriptor behind it, if there is one: it is what a guest's `poll_oneoff` waits on, and what
    /// is waited on before [`write`](Self::write), if something could end the wait: that gets no more then than
    /// a pipe has room for. A stream without one always counts as ready, and nothing ends a write that waits.
    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Whether a person sits at the other end.
    fn is_terminal(&self) -> bool {
        false
    }
}

/// The host's standard input is read at its descriptor, past the buffer that [`io::Stdin`] keeps:
/// only so can a guest wait for it exactly. A host that has read from `io::stdin()` itself may have
/// taken bytes that a guest then misses.
impl StdinStream for io::Stdin {
    fn read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let input = AsFd::as_fd(self);
        Ok(rustix::io::retry_on_intr(|| rustix::io::readv(input, buffers))?)
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(AsFd::as_fd(self))
    }

    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(self)
    }
}

/// What the host has printed so far comes first; then the guest's bytes go straight to the descriptor.
impl StdoutStream for io::Stdout {
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut lock = self.lock();
        io::Write::flush(&mut lock)?;
        Ok(rustix::io::retry_on_intr(|| rustix::io::writev(&lock, buffers))?)
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(AsFd::as_fd(self))
    }

    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(self)
    }
}

impl StdoutStream for io::Stderr {
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let lock = self.lock();
        Ok(rustix::io::retry_on_intr(|| rustix::io::writev(&lock, buffers))?)
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(AsFd::as_fd(self))
    }

    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(self)
    }
}

impl StdinStream for std::fs::File {
    fn read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        Ok(rustix::io::retry_on_intr(|| rustix::io::readv(&*self, buffers))?)
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(AsFd::as_fd(self))
    }

    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(self)
    }
}

impl StdoutStream for std::fs::File {
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(rustix::io::retry_on_intr(|| rustix::io::writev(&*self, buffers))?)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sync_all()
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(AsFd::as_fd(self))
    }

    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(self)
    }
}

/// Input that is at its end from the start: what a guest gets if nothing else is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closed;

impl StdinStream for Closed {
    fn read(&mut self, _: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        Ok(0)
    }

    fn available(&self) -> u64 {
        0
    }
}

/// Output that goes nowhere: what a guest gets if nothing else is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sink;

impl StdoutStream for Sink {
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(buffers.iter().map(|buffer| buffer.len()).sum())
    }
}
