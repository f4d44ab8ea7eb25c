//! A limiter that may wait: it is asked first, and its answers are used when something grows.

use std::collections::VecDeque;

use super::HostSide;
use crate::error::{Error, Result};
use crate::store::limits::waiting::{ask, ask_now};
use crate::store::{ResourceLimiterAsync, StoreInner, requires_async};
use crate::vm::{Asking, Growing};

type Limiter<T> = dyn (FnMut(&mut T) -> &mut dyn ResourceLimiterAsync) + Send + Sync;

/// The limiter, if there is one that may wait.
pub(super) struct Waiting<T: 'static> {
    limiter: Option<Box<Limiter<T>>>,
    /// What it has answered, for what grows next.
    answers: VecDeque<Result<bool>>,
}

impl<T: 'static> Default for Waiting<T> {
    fn default() -> Self {
        Self { limiter: None, answers: VecDeque::new() }
    }
}

impl<T: 'static> HostSide<T> {
    /// Sets a limiter that may wait, in place of any other.
    pub(in crate::store) fn set_waiting_limiter(&mut self, limiter: Box<Limiter<T>>) {
        self.limiter = None;
        self.waiting = Waiting { limiter: Some(limiter), answers: VecDeque::new() };
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
        let what = Growing { is_table: false, current, desired, maximum: None };
        self.waiting_limiter().map_or(Ok(true), |limiter| ask_now(limiter, what))
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
}
