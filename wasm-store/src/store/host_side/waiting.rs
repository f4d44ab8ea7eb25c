//! A limiter that may wait: it is asked first, and its answers are used when something grows.

use std::collections::VecDeque;

use super::HostSide;
use crate::error::{Error, Result};
use crate::store::limits::waiting::{ask, ask_now};
use crate::store::{ResourceLimiterAsync, StoreInner, requires_async};
use crate::vm::{Asking, Growing, MOST_QUESTIONS, StoreHost as _, postponed};

type Limiter<T> = dyn (FnMut(&mut T) -> &mut dyn ResourceLimiterAsync) + Send + Sync;

/// The limiter, if there is one that may wait.
pub(super) struct Waiting<T: 'static> {
    limiter: Option<Box<Limiter<T>>>,
    /// What it has answered, for what grows next.
    answers: VecDeque<Result<bool>>,
    pub(super) heap: OfHeap,
}

/// How the limiter is asked about the garbage-collected heap: what makes an object fails with the
/// question, and is tried again with the answer.
#[derive(Default)]
pub(super) struct OfHeap {
    /// Whether questions are kept.
    pub(super) postpones: bool,
    pub(super) postponed: Option<Growing>,
    /// The answers for what is being made. The same may be asked several times.
    pub(super) answers: Vec<(Growing, Result<bool>)>,
}

impl<T: 'static> Default for Waiting<T> {
    fn default() -> Self {
        Self { limiter: None, answers: VecDeque::new(), heap: OfHeap::default() }
    }
}

impl<T: 'static> HostSide<T> {
    /// Sets a limiter that may wait, in place of any other.
    pub(in crate::store) fn set_waiting_limiter(&mut self, limiter: Box<Limiter<T>>) {
        self.limiter = None;
        self.waiting = Waiting { limiter: Some(limiter), ..Waiting::default() };
    }

    fn waiting_limiter(&mut self) -> Option<&mut dyn ResourceLimiterAsync> {
        let Self { data, waiting, limiter } = self;
        // A limiter that was set later replaces it.
        let found = waiting.limiter.as_mut().filter(|_| limiter.is_none());
        found.map(|limiter| limiter(data))
    }

    /// Asks the limiter, if it is one that may wait.
    pub(super) fn ask_waiting(&mut self, what: Growing) -> Option<Asking<'_>> {
        self.waiting_limiter().map(|limiter| ask(limiter, what))
    }

    pub(super) fn keep_answer(&mut self, answer: Result<bool>) {
        self.waiting.answers.push_back(answer);
    }

    /// What the limiter has answered to the next growth.
    ///
    /// # Errors
    ///
    /// If it was not asked, since nothing could have waited for its answer.
    pub(super) fn answered(&mut self) -> Result<bool> {
        if self.waiting.limiter.is_none() {
            return Ok(true);
        }
        self.waiting.answers.pop_front().unwrap_or_else(|| Err(requires_async()))
    }

    pub(super) fn heap_growing_now(&mut self, current: usize, desired: usize) -> Result<bool> {
        if !self.waits() {
            return Ok(true);
        }
        let what = Growing { is_table: false, current, desired, maximum: None };
        let answers = &mut self.waiting.heap.answers;
        if let Some(place) = answers.iter().position(|(asked, _)| *asked == what) {
            return match answers[place].1 {
                Ok(answer) => Ok(answer),
                Err(_) => answers.swap_remove(place).1,
            };
        }
        if self.waiting.heap.postpones {
            self.waiting.heap.postponed = Some(what);
            return Err(postponed());
        }
        self.waiting_limiter().map_or(Ok(true), |limiter| ask_now(limiter, what))
    }

    /// Whether there is a limiter that may wait.
    pub(super) fn waits(&self) -> bool {
        self.limiter.is_none() && self.waiting.limiter.is_some()
    }

    pub(super) fn grow_failed(&mut self, is_table: bool, error: Error) -> Result<()> {
        match self.waiting_limiter() {
            None => Ok(()),
            Some(limiter) if is_table => limiter.table_grow_failed(error),
            Some(limiter) => limiter.memory_grow_failed(error),
        }
    }
}

impl<T: Send + 'static> StoreInner<T> {
    /// Asks the limiter, if it is one that may wait, and keeps its answers for what is about to
    /// grow in that order. [`forget_answers`](Self::forget_answers) is to be called afterwards.
    pub(crate) async fn ask_limiter(&mut self, growing: &[Growing]) {
        self.forget_answers();
        // If this is dropped while the limiter is asked, no answer is left for what grows next.
        let mut answers = VecDeque::new();
        for what in growing {
            let Some(asking) = self.host.ask_waiting(*what) else { break };
            answers.push_back(asking.await);
        }
        self.host.waiting.answers = answers;
    }

    /// Drops answers that were not needed.
    pub(crate) fn forget_answers(&mut self) {
        self.host.waiting.answers.clear();
    }

    /// Runs what may make objects, and waits for the limiter where the heap has to grow: then it is
    /// run again with the answer. So it must not matter how often it has failed.
    pub(crate) async fn allocate<R>(
        &mut self,
        mut make: impl FnMut(&mut StoreInner<T>) -> Result<R>,
    ) -> Result<R> {
        let asking = HeapAsked::new(self);
        for _ in 0..MOST_QUESTIONS {
            asking.0.host.postpone_heap(true);
            let made = make(&mut *asking.0);
            asking.0.host.postpone_heap(false);
            let (Err(error), Some(what)) = (&made, asking.0.host.take_postponed()) else {
                return made;
            };
            let Some(answer) = asking.0.host.ask_waiting(what) else {
                return Err(crate::format_err!("{error}"));
            };
            let answer = answer.await;
            asking.0.host.answer_heap(what, answer);
        }
        make(&mut *asking.0)
    }
}

impl<T: 'static> StoreInner<T> {
    /// Checks that the limiter never has to wait.
    ///
    /// # Errors
    ///
    /// If it may: then what can't wait does not make what counts.
    pub(crate) fn check_sync_limiter(&self) -> Result<()> {
        crate::ensure!(
            !self.host.waits(),
            "the store has a limiter that may wait, so `*_async` functions must be used instead"
        );
        Ok(())
    }
}

/// A store while the limiter is asked about something that is made. When this is dropped, no answer
/// is left for what is made next.
struct HeapAsked<'a, T: 'static>(&'a mut StoreInner<T>);

impl<'a, T: 'static> HeapAsked<'a, T> {
    fn new(store: &'a mut StoreInner<T>) -> Self {
        store.host.forget_heap_answers();
        Self(store)
    }
}

impl<T: 'static> Drop for HeapAsked<'_, T> {
    fn drop(&mut self) {
        self.0.host.postpone_heap(false);
        self.0.host.forget_heap_answers();
    }
}
