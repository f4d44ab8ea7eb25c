//! Threads and futures that wait for a place in a shared memory to be notified of, and who notifies
//! them.
//!
//! Each shared memory has a [`ParkingLot`]. Who waits is in a queue; being taken out of it is what
//! counts as being woken, so that each notification wakes exactly one of them, whatever else
//! happens to that one at the same time.
//!
//! A future waits with its executor's [`Waker`]. Wakers are others' code: they are collected under
//! locks, and called when none is held.
//!
//! The project's check `loom` tries this file with every order in which threads can take turns.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;
use std::time::Instant;

use crate::vm::sync::{Arc, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, PoisonError, fence};

/// How many queues there are, each with a lock. Places share them.
const BUCKETS: usize = 16;

/// A thread or a future that waits, until something wakes it.
#[derive(Debug)]
pub(crate) struct Parked {
    state: Mutex<Sleep>,
    changed: Condvar,
}

#[derive(Debug)]
struct Sleep {
    is_woken: bool,
    /// What wakes the future, if it is one and waits.
    waker: Option<Waker>,
}

/// The wakers of futures that were woken: to be called when no lock is held.
#[must_use]
#[derive(Debug, Default)]
pub(crate) struct Wakers(Vec<Waker>);

impl Wakers {
    /// Adds what a future is woken by, if there is one.
    pub(crate) fn add(&mut self, waker: Option<Waker>) {
        self.0.extend(waker);
    }

    /// Whether there is none.
    #[cfg(feature = "async")]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls all of them. One that panics concerns nobody who wakes others: the panic hook has
    /// reported it.
    pub(crate) fn wake(self) {
        for waker in self.0 {
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }
}

impl Parked {
    pub(crate) fn new() -> Arc<Self> {
        let state = Mutex::new(Sleep { is_woken: false, waker: None });
        Arc::new(Self { state, changed: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, Sleep> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the thread. If it does not sleep, it will not fall asleep. A future is woken by what
    /// is returned.
    #[must_use]
    pub(crate) fn wake(&self) -> Option<Waker> {
        let mut state = self.state();
        state.is_woken = true;
        let waker = state.waker.take();
        drop(state);
        self.changed.notify_one();
        waker
    }

    /// Whether it was woken since it was last asked. If not, the waker is called when it is.
    #[cfg(feature = "async")]
    pub(crate) fn was_woken(&self, waker: &Waker) -> bool {
        let mut state = self.state();
        if std::mem::take(&mut state.is_woken) {
            return true;
        }
        // Wakers are others' code, also when they are cloned or dropped.
        let is_known = state.waker.as_ref().is_some_and(|known| known.will_wake(waker));
        drop(state);
        if is_known {
            return false;
        }
        let clone = waker.clone();
        let mut state = self.state();
        let before = state.waker.replace(clone);
        let is_woken = std::mem::take(&mut state.is_woken);
        drop(state);
        drop(before);
        is_woken
    }

    /// Sleeps until it is woken. Returns `false` if the time was over before.
    fn sleep(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.state();
        loop {
            if std::mem::take(&mut state.is_woken) {
                return true;
            }
            state = match deadline {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// How a wait has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Waited<S> {
    /// The place was notified.
    Woken,
    /// Another value was there at the start.
    Mismatch,
    /// The time is over.
    TimedOut,
    /// The thread has to stop.
    Stopped(S),
}

/// Who waits at the places that share a lock, those first that came first.
type Queue = Vec<Waiter>;

/// Who waits at a place.
#[derive(Debug)]
struct Waiter {
    address: u64,
    parked: Arc<Parked>,
}

impl Waiter {
    fn is(&self, address: u64, parked: &Arc<Parked>) -> bool {
        self.address == address && Arc::ptr_eq(&self.parked, parked)
    }
}

/// The threads that wait for places in a memory.
#[derive(Debug)]
pub(crate) struct ParkingLot {
    /// How many there are in all queues, or are about to be.
    waiting: AtomicUsize,
    buckets: [Mutex<Queue>; BUCKETS],
}

impl ParkingLot {
    pub(crate) fn new() -> Self {
        let buckets = std::array::from_fn(|_| Mutex::new(Queue::new()));
        Self { waiting: AtomicUsize::new(0), buckets }
    }

    /// The queue of the places that share a lock with an address.
    fn bucket(&self, address: u64) -> MutexGuard<'_, Queue> {
        // Places are at multiples of four bytes.
        let bucket = &self.buckets[(address >> 2) as usize % BUCKETS];
        // Between any two operations the queues are consistent: a panic elsewhere does not harm
        // them.
        bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until an address is notified, if the value there is the one that is expected.
    ///
    /// `alert` is called before the thread sleeps. It may have the thread woken; `interrupted` is
    /// called whenever that has happened, and says whether the thread has to stop. Meanwhile the
    /// address may be notified. What `alert` returns is dropped at the end.
    ///
    /// # Errors
    ///
    /// What `interrupted` returns.
    pub(crate) fn wait<S, E, A>(
        &self,
        address: u64,
        is_expected: impl FnOnce() -> bool,
        deadline: Option<Instant>,
        alert: impl FnOnce(&Arc<Parked>) -> A,
        mut interrupted: impl FnMut() -> Result<Option<S>, E>,
    ) -> Result<Waited<S>, E> {
        let parked = Parked::new();
        if !self.enter(address, is_expected, &parked) {
            return Ok(Waited::Mismatch);
        }
        let place = Place { lot: self, address, parked: &parked };
        let _alert = alert(&parked);
        loop {
            if !parked.sleep(deadline) {
                let is_over = place.leave();
                return Ok(if is_over { Waited::TimedOut } else { Waited::Woken });
            }
            if !self.is_queued(address, &parked) {
                return Ok(Waited::Woken);
            }
            if let Some(stop) = interrupted()? {
                return Ok(Waited::Stopped(stop));
            }
        }
    }

    /// Queues somebody at an address, if the value there is the one that is expected. Returns
    /// whether it was. [`leave`](Self::leave) is to follow.
    pub(crate) fn enter(
        &self,
        address: u64,
        is_expected: impl FnOnce() -> bool,
        parked: &Arc<Parked>,
    ) -> bool {
        let mut bucket = self.bucket(address);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        // Who notifies has written the value and then looks whether anybody waits. So at least one
        // of the two threads sees the other's write.
        fence(Ordering::SeqCst);
        if !is_expected() {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return false;
        }
        bucket.push(Waiter { address, parked: Arc::clone(parked) });
        true
    }

    /// Whether nobody has taken somebody out of the queue.
    pub(crate) fn is_queued(&self, address: u64, parked: &Arc<Parked>) -> bool {
        self.bucket(address).iter().any(|waiter| waiter.is(address, parked))
    }

    /// Takes somebody out of the queue. `false` if that was done before.
    pub(crate) fn leave(&self, address: u64, parked: &Arc<Parked>) -> bool {
        let mut bucket = self.bucket(address);
        let place = bucket.iter().position(|waiter| waiter.is(address, parked));
        let Some(place) = place else { return false };
        bucket.remove(place);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        true
    }

    /// Wakes at most so many of those that wait at an address, those first that came first.
    /// Returns how many.
    pub(crate) fn notify(&self, address: u64, count: u32) -> u32 {
        fence(Ordering::SeqCst);
        if count == 0 || self.waiting.load(Ordering::SeqCst) == 0 {
            return 0;
        }
        let woken: Queue = {
            let mut bucket = self.bucket(address);
            let here = bucket.extract_if(.., |waiter| waiter.address == address);
            let woken: Queue = here.take(count as usize).collect();
            self.waiting.fetch_sub(woken.len(), Ordering::SeqCst);
            woken
        };
        let count = woken.len() as u32;
        let mut wakers = Wakers::default();
        woken.into_iter().for_each(|waiter| wakers.add(waiter.parked.wake()));
        wakers.wake();
        count
    }

    /// How many threads wait.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }
}

/// The place of a thread in a queue, which it leaves at the end.
struct Place<'a> {
    lot: &'a ParkingLot,
    address: u64,
    parked: &'a Arc<Parked>,
}

impl Place<'_> {
    /// Takes the thread out of the queue. `false` if somebody has done that.
    fn leave(&self) -> bool {
        self.lot.leave(self.address, self.parked)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::AtomicU32;
    use std::time::Duration;

    use super::*;
    use crate::vm::interruption::{Interrupts, Reason};

    /// Waits without being interrupted.
    fn wait(lot: &ParkingLot, address: u64, deadline: Option<Instant>) -> Waited<Infallible> {
        let never = || Ok::<_, Infallible>(None);
        let Ok(waited) = lot.wait(address, || true, deadline, |_| (), never);
        waited
    }

    fn until_waiting(lot: &ParkingLot, count: usize) {
        while lot.waiting() != count {
            std::thread::yield_now();
        }
    }

    #[test]
    fn who_came_first_is_woken_first() {
        let lot = ParkingLot::new();
        let woken = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for number in 0..4 {
                let (lot, woken) = (&lot, &woken);
                scope.spawn(move || {
                    assert_eq!(wait(lot, 64, None), Waited::Woken);
                    assert_eq!(woken.fetch_add(1, Ordering::SeqCst), number);
                });
                until_waiting(lot, number as usize + 1);
            }
            assert_eq!(lot.notify(0, 1), 0, "others share the lock");
            assert_eq!(lot.notify(64, 0), 0);
            for number in 0..3 {
                assert_eq!(lot.notify(64, 1), 1);
                while woken.load(Ordering::SeqCst) == number {
                    std::thread::yield_now();
                }
            }
            assert_eq!(lot.notify(64, u32::MAX), 1);
        });
        assert_eq!(lot.notify(64, u32::MAX), 0);
    }

    #[test]
    fn a_wait_ends_with_its_time_and_leaves_nothing() {
        let lot = ParkingLot::new();
        let deadline = Instant::now() + Duration::from_millis(20);
        assert_eq!(wait(&lot, 8, Some(deadline)), Waited::TimedOut);
        assert!(Instant::now() >= deadline);
        let other = lot.wait(8, || false, None, |_| (), || Ok::<Option<()>, ()>(None));
        assert_eq!(other, Ok(Waited::Mismatch));
        assert_eq!(lot.waiting(), 0);
        assert!(lot.buckets.iter().all(|bucket| bucket.lock().unwrap().is_empty()));
    }

    #[test]
    fn interruptions_end_a_wait_or_not() {
        let lot = ParkingLot::new();
        let interrupts = Interrupts::new(u64::MAX, false);
        // A reason that is there already.
        interrupts.raise(Reason::Requested);
        let alert = |parked: &Arc<Parked>| interrupts.wake_when_raised(parked);
        let stopped = lot.wait(0, || true, None, alert, || Ok::<_, ()>(Some(7)));
        assert_eq!(stopped, Ok(Waited::Stopped(7)));
        let failed = lot.wait(0, || true, None, alert, || Err::<Option<()>, _>("error"));
        assert_eq!(failed, Err("error"));
        assert_eq!(lot.waiting(), 0);
        interrupts.verdict().unwrap();
        // It goes on after the first one, and is notified while it handles the second.
        let mut times = 0;
        let alert_and_raise = |parked: &Arc<Parked>| {
            let alert = interrupts.wake_when_raised(parked);
            interrupts.raise(Reason::Requested);
            alert
        };
        let interrupted = || {
            times += 1;
            interrupts.verdict().unwrap();
            interrupts.raise(Reason::Requested);
            if times == 2 {
                assert_eq!(lot.notify(0, 1), 1);
            }
            Ok::<Option<()>, ()>(None)
        };
        let waited = lot.wait(0, || true, None, alert_and_raise, interrupted);
        assert_eq!((waited, times), (Ok(Waited::Woken), 2));
        assert_eq!(lot.waiting(), 0);
    }

    /// Threads hand a token around, and each of them is woken exactly as often as it is notified;
    /// others give up, or are interrupted, at the same time.
    #[test]
    fn a_storm_of_threads_loses_nobody() {
        const THREADS: u64 = 6;
        const ROUNDS: u32 = 3_000;
        let lot = ParkingLot::new();
        let turns: Vec<_> = (0..THREADS).map(|_| AtomicU32::new(0)).collect();
        let is_over = AtomicU32::new(0);
        let interrupts: Vec<_> = (0..2).map(|_| Interrupts::new(u64::MAX, false)).collect();
        std::thread::scope(|scope| {
            let (lot, turns, is_over) = (&lot, &turns, &is_over);
            let runners: Vec<_> = (0..THREADS)
                .map(|number| {
                    scope.spawn(move || {
                        for round in 0..ROUNDS {
                            let own = &turns[number as usize];
                            while own.load(Ordering::SeqCst) == round {
                                let expected = || own.load(Ordering::SeqCst) == round;
                                let never = || Ok::<Option<()>, ()>(None);
                                lot.wait(number * 64, expected, None, |_| (), never).unwrap();
                            }
                            let next = (number + 1) % THREADS;
                            turns[next as usize].fetch_add(1, Ordering::SeqCst);
                            lot.notify(next * 64, 1);
                        }
                    })
                })
                .collect();
            for own in &interrupts {
                scope.spawn(move || {
                    while is_over.load(Ordering::SeqCst) == 0 {
                        let deadline = Some(Instant::now() + Duration::from_micros(50));
                        // A place that nobody else waits for, with the same lock.
                        let stop = || {
                            own.verdict().unwrap();
                            Ok::<_, ()>(Some(()))
                        };
                        let alert = |parked: &Arc<Parked>| own.wake_when_raised(parked);
                        lot.wait(THREADS * 64, || true, deadline, alert, stop).unwrap();
                    }
                });
                scope.spawn(move || {
                    while is_over.load(Ordering::SeqCst) == 0 {
                        own.raise(Reason::Requested);
                        lot.notify(THREADS * 64, 1);
                        std::thread::yield_now();
                    }
                });
            }
            turns[0].fetch_add(1, Ordering::SeqCst);
            lot.notify(0, 1);
            runners.into_iter().for_each(|runner| runner.join().unwrap());
            is_over.store(1, Ordering::SeqCst);
        });
        assert_eq!(lot.waiting(), 0);
        for (number, turn) in turns.iter().enumerate() {
            let more = u32::from(number == 0);
            assert_eq!(turn.load(Ordering::SeqCst), ROUNDS + more);
        }
    }
}
