//! The standard streams as resources.
//!
//! They are those of the context's descriptors, which preview 1 uses. The first use by WASI 0.2
//! puts them where both reach them, under a lock: a guest of preview 1 pays for that only then.

use crate::ctx::{Interest, Object, Waiting};
use crate::p2::WasiCtxView;
use crate::p2::bindings::cli::{stderr, stdin, stdout};
use crate::p2::io::{
    DynInputStream, DynOutputStream, InputStream, Outgoing, OutputStream, Pollable, Readiness,
    StreamError, StreamResult, unless_blocked,
};
use crate::p2::runtime::{Resource, Result};
use crate::p2::state::Held;
use crate::{Closed, Sink, StdinStream, StdoutStream, WasiCtx};
use bytes::Bytes;
use rustix::fs::FileType;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many bytes a pipe takes without waiting if it takes any; POSIX requires at least 512.
const PIPE_BUF: usize =
    if cfg!(any(target_os = "linux", target_os = "android")) { 4096 } else { 512 };

/// The standard streams that WASI 0.2 has used so far.
#[derive(Default)]
pub(crate) struct Stdio {
    input: Option<Shared<dyn StdinStream>>,
    output: Option<Shared<dyn StdoutStream>>,
    error: Option<Shared<dyn StdoutStream>>,
}

/// A stream that is used from several places.
struct Shared<S: ?Sized> {
    stream: Arc<Mutex<Box<S>>>,
    /// A copy of the host's descriptor behind it.
    fd: Option<Arc<OwnedFd>>,
    is_terminal: bool,
    /// Whether reading or writing never makes the thread wait for others.
    is_regular: bool,
}

impl<S: ?Sized> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self { stream: Arc::clone(&self.stream), fd: self.fd.clone(), ..*self }
    }
}

impl<S: ?Sized> Shared<S> {
    fn new(stream: Box<S>, fd: Option<OwnedFd>, is_terminal: bool) -> Self {
        let is_regular = fd.as_ref().is_some_and(|fd| {
            rustix::fs::fstat(fd)
                .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
        });
        let stream = Arc::new(Mutex::new(stream));
        Self { stream, fd: fd.map(Arc::new), is_terminal, is_regular }
    }

    fn lock(&self) -> MutexGuard<'_, Box<S>> {
        // A stream that panicked is used as it is then.
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(|fd| fd.as_fd())
    }

    fn readiness(&self, interest: Interest) -> Readiness<'_> {
        match self.fd() {
            Some(fd) if !self.is_regular => Readiness::Descriptor(fd, interest),
            _ => Readiness::Ready,
        }
    }

    /// Whether the stream can be used without making the thread wait, as far as this is known.
    fn is_ready(&self, interest: Interest) -> io::Result<bool> {
        match self.fd() {
            Some(fd) if !self.is_regular => {
                Waiting::is_ready(fd, interest).map_err(io::Error::other)
            }
            _ => Ok(true),
        }
    }
}

/// For preview 1.
impl StdinStream for Shared<dyn StdinStream> {
    fn read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.lock().read(buffers)
    }

    fn try_read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.lock().try_read(buffers)
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd()
    }

    fn available(&self) -> u64 {
        self.lock().available()
    }

    fn is_terminal(&self) -> bool {
        self.is_terminal
    }
}

/// For preview 1.
impl StdoutStream for Shared<dyn StdoutStream> {
    fn write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.lock().write(buffers)
    }

    fn try_write(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.lock().try_write(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().flush()
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd()
    }

    fn is_terminal(&self) -> bool {
        self.is_terminal
    }
}

fn copy(fd: Option<BorrowedFd<'_>>) -> io::Result<Option<OwnedFd>> {
    fd.map(|fd| fd.try_clone_to_owned()).transpose()
}

impl WasiCtx {
    /// The stream behind descriptor 0, for several users; one at its end if there is none.
    fn shared_stdin(&mut self) -> io::Result<Shared<dyn StdinStream>> {
        if let Some(input) = &self.p2.stdio.input {
            return Ok(input.clone());
        }
        let input = match self.table.get_mut(0).map(|descriptor| &mut descriptor.object) {
            Ok(Object::Input(stream)) => {
                let (fd, is_terminal) = (copy(stream.as_fd())?, stream.is_terminal());
                let own: Box<dyn StdinStream> = std::mem::replace(stream, Box::new(Closed));
                let shared = Shared::new(own, fd, is_terminal);
                *stream = Box::new(shared.clone());
                shared
            }
            _ => Shared::new(Box::new(Closed) as Box<dyn StdinStream>, None, false),
        };
        Ok(self.p2.stdio.input.insert(input).clone())
    }

    /// The stream behind descriptor 1 or 2, for several users; one that discards everything if
    /// there is none.
    fn shared_stdout(&mut self, number: u32) -> io::Result<Shared<dyn StdoutStream>> {
        let Self { table, p2, .. } = self;
        let place = if number == 1 { &mut p2.stdio.output } else { &mut p2.stdio.error };
        if let Some(output) = place {
            return Ok(output.clone());
        }
        let output = match table.get_mut(number).map(|descriptor| &mut descriptor.object) {
            Ok(Object::Output(stream)) => {
                let (fd, is_terminal) = (copy(stream.as_fd())?, stream.is_terminal());
                let own: Box<dyn StdoutStream> = std::mem::replace(stream, Box::new(Sink));
                let shared = Shared::new(own, fd, is_terminal);
                *stream = Box::new(shared.clone());
                shared
            }
            _ => Shared::new(Box::new(Sink) as Box<dyn StdoutStream>, None, false),
        };
        Ok(place.insert(output).clone())
    }

    pub(super) fn stdin_is_terminal(&self) -> bool {
        matches!(self.table.get(0).map(|one| &one.object), Ok(Object::Input(one)) if one.is_terminal())
    }

    pub(super) fn stdout_is_terminal(&self) -> bool {
        self.output_is_terminal(1)
    }

    pub(super) fn stderr_is_terminal(&self) -> bool {
        self.output_is_terminal(2)
    }

    fn output_is_terminal(&self, number: u32) -> bool {
        let object = self.table.get(number).map(|one| &one.object);
        matches!(object, Ok(Object::Output(one)) if one.is_terminal())
    }
}

impl stdin::Host for WasiCtxView<'_> {
    fn get_stdin(&mut self) -> Result<Resource<DynInputStream>> {
        let stream = Input { shared: self.ctx.shared_stdin()?, is_at_end: false };
        Ok(self.table.push(Box::new(stream) as DynInputStream)?)
    }
}

impl stdout::Host for WasiCtxView<'_> {
    fn get_stdout(&mut self) -> Result<Resource<DynOutputStream>> {
        self.push_output(1)
    }
}

impl stderr::Host for WasiCtxView<'_> {
    fn get_stderr(&mut self) -> Result<Resource<DynOutputStream>> {
        self.push_output(2)
    }
}

impl WasiCtxView<'_> {
    fn push_output(&mut self, number: u32) -> Result<Resource<DynOutputStream>> {
        let shared = self.ctx.shared_stdout(number)?;
        // What it has accepted and not written is kept, so there are no more than descriptors.
        let held = self.ctx.hold_descriptor()?;
        let stream = Output { shared, outgoing: Outgoing::default(), _held: held };
        Ok(self.table.push(Box::new(stream) as DynOutputStream)?)
    }
}

/// Standard input as a resource.
struct Input {
    shared: Shared<dyn StdinStream>,
    is_at_end: bool,
}

impl Pollable for Input {
    fn readiness(&self) -> Readiness<'_> {
        if self.is_at_end { Readiness::Ready } else { self.shared.readiness(Interest::Read) }
    }
}

impl InputStream for Input {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if self.is_at_end {
            return Err(StreamError::Closed);
        }
        if size == 0 || !self.shared.is_ready(Interest::Read)? {
            return Ok(Bytes::new());
        }
        let mut bytes = vec![0; size];
        let read = self.shared.lock().try_read(&mut [IoSliceMut::new(&mut bytes)]);
        match read {
            Ok(0) => {
                self.is_at_end = true;
                Err(StreamError::Closed)
            }
            Ok(read) => {
                bytes.truncate(read);
                Ok(bytes.into())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Bytes::new()),
            Err(error) => {
                self.is_at_end = true;
                Err(error.into())
            }
        }
    }
}

/// Standard output, or standard error, as a resource.
struct Output {
    shared: Shared<dyn StdoutStream>,
    outgoing: Outgoing,
    _held: Held,
}

impl Output {
    /// Writes as much as can be without making the thread wait.
    fn write_now(shared: &Shared<dyn StdoutStream>, bytes: &[u8]) -> StreamResult<Option<usize>> {
        if shared.fd.is_none() || shared.is_regular {
            return unless_blocked(shared.lock().write(&[IoSlice::new(bytes)]));
        }
        if !shared.is_ready(Interest::Write)? {
            return Ok(None);
        }
        let part = &bytes[..bytes.len().min(PIPE_BUF)];
        unless_blocked(shared.lock().try_write(&[IoSlice::new(part)]))
    }
}

impl Pollable for Output {
    fn readiness(&self) -> Readiness<'_> {
        if self.outgoing.is_closed() {
            Readiness::Ready
        } else {
            self.shared.readiness(Interest::Write)
        }
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let shared = &self.shared;
        self.outgoing.accept(bytes, |bytes| Self::write_now(shared, bytes))
    }

    fn flush(&mut self) -> StreamResult<()> {
        let shared = &self.shared;
        self.outgoing.write_out(|bytes| Self::write_now(shared, bytes))
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        let shared = &self.shared;
        self.outgoing.permitted(|bytes| Self::write_now(shared, bytes))
    }
}

/// What was accepted and not flushed is written if that needs no wait.
impl Drop for Output {
    fn drop(&mut self) {
        let shared = &self.shared;
        // There is nobody left to tell.
        let _ = self.outgoing.write_out(|bytes| Self::write_now(shared, bytes));
    }
}
