//! Waiting in host functions, so that what interrupts the store's code ends the wait.
//!
//! Code that was compiled to be interrupted looks for whether it is to stop, but a host function that sleeps, or
//! reads what does not come, is not code. A [`Waiter`] is how it waits all the same: for descriptors of the host, for
//! a time, and for whatever of [`interruption`](crate::interruption) ends calls. Functions of WASI wait by it.
//!
//! ```
//! use std::time::Duration;
//! use wasm_store::{Caller, Linker, Result, Woken};
//!
//! fn define_sleep(linker: &mut Linker<()>) -> Result<()> {
//!     linker.func_wrap("host", "sleep", |mut caller: Caller<'_, ()>, milliseconds: u32| -> Result<()> {
//!         let time = Duration::from_millis(milliseconds.into());
//!         if caller.waiter().wait(&mut [], Some(time))? == Woken::Interrupted {
//!             // Ends the call, unless a callback for deadlines lets it go on.
//!             caller.check_interruption()?;
//!         }
//!         Ok(())
//!     })?;
//!     Ok(())
//! }
//! # let engine = wasm_store::Engine::default();
//! # define_sleep(&mut Linker::new(&engine)).unwrap();
//! ```

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use crate::store::{Store, StoreContextMut};
use crate::vm::Interrupts;

/// Waits for descriptors of the host and for time, until the code of a store is to stop: made by
/// [`Store::waiter`].
///
/// It holds nothing of the store, so that a host function can wait while it borrows the store's data, and other
/// threads that work for it can wait as well. Once the store is gone nothing interrupts any more, as with
/// [`Waiter::default`].
#[derive(Clone, Default)]
pub struct Waiter {
    interrupts: Option<Arc<Interrupts>>,
}

/// A descriptor of the host that is waited for, and what was found.
#[derive(Debug)]
pub struct Awaited<'fd> {
    fd: BorrowedFd<'fd>,
    interest: Interest,
    /// Something was found: the call that was waited for does not wait now, though it may fail.
    pub ready: bool,
    /// The other end is closed, or the descriptor has an error.
    pub hung_up: bool,
    /// The descriptor is none.
    pub invalid: bool,
}

/// What a descriptor is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Interest {
    /// That there is something to be read, or the end.
    Read,
    /// That there is room to write, for as many bytes as the system grants at least: `PIPE_BUF` for a pipe.
    Write,
}

/// What has ended a wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Woken {
    /// A descriptor: [`Awaited::ready`] tells which.
    Ready,
    /// The time is over.
    TimedOut,
    /// The store's code is to stop, or its deadline is reached: ask
    /// [`check_interruption`](StoreContextMut::check_interruption) whether the host function is to end. This comes
    /// before all else.
    Interrupted,
}

impl<'fd> Awaited<'fd> {
    /// A descriptor for which nothing was found yet.
    #[must_use]
    pub const fn new(fd: BorrowedFd<'fd>, interest: Interest) -> Self {
        Self { fd, interest, ready: false, hung_up: false, invalid: false }
    }

    fn poll_fd(&self) -> PollFd<'fd> {
        let flags = match self.interest {
            Interest::Read => PollFlags::IN,
            Interest::Write => PollFlags::OUT,
        };
        PollFd::from_borrowed_fd(self.fd, flags)
    }

    fn find(&mut self, found: PollFlags) {
        self.ready = !found.is_empty();
        self.hung_up = found.intersects(PollFlags::HUP | PollFlags::ERR);
        self.invalid = found.contains(PollFlags::NVAL);
    }
}

impl Waiter {
    pub(crate) const fn new(interrupts: Option<Arc<Interrupts>>) -> Self {
        Self { interrupts }
    }

    /// Whether there is anything that could interrupt: whether the store's code can be interrupted. If not, a
    /// host function may as well wait in calls of the system.
    #[must_use]
    pub const fn can_be_interrupted(&self) -> bool {
        self.interrupts.is_some()
    }

    /// Waits until something is found for one of the descriptors, until the time is over, or until the store's
    /// code is to stop, whatever comes first. Without a time it waits as long as it takes; without
    /// descriptors it sleeps. A time of zero looks what there is now.
    ///
    /// The thread sleeps in the system. Signals that it handles in the meantime do not end the wait. The first wait of a
    /// store whose code can be interrupted makes a descriptor of the host, which the store keeps.
    ///
    /// # Errors
    ///
    /// If the system has no descriptor or no memory left.
    pub fn wait(
        &self,
        awaited: &mut [Awaited<'_>],
        timeout: Option<Duration>,
    ) -> io::Result<Woken> {
        let alarm = match &self.interrupts {
            Some(interrupts) => match interrupts.listen()? {
                Some(alarm) => Some(alarm),
                None => return Ok(Woken::Interrupted),
            },
            None => None,
        };
        let mut fds: Vec<PollFd<'_>> = awaited.iter().map(Awaited::poll_fd).collect();
        fds.extend(alarm.iter().map(|alarm| PollFd::new(&**alarm, PollFlags::IN)));
        let start = Instant::now();
        loop {
            let left = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
            let found = match rustix::event::poll(&mut fds, left.map(host_time).as_ref()) {
                Ok(found) => found,
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            if let Some(interrupts) = &self.interrupts
                && found > 0
                && interrupts.listen()?.is_none()
            {
                return Ok(Woken::Interrupted);
            }
            for (one, fd) in awaited.iter_mut().zip(&fds) {
                one.find(fd.revents());
            }
            if awaited.iter().any(|one| one.ready) {
                return Ok(Woken::Ready);
            }
            // Otherwise whoever rang has taken it back by now.
            if found == 0 && timeout.is_some_and(|timeout| start.elapsed() >= timeout) {
                return Ok(Woken::TimedOut);
            }
        }
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter")
            .field("can_be_interrupted", &self.can_be_interrupted())
            .finish_non_exhaustive()
    }
}

/// What does not fit the system's type is longer than anybody waits.
fn host_time(time: Duration) -> Timespec {
    Timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(i32::MAX.into()),
        tv_nsec: time.subsec_nanos().into(),
    }
}

impl<T: 'static> Store<T> {
    /// What host functions wait by, so that what interrupts the code of this store ends the wait. If its code can't
    /// be interrupted, nothing does.
    #[must_use]
    pub fn waiter(&self) -> Waiter {
        Waiter::new(self.inner().vm.interrupts().cloned())
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// See [`Store::waiter`].
    #[must_use]
    pub fn waiter(&self) -> Waiter {
        Waiter::new(self.0.vm.interrupts().cloned())
    }
}
