//! What the machine asks the host's part of a store.

use crate::Error;

/// The host's part in the growth of memories and tables: it is queried before, and notified of
/// failures.
pub(crate) trait StoreHost {
    /// Whether a memory may grow; sizes in bytes. An error ends the computation.
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error>;
    /// Notified of a growth that was allowed and failed. An error ends the computation.
    fn memory_grow_failed(&mut self, error: Error) -> Result<(), Error>;
    /// Whether a table may grow; sizes in elements. An error ends the computation.
    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, Error>;
    /// Notified of a growth that was allowed and failed. An error ends the computation.
    fn table_grow_failed(&mut self, error: Error) -> Result<(), Error>;
    /// Why the growth that was last requested is not allowed.
    fn refusal(&mut self) -> String;
    /// Whether the garbage-collected heap may grow; sizes in bytes. An error ends the computation.
    #[cfg(feature = "async")]
    fn heap_growing(&mut self, current: usize, desired: usize) -> Result<bool, Error>;
    /// Whether the heap grows only after a limiter was asked that may have to wait.
    #[cfg(feature = "async")]
    fn heap_waits(&self) -> bool;
    /// Begins, or ends, that such a limiter is not asked in [`heap_growing`](Self::heap_growing):
    /// that fails, and keeps the question.
    #[cfg(feature = "async")]
    fn postpone_heap(&mut self, postpones: bool);
    /// Forgets all answers: what they were for is made, or not.
    #[cfg(feature = "async")]
    fn forget_heap_answers(&mut self);
    /// The question that was kept, to be asked now.
    #[cfg(feature = "async")]
    fn take_postponed(&mut self) -> Option<super::suspend::Growing>;
    /// Keeps the answer to such a question, for whenever it is asked again.
    #[cfg(feature = "async")]
    fn answer_heap(&mut self, what: super::suspend::Growing, answer: Result<bool, Error>);
    /// Asks whether something may grow, if the host may have to wait before it answers.
    #[cfg(feature = "async")]
    fn ask(&mut self, what: super::suspend::Growing) -> Option<super::suspend::Asking<'_>>;
    /// Keeps the answer, for when that grows.
    #[cfg(feature = "async")]
    fn answer(&mut self, answer: Result<bool, Error>);
}
