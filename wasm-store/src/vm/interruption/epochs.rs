//! The epochs of an engine: a number that the host increments, and the stores that wait for it to
//! reach their deadlines.
//!
//! The project's check `loom` tries this file with every order in which threads can take turns.

use super::Interrupts;
use crate::vm::sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};
use std::collections::BTreeMap;

/// The current epoch, and the stores that wait for a later one.
#[derive(Debug)]
pub(crate) struct Epochs {
    current: AtomicU64,
    /// The first epoch that a store waits for; the largest number if none does.
    next: AtomicU64,
    /// The waiting stores, by their deadlines and addresses.
    waiting: Mutex<BTreeMap<(u64, usize), Arc<Interrupts>>>,
}

impl Default for Epochs {
    fn default() -> Self {
        Self {
            current: AtomicU64::new(0),
            next: AtomicU64::new(u64::MAX),
            waiting: Mutex::default(),
        }
    }
}

impl Epochs {
    /// The current epoch.
    pub(in crate::vm) fn current(&self) -> u64 {
        self.current.load(Ordering::SeqCst)
    }

    /// Increments the epoch. Takes a lock only if a store waits for the new epoch.
    pub(in crate::vm) fn increment(&self) {
        let now = self.current.fetch_add(1, Ordering::SeqCst) + 1;
        // A store that begins to wait writes `next` and then reads `current`. So at least one of
        // the two threads sees the other's write.
        if now >= self.next.load(Ordering::SeqCst) {
            self.reach(now);
        }
    }

    fn reach(&self, now: u64) {
        let mut waiting = self.waiting();
        let later = waiting.split_off(&(now + 1, 0));
        let reached = std::mem::replace(&mut *waiting, later);
        self.update(&waiting);
        drop(waiting);
        // A store that has got another deadline meanwhile does not stop.
        reached.values().for_each(|interrupts| interrupts.reach(now));
    }

    /// Makes a store wait for the epoch that is this many after the current one, and for no other.
    pub(in crate::vm) fn wait(&self, interrupts: &Arc<Interrupts>, ticks: u64) {
        let deadline = self.current().saturating_add(ticks);
        let address = Arc::as_ptr(interrupts).addr();
        let before = interrupts.set_deadline(deadline);
        let mut waiting = self.waiting();
        waiting.remove(&(before, address));
        // The largest number is never reached.
        if ticks > 0 && deadline != u64::MAX {
            waiting.insert((deadline, address), Arc::clone(interrupts));
        }
        self.update(&waiting);
        drop(waiting);
        let now = self.current();
        if now >= deadline {
            interrupts.reach(now);
        }
    }

    /// Makes a store wait for no epoch.
    pub(in crate::vm) fn forget(&self, interrupts: &Arc<Interrupts>) {
        let before = interrupts.set_deadline(u64::MAX);
        let mut waiting = self.waiting();
        if waiting.remove(&(before, Arc::as_ptr(interrupts).addr())).is_some() {
            self.update(&waiting);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<(u64, usize), Arc<Interrupts>>> {
        // Between any two operations the list is in a consistent state: a panic elsewhere does not
        // harm it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, waiting: &BTreeMap<(u64, usize), Arc<Interrupts>>) {
        let next = waiting.keys().next().map_or(u64::MAX, |(deadline, _)| *deadline);
        self.next.store(next, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reason;
    use super::*;

    #[test]
    fn stores_stop_at_their_deadlines() {
        let epochs = Epochs::default();
        let stores: Vec<_> = (0..4).map(|_| Interrupts::new(u64::MAX, false)).collect();
        for (ticks, store) in stores.iter().enumerate() {
            epochs.wait(store, ticks as u64);
        }
        let stopped = |number: usize| stores[number].reason().unwrap() == Some(Reason::Epoch);
        assert_eq!([0, 1, 2, 3].map(stopped), [true, false, false, false]);
        epochs.increment();
        assert_eq!([0, 1, 2, 3].map(stopped), [true, true, false, false]);
        // A later deadline, none at all, and one too large for a number.
        epochs.wait(&stores[0], 2);
        epochs.forget(&stores[2]);
        epochs.wait(&stores[1], u64::MAX);
        epochs.increment();
        assert_eq!([0, 1, 2, 3].map(stopped), [false; 4]);
        epochs.increment();
        assert_eq!([0, 1, 2, 3].map(stopped), [true, false, false, true]);
        assert_eq!(epochs.next.load(Ordering::SeqCst), u64::MAX);
    }
}
