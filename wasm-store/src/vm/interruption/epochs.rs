//! The epochs of an engine: a number that the host counts up, and the stores that wait for it to reach theirs.
//!
//! The project's check `loom` tries this file in every order in which threads can take their turns.

use super::Interrupts;
use crate::vm::sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};
use std::collections::BTreeMap;

/// The epoch, and who waits for one.
#[derive(Debug)]
pub(crate) struct Epochs {
    current: AtomicU64,
    /// The first epoch that is waited for; the largest number if none is.
    next: AtomicU64,
    /// Those who wait, by what for, and by their addresses.
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

    /// Counts up. Takes a lock only if somebody waits for the new epoch.
    pub(in crate::vm) fn increment(&self) {
        let now = self.current.fetch_add(1, Ordering::SeqCst) + 1;
        // Whoever starts to wait writes `next` and then looks at `current`: one of both sees the other.
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
        // Who has got another deadline by now does not stop.
        reached.values().for_each(|interrupts| interrupts.reach(now));
    }

    /// Has a store wait for the epoch that is so many after the current one, and for no other.
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

    /// Has a store wait for no epoch.
    pub(in crate::vm) fn forget(&self, interrupts: &Arc<Interrupts>) {
        let before = interrupts.set_deadline(u64::MAX);
        let mut waiting = self.waiting();
        if waiting.remove(&(before, Arc::as_ptr(interrupts).addr())).is_some() {
            self.update(&waiting);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<(u64, usize), Arc<Interrupts>>> {
        // The list is whole between any two operations: a panic elsewhere does not harm it.
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
        // A later deadline, none at all, and one that there is no number for.
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
