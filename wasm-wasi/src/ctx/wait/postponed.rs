//! Calls that do not wait themselves: they leave what they would wait for, and are repeated when it
//! has come.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use wasm_store::{Awaited, Interest, Waiter, Woken};

use super::{Ended, NOW, Waiting};

/// Where a call leaves what it would wait for.
#[derive(Debug, Default)]
pub(super) struct Postponing {
    postponed: RefCell<Option<Postponed>>,
    /// Whether the time that the call waits for is over: it was waited for before the call was
    /// repeated.
    is_over: Cell<bool>,
}

/// What a call waits for. It has descriptors of its own, so that it borrows nothing.
#[derive(Debug)]
pub(crate) struct Postponed {
    fds: Vec<(OwnedFd, Interest)>,
    timeout: Option<Duration>,
}

impl Postponing {
    /// Whether one of the descriptors is ready, if that is known without waiting, or the time is
    /// over. If not, it keeps what is to be waited for.
    pub(super) fn postpone(
        &self,
        awaited: &mut [Awaited<'_>],
        timeout: Option<Duration>,
    ) -> io::Result<Option<bool>> {
        if !awaited.is_empty() && Waiter::default().wait(awaited, NOW)? == Woken::Ready {
            return Ok(Some(true));
        }
        if timeout.is_some() && self.is_over.take() {
            return Ok(Some(false));
        }
        let fds = awaited.iter().map(|one| Ok((one.fd().try_clone_to_owned()?, one.interest())));
        let fds = fds.collect::<io::Result<_>>()?;
        *self.postponed.borrow_mut() = Some(Postponed { fds, timeout });
        Ok(None)
    }
}

impl Postponed {
    /// Waits for it, while others use the guest's context.
    ///
    /// # Errors
    ///
    /// If the system can't wait.
    #[cfg(feature = "threads")]
    pub(crate) fn wait_here(self, waiter: &Waiter) -> io::Result<Woken> {
        let fds = self.fds.iter().map(|(fd, interest)| Awaited::new(fd.as_fd(), *interest));
        waiter.wait(&mut fds.collect::<Vec<_>>(), self.timeout)
    }

    /// Waits for it. The thread is free for other futures meanwhile.
    ///
    /// # Errors
    ///
    /// If the system can't wait.
    #[cfg(feature = "async")]
    pub(crate) async fn wait(self, waiter: &Waiter) -> io::Result<Woken> {
        let fds = self.fds.iter().map(|(fd, interest)| Awaited::new(fd.as_fd(), *interest));
        let mut awaited: Vec<_> = fds.collect();
        waiter.wait_async(&mut awaited, self.timeout).await
    }
}

impl Waiting {
    /// As [`begin`](Self::begin), for a call that does not wait itself. `is_over` says that the
    /// time is over that it has waited for.
    pub(crate) fn begin_postponing(
        &mut self,
        waiter: Waiter,
        once_more: Option<Ended>,
        is_over: bool,
    ) {
        self.begin(waiter, once_more);
        let is_over = Cell::new(is_over);
        self.postponing = Some(Postponing { postponed: RefCell::default(), is_over });
    }

    /// What the call that has ended waits for; `None` if it was interrupted.
    pub(crate) fn take_postponed(&mut self) -> Option<Postponed> {
        self.postponing.take()?.postponed.into_inner()
    }
}
