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

    /// As [`read`](Self::read), but where that would wait, [`io::ErrorKind::WouldBlock`]: then the descriptor is
    /// waited on again. This is called instead of it if something could end the wait: the descriptor has been
    /// waited on by then, but other processes may have taken what was there. Those of the host that are
    /// not regular files do not wait since Linux 6.5, and terminals that this process may open never do; by default,
    /// and otherwise, this is the same.
    ///
    /// # Errors
    /// As there.
    fn try_read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.read(buffers)
    }

    /// The host's descriptor behind it, if there is one: it is what a guest's `poll_oneoff` waits on, and what
    /// is waited on before [`try_read`](Self::try_read), if something could end the wait. A stream without one
    /// always counts as ready, and nothing ends a read that waits.
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

    /// As [`write`](Self::write), but where that would wait, [`io::ErrorKind::WouldBlock`]: see
    /// [`StdinStream::try_read`].
    ///
    /// # Errors
    /// As there.
    fn try_write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write(buffers)
    }

    /// Makes what was written durable, for `fd_sync`.
    ///
    /// # Errors
    /// Becomes the error number of the guest's call.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The host's descriptor behind it, if there is one: it is what a guest's `poll_oneoff` waits on, and what
    /// is waited on before [`try_write`](Self::try_write), if something could end the wait: that gets no more then than
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

    fn try_read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        read_now(AsFd::as_fd(self), buffers)
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

    fn try_write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut lock = self.lock();
        io::Write::flush(&mut lock)?;
        write_now(AsFd::as_fd(&lock), buffers)
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

    fn try_write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        write_now(AsFd::as_fd(&self.lock()), buffers)
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

    fn try_read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        read_now(AsFd::as_fd(self), buffers)
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

    fn try_write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        write_now(AsFd::as_fd(self), buffers)
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

/// What the system says where it cannot do a call without waiting.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNKNOWN: [rustix::io::Errno; 2] = [rustix::io::Errno::OPNOTSUPP, rustix::io::Errno::NOSYS];

/// Reads what is there, without waiting if the system can: the descriptor's own flag is shared with others.
fn read_now(fd: BorrowedFd<'_>, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    use rustix::io::retry_on_intr;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // As an offset, -1 stands for the position of the file.
        let flags = rustix::io::ReadWriteFlags::NOWAIT;
        match retry_on_intr(|| rustix::io::preadv2(fd, buffers, u64::MAX, flags)) {
            Err(error) if UNKNOWN.contains(&error) => {}
            result => return Ok(result?),
        }
        if let Some(own) = own_terminal(fd, rustix::fs::OFlags::RDONLY) {
            return Ok(retry_on_intr(|| rustix::io::readv(&own, buffers))?);
        }
    }
    Ok(retry_on_intr(|| rustix::io::readv(fd, buffers))?)
}

/// Writes what there is room for, in the same way.
fn write_now(fd: BorrowedFd<'_>, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
    use rustix::io::retry_on_intr;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let flags = rustix::io::ReadWriteFlags::NOWAIT;
        match retry_on_intr(|| rustix::io::pwritev2(fd, buffers, u64::MAX, flags)) {
            Err(error) if UNKNOWN.contains(&error) => {}
            result => return Ok(result?),
        }
        if let Some(own) = own_terminal(fd, rustix::fs::OFlags::WRONLY) {
            return Ok(retry_on_intr(|| rustix::io::writev(&own, buffers))?);
        }
    }
    Ok(retry_on_intr(|| rustix::io::writev(fd, buffers))?)
}

/// The terminal of a descriptor, opened once more so that calls do not wait: only the flag is not shared then. `None` if
/// it is no terminal, or the system does not let this process open it.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn own_terminal(fd: BorrowedFd<'_>, access: rustix::fs::OFlags) -> Option<std::os::fd::OwnedFd> {
    use rustix::fs::{Mode, OFlags, fstat, major, open};
    use std::os::fd::AsRawFd;
    /// Names of terminals, among them the one that makes a new one: what they lead to depends on who opens them.
    const OTHER_NAMES: u32 = 5;
    if !io::IsTerminal::is_terminal(&fd) || major(fstat(fd).ok()?.st_rdev) == OTHER_NAMES {
        return None;
    }
    let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    open(format!("/proc/self/fd/{}", fd.as_raw_fd()), flags, Mode::empty()).ok()
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

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use super::*;
    use std::fs::File;
    use std::os::fd::OwnedFd;

    /// What other processes have taken, or filled, after it was waited for.
    #[test]
    fn nothing_waits_for_what_others_were_faster_with() {
        let (reader, writer) = io::pipe().unwrap();
        let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
        let ends: [(OwnedFd, OwnedFd); 2] =
            [(reader.into(), writer.into()), (one.into(), other.into())];
        for (reader, writer) in ends {
            let (mut reader, mut writer) = (File::from(reader), File::from(writer));
            let mut bytes = [0; 4096];
            let flags = rustix::io::ReadWriteFlags::NOWAIT;
            let mut probe = [IoSliceMut::new(&mut bytes)];
            let refused = rustix::io::preadv2(&reader, &mut probe, u64::MAX, flags).unwrap_err();
            if UNKNOWN.contains(&refused) {
                continue;
            }
            let mut slices = [IoSliceMut::new(&mut bytes)];
            let error = reader.try_read(&mut slices).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            let mut written = 0;
            let error = loop {
                match writer.try_write(&[IoSlice::new(&[1; 4096])]) {
                    Ok(count) => written += count,
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            assert!(written > 0);
            assert!(reader.try_read(&mut slices).unwrap() > 0);
        }
    }
}
