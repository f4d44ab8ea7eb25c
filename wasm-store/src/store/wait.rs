//! Waiting in host functions, so that a request to interrupt the store's code ends the wait.
//!
//! Code that was compiled to be interrupted checks whether it has to stop. A host function that
//! sleeps, or reads input that does not come, makes no such check. A [`Waiter`] lets it wait and be
//! interrupted: it waits for descriptors of the host, for a time, and for everything in
//! [`interruption`](crate::store::interruption) that ends calls. Functions of WASI wait with it.
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

#[cfg(feature = "async")]
mod asynchronous;

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use crate::store::{Store, StoreContextMut};
use crate::vm::Interrupts;

/// Waits for descriptors of the host and for time, until the code of a store has to stop: made by
/// [`Store::waiter`].
///
/// It does not borrow the store, so that a host function can wait while it borrows the store's
/// data, and other threads that work for it can wait as well. Once the store is gone, nothing
/// interrupts any more, as with [`Waiter::default`].
#[derive(Clone, Default)]
pub struct Waiter {
    interrupts: Option<Arc<Interrupts>>,
}

/// A descriptor of the host that is waited for, and the result of the wait.
#[derive(Debug)]
pub struct Awaited<'fd> {
    fd: BorrowedFd<'fd>,
    interest: Interest,
    /// Something was found: the system call that was waited for does not block now, though it may
    /// fail.
    pub ready: bool,
    /// The other end is closed, or the descriptor has an error.
    pub hung_up: bool,
    /// The descriptor is not valid.
    pub invalid: bool,
}

/// The event that a wait for a descriptor is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Interest {
    /// There is something to be read, or the end.
    Read,
    /// There is room to write, for at least as many bytes as the system grants: `PIPE_BUF` for a
    /// pipe.
    Write,
}

/// The reason why a wait has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Woken {
    /// A descriptor is ready: [`Awaited::ready`] says which.
    Ready,
    /// The time is over.
    TimedOut,
    /// The store's code has to stop, or its deadline is reached:
    /// [`check_interruption`](StoreContextMut::check_interruption) says whether the host function
    /// has to end. This reason takes precedence over the others.
    Interrupted,
}

impl<'fd> Awaited<'fd> {
    /// A descriptor with no result yet.
    #[must_use]
    pub const fn new(fd: BorrowedFd<'fd>, interest: Interest) -> Self {
        Self { fd, interest, ready: false, hung_up: false, invalid: false }
    }

    /// The descriptor.
    #[must_use]
    pub const fn fd(&self) -> BorrowedFd<'fd> {
        self.fd
    }

    /// What it is waited for.
    #[must_use]
    pub const fn interest(&self) -> Interest {
        self.interest
    }

    const fn flags(&self) -> PollFlags {
        match self.interest {
            Interest::Read => PollFlags::IN,
            Interest::Write => PollFlags::OUT,
        }
    }

    fn find(&mut self, found: PollFlags) {
        let found = found & (self.flags() | PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
        self.ready = !found.is_empty();
        self.hung_up = found.intersects(PollFlags::HUP | PollFlags::ERR);
        self.invalid = found.contains(PollFlags::NVAL);
    }
}

impl Waiter {
    pub(crate) const fn new(interrupts: Option<Arc<Interrupts>>) -> Self {
        Self { interrupts }
    }

    /// Whether anything could interrupt: whether the store's code can be interrupted. If not, a
    /// host function may as well wait in system calls.
    #[must_use]
    pub const fn can_be_interrupted(&self) -> bool {
        self.interrupts.is_some()
    }

    /// Waits until something is found for one of the descriptors, the time is over, or the store's
    /// code has to stop, whichever comes first. Without a time, it waits as long as it takes.
    /// Without descriptors, it sleeps. With a time of zero, it reports what there is now.
    ///
    /// The thread sleeps in the system. Signals that it handles in the meantime do not end the
    /// wait. If several threads wait with clones, an interruption ends the waits of all. The first
    /// wait of a store whose code can be interrupted makes a descriptor of the host, which the
    /// store keeps, and so does the first wait after each interruption. After `fork`, parent and
    /// child do not interrupt each other.
    ///
    /// # Errors
    ///
    /// If the system has no descriptor or no memory left.
    pub fn wait(
        &self,
        awaited: &mut [Awaited<'_>],
        timeout: Option<Duration>,
    ) -> io::Result<Woken> {
        if awaited.is_empty() && timeout == Some(Duration::ZERO) {
            let interrupted = self.interrupts.as_ref().is_some_and(|own| own.has_reason());
            return Ok(if interrupted { Woken::Interrupted } else { Woken::TimedOut });
        }
        let mut listening = match &self.interrupts {
            Some(interrupts) => match interrupts.listen()? {
                Some(listening) => Some((interrupts, listening)),
                None => return Ok(Woken::Interrupted),
            },
            None => None,
        };
        let wanted = wanted(awaited);
        let start = Instant::now();
        loop {
            let alarm = listening.iter().map(|(_, one)| PollFd::new(&*one.alarm, PollFlags::IN));
            let fds = wanted.iter().map(|(fd, flags)| PollFd::from_borrowed_fd(*fd, *flags));
            let mut fds: Vec<PollFd<'_>> = fds.chain(alarm).collect();
            let left = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
            match rustix::event::poll(&mut fds, left.map(host_time).as_ref()) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            if listening.as_ref().is_some_and(|(own, since)| own.was_raised_since(since)) {
                return Ok(Woken::Interrupted);
            }
            find_all(awaited, &wanted, &fds);
            if awaited.iter().any(|one| one.ready) {
                return Ok(Woken::Ready);
            }
            // Only the clock decides whether the time is over, whatever else has woken the thread.
            if timeout.is_some_and(|timeout| start.elapsed() >= timeout) {
                return Ok(Woken::TimedOut);
            }
            let rings = fds.get(wanted.len()).is_some_and(|alarm| !alarm.revents().is_empty());
            if let Some((interrupts, since)) = listening.take_if(|_| rings) {
                match interrupts.listen_anew(&since)? {
                    Some(anew) => listening = Some((interrupts, anew)),
                    None => return Ok(Woken::Interrupted),
                }
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

/// Each descriptor once, in the order of their numbers, with everything that it is waited for. The
/// system accepts no more descriptors than a process may have open.
fn wanted<'fd>(awaited: &[Awaited<'fd>]) -> Vec<(BorrowedFd<'fd>, PollFlags)> {
    let mut wanted: Vec<_> = awaited.iter().map(|one| (one.fd, one.flags())).collect();
    wanted.sort_unstable_by_key(|(fd, _)| fd.as_raw_fd());
    wanted.dedup_by(|(fd, flags), (kept, all)| {
        let is_same = fd.as_raw_fd() == kept.as_raw_fd();
        if is_same {
            *all |= *flags;
        }
        is_same
    });
    wanted
}

/// Notes what the system has found for each descriptor of [`wanted`], the first of those polled.
fn find_all(
    awaited: &mut [Awaited<'_>],
    wanted: &[(BorrowedFd<'_>, PollFlags)],
    polled: &[PollFd<'_>],
) {
    for one in awaited {
        let number = |(fd, _): &(BorrowedFd<'_>, _)| fd.as_raw_fd();
        if let Ok(place) = wanted.binary_search_by_key(&one.fd.as_raw_fd(), number) {
            one.find(polled[place].revents());
        }
    }
}

/// A time that does not fit the system's type is longer than any wait.
fn host_time(time: Duration) -> Timespec {
    Timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(i32::MAX.into()),
        tv_nsec: time.subsec_nanos().into(),
    }
}

impl<T: 'static> Store<T> {
    /// A waiter for host functions: a request to interrupt the code of this store ends its waits.
    /// If the code can't be interrupted, nothing ends them early.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;

    #[test]
    fn an_alarm_that_others_ring_ends_no_wait() {
        let interrupts = Interrupts::new(u64::MAX, false);
        let waiter = Waiter::new(Some(Arc::clone(&interrupts)));
        let ring = || {
            let listening = interrupts.listen().unwrap().unwrap();
            rustix::io::write(&*listening.alarm, &1_u64.to_ne_bytes()).unwrap();
        };
        ring();
        let time = Some(Duration::from_millis(5));
        assert_eq!(waiter.wait(&mut [], time).unwrap(), Woken::TimedOut);
        ring();
        let (reader, writer) = std::io::pipe().unwrap();
        let mut awaited = [Awaited::new(reader.as_fd(), Interest::Read)];
        assert_eq!(waiter.wait(&mut awaited, Some(Duration::ZERO)).unwrap(), Woken::TimedOut);
        ring();
        drop(writer);
        assert_eq!(waiter.wait(&mut awaited, None).unwrap(), Woken::Ready);
        assert!(awaited[0].hung_up);
    }

    /// However many threads wait, the first that observes the request does not keep it from the
    /// others.
    #[test]
    fn all_who_wait_are_interrupted() {
        let interrupts = Interrupts::new(u64::MAX, false);
        // The wait of a thread that has not run yet, though it was woken.
        let slow = interrupts.listen().unwrap().unwrap();
        let waiter = Waiter::new(Some(Arc::clone(&interrupts)));
        let (heard, first) = std::sync::mpsc::channel();
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let (waiter, heard) = (waiter.clone(), heard.clone());
                std::thread::spawn(move || {
                    heard.send(waiter.wait(&mut [], None).unwrap()).unwrap();
                })
            })
            .collect();
        for _ in &threads {
            // Waits that begin only now are ended by the next request.
            interrupts.raise(crate::vm::Reason::Requested);
            assert_eq!(first.recv().unwrap(), Woken::Interrupted);
            interrupts.verdict().unwrap();
        }
        for thread in threads {
            thread.join().unwrap();
        }
        assert!(interrupts.was_raised_since(&slow));
        let now = Some(Duration::ZERO);
        assert_eq!(waiter.wait(&mut [], now).unwrap(), Woken::TimedOut);
    }

    #[test]
    fn each_descriptor_is_waited_for_once() {
        let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
        let (reader, _writer) = std::io::pipe().unwrap();
        let mut awaited = Vec::new();
        for _ in 0..1000 {
            awaited.push(Awaited::new(one.as_fd(), Interest::Read));
            awaited.push(Awaited::new(reader.as_fd(), Interest::Read));
            awaited.push(Awaited::new(one.as_fd(), Interest::Write));
        }
        assert_eq!(wanted(&awaited).len(), 2);
        let waiter = Waiter::default();
        assert_eq!(waiter.wait(&mut awaited, None).unwrap(), Woken::Ready);
        for three in awaited.chunks_exact(3) {
            assert_eq!([0, 1, 2].map(|i| three[i].ready), [false, false, true]);
        }
        rustix::io::write(&other, b"x").unwrap();
        assert_eq!(waiter.wait(&mut awaited, None).unwrap(), Woken::Ready);
        for three in awaited.chunks_exact(3) {
            assert_eq!([0, 1, 2].map(|i| three[i].ready), [true, false, true]);
        }
    }
}
