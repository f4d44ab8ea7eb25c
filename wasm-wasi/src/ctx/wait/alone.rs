//! Waiting without a store, which nothing ends: the part of `wasm-store`'s waiting that is used
//! here.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::time::{Duration, Instant};

/// What a descriptor is awaited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    Write,
}

/// An awaited descriptor, and whether it is ready.
#[derive(Debug)]
pub(crate) struct Awaited<'fd> {
    fd: BorrowedFd<'fd>,
    interest: Interest,
    pub(crate) ready: bool,
    pub(crate) hung_up: bool,
    pub(crate) invalid: bool,
}

impl<'fd> Awaited<'fd> {
    pub(crate) const fn new(fd: BorrowedFd<'fd>, interest: Interest) -> Self {
        Self { fd, interest, ready: false, hung_up: false, invalid: false }
    }

    const fn flags(&self) -> PollFlags {
        match self.interest {
            Interest::Read => PollFlags::IN,
            Interest::Write => PollFlags::OUT,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    Ready,
    TimedOut,
    #[expect(dead_code, reason = "nothing interrupts")]
    Interrupted,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waiter {}

impl Waiter {
    #[expect(clippy::unused_self, reason = "as the one of the store")]
    pub(super) const fn can_be_interrupted(self) -> bool {
        false
    }

    #[expect(clippy::unused_self, reason = "as the one of the store")]
    pub(super) fn wait(
        self,
        awaited: &mut [Awaited<'_>],
        timeout: Option<Duration>,
    ) -> io::Result<Woken> {
        // Each descriptor occurs once: the host accepts no more than a process may have open.
        let mut wanted: Vec<_> = awaited.iter().map(|one| (one.fd, one.flags())).collect();
        let number = |(fd, _): &(BorrowedFd<'_>, PollFlags)| fd.as_raw_fd();
        wanted.sort_unstable_by_key(number);
        wanted.dedup_by(|one, kept| {
            let is_same = number(one) == number(kept);
            if is_same {
                kept.1 |= one.1;
            }
            is_same
        });
        let fds = wanted.iter().map(|(fd, flags)| PollFd::from_borrowed_fd(*fd, *flags));
        let mut fds: Vec<PollFd<'_>> = fds.collect();
        let start = Instant::now();
        loop {
            let left = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
            // A time that does not fit in the host's type is longer than anybody waits.
            let left = left.map(|left| Timespec {
                tv_sec: left.as_secs().try_into().unwrap_or(i32::MAX.into()),
                tv_nsec: left.subsec_nanos().into(),
            });
            match poll(&mut fds, left.as_ref()) {
                Ok(0) => return Ok(Woken::TimedOut),
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for one in awaited {
            let Ok(place) = wanted.binary_search_by_key(&one.fd.as_raw_fd(), number) else {
                continue;
            };
            let always = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
            let found = fds[place].revents() & (one.flags() | always);
            one.ready = !found.is_empty();
            one.hung_up = found.intersects(PollFlags::HUP | PollFlags::ERR);
            one.invalid = found.contains(PollFlags::NVAL);
        }
        Ok(Woken::Ready)
    }
}
