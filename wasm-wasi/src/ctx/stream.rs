//! Standard streams: the traits for them, and the host's own.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd};

/// The source of a guest's standard input.
///
/// Implemented by the host's [`std::io::Stdin`], by [`std::fs::File`], by the pipes of this crate
/// ([`MemoryInputPipe`], [`ReadPipe`]) and by [`Closed`].
///
/// [`MemoryInputPipe`]: super::MemoryInputPipe
/// [`ReadPipe`]: super::ReadPipe
pub trait StdinStream: Send {
    /// Reads into the buffers in order and returns the number of bytes read; 0 means the end.
    ///
    /// # Errors
    /// The error number of the guest's call. [`io::ErrorKind::WouldBlock`] means that there is no
    /// data yet.
    fn read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize>;

    /// As [`read`](Self::read), but returns [`io::ErrorKind::WouldBlock`] where that would wait:
    /// then the descriptor is awaited again.
    ///
    /// This is called instead of `read` if something could end the wait. The descriptor was awaited
    /// by then, but other processes may have taken the data. For the host's own streams, this does
    /// not wait on anything but regular files since Linux 6.5, and never on terminals that this
    /// process may open. By default, and in all other cases, it is the same as `read`.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    fn try_read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.read(buffers)
    }

    /// The host's descriptor behind it, if there is one. A guest's `poll_oneoff` waits on it. If
    /// something could end the wait, it is also awaited before [`try_read`](Self::try_read). A
    /// stream without a descriptor always counts as ready, and nothing ends a read that waits.
    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// How many bytes can be read without waiting, as far as this is known.
    fn available(&self) -> u64 {
        1
    }

    /// Whether this is a terminal.
    fn is_terminal(&self) -> bool {
        false
    }
}

/// The target of a guest's standard output or standard error.
///
/// Implemented by the host's [`std::io::Stdout`] and [`std::io::Stderr`], by [`std::fs::File`], by
/// the pipes of this crate ([`MemoryOutputPipe`], [`WritePipe`]) and by [`Sink`].
///
/// [`MemoryOutputPipe`]: super::MemoryOutputPipe
/// [`WritePipe`]: super::WritePipe
pub trait StdoutStream: Send {
    /// Writes from the buffers in order and returns the number of bytes accepted. They are visible
    /// to others when this returns.
    ///
    /// # Errors
    /// The error number of the guest's call.
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize>;

    /// As [`write`](Self::write), but returns [`io::ErrorKind::WouldBlock`] where that would wait:
    /// see [`StdinStream::try_read`].
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    fn try_write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write(buffers)
    }

    /// Makes what was written durable, for `fd_sync`.
    ///
    /// # Errors
    /// The error number of the guest's call.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The host's descriptor behind it, if there is one. A guest's `poll_oneoff` waits on it. If
    /// something could end the wait, it is also awaited before [`try_write`](Self::try_write),
    /// which then gets no more bytes than a pipe has room for. A stream without a descriptor always
    /// counts as ready, and nothing ends a write that waits.
    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Whether this is a terminal.
    fn is_terminal(&self) -> bool {
        false
    }
}

/// The host's standard input is read at its descriptor, without the buffer of [`io::Stdin`]:
/// otherwise a guest could not wait for it exactly. If a host has read from `io::stdin()` itself,
/// that may have taken bytes that a guest then misses.
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

/// What the host has printed so far comes first. Then the guest's bytes go straight to the
/// descriptor.
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

/// The system's errors where a call can't be made without waiting.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNKNOWN: [rustix::io::Errno; 2] = [rustix::io::Errno::OPNOTSUPP, rustix::io::Errno::NOSYS];

/// Reads the available data, without waiting if the system can do that. The descriptor's own flag
/// is left alone, since others share it.
fn read_now(fd: BorrowedFd<'_>, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    use rustix::io::retry_on_intr;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // The offset -1 stands for the position of the file.
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

/// Writes as much as there is room for, in the same way.
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

/// The terminal of a descriptor, opened once more so that calls do not wait: then the flag is not
/// shared. `None` if it is not a terminal, or the system does not let this process open it.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn own_terminal(fd: BorrowedFd<'_>, access: rustix::fs::OFlags) -> Option<std::os::fd::OwnedFd> {
    use rustix::fs::{Mode, OFlags, fstat, major, open};
    use std::os::fd::AsRawFd;
    /// Names of terminals that mean something else for each process that opens them, and the name
    /// that makes a new terminal.
    const OTHER_NAMES: u32 = 5;
    if !io::IsTerminal::is_terminal(&fd) || major(fstat(fd).ok()?.st_rdev) == OTHER_NAMES {
        return None;
    }
    let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    open(format!("/proc/self/fd/{}", fd.as_raw_fd()), flags, Mode::empty()).ok()
}

/// Input that is at its end from the start: the default.
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

/// Output that is discarded: the default.
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

    /// Data that other processes have taken, or room that they have filled, after the wait for it.
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
