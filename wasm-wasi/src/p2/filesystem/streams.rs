//! Streams that read and write files.

use super::descriptor::SharedFile;
use crate::WasiCtx;
use crate::abi::Errno;
use crate::ctx::{Interest, Waiting};
use crate::fs::write::append;
use crate::p2::io::{
    InputStream, Outgoing, OutputStream, Pollable, Readiness, StreamError, StreamResult,
    unless_blocked,
};
use crate::p2::state::Held;
use bytes::Bytes;
use rustix::io::retry_on_intr;
use std::io::IoSlice;
use std::os::fd::AsFd;

/// Reads a file from a position on.
pub(super) struct FileInput {
    file: SharedFile,
    position: u64,
    is_closed: bool,
}

/// Writes a file from a position on, or at its end.
pub(super) struct FileOutput {
    file: SharedFile,
    /// None to write at the end.
    position: Option<u64>,
    outgoing: Outgoing,
    /// Counts it, if it may keep what it has accepted.
    _held: Option<Held>,
}

impl FileInput {
    pub(super) const fn new(file: SharedFile, position: u64) -> Self {
        Self { file, position, is_closed: false }
    }

    fn read_now(&mut self, bytes: &mut [u8]) -> Result<usize, Errno> {
        let file = &self.file.file;
        if self.file.is_regular {
            let read = retry_on_intr(|| rustix::io::pread(file, &mut *bytes, self.position))?;
            self.position += read as u64;
            return Ok(read);
        }
        // A pipe that nobody has opened for writing yet looks as if it had ended.
        if !Waiting::is_ready(file.as_fd(), Interest::Read)? {
            return Err(Errno::Again);
        }
        Ok(retry_on_intr(|| rustix::io::read(file, &mut *bytes))?)
    }
}

/// Whether a file is ready: a regular one always is.
fn readiness(file: &SharedFile, interest: Interest) -> Readiness<'_> {
    if file.is_regular {
        Readiness::Ready
    } else {
        Readiness::Descriptor(file.file.as_fd(), interest)
    }
}

impl Pollable for FileInput {
    fn readiness(&self) -> Readiness<'_> {
        if self.is_closed { Readiness::Ready } else { readiness(&self.file, Interest::Read) }
    }
}

impl InputStream for FileInput {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if self.is_closed {
            return Err(StreamError::Closed);
        }
        if size == 0 {
            return Ok(Bytes::new());
        }
        let mut bytes = vec![0; size];
        match self.read_now(&mut bytes) {
            // The file may get longer.
            Ok(0) => Err(StreamError::Closed),
            Ok(read) => {
                bytes.truncate(read);
                Ok(bytes.into())
            }
            Err(Errno::Again) => Ok(Bytes::new()),
            Err(error) => {
                self.is_closed = true;
                Err(error.into())
            }
        }
    }
}

impl FileOutput {
    /// # Errors
    ///
    /// [`Errno::MFile`] if what is written has to be kept until others have read, and there are as
    /// many such streams and descriptors as there may be.
    pub(super) fn new(
        ctx: &WasiCtx,
        file: SharedFile,
        position: Option<u64>,
    ) -> Result<Self, Errno> {
        let held = if file.is_regular { None } else { Some(ctx.hold_descriptor()?) };
        Ok(Self { file, position, outgoing: Outgoing::default(), _held: held })
    }
}

/// Writes as much as can be without waiting for others.
fn write_now(
    file: &SharedFile,
    position: &mut Option<u64>,
    bytes: &[u8],
) -> StreamResult<Option<usize>> {
    let SharedFile { file, is_regular, .. } = file;
    if !is_regular {
        return unless_blocked(retry_on_intr(|| rustix::io::write(file, bytes)));
    }
    Ok(Some(match position {
        Some(position) => {
            let written = retry_on_intr(|| rustix::io::pwrite(file, bytes, *position))?;
            *position += written as u64;
            written
        }
        None => append(file, &[IoSlice::new(bytes)], false)?,
    }))
}

impl Pollable for FileOutput {
    fn readiness(&self) -> Readiness<'_> {
        if self.outgoing.is_closed() {
            Readiness::Ready
        } else {
            readiness(&self.file, Interest::Write)
        }
    }
}

impl OutputStream for FileOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let Self { file, position, outgoing, .. } = self;
        outgoing.accept(bytes, |bytes| write_now(file, position, bytes))
    }

    fn flush(&mut self) -> StreamResult<()> {
        let Self { file, position, outgoing, .. } = self;
        outgoing.write_out(|bytes| write_now(file, position, bytes))
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        let Self { file, position, outgoing, .. } = self;
        outgoing.permitted(|bytes| write_now(file, position, bytes))
    }
}
