//! Streams that begin or end in the host's program: memory, and any reader or writer.

use super::{StdinStream, StdoutStream};
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Input from bytes in memory.
#[derive(Clone, Debug)]
pub struct MemoryInputPipe {
    // Clones share a position, as clones of a descriptor do.
    state: Arc<Mutex<io::Cursor<Vec<u8>>>>,
}

impl MemoryInputPipe {
    /// Input that consists of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { state: Arc::new(Mutex::new(io::Cursor::new(bytes.into()))) }
    }

    fn lock(&self) -> MutexGuard<'_, io::Cursor<Vec<u8>>> {
        // No code under this lock can leave the data half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StdinStream for MemoryInputPipe {
    fn read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.lock().read_vectored(buffers)
    }

    fn available(&self) -> u64 {
        let cursor = self.lock();
        (cursor.get_ref().len() as u64).saturating_sub(cursor.position())
    }
}

/// Output that is kept in memory, to be read during the run and after it.
///
/// ```
/// use wasm_wasi::{MemoryOutputPipe, WasiCtx};
///
/// let stdout = MemoryOutputPipe::new(1 << 20);
/// let wasi = WasiCtx::builder().stdout(stdout.clone()).build();
/// // … run a guest …
/// # drop(wasi);
/// assert_eq!(stdout.contents(), b"");
/// ```
#[derive(Clone, Debug)]
pub struct MemoryOutputPipe {
    capacity: usize,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl MemoryOutputPipe {
    /// Keeps at most this many bytes; a write beyond fails in the guest with "no space left".
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity, bytes: Arc::default() }
    }

    /// The output so far.
    #[must_use]
    pub fn contents(&self) -> Vec<u8> {
        self.lock().clone()
    }

    /// The output, if this is the last clone.
    #[must_use]
    pub fn try_into_inner(self) -> Option<Vec<u8>> {
        Arc::into_inner(self.bytes)
            .map(|bytes| bytes.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many more bytes it takes.
    #[cfg(feature = "p2")]
    pub(crate) fn room(&self) -> usize {
        self.capacity.saturating_sub(self.lock().len())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        // No code under this lock can leave the data half-changed.
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StdoutStream for MemoryOutputPipe {
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut bytes = self.lock();
        let mut written = 0;
        for buffer in buffers {
            let room = self.capacity.saturating_sub(bytes.len());
            let taken = room.min(buffer.len());
            bytes.extend_from_slice(&buffer[..taken]);
            written += taken;
            if taken < buffer.len() {
                break;
            }
        }
        if written == 0 && buffers.iter().any(|buffer| !buffer.is_empty()) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(written)
    }
}

/// Input from any reader.
pub struct ReadPipe<R>(R);

impl<R: Read + Send> ReadPipe<R> {
    /// Input that consists of what the reader returns.
    pub fn new(reader: R) -> Self {
        Self(reader)
    }
}

impl<R: Read + Send> StdinStream for ReadPipe<R> {
    fn read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        loop {
            match self.0.read_vectored(buffers) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl<R> fmt::Debug for ReadPipe<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadPipe").finish_non_exhaustive()
    }
}

/// Output to any writer. It is flushed after each write, since a guest has buffers of its own.
pub struct WritePipe<W>(W);

impl<W: Write + Send> WritePipe<W> {
    /// Output that is passed to the writer.
    pub fn new(writer: W) -> Self {
        Self(writer)
    }
}

impl<W: Write + Send> StdoutStream for WritePipe<W> {
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            match self.0.write_vectored(buffers) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(written) => {
                    self.0.flush()?;
                    return Ok(written);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W> fmt::Debug for WritePipe<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WritePipe").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captured_output_is_bounded() {
        let pipe = MemoryOutputPipe::new(5);
        let mut stream = pipe.clone();
        assert_eq!(stream.write(&[IoSlice::new(b"abc"), IoSlice::new(b"def")]).unwrap(), 5);
        assert_eq!(
            stream.write(&[IoSlice::new(b"g")]).unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
        assert_eq!(stream.write(&[]).unwrap(), 0);
        assert_eq!(pipe.contents(), b"abcde");
        drop(stream);
        assert_eq!(pipe.try_into_inner().unwrap(), b"abcde");
    }

    #[test]
    fn input_from_memory_ends() {
        let mut pipe = MemoryInputPipe::new("hello");
        let mut buffer = [0; 3];
        assert_eq!(pipe.available(), 5);
        assert_eq!(pipe.read(&mut [IoSliceMut::new(&mut buffer)]).unwrap(), 3);
        assert_eq!(pipe.clone().available(), 2);
        assert_eq!(pipe.read(&mut [IoSliceMut::new(&mut buffer)]).unwrap(), 2);
        assert_eq!(pipe.read(&mut [IoSliceMut::new(&mut buffer)]).unwrap(), 0);
    }
}
