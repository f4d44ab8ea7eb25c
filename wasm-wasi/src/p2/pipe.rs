//! Streams in memory, for an embedder's own resources: they are those of the standard streams
//! ([`MemoryInputPipe`], [`MemoryOutputPipe`]), ends that are closed, and a sink.

pub use crate::{MemoryInputPipe, MemoryOutputPipe};

use super::io::{InputStream, OutputStream, Pollable, Readiness, StreamError, StreamResult};
use crate::{StdinStream, StdoutStream};
use bytes::Bytes;
use std::io::{IoSlice, IoSliceMut};

impl Pollable for MemoryInputPipe {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::Ready
    }
}

impl InputStream for MemoryInputPipe {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let left = usize::try_from(self.available()).unwrap_or(usize::MAX);
        if left == 0 {
            return Err(StreamError::Closed);
        }
        let mut bytes = vec![0; size.min(left)];
        let read = StdinStream::read(self, &mut [IoSliceMut::new(&mut bytes)])?;
        bytes.truncate(read);
        Ok(bytes.into())
    }
}

impl Pollable for MemoryOutputPipe {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::Ready
    }
}

/// A pipe that is full is closed.
impl OutputStream for MemoryOutputPipe {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.len() > self.room() {
            return Err(StreamError::trap("more was written than `check-write` permitted"));
        }
        StdoutStream::write(self, &[IoSlice::new(&bytes)])?;
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        match self.room() {
            0 => Err(StreamError::Closed),
            room => Ok(room),
        }
    }
}

/// A stream that is at its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClosedInputStream;

impl Pollable for ClosedInputStream {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::Ready
    }
}

impl InputStream for ClosedInputStream {
    fn read(&mut self, _: usize) -> StreamResult<Bytes> {
        Err(StreamError::Closed)
    }
}

/// A stream that accepts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClosedOutputStream;

impl Pollable for ClosedOutputStream {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::Ready
    }
}

impl OutputStream for ClosedOutputStream {
    fn write(&mut self, _: Bytes) -> StreamResult<()> {
        Err(StreamError::Closed)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Err(StreamError::Closed)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Err(StreamError::Closed)
    }
}

/// A stream that accepts everything and discards it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SinkOutputStream;

impl Pollable for SinkOutputStream {
    fn readiness(&self) -> Readiness<'_> {
        Readiness::Ready
    }
}

impl OutputStream for SinkOutputStream {
    fn write(&mut self, _: Bytes) -> StreamResult<()> {
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_ends_when_it_is_empty_or_full() {
        let mut input = MemoryInputPipe::new("abc");
        assert_eq!(InputStream::read(&mut input, 2).unwrap(), "ab");
        assert_eq!(InputStream::read(&mut input, 2).unwrap(), "c");
        assert!(matches!(InputStream::read(&mut input, 2), Err(StreamError::Closed)));
        let mut output = MemoryOutputPipe::new(3);
        assert_eq!(output.check_write().unwrap(), 3);
        OutputStream::write(&mut output, "abc".into()).unwrap();
        assert!(matches!(output.check_write(), Err(StreamError::Closed)));
        let more = OutputStream::write(&mut output, "d".into());
        assert!(matches!(more, Err(StreamError::Trap(_))));
        assert_eq!(output.contents(), b"abc");
    }
}
