//! Limiters that may wait.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::{DEFAULT_INSTANCE_LIMIT, DEFAULT_MEMORY_LIMIT, DEFAULT_TABLE_LIMIT};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::vm::{Asking, Growing};

/// As [`ResourceLimiter`](crate::ResourceLimiter), for calls that may wait: see
/// [`Store::limiter_async`].
///
/// The functions that may wait have the form that `#[async_trait]` (of the crate `async-trait`)
/// gives to an `async fn`, so that an implementation can be written with it:
///
/// ```ignore
/// #[async_trait::async_trait]
/// impl ResourceLimiterAsync for Limiter {
///     async fn memory_growing(
///         &mut self,
///         current: usize,
///         desired: usize,
///         maximum: Option<usize>,
///     ) -> Result<bool> {
///         self.quota.reserve(desired - current).await
///     }
///     // …
/// }
/// ```
pub trait ResourceLimiterAsync: Send {
    /// As [`ResourceLimiter::memory_growing`](crate::ResourceLimiter::memory_growing). Wasm goes on
    /// when the future is ready.
    ///
    /// For the garbage-collected heap, what is made may be asked about several times, since in
    /// between some of it is collected. It has to be ready at once where objects are made while an
    /// instance is. If it is not, that is an error.
    ///
    /// # Errors
    ///
    /// An error ends the computation with it.
    fn memory_growing<'life0, 'async_trait>(
        &'life0 mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait;

    /// As [`ResourceLimiter::memory_grow_failed`](crate::ResourceLimiter::memory_grow_failed).
    ///
    /// # Errors
    ///
    /// An error ends the computation with it.
    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        let _ = error;
        Ok(())
    }

    /// As [`ResourceLimiter::table_growing`](crate::ResourceLimiter::table_growing). Wasm goes on
    /// when the future is ready.
    ///
    /// # Errors
    ///
    /// An error ends the computation with it.
    fn table_growing<'life0, 'async_trait>(
        &'life0 mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait;

    /// As [`ResourceLimiter::table_grow_failed`](crate::ResourceLimiter::table_grow_failed).
    ///
    /// # Errors
    ///
    /// An error ends the computation with it.
    fn table_grow_failed(&mut self, error: Error) -> Result<()> {
        let _ = error;
        Ok(())
    }

    /// How many instances the store may have. Called once, when the limiter is set.
    fn instances(&self) -> usize {
        DEFAULT_INSTANCE_LIMIT
    }

    /// How many tables the store may have. Called once, when the limiter is set.
    fn tables(&self) -> usize {
        DEFAULT_TABLE_LIMIT
    }

    /// How many memories the store may have. Called once, when the limiter is set.
    fn memories(&self) -> usize {
        DEFAULT_MEMORY_LIMIT
    }
}

impl<T: 'static> Store<T> {
    /// Sets a limiter that may wait before it decides: as [`Store::limiter`], which it replaces.
    /// `memory.grow` and `table.grow`, code that makes objects,
    /// [`Linker::instantiate_async`](crate::Linker) and the like wait for it. While it does,
    /// nothing else uses the store.
    ///
    /// From now on the store's functions are called with
    /// [`call_async`](crate::Func::call_async): all other calls are errors, and so is everything
    /// else that makes memories, tables or objects, or lets them grow, and can't wait.
    pub fn limiter_async(
        &mut self,
        mut limiter: impl (FnMut(&mut T) -> &mut dyn ResourceLimiterAsync) + Send + Sync + 'static,
    ) {
        let inner = self.inner_mut();
        let limits = limiter(&mut inner.host.data);
        let (instances, tables, memories) =
            (limits.instances(), limits.tables(), limits.memories());
        inner.limits.set(instances, tables, memories);
        inner.vm.set_memory_limit(None);
        inner.host.set_waiting_limiter(Box::new(limiter));
        inner.require_async();
    }
}

/// Asks a limiter.
pub(in crate::store) fn ask(limiter: &mut dyn ResourceLimiterAsync, what: Growing) -> Asking<'_> {
    let Growing { is_table, current, desired, maximum } = what;
    if is_table {
        limiter.table_growing(current, desired, maximum)
    } else {
        limiter.memory_growing(current, desired, maximum)
    }
}

/// The answer of a limiter that is not given time.
///
/// # Errors
///
/// If it needs time.
pub(in crate::store) fn ask_now(
    limiter: &mut dyn ResourceLimiterAsync,
    what: Growing,
) -> Result<bool> {
    match pin!(ask(limiter, what)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => crate::bail!("the store's limiter has to wait, where nothing can"),
    }
}
