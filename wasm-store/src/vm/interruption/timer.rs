//! The thread that looks after the timeouts of an engine's stores.
//!
//! It is started when the first call is timed, and ends with the engine. Time on the clock of a processor passes no
//! faster than that on the wall, so a thread's clock is looked at when as much time has passed as it has left.

#![allow(unsafe_code)]

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Interrupts, Reason};
use crate::Error;

/// How soon a thread's clock is looked at again at the earliest: the thread may be sleeping.
const SHORTEST: Duration = Duration::from_millis(1);

/// When the call that a timer is for takes too long.
#[derive(Clone, Copy, Debug)]
enum End {
    /// When the timer is up.
    Wall,
    /// When a thread's clock says so.
    Cpu(libc::clockid_t, Duration),
}

/// The timers of an engine.
#[derive(Debug, Default)]
pub(in crate::vm) struct Timers {
    shared: Arc<Shared>,
    /// A [`Running`], which only programs with timeouts have the code for.
    thread: Mutex<Option<Box<dyn Any + Send>>>,
}

/// The thread, which ends when this is dropped.
struct Running {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// By when they are up, and by their numbers.
    timers: BTreeMap<(Instant, u64), (End, Arc<Interrupts>)>,
    /// By when each of them is up.
    places: HashMap<u64, Instant>,
    /// How many timers were ever made.
    count: u64,
    /// When the thread looks at the list again; `None` if it waits for a change.
    wakes: Option<Instant>,
    is_over: bool,
}

/// A timer that runs: what it is known by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::vm) struct Timer(u64);

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // The list is whole between any two operations: a panic elsewhere does not harm it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.state();
        while !state.is_over {
            let now = Instant::now();
            while let Some(first) = state.timers.first_entry()
                && first.key().0 <= now
            {
                let ((_, number), (end, interrupts)) = first.remove_entry();
                match end.left() {
                    // Under the lock, so that a timer that was stopped has no effect later.
                    None => {
                        state.places.remove(&number);
                        interrupts.raise(Reason::Timeout);
                    }
                    Some(left) => {
                        let at = now + left.max(SHORTEST);
                        state.timers.insert((at, number), (end, interrupts));
                        state.places.insert(number, at);
                    }
                }
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
    /// How much time is left, if the timer is up by now; `None` if there is none.
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

/// The time on a clock. One of a thread that is gone stands still.
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
    /// Has a store stop when so much time has passed.
    pub(in crate::vm) fn start(
        &self,
        interrupts: &Arc<Interrupts>,
        time: Duration,
    ) -> Result<Option<Timer>, Error> {
        self.add(interrupts, time, End::Wall)
    }

    /// Has a store stop when this thread has run for so long.
    pub(in crate::vm) fn start_cpu(
        &self,
        interrupts: &Arc<Interrupts>,
        time: Duration,
    ) -> Result<Option<Timer>, Error> {
        let clock = own_clock()?;
        self.add(interrupts, time, End::Cpu(clock, read(clock).saturating_add(time)))
    }

    /// `None` if the time is so long that it is never up.
    fn add(
        &self,
        interrupts: &Arc<Interrupts>,
        time: Duration,
        end: End,
    ) -> Result<Option<Timer>, Error> {
        let Some(at) = Instant::now().checked_add(time) else { return Ok(None) };
        self.ensure_thread()?;
        let mut state = self.shared.state();
        state.count += 1;
        let number = state.count;
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
        Ok(Some(Timer(number)))
    }

    /// Stops timers. If one was up already, the reason to stop is there by now.
    pub(in crate::vm) fn stop(&self, timers: impl IntoIterator<Item = Timer>) {
        let mut state = self.shared.state();
        for Timer(number) in timers {
            if let Some(at) = state.places.remove(&number) {
                state.timers.remove(&(at, number));
            }
        }
    }

    fn ensure_thread(&self) -> Result<(), Error> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let shared = Arc::clone(&self.shared);
            let started = std::thread::Builder::new()
                .name("wasm-timeouts".to_string())
                .spawn(move || shared.run());
            let started = started.map_err(|error| {
                Error::msg(format!("could not start the thread for timeouts: {error}"))
            })?;
            let shared = Arc::clone(&self.shared);
            *thread = Some(Box::new(Running { shared, thread: Some(started) }));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_one();
        let ended = self.thread.take().map(JoinHandle::join);
        debug_assert!(ended.is_none_or(|ended| ended.is_ok()), "the thread does not panic");
    }
}
