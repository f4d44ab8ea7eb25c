//! Waiting without keeping the thread: for host functions that are futures.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustix::event::{PollFlags, Timespec};

use super::{Awaited, Waiter, Woken, wanted};
use crate::vm::{Alarm, Parked, Watch};

impl Waiter {
    /// As [`Waiter::wait`], and lets the executor run other futures meanwhile: the thread does not
    /// sleep. Any executor will do. A thread of the process, which the first such wait starts,
    /// waits for the descriptors and deadlines of all, and wakes their futures; so does whatever
    /// interrupts the store's code.
    ///
    /// If something is found at once, this is a system call, and nothing is registered anywhere.
    /// While it waits, it has a duplicate of each descriptor. When the future is ready or dropped,
    /// nothing of it is left behind.
    ///
    /// ```
    /// # #[cfg(feature = "async")]
    /// # mod example {
    /// use std::time::Duration;
    /// use wasm_store::{Linker, Result, Woken};
    ///
    /// fn define_sleep(linker: &mut Linker<()>) -> Result<()> {
    ///     linker.func_wrap_async("host", "sleep", |mut caller, (milliseconds,): (u32,)| {
    ///         Box::new(async move {
    ///             let time = Duration::from_millis(milliseconds.into());
    ///             let waiter = caller.waiter();
    ///             if waiter.wait_async(&mut [], Some(time)).await? == Woken::Interrupted {
    ///                 // Ends the call, unless a callback for deadlines lets it go on.
    ///                 caller.check_interruption()?;
    ///             }
    ///             Ok::<(), wasm_store::Error>(())
    ///         })
    ///     })?;
    ///     Ok(())
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the system has no descriptor, no memory or no thread left. If the process was forked
    /// while this waited, in the child.
    pub async fn wait_async(
        &self,
        awaited: &mut [Awaited<'_>],
        timeout: Option<Duration>,
    ) -> io::Result<Woken> {
        let wanted = wanted(awaited);
        if self.interrupts.as_ref().is_some_and(|own| own.has_reason()) {
            return Ok(Woken::Interrupted);
        }
        if look(awaited, &wanted)? {
            return Ok(Woken::Ready);
        }
        if timeout == Some(Duration::ZERO) {
            return Ok(Woken::TimedOut);
        }
        // A time that the clock can't express never comes.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let parked = Parked::new();
        let alert = self.interrupts.as_ref().map(|own| own.wake_when_raised(&parked));
        let _alarm = deadline.map(|deadline| Alarm::new(deadline, &parked)).transpose()?;
        let mut watches = Vec::with_capacity(wanted.len());
        for (fd, flags) in &wanted {
            let interest = (flags.contains(PollFlags::IN), flags.contains(PollFlags::OUT));
            // What the system does not wait for was ready before.
            watches.extend(Watch::new(*fd, interest, &parked)?);
        }
        let parked: &Arc<Parked> = &parked;
        std::future::poll_fn(|context: &mut Context<'_>| {
            loop {
                if !parked.was_woken(context.waker()) {
                    return Poll::Pending;
                }
                if alert.as_ref().is_some_and(|alert| alert.has_rung()) {
                    return Poll::Ready(Ok(Woken::Interrupted));
                }
                match look(awaited, &wanted) {
                    Ok(true) => return Poll::Ready(Ok(Woken::Ready)),
                    Ok(false) => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
                // Only the clock decides whether the time is over.
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    return Poll::Ready(Ok(Woken::TimedOut));
                }
                if let Some(error) = watches.iter().find_map(|watch| watch.arm().err()) {
                    return Poll::Ready(Err(error));
                }
            }
        })
        .await
    }
}

/// What is to be found for the descriptors now. Returns whether there is something.
fn look(awaited: &mut [Awaited<'_>], wanted: &[(BorrowedFd<'_>, PollFlags)]) -> io::Result<bool> {
    use rustix::event::{PollFd, poll};
    if awaited.is_empty() {
        return Ok(false);
    }
    let fds = wanted.iter().map(|(fd, flags)| PollFd::from_borrowed_fd(*fd, *flags));
    let mut fds: Vec<PollFd<'_>> = fds.collect();
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::io::retry_on_intr(|| poll(&mut fds, Some(&now)))?;
    super::find_all(awaited, wanted, &fds);
    Ok(awaited.iter().any(|one| one.ready))
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd as _;
    use std::pin::pin;
    use std::task::{Wake, Waker};

    use super::*;
    use crate::store::Interest;
    use crate::vm::{Interrupts, Reason};

    struct Unpark(std::thread::Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    fn run<F: Future>(future: F) -> F::Output {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            std::thread::park();
        }
    }

    fn open_descriptors() -> usize {
        std::fs::read_dir("/proc/self/fd").unwrap().count()
    }

    #[test]
    fn what_comes_first_ends_a_wait() {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut awaited = [Awaited::new(reader.as_fd(), Interest::Read)];
        let waiter = Waiter::default();
        let time = |milliseconds| Some(Duration::from_millis(milliseconds));
        for timeout in [time(0), time(5)] {
            let woken = run(waiter.wait_async(&mut awaited, timeout)).unwrap();
            assert_eq!((woken, awaited[0].ready), (Woken::TimedOut, false));
        }
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(5));
                rustix::io::write(&writer, b"x").unwrap();
            });
            let woken = run(waiter.wait_async(&mut awaited, None)).unwrap();
            assert_eq!((woken, awaited[0].ready), (Woken::Ready, true));
        });
        drop(writer);
        rustix::io::read(&reader, &mut [0; 8]).unwrap();
        let mut twice = [Interest::Read, Interest::Read].map(|i| Awaited::new(reader.as_fd(), i));
        assert_eq!(run(waiter.wait_async(&mut twice, None)).unwrap(), Woken::Ready);
        assert!(twice.iter().all(|one| one.hung_up));
    }

    #[test]
    fn interruptions_end_a_wait() {
        let interrupts = Interrupts::new(u64::MAX, false);
        let waiter = Waiter::new(Some(Arc::clone(&interrupts)));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(5));
                interrupts.raise(Reason::Requested);
                // Whoever is slow hears it all the same.
                interrupts.verdict().unwrap();
            });
            let woken = run(waiter.wait_async(&mut [], None)).unwrap();
            assert_eq!(woken, Woken::Interrupted);
        });
        interrupts.raise(Reason::Requested);
        let (reader, _writer) = std::io::pipe().unwrap();
        let mut awaited = [Awaited::new(reader.as_fd(), Interest::Read)];
        let now = run(waiter.wait_async(&mut awaited, Some(Duration::ZERO))).unwrap();
        assert_eq!(now, Woken::Interrupted);
    }

    /// Only in a process of its own the count means something, so it is a lower bound elsewhere:
    /// what is dropped many times must not add up.
    #[test]
    fn a_wait_that_is_dropped_leaves_nothing() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let waiter = Waiter::default();
        let before = open_descriptors();
        for _ in 0..2000 {
            let mut awaited = [Awaited::new(reader.as_fd(), Interest::Read)];
            let mut wait = pin!(waiter.wait_async(&mut awaited, Some(Duration::from_secs(3600))));
            assert!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert!(open_descriptors() < before + 1000);
    }
}
