//! A thread of the process that waits for descriptors and deadlines, and wakes the futures that are
//! to go on: no executor has to be chosen for it.
//!
//! It is started by the first future that waits, and sleeps for as long as none does. Who waits has
//! a [`Parked`], and keeps what it is to be woken by: a [`Watch`] for each descriptor, an [`Alarm`]
//! for a deadline. When these are dropped, nothing of them is left. They say that it is worth a
//! look, and no more; who waits finds out by itself what has happened.
//!
//! A forked child has no such thread, and the lock of its parent's may be held for ever. So the
//! child has a reactor of its own, and leaves alone what the parent's had registered.

#![allow(unsafe_code)]

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, Timespec, eventfd};

use super::process;
use crate::vm::parking::{Parked, Wakers};

/// How many events are taken from the system at once.
const EVENTS: usize = 64;

/// The number that stands for the reactor's own descriptor, by which its thread is woken.
const OWN: u64 = 0;

/// The descriptors and deadlines of a process, and the thread that waits for them.
#[derive(Debug)]
struct Reactor {
    process: u32,
    epoll: OwnedFd,
    /// Wakes the thread, so that it looks at the list of deadlines again.
    bell: OwnedFd,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many registrations there ever were.
    numbers: u64,
    /// Who waits for a descriptor.
    watches: HashMap<u64, Arc<Parked>>,
    /// Who waits for a time, the earliest first.
    alarms: BTreeMap<(Instant, u64), Arc<Parked>>,
    /// When the thread looks at the list again; `None` if it waits for events only.
    wakes: Option<Instant>,
    is_running: bool,
    /// Why the thread has ended, if it has.
    failed: Option<rustix::io::Errno>,
}

/// The reactor of this process, or of the one that it was forked from. Reactors are never freed:
/// there is one for each process that needs it.
static CURRENT: AtomicPtr<Reactor> = AtomicPtr::new(ptr::null_mut());

/// The reactor of this process, with its thread running.
fn reactor() -> io::Result<&'static Reactor> {
    let mut current = CURRENT.load(Ordering::Acquire);
    loop {
        // SAFETY: null, or made by a box that was leaked.
        if let Some(reactor) = unsafe { current.as_ref() }
            && reactor.is_own()
        {
            reactor.run_thread()?;
            return Ok(reactor);
        }
        let new = Box::into_raw(Box::new(Reactor::new()?));
        match CURRENT.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => current = new,
            Err(other) => {
                // SAFETY: made above, and nobody else has seen it.
                drop(unsafe { Box::from_raw(new) });
                current = other;
            }
        }
    }
}

impl Reactor {
    fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        epoll::add(&epoll, &bell, EventData::new_u64(OWN), EventFlags::IN)?;
        let state = Mutex::new(State { numbers: OWN, ..State::default() });
        Ok(Self { process: process::id(), epoll, bell, state })
    }

    /// Whether it is one of this process. Otherwise its lock must not be taken.
    fn is_own(&self) -> bool {
        self.process == process::id()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Between any two operations the lists are consistent: a panic elsewhere does not harm
        // them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_thread(&'static self) -> io::Result<()> {
        let mut state = self.state();
        if let Some(failed) = state.failed {
            return Err(failed.into());
        }
        if !state.is_running {
            let thread = std::thread::Builder::new().name("wasm-reactor".to_string());
            thread.spawn(move || self.run())?;
            state.is_running = true;
        }
        Ok(())
    }

    fn run(&self) {
        let mut events = [const { std::mem::MaybeUninit::uninit() }; EVENTS];
        loop {
            let (wakers, timeout) = self.due();
            wakers.wake();
            match epoll::wait(&self.epoll, &mut events, timeout.as_ref()) {
                Ok((events, _)) => self.found(events).wake(),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return self.fail(error).wake(),
            }
        }
    }

    /// Who has waited for a time that is over, and how long it is to the next one.
    fn due(&self) -> (Wakers, Option<Timespec>) {
        let mut wakers = Wakers::default();
        let mut state = self.state();
        let now = Instant::now();
        while let Some(first) = state.alarms.first_entry()
            && first.key().0 <= now
        {
            wakers.add(first.remove().wake());
        }
        // Wakers are called before the thread sleeps, so it looks again at once after some.
        let next = state.alarms.keys().next().map(|(at, _)| *at);
        state.wakes = if wakers.is_empty() { next } else { Some(now) };
        let left = state.wakes.map(|at| host_time(at.saturating_duration_since(now)));
        (wakers, left)
    }

    /// Who has waited for the descriptors that something has happened to.
    fn found(&self, events: &[epoll::Event]) -> Wakers {
        let mut wakers = Wakers::default();
        let state = self.state();
        for event in events {
            match event.data.u64() {
                OWN => {
                    // What was written is taken, so that the bell rings again.
                    let _ = rustix::io::read(&self.bell, &mut [0; 8]);
                }
                number => {
                    if let Some(parked) = state.watches.get(&number) {
                        wakers.add(parked.wake());
                    }
                }
            }
        }
        wakers
    }

    /// The system does not let the thread wait: who waits will find out.
    fn fail(&self, error: rustix::io::Errno) -> Wakers {
        let mut wakers = Wakers::default();
        let mut state = self.state();
        state.failed = Some(error);
        let State { watches, alarms, .. } = &*state;
        watches.values().chain(alarms.values()).for_each(|parked| wakers.add(parked.wake()));
        wakers
    }
}

/// A time that does not fit the system's type is longer than any wait.
fn host_time(time: Duration) -> Timespec {
    Timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(i32::MAX.into()),
        tv_nsec: time.subsec_nanos().into(),
    }
}

/// Wakes somebody when something has happened to a descriptor, until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    reactor: &'static Reactor,
    number: u64,
    flags: EventFlags,
    /// A descriptor of its own for the same file: the system knows each at most once.
    fd: OwnedFd,
}

impl Watch {
    /// Wakes somebody once when the descriptor can be read from, or written to, or has an error.
    /// `None` if it is one that the system never waits for, as a regular file.
    ///
    /// # Errors
    ///
    /// If the system has no descriptor, no memory or no thread left.
    pub(crate) fn new(
        fd: BorrowedFd<'_>,
        (read, write): (bool, bool),
        parked: &Arc<Parked>,
    ) -> io::Result<Option<Self>> {
        let reactor = reactor()?;
        let fd = fd.try_clone_to_owned()?;
        let mut flags = EventFlags::ONESHOT;
        flags.set(EventFlags::IN, read);
        flags.set(EventFlags::OUT, write);
        let mut state = reactor.state();
        state.numbers += 1;
        let number = state.numbers;
        // Under the lock, so that the thread finds who waits when the event comes.
        match epoll::add(&reactor.epoll, &fd, EventData::new_u64(number), flags) {
            Ok(()) => {}
            Err(rustix::io::Errno::PERM) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        state.watches.insert(number, Arc::clone(parked));
        drop(state);
        Ok(Some(Self { reactor, number, flags, fd }))
    }

    /// Wakes once more.
    ///
    /// # Errors
    ///
    /// If the system does not let it, or the thread that waits has failed.
    pub(crate) fn arm(&self) -> io::Result<()> {
        if !self.reactor.is_own() {
            return Err(io::Error::other(
                "a wait that has begun before the process was forked can't go on in the child",
            ));
        }
        if let Some(failed) = self.reactor.state().failed {
            return Err(failed.into());
        }
        let data = EventData::new_u64(self.number);
        Ok(epoll::modify(&self.reactor.epoll, &self.fd, data, self.flags)?)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.reactor.is_own() {
            return;
        }
        let removed = epoll::delete(&self.reactor.epoll, self.fd.as_fd());
        debug_assert!(removed.is_ok(), "it was registered");
        let parked = self.reactor.state().watches.remove(&self.number);
        // Outside of the lock: it may have the last clone of a waker.
        drop(parked);
    }
}

/// Wakes somebody when a time has come, until it is dropped.
#[derive(Debug)]
pub(crate) struct Alarm {
    reactor: &'static Reactor,
    key: (Instant, u64),
}

impl Alarm {
    /// Wakes somebody once when a time has come.
    ///
    /// # Errors
    ///
    /// If the system has no descriptor or no thread left.
    pub(crate) fn new(at: Instant, parked: &Arc<Parked>) -> io::Result<Self> {
        let reactor = reactor()?;
        let mut state = reactor.state();
        state.numbers += 1;
        let key = (at, state.numbers);
        state.alarms.insert(key, Arc::clone(parked));
        let is_first = state.wakes.is_none_or(|wakes| at < wakes);
        if is_first {
            state.wakes = Some(at);
        }
        drop(state);
        if is_first {
            // The bell's counter has room for as many as there are threads.
            let rung = rustix::io::write(&reactor.bell, &1_u64.to_ne_bytes());
            debug_assert!(rung.is_ok(), "the bell can be rung");
        }
        Ok(Self { reactor, key })
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if self.reactor.is_own() {
            let parked = self.reactor.state().alarms.remove(&self.key);
            drop(parked);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::{Wake, Waker};

    use super::*;

    #[derive(Debug, Default)]
    struct Count {
        woken: AtomicUsize,
        thread: Mutex<Option<std::thread::Thread>>,
    }

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.woken.fetch_add(1, Ordering::SeqCst);
            if let Some(thread) = &*self.thread.lock().unwrap() {
                thread.unpark();
            }
        }
    }

    fn until_woken(parked: &Arc<Parked>) {
        let count = Arc::new(Count::default());
        *count.thread.lock().unwrap() = Some(std::thread::current());
        let waker = Waker::from(count);
        while !parked.was_woken(&waker) {
            std::thread::park();
        }
    }

    #[test]
    fn descriptors_wake_once_and_leave_nothing() {
        let (reader, writer) = io::pipe().unwrap();
        let parked = Parked::new();
        let watch = Watch::new(reader.as_fd(), (true, false), &parked).unwrap().unwrap();
        assert!(!parked.was_woken(Waker::noop()));
        rustix::io::write(&writer, b"x").unwrap();
        until_woken(&parked);
        watch.arm().unwrap();
        until_woken(&parked);
        let (reactor, number) = (watch.reactor, watch.number);
        drop(watch);
        assert!(!reactor.state().watches.contains_key(&number));
        let file = std::fs::File::open("/proc/self/exe").unwrap();
        assert!(Watch::new(file.as_fd(), (true, false), &parked).unwrap().is_none());
    }

    #[test]
    fn alarms_ring_in_order_and_leave_nothing() {
        let start = Instant::now();
        let (early, late) = (Parked::new(), Parked::new());
        let far = Alarm::new(start + Duration::from_secs(3600), &late).unwrap();
        let near = Alarm::new(start + Duration::from_millis(5), &early).unwrap();
        until_woken(&early);
        assert!(start.elapsed() >= Duration::from_millis(5));
        assert!(!late.was_woken(Waker::noop()));
        let (reactor, keys) = (far.reactor, [far.key, near.key]);
        drop((far, near));
        assert!(keys.iter().all(|key| !reactor.state().alarms.contains_key(key)));
    }
}
