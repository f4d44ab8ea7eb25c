//! How calls wait: the only way to do so. The code that runs the guest can end it.
//!
//! With feature `store`, waits are those of the store: whatever interrupts its code ends the wait.
//! Without it, nothing does.
//!
//! With feature `async` or `threads`, a call can also be made so that it does not wait itself:
//! where it would, it ends as if it was interrupted, and says what it waits for. It is repeated
//! when that has come.

#[cfg(not(feature = "store"))]
mod alone;
#[cfg(any(feature = "async", feature = "threads"))]
mod postponed;

#[cfg(not(feature = "store"))]
pub(crate) use alone::{Awaited, Interest};
#[cfg(not(feature = "store"))]
use alone::{Waiter, Woken};
#[cfg(feature = "store")]
pub(crate) use wasm_store::{Awaited, Interest};
#[cfg(feature = "store")]
use wasm_store::{Waiter, Woken};

#[cfg(feature = "async")]
pub(crate) use postponed::Postponed;

use crate::abi::Errno;
use std::cell::Cell;
use std::os::fd::BorrowedFd;
use std::time::Duration;

const NOW: Option<Duration> = Some(Duration::ZERO);

/// The waiting state of a guest's calls.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    waiter: Waiter,
    /// Whether a wait of the running call was ended.
    interrupted: Cell<bool>,
    /// Whether the call is repeated after it was ended, and its first wait is still to come.
    is_resumed: Cell<bool>,
    /// How far the ended call had got, in numbers that only the call knows.
    progress: Option<Vec<u64>>,
    /// Where the call leaves what it would wait for, if it is not to wait itself.
    #[cfg(any(feature = "async", feature = "threads"))]
    postponing: Option<postponed::Postponing>,
}

impl Waiting {
    /// Waits until one of the descriptors is ready. Returns `false` if that did not happen in time.
    ///
    /// If a call is repeated, its first wait checks what is ready before anything can end it again.
    /// So each attempt makes progress, however soon the next interruption comes.
    ///
    /// # Errors
    /// [`Errno::Intr`] if the wait was ended. Then the call must return that error, and is either
    /// repeated or ends the guest.
    pub(crate) fn any(
        &self,
        awaited: &mut [Awaited<'_>],
        timeout: Option<Duration>,
    ) -> Result<bool, Errno> {
        if self.is_resumed.take() {
            match Waiter::default().wait(awaited, NOW)? {
                Woken::Ready => return Ok(true),
                _ if timeout == NOW => return Ok(false),
                _ => {}
            }
        }
        #[cfg(any(feature = "async", feature = "threads"))]
        if let Some(postponing) = self.postponing.as_ref().filter(|_| timeout != NOW) {
            return match postponing.postpone(awaited, timeout)? {
                Some(found) => Ok(found),
                None => {
                    self.interrupted.set(true);
                    Err(Errno::Intr)
                }
            };
        }
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

    /// Checks whether a call that takes long without waiting is to be ended.
    ///
    /// # Errors
    /// As [`Waiting::any`].
    pub(crate) fn look(&self) -> Result<(), Errno> {
        self.any(&mut [], NOW).map(|_| ())
    }

    /// Whether a descriptor can be used now.
    pub(crate) fn is_ready(fd: BorrowedFd<'_>, interest: Interest) -> Result<bool, Errno> {
        Ok(Waiter::default().wait(&mut [Awaited::new(fd, interest)], NOW)? == Woken::Ready)
    }

    /// Whether a wait can be ended. If not, the host may wait inside of its own calls.
    pub(crate) fn can_be_ended(&self) -> bool {
        #[cfg(any(feature = "async", feature = "threads"))]
        if self.postponing.is_some() {
            return true;
        }
        self.waiter.can_be_interrupted()
    }

    /// Whether the call is not to wait itself, and is repeated when what it waits for has come.
    #[cfg(feature = "async")]
    pub(crate) fn is_postponed(&self) -> bool {
        self.postponing.is_some()
    }

    /// Whether the call is not to wait itself: every call does.
    #[cfg(not(feature = "async"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    pub(crate) const fn is_postponed(&self) -> bool {
        false
    }

    /// Takes back that a wait was ended, for a call that has a result all the same. What ended the
    /// wait also ends the next one.
    pub(crate) fn has_result(&self) {
        self.interrupted.set(false);
    }

    /// How far the repeated call had got, if the call is a repetition.
    pub(crate) fn take_progress(&mut self) -> Option<Vec<u64>> {
        self.progress.take()
    }

    /// Keeps how far an ended call has got, for its repetition.
    pub(crate) fn keep_progress(&mut self, progress: impl IntoIterator<Item = u64>) {
        if self.interrupted.get() {
            self.progress = Some(progress.into_iter().collect());
        }
    }
}

#[cfg(feature = "store")]
impl Waiting {
    /// Must be called before each call. A call that is not a repetition begins anew.
    pub(crate) fn begin(&mut self, waiter: Waiter, once_more: Option<Ended>) {
        self.waiter = waiter;
        self.interrupted.set(false);
        self.is_resumed.set(once_more.is_some());
        self.progress = once_more.and_then(|Ended { progress }| progress);
        #[cfg(any(feature = "async", feature = "threads"))]
        {
            self.postponing = None;
        }
    }

    /// How far the call had got, if a wait of it was ended so that it has no result.
    pub(crate) fn ended(&mut self) -> Option<Ended> {
        self.interrupted.get().then(|| Ended { progress: self.progress.take() })
    }
}

/// A call that was ended. It is kept until the call is repeated: before that, the callback that
/// decides to continue may make the guest run other calls.
#[cfg(feature = "store")]
#[derive(Debug)]
pub(crate) struct Ended {
    progress: Option<Vec<u64>>,
}
