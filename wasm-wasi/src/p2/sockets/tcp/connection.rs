//! The streams of a connection.

use super::Socket;
use crate::ctx::Interest;
use crate::p2::bindings::sockets::tcp::ShutdownType;
use crate::p2::io::{
    InputStream, Outgoing, OutputStream, Pollable, Readiness, StreamError, StreamResult,
    unless_blocked,
};
use crate::p2::sockets::SocketResult;
use bytes::Bytes;
use rustix::io::retry_on_intr;
use rustix::net::{RecvFlags, SendFlags, Shutdown, recv, send};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A connection, which the socket and both streams share.
#[derive(Debug)]
pub(super) struct Connection {
    socket: Arc<Socket>,
    sending: Mutex<Sending>,
}

#[derive(Debug, Default)]
struct Sending {
    outgoing: Outgoing,
    /// The guest sends no more: the peer is told when everything that was accepted is written.
    is_ending: bool,
}

/// One of the streams of a connection.
#[derive(Debug)]
pub(super) struct Half {
    connection: Arc<Connection>,
    is_closed: bool,
}

impl Connection {
    pub(super) fn new(socket: Arc<Socket>) -> Self {
        Self { socket, sending: Mutex::default() }
    }

    /// Closes one direction, or both.
    pub(super) fn shutdown(&self, how: ShutdownType) -> SocketResult<()> {
        if matches!(how, ShutdownType::Receive | ShutdownType::Both) {
            rustix::net::shutdown(&self.socket, Shutdown::Read)?;
        }
        if matches!(how, ShutdownType::Send | ShutdownType::Both) {
            self.lock().is_ending = true;
            // Errors of what was accepted before are those of the stream.
            let _ = self.send_more();
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Sending> {
        // No code under this lock can leave it half-changed.
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends without waiting. A closed connection is an error, not a signal.
    fn send(&self, bytes: &[u8]) -> StreamResult<Option<usize>> {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        unless_blocked(retry_on_intr(|| send(&self.socket, bytes, flags)))
    }

    /// Sends what was accepted, and returns how much more is.
    fn send_more(&self) -> StreamResult<usize> {
        let mut sending = self.lock();
        let permitted = sending.outgoing.permitted(|bytes| self.send(bytes))?;
        if sending.is_ending && sending.outgoing.is_empty() {
            sending.outgoing.close();
            rustix::net::shutdown(&self.socket, Shutdown::Write)?;
            return Err(StreamError::Closed);
        }
        Ok(permitted)
    }
}

impl Half {
    pub(super) const fn new(connection: Arc<Connection>) -> Self {
        Self { connection, is_closed: false }
    }

    pub(super) fn into_input(self) -> Box<dyn InputStream> {
        Box::new(TcpInput(self))
    }

    pub(super) fn into_output(self) -> Box<dyn OutputStream> {
        Box::new(TcpOutput(self))
    }
}

struct TcpInput(Half);

impl Pollable for TcpInput {
    fn readiness(&self) -> Readiness<'_> {
        if self.0.is_closed {
            return Readiness::Ready;
        }
        Readiness::Descriptor(self.0.connection.socket.as_fd(), Interest::Read)
    }
}

impl InputStream for TcpInput {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let Half { connection, is_closed } = &mut self.0;
        if *is_closed {
            return Err(StreamError::Closed);
        }
        if size == 0 {
            return Ok(Bytes::new());
        }
        let mut bytes = vec![0; size];
        let read = retry_on_intr(|| recv(&connection.socket, &mut bytes[..], RecvFlags::DONTWAIT));
        match unless_blocked(read.map(|(read, _)| read)) {
            Ok(None) => Ok(Bytes::new()),
            Ok(Some(0)) => {
                *is_closed = true;
                Err(StreamError::Closed)
            }
            Ok(Some(read)) => {
                bytes.truncate(read);
                Ok(bytes.into())
            }
            Err(error) => {
                *is_closed = true;
                Err(error)
            }
        }
    }
}

/// The peer sees that nobody reads any more.
impl Drop for TcpInput {
    fn drop(&mut self) {
        // A connection that is gone already needs no end.
        let _ = rustix::net::shutdown(&self.0.connection.socket, Shutdown::Read);
    }
}

struct TcpOutput(Half);

impl Pollable for TcpOutput {
    fn readiness(&self) -> Readiness<'_> {
        if self.0.connection.lock().outgoing.is_closed() {
            return Readiness::Ready;
        }
        Readiness::Descriptor(self.0.connection.socket.as_fd(), Interest::Write)
    }
}

impl OutputStream for TcpOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let connection = &self.0.connection;
        let mut sending = connection.lock();
        if sending.is_ending {
            return Err(StreamError::Closed);
        }
        sending.outgoing.accept(bytes, |bytes| connection.send(bytes))
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.0.connection.send_more().map(drop)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.0.connection.send_more()
    }
}

/// What was accepted is sent as far as it needs no wait, and the peer sees the end.
impl Drop for TcpOutput {
    fn drop(&mut self) {
        self.0.connection.lock().is_ending = true;
        // There is nobody left to tell.
        let _ = self.0.connection.send_more();
    }
}
