//! A signal of the host: others give it, and whoever waits for a descriptor receives it.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// A signal that wakers give, which may be those of futures.
#[derive(Debug)]
pub(crate) struct Signal {
    receiver: UnixStream,
    sender: Arc<Sender>,
}

#[derive(Debug)]
struct Sender(UnixStream);

impl Signal {
    pub(crate) fn new() -> io::Result<Self> {
        let (receiver, sender) = UnixStream::pair()?;
        receiver.set_nonblocking(true)?;
        sender.set_nonblocking(true)?;
        Ok(Self { receiver, sender: Arc::new(Sender(sender)) })
    }

    /// Gives the signal.
    pub(crate) fn waker(&self) -> Waker {
        Arc::clone(&self.sender).into()
    }

    /// Takes back the signals so far.
    pub(crate) fn clear(&self) {
        let mut bytes = [0; 64];
        while matches!((&self.receiver).read(&mut bytes), Ok(read) if read == bytes.len()) {}
    }
}

impl AsFd for Signal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receiver.as_fd()
    }
}

impl Wake for Sender {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // If there is no room, there are enough signals already.
        let _ = (&self.0).write(&[1]);
    }
}
