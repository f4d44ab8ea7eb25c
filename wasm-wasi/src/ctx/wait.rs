//! How calls wait: the one way to do so, which whoever runs the guest can end.
//!
//! With feature `store` it is the store's: whatever interrupts its code ends the wait. Without, nothing does.

#[cfg(not(feature = "store"))]
mod alone;

#[cfg(not(feature = "store"))]
pub(crate) use alone::{Awaited, Interest};
#[cfg(not(feature = "store"))]
use alone::{Waiter, Woken};
#[cfg(feature = "store")]
pub(crate) use wasm_store::{Awaited, Interest};
#[cfg(feature = "store")]
use wasm_store::{Waiter, Woken};

use crate::abi::Errno;
use std::cell::Cell;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// What the calls of a guest wait by.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    waiter: Waiter,
    /// Whether a wait of the running call was ended.
    interrupted: Cell<bool>,
    /// What the call that was ended waited for: points in time on the clocks of its subscriptions.
    deadlines: Option<Vec<u64>>,
}

impl Waiting {
    /// Waits until one of the descriptors has something to say, and answers `false` if that did not happen
    /// in time.
    ///
    /// # Errors
    /// [`Errno::Intr`] if the wait was ended: then the call is to return with that, and is
    /// either made once more or ends the guest.
    pub(crate) fn any(
        &self,
        awaited: &mut [Awaited<'_>],
        timeout: Option<Duration>,
    ) -> Result<bool, Errno> {
        match self.waiter.wait(awaited, timeout)? {
            Woken::Ready => Ok(true),
            Woken::TimedOut => Ok(false),
            _ => {
                self.interrupted.set(true);
                Err(Errno::Intr)
            }
        }
    }

    /// Waits until a descriptor can be used.
    ///
    /// # Errors
    /// As [`Waiting::any`].
    pub(crate) fn one(&self, fd: BorrowedFd<'_>, interest: Interest) -> Result<(), Errno> {
        self.any(&mut [Awaited::new(fd, interest)], None).map(|_| ())
    }

    /// Looks whether a call that takes long without waiting is to be ended.
    ///
    /// # Errors
    /// As [`Waiting::any`].
    pub(crate) fn look(&self) -> Result<(), Errno> {
        self.any(&mut [], Some(Duration::ZERO)).map(|_| ())
    }

    /// Whether a descriptor can be used now.
    pub(crate) fn is_ready(fd: BorrowedFd<'_>, interest: Interest) -> Result<bool, Errno> {
        let now = Some(Duration::ZERO);
        Ok(Waiter::default().wait(&mut [Awaited::new(fd, interest)], now)? == Woken::Ready)
    }

    /// Whether a wait can be ended. If not, the host may as well wait inside of its own calls.
    pub(crate) fn can_be_ended(&self) -> bool {
        self.waiter.can_be_interrupted()
    }

    /// Takes back that a wait was ended, by a call that has a result all the same. What ended it is
    /// still there for the next.
    pub(crate) fn has_result(&self) {
        self.interrupted.set(false);
    }

    /// The deadlines of a call that is made once more, if it is.
    pub(crate) fn take_deadlines(&mut self) -> Option<Vec<u64>> {
        self.deadlines.take()
    }

    /// Keeps the deadlines of a call whose wait was ended.
    pub(crate) fn keep_deadlines(&mut self, deadlines: impl Iterator<Item = u64>) {
        if self.interrupted.get() {
            self.deadlines = Some(deadlines.collect());
        }
    }
}

#[cfg(feature = "store")]
impl Waiting {
    /// To be told before each call. A call that is not made once more begins its waits anew.
    pub(crate) fn begin(&mut self, waiter: Waiter, once_more: bool) {
        self.waiter = waiter;
        self.interrupted.set(false);
        if !once_more {
            self.deadlines = None;
        }
    }

    /// Whether a wait of the call was ended, so that it has no result.
    pub(crate) fn was_ended(&self) -> bool {
        self.interrupted.get()
    }
}
