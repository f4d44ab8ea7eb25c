//! The threads of a guest, which end together.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use wasm_store::{Error, InterruptHandle};

/// Ids are positive, and fit into 29 bits: the upper bits of the words that guests make of them
/// have a meaning.
const LAST_ID: i32 = 0x1fff_ffff;

/// All threads of a guest.
#[derive(Debug, Default)]
pub(super) struct Group {
    state: Mutex<State>,
    /// A thread has ended.
    left: Condvar,
}

#[derive(Debug)]
struct State {
    last_id: i32,
    /// How each running thread is ended, if that is possible.
    running: BTreeMap<i32, Option<InterruptHandle>>,
    /// Whether the guest has begun, and nobody has waited for its end.
    is_begun: bool,
    /// Whether all threads are to end.
    is_over: bool,
    /// Why, if it is not because the guest has returned. It is there until somebody takes it.
    error: Option<Error>,
}

impl Default for State {
    /// Of a guest that does not run yet.
    fn default() -> Self {
        Self { last_id: 0, running: BTreeMap::new(), is_begun: false, is_over: true, error: None }
    }
}

/// Why there is no further thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refused {
    /// As many run as may.
    TooMany,
    /// All threads are to end, or none has begun.
    Over,
}

impl Group {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room for one more thread beside at most `most - 1` others.
    pub(super) fn enter(
        &self,
        handle: Option<InterruptHandle>,
        most: usize,
    ) -> Result<Member<'_>, Refused> {
        let mut state = self.state();
        if state.is_over {
            return Err(Refused::Over);
        }
        if state.running.len() >= most {
            return Err(Refused::TooMany);
        }
        Ok(self.join_in(&mut state, handle))
    }

    fn join_in(&self, state: &mut State, handle: Option<InterruptHandle>) -> Member<'_> {
        let mut id = state.last_id;
        loop {
            id = if id >= LAST_ID { 1 } else { id + 1 };
            if !state.running.contains_key(&id) {
                break;
            }
        }
        state.last_id = id;
        state.running.insert(id, handle);
        Member { group: self, id }
    }

    /// Starts anew with a first thread, if none runs and none of before is waited for.
    pub(super) fn begin(&self, handle: Option<InterruptHandle>) -> Result<Member<'_>, Refused> {
        let mut state = self.state();
        if state.is_begun {
            return Err(Refused::TooMany);
        }
        state.is_begun = true;
        state.is_over = false;
        state.error = None;
        Ok(self.join_in(&mut state, handle))
    }

    /// Ends all threads. The first error stays. `false` if somebody has ended them before.
    pub(super) fn end(&self, error: Option<Error>) -> bool {
        let mut state = self.state();
        if state.is_over {
            return false;
        }
        state.is_over = true;
        state.error = error;
        let handles: Vec<_> = state.running.values().flatten().cloned().collect();
        drop(state);
        handles.iter().for_each(InterruptHandle::interrupt);
        true
    }

    /// How many threads run.
    pub(super) fn running(&self) -> usize {
        self.state().running.len()
    }

    /// Waits until no thread runs, and returns why they had to end.
    pub(super) fn join(&self) -> Option<Error> {
        let mut state = self.state();
        while !state.running.is_empty() {
            state = self.left.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_begun = false;
        state.error.take()
    }

    fn leave(&self, id: i32) {
        self.state().running.remove(&id);
        self.left.notify_all();
    }
}

/// A thread of the group, as long as this lives.
#[derive(Debug)]
pub(super) struct Member<'a> {
    group: &'a Group,
    id: i32,
}

impl Member<'_> {
    #[cfg(test)]
    pub(super) fn id(&self) -> i32 {
        self.id
    }

    /// The membership goes over to another thread, which ends it by [`Group::resume`].
    pub(super) fn into_id(self) -> i32 {
        let id = self.id;
        std::mem::forget(self);
        id
    }
}

impl Group {
    /// The membership of the thread with this id, which was handed over.
    pub(super) fn resume(&self, id: i32) -> Member<'_> {
        Member { group: self, id }
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        self.group.leave(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_positive_and_of_one_thread_each() {
        let group = Group::default();
        let first = group.begin(None).unwrap();
        let second = group.enter(None, 3).unwrap();
        assert_eq!((first.id(), second.id()), (1, 2));
        drop(first);
        group.state().last_id = LAST_ID - 1;
        let last = group.enter(None, 3).unwrap();
        assert_eq!(last.id(), LAST_ID);
        // 1 is free again, 2 is not.
        assert_eq!(group.enter(None, 4).unwrap().id(), 1);
        group.state().last_id = 1;
        assert_eq!(group.enter(None, 4).unwrap().id(), 3);
    }

    #[test]
    fn there_are_no_more_than_allowed_and_none_after_the_end() {
        let group = Group::default();
        assert_eq!(group.enter(None, 1).unwrap_err(), Refused::Over);
        let one = group.begin(None).unwrap();
        assert_eq!(group.enter(None, 1).unwrap_err(), Refused::TooMany);
        assert_eq!(group.begin(None).unwrap_err(), Refused::TooMany);
        assert!(group.end(Some(Error::msg("the first"))));
        assert!(!group.end(Some(Error::msg("the second"))));
        assert_eq!(group.enter(None, 9).unwrap_err(), Refused::Over);
        drop(one);
        // Somebody still waits for the end of those.
        assert_eq!(group.begin(None).unwrap_err(), Refused::TooMany);
        assert_eq!(group.join().unwrap().to_string(), "the first");
        assert!(group.join().is_none());
        drop(group.begin(None).unwrap());
        assert!(group.enter(None, 1).is_ok());
    }
}
