//! The thread that handles the timeouts of an engine's stores.
//!
//! It is started when the first call is timed, and ends with the engine. Processor time never
//! passes faster than wall-clock time. So a thread's clock is read again when as much wall-clock
//! time has passed as the thread has left.
//!
//! A forked child has no such thread, and its parent's thread may have been changing the list at
//! the fork. So the child starts with a list and a thread of its own, and never touches those of
//! its parent. Calls that the parent had timed are not timed in the child.

#![allow(unsafe_code)]

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Interrupts, Reason};
use crate::Error;
use crate::vm::parking::Wakers;
use crate::vm::sys::process;

/// The shortest time after which a thread's clock is read again: the thread may be sleeping.
const SHORTEST: Duration = Duration::from_millis(1);

/// What decides that the call of a timer takes too long.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The time at which the timer ends.
    Wall,
    /// The time on a thread's clock.
    Cpu(libc::clockid_t, Duration),
}

/// The timers of an engine.
#[derive(Debug, Default)]
pub(in crate::vm) struct Timers {
    /// How many were ever made, here and in the processes that this one was forked from.
    count: AtomicU64,
    /// The running timers, once the first was started. It is a [`Running`], but only programs that
    /// use timeouts contain the code for that.
    running: Mutex<Option<Box<dyn Run>>>,
}

/// Runs timers.
trait Run: fmt::Debug + Send {
    /// Whether its thread is one of this process.
    fn is_own(&self) -> bool;

    fn start(&self, timer: Timer, at: Instant, end: End, interrupts: &Arc<Interrupts>);

    fn stop(&self, timer: Timer);
}

/// The list, and the thread that handles it. The thread ends when this is dropped.
#[derive(Debug)]
struct Running {
    /// The process that the thread belongs to. In any other process the list must not be touched.
    process: u32,
    shared: ManuallyDrop<Arc<Shared>>,
    thread: ManuallyDrop<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// By the time when they end, and by their numbers.
    timers: BTreeMap<(Instant, u64), (End, Arc<Interrupts>)>,
    /// The time when each of them ends.
    places: HashMap<u64, Instant>,
    /// When the thread checks the list again; `None` if it waits for a change.
    wakes: Option<Instant>,
    is_over: bool,
}

/// Identifies a running timer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::vm) struct Timer(u64);

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Between any two operations the list is in a consistent state: a panic elsewhere does not
        // harm it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.state();
        while !state.is_over {
            let now = Instant::now();
            let mut wakers = Vec::new();
            while let Some(first) = state.timers.first_entry()
                && first.key().0 <= now
            {
                let ((_, number), (end, interrupts)) = first.remove_entry();
                match end.left() {
                    // Under the lock, so that a timer that was stopped has no effect afterwards.
                    None => {
                        state.places.remove(&number);
                        wakers.push(interrupts.raise_silently(Reason::Timeout));
                    }
                    Some(left) => {
                        let at = now + left.max(SHORTEST);
                        state.timers.insert((at, number), (end, interrupts));
                        state.places.insert(number, at);
                    }
                }
            }
            if !wakers.is_empty() {
                drop(state);
                wakers.into_iter().for_each(Wakers::wake);
                state = self.state();
                continue;
            }
            let next = state.timers.keys().next().map(|(at, _)| *at);
            state.wakes = next;
            state = match next {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(at) => {
                    let left = at.saturating_duration_since(Instant::now());
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl End {
    /// How much time is left on the thread's clock when the timer ends; `None` if none is left.
    fn left(self) -> Option<Duration> {
        match self {
            End::Wall => None,
            End::Cpu(clock, end) => {
                let left = end.saturating_sub(read(clock));
                (left > Duration::ZERO).then_some(left)
            }
        }
    }
}

/// The time on a clock. The clock of a thread that has ended stands still.
fn read(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes to the structure, which is valid.
    unsafe { libc::clock_gettime(clock, &mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// The clock of this thread, for others to read.
fn own_clock() -> Result<libc::clockid_t, Error> {
    let mut clock = 0;
    // SAFETY: writes to the number, which is valid.
    match unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &mut clock) } {
        0 => Ok(clock),
        error => Err(Error::msg(format!(
            "the system has no processor clock for this thread, so that no CPU time can be limited: {}",
            std::io::Error::from_raw_os_error(error)
        ))),
    }
}

impl Timers {
    /// Makes a store stop when this much time has passed.
    pub(in crate::vm) fn start(
        &self,
        interrupts: &Arc<Interrupts>,
        time: Duration,
    ) -> Result<Option<Timer>, Error> {
        self.add(interrupts, time, End::Wall)
    }

    /// Makes a store stop when this thread has run for this long.
    pub(in crate::vm) fn start_cpu(
        &self,
        interrupts: &Arc<Interrupts>,
        time: Duration,
    ) -> Result<Option<Timer>, Error> {
        let clock = own_clock()?;
        self.add(interrupts, time, End::Cpu(clock, read(clock).saturating_add(time)))
    }

    /// Returns `None` if the time is so long that it never ends.
    fn add(
        &self,
        interrupts: &Arc<Interrupts>,
        time: Duration,
        end: End,
    ) -> Result<Option<Timer>, Error> {
        let Some(at) = Instant::now().checked_add(time) else { return Ok(None) };
        let mut running = self.running();
        // Timers of a parent process are left alone.
        if !running.as_ref().is_some_and(|running| running.is_own()) {
            *running = Some(Box::new(Running::new()?));
        }
        let Some(running) = &*running else { unreachable!("timers run by now") };
        let timer = Timer(self.count.fetch_add(1, Ordering::Relaxed));
        running.start(timer, at, end, interrupts);
        Ok(Some(timer))
    }

    /// Stops a timer. If it has ended already, the reason to stop was raised before this returns.
    pub(in crate::vm) fn stop(&self, timer: Timer) {
        if let Some(running) = self.running().as_ref().filter(|running| running.is_own()) {
            running.stop(timer);
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Box<dyn Run>>> {
        // Between any two operations it is in a consistent state: a panic elsewhere does not harm
        // it.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn new() -> Result<Self, Error> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("wasm-timeouts".to_string())
            .spawn(move || of_thread.run());
        let thread = thread.map_err(|error| {
            Error::msg(format!("could not start the thread for timeouts: {error}"))
        })?;
        Ok(Self {
            process: process::id(),
            shared: ManuallyDrop::new(shared),
            thread: ManuallyDrop::new(thread),
        })
    }
}

impl Run for Running {
    fn is_own(&self) -> bool {
        self.process == process::id()
    }

    fn start(&self, timer: Timer, at: Instant, end: End, interrupts: &Arc<Interrupts>) {
        let Timer(number) = timer;
        let mut state = self.shared.state();
        state.timers.insert((at, number), (end, Arc::clone(interrupts)));
        state.places.insert(number, at);
        let is_first = state.wakes.is_none_or(|wakes| at < wakes);
        if is_first {
            state.wakes = Some(at);
        }
        drop(state);
        if is_first {
            self.shared.changed.notify_one();
        }
    }

    fn stop(&self, timer: Timer) {
        let Timer(number) = timer;
        let mut state = self.shared.state();
        if let Some(at) = state.places.remove(&number) {
            state.timers.remove(&(at, number));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_own() {
            return;
        }
        // SAFETY: neither is used again.
        let (shared, thread) =
            unsafe { (ManuallyDrop::take(&mut self.shared), ManuallyDrop::take(&mut self.thread)) };
        shared.state().is_over = true;
        shared.changed.notify_one();
        // A waker that the thread has called may have had the last that is left of the engine.
        if thread.thread().id() == std::thread::current().id() {
            return;
        }
        let ended = thread.join();
        debug_assert!(ended.is_ok(), "the thread does not panic");
    }
}
