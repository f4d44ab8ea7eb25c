//! The host's part of a store: its data, and the limiter of growth. It is separate from the rest,
//! since the rest queries the limiter while it is borrowed itself.

#[cfg(feature = "async")]
mod waiting;

use crate::error::{Error, Result};
use crate::store::ResourceLimiter;
use crate::vm::StoreHost;

type Limiter<T> = dyn (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + Sync;

pub(super) struct HostSide<T: 'static> {
    pub(super) data: T,
    pub(super) limiter: Option<Box<Limiter<T>>>,
    /// In place of the limiter, if there is one that may wait.
    #[cfg(feature = "async")]
    waiting: waiting::Waiting<T>,
}

impl<T: 'static> HostSide<T> {
    pub(super) fn new(data: T) -> Self {
        Self {
            data,
            limiter: None,
            #[cfg(feature = "async")]
            waiting: Default::default(),
        }
    }

    fn limiter(&mut self) -> Option<&mut dyn ResourceLimiter> {
        let Self { data, limiter, .. } = self;
        limiter.as_mut().map(|limiter| limiter(data))
    }
}

impl<T: 'static> StoreHost for HostSide<T> {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        match self.limiter() {
            Some(limiter) => limiter.memory_growing(current, desired, maximum),
            #[cfg(feature = "async")]
            None => self.answered(),
            #[cfg(not(feature = "async"))]
            None => Ok(true),
        }
    }

    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        match self.limiter() {
            Some(limiter) => limiter.memory_grow_failed(error),
            #[cfg(feature = "async")]
            None => self.grow_failed(false, error),
            #[cfg(not(feature = "async"))]
            None => Ok(()),
        }
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        match self.limiter() {
            Some(limiter) => limiter.table_growing(current, desired, maximum),
            #[cfg(feature = "async")]
            None => self.answered(),
            #[cfg(not(feature = "async"))]
            None => Ok(true),
        }
    }

    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        match self.limiter() {
            Some(limiter) => limiter.table_grow_failed(error),
            #[cfg(feature = "async")]
            None => self.grow_failed(true, error),
            #[cfg(not(feature = "async"))]
            None => Ok(()),
        }
    }

    fn refusal(&mut self) -> String {
        let said = self.limiter().and_then(|limiter| limiter.refusal());
        said.unwrap_or_else(|| "the store's limiter does not allow it".to_string())
    }

    #[cfg(feature = "async")]
    fn heap_growing(&mut self, current: usize, desired: usize) -> Result<bool> {
        match self.limiter() {
            Some(limiter) => limiter.memory_growing(current, desired, None),
            None => self.heap_growing_now(current, desired),
        }
    }

    #[cfg(feature = "async")]
    fn heap_waits(&self) -> bool {
        self.waits()
    }

    #[cfg(feature = "async")]
    fn postpone_heap(&mut self, postpones: bool) {
        self.waiting.heap.postpones = postpones;
    }

    #[cfg(feature = "async")]
    fn forget_heap_answers(&mut self) {
        self.waiting.heap.answers.clear();
    }

    #[cfg(feature = "async")]
    fn take_postponed(&mut self) -> Option<crate::vm::Growing> {
        self.waiting.heap.postponed.take()
    }

    #[cfg(feature = "async")]
    fn answer_heap(&mut self, what: crate::vm::Growing, answer: Result<bool>) {
        self.waiting.heap.answers.push((what, answer));
    }

    #[cfg(feature = "async")]
    fn ask(&mut self, what: crate::vm::Growing) -> Option<crate::vm::Asking<'_>> {
        self.ask_waiting(what)
    }

    #[cfg(feature = "async")]
    fn answer(&mut self, answer: Result<bool>) {
        self.keep_answer(answer);
    }
}
